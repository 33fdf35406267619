//! The engine room: one small database interface that the nouns of `model` are written against.
//!
//! `read` and `write` take closures over a [`Tx`]. The closures are synchronous, have no effect outside their
//! transaction and may run more than once; that is what lets SQLite commit many writers with one fsync, and what
//! a serializable PostgreSQL needs in order to retry. Statements keep to a portable subset (integers, reals,
//! text, blobs; `?1` parameters), times are integer microseconds, and this crate knows none of our nouns.
//!
//! Only SQLite runs today. Nobody outside this crate names a driver, so a second engine is a change in here.

mod chance;
mod clock;
mod epoch;
mod error;
mod sqlite;
mod tx;
mod value;

use std::path::Path;
use std::sync::Arc;

use tokio::sync::oneshot;

pub use clock::Clock;
pub use epoch::Epoch;
pub use error::Error;
pub use tx::{Row, Tx};
pub use value::{FromColumn, Value};

use epoch::Epochs;
use sqlite::{Sqlite, Write};

/// What a statement or a transaction gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A handle on the database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Arc<Sqlite>,
    epochs: Arc<Epochs>,
    clock: Clock,
}

impl Db {
    /// Opens (or makes) the SQLite database at `path`, alone: a second process is refused.
    ///
    /// `migrations` run before anything else. Errors: the file is in use, can't be written, was made by a newer
    /// version, or the linked SQLite is older than 3.51.3 (whose WAL could lose committed writes).
    pub fn open(path: &Path, migrations: &refinery::Runner, clock: Clock) -> Result<Self> {
        let epochs = Arc::new(Epochs::new());
        let engine = Sqlite::open(path, migrations, clock.clone(), epochs.clone())?;
        Ok(Self { engine: Arc::new(engine), epochs, clock })
    }

    /// The clock that `tx.now()` reads.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Runs a short read (indexed lookups, a page of rows) on the calling thread, in one snapshot.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E>,
        E: From<Error>,
    {
        self.engine.read(f)
    }

    /// Runs a long read (a scan, an export) where it holds up no other request: on connections and threads apart
    /// from those of short reads. As many run at once as there are cores; the others wait without taking a thread.
    pub async fn scan<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let engine = self.engine.clone();
        let turn = engine.scan_turn().await?;
        // The turn goes along with the scan, which goes on when the caller hangs up.
        let scan = move || {
            let _turn = turn;
            engine.scan(f)
        };
        match tokio::task::spawn_blocking(scan).await {
            Ok(outcome) => outcome,
            Err(_panicked_or_cancelled) => Err(Error::Panicked.into()),
        }
    }

    /// Runs `f` in a transaction and answers when it is on disk.
    ///
    /// An `Err` (and a panic) undoes what `f` did; a refusal that must change something is an `Ok`. The answer,
    /// also an error, comes only after the commit, because `f` may have seen rows that committed with it.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.engine.submit(Box::new(Write::new(f, reply))).await?;
        answer.await.map_err(|_closed| Error::Closed)?
    }

    /// [`Db::write`] for a thread outside the async runtime: the command line, start-up.
    pub fn write_blocking<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        self.engine.submit_blocking(Box::new(Write::new(f, reply)))?;
        answer.blocking_recv().map_err(|_closed| Error::Closed)?
    }

    /// [`Db::read`] for a thread outside the async runtime.
    pub fn read_blocking<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnMut(&mut Tx<'_>) -> Result<T, E>,
        E: From<Error>,
    {
        self.engine.read(f)
    }

    /// The present epoch of `key`. A value computed from the database after this call is current for as long as
    /// [`Db::is_current`] says so; see [`Tx::bump`].
    pub fn epoch(&self, key: &str) -> Epoch {
        self.epochs.load(key)
    }

    /// Whether nothing that bumps the epoch's key has committed since it was loaded.
    pub fn is_current(&self, epoch: Epoch) -> bool {
        self.epochs.is_current(epoch)
    }

    /// Whether the last commit reached the disk. False means: take this node out of service.
    pub fn is_healthy(&self) -> bool {
        self.engine.is_healthy()
    }

    /// The version of the linked engine, for logs.
    pub fn engine_version() -> &'static str {
        rusqlite::version()
    }
}
