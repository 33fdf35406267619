//! Every form of the map, attacked: the list is made from the map, so a new form is in it by itself.

use axum::body::Body;
use axum::http::Method;
use model::application;
use server::http::{RouteKind, map};

use rules::client_auth::ClientType;
use rules::role::Role;

use crate::support::{Browser, Client, Flow, Member, Phone, TestApp, request};

/// An admin with something behind each form: a key, an application with two secrets, a consent, a
/// waiting request.
struct Scene<'a> {
    browser: Browser<'a>,
    path: String,
    fields: Vec<(&'static str, String)>,
}

const ORIGIN: &str = "http://127.0.0.1:8080";
const SAME_SITE: (&str, &str) = ("sec-fetch-site", "same-origin");
/// What a browser says of a form of ours.
const OWN: [(&str, &str); 2] = [("origin", ORIGIN), SAME_SITE];

fn paths_of_forms() -> Vec<&'static str> {
    let map = map();
    let forms = map.routes().iter().filter(|route| matches!(route.kind, RouteKind::Form));
    forms.map(|route| route.path).collect()
}

impl<'a> Scene<'a> {
    fn new(app: &'a TestApp, path: &str) -> Self {
        match path {
            path if path.ends_with("/ask") => return Self::asking(app, path),
            path if path.contains("/access-requests/") => return Self::deciding(app, path),
            _ => {}
        }
        let admin = app.member(Role::Owner);
        let key = app.key("devices:read").id.to_string();
        let client = app.application_of(app.home(), (ClientType::Confidential, |_: &mut _| {}));
        let access = app.access(app.home());
        let id = client.application.client_id.clone();
        if path.contains("/secrets/") {
            // The last one can't be revoked.
            app.add_secret(&client);
        }
        let secret = app.read(|tx| application::secrets(tx, &access, &id))[0].id.to_string();
        let browser = app.signed_in(&admin);
        let connection = connection(app, &browser, (&admin, &client));
        Flow::new(app, &client).start(&browser).assert_text("asks for your data");
        let request = browser.page().asked.rsplit('/').next().unwrap().to_owned();
        let last = match path {
            path if path.contains("/secrets/") => secret,
            path if path.contains("/connections/") => connection,
            path if path.contains("/sessions/") => other_session(app, &admin),
            path if path.starts_with("/reset/") => reset_link(app, &admin),
            path if path.contains("/organization/invitations/") => {
                app.invite(app.home(), "new@harbour.example", "Viewer").0.to_string()
            }
            path if path.contains("/members/") => app.member(Role::Viewer).person.id.to_string(),
            path if path.contains("/roles/") => app.custom_role("A role", "devices:read").to_string(),
            _ => key,
        };
        let path =
            path.replace("{client_id}", &client.id).replace("{request_id}", &request).replace("{id}", &last);
        let path = match path.as_str() {
            "/invitations" => app.invite(&app.organization("Rival Reef"), &admin.email, "Viewer").1,
            _ => path,
        };
        assert!(!path.contains('{'), "say what stands for the id in {path}");
        let email = if path.ends_with("/invitations") { "guest@harbour.example" } else { &admin.email };
        let mut fields = fields(email, &admin.password);
        fields.push(("organization_id", app.home().id.to_string()));
        if path == "/settings/profile/two-factor" {
            fields.extend(offered_code(app, &browser));
        }
        Self { browser, path, fields }
    }

    /// A viewer whose role is too weak for what an application asks.
    fn asking(app: &'a TestApp, path: &str) -> Self {
        let viewer = app.member(Role::Viewer);
        let browser = app.signed_in(&viewer);
        Flow::new(app, &app.confidential("devices:write")).start(&browser).assert_page(403);
        let request = browser.page().asked.rsplit('/').next().unwrap().to_owned();
        let path = path.replace("{request_id}", &request);
        Self { browser, path, fields: fields(&viewer.email, &viewer.password) }
    }

    /// An admin whom a viewer has asked for a role.
    fn deciding(app: &'a TestApp, path: &str) -> Self {
        let asking = Self::asking(app, "/oauth2/consent/{request_id}/ask");
        asking.post(&asking.browser.csrf_token(), &OWN).assert_status(303);
        let admin = app.member(Role::OrganizationAdmin);
        let browser = app.signed_in(&admin);
        let forms = browser.get("/settings/organization/access-requests").forms();
        let id = |form: &str| Some(form.split("access-requests/").nth(1)?.split('/').next()?.to_owned());
        let id = forms.iter().find_map(|form| id(&form.action)).expect("a request to decide");
        let fields = [fields(&admin.email, &admin.password), vec![("role", "Operator".to_owned())]].concat();
        Self { browser, path: path.replace("{id}", &id), fields }
    }

    /// Everything that any form needs to do what it does.
    fn post(&self, token: &str, headers: &[(&str, &str)]) -> crate::support::Answer {
        let own = self.fields.iter().map(|(name, value)| (*name, value.as_str()));
        let fields: Vec<(&str, &str)> = own.chain([("csrf_token", token)]).collect();
        self.browser.post_as(&self.path, &fields, headers)
    }
}

/// Lets the application in; the id that the page gives to undo it.
fn connection(app: &TestApp, browser: &Browser<'_>, (member, client): (&Member, &Client)) -> String {
    Flow::new(app, client).code(member);
    let forms = browser.get("/settings/connections").forms();
    let id = |form: &str| Some(form.strip_prefix("/settings/connections/")?.split('/').next()?.to_owned());
    forms.iter().find_map(|form| id(&form.action)).expect("a connection to remove")
}

/// A session of the same person in another browser.
fn other_session(app: &TestApp, admin: &Member) -> String {
    app.tick();
    app.signed_in(admin);
    let sql = "SELECT id FROM session ORDER BY created_at DESC LIMIT 1";
    app.read(|tx| Ok(tx.one(sql, &[], |row| row.get(0))?))
}

/// What comes after `/reset/` in the link that was mailed to this person.
fn reset_link(app: &TestApp, admin: &Member) -> String {
    let browser = app.browser();
    browser.get("/reset");
    browser.submit("/reset", &[("email", &admin.email)]);
    let mails = app.mails_to(&admin.email);
    let link = mails.iter().find_map(|mail| mail.split("/reset/").nth(1)).expect("a link in a mail");
    link.split_whitespace().next().unwrap().to_owned()
}

/// The key that the page offers, and its code. The page's forms are as good as any other's to take a token from.
fn offered_code(app: &TestApp, browser: &Browser<'_>) -> [(&'static str, String); 2] {
    let page = browser.get("/settings/profile/two-factor/new");
    let form = page.forms().into_iter().find(|form| form.action.ends_with("/two-factor")).unwrap();
    let offered = form.fields.into_iter().find(|(name, _)| name == "enrolment").unwrap().1;
    [("enrolment", offered), ("code", Phone::scan(app, &page).code())]
}

fn fields(email: &str, password: &str) -> Vec<(&'static str, String)> {
    let fixed = [
        ("name", "A new name"),
        ("scope", "devices:read"),
        ("devices", "all"),
        ("expiry", "30"),
        ("redirect_uris", "https://app.example/callback"),
        ("client_type", "confidential"),
        ("decision", "allow"),
        ("role", "Operator"),
    ];
    let own = [
        ("email", email.to_owned()),
        ("password", password.to_owned()),
        ("current_password", password.to_owned()),
    ];
    fixed.into_iter().map(|(name, value)| (name, value.to_owned())).chain(own).collect()
}

#[test]
fn a_form_that_is_not_from_our_page_changes_nothing() {
    for path in paths_of_forms() {
        let app = TestApp::new();
        let stranger = app.browser();
        stranger.get("/login");
        let scene = Scene::new(&app, path);
        let (before, token) = (app.rows(), scene.browser.csrf_token());
        let other = stranger.csrf_token();
        let cut = &token[..token.len() - 1];
        for (what, token, headers) in [
            ("no token", "", &OWN[..]),
            ("another browser's token", &other, &OWN),
            ("a token cut short", cut, &OWN),
            ("no mark of where it comes from", &token, &[]),
            ("a foreign origin", &token, &[("origin", "https://evil.example"), SAME_SITE]),
            ("a foreign origin and no more", &token, &[("origin", "https://evil.example")]),
            ("no origin to speak of", &token, &[("origin", "null")]),
            ("another port of this host", &token, &[("origin", "http://127.0.0.1:8081"), SAME_SITE]),
            ("another site", &token, &[("origin", ORIGIN), ("sec-fetch-site", "cross-site")]),
            ("another site and no more", &token, &[("sec-fetch-site", "cross-site")]),
            ("a sibling of this site", &token, &[("sec-fetch-site", "same-site")]),
            ("plain text", &token, &[OWN[0], OWN[1], ("content-type", "text/plain")]),
            ("multipart", &token, &[OWN[0], OWN[1], ("content-type", "multipart/form-data; boundary=x")]),
            ("json", &token, &[OWN[0], OWN[1], ("content-type", "application/json")]),
        ] {
            let answer = scene.post(token, headers);
            assert_eq!(answer.status.as_u16(), 403, "{path} with {what}: {}", answer.words());
            assert_eq!(app.rows(), before, "{path} with {what}");
        }
    }
}

#[test]
fn the_same_form_from_our_page_is_taken() {
    for path in paths_of_forms() {
        let app = TestApp::new();
        let scene = Scene::new(&app, path);
        let token = scene.browser.csrf_token();
        let answer = scene.post(&token, &OWN);
        // The set-up link is the one thing that this server does not have any more.
        let expected: &[u16] = if path == "/setup" { &[404] } else { &[200, 303] };
        assert!(expected.contains(&answer.status.as_u16()), "{path}: {} {}", answer.status, answer.words());
    }
}

#[test]
fn no_form_is_sent_by_following_a_link() {
    let (map, app) = (map(), TestApp::new());
    let is_page = |path: &str| {
        map.routes().iter().any(|route| route.path == path && matches!(route.kind, RouteKind::Page))
    };
    for path in paths_of_forms().into_iter().filter(|path| !is_page(path)) {
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::PATCH] {
            let answer = app.send(request(method.clone(), path).body(Body::empty()).unwrap());
            answer.assert_status(405).assert_header("allow", "POST");
        }
    }
}

#[test]
fn a_form_without_a_session_leads_nowhere() {
    for path in paths_of_forms() {
        let app = TestApp::new();
        let scene = Scene::new(&app, path);
        let stranger = app.browser();
        stranger.get("/login");
        // A failed sign-in is remembered, and rightly.
        let rows = || app.rows().into_iter().filter(|(table, _)| table != "audit_event").collect::<Vec<_>>();
        let before = rows();
        let answer = stranger
            .post_once(&scene.path, &[("name", "x"), ("scope", "devices:read"), ("decision", "allow")]);
        let status = answer.status.as_u16();
        let to_sign_in = status == 303 && answer.location().starts_with("/login");
        // A link by mail can be asked for without a session, and then nothing but the address is missing.
        let asks_an_address = path == "/reset" && status == 400;
        let has_a_link = path == "/reset/{id}" && status == 400;
        assert!(
            to_sign_in || asks_an_address || has_a_link || matches!(status, 401 | 404 | 410),
            "{path}: {status}"
        );
        assert_eq!(rows(), before, "{path}");
    }
}

#[test]
fn a_form_of_the_developer_settings_takes_an_admin() {
    let developer = |path: &&str| path.starts_with("/settings/developer/");
    let mut tried = 0;
    for path in paths_of_forms().into_iter().filter(developer) {
        let app = TestApp::new();
        let scene = Scene::new(&app, path);
        for role in [Role::Viewer, Role::Operator] {
            let browser = app.signed_in(&app.member(role));
            browser.get("/devices");
            let (before, token) = (app.rows(), browser.csrf_token());
            let own = scene.fields.iter().map(|(name, value)| (*name, value.as_str()));
            let fields: Vec<(&str, &str)> = own.chain([("csrf_token", token.as_str())]).collect();
            browser
                .post_own(&scene.path, &fields)
                .assert_page(403)
                .assert_no_text("did not come from a page");
            assert_eq!(app.rows(), before, "{path} as {role}");
            tried += 1;
        }
    }
    assert!(tried >= 12, "{tried}");
}
