//! The authorization request: what is a page, what is a redirect, and what comes back.

use axum::body::Body;
use axum::http::Method;
use rules::role::Role;

use crate::support::{CALLBACK, Flow, TestApp, encode, request};

const ISSUER: &str = "http://127.0.0.1:8080";
const STATE: &str = "the application's own";

#[test]
fn the_five_parameters_of_the_documentation_lead_to_a_code() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read observations:read"));
    let browser = app.signed_in(&member);
    let query = encode(&[
        ("response_type", "code"),
        ("client_id", &client.id),
        ("redirect_uri", CALLBACK),
        ("scope", "devices:read observations:read"),
        ("state", STATE),
    ]);
    browser.get(&format!("/oauth2/auth?{query}")).assert_page(200).assert_text("asks for your data");
    let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
    answer.assert_status(303).assert_header("cache-control", "no-store");
    assert!(answer.location().starts_with(&format!("{CALLBACK}?code=ac_bsn_")), "{}", answer.location());
    assert_eq!(answer.param("state").unwrap(), STATE);
    assert_eq!(answer.param("iss").unwrap(), ISSUER);
    assert_eq!(answer.param("error"), None);
}

#[test]
fn an_unknown_client_is_told_to_the_person_and_nobody_is_redirected() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let upper = client.id.to_uppercase();
    let browser = app.signed_in(&app.member(Role::Owner));
    for id in ["app00000000000000000000000000", "", &upper, &format!("{}x", client.id), "' OR 1=1 --", "\0"] {
        let page = Flow::new(&app, &client).with("client_id", id).start(&browser);
        page.assert_page(400).assert_text("client_id").assert_text("Request id");
    }
    Flow::new(&app, &client).without("client_id").start(&browser).assert_page(400);
}

#[test]
fn an_unregistered_redirect_uri_is_shown_beside_the_registered_one_and_not_followed() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let page =
        Flow::new(&app, &client).with("redirect_uri", "https://app.example/callback/").start(&app.browser());
    page.assert_page(400).assert_text("https://app.example/callback/").assert_text(CALLBACK);
    let evil = "https://evil.example/\"><script>alert(1)</script><img src=x onerror=alert(2)>'";
    let page = Flow::new(&app, &client).with("redirect_uri", evil).start(&app.browser());
    page.assert_page(400);
    for raw in ["<script>alert", "<img src=x", "href=\"https://evil"] {
        assert!(!page.body.contains(raw), "{raw}");
    }
}

#[test]
fn a_redirect_uri_is_the_registered_one_byte_for_byte() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    for other in [
        "https://app.example/callback/",
        "https://app.example/Callback",
        "HTTPS://app.example/callback",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "https://app.example:8443/callback",
        "http://app.example/callback",
        "https://app.example//callback",
        "https://app.example/./callback",
        "https://app.example/x/../callback",
        "https://app.example/x/..;/callback",
        "https://app.example/%63allback",
        "https://app.example/callback%2f",
        "https://app.example/callback%00",
        "https://app.example\\callback",
        "https://app.example/callback?",
        "https://app.example/callback?x=1",
        "https://app.example/callback#",
        "https://app.example/callback#x",
        "https://app.example/callback.evil",
        "https://app.example/callback/extra",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://user@app.example/callback",
        "https://appxexample/callback",
        "https://app.example./callback",
        "https://app。example/callback",
        " https://app.example/callback",
        "https://app.example/callback ",
        "https://app.example/callback\n",
        "javascript:alert(1)",
        "//app.example/callback",
        "/callback",
        "",
    ] {
        let page = Flow::new(&app, &client).with("redirect_uri", other).start(&app.browser());
        assert_eq!(page.status.as_u16(), 400, "{other:?}");
        page.assert_page(400);
    }
}

#[test]
fn a_native_program_on_this_machine_may_choose_its_port() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let client = app.application(rules::client_auth::ClientType::Public, |profile| {
        profile.redirect_uris = vec!["http://127.0.0.1/callback".into()];
    });
    for uri in ["http://127.0.0.1/callback", "http://127.0.0.1:49152/callback"] {
        let flow = Flow::new(&app, &client).with("redirect_uri", uri);
        let answer = flow.allow(&app.browser(), &member);
        assert!(answer.location().starts_with(&format!("{uri}?code=")), "{}", answer.location());
    }
    for uri in [
        "http://localhost:49152/callback",
        "http://[::1]:49152/callback",
        "http://127.0.0.1.evil.example/callback",
        "http://127.0.0.1:x/callback",
        "http://127.1/callback",
        "http://2130706433/callback",
        "http://127.0.0.1:49152/other",
    ] {
        Flow::new(&app, &client).with("redirect_uri", uri).start(&app.browser()).assert_page(400);
    }
}

#[test]
fn a_parameter_sent_twice_is_refused_also_with_equal_values() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    for (name, value) in [("client_id", client.id.as_str()), ("redirect_uri", CALLBACK)] {
        for value in [value, "another"] {
            Flow::new(&app, &client).again(name, value).start(&app.browser()).assert_page(400);
        }
    }
    for (name, one, other) in [
        ("response_type", "code", "token"),
        ("scope", "devices:read", "openid"),
        ("code_challenge", "a", "b"),
        ("code_challenge_method", "S256", "plain"),
        ("prompt", "login", "none"),
    ] {
        for second in [one, other] {
            let answer = Flow::new(&app, &client).with(name, one).again(name, second).start(&app.browser());
            answer.assert_sent_back("invalid_request");
            assert_eq!(answer.param("state").unwrap(), STATE, "{name}");
        }
    }
    let two_states = Flow::new(&app, &client).again("state", STATE).start(&app.browser());
    two_states.assert_sent_back("invalid_request");
    assert_eq!(two_states.param("state"), None, "it can't be told which one to give back");
}

#[test]
fn each_mistake_is_told_to_the_application_with_its_state_and_our_name() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let client = app.confidential("devices:read");
    for (name, value, error) in [
        ("response_type", "", "invalid_request"),
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token token", "unsupported_response_type"),
        ("response_type", "code id_token", "unsupported_response_type"),
        ("response_type", "none", "unsupported_response_type"),
        ("response_type", "Code", "unsupported_response_type"),
        ("response_mode", "fragment", "invalid_request"),
        ("response_mode", "form_post", "invalid_request"),
        ("scope", "openid", "invalid_scope"),
        ("scope", "devices:write", "invalid_scope"),
        ("scope", "devices:read openid", "invalid_scope"),
        ("scope", "api_keys:write", "invalid_scope"),
        ("scope", "offline_access", "invalid_scope"),
        ("scope", "devices:read\"", "invalid_scope"),
        ("scope", "devices:read\\", "invalid_scope"),
        ("scope", "devices:read\r\n", "invalid_scope"),
        ("scope", "\u{7f}", "invalid_scope"),
        ("scope", "*", "invalid_scope"),
        ("request", "e30.e30.", "request_not_supported"),
        ("request_uri", "http://169.254.169.254/latest", "request_uri_not_supported"),
        ("resource", "https://elsewhere.example", "invalid_target"),
        ("resource", "no address", "invalid_target"),
        ("prompt", "create", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("code_challenge_method", "S256", "invalid_request"),
    ] {
        let answer = Flow::new(&app, &client).with(name, value).start(&browser);
        assert_eq!(answer.param("error").as_deref(), Some(error), "{name}={value:?}");
        answer.assert_sent_back(error);
        assert!(answer.location().starts_with(&format!("{CALLBACK}?error=")), "{}", answer.location());
        assert_eq!(answer.param("state").unwrap(), STATE);
        assert_eq!(answer.param("iss").unwrap(), ISSUER);
        assert_eq!(answer.param("code"), None);
        let said = answer.param("error_description").unwrap();
        assert!(said.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{said}");
    }
}

#[test]
fn a_mistake_of_the_application_leaves_nothing_behind() {
    let app = TestApp::new();
    let (client, browser) = (app.confidential("devices:read"), app.browser());
    let rows = app.rows();
    Flow::new(&app, &client).scope("openid").start(&browser).assert_sent_back("invalid_scope");
    Flow::new(&app, &client).with("client_id", "x").start(&browser).assert_page(400);
    assert_eq!(app.rows(), rows);
}

#[test]
fn what_a_library_adds_is_ignored_and_what_is_empty_is_absent() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let plain = Flow::new(&app, &client);
    for flow in [
        plain.clone().with("extra", "foobar").with("nonce", "n").with("access_type", "offline"),
        plain.clone().with("scope", "").with("prompt", "").with("code_challenge", ""),
        plain.clone().with("response_mode", "query"),
        plain.clone().with("resource", "http://127.0.0.1:8080/v1"),
        plain.clone().with("extra", "1").again("extra", "2"),
    ] {
        assert!(flow.allow(&app.browser(), &member).param("code").is_some(), "{}", flow.query());
    }
    let stateless = plain.without("state").allow(&app.browser(), &member);
    assert!(stateless.param("code").is_some() && !stateless.location().contains("state"));
}

#[test]
fn the_state_comes_back_byte_for_byte() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let browser = app.signed_in(&member);
    let long = "x".repeat(4096);
    for state in [
        "0",
        " ",
        "a b+c%20d%2Be",
        "%00",
        "\0",
        "\"'<script>alert(1)</script>",
        "a\r\nSet-Cookie: session=evil",
        "a&error=evil&code=evil",
        "#?/=;,",
        "ünïcødé ☃ \u{202e}",
        "{\"next\":\"/home?x=1&y=2\"}",
        &long,
    ] {
        let flow = Flow::new(&app, &client).with("state", state);
        for answer in [flow.allow(&browser, &member), flow.clone().scope("openid").start(&browser)] {
            assert_eq!(answer.param("state").as_deref(), Some(state));
            assert_eq!(answer.cookies(), []);
            assert!(answer.location().is_ascii() && !answer.location().contains(char::is_whitespace));
        }
    }
}

#[test]
fn a_state_that_cannot_be_given_back_is_refused_and_never_changed() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let bare = Flow::new(&app, &client).without("state").url();
    for state in ["%ff", "%ed%a0%80", "a%c0%80b", &"x".repeat(8 * 1024 + 1)] {
        let answer = app.get(&format!("{bare}&state={state}"));
        answer.assert_sent_back("invalid_request");
        assert_eq!(answer.param("state"), None);
        let posted =
            request(Method::POST, "/oauth2/auth").header("content-type", "application/x-www-form-urlencoded");
        let body = format!("{}&state={state}", bare.split_once('?').unwrap().1);
        let posted = app.send(posted.body(Body::from(body)).unwrap());
        app.browser().get(posted.location()).assert_sent_back("invalid_request");
    }
}

#[test]
fn a_posted_request_works_as_a_link_does() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let nasty = "a b+c%20d&\"<é";
    let flow = Flow::new(&app, &client).with("state", nasty);
    let browser = app.signed_in(&member);
    let query = flow.query();
    let fields = form_urlencoded::parse(query.as_bytes()).into_owned().collect::<Vec<_>>();
    let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    // A form of another site: no token of ours, a foreign origin.
    let posted = browser.post_as("/oauth2/auth", &fields, &[("origin", "https://app.example")]);
    posted.assert_status(303);
    browser.get(posted.location()).assert_text("asks for your data");
    let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
    assert_eq!(answer.param("state").unwrap(), nasty);
}

#[test]
fn a_posted_request_leaves_the_browsers_cookies_alone() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    // Browsers bring no SameSite=Lax cookie along with a form from another site. An answer that then sets a new
    // one would end every form and every waiting request of this browser.
    let posted = request(Method::POST, "/oauth2/auth")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site");
    let answer = app.send(posted.body(Body::from(Flow::new(&app, &client).query())).unwrap());
    answer.assert_status(303).assert_no_header("set-cookie").assert_header("cache-control", "no-store");
}

#[test]
fn no_script_of_another_site_may_read_the_authorization_endpoint() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let url = Flow::new(&app, &client).url();
    for (method, target) in [(Method::OPTIONS, url.as_str()), (Method::GET, &url), (Method::GET, "/login")] {
        let request = request(method, target)
            .header("origin", "https://evil.example")
            .header("access-control-request-method", "GET");
        let answer = app.send(request.body(Body::empty()).unwrap());
        let cors = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control"));
        assert_eq!(cors.count(), 0, "{target}");
    }
}

#[test]
fn scopes_may_come_in_any_order_and_between_commas() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read observations:read"));
    for (asked, granted) in [
        ("observations:read devices:read", "observations:read devices:read"),
        ("devices:read,observations:read", "devices:read observations:read"),
        ("devices:read devices:read", "devices:read"),
        ("observations:read", "observations:read"),
    ] {
        assert_eq!(Flow::new(&app, &client).scope(asked).tokens(&member).scope, granted);
    }
    assert_eq!(Flow::new(&app, &client).tokens(&member).scope, "devices:read observations:read");
}
