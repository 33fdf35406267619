//! Between the request and the answer: one browser, one person, one decision, ten minutes.

use axum::body::Body;
use axum::http::Method;
use rules::role::Role;

use crate::support::{Flow, TestApp, request};

#[test]
fn a_person_signs_in_on_the_way_and_goes_on_to_consent() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let browser = app.browser();
    let page = Flow::new(&app, &client).with("login_hint", &member.email).start(&browser);
    page.assert_page(200).assert_text("Sign in").assert_text(&client.application.profile.name);
    assert!(page.body.contains(&member.email), "the hint is filled in");
    browser.sign_in(&member).assert_page(200).assert_text("asks for your data").assert_text(&member.email);
}

#[test]
fn every_step_after_a_form_is_a_303() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let (flow, browser) = (Flow::new(&app, &client), app.browser());
    flow.start(&browser);
    let fields = [("email", member.email.as_str()), ("password", &member.password)];
    let signed_in = browser.submit_once("/login", &fields);
    signed_in.assert_status(303);
    browser.get(signed_in.location());
    browser.submit_once("/oauth2/consent/", &[("decision", "allow")]).assert_status(303);
}

#[test]
fn a_request_belongs_to_the_browser_that_brought_it() {
    let app = TestApp::new();
    let (attacker, victim) = (app.member(Role::Viewer), app.member(Role::Owner));
    let client = app.confidential("devices:read");
    let (own, other) = (app.browser(), app.signed_in(&victim));
    let page = Flow::new(&app, &client).start(&own);
    let id = page.asked.rsplit('=').next().unwrap().to_owned();
    assert!(id.starts_with("req_"), "{}", page.asked);
    let rows = app.rows();
    for path in [format!("/login?request={id}"), format!("/oauth2/consent/{id}")] {
        other.get(&path).assert_page(410).assert_text("This request is over");
    }
    other.get("/settings/developer/api-keys");
    let allow = [("decision", "allow"), ("organization_id", app.home().id.as_str())];
    other.post(&format!("/oauth2/consent/{id}"), &allow).assert_page(410);
    assert_eq!(app.rows(), rows);
    own.sign_in(&attacker).assert_status(200).assert_text("asks for your data");
}

#[test]
fn a_request_waits_ten_minutes() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    for (seconds, status) in [(599, 303), (600, 410), (601, 410)] {
        let browser = app.signed_in(&member);
        Flow::new(&app, &client).start(&browser).assert_text("asks for your data");
        app.advance_secs(seconds);
        let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
        assert_eq!(answer.status.as_u16(), status, "{seconds}");
        assert_eq!(answer.param("code").is_some(), status == 303);
    }
}

#[test]
fn an_address_leaves_no_more_than_500_requests_behind_whatever_it_does_with_its_cookies() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let flow = Flow::new(&app, &client);
    let (oldest, near) = (app.browser(), app.browser());
    let first = flow.start(&oldest).asked.split_once(' ').unwrap().1.to_owned();
    let target = flow.url();
    let ask = |peer: &str| {
        app.tick();
        app.send_from(peer, request(Method::GET, &target).body(Body::empty()).unwrap()).assert_status(303);
    };
    // An IPv6 host has 2^64 addresses and is one.
    ask("2001:db8::1");
    for _ in 0..498 {
        ask("127.0.0.1");
    }
    oldest.get(&first).assert_text("Sign in");
    let second = flow.start(&near).asked.split_once(' ').unwrap().1.to_owned();
    assert_eq!(app.rows()["authorization_request"], 501);
    ask("127.0.0.1");
    assert_eq!(app.rows()["authorization_request"], 501);
    oldest.get(&first).assert_page(410);
    near.get(&second).assert_page(200).assert_text("Sign in");
    for host in 2..510 {
        ask(&format!("2001:db8::{host:x}"));
    }
    assert_eq!(app.rows()["authorization_request"], 1000);
}

#[test]
fn a_request_is_answered_once() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    for (first, again) in [("allow", "allow"), ("allow", "deny"), ("deny", "allow"), ("deny", "deny")] {
        let browser = app.signed_in(&member);
        let page = Flow::new(&app, &client).start(&browser);
        browser.submit_once("/oauth2/consent/", &[("decision", first)]).assert_status(303);
        let rows = app.rows();
        // The page is still open, as after pressing Back.
        browser.submit_once("/oauth2/consent/", &[("decision", again)]).assert_page(410);
        browser.get(page.asked.split_once(' ').unwrap().1).assert_page(410);
        assert_eq!(app.rows(), rows);
    }
}

#[test]
fn a_silent_request_gets_no_page() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let silent = Flow::new(&app, &client).with("prompt", "none");
    silent.start(&app.browser()).assert_sent_back("login_required");
    silent.start(&app.signed_in(&member)).assert_sent_back("consent_required");
    Flow::new(&app, &client).code(&member);
    assert!(silent.start(&app.signed_in(&member)).param("code").is_some(), "consent was given before");
}

#[test]
fn prompt_login_asks_for_the_password_again() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let browser = app.signed_in(&member);
    let session = browser.cookie("session").unwrap();
    app.advance_secs(1);
    let page = Flow::new(&app, &client).with("prompt", "login").start(&browser);
    page.assert_page(200).assert_text("Sign in");
    let id = page.asked.rsplit('=').next().unwrap().to_owned();
    // Around the sign-in there is no way.
    browser.get(&format!("/oauth2/consent/{id}")).assert_text("Sign in");
    browser.post(&format!("/oauth2/consent/{id}"), &[("decision", "allow")]).assert_text("Sign in");
    app.advance_secs(1);
    browser.try_password(&member.email, "a guess").assert_status(401);
    browser.sign_in(&member).assert_text("asks for your data");
    assert_ne!(browser.cookie("session").unwrap(), session);
    assert!(browser.submit_once("/oauth2/consent/", &[("decision", "allow")]).param("code").is_some());
}

#[test]
fn another_person_who_signs_in_on_the_way_is_the_one_who_consents() {
    let app = TestApp::new();
    let (first, second) = (app.member(Role::Owner), app.member(Role::Viewer));
    let client = app.confidential("devices:read");
    let flow = Flow::new(&app, &client).with("prompt", "login");
    let browser = app.signed_in(&first);
    let old_session = browser.cookie("session").unwrap();
    flow.start(&browser);
    app.advance_secs(1);
    browser
        .sign_in(&second)
        .assert_text("asks for your data")
        .assert_text(&second.email)
        .assert_no_text(&first.email);
    let code = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]).param("code").unwrap();
    let token = crate::support::Tokens::of(&flow.redeem(&code)).access;
    let me = app.program(&token).get("/v1/me").json();
    assert_eq!(me["principal"]["id"], second.person.id.as_str());
    let thief = app.browser();
    thief.set_cookie("session", &old_session);
    thief.get("/settings/developer/api-keys").assert_text("Sign in");
}

#[test]
fn switching_the_account_signs_out_and_comes_back_to_the_request() {
    let app = TestApp::new();
    let (first, second) = (app.member(Role::Viewer), app.member(Role::Viewer));
    let client = app.confidential("devices:read");
    let browser = app.signed_in(&first);
    let page = Flow::new(&app, &client).start(&browser);
    let switch = page.forms().into_iter().find(|form| form.action.ends_with("switch-account")).unwrap();
    browser.submit(&switch.action, &[]).assert_text("Sign in").assert_text(&client.application.profile.name);
    browser.sign_in(&second).assert_text("asks for your data").assert_text(&second.email);
}

#[test]
fn a_person_who_signed_out_meanwhile_consents_to_nothing() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let browser = app.signed_in(&member);
    let page = Flow::new(&app, &client).start(&browser);
    let action = page.asked.split_once(' ').unwrap().1.to_owned();
    let token = browser.csrf_token();
    browser.get("/docs");
    browser.post_own("/logout", &[("csrf_token", &token)]).assert_status(303);
    let fields = [("decision", "allow"), ("csrf_token", token.as_str())];
    browser.post_own(&action, &fields).assert_page(403);
    assert_eq!(app.rows()["oauth_grant"], 0);
}

#[test]
fn a_browser_keeps_its_newest_twenty_requests() {
    let app = TestApp::new();
    let (client, browser) = (app.confidential("devices:read"), app.browser());
    let mut started = Vec::new();
    for _ in 0..25 {
        app.advance_secs(1);
        started.push(Flow::new(&app, &client).start(&browser).asked.split_once(' ').unwrap().1.to_owned());
    }
    assert_eq!(app.rows()["authorization_request"], 20);
    browser.get(&started[4]).assert_page(410);
    browser.get(&started[5]).assert_status(200);
}

#[test]
fn what_waits_too_long_is_swept_away() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    for _ in 0..10 {
        Flow::new(&app, &client).start(&app.browser());
    }
    app.advance_days(2);
    app.wait(server::worker::sweep_up(&app.app));
    assert_eq!(app.rows()["authorization_request"], 0);
}

#[test]
fn the_address_of_a_request_opens_nothing_in_a_browser_that_was_never_here() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Owner), app.confidential("devices:read"));
    let own = app.browser();
    let login = Flow::new(&app, &client).start(&own).asked.split_once(' ').unwrap().1.to_owned();
    let consent = login.replace("/login?request=", "/oauth2/consent/");
    let other = app.browser();
    for path in [&login, &consent] {
        other.get(path).assert_page(410).assert_no_text(&client.application.profile.name);
    }
    // Nor after signing in there, nor by sending the forms that the first browser was shown.
    other.sign_in(&member).assert_no_text("asks for your data");
    other.get(&consent).assert_page(410);
    let credentials = [("email", member.email.as_str()), ("password", member.password.as_str())];
    for (path, fields) in [(&login, &credentials[..]), (&consent, &[("decision", "allow")])] {
        other.get("/devices");
        other.post(path, fields).assert_page(410);
    }
    assert_eq!((app.rows()["oauth_grant"], app.rows()["authorization_code"]), (0, 0));
}

#[test]
fn a_page_that_one_person_left_open_is_not_answered_in_the_name_of_the_next() {
    let app = TestApp::new();
    let (first, second) = (app.member(Role::Owner), app.member(Role::Viewer));
    let client = app.confidential("devices:read");
    let browser = app.signed_in(&first);
    let left_open = Flow::new(&app, &client).start(&browser);
    left_open.assert_text(&first.email);
    // In another tab the application has somebody sign in again, and it is somebody else.
    app.advance_secs(1);
    Flow::new(&app, &client).with("prompt", "login").start(&browser).assert_text("Sign in");
    app.advance_secs(1);
    browser.sign_in(&second).assert_text(&second.email);
    let path = left_open.asked.split_once(' ').unwrap().1;
    let form = left_open.forms().into_iter().find(|form| form.action == path).unwrap();
    let own = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<_> = own.chain([("decision", "allow")]).collect();
    browser.post_own(path, &fields).assert_page(403).assert_text("did not come from a page of ours");
    assert_eq!((app.rows()["oauth_grant"], app.rows()["authorization_code"]), (0, 0));
    browser.get(path).assert_text(&second.email).assert_no_text(&first.email);
}

#[test]
fn who_goes_back_instead_of_signing_in_again_is_still_who_they_were_and_the_request_still_waits() {
    let app = TestApp::new();
    let (first, second) = (app.member(Role::Owner), app.member(Role::Viewer));
    let client = app.confidential("devices:read");
    let browser = app.signed_in(&first);
    let session = browser.cookie("session").unwrap();
    app.advance_secs(1);
    let page = Flow::new(&app, &client).with("prompt", "login").start(&browser);
    let login = page.asked.split_once(' ').unwrap().1.to_owned();
    let consent = login.replace("/login?request=", "/oauth2/consent/");
    browser.get("/settings/developer/api-keys").assert_text(&first.person.name);
    assert_eq!(browser.cookie("session").unwrap(), session);
    browser.get(&consent).assert_text("Sign in").assert_no_text("asks for your data");
    app.advance_secs(1);
    browser.get(&login);
    browser.sign_in(&second).assert_text("asks for your data").assert_text(&second.email);
    assert_ne!(browser.cookie("session").unwrap(), session);
    let thief = app.browser();
    thief.set_cookie("session", &session);
    thief.get("/settings/developer/api-keys").assert_text("Sign in");
}
