//! SQLite: one writer thread with group commit, a few readers, and a few more for long reads.
//!
//! The writer takes what is queued, runs each closure in a savepoint of its own inside one `BEGIN IMMEDIATE`,
//! commits once (`synchronous=FULL`: one fsync for all of them) and then answers all. An error or a panic rolls
//! back its own savepoint only. Three things end the whole transaction under our feet (`INSERT OR ROLLBACK`, a
//! full disk, an I/O error); the connection is then in autocommit mode again, and the batch is run once more,
//! one closure at a time, so that one bad neighbour costs the others nothing but time.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{self, Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::clock::Clock;
use crate::epoch::Epochs;
use crate::tx::{After, Tx};
use crate::{Error, Result};

/// The first SQLite whose WAL can't lose a committed write to the reset race.
const MINIMUM_VERSION: i32 = 3_051_003;
/// Writes that may wait before callers are held back.
const QUEUE: usize = 1024;
/// Closures that share a commit.
const BATCH: usize = 256;
/// How long a batch may run before it commits, so that no answer waits behind a long line.
const BATCH_TIME: Duration = Duration::from_millis(20);

/// A queued write: its closure can run again until it is answered.
pub(crate) trait Job: Send {
    /// Runs the closure; false asks for its savepoint to be rolled back.
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict;
    /// Sends the outcome, or the reason why there was no commit.
    fn answer(self: Box<Self>, committed: Result<()>);
}

/// What becomes of a closure's changes.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    Keep,
    Undo,
}

pub(crate) struct Write<T, E, F> {
    closure: F,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Write<T, E, F> {
    pub(crate) fn new(closure: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self { closure, outcome: None, reply }
    }
}

impl<T, E, F> Job for Write<T, E, F>
where
    F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<Error> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) -> Verdict {
        // The closure has no effect outside its transaction, and that is about to be rolled back.
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.closure)(tx)));
        let outcome = outcome.unwrap_or_else(|_panic| Err(Error::Panicked.into()));
        let verdict = if outcome.is_ok() { Verdict::Keep } else { Verdict::Undo };
        self.outcome = Some(outcome);
        verdict
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let outcome = match committed {
            Ok(()) => self.outcome.unwrap_or_else(|| Err(Error::Closed.into())),
            Err(error) => Err(error.into()),
        };
        // A caller that has gone away doesn't undo what it asked for.
        let _gone = self.reply.send(outcome);
    }
}

pub(crate) struct Sqlite {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    writer: Option<JoinHandle<()>>,
    readers: Readers,
    /// Long reads have their own, so that they can't keep all of those that short reads need.
    scanners: Readers,
    scans: Arc<Semaphore>,
    clock: Clock,
    epochs: Arc<Epochs>,
    healthy: Arc<AtomicBool>,
}

impl Sqlite {
    pub(crate) fn open(
        path: &Path,
        migrations: &refinery::Runner,
        clock: Clock,
        epochs: Arc<Epochs>,
    ) -> Result<Self> {
        if rusqlite::version_number() < MINIMUM_VERSION {
            let found = rusqlite::version();
            return Err(Error::Open(format!("SQLite {found} can lose writes; 3.51.3 or newer is needed")));
        }
        let lock = lock(path)?;
        // SQLite gives its companions (the log, the index) the mode of the database.
        create_private(path)?;
        refuse_if_others_can_read(path)?;
        let mut connection = open_writer(path)?;
        migrate(&mut connection, migrations)?;
        let readers = Readers::open(path, cores() * 2)?;
        let scanners = Readers::open(path, cores())?;
        let scans = Arc::new(Semaphore::new(cores()));

        let (queue, inbox) = mpsc::channel(QUEUE);
        let healthy = Arc::new(AtomicBool::new(true));
        let writer = Writer {
            connection,
            path: path.to_owned(),
            clock: clock.clone(),
            epochs: epochs.clone(),
            healthy: healthy.clone(),
            _lock: lock,
        };
        let writer = std::thread::Builder::new()
            .name("db-writer".into())
            .spawn(move || writer.serve(inbox))
            .map_err(|error| Error::Open(format!("the writer thread did not start: {error}")))?;
        let (queue, writer) = (Some(queue), Some(writer));
        Ok(Self { queue, writer, readers, scanners, scans, clock, epochs, healthy })
    }

    pub(crate) async fn submit(&self, job: Box<dyn Job>) -> Result<()> {
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        queue.send(job).await.map_err(|_| Error::Closed)
    }

    pub(crate) fn submit_blocking(&self, job: Box<dyn Job>) -> Result<()> {
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        queue.blocking_send(job).map_err(|_| Error::Closed)
    }

    pub(crate) fn is_healthy(&self) -> bool {
        self.healthy.load(Ordering::SeqCst)
    }

    pub(crate) fn read<T, E: From<Error>>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.read_on(&self.readers, f)
    }

    /// A long read's turn, to be held while [`Sqlite::scan`] runs. There is one for each of its connections.
    pub(crate) async fn scan_turn(&self) -> Result<OwnedSemaphorePermit> {
        self.scans.clone().acquire_owned().await.map_err(|_closed| Error::Closed)
    }

    pub(crate) fn scan<T, E: From<Error>>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        self.read_on(&self.scanners, f)
    }

    fn read_on<T, E: From<Error>>(
        &self,
        readers: &Readers,
        mut f: impl FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = readers.next()?;
        let _snapshot = Snapshot::begin(&connection)?;
        f(&mut Tx::new(&connection, &self.epochs, self.clock.now()))
    }
}

/// Connections that read.
struct Readers {
    connections: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
}

impl Readers {
    fn open(path: &Path, count: usize) -> Result<Self> {
        let connections =
            (0..count).map(|_| open_reader(path).map(Mutex::new)).collect::<Result<Vec<_>>>()?;
        Ok(Self { connections, turn: AtomicUsize::new(0) })
    }

    /// A free one, or the next in turn once it is free.
    fn next(&self) -> Result<MutexGuard<'_, Connection>> {
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = self.connections.len();
        for offset in 0..count {
            // A panic while reading left nothing half done: the snapshot ended with it.
            match self.connections.get((first + offset) % count).map(Mutex::try_lock) {
                Some(Ok(free)) => return Ok(free),
                Some(Err(sync::TryLockError::Poisoned(free))) => return Ok(free.into_inner()),
                Some(Err(sync::TryLockError::WouldBlock)) | None => {}
            }
        }
        let turn = self.connections.get(first % count).ok_or(Error::Closed)?;
        Ok(turn.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Closing waits for the writer, so that what was queued is on disk and the file is free when this returns.
impl Drop for Sqlite {
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.writer.take().is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the database writer ended with a panic");
        }
    }
}

/// A read transaction that ends however its reader ends.
struct Snapshot<'c>(&'c Connection);

impl<'c> Snapshot<'c> {
    fn begin(connection: &'c Connection) -> Result<Self> {
        // Prepared once: parsing the words anew shows in the profile of every short read.
        connection.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(connection))
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.prepare_cached("ROLLBACK").and_then(|mut end| end.execute([])) {
            tracing::error!(%error, "a read transaction did not end");
        }
    }
}

struct Writer {
    connection: Connection,
    path: PathBuf,
    clock: Clock,
    epochs: Arc<Epochs>,
    healthy: Arc<AtomicBool>,
    _lock: File,
}

impl Writer {
    fn serve(mut self, mut inbox: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = inbox.blocking_recv() {
            let batch = self.commit_together(first, &mut inbox);
            self.commit_one_by_one(batch);
        }
        if let Err(error) = self.connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::warn!(%error, "the log was not folded into the database on closing");
        }
    }

    /// Runs what is queued in one transaction. Gives back the jobs of a batch that died, unanswered.
    fn commit_together(
        &mut self,
        first: Box<dyn Job>,
        inbox: &mut mpsc::Receiver<Box<dyn Job>>,
    ) -> Vec<Box<dyn Job>> {
        let started = Instant::now();
        let mut batch = vec![first];
        if self.connection.execute_batch("BEGIN IMMEDIATE").is_err() {
            return batch;
        }
        let mut after = Vec::new();
        let mut position = 0;
        while let Some(job) = batch.get_mut(position) {
            after.extend(self.run_in_savepoint(job.as_mut()));
            if self.connection.is_autocommit() {
                return batch;
            }
            position += 1;
            if batch.len() < BATCH && started.elapsed() < BATCH_TIME {
                batch.extend(inbox.try_recv().ok());
            }
        }
        match self.commit() {
            Ok(()) => {
                self.acknowledge(batch, after);
                Vec::new()
            }
            Err(_) => batch,
        }
    }

    /// The slow lane: each job alone, so that the one that kills its transaction kills only its own.
    fn commit_one_by_one(&mut self, jobs: Vec<Box<dyn Job>>) {
        for mut job in jobs {
            let outcome = self.commit_alone(job.as_mut());
            match outcome {
                Ok(after) => self.acknowledge(vec![job], vec![after]),
                Err(error) => {
                    tracing::error!(%error, "a write could not be committed");
                    job.answer(Err(error));
                }
            }
        }
    }

    fn commit_alone(&mut self, job: &mut dyn Job) -> Result<After> {
        self.connection.execute_batch("BEGIN IMMEDIATE")?;
        let after = self.run_in_savepoint(job);
        if self.connection.is_autocommit() {
            return Err(Error::Unavailable("the transaction was rolled back by the engine".into()));
        }
        self.commit()?;
        Ok(after.unwrap_or_default())
    }

    /// Runs one closure; its changes stay only if it wants them to.
    fn run_in_savepoint(&self, job: &mut dyn Job) -> Option<After> {
        if let Err(error) = self.connection.execute_batch("SAVEPOINT job") {
            tracing::error!(%error, "no savepoint");
            self.abandon();
            return None;
        }
        let mut tx = Tx::new(&self.connection, &self.epochs, self.clock.now());
        let verdict = job.run(&mut tx);
        let after = tx.finish();
        let end = match verdict {
            Verdict::Keep => "RELEASE job",
            Verdict::Undo => "ROLLBACK TO job; RELEASE job",
        };
        if !self.connection.is_autocommit() && self.connection.execute_batch(end).is_err() {
            self.abandon();
        }
        (verdict == Verdict::Keep).then_some(after)
    }

    fn acknowledge(&self, jobs: Vec<Box<dyn Job>>, after: Vec<After>) {
        for after in after {
            after.run(&self.epochs);
        }
        for job in jobs {
            job.answer(Ok(()));
        }
    }

    fn commit(&mut self) -> Result<()> {
        let committed = self.connection.execute_batch("COMMIT").map_err(Error::from);
        if committed.is_err() {
            self.abandon();
            self.reopen();
        }
        self.healthy.store(committed.is_ok(), Ordering::SeqCst);
        committed
    }

    fn abandon(&self) {
        if !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            tracing::error!(%error, "a failed transaction did not roll back");
        }
    }

    /// After a failed fsync the kernel may have dropped the very pages we asked for; only a new handle, which
    /// recovers from what is on disk, can be trusted.
    fn reopen(&mut self) {
        match open_writer(&self.path) {
            Ok(connection) => self.connection = connection,
            Err(error) => tracing::error!(%error, "the database could not be opened again"),
        }
    }
}

/// Takes the database for this process alone, for as long as the file stays open.
fn lock(path: &Path) -> Result<File> {
    let lock_path = path.with_extension("lock");
    let file = create_private(&lock_path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::Open(format!(
            "{} is in use by another bluesonde process; stop that one first",
            path.display()
        ))),
        Err(TryLockError::Error(error)) => {
            Err(Error::Open(format!("cannot lock {}: {error}", lock_path.display())))
        }
    }
}

/// Opens a file, making it if absent, for nobody but its owner.
fn create_private(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| Error::Open(format!("cannot open {}: {error}", path.display())))
}

/// A database that was copied or restored can have lost its mode, and its log holds as much as it does.
fn refuse_if_others_can_read(path: &Path) -> Result<()> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    for path in [path, Path::new(&log)] {
        let Ok(file) = path.metadata() else { continue };
        let mode = file.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = path.display();
            return Err(Error::Open(format!(
                "{path} can be read by others (mode {mode:o}): chmod 600 {path}"
            )));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the one place that opens the file, with its pragmas")]
fn open_writer(path: &Path) -> Result<Connection> {
    let explain = |error: rusqlite::Error| Error::Open(format!("cannot open {}: {error}", path.display()));
    let connection = Connection::open(path).map_err(explain)?;
    let mode: String =
        connection.query_row("PRAGMA journal_mode = wal", [], |row| row.get(0)).map_err(explain)?;
    if mode != "wal" {
        return Err(Error::Open(format!("{} is on a file system without WAL support", path.display())));
    }
    connection
        .execute_batch("PRAGMA synchronous = full; PRAGMA foreign_keys = on; PRAGMA temp_store = memory")
        .map_err(explain)?;
    tune(&connection).map_err(explain)?;
    Ok(connection)
}

fn open_reader(path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.execute_batch("PRAGMA query_only = on; PRAGMA temp_store = memory")?;
    tune(&connection)?;
    Ok(connection)
}

fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.execute_batch("PRAGMA cache_size = -16384; PRAGMA mmap_size = 268435456")
}

fn migrate(connection: &mut Connection, migrations: &refinery::Runner) -> Result<()> {
    match migrations.run(connection) {
        Ok(_report) => Ok(()),
        Err(error) => Err(Error::Open(format!(
            "the database could not be brought up to date ({error}); it may come from a newer bluesonde"
        ))),
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

#[cfg(test)]
mod tests;
