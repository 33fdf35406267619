//! The present: each buoy reports once a minute, one after the other, so that something new is always arriving.
//!
//! Buoys really report every ten minutes; nobody who tries a demo waits that long. A value is a function of its
//! time alone, so a live report that falls on the time of a regular one is the same observation.

use jiff::Timestamp;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use model::observation::{self, NewObservation};

use super::buoys::{Fleet, Moored};
use crate::app::App;

/// How often each buoy reports.
const ROUND: Duration = Duration::from_secs(60);

/// Stores what the buoys report, until `stop` turns true.
pub async fn report(app: App, fleet: Fleet, mut stop: watch::Receiver<bool>) {
    let Some(turn) = u32::try_from(fleet.buoys.len()).ok().and_then(|count| ROUND.checked_div(count)) else {
        return;
    };
    let mut turns = tokio::time::interval(turn);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for buoy in fleet.buoys.iter().cycle() {
        tokio::select! {
            _turn = turns.tick() => store(&app, buoy).await,
            _changed = stop.changed() => return,
        }
    }
}

async fn store(app: &App, buoy: &Moored) {
    let now = app.db.clock().now();
    // A buoy's clock shows whole seconds.
    let Ok(second) = Timestamp::from_second(now.as_second()) else { return };
    let readings: Vec<NewObservation> =
        buoy.streams.iter().filter_map(|stream| buoy.observe(stream, second)).collect();
    let access = buoy.access.clone();
    let stored = app.db.write(move |tx| observation::ingest(tx, &access, &readings)).await;
    if let Err(error) = stored {
        // Such as a device that somebody has removed: the others go on.
        tracing::warn!(%error, "a live report was not stored");
    }
}
