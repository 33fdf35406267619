//! What an application's owner can switch for libraries that need it: the issuer parameter, and rotation.

use rules::authorize::IssuerParameter;
use rules::client_auth::ClientType;
use rules::exchange::{KeepReason, Rotation};
use rules::role::Role;

use crate::support::{Flow, TestApp, Tokens};

const SCOPES: &str = "devices:read offline_access";
const KEEP: Rotation = Rotation::Keep(KeepReason::ClientSecretAndOwnersChoice);

#[test]
fn the_issuer_goes_with_every_answer_unless_the_owner_leaves_it_out() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    for (issuer, sent) in
        [(IssuerParameter::Sent, Some("http://127.0.0.1:8080")), (IssuerParameter::LeftOut, None)]
    {
        let client = app.application(ClientType::Confidential, |profile| {
            profile.scopes = SCOPES.parse().unwrap();
            profile.issuer = issuer;
        });
        let flow = Flow::new(&app, &client);
        let browser = app.signed_in(&member);
        let allowed = flow.allow(&browser, &member);
        let remembered = flow.start(&browser);
        let refused = flow.clone().with("response_type", "token").start(&browser);
        let silent = flow.clone().with("prompt", "none").start(&app.browser());
        flow.clone().with("prompt", "consent").start(&browser);
        let denied = browser.submit_once("/oauth2/consent/", &[("decision", "deny")]);
        for answer in [allowed, remembered, refused, silent, denied] {
            answer.assert_status(303);
            assert_eq!(answer.param("iss").as_deref(), sent, "{}", answer.location());
        }
    }
}

#[test]
fn refresh_tokens_stay_the_same_for_a_confidential_client_whose_owner_wants_it() {
    let app = TestApp::new();
    let client = app.application(ClientType::Confidential, |profile| {
        profile.scopes = SCOPES.parse().unwrap();
        profile.rotation = KEEP;
    });
    let flow = Flow::new(&app, &client);
    let first = flow.tokens(&app.member(Role::Viewer));
    for days in [0, 29, 29] {
        app.advance_days(days);
        let next = Tokens::of(&flow.refresh(first.refresh()));
        assert_eq!(next.refresh, first.refresh, "using it moves its idle end");
        assert_ne!(next.access, first.access);
        app.program(&next.access).get("/v1/me").assert_status(200);
    }
    app.advance_days(31);
    flow.refresh(first.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_public_client_rotates_whatever_its_owner_wants() {
    let app = TestApp::new();
    let client = app.application(ClientType::Public, |profile| {
        profile.scopes = SCOPES.parse().unwrap();
        profile.rotation = KEEP;
    });
    let flow = Flow::new(&app, &client);
    let first = flow.tokens(&app.member(Role::Viewer));
    assert_ne!(Tokens::of(&flow.refresh(first.refresh())).refresh, first.refresh);
}

#[test]
fn the_switches_are_in_the_form_and_survive_an_edit_that_leaves_them_as_they_are() {
    let app = TestApp::new();
    let browser = app.signed_in(&app.member(Role::OrganizationAdmin));
    browser.get("/settings/developer/oauth-applications/new");
    let fields = [
        ("name", "Ledger"),
        ("client_type", "confidential"),
        ("redirect_uris", "https://app.example/callback"),
        ("scope", "devices:read"),
        ("leave_out_issuer", "yes"),
        ("keep_refresh_tokens", "yes"),
    ];
    let made = browser.post("/settings/developer/oauth-applications", &fields);
    let id = made.body.split("oauth-applications/app").nth(1).unwrap()[..26].to_owned();
    let home = format!("/settings/developer/oauth-applications/app{id}");
    browser.get(&format!("{home}/edit"));
    let kept = [("name", "Ledger two"), ("redirect_uris", "https://app.example/callback")];
    browser.submit(&home, &kept).assert_text("Left out").assert_text("Stay the same");
    browser.get(&format!("{home}/edit"));
    let cleared =
        [("name", "Ledger"), ("redirect_uris", "https://app.example/callback"), ("scope", "devices:read")];
    browser.post(&home, &cleared).assert_text("Replaced at each use");
}

#[test]
fn switching_rotation_on_again_makes_the_next_use_rotate() {
    let app = TestApp::new();
    let client = app.application(ClientType::Confidential, |profile| {
        profile.scopes = SCOPES.parse().unwrap();
        profile.rotation = KEEP;
    });
    let flow = Flow::new(&app, &client);
    let first = flow.tokens(&app.member(Role::Viewer));
    flow.refresh(first.refresh()).assert_status(200);
    app.update(&client, |profile| profile.rotation = Rotation::Rotate);
    let second = Tokens::of(&flow.refresh(first.refresh()));
    assert_ne!(second.refresh, first.refresh);
    app.advance_secs(31);
    flow.refresh(first.refresh()).assert_status(400);
    app.program(&second.access).get("/v1/me").assert_status(401);
}
