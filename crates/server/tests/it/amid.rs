//! What changes while an answer is under way: a page was shown, a button pressed, and before it is written down
//! somebody changes what the page was about. The check and the change are one transaction, so the change counts.

use axum::body::Body;
use axum::extract::Request;
use axum::http::Method;
use model::{application, organization};
use rules::role::Role;

use crate::support::{Answer, Browser, Client, Flow, Member, TestApp, request};

/// The request that pressing Allow on the open page sends.
fn pressing_allow(browser: &Browser<'_>) -> Request {
    let page = browser.page();
    let form = page.forms().into_iter().find(|form| !form.action.ends_with("switch-account")).unwrap();
    let own = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    browser.own_request(&form.action, &own.chain([("decision", "allow")]).collect::<Vec<_>>())
}

/// A page that is open, and all that a change needs to know.
struct Scene<'a> {
    app: &'a TestApp,
    member: Member,
    client: Client,
    browser: Browser<'a>,
}

impl<'a> Scene<'a> {
    fn new(app: &'a TestApp, scopes: &str) -> Self {
        let (member, client) = (app.member(Role::Operator), app.confidential(scopes));
        let browser = app.signed_in(&member);
        Flow::new(app, &client).start(&browser).assert_text("asks for your data");
        Self { app, member, client, browser }
    }

    fn allow_amid(
        &self,
        change: impl FnMut(&mut model::Tx<'_>) -> model::Result<()> + Send + 'static,
    ) -> Answer {
        self.app.send_amid(pressing_allow(&self.browser), change)
    }

    #[track_caller]
    fn assert_nothing_was_given(&self) {
        let rows = self.app.rows();
        assert_eq!((rows["oauth_grant"], rows["authorization_code"]), (0, 0));
    }
}

#[test]
fn a_role_that_is_taken_away_while_consent_is_under_way_counts() {
    let app = TestApp::new();
    let scene = Scene::new(&app, "devices:read observations:write");
    let (organization, person) = (app.home().id.clone(), scene.member.person.id.clone());
    let answer = scene
        .allow_amid(move |tx| organization::set_role(tx, &organization, &person, Role::Viewer).map(drop));
    answer
        .assert_page(403)
        .assert_text("Your role does not allow this yet")
        .assert_text("observations:write");
    scene.assert_nothing_was_given();
}

#[test]
fn a_person_who_is_disabled_while_consent_is_under_way_gives_nothing() {
    let app = TestApp::new();
    let scene = Scene::new(&app, "devices:read");
    let person = scene.member.person.id.clone();
    let answer = scene.allow_amid(move |tx| {
        let now = tx.now();
        tx.execute("UPDATE person SET disabled_at = ?2 WHERE id = ?1", db::params![person.as_str(), now])?;
        Ok(())
    });
    answer.assert_page(401);
    scene.assert_nothing_was_given();
}

#[test]
fn an_application_that_is_deleted_while_consent_is_under_way_gets_nothing() {
    let app = TestApp::new();
    let scene = Scene::new(&app, "devices:read");
    let (access, actor) = (app.publisher(&scene.client), model::audit::Actor::local("story"));
    let id = scene.client.application.client_id.clone();
    scene.allow_amid(move |tx| application::delete(tx, &access, &actor, &id)).assert_page(410);
    scene.assert_nothing_was_given();
}

#[test]
fn an_application_that_lists_more_while_consent_is_under_way_is_held_to_it() {
    let app = TestApp::new();
    let scene = Scene::new(&app, "devices:read");
    let (access, actor) = (app.publisher(&scene.client), model::audit::Actor::local("story"));
    let id = scene.client.application.client_id.clone();
    let mut profile = scene.client.application.profile.clone();
    profile.scopes = "devices:read members:read".parse().unwrap();
    let answer =
        scene.allow_amid(move |tx| application::update(tx, &access, &actor, &id, &profile).map(drop));
    answer.assert_page(403).assert_text("members:read");
    scene.assert_nothing_was_given();
}

#[test]
fn a_redirect_uri_that_is_removed_while_consent_is_under_way_receives_nothing_of_use() {
    let app = TestApp::new();
    let scene = Scene::new(&app, "devices:read");
    let (access, actor) = (app.publisher(&scene.client), model::audit::Actor::local("story"));
    let id = scene.client.application.client_id.clone();
    let mut profile = scene.client.application.profile.clone();
    profile.redirect_uris = vec!["https://app.example/moved".into()];
    let answer =
        scene.allow_amid(move |tx| application::update(tx, &access, &actor, &id, &profile).map(drop));
    let code = answer.param("code").expect("the page was shown while it was registered");
    let flow = Flow::new(&app, &scene.client);
    flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_lasting_consent_that_ends_while_it_is_relied_on_gives_no_code() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential("devices:write offline_access"));
    let flow = Flow::new(&app, &client);
    flow.code(&member);
    let browser = app.signed_in(&member);
    let cookie = format!(
        "session={}; browser={}",
        browser.cookie("session").unwrap(),
        browser.cookie("browser").unwrap()
    );
    let again = request(Method::GET, &flow.url()).header("cookie", cookie).body(Body::empty()).unwrap();
    let (organization, person) = (app.home().id.clone(), member.person.id.clone());
    let answer = app.send_amid(again, move |tx| {
        organization::set_role(tx, &organization, &person, Role::Viewer).map(drop)
    });
    assert_eq!(answer.param("code"), None);
    browser.get(answer.location()).assert_page(403).assert_text("devices:write");
    assert_eq!(app.rows()["authorization_code"], 1);
}
