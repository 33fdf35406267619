//! Observations: the time series.
//!
//! One datastream's rows lie together, by time, so reading one is a range of the primary key. Reading across
//! datastreams merges those ranges here rather than keep a second index in the order of time: such an index would
//! double what every stored value costs, and would hold all organizations' rows between two of one's own. The
//! merge reads a little ahead in each range and more from those that are used up.
//!
//! Lists go on after a [`Position`] in the order of (time, datastream), which tells rows of the same time apart.

mod ingest;
mod merge;
mod outline;
mod quality;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rules::access::Access;
use rules::id::DatastreamId;
use rules::schema::DateTime;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::datastream::{self, Filter, Selection, read_latest};
use crate::{Page, Result, Tx};

pub use ingest::{NewObservation, Stored, ingest};
pub(crate) use ingest::{Newest, Sample, insert, is_in_the_future, stored_at};
pub use outline::{Extremes, outline};
pub use quality::{BadQuality, Quality};

/// An observation as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Observation {
    /// The datastream, which says what was measured, where, by what and in which unit.
    pub datastream_id: DatastreamId,
    /// When it was measured.
    #[schemars(with = "DateTime")]
    pub phenomenon_time: Timestamp,
    /// The value; `None` is missing.
    pub result: Option<f64>,
    /// How good it is.
    pub quality: Quality,
}

/// A stretch of time, and how much of it is wanted next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// The first instant that belongs to it.
    pub start: Option<Timestamp>,
    /// The first instant that doesn't any more.
    pub end: Option<Timestamp>,
    /// Oldest or newest first.
    pub order: Order,
    /// Where the page before ended.
    pub after: Option<Position>,
    /// The most rows of one page.
    pub limit: u32,
}

/// Which end of a time series comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Order {
    /// Oldest first.
    #[serde(rename = "asc")]
    Ascending,
    /// Newest first.
    #[serde(rename = "desc")]
    Descending,
}

/// A place in a list of observations: that of one row. As text, `{microseconds since 1970} {datastream id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The row's time.
    pub time: Timestamp,
    /// The row's datastream.
    pub datastream_id: DatastreamId,
}

/// The text is no position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a time in microseconds and a datastream id")]
pub struct BadPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.time.as_microsecond(), self.datastream_id)
    }
}

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (micros, id) = text.split_once(' ').ok_or(BadPosition)?;
        let micros = micros.parse().map_err(|_| BadPosition)?;
        let time = Timestamp::from_microsecond(micros).map_err(|_| BadPosition)?;
        Ok(Self { time, datastream_id: id.parse().map_err(|_| BadPosition)? })
    }
}

impl Observation {
    /// Where the list goes on behind this row.
    pub fn position(&self) -> Position {
        Position { time: self.phenomenon_time, datastream_id: self.datastream_id.clone() }
    }
}

/// One datastream's observations in the window. Errors: `NotFound`.
pub fn page_of(
    tx: &mut Tx<'_>,
    access: &Access,
    id: &DatastreamId,
    window: &Window,
) -> Result<Page<Observation, Position>> {
    let number = datastream::number(tx, access, id)?;
    merge::page(tx, vec![(id.clone(), number)], window)
}

/// The observations in the window of all the caller's datastreams that `filter` asks for.
///
/// Errors: `NotFound` if the filter names a device or datastream that the caller doesn't see.
pub fn page(
    tx: &mut Tx<'_>,
    access: &Access,
    filter: &Filter,
    window: &Window,
) -> Result<Page<Observation, Position>> {
    let streams = datastream::numbers(tx, access, filter)?;
    merge::page(tx, streams, window)
}

/// The newest observation with a result of each datastream that `filter` asks for, by datastream id. Datastreams
/// without one are left out.
///
/// Errors: `NotFound` if the filter names a device or datastream that the caller doesn't see.
pub fn latest(
    tx: &mut Tx<'_>,
    access: &Access,
    filter: &Filter,
    (after, limit): (Option<&DatastreamId>, u32),
) -> Result<Page<Observation, DatastreamId>> {
    filter.must_see(tx, access)?;
    let mut selection = Selection::new(access, filter);
    let after = selection.bind(after.map_or("", DatastreamId::as_str));
    let rows = selection.bind(i64::from(limit) + 1);
    let sql = format!(
        "SELECT id, latest_time, latest_result, latest_quality FROM datastream
         WHERE {} AND id > {after} AND latest_time IS NOT NULL
         ORDER BY id LIMIT {rows}",
        selection.clause()
    );
    let found = tx.all(&sql, selection.params(), |row| Ok((row.parse(0)?, read_latest(row, 1)?)))?;
    let found = found.into_iter().filter_map(|(datastream_id, latest)| {
        let datastream::Latest { phenomenon_time, result, quality } = latest?;
        Some(Observation { datastream_id, phenomenon_time, result: Some(result), quality })
    });
    Ok(Page::cut(found.collect(), limit, |observation| observation.datastream_id.clone()))
}
