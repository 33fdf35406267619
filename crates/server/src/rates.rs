//! How often somebody may ask: quotas for each network address, key, application and organization.
//!
//! A quota is a bucket that refills evenly (GCRA, the "virtual scheduling" form: one number, the instant at which the
//! bucket is full again). Buckets live in memory, each node its own; a bucket that nobody asked for in a long time may
//! be forgotten, which is the same as full. What a caller has left is told in the headers of
//! draft-ietf-httpapi-ratelimit-headers-11, so that nobody has to run into the limit to find it.

use std::io::Write;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use quick_cache::sync::Cache;

use rules::access::{Access, Credential};
use rules::id::ClientId;

/// Addresses, and credentials with their organizations, that are known at the same time.
const ENTRIES: usize = 50_000;
const NANOS: i64 = 1_000_000_000;

const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// So many requests at once, and so many each second in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// In the long run.
    pub per_second: NonZeroU32,
    /// At once.
    pub burst: NonZeroU32,
}

/// A quota as buckets need it, in nanoseconds. Computed once: dividing is the dearest part of counting.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// In which one request is earned.
    interval: i64,
    /// In which an empty bucket fills.
    window: i64,
}

impl Pace {
    fn of(quota: Quota) -> Self {
        let interval = (NANOS / i64::from(quota.per_second.get())).max(1);
        Self { interval, window: interval * i64::from(quota.burst.get()) }
    }

    /// How many requests are left in a bucket that is full again in so long.
    fn left(self, full_in: i64) -> Left {
        Left { requests: (self.window - full_in) / self.interval, full_in }
    }
}

/// Whose requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limits {
    /// Nobody's, for this reason.
    Off(&'static str),
    /// Everybody's.
    On {
        /// For each address, each key and each application.
        each: Quota,
        /// For all of an organization's keys and tokens together.
        organization: Quota,
    },
}

/// What is left of the tightest quota.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Left {
    requests: i64,
    /// Until everything is back, in nanoseconds.
    full_in: i64,
}

impl Left {
    /// Where nothing is counted.
    pub(crate) const UNCOUNTED: Self = Self { requests: i64::MAX, full_in: 0 };

    fn tighter(self, other: Self) -> Self {
        if other.requests < self.requests { other } else { self }
    }
}

/// The quota is used up; how long until one more request is earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UsedUp(pub(crate) Duration);

impl UsedUp {
    pub(crate) fn left(self) -> Left {
        Left { requests: 0, full_in: i64::try_from(self.0.as_nanos()).unwrap_or(i64::MAX) }
    }
}

/// One quota's state: when it is full again, in nanoseconds since 1970.
#[derive(Debug, Default)]
pub(crate) struct Bucket(AtomicI64);

impl Bucket {
    /// Takes one request out; gives how long it is until the bucket is full again.
    fn take(&self, Pace { interval, window }: Pace, now: i64) -> Result<i64, UsedUp> {
        let mut full_at = self.0.load(Ordering::Relaxed);
        loop {
            let next = start(full_at, now, window) + interval;
            let over = next - now - window;
            if over > 0 {
                return Err(UsedUp(Duration::from_nanos(over.unsigned_abs())));
            }
            match self.0.compare_exchange_weak(full_at, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(next - now),
                Err(other) => full_at = other,
            }
        }
    }

    /// What [`Bucket::take`] would say, without taking.
    fn look(&self, Pace { interval, window }: Pace, now: i64) -> Result<(), UsedUp> {
        let over = start(self.0.load(Ordering::Relaxed), now, window) + interval - now - window;
        if over > 0 { Err(UsedUp(Duration::from_nanos(over.unsigned_abs()))) } else { Ok(()) }
    }
}

/// From when a bucket that is full at `full_at` goes on. One that would take longer to fill than any can was filled
/// before the clock was set back, and holds nobody up.
fn start(full_at: i64, now: i64, window: i64) -> i64 {
    if full_at > now + window { now } else { full_at.max(now) }
}

/// The buckets that a credential's requests are taken from.
pub(crate) struct Meters {
    own: Arc<Bucket>,
    organization: Arc<Bucket>,
}

/// Every bucket there is.
pub(crate) struct Rates {
    each: Pace,
    organization: Pace,
    burst: i64,
    addresses: Cache<u64, Arc<Bucket>>,
    named: Cache<String, Arc<Bucket>>,
    policy: HeaderValue,
}

impl Rates {
    /// None if nothing is counted.
    pub(crate) fn new(limits: Limits) -> Option<Self> {
        let Limits::On { each, organization } = limits else { return None };
        let burst = i64::from(each.burst.get());
        let (each, organization) = (Pace::of(each), Pace::of(organization));
        let policy = format!("\"default\";q={burst};w={}", seconds(each.window));
        Some(Self {
            each,
            organization,
            burst,
            addresses: Cache::new(ENTRIES),
            named: Cache::new(ENTRIES),
            policy: HeaderValue::try_from(policy).ok()?,
        })
    }

    /// Counts a request from this address.
    pub(crate) fn of_address(&self, address: IpAddr, now: Timestamp) -> Result<Left, UsedUp> {
        let key = network(address);
        let bucket = match self.addresses.get(&key) {
            Some(bucket) => bucket,
            None => {
                let made = self.addresses.get_or_insert_with(&key, || Ok::<_, ()>(Arc::default()));
                made.unwrap_or_default()
            }
        };
        bucket.take(self.each, nanos(now)).map(|full_in| self.each.left(full_in))
    }

    /// Where a credential's requests are counted: a key by itself, a token by its application; and both by their
    /// organization.
    pub(crate) fn meters(&self, access: &Access) -> Meters {
        let own = match &access.credential {
            Credential::ApiKey(key) => key.as_str(),
            Credential::AccessToken { client, .. } => client.as_str(),
            Credential::Session { id, .. } => id.as_str(),
        };
        Meters { own: self.bucket(own), organization: self.bucket(access.organization.as_str()) }
    }

    /// Counts a request with this credential; `left` is what its address has left.
    pub(crate) fn of_credential(&self, meters: &Meters, left: Left, now: Timestamp) -> Result<Left, UsedUp> {
        let now = nanos(now);
        let own = meters.own.take(self.each, now)?;
        let organization = meters.organization.take(self.organization, now)?;
        // The address has the same pace, so the one that takes longer to fill has less left.
        let tighter = if own > left.full_in { self.each.left(own) } else { left };
        Ok(tighter.tighter(self.organization.left(organization)))
    }

    /// Whether this application may ask the OAuth endpoints for more. It is not counted yet: anybody can name an
    /// application, and must not spend its quota.
    pub(crate) fn look_at_application(&self, client: &ClientId, now: Timestamp) -> Result<(), UsedUp> {
        // One that nobody has counted is full, and is not made: invented ids must not push real ones out.
        match self.named.get(oauth_of(client).as_str()) {
            Some(bucket) => bucket.look(self.each, nanos(now)),
            None => Ok(()),
        }
    }

    /// Counts a request to the OAuth endpoints that this application has proven to be its own.
    pub(crate) fn count_application(&self, client: &ClientId, now: Timestamp) {
        // What it may do next time is looked at then.
        let _left = self.bucket(&oauth_of(client)).take(self.each, nanos(now));
    }

    fn bucket(&self, name: &str) -> Arc<Bucket> {
        let made = self.named.get_or_insert_with(name, || Ok::<_, ()>(Arc::default()));
        made.unwrap_or_default()
    }

    /// Tells what is left, unless that was told already.
    pub(crate) fn tell(&self, headers: &mut HeaderMap, left: Left) {
        if headers.contains_key(&RATELIMIT) {
            return;
        }
        let requests = left.requests.clamp(0, self.burst);
        // On the stack: this is done for every answer.
        let mut text = [0u8; 64];
        let mut rest = text.as_mut_slice();
        let written =
            write!(rest, "\"default\";r={requests};t={}", seconds(left.full_in)).map(|()| rest.len());
        let length = text.len() - written.unwrap_or(text.len());
        if let Some(Ok(value)) = text.get(..length).map(HeaderValue::from_bytes) {
            headers.insert(RATELIMIT, value);
        }
        headers.insert(RATELIMIT_POLICY, self.policy.clone());
    }
}

/// Whole seconds after which it is certain to be over.
fn seconds(nanos: i64) -> i64 {
    (nanos.max(0) + NANOS - 1) / NANOS
}

/// An application's requests for tokens are not held up by what its users' tokens do at the API.
fn oauth_of(client: &ClientId) -> String {
    format!("oauth {client}")
}

fn nanos(now: Timestamp) -> i64 {
    now.as_microsecond().saturating_mul(1000)
}

/// What counts as one address: an IPv6 host has a whole /64 to itself. The two kinds can't be taken for each other,
/// because no /64 that is in use starts with 32 zeros.
fn network(address: IpAddr) -> u64 {
    match address {
        IpAddr::V4(address) => u64::from(address.to_bits()),
        IpAddr::V6(address) => u64::try_from(address.to_bits() >> 64).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(per_second: u32, burst: u32) -> Quota {
        Quota { per_second: per_second.try_into().unwrap(), burst: burst.try_into().unwrap() }
    }

    /// How many requests get through at this instant.
    fn taken(bucket: &Bucket, pace: Pace, now: i64) -> usize {
        (0..100_000).take_while(|_| bucket.take(pace, now).is_ok()).count()
    }

    #[test]
    fn a_burst_goes_through_and_then_what_is_earned() {
        let (bucket, quota) = (Bucket::default(), Pace::of(quota(10, 50)));
        let now = 1_000 * NANOS;
        assert_eq!(bucket.take(quota, now), Ok(NANOS / 10));
        assert_eq!(quota.left(NANOS / 10), Left { requests: 49, full_in: NANOS / 10 });
        assert_eq!(taken(&bucket, quota, now), 49);
        assert_eq!(bucket.take(quota, now), Err(UsedUp(Duration::from_millis(100))));
        assert_eq!(bucket.look(quota, now), Err(UsedUp(Duration::from_millis(100))));
        assert_eq!(taken(&bucket, quota, now + NANOS), 10);
        assert_eq!(taken(&bucket, quota, now + 60 * NANOS), 50, "no more than a burst is saved up");
    }

    #[test]
    fn who_waits_as_long_as_told_gets_through() {
        for (per_second, burst) in [(1, 1), (3, 7), (600, 6000), (1_000_000_000, 5)] {
            let (bucket, quota) = (Bucket::default(), Pace::of(quota(per_second, burst)));
            let mut now = NANOS;
            for _ in 0..burst {
                bucket.take(quota, now).unwrap();
            }
            for _ in 0..5 {
                let UsedUp(wait) = bucket.take(quota, now).unwrap_err();
                now += i64::try_from(wait.as_nanos()).unwrap();
                bucket.take(quota, now).unwrap();
            }
        }
    }

    #[test]
    fn a_clock_that_was_set_back_holds_nobody_up() {
        let (bucket, quota) = (Bucket::default(), Pace::of(quota(10, 50)));
        taken(&bucket, quota, 1_000_000 * NANOS);
        assert_eq!(taken(&bucket, quota, 1_000 * NANOS), 50);
    }

    #[test]
    fn racing_requests_never_take_more_than_there_is() {
        let (bucket, quota) = (Bucket::default(), Pace::of(quota(1, 1000)));
        let taken: usize = std::thread::scope(|scope| {
            let racer = || scope.spawn(|| taken(&bucket, quota, NANOS));
            let racers: Vec<_> = (0..4).map(|_| racer()).collect();
            racers.into_iter().map(|racer| racer.join().unwrap()).sum()
        });
        assert_eq!(taken, 1000);
    }

    #[test]
    fn a_network_of_ipv6_is_one_address_and_none_of_ipv4() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_ne!(of("198.51.100.7"), of("198.51.100.8"));
        assert_ne!(of("32.1.13.184"), of("2001:db8::1"));
    }

    #[test]
    fn the_headers_have_the_form_of_the_draft() {
        let limits = Limits::On { each: quota(600, 6000), organization: quota(1200, 12000) };
        let rates = Rates::new(limits).unwrap();
        let mut headers = HeaderMap::new();
        rates.tell(&mut headers, Left { requests: 5999, full_in: NANOS / 600 });
        assert_eq!(headers["ratelimit-policy"], "\"default\";q=6000;w=10");
        assert_eq!(headers["ratelimit"], "\"default\";r=5999;t=1");
        rates.tell(&mut headers, Left::UNCOUNTED);
        assert_eq!(headers["ratelimit"], "\"default\";r=5999;t=1", "what was told first stays");
    }
}
