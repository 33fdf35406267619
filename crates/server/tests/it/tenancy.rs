//! The tenancy matrix, made from the map: each endpoint that takes an id, asked for what belongs to others.
//!
//! An endpoint that is new and has no case here fails. What is another organization's, what no organization has,
//! and what lies outside the credential's devices get one and the same 404.

use axum::http::Method;
use db::params;
use model::device_set::Devices;
use model::organization::Organization;
use rules::client_auth::ClientType;
use rules::role::Role;
use serde_json::json;
use server::http::{RouteKind, map};

use crate::support::{Answer, Buoy, Flow, Key, Program, TestApp};

/// Ids of one organization.
struct Things {
    key: Key,
    member: String,
    buoy: Buoy,
    client_id: String,
    grant_id: String,
    event: String,
}

impl Things {
    fn of(app: &TestApp, owner: &Organization) -> Self {
        let client = app.application_of(owner, (ClientType::Confidential, |_| {}));
        let tokens = Flow::new(app, &client).tokens(&app.member_of(owner, Role::Viewer));
        let me = app.program(&tokens.access).get("/v1/me").json();
        Self {
            key: app.key_of(owner, |_| {}),
            member: app.member_of(owner, Role::Viewer).person.id.to_string(),
            buoy: app.buoy(owner),
            client_id: client.id,
            grant_id: me["credential"]["id"].as_str().unwrap().to_owned(),
            event: newest_event(app, owner),
        }
    }
}

/// What stands for the id in a path: none where the thing is everybody's.
fn id_in(path: &str, things: &Things) -> Option<String> {
    let kind = path.trim_start_matches("/v1/").split('/').next().unwrap_or_default();
    match kind {
        "devices" => Some(things.buoy.device.to_string()),
        "datastreams" => Some(things.buoy.temperature.to_string()),
        "members" => Some(things.member.clone()),
        "api-keys" => Some(things.key.id.to_string()),
        "audit-events" => Some(things.event.clone()),
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

/// Calls an endpoint with a body that any of them would take.
fn call(program: &Program<'_>, method: &Method, path: &str) -> Answer {
    match *method {
        Method::PATCH => program.patch(path, &patch_of(path)),
        _ => program.call(method.clone(), path),
    }
}

/// A change that the endpoint would take.
fn patch_of(path: &str) -> serde_json::Value {
    if path.contains("/members/") { json!({"role": "Operator"}) } else { json!({}) }
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
            let call = |id: &str| call(&program, &route.method, &route.path.replace("{id}", id));
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
    assert!(cases >= 18, "{cases}");
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
        .map(|buoy| Things {
            key: key.clone(),
            member: String::new(),
            buoy,
            client_id: String::new(),
            grant_id: String::new(),
            event: String::new(),
        })
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

/// The id of the last entry in an organization's audit log.
fn newest_event(app: &TestApp, owner: &Organization) -> String {
    let sql = "SELECT id FROM audit_event WHERE organization_id = ?1 ORDER BY id DESC";
    app.read(|tx| Ok(tx.one(sql, params![owner.id.as_str()], |row| row.get(0))?))
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

/// Everything of an organization that a page of the console can be about, by the path that leads there.
struct Belongings {
    things: Things,
    client: crate::support::Client,
    secret: String,
    connection: String,
    role: String,
    invitation: String,
    session: String,
    asked: String,
}

impl Belongings {
    /// Of the home organization, which has a role of its own.
    fn of_home(app: &TestApp) -> Self {
        let home = app.home();
        let client = app.application_of(home, (ClientType::Confidential, |_: &mut _| {}));
        let (access, id) = (app.access(home), client.application.client_id.clone());
        let secret = app.read(|tx| model::application::secrets(tx, &access, &id))[0].id.to_string();
        Flow::new(app, &client).code(&app.member(Role::Viewer));
        let viewer = app.signed_in(&app.member(Role::Viewer));
        Flow::new(app, &app.confidential("devices:write")).start(&viewer).assert_page(403);
        let ask = viewer.page().forms().into_iter().find(|form| form.action.contains("/ask?")).unwrap();
        viewer.submit(&ask.action, &[("message", "The survey starts.")]);
        let only = |table: &str| {
            let sql = format!("SELECT id FROM {table} ORDER BY id DESC");
            app.read(|tx| Ok(tx.one(&sql, params![], |row| row.get(0))?))
        };
        Self {
            things: Things::of(app, home),
            client,
            secret,
            connection: only("oauth_grant"),
            session: only("session"),
            asked: only("access_request"),
            role: app.custom_role("Laboratory", "devices:read").to_string(),
            invitation: app.invite(home, "guest@harbour.example", "Viewer").0.to_string(),
        }
    }

    /// The path with these belongings in it, and once more with ids that nothing has.
    fn paths(&self, path: &str) -> (String, String) {
        let id = match path.rsplit_once("/{id}").map_or("", |(list, _)| list) {
            "" | "/devices" => self.things.buoy.device.as_str(),
            "/settings/developer/api-keys" => self.things.key.id.as_str(),
            "/settings/connections" => &self.connection,
            "/settings/profile/sessions" => &self.session,
            "/settings/organization/access-requests" => &self.asked,
            "/settings/organization/members" => &self.things.member,
            "/settings/organization/roles" => &self.role,
            "/settings/organization/invitations" => &self.invitation,
            secrets if secrets.ends_with("/secrets") => &self.secret,
            _ => panic!("say what stands for the id in {path}"),
        };
        let fill = |client: &str, id: &str| path.replace("{client_id}", client).replace("{id}", id);
        (fill(&self.client.id, id), fill(&unknown(&self.client.id), &unknown(id)))
    }
}

/// A page without what differs each time: the id of the request, and its address where the page repeats it.
fn told_page(answer: &Answer) -> (u16, String) {
    (answer.status.as_u16(), answer.words().replace(answer.header("x-request-id").unwrap(), ""))
}

#[test]
fn a_page_about_what_is_anothers_looks_like_one_about_nothing() {
    let (app, map) = (TestApp::new(), map());
    let theirs = Belongings::of_home(&app);
    let rival = app.organization("Rival Reef");
    let owner = app.member_of(&rival, Role::Owner);
    let browser = app.signed_in(&owner);
    let token = browser.csrf_token();
    let fields = [
        ("csrf_token", token.as_str()),
        ("name", "Mine"),
        ("scope", "devices:read"),
        ("role", "Viewer"),
        ("redirect_uris", "https://app.example/callback"),
        ("client_type", "confidential"),
        ("password", &owner.password),
    ];
    let (rows, mut cases) = (app.rows(), 0);
    let pages = map.routes().iter().filter(|route| !matches!(route.kind, RouteKind::Api { .. }));
    // A file of the log is named after its format.
    for route in pages.filter(|route| route.path.contains('{') && !route.path.ends_with("/{file}")) {
        if !route.path.starts_with("/settings/") && !route.path.starts_with("/devices/") {
            // A waiting request is its browser's, a link its reader's, and documents and assets are everybody's.
            assert!(
                ["/oauth2/consent/", "/reset/", "/docs/", "/assets/"]
                    .iter()
                    .any(|open| route.path.starts_with(open))
            );
            continue;
        }
        let (foreign, nothing) = theirs.paths(route.path);
        let ask = |path: &str| match route.kind {
            RouteKind::Form => browser.post_own(path, &fields),
            _ => browser.get_once(path),
        };
        let (foreign, nothing) = (ask(&foreign), ask(&nothing));
        foreign.assert_page(404);
        assert_eq!(told_page(&foreign), told_page(&nothing), "{} {}", route.method, route.path);
        cases += 1;
    }
    assert!(cases >= 20, "{cases}");
    assert_eq!(app.rows(), rows);
}

/// An application that may see all that applications can see.
fn everything(app: &TestApp) -> crate::support::Client {
    app.application(ClientType::Confidential, |profile| {
        profile.scopes = "devices:read devices:write observations:read observations:write".parse().unwrap();
    })
}
