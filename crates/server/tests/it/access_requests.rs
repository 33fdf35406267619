//! Ask an admin: from the refused consent to the admin's queue, and back to a consent that goes through.

use rules::role::Role;

use crate::support::{Answer, Browser, Client, Flow, Member, Phone, TestApp, Tokens};

const QUEUE: &str = "/settings/organization/access-requests";

/// A viewer who was refused and asks.
fn asked<'a>(app: &'a TestApp, client: &Client, member: &Member, message: &str) -> (Browser<'a>, Flow<'a>) {
    let flow = Flow::new(app, client);
    let browser = app.signed_in(member);
    flow.start(&browser).assert_page(403).assert_text("Your role does not allow this yet");
    ask(&browser, message).assert_page(403).assert_text("You have asked");
    (browser, flow)
}

/// Fills in the form with which the refused person asks.
fn ask(browser: &Browser<'_>, message: &str) -> Answer {
    let forms = browser.page().forms();
    let form = forms.iter().find(|form| form.action.contains("/ask?")).expect("a way to ask");
    browser.submit(&form.action, &[("message", message)])
}

/// The admin's answer to the one request in the queue.
fn decide(browser: &Browser<'_>, act: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(QUEUE);
    let forms = page.forms();
    let form =
        forms.iter().find(|form| form.action.ends_with(act)).unwrap_or_else(|| panic!("{}", page.words()));
    browser.submit(&form.action, fields)
}

#[test]
fn a_refused_person_asks_is_approved_and_finishes() {
    let app = TestApp::new();
    let (viewer, admin) = (app.member(Role::Viewer), app.member(Role::OrganizationAdmin));
    let client = app.confidential("devices:read devices:write");
    let (browser, flow) = asked(&app, &client, &viewer, "For the harbour office.");
    let waiting = browser.page().asked.split_once(' ').unwrap().1.to_owned();
    let queue = app.signed_in(&admin);
    queue
        .get(QUEUE)
        .assert_text(&viewer.email)
        .assert_text("For the harbour office.")
        .assert_text("devices:write")
        .assert_text("It also gives observations:write, webhooks:read.");
    let answer = decide(&queue, "/approve", &[("role", "Operator"), ("password", &admin.password)]);
    answer.assert_status(200).assert_text("Nobody is waiting");
    browser.get(&waiting).assert_page(200).assert_text("asks for your data");
    let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
    let tokens = Tokens::of(&flow.redeem(&answer.param("code").unwrap()));
    assert_eq!(app.program(&tokens.access).scopes(), ["devices:read", "devices:write"]);
    assert!(app.audit_of(viewer.person.id.as_str()).contains(&"access_request.created".to_owned()));
    assert!(app.audit_of(admin.person.id.as_str()).contains(&"access_request.approved".to_owned()));
}

#[test]
fn who_has_a_role_of_the_organizations_own_asks_under_its_name_and_gets_one_that_takes_nothing_away() {
    let app = TestApp::new();
    app.custom_role("Laboratory", "devices:read audit:read");
    app.custom_role("Deck", "devices:read");
    let (keeper, hand, admin) =
        (app.member(Role::Viewer), app.member(Role::Viewer), app.member(Role::OrganizationAdmin));
    app.assign(&keeper, "Laboratory");
    app.assign(&hand, "Deck");
    let client = app.confidential("devices:read devices:write");
    asked(&app, &client, &keeper, "");
    let queue = app.signed_in(&admin);
    // No role below an admin has audit:read and devices:write, so there is nothing to give.
    queue.get(QUEUE).assert_text("Laboratory").assert_no_text("Approve");
    decide(&queue, "/refuse", &[("answer", "Not now.")]).assert_text("Nobody is waiting");
    let (browser, flow) = asked(&app, &client, &hand, "");
    queue.get(QUEUE).assert_text("Deck");
    decide(&queue, "/approve", &[("role", "Operator"), ("password", &admin.password)]).assert_status(200);
    flow.start(&browser).assert_page(200).assert_text("asks for your data");
}

#[test]
fn an_admin_with_two_factors_approves_with_both() {
    let app = TestApp::new();
    let (viewer, admin) = (app.member(Role::Viewer), app.member(Role::OrganizationAdmin));
    let client = app.confidential("devices:read devices:write");
    let queue = app.signed_in(&admin);
    let phone = Phone::set_up(&app, &queue);
    app.advance_secs(601);
    asked(&app, &client, &viewer, "");
    let answer = decide(&queue, "/approve", &[("role", "Operator"), ("password", &admin.password)]);
    answer.assert_status(200).assert_text("Is it still you?");
    let fields = [("password", admin.password.as_str()), ("code", &phone.code())];
    queue.submit("/confirm", &fields).assert_text(&viewer.email);
    let answer = decide(&queue, "/approve", &[("role", "Operator"), ("password", &admin.password)]);
    answer.assert_status(200).assert_text("Nobody is waiting");
}

#[test]
fn a_refusal_comes_with_a_word_and_one_may_ask_again() {
    let app = TestApp::new();
    let (viewer, admin) = (app.member(Role::Viewer), app.member(Role::Owner));
    let client = app.confidential("devices:write");
    let (browser, _) = asked(&app, &client, &viewer, "");
    let page = browser.page().asked.split_once(' ').unwrap().1.to_owned();
    let queue = app.signed_in(&admin);
    decide(&queue, "/refuse", &[("answer", "Not before the audit.")]).assert_text("Nobody is waiting");
    browser.get(&page).assert_page(403).assert_text("Not before the audit.");
    ask(&browser, "Now?").assert_text("You have asked");
    queue.get(QUEUE).assert_text("Now?");
}

#[test]
fn one_request_for_each_person_and_application_is_open_and_it_ends_by_itself() {
    let app = TestApp::new();
    let viewer = app.member(Role::Viewer);
    let client = app.confidential("devices:write");
    let (browser, flow) = asked(&app, &client, &viewer, "");
    let action = browser.page().asked.split_once(' ').unwrap().1.replace('?', "/ask?");
    browser.post(&action, &[]).assert_page(403).assert_text("You have asked for this already.");
    assert_eq!(app.rows()["access_request"], 1);
    app.advance_days(7);
    let browser = app.signed_in(&viewer);
    flow.start(&browser).assert_page(403);
    let admin = app.signed_in(&app.member(Role::OrganizationAdmin));
    admin.get(QUEUE).assert_text("Nobody is waiting");
    ask(&browser, "").assert_text("You have asked");
    admin.get(QUEUE).assert_text(&viewer.email);
}

#[test]
fn an_approval_gives_no_administrating_role_and_takes_the_admins_password() {
    let app = TestApp::new();
    let (viewer, admin) = (app.member(Role::Viewer), app.member(Role::Owner));
    asked(&app, &app.confidential("devices:write"), &viewer, "");
    let queue = app.signed_in(&admin);
    for role in ["Organization Admin", "Owner", "Viewer"] {
        let answer = decide(&queue, "/approve", &[("role", role), ("password", &admin.password)]);
        answer.assert_page(400).assert_text("This role can't be given here.");
    }
    for password in ["", "not the password"] {
        let answer = decide(&queue, "/approve", &[("role", "Operator"), ("password", password)]);
        answer.assert_page(400).assert_text("That is not your password.");
    }
    let answer = decide(&queue, "/approve", &[("role", "nothing"), ("password", &admin.password)]);
    answer.assert_page(404);
    assert_eq!(app.rows()["access_request"], 1);
    queue.get(QUEUE).assert_text(&viewer.email);
}

#[test]
fn what_only_an_administrator_has_can_be_refused_and_not_approved() {
    let app = TestApp::new();
    let (viewer, admin) = (app.member(Role::Viewer), app.member(Role::Owner));
    asked(&app, &app.confidential("audit:read"), &viewer, "");
    let queue = app.signed_in(&admin);
    let page = queue.get(QUEUE);
    page.assert_text("No role to give here");
    assert!(!page.forms().iter().any(|form| form.action.ends_with("/approve")));
}

#[test]
fn only_admins_of_the_organization_see_and_decide() {
    let app = TestApp::new();
    let viewer = app.member(Role::Viewer);
    asked(&app, &app.confidential("devices:write"), &viewer, "");
    let id = app
        .signed_in(&app.member(Role::OrganizationAdmin))
        .get(QUEUE)
        .forms()
        .iter()
        .find_map(|form| Some(form.action.strip_suffix("/refuse")?.to_owned()))
        .unwrap();
    let operator = app.signed_in(&app.member(Role::Operator));
    operator.get(QUEUE).assert_page(403).assert_text("Organization Admin");
    operator.post(&format!("{id}/refuse"), &[]).assert_page(403).assert_text("Organization Admin");
    let rival = app.member_of(&app.organization("Rival Reef"), Role::Owner);
    let browser = app.signed_in(&rival);
    let fields = [("role", "Operator"), ("password", rival.password.as_str())];
    for act in ["approve", "refuse"] {
        browser.get(QUEUE).assert_text("Nobody is waiting");
        browser.post(&format!("{id}/{act}"), &fields).assert_page(404);
    }
    app.signed_in(&app.member(Role::OrganizationAdmin)).get(QUEUE).assert_text(&viewer.email);
}

#[test]
fn nobody_asks_for_what_their_role_has() {
    let app = TestApp::new();
    let member = app.member(Role::Operator);
    let client = app.confidential("devices:write");
    let browser = app.signed_in(&member);
    let page = Flow::new(&app, &client).start(&browser);
    let action = format!("{}/ask", page.asked.split_once(' ').unwrap().1);
    browser.post(&action, &[]).assert_page(403).assert_text("Your role allows this already");
    assert_eq!(app.rows()["access_request"], 0);
}

#[test]
fn a_message_that_is_too_long_or_hides_something_is_refused() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Viewer));
    Flow::new(&app, &app.confidential("devices:write")).start(&browser).assert_page(403);
    for message in ["x".repeat(501), "\u{202e}evil".to_owned()] {
        let action = format!("{}/ask", browser.page().asked.split_once(' ').unwrap().1);
        let token = browser.csrf_token();
        browser
            .post_own(&action, &[("message", message.as_str()), ("csrf_token", token.as_str())])
            .assert_page(400);
        browser.get(action.strip_suffix("/ask").unwrap());
    }
    assert_eq!(app.rows()["access_request"], 0);
}
