//! The past: four weeks of observations at the first start, what was missed since the last one at any other.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::anyhow;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use db::Db;
use model::observation::{self, NewObservation};

use super::buoys::{Fleet, Moored, Stream};
use super::signal::REPORTING_INTERVAL;

/// How far back the history goes, and how long a gap is filled.
const REACH: SignedDuration = SignedDuration::from_hours(4 * 7 * 24);

/// Stores what each buoy would have reported since its newest observation, or in four weeks. Each datastream's
/// share is one transaction, so that one that was cut short is done again. Ends early when `stop` turns true.
pub(super) fn catch_up(db: &Db, fleet: &Fleet, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    let now = db.clock().now();
    let next = AtomicUsize::new(0);
    let work = || {
        while let Some(buoy) = fleet.buoys.get(next.fetch_add(1, Ordering::Relaxed)) {
            for stream in &buoy.streams {
                if *stop.borrow() {
                    return Ok(());
                }
                fill(db, buoy, stream, now)?;
            }
        }
        Ok(())
    };
    // The database has one writer; while it stores one datastream, the next is made up.
    std::thread::scope(|scope| {
        let hands = [scope.spawn(work), scope.spawn(work)];
        hands.into_iter().try_for_each(|hand| hand.join().map_err(|_| anyhow!("the history panicked"))?)
    })
}

fn fill(db: &Db, buoy: &Moored, stream: &Stream, now: Timestamp) -> anyhow::Result<()> {
    let earliest = now - REACH;
    let since = stream.latest.map_or(earliest, |latest| latest.max(earliest));
    let missed: Vec<NewObservation> = reports(since, now).filter_map(|at| buoy.observe(stream, at)).collect();
    if missed.is_empty() {
        return Ok(());
    }
    let access = buoy.access.clone();
    match db.write_blocking(move |tx| observation::ingest(tx, &access, &missed)) {
        Ok(_) => Ok(()),
        // Somebody has sent values of their own to this datastream. Those stay.
        Err(error @ (model::Error::Conflict(_) | model::Error::Invalid(_))) => {
            tracing::warn!(%error, "a gap of a datastream was not filled");
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// The times of the regular reports after `since`, up to `until`.
fn reports(since: Timestamp, until: Timestamp) -> impl Iterator<Item = Timestamp> {
    let step = REPORTING_INTERVAL.as_secs();
    let last_before = |time: Timestamp| time.as_second().div_euclid(step);
    (last_before(since) + 1..=last_before(until))
        .filter_map(move |count| Timestamp::from_second(count * step).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_filled_on_the_grid_and_its_ends_are_not_reported_twice() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let times = |since: &str, until: &str| -> Vec<String> {
            reports(at(since), at(until)).map(|time| time.to_string()).collect()
        };
        let noon = "2026-05-01T12:00:00Z";
        assert_eq!(times(noon, "2026-05-01T12:20:00Z"), ["2026-05-01T12:10:00Z", "2026-05-01T12:20:00Z"]);
        assert_eq!(times("2026-05-01T12:09:59.9Z", "2026-05-01T12:19:59Z"), ["2026-05-01T12:10:00Z"]);
        assert!(times(noon, "2026-05-01T12:09:59Z").is_empty());
        assert!(times(noon, "2026-05-01T11:00:00Z").is_empty());
        assert_eq!(reports(at(noon) - REACH, at(noon)).count(), 4032);
    }
}
