//! `kill -9` in the middle of writes: what was acknowledged is there after the next start, each time, and a batch
//! that was not is there as a whole or not at all.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::process::{Reply, Server, send};

/// How many write at the same time, half of them keys and half of them observations.
const WRITERS: usize = 4;
/// Acknowledgements of one round, at most, before the end comes.
const LONGEST_ROUND: u64 = 40;
/// Observations of one batch.
const BATCH: u64 = 3;

#[expect(clippy::disallowed_methods, reason = "a test binary has no command line of its own")]
fn rounds() -> usize {
    if std::env::var("BLUESONDE_TEST_LONG").is_ok_and(|long| long == "1") { 100 } else { 20 }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_server_is_killed_amid_writes() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::demo(dir.path());
    let writer = Writer::new(&server);
    let mut acknowledged = HashSet::new();
    for round in 0..rounds() {
        acknowledged.extend(writer.write_until_killed(server));
        server = Server::demo(dir.path());
        let stored: HashSet<Written> = writer.keys(&server).chain(writer.batches(&server)).collect();
        let lost: Vec<&Written> = acknowledged.difference(&stored).collect();
        assert!(lost.is_empty(), "round {round} lost {lost:?} of {}", acknowledged.len());
    }
    assert!(acknowledged.len() >= rounds());
    server.stop();
}

/// What the server has said that it has stored.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Written {
    /// A key, by its id.
    Key(String),
    /// A batch of observations, by its number.
    Batch(u64),
}

struct Writer {
    key: String,
    datastream: String,
    next_batch: AtomicU64,
}

impl Writer {
    fn new(server: &Server) -> Self {
        let key = server.master_key();
        let datastream = server.get("/v1/datastreams?limit=1", &key)["data"][0]["id"].clone();
        let datastream = datastream.as_str().unwrap().to_owned();
        Self { key, datastream, next_batch: AtomicU64::new(0) }
    }

    /// Writes from several threads, kills the server after a random number of acknowledgements, and gives all that
    /// were acknowledged.
    fn write_until_killed(&self, server: Server) -> Vec<Written> {
        let enough = 1 + RandomState::new().hash_one(0) % LONGEST_ROUND;
        let origin = server.origin().to_owned();
        let (tell, told) = mpsc::channel();
        std::thread::scope(|scope| {
            for number in 0..WRITERS {
                let (tell, origin) = (tell.clone(), &origin);
                let write = if number % 2 == 0 { Self::make_key } else { Self::store_batch };
                scope.spawn(move || {
                    while let Some(written) = write(self, origin) {
                        tell.send(written).unwrap();
                    }
                });
            }
            drop(tell);
            let mut acknowledged: Vec<Written> =
                (0..enough).map(|_| told.recv().expect("the writers work")).collect();
            server.kill();
            acknowledged.extend(told);
            acknowledged
        })
    }

    /// None if the server no longer answers.
    fn make_key(&self, origin: &str) -> Option<Written> {
        let wanted = json!({"name": "made amid a crash", "scopes": ["devices:read"]});
        let reply = self.post(origin, "/v1/api-keys", &wanted)?;
        assert_eq!(reply.status, 201, "{}", reply.body);
        let made: Value = serde_json::from_str(&reply.body).unwrap();
        Some(Written::Key(made["id"].as_str().unwrap().to_owned()))
    }

    /// None if the server no longer answers.
    fn store_batch(&self, origin: &str) -> Option<Written> {
        let batch = self.next_batch.fetch_add(1, Ordering::Relaxed);
        let row = |number: u64| json!({"datastream_id": self.datastream, "phenomenon_time": time(number), "result": number});
        let rows: Vec<Value> = (batch * BATCH..(batch + 1) * BATCH).map(row).collect();
        let reply = self.post(origin, "/v1/observations", &json!({"observations": rows}))?;
        assert_eq!((reply.status, &*reply.body), (200, r#"{"stored":3,"unchanged":0}"#));
        Some(Written::Batch(batch))
    }

    fn post(&self, origin: &str, path: &str, body: &Value) -> Option<Reply> {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", &*bearer), ("content-type", "application/json")];
        send(origin, ("POST", path), &headers, &body.to_string()).ok()
    }

    /// All keys that the server has.
    fn keys(&self, server: &Server) -> impl Iterator<Item = Written> {
        let id = |key: &Value| Written::Key(key["id"].as_str().unwrap().to_owned());
        self.list(server, "/v1/api-keys?limit=1000").into_iter().map(move |key| id(&key))
    }

    /// All batches that the server has, each whole.
    fn batches(&self, server: &Server) -> impl Iterator<Item = Written> {
        let end = time(0) + SignedDuration::from_hours(24 * 365);
        let path = format!("/v1/datastreams/{}/observations?limit=10000&end={end}", self.datastream);
        let rows = self.list(server, &path);
        let numbers: HashSet<u64> = rows.iter().map(|row| row["result"].as_f64().unwrap() as u64).collect();
        assert_eq!(numbers.len(), rows.len());
        for (number, row) in rows.iter().map(|row| (row["result"].as_f64().unwrap() as u64, row)) {
            assert_eq!(row["phenomenon_time"], json!(time(number)));
            let first = number - number % BATCH;
            assert!((first..first + BATCH).all(|member| numbers.contains(&member)), "half a batch: {row}");
        }
        numbers.into_iter().map(|number| Written::Batch(number / BATCH))
    }

    fn list(&self, server: &Server, path: &str) -> Vec<Value> {
        let (mut rows, mut target) = (Vec::new(), path.to_owned());
        loop {
            let page = server.get(&target, &self.key);
            rows.extend_from_slice(page["data"].as_array().unwrap());
            let Some(cursor) = page["next_cursor"].as_str() else { return rows };
            target = format!("{path}&cursor={cursor}");
        }
    }
}

/// Where an observation of this number belongs, long before the demo's history.
fn time(number: u64) -> Timestamp {
    Timestamp::from_second(1_000_000_000).unwrap() + SignedDuration::from_secs(number.try_into().unwrap())
}
