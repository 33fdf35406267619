//! Two-factor: a code after the password, recovery codes, and what it takes to change any of it.

use jiff::SignedDuration;

use rules::role::Role;

use crate::support::{Answer, Browser, Flow, Member, Phone, TestApp, recovery_codes};

const PROFILE: &str = "/settings/profile";
const CODE: &str = "/login/code";

fn enter(browser: &Browser<'_>, code: &str) -> Answer {
    browser.submit(CODE, &[("code", code)])
}

/// A browser that has sent the right password and is asked for a code.
#[track_caller]
fn asked<'a>(app: &'a TestApp, member: &Member) -> Browser<'a> {
    let browser = app.browser();
    browser.sign_in(member).assert_status(200).assert_text("Enter your code");
    browser
}

#[test]
fn a_code_is_asked_after_the_password_and_nothing_opens_before_it() {
    let app = TestApp::new();
    let member = app.member(Role::Owner);
    let phone = Phone::set_up(&app, &app.signed_in(&member));
    app.advance_secs(60);
    let browser = asked(&app, &member);
    assert!(browser.cookie("session").is_none(), "a password alone makes no session");
    browser.get("/settings/developer/api-keys").assert_text("Sign in");
    browser.get(CODE).assert_text("Enter your code");
    enter(&browser, &phone.code()).assert_status(200).assert_text("API Keys");
    assert!(browser.cookie("step").is_none());
    let done = app.audit_of(member.person.id.as_str());
    assert!(done.iter().any(|action| action == "second_factor.added"), "{done:?}");
}

#[test]
fn each_step_has_a_token_of_its_own_that_is_dead_afterwards_and_elsewhere() {
    let app = TestApp::new();
    let member = app.member(Role::Owner);
    let phone = Phone::set_up(&app, &app.signed_in(&member));
    app.advance_secs(60);
    let browser = asked(&app, &member);
    let step = browser.cookie("step").unwrap();
    // Another browser with the stolen step is nobody.
    let thief = app.browser();
    thief.get("/login");
    thief.set_cookie("step", &step);
    thief.get(CODE).assert_text("Sign in").assert_no_text("Enter your code");
    enter(&browser, &phone.code()).assert_text("API Keys");
    let session = browser.cookie("session").unwrap();
    assert_ne!(step[7..], session[7..]);
    browser.set_cookie("step", &step);
    assert!(browser.get_once(CODE).location().starts_with("/login"));
}

#[test]
fn a_step_is_over_after_ten_minutes_and_with_a_new_password() {
    let app = TestApp::new();
    let member = app.member(Role::Owner);
    let home = app.signed_in(&member);
    let phone = Phone::set_up(&app, &home);
    app.advance_secs(60);
    let slow = asked(&app, &member);
    app.advance_secs(600);
    enter(&slow, &phone.code()).assert_text("Sign in").assert_no_text("API Keys");
    let thief = asked(&app, &member);
    home.get("/confirm");
    home.submit("/confirm", &[("password", member.password.as_str()), ("code", &phone.code())]);
    app.advance_secs(60);
    home.get(PROFILE);
    let fields = [("current_password", member.password.as_str()), ("password", "the sea is a new one")];
    home.submit("/settings/profile/password", &fields).assert_status(200);
    enter(&thief, &phone.code()).assert_text("Sign in").assert_no_text("API Keys");
}

#[test]
fn a_code_counts_once_and_from_one_step_early_to_one_step_late() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let phone = Phone::set_up(&app, &app.signed_in(&member));
    // The code that set it up is used.
    enter(&asked(&app, &member), &phone.code()).assert_page(401).assert_text("used already");
    app.advance_secs(300);
    enter(&asked(&app, &member), &phone.code_in(-60)).assert_page(401);
    enter(&asked(&app, &member), &phone.code_in(60)).assert_page(401);
    enter(&asked(&app, &member), &phone.code_in(-30)).assert_status(200);
    enter(&asked(&app, &member), &phone.code_in(-30)).assert_page(401);
    enter(&asked(&app, &member), &phone.code_in(30)).assert_status(200);
    // Older than the last that counted, though its own turn has not passed.
    enter(&asked(&app, &member), &phone.code()).assert_page(401);
}

#[test]
fn the_code_of_somebody_else_is_worth_nothing() {
    let app = TestApp::new();
    let (one, other) = (app.member(Role::Viewer), app.member(Role::Owner));
    let _mine = Phone::set_up(&app, &app.signed_in(&one));
    let theirs = Phone::set_up(&app, &app.signed_in(&other));
    app.advance_secs(60);
    enter(&asked(&app, &one), &theirs.code()).assert_page(401);
    enter(&asked(&app, &one), &theirs.recovery_codes[0]).assert_page(401);
    enter(&asked(&app, &other), &theirs.code()).assert_status(200);
}

#[test]
fn guessing_is_stopped_for_the_account_and_also_after_a_restart() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let phone = Phone::set_up(&app, &app.signed_in(&member));
    app.tick();
    let (wrong, recovery) = (phone.wrong_code(), phone.recovery_codes[0].clone());
    for _ in 0..5 {
        enter(&asked(&app, &member), &wrong).assert_page(401);
    }
    let held = enter(&asked(&app, &member), &wrong);
    held.assert_page(429).assert_text("Too many wrong codes");
    assert!(held.header("retry-after").unwrap().parse::<u64>().unwrap() <= 61);
    let mails = app.mails_to(&member.email);
    assert!(mails[0].contains("Subject: Somebody has your password"), "{}", mails[0]);
    // The counter is in the database, and a new process finds it.
    let app = app.restarted(1);
    enter(&asked(&app, &member), &wrong).assert_page(429);
    // Whoever has the phone's owner's recovery code is not kept out by a guesser.
    enter(&asked(&app, &member), &recovery).assert_status(200);
}

#[test]
fn after_the_wait_the_right_code_counts_again() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let phone = Phone::set_up(&app, &app.signed_in(&member));
    for _ in 0..5 {
        enter(&asked(&app, &member), &phone.wrong_code()).assert_page(401);
    }
    enter(&asked(&app, &member), &phone.code()).assert_page(429);
    app.advance_secs(61);
    enter(&asked(&app, &member), &phone.code()).assert_status(200);
}

#[test]
fn a_recovery_code_counts_once_and_its_person_is_told() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let phone = Phone::set_up(&app, &app.signed_in(&member));
    assert_eq!(phone.recovery_codes.len(), 10);
    app.tick();
    let code = &phone.recovery_codes[3];
    let browser = asked(&app, &member);
    enter(&browser, &code.to_uppercase().replace('-', " ")).assert_status(200);
    browser.get(PROFILE).assert_text("9 of 10");
    enter(&asked(&app, &member), code).assert_page(401);
    let mail = app.mails_to(&member.email).remove(0);
    assert!(mail.contains("Subject: A recovery code was used") && mail.contains("9 are left"), "{mail}");
}

#[test]
fn the_database_holds_neither_key_nor_recovery_codes() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Viewer));
    let page = browser.get("/settings/profile/two-factor/new");
    let key =
        page.body.split("<pre id=\"secret\">").nth(1).unwrap().split('<').next().unwrap().replace(' ', "");
    let phone = Phone::scan(&app, &page);
    let shown = browser.submit("/settings/profile/two-factor", &[("code", &phone.code())]);
    let database = app.database_text();
    assert!(!database.contains(&key));
    for code in recovery_codes(&shown) {
        assert!(!database.contains(&code) && !database.contains(&code.replace('-', "")));
    }
    let sealed: Vec<u8> =
        app.read(|tx| Ok(tx.one("SELECT sealed_seed FROM authenticator", &[], |row| row.get(0))?));
    assert_eq!(sealed.len(), 24 + 20 + 16, "nonce, seed, tag");
}

#[test]
fn a_page_that_is_only_looked_at_sets_nothing_up() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Viewer));
    let before = app.rows();
    let page = browser.get("/settings/profile/two-factor/new");
    page.assert_status(200).assert_text("Type this key").assert_text("time-based");
    assert!(page.body.contains("<svg class=\"qr\""));
    let phone = Phone::scan(&app, &page);
    let wrong = browser.submit("/settings/profile/two-factor", &[("code", &phone.wrong_code())]);
    wrong.assert_page(400).assert_text("not the code that your app shows");
    assert_eq!(app.rows(), before);
    // The same key is offered again, because the app has it already.
    let again = browser.submit("/settings/profile/two-factor", &[("code", &phone.code())]);
    again.assert_status(200).assert_text("Your recovery codes");
}

#[test]
fn a_key_that_was_offered_to_somebody_else_or_long_ago_is_not_taken() {
    let app = TestApp::new();
    let (victim, attacker) =
        (app.signed_in(&app.member(Role::Owner)), app.signed_in(&app.member(Role::Viewer)));
    let page = attacker.get("/settings/profile/two-factor/new");
    let phone = Phone::scan(&app, &page);
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/two-factor")).unwrap();
    let offered = form.fields.iter().find(|(name, _)| name == "enrolment").unwrap().1.clone();
    victim.get("/settings/profile/two-factor/new");
    let fields = [("enrolment", offered.as_str()), ("code", &phone.code())];
    victim
        .submit("/settings/profile/two-factor", &fields)
        .assert_status(200)
        .assert_text("Set up two-factor");
    assert_eq!(app.rows()["authenticator"], 0);
}

#[test]
fn setting_it_up_signs_out_the_other_browsers() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let (browser, other) = (app.signed_in(&member), app.signed_in(&member));
    let kept = browser.cookie("session").unwrap();
    Phone::set_up(&app, &browser);
    other.get(PROFILE).assert_text("Sign in");
    // This one goes on under a new token, and so do the forms of the page that it got.
    assert_ne!(browser.cookie("session").unwrap(), kept);
    let token = browser.csrf_token();
    browser.get(PROFILE).assert_text("10 of 10");
    assert!(app.mails_to(&member.email)[0].contains("Subject: Two-factor sign-in is on"));
    browser.post_own("/logout", &[("csrf_token", &token)]).assert_status(303);
}

#[test]
fn what_is_sensitive_takes_password_and_code_again_after_ten_minutes() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    let phone = Phone::set_up(&app, &browser);
    browser.get(PROFILE);
    app.advance(SignedDuration::from_secs(601));
    for form in ["/settings/profile/two-factor/remove", "/settings/profile/recovery-codes"] {
        browser.get(PROFILE);
        browser.submit(form, &[]).assert_status(200).assert_text("Is it still you?");
    }
    assert_eq!(app.rows()["authenticator"], 1);
    let kept = browser.cookie("session").unwrap();
    for (password, code) in [
        (member.password.as_str(), phone.wrong_code()),
        ("a guess of twelve", phone.code()),
        (member.password.as_str(), String::new()),
    ] {
        let fields = [("password", password), ("code", code.as_str())];
        browser.submit("/confirm", &fields).assert_page(401).assert_text("does not match");
    }
    let fields = [("password", member.password.as_str()), ("code", &phone.code())];
    browser.submit("/confirm", &fields).assert_status(200).assert_text("Profile");
    assert_ne!(browser.cookie("session").unwrap(), kept, "a new token after each proof");
    browser
        .submit("/settings/profile/two-factor/remove", &[])
        .assert_status(200)
        .assert_text("Set up two-factor");
    assert_eq!((app.rows()["authenticator"], app.rows()["recovery_code"]), (0, 0));
    app.browser().sign_in(&member).assert_text("Devices");
    assert!(app.mails_to(&member.email)[0].contains("Subject: Two-factor sign-in is off"));
}

#[test]
fn a_changed_password_alone_does_not_pass_for_both_factors() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    Phone::set_up(&app, &browser);
    app.advance_secs(601);
    browser.get(PROFILE);
    let fields = [("current_password", member.password.as_str()), ("password", "the sea is a new one")];
    browser.submit("/settings/profile/password", &fields).assert_status(200);
    browser.get(PROFILE);
    browser.submit("/settings/profile/two-factor/remove", &[]).assert_text("Is it still you?");
    assert_eq!(app.rows()["authenticator"], 1);
}

#[test]
fn confirming_leads_back_within_this_site_only() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    for (return_to, goes_to) in [
        ("/devices", "/devices"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example", "/"),
    ] {
        browser.get(&format!("/confirm?{}", crate::support::encode(&[("return_to", return_to)])));
        let answer = browser.submit_once("/confirm", &[("password", member.password.as_str())]);
        assert_eq!(answer.location(), goes_to, "{return_to}");
    }
}

#[test]
fn new_recovery_codes_take_the_place_of_the_old_ones() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    let phone = Phone::set_up(&app, &browser);
    browser.get(PROFILE);
    let fresh = recovery_codes(&browser.submit("/settings/profile/recovery-codes", &[]));
    assert_eq!(fresh.len(), 10);
    enter(&asked(&app, &member), &phone.recovery_codes[0]).assert_page(401);
    enter(&asked(&app, &member), &fresh[0]).assert_status(200);
}

#[test]
fn an_application_that_waits_waits_also_for_the_code() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let phone = Phone::set_up(&app, &app.signed_in(&member));
    app.advance_secs(60);
    let flow = Flow::new(&app, &client);
    let browser = app.browser();
    flow.start(&browser).assert_text("Sign in");
    let page = browser.sign_in(&member);
    page.assert_text("Enter your code").assert_text(&client.application.profile.name);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
    enter(&browser, &phone.code()).assert_text("asks for your data");
    let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
    assert!(answer.param("code").is_some());
    // With consent remembered the code leads on at once, as the policy of its page allows.
    app.advance_secs(60);
    let browser = app.browser();
    flow.start(&browser);
    browser.sign_in(&member).assert_text("Enter your code");
    assert!(enter(&browser, &phone.code()).param("code").is_some());
}

#[test]
fn a_new_password_takes_both_factors_of_who_has_two() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let browser = app.signed_in(&member);
    let phone = Phone::set_up(&app, &browser);
    app.advance_secs(601);
    browser.get("/settings/profile");
    let fields = [("current_password", member.password.as_str()), ("password", "a completely new one")];
    browser.submit("/settings/profile/password", &fields).assert_text("Is it still you?");
    assert!(!app.audit_of(member.person.id.as_str()).contains(&"password.changed".to_owned()));
    let proof = [("password", member.password.as_str()), ("code", &phone.code())];
    browser.submit("/confirm", &proof).assert_status(200);
    browser.get("/settings/profile");
    browser.submit("/settings/profile/password", &fields).assert_status(200);
    assert!(app.audit_of(member.person.id.as_str()).contains(&"password.changed".to_owned()));
}
