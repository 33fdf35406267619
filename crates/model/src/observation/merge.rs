//! Many time series as one: a merge of ranges of the primary key.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::vec;

use db::{Row, params};
use jiff::Timestamp;
use rules::id::DatastreamId;

use super::{Observation, Order, Position, Quality, Window};
use crate::{Page, Result, Tx};

/// Rows that are worth a statement.
const SMALLEST_REFILL: u64 = 32;

/// The window's next page of these datastreams, which are sorted by id.
pub(super) fn page(
    tx: &mut Tx<'_>,
    streams: Vec<(DatastreamId, i64)>,
    window: &Window,
) -> Result<Page<Observation, Position>> {
    let wanted = u64::from(window.limit) + 1;
    // With one datastream this reads the page at once; with many, each first gives its share of it.
    let share = wanted.div_ceil(u64::try_from(streams.len()).unwrap_or(u64::MAX).max(1));
    let mut feeds: Vec<Feed> =
        streams.into_iter().map(|(id, number)| Feed::new(id, number, window, share)).collect();
    let mut heads = BinaryHeap::with_capacity(feeds.len());
    for (position, feed) in feeds.iter_mut().enumerate() {
        if let Some(reading) = feed.next(tx)? {
            heads.push(Reverse(Head::new(window.order, position, reading)));
        }
    }
    let mut rows = Vec::new();
    while let Some(mut first) = heads.peek_mut() {
        let position = first.0.position;
        let Some(feed) = feeds.get_mut(position) else { break };
        rows.push(feed.observation(&first.0.reading)?);
        if rows.len() as u64 == wanted {
            break;
        }
        match feed.next(tx)? {
            Some(reading) => *first = Reverse(Head::new(window.order, position, reading)),
            None => _ = PeekMut::pop(first),
        }
    }
    Ok(Page::cut(rows, window.limit, Observation::position))
}

/// One datastream's rows in the window, some of them already read.
struct Feed {
    id: DatastreamId,
    number: i64,
    order: Order,
    /// What has not been read yet: microseconds, the first in it and the first behind it.
    rest: (i64, i64),
    ready: vec::IntoIter<Reading>,
    /// How many rows to read when `ready` is used up; none when the last read found fewer than it asked for.
    chunk: Option<u64>,
    /// How many to read when the share was not enough.
    refill: u64,
}

struct Reading {
    micros: i64,
    result: Option<f64>,
    quality: Quality,
}

impl Feed {
    fn new(id: DatastreamId, number: i64, window: &Window, share: u64) -> Self {
        let (order, rest) = (window.order, rest_of(window, &id));
        let (ready, chunk, refill) = (Vec::new().into_iter(), Some(share), (share / 4).max(SMALLEST_REFILL));
        Self { id, number, order, rest, ready, chunk, refill }
    }

    fn next(&mut self, tx: &mut Tx<'_>) -> Result<Option<Reading>> {
        if let Some(reading) = self.ready.next() {
            return Ok(Some(reading));
        }
        if let Some(chunk) = self.chunk {
            self.read(tx, chunk)?;
        }
        Ok(self.ready.next())
    }

    fn read(&mut self, tx: &mut Tx<'_>, chunk: u64) -> Result<()> {
        let sql = match self.order {
            Order::Ascending => {
                "SELECT phenomenon_time, result, quality FROM observation
                 WHERE datastream = ?1 AND phenomenon_time >= ?2 AND phenomenon_time < ?3
                 ORDER BY phenomenon_time LIMIT ?4"
            }
            Order::Descending => {
                "SELECT phenomenon_time, result, quality FROM observation
                 WHERE datastream = ?1 AND phenomenon_time >= ?2 AND phenomenon_time < ?3
                 ORDER BY phenomenon_time DESC LIMIT ?4"
            }
        };
        let (from, to) = self.rest;
        let limit = i64::try_from(chunk).unwrap_or(i64::MAX);
        let rows = tx.all(sql, params![self.number, from, to, limit], read_reading)?;
        self.chunk = (rows.len() as u64 == chunk).then_some(self.refill);
        if let Some(last) = rows.last() {
            self.rest = match self.order {
                Order::Ascending => (last.micros.saturating_add(1), to),
                Order::Descending => (from, last.micros),
            };
        }
        self.ready = rows.into_iter();
        Ok(())
    }

    fn observation(&self, reading: &Reading) -> Result<Observation> {
        let phenomenon_time = Timestamp::from_microsecond(reading.micros)
            .map_err(|error| db::Error::Corrupt { column: 0, reason: error.to_string() })?;
        let Reading { result, quality, .. } = *reading;
        Ok(Observation { datastream_id: self.id.clone(), phenomenon_time, result, quality })
    }
}

/// What is left of the window for this datastream behind the position that it goes on after.
fn rest_of(window: &Window, id: &DatastreamId) -> (i64, i64) {
    let from = window.start.map_or(i64::MIN, Timestamp::as_microsecond);
    let to = window.end.map_or(i64::MAX, Timestamp::as_microsecond);
    let Some(Position { time, datastream_id }) = &window.after else { return (from, to) };
    let (at, next) = (time.as_microsecond(), time.as_microsecond().saturating_add(1));
    match window.order {
        // At the position's own instant only the datastreams behind its own are still to come.
        Order::Ascending => (from.max(if id > datastream_id { at } else { next }), to),
        Order::Descending => (from, to.min(if id < datastream_id { next } else { at })),
    }
}

fn read_reading(row: &Row<'_>) -> db::Result<Reading> {
    Ok(Reading { micros: row.get(0)?, result: row.get(1)?, quality: Quality::read(row, 2)? })
}

/// The next row of one feed, in the order of the page: what comes first is least.
struct Head {
    rank: (i64, usize),
    position: usize,
    reading: Reading,
}

impl Head {
    fn new(order: Order, position: usize, reading: Reading) -> Self {
        let rank = match order {
            Order::Ascending => (reading.micros, position),
            // The complement turns the order round, and unlike the negative it can't overflow.
            Order::Descending => (!reading.micros, !position),
        };
        Self { rank, position, reading }
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Head {}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.rank.cmp(&other.rank)
    }
}
