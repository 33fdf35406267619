use proptest::prelude::*;

use super::*;
use crate::authorize::ClientFacts;
use crate::client_auth::ClientType;
use crate::pkce::Pkce;
use crate::scope::ScopeList;
use crate::token::Received;

fn scopes(text: &str) -> ScopeList {
    text.parse().unwrap()
}

/// The findings about an authorization request, each as `name verdict note`.
fn about(query: &str) -> Vec<(String, Verdict, String)> {
    let (required, optional) = (scopes("devices:read"), scopes("observations:read"));
    let uris = ["https://app.example/callback".to_owned()];
    let client = ClientFacts {
        client_type: ClientType::Public,
        pkce: Pkce::Required,
        redirect_uris: &uris,
        required: &required,
        optional: &optional,
    };
    let findings = authorize(&Form::parse(query).unwrap(), &client);
    findings.into_iter().map(|finding| (finding.name, finding.verdict, finding.note)).collect()
}

#[track_caller]
fn assert_wrong(query: &str, name: &str, words: &str) {
    let findings = about(query);
    let found = findings.iter().find(|(found, ..)| found == name).unwrap_or_else(|| panic!("{findings:?}"));
    assert_eq!(found.1, Verdict::Wrong, "{found:?}");
    assert!(found.2.contains(words), "{found:?}");
}

#[test]
fn each_parameter_of_an_authorization_request_says_what_is_wrong_with_it() {
    assert_wrong("redirect_uri=https://app.example/callback/", "redirect_uri", "slash at the end differs");
    assert_wrong("redirect_uri=x&redirect_uri=y", "redirect_uri", "more than once");
    assert_wrong("response_type=token", "response_type", "code");
    assert_wrong("client_id=x", "response_type", "Send response_type=code");
    assert_wrong("client_id=x", "code_challenge", "must use PKCE");
    assert_wrong("code_challenge=abc", "code_challenge_method", "S256");
    assert_wrong("code_challenge=abc&code_challenge_method=S256", "code_challenge", "43 characters");
    assert_wrong("scope=devices:read%20devices:write", "scope", "devices:write is not registered");
    assert_wrong("scope=openid", "scope", "openid does not exist");
    assert_wrong("prompt=none%20login", "prompt", "alone");
    assert_wrong("request_uri=https://x", "request_uri", "not supported");
    assert_wrong("state=%ff", "state", "UTF-8");
}

#[test]
fn what_is_right_and_what_is_ignored_is_said_too() {
    let findings =
        about("redirect_uri=https://app.example/callback&scope=devices:read&access_type=offline&state=");
    let verdict = |name: &str| findings.iter().find(|(found, ..)| found == name).unwrap().1;
    assert_eq!(verdict("redirect_uri"), Verdict::Fine);
    assert_eq!(verdict("scope"), Verdict::Fine);
    assert_eq!(verdict("access_type"), Verdict::Ignored);
    assert_eq!(verdict("state"), Verdict::Ignored);
}

fn exchanged(query: &str, content_type: &str, body: &str, authorization: Option<&str>) -> Vec<Finding> {
    let received = Received { query, body: body.as_bytes(), content_type: Some(content_type), authorization };
    let error = crate::token::TokenRequest::parse(&received).err();
    let blamed = error.as_ref().and_then(|error| Some((error.about?, error.description.as_str())));
    exchange(&received, blamed)
}

const FORM: &str = "application/x-www-form-urlencoded";

#[test]
fn each_parameter_of_a_token_request_says_what_is_wrong_with_it() {
    for (findings, name, words) in [
        (exchanged("client_secret=abc", FORM, "", None), "client_secret", "in the body"),
        (exchanged("", "application/json", "{}", None), "Content-Type", "form-urlencoded"),
        (exchanged("", FORM, "grant_type=password", None), "grant_type", "authorization_code"),
        (exchanged("", FORM, "code_verifier=short", None), "code_verifier", "43 to 128"),
        (exchanged("", FORM, "code=a&code=b", None), "code", "more than once"),
        (exchanged("", FORM, "", Some("Bearer abc")), "Authorization", "Only the Basic scheme"),
        (exchanged("", FORM, "scope=nope", None), "scope", "nope does not exist"),
    ] {
        let found = findings.iter().find(|finding| finding.name == name).unwrap();
        assert_eq!(found.verdict, Verdict::Wrong, "{found:?}");
        assert!(found.note.contains(words), "{found:?}");
    }
}

#[test]
fn no_secret_is_kept_wherever_it_stands() {
    // Put together here, so that nothing like a credential stands in the sources.
    let secret = format!("cs{}{}", "bsn", "Q".repeat(49));
    let encoded = format!("app1:{secret}");
    let body = |name: &str| format!("{name}={secret}");
    for findings in [
        exchanged(&body("client_secret"), FORM, &body("code"), Some(&format!("Basic {encoded}"))),
        exchanged(&body("redirect_uri"), FORM, &body("scope"), Some(&secret)),
        exchanged(&body(&secret), FORM, &body("grant_type"), Some(&format!("{secret} x"))),
        exchanged(&body("anything"), &secret, &body("client_id"), None),
    ] {
        let text = serde_json::to_string(&findings).unwrap();
        assert!(!text.contains(&secret), "{text}");
    }
    let (none, uris) = (ScopeList::default(), []);
    let client = ClientFacts {
        client_type: ClientType::Public,
        pkce: Pkce::Required,
        redirect_uris: &uris,
        required: &none,
        optional: &none,
    };
    for name in ["state", "redirect_uri", "scope", "prompt", "client_id", "nonce", "login_hint", &secret] {
        let findings = authorize(&Form::parse(body(name)).unwrap(), &client);
        let text = serde_json::to_string(&findings).unwrap();
        assert!(!text.contains(&secret), "{name}: {text}");
    }
}

proptest! {
    #[test]
    fn nothing_sent_upsets_it_and_the_answer_is_bounded(query in ".{0,300}", body in ".{0,300}") {
        let findings = exchanged(&query, FORM, &body, Some(&query));
        prop_assert!(findings.len() <= MOST);
        for finding in findings {
            prop_assert!(finding.shown.chars().count() <= LONGEST + 1);
            prop_assert!(finding.name.chars().count() <= LONGEST + 1);
        }
    }
}

#[test]
fn what_a_request_was_refused_for_is_never_called_fine() {
    let basic = |pair: &str| {
        use base64::Engine;
        format!("Basic {}", base64::prelude::BASE64_STANDARD.encode(pair))
    };
    let header = basic("app1:x");
    for (query, content_type, body, authorization, culprit) in [
        ("", FORM, "code=a", None, "client_id"),
        ("", FORM, "grant_type=authorization_code&client_id=a&client_secret=b", None, "code"),
        ("", FORM, "code=a&client_id=a", None, "grant_type"),
        ("", "application/x-www-form-urlencoded; charset=utf-16", "code=a", Some(&header), "Content-Type"),
        ("", FORM, "client_secret=y&grant_type=refresh_token", Some(&header), "client_secret"),
        ("", FORM, "client_id=app2&grant_type=refresh_token", Some(&header), "client_id"),
        ("code=a", FORM, "grant_type=authorization_code&code=b", Some(&header), "code"),
        ("", FORM, "resource=nothing&client_id=a&grant_type=refresh_token&refresh_token=x", None, "resource"),
        ("", FORM, "client_assertion=x&client_id=a", None, "client_assertion"),
    ] {
        let findings = exchanged(query, content_type, body, authorization.map(String::as_str));
        let found =
            findings.iter().find(|finding| finding.name == culprit && finding.verdict == Verdict::Wrong);
        assert!(found.is_some(), "{query} {body}: {findings:?}");
    }
}

#[test]
fn a_wrong_secret_is_the_headers_fault_where_it_came_by_header() {
    let received =
        Received { query: "", body: b"", content_type: None, authorization: Some("Basic app1:wrong") };
    let findings = exchange(&received, Some(("client_secret", "It is not the client's.")));
    assert_eq!(findings.len(), 1);
    assert_eq!((findings[0].verdict, findings[0].note.as_str()), (Verdict::Wrong, "It is not the client's."));
}
