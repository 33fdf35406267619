//! An organization's own roles: what they can be, who makes them, and that a change counts with the next request.

use rules::role::Role;

use crate::support::{Flow, Member, TestApp};

const ROLES: &str = "/settings/organization/roles";

/// A member with a role of the organization's own, named Laboratory.
fn laboratory(app: &TestApp, scopes: &str) -> (rules::id::RoleId, Member) {
    let role = app.custom_role("Laboratory", scopes);
    let member = app.member(Role::Viewer);
    app.assign(&member, "Laboratory");
    (role, member)
}

#[test]
fn an_admin_makes_a_role_changes_it_and_deletes_it() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let browser = app.signed_in(&admin);
    browser.get(ROLES).assert_page(200).assert_text("Organization Admin").assert_text("None yet");
    browser.get(&format!("{ROLES}/new")).assert_page(200);
    let page = browser.submit(ROLES, &[("name", "Laboratory"), ("scope", "observations:read")]);
    page.assert_page(200).assert_text("Laboratory").assert_text("Read measurements");
    let href = page.body.split(&format!("href=\"{ROLES}/rol_")).nth(1).unwrap().split('"').next().unwrap();
    let own = format!("{ROLES}/rol_{href}");
    browser.get(&own).assert_page(200);
    browser.submit(&own, &[("name", "Audit"), ("scope", "audit:read")]).assert_text("Audit");
    browser.get(&own);
    browser.submit(&format!("{own}/delete"), &[]).assert_text("None yet");
    let log = app.audit_of(admin.person.id.as_str());
    assert_eq!(log[1..], ["role.created", "role.changed", "role.deleted"]);
}

#[test]
fn a_role_that_would_manage_anything_or_nothing_is_refused_in_words() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let before = app.rows();
    for (fields, words) in [
        (&[("name", "Keys"), ("scope", "api_keys:write")][..], "Only Organization Admins and Owners"),
        (&[("name", "Members"), ("scope", "members:write")], "Only Organization Admins and Owners"),
        (&[("name", "Nobody")], "at least one scope"),
        (&[("name", "owner"), ("scope", "devices:read")], "built-in role"),
        (&[("name", "Organization Admin"), ("scope", "devices:read")], "built-in role"),
        (&[("name", " "), ("scope", "devices:read")], "Give it a name"),
        (&[("name", "x"), ("scope", "everything")], "no such scope"),
    ] {
        browser.get(&format!("{ROLES}/new"));
        browser.submit(ROLES, fields).assert_page(400).assert_text(words);
    }
    assert_eq!(app.rows(), before);
    app.custom_role("Laboratory", "devices:read");
    browser.get(&format!("{ROLES}/new"));
    let again = [("name", "Laboratory"), ("scope", "devices:read")];
    browser.submit(ROLES, &again).assert_page(400).assert_text("of this name already");
}

#[test]
fn who_has_a_custom_role_can_do_what_it_says_and_reads_its_name() {
    let app = TestApp::new();
    let (_, member) = laboratory(&app, "observations:read audit:read");
    let browser = app.signed_in(&member);
    browser.get("/settings/developer/api-keys").assert_page(403).assert_text("is Laboratory.");
    browser.get(ROLES).assert_page(403);
    let client = app.confidential("devices:read");
    Flow::new(&app, &client).start(&browser).assert_page(403).assert_text("your role Laboratory");
    let client = app.confidential("observations:read");
    let tokens = Flow::new(&app, &client).tokens(&member);
    assert_eq!(app.program(&tokens.access).scopes(), ["observations:read"]);
}

#[test]
fn changing_a_role_narrows_what_is_out_with_the_next_request() {
    let app = TestApp::new();
    let (role, member) = laboratory(&app, "devices:read observations:read");
    let client = app.confidential("devices:read observations:read offline_access");
    let flow = Flow::new(&app, &client);
    let (tokens, code) = (flow.tokens(&member), flow.code(&member));
    let program = app.program(&tokens.access);
    assert_eq!(program.scopes(), ["devices:read", "observations:read"]);
    app.change_role(&role, "Laboratory", "observations:read");
    assert_eq!(program.scopes(), ["observations:read"]);
    program.get("/v1/devices").assert_status(403);
    flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
    app.change_role(&role, "Laboratory", "devices:read observations:read devices:write");
    assert_eq!(program.scopes(), ["devices:read", "observations:read"], "and never more than was granted");
}

#[test]
fn a_role_in_use_stays() {
    let app = TestApp::new();
    let (role, member) = laboratory(&app, "devices:read");
    let browser = app.signed_in(&app.member(Role::Owner));
    browser.get(&format!("{ROLES}/{role}")).assert_text("1 member has this role");
    let token = browser.csrf_token();
    let delete = format!("{ROLES}/{role}/delete");
    browser.post_own(&delete, &[("csrf_token", &token)]).assert_page(409).assert_text("another one first");
    app.assign(&member, "Viewer");
    browser.get(&format!("{ROLES}/{role}"));
    browser.submit(&delete, &[]).assert_page(200);
}

#[test]
fn anothers_role_is_not_there() {
    let app = TestApp::new();
    let role = app.custom_role("Laboratory", "devices:read");
    let rival = app.organization("Rival Reef");
    let browser = app.signed_in(&app.member_of(&rival, Role::Owner));
    browser.get(ROLES).assert_page(200).assert_text("None yet");
    let token = browser.csrf_token();
    let before = app.rows();
    browser.get(&format!("{ROLES}/{role}")).assert_page(404);
    for path in [format!("{ROLES}/{role}"), format!("{ROLES}/{role}/delete")] {
        let fields = [("csrf_token", token.as_str()), ("name", "Mine"), ("scope", "devices:write")];
        browser.post_own(&path, &fields).assert_page(404);
    }
    assert_eq!(app.rows(), before);
}

#[test]
fn what_an_admin_saves_counts_for_tokens_that_are_warm() {
    let app = TestApp::new();
    let (role, member) = laboratory(&app, "devices:read observations:read");
    let client = app.confidential("devices:read observations:read");
    let tokens = Flow::new(&app, &client).tokens(&member);
    let browser = app.signed_in(&app.member(Role::OrganizationAdmin));
    let program = app.program(&tokens.access);
    // Nothing but these requests happens in between that could cool the token down.
    for scopes in ["devices:read", "observations:read"] {
        program.get("/v1/me").assert_status(200);
        browser.get(&format!("{ROLES}/{role}"));
        let fields =
            [("csrf_token", browser.csrf_token()), ("name", "Laboratory".into()), ("scope", scopes.into())];
        let fields = fields.each_ref().map(|(name, value): &(_, String)| (*name, value.as_str()));
        browser.post_own(&format!("{ROLES}/{role}"), &fields).assert_status(303);
        assert_eq!(program.scopes(), [scopes]);
    }
    let page = format!("/settings/organization/members/{}", member.person.id);
    browser.get(&page);
    browser.submit(&page, &[("role", "Viewer")]).assert_page(200);
    assert_eq!(program.scopes(), ["devices:read", "observations:read"]);
}
