//! Profile: one's password, and the browsers in which one is signed in.

use rules::role::Role;

use crate::support::{Flow, TestApp};

const PROFILE: &str = "/settings/profile";
const NEW: &str = "the sea is a new one";

#[test]
fn a_profile_shows_who_one_is_and_where_one_is_signed_in() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let (browser, _other) = (app.signed_in(&member), app.signed_in(&member));
    let page = browser.get(PROFILE);
    page.assert_status(200).assert_text(&member.person.name).assert_text(&member.email);
    page.assert_text("Viewer in Harbour Trust").assert_text("This browser").assert_text("127.0.0.1");
    assert_eq!(page.forms().iter().filter(|form| form.action.ends_with("/end")).count(), 1);
    app.browser().get(PROFILE).assert_text("Sign in");
}

#[test]
fn a_password_is_changed_by_who_knows_it_and_signs_out_everybody_else() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let (browser, other) = (app.signed_in(&member), app.signed_in(&member));
    let kept = browser.cookie("session").unwrap();
    browser.get(PROFILE);
    let fields = [("current_password", member.password.as_str()), ("password", NEW)];
    browser.submit("/settings/profile/password", &fields).assert_status(200).assert_text(&member.email);
    other.get(PROFILE).assert_text("Sign in");
    // The session goes on, with a token that whoever had the old one doesn't know.
    let thief = app.browser();
    thief.set_cookie("session", &kept);
    thief.get(PROFILE).assert_text("Sign in");
    app.browser().sign_in(&member).assert_status(401);
    app.browser().try_password(&member.email, NEW).assert_status(200);
    let mail = app.mails_to(&member.email).remove(0);
    assert!(mail.contains("Subject: Your password was changed") && mail.contains("127.0.0.1"), "{mail}");
    assert!(!app.database_text().contains(NEW));
    let done = app.audit_of(member.person.id.as_str());
    assert!(done.iter().any(|action| action == "password.changed"), "{done:?}");
}

#[test]
fn a_password_is_not_changed_without_the_present_one() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    for (current, new, words) in [
        ("a guess of twelve", NEW, "not the password that you have now"),
        ("", NEW, "Enter the password that you have now"),
        (member.password.as_str(), "short", "at least 12 characters"),
    ] {
        browser.get(PROFILE);
        let fields = [("current_password", current), ("password", new)];
        browser.submit("/settings/profile/password", &fields).assert_page(400).assert_text(words);
    }
    app.browser().sign_in(&member).assert_status(200);
}

#[test]
fn guessing_the_present_password_is_slowed_like_signing_in() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    browser.get(PROFILE);
    let guess = [("current_password", "a guess of twelve"), ("password", NEW)];
    let held = (0..40)
        .map(|_| browser.submit("/settings/profile/password", &guess))
        .find(|answer| answer.status.as_u16() != 400)
        .expect("somebody stops the guessing");
    held.assert_page(429).assert_text("Too many tries");
}

#[test]
fn a_new_password_ends_the_access_of_applications_if_one_wants_that() {
    let app = TestApp::new();
    let client = app.confidential("devices:read offline_access");
    for (ticked, status) in [("", 200), ("yes", 401)] {
        let member = app.member(Role::Viewer);
        let tokens = Flow::new(&app, &client).tokens(&member);
        app.program(&tokens.access).get("/v1/me").assert_status(200);
        let browser = app.signed_in(&member);
        browser.get(PROFILE);
        let fields =
            [("current_password", member.password.as_str()), ("password", NEW), ("end_applications", ticked)];
        browser.submit("/settings/profile/password", &fields).assert_status(200);
        app.program(&tokens.access).get("/v1/me").assert_status(status);
    }
}

#[test]
fn one_session_is_ended_from_another_and_nobody_elses() {
    let app = TestApp::new();
    let (member, stranger) = (app.member(Role::Viewer), app.member(Role::Owner));
    let (browser, other) = (app.signed_in(&member), app.signed_in(&member));
    let theirs = app.signed_in(&stranger);
    browser.get(PROFILE);
    let own = browser.page().forms().into_iter().find(|form| form.action.ends_with("/end")).unwrap();
    // Somebody else can't end it, and can't tell it from one that is not there.
    theirs.get(PROFILE);
    theirs.post(&own.action, &[]).assert_page(404);
    other.get(PROFILE).assert_text(&member.email);
    browser.get(PROFILE);
    browser.post(&own.action, &[]).assert_status(200).assert_text("This browser");
    other.get(PROFILE).assert_text("Sign in");
    browser.get(PROFILE).assert_no_text("Sign out everywhere else");
}

#[test]
fn all_other_sessions_are_ended_at_once() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let others = [app.signed_in(&member), app.signed_in(&member)];
    let (browser, stranger) = (app.signed_in(&member), app.signed_in(&app.member(Role::Viewer)));
    browser.get(PROFILE);
    browser
        .submit("/settings/profile/sessions/end-others", &[])
        .assert_status(200)
        .assert_text("This browser");
    for other in others {
        other.get(PROFILE).assert_text("Sign in");
    }
    stranger.get(PROFILE).assert_text("This browser");
}

#[test]
fn a_session_that_is_over_is_not_listed() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    app.signed_in(&member);
    app.advance_days(8);
    let page = app.signed_in(&member).get(PROFILE);
    page.assert_text("This browser").assert_no_text("Sign out everywhere else");
}
