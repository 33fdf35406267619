//! `bluesonde demo`, as somebody meets it who has only the README.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::encode;
use crate::support::process::{Server, bluesonde};

const FIRST_START: [&str; 3] = ["demo.json", "pepper", "bluesonde.db"];

#[test]
fn the_demo_is_what_its_file_says_and_the_same_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::demo(dir.path());
    let data = dir.path().join("data");
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("demo.json")), 0o600);
    assert!(FIRST_START.iter().all(|name| data.join(name).exists()));
    has_exactly_the_promised_fields(&server.facts);
    has_everybody_and_everything(&server.facts);
    let before = server.facts.clone();
    everything_opens(&server);
    the_printed_lines_work(&server);
    weeks_are_there_and_more_is_arriving(&server);
    server.stop();

    let again = Server::demo(dir.path());
    assert_eq!(again.facts["organizations"], before["organizations"]);
    everything_opens(&again);
    again.stop();
}

#[test]
fn a_demo_whose_file_is_gone_or_damaged_says_so_and_makes_no_other() {
    let dir = tempfile::tempdir().unwrap();
    Server::demo(dir.path()).stop();
    let data = dir.path().join("data");
    let file = data.join("demo.json");
    let facts = fs::read_to_string(&file).unwrap();
    let start = || {
        let ended = bluesonde(&["demo", "--listen", "127.0.0.1:0", "--data-dir", data.to_str().unwrap()]);
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
    };
    fs::remove_file(&file).unwrap();
    let (code, words) = start();
    assert!(code == Some(1) && words.contains("demo.json is missing"), "{code:?} {words}");
    assert!(!file.exists());
    fs::write(&file, &facts[..facts.len() / 2]).unwrap();
    let (code, words) = start();
    assert!(code == Some(1) && words.contains("demo.json is damaged"), "{code:?} {words}");

    // Without a database the file opens nothing: a demo is made, with a file of its own.
    let fresh = tempfile::tempdir().unwrap();
    fs::create_dir(fresh.path().join("data")).unwrap();
    fs::write(fresh.path().join("data/demo.json"), &facts).unwrap();
    let server = Server::demo(fresh.path());
    assert_ne!(
        serde_json::from_str::<Value>(&facts).unwrap()["organizations"],
        server.facts["organizations"]
    );
    everything_opens(&server);
    server.stop();
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[track_caller]
fn fields(value: &Value, expected: &[&str]) {
    let mut found: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected = expected.to_vec();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn has_exactly_the_promised_fields(facts: &Value) {
    fields(facts, &["issuer", "api", "console", "organizations"]);
    assert_eq!(text(&facts["api"]), format!("{}/v1", text(&facts["issuer"])));
    assert_eq!(text(&facts["console"]), format!("{}/settings/developer", text(&facts["issuer"])));
    for organization in list(&facts["organizations"]) {
        fields(organization, &["id", "name", "device_ids", "users", "api_keys", "oauth_applications"]);
        for user in list(&organization["users"]) {
            fields(user, &["id", "email", "password", "role"]);
            assert!(text(&user["password"]).len() >= 16);
        }
        for key in list(&organization["api_keys"]) {
            fields(key, &["id", "key", "scopes"]);
            assert!(text(&key["key"]).starts_with("sk_test_bsn_"));
        }
        for application in list(&organization["oauth_applications"]) {
            fields(
                application,
                &[
                    "client_id",
                    "client_secret",
                    "public",
                    "name",
                    "redirect_uris",
                    "scopes",
                    "optional_scopes",
                    "webhook_secret",
                ],
            );
            assert_eq!(application["public"] == json!(true), application["client_secret"].is_null());
        }
    }
}

fn has_everybody_and_everything(facts: &Value) {
    let [first, second] = list(&facts["organizations"]) else { panic!("two organizations") };
    let roles = |organization: &Value| -> Vec<Value> {
        list(&organization["users"]).iter().map(|user| user["role"].clone()).collect()
    };
    assert_eq!(roles(first), ["Viewer", "Operator", "Organization Admin", "Owner"]);
    assert!(roles(second).contains(&json!("Organization Admin")) && roles(second).contains(&json!("Viewer")));
    assert_eq!((list(&first["device_ids"]).len(), list(&second["device_ids"]).len()), (10, 4));
    let scopes: Vec<&Value> = list(&first["api_keys"]).iter().map(|key| &key["scopes"]).collect();
    assert_eq!(scopes[0], &json!(["devices:read", "observations:read"]));
    assert_eq!(list(scopes[1]).len(), 13);
    assert!(!list(&second["api_keys"]).is_empty());
    let [confidential, public] = list(&first["oauth_applications"]) else { panic!("two applications") };
    assert_eq!(
        confidential["scopes"],
        json!(["devices:read", "observations:read", "observations:write", "offline_access"])
    );
    assert_eq!(public["scopes"], json!(["devices:read", "observations:read", "offline_access"]));
    assert_eq!((&confidential["public"], &public["public"]), (&json!(false), &json!(true)));
}

fn everything_opens(server: &Server) {
    for organization in list(&server.facts["organizations"]) {
        let devices = server.get("/v1/devices", text(&organization["api_keys"][0]["key"]));
        let ids: Vec<&Value> = list(&devices["data"]).iter().map(|device| &device["id"]).collect();
        assert_eq!(ids, list(&organization["device_ids"]).iter().collect::<Vec<_>>());
        for key in list(&organization["api_keys"]) {
            let me = server.get("/v1/me", text(&key["key"]));
            assert_eq!(me["principal"], json!({"type": "api_key", "id": key["id"]}));
            assert_eq!(me["organization"], json!({"id": organization["id"], "name": organization["name"]}));
            assert_eq!((&me["scopes"], &me["devices"]), (&key["scopes"], &json!("all")));
        }
        for user in list(&organization["users"]) {
            let cookies = sign_in(server, text(&user["email"]), text(&user["password"]));
            assert!(cookies.contains("session="), "{user}: {cookies}");
        }
        for application in list(&organization["oauth_applications"]) {
            the_token_endpoint_knows(server, application);
        }
    }
    let anybody = &server.facts["organizations"][0]["users"][0];
    assert!(!sign_in(server, text(&anybody["email"]), "not the password").contains("session="));
}

/// Signs in as a browser would and gives the head of the answer, with its cookies.
fn sign_in(server: &Server, email: &str, password: &str) -> String {
    let page = server.send(("GET", "/login"), &[], "").unwrap();
    let between = |text: &str, start: &str, end: char| {
        text.split_once(start).and_then(|(_, rest)| Some(rest.split_once(end)?.0.to_owned())).unwrap()
    };
    let browser = between(&page.head, "browser=", ';');
    let token = between(&page.body, "name=\"csrf_token\" value=\"", '"');
    let headers = [
        ("cookie", &*format!("browser={browser}")),
        ("origin", server.origin()),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let form = encode(&[("csrf_token", &token), ("email", email), ("password", password)]);
    server.send(("POST", "/login"), &headers, &form).unwrap().head
}

/// A code that was never given out is refused as such only to a client that has proven who it is.
fn the_token_endpoint_knows(server: &Server, application: &Value) {
    let refusal = |secret: Option<&str>| {
        let redirect_uri = text(&application["redirect_uris"][0]);
        let client_id = text(&application["client_id"]);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", "unknown"),
            ("redirect_uri", redirect_uri),
            ("client_id", client_id),
            ("code_verifier", "0123456789012345678901234567890123456789012"),
        ];
        form.extend(secret.map(|secret| ("client_secret", secret)));
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let reply = server.send(("POST", "/oauth2/token"), &headers, &encode(&form)).unwrap();
        serde_json::from_str::<Value>(&reply.body).unwrap()["error"].clone()
    };
    let secret = application["client_secret"].as_str();
    assert_eq!(refusal(secret), "invalid_grant");
    if secret.is_some() {
        assert_eq!(refusal(None), "invalid_client");
    }
}

fn the_printed_lines_work(server: &Server) {
    let admin = &server.facts["organizations"][0]["users"][2];
    assert!(
        server.printed.contains(text(&admin["email"])) && server.printed.contains(text(&admin["password"]))
    );
    let lines: Vec<&str> =
        server.printed.lines().map(str::trim).filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 3);
    for line in lines {
        let ended = Command::new("sh").args(["-c", line]).output().unwrap();
        let answer: Value = serde_json::from_slice(&ended.stdout).unwrap();
        let expected = if line.ends_with("/me\"") { "principal" } else { "data" };
        assert!(!answer[expected].is_null(), "{line}: {answer}");
    }
}

fn weeks_are_there_and_more_is_arriving(server: &Server) {
    let key = text(&server.facts["organizations"][0]["api_keys"][0]["key"]);
    let temperatures = "/v1/datastreams?observed_property_id=water_temperature";
    for stream in list(&server.get(temperatures, key)["data"]) {
        let path = format!("/v1/datastreams/{}/observations?limit=10000", text(&stream["id"]));
        // Telemetry is down for a small part of four weeks of six reports an hour.
        let reports = list(&server.get(&path, key)["data"]).len();
        assert!((3500..4100).contains(&reports), "{reports}");
    }
    // The history is on the tens of minutes; what arrives live is between them.
    let started = Instant::now();
    let is_live = |row: &Value| !text(&row["phenomenon_time"]).ends_with("0:00Z");
    while !list(&server.get("/v1/observations/latest", key)["data"]).iter().any(is_live) {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing arrived");
    }
}

#[test]
fn a_first_start_that_is_killed_at_any_point_is_made_good_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let exists = |name: &str| data.join(name).exists();
    let logged = |bytes| data.join("bluesonde.db-wal").metadata().is_ok_and(|wal| wal.len() > bytes);
    Server::kill_demo_when(dir.path(), || exists("pepper"));
    Server::kill_demo_when(dir.path(), || exists("bluesonde.db"));
    Server::kill_demo_when(dir.path(), || logged(100_000));
    Server::kill_demo_when(dir.path(), || logged(2_000_000));
    // Between the file and the commit of what it speaks of, or just after both.
    Server::kill_demo_when(dir.path(), || exists("demo.json.new") || exists("demo.json"));
    let server = Server::demo(dir.path());
    has_everybody_and_everything(&server.facts);
    everything_opens(&server);
    weeks_are_there_and_more_is_arriving(&server);
    server.stop();
}
