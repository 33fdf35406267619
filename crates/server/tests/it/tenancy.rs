//! The tenancy matrix, made from the map: each endpoint that takes an id, asked for what belongs to others.
//!
//! An endpoint that is new and has no case here fails. What is another organization's, what no organization has,
//! and what lies outside the credential's devices get one and the same 404.

use axum::http::Method;

use model::device_set::Devices;
use model::organization::Organization;
use rules::client_auth::ClientType;
use rules::role::Role;
use serde_json::json;
use server::http::{RouteKind, map};

use crate::support::{Answer, Buoy, Flow, Key, TestApp};

/// Ids of one organization.
struct Things {
    key: Key,
    buoy: Buoy,
    client_id: String,
    grant_id: String,
}

impl Things {
    fn of(app: &TestApp, owner: &Organization) -> Self {
        let client = app.application_of(owner, (ClientType::Confidential, |_| {}));
        let tokens = Flow::new(app, &client).tokens(&app.member_of(owner, Role::Viewer));
        let me = app.program(&tokens.access).get("/v1/me").json();
        Self {
            key: app.key_of(owner, |_| {}),
            buoy: app.buoy(owner),
            client_id: client.id,
            grant_id: me["credential"]["id"].as_str().unwrap().to_owned(),
        }
    }
}

/// What stands for the id in a path: none where the thing is everybody's.
fn id_in(path: &str, things: &Things) -> Option<String> {
    let kind = path.trim_start_matches("/v1/").split('/').next().unwrap_or_default();
    match kind {
        "devices" => Some(things.buoy.device.to_string()),
        "datastreams" => Some(things.buoy.temperature.to_string()),
        "api-keys" => Some(things.key.id.to_string()),
        "oauth-applications" => Some(things.client_id.clone()),
        "grants" => Some(things.grant_id.clone()),
        "sensor-types" | "observed-properties" | "units-of-measurement" => None,
        _ => panic!("say what stands for the id in {path}"),
    }
}

/// The same id with its last character changed: well formed, and nobody's.
fn unknown(id: &str) -> String {
    let last = if id.ends_with('0') { "1" } else { "0" };
    format!("{}{last}", &id[..id.len() - 1])
}

/// An answer without the id of its request, which differs each time.
fn told(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.body.replace(answer.header("x-request-id").unwrap(), ""))
}

#[test]
fn what_is_anothers_looks_like_what_is_not_there() {
    let (app, map) = (TestApp::new(), map());
    let rival = app.organization("Rival Reef");
    let (theirs, ours) = [&rival, app.home()].map(|owner| Things::of(&app, owner)).into();
    let (member, client) = (app.member(Role::Owner), everything(&app));
    let token = Flow::new(&app, &client).tokens(&member).access;
    let rows = app.rows();
    let mut cases = 0;
    for route in map.routes() {
        let RouteKind::Api { .. } = &route.kind else { continue };
        let Some(theirs) = route.path.contains("{id}").then(|| id_in(route.path, &theirs)).flatten() else {
            continue;
        };
        for credential in [&ours.key.secret, &token] {
            let program = app.program(credential);
            let call = |id: &str| {
                let target = route.path.replace("{id}", id);
                match route.method {
                    // A body that changes nothing: what counts is whose the id is.
                    Method::PATCH => program.send(Method::PATCH, &target, &serde_json::json!({})),
                    _ => program.call(route.method.clone(), &target),
                }
            };
            let (foreign, nothing) = (call(&theirs), call(&unknown(&theirs)));
            // An access token lacks some scopes, and then it is told so, whatever the id.
            assert!(matches!(foreign.status.as_u16(), 403 | 404), "{} {}", route.method, route.path);
            assert!(
                credential == &token || foreign.status.as_u16() == 404,
                "{} {}",
                route.method,
                route.path
            );
            assert_eq!(told(&foreign), told(&nothing), "{} {}", route.method, route.path);
            cases += 1;
        }
    }
    assert!(cases >= 12, "{cases}");
    assert_eq!(app.rows(), rows);
    app.program(&theirs.key.secret).get("/v1/me").assert_status(200);
}

#[test]
fn an_own_device_outside_the_credentials_set_looks_like_what_is_not_there() {
    let (app, map) = (TestApp::new(), map());
    let (chosen, other) = (app.buoy(app.home()), app.buoy(app.home()));
    let only = Devices::Chosen(vec![chosen.device.clone()]);
    let key = app.key_of(app.home(), |new| new.devices = only);
    let flow = Flow::new(&app, &everything(&app));
    let ticked = [("devices", "chosen"), ("device_id", chosen.device.as_str())];
    let code = flow.allow_with(&app.browser(), &app.member(Role::Owner), &ticked).param("code").unwrap();
    let token = crate::support::Tokens::of(&flow.redeem(&code)).access;
    let (within, outside) = [chosen, other]
        .map(|buoy| Things { key: key.clone(), buoy, client_id: String::new(), grant_id: String::new() })
        .into();
    for route in map.routes().iter().filter(|route| route.path.contains("{id}")) {
        let RouteKind::Api { .. } = &route.kind else { continue };
        if !route.path.starts_with("/v1/devices") && !route.path.starts_with("/v1/datastreams") {
            continue;
        }
        for credential in [&key.secret, &token] {
            let call = |things: &Things| {
                let id = id_in(route.path, things).unwrap();
                app.program(credential).call(route.method.clone(), &route.path.replace("{id}", &id))
            };
            call(&within).assert_status(200);
            call(&outside).assert_status(404);
        }
    }
    for credential in [&key.secret, &token] {
        let listed = app.program(credential).get("/v1/devices").json();
        let ids: Vec<_> =
            listed["data"].as_array().unwrap().iter().map(|device| device["id"].clone()).collect();
        assert_eq!(ids, [within.buoy.device.as_str()]);
    }
}

#[test]
fn a_filter_or_a_body_that_names_what_is_anothers_says_no_more_than_one_that_names_nothing() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    let (theirs, ours) = (app.buoy(&rival), app.buoy(app.home()));
    app.measured(&rival, &theirs.temperature, &[10.0]);
    app.measured(app.home(), &ours.temperature, &[10.0]);
    let key = app.key_of(app.home(), |_| {}).secret;
    let token = Flow::new(&app, &everything(&app)).tokens(&app.member(Role::Owner)).access;
    let rows = app.rows();
    for credential in [&key, &token] {
        let program = app.program(credential);
        // Two answers that are the same but for the id that was asked for.
        let alike = |ask: &dyn Fn(&str) -> Answer, id: &str| {
            let unknown = unknown(id);
            let (foreign, nothing) = (ask(id), ask(&unknown));
            let (status, body) = told(&nothing);
            assert_eq!(told(&foreign), (status, body.replace(&unknown, id)), "{}", foreign.asked);
            status
        };
        for (filter, id) in [
            ("/v1/datastreams?device_id", theirs.device.as_str()),
            ("/v1/observations?device_id", theirs.device.as_str()),
            ("/v1/observations/latest?device_id", theirs.device.as_str()),
            ("/v1/observations?datastream_id", theirs.temperature.as_str()),
            ("/v1/observations/latest?datastream_id", theirs.temperature.as_str()),
        ] {
            alike(&|id| program.get(&format!("{filter}={id}")), id);
            alike(&|id| program.get_with(&format!("{filter}={id}"), ("accept", "text/csv")), id);
        }
        let row =
            |id: &str| json!({"datastream_id": id, "phenomenon_time": "2026-05-01T00:00:00Z", "result": 1.0});
        let send = |id: &str| program.post("/v1/observations", &json!({"observations": [row(id)]}));
        assert_eq!(alike(&send, theirs.temperature.as_str()), 400);
        let make = |id: &str| {
            let body = json!({"name": "x", "scopes": ["devices:read"], "device_ids": [id]});
            program.post("/v1/api-keys", &body)
        };
        assert!(matches!(alike(&make, theirs.device.as_str()), 400 | 403));
    }
    assert_eq!(app.rows(), rows);
}

/// An application that may see all that applications can see.
fn everything(app: &TestApp) -> crate::support::Client {
    app.application(ClientType::Confidential, |profile| {
        profile.scopes = "devices:read devices:write observations:read observations:write".parse().unwrap();
    })
}
