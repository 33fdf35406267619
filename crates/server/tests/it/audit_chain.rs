//! The chain of the audit log: sealed within seconds, also after a kill, and checked from outside.

use std::path::Path;

use db::params;
use rules::role::Role;
use serde_json::{Value, json};

use crate::support::TestApp;
use crate::support::process::{Server, bluesonde, send};

/// What `bluesonde audit verify` says of a demo's directory, and its exit status.
fn verify(dir: &Path, more: &[&str]) -> (i32, Value) {
    let data = dir.join("data");
    let arguments = ["audit", "verify", "--json", "--data-dir", data.to_str().unwrap()];
    let output = bluesonde(&[&arguments, more].concat());
    let told = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), serde_json::from_str(&told).expect(&told))
}

fn make_key(server: &Server) {
    let bearer = format!("Bearer {}", server.master_key());
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    let wanted = json!({"name": "audited", "scopes": ["devices:read"]}).to_string();
    let reply = send(server.origin(), ("POST", "/v1/api-keys"), &headers, &wanted).unwrap();
    assert_eq!(reply.status, 201, "{}", reply.body);
}

/// Sealing is the worker's, so wait for it; it takes half a second.
fn sealed(dir: &Path) -> Value {
    loop {
        let (status, found) = verify(dir, &[]);
        assert_eq!((status, &found["misfit"]), (0, &Value::Null));
        if found["unsealed"] == 0 {
            return found;
        }
    }
}

#[test]
fn a_kill_between_a_change_and_its_sealing_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::demo(dir.path());
    let mut before = sealed(dir.path())["sealed"].as_i64().unwrap();
    for _ in 0..3 {
        make_key(&server);
        server.kill();
        let (status, found) = verify(dir.path(), &[]);
        let entries = found["sealed"].as_i64().unwrap() + found["unsealed"].as_i64().unwrap();
        assert_eq!((status, entries), (0, before + 1));
        server = Server::demo(dir.path());
        before = entries;
    }
    // A lease that the killed server held is over in five seconds.
    let found = sealed(dir.path());
    assert_eq!(found["sealed"].as_i64(), Some(before));
    server.stop();
    let head = format!("{}:{}", found["sealed"], found["hash"].as_str().unwrap());
    assert_eq!(verify(dir.path(), &["--head", &head]).0, 0);
    let other = format!("{}:{}", found["sealed"], "0".repeat(64));
    let (status, found) = verify(dir.path(), &["--head", &other]);
    assert_eq!((status, found["misfit"]["position"].as_i64()), (1, Some(before)));
}

#[test]
fn a_directory_without_a_database_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let output = bluesonde(&["audit", "verify", "--data-dir", dir.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no database"));
}

#[test]
fn the_worker_seals_what_people_did() {
    let app = TestApp::new();
    app.signed_in(&app.member(Role::Owner));
    app.wait(server::worker::seal(&app.app));
    let waiting = "SELECT count(*) FROM audit_event WHERE position IS NULL";
    assert_eq!(app.read(|tx| Ok(tx.one(waiting, params![], |row| row.get::<i64>(0))?)), 0);
    let found = app.read(|tx| model::audit::seal::verify(tx, None));
    assert!(found.misfit.is_none() && found.head.position >= 3, "{found:?}");
}
