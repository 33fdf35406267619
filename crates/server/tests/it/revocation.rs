//! `/oauth2/revoke` (RFC 7009): exact. A token, or a line of tokens; never a person, never everything.

use rules::role::Role;

use crate::support::{Answer, Client, Flow, Member, TestApp, Tokens};

const SCOPES: &str = "devices:read offline_access";

fn revoke(app: &TestApp, client: &Client, token: &str) -> Answer {
    app.token_call().to("/oauth2/revoke").from(client, &[("token", token)]).send()
}

/// An answer that every library takes: some want JSON, some want something to parse, none may mind.
#[track_caller]
fn assert_done(answer: &Answer) {
    answer
        .assert_status(200)
        .assert_header("content-type", "application/json")
        .assert_header("cache-control", "no-store")
        .assert_header("access-control-allow-origin", "*");
    assert_eq!(answer.body, "{}");
}

#[track_caller]
fn assert_works(app: &TestApp, tokens: &Tokens) {
    app.program(&tokens.access).get("/v1/me").assert_status(200);
}

#[track_caller]
fn assert_over(app: &TestApp, tokens: &Tokens) {
    app.program(&tokens.access).get("/v1/me").assert_status(401);
}

fn begun<'a>(app: &'a TestApp, client: &Client, member: &Member) -> (Flow<'a>, Tokens) {
    let flow = Flow::new(app, client);
    let tokens = flow.tokens(member);
    (flow, tokens)
}

#[test]
fn an_access_token_ends_alone() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    for client in [app.confidential(SCOPES), app.public(SCOPES)] {
        let (flow, first) = begun(&app, &client, &member);
        let second = Tokens::of(&flow.refresh(first.refresh()));
        assert_works(&app, &first);
        assert_done(&revoke(&app, &client, &first.access));
        assert_over(&app, &first);
        assert_works(&app, &second);
        Tokens::of(&flow.refresh(second.refresh()));
    }
}

#[test]
fn a_refresh_token_ends_with_its_line_and_nothing_else_does() {
    let app = TestApp::new();
    let (member, colleague) = (app.member(Role::Viewer), app.member(Role::Viewer));
    let client = app.confidential(SCOPES);
    let (flow, first) = begun(&app, &client, &member);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    let elsewhere = flow.tokens(&member);
    let (_, theirs) = begun(&app, &client, &colleague);
    let (_, of_another) = begun(&app, &app.confidential(SCOPES), &member);
    assert_works(&app, &second);
    assert_done(&revoke(&app, &client, second.refresh()));
    for tokens in [&first, &second] {
        assert_over(&app, tokens);
        flow.refresh(tokens.refresh()).assert_status(400).assert_error("invalid_grant");
    }
    for tokens in [&elsewhere, &theirs, &of_another] {
        assert_works(&app, tokens);
    }
    Tokens::of(&flow.refresh(elsewhere.refresh()));
    assert!(flow.start(&app.signed_in(&member)).param("code").is_some(), "the consent lives");
}

#[test]
fn a_rotated_refresh_token_ends_its_line_too() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (flow, first) = begun(&app, &client, &app.member(Role::Viewer));
    let second = Tokens::of(&flow.refresh(first.refresh()));
    assert_done(&revoke(&app, &client, first.refresh()));
    assert_over(&app, &second);
}

#[test]
fn what_is_unknown_over_or_anothers_is_answered_alike_and_left_alone() {
    let app = TestApp::new();
    let (client, other) = (app.confidential(SCOPES), app.confidential(SCOPES));
    let (flow, tokens) = begun(&app, &client, &app.member(Role::Viewer));
    for token in [&tokens.access, tokens.refresh()] {
        assert_done(&revoke(&app, &other, token));
        assert_works(&app, &tokens);
    }
    Tokens::of(&flow.refresh(tokens.refresh()));
    assert_done(&revoke(&app, &client, "nothing of ours"));
    assert_done(&revoke(&app, &client, &app.key("devices:read").secret));
    app.advance_days(120);
    assert_done(&revoke(&app, &client, tokens.refresh()));
    assert_done(&revoke(&app, &client, &tokens.access));
}

#[test]
fn it_takes_the_client_that_it_was_issued_to() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (_, tokens) = begun(&app, &client, &app.member(Role::Viewer));
    let fields = [("token", tokens.access.as_str())];
    let call = || app.token_call().to("/oauth2/revoke");
    call().form(&fields).send().assert_status(401).assert_error("invalid_client");
    call().basic(&client.id, "wrong").form(&fields).send().assert_status(401).assert_error("invalid_client");
    let bare = [fields[0], ("client_id", client.id.as_str())];
    call().form(&bare).send().assert_status(401).assert_error("invalid_client");
    assert_works(&app, &tokens);
}

#[test]
fn a_request_without_a_token_or_with_one_in_the_query_is_refused() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (_, tokens) = begun(&app, &client, &app.member(Role::Viewer));
    let call = || app.token_call().to("/oauth2/revoke");
    call().from(&client, &[]).send().assert_status(400).assert_error("invalid_request");
    let fields = [("token", tokens.access.as_str())];
    call().from(&client, &[]).query(&fields).send().assert_status(400).assert_error("invalid_request");
    let twice = [fields[0], fields[0]];
    call().from(&client, &twice).send().assert_status(400).assert_error("invalid_request");
    call().method(axum::http::Method::GET).send().assert_status(405);
    assert_works(&app, &tokens);
}

#[test]
fn a_wrong_hint_does_not_mislead_it() {
    let app = TestApp::new();
    let client = app.confidential(SCOPES);
    let (flow, tokens) = begun(&app, &client, &app.member(Role::Viewer));
    let fields = [("token", tokens.refresh()), ("token_type_hint", "access_token")];
    assert_done(&app.token_call().to("/oauth2/revoke").from(&client, &fields).send());
    flow.refresh(tokens.refresh()).assert_status(400);
}
