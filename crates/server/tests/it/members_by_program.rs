//! Members through the API: a key with the right scope is an Organization Admin, and no more.

use rules::role::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Flow, Member, Program, TestApp};

const MEMBERS: &str = "/v1/members";

fn path(member: &Member) -> String {
    format!("{MEMBERS}/{}", member.person.id)
}

fn patch(program: &Program<'_>, member: &Member, body: &Value) -> Answer {
    program.patch(&path(member), body)
}

#[test]
fn a_program_lists_members_and_shows_one() {
    let app = TestApp::new();
    let member = app.member(Role::Operator);
    let key = app.key("members:read");
    let program = app.program(&key.secret);
    let listed = program.get(&format!("{MEMBERS}?limit=1"));
    assert_eq!(listed.json()["data"].as_array().unwrap().len(), 1);
    assert!(listed.json()["next_cursor"].is_string() && listed.header("link").is_some());
    let shown = program.get(&path(&member)).json();
    assert_eq!((&shown["user_id"], &shown["role"]), (&json!(member.person.id.as_str()), &json!("Operator")));
    assert_eq!(shown["email"], member.email);
    assert!(shown["disabled_at"].is_null());
    let fields: Vec<&String> = shown.as_object().unwrap().keys().collect();
    assert_eq!(fields.len(), 7, "and nothing else of the person's: {fields:?}");
}

#[test]
fn a_program_gives_roles_by_name() {
    let app = TestApp::new();
    app.custom_role("Laboratory", "observations:read");
    let (member, key) = (app.member(Role::Viewer), app.key("members:read members:write"));
    let program = app.program(&key.secret);
    for role in ["Operator", "Laboratory", "Organization Admin", "Viewer"] {
        let answer = patch(&program, &member, &json!({"role": role}));
        answer.assert_status(200);
        assert_eq!(answer.json()["role"], role);
    }
    patch(&program, &member, &json!({"role": "Harbour Master"})).assert_status(400);
    patch(&program, &member, &json!({"role": null})).assert_status(400);
    patch(&program, &member, &json!({})).assert_status(400);
    // What the body says of who is meant counts for nothing.
    patch(&program, &member, &json!({"role": "Operator", "user_id": "usr_x"})).assert_status(400);
    assert_eq!(program.get(&path(&member)).json()["role"], "Viewer");
    assert_eq!(app.audit_of(key.id.as_str()).len(), 4);
}

#[test]
fn a_key_cannot_touch_owners_nor_make_them() {
    let app = TestApp::new();
    let (owner, viewer) = (app.member(Role::Owner), app.member(Role::Viewer));
    app.member(Role::Owner);
    let program_key = app.key("members:read members:write");
    let program = app.program(&program_key.secret);
    let refused = patch(&program, &viewer, &json!({"role": "Owner"}));
    refused.assert_status(403);
    assert_eq!(refused.json()["code"], "not_allowed");
    patch(&program, &owner, &json!({"role": "Viewer"})).assert_status(403);
    program.delete(&path(&owner)).assert_status(403);
    assert_eq!(program.get(&path(&owner)).json()["role"], "Owner");
}

#[test]
fn a_key_does_not_give_back_to_its_maker_what_was_taken_from_them() {
    let app = TestApp::new();
    let key = app.key("api_keys:write members:read members:write");
    let program = app.program(&key.secret);
    let made = json!({"name": "Child", "scopes": ["members:read", "members:write"]});
    let child = program.post("/v1/api-keys", &made).json()["key"].as_str().unwrap().to_owned();
    let maker: String = app.read(|tx| {
        let sql = "SELECT creator_id FROM api_key WHERE creator_id IS NOT NULL";
        Ok(tx.one(sql, &[], |row| row.get(0))?)
    });
    let own = format!("{MEMBERS}/{maker}");
    app.write(move |tx| {
        Ok(tx.execute("UPDATE membership SET role = 'Viewer' WHERE person_id = ?1", db::params![&maker])?)
    });
    for secret in [&key.secret, &child] {
        let program = app.program(secret);
        program.patch(&own, &json!({"role": "Organization Admin"})).assert_status(403);
        assert_eq!(program.get(&own).json()["role"], "Viewer");
        patch(&program, &app.member(Role::Viewer), &json!({"role": "Operator"})).assert_status(200);
    }
}

#[test]
fn a_program_removes_a_member() {
    let app = TestApp::new();
    let (member, key) = (app.member(Role::Viewer), app.key("members:read members:write"));
    let tokens = Flow::new(&app, &app.confidential("devices:read")).tokens(&member);
    app.program(&tokens.access).get("/v1/me").assert_status(200);
    let program = app.program(&key.secret);
    program.delete(&path(&member)).assert_status(204);
    app.program(&tokens.access).get("/v1/me").assert_status(401);
    program.delete(&path(&member)).assert_status(404);
    program.get(&path(&member)).assert_status(404);
}

#[test]
fn a_program_without_the_scope_learns_nothing_of_ids() {
    let app = TestApp::new();
    let (member, reader) = (app.member(Role::Viewer), app.key("members:read"));
    let (reading, nothing) = (app.program(&reader.secret), app.key("devices:read"));
    for id in [member.person.id.as_str(), "usr_x", "%00"] {
        let path = format!("{MEMBERS}/{id}");
        reading.delete(&path).assert_status(403);
        reading.patch(&path, &json!({"role": "Viewer"})).assert_status(403);
        app.program(&nothing.secret).get(&path).assert_status(403);
    }
}

#[test]
fn an_application_reads_members_at_most() {
    let app = TestApp::new();
    let client = app.confidential("members:read");
    let tokens = Flow::new(&app, &client).tokens(&app.member(Role::Owner));
    let program = app.program(&tokens.access);
    program.get(MEMBERS).assert_status(200);
    patch(&program, &app.member(Role::Viewer), &json!({"role": "Viewer"})).assert_status(403);
}
