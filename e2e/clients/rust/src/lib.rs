//! The `oauth2` crate, unmodified and with its defaults, against a demo server: Basic authentication, form-encoded.
//!
//! `../python/stage.py` starts the server and these tests, one after the other (`--test-threads=1`): all are the same
//! application and the same person, so they share one grant, and what one revokes another would miss.

#![cfg(test)]

mod stage;

use oauth2::basic::{BasicErrorResponseType, BasicRequestTokenError, BasicTokenResponse, BasicTokenType};
use oauth2::{
    AccessToken, AuthorizationCode, HttpClientError, PkceCodeVerifier, RefreshToken, SyncHttpClient,
    TokenIntrospectionResponse, TokenResponse, reqwest,
};

use stage::{Client, SCOPES, confidential, consent, devices, http, public};

#[test]
fn a_code_with_pkce_is_exchanged_and_devices_are_read() {
    let token = authorize(&confidential());

    assert_eq!(*token.token_type(), BasicTokenType::Bearer);
    assert!(token.expires_in().is_some_and(|lifetime| !lifetime.is_zero()));
    assert_eq!(granted(&token), SCOPES);
    assert!(reads(token.access_token()));
}

#[test]
fn a_public_client_has_no_secret() {
    assert!(reads(authorize(&public()).access_token()));
}

#[test]
fn a_refreshed_token_reads() {
    for client in [confidential(), public()] {
        let before = authorize(&client);

        let after = client.exchange_refresh_token(refresh_token(&before)).request(&http()).unwrap();

        assert_ne!(after.access_token().secret(), before.access_token().secret());
        assert_ne!(refresh_token(&after).secret(), refresh_token(&before).secret());
        assert!(reads(after.access_token()));
    }
}

#[test]
fn a_revoked_access_token_reads_nothing() {
    let client = confidential();
    let token = authorize(&client);

    let revocation = client.revoke_token(token.access_token().into()).unwrap();
    revocation.request(&PlainHttp).unwrap();

    assert!(is_refused_as_invalid(token.access_token()));
}

#[test]
fn a_revoked_refresh_token_takes_its_access_token_along() {
    let client = confidential();
    let token = authorize(&client);

    let revocation = client.revoke_token(refresh_token(&token).into()).unwrap();
    revocation.request(&PlainHttp).unwrap();

    assert!(is_refused_as_invalid(token.access_token()));
    let refusal = client.exchange_refresh_token(refresh_token(&token)).request(&http());
    assert_refused(refusal, &BasicErrorResponseType::InvalidGrant);
}

#[test]
fn introspection_tells_a_live_token_from_one_that_never_was() {
    let client = confidential();
    let token = authorize(&client);

    let live = client.introspect(token.access_token()).request(&http()).unwrap();
    let unknown = client.introspect(&AccessToken::new("no token".into())).request(&http()).unwrap();

    assert!(live.active());
    assert_eq!(live.client_id().map(|id| id.as_str()), Some(stage::variable("CLIENT_ID").as_str()));
    assert_eq!(live.scopes().map(Vec::len), Some(SCOPES.len()));
    assert!(live.exp().is_some());
    assert!(!unknown.active());
}

#[test]
fn a_wrong_verifier_is_an_invalid_grant_with_a_reason() {
    let client = confidential();
    let (code, _verifier) = consent(&client);

    let refusal = exchange(&client, code, PkceCodeVerifier::new("v".repeat(43)));

    assert_refused(refusal, &BasicErrorResponseType::InvalidGrant);
}

#[test]
fn a_wrong_secret_is_an_invalid_client_with_a_reason() {
    let client = confidential();
    let (code, verifier) = consent(&client);
    let mistaken = client.set_client_secret(oauth2::ClientSecret::new("not the secret".into()));

    assert_refused(exchange(&mistaken, code, verifier), &BasicErrorResponseType::InvalidClient);
}

fn authorize(client: &Client) -> BasicTokenResponse {
    let (code, verifier) = consent(client);
    exchange(client, code, verifier).unwrap()
}

type Answer = Result<BasicTokenResponse, BasicRequestTokenError<HttpClientError<reqwest::Error>>>;

fn exchange(client: &Client, code: String, verifier: PkceCodeVerifier) -> Answer {
    client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier).request(&http())
}

fn granted(token: &BasicTokenResponse) -> Vec<&str> {
    token.scopes().into_iter().flatten().map(|scope| scope.as_str()).collect()
}

fn refresh_token(token: &BasicTokenResponse) -> &RefreshToken {
    token.refresh_token().expect("a refresh token, because offline_access was granted")
}

fn reads(token: &AccessToken) -> bool {
    let answer = devices(token);
    answer.status() == 200 && answer.text().unwrap().contains("\"id\":\"dev_")
}

fn is_refused_as_invalid(token: &AccessToken) -> bool {
    let answer = devices(token);
    let challenge = answer.headers().get("WWW-Authenticate").unwrap().to_str().unwrap();
    answer.status() == 401
        && challenge.starts_with("Bearer ")
        && challenge.contains("error=\"invalid_token\"")
}

#[track_caller]
fn assert_refused(answer: Answer, expected: &BasicErrorResponseType) {
    match answer {
        Err(BasicRequestTokenError::ServerResponse(refusal)) => {
            assert_eq!(refusal.error(), expected);
            assert!(refusal.error_description().is_some_and(|reason| !reason.is_empty()));
        }
        other => panic!("expected {expected:?}, got {other:?}"),
    }
}

/// The crate refuses a revocation endpoint that is not https, and has no switch for loopback. It lets its user bring
/// the HTTP client, though, and this one takes the S off on the way out.
struct PlainHttp;

impl SyncHttpClient for PlainHttp {
    type Error = HttpClientError<reqwest::Error>;

    fn call(&self, mut request: oauth2::HttpRequest) -> Result<oauth2::HttpResponse, Self::Error> {
        *request.uri_mut() = request.uri().to_string().replacen("https:", "http:", 1).parse().unwrap();
        http().call(request)
    }
}
