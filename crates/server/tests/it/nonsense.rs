//! Texts that have broken other servers, at every address of the map: in the path, the query, the headers, the
//! body and the fields of forms. Whatever the answer is, it is no failure of ours, and the harness finds no error
//! in the log.

use axum::body::Body;
use axum::http::{HeaderValue, Method};
use server::http::{RouteKind, map};

use rules::role::Role;

use crate::support::{Answer, Browser, TestApp, encode, request};

/// As bytes, because not all of them are text.
const NONSENSE: [&[u8]; 24] = [
    b"",
    b"\0",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"%",
    b"%00",
    b"%zz",
    b"' OR 1=1 --",
    b"\"; DROP TABLE person; --",
    b"../../../../etc/passwd",
    b"..\\..",
    b"<script>alert(1)</script>",
    b"{{7*7}}${7*7}",
    b"a\r\nSet-Cookie: a=b",
    b"-1",
    b"9223372036854775808",
    b"1e999",
    b"NaN",
    b"+292277026596-12-04T15:30:08Z",
    b"-262144-01-01T00:00:00Z",
    "\u{202e}\u{feff}\u{10ffff}".as_bytes(),
    "İıſK".as_bytes(),
    b"[][]=&&==;;,,",
    b"dev_0000000000000000000000000\0",
];

/// Names that some endpoint looks at.
const NAMES: [&str; 16] = [
    "limit",
    "cursor",
    "start",
    "end",
    "order",
    "device_id",
    "datastream_id",
    "interval",
    "aggregate",
    "before",
    "range",
    "request",
    "return_to",
    "organization_id",
    "token",
    "observed_property_id",
];

const JSON: [&str; 14] = [
    "null",
    "[]",
    "\"\"",
    "1e400",
    "{\"a\":",
    "{\"name\":null,\"scopes\":null}",
    "{\"name\":\"\\u0000\",\"scopes\":[\"devices:read\"]}",
    "{\"name\":\"\\ud800\",\"scopes\":[]}",
    "{\"name\":\"a\",\"name\":\"b\",\"scopes\":[\"devices:read\"]}",
    "{\"name\":\"a\",\"scopes\":[\"devices:read\"],\"expires_at\":\"-9999-01-01T00:00:00Z\"}",
    "{\"name\":\"a\",\"scopes\":[\"devices:read\"],\"device_ids\":[\"\\u0000\"]}",
    "{\"observations\":[{\"datastream_id\":\"\\u0000\",\"phenomenon_time\":\"x\",\"result\":1e308,\"quality\":-1}]}",
    "{\"observations\":[{\"datastream_id\":1,\"phenomenon_time\":1,\"result\":\"1\",\"quality\":99999999999}]}",
    "{\"observations\":[null]}",
];

fn percent(bytes: &[u8]) -> String {
    percent_encoding::percent_encode(bytes, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[track_caller]
fn assert_no_failure(answer: &Answer) {
    assert!(!answer.status.is_server_error(), "{} → {}", answer.asked, answer.status);
}

/// Addresses of this kind, with nonsense for the ids and in the query.
fn targets(wanted: impl Fn(&RouteKind) -> bool) -> Vec<(Method, String)> {
    let map = map();
    let mut targets = Vec::new();
    for route in map.routes().iter().filter(|route| wanted(&route.kind)) {
        for bytes in NONSENSE {
            let mut path = route.path.to_owned();
            while let (Some(start), Some(end)) = (path.find('{'), path.find('}')) {
                path.replace_range(start..=end, &percent(bytes));
            }
            targets.push((route.method.clone(), path));
            let all = NAMES.map(|name| format!("{name}={}", percent(bytes))).join("&");
            targets.push((route.method.clone(), format!("{}?{all}", route.path.replace(['{', '}'], ""))));
            for name in NAMES {
                let path = route.path.replace(['{', '}'], "");
                targets.push((route.method.clone(), format!("{path}?{name}={}", percent(bytes))));
            }
        }
    }
    targets
}

#[test]
fn no_address_of_the_api_fails_at_nonsense() {
    let app = TestApp::new();
    app.buoy(app.home());
    let key = app.key_of(app.home(), |_| {}).secret;
    let program = app.program(&key);
    let targets = targets(|kind| matches!(kind, RouteKind::Api { .. }));
    assert!(targets.len() >= 5000, "{}", targets.len());
    for (method, target) in targets {
        assert_no_failure(&program.call(method, &target));
    }
}

#[test]
fn no_page_fails_at_nonsense() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    for (_, target) in targets(|kind| matches!(kind, RouteKind::Page)) {
        assert_no_failure(&browser.get_once(&target));
    }
}

#[test]
fn no_header_makes_an_answer_fail() {
    let app = TestApp::new();
    let key = app.key_of(app.home(), |_| {}).secret;
    let right = format!("Bearer {key}");
    for name in [
        "authorization",
        "accept",
        "accept-encoding",
        "content-type",
        "content-length",
        "cookie",
        "origin",
        "range",
        "if-none-match",
        "x-request-id",
        "x-forwarded-for",
        "forwarded",
        "sec-fetch-site",
        "idempotency-key",
        "te",
        "expect",
        "access-control-request-method",
        "accept-language",
    ] {
        for value in NONSENSE.into_iter().filter_map(|bytes| HeaderValue::from_bytes(bytes).ok()) {
            for target in
                ["/v1/devices", "/v1/observations", "/oauth2/token", "/oauth2/auth", "/login", "/docs"]
            {
                for method in [Method::GET, Method::POST, Method::OPTIONS] {
                    let request = request(method, target).header("authorization", &right);
                    let mut request = request.body(Body::empty()).unwrap();
                    request.headers_mut().insert(name, value.clone());
                    assert_no_failure(&app.send(request));
                }
            }
        }
    }
}

#[test]
fn no_body_makes_an_answer_fail() {
    let app = TestApp::new();
    let program_key = app.key_of(app.home(), |_| {}).secret;
    let program = app.program(&program_key);
    let deep = ["[", "{\"a\":"].map(|open| open.repeat(20_000));
    let rows = app.rows();
    for target in ["/v1/api-keys", "/v1/observations", "/oauth2/token", "/oauth2/auth"] {
        let kinds =
            ["application/json", "application/x-ndjson", "text/csv", "application/x-www-form-urlencoded", ""];
        for kind in kinds {
            let texts = JSON.iter().map(|text| text.as_bytes().to_vec());
            let deep = deep.iter().map(|text| text.as_bytes().to_vec());
            for body in texts.chain(deep).chain(NONSENSE.map(<[u8]>::to_vec)) {
                assert_no_failure(&program.post_as(target, kind, body));
            }
        }
    }
    // The one that is well formed but for a name sent twice is the only one that could have been meant.
    let made = app.rows()["api_key"] - rows["api_key"];
    assert!(made <= 1, "{made}");
    assert_eq!(app.rows()["observation"], 0);
}

#[test]
fn no_field_of_a_form_makes_a_page_fail() {
    let app = TestApp::new();
    let browser: Browser<'_> = app.signed_in(&app.member(Role::Owner));
    let fields = [
        "name",
        "scope",
        "optional_scope",
        "devices",
        "device_id",
        "expiry",
        "redirect_uris",
        "client_type",
        "require_pkce",
        "homepage_url",
        "description",
        "decision",
        "organization_id",
        "email",
        "password",
        "expires_on",
    ];
    let map = map();
    for route in map.routes().iter().filter(|route| matches!(route.kind, RouteKind::Form)) {
        if matches!(route.path, "/logout" | "/login") {
            continue; // They would end the session that the rest needs.
        }
        browser.get("/devices");
        let token = browser.csrf_token();
        for bytes in NONSENSE {
            let pairs = fields.map(|field| format!("{field}={}", percent(bytes))).join("&");
            let path = route.path.replace(['{', '}'], "");
            let mut request = browser.own_request(&path, &[]);
            *request.body_mut() = Body::from(format!("{pairs}&{}", encode(&[("csrf_token", &token)])));
            assert_no_failure(&app.send(request));
        }
    }
    browser.get("/devices").assert_status(200).assert_no_text("Sign in");
}
