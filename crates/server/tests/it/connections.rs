//! What a person lets applications do: they see it, and take it back.

use rules::role::Role;

use crate::support::{Browser, Flow, Member, TestApp};

const PAGE: &str = "/settings/connections";
const LASTING: &str = "devices:read offline_access";

/// Where the buttons of the page lead, in order.
fn removals(browser: &Browser<'_>) -> Vec<String> {
    let forms = browser.get(PAGE).forms().into_iter();
    forms.map(|form| form.action).filter(|action| action.starts_with(PAGE)).collect()
}

#[test]
fn a_person_sees_what_they_allowed_and_takes_it_back() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    let browser = app.signed_in(&member);
    browser.get(PAGE).assert_page(200).assert_text("No connections yet");
    let flow = Flow::new(&app, &client);
    let (tokens, code) = (flow.tokens(&member), flow.code(&member));
    app.program(&tokens.access).get("/v1/devices").assert_status(200);

    let name = client.application.profile.name.as_str();
    let page = browser.get(PAGE);
    for words in [name, "Tide Works", "devices:read", "offline_access", "All devices", "1 May 2026"] {
        page.assert_page(200).assert_text(words);
    }
    browser.submit(PAGE, &[]).assert_page(200).assert_text("No connections yet").assert_no_text(name);

    app.program(&tokens.access).get("/v1/devices").assert_status(401);
    flow.refresh(tokens.refresh()).assert_error("invalid_grant");
    flow.redeem(&code).assert_error("invalid_grant");
    flow.start(&browser).assert_page(200).assert_text("asks for your data");
    assert!(app.audit_of(member.person.id.as_str()).contains(&"grant.revoked".to_owned()));
}

#[test]
fn removing_one_application_leaves_the_others() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let [kept, removed] = [(); 2].map(|()| {
        let client = app.confidential(LASTING);
        app.advance_secs(1);
        Flow::new(&app, &client).tokens(&member)
    });
    let browser = app.signed_in(&member);
    let actions = removals(&browser);
    assert_eq!(actions.len(), 2);
    browser.post(&actions[0], &[]).assert_page(200);
    assert_eq!(removals(&browser), actions[1..]);
    app.program(&kept.access).get("/v1/devices").assert_status(200);
    app.program(&removed.access).get("/v1/devices").assert_status(401);
}

#[test]
fn nobody_sees_or_removes_what_another_person_allowed() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    let tokens = Flow::new(&app, &client).tokens(&member);
    let action = removals(&app.signed_in(&member)).remove(0);
    let rival = app.organization("Rival Reef");
    for other in [app.member(Role::Viewer), app.member(Role::Owner), app.member_of(&rival, Role::Owner)] {
        let browser = app.signed_in(&other);
        browser.get(PAGE).assert_text("No connections yet");
        let before = app.rows();
        browser.post_once(&action, &[]).assert_page(404);
        assert_eq!(app.rows(), before);
    }
    app.program(&tokens.access).get("/v1/devices").assert_status(200);
    assert_eq!(removals(&app.signed_in(&member)), [action]);
}

#[test]
fn a_connection_belongs_to_the_organization_it_is_about() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    let (there, client) = (app.member_of(&rival, Role::Viewer), app.confidential(LASTING));
    let tokens = Flow::new(&app, &client).tokens(&there);
    let action = removals(&app.signed_in(&there)).remove(0);
    app.join(&Member { organization: app.home().clone(), ..there.clone() });
    let browser = app.signed_in(&there);
    let home = app.home().id.as_str();
    browser.submit("/settings/organization/switch", &[("organization_id", home)]);
    browser.get(PAGE).assert_text("Harbour Trust").assert_text("No connections yet");
    browser.post_once(&action, &[]).assert_page(404);
    app.program(&tokens.access).get("/v1/devices").assert_status(200);
}

#[test]
fn what_is_removed_or_was_never_there_is_not_found() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    Flow::new(&app, &client).tokens(&member);
    let browser = app.signed_in(&member);
    let action = removals(&browser).remove(0);
    browser.post(&action, &[]).assert_page(200);
    let before = app.rows();
    for target in [action.as_str(), "/settings/connections/grt_nothing/revoke"] {
        browser.get("/devices");
        browser.post_once(target, &[]).assert_page(404);
    }
    assert_eq!(app.rows(), before);
}

#[test]
fn the_page_shows_what_an_application_holds_now() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential("devices:read devices:write"));
    Flow::new(&app, &client).tokens(&member);
    let browser = app.signed_in(&member);
    browser.get(PAGE).assert_text("devices:read").assert_text("devices:write");
    app.set_role(&member, Role::Viewer);
    browser.get(PAGE).assert_text("devices:read").assert_no_text("devices:write");
    app.update(&client, |profile| profile.scopes = "observations:read".parse().unwrap());
    browser.get(PAGE).assert_no_text("devices:read").assert_text("It can do nothing now");
}

#[test]
fn the_page_names_the_chosen_devices() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    let [chosen, other] = [(); 2].map(|()| app.device(app.home()));
    let browser = app.signed_in(&member);
    let ticked = [("devices", "chosen"), ("device_id", chosen.as_str())];
    Flow::new(&app, &client).allow_with(&browser, &member, &ticked).assert_status(303);
    let names = app.read(|tx| model::device::names(tx, &app.home().id));
    let name = |id| &names.iter().find(|(known, ..)| *known == id).unwrap().1;
    browser.get(PAGE).assert_text(name(chosen.clone())).assert_no_text(name(other.clone()));
}
