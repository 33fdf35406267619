//! `/v1/oauth-applications` and `/v1/grants`: Developer Settings and Connections, for programs.

use rules::role::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Flow, Program, TestApp};

const APPLICATIONS: &str = "/v1/oauth-applications";

fn create(program: &Program<'_>, change: impl FnOnce(&mut Value)) -> Answer {
    let mut new = json!({
        "name": "Tide Ledger",
        "redirect_uris": ["https://tide.example/callback"],
        "scopes": ["devices:read", "offline_access"],
    });
    change(&mut new);
    program.post(APPLICATIONS, &new)
}

#[test]
fn an_application_is_made_shown_changed_and_deleted() {
    let app = TestApp::new();
    let key = app.key("applications:read applications:write");
    let program = app.program(&key.secret);
    let made = create(&program, |_| {});
    made.assert_status(201).assert_header("cache-control", "private, no-store");
    let made = made.json();
    let id = made["client_id"].as_str().unwrap();
    assert!(made["client_secret"].as_str().unwrap().starts_with("csbsn"));
    assert_eq!(
        (&made["scopes"], &made["public"]),
        (&json!(["devices:read", "offline_access"]), &json!(false))
    );

    let shown = program.get(&format!("{APPLICATIONS}/{id}")).json();
    assert_eq!(shown.get("client_secret"), None, "shown once");
    assert_eq!(shown["name"], "Tide Ledger");
    assert_eq!(program.get(APPLICATIONS).json()["data"], json!([shown]));

    let changed = program.patch(&format!("{APPLICATIONS}/{id}"), &json!({"name": "Tide Ledger 2"}));
    changed.assert_status(200);
    let expected = {
        let mut expected = shown.clone();
        expected["name"] = json!("Tide Ledger 2");
        expected
    };
    assert_eq!(changed.json(), expected, "what is left out stays as it is");

    program.delete(&format!("{APPLICATIONS}/{id}")).assert_status(204);
    program.get(&format!("{APPLICATIONS}/{id}")).assert_status(404);
}

#[test]
fn what_a_form_would_refuse_is_refused_with_its_place() {
    let app = TestApp::new();
    let key = app.key("applications:write");
    let program = app.program(&key.secret);
    for (change, pointer) in [
        (json!({"name": "Bluesonde"}), "/name"),
        (json!({"redirect_uris": ["http://tide.example/callback"]}), "/redirect_uris"),
        (json!({"redirect_uris": []}), "/redirect_uris"),
        (json!({"scopes": ["offline_access"]}), "/scopes"),
        (json!({"scopes": ["devices:read", "api_keys:write"]}), "/scopes"),
        (json!({"optional_scopes": ["devices:read"]}), "/optional_scopes"),
        (json!({"privacy_policy_url": "javascript:alert(1)"}), "/privacy_policy_url"),
    ] {
        let refused = create(&program, |new| {
            new.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        });
        refused.assert_status(400);
        assert_eq!(refused.json()["errors"][0]["pointer"], pointer, "{change}");
    }
    for extra in
        [json!({"client_id": "app1"}), json!({"verified_at": "2026-01-01T00:00:00Z"}), json!({"webhook": {}})]
    {
        let refused = create(&program, |new| {
            new.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        });
        refused.assert_status(400);
    }
    assert_eq!(app.rows()["application"], 0);
}

#[test]
fn a_change_keeps_its_security_and_null_takes_a_link_away() {
    let app = TestApp::new();
    let key = app.key("applications:read applications:write");
    let program = app.program(&key.secret);
    let made = create(&program, |new| {
        new["require_pkce"] = json!(true);
        new["leave_out_issuer"] = json!(true);
        new["homepage_url"] = json!("https://tide.example/");
    });
    let path = format!("{APPLICATIONS}/{}", made.json()["client_id"].as_str().unwrap());
    let changed = program.patch(&path, &json!({"description": "Tides."})).json();
    assert_eq!((&changed["require_pkce"], &changed["leave_out_issuer"]), (&json!(true), &json!(true)));
    assert_eq!(changed["homepage_url"], "https://tide.example/");
    let changed = program.patch(&path, &json!({"homepage_url": null, "require_pkce": false})).json();
    assert_eq!((&changed["homepage_url"], &changed["require_pkce"]), (&Value::Null, &json!(false)));
    program.patch(&path, &json!({"public": true})).assert_status(400);
}

#[test]
fn a_public_application_has_no_secret_and_must_use_pkce() {
    let app = TestApp::new();
    let key = app.key("applications:write");
    let made = create(&app.program(&key.secret), |new| {
        new["public"] = json!(true);
        new["keep_refresh_tokens"] = json!(true);
    });
    let made = made.json();
    assert_eq!(made["client_secret"], Value::Null);
    assert_eq!((&made["require_pkce"], &made["keep_refresh_tokens"]), (&json!(true), &json!(false)));
}

#[test]
fn each_act_takes_its_scope() {
    let app = TestApp::new();
    let (reader, writer) = (app.key("applications:read"), app.key("applications:write"));
    create(&app.program(&reader.secret), |_| {}).assert_status(403);
    app.program(&writer.secret).get(APPLICATIONS).assert_status(403);
    app.program(&writer.secret).get("/v1/grants").assert_status(403);
    app.program(&reader.secret).delete("/v1/grants/grt_00000000000000000000000000").assert_status(403);
}

#[test]
fn an_organizations_grants_are_listed_filtered_and_ended() {
    let app = TestApp::new();
    let (one, other) = (app.member(Role::Operator), app.member(Role::Viewer));
    let client = app.confidential("devices:read offline_access");
    let rival = app.member_of(&app.organization("Rival Reef"), Role::Viewer);
    let flow = Flow::new(&app, &client);
    let tokens = flow.tokens(&one);
    app.advance_secs(1);
    let theirs = flow.tokens(&other);
    let elsewhere = flow.tokens(&rival);
    app.program(&tokens.access).get("/v1/me").assert_status(200);
    let key = app.key("applications:read applications:write");
    let program = app.program(&key.secret);
    let listed = program.get("/v1/grants").json();
    let users: Vec<&Value> =
        listed["data"].as_array().unwrap().iter().map(|grant| &grant["user_id"]).collect();
    assert_eq!(users, [&json!(one.person.id), &json!(other.person.id)]);
    let filtered =
        program.get(&format!("/v1/grants?user_id={}&client_id={}", one.person.id, client.id)).json();
    let grant = &filtered["data"][0];
    assert_eq!(filtered["data"].as_array().unwrap().len(), 1);
    let expected = json!({
        "id": grant["id"], "client_id": client.id, "user_id": one.person.id,
        "organization_id": app.home().id, "scopes": ["devices:read", "offline_access"], "devices": "all",
        "last_used_at": null,
    });
    for member in ["id", "client_id", "user_id", "organization_id", "scopes", "devices", "last_used_at"] {
        assert_eq!(grant[member], expected[member], "{member}");
    }
    let path = format!("/v1/grants/{}", grant["id"].as_str().unwrap());
    assert_eq!(&program.get(&path).json(), grant);
    program.delete(&path).assert_status(204);
    app.program(&tokens.access).get("/v1/me").assert_status(401);
    flow.refresh(tokens.refresh()).assert_status(400).assert_error("invalid_grant");
    for tokens in [&theirs, &elsewhere] {
        app.program(&tokens.access).get("/v1/me").assert_status(200);
    }
    program.get(&path).assert_status(404);
    program.delete(&path).assert_status(204);
}

#[test]
fn a_grant_shows_what_it_may_do_now() {
    let app = TestApp::new();
    let member = app.member(Role::Operator);
    let client = app.confidential("devices:read devices:write offline_access");
    Flow::new(&app, &client).tokens(&member);
    let key = app.key("applications:read");
    let scopes = || app.program(&key.secret).get("/v1/grants").json()["data"][0]["scopes"].clone();
    assert_eq!(scopes(), json!(["devices:read", "devices:write", "offline_access"]));
    app.set_role(&member, Role::Viewer);
    assert_eq!(scopes(), json!(["devices:read", "offline_access"]));
}
