//! Signing in: who gets in, who is held back, and where it leads.

use rules::role::Role;

use crate::support::{Answer, TestApp};

/// A page's words without the id of its request, which differs each time.
fn told(page: &Answer) -> String {
    page.words().replace(page.header("x-request-id").unwrap(), "")
}

#[test]
fn a_person_signs_in_and_sees_the_console() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let browser = app.browser();
    browser.get("/").assert_status(200).assert_text("Sign in");
    browser.sign_in(&admin).assert_status(200).assert_text("API Keys").assert_text(&admin.person.name);
}

#[test]
fn an_address_is_known_in_any_case() {
    let app = TestApp::new();
    let admin = app.member(Role::Owner);
    let shouted = format!("  {} ", admin.email.to_uppercase());
    app.browser().try_password(&shouted, &admin.password).assert_status(200).assert_text("API Keys");
}

#[test]
fn a_wrong_password_and_an_unknown_person_look_the_same() {
    let app = TestApp::new();
    let (member, browser) = (app.member(Role::Viewer), app.browser());
    let wrong = browser.try_password(&member.email, "not the password");
    wrong.assert_page(401).assert_text("Email and password don't match");
    let unknown = browser.try_password("nobody@harbour.example", &member.password);
    assert_eq!(unknown.status, wrong.status);
    assert_eq!(told(&unknown), told(&wrong));
    assert!(browser.cookie("session").is_none());
}

#[test]
fn a_password_is_taken_whole_and_as_it_is() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let right = &member.password;
    let cut = &right[..right.len() - 1];
    for wrong in [cut, &format!("{right} "), &right.to_uppercase(), "", &format!("{right}\0")] {
        app.browser().try_password(&member.email, wrong).assert_status(401);
    }
}

#[test]
fn what_is_too_long_to_be_right_is_not_even_hashed() {
    let app = TestApp::new();
    let long = "x".repeat(2000);
    app.browser().try_password("a@b.example", &long).assert_page(400).assert_text("too long");
    app.browser().try_password(&long, "a").assert_page(400).assert_text("too long");
}

#[test]
fn too_many_tries_are_held_back_and_nobody_else_is() {
    let app = TestApp::new();
    let (victim, other) = (app.member(Role::Owner), app.member(Role::Owner));
    let browser = app.browser();
    let held = (0..40)
        .map(|_| browser.try_password(&victim.email, "a guess"))
        .find(|answer| answer.status.as_u16() != 401)
        .expect("somebody stops the guessing");
    held.assert_page(429).assert_text("Too many tries");
    assert!(held.header("retry-after").unwrap().parse::<u64>().unwrap() <= 10);
    // The right password tells a guesser nothing while he is held back …
    browser.sign_in(&victim).assert_status(429);
    // … and the neighbour, from the same address, comes in.
    app.browser().sign_in(&other).assert_status(200).assert_text("API Keys");
}

#[test]
fn after_sign_in_one_goes_on_within_this_site_only() {
    let app = TestApp::new();
    let member = app.member(Role::Owner);
    for (return_to, goes_to) in [
        (
            "/settings/developer/oauth-applications?before=x",
            "/settings/developer/oauth-applications?before=x",
        ),
        ("/devices?after=bøye%20å b", "/devices?after=b%C3%B8ye%20%C3%A5 b"),
        ("//evil.example", "/"),
        ("///evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        ("https://evil.example", "/"),
        ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("@evil.example", "/"),
        (".evil.example", "/"),
        (" //evil.example", "/"),
        ("", "/"),
    ] {
        let browser = app.browser();
        let query = crate::support::encode(&[("return_to", return_to)]);
        browser.get(&format!("/login?{query}"));
        let fields = [("email", member.email.as_str()), ("password", member.password.as_str())];
        let answer = browser.submit_once("/login", &fields);
        answer.assert_status(303);
        assert_eq!(answer.location(), goes_to, "{return_to:?}");
        // Who is signed in already is sent on, by the same rule.
        assert_eq!(browser.get_once(&format!("/login?{query}")).location(), goes_to, "{return_to:?}");
    }
}

#[test]
fn a_page_that_needs_a_session_comes_back_after_sign_in() {
    let app = TestApp::new();
    let (admin, key) = (app.member(Role::Owner), app.key("devices:read"));
    let page = format!("/settings/developer/api-keys/{}", key.id);
    let browser = app.browser();
    browser.get(&page).assert_text("Sign in");
    browser.sign_in(&admin).assert_status(200).assert_text("What it may do");
}

#[test]
fn failed_and_good_sign_ins_are_in_the_audit_log() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.browser();
    browser.try_password(&member.email, "a guess");
    browser.sign_in(&member);
    let id = member.person.id.to_string();
    assert_eq!(app.audit_of(&id), ["session.refused", "session.started"]);
}
