//! What ends while a request is on its way: its headers were good, and its body comes when they no longer are.
//!
//! A slow sender must not be able to act with a key that was revoked, a session that was left or a role that was
//! taken away before the last byte came.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::Method;
use http_body_util::BodyExt;
use hyper::body::{Body as HttpBody, Frame};
use serde_json::{Value, json};

use db::params;
use model::{Tx, organization};
use rules::role::Role;

use crate::support::{Answer, Flow, TestApp, request};

/// A body whose first byte comes after something else has happened.
struct Late {
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
    bytes: Option<Bytes>,
}

impl HttpBody for Late {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(meanwhile) = self.meanwhile.take() {
            std::thread::spawn(meanwhile).join().unwrap();
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// Sends the request; between its headers and its body, `change` is committed.
fn send_late(
    app: &TestApp,
    request: Request,
    change: impl FnMut(&mut Tx<'_>) -> model::Result<()> + Send + 'static,
) -> Answer {
    let (parts, body) = request.into_parts();
    let bytes = app.wait(body.collect()).unwrap().to_bytes();
    let server = app.app.clone();
    let meanwhile: Box<dyn FnOnce() + Send> = Box::new(move || server.db.write_blocking(change).unwrap());
    app.send(Request::from_parts(parts, Body::new(Late { meanwhile: Some(meanwhile), bytes: Some(bytes) })))
}

fn program_post(credential: &str, target: &str, body: &Value) -> Request {
    request(Method::POST, target)
        .header("authorization", format!("Bearer {credential}"))
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}

#[test]
fn a_key_that_is_revoked_meanwhile_makes_no_key_and_stores_nothing() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    let observation = json!({"observations": [{"datastream_id": buoy.temperature.as_str(),
        "phenomenon_time": "2026-05-01T11:00:00Z", "result": 9.5}]});
    for (target, body, table) in [
        ("/v1/api-keys", json!({"name": "Heir", "scopes": ["devices:read"]}), "api_key"),
        ("/v1/observations", observation, "observation"),
    ] {
        let key = app.key("api_keys:write devices:read observations:write");
        let before = app.rows()[table];
        let id = key.id.clone();
        let answer = send_late(&app, program_post(&key.secret, target, &body), move |tx| {
            let now = tx.now();
            tx.execute("UPDATE api_key SET revoked_at = ?2 WHERE id = ?1", params![id.as_str(), now])?;
            Ok(())
        });
        answer.assert_status(401);
        assert_eq!(app.rows()[table], before, "{target}");
    }
}

#[test]
fn a_token_whose_person_loses_the_scope_meanwhile_stores_nothing() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    let (member, client) = (app.member(Role::Operator), app.confidential("observations:write"));
    let tokens = Flow::new(&app, &client).tokens(&member);
    let body = json!({"observations": [{"datastream_id": buoy.temperature.as_str(),
        "phenomenon_time": "2026-05-01T11:00:00Z", "result": 9.5}]});
    let (organization, person) = (app.home().id.clone(), member.person.id.clone());
    let answer = send_late(&app, program_post(&tokens.access, "/v1/observations", &body), move |tx| {
        organization::set_role(tx, &organization, &person, Role::Viewer)
    });
    answer.assert_status(403);
    assert_eq!(app.rows()["observation"], 0);
}

#[test]
fn a_session_that_ends_meanwhile_makes_no_key() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let browser = app.signed_in(&admin);
    browser.get("/settings/developer/api-keys/new");
    let token = browser.csrf_token();
    let fields = [("name", "Late"), ("scope", "devices:read"), ("devices", "all"), ("expiry", "30")];
    let form = browser.own_request(
        "/settings/developer/api-keys",
        &[&fields[..], &[("csrf_token", token.as_str())]].concat(),
    );
    let person = admin.person.id.clone();
    let answer = send_late(&app, form, move |tx| {
        let now = tx.now();
        tx.execute("UPDATE session SET ended_at = ?2 WHERE person_id = ?1", params![person.as_str(), now])?;
        Ok(())
    });
    answer.assert_page(401).assert_text("signed out");
    assert_eq!(app.rows()["api_key"], 0);
}

#[test]
fn a_role_that_is_taken_away_meanwhile_makes_no_application() {
    let app = TestApp::new();
    let admin = app.member(Role::OrganizationAdmin);
    let browser = app.signed_in(&admin);
    browser.get("/settings/developer/oauth-applications/new");
    let token = browser.csrf_token();
    let fields = [
        ("name", "Late"),
        ("client_type", "confidential"),
        ("redirect_uris", "https://late.example/callback"),
        ("scope", "devices:read"),
        ("csrf_token", token.as_str()),
    ];
    let form = browser.own_request("/settings/developer/oauth-applications", &fields);
    let (organization, person) = (app.home().id.clone(), admin.person.id.clone());
    let answer =
        send_late(&app, form, move |tx| organization::set_role(tx, &organization, &person, Role::Operator));
    answer.assert_page(403);
    assert_eq!(app.rows()["application"], 0);
}

#[test]
fn a_consent_from_a_session_that_ends_meanwhile_is_none() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let browser = app.signed_in(&member);
    let page = Flow::new(&app, &client).start(&browser);
    let action = page.asked.split_once(' ').unwrap().1.to_owned();
    let token = browser.csrf_token();
    let fields =
        [("decision", "allow"), ("organization_id", app.home().id.as_str()), ("csrf_token", token.as_str())];
    let form = browser.own_request(&action, &fields);
    let person = member.person.id.clone();
    let answer = send_late(&app, form, move |tx| {
        let now = tx.now();
        tx.execute("UPDATE session SET ended_at = ?2 WHERE person_id = ?1", params![person.as_str(), now])?;
        Ok(())
    });
    answer.assert_page(401);
    assert_eq!(app.rows()["oauth_grant"], 0);
}

#[test]
fn a_role_that_is_taken_away_meanwhile_changes_no_member() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let members = format!("/settings/organization/members/{}", member.person.id);
    let invite = "/settings/organization/invitations".to_owned();
    let roles = "/settings/organization/roles".to_owned();
    for path in [members.clone(), format!("{members}/disable"), format!("{members}/remove"), invite, roles] {
        let admin = app.member(Role::OrganizationAdmin);
        let browser = app.signed_in(&admin);
        let token = browser.csrf_token();
        let fields = [
            ("csrf_token", token.as_str()),
            ("role", "Operator"),
            ("email", "guest@harbour.example"),
            ("name", "Laboratory"),
            ("scope", "devices:read"),
        ];
        let form = browser.own_request(&path, &fields);
        let before = app.rows();
        let (organization, person) = (app.home().id.clone(), admin.person.id.clone());
        let answer = send_late(&app, form, move |tx| {
            organization::set_role(tx, &organization, &person, Role::Operator)
        });
        answer.assert_page(403);
        assert_eq!(app.rows(), before, "{path}");
    }
    app.signed_in(&member).get("/settings/organization").assert_text("Viewer");
}

#[test]
fn a_key_that_is_revoked_meanwhile_changes_no_member() {
    let app = TestApp::new();
    let (member, key) = (app.member(Role::Viewer), app.key("members:write"));
    let patch = request(Method::PATCH, &format!("/v1/members/{}", member.person.id))
        .header("authorization", format!("Bearer {}", key.secret))
        .header("content-type", "application/json")
        .body(Body::from(json!({"role": "Operator"}).to_string()))
        .unwrap();
    let id = key.id.clone();
    let answer = send_late(&app, patch, move |tx| {
        let now = tx.now();
        tx.execute("UPDATE api_key SET revoked_at = ?2 WHERE id = ?1", params![id.as_str(), now])?;
        Ok(())
    });
    answer.assert_status(401);
    app.signed_in(&member).get("/settings/organization").assert_text("Viewer");
}

#[test]
fn a_consent_from_somebody_whose_role_is_narrowed_meanwhile_is_refused() {
    let app = TestApp::new();
    let role = app.custom_role("Laboratory", "devices:read");
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    app.assign(&member, "Laboratory");
    let browser = app.signed_in(&member);
    let page = Flow::new(&app, &client).start(&browser);
    let action = page.asked.split_once(' ').unwrap().1.to_owned();
    let token = browser.csrf_token();
    let fields =
        [("decision", "allow"), ("organization_id", app.home().id.as_str()), ("csrf_token", token.as_str())];
    let form = browser.own_request(&action, &fields);
    let answer = send_late(&app, form, move |tx| {
        let scopes = "observations:read";
        tx.execute("UPDATE custom_role SET scopes = ?2 WHERE id = ?1", params![role.as_str(), scopes])?;
        Ok(())
    });
    answer.assert_page(403).assert_text("your role Laboratory");
    assert_eq!(app.rows()["oauth_grant"], 0);
}
