//! People in several organizations: the console shows one at a time, and the session remembers which.

use rules::role::Role;

use crate::support::{Member, TestApp};

const SWITCH: &str = "/settings/organization/switch";

/// A Viewer at home who owns another organization.
fn in_two(app: &TestApp) -> (Member, Member) {
    let here = app.member(Role::Viewer);
    let there = Member { organization: app.organization("Rival Reef"), role: Role::Owner, ..here.clone() };
    app.join(&there);
    (here, there)
}

#[test]
fn one_turns_to_another_organization_and_signs_in_there_next_time() {
    let app = TestApp::new();
    let (here, there) = in_two(&app);
    let browser = app.signed_in(&here);
    browser.get("/settings/organization").assert_text("Harbour Trust").assert_text("Switch to it");
    browser.get("/settings/developer/api-keys").assert_page(403);
    app.tick();
    browser.get("/devices");
    let id = there.organization.id.as_str();
    browser.submit(SWITCH, &[("organization_id", id)]).assert_page(200).assert_text("API Keys");
    browser.get("/settings/organization").assert_text("Owner");
    app.tick();
    let other = app.signed_in(&here);
    other.get("/settings/developer/api-keys").assert_page(200);
    // One browser's choice is not another's.
    let home = here.organization.id.as_str();
    other.submit(SWITCH, &[("organization_id", home)]);
    browser.get("/settings/developer/api-keys").assert_page(200);
    other.get("/settings/developer/api-keys").assert_page(403);
}

#[test]
fn a_form_that_was_opened_in_one_organization_does_nothing_in_the_other() {
    let app = TestApp::new();
    let (here, there) = in_two(&app);
    let browser = app.signed_in(&here);
    browser.get("/devices");
    let before = browser.csrf_token();
    browser.submit(SWITCH, &[("organization_id", there.organization.id.as_str())]).assert_page(200);
    let fields = |token| [("csrf_token", token), ("name", "Laboratory"), ("scope", "devices:read")];
    let rows = app.rows();
    browser.post_own("/settings/organization/roles", &fields(before.as_str())).assert_page(403);
    assert_eq!(app.rows(), rows);
    browser.get("/settings/organization");
    let token = browser.csrf_token();
    browser.post_own("/settings/organization/roles", &fields(token.as_str())).assert_status(303);
}

#[test]
fn nobody_turns_to_where_they_do_not_belong() {
    let app = TestApp::new();
    let (rival, member) = (app.organization("Rival Reef"), app.member(Role::Owner));
    let browser = app.signed_in(&member);
    browser.get("/devices").assert_no_text("Switch to");
    let token = browser.csrf_token();
    for id in [rival.id.as_str(), "org_x", "", "' OR 1=1 --"] {
        let answer = browser.post_own(SWITCH, &[("csrf_token", token.as_str()), ("organization_id", id)]);
        answer.assert_page(404);
    }
    browser.get("/settings/organization").assert_text("Harbour Trust");
}

#[test]
fn a_membership_that_is_out_of_service_is_not_offered() {
    let app = TestApp::new();
    let (here, there) = in_two(&app);
    let browser = app.signed_in(&here);
    browser.get("/devices").assert_text("Rival Reef");
    app.take_out_of_service(&there);
    browser.get("/devices").assert_page(200).assert_no_text("Rival Reef");
    let token = browser.csrf_token();
    let fields = [("csrf_token", token.as_str()), ("organization_id", there.organization.id.as_str())];
    browser.post_own(SWITCH, &fields).assert_page(404);
    app.signed_in(&here).get("/settings/organization").assert_text("Harbour Trust");
}

#[test]
fn whoever_is_removed_from_one_signs_in_to_the_other() {
    let app = TestApp::new();
    let (here, there) = in_two(&app);
    let browser = app.signed_in(&here);
    app.remove(&here);
    browser.get("/devices").assert_text("Sign in");
    browser.sign_in(&here);
    browser.get("/settings/organization").assert_text(&there.organization.name);
}
