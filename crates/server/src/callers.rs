//! Who is calling, at full speed: resolved credentials, cached by their hash and still exact.
//!
//! An entry holds the epoch of its organization, loaded before the database was read. Whatever ends or narrows a
//! credential bumps that epoch after its commit and before it is acknowledged, so an entry with a current epoch
//! is as good as a fresh read. The fresh read (`model::caller`) is the oracle in the tests.
//!
//! Uses are noted in memory and written by the worker: nothing is written on the read path.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use axum::body::Bytes;
use jiff::Timestamp;
use quick_cache::sync::Cache;

use db::{Db, Epoch};
use model::Tx;
use model::caller::{self, Presented, Use};
use rules::access::Access;
use rules::id::ClientSecretId;
use rules::secret::{Bearer, Mint};

const ENTRIES: usize = 100_000;
/// A use is noted again after this, in microseconds.
const NOTE_STEP: i64 = 60_000_000;

/// A credential that was good when it was looked up.
pub struct Known {
    /// What it may do.
    pub access: Access,
    /// What `/v1/me` says of it: written once, and as exact as the rest, because all it tells of (the
    /// organization's name, the chosen devices) moves the same epoch.
    pub(crate) about: OnceLock<Bytes>,
    presented: Presented,
    epoch: Epoch,
    noted_at: AtomicI64,
}

impl Known {
    /// Writes as this caller, who is looked up again in the same transaction: a body can take long to arrive, and
    /// what was revoked meanwhile must not act.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        db: &Db,
        mut f: impl FnMut(&mut Tx<'_>, &Access) -> model::Result<T> + Send + 'static,
    ) -> model::Result<T> {
        let presented = self.presented;
        db.write(move |tx| {
            let access = caller::by(tx, presented)?.ok_or(model::Error::Ended)?;
            f(tx, &access)
        })
        .await
    }
}

/// The cache, and the uses that wait to be written.
pub struct Callers {
    cache: Cache<[u8; 32], Arc<Known>>,
    uses: Mutex<Vec<Use>>,
    secrets: Mutex<HashMap<ClientSecretId, Timestamp>>,
}

impl Callers {
    pub(crate) fn new() -> Self {
        Self { cache: Cache::new(ENTRIES), uses: Mutex::default(), secrets: Mutex::default() }
    }

    /// What the credential may do now; none if it does not work.
    pub async fn resolve(&self, db: &Db, mint: &Mint, bearer: &Bearer) -> model::Result<Option<Arc<Known>>> {
        let (presented, hash) = hashed(mint, bearer);
        let now = db.clock().now();
        if let Some(known) = self.cache.get(&hash)
            && db.is_current(known.epoch)
            && !known.access.has_expired(now)
        {
            return Ok(Some(known));
        }
        self.look_up(db, presented, hash).await
    }

    async fn look_up(
        &self,
        db: &Db,
        presented: Presented,
        hash: [u8; 32],
    ) -> model::Result<Option<Arc<Known>>> {
        let organization = db.read(|tx| caller::organization_of(tx, presented)).await?;
        let Some(organization) = organization else { return Ok(None) };
        // Before the read: what commits after it makes the entry stale.
        let epoch = db.epoch(organization.as_str());
        let access = db.read(|tx| caller::by(tx, presented)).await?;
        let Some(access) = access else {
            self.cache.remove(&hash);
            return Ok(None);
        };
        let (about, noted_at) = (OnceLock::new(), AtomicI64::new(0));
        let known = Arc::new(Known { access, about, presented, epoch, noted_at });
        self.cache.insert(hash, known.clone());
        Ok(Some(known))
    }

    /// Notes that the credential was used, at most once a minute.
    pub fn note_use(&self, known: &Known, now: Timestamp, address: IpAddr) {
        let micros = now.as_microsecond();
        let before = known.noted_at.load(Ordering::Relaxed);
        if micros - before < NOTE_STEP {
            return;
        }
        if known.noted_at.compare_exchange(before, micros, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        let used = Use { credential: known.access.credential.clone(), at: now, address: address.to_string() };
        self.uses.lock().unwrap_or_else(PoisonError::into_inner).push(used);
    }

    /// Notes that a client secret was used where nothing is written.
    pub fn note_secret(&self, secret: ClientSecretId, now: Timestamp) {
        self.secrets.lock().unwrap_or_else(PoisonError::into_inner).insert(secret, now);
    }

    /// Takes the noted uses of client secrets, to write them.
    pub fn take_secrets(&self) -> HashMap<ClientSecretId, Timestamp> {
        std::mem::take(&mut *self.secrets.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the noted uses, to write them.
    pub fn take_uses(&self) -> Vec<Use> {
        std::mem::take(&mut *self.uses.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The credential as the database knows it, and its key in the cache.
fn hashed(mint: &Mint, bearer: &Bearer) -> (Presented, [u8; 32]) {
    match bearer {
        Bearer::ApiKey(key) => {
            let hash = mint.pepper.hash(key);
            (Presented::ApiKey(hash), *hash.as_bytes())
        }
        Bearer::AccessToken(token) => {
            let hash = mint.pepper.hash(token);
            (Presented::AccessToken(hash), *hash.as_bytes())
        }
    }
}
