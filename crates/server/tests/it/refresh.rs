//! Refresh tokens: rotation, the grace for lost answers, and the end of a line that two parties hold.

use rules::role::Role;

use crate::support::{Client, Flow, TestApp, Tokens};

const SCOPES: &str = "devices:read observations:read offline_access";

/// A flow and its first tokens.
fn begun<'a>(app: &'a TestApp, client: &Client) -> (Flow<'a>, Tokens) {
    let flow = Flow::new(app, client);
    let tokens = flow.tokens(&app.member(Role::Viewer));
    (flow, tokens)
}

#[test]
fn without_offline_access_there_is_no_refresh_token() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(SCOPES));
    let asked_less = Flow::new(&app, &client).scope("devices:read").tokens(&member);
    assert_eq!(asked_less.refresh, None);
    let never_listed = Flow::new(&app, &app.confidential("devices:read")).tokens(&member);
    assert_eq!(never_listed.refresh, None);
}

#[test]
fn a_refresh_rotates_both_tokens_and_keeps_the_old_access_token_alive() {
    let app = TestApp::new();
    for client in [app.confidential(SCOPES), app.public(SCOPES)] {
        let (flow, first) = begun(&app, &client);
        let second = Tokens::of(&flow.refresh(first.refresh()));
        assert_ne!(second.access, first.access);
        assert_ne!(second.refresh, first.refresh);
        assert_eq!(second.scope, SCOPES);
        for tokens in [&first, &second] {
            app.program(&tokens.access).get("/v1/me").assert_status(200);
        }
        Tokens::of(&flow.refresh(second.refresh()));
    }
}

#[test]
fn a_lost_answer_is_given_again() {
    let app = TestApp::new();
    let (flow, first) = begun(&app, &app.confidential(SCOPES));
    let second = Tokens::of(&flow.refresh(first.refresh()));
    for seconds in [0, 10, 20] {
        app.advance_secs(seconds);
        let again = flow.refresh(first.refresh());
        assert_eq!(Tokens::of(&again), second, "the very same pair");
    }
    assert_eq!(flow.refresh(first.refresh()).json()["expires_in"], 3600 - 30);
    assert_eq!(app.rows()["refresh_token"], 2);
}

#[test]
fn the_grace_ends_when_the_successor_is_used_and_the_line_lives() {
    let app = TestApp::new();
    let (flow, first) = begun(&app, &app.confidential(SCOPES));
    let second = Tokens::of(&flow.refresh(first.refresh()));
    let third = Tokens::of(&flow.refresh(second.refresh()));
    flow.refresh(first.refresh()).assert_status(400).assert_error("invalid_grant");
    app.program(&third.access).get("/v1/me").assert_status(200);
    Tokens::of(&flow.refresh(third.refresh()));
}

#[test]
fn a_token_that_comes_back_after_the_grace_ends_the_line() {
    let app = TestApp::new();
    for client in [app.confidential(SCOPES), app.public(SCOPES)] {
        let (flow, first) = begun(&app, &client);
        let second = Tokens::of(&flow.refresh(first.refresh()));
        app.program(&second.access).get("/v1/me").assert_status(200);
        app.advance_secs(31);
        flow.refresh(first.refresh()).assert_status(400).assert_error("invalid_grant");
        for tokens in [&first, &second] {
            app.program(&tokens.access).get("/v1/me").assert_status(401);
            flow.refresh(tokens.refresh()).assert_status(400).assert_error("invalid_grant");
        }
    }
}

#[test]
fn the_grace_is_thirty_seconds() {
    let app = TestApp::new();
    let (flow, first) = begun(&app, &app.confidential(SCOPES));
    let second = Tokens::of(&flow.refresh(first.refresh()));
    app.advance_secs(30);
    assert_eq!(Tokens::of(&flow.refresh(first.refresh())), second);
    app.advance(jiff::SignedDuration::from_micros(1));
    flow.refresh(first.refresh()).assert_status(400);
    flow.refresh(second.refresh()).assert_status(400);
}

#[test]
fn the_end_of_one_line_leaves_the_persons_other_lines_alone() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(SCOPES));
    let flow = Flow::new(&app, &client);
    let (stolen, other) = (flow.tokens(&member), flow.clone().with("prompt", "consent").tokens(&member));
    flow.refresh(stolen.refresh()).assert_status(200);
    app.advance_secs(31);
    flow.refresh(stolen.refresh()).assert_status(400);
    app.program(&stolen.access).get("/v1/me").assert_status(401);
    app.program(&other.access).get("/v1/me").assert_status(200);
    flow.refresh(other.refresh()).assert_status(200);
}

#[test]
fn an_access_token_can_be_narrower_and_the_refresh_token_keeps_its_scopes() {
    let app = TestApp::new();
    let (flow, first) = begun(&app, &app.confidential(SCOPES));
    let narrow = Tokens::of(&flow.refresh_for(first.refresh(), "devices:read"));
    assert_eq!(narrow.scope, "devices:read");
    assert_eq!(app.program(&narrow.access).scopes(), ["devices:read"]);
    let again = Tokens::of(&flow.refresh_for(first.refresh(), "observations:read"));
    assert_eq!(again, narrow, "a retry gets the same pair, whatever it asks");
    let full = Tokens::of(&flow.refresh(narrow.refresh()));
    assert_eq!(full.scope, SCOPES);
}

#[test]
fn nobody_refreshes_into_more_than_was_granted() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let flow = Flow::new(&app, &client).scope("devices:read offline_access");
    let tokens = flow.tokens(&app.member(Role::Owner));
    for wider in ["observations:read", "devices:read devices:write", "members:write", "openid", "*"] {
        flow.refresh_for(tokens.refresh(), wider).assert_status(400).assert_error("invalid_scope");
    }
    app.update(&client, |profile| profile.scopes = format!("{SCOPES} devices:write").parse().unwrap());
    flow.refresh_for(tokens.refresh(), "devices:write").assert_status(400).assert_error("invalid_scope");
    assert_eq!(Tokens::of(&flow.refresh(tokens.refresh())).scope, "devices:read offline_access");
}

#[test]
fn another_clients_token_is_unknown_and_its_line_untouched() {
    let app = TestApp::new();
    let (flow, first) = begun(&app, &app.confidential(SCOPES));
    for thief in [app.confidential(SCOPES), app.public(SCOPES)] {
        let answer = Flow::new(&app, &thief).refresh(first.refresh());
        answer.assert_status(400).assert_error("invalid_grant");
    }
    let second = Tokens::of(&flow.refresh(first.refresh()));
    app.advance_secs(40);
    Flow::new(&app, &app.confidential(SCOPES)).refresh(first.refresh()).assert_status(400);
    app.program(&second.access).get("/v1/me").assert_status(200);
}

#[test]
fn a_confidential_client_refreshes_with_its_secret_only() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (flow, first) = begun(&app, &client);
    let fields = [("grant_type", "refresh_token"), ("refresh_token", first.refresh())];
    let other = app.confidential("devices:read").secret.unwrap();
    let bare = [&fields[..], &[("client_id", client.id.as_str())]].concat();
    app.token_call().form(&bare).send().assert_status(401).assert_error("invalid_client");
    app.token_call().form(&fields).send().assert_status(401).assert_error("invalid_client");
    app.token_call()
        .basic(&client.id, &other)
        .form(&fields)
        .send()
        .assert_status(401)
        .assert_error("invalid_client");
    flow.refresh(first.refresh()).assert_status(200);
}

#[test]
fn thirty_days_unused_are_the_end() {
    let app = TestApp::new();
    let (flow, first) = begun(&app, &app.confidential(SCOPES));
    app.advance_days(30);
    app.advance_secs(-1);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    app.advance_days(30);
    flow.refresh(second.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn ninety_days_are_the_end_however_often_it_is_used() {
    let app = TestApp::new();
    let (flow, mut tokens) = begun(&app, &app.confidential(SCOPES));
    for _ in 0..8 {
        app.advance_days(10);
        tokens = Tokens::of(&flow.refresh(tokens.refresh()));
    }
    app.advance_days(10);
    app.advance_secs(-60);
    let last = flow.refresh(tokens.refresh());
    assert_eq!(last.json()["expires_in"], 60, "the access token ends with the line");
    let last = Tokens::of(&last);
    app.program(&last.access).get("/v1/me").assert_status(200);
    app.advance_secs(60);
    app.program(&last.access).get("/v1/me").assert_status(401);
    flow.refresh(last.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_weaker_role_narrows_what_comes_of_a_refresh_and_no_role_ends_it() {
    let app = TestApp::new();
    let member = app.member(Role::Operator);
    let flow = Flow::new(&app, &app.confidential("devices:read devices:write offline_access"));
    let first = flow.tokens(&member);
    app.set_role(&member, Role::Viewer);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    assert_eq!(app.program(&second.access).scopes(), ["devices:read"]);
    app.disable(&member);
    flow.refresh(second.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_refresh_token_is_taken_whole_and_as_it_is() {
    let app = TestApp::new();
    let (flow, first) = begun(&app, &app.confidential(SCOPES));
    let good = first.refresh();
    let (cut, upper) = (&good[..good.len() - 1], good.to_uppercase());
    for wrong in [cut, &upper, &format!("{good}0"), &format!("{good} "), &good.replace("rt_", "ac_"), "x"] {
        flow.refresh(wrong).assert_status(400).assert_error("invalid_grant");
    }
    flow.refresh(good).assert_status(200);
}

#[test]
fn a_revoked_line_stays_revoked_after_a_restart() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (flow, first) = begun(&app, &client);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    app.advance_secs(31);
    flow.refresh(first.refresh()).assert_status(400);
    // State is in the database, not in memory, and not in when the server was started.
    let app = app.restarted(-3600);
    app.program(&second.access).get("/v1/me").assert_status(401);
    Flow::new(&app, &client).refresh(second.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_lost_answer_is_given_again_after_a_restart() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (flow, first) = begun(&app, &client);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    let app = app.restarted(10);
    assert_eq!(Tokens::of(&Flow::new(&app, &client).refresh(first.refresh())), second);
}

#[test]
fn a_rotated_token_stays_rotated_when_the_clock_is_set_back() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (flow, first) = begun(&app, &client);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    app.advance_secs(31);
    let app = app.restarted(-3600);
    let flow = Flow::new(&app, &client);
    // It came before it was rotated, says the clock. That is no retry.
    flow.refresh(first.refresh()).assert_status(400).assert_error("invalid_grant");
    flow.refresh(second.refresh()).assert_status(400).assert_error("invalid_grant");
    assert_eq!(app.rows()["refresh_token"], 2);
}

#[test]
fn a_clock_that_is_a_little_behind_still_knows_a_retry() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (flow, first) = begun(&app, &client);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    let app = app.restarted(-5);
    assert_eq!(Tokens::of(&Flow::new(&app, &client).refresh(first.refresh())), second);
}

#[test]
fn a_person_who_is_disabled_within_the_grace_ends_it() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(SCOPES));
    let flow = Flow::new(&app, &client);
    let first = flow.tokens(&member);
    flow.refresh(first.refresh()).assert_status(200);
    app.disable(&member);
    flow.refresh(first.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn the_end_of_a_line_is_in_the_audit_log_with_its_reason() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (flow, first) = begun(&app, &client);
    flow.refresh(first.refresh()).assert_status(200);
    assert!(!app.audit_of(&client.id).contains(&"token_family.revoked".to_owned()));
    app.advance_secs(31);
    flow.refresh(first.refresh()).assert_status(400);
    assert!(app.audit_of(&client.id).contains(&"token_family.revoked".to_owned()));
    let sql = "SELECT detail FROM audit_event WHERE action = 'token_family.revoked'";
    let why: Vec<String> = app.read(|tx| Ok(tx.all(sql, &[], |row| row.get(0))?));
    assert_eq!(why, ["a refresh token was used again after it had been rotated"]);
}

#[test]
fn sweeping_up_leaves_what_shows_a_theft() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(SCOPES));
    let flow = Flow::new(&app, &client).with("prompt", "consent");
    let code = flow.code(&member);
    let (first, other) = (Tokens::of(&flow.redeem(&code)), flow.tokens(&member));
    let mut tokens = Tokens::of(&flow.refresh(first.refresh()));
    let mut kept = Tokens::of(&flow.refresh(other.refresh()));
    for _ in 0..4 {
        app.advance_days(20);
        app.wait(server::worker::sweep_up(&app.app));
        tokens = Tokens::of(&flow.refresh(tokens.refresh()));
        kept = Tokens::of(&flow.refresh(kept.refresh()));
    }
    assert_eq!(app.rows()["access_token"], 2, "what could no longer be used is swept away");
    // Rotated eighty days ago, and still known for what it is.
    flow.refresh(first.refresh()).assert_status(400).assert_error("invalid_grant");
    app.program(&tokens.access).get("/v1/me").assert_status(401);
    app.program(&kept.access).get("/v1/me").assert_status(200);
    // And so is the code, which ends them all.
    flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
    app.program(&kept.access).get("/v1/me").assert_status(401);
}
