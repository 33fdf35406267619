//! The organization's policy that admins need two-factor.

use rules::role::Role;

use crate::support::{Browser, Flow, Member, Phone, TestApp};

const PAGE: &str = "/settings/organization/policies";
const KEYS: &str = "/settings/developer/api-keys";

/// An admin who has two-factor and demands it of the others.
fn demand<'a>(app: &'a TestApp) -> (Member, Browser<'a>) {
    let admin = app.member(Role::Owner);
    let browser = app.signed_in(&admin);
    Phone::set_up(app, &browser);
    browser.get(PAGE).assert_status(200);
    browser.submit(PAGE, &[("admins_need_two_factor", "yes")]).assert_text("Admins need two-factor since");
    (admin, browser)
}

#[test]
fn it_is_off_at_first_and_an_admins_to_switch() {
    let app = TestApp::new();
    app.signed_in(&app.member(Role::Owner)).get(KEYS).assert_status(200).assert_text("API Keys");
    let viewer = app.signed_in(&app.member(Role::Viewer));
    viewer.get(PAGE).assert_page(403).assert_text("This page needs the Organization Admin role");
    viewer.post(PAGE, &[("admins_need_two_factor", "yes")]).assert_page(403);
    let (admin, browser) = demand(&app);
    browser.get(PAGE);
    browser.submit(PAGE, &[("admins_need_two_factor", "")]).assert_no_text("Admins need two-factor since");
    let done = app.audit_of(admin.person.id.as_str());
    assert_eq!(done.iter().filter(|action| *action == "organization.policy_changed").count(), 2, "{done:?}");
}

#[test]
fn who_demands_it_has_it() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    browser.get(PAGE).assert_text("Set up two-factor for yourself first");
    browser
        .submit(PAGE, &[("admins_need_two_factor", "yes")])
        .assert_page(400)
        .assert_text("lock yourself out");
    browser.get(KEYS).assert_text("API Keys");
}

#[test]
fn switching_it_takes_a_fresh_proof() {
    let app = TestApp::new();
    let (_admin, browser) = demand(&app);
    app.advance_secs(601);
    browser.get(PAGE);
    browser.submit(PAGE, &[("admins_need_two_factor", "")]).assert_text("Is it still you?");
    let admin = app.signed_in(&app.member(Role::OrganizationAdmin));
    admin.get(KEYS).assert_text("Set up two-factor");
}

#[test]
fn an_admin_without_it_is_led_to_set_it_up_and_then_back() {
    let app = TestApp::new();
    let other = app.member(Role::OrganizationAdmin);
    let browser = app.signed_in(&other);
    browser.get(KEYS).assert_text("API Keys");
    demand(&app);
    // Also in a session from before.
    for page in [KEYS, PAGE, "/settings/developer/oauth-applications/new"] {
        browser.get(page).assert_status(200).assert_text("Set up two-factor").assert_text("Harbour Trust");
    }
    browser.get("/devices").assert_text("Devices");
    let page = browser.get(KEYS);
    let phone = Phone::scan(&app, &page);
    let codes = browser.submit("/settings/profile/two-factor", &[("code", &phone.code())]);
    codes.assert_text("Your recovery codes");
    assert!(codes.body.contains(&format!("href=\"{KEYS}\"")), "the way back");
    browser.get(KEYS).assert_text("Create an API Key");
}

#[test]
fn an_admin_without_it_makes_no_key_either() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::OrganizationAdmin));
    browser.get("/settings/developer/api-keys/new");
    let token = browser.csrf_token();
    demand(&app);
    let fields = [
        ("name", "Late"),
        ("scope", "devices:read"),
        ("devices", "all"),
        ("expiry", "30"),
        ("csrf_token", token.as_str()),
    ];
    let answer = browser.post_own(KEYS, &fields);
    assert!(answer.location().starts_with("/settings/profile/two-factor/new"), "{}", answer.location());
    assert_eq!(app.rows()["api_key"], 0);
}

#[test]
fn an_admin_without_it_lets_no_application_in_until_it_is_set_up() {
    let app = TestApp::new();
    let (admin, client) = (app.member(Role::OrganizationAdmin), app.confidential("devices:read"));
    let browser = app.signed_in(&admin);
    let open = Flow::new(&app, &client).start(&browser);
    open.assert_text("asks for your data");
    demand(&app);
    // A page that was open already does not help.
    let answer = browser.submit("/oauth2/consent/", &[("decision", "allow")]);
    answer.assert_status(200).assert_text("Set up two-factor");
    assert_eq!(app.rows()["oauth_grant"], 0);
    let phone = Phone::scan(&app, &answer);
    let codes = browser.submit("/settings/profile/two-factor", &[("code", &phone.code())]);
    let back =
        codes.body.split("href=\"/oauth2/consent/").nth(1).expect("the way back").split('"').next().unwrap();
    browser.get(&format!("/oauth2/consent/{back}")).assert_text("asks for your data");
    let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
    assert!(answer.param("code").is_some());
}

#[test]
fn remembered_consent_asks_an_admin_for_it_too() {
    let app = TestApp::new();
    let (admin, client) =
        (app.member(Role::OrganizationAdmin), app.confidential("devices:read offline_access"));
    let flow = Flow::new(&app, &client);
    flow.code(&admin);
    let browser = app.signed_in(&admin);
    assert!(flow.start(&browser).param("code").is_some(), "remembered");
    demand(&app);
    flow.start(&browser).assert_text("Set up two-factor");
    flow.with("prompt", "none").start(&browser).assert_sent_back("consent_required");
}

#[test]
fn everybody_else_and_every_key_goes_on_as_before() {
    let app = TestApp::new();
    let (operator, client) = (app.member(Role::Operator), app.confidential("devices:read"));
    let key = app.key("devices:read");
    demand(&app);
    app.program(&key.secret).get("/v1/me").assert_status(200);
    let tokens = Flow::new(&app, &client).tokens(&operator);
    app.program(&tokens.access).get("/v1/me").assert_status(200);
    let rival = app.organization("Rival Reef");
    app.signed_in(&app.member_of(&rival, Role::Owner)).get(KEYS).assert_text("API Keys");
}
