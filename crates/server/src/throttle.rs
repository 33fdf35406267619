//! Guessing is slowed, per account and per address; those who succeed are never held back.
//!
//! Only failures spend from the quota. Whoever has spent it waits until the next try is due, seconds and not
//! hours, so that nobody can lock somebody else out. A failure is known only after the hashing, so one address's
//! guesses are hashed one after the other: a hundred at once would all be looked at before the first one counts.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache;
use tokio::sync::{Mutex, MutexGuard};

/// How many keys (accounts, addresses) can be held back at once.
const ENTRIES: usize = 50_000;
/// Addresses that can guess at the same time. Two that share a place only wait for each other.
const TURNS: usize = 1024;

/// How long an address waits for one more link to set a new password, once it has asked for many.
pub(crate) const RESET_WAIT: Duration = Duration::from_secs(60);

/// Quotas of failures: per account at one address, per account, per address, per OAuth client at one address.
pub struct Throttle {
    accounts_here: Failures,
    accounts: Failures,
    addresses: Failures,
    clients: Failures,
    attempts: DefaultKeyedRateLimiter<String>,
    reports: DefaultKeyedRateLimiter<String>,
    resets: DefaultKeyedRateLimiter<String>,
    turns: Vec<Mutex<()>>,
    /// Which address has which place; nobody outside can tell.
    places: RandomState,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self {
            accounts_here: Failures::new(10, Duration::from_secs(6)),
            // More than any one address can spend: it takes many guessers to slow the owner down, and then by a second.
            accounts: Failures::new(100, Duration::from_secs(1)),
            addresses: Failures::new(60, Duration::from_secs(1)),
            clients: Failures::new(100, Duration::from_millis(200)),
            attempts: RateLimiter::keyed(quota(20, Duration::from_secs(10))),
            reports: RateLimiter::keyed(quota(30, Duration::from_secs(2))),
            resets: RateLimiter::keyed(quota(10, RESET_WAIT)),
            turns: (0..TURNS).map(|_| Mutex::new(())).collect(),
            places: RandomState::new(),
        }
    }

    /// This address's turn to try a password: held from before [`Throttle::sign_in_wait`] until what came of it is
    /// counted.
    pub async fn sign_in_turn(&self, address: IpAddr) -> Option<MutexGuard<'_, ()>> {
        let turns = u64::try_from(self.turns.len()).unwrap_or(u64::MAX).max(1);
        let place = usize::try_from(self.places.hash_one(network(address)) % turns).ok()?;
        Some(self.turns.get(place)?.lock().await)
    }

    /// How long this address must wait before it may try to sign in to this account again.
    pub fn sign_in_wait(&self, account: &str, address: IpAddr) -> Option<Duration> {
        let here = self.accounts_here.wait(&at(account, address));
        here.max(self.accounts.wait(account)).max(self.addresses.wait(&network(address)))
    }

    /// Counts a failed sign-in.
    pub fn sign_in_failed(&self, account: &str, address: IpAddr) {
        self.accounts_here.count(&at(account, address));
        self.accounts.count(account);
        self.addresses.count(&network(address));
    }

    /// How long this address must wait before it may authenticate this OAuth client again.
    pub fn client_wait(&self, client: &str, address: IpAddr) -> Option<Duration> {
        self.clients.wait(&at(client, address))
    }

    /// Counts a failed client authentication: per client and address, so that the client itself, on its own
    /// address, is not held back by those who guess.
    pub fn client_failed(&self, client: &str, address: IpAddr) {
        self.clients.count(&at(client, address));
    }

    /// Whether one more failed attempt in this client's name from here is worth keeping: anybody can send nonsense,
    /// and each one kept is a write and pushes out an older one.
    pub fn may_note_attempt(&self, client: &str, address: IpAddr) -> bool {
        self.attempts.check_key(&at(client, address)).is_ok()
    }

    /// How long this address must wait before it may report leaked credentials again; none counts as a report.
    pub fn report_wait(&self, address: IpAddr) -> Option<Duration> {
        let refused = self.reports.check_key(&network(address)).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()))
    }

    /// Whether this address may have one more link sent, to whomever.
    pub fn may_ask_for_reset(&self, address: IpAddr) -> bool {
        self.resets.check_key(&network(address)).is_ok()
    }

    /// Forgets what no longer holds anybody back.
    pub fn tidy(&self) {
        for failures in [&self.accounts_here, &self.accounts, &self.addresses, &self.clients] {
            failures.quota.retain_recent();
        }
        self.attempts.retain_recent();
        self.reports.retain_recent();
        self.resets.retain_recent();
    }
}

fn at(client: &str, address: IpAddr) -> String {
    format!("{client} {}", network(address))
}

/// What counts as one address: an IPv6 host has a whole /64 to itself.
pub(crate) fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

/// `burst` at once, then one for each `every`.
fn quota(burst: u32, every: Duration) -> Quota {
    let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(every).unwrap_or(Quota::per_second(burst)).allow_burst(burst)
}

struct Failures {
    quota: DefaultKeyedRateLimiter<String>,
    until: Cache<String, Instant>,
}

impl Failures {
    /// `burst` failures at once, then one for each `every`.
    fn new(burst: u32, every: Duration) -> Self {
        Self { quota: RateLimiter::keyed(quota(burst, every)), until: Cache::new(ENTRIES) }
    }

    fn count(&self, key: &str) {
        let key = key.to_owned();
        if let Err(refused) = self.quota.check_key(&key) {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            self.until.insert(key, Instant::now() + wait);
        }
    }

    fn wait(&self, key: &str) -> Option<Duration> {
        let until = self.until.get(key)?;
        let wait = until.saturating_duration_since(Instant::now());
        (!wait.is_zero()).then_some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_is_held_back_per_account_and_nobody_else_is() {
        let throttle = Throttle::new();
        let (near, far) = ([127, 0, 0, 1].into(), [127, 0, 0, 2].into());
        for _ in 0..11 {
            assert!(throttle.sign_in_wait("victim", near).is_none());
            throttle.sign_in_failed("victim", near);
        }
        let wait = throttle.sign_in_wait("victim", near).unwrap();
        assert!(wait <= Duration::from_secs(6), "{wait:?}");
        assert!(throttle.sign_in_wait("victim", far).is_none(), "the owner is elsewhere");
        assert!(throttle.sign_in_wait("other", near).is_none());
    }
}
