use proptest::prelude::*;

use super::*;
use crate::client_auth::Method;
use crate::description::Description;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const BASIC: Option<&str> = Some("Basic app1:s3cret");

/// A verifier and a body that redeems a code, by `client_secret_post`.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const POST: &str = "grant_type=authorization_code&code=c&redirect_uri=r&client_id=app1&client_secret=s3cret";

fn posted(body: &str) -> Received<'_> {
    Received { query: "", body: body.as_bytes(), content_type: FORM, authorization: None }
}

fn basic(query: &'static str, body: &'static str) -> Received<'static> {
    Received { query, authorization: BASIC, ..posted(body) }
}

fn understood(received: &Received<'_>) -> TokenRequest {
    TokenRequest::parse(received).unwrap_or_else(|error| panic!("{}: {error:?}", received.query))
}

fn refused(received: &Received<'_>) -> (TokenErrorCode, String) {
    let error =
        TokenRequest::parse(received).err().unwrap_or_else(|| panic!("{} was understood", received.query));
    (error.error, error.description.to_string())
}

/// Code, redirect URI, and the challenge of the verifier.
fn code_of(request: &TokenRequest) -> (&str, Option<&str>, Option<String>) {
    match &request.grant {
        Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let challenge = code_verifier.as_ref().map(|verifier| verifier.challenge().to_string());
            (code, redirect_uri.as_deref(), challenge)
        }
        Grant::RefreshToken { .. } => panic!("a refresh"),
    }
}

fn refresh_of(request: &TokenRequest) -> (&str, Option<String>) {
    match &request.grant {
        Grant::RefreshToken { refresh_token, scope } => {
            (refresh_token, scope.as_ref().map(ToString::to_string))
        }
        Grant::AuthorizationCode { .. } => panic!("a code"),
    }
}

#[test]
fn the_examples_of_the_rfc_are_understood() {
    // RFC 6749 sections 4.1.3 and 6.
    let rfc_client = Some("Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW");
    let request = understood(&Received {
        authorization: rfc_client,
        ..posted(
            "grant_type=authorization_code&code=SplxlOBeZQQYbYS6WxSbIA\
             &redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb",
        )
    });
    assert_eq!(code_of(&request), ("SplxlOBeZQQYbYS6WxSbIA", Some("https://client.example.com/cb"), None));
    assert_eq!(request.client.candidates()[0].client_id(), "s6BhdRkqt3");
    assert_eq!(request.client.method(), Method::Basic);

    let request = understood(&Received {
        authorization: rfc_client,
        ..posted("grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA")
    });
    assert_eq!(refresh_of(&request), ("tGzv3JOkF0XG5Qx2TlKWIA", None));
}

#[test]
fn the_request_on_our_own_page_is_understood() {
    let query = "grant_type=authorization_code&code=c&redirect_uri=https%3A%2F%2Fapp.example%2Fcb";
    for content_type in [FORM, None, Some("application/json")] {
        let request = understood(&Received { content_type, ..basic(query, "") });
        assert_eq!(code_of(&request), ("c", Some("https://app.example/cb"), None));
        assert_eq!(request.client.method(), Method::Basic);
    }
    let query = "grant_type=authorization_code&code=c&client_id=app1\
                 &code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let challenge = Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
    assert_eq!(code_of(&understood(&basic(query, ""))), ("c", None, challenge));
}

#[test]
fn without_the_header_the_query_is_not_read() {
    let query = "grant_type=authorization_code&code=c&client_id=app1";
    let (error, description) = refused(&Received { query, ..posted("") });
    assert_eq!(error, TokenErrorCode::InvalidRequest);
    assert!(description.starts_with("The parameters are in the query"), "{description}");
}

#[test]
fn no_secret_and_no_token_is_taken_from_a_query() {
    for name in NEVER_IN_QUERY {
        for query in [format!("{name}=hush"), format!("{name}=hush&{name}="), format!("a=b&{name}=%ff")] {
            for authorization in [None, BASIC] {
                let (error, description) =
                    refused(&Received { query: &query, authorization, ..posted(POST) });
                assert_eq!(error, TokenErrorCode::InvalidRequest, "{query}");
                assert!(description.starts_with(&format!("{name} was sent in the query")), "{description}");
                assert!(!description.contains("hush"), "{description}");
            }
        }
    }
}

#[test]
fn query_and_body_may_agree_and_may_not_differ() {
    let body = "grant_type=authorization_code&code=c&redirect_uri=r";
    for query in
        ["", "code=c", "grant_type=authorization_code&code=c&redirect_uri=r", "other=x", "scope=x", "code="]
    {
        assert_eq!(code_of(&understood(&basic(query, body))), ("c", Some("r"), None), "{query}");
    }
    for (query, description) in [
        ("code=d", "code differs between query and body."),
        ("grant_type=refresh_token", "grant_type differs between query and body."),
        ("redirect_uri=R", "redirect_uri differs between query and body."),
        ("client_id=app1", "client_id is in the query and other parameters are in the body"),
        ("code_verifier=x", "code_verifier is in the query and other parameters are in the body"),
        ("code=c&code=c", "code was sent more than once."),
        ("code=%ff", "code is not valid UTF-8."),
    ] {
        let (error, said) = refused(&basic(query, body));
        assert_eq!(error, TokenErrorCode::InvalidRequest, "{query}");
        assert!(said.starts_with(description), "{said}");
    }
}

#[test]
fn each_parameter_may_come_once() {
    for name in SINGLE {
        for more in [format!("{name}=x&{name}=x"), format!("{name}=x&{name}=y"), format!("{name}&{name}")] {
            let (error, description) = refused(&posted(&format!("a=b&{more}")));
            assert_eq!(error, TokenErrorCode::InvalidRequest, "{more}");
            assert_eq!(description, format!("{name} was sent more than once."));
        }
    }
    understood(&posted(&format!("{POST}&extra=a&extra=b")));
}

#[test]
fn the_body_is_a_form_in_utf8() {
    for content_type in [
        None,
        Some(""),
        Some("Application/X-WWW-Form-Urlencoded"),
        Some("application/x-www-form-urlencoded; charset=utf-8"),
        Some("application/x-www-form-urlencoded;charset=\"UTF-8\""),
        Some("application/x-www-form-urlencoded ; boundary=x"),
    ] {
        understood(&Received { content_type, ..posted(POST) });
    }
    for (content_type, hint) in [
        (Some("application/json"), "The body is JSON"),
        (Some("application/json; charset=utf-8"), "The body is JSON"),
        (Some("multipart/form-data; boundary=x"), "The body is multipart/form-data"),
        (Some("text/plain"), "The body is text/plain"),
        (Some("application/x-www-form-urlencoded; charset=utf-16"), "The charset"),
        (Some("application/x-www-form-urlencoded; a=b; charset=latin1"), "The charset"),
        (Some("\"\\\u{7f}"), "The body is ???"),
    ] {
        let (error, description) = refused(&Received { content_type, ..posted(POST) });
        assert_eq!(error, TokenErrorCode::InvalidRequest, "{content_type:?}");
        assert!(description.starts_with(hint), "{description}");
    }
    let (_, description) = refused(&Received { content_type: None, ..posted(" {\"grant_type\": 1}") });
    assert!(description.starts_with("The body is JSON"), "{description}");
    let (error, _) = refused(&posted(&"a&".repeat(65)));
    assert_eq!(error, TokenErrorCode::InvalidRequest);
}

#[test]
fn only_codes_and_refresh_tokens_are_exchanged() {
    for other in [
        "password",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "Authorization_Code",
        "authorization_code+",
    ] {
        let body = format!("grant_type={other}&client_id=app1&client_secret=x&username=a&password=b&code=c");
        assert_eq!(refused(&posted(&body)).0, TokenErrorCode::UnsupportedGrantType, "{other}");
    }
}

#[test]
fn what_is_missing_is_named() {
    for (body, description) in [
        ("client_id=app1", "grant_type is missing."),
        ("client_id=app1&grant_type=", "grant_type is missing."),
        ("client_id=app1&grant_type=authorization_code", "code is missing."),
        ("client_id=app1&grant_type=authorization_code&code=", "code is missing."),
        ("client_id=app1&grant_type=authorization_code&refresh_token=x", "code is missing."),
        ("client_id=app1&grant_type=refresh_token&code=x", "refresh_token is missing."),
    ] {
        assert_eq!(
            refused(&posted(body)),
            (TokenErrorCode::InvalidRequest, description.to_owned()),
            "{body}"
        );
    }
    assert_eq!(refused(&posted("grant_type=refresh_token&refresh_token=x")).0, TokenErrorCode::InvalidClient);
    assert_eq!(refused(&Received { query: "", body: b"", content_type: None, authorization: None }).0, {
        TokenErrorCode::InvalidClient
    });
}

#[test]
fn header_and_body_must_name_one_client() {
    let with = |body| refused(&Received { authorization: BASIC, ..posted(body) }).0;
    assert_eq!(with("grant_type=authorization_code&code=c&client_id=app2"), TokenErrorCode::InvalidRequest);
    assert_eq!(with("grant_type=authorization_code&code=c&client_secret=x"), TokenErrorCode::InvalidRequest);
    assert_eq!(refused(&basic("grant_type=authorization_code&code=c&client_id=app2", "")).0, {
        TokenErrorCode::InvalidRequest
    });
    understood(&Received { authorization: BASIC, ..posted(POST) });
    let (error, _) = refused(&Received { authorization: Some("Bearer x"), ..posted(POST) });
    assert_eq!(error, TokenErrorCode::InvalidClient);
    for assertion in ["client_assertion=x", "client_assertion_type=x"] {
        assert_eq!(refused(&posted(&format!("{POST}&{assertion}"))).0, TokenErrorCode::InvalidClient);
    }
}

#[test]
fn a_verifier_is_checked_before_a_code_is_touched() {
    let challenge = Some("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
    assert_eq!(code_of(&understood(&posted(&format!("{POST}&code_verifier={VERIFIER}")))).2, challenge);
    assert_eq!(code_of(&understood(&posted(&format!("{POST}&code_verifier=")))).2, None);
    for verifier in ["short", &"x".repeat(129), &VERIFIER.replace('-', "%2B")] {
        let (error, _) = refused(&posted(&format!("{POST}&code_verifier={verifier}")));
        assert_eq!(error, TokenErrorCode::InvalidGrant, "{verifier}");
    }
}

#[test]
fn a_refresh_may_ask_for_less() {
    let refresh =
        |scope: &str| format!("grant_type=refresh_token&refresh_token=t&client_id=app1&scope={scope}");
    let scope = |asked: &str| refresh_of(&understood(&posted(&refresh(asked)))).1;
    assert_eq!(scope("devices:read"), Some("devices:read".to_owned()));
    assert_eq!(scope("devices:read,offline_access"), Some("devices:read offline_access".to_owned()));
    assert_eq!((scope(""), scope("+")), (None, None));
    let unknown = (TokenErrorCode::InvalidScope, "Unknown scope: openid.".to_owned());
    assert_eq!(refused(&posted(&refresh("openid"))), unknown);
}

#[test]
fn resources_are_handed_on() {
    let request = posted_with("resource=https://a.example&resource=https://b.example");
    assert_eq!(understood(&posted(&request)).resources, ["https://a.example", "https://b.example"]);
    assert_eq!(refused(&posted(&posted_with("resource=a"))).0, TokenErrorCode::InvalidTarget);
}

fn posted_with(more: &str) -> String {
    format!("{POST}&{more}")
}

#[test]
fn an_error_is_the_json_of_the_rfc() {
    let json = |error: &TokenError| serde_json::to_string(error).unwrap();
    let error = TokenError::invalid_client("a\"b\\c\n<é>");
    assert_eq!(json(&error), r#"{"error":"invalid_client","error_description":"a?b?c?<?>"}"#);
    assert_eq!(error.status(), 401);
    for (error, code) in [
        (TokenError::invalid_request("x"), "invalid_request"),
        (TokenError::invalid_grant("x"), "invalid_grant"),
        (TokenError::unsupported_grant_type("x"), "unsupported_grant_type"),
        (TokenError::invalid_scope("x"), "invalid_scope"),
        (TokenError::invalid_target("x"), "invalid_target"),
        (
            TokenError { error: TokenErrorCode::UnauthorizedClient, description: "x".into(), about: None },
            "unauthorized_client",
        ),
    ] {
        assert_eq!(error.status(), 400);
        assert_eq!(json(&error), format!(r#"{{"error":"{code}","error_description":"x"}}"#));
    }
}

#[test]
fn every_way_to_fail_authentication_has_its_code() {
    use client_auth::ClientAuthError as E;
    for (error, code) in [
        (E::Missing, TokenErrorCode::InvalidClient),
        (E::OtherScheme, TokenErrorCode::InvalidClient),
        (E::Malformed, TokenErrorCode::InvalidClient),
        (E::SecretMissing, TokenErrorCode::InvalidClient),
        (E::SecretUnexpected, TokenErrorCode::InvalidClient),
        (E::TwoClients, TokenErrorCode::InvalidRequest),
        (E::TwoSecrets, TokenErrorCode::InvalidRequest),
    ] {
        assert_eq!(TokenError::from(error).error, code);
        assert_eq!(TokenError::from(error).description, Description::new(&error.to_string()));
    }
}

proptest! {
    #[test]
    fn no_request_whatever_upsets_it_or_is_repeated_dangerously(
        query in "([a-z_]{0,9}|grant_type|code|token)?(=[ -~]{0,9})?(&code=c)?",
        body in prop::collection::vec(any::<u8>(), 0..80),
        content_type in prop::option::of(".{0,40}"),
        authorization in prop::option::of("(Basic )?.{0,20}"),
    ) {
        let received = Received {
            query: &query,
            body: &body,
            content_type: content_type.as_deref(),
            authorization: authorization.as_deref(),
        };
        if let Err(error) = TokenRequest::parse(&received) {
            let allowed = |byte: u8| (0x20..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\';
            prop_assert!(error.description.as_str().bytes().all(allowed));
        }
    }
}
