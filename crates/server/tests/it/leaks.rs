//! Leaked credentials: whoever finds one has it ended, and learns nothing.

use axum::body::Body;
use axum::http::Method;
use model::api_key::{self, NewApiKey};
use model::audit::Actor;
use model::device_set::Devices;
use rules::client_auth::ClientType;
use rules::role::Role;
use serde_json::{Value, json};

use crate::support::{Answer, Flow, Key, TestApp, request};

const LEAKS: &str = "/v1/leaks";

fn report(app: &TestApp, body: &Value) -> Answer {
    report_as(app, "application/json", body.to_string())
}

fn report_as(app: &TestApp, kind: &str, body: impl Into<Body>) -> Answer {
    app.send(request(Method::POST, LEAKS).header("content-type", kind).body(body.into()).unwrap())
}

/// A key that the key makes.
fn child(app: &TestApp, parent: &Key) -> String {
    let wanted = json!({"name": "Child", "scopes": ["devices:read"]});
    app.program(&parent.secret).post("/v1/api-keys", &wanted).json()["key"].as_str().unwrap().to_owned()
}

#[test]
fn a_reported_key_ends_at_once_with_those_it_made_and_its_owner_reads_why() {
    let app = TestApp::new();
    let key = app.key_of(app.home(), |_| {});
    let (child, other, admin) =
        (child(&app, &key), app.key("audit:read"), app.member(Role::OrganizationAdmin));
    app.program(&key.secret).get("/v1/me").assert_status(200);
    app.tick();
    report(&app, &json!({"credential": key.secret})).assert_status(202);
    for ended in [&key.secret, &child] {
        app.program(ended).get("/v1/me").assert_status(401);
    }
    let told = app.program(&other.secret).get("/v1/audit-events?action=leak.reported").json();
    let event = &told["data"][0];
    assert_eq!(
        (event["subject"].as_str(), event["actor"].as_str()),
        (Some(key.id.as_str()), Some("leak report"))
    );
    let ending = format!("API key ending in {}", &key.secret[key.secret.len() - 4..]);
    assert_eq!((event["detail"].as_str(), event["address"].as_str()), (Some(&*ending), Some("127.0.0.1")));
    let mail = app.mails_to(&admin.email).remove(0);
    assert!(
        mail.contains(&ending) && mail.contains(key.id.as_str()) && !mail.contains(&key.secret),
        "{mail}"
    );
    let browser = app.signed_in(&admin);
    let page = browser.get(&format!("/settings/developer/api-keys/{}", key.id));
    page.assert_page(200).assert_text("Reported as leaked").assert_text(&ending).assert_text("Revoked");
    let quiet = browser.get(&format!("/settings/developer/api-keys/{}", other.id));
    quiet.assert_page(200).assert_no_text("Reported as leaked");
}

#[test]
fn one_mail_tells_of_all_that_ended_and_the_next_comes_after_an_hour() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let keys: Vec<Key> = (0..14).map(|_| app.key("devices:read")).collect();
    let secrets: Vec<&str> = keys[..12].iter().map(|key| key.secret.as_str()).collect();
    report(&app, &json!({"credentials": secrets})).assert_status(202);
    let mails = app.mails_to(&admin.email);
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains(keys[0].id.as_str()) && mails[0].contains("and 2 more"), "{}", mails[0]);
    report(&app, &json!({"credential": keys[12].secret})).assert_status(202);
    assert_eq!(app.mails_to(&admin.email).len(), 1);
    app.advance_secs(3_601);
    report(&app, &json!({"credential": keys[13].secret})).assert_status(202);
    assert_eq!(app.mails_to(&admin.email).len(), 2);
}

#[test]
fn a_reported_client_secret_ends_also_as_the_last_one() {
    let app = TestApp::new();
    let client = app.application_of(app.home(), (ClientType::Confidential, |_: &mut _| {}));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&app.member(Role::Viewer));
    report(&app, &json!({"credentials": [client.secret]})).assert_status(202);
    flow.redeem(&code).assert_status(401).assert_error("invalid_client");
    let browser = app.signed_in(&app.member(Role::OrganizationAdmin));
    let page = browser.get(&format!("/settings/developer/oauth-applications/{}", client.id));
    page.assert_page(200).assert_text("Reported as leaked").assert_text("Client secret ending in");
}

#[test]
fn a_reported_token_ends_its_line_and_both_organizations_read_of_it() {
    let app = TestApp::new();
    let client = app.confidential("devices:read offline_access");
    let flow = Flow::new(&app, &client);
    let member = app.member(Role::Owner);
    let (first, second, other) = (flow.tokens(&member), flow.tokens(&member), flow.tokens(&member));
    let rotated = flow.tokens(&member);
    flow.refresh(rotated.refresh()).assert_status(200);
    let reported = [&first.access, second.refresh(), rotated.refresh()].map(str::to_owned);
    report(&app, &json!({"credentials": reported})).assert_status(202);
    for ended in [&first, &second, &rotated] {
        app.program(&ended.access).get("/v1/devices").assert_status(401);
        flow.refresh(ended.refresh()).assert_status(400).assert_error("invalid_grant");
    }
    app.program(&other.access).get("/v1/devices").assert_status(200);
    let logs = "SELECT organization_id FROM audit_event WHERE action = 'leak.reported' ORDER BY id";
    let logs: Vec<String> = app.read(|tx| Ok(tx.all(logs, &[], |row| row.get(0))?));
    let publisher = client.application.organization_id.as_str();
    let of = |id: &str| logs.iter().filter(|organization| *organization == id).count();
    assert_eq!((of(app.home().id.as_str()), of(publisher), logs.len()), (3, 3, 6));
}

#[test]
fn the_answer_never_tells_what_worked() {
    let app = TestApp::new();
    let unknown = TestApp::new().key("devices:read").secret;
    let revoked = app.key("devices:read");
    app.revoke_key(app.home(), &revoked);
    let live = app.key("devices:read").secret;
    let id = [("x-request-id", "the-same-id")];
    let told = |text: &str| {
        let call =
            request(Method::POST, LEAKS).header("content-type", "application/json").header(id[0].0, id[0].1);
        let answer = app.send(call.body(Body::from(json!({"credential": text}).to_string())).unwrap());
        (answer.status, answer.headers, answer.body)
    };
    let expected = told(&live);
    assert_eq!((expected.0.as_u16(), &*expected.2), (202, r#"{"received":1}"#));
    for text in [&live, &unknown, &revoked.secret, "hunter2", &live[1..], ""] {
        let (status, headers, body) = told(text);
        let (mut headers, mut known) = (headers, expected.1.clone());
        for own in ["ratelimit", "ratelimit-policy"] {
            headers.remove(own);
            known.remove(own);
        }
        assert_eq!((status, headers, body), (expected.0, known, expected.2.clone()), "{text}");
    }
}

#[test]
fn a_report_can_be_lines_of_text_and_what_it_is_not_is_named() {
    let app = TestApp::new();
    let keys = [app.key("devices:read"), app.key("devices:read")];
    let lines = format!("{}\r\n\n  {}\nnothing\n", keys[0].secret, keys[1].secret);
    assert_eq!(
        report_as(&app, "text/plain; charset=utf-8", lines).assert_status(202).body,
        r#"{"received":3}"#
    );
    for key in &keys {
        app.program(&key.secret).get("/v1/me").assert_status(401);
    }
    report(&app, &json!({"credential": "a", "credentials": ["b"]})).assert_status(202);
    for (kind, body, status) in [
        ("application/json", "{}".to_owned(), 400),
        ("application/json", r#"{"credentials": []}"#.to_owned(), 400),
        ("application/json", r#"{"credential": 7}"#.to_owned(), 400),
        ("application/json", r#"{"credential": "a", "where": "b"}"#.to_owned(), 400),
        ("application/json", "not json".to_owned(), 400),
        ("application/json", json!({"credentials": vec!["x"; 1001]}).to_string(), 400),
        ("text/plain", String::new(), 400),
        ("text/plain", "x\n".repeat(1001), 400),
        ("text/plain", "x".repeat(1024 * 1024 + 1), 413),
        ("application/x-www-form-urlencoded", "credential=a".to_owned(), 415),
        ("", "a".to_owned(), 415),
    ] {
        let refused = report_as(&app, kind, body);
        refused.assert_status(status).assert_header("content-type", "application/problem+json");
        refused.assert_no_header("www-authenticate");
    }
}

#[test]
fn whoever_reports_without_end_waits_and_nobody_else_does() {
    let app = TestApp::new();
    let mut held = 0;
    for _ in 0..40 {
        let answer = report(&app, &json!({"credential": "x"}));
        if answer.status.as_u16() == 429 {
            held += 1;
            assert_eq!(answer.json()["code"], "too_many_requests");
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=2).contains(&wait), "{wait}");
        }
    }
    assert!(held >= 5, "{held}");
    let call = request(Method::POST, LEAKS).header("content-type", "text/plain");
    app.send_from("198.51.100.7", call.body(Body::from("x")).unwrap()).assert_status(202);
}

#[test]
fn a_large_report_ends_all_that_work_in_it() {
    let app = TestApp::new();
    let access = app.access(app.home());
    let mint = app.app.mint.clone();
    let keys = app.write(move |tx| {
        let new = NewApiKey {
            name: "One of many".to_owned(),
            scopes: "devices:read".parse().unwrap(),
            devices: Devices::All,
            expires_at: None,
        };
        (0..250)
            .map(|_| {
                Ok(api_key::create(tx, &access, &mint, &Actor::local("story"), &new)?.1.expose().to_owned())
            })
            .collect::<model::Result<Vec<String>>>()
    });
    report(&app, &json!({"credentials": keys})).assert_status(202);
    let live = "SELECT count(*) FROM api_key WHERE revoked_at IS NULL";
    assert_eq!(app.read(|tx| Ok(tx.one(live, &[], |row| row.get::<i64>(0))?)), 0);
}
