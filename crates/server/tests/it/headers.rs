//! What is true of every page: the headers that keep it from being framed, sniffed, kept or scripted, and
//! addresses that nobody but the operator chooses.

use axum::body::Body;
use axum::http::Method;
use server::http::{RouteKind, map};

use db::params;
use rules::role::Role;

use crate::support::{Answer, Browser, CALLBACK, Flow, TestApp, request};

#[track_caller]
fn assert_guarded(page: &Answer) {
    let policy =
        page.header("content-security-policy").unwrap_or_else(|| panic!("no policy: {}", page.asked));
    for rule in [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.split("; ").any(|own| own == rule), "{rule} is not in {policy}");
    }
    assert!(
        policy.contains("form-action 'self'") && !policy.contains("unsafe") && !policy.contains('*'),
        "{policy}"
    );
    page.assert_header("x-content-type-options", "nosniff")
        .assert_header("x-frame-options", "DENY")
        .assert_header("referrer-policy", "same-origin")
        .assert_header("cross-origin-opener-policy", "same-origin")
        .assert_header("cache-control", "no-store")
        .assert_header("content-type", "text/html; charset=utf-8");
    assert!(page.header("x-request-id").is_some());
    page.assert_no_header("access-control-allow-origin");
    for inline in ["<script>", "<style", " style=\"", " onclick=", " onload=", "javascript:"] {
        assert!(!page.body.contains(inline), "{inline} in {}", page.asked);
    }
}

/// Every page of the map, with ids that nothing has.
fn pages() -> Vec<String> {
    let map = map();
    let pages = map.routes().iter().filter(|route| matches!(route.kind, RouteKind::Page));
    let filled = pages.map(|route| route.path.replace(['{', '}'], ""));
    filled.collect()
}

#[test]
fn every_page_of_the_map_is_guarded_for_whoever_looks() {
    let app = TestApp::new();
    let (owner, viewer) = (app.member(Role::Owner), app.member(Role::Viewer));
    for browser in [app.browser(), app.signed_in(&owner), app.signed_in(&viewer)] {
        for path in pages() {
            let answer = browser.get_once(&path);
            assert!(!answer.status.is_server_error(), "{path}");
            if answer.is_html() {
                assert_guarded(&answer);
            }
        }
    }
}

#[test]
fn a_page_asked_for_in_a_broken_way_is_still_a_page() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    for path in
        pages().into_iter().filter(|path| !path.starts_with("/.well-known") && path != "/openapi.json")
    {
        for broken in [
            "?before=x&before=y&token=%zz",
            "?request=a&request=b",
            "?organization_id=%ff",
            "/%ff",
            "?return_to=a&return_to=b",
        ] {
            let answer = browser.get_once(&format!("{path}{broken}"));
            assert!(!answer.status.is_server_error(), "{path}{broken}");
            if answer.status.is_client_error() {
                assert!(answer.is_html(), "{path}{broken}: {} {}", answer.status, answer.body);
                assert_guarded(&answer);
            }
        }
    }
}

#[test]
fn refusals_are_guarded_like_all_pages() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let huge = request(Method::POST, "/login").header("content-length", "104857600");
    let client = app.confidential("devices:read");
    for (answer, status) in [
        (app.get("/no-such-page"), 404),
        (app.get("/settings/developer/api-keys/x/revoke"), 405),
        (app.get("/oauth2/auth"), 400),
        (app.get(&Flow::new(&app, &client).with("redirect_uri", "https://evil.example").url()), 400),
        (app.get("/oauth2/consent/x"), 410),
        (app.get("/setup"), 404),
        (browser.post("/settings/developer/api-keys", &[]), 400),
        (browser.post_own("/logout", &[]), 403),
        (browser.get("/settings/developer/api-keys/x"), 404),
        (app.send(huge.body(Body::empty()).unwrap()), 413),
    ] {
        answer.assert_page(status);
        assert_guarded(&answer);
    }
}

#[test]
fn only_the_pages_before_the_answer_may_lead_to_the_application() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let action = |page: &Answer| {
        let policy = page.header("content-security-policy").unwrap().to_owned();
        policy.split("; ").find(|rule| rule.starts_with("form-action")).unwrap().to_owned()
    };
    let browser = app.browser();
    let sign_in = Flow::new(&app, &client).start(&browser);
    assert_eq!(action(&sign_in), "form-action 'self' https://app.example");
    let consent = browser.sign_in(&member);
    assert_eq!(action(&consent), "form-action 'self' https://app.example");
    assert!(CALLBACK.starts_with("https://app.example/"));
    assert_eq!(action(&browser.get("/docs")), "form-action 'self'");
}

#[test]
fn over_loopback_http_the_cookies_are_plain_and_over_https_they_are_tied_to_the_host() {
    for (url, session, browser, secure) in [
        ("http://127.0.0.1:8080", "session", "browser", false),
        ("https://auth.bluesonde.example", "__Host-session", "__Host-browser", true),
    ] {
        let app = TestApp::at(url);
        let visitor = app.browser();
        let cookies = visitor.get("/login").cookies();
        let names: Vec<_> = cookies.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, [browser], "a visitor has one cookie");
        visitor.sign_in(&app.member(Role::Viewer));
        assert!(visitor.cookie(session).is_some());
        let signed_in = app.signed_in(&app.member(Role::Viewer));
        let token = signed_in.csrf_token();
        let out = signed_in.post_own("/logout", &[("csrf_token", &token)]);
        for (name, value, attributes) in cookies.into_iter().chain(out.cookies()) {
            let attributes: Vec<_> = attributes.split("; ").collect();
            let has = |attribute: &str| attributes.contains(&attribute);
            assert!(has("HttpOnly") && has("SameSite=Lax") && has("Path=/"), "{name}: {attributes:?}");
            assert_eq!(has("Secure"), secure, "{name}: {attributes:?}");
            assert!(!attributes.iter().any(|attribute| attribute.starts_with("Domain")), "{attributes:?}");
            assert!(name.len() + value.len() < 4096);
        }
    }
}

#[test]
fn strict_transport_is_promised_over_https_alone() {
    let secure = TestApp::at("https://auth.bluesonde.example");
    for path in ["/login", "/no-such-page", "/v1/me", "/oauth2/token", "/openapi.json"] {
        let promised = secure.get(path);
        promised.assert_header("strict-transport-security", "max-age=31536000");
    }
    TestApp::new().get("/login").assert_no_header("strict-transport-security");
}

#[test]
fn no_header_of_a_stranger_changes_our_addresses() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let refused = Flow::new(&app, &client).scope("openid").url();
    let forged = |target: &str| {
        let request = request(Method::GET, target)
            .header("host", "evil.example")
            .header("x-forwarded-host", "evil.example")
            .header("x-forwarded-proto", "https")
            .header("forwarded", "host=evil.example;proto=https");
        app.send(request.body(Body::empty()).unwrap())
    };
    assert_eq!(forged(&refused).param("iss").unwrap(), "http://127.0.0.1:8080");
    for target in [
        &refused,
        "/.well-known/oauth-authorization-server",
        "/.well-known/oauth-protected-resource",
        "/openapi.json",
        "/docs",
        "/v1/me",
        "/settings/developer/api-keys",
        "http://evil.example/login",
    ] {
        let answer = forged(target);
        let headers = format!("{:?}", answer.headers);
        assert!(!answer.body.contains("evil") && !headers.contains("evil"), "{target}");
    }
}

#[test]
fn a_stranger_cannot_choose_the_address_that_is_remembered() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser: Browser<'_> = app.browser();
    browser.get("/login");
    let token = browser.csrf_token();
    let fields = [("email", member.email.as_str()), ("password", &member.password), ("csrf_token", &token)];
    let mut forged = browser.own_request("/login", &fields);
    forged.headers_mut().insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
    app.send(forged).assert_status(303);
    let sql = "SELECT count(*) FROM session WHERE address = '203.0.113.9'";
    let forged: i64 = app.read(|tx| Ok(tx.one(sql, &[], |row| row.get(0))?));
    assert_eq!(forged, 0);
}

#[test]
fn a_request_id_is_the_callers_if_it_is_a_sane_one() {
    let app = TestApp::new();
    let told = |id: &str| {
        let request = request(Method::GET, "/v1/me").header("x-request-id", id).body(Body::empty()).unwrap();
        app.send(request).header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(told("trace-0123.abc_DEF"), "trace-0123.abc_DEF");
    for silly in ["short", "<script>alert(1)</script>", "two words here", &"x".repeat(65)] {
        assert_ne!(told(silly), silly);
    }
}

/// The address that a session is remembered with, when somebody signs in by way of `peer`.
fn remembered(app: &TestApp, peer: &str, forwarded: &str) -> String {
    let (member, browser) = (app.member(Role::Viewer), app.browser());
    browser.get("/login");
    let token = browser.csrf_token();
    let fields = [("email", member.email.as_str()), ("password", &member.password), ("csrf_token", &token)];
    let mut form = browser.own_request("/login", &fields);
    form.headers_mut()
        .insert("x-forwarded-for", axum::http::HeaderValue::from_bytes(forwarded.as_bytes()).unwrap());
    app.send_from(peer, form).assert_status(303);
    let (sql, person) = ("SELECT address FROM session WHERE person_id = ?1", member.person.id.to_string());
    app.read(|tx| Ok(tx.one(sql, params![&person], |row| row.get(0))?))
}

#[test]
fn ipv4_in_the_disguise_of_ipv6_is_the_same_address() {
    let app = TestApp::behind_a_proxy();
    for proxy in ["10.0.0.5", "::ffff:10.0.0.5"] {
        for forwarded in [
            "203.0.113.9",
            "::ffff:203.0.113.9",
            "6.6.6.6, 203.0.113.9, ::ffff:10.0.0.5",
            "\u{ff}, 203.0.113.9",
        ] {
            assert_eq!(remembered(&app, proxy, forwarded), "203.0.113.9", "{proxy} {forwarded}");
        }
    }
    let plain = TestApp::new();
    assert_eq!(remembered(&plain, "::ffff:198.51.100.7", "203.0.113.9"), "198.51.100.7");
}

#[test]
fn what_travelled_as_plain_text_is_refused_in_each_surfaces_form() {
    let app = TestApp::behind_a_proxy();
    let key = app.key("devices:read");
    let get = |path: &str| {
        let request = request(Method::GET, path).header("authorization", format!("Bearer {}", key.secret));
        request.body(Body::empty()).unwrap()
    };
    let token = || request(Method::POST, "/oauth2/token").body(Body::empty()).unwrap();
    let rows = app.rows();
    for stranger in ["203.0.113.9", "10.0.0.6", "::ffff:10.0.0.6", "2001:db8::1"] {
        let page = app.send_from(stranger, get("/login"));
        page.assert_page(400).assert_text("https://buoys.example").assert_no_header("set-cookie");
        let api = app.send_from(stranger, get("/v1/devices"));
        api.assert_status(400).assert_header("content-type", "application/problem+json");
        assert!(api.json()["detail"].as_str().unwrap().contains("https://buoys.example/v1"), "{}", api.body);
        app.send_from(stranger, token()).assert_status(400).assert_error("invalid_request");
        app.send_from(stranger, get("/.well-known/oauth-authorization-server")).assert_status(400);
    }
    assert_eq!(app.rows(), rows);
    for trusted in ["10.0.0.5", "127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        app.send_from(trusted, get("/login")).assert_page(200);
        app.send_from(trusted, get("/v1/devices")).assert_status(200);
    }
}
