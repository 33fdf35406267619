//! How often somebody may ask: told in every answer of the API, and refused in the form that each surface has.

use axum::body::Body;
use axum::http::Method;
use rules::role::Role;
use server::rates::{Limits, Quota};

use crate::support::{Answer, Flow, TestApp, Tokens, request};

/// Ten at once and one a second for each, so many more for an organization.
fn limits(organization: u32) -> Limits {
    let quota = |per_second: u32, burst: u32| Quota {
        per_second: per_second.try_into().unwrap(),
        burst: burst.try_into().unwrap(),
    };
    Limits::On { each: quota(1, 10), organization: quota(1, organization) }
}

/// Calls of a program, each from an address of its own.
struct Elsewhere<'a> {
    app: &'a TestApp,
    next: std::cell::Cell<u8>,
}

impl<'a> Elsewhere<'a> {
    fn new(app: &'a TestApp) -> Self {
        Self { app, next: 1.into() }
    }

    fn get(&self, path: &str, credential: &str) -> Answer {
        let address = self.next.replace(self.next.get() + 1);
        let call = request(Method::GET, path).header("authorization", format!("Bearer {credential}"));
        self.app.send_from(&format!("198.51.100.{address}"), call.body(Body::empty()).unwrap())
    }
}

#[test]
fn every_answer_of_the_api_tells_what_is_left() {
    let app = TestApp::new().limited(limits(1000));
    let key = app.key("devices:read");
    let answers = [
        app.program(&key.secret).get("/v1/me"),
        app.program(&key.secret).get("/v1/devices/x"),
        app.program(&key.secret).get("/v1/api-keys"),
        app.program("wrong").get("/v1/me"),
        app.get("/v1/nothing"),
        app.send(request(Method::PUT, "/v1/me").body(Body::empty()).unwrap()),
    ];
    for (answer, left) in answers.iter().zip([9, 8, 7, 6, 5, 4]) {
        answer.assert_header("ratelimit-policy", "\"default\";q=10;w=10");
        answer.assert_header("ratelimit", &format!("\"default\";r={left};t={}", 10 - left));
        let exposed = answer.header("access-control-expose-headers").unwrap();
        assert!(exposed.contains("RateLimit, RateLimit-Policy, Retry-After"), "{exposed}");
    }
    app.get("/login").assert_no_header("ratelimit");
}

#[test]
fn an_address_that_asks_too_often_waits_as_long_as_it_is_told() {
    let app = TestApp::new().limited(limits(1000));
    let key = app.key("devices:read").secret;
    for _ in 0..10 {
        app.program("wrong").get("/v1/me").assert_status(401);
    }
    for credential in [key.as_str(), "wrong"] {
        let refused = app.program(credential).get("/v1/me");
        refused.assert_status(429).assert_header("retry-after", "1").assert_no_header("www-authenticate");
        refused.assert_header("content-type", "application/problem+json");
        refused.assert_header("ratelimit", "\"default\";r=0;t=1");
        assert_eq!(refused.json()["code"], "too_many_requests");
    }
    let elsewhere = Elsewhere::new(&app);
    elsewhere.get("/v1/me", &key).assert_status(200);
    app.get("/login").assert_page(200);
    app.advance_secs(1);
    app.program(&key).get("/v1/me").assert_status(200);
    app.program(&key).get("/v1/me").assert_status(429);
}

#[test]
fn a_key_has_one_quota_wherever_it_is_used() {
    let app = TestApp::new().limited(limits(1000));
    let (busy, other) = (app.key("devices:read").secret, app.key("devices:read").secret);
    let elsewhere = Elsewhere::new(&app);
    for left in (0..10).rev() {
        let answer = elsewhere.get("/v1/me", &busy);
        answer.assert_status(200);
        assert!(answer.header("ratelimit").unwrap().starts_with(&format!("\"default\";r={left};")));
    }
    let refused = elsewhere.get("/v1/me", &busy);
    refused.assert_status(429).assert_header("ratelimit", "\"default\";r=0;t=1");
    elsewhere.get("/v1/me", &other).assert_status(200);
}

#[test]
fn an_organizations_keys_share_its_quota_and_nobody_elses() {
    let app = TestApp::new().limited(limits(12));
    let rival = app.organization("Rival Reef");
    let theirs = app.key_of(&rival, |_| {}).secret;
    let keys = [app.key("devices:read").secret, app.key("devices:read").secret];
    let elsewhere = Elsewhere::new(&app);
    for number in 0..12 {
        elsewhere.get("/v1/me", &keys[number % 2]).assert_status(200);
    }
    for key in &keys {
        elsewhere.get("/v1/me", key).assert_status(429);
    }
    elsewhere.get("/v1/me", &theirs).assert_status(200);
}

#[test]
fn an_applications_tokens_share_its_quota() {
    let app = TestApp::new();
    let [busy, other] = [(), ()].map(|()| app.confidential("devices:read offline_access"));
    let member = app.member(Role::Viewer);
    let token = |client| Flow::new(&app, client).tokens(&member).access;
    let (first, second, others) = (token(&busy), token(&busy), token(&other));
    let app = app.limited(limits(1000));
    let elsewhere = Elsewhere::new(&app);
    for token in [&first, &second].into_iter().cycle().take(10) {
        elsewhere.get("/v1/me", token).assert_status(200);
    }
    elsewhere.get("/v1/me", &first).assert_status(429);
    elsewhere.get("/v1/me", &others).assert_status(200);
}

#[test]
fn an_application_spends_its_quota_by_what_it_proves_and_not_by_being_named() {
    let app = TestApp::new();
    let client = app.confidential("devices:read offline_access");
    let mut refresh = Flow::new(&app, &client).tokens(&app.member(Role::Viewer)).refresh().to_owned();
    let app = app.limited(limits(1000));
    let from = |place: u8, refresh: &str| {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
        app.send_from(&format!("198.51.100.{place}"), app.token_call().from(&client, &grant).into_request())
    };
    for place in 1..=20 {
        from(place, "a stranger's").assert_status(400);
    }
    for place in 21..=30 {
        refresh = Tokens::of(&from(place, &refresh)).refresh().to_owned();
    }
    from(31, &refresh).assert_status(429).assert_error("temporarily_unavailable");
    app.advance_secs(1);
    from(31, &refresh).assert_status(200);
}

#[test]
fn the_oauth_endpoints_answer_in_their_own_form() {
    let app = TestApp::new().limited(limits(1000));
    let client = app.confidential("devices:read offline_access");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    for _ in 0..10 {
        app.token_call().from(&client, &refresh).send().assert_status(400);
    }
    for path in ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"] {
        let refused = app.token_call().to(path).from(&client, &refresh).send();
        refused.assert_status(429).assert_error("temporarily_unavailable").assert_header("retry-after", "1");
    }
    app.get("/.well-known/oauth-authorization-server").assert_status(429);
    app.get(&Flow::new(&app, &client).url()).assert_page(429).assert_text("Wait 1 seconds");
}
