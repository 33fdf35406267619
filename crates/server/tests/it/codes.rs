//! Authorization codes: once, by their own client, in time, with the same redirect URI.

use jiff::SignedDuration;
use rules::role::Role;

use crate::support::{CALLBACK, Flow, TestApp, Tokens};

#[test]
fn a_good_answer_has_exactly_what_the_rfc_lists() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let flow = Flow::new(&app, &client);
    for (scope, members) in [
        ("devices:read", &["access_token", "expires_in", "scope", "token_type"][..]),
        (
            "devices:read offline_access",
            &["access_token", "expires_in", "refresh_token", "scope", "token_type"],
        ),
    ] {
        let flow = flow.clone().scope(scope).with("prompt", "consent");
        let answer = flow.redeem(&flow.code(&member));
        answer
            .assert_status(200)
            .assert_header("content-type", "application/json")
            .assert_header("cache-control", "no-store")
            .assert_header("pragma", "no-cache");
        let body = answer.json();
        let mut named: Vec<_> = body.as_object().unwrap().keys().cloned().collect();
        named.sort();
        assert_eq!(named, members);
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], 3600);
        assert_eq!(body["scope"], scope);
    }
}

#[test]
fn a_code_works_once() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    flow.redeem(&code).assert_status(200);
    flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_double_fire_within_a_second_harms_nobody() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    for client in [app.confidential("devices:read"), app.public("devices:read")] {
        let flow = Flow::new(&app, &client);
        let code = flow.code(&member);
        let tokens = Tokens::of(&flow.redeem(&code));
        for millis in [0, 300, 700] {
            app.advance(SignedDuration::from_millis(millis));
            flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
            app.program(&tokens.access).get("/v1/me").assert_status(200);
        }
    }
}

#[test]
fn a_code_that_comes_back_later_ends_the_grant() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    for seconds in [2, 30, 540] {
        let flow = Flow::new(&app, &client).pkce();
        let code = flow.code(&member);
        let tokens = Tokens::of(&flow.redeem(&code));
        app.program(&tokens.access).get("/v1/me").assert_status(200);
        app.advance_secs(seconds);
        flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
        app.program(&tokens.access).get("/v1/me").assert_status(401);
        flow.refresh(tokens.refresh()).assert_status(400).assert_error("invalid_grant");
    }
}

#[test]
fn a_code_that_comes_back_at_once_with_the_wrong_proof_ends_the_grant() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.public("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let tokens = Tokens::of(&flow.redeem(&code));
    Flow::new(&app, &client).redeem(&code).assert_status(400).assert_error("invalid_grant");
    app.program(&tokens.access).get("/v1/me").assert_status(401);
}

#[test]
fn a_code_that_another_client_brings_back_ends_nothing() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let tokens = Tokens::of(&flow.redeem(&code));
    app.advance_secs(10);
    let thief = app.confidential("devices:read");
    let answer = app.token_call().from(&thief, &flow.redemption(&code)).send();
    answer.assert_status(400).assert_error("invalid_grant");
    app.program(&tokens.access).get("/v1/me").assert_status(200);
}

#[test]
fn a_used_code_that_comes_back_without_the_clients_proof_ends_nothing() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let tokens = Tokens::of(&flow.redeem(&code));
    app.advance_secs(10);
    let wrong = app.confidential("devices:read").secret.unwrap();
    let bare = [&flow.redemption(&code)[..], &[("client_id", client.id.as_str())]].concat();
    for call in [
        app.token_call().basic(&client.id, &wrong).form(&flow.redemption(&code)),
        app.token_call().form(&bare),
    ] {
        call.send().assert_status(401).assert_error("invalid_client");
    }
    app.program(&tokens.access).get("/v1/me").assert_status(200);
}

#[test]
fn a_code_lives_for_sixty_seconds() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let just = SignedDuration::from_secs(60) - SignedDuration::from_micros(1);
    for (age, status) in [
        (SignedDuration::from_secs(59), 200),
        (just, 200),
        (SignedDuration::from_secs(60), 400),
        (SignedDuration::from_secs(61), 400),
        (SignedDuration::from_hours(24 * 400), 400),
    ] {
        let code = flow.code(&member);
        app.advance(age);
        let answer = flow.redeem(&code);
        assert_eq!(answer.status.as_u16(), status, "{age:?}");
        if status == 400 {
            answer.assert_error("invalid_grant");
        }
    }
}

#[test]
fn a_code_is_taken_whole_and_as_it_is() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let (cut, upper) = (&code[..code.len() - 1], code.to_uppercase());
    for wrong in [
        cut,
        &upper,
        &format!("{code}0"),
        &format!("{code}="),
        &format!("{code}\n"),
        &format!(" {code}"),
        &format!("{code}\0"),
        &code.replace("ac_", "at_"),
        "ac_bsn_",
        "x",
    ] {
        flow.redeem(wrong).assert_status(400).assert_error("invalid_grant");
    }
    flow.redeem(&code).assert_status(200);
}

#[test]
fn another_clients_code_is_unknown_and_stays_good_for_its_owner() {
    let app = TestApp::new();
    let (member, owner) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &owner);
    let code = flow.code(&member);
    for thief in [app.confidential("devices:read"), app.public("devices:read")] {
        let stolen = app.token_call().from(&thief, &flow.redemption(&code)).send();
        stolen.assert_status(400).assert_error("invalid_grant");
        let unknown = app.token_call().from(&thief, &flow.redemption("ac_bsn_x")).send();
        assert_eq!(stolen.json(), unknown.json(), "the thief learns nothing");
    }
    flow.redeem(&code).assert_status(200);
}

#[test]
fn failed_authentication_uses_no_code_up() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let other = app.confidential("devices:read").secret.unwrap();
    let wrong = app.token_call().basic(&client.id, &other).form(&flow.redemption(&code)).send();
    wrong.assert_status(401).assert_error("invalid_client");
    flow.redeem(&code).assert_status(200);
}

#[test]
fn the_redirect_uri_comes_again_and_is_the_same() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let client = app.application(rules::client_auth::ClientType::Confidential, |profile| {
        profile.redirect_uris.push("https://app.example/other".into());
    });
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    for other in [None, Some(""), Some("https://app.example/other"), Some("https://app.example/callback/")] {
        let mut fields = vec![("grant_type", "authorization_code"), ("code", &code)];
        fields.extend(other.map(|uri| ("redirect_uri", uri)));
        app.token_call().from(&client, &fields).send().assert_status(400).assert_error("invalid_grant");
    }
}

#[test]
fn a_redirect_uri_that_is_no_longer_registered_redeems_nothing() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let browser = app.signed_in(&member);
    flow.start(&browser).assert_text("asks for your data");
    app.update(&client, |profile| profile.redirect_uris = vec!["https://app.example/moved".into()]);
    flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
    // A page that is still open sends nobody there either.
    let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
    answer.assert_page(410);
    flow.start(&browser).assert_page(400).assert_text(CALLBACK);
}

#[test]
fn a_person_who_may_no_longer_consent_gives_no_token() {
    let app = TestApp::new();
    let client = app.confidential("devices:read observations:write");
    let flow = Flow::new(&app, &client);
    let (demoted, disabled) = (app.member(Role::Operator), app.member(Role::Operator));
    let (first, second) = (flow.code(&demoted), flow.code(&disabled));
    app.set_role(&demoted, Role::Viewer);
    app.disable(&disabled);
    for code in [&first, &second] {
        flow.redeem(code).assert_status(400).assert_error("invalid_grant");
    }
    // The role came back in time, and the code is still good.
    app.set_role(&demoted, Role::Operator);
    flow.redeem(&first).assert_status(200);
}

#[test]
fn each_code_is_another() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let flow = Flow::new(&app, &client);
    flow.code(&member);
    let browser = app.signed_in(&member);
    let codes: std::collections::BTreeSet<_> =
        (0..50).map(|_| flow.start(&browser).param("code").unwrap()).collect();
    assert_eq!(codes.len(), 50);
    assert!(codes.iter().all(|code| code.len() == "ac_bsn_".len() + 49));
}

#[test]
fn a_double_fire_is_one_within_a_second_to_the_microsecond() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    for (micros, status) in [(1_000_000, 200), (1_000_001, 401)] {
        let flow = Flow::new(&app, &client).pkce();
        let code = flow.code(&member);
        let tokens = Tokens::of(&flow.redeem(&code));
        app.advance(SignedDuration::from_micros(micros));
        flow.redeem(&code).assert_status(400).assert_error("invalid_grant");
        app.program(&tokens.access).get("/v1/me").assert_status(status);
    }
}

#[test]
fn a_code_whose_answer_was_lost_is_used_up_and_led_to_one_pair() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read offline_access"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    flow.redeem(&code);
    // The server is killed after the commit and before the answer, and the client asks again.
    let app = app.restarted(0);
    Flow::new(&app, &client).redeem(&code).assert_status(400).assert_error("invalid_grant");
    assert_eq!((app.rows()["access_token"], app.rows()["refresh_token"]), (1, 1));
}

#[test]
fn a_used_code_stays_used_when_the_clock_is_set_back() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let tokens = Tokens::of(&flow.redeem(&code));
    app.advance_secs(30);
    let app = app.restarted(-3600);
    Flow::new(&app, &client).redeem(&code).assert_status(400).assert_error("invalid_grant");
    // And it is no double fire, whatever the clock says.
    app.program(&tokens.access).get("/v1/me").assert_status(401);
}
