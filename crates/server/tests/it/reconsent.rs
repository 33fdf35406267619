//! A person who consents again: what is out already gains nothing, and what they leave out is gone everywhere.

use rules::role::Role;

use crate::support::{Flow, TestApp, Tokens};

/// What the tokens' bearer may do, in the catalogue's order.
fn scopes(app: &TestApp, tokens: &Tokens) -> String {
    app.program(&tokens.access).scopes().join(" ")
}

/// The names of the devices within reach.
fn devices(app: &TestApp, tokens: &Tokens) -> Vec<String> {
    let list = app.program(&tokens.access).get("/v1/devices").json();
    let names =
        list["data"].as_array().unwrap().iter().map(|device| device["id"].as_str().unwrap().to_owned());
    names.collect()
}

#[test]
fn an_optional_scope_that_turns_required_between_page_and_click_is_not_given_by_the_click() {
    let app = TestApp::new();
    let member = app.member(Role::Operator);
    let client = app.application(rules::client_auth::ClientType::Confidential, |profile| {
        profile.optional_scopes = "devices:write".parse().unwrap();
    });
    let flow = Flow::new(&app, &client).scope("devices:read devices:write");
    let browser = app.signed_in(&member);
    flow.start(&browser).assert_text("asks for your data");
    app.update(&client, |profile| {
        profile.scopes = "devices:read devices:write".parse().unwrap();
        profile.optional_scopes = rules::scope::ScopeList::default();
    });
    let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
    let tokens = Tokens::of(&flow.redeem(&answer.param("code").unwrap()));
    assert_eq!(tokens.scope, "devices:read");
    assert_eq!(scopes(&app, &tokens), "devices:read");
}

#[test]
fn a_scope_that_was_required_on_the_page_and_is_listed_no_more_is_not_given() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential("devices:read devices:write"));
    let (flow, browser) = (Flow::new(&app, &client), app.signed_in(&member));
    flow.start(&browser);
    app.update(&client, |profile| profile.scopes = "devices:read".parse().unwrap());
    let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
    assert_eq!(Tokens::of(&flow.redeem(&answer.param("code").unwrap())).scope, "devices:read");
}

#[test]
fn more_devices_are_for_the_new_tokens_and_fewer_for_all() {
    let app = TestApp::new();
    let (one, two) = (app.device(app.home()), app.device(app.home()));
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let flow = Flow::new(&app, &client).with("prompt", "consent");
    let consent = |chosen: &[(&str, &str)]| {
        let answer = flow.allow_with(&app.signed_in(&member), &member, chosen);
        Tokens::of(&flow.redeem(&answer.param("code").unwrap()))
    };
    let narrow = consent(&[("devices", "chosen"), ("device_id", one.as_str())]);
    let wide = consent(&[("devices", "all")]);
    assert_eq!(devices(&app, &narrow), [one.as_str()], "what is out already gains nothing");
    assert_eq!(devices(&app, &wide), [one.as_str(), two.as_str()]);
    let other = consent(&[("devices", "chosen"), ("device_id", two.as_str())]);
    assert_eq!(devices(&app, &other), [two.as_str()]);
    assert_eq!(devices(&app, &wide), [two.as_str()], "the person has just said: only this one");
    assert_eq!(devices(&app, &narrow), [""; 0]);
    let refreshed = Tokens::of(&flow.refresh(narrow.refresh()));
    assert_eq!(devices(&app, &refreshed), [""; 0], "a line of tokens keeps the consent it came from");
}

#[test]
fn an_optional_scope_that_is_left_out_is_gone_and_not_remembered() {
    let app = TestApp::new();
    let member = app.member(Role::Operator);
    let client = app.application(rules::client_auth::ClientType::Confidential, |profile| {
        profile.scopes = "devices:read offline_access".parse().unwrap();
        profile.optional_scopes = "devices:write".parse().unwrap();
    });
    let all = Flow::new(&app, &client).scope("devices:read devices:write offline_access");
    let browser = app.signed_in(&member);
    let answer = all.allow_with(&browser, &member, &[("scope", "devices:write")]);
    let first = Tokens::of(&all.redeem(&answer.param("code").unwrap()));
    assert_eq!(scopes(&app, &first), "devices:read devices:write");

    let again = all.clone().with("prompt", "consent");
    let answer = again.allow_with(&browser, &member, &[]);
    let second = Tokens::of(&again.redeem(&answer.param("code").unwrap()));
    assert_eq!(second.scope, "devices:read offline_access");
    assert_eq!(
        scopes(&app, &first),
        "devices:read",
        "what the person now leaves out ends for older tokens too"
    );
    let refreshed = Tokens::of(&all.refresh(first.refresh()));
    assert_eq!(scopes(&app, &refreshed), "devices:read");
    all.start(&browser).assert_text("asks for your data");

    // Ticked once more, it is for the new tokens alone.
    let answer = again.allow_with(&browser, &member, &[("scope", "devices:write")]);
    let third = Tokens::of(&again.redeem(&answer.param("code").unwrap()));
    assert_eq!(scopes(&app, &third), "devices:read devices:write");
    assert_eq!(scopes(&app, &first), "devices:read");
}

#[test]
fn a_refresh_token_ends_when_offline_access_is_taken_back() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let client = app.application(rules::client_auth::ClientType::Confidential, |profile| {
        profile.optional_scopes = "offline_access".parse().unwrap();
    });
    let flow = Flow::new(&app, &client).scope("devices:read offline_access").with("prompt", "consent");
    let browser = app.signed_in(&member);
    let answer = flow.allow_with(&browser, &member, &[("scope", "offline_access")]);
    let first = Tokens::of(&flow.redeem(&answer.param("code").unwrap()));
    let answer = flow.allow(&browser, &member);
    assert_eq!(Tokens::of(&flow.redeem(&answer.param("code").unwrap())).refresh, None);
    flow.refresh(first.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_refresh_says_what_the_new_token_has() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let client = app.confidential("devices:read observations:read offline_access");
    let flow = Flow::new(&app, &client);
    let first = flow.tokens(&member);
    app.update(&client, |profile| profile.scopes = "devices:read offline_access".parse().unwrap());
    let second = Tokens::of(&flow.refresh(first.refresh()));
    assert_eq!(second.scope, "devices:read offline_access");
    app.update(&client, |profile| profile.scopes = "devices:read".parse().unwrap());
    flow.refresh(second.refresh()).assert_status(400).assert_error("invalid_grant");
    app.update(&client, |profile| profile.scopes = "observations:write offline_access".parse().unwrap());
    flow.refresh(second.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_consent_without_a_device_left_is_not_remembered() {
    let app = TestApp::new();
    let (one, two) = (app.device(app.home()), app.device(app.home()));
    let member = app.member(Role::Viewer);
    let client = app.confidential("devices:read observations:read offline_access");
    let browser = app.signed_in(&member);
    let on = |device: &str, scope: &str| {
        let flow = Flow::new(&app, &client).scope(scope);
        flow.allow_with(&browser, &member, &[("devices", "chosen"), ("device_id", device)])
            .assert_status(303);
    };
    on(one.as_str(), "observations:read offline_access");
    on(two.as_str(), "devices:read offline_access");
    let flow = Flow::new(&app, &client).scope("observations:read offline_access");
    flow.start(&browser).assert_text("asks for your data");
}

#[test]
fn consents_to_different_scopes_stand_side_by_side() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let client = app.confidential("devices:read observations:read offline_access");
    let reading = Flow::new(&app, &client).scope("observations:read offline_access");
    let listing = Flow::new(&app, &client).scope("devices:read offline_access");
    let browser = app.signed_in(&member);
    for flow in [&reading, &listing] {
        flow.allow(&browser, &member).assert_status(303);
    }
    for flow in [&reading, &listing] {
        assert!(flow.start(&browser).param("code").is_some(), "each is remembered by itself");
    }
    let both = Flow::new(&app, &client);
    both.start(&browser).assert_text("asks for your data");
}
