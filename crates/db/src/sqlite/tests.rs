//! The contract of the writer, told as stories.

use crate::{Clock, Db, Error, Result, params};

fn item() -> refinery::Migration {
    let create = "CREATE TABLE item (name TEXT PRIMARY KEY, size BIGINT NOT NULL CHECK (size >= 0))";
    refinery::Migration::unapplied("V1__item", create).unwrap()
}

fn open(dir: &tempfile::TempDir) -> Db {
    let runner = refinery::Runner::new(&[item()]);
    Db::open(&dir.path().join("test.db"), &runner, Clock::System).unwrap()
}

async fn add(db: &Db, name: &str, size: i64) -> Result<()> {
    let name = name.to_owned();
    db.write(move |tx| {
        tx.execute("INSERT INTO item (name, size) VALUES (?1, ?2)", params![&name, size])?;
        Ok(())
    })
    .await
}

async fn count(db: &Db) -> i64 {
    let counted: Result<i64> =
        db.read(|tx| tx.one("SELECT count(*) FROM item", params![], |row| row.get(0))).await;
    counted.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_writers_all_get_their_own_answer() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir);
    let writers = (0..100i64).map(|number| {
        let db = db.clone();
        tokio::spawn(async move { add(&db, &format!("item {}", number % 50), number).await })
    });
    let mut stored = 0;
    for writer in writers.collect::<Vec<_>>() {
        match writer.await.unwrap() {
            Ok(()) => stored += 1,
            Err(error) => assert!(matches!(error, Error::NotUnique(_)), "{error}"),
        }
    }
    assert_eq!(stored, 50);
    assert_eq!(count(&db).await, 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_undoes_its_own_changes_and_nobody_elses() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir);
    let panicking = db.write(|tx| -> Result<()> {
        tx.execute("INSERT INTO item (name, size) VALUES ('ghost', 1)", params![])?;
        panic!("on purpose");
    });
    let (panicked, added) = tokio::join!(panicking, add(&db, "real", 1));
    assert!(matches!(panicked, Err(Error::Panicked)));
    assert!(added.is_ok());
    assert_eq!(count(&db).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closure_that_kills_the_transaction_takes_no_neighbour_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir);
    add(&db, "first", 1).await.unwrap();
    let (a, killer, b) = tokio::join!(
        add(&db, "a", 1),
        db.write(|tx| -> Result<usize> {
            tx.execute("INSERT OR ROLLBACK INTO item (name, size) VALUES ('first', 2)", params![])
        }),
        add(&db, "b", 1)
    );
    assert!(a.is_ok() && b.is_ok());
    assert!(killer.is_err());
    assert_eq!(count(&db).await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let _first = open(&dir);
    let runner = refinery::Runner::new(&[]);
    let second = Db::open(&dir.path().join("test.db"), &runner, Clock::System);
    assert!(second.err().is_some_and(|error| error.to_string().contains("in use by another")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_from_a_newer_version_is_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(&dir));
    let newer = refinery::Migration::unapplied("V2__newer", "CREATE TABLE newer (x BIGINT)").unwrap();
    drop(reopen(&dir, &refinery::Runner::new(&[item(), newer])).unwrap());
    let opened = reopen(&dir, &refinery::Runner::new(&[item()]));
    assert!(opened.err().is_some_and(|error| error.to_string().contains("newer bluesonde")));
}

/// Opens the file again once the writer of an earlier handle has let go of it.
fn reopen(dir: &tempfile::TempDir, runner: &refinery::Runner) -> Result<Db> {
    Db::open(&dir.path().join("test.db"), runner, Clock::System)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_cannot_write() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir);
    let refused: Result<usize> = db.read(|tx| tx.execute("DELETE FROM item", params![])).await;
    assert!(refused.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn long_reads_leave_room_for_short_ones_and_wait_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir);
    let (started, mut starts) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = std::sync::Arc::new(std::sync::Mutex::new(released));
    let all = super::cores() * 4;
    let scans: Vec<_> = (0..all)
        .map(|number| {
            let (db, started, released) = (db.clone(), started.clone(), released.clone());
            tokio::spawn(async move {
                db.scan(move |tx| {
                    let counted = tx.one("SELECT count(*) FROM item", params![], |row| row.get::<i64>(0));
                    started.send(number).unwrap();
                    let _released = released.lock().unwrap().recv();
                    counted
                })
                .await
            })
        })
        .collect();
    for _ in 0..super::cores() {
        starts.recv().await.unwrap();
    }
    // Without room of its own this would wait for a scan that waits for us.
    let short = tokio::spawn({
        let db = db.clone();
        async move { count(&db).await }
    });
    let short = tokio::time::timeout(std::time::Duration::from_secs(20), short).await;
    let waiting = starts.try_recv();
    drop(release);
    assert_eq!(short.expect("a short read does not wait for scans").unwrap(), 0);
    assert!(waiting.is_err(), "no more scans at once than cores");
    for scan in scans {
        assert_eq!(scan.await.unwrap().unwrap(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_ends_the_epoch_before_it_is_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir);
    let before = db.epoch("org");
    let done: Result<()> = db
        .write(|tx| {
            tx.bump("org");
            Ok(())
        })
        .await;
    done.unwrap();
    assert!(!db.is_current(before));
    let refused: Result<()> = db
        .write(|tx| {
            tx.bump("other");
            Err(Error::Closed)
        })
        .await;
    let other = db.epoch("other");
    assert!(refused.is_err());
    assert!(db.is_current(other), "a refused change leaves caches alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let db = open(&dir);
    add(&db, "first", 1).await.unwrap();
    for file in std::fs::read_dir(dir.path()).unwrap().map(Result::unwrap) {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.path());
    }
}

#[test]
fn a_database_that_others_can_read_is_refused_with_what_mends_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (path, runner) = (dir.path().join("test.db"), refinery::Runner::new(&[item()]));
    drop(open(&dir));
    for mode in [0o644, 0o640, 0o602] {
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        let refused = reopen(&dir, &runner).err().unwrap().to_string();
        assert!(refused.contains(&format!("chmod 600 {}", path.display())), "{refused}");
    }
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    drop(reopen(&dir, &runner).unwrap());
    let log = dir.path().join("test.db-wal");
    std::fs::write(&log, "").unwrap();
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(reopen(&dir, &runner).err().unwrap().to_string().contains("test.db-wal"));
}

#[test]
fn every_commit_is_synced_and_the_engine_is_new_enough() {
    assert!(rusqlite::version_number() >= super::MINIMUM_VERSION);
    let dir = tempfile::tempdir().unwrap();
    let connection = super::open_writer(&dir.path().join("test.db")).unwrap();
    let synchronous: i64 = connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
    assert_eq!(synchronous, 2, "2 is FULL");
}
