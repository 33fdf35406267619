//! API keys in the console: who may make them, that they are shown once, and what a form can't get.

use rules::role::Role;

use crate::support::{Answer, Browser, TestApp, credentials_in};

const KEYS: &str = "/settings/developer/api-keys";
const APPLICATIONS: &str = "/settings/developer/oauth-applications";

fn make(browser: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    browser.get("/settings/developer/api-keys/new");
    let usual = [("name", "Nightly export"), ("devices", "all"), ("expiry", "90")];
    let is_given = |name: &str| fields.iter().any(|(given, _)| *given == name);
    let usual: Vec<_> = usual.into_iter().filter(|(name, _)| !is_given(name)).collect();
    browser.post(KEYS, &[&usual, fields].concat())
}

/// The one whole key on a page.
#[track_caller]
fn key_on(page: &Answer) -> String {
    let mut keys = credentials_in(&page.body);
    keys.dedup();
    keys.into_iter().find(|text| text.starts_with("sk_")).expect("a key on the page")
}

fn id_of(key: &str) -> String {
    format!("key_{}", key.split('_').nth(3).unwrap())
}

#[test]
fn an_admin_makes_a_key_that_works_at_once() {
    let app = TestApp::new();
    for role in [Role::OrganizationAdmin, Role::Owner] {
        let browser = app.signed_in(&app.member(role));
        let page = make(&browser, &[("scope", "devices:read"), ("scope", "observations:read")]);
        page.assert_status(200).assert_text("Copy your key now");
        let program = app.program(&key_on(&page));
        program.get("/v1/me").assert_status(200);
        assert_eq!(program.scopes(), ["devices:read", "observations:read"]);
    }
}

#[test]
fn the_pages_carry_the_words_of_the_documentation() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    browser
        .get(KEYS)
        .assert_text("Developer Settings")
        .assert_text("API Keys")
        .assert_text("Create an API Key");
    browser.get(KEYS).assert_text("OAuth Applications");
    browser.get(APPLICATIONS).assert_text("Create an OAuth Application");
    let form = browser.get(&format!("{APPLICATIONS}/new"));
    form.assert_text("Application Name").assert_text("Redirect URIs").assert_text("Scopes");
}

#[test]
fn a_key_is_shown_exactly_once() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let page = make(&browser, &[("scope", "devices:read")]);
    let key = key_on(&page);
    page.assert_header("cache-control", "no-store").assert_no_header("location");
    assert!(!page.asked.contains(&key));
    let secret = &key[key.len() - 49..key.len() - 4];
    for path in [KEYS, &format!("{KEYS}/{}", id_of(&key)), &format!("{KEYS}/new")] {
        let later = browser.get(path);
        later.assert_status(200);
        assert!(!later.body.contains(secret), "{path}");
    }
    let admin = app.program(&app.key("api_keys:read").secret);
    for path in ["/v1/api-keys", &format!("/v1/api-keys/{}", id_of(&key))] {
        let later = admin.get(path);
        later.assert_status(200);
        assert!(!later.body.contains(secret), "{path}");
    }
    browser.get(KEYS).assert_text(&key[key.len() - 4..]);
}

#[test]
fn who_is_no_admin_sees_which_role_it_takes_and_whom_to_ask() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    for role in [Role::Viewer, Role::Operator] {
        let browser = app.signed_in(&app.member(role));
        for path in
            [KEYS, "/settings/developer/api-keys/new", APPLICATIONS, "/settings/developer/api-keys/key_x"]
        {
            browser
                .get(path)
                .assert_page(403)
                .assert_text("This page needs the Organization Admin role")
                .assert_text(&format!("Your role in Harbour Trust is {role}"))
                .assert_text(&admin.email)
                .assert_text("help@bluesonde.example");
        }
        let rows = app.rows();
        browser.post(KEYS, &[("name", "x"), ("scope", "devices:read"), ("expiry", "30")]).assert_page(403);
        let key = app.key("devices:read");
        browser.get(KEYS);
        browser.post(&format!("{KEYS}/{}/revoke", key.id), &[]).assert_page(403);
        app.program(&key.secret).get("/v1/me").assert_status(200);
        assert_eq!(app.rows()["api_key"], rows["api_key"] + 1, "only the one that the story made");
    }
}

#[test]
fn a_key_needs_a_name_a_scope_and_an_end() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let rows = app.rows();
    for (fields, words) in [
        (&[("scope", "devices:read"), ("name", "  ")][..], "Give it a name."),
        (&[("scope", "devices:read"), ("name", "a\u{202e}b")], "Leave out line breaks"),
        (&[], "Choose at least one scope."),
        (&[("scope", "")], "There is no such scope."),
        (&[("scope", "*")], "There is no such scope."),
        (&[("scope", "devices:read observations:read")], "There is no such scope."),
        (&[("scope", "devices:read"), ("scope", "devices:everything")], "There is no such scope."),
        (&[("scope", "offline_access")], "API keys can't carry offline_access."),
        (&[("scope", "devices:read"), ("expiry", "")], "Choose when the key ends."),
        (&[("scope", "devices:read"), ("expiry", "36500")], "Choose when the key ends."),
        (&[("scope", "devices:read"), ("expiry", "date"), ("expiry_date", "soon")], "Choose a day"),
        (&[("scope", "devices:read"), ("expiry", "date"), ("expiry_date", "9999-12-29")], "within 100 years"),
        (&[("scope", "devices:read"), ("expiry", "date"), ("expiry_date", "2127-05-01")], "within 100 years"),
        (
            &[("scope", "devices:read"), ("expiry", "date"), ("expiry_date", "2026-04-30")],
            "a time in the future",
        ),
        (&[("scope", "devices:read"), ("devices", "chosen")], "Choose at least one device"),
        (
            &[("scope", "devices:read"), ("devices", "chosen"), ("device_id", "x")],
            "Choose at least one device",
        ),
    ] {
        make(&browser, fields).assert_page(400).assert_text(words);
        assert_eq!(app.rows(), rows, "{fields:?}");
    }
}

#[test]
fn a_form_can_say_no_more_than_its_fields() {
    let app = TestApp::new();
    let (owner, stranger) = (app.member(Role::Owner), app.organization("Rival Reef"));
    let browser = app.signed_in(&owner);
    let page = make(
        &browser,
        &[
            ("scope", "devices:read"),
            ("organization_id", stranger.id.as_str()),
            ("org_id", stranger.id.as_str()),
            ("creator_id", "usr_x"),
            ("scopes", "members:write"),
            ("created_at", "0"),
            ("secret_hash", "0"),
        ],
    );
    let me = app.program(&key_on(&page)).get("/v1/me").json();
    assert_eq!(me["organization"]["id"], app.home().id.as_str());
    assert_eq!(me["scopes"], serde_json::json!(["devices:read"]));
}

#[test]
fn a_key_ends_when_the_form_said() {
    let app = TestApp::new();
    for (fields, ends, days) in [
        (&[("expiry", "30")][..], "2026-05-31", 30),
        (&[("expiry", "90")], "2026-07-30", 90),
        (&[("expiry", "365")], "2027-05-01", 365),
    ] {
        let app = TestApp::new();
        let browser = app.signed_in(&app.member(Role::Owner));
        let program = app.program(&key_on(&make(&browser, &[&[("scope", "devices:read")], fields].concat())));
        let me = program.get("/v1/me").json();
        assert!(me["expires_at"].as_str().unwrap().starts_with(ends), "{me}");
        app.advance_days(days);
        app.advance_secs(-1);
        program.get("/v1/me").assert_status(200);
        app.advance_secs(1);
        program.get("/v1/me").assert_status(401);
    }
    let browser = app.signed_in(&app.member(Role::Owner));
    let by_day = [("scope", "devices:read"), ("expiry", "date"), ("expiry_date", "2026-05-01")];
    let me = app.program(&key_on(&make(&browser, &by_day))).get("/v1/me").json();
    assert_eq!(me["expires_at"], "2026-05-02T00:00:00Z", "the last day counts whole");
    let never = app.program(&key_on(&make(&browser, &[("scope", "devices:read"), ("expiry", "never")])));
    assert!(never.get("/v1/me").json()["expires_at"].is_null());
    app.advance_days(20_000);
    never.get("/v1/me").assert_status(200);
}

#[test]
fn revoking_a_key_on_its_page_ends_it() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let key = key_on(&make(&browser, &[("scope", "devices:read")]));
    let program = app.program(&key);
    program.get("/v1/me").assert_status(200);
    browser.get(&format!("{KEYS}/{}", id_of(&key))).assert_text("Active");
    browser.submit(KEYS, &[]).assert_status(200).assert_text("Revoked").assert_no_text("Revoke this key");
    program.get("/v1/me").assert_status(401);
    // Once more is no mistake.
    browser.post(&format!("{KEYS}/{}/revoke", id_of(&key)), &[]).assert_status(200);
}

#[test]
fn another_organizations_key_is_not_found() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    let theirs = app.key_of(&rival, |_| {});
    let browser = app.signed_in(&app.member(Role::Owner));
    browser.get(&format!("{KEYS}/{}", theirs.id)).assert_page(404);
    browser.get(KEYS).assert_no_text(&theirs.secret[theirs.secret.len() - 4..]);
    browser.post(&format!("{KEYS}/{}/revoke", theirs.id), &[]).assert_page(404);
    app.program(&theirs.secret).get("/v1/me").assert_status(200);
}

#[test]
fn a_key_covers_the_devices_that_were_chosen() {
    let app = TestApp::new();
    let (ours, other) = (app.device(app.home()), app.device(app.home()));
    let theirs = app.device(&app.organization("Rival Reef"));
    let browser = app.signed_in(&app.member(Role::Owner));
    let chosen = [("scope", "devices:read"), ("devices", "chosen"), ("device_id", ours.as_str())];
    let me = app.program(&key_on(&make(&browser, &chosen))).get("/v1/me").json();
    assert_eq!(me["devices"], serde_json::json!([ours.as_str()]), "and not {other}");
    let foreign = [("scope", "devices:read"), ("devices", "chosen"), ("device_id", theirs.as_str())];
    make(&browser, &foreign).assert_page(400).assert_text("There is no device");
}

#[test]
fn a_name_cannot_run_anything() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let evil = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>";
    let page = make(&browser, &[("scope", "devices:read"), ("name", evil)]);
    page.assert_status(200);
    let show = browser.get(&format!("{KEYS}/{}", id_of(&key_on(&page))));
    for page in [page, show, browser.get(KEYS), make(&browser, &[("name", evil)])] {
        assert!(!page.body.contains("<img src=x") && !page.body.contains("<script>alert"), "{}", page.asked);
    }
}
