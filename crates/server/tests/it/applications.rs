//! OAuth applications in the console: what may be registered, and that a secret is shown once.

use model::application_form::lines;
use rules::role::Role;

use crate::support::{Answer, Browser, Client, Flow, TestApp, Tokens, credentials_in};

const INDEX: &str = "/settings/developer/oauth-applications";

/// Sends the form for a new application, changed by `fields`.
fn make(browser: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    browser.get(&format!("{INDEX}/new"));
    let usual = [
        ("name", "Tide Tables"),
        ("redirect_uris", "https://app.example/callback"),
        ("scope", "devices:read"),
        ("client_type", "confidential"),
    ];
    let is_given = |name: &str| fields.iter().any(|(given, _)| *given == name);
    let usual: Vec<_> = usual.into_iter().filter(|(name, _)| !is_given(name)).collect();
    browser.post(INDEX, &[&usual, fields].concat())
}

#[track_caller]
fn secret_on(page: &Answer) -> String {
    page.assert_status(200).assert_header("cache-control", "no-store");
    credentials_in(&page.body)
        .into_iter()
        .find(|text| text.starts_with("csbsn"))
        .expect("a secret on the page")
}

/// The client id on a page that shows one.
fn id_on(page: &Answer) -> String {
    let words = page.body.split(|char: char| !char.is_ascii_alphanumeric());
    words
        .into_iter()
        .find(|word| word.starts_with("app") && word.len() == 29)
        .expect("a client id")
        .to_owned()
}

/// The client as its developer knows it from the page that made it.
fn client(app: &TestApp, page: &Answer, secret: Option<String>) -> Client {
    let id = id_on(page);
    let application = app.read(|tx| model::application::client(tx, &id)).unwrap();
    Client { id, secret, application }
}

#[test]
fn an_admin_registers_an_application_and_its_flow_works() {
    let app = TestApp::new();
    let (admin, person) = (app.member(Role::OrganizationAdmin), app.member(Role::Viewer));
    let page = make(&app.signed_in(&admin), &[]);
    let client = client(&app, &page, Some(secret_on(&page)));
    let tokens = Flow::new(&app, &client).tokens(&person);
    app.program(&tokens.access).get("/v1/me").assert_status(200);
}

#[test]
fn the_pkce_option_makes_a_client_without_a_secret() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let page = make(&browser, &[("client_type", "public")]);
    page.assert_status(200);
    assert!(!credentials_in(&page.body).iter().any(|text| text.starts_with("csbsn")));
    let client = client(&app, &page, None);
    Flow::new(&app, &client).tokens(&app.member(Role::Viewer));
    browser.get(&format!("{INDEX}/{}", client.id));
    browser
        .post(&format!("{INDEX}/{}/secrets", client.id), &[])
        .assert_page(403)
        .assert_text("has no secret");
}

#[test]
fn a_client_secret_is_shown_once_and_the_id_always() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let page = make(&browser, &[]);
    let (secret, id) = (secret_on(&page), id_on(&page));
    for path in [INDEX, &format!("{INDEX}/{id}"), &format!("{INDEX}/{id}/edit")] {
        let later = browser.get(path);
        later.assert_status(200);
        assert!(!later.body.contains(&secret[5..40]), "{path}");
        assert!(later.body.contains(&id), "{path}");
    }
    browser.get(&format!("{INDEX}/{id}")).assert_text(&format!("…{}", &secret[secret.len() - 4..]));
}

#[test]
fn one_secret_replaces_the_other_without_a_gap() {
    let app = TestApp::new();
    let (browser, person) = (app.signed_in(&app.member(Role::Owner)), app.member(Role::Viewer));
    let page = make(&browser, &[]);
    let old = client(&app, &page, Some(secret_on(&page)));
    let secrets = format!("{INDEX}/{}/secrets", old.id);
    // Two that are made in one millisecond have no order.
    app.advance_secs(1);
    browser.get(&format!("{INDEX}/{}", old.id));
    let new = Client { secret: Some(secret_on(&browser.post(&secrets, &[]))), ..old.clone() };
    browser.get(&format!("{INDEX}/{}", old.id));
    browser.post(&secrets, &[]).assert_page(403).assert_text("Two secrets are live already");
    for client in [&old, &new] {
        Flow::new(&app, client).tokens(&person);
    }
    // The older one is the first in the list.
    browser.get(&format!("{INDEX}/{}", old.id));
    browser.submit(&format!("{secrets}/"), &[]).assert_status(200);
    let flow = Flow::new(&app, &old);
    let code = flow.code(&person);
    flow.redeem(&code).assert_status(401).assert_error("invalid_client");
    Flow::new(&app, &new).redeem(&code).assert_status(200);
    // The last one stays.
    let access = app.access(app.home());
    let id = old.application.client_id.clone();
    let last = app.read(|tx| model::application::secrets(tx, &access, &id)).remove(0).id;
    browser.get(&format!("{INDEX}/{}", old.id));
    browser.post(&format!("{secrets}/{last}/revoke"), &[]).assert_page(403).assert_text("the only secret");
    Flow::new(&app, &new).tokens(&person);
}

#[test]
fn only_redirect_uris_that_can_be_matched_byte_for_byte_are_registered() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    let rows = app.rows();
    for uri in [
        "http://app.example/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://app.example/x",
        "about:blank",
        "intent://app.example",
        "JavaScript:alert(1)",
        "https://*.app.example/callback",
        "https://app.example/*",
        "https://app.example/callback#fragment",
        "https://app.example/callback#",
        "https://user:pass@app.example/callback",
        "https://localhost:80@evil.example/",
        "https://app.example/callback?code=x",
        "https://app.example/callback?state=x",
        "https://app.example/callback?iss=x",
        "https://APP.example/callback",
        "https://app.example/a/../callback",
        "https://bücher.example/callback",
        "https://app.example\\callback",
        "http://localhost.evil.example/callback",
        "http://127.0.0.1.evil.example/callback",
        "myapp:/callback",
        "//app.example/callback",
        "app.example/callback",
        "https://",
        "https:app.example",
        &format!("https://app.example/{}", "x".repeat(2000)),
    ] {
        let page = make(&browser, &[("redirect_uris", uri)]);
        assert_eq!(page.status.as_u16(), 400, "{uri}: {}", page.words());
        assert!(!page.body.contains("href=\"javascript"), "{uri}");
    }
    make(&browser, &[("redirect_uris", "")]).assert_page(400).assert_text("Add at least one redirect URI");
    let twice = "https://app.example/callback\nhttps://app.example/callback";
    make(&browser, &[("redirect_uris", twice)]).assert_page(400).assert_text("needed only once");
    assert_eq!(app.rows(), rows);
    let good = " https://app.example/a?x=1 \r\n\r\nhttp://127.0.0.1/callback\nhttps://app.example:8443/b";
    assert_eq!(lines(good).len(), 3);
    make(&browser, &[("redirect_uris", good)]).assert_status(200);
}

#[test]
fn an_application_is_not_named_like_us_and_links_only_to_https() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    for (field, value) in [
        ("name", ""),
        ("name", "Bluesonde"),
        ("name", "B1uesonde Official"),
        ("name", "a\u{202e}b"),
        ("name", "a\u{2066}b"),
        ("name", "a\u{200b}b"),
        ("name", "a\u{61c}b"),
        ("name", "\u{3164}"),
        ("name", "\u{2800}\u{2800}"),
        ("name", "a\r\nb"),
        ("name", &"x".repeat(10 * 1024)),
        ("name", "Вluеsоndе"),
        ("name", "Blue\u{ad}sonde"),
        ("name", "ＢＬＵＥＳＯＮＤＥ"),
        ("homepage_url", "javascript:alert(1)"),
        ("homepage_url", "http://app.example"),
        ("privacy_policy_url", "data:text/html,x"),
        ("terms_url", "https://user@app.example"),
        ("terms_url", "\tjavascript:alert(1)"),
        ("homepage_url", "https://app.example/\u{202e}"),
        ("description", "a\u{202e}b"),
        ("description", &"x".repeat(501)),
    ] {
        make(&browser, &[(field, value)]).assert_page(400);
    }
    assert_eq!(app.rows()["application"], 0);
}

#[test]
fn no_application_asks_for_what_makes_credentials_or_members() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::Owner));
    for scope in ["api_keys:read", "api_keys:write", "applications:write", "members:write", "openid", "*", ""]
    {
        for field in ["scope", "optional_scope"] {
            let fields = [("scope", "devices:read"), (field, scope)];
            make(&browser, &fields).assert_page(400);
        }
    }
    make(&browser, &[("scope", "offline_access")]).assert_page(400).assert_text("at least one scope");
    make(&browser, &[("scope", "devices:read"), ("optional_scope", "devices:read")]).assert_page(400);
    assert_eq!(app.rows()["application"], 0);
}

#[test]
fn an_applications_token_makes_no_key() {
    let app = TestApp::new();
    let everything: Vec<_> =
        rules::scope::Scope::all().filter(|scope| scope.fits_grants()).map(|scope| scope.name()).collect();
    let client = app.confidential(&everything.join(" "));
    let tokens = Flow::new(&app, &client).tokens(&app.member(Role::Owner));
    let program = app.program(&tokens.access);
    let body = serde_json::json!({"name": "x", "scopes": ["devices:read"]});
    program.post("/v1/api-keys", &body).assert_status(403);
    program.get("/v1/api-keys").assert_status(403);
}

#[test]
fn an_edit_changes_what_people_are_asked() {
    let app = TestApp::new();
    let (browser, person) = (app.signed_in(&app.member(Role::Owner)), app.member(Role::Viewer));
    let page = make(&browser, &[]);
    let client = client(&app, &page, Some(secret_on(&page)));
    browser.get(&format!("{INDEX}/{}/edit", client.id));
    let change = [
        ("name", "Tide Clocks"),
        ("redirect_uris", "https://app.example/callback"),
        ("scope", "observations:read"),
        // The type is fixed at birth: a client that had a secret goes on needing it.
        ("client_type", "public"),
        ("require_pkce", "yes"),
    ];
    browser.post(&format!("{INDEX}/{}", client.id), &change).assert_status(200).assert_text("Tide Clocks");
    Flow::new(&app, &client).start(&app.browser()).assert_sent_back("invalid_request");
    let flow = Flow::new(&app, &client).pkce();
    flow.start_signed_in(&app.browser(), &person).assert_text("Tide Clocks").assert_text("Read measurements");
    let tokens = flow.tokens(&person);
    assert_eq!(tokens.scope, "observations:read");
    let bare = [&flow.redemption("x")[..], &[("client_id", client.id.as_str())]].concat();
    app.token_call().form(&bare).send().assert_status(401);
}

#[test]
fn a_deleted_application_is_gone() {
    let app = TestApp::new();
    let (browser, person) = (app.signed_in(&app.member(Role::Owner)), app.member(Role::Viewer));
    let page = make(&browser, &[]);
    let client = client(&app, &page, Some(secret_on(&page)));
    let tokens: Tokens = Flow::new(&app, &client).tokens(&person);
    browser.get(&format!("{INDEX}/{}", client.id));
    browser
        .post(&format!("{INDEX}/{}/delete", client.id), &[])
        .assert_status(200)
        .assert_no_text("Tide Tables");
    app.program(&tokens.access).get("/v1/me").assert_status(401);
    browser.get(&format!("{INDEX}/{}", client.id)).assert_page(404);
    Flow::new(&app, &client).start(&browser).assert_page(400);
}

#[test]
fn another_organizations_application_is_not_found() {
    let app = TestApp::new();
    let theirs = app.confidential("devices:read");
    let browser = app.signed_in(&app.member(Role::Owner));
    let page = format!("{INDEX}/{}", theirs.id);
    browser.get(&page).assert_page(404);
    browser.get(&format!("{page}/edit")).assert_page(404);
    browser.get(INDEX).assert_no_text(&theirs.application.profile.name);
    let rows = app.rows();
    for path in [page.clone(), format!("{page}/delete"), format!("{page}/secrets")] {
        browser.get(INDEX);
        let fields =
            [("name", "Mine now"), ("redirect_uris", "https://evil.example/"), ("scope", "devices:read")];
        browser.post(&path, &fields).assert_page(404);
    }
    assert_eq!(app.rows(), rows);
    Flow::new(&app, &theirs).tokens(&app.member(Role::Viewer));
}

#[test]
fn an_organization_cannot_revoke_anothers_secret_through_its_own_application() {
    let app = TestApp::new();
    let theirs = app.confidential("devices:read");
    app.add_secret(&theirs);
    let browser = app.signed_in(&app.member(Role::Owner));
    let own = id_on(&make(&browser, &[]));
    let sql = "SELECT id FROM client_secret WHERE client_id = ?1 LIMIT 1";
    let secret: String = app.read(|tx| Ok(tx.one(sql, db::params![theirs.id.as_str()], |row| row.get(0))?));
    browser.get(INDEX);
    browser.post(&format!("{INDEX}/{own}/secrets/{secret}/revoke"), &[]).assert_page(404);
    Flow::new(&app, &theirs).tokens(&app.member(Role::Viewer));
}
