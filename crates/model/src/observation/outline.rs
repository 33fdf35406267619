//! The outline of a time series: its extremes in each of many equal parts of a stretch of time.
//!
//! A picture has a few hundred columns, however many rows it is made from. Each part reads from its ends inwards, and
//! only so many rows: of a series denser than that the middle of a part is skipped, so that time and memory have a
//! bound, while its first and last instants, which tell a silence from data, are always true.

use db::{Row, params};
use jiff::{SignedDuration, Timestamp};
use rules::access::Access;
use rules::id::DatastreamId;

use crate::{Result, Tx, datastream};

/// Rows that are read from each end of a part.
const FROM_EACH_END: i64 = 100;

/// What was measured in one part of the stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extremes {
    /// When the first result of the part was measured.
    pub first: Timestamp,
    /// When the last one was.
    pub last: Timestamp,
    /// The smallest result.
    pub lowest: f64,
    /// The largest.
    pub highest: f64,
    /// One of those that are suspect or failed a test.
    pub doubtful: Option<f64>,
}

/// The outline of one datastream from `start` up to but not including `end`, in so many `parts`, and how long each
/// of them is. Parts without a result are left out. Errors: `NotFound`.
pub fn outline(
    tx: &mut Tx<'_>,
    access: &Access,
    id: &DatastreamId,
    (start, end): (Timestamp, Timestamp),
    parts: u32,
) -> Result<(Vec<Extremes>, SignedDuration)> {
    let number = datastream::number(tx, access, id)?;
    let (start, end) = (start.as_microsecond(), end.as_microsecond());
    let parts = i64::from(parts.max(1));
    // Rounded up, so that the parts reach the end.
    let length = end.saturating_sub(start).max(1).saturating_add(parts - 1) / parts;
    let mut found = Vec::new();
    for part in 0..parts {
        let from = start.saturating_add(part.saturating_mul(length));
        let to = from.saturating_add(length).min(end);
        found.extend(extremes(tx, number, (from, to))?);
    }
    Ok((found, SignedDuration::from_micros(length)))
}

fn extremes(tx: &mut Tx<'_>, number: i64, (from, to): (i64, i64)) -> Result<Option<Extremes>> {
    // Rows that both halves have do no harm: extremes are the same if a row counts twice.
    let found = tx.one(
        "SELECT min(at), max(at), min(result), max(result),
                max(CASE WHEN quality BETWEEN 3 AND 4 THEN result END)
         FROM (SELECT * FROM (SELECT phenomenon_time AS at, result, quality FROM observation
                              WHERE datastream = ?1 AND phenomenon_time >= ?2 AND phenomenon_time < ?3
                              ORDER BY phenomenon_time LIMIT ?4) AS early
               UNION ALL
               SELECT * FROM (SELECT phenomenon_time AS at, result, quality FROM observation
                              WHERE datastream = ?1 AND phenomenon_time >= ?2 AND phenomenon_time < ?3
                              ORDER BY phenomenon_time DESC LIMIT ?4) AS late) AS ends
         WHERE result IS NOT NULL",
        params![number, from, to, FROM_EACH_END],
        read_extremes,
    )?;
    Ok(found)
}

fn read_extremes(row: &Row<'_>) -> db::Result<Option<Extremes>> {
    let Some(first) = row.get(0)? else { return Ok(None) };
    Ok(Some(Extremes {
        first,
        last: row.get(1)?,
        lowest: row.get(2)?,
        highest: row.get(3)?,
        doubtful: row.get(4)?,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observation::NewObservation;
    use crate::test_fleet::{Fleet, at, is_not_found, observed};

    #[test]
    fn each_part_has_its_extremes_and_its_true_ends_however_dense_it_is() {
        let fleet = Fleet::new();
        let access = fleet.access();
        let (_, temperature) = fleet.thermometer(&access, "1");
        // A thousand rows in the first part, none in the second, a missing value in the third, one row in the fourth.
        let dense = (0..1000).map(|second| observed(&temperature, second - 4000, 10.0));
        let mut batch: Vec<NewObservation> = dense.collect();
        batch[3].result = Some(4.0);
        batch[990].result = Some(17.5);
        // Nobody looks this deep into a part: that is the bound.
        batch[500].result = Some(30.0);
        batch[995] = NewObservation { quality: Some(3), result: Some(11.0), ..batch[995].clone() };
        batch.extend([observed(&temperature, -1500, None), observed(&temperature, -1000, 12.0)]);
        fleet.ingest(&access, &batch).unwrap();
        let span = (at(-4000), at(0));
        let (found, length) = fleet.read(|tx| outline(tx, &access, &temperature, span, 4)).unwrap();
        assert_eq!(length, SignedDuration::from_secs(1000));
        let (first, last) = (at(-4000), at(-3001));
        let dense = Extremes { first, last, lowest: 4.0, highest: 17.5, doubtful: Some(11.0) };
        let lonely =
            Extremes { first: at(-1000), last: at(-1000), lowest: 12.0, highest: 12.0, doubtful: None };
        assert_eq!(found, [dense, lonely]);
        let rival = fleet.rival_access();
        assert!(is_not_found(fleet.read(|tx| outline(tx, &rival, &temperature, span, 4))));
    }
}
