//! Invitations: one address, one role, once, within seven days, and only while who invited still could.

use rules::role::Role;

use crate::support::{Browser, Member, TestApp, credentials_in};

const INVITATIONS: &str = "/settings/organization/invitations";
const NEW: &str = "ines@harbour.example";

/// Fills in what somebody new is asked for.
fn join(browser: &Browser<'_>, password: &str) -> crate::support::Answer {
    browser.submit("/invitations", &[("name", "Ines Duarte"), ("password", password)])
}

fn password() -> String {
    ["a", "buoy", "is", "no", "anchor"].join(" ")
}

fn organization_of(browser: &Browser<'_>) -> String {
    browser.get("/settings/organization").words()
}

#[test]
fn somebody_new_is_invited_makes_an_account_and_is_a_member() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let browser = app.signed_in(&admin);
    browser.get(INVITATIONS).assert_page(200);
    let page = browser.submit(INVITATIONS, &[("email", "Ines@Harbour.example"), ("role", "Operator")]);
    page.assert_page(200).assert_text("Send this link").assert_text(NEW);
    let token = credentials_in(&page.body).remove(0);
    let link = format!("/invitations?token={token}");
    assert!(page.body.contains(&format!("{}{link}", app.site.public_url)));
    // Only this once.
    let list = browser.get(INVITATIONS);
    list.assert_text(NEW).assert_text("Operator").assert_text(&admin.person.name);
    assert!(credentials_in(&list.body).is_empty());
    let guest = app.browser();
    guest.get(&link).assert_page(200).assert_text("Join Harbour Trust").assert_text("Operator");
    join(&guest, "short").assert_page(400).assert_text("12");
    join(&guest, &password()).assert_page(200);
    assert!(organization_of(&guest).contains("Operator"));
    guest.submit("/logout", &[]);
    guest.try_password(NEW, &password()).assert_page(200);
    browser.get(INVITATIONS).assert_no_text(NEW);
    assert_eq!(app.audit_of(admin.person.id.as_str())[1..], ["invitation.created"]);
}

#[test]
fn who_has_an_account_signs_in_and_joins() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let rival = app.organization("Rival Reef");
    let (_, link) = app.invite(&rival, &member.email, "Organization Admin");
    let browser = app.browser();
    browser.get(&link).assert_page(200).assert_text("has an account").assert_no_text("Your name");
    // A password here would be a second door.
    let before = app.rows();
    browser.get("/login");
    let token = browser.csrf_token();
    let forged = [("csrf_token", token.as_str()), ("name", "Thief"), ("password", "a new password for it")];
    browser.post_own(&link, &forged).assert_status(303);
    assert_eq!(app.rows(), before);
    let page = browser.get(&link);
    let sign_in = page.body.split("href=\"/login?").nth(1).unwrap().split('"').next().unwrap();
    browser.get(&format!("/login?{sign_in}"));
    browser.sign_in(&member).assert_page(200).assert_text("Join Rival Reef");
    browser.submit("/invitations", &[]).assert_page(200);
    assert!(organization_of(&browser).contains("Rival Reef"), "the session turns there");
    browser.get("/settings/developer/api-keys").assert_page(200);
}

#[test]
fn who_is_signed_in_as_somebody_else_does_not_join() {
    let app = TestApp::new();
    let (member, other) = (app.member(Role::Viewer), app.member(Role::Viewer));
    let rival = app.organization("Rival Reef");
    let (_, link) = app.invite(&rival, &member.email, "Viewer");
    let browser = app.signed_in(&other);
    browser.get(&link).assert_text("signed in as").assert_text(&other.email);
    let token = browser.csrf_token();
    let before = app.rows();
    browser.post_own(&link, &[("csrf_token", token.as_str()), ("email", &other.email)]).assert_status(303);
    assert_eq!(app.rows(), before);
}

#[test]
fn an_account_that_belongs_nowhere_joins_and_then_signs_in() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    app.remove(&member);
    let (_, link) = app.invite(app.home(), &member.email, "Operator");
    let browser = app.browser();
    browser.get(&link).assert_text("has an account");
    let rows = app.rows();
    let wrong = browser.submit("/invitations", &[("password", "what the link holder wants")]);
    wrong.assert_page(400).assert_text("That is not your password.");
    assert_eq!(app.rows(), rows, "the link is no password");
    browser.submit("/invitations", &[("password", &member.password)]).assert_text("Sign in");
    assert!(browser.cookie("session").is_none());
    browser.try_password(&member.email, "what the link holder wants").assert_status(401);
    browser.sign_in(&member).assert_page(200);
    assert!(organization_of(&browser).contains("Operator"));
}

#[test]
fn a_link_that_is_used_revoked_replaced_old_or_made_up_is_refused_in_words() {
    let app = TestApp::new();
    let admin = app.signed_in(&app.member(Role::Owner));
    let refused = |link: &str, status: u16, words: &str| {
        let browser = app.browser();
        let rows = app.rows();
        browser.get(link).assert_page(status).assert_text(words);
        browser.get("/login");
        let token = browser.csrf_token();
        let password = password();
        let fields = [("csrf_token", token.as_str()), ("name", "Ines"), ("password", &password)];
        browser.post_own(link, &fields).assert_page(status).assert_text(words);
        assert_eq!(app.rows(), rows);
    };
    let (_, used) = app.invite(app.home(), NEW, "Viewer");
    let guest = app.browser();
    guest.get(&used);
    join(&guest, &password()).assert_page(200);
    refused(&used, 410, "accepted already");
    let (id, revoked) = app.invite(app.home(), "two@harbour.example", "Viewer");
    admin.get(INVITATIONS);
    admin.submit(&format!("{INVITATIONS}/{id}/revoke"), &[]).assert_page(200);
    refused(&revoked, 404, "taken back");
    let (_, replaced) = app.invite(app.home(), "three@harbour.example", "Viewer");
    let (_, newest) = app.invite(app.home(), "three@harbour.example", "Operator");
    refused(&replaced, 404, "newer one");
    app.browser().get(&newest).assert_page(200).assert_text("Operator");
    let (_, old) = app.invite(app.home(), "four@harbour.example", "Viewer");
    app.advance_secs(7 * 24 * 3600 - 1);
    app.browser().get(&old).assert_page(200);
    app.advance_secs(1);
    refused(&old, 410, "seven days");
    let mut made_up = newest.clone();
    made_up.pop();
    for link in [made_up.as_str(), "/invitations", "/invitations?token=", "/invitations?token=in_bsn_x"] {
        refused(link, 404, "not complete");
    }
}

#[test]
fn who_invites_must_still_be_able_to_when_it_is_accepted() {
    let app = TestApp::new();
    type Change = fn(&TestApp, &Member);
    let changes: [Change; 4] = [
        |app, admin| app.set_role(admin, Role::Operator),
        |app, admin| app.disable(admin),
        TestApp::take_out_of_service,
        TestApp::remove,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let admin = app.member(Role::OrganizationAdmin);
        let browser = app.signed_in(&admin);
        browser.get(INVITATIONS);
        let email = format!("guest-{number}@harbour.example");
        let page = browser.submit(INVITATIONS, &[("email", &email), ("role", "Organization Admin")]);
        let link = format!("/invitations?token={}", credentials_in(&page.body).remove(0));
        let guest = app.browser();
        guest.get(&link).assert_page(200);
        change(&app, &admin);
        join(&guest, &password()).assert_page(410).assert_text("can't give this role any more");
        app.browser().get(&link).assert_page(410);
    }
}

#[test]
fn nobody_invites_above_themselves_or_who_is_there_already() {
    let app = TestApp::new();
    let (admin, viewer) = (app.member(Role::OrganizationAdmin), app.member(Role::Viewer));
    let stranger = app.member_of(&app.organization("Rival Reef"), Role::Owner);
    let browser = app.signed_in(&admin);
    let invite = |email: &str, role: &str| {
        browser.get(INVITATIONS);
        browser.submit(INVITATIONS, &[("email", email), ("role", role)])
    };
    invite(NEW, "Owner").assert_page(403).assert_text("only an Owner");
    invite(NEW, "Harbour Master").assert_page(400).assert_text("no such role");
    invite("nobody", "Viewer").assert_page(400).assert_text("name@example.org");
    invite(&viewer.email, "Viewer").assert_page(400).assert_text("a member already");
    // That an address has an account elsewhere is nobody's business.
    invite(&stranger.email, "Viewer").assert_page(200).assert_text("Send this link");
    invite(NEW, "Viewer").assert_page(200).assert_text("Send this link");
}

#[test]
fn an_invitation_is_no_way_around_being_disabled() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let (id, link) = app.invite(&app.organization("Rival Reef"), &member.email, "Viewer");
    app.browser().get(&link).assert_page(200);
    let (_, there) = (id, app.organization("Third Tide"));
    let (_, link) = app.invite(&there, &member.email, "Viewer");
    app.join(&Member { organization: there.clone(), ..member.clone() });
    app.take_out_of_service(&Member { organization: there, ..member.clone() });
    let browser = app.signed_in(&member);
    browser.get(&link).assert_page(410).assert_text("belongs to the organization already");
}

#[test]
fn a_role_that_somebody_is_invited_to_stays() {
    let app = TestApp::new();
    let role = app.custom_role("Laboratory", "observations:read");
    let (_, link) = app.invite(app.home(), NEW, "Laboratory");
    let browser = app.signed_in(&app.member(Role::Owner));
    browser.get(&format!("/settings/organization/roles/{role}"));
    let token = browser.csrf_token();
    let delete = format!("/settings/organization/roles/{role}/delete");
    browser
        .post_own(&delete, &[("csrf_token", &token)])
        .assert_page(409)
        .assert_text("invited as Laboratory");
    let guest = app.browser();
    guest.get(&link).assert_text("Laboratory");
    join(&guest, &password()).assert_page(200);
    assert!(organization_of(&guest).contains("Laboratory"));
}

#[test]
fn anothers_invitation_is_not_there() {
    let app = TestApp::new();
    let (id, link) = app.invite(app.home(), NEW, "Viewer");
    let rival = app.organization("Rival Reef");
    let browser = app.signed_in(&app.member_of(&rival, Role::Owner));
    browser.get(INVITATIONS).assert_no_text(NEW);
    let token = browser.csrf_token();
    let revoke = format!("{INVITATIONS}/{id}/revoke");
    browser.post_own(&revoke, &[("csrf_token", token.as_str())]).assert_page(404);
    app.browser().get(&link).assert_page(200);
}

#[test]
fn an_invitation_that_is_long_over_leaves_no_address_behind() {
    let app = TestApp::new();
    let (_, link) = app.invite(app.home(), NEW, "Viewer");
    let sweep = || app.write(model::sweep::some);
    app.advance_days(8);
    sweep();
    app.browser().get(&link).assert_page(410).assert_text("seven days");
    app.advance_days(30);
    sweep();
    assert_eq!(app.rows()["invitation"], 0);
    app.browser().get(&link).assert_page(404);
}
