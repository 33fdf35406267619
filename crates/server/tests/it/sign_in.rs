//! Signing in and out.

use rules::role::Role;

use crate::support::TestApp;

#[test]
fn a_person_signs_in_and_sees_the_console() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let browser = app.browser();
    browser.get("/").assert_status(200).assert_text("Sign in");
    browser.sign_in(&admin).assert_status(200).assert_text("API Keys").assert_text(&admin.person.name);
}
