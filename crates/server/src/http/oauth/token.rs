//! `/oauth2/token`: codes and refresh tokens become access tokens (RFC 6749 §4.1.3, §6).
//!
//! One transaction authenticates the client and redeems what it brings, so a request that fails authentication
//! uses nothing up. The query of this endpoint is never logged: the seed's form puts the code there.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};

use model::application::{self, Application};
use model::audit::Actor;
use model::token::{self, Issued, Outcome, Redemption, Refusal};
use model::{Error, Tx};
use rules::client_auth::{self, Proof};
use rules::id::ClientId;
use rules::secret::{ClientSecret, Code, Mint, RefreshToken};
use rules::token::{Grant, Received, TokenError, TokenRequest};

use crate::app::App;
use crate::http::edge::ClientAddress;
use crate::http::oauth;

const MAX_BODY: usize = 64 * 1024;

/// `POST /oauth2/token`
pub(crate) async fn create(State(app): State<App>, address: ClientAddress, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY).await else { return oauth::too_large() };
    let authorization = match authorization(&parts.headers) {
        Ok(authorization) => authorization,
        Err(error) => return oauth::error(&error),
    };
    let received = Received {
        query: parts.uri.query().unwrap_or_default(),
        body: &body,
        content_type: parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()),
        authorization,
    };
    match TokenRequest::parse(&received) {
        Ok(request) => exchange(&app, address, authorization, request).await,
        Err(error) => refused(&error, authorization),
    }
}

/// The one `Authorization` header, if there is one.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, TokenError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let first = lines.next();
    if lines.next().is_some() {
        return Err(TokenError::invalid_request("Send one Authorization header."));
    }
    let unreadable = || TokenError::invalid_request("The Authorization header is not plain text.");
    first.map(|line| line.to_str().map_err(|_| unreadable())).transpose()
}

async fn exchange(
    app: &App,
    address: ClientAddress,
    authorization: Option<&str>,
    request: TokenRequest,
) -> Response {
    // What can't be a client id is throttled as one, so that nobody fills the memory with inventions.
    let named =
        request.client.candidates().first().and_then(|named| named.client_id().parse::<ClientId>().ok());
    let named = named.map_or_else(|| "no client".to_owned(), |id| id.to_string());
    // Requests that arrive together are all looked at before the first failure counts. Unlike passwords, secrets are
    // 256 random bits and cost no hashing: a burst more of guesses finds nothing, so nobody has to wait for a turn.
    if let Some(wait) = app.throttle.client_wait(&named, address.0) {
        return too_many(wait);
    }
    if request.resources.iter().any(|resource| !oauth::authorize::is_ours(app, resource)) {
        let why = "resource names something that this server does not guard.";
        return oauth::error(&TokenError::invalid_target(why));
    }
    let (mint, from) = (app.mint.clone(), address.0.to_string());
    let answer = app.db.write(move |tx| answer(tx, &mint, &request, &from)).await;
    match answer {
        Ok(Answer::Tokens(issued)) => oauth::json_response(StatusCode::OK, &body(&issued)),
        Ok(Answer::Refused(error)) => {
            if error.status() == 401 {
                app.throttle.client_failed(&named, address.0);
            }
            refused(&error, authorization)
        }
        Err(Error::Db(db::Error::Unavailable(why))) => {
            tracing::error!(%why, "the token endpoint could not write");
            oauth::unavailable()
        }
        Err(error) => {
            tracing::error!(%error, "the token endpoint failed");
            oauth::server_error()
        }
    }
}

enum Answer {
    Tokens(Issued),
    Refused(TokenError),
}

fn answer(tx: &mut Tx<'_>, mint: &Mint, request: &TokenRequest, address: &str) -> model::Result<Answer> {
    let client = match authenticate(tx, mint, request)? {
        Ok(client) => client,
        Err(error) => return Ok(Answer::Refused(error)),
    };
    let actor = Actor { who: client.client_id.to_string(), address: address.to_owned() };
    let outcome = match &request.grant {
        Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let Ok(code) = mint.format.read::<Code>(code) else { return Ok(unknown()) };
            let redemption = Redemption {
                code: mint.pepper.hash(&code),
                redirect_uri: redirect_uri.as_deref(),
                verifier: code_verifier.as_ref(),
            };
            token::redeem(tx, mint, &client, &actor, &redemption)?
        }
        Grant::RefreshToken { refresh_token, scope } => {
            let Ok(presented) = mint.format.read::<RefreshToken>(refresh_token) else { return Ok(unknown()) };
            token::refresh(tx, mint, &client, &actor, (&presented, scope.as_ref()))?
        }
    };
    Ok(match outcome {
        Outcome::Issued(issued) => Answer::Tokens(issued),
        Outcome::Refused(refusal) => Answer::Refused(explained(&refusal)),
    })
}

fn unknown() -> Answer {
    Answer::Refused(explained(&Refusal::Unknown))
}

fn explained(refusal: &Refusal) -> TokenError {
    match refusal {
        Refusal::ScopeBeyondGrant(_) => TokenError::invalid_scope(refusal.to_string()),
        _ => TokenError::invalid_grant(refusal.to_string()),
    }
}

/// The client that presented itself, if it is who it says. An unknown one and a wrong secret look alike.
fn authenticate(
    tx: &mut Tx<'_>,
    mint: &Mint,
    request: &TokenRequest,
) -> model::Result<Result<Application, TokenError>> {
    let mut refusal = TokenError::invalid_client("The client is unknown, or its secret is wrong.");
    for candidate in request.client.candidates() {
        let Some(client) = application::client(tx, candidate.client_id())? else { continue };
        match candidate.proof(client.client_type) {
            Ok(Proof::Nothing) => return Ok(Ok(client)),
            Ok(Proof::Secret(secret)) => {
                let Ok(secret) = mint.format.read::<ClientSecret>(secret) else { continue };
                if application::use_secret(tx, &client.client_id, mint.pepper.hash(&secret))? {
                    return Ok(Ok(client));
                }
            }
            Err(error) => refusal = TokenError::from(error),
        }
    }
    Ok(Err(refusal))
}

/// RFC 6749 §5.1. No member is null, and none is there that was not granted.
fn body(issued: &Issued) -> Value {
    let mut body = json!({
        "access_token": issued.access.expose(),
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scopes.to_string(),
    });
    if let (Some(refresh), Some(members)) = (&issued.refresh, body.as_object_mut()) {
        members.insert("refresh_token".to_owned(), refresh.expose().into());
    }
    body
}

/// `WWW-Authenticate` goes only to those who tried Basic: others stop reading at that header (RFC 6749 §5.2).
fn refused(error: &TokenError, authorization: Option<&str>) -> Response {
    let mut response = oauth::error(error);
    if response.status() == StatusCode::UNAUTHORIZED && client_auth::tried_basic(authorization) {
        let challenge = HeaderValue::from_static("Basic realm=\"Bluesonde\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let error = json!({
        "error": "temporarily_unavailable",
        "error_description": format!("Too many failed authentications. Wait {seconds} seconds."),
    });
    let mut response = oauth::json_response(StatusCode::TOO_MANY_REQUESTS, &error);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
