//! The token endpoint's request: where parameters may stand, and what no request can be.

use axum::http::Method;
use rules::role::Role;

use crate::support::{CALLBACK, Client, Flow, TestApp, encode, request};

fn secret(client: &Client) -> &str {
    client.secret.as_deref().unwrap()
}

#[test]
fn the_token_request_of_the_documentation_works_as_printed() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let literal = format!("Basic {}:{}", client.id, secret(&client));
    for encoded in [true, false] {
        let code = flow.code(&member);
        let query =
            [("grant_type", "authorization_code"), ("code", code.as_str()), ("redirect_uri", CALLBACK)];
        let call = app.token_call().query(&query).body("application/x-www-form-urlencoded", "");
        let call = if encoded {
            call.basic(&client.id, secret(&client))
        } else {
            call.header("authorization", &literal)
        };
        let token = crate::support::Tokens::of(&call.send()).access;
        app.program(&token).get("/v1/me").assert_status(200);
    }
}

#[test]
fn the_query_may_also_name_the_client_and_bring_the_proof() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client).pkce();
    let code = flow.code(&member);
    let query = [&flow.redemption(&code)[..], &[("client_id", client.id.as_str())]].concat();
    app.token_call().query(&query).basic(&client.id, secret(&client)).send().assert_status(200);
}

#[test]
fn no_secret_stands_in_a_query() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let flow = Flow::new(&app, &client);
    let (tokens, code) = (flow.tokens(&member), flow.clone().with("prompt", "consent").code(&member));
    let rows = app.rows();
    for (name, value) in [
        ("client_secret", secret(&client)),
        ("refresh_token", tokens.refresh()),
        ("access_token", &tokens.access),
        ("token", &tokens.access),
        ("password", &member.password),
        ("client_assertion", "x"),
        ("assertion", "x"),
    ] {
        let fields = flow.redemption(&code);
        let in_query = app.token_call().query(&[(name, value)]).from(&client, &fields).send();
        in_query.assert_status(400).assert_error("invalid_request");
        assert!(!in_query.body.contains(value) || value == "x", "what came is not repeated");
        let all = [&fields[..], &[(name, value)]].concat();
        let in_query = app.token_call().query(&all).basic(&client.id, secret(&client)).send();
        in_query.assert_status(400).assert_error("invalid_request");
    }
    assert_eq!(app.rows(), rows);
    flow.redeem(&code).assert_status(200);
}

#[test]
fn query_and_body_are_compared_and_never_mixed() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let body = flow.redemption(&code);
    for (name, value) in [
        ("code", "ac_bsn_other"),
        ("grant_type", "refresh_token"),
        ("redirect_uri", "https://evil.example/"),
        ("client_id", "app0"),
    ] {
        let body = if name == "client_id" {
            [&body[..], &[(name, client.id.as_str())]].concat()
        } else {
            body.clone()
        };
        let answer = app.token_call().query(&[(name, value)]).from(&client, &body).send();
        answer.assert_status(400).assert_error("invalid_request");
    }
    let half = [("grant_type", "authorization_code")];
    let answer = app.token_call().query(&half).from(&client, &body[1..]).send();
    answer.assert_status(400).assert_error("invalid_request");
    // Without a header, a query is nothing to begin with.
    let named = [&body[..], &[("client_id", client.id.as_str())]].concat();
    app.token_call().query(&named).send().assert_status(400).assert_error("invalid_request");
    // The same in both places is no contradiction.
    app.token_call().query(&body).from(&client, &body).send().assert_status(200);
}

#[test]
fn a_parameter_sent_twice_is_refused() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client).pkce();
    let code = flow.code(&member);
    let body = [&flow.redemption(&code)[..], &[("client_id", client.id.as_str())]].concat();
    for (name, value) in &body {
        for second in [*value, "another", ""] {
            let twice = [&body[..], &[(name, second)]].concat();
            app.token_call().from(&client, &twice).send().assert_status(400).assert_error("invalid_request");
        }
    }
    flow.redeem(&code).assert_status(200);
}

#[test]
fn only_post_is_a_method() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        let query = flow.redemption(&code);
        let call = app.token_call().method(method.clone()).query(&query).basic(&client.id, secret(&client));
        let answer = call.send();
        answer.assert_status(405).assert_header("allow", "POST");
        if method != Method::HEAD {
            answer.assert_error("invalid_request");
        }
    }
    flow.redeem(&code).assert_status(200);
}

#[test]
fn a_body_is_a_form_and_nothing_else() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let form = encode(&flow.redemption(&code));
    let json = serde_json::json!({"grant_type": "authorization_code", "code": code}).to_string();
    let multipart =
        "--x\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nauthorization_code\r\n--x--";
    for (kind, body) in [
        ("application/json", json.as_str()),
        ("application/json", &form),
        ("", &json),
        ("multipart/form-data; boundary=x", multipart),
        ("text/plain", &form),
        ("application/x-www-form-urlencoded; charset=utf-16", &form),
        ("application/xml", "<x/>"),
    ] {
        let answer = app.token_call().basic(&client.id, secret(&client)).body(kind, body).send();
        answer.assert_status(400).assert_error("invalid_request");
        let hint = answer.json()["error_description"].as_str().unwrap().to_owned();
        assert!(hint.contains("x-www-form-urlencoded") || hint.contains("UTF-8"), "{kind}: {hint}");
    }
    let answer = app.token_call().basic(&client.id, secret(&client)).body("", &form).send();
    answer.assert_status(200);
}

#[test]
fn a_charset_of_utf_8_changes_nothing() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    for kind in ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLEncoded"] {
        let code = flow.code(&member);
        let body = encode(&flow.redemption(&code));
        app.token_call().basic(&client.id, secret(&client)).body(kind, &body).send().assert_status(200);
    }
}

#[test]
fn other_grants_are_not_supported() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    for grant in [
        "password",
        "client_credentials",
        "implicit",
        "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:device_code",
        "urn:ietf:params:oauth:grant-type:jwt-bearer",
        "Authorization_Code",
        "<script>",
    ] {
        let fields = [
            ("grant_type", grant),
            ("username", &member.email),
            ("password", &member.password),
            ("scope", "devices:read"),
        ];
        let answer = app.token_call().from(&client, &fields).send();
        answer.assert_status(400).assert_error("unsupported_grant_type");
        assert!(!answer.body.contains("<script>"));
    }
    app.token_call().from(&client, &[]).send().assert_status(400).assert_error("invalid_request");
    for half in ["authorization_code", "refresh_token"] {
        let answer = app.token_call().from(&client, &[("grant_type", half)]).send();
        answer.assert_status(400).assert_error("invalid_request");
    }
}

#[test]
fn what_is_said_of_an_error_fits_the_rfc_and_may_not_be_kept() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    for value in ["\"\\\u{7f}", "ünïcødé", "\r\nx: y", "' OR 1=1 --", "<b>", "\0"] {
        for field in ["grant_type", "code", "redirect_uri", "scope", "code_verifier", "resource"] {
            let mut fields = vec![("grant_type", "authorization_code"), ("code", "x")];
            fields.retain(|(name, _)| *name != field);
            fields.push((field, value));
            let answer = app.token_call().from(&client, &fields).send();
            assert!(matches!(answer.status.as_u16(), 400 | 401), "{field}={value:?}: {}", answer.status);
            let body = answer.json();
            assert_eq!(body.as_object().unwrap().len(), 3, "{body}");
            assert!(body["error_uri"].as_str().unwrap().starts_with("http://127.0.0.1:8080/docs/"));
            let said = body["error_description"].as_str().unwrap();
            assert!(said.bytes().all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e)), "{said}");
            answer
                .assert_header("cache-control", "no-store")
                .assert_header("content-type", "application/json");
        }
    }
}

#[test]
fn a_body_without_end_is_refused_before_it_is_read() {
    let app = TestApp::new();
    let announced = request(Method::POST, "/oauth2/token").header("content-length", "104857600");
    let answer = app.send(announced.body(axum::body::Body::empty()).unwrap());
    answer.assert_status(400).assert_error("invalid_request");
    let client = app.confidential("devices:read");
    let long = "x".repeat(100 * 1024);
    for field in ["code", "state"] {
        let fields = [("grant_type", "authorization_code"), ("code", "x"), (field, long.as_str())];
        app.token_call().from(&client, &fields).send().assert_status(400).assert_error("invalid_request");
    }
}

#[test]
fn a_resource_is_ours_or_refused() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    for elsewhere in ["https://elsewhere.example", "http://127.0.0.1:8080.evil.example", "api"] {
        let fields = [&flow.redemption(&code)[..], &[("resource", elsewhere)]].concat();
        app.token_call().from(&client, &fields).send().assert_status(400).assert_error("invalid_target");
    }
    let fields = [&flow.redemption(&code)[..], &[("resource", "http://127.0.0.1:8080/v1")]].concat();
    app.token_call().from(&client, &fields).send().assert_status(200);
}

#[test]
fn a_refresh_names_our_resource_or_is_refused_and_uses_nothing_up() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let tokens = Flow::new(&app, &client).tokens(&member);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh())];
    let ours = ("resource", "http://127.0.0.1:8080/v1");
    for resources in
        [&[("resource", "https://elsewhere.example")][..], &[ours, ("resource", "https://elsewhere.example")]]
    {
        let fields = [&fields[..], resources].concat();
        app.token_call().from(&client, &fields).send().assert_status(400).assert_error("invalid_target");
    }
    assert_eq!(app.rows()["refresh_token"], 1);
    app.token_call().from(&client, &[&fields[..], &[ours]].concat()).send().assert_status(200);
}

#[test]
fn the_token_endpoint_sends_nobody_elsewhere() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    for path in ["/oauth2/token/", "/oauth2//token", "/OAuth2/token", "/oauth2/token/x"] {
        let mut call = app.token_call().from(&client, &flow.redemption(&code)).into_request();
        *call.uri_mut() = path.parse().unwrap();
        app.send(call).assert_status(404).assert_no_header("location");
    }
    flow.redeem(&code).assert_status(200);
}
