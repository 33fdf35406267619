//! The documentation: what it says is what the server does.

use axum::body::Body;
use serde_json::Value;

use crate::support::{TestApp, request};

#[test]
fn the_openapi_document_is_kept_by_those_who_have_it() {
    let app = TestApp::new();
    let document = app.get("/openapi.json");
    document.assert_status(200).assert_header("content-type", "application/json");
    assert_eq!(document.json()["openapi"], "3.1.0");
    let tag = document.header("etag").unwrap().to_owned();
    for (known, status) in
        [(tag.clone(), 304), (format!("\"x\", W/{tag}"), 304), ("*".into(), 304), ("\"x\"".into(), 200)]
    {
        let request = request(axum::http::Method::GET, "/openapi.json").header("if-none-match", &known);
        let answer = app.send(request.body(Body::empty()).unwrap());
        answer.assert_status(status).assert_header("etag", &tag);
        assert_eq!(answer.body.is_empty(), status == 304, "{known}");
    }
}

#[test]
fn every_operation_of_the_document_answers_as_it_says() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    app.measured(app.home(), &buoy.temperature, &[11.5]);
    let key = app.key_of(app.home(), |_| {});
    let (program, member) = (app.program(&key.secret), app.member(rules::role::Role::Viewer));
    let event = program.get("/v1/audit-events").json()["data"][0]["id"].as_str().unwrap().to_owned();
    let client = app.application_of(app.home(), (rules::client_auth::ClientType::Public, |_| {}));
    let tokens = crate::support::Flow::new(&app, &client).tokens(&app.member(rules::role::Role::Viewer));
    let me = app.program(&tokens.access).get("/v1/me").json();
    let grant = me["credential"]["id"].as_str().unwrap().to_owned();
    let document = app.get("/openapi.json").json();
    let mut count = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let Some(operation) = methods.get("get") else { continue };
        let id = match path.split('/').nth(2).unwrap() {
            "devices" => buoy.device.as_str(),
            "datastreams" => buoy.temperature.as_str(),
            "members" => member.person.id.as_str(),
            "api-keys" => key.id.as_str(),
            "audit-events" => &event,
            "oauth-applications" => client.id.as_str(),
            "grants" => grant.as_str(),
            "sensor-types" => "sbe_37_smp",
            "observed-properties" => "salinity",
            "units-of-measurement" => "degree_celsius",
            _ => "",
        };
        let answer = program.get(&path.replace("{id}", id));
        answer.assert_status(200);
        let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
        let name = schema["$ref"].as_str().unwrap();
        let schema = document.pointer(name.trim_start_matches('#')).unwrap();
        let mut promised: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let body = answer.json();
        let mut given: Vec<&String> = body.as_object().unwrap().keys().collect();
        promised.sort_unstable();
        given.sort_unstable();
        assert_eq!(given, promised, "{path}");
        count += 1;
    }
    assert!(count >= 17, "{count}");
}

#[test]
fn the_reference_has_every_endpoint_with_a_command_line_for_this_server() {
    let app = TestApp::new();
    let page = app.get("/docs");
    page.assert_page(200);
    let document = app.get("/openapi.json").json();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for operation in methods.as_object().unwrap().values() {
            page.assert_text(operation["summary"].as_str().unwrap());
        }
        page.assert_text(path);
    }
    page.assert_text("http://127.0.0.1:8080/v1/observations/latest").assert_text("sensor's type");
    for link in ["/docs/guides/authentication", "/docs/guides/data", "/docs/errors", "/openapi.json"] {
        assert!(page.body.contains(&format!("href=\"{link}\"")), "{link}");
        app.get(link).assert_status(200);
    }
    app.get("/docs/guides/nothing").assert_page(404);
}

#[test]
fn the_type_of_a_problem_leads_to_its_explanation() {
    let app = TestApp::new();
    let answer = app.get("/v1/me");
    let page = app.get("/docs/errors");
    page.assert_page(200);
    let kind = answer.json()["type"].as_str().unwrap().to_owned();
    assert_eq!(kind, "http://127.0.0.1:8080/docs/errors#missing_credential");
    let codes = app.get("/openapi.json").json()["components"]["schemas"]["ProblemCode"]["enum"].clone();
    for code in codes.as_array().unwrap().iter().filter_map(Value::as_str) {
        assert!(page.body.contains(&format!("id=\"{code}\"")), "{code}");
    }
}

#[test]
fn somebody_signed_in_reads_the_docs_inside_the_console() {
    let app = TestApp::new();
    let viewer = app.member(rules::role::Role::Viewer);
    app.signed_in(&viewer).get("/docs").assert_page(200).assert_text(&viewer.person.name);
}
