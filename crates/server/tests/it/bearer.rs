//! Where a credential may stand, and that every bad one looks the same.

use axum::body::Body;
use axum::http::Method;
use rules::role::Role;
use server::http::{RouteKind, map};

use crate::support::{Answer, Flow, TestApp, Tokens, request};

/// A call with exactly these headers, and an id that makes answers comparable.
fn call(app: &TestApp, target: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = request(Method::GET, target).header("x-request-id", "the-same-id");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.send(request.body(Body::empty()).unwrap())
}

fn bearer(app: &TestApp, credential: &str) -> Answer {
    call(app, "/v1/me", &[("authorization", &format!("Bearer {credential}"))])
}

/// The same text with its character at `place` changed to another letter.
fn mistyped(text: &str, place: usize) -> String {
    let other = if &text[place..=place] == "x" { "y" } else { "x" };
    format!("{}{other}{}", &text[..place], &text[place + 1..])
}

#[test]
fn every_bad_key_gets_the_same_answer() {
    let app = TestApp::new();
    let (good, revoked, short) = (app.key("devices:read"), app.key("devices:read"), app.now());
    let soon = Some(short + jiff::SignedDuration::from_secs(60));
    let expired = app.key_of(app.home(), |new| new.expires_at = soon);
    app.revoke_key(app.home(), &revoked);
    app.advance_secs(60);
    // Well formed, checksum and all, but of another server.
    let unknown = TestApp::new().key("devices:read").secret;
    let expected = bearer(&app, &unknown);
    expected.assert_status(401).assert_header("content-type", "application/problem+json");
    assert_eq!(expected.json()["code"], "invalid_token");
    let challenge = expected.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
    let end = good.secret.len();
    for bad in [
        revoked.secret.as_str(),
        &expired.secret,
        &mistyped(&good.secret, 20),
        &mistyped(&good.secret, end - 20),
        &mistyped(&good.secret, end - 1),
        &good.secret[..end - 1],
        &format!("{}0", good.secret),
        &format!("{}=", good.secret),
        &good.secret.to_uppercase(),
        &good.secret.replace("live", "test"),
        good.id.as_str(),
        "sk_",
        "x",
        "",
    ] {
        let answer = bearer(&app, bad);
        assert_eq!((answer.status, answer.body), (expected.status, expected.body.clone()), "{bad}");
        assert_eq!(answer.headers, expected.headers, "{bad}");
    }
    bearer(&app, &good.secret).assert_status(200);
}

#[test]
fn every_letter_of_a_credential_counts() {
    let app = TestApp::new();
    let flow = Flow::new(&app, &app.confidential("devices:read offline_access"));
    let member = app.member(Role::Viewer);
    let (tokens, code) = (flow.tokens(&member), flow.code(&member));
    for credential in [&app.key("devices:read").secret, &tokens.access] {
        for place in 0..credential.len() {
            bearer(&app, &mistyped(credential, place)).assert_status(401);
        }
        bearer(&app, credential).assert_status(200);
    }
    for place in 0..code.len() {
        flow.redeem(&mistyped(&code, place)).assert_status(400).assert_error("invalid_grant");
        let mistyped = mistyped(tokens.refresh(), place);
        flow.refresh(&mistyped).assert_status(400).assert_error("invalid_grant");
    }
    flow.redeem(&code).assert_status(200);
    flow.refresh(tokens.refresh()).assert_status(200);
}

#[test]
fn a_credential_stands_in_the_authorization_header_and_nowhere_else() {
    let app = TestApp::new();
    let key = app.key("devices:read").secret;
    let right = format!("Bearer {key}");
    let basic = format!("Basic {key}");
    let cookie = format!("session={key}; Authorization={right}");
    for (target, headers, status) in [
        ("/v1/me", &[("authorization", right.as_str())][..], 200),
        ("/v1/me", &[("authorization", &right.replace("Bearer", "bearer"))], 200),
        ("/v1/me", &[("authorization", &right.replace(' ', "  "))], 200),
        ("/v1/me", &[("authorization", &right), ("authorization", &right)], 400),
        ("/v1/me", &[("authorization", &right), ("authorization", "Basic eDp5")], 400),
        (&format!("/v1/me?access_token={key}"), &[], 400),
        (&format!("/v1/me?access_token={key}"), &[("authorization", &right)], 400),
        (&format!("/v1/me?api_key={key}"), &[], 401),
        (&format!("/v1/me?key={key}"), &[], 401),
        ("/v1/me", &[], 401),
        ("/v1/me", &[("authorization", &key)], 401),
        ("/v1/me", &[("authorization", &basic)], 401),
        ("/v1/me", &[("authorization", &right.replace("Bearer", "Token"))], 401),
        ("/v1/me", &[("authorization", "Bearer")], 401),
        ("/v1/me", &[("authorization", &format!("Bearer {key}, Bearer {key}"))], 401),
        ("/v1/me", &[("x-api-key", &key)], 401),
        ("/v1/me", &[("cookie", &cookie)], 401),
    ] {
        let answer = call(&app, target, headers);
        assert_eq!(answer.status.as_u16(), status, "{target} {headers:?}");
    }
}

#[test]
fn a_browsers_session_opens_no_endpoint_of_the_api() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    browser.get_once("/v1/me").assert_status(401);
    bearer(&app, &browser.cookie("session").unwrap()).assert_status(401);
}

/// Every way in which an access token can be bad.
fn bad_tokens(app: &TestApp) -> Vec<(&'static str, String)> {
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let flow = Flow::new(app, &client).with("prompt", "consent");
    let expired = flow.tokens(&member).access;
    app.advance_secs(3600);
    let (stolen, code) = (flow.tokens(&member), flow.code(&member));
    flow.refresh(stolen.refresh()).assert_status(200);
    app.advance_secs(31);
    flow.refresh(stolen.refresh()).assert_status(400);
    let reused = Tokens::of(&flow.redeem(&code)).access;
    app.advance_secs(2);
    flow.redeem(&code).assert_status(400);
    let (leaver, deleted) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let (disabled, orphan) = (flow.tokens(&leaver).access, Flow::new(app, &deleted).tokens(&member).access);
    app.disable(&leaver);
    app.delete(&deleted);
    let good = flow.tokens(&member).access;
    bearer(app, &good).assert_status(200);
    vec![
        ("expired", expired),
        ("of a line that ended", stolen.access),
        ("of a code used twice", reused),
        ("of a disabled person", disabled),
        ("of a deleted application", orphan),
        ("cut", good[..good.len() - 1].to_owned()),
        ("one too long", format!("{good}0")),
        ("padded", format!("{good}=")),
        ("shouted", good.to_uppercase()),
        ("mistyped", mistyped(&good, good.len() - 20)),
        ("with another prefix", good.replace("at_", "rt_")),
        ("no more than a prefix", "at_bsn_".to_owned()),
    ]
}

#[test]
fn every_bad_access_token_gets_the_same_answer() {
    let app = TestApp::new();
    let elsewhere = TestApp::new();
    let unknown = Flow::new(&elsewhere, &elsewhere.confidential("devices:read"))
        .tokens(&elsewhere.member(Role::Viewer));
    let expected = bearer(&app, &unknown.access);
    expected.assert_status(401);
    let challenge = expected.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
    for (what, token) in bad_tokens(&app) {
        let answer = bearer(&app, &token);
        assert_eq!((answer.status, &answer.body), (expected.status, &expected.body), "{what}");
        assert_eq!(answer.headers, expected.headers, "{what}");
    }
}

#[test]
fn an_access_token_by_another_scheme_or_in_a_body_is_none() {
    let app = TestApp::new();
    let client = app.confidential("observations:write");
    let token = Flow::new(&app, &client).tokens(&app.member(Role::Operator)).access;
    let pairs = [
        format!("{token}:x-oauth-basic"),
        format!("x:{token}"),
        format!("{token}:"),
        format!("{}:{token}", client.id),
    ];
    for pair in pairs {
        let basic = format!("Basic {}", base64::Engine::encode(&base64::prelude::BASE64_STANDARD, pair));
        call(&app, "/v1/me", &[("authorization", &basic)]).assert_status(401);
    }
    for (name, value) in [
        ("x-access-token", token.as_str()),
        ("x-api-key", &token),
        ("authorization", &format!("Bearer\t{token}")),
    ] {
        call(&app, "/v1/me", &[(name, value)]).assert_status(401);
    }
    let body = |authorization: Option<&str>| {
        let mut request = request(Method::POST, "/v1/observations")
            .header("content-type", "application/x-www-form-urlencoded");
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        app.send(request.body(Body::from(format!("access_token={token}"))).unwrap())
    };
    body(None).assert_status(401);
    body(Some(&format!("Bearer {token}"))).assert_status(415);
}

#[test]
fn no_endpoint_of_the_api_answers_without_a_credential() {
    let (app, map) = (TestApp::new(), map());
    let unknown = TestApp::new().key("devices:read").secret;
    for route in map.routes() {
        if !matches!(route.kind, RouteKind::Api { .. }) {
            continue;
        }
        let target = route.path.replace(['{', '}'], "");
        let bare = app.send(request(route.method.clone(), &target).body(Body::empty()).unwrap());
        bare.assert_status(401);
        assert!(
            bare.header("www-authenticate").unwrap().starts_with("Bearer resource_metadata="),
            "{target}"
        );
        app.program(&unknown).call(route.method.clone(), &target).assert_status(401);
    }
}

#[test]
fn no_endpoint_of_the_api_answers_a_key_without_its_scope() {
    let (app, map) = (TestApp::new(), map());
    for route in map.routes() {
        let RouteKind::Api { need: server::http::api::Need::Needs(scope), .. } = &route.kind else {
            continue;
        };
        let others = Role::Owner.scopes().iter().filter(|other| other != scope).collect();
        let key = app.key_of(app.home(), |new| new.scopes = others);
        let target = route.path.replace(['{', '}'], "");
        let answer = app.program(&key.secret).call(route.method.clone(), &target);
        answer.assert_status(403);
        assert_eq!(answer.json()["code"], "insufficient_scope", "{} {target}", route.method);
    }
}

#[test]
fn an_unknown_address_of_the_api_is_a_problem_and_no_page() {
    let app = TestApp::new();
    for (method, target, status) in [("GET", "/v1/nothing", 404), ("PUT", "/v1/me", 405)] {
        let answer = app.send(request(method.parse().unwrap(), target).body(Body::empty()).unwrap());
        answer.assert_status(status).assert_header("content-type", "application/problem+json");
    }
}

#[test]
fn an_answer_is_for_its_caller_alone() {
    let app = TestApp::new();
    let key = app.key("api_keys:read");
    for path in ["/v1/me", "/v1/api-keys", &format!("/v1/api-keys/{}", key.id)] {
        app.program(&key.secret)
            .get(path)
            .assert_status(200)
            .assert_header("cache-control", "private, no-store");
    }
}
