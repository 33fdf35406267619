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
        .assert_text("where others can read it")
        .assert_text("wrong The body is JSON")
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
fn nobody_fills_a_public_applications_page_by_naming_it() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Public);
    Flow::new(&app, &client).scope("devices:write").start(&app.browser());
    for number in 0..60 {
        let token = format!("x{number}");
        let grant = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
        app.token_call().from(&client, &grant).send().assert_status(400);
    }
    page(&app, &client).assert_text("devices:write is not registered");
}

#[test]
fn what_was_wrong_is_marked_and_nothing_that_was_wrong_is_called_fine() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Confidential);
    let (secret, member) = (client.secret.clone().unwrap(), app.member(Role::Viewer));
    let flow = Flow::new(&app, &client).with("prompt", "consent").pkce();
    let wrong = |answer: Answer, marked: &str| {
        assert!(answer.status.is_client_error());
        page(&app, &client).assert_text(marked);
    };
    let code = flow.code(&member);
    let bare = [("grant_type", "authorization_code"), ("code", code.as_str())];
    wrong(app.token_call().from(&client, &bare).send(), "redirect_uri missing – wrong");
    let unproven = [bare[0], bare[1], ("redirect_uri", CALLBACK)];
    wrong(app.token_call().from(&client, &unproven).send(), "code_verifier missing – wrong");
    let wrong_secret = app.token_call().basic(&client.id, "nonsense").form(&bare).send();
    wrong(wrong_secret, "Basic, 52 characters wrong The client is unknown, or its secret is wrong.");
    let elsewhere = [bare[0], bare[1], ("resource", "https://evil.example")];
    let answer = app.token_call().basic(&client.id, &secret).form(&elsewhere).send();
    wrong(answer, "https://evil.example wrong resource names something");
    let started = flow.clone().with("resource", "https://evil.example").start(&app.browser());
    started.assert_sent_back("invalid_target");
    page(&app, &client).assert_text("query https://evil.example wrong resource names something");
    wrong(
        flow.clone().without("redirect_uri").start(&app.browser()),
        "redirect_uri missing – wrong Send one of",
    );
}

#[test]
fn an_owner_learns_nothing_of_another_applications_token() {
    let app = TestApp::new();
    let (theirs, mine) = (app.confidential(SCOPES), own(&app, ClientType::Confidential));
    let token = Flow::new(&app, &theirs).tokens(&app.member(Role::Viewer));
    let present = |token: &str| {
        let grant = [("grant_type", "refresh_token"), ("refresh_token", token)];
        app.token_call().from(&mine, &grant).send().assert_status(400);
        let shown = page(&app, &mine).words();
        let start = shown.find("This application has no such").expect("a reason");
        shown[start..].split("From").next().unwrap().replace(|char: char| char.is_ascii_digit(), "")
    };
    let real = present(token.refresh());
    app.advance_days(8);
    let made_up = format!("rt_bsn_{}", "0".repeat(49));
    assert_eq!(real, present(&made_up));
}

#[test]
fn a_secret_in_the_wrong_parameter_is_kept_nowhere() {
    let app = TestApp::new();
    let client = own(&app, ClientType::Confidential);
    let member = app.member(Role::Viewer);
    let flow = Flow::new(&app, &client);
    let tokens = flow.tokens(&member);
    let secrets = [client.secret.clone().unwrap(), tokens.access.clone(), tokens.refresh().to_owned()];
    for secret in &secrets {
        let code = flow.clone().with("prompt", "consent").code(&member);
        let leaking = format!("{CALLBACK}?token={secret}");
        let fields = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", &leaking)];
        app.token_call().from(&client, &fields).send().assert_status(400);
        for name in ["grant_type", "scope", "code_verifier"] {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", "x"), (name, secret)];
            let kept: Vec<_> =
                fields.iter().filter(|(field, value)| *field != name || *value == secret).copied().collect();
            app.token_call().from(&client, &kept).send().assert_status(400);
        }
        flow.clone().with("prompt", secret).start(&app.browser()).assert_sent_back("invalid_request");
    }
    let shown = page(&app, &client).body;
    let stored = app.database_text();
    for secret in &secrets {
        // Not the whole, and not so much of it that the rest can be guessed.
        assert!(!shown.contains(&secret[..30]) && !stored.contains(&secret[..30]));
    }
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
