//! The integration doctor: what failed lately, on the application's own page, and only there.

use model::organization::Organization;
use rules::client_auth::ClientType;
use rules::role::Role;

use crate::support::{Answer, CALLBACK, Client, Flow, TestApp, Tokens};

const SCOPES: &str = "devices:read offline_access";

/// An application of the home organization, whose admin can read its page.
fn own(app: &TestApp, client_type: ClientType) -> Client {
    let home: Organization = app.home().clone();
    app.application_of(&home, (client_type, |profile| profile.scopes = SCOPES.parse().unwrap()))
}

/// The application's page, as an admin of its organization sees it.
fn page(app: &TestApp, client: &Client) -> Answer {
    let browser = app.signed_in(&app.member(Role::OrganizationAdmin));
    browser.get(&format!("/settings/developer/oauth-applications/{}", client.id))
}

#[test]
fn a_refused_refresh_says_when_and_from_where_it_came() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Confidential);
    let flow = Flow::new(&app, &client);
    let first = flow.tokens(&app.member(Role::Viewer));
    flow.refresh(first.refresh()).assert_status(200);
    app.advance_secs(465);
    let refused = flow.refresh(first.refresh());
    refused.assert_status(400);
    page(&app, &client)
        .assert_text("invalid_grant")
        .assert_text("Presented 7m45s after it was rotated, from the same address.")
        .assert_text("The refresh token was rotated already: use the newest one.")
        .assert_text(refused.headers["x-request-id"].to_str().unwrap());
}

#[test]
fn each_kind_of_refusal_has_a_reason_of_its_own() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Confidential);
    let member = app.member(Role::Viewer);
    let flow = Flow::new(&app, &client).with("prompt", "consent");
    let read = |answer: Answer, reason: &str| {
        answer.assert_status(400);
        page(&app, &client).assert_text(reason);
    };
    let code = flow.code(&member);
    app.advance_secs(61);
    read(flow.redeem(&code), "It had expired 1s before.");
    let code = flow.code(&member);
    let elsewhere = [
        ("grant_type", "authorization_code"),
        ("code", code.as_str()),
        ("redirect_uri", "https://app.example/callback/"),
    ];
    read(app.token_call().from(&client, &elsewhere).send(), "the request said https://app.example/callback/");
    let pkce = flow.clone().pkce();
    let code = pkce.code(&member);
    read(flow.redeem(&code), "code_verifier is missing");
    read(pkce.redeem(&code), "wrong code_verifier for this code");
    let tokens = flow.tokens(&member);
    app.token_call().to("/oauth2/revoke").from(&client, &[("token", tokens.refresh())]).send();
    read(flow.refresh(tokens.refresh()), "the application revoked it");
    read(flow.refresh_for(flow.tokens(&member).refresh(), "devices:write"), "asked for devices:write");
}

#[test]
fn what_was_received_is_explained_parameter_by_parameter_without_secrets() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Confidential);
    let secret = client.secret.clone().unwrap();
    Flow::new(&app, &client).with("redirect_uri", "https://app.example/callback/").start(&app.browser());
    Flow::new(&app, &client).scope("devices:read nope").start(&app.browser());
    let query = [("grant_type", "authorization_code"), ("client_secret", secret.as_str())];
    app.token_call().basic(&client.id, &secret).query(&query).send().assert_status(400);
    app.token_call().basic(&client.id, &secret).body("application/json", "{}").send().assert_status(400);
    let shown = page(&app, &client);
    shown
        .assert_text(
            "Not registered. The nearest is https://app.example/callback. The slash at the end differs.",
        )
        .assert_text("nope does not exist.")
        .assert_text("Queries end up in logs")
        .assert_text("Send the body as application/x-www-form-urlencoded.")
        .assert_text("54 characters");
    assert!(!shown.body.contains(&secret));
}

#[test]
fn a_wrong_secret_and_a_broken_request_are_kept_for_the_client_that_they_name() {
    let app = TestApp::new();
    let (client, other) = (own(&app, ClientType::Confidential), own(&app, ClientType::Confidential));
    let grant = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    app.token_call().basic(&client.id, "wrong").form(&grant).send().assert_status(401);
    app.token_call().form(&[("client_id", client.id.as_str())]).send().assert_status(400);
    page(&app, &client).assert_text("invalid_client").assert_text("grant_type is missing.");
    page(&app, &other).assert_text("Nothing has failed");
}

#[test]
fn only_the_applications_organization_sees_it_and_for_a_week() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Public);
    Flow::new(&app, &client).without("response_type").start(&app.browser());
    page(&app, &client).assert_text("Send response_type=code.");
    let stranger = app.member_of(&app.organization("Rival Reef"), Role::Owner);
    let path = format!("/settings/developer/oauth-applications/{}", client.id);
    app.signed_in(&stranger).get(&path).assert_status(404);
    app.advance_days(7);
    app.advance_secs(1);
    page(&app, &client).assert_text("Nothing has failed");
    app.wait(server::worker::sweep_up(&app.app));
    let kept: i64 =
        app.read(|tx| Ok(tx.one("SELECT count(*) FROM oauth_attempt", db::params![], |row| row.get(0))?));
    assert_eq!(kept, 0);
}

#[test]
fn nonsense_from_one_place_is_kept_in_bounds() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Public);
    for _ in 0..60 {
        Flow::new(&app, &client).with("response_type", "token").start(&app.browser());
    }
    let kept: i64 =
        app.read(|tx| Ok(tx.one("SELECT count(*) FROM oauth_attempt", db::params![], |row| row.get(0))?));
    assert!((1..=21).contains(&kept), "{kept}");
}

#[test]
fn what_a_stranger_writes_into_a_request_is_only_text_on_the_page() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Public);
    let hostile = "<script>alert(1)</script>";
    Flow::new(&app, &client).with("redirect_uri", hostile).with(hostile, hostile).start(&app.browser());
    Flow::new(&app, &client).scope(hostile).with("redirect_uri", CALLBACK).start(&app.browser());
    let shown = page(&app, &client);
    assert!(!shown.body.contains("<script>alert"), "{}", shown.body);
    shown.assert_text("redirect_uri");
}

#[test]
fn a_good_request_leaves_nothing_behind() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Confidential);
    let flow = Flow::new(&app, &client);
    let tokens = flow.tokens(&app.member(Role::Viewer));
    Tokens::of(&flow.refresh(tokens.refresh()));
    flow.with("prompt", "none").start(&app.browser()).assert_sent_back("login_required");
    page(&app, &client).assert_text("Nothing has failed");
}
