//! When a person is asked again, and when an earlier consent is enough.

use rules::role::Role;

use crate::support::{Answer, Flow, TestApp, Tokens};

const LASTING: &str = "devices:read offline_access";

#[track_caller]
fn assert_asked(page: &Answer) {
    page.assert_page(200).assert_text("asks for your data");
}

#[test]
fn a_lasting_consent_to_a_confidential_client_is_remembered() {
    let app = TestApp::new();
    let (member, client) =
        (app.member(Role::Viewer), app.confidential(&format!("{LASTING} observations:read")));
    let flow = Flow::new(&app, &client);
    flow.tokens(&member);
    for flow in [flow.clone(), flow.clone().scope(LASTING), flow.pkce()] {
        let answer = flow.start(&app.signed_in(&member));
        answer.assert_status(303);
        assert_eq!(answer.param("state").unwrap(), "the application's own");
        assert_eq!(answer.param("iss").unwrap(), "http://127.0.0.1:8080");
        Tokens::of(&flow.redeem(&answer.param("code").unwrap()));
    }
    assert_eq!(app.rows()["oauth_grant"], 1);
}

#[test]
fn a_lasting_consent_is_enough_for_who_signs_in_on_the_way() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    let flow = Flow::new(&app, &client).pkce();
    flow.tokens(&member);
    for prompt in ["", "login"] {
        let browser = app.browser();
        flow.clone().with("prompt", prompt).start(&browser).assert_text("Sign in");
        app.advance_secs(1);
        let answer = browser.sign_in(&member);
        answer.assert_status(303);
        assert_eq!(answer.param("state").unwrap(), "the application's own");
        Tokens::of(&flow.redeem(&answer.param("code").unwrap()));
        // It is decided: the way back leads nowhere.
        let page = answer.asked.split_once(' ').unwrap().1.to_owned();
        browser.get(&page).assert_page(410);
    }
    assert_eq!(app.rows()["oauth_grant"], 1);
}

#[test]
fn who_signs_in_on_the_way_is_asked_if_the_application_wants_it_or_the_person_is_another() {
    let app = TestApp::new();
    let (member, other) = (app.member(Role::Viewer), app.member(Role::Viewer));
    let client = app.confidential(LASTING);
    let flow = Flow::new(&app, &client);
    flow.tokens(&member);
    for prompt in ["consent", "select_account", "login consent"] {
        let browser = app.browser();
        flow.clone().with("prompt", prompt).start(&browser);
        app.advance_secs(1);
        assert_asked(&browser.sign_in(&member));
    }
    let browser = app.browser();
    flow.start(&browser);
    assert_asked(&browser.sign_in(&other));
}

#[test]
fn without_offline_access_each_authorization_asks() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    Flow::new(&app, &client).tokens(&member);
    let browser = app.signed_in(&member);
    for _ in 0..2 {
        let flow = Flow::new(&app, &client).scope("devices:read");
        assert_asked(&flow.start(&browser));
        browser.submit_once("/oauth2/consent/", &[("decision", "allow")]).assert_status(303);
    }
}

#[test]
fn a_public_client_always_asks() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.public(LASTING));
    Flow::new(&app, &client).tokens(&member);
    let flow = Flow::new(&app, &client);
    assert_asked(&flow.start(&app.signed_in(&member)));
    flow.with("prompt", "none").start(&app.signed_in(&member)).assert_sent_back("consent_required");
}

#[test]
fn who_asks_for_more_is_asked_about() {
    let app = TestApp::new();
    let (member, client) =
        (app.member(Role::Owner), app.confidential(&format!("{LASTING} observations:read")));
    Flow::new(&app, &client).scope(LASTING).tokens(&member);
    let browser = app.signed_in(&member);
    assert_asked(&Flow::new(&app, &client).start(&browser));
    assert!(Flow::new(&app, &client).scope(LASTING).start(&browser).param("code").is_some());
    // A scope that the application lists since.
    app.update(&client, |profile| profile.scopes = format!("{LASTING} devices:write").parse().unwrap());
    assert_asked(&Flow::new(&app, &client).start(&browser));
}

#[test]
fn an_application_can_have_the_person_asked() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    let flow = Flow::new(&app, &client);
    flow.tokens(&member);
    let browser = app.signed_in(&member);
    assert_asked(&flow.clone().with("prompt", "consent").start(&browser));
    assert_asked(&flow.clone().with("prompt", "select_account").start(&browser));
    flow.with("prompt", "login").start(&browser).assert_text("Sign in");
}

#[test]
fn one_persons_consent_is_not_anothers() {
    let app = TestApp::new();
    let client = app.confidential(LASTING);
    Flow::new(&app, &client).tokens(&app.member(Role::Owner));
    assert_asked(&Flow::new(&app, &client).start(&app.signed_in(&app.member(Role::Owner))));
    assert_asked(
        &Flow::new(&app, &app.confidential(LASTING)).start(&app.signed_in(&app.member(Role::Owner))),
    );
}

#[test]
fn a_consent_in_one_organization_is_not_one_in_another() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    let second = app.organization("Rival Reef");
    app.join(&crate::support::Member { organization: second.clone(), ..member.clone() });
    let flow = Flow::new(&app, &client);
    let browser = app.signed_in(&member);
    let page = flow.start(&browser);
    browser.get(&format!("{}?organization_id={}", page.asked.split_once(' ').unwrap().1, second.id));
    browser.submit_once("/oauth2/consent/", &[("decision", "allow")]).assert_status(303);
    assert_asked(&flow.start(&app.signed_in(&member)));
}

#[test]
fn a_revoked_grant_is_not_remembered() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    flow.redeem(&code).assert_status(200);
    app.advance_secs(2);
    flow.redeem(&code).assert_status(400);
    assert_asked(&flow.start(&app.signed_in(&member)));
}

#[test]
fn a_role_that_lacks_a_scope_now_is_not_remembered_either() {
    let app = TestApp::new();
    let (member, client) =
        (app.member(Role::Operator), app.confidential(&format!("{LASTING} devices:write")));
    let flow = Flow::new(&app, &client);
    flow.tokens(&member);
    app.set_role(&member, Role::Viewer);
    let browser = app.signed_in(&member);
    flow.start(&browser).assert_page(403).assert_text("devices:write");
    flow.clone().scope(LASTING).start(&browser).assert_page(403);
    flow.scope(LASTING).with("prompt", "none").start(&browser).assert_sent_back("consent_required");
}
