//! Proof keys: who must bring one, and that none can be guessed, taken out or swapped.

use rules::client_auth::ClientType;
use rules::pkce::Pkce;
use rules::role::Role;

use crate::support::{CALLBACK, Flow, TestApp};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

#[test]
fn a_public_client_gets_tokens_with_its_proof_and_no_secret() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.public("devices:read"));
    let tokens = Flow::new(&app, &client).tokens(&member);
    app.program(&tokens.access).get("/v1/me").assert_status(200);
}

#[test]
fn a_public_client_without_a_challenge_is_sent_back() {
    let app = TestApp::new();
    let client = app.public("devices:read");
    let bare = Flow::new(&app, &client).without("code_challenge").without("code_challenge_method");
    bare.start(&app.browser()).assert_sent_back("invalid_request");
}

#[test]
fn an_owner_can_require_the_challenge_of_a_confidential_client() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let strict = app.application(ClientType::Confidential, |profile| profile.pkce = Pkce::Required);
    Flow::new(&app, &strict).start(&app.browser()).assert_sent_back("invalid_request");
    Flow::new(&app, &strict).pkce().tokens(&member);
    let lax = app.confidential("devices:read");
    Flow::new(&app, &lax).tokens(&member);
}

#[test]
fn only_s256_is_a_method() {
    let app = TestApp::new();
    let (public, confidential) = (app.public("devices:read"), app.confidential("devices:read"));
    for client in [&public, &confidential] {
        let flow = Flow::new(&app, client).with("code_challenge", CHALLENGE);
        for method in ["plain", "s256", "S512", "S256 ", ""] {
            let answer = flow.clone().with("code_challenge_method", method).start(&app.browser());
            answer.assert_sent_back("invalid_request");
        }
        for challenge in ["x", &CHALLENGE[1..], &format!("{CHALLENGE}="), &format!("{CHALLENGE}A"), "a b"] {
            let flow = flow.clone().with("code_challenge_method", "S256").with("code_challenge", challenge);
            flow.start(&app.browser()).assert_sent_back("invalid_request");
        }
    }
}

#[test]
fn a_code_with_a_challenge_needs_its_verifier() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    for client in [app.public("devices:read"), app.confidential("devices:read")] {
        let flow = Flow::new(&app, &client).pkce();
        for verifier in [None, Some("")] {
            let code = flow.code(&member);
            let mut fields =
                vec![("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", CALLBACK)];
            fields.extend(verifier.map(|verifier| ("code_verifier", verifier)));
            let answer = app.token_call().from(&client, &fields).send();
            answer.assert_status(400).assert_error("invalid_grant");
        }
    }
}

#[test]
fn a_wrong_verifier_spoils_the_code() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.public("devices:read"));
    let (flow, other) = (Flow::new(&app, &client), app.chance());
    let code = flow.code(&member);
    let mut wrong = flow.redemption(&code);
    wrong.retain(|(name, _)| *name != "code_verifier");
    wrong.push(("code_verifier", &other));
    app.token_call().from(&client, &wrong).send().assert_status(400).assert_error("invalid_grant");
    flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_verifier_has_43_to_128_plain_characters() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let long = "x".repeat(128);
    for (verifier, good) in [
        (&long[..42], false),
        (&long[..43], true),
        (&long[..], true),
        (&format!("{long}x"), false),
        (&format!("{}-._~", &long[..60]), true),
        (&format!("{}+", &long[..60]), false),
        (&format!("{}/", &long[..60]), false),
        (&format!("{}=", &long[..60]), false),
        (&format!("{} ", &long[..60]), false),
        (&format!("{}é", &long[..60]), false),
    ] {
        let flow = Flow::new(&app, &client).verified_by(verifier);
        let answer = flow.redeem(&flow.code(&member));
        assert_eq!(answer.status.as_u16(), if good { 200 } else { 400 }, "{verifier}");
        if !good {
            answer.assert_error("invalid_grant");
        }
    }
}

#[test]
fn a_verifier_for_a_code_without_a_challenge_is_a_downgrade() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let plain = Flow::new(&app, &client);
    let (code, verifier) = (plain.code(&member), app.chance());
    let fields = [&plain.redemption(&code)[..], &[("code_verifier", &verifier)]].concat();
    app.token_call().from(&client, &fields).send().assert_status(400).assert_error("invalid_grant");
}

#[test]
fn swapped_codes_do_not_fit() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.public("devices:read"));
    let (one, two) = (Flow::new(&app, &client), Flow::new(&app, &client));
    let (first, second) = (one.code(&member), two.code(&member));
    two.redeem(&first).assert_status(400).assert_error("invalid_grant");
    one.redeem(&second).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_verifier_that_cannot_be_one_uses_no_code_up() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.public("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    for malformed in
        ["x", &"x".repeat(129), &format!("{} ", flow.verifier()), &format!("{}=", flow.verifier())]
    {
        let mut fields = flow.redemption(&code);
        fields.retain(|(name, _)| *name != "code_verifier");
        fields.push(("code_verifier", malformed));
        app.token_call().from(&client, &fields).send().assert_status(400).assert_error("invalid_grant");
    }
    flow.redeem(&code).assert_status(200);
}
