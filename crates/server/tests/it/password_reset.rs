//! "Forgot your password?": who gets a link, what it opens, and that nobody learns who has an account.

use rules::role::Role;

use crate::support::{Answer, Browser, Member, TestApp};

const NEW: &str = "the sea is a new one";

/// Asks for a link as somebody who types this address.
fn ask(browser: &Browser<'_>, email: &str) -> Answer {
    browser.get("/reset");
    browser.submit("/reset", &[("email", email)])
}

/// The link in the latest mail to this person.
#[track_caller]
fn link(app: &TestApp, member: &Member) -> String {
    let mail = app.mails_to(&member.email).into_iter().next().expect("a mail");
    let start = mail.find("http://127.0.0.1:8080/reset/").expect("a link in the mail");
    let link = mail[start..].split_whitespace().next().unwrap();
    link.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned()
}

fn set(browser: &Browser<'_>, link: &str) -> Answer {
    browser.get(link).assert_status(200);
    browser.submit("/reset/", &[("password", NEW)])
}

#[test]
fn a_link_comes_by_mail_and_sets_a_new_password_once() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let session = app.signed_in(&member);
    app.advance_secs(1);
    let browser = app.browser();
    browser.get("/login").assert_text("Forgot your password?");
    ask(&browser, &format!(" {} ", member.email.to_uppercase())).assert_status(200).assert_text("on its way");
    let link = link(&app, &member);
    // Programs that check mails look at links first, and that must use nothing up.
    app.browser().get(&link).assert_text("Set a new password");
    browser.get(&link);
    browser
        .submit("/reset/", &[("password", "short")])
        .assert_page(400)
        .assert_text("at least 12 characters");
    app.tick();
    set(&browser, &link).assert_status(200).assert_text("Your password is set");
    session.get("/settings/profile").assert_text("Sign in");
    app.browser().sign_in(&member).assert_status(401);
    app.browser().try_password(&member.email, NEW).assert_status(200);
    app.browser().get(&link).assert_page(404).assert_text("does not open anything");
    let done = app.audit_of(member.person.id.as_str());
    assert!(done.iter().any(|action| action == "password_reset.used"), "{done:?}");
    assert!(app.mails_to(&member.email)[0].contains("Your password was changed"));
}

#[test]
fn a_known_and_an_unknown_address_look_the_same_and_cost_the_same() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let told = |email: &str| {
        let before = app.rows();
        let page = ask(&app.browser(), email);
        let after = app.rows();
        let rows: Vec<i64> = before.iter().map(|(table, count)| after[table] - count).collect();
        let mut headers = page.headers.clone();
        let id = headers.remove("x-request-id").unwrap();
        (page.status, headers, page.body.replace(id.to_str().unwrap(), ""), rows)
    };
    let (known, unknown) = (told(&member.email), told("nobody@harbour.example"));
    assert_eq!(known.3, unknown.3, "the same rows are written");
    assert_eq!((known.0, known.1, known.2), (unknown.0, unknown.1, unknown.2));
    assert_eq!(app.mails_to(&member.email).len(), 1);
    assert_eq!(app.mails_to("nobody@harbour.example").len(), 0);
}

#[test]
fn a_link_ends_with_its_hour_with_a_new_password_and_with_the_account() {
    let app = TestApp::new();
    let too_late = app.member(Role::Viewer);
    ask(&app.browser(), &too_late.email);
    let link_1 = link(&app, &too_late);
    let changed = app.member(Role::Viewer);
    ask(&app.browser(), &changed.email);
    let link_2 = link(&app, &changed);
    let disabled = app.member(Role::Viewer);
    ask(&app.browser(), &disabled.email);
    let link_3 = link(&app, &disabled);
    app.advance_secs(1);
    let browser = app.signed_in(&changed);
    browser.get("/settings/profile");
    let fields = [("current_password", changed.password.as_str()), ("password", NEW)];
    browser.submit("/settings/profile/password", &fields).assert_status(200);
    app.browser().get(&link_2).assert_page(404);
    app.disable(&disabled);
    app.browser().get(&link_3).assert_page(404);
    app.advance_secs(3597);
    let open = app.browser();
    open.get(&link_1).assert_status(200);
    app.advance_secs(2);
    open.submit("/reset/", &[("password", NEW)]).assert_page(404);
    app.browser().get(&link_1).assert_page(404);
}

#[test]
fn one_of_two_links_is_the_end_of_the_other() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    ask(&app.browser(), &member.email);
    let first = link(&app, &member);
    app.advance_secs(1);
    ask(&app.browser(), &member.email);
    let second = link(&app, &member);
    assert_ne!(first, second);
    app.advance_secs(1);
    set(&app.browser(), &second).assert_status(200);
    app.browser().get(&first).assert_page(404);
}

#[test]
fn a_link_that_was_altered_opens_nothing() {
    let app = TestApp::new();
    let (one, other) = (app.member(Role::Viewer), app.member(Role::Owner));
    ask(&app.browser(), &one.email);
    let mine = link(&app, &one);
    app.tick();
    ask(&app.browser(), &other.email);
    let theirs = link(&app, &other);
    let (path, token) = mine.split_once('?').unwrap();
    let (their_path, _) = theirs.split_once('?').unwrap();
    for altered in [
        path.to_owned(),
        format!("{path}?token="),
        format!("{path}?{}x", token),
        format!("{their_path}?{token}"),
        mine.replace("pr_bsn_", "su_bsn_"),
        "/reset/rst_1?token=x".to_owned(),
    ] {
        app.browser().get(&altered).assert_page(404);
    }
    app.browser().get(&mine).assert_status(200);
}

#[test]
fn links_are_bounded_for_one_address_and_for_one_network() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    for _ in 0..5 {
        ask(&app.browser(), &member.email).assert_status(200);
        app.tick();
    }
    assert_eq!(app.mails_to(&member.email).len(), 3);
    let held = (0..20)
        .map(|number| ask(&app.browser(), &format!("nobody-{number}@harbour.example")))
        .find(|answer| answer.status.as_u16() != 200)
        .expect("somebody stops the asking");
    held.assert_page(429).assert_header("retry-after", "60");
}

#[test]
fn a_link_always_leads_to_the_public_url() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.browser();
    browser.get("/reset");
    let token = browser.csrf_token();
    let headers = [
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("origin", "http://127.0.0.1:8080"),
        ("sec-fetch-site", "same-origin"),
    ];
    browser
        .post_as("/reset", &[("email", member.email.as_str()), ("csrf_token", &token)], &headers)
        .assert_status(200);
    assert!(!app.mails_to(&member.email)[0].contains("evil"));
    set(&app.browser(), &link(&app, &member)).assert_status(200);
}

#[test]
fn a_link_does_not_take_the_place_of_the_second_factor() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let _phone = crate::support::Phone::set_up(&app, &app.signed_in(&member));
    app.advance_secs(1);
    ask(&app.browser(), &member.email);
    set(&app.browser(), &link(&app, &member)).assert_status(200);
    app.browser().try_password(&member.email, NEW).assert_status(200).assert_text("Enter your code");
}
