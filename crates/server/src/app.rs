//! What every request shares.

use std::hash::{BuildHasher, RandomState};
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;

use db::Db;
use model::password::PasswordDigest;
use rules::secret::Mint;

use crate::callers::Callers;
use crate::config::Site;
use crate::http::docs::Document;
use crate::mail::Postman;
use crate::metrics::Metrics;
use crate::rates::{Limits, Rates};
use crate::throttle::Throttle;

/// Mebibytes that all large batches together can have.
pub(crate) const BATCH_STOCK: usize = 128;

/// The shared state; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// What is shared.
pub struct Shared {
    /// The database.
    pub db: Db,
    /// How secrets are made and hashed.
    pub mint: Mint,
    /// Where the server stands in the world.
    pub site: Site,
    /// Resolved credentials.
    pub callers: Callers,
    /// How passwords are checked.
    pub passwords: Passwords,
    /// Where batches of observations are read.
    pub(crate) batches: Bench,
    /// Memory for large batches, in mebibytes.
    pub(crate) batch_stock: Arc<Semaphore>,
    /// Who fails too often.
    pub throttle: Throttle,
    /// Who asks too often; none if nobody counts.
    pub(crate) rates: Option<Rates>,
    /// How mails go out, if they do.
    pub mail: Postman,
    /// What is counted.
    pub metrics: Metrics,
    /// The OpenAPI document, once somebody has asked for it.
    pub openapi: OnceLock<Document>,
    /// How requests are named.
    pub(crate) request_ids: RequestIds,
    /// What this process calls itself where several share a database.
    pub(crate) node: String,
}

/// Names for requests: the microsecond of the start, which no two runs share, and a count.
pub(crate) struct RequestIds {
    start: i64,
    count: AtomicU64,
}

impl RequestIds {
    pub(crate) fn next(&self) -> String {
        format!("r-{:x}-{:x}", self.start, self.count.fetch_add(1, Ordering::Relaxed))
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    /// Puts the parts together, without limits on requests.
    pub fn new(db: Db, mint: Mint, site_and_mail: (Site, Postman)) -> Self {
        Self::with_limits(db, mint, site_and_mail, Limits::Off("nobody set any"))
    }

    /// Puts the parts together.
    pub fn with_limits(db: Db, mint: Mint, (site, mail): (Site, Postman), limits: Limits) -> Self {
        Self(Arc::new(Shared {
            callers: Callers::new(),
            passwords: Passwords { bench: Bench::new() },
            batches: Bench::new(),
            batch_stock: Arc::new(Semaphore::new(BATCH_STOCK)),
            throttle: Throttle::new(),
            rates: Rates::new(limits),
            metrics: Metrics::new(),
            openapi: OnceLock::new(),
            request_ids: RequestIds { start: db.clock().now().as_microsecond(), count: AtomicU64::new(0) },
            node: format!("{:016x}", RandomState::new().hash_one("node")),
            db,
            mint,
            site,
            mail,
        }))
    }
}

/// Heavy work off the threads that serve requests, and only so much of it at once that one core stays free for
/// everybody else.
pub(crate) struct Bench {
    slots: Arc<Semaphore>,
}

impl Bench {
    fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { slots: Arc::new(Semaphore::new(cores.saturating_sub(1).max(1))) }
    }

    /// Does the work in a slot; none if it panicked. The slot goes along with the work, which goes on when the
    /// caller hangs up.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let slot = self.slots.clone().acquire_owned().await.ok()?;
        let work = move || {
            let _slot = slot;
            work()
        };
        let done = tokio::task::spawn_blocking(work).await;
        done.inspect_err(|error| tracing::error!(%error, "work on the side did not end well")).ok()
    }
}

/// Password hashing, kept from taking the machine: each hash costs 19 MiB and some 15 ms of a core.
pub struct Passwords {
    bench: Bench,
}

impl Passwords {
    /// Whether `password` belongs to `digest`; takes as long without a digest as with one.
    pub async fn check(&self, digest: Option<PasswordDigest>, password: String) -> bool {
        let compare = move || match digest {
            Some(digest) => digest.is_of(&password),
            None => {
                PasswordDigest::of(&password);
                false
            }
        };
        self.bench.work(compare).await.unwrap_or(false)
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: String) -> Option<PasswordDigest> {
        self.bench.work(move || PasswordDigest::of(&password)).await.flatten()
    }
}
