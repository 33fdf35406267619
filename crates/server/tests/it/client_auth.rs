//! How a client proves itself: by header or by body, never by contradiction, and never by PKCE alone if it has a
//! secret.

use rules::role::Role;

use crate::support::{Answer, Client, Fields, Flow, TestApp, TokenCall};

/// A client, a code for it, and the fields that redeem it.
struct Scene<'a> {
    app: &'a TestApp,
    client: Client,
    flow: Flow<'a>,
    code: String,
}

impl<'a> Scene<'a> {
    fn new(app: &'a TestApp, client: Client) -> Self {
        let flow = Flow::new(app, &client);
        let code = flow.code(&app.member(Role::Viewer));
        Self { app, client, flow, code }
    }

    fn fields<'f>(&'f self, more: &Fields<'f>) -> Vec<(&'f str, &'f str)> {
        [&self.flow.redemption(&self.code)[..], more].concat()
    }

    fn send(&self, call: TokenCall<'_>, more: &Fields<'_>) -> Answer {
        call.form(&self.fields(more)).send()
    }

    fn secret(&self) -> &str {
        self.client.secret.as_deref().unwrap()
    }
}

fn confidential(app: &TestApp) -> Scene<'_> {
    Scene::new(app, app.confidential("devices:read"))
}

#[test]
fn a_secret_may_come_by_header_or_by_body_or_alike_by_both() {
    let app = TestApp::new();
    let way = |send: &dyn Fn(&Scene<'_>) -> Answer| send(&confidential(&app)).assert_status(200).clone();
    way(&|s| s.send(app.token_call().basic(&s.client.id, s.secret()), &[]));
    way(&|s| s.send(app.token_call(), &[("client_id", &s.client.id), ("client_secret", s.secret())]));
    way(&|s| {
        let body = [("client_id", s.client.id.as_str()), ("client_secret", s.secret())];
        s.send(app.token_call().basic(&s.client.id, s.secret()), &body)
    });
    way(&|s| s.send(app.token_call().basic(&s.client.id, s.secret()), &[("client_id", &s.client.id)]));
    way(&|s| s.send(app.token_call().basic(&s.client.id, s.secret()), &[("client_secret", "")]));
}

#[test]
fn header_and_body_that_differ_are_refused_whichever_is_right() {
    let app = TestApp::new();
    let (scene, other) = (confidential(&app), app.confidential("devices:read"));
    let (id, secret, wrong) = (scene.client.id.as_str(), scene.secret(), other.secret.as_deref().unwrap());
    for (header, body) in [
        ((id, secret), ("client_secret", wrong)),
        ((id, wrong), ("client_secret", secret)),
        ((id, secret), ("client_id", other.id.as_str())),
        ((&other.id, wrong), ("client_id", id)),
    ] {
        let answer = scene.send(app.token_call().basic(header.0, header.1), &[body]);
        answer.assert_status(400).assert_error("invalid_request");
    }
    scene.flow.redeem(&scene.code).assert_status(200);
}

#[test]
fn a_basic_header_may_be_form_encoded_padded_or_written_out() {
    let app = TestApp::new();
    let percent = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let way = |header: &dyn Fn(&Scene<'_>) -> String| {
        let scene = confidential(&app);
        let header = header(&scene);
        scene.send(app.token_call().header("authorization", &header), &[]).assert_status(200);
    };
    let base64 = |text: String| {
        use base64::Engine;
        base64::prelude::BASE64_STANDARD.encode(text)
    };
    way(&|s| format!("Basic {}", base64(format!("{}:{}", percent(&s.client.id), percent(s.secret())))));
    way(&|s| format!("basic {}", base64(format!("{}:{}", s.client.id, s.secret()))));
    way(&|s| format!("Basic {}", base64(format!("{}:{}", s.client.id, s.secret())).trim_end_matches('=')));
    way(&|s| format!("Basic {}:{}", s.client.id, s.secret()));
}

#[test]
fn a_wrong_secret_and_an_unknown_client_look_the_same() {
    let app = TestApp::new();
    let (scene, other) = (confidential(&app), app.confidential("devices:read"));
    let (id, wrong) = (scene.client.id.as_str(), other.secret.as_deref().unwrap());
    let unknown = TestApp::new().confidential("devices:read");
    let expected = scene.send(app.token_call().basic(id, wrong), &[]);
    expected.assert_status(401).assert_error("invalid_client").assert_header("cache-control", "no-store");
    let secret = scene.secret();
    for (id, secret) in [
        (id, &secret[..secret.len() - 1]),
        (id, &format!("{secret}0")),
        (id, &secret.to_lowercase()),
        (id, "x"),
        (unknown.id.as_str(), unknown.secret.as_deref().unwrap()),
        (&unknown.id, secret),
        ("x", "y"),
    ] {
        let answer = scene.send(app.token_call().basic(id, secret), &[]);
        assert_eq!((answer.status, answer.json()), (expected.status, expected.json()), "{id}");
    }
    scene.flow.redeem(&scene.code).assert_status(200);
}

#[test]
fn only_who_tried_basic_is_challenged_to_basic() {
    let app = TestApp::new();
    let (scene, other) = (confidential(&app), app.confidential("devices:read"));
    let (id, wrong) = (scene.client.id.as_str(), other.secret.as_deref().unwrap());
    let challenge = "Basic realm=\"Bluesonde\", charset=\"UTF-8\"";
    for header in ["Basic", "Basic !", "basic eA==", "Basic x:y"] {
        let answer = scene.send(app.token_call().header("authorization", header), &[]);
        answer.assert_status(401).assert_error("invalid_client").assert_header("www-authenticate", challenge);
    }
    scene.send(app.token_call().basic(id, wrong), &[]).assert_header("www-authenticate", challenge);
    for call in [
        scene.send(app.token_call(), &[("client_id", id), ("client_secret", wrong)]),
        scene.send(app.token_call(), &[("client_id", id)]),
        scene.send(app.token_call(), &[]),
        scene.send(app.token_call().header("authorization", "Bearer x"), &[]),
        scene.send(app.token_call(), &[("client_assertion", "x"), ("client_id", id)]),
    ] {
        call.assert_status(401).assert_error("invalid_client").assert_no_header("www-authenticate");
    }
}

#[test]
fn two_authorization_headers_are_one_too_many() {
    let app = TestApp::new();
    let scene = confidential(&app);
    let (id, secret) = (scene.client.id.as_str(), scene.secret());
    let answer = scene.send(app.token_call().basic(id, secret).basic(id, secret), &[]);
    answer.assert_status(400).assert_error("invalid_request");
}

#[test]
fn a_proof_key_does_not_replace_the_secret() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let flow = Flow::new(&app, &client).pkce();
    let code = flow.code(&app.member(Role::Viewer));
    let scene = Scene { app: &app, client, flow, code };
    let id = scene.client.id.as_str();
    for body in [&[("client_id", id)][..], &[("client_id", id), ("client_secret", "")], &[]] {
        let answer = scene.send(scene.app.token_call(), body);
        answer.assert_status(401).assert_error("invalid_client");
    }
    let answer = scene.send(app.token_call().basic(id, ""), &[]);
    answer.assert_status(401).assert_error("invalid_client");
    scene.flow.redeem(&scene.code).assert_status(200);
}

#[test]
fn a_public_client_has_no_secret_that_could_be_right() {
    let app = TestApp::new();
    let scene = Scene::new(&app, app.public("devices:read"));
    let (id, made_up) = (scene.client.id.as_str(), app.confidential("devices:read").secret.unwrap());
    for secret in ["x", &made_up] {
        let by_body = scene.send(app.token_call(), &[("client_id", id), ("client_secret", secret)]);
        by_body.assert_status(401).assert_error("invalid_client");
        let by_header = scene.send(app.token_call().basic(id, secret), &[]);
        by_header.assert_status(401).assert_error("invalid_client");
    }
    // An empty one is how several libraries name a client without a secret.
    scene.send(app.token_call().basic(id, ""), &[]).assert_status(200);
}

#[test]
fn another_clients_secret_proves_nothing() {
    let app = TestApp::new();
    let (scene, other) = (confidential(&app), app.confidential("devices:read"));
    let theirs = other.secret.as_deref().unwrap();
    scene.send(app.token_call().basic(&scene.client.id, theirs), &[]).assert_status(401);
    scene
        .send(app.token_call().basic(&other.id, theirs), &[])
        .assert_status(400)
        .assert_error("invalid_grant");
    scene.flow.redeem(&scene.code).assert_status(200);
}

#[test]
fn two_secrets_work_while_one_replaces_the_other() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let newer = app.add_secret(&client);
    let flow = Flow::new(&app, &client);
    for secret in [client.secret.as_deref().unwrap(), &newer] {
        let code = flow.code(&member);
        app.token_call().basic(&client.id, secret).form(&flow.redemption(&code)).send().assert_status(200);
    }
}

#[test]
fn who_guesses_secrets_is_held_back_and_the_client_elsewhere_is_not() {
    let app = TestApp::new();
    let (scene, other) = (confidential(&app), app.confidential("devices:read"));
    let (id, wrong) = (scene.client.id.clone(), other.secret.clone().unwrap());
    let guess = || {
        app.token_call().basic(&id, &wrong).form(&[("grant_type", "refresh_token"), ("refresh_token", "x")])
    };
    let own = Flow::new(&app, &scene.client).with("prompt", "consent");
    let code = own.code(&app.member(Role::Viewer));
    let held = (0..2000).map(|_| guess().send()).find(|answer| answer.status.as_u16() != 401);
    let held = held.expect("somebody stops the guessing");
    held.assert_status(429).assert_error("temporarily_unavailable");
    assert!(held.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
    // Who has the secret is not held back by those who guess beside them; nor is another client, nor this one elsewhere.
    own.redeem(&code).assert_status(200);
    let code = Flow::new(&app, &other).code(&app.member(Role::Viewer));
    Flow::new(&app, &other).redeem(&code).assert_status(200);
    let fields = scene.fields(&[]);
    let mut elsewhere = app.token_call().from(&scene.client, &fields).into_request();
    elsewhere.extensions_mut().insert(server::http::edge::Peer(([203, 0, 113, 9], 1234).into()));
    app.send(elsewhere).assert_status(200);
}
