//! Sessions: how they begin, what they are bound to, and every way in which they end.

use jiff::SignedDuration;
use rules::role::Role;

use crate::support::TestApp;

const HOME: &str = "/settings/developer/api-keys";

#[test]
fn log_out_ends_the_session_also_for_whoever_kept_its_cookie() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let kept = browser.cookie("session").unwrap();
    browser.submit("/logout", &[]).assert_status(200).assert_text("Sign in");
    assert!(browser.cookie("session").is_none());
    let thief = app.browser();
    thief.set_cookie("session", &kept);
    thief.get(HOME).assert_text("Sign in");
}

#[test]
fn log_out_takes_a_form_of_ours() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let token = browser.csrf_token();
    let foreign = [("sec-fetch-site", "cross-site")];
    browser.post_as("/logout", &[("csrf_token", &token)], &foreign).assert_page(403);
    browser.post_own("/logout", &[]).assert_page(403);
    browser.get_once("/logout").assert_page(405);
    browser.get(HOME).assert_status(200).assert_text("API Keys");
    browser.post_own("/logout", &[("csrf_token", &token)]).assert_status(303);
    browser.get(HOME).assert_text("Sign in");
}

#[test]
fn each_sign_in_makes_a_new_session_and_ends_the_one_before() {
    let app = TestApp::new();
    let member = app.member(Role::Owner);
    let browser = app.signed_in(&member);
    let first = browser.cookie("session").unwrap();
    // A page that still shows the sign-in form, as after `prompt=login`.
    let token = browser.csrf_token();
    let fields = [("email", member.email.as_str()), ("password", &member.password), ("csrf_token", &token)];
    browser.post_own("/login", &fields).assert_status(303);
    assert_ne!(browser.cookie("session").unwrap(), first);
    let thief = app.browser();
    thief.set_cookie("session", &first);
    thief.get(HOME).assert_text("Sign in");
}

#[test]
fn a_planted_session_is_not_the_one_that_is_signed_in() {
    let app = TestApp::new();
    let (attacker, victim) = (app.member(Role::Viewer), app.member(Role::Owner));
    let planted = app.signed_in(&attacker).cookie("session").unwrap();
    let browser = app.browser();
    browser.set_cookie("session", &planted);
    browser.get(HOME).assert_page(403).assert_text(&attacker.person.name);
    let fields = [("email", victim.email.as_str()), ("password", &victim.password)];
    browser.post("/login", &fields).assert_status(200);
    assert_ne!(browser.cookie("session").unwrap(), planted);
    let thief = app.browser();
    thief.set_cookie("session", &planted);
    thief.get(HOME).assert_text("Sign in");
}

#[test]
fn a_session_that_is_not_used_for_a_week_ends() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    app.advance(SignedDuration::from_hours(7 * 24) - SignedDuration::from_secs(1));
    browser.get(HOME).assert_text("API Keys");
    // That use counts, so another six days are nothing …
    app.advance_days(6);
    browser.get(HOME).assert_text("API Keys");
    // … and a week is the end.
    app.advance_days(7);
    browser.get(HOME).assert_text("Sign in");
}

#[test]
fn a_session_ends_after_thirty_days_however_busy() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    for _ in 0..29 {
        app.advance_days(1);
        browser.get(HOME).assert_text("API Keys");
    }
    app.advance(SignedDuration::from_hours(24) - SignedDuration::from_secs(1));
    browser.get(HOME).assert_text("API Keys");
    app.advance_secs(1);
    browser.get(HOME).assert_text("Sign in");
}

#[test]
fn a_disabled_persons_session_is_over_with_the_next_request() {
    let app = TestApp::new();
    let member = app.member(Role::Owner);
    let browser = app.signed_in(&member);
    app.disable(&member);
    browser.get(HOME).assert_text("Sign in");
    app.browser().sign_in(&member).assert_status(401);
}

#[test]
fn a_changed_role_counts_with_the_next_request() {
    let app = TestApp::new();
    let member = app.member(Role::OrganizationAdmin);
    let browser = app.signed_in(&member);
    browser.get(HOME).assert_status(200);
    app.set_role(&member, Role::Operator);
    browser.get(HOME).assert_page(403).assert_text("Your role in Harbour Trust is Operator");
}

#[test]
fn two_people_in_turn_on_one_browser_do_not_mix() {
    let app = TestApp::new();
    let (first, second) = (app.member(Role::Owner), app.member(Role::Viewer));
    let browser = app.signed_in(&first);
    let old_token = browser.csrf_token();
    browser.submit("/logout", &[]);
    browser.sign_in(&second);
    browser.get(HOME).assert_page(403).assert_text(&second.person.name);
    // A form that the first had left open is worth nothing in the second's session.
    let fields = [("name", "left open"), ("csrf_token", old_token.as_str())];
    browser.post_own(HOME, &fields).assert_page(403).assert_text("did not come from a page of ours");
}

#[test]
fn a_session_cookie_of_another_shape_is_no_session() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let good = browser.cookie("session").unwrap();
    let changed = good.replace("se_bsn_", "br_bsn_");
    let cut = &good[..good.len() - 1];
    for bad in [cut, &format!("{good}x"), &changed, "", "se_bsn_", &good.to_uppercase()] {
        let other = app.browser();
        other.set_cookie("session", bad);
        other.get(HOME).assert_status(200).assert_text("Sign in");
    }
}
