//! What clients discover, and what scripts of other origins may do.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;

use crate::support::{Answer, TestApp, request};

#[test]
fn the_authorization_server_says_what_it_does_and_no_more() {
    let app = TestApp::at("https://auth.bluesonde.example");
    let answer = app.get("/.well-known/oauth-authorization-server");
    answer.assert_status(200).assert_header("content-type", "application/json");
    let metadata = answer.json();
    for (name, value) in [
        ("issuer", json!("https://auth.bluesonde.example")),
        ("authorization_endpoint", json!("https://auth.bluesonde.example/oauth2/auth")),
        ("token_endpoint", json!("https://auth.bluesonde.example/oauth2/token")),
        ("response_types_supported", json!(["code"])),
        ("response_modes_supported", json!(["query"])),
        ("grant_types_supported", json!(["authorization_code", "refresh_token"])),
        (
            "token_endpoint_auth_methods_supported",
            json!(["client_secret_basic", "client_secret_post", "none"]),
        ),
        ("code_challenge_methods_supported", json!(["S256"])),
        ("authorization_response_iss_parameter_supported", json!(true)),
    ] {
        assert_eq!(metadata[name], value, "{name}");
    }
    let scopes = metadata["scopes_supported"].as_array().unwrap();
    assert!(scopes.contains(&json!("offline_access")) && scopes.contains(&json!("devices:read")));
    for never in ["api_keys:read", "api_keys:write", "applications:write", "members:write"] {
        assert!(!scopes.contains(&json!(never)), "{never}");
    }
}

#[test]
fn every_endpoint_in_the_metadata_is_in_the_map() {
    let app = TestApp::new();
    let metadata = app.get("/.well-known/oauth-authorization-server").json();
    for (name, value) in metadata.as_object().unwrap() {
        let Some(path) = value.as_str().and_then(|url| url.strip_prefix("http://127.0.0.1:8080/")) else {
            continue;
        };
        assert_ne!(app.get(&format!("/{path}")).status.as_u16(), 404, "{name}");
    }
}

#[test]
fn the_api_names_its_authorization_server_and_its_challenge_names_the_document() {
    let app = TestApp::new();
    let challenge = app.get("/v1/me").header("www-authenticate").unwrap().to_owned();
    let url = challenge.split('"').nth(1).unwrap().to_owned();
    let document = app.get(url.strip_prefix("http://127.0.0.1:8080").unwrap()).json();
    assert_eq!(document["authorization_servers"], json!(["http://127.0.0.1:8080"]));
    assert_eq!(document["resource"], "http://127.0.0.1:8080");
    assert_eq!(document["bearer_methods_supported"], json!(["header"]));
}

#[test]
fn the_documents_may_be_kept_for_an_hour_and_name_addresses_of_the_issuer_alone() {
    for url in ["https://auth.bluesonde.example", "http://127.0.0.1:8080"] {
        let app = TestApp::at(url);
        for name in ["oauth-authorization-server", "oauth-protected-resource"] {
            let answer = app.get(&format!("/.well-known/{name}"));
            answer.assert_status(200).assert_header("cache-control", "public, max-age=3600");
            let document = answer.json();
            let texts = document.as_object().unwrap().values().filter_map(serde_json::Value::as_str);
            let addresses: Vec<_> = texts.filter(|text| text.contains("://")).collect();
            assert!(
                addresses.len() >= 2 && addresses.iter().all(|text| text.starts_with(url)),
                "{addresses:?}"
            );
        }
    }
}

fn cross_origin(app: &TestApp, method: Method, target: &str) -> Answer {
    let request = request(method, target)
        .header("origin", "https://spa.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, x-evil");
    app.send(request.body(Body::empty()).unwrap())
}

#[test]
fn scripts_of_any_origin_may_call_the_api_and_the_token_endpoint_without_cookies() {
    let app = TestApp::new();
    for target in ["/v1/me", "/oauth2/token", "/.well-known/oauth-authorization-server"] {
        for method in [Method::OPTIONS, Method::GET] {
            let answer = cross_origin(&app, method, target);
            answer.assert_header("access-control-allow-origin", "*");
            answer.assert_no_header("access-control-allow-credentials");
            assert!(!format!("{:?}", answer.headers).contains("x-evil"));
        }
    }
}

#[test]
fn a_preflight_allows_what_a_client_in_a_browser_sends_and_no_more() {
    let app = TestApp::new();
    for (target, method) in [("/oauth2/token", "POST"), ("/v1/me", "GET")] {
        let answer = cross_origin(&app, Method::OPTIONS, target);
        answer.assert_status(204).assert_header("access-control-allow-origin", "*");
        let allowed = answer.header("access-control-allow-methods").unwrap();
        assert!(allowed.split(", ").any(|allowed| allowed == method), "{target}: {allowed}");
        let headers = answer.header("access-control-allow-headers").unwrap().to_ascii_lowercase();
        for name in ["authorization", "content-type"] {
            assert!(headers.split(", ").any(|allowed| allowed == name), "{target}: {headers}");
        }
        assert!(!headers.contains('*') && !headers.contains("cookie"), "{target}: {headers}");
    }
    // An error can be read there too.
    let request = request(Method::POST, "/oauth2/token").header("origin", "https://spa.example");
    let refused = app.send(request.body(Body::empty()).unwrap());
    refused.assert_status(401).assert_header("access-control-allow-origin", "*");
}

#[test]
fn scripts_of_other_origins_may_not_call_the_console() {
    let app = TestApp::new();
    for target in ["/login", "/settings/developer/api-keys", "/setup", "/logout", "/no-such-page"] {
        for method in [Method::OPTIONS, Method::GET, Method::POST] {
            let answer = cross_origin(&app, method, target);
            let cors = answer.headers.keys().filter(|name| name.as_str().starts_with("access-control"));
            assert_eq!(cors.count(), 0, "{target}");
        }
    }
}

#[test]
fn a_document_that_is_not_there_is_said_to_programs_in_json() {
    let app = TestApp::new();
    for path in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server/x"] {
        let answer = app.get(path);
        answer.assert_status(404).assert_error("not_found").assert_header("content-type", "application/json");
        answer.assert_header("access-control-allow-origin", "*");
    }
}
