//! Members: who may change what about whom, and that it counts with the next request.

use rules::role::Role;

use crate::support::{Answer, Browser, Flow, Member, TestApp};

const MEMBERS: &str = "/settings/organization/members";
const HOME: &str = "/settings/organization";

fn page_of(member: &Member) -> String {
    format!("{MEMBERS}/{}", member.person.id)
}

/// Sends a form as a page that was left open would, whatever the page now offers.
fn act(browser: &Browser<'_>, member: &Member, part: &str, role: &str) -> Answer {
    browser.get(HOME);
    let token = browser.csrf_token();
    browser.post_own(&format!("{}{part}", page_of(member)), &[("csrf_token", token.as_str()), ("role", role)])
}

#[test]
fn an_admin_finds_people_and_sees_what_they_are() {
    let app = TestApp::new();
    let (admin, viewer) = (app.member(Role::OrganizationAdmin), app.member(Role::Viewer));
    let stranger = app.member_of(&app.organization("Rival Reef"), Role::Viewer);
    let browser = app.signed_in(&admin);
    let page = browser.get(MEMBERS);
    page.assert_page(200).assert_text(&viewer.person.name).assert_text("(you)").assert_text("Never");
    page.assert_no_text(&stranger.person.name);
    let found = browser.get(&format!("{MEMBERS}?q={}", viewer.email.to_uppercase()));
    found.assert_text(&viewer.person.name).assert_no_text("(you)");
    browser.get(&format!("{MEMBERS}?q=%25")).assert_page(200).assert_text("Nobody here has");
    browser.get(&format!("{MEMBERS}?q={}", "x".repeat(3_000))).assert_page(200);
    browser.get(&page_of(&viewer)).assert_page(200).assert_text(&viewer.email).assert_text("Viewer");
    browser.get(&page_of(&stranger)).assert_page(404);
}

#[test]
fn making_an_administrator_takes_a_fresh_proof_and_other_roles_do_not() {
    let app = TestApp::new();
    let viewer = app.member(Role::Viewer);
    let browser = app.signed_in(&app.member(Role::Owner));
    app.advance_secs(601);
    for role in ["Owner", "Organization Admin"] {
        let rows = app.rows();
        let answer = act(&browser, &viewer, "", role);
        answer.assert_status(303);
        assert!(answer.header("location").unwrap().starts_with("/confirm?"), "{role}");
        let token = browser.csrf_token();
        let fields = [("csrf_token", token.as_str()), ("email", "new@harbour.example"), ("role", role)];
        let answer = browser.post_own("/settings/organization/invitations", &fields);
        assert!(answer.header("location").unwrap().starts_with("/confirm?"), "{role}");
        assert_eq!(app.rows(), rows);
    }
    browser.get(&page_of(&viewer)).assert_text("Viewer");
    act(&browser, &viewer, "", "Operator").assert_status(303);
    browser.get(&page_of(&viewer)).assert_text("Operator");
}

#[test]
fn a_long_list_goes_on_without_gaps() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let people: Vec<Member> = (0..60).map(|_| app.member(Role::Viewer)).collect();
    let first = browser.get(MEMBERS);
    let next = first
        .body
        .split("rel=\"next\" href=\"")
        .nth(1)
        .or_else(|| first.body.split("href=\"").find(|href| href.contains("after=")));
    let next = next.unwrap().split('"').next().unwrap();
    let second = browser.get(next);
    for member in &people {
        let shown = |page: &Answer| page.body.contains(&page_of(member));
        assert!(shown(&first) != shown(&second), "{}", member.email);
    }
}

#[test]
fn who_is_no_admin_sees_whom_to_ask_and_changes_nothing() {
    let app = TestApp::new();
    let (owner, other) = (app.member(Role::Owner), app.member(Role::Viewer));
    for role in [Role::Viewer, Role::Operator] {
        let browser = app.signed_in(&app.member(role));
        let before = app.rows();
        browser.get(MEMBERS).assert_page(403).assert_text(&owner.email);
        browser.get(&page_of(&other)).assert_page(403);
        for part in ["", "/disable", "/enable", "/remove"] {
            act(&browser, &other, part, "Owner").assert_page(403);
        }
        assert_eq!(app.rows(), before);
        browser.get(HOME).assert_page(200).assert_text(role.name());
    }
}

#[test]
fn an_admin_changes_roles_up_to_their_own() {
    let app = TestApp::new();
    let (owner, admin, viewer) =
        (app.member(Role::Owner), app.member(Role::OrganizationAdmin), app.member(Role::Viewer));
    let browser = app.signed_in(&admin);
    app.custom_role("Laboratory", "observations:read");
    for role in ["Operator", "Organization Admin", "Laboratory"] {
        browser
            .get(&page_of(&viewer))
            .assert_text("Laboratory")
            .assert_no_text("makes and removes other Owners");
        browser.submit(&page_of(&viewer), &[("role", role)]).assert_page(200).assert_text(role);
    }
    act(&browser, &viewer, "", "Owner").assert_page(403).assert_text("only an Owner makes another Owner");
    act(&browser, &viewer, "", "Harbour Master").assert_page(400).assert_text("no such role");
    for part in ["", "/disable", "/remove"] {
        act(&browser, &owner, part, "Viewer").assert_page(403).assert_text("Only an Owner can change");
        act(&browser, &admin, part, "Owner").assert_page(403).assert_text("Nobody changes their own role");
    }
    browser.get(&page_of(&owner)).assert_text("Only an Owner can change or remove an Owner");
    browser.get(&page_of(&admin)).assert_text("This is you");
}

#[test]
fn a_role_of_another_organization_is_not_there() {
    let app = TestApp::new();
    app.custom_role("Laboratory", "observations:read");
    let rival = app.organization("Rival Reef");
    let (owner, viewer) = (app.member_of(&rival, Role::Owner), app.member_of(&rival, Role::Viewer));
    act(&app.signed_in(&owner), &viewer, "", "Laboratory").assert_page(400).assert_text("no such role");
}

#[test]
fn the_person_another_organization_lists_is_out_of_reach() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    let victim = app.member(Role::Viewer);
    let browser = app.signed_in(&app.member_of(&rival, Role::Owner));
    let before = app.rows();
    for part in ["", "/disable", "/enable", "/remove"] {
        act(&browser, &victim, part, "Owner").assert_page(404);
    }
    browser.get(&format!("{}/secrets", page_of(&victim))).assert_page(404);
    assert_eq!(app.rows(), before);
}

#[test]
fn a_disabled_member_is_none_until_enabled_again() {
    let app = TestApp::new();
    let (admin, member) = (app.member(Role::OrganizationAdmin), app.member(Role::Operator));
    let client = app.confidential("devices:read offline_access");
    let flow = Flow::new(&app, &client);
    let (tokens, code) = (flow.tokens(&member), flow.code(&member));
    let (theirs, browser) = (app.signed_in(&member), app.signed_in(&admin));
    app.program(&tokens.access).get("/v1/me").assert_status(200);
    browser.get(&page_of(&member));
    let disable = format!("{}/disable", page_of(&member));
    browser.submit(&disable, &[]).assert_page(200).assert_text("Disabled");
    app.program(&tokens.access).get("/v1/me").assert_status(401);
    flow.refresh(tokens.refresh()).assert_status(400).assert_error("invalid_grant");
    flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
    theirs.get("/devices").assert_text("Sign in");
    // Nobody else knows the person, so there is nowhere to sign in to.
    app.browser().sign_in(&member).assert_page(403).assert_text("does not belong to any organization");
    browser.submit(&format!("{}/enable", page_of(&member)), &[]).assert_page(200).assert_no_text("Disabled");
    app.program(&tokens.access).get("/v1/me").assert_status(200);
    theirs.get("/devices").assert_text("Sign in");
    assert_eq!(app.audit_of(admin.person.id.as_str())[1..], ["member.disabled", "member.enabled"]);
}

#[test]
fn a_removed_member_is_gone_and_no_application_comes_back_with_them() {
    let app = TestApp::new();
    let (admin, member) = (app.member(Role::OrganizationAdmin), app.member(Role::Operator));
    let client = app.confidential("devices:read offline_access");
    let flow = Flow::new(&app, &client);
    let tokens = flow.tokens(&member);
    let (theirs, browser) = (app.signed_in(&member), app.signed_in(&admin));
    browser.get(&page_of(&member));
    browser
        .submit(&format!("{}/remove", page_of(&member)), &[])
        .assert_page(200)
        .assert_no_text(&member.email);
    app.program(&tokens.access).get("/v1/me").assert_status(401);
    flow.refresh(tokens.refresh()).assert_status(400).assert_error("invalid_grant");
    theirs.get("/devices").assert_text("Sign in");
    browser.get(&page_of(&member)).assert_page(404);
    app.join(&member);
    app.program(&tokens.access).get("/v1/me").assert_status(401);
    theirs.get("/devices").assert_text("Sign in");
    let log = app.audit_of(admin.person.id.as_str());
    assert_eq!(log[1..], ["grant.revoked", "member.removed"]);
}

#[test]
fn a_demoted_admin_loses_developer_settings_with_the_next_request() {
    let app = TestApp::new();
    let (owner, admin) = (app.member(Role::Owner), app.member(Role::OrganizationAdmin));
    let theirs = app.signed_in(&admin);
    theirs.get("/settings/developer/api-keys").assert_page(200);
    let browser = app.signed_in(&owner);
    browser.get(&page_of(&admin));
    browser.submit(&page_of(&admin), &[("role", "Viewer")]).assert_page(200);
    theirs.get("/settings/developer/api-keys").assert_page(403);
}

#[test]
fn whoever_leaves_leaves_their_keys_and_the_admin_sees_which() {
    let app = TestApp::new();
    let (owner, admin) = (app.member(Role::Owner), app.member(Role::OrganizationAdmin));
    let theirs = app.signed_in(&admin);
    theirs.get("/settings/developer/api-keys/new");
    let fields =
        [("name", "Nightly export"), ("scope", "devices:read"), ("devices", "all"), ("expiry", "never")];
    let shown = theirs.post("/settings/developer/api-keys", &fields);
    let key = crate::support::credentials_in(&shown.body).remove(0);
    theirs.get("/settings/developer/oauth-applications/new");
    let fields = [
        ("name", "Tide Ledger"),
        ("redirect_uris", "https://app.example/callback"),
        ("scope", "devices:read"),
        ("client_type", "confidential"),
    ];
    theirs.post("/settings/developer/oauth-applications", &fields).assert_page(200);
    let browser = app.signed_in(&owner);
    browser.get("/settings/developer/api-keys").assert_no_text("creator");
    browser.get(&page_of(&admin)).assert_text("2 that still work");
    // Demoted: the page lists what they know.
    let page = browser.submit(&page_of(&admin), &[("role", "Viewer")]);
    page.assert_text("Secrets to replace").assert_text("Nightly export").assert_text("Tide Ledger");
    browser.get("/settings/developer/api-keys").assert_text("Its creator is no admin any more");
    browser.get(&page_of(&admin));
    let page = browser.submit(&format!("{}/remove", page_of(&admin)), &[]);
    page.assert_text("Secrets to replace").assert_text("Nightly export");
    browser.get("/settings/developer/api-keys").assert_text("Its creator left");
    assert_eq!(app.program(&key).scopes(), ["devices:read"], "the key is the organization's");
    browser.get(&format!("{}/secrets", page_of(&admin)));
    browser.submit("/settings/developer/api-keys/", &[]).assert_page(200);
    app.program(&key).get("/v1/me").assert_status(401);
    browser.get("/settings/developer/api-keys").assert_no_text("Its creator left");
}

#[test]
fn an_organization_keeps_an_owner() {
    let app = TestApp::new();
    let (owner, heir) = (app.member(Role::Owner), app.member(Role::OrganizationAdmin));
    let browser = app.signed_in(&owner);
    browser.get(HOME).assert_text("You are the only Owner");
    let token = browser.csrf_token();
    for path in ["/leave", "/step-down"] {
        let refused = browser.post_own(&format!("{HOME}{path}"), &[("csrf_token", token.as_str())]);
        refused.assert_page(409).assert_text("needs an Owner");
    }
    browser.get(&page_of(&heir));
    browser.submit(&page_of(&heir), &[("role", "Owner")]).assert_page(200).assert_text("Owner");
    browser.get(HOME);
    browser.submit(&format!("{HOME}/step-down"), &[]).assert_page(200).assert_text("Organization Admin");
    // From here on only the other one can.
    act(&browser, &heir, "/remove", "").assert_page(403);
    act(&browser, &owner, "", "Owner").assert_page(403);
    browser.get(HOME);
    browser.submit(&format!("{HOME}/leave"), &[]).assert_text("Sign in");
    browser.get("/devices").assert_text("Sign in");
}

#[test]
fn a_disabled_owner_does_not_count_as_one() {
    let app = TestApp::new();
    let (owner, other) = (app.member(Role::Owner), app.member(Role::Owner));
    let browser = app.signed_in(&owner);
    browser.get(&page_of(&other));
    browser.submit(&format!("{}/disable", page_of(&other)), &[]).assert_page(200);
    browser.get(HOME).assert_text("You are the only Owner");
    let token = browser.csrf_token();
    let leave = format!("{HOME}/leave");
    browser.post_own(&leave, &[("csrf_token", token.as_str())]).assert_page(409);
}

#[test]
fn an_admin_out_of_service_is_nobody_to_ask() {
    let app = TestApp::new();
    let (owner, admin) = (app.member(Role::Owner), app.member(Role::OrganizationAdmin));
    app.take_out_of_service(&admin);
    let page = app.signed_in(&app.member(Role::Viewer)).get(MEMBERS);
    page.assert_page(403).assert_text(&owner.email).assert_no_text(&admin.email);
}

#[test]
fn a_consent_is_not_offered_for_where_one_is_out_of_service() {
    let app = TestApp::new();
    let here = app.member(Role::Viewer);
    let there = Member { organization: app.organization("Rival Reef"), ..here.clone() };
    app.join(&there);
    let client = app.confidential("devices:read");
    let browser = app.signed_in(&here);
    Flow::new(&app, &client).start(&browser).assert_text("Rival Reef");
    app.take_out_of_service(&there);
    Flow::new(&app, &client).start(&browser).assert_no_text("Rival Reef");
    let id = there.organization.id.as_str();
    let token = browser.csrf_token();
    let action = browser.page().asked.split_once(' ').unwrap().1.to_owned();
    let fields = [("decision", "allow"), ("organization_id", id), ("csrf_token", token.as_str())];
    browser.post_own(&action, &fields).assert_page(410);
    assert_eq!(app.rows()["oauth_grant"], 0);
}
