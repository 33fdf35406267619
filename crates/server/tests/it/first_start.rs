//! The first start: a link that opens once.

use model::setup;

use crate::support::TestApp;

const FIELDS: [(&str, &str); 3] =
    [("organization_name", "Harbour Trust"), ("name", "Ada"), ("email", "ada@harbour.example")];

fn link(app: &TestApp) -> String {
    let mint = app.app.mint.clone();
    let token = app.write(move |tx| setup::offer(tx, &mint)).expect("nobody has an account");
    format!("/setup?token={}", token.expose())
}

#[test]
fn the_link_makes_the_first_organization_and_its_owner_and_signs_them_in() {
    let app = TestApp::empty();
    let browser = app.browser();
    browser.get(&link(&app)).assert_status(200).assert_text("This server is new");
    let home = browser.submit("/setup", &[&FIELDS[..], &[("password", "tide and time and more")]].concat());
    home.assert_status(200)
        .assert_text("API Keys")
        .assert_text("Signed in as Ada")
        .assert_text("Harbour Trust");
    let other = app.browser();
    other
        .try_password("ada@harbour.example", "tide and time and more")
        .assert_status(200)
        .assert_text("API Keys");
}

#[test]
fn the_link_works_once() {
    let app = TestApp::empty();
    let link = link(&app);
    let (first, second) = (app.browser(), app.browser());
    first.get(&link);
    second.get(&link).assert_status(200);
    let fields = [&FIELDS[..], &[("password", "tide and time and more")]].concat();
    first.submit("/setup", &fields).assert_status(200);
    let rows = app.rows();
    second.submit("/setup", &fields).assert_page(404).assert_text("does not open anything");
    second.get(&link).assert_page(404);
    assert_eq!(app.rows(), rows);
}

#[test]
fn another_link_opens_nothing() {
    let app = TestApp::empty();
    let older = link(&app);
    let newer = link(&app);
    let last = if newer.ends_with('x') { 'y' } else { 'x' };
    let changed = format!("{}{last}", &newer[..newer.len() - 1]);
    for wrong in ["/setup", "/setup?token=", "/setup?token=%00", &older, &changed, &format!("{newer}0")] {
        app.browser().get(wrong).assert_page(404).assert_text("does not open anything");
        let browser = app.browser();
        browser.get("/login");
        browser.post(wrong, &[("password", "tide and time and more")]).assert_page(404);
    }
    app.browser().get(&newer).assert_status(200);
}

#[test]
fn mistakes_are_shown_and_use_nothing_up() {
    let app = TestApp::empty();
    let browser = app.browser();
    browser.get(&link(&app));
    let again = browser.submit("/setup", &[("organization_name", "Harbour Trust"), ("password", "short")]);
    again.assert_page(400).assert_text("Use at least 12 characters");
    let again = browser.submit("/setup", &[("email", "no address"), ("password", "short")]);
    again
        .assert_page(400)
        .assert_text("Give it a name.")
        .assert_text("Enter an e-mail address")
        .assert_text("Use at least 12 characters");
    browser
        .submit("/setup", &[&FIELDS[..], &[("password", "tide and time and more")]].concat())
        .assert_status(200);
}

#[test]
fn a_server_with_people_offers_no_link() {
    let app = TestApp::new();
    app.member(rules::role::Role::Viewer);
    let mint = app.app.mint.clone();
    assert!(app.write(move |tx| setup::offer(tx, &mint)).is_none());
}
