//! `/oauth2/introspect` (RFC 7662): what one of an application's own tokens is worth now, and nothing about others.

use rules::role::Role;
use serde_json::json;

use crate::support::{Answer, Client, Flow, TestApp, Tokens};

const SCOPES: &str = "devices:read devices:write offline_access";

fn introspect(app: &TestApp, client: &Client, token: &str) -> Answer {
    app.token_call().to("/oauth2/introspect").from(client, &[("token", token)]).send()
}

/// `{"active": false}` and not a word more.
#[track_caller]
fn assert_inactive(answer: &Answer) {
    answer.assert_status(200).assert_header("cache-control", "no-store");
    assert_eq!(answer.json(), json!({"active": false}));
}

#[test]
fn a_working_token_is_described_as_it_is_now() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential(SCOPES));
    let tokens = Flow::new(&app, &client).tokens(&member);
    let now = app.now().as_second();
    let body = introspect(&app, &client, &tokens.access).assert_status(200).json();
    let expected = json!({
        "active": true, "client_id": client.id, "scope": SCOPES, "sub": member.person.id,
        "organization_id": app.home().id, "iss": "http://127.0.0.1:8080", "aud": "http://127.0.0.1:8080",
        "iat": now, "exp": now + 3600, "token_type": "Bearer",
    });
    assert_eq!(body, expected);
    let refresh = introspect(&app, &client, tokens.refresh()).json();
    assert_eq!((&refresh["active"], &refresh["scope"]), (&json!(true), &json!(SCOPES)));
    assert_eq!(refresh.get("token_type"), None, "it is no token for the API");
    app.set_role(&member, Role::Viewer);
    for token in [&tokens.access, tokens.refresh()] {
        let body = introspect(&app, &client, token).json();
        assert_eq!(body["scope"], "devices:read offline_access", "live, as the API would decide");
    }
}

#[test]
fn whatever_ends_a_token_makes_it_inactive_with_the_next_question() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential(SCOPES));
    let flow = Flow::new(&app, &client);
    let first = flow.tokens(&member);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    assert_inactive(&introspect(&app, &client, first.refresh()));
    app.token_call().to("/oauth2/revoke").from(&client, &[("token", &second.access)]).send();
    assert_inactive(&introspect(&app, &client, &second.access));
    assert_eq!(introspect(&app, &client, second.refresh()).json()["active"], true);
    app.disable(&member);
    assert_inactive(&introspect(&app, &client, second.refresh()));
    let other = app.member(Role::Operator);
    let tokens = flow.tokens(&other);
    app.advance_secs(3600);
    assert_inactive(&introspect(&app, &client, &tokens.access));
}

#[test]
fn anothers_token_a_key_and_nonsense_look_alike() {
    let app = TestApp::new();
    let (client, other) = (app.confidential(SCOPES), app.confidential(SCOPES));
    let tokens = Flow::new(&app, &client).tokens(&app.member(Role::Operator));
    for token in [&tokens.access, tokens.refresh(), &app.key("devices:read").secret, "nonsense"] {
        assert_inactive(&introspect(&app, &other, token));
    }
}

#[test]
fn it_takes_a_client_that_proves_itself() {
    let app = TestApp::new();
    let (client, public) = (app.confidential(SCOPES), app.public(SCOPES));
    let member = app.member(Role::Operator);
    let tokens = Flow::new(&app, &public).tokens(&member);
    let fields = [("token", tokens.access.as_str())];
    let call = || app.token_call().to("/oauth2/introspect");
    call().form(&fields).send().assert_status(401).assert_error("invalid_client");
    introspect(&app, &public, &tokens.access).assert_status(401).assert_error("invalid_client");
    let wrong = call().basic(&client.id, "wrong").form(&fields).send();
    wrong.assert_status(401).assert_error("invalid_client");
    assert!(wrong.headers["www-authenticate"].to_str().unwrap().starts_with("Basic"));
    let key = app.key("devices:read").secret;
    let with_key = call().header("authorization", &format!("Bearer {key}")).form(&fields).send();
    with_key.assert_status(401).assert_error("invalid_client");
}

#[test]
fn that_its_secret_was_used_is_noted() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    introspect(&app, &client, "nonsense").assert_status(200);
    app.wait(server::worker::write_uses(&app.app));
    let used: i64 = app.read(|tx| {
        let sql = "SELECT count(*) FROM client_secret WHERE last_used_at IS NOT NULL";
        Ok(tx.one(sql, db::params![], |row| row.get(0))?)
    });
    assert_eq!(used, 1);
}

#[test]
fn a_member_out_of_service_has_no_active_token_and_a_custom_role_counts_as_it_is() {
    let app = TestApp::new();
    let role = app.custom_role("Laboratory", "devices:read devices:write");
    let (member, client) = (app.member(Role::Operator), app.confidential(SCOPES));
    app.assign(&member, "Laboratory");
    let tokens = Flow::new(&app, &client).tokens(&member);
    app.change_role(&role, "Laboratory", "devices:read");
    for token in [&tokens.access, tokens.refresh()] {
        assert_eq!(introspect(&app, &client, token).json()["scope"], "devices:read offline_access");
    }
    app.take_out_of_service(&member);
    for token in [&tokens.access, tokens.refresh()] {
        assert_inactive(&introspect(&app, &client, token));
    }
    app.put_back(&member);
    for token in [&tokens.access, tokens.refresh()] {
        assert_eq!(introspect(&app, &client, token).json()["active"], true);
    }
}
