//! `kill -9` in the middle of writes: what was acknowledged is there after the next start, each time.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::mpsc;

use serde_json::{Value, json};

use crate::support::process::{Server, send};

/// How many write at the same time.
const WRITERS: usize = 4;
/// Acknowledgements of one round, at most, before the end comes.
const LONGEST_ROUND: u64 = 40;

#[expect(clippy::disallowed_methods, reason = "a test binary has no command line of its own")]
fn rounds() -> usize {
    if std::env::var("BLUESONDE_TEST_LONG").is_ok_and(|long| long == "1") { 100 } else { 20 }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_amid_writes() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = HashSet::new();
    let mut server = Server::demo(dir.path());
    for round in 0..rounds() {
        acknowledged.extend(write_until_killed(server));
        server = Server::demo(dir.path());
        let lost: Vec<_> = acknowledged.difference(&keys(&server)).cloned().collect();
        assert!(lost.is_empty(), "round {round} lost {lost:?} of {}", acknowledged.len());
    }
    assert!(acknowledged.len() >= rounds());
}

/// Makes keys from several threads, kills the server after a random number of acknowledgements, and gives the ids
/// of all that were acknowledged.
fn write_until_killed(server: Server) -> Vec<String> {
    let enough = 1 + RandomState::new().hash_one(0) % LONGEST_ROUND;
    let (origin, key) = (server.origin().to_owned(), server.master_key());
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let (tell, origin, key) = (tell.clone(), &origin, &key);
            scope.spawn(move || {
                while let Some(id) = make_key(origin, key) {
                    tell.send(id).unwrap()
                }
            });
        }
        drop(tell);
        let mut acknowledged = Vec::new();
        while (acknowledged.len() as u64) < enough {
            acknowledged.push(told.recv().unwrap());
        }
        server.kill();
        acknowledged.extend(told);
        acknowledged
    })
}

/// The id of a new key, once the server has acknowledged it; none if it no longer answers.
fn make_key(origin: &str, key: &str) -> Option<String> {
    let headers = [("authorization", &*format!("Bearer {key}")), ("content-type", "application/json")];
    let wanted = json!({"name": "made amid a crash", "scopes": ["devices:read"]});
    let reply = send(origin, ("POST", "/v1/api-keys"), &headers, &wanted.to_string()).ok()?;
    assert_eq!(reply.status, 201, "{}", reply.body);
    let made: Value = serde_json::from_str(&reply.body).unwrap();
    Some(made["id"].as_str().unwrap().to_owned())
}

/// The ids of all keys that the server has.
fn keys(server: &Server) -> HashSet<String> {
    let master = server.master_key();
    let mut ids = HashSet::new();
    let mut path = "/v1/api-keys?limit=1000".to_owned();
    loop {
        let page = server.get(&path, &master);
        ids.extend(page["data"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()));
        let Some(cursor) = page["next_cursor"].as_str() else { return ids };
        path = format!("/v1/api-keys?limit=1000&cursor={cursor}");
    }
}
