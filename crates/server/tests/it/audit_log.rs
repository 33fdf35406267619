//! The audit log as an admin reads it in the console, and takes it along as a file.

use rules::role::Role;
use serde_json::Value;

use crate::support::{TestApp, encode};

const PAGE: &str = "/settings/organization/audit-log";

#[test]
fn an_admin_sees_what_was_done_in_words_and_narrows_it() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let browser = app.signed_in(&admin);
    app.tick();
    browser.get("/settings/developer/api-keys/new");
    let fields =
        [("name", "Nightly export"), ("scope", "devices:read"), ("devices", "all"), ("expiry", "30")];
    browser.submit("/settings/developer/api-keys", &fields).assert_status(200);
    let page = browser.get(PAGE);
    let words =
        ["API key created", "Nightly export", "Signed in", &admin.person.name, "127.0.0.1", "1 May 2026"];
    for words in words {
        page.assert_page(200).assert_text(words);
    }
    let row = "Signed in session.started";
    for (field, value) in [
        ("action", "api_key.created"),
        ("subject", "nightly EXPORT"),
        ("start", "2026-05-01"),
        ("actor", admin.person.id.as_str()),
    ] {
        let narrowed = browser.get(&format!("{PAGE}?{}", encode(&[(field, value), ("end", "")])));
        narrowed.assert_page(200).assert_text("Nightly export");
        let shows_sessions = narrowed.words().contains(row);
        assert_eq!(shows_sessions, matches!(field, "start" | "actor"), "{field}");
    }
    browser.get(&format!("{PAGE}?end=2026-04-30")).assert_page(200).assert_text("Nothing in the log fits");
    for wrong in ["start=May", "end=2026-02-30", "action=api_key.made"] {
        browser.get(&format!("{PAGE}?{wrong}")).assert_page(400).assert_text("Please look at this again");
    }
}

#[test]
fn who_may_not_read_it_is_told_whom_to_ask_and_not_led_there() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let browser = app.signed_in(&app.member(Role::Operator));
    for path in [PAGE.to_owned(), format!("{PAGE}/events.csv")] {
        browser.get(&path).assert_page(403).assert_text("Organization Admin").assert_text(&admin.email);
    }
    let link = format!("href=\"{PAGE}\"");
    assert!(!browser.get("/devices").body.contains(&link));
    assert!(app.signed_in(&admin).get("/devices").body.contains(&link));
}

#[test]
fn pages_lead_to_each_other_and_keep_the_filter() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    for _ in 0..60 {
        app.key("devices:read");
    }
    let first = browser.get(&format!("{PAGE}?action=api_key.created"));
    let next = first.body.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let rows = |body: &str| body.matches("<code>api_key.created</code>").count();
    let second = browser.get(&next.replace("&amp;", "&"));
    assert_eq!((rows(&first.body), rows(&second.body)), (50, 10));
    second.assert_text("← Previous").assert_no_text("Next →");
}

#[test]
fn the_file_has_all_that_the_filter_leaves_and_no_formula() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    app.key_of(&rival, |new| new.name = "Theirs".to_owned());
    for number in 0..1100 {
        app.key_of(app.home(), |new| new.name = format!("=1+{number}"));
    }
    let browser = app.signed_in(&app.member(Role::Owner));
    let file = browser.get(&format!("{PAGE}/events.csv?action=api_key.created"));
    file.assert_status(200)
        .assert_header("content-type", "text/csv; charset=utf-8; header=present")
        .assert_header("content-disposition", "attachment")
        .assert_header("cache-control", "private, no-store");
    assert_eq!(file.body.lines().count(), 1101);
    assert!(file.body.contains(",'=1+0,") && !file.body.contains(",=1") && !file.body.contains("Theirs"));
    let lines = browser.get(&format!("{PAGE}/events.ndjson?action=api_key.created"));
    let names: Vec<String> = lines
        .body
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["subject_name"].as_str().unwrap().to_owned())
        .collect();
    let expected: Vec<String> = (0..1100).rev().map(|number| format!("=1+{number}")).collect();
    assert_eq!(names, expected);
    browser.get(&format!("{PAGE}/events.pdf")).assert_page(404);
    browser.get(&format!("{PAGE}/events.csv?start=May")).assert_page(400);
}
