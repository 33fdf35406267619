//! API keys through the API: a key makes narrower keys, which die with it.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{Answer, Program, TestApp};

const KEYS: &str = "/v1/api-keys";

fn make(parent: &Program<'_>, scopes: &[&str], more: Value) -> Answer {
    let mut body = json!({"name": "made by a key", "scopes": scopes});
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    parent.post(KEYS, &body)
}

#[track_caller]
fn secret_in(answer: &Answer) -> String {
    answer.assert_status(201).assert_header("cache-control", "private, no-store");
    answer.json()["key"].as_str().expect("a key").to_owned()
}

#[test]
fn a_key_makes_a_narrower_key() {
    let app = TestApp::new();
    let parent = app.key("devices:read observations:read api_keys:write");
    let made = make(&app.program(&parent.secret), &["devices:read"], json!({}));
    let body = made.json();
    assert_eq!(body["scopes"], json!(["devices:read"]));
    assert_eq!(body["devices"], "all");
    assert!(body["expires_at"].is_null() && body["created_at"].is_string());
    assert_eq!(app.program(&secret_in(&made)).scopes(), ["devices:read"]);
}

#[test]
fn a_key_cannot_make_a_wider_one() {
    let app = TestApp::new();
    let parent = app.key("devices:read api_keys:write");
    let rows = app.rows();
    for wider in [&["devices:write"][..], &["devices:read", "observations:read"], &["members:write"]] {
        let answer = make(&app.program(&parent.secret), wider, json!({}));
        answer.assert_status(403);
        assert_eq!(answer.json()["code"], "not_allowed");
    }
    assert_eq!(app.rows(), rows);
}

#[test]
fn a_key_without_the_scope_makes_none() {
    let app = TestApp::new();
    let reader = app.key("devices:read api_keys:read");
    let answer = make(&app.program(&reader.secret), &["devices:read"], json!({}));
    answer.assert_status(403);
    assert_eq!(answer.json()["code"], "insufficient_scope");
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains(r#"error="insufficient_scope", scope="api_keys:write""#), "{challenge}");
    // Whatever the id: a refusal for a scope says nothing about ids.
    for id in [reader.id.as_str(), "key_x", "%00"] {
        app.program(&reader.secret).delete(&format!("{KEYS}/{id}")).assert_status(403);
    }
}

#[test]
fn an_empty_list_of_scopes_is_none_and_not_all() {
    let app = TestApp::new();
    let parent = app.key("devices:read api_keys:write");
    let rows = app.rows();
    for body in [
        json!({"name": "x", "scopes": []}),
        json!({"name": "x", "scopes": null}),
        json!({"name": "x", "scopes": ["*"]}),
        json!({"name": "x", "scopes": ["devices:everything"]}),
        json!({"name": "x", "scopes": "devices:read"}),
        json!({"name": "x", "scopes": ["offline_access"]}),
        json!({"name": "x"}),
        json!({"scopes": ["devices:read"]}),
        json!({"name": "", "scopes": ["devices:read"]}),
        json!({"name": "x", "scopes": ["devices:read"], "device_ids": []}),
        json!({"name": "x", "scopes": ["devices:read"], "expires_at": "2026-05-01T11:59:59Z"}),
        json!({"name": "x", "scopes": ["devices:read"], "expires_at": "tomorrow"}),
        json!({"name": "x", "scopes": ["devices:read"], "expires_at": "9999-12-30T22:00:00.999999999Z"}),
        json!({"name": "x", "scopes": ["devices:read"], "expires_at": "2127-05-02T12:00:00Z"}),
        json!([]),
        json!(null),
    ] {
        let answer = app.program(&parent.secret).post(KEYS, &body);
        assert_eq!(answer.status.as_u16(), 400, "{body}: {}", answer.body);
        assert_eq!(answer.json()["code"], "invalid_request", "{body}");
    }
    assert_eq!(app.rows(), rows);
}

#[test]
fn identity_comes_from_the_credential_and_never_from_the_body() {
    let app = TestApp::new();
    let parent = app.key("devices:read api_keys:write");
    for (field, value) in [
        ("organization_id", json!(app.organization("Rival Reef").id.as_str())),
        ("user_id", json!("usr_x")),
        ("creator_id", json!("usr_x")),
        ("parent_id", json!(null)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("secret_hash", json!("00")),
        ("key", json!("sk_live_mine")),
    ] {
        let answer = make(&app.program(&parent.secret), &["devices:read"], json!({field: value}));
        assert_eq!(answer.status.as_u16(), 400, "{field}");
    }
}

#[test]
fn the_line_dies_with_its_head() {
    let app = TestApp::new();
    let parent = app.key("devices:read api_keys:write");
    let child =
        secret_in(&make(&app.program(&parent.secret), &["devices:read", "api_keys:write"], json!({})));
    let grandchild = secret_in(&make(&app.program(&child), &["devices:read"], json!({})));
    let bystander = app.key("devices:read");
    for key in [&parent.secret, &child, &grandchild] {
        app.program(key).get("/v1/me").assert_status(200);
    }
    app.revoke_key(app.home(), &parent);
    for key in [&parent.secret, &child, &grandchild] {
        app.program(key).get("/v1/me").assert_status(401);
    }
    app.program(&bystander.secret).get("/v1/me").assert_status(200);
}

#[test]
fn a_child_cannot_outlive_its_parent() {
    let app = TestApp::new();
    let end = app.now() + SignedDuration::from_hours(24);
    let parent = app.key_of(app.home(), |new| new.expires_at = Some(end));
    let program = app.program(&parent.secret);
    make(&program, &["devices:read"], json!({})).assert_status(403);
    let later = end + SignedDuration::from_secs(1);
    make(&program, &["devices:read"], json!({"expires_at": later.to_string()})).assert_status(403);
    make(&program, &["devices:read"], json!({"expires_at": end.to_string()})).assert_status(201);
}

#[test]
fn a_child_cannot_cover_more_devices_than_its_parent() {
    let app = TestApp::new();
    let (ours, other) = (app.device(app.home()), app.device(app.home()));
    let only = model::device_set::Devices::Chosen(vec![ours.clone()]);
    let parent = app.key_of(app.home(), |new| new.devices = only);
    let program = app.program(&parent.secret);
    make(&program, &["devices:read"], json!({})).assert_status(403);
    make(&program, &["devices:read"], json!({"device_ids": [other.as_str()]})).assert_status(403);
    make(&program, &["devices:read"], json!({"device_ids": [ours.as_str(), other.as_str()]}))
        .assert_status(403);
    let child = secret_in(&make(&program, &["devices:read"], json!({"device_ids": [ours.as_str()]})));
    assert_eq!(app.program(&child).get("/v1/me").json()["devices"], json!([ours.as_str()]));
}

#[test]
fn another_organizations_key_is_not_found() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    let (ours, theirs) = (app.key("api_keys:read api_keys:write"), app.key_of(&rival, |_| {}));
    let program = app.program(&ours.secret);
    for id in [theirs.id.as_str(), "key_00000000000000000000000000", "x", "%00", "%ff"] {
        let foreign = program.get(&format!("{KEYS}/{id}"));
        foreign.assert_status(404);
        assert_eq!(foreign.json()["code"], "not_found", "{id}");
        program.delete(&format!("{KEYS}/{id}")).assert_status(404);
    }
    assert!(!program.get(KEYS).body.contains(theirs.id.as_str()));
    app.program(&theirs.secret).get("/v1/me").assert_status(200);
}

#[test]
fn the_list_goes_on_page_by_page_and_ends() {
    let app = TestApp::new();
    let mut expected: Vec<String> = (0..5).map(|_| app.key("devices:read").id.to_string()).collect();
    let reader = app.key("api_keys:read");
    expected.push(reader.id.to_string());
    expected.reverse();
    let (mut found, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let more = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let page = app.program(&reader.secret).get(&format!("{KEYS}?limit=2{more}"));
        page.assert_status(200);
        let items = page.json()["data"].as_array().cloned().unwrap();
        assert!(items.len() <= 2);
        found.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        cursor = page.json()["next_cursor"].as_str().map(str::to_owned);
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(found, expected, "newest first, each once");
}

#[test]
fn a_cursor_is_ours_and_for_this_list_or_it_is_none() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    let (ours, theirs) = (app.key("api_keys:read"), app.key_of(&rival, |_| {}));
    app.key_of(&rival, |_| {});
    let foreign = app.program(&theirs.secret).get(&format!("{KEYS}?limit=1")).json();
    let foreign = foreign["next_cursor"].as_str().unwrap().to_owned();
    let program = app.program(&ours.secret);
    let cut = &foreign[..foreign.len() - 1];
    for cursor in ["x", "%00", "' OR 1=1 --", "key_~", cut, &foreign] {
        let query = crate::support::encode(&[("cursor", cursor)]);
        let answer = program.get(&format!("{KEYS}?{query}"));
        answer.assert_status(400);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/cursor", "{cursor}");
    }
    for limit in ["0", "1001", "-1", "x", "1.5", "99999999999"] {
        program.get(&format!("{KEYS}?limit={limit}")).assert_status(400);
    }
}

#[test]
fn a_body_that_is_no_json_is_refused_in_words() {
    let app = TestApp::new();
    let key = app.key("api_keys:write");
    let send = |kind: &str, body: &str| {
        let request = crate::support::request(axum::http::Method::POST, KEYS)
            .header("authorization", format!("Bearer {}", key.secret))
            .header("content-type", kind);
        app.send(request.body(body.to_owned().into()).unwrap())
    };
    send("text/plain", "{}").assert_status(415);
    send("application/x-www-form-urlencoded", "name=x").assert_status(415);
    for broken in ["", "{", "{\"name\": \"\u{0}\"", "[[[[["] {
        send("application/json", broken).assert_status(400);
    }
    send("application/json", &format!("\"{}\"", "x".repeat(3 * 1024 * 1024))).assert_status(413);
}
