//! Taking observations in: a batch goes in as a whole, or not at all.
//!
//! The usual batch is all new, so nothing is looked up per row: each datastream once, then one insert per row
//! that steps aside where there is a value already. Only if one did are the rows compared with what is stored.
//! The same value again is `unchanged`, so that a sender who got no answer may just send again.

use std::collections::HashMap;

use db::{Row, Value, params};
use jiff::{SignedDuration, Timestamp};
use rules::access::Access;
use rules::id::{DatastreamId, DeviceId};
use rules::schema::DateTime;
use rules::scope::Scope;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Quality;
use crate::datastream::{self, Latest};
use crate::{Error, Invalid, Result, Tx, device};

/// Clocks on buoys drift: a time this far ahead is still believed.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// Mistakes that are named; the rest are counted.
const NAMED: usize = 20;

/// An observation that comes in. Each part is checked on ingest, where its row can be named.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("required" = ["datastream_id", "phenomenon_time", "result"]))]
pub struct NewObservation {
    /// The datastream's id.
    #[schemars(with = "DatastreamId")]
    pub datastream_id: String,
    /// When it was measured; at most 5 minutes from now.
    #[schemars(with = "DateTime")]
    pub phenomenon_time: Timestamp,
    /// The value, finite, in the datastream's unit; `null` is missing, and must be said: a misspelt or
    /// forgotten name is no missing value.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schemars(with = "Option<f64>")]
    pub result: Option<f64>,
    /// QARTOD's number. Without one, a missing value gets 9 (missing), a value outside of what the sensor's type
    /// can measure 4 (fail: QARTOD's gross range test), and any other 2 (not evaluated): one test passed is no
    /// verdict.
    #[serde(default)]
    #[schemars(with = "Option<Quality>")]
    pub quality: Option<i64>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "BatchResult")]
pub struct Stored {
    /// New observations.
    pub stored: u64,
    /// Observations that were there already.
    pub unchanged: u64,
}

/// A checked observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    /// The datastream's number.
    pub(crate) datastream: i64,
    pub(crate) time: Timestamp,
    pub(crate) result: Option<f64>,
    pub(crate) quality: Quality,
}

/// Stores a batch and keeps the datastreams' latest values and the devices' last-seen times current.
///
/// Errors, each with `/observations/{row}/…` (RFC 6901, rows from 0) and at most 20 of them in words: `Invalid`
/// for mistakes, among them datastreams that the caller doesn't see, whether they exist or not; `Conflict` where
/// another value or quality is stored, or comes earlier in the batch, for the same datastream and time. After an
/// error the transaction must be rolled back.
pub fn ingest(tx: &mut Tx<'_>, access: &Access, batch: &[NewObservation]) -> Result<Stored> {
    access.require(Scope::ObservationsWrite)?;
    let (samples, newest) = check(tx, access, batch)?;
    let stored = insert_all(tx, &samples)?;
    if stored < samples.len() {
        refuse_contradictions(tx, &samples)?;
    }
    newest.note(tx)?;
    let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
    Ok(Stored { stored: count(stored), unchanged: count(samples.len() - stored) })
}

/// Whether a time is later than any clock may claim.
pub(crate) fn is_in_the_future(time: Timestamp, now: Timestamp) -> bool {
    time.duration_since(now) > AHEAD
}

/// All rows as samples, or all mistakes.
fn check(tx: &mut Tx<'_>, access: &Access, batch: &[NewObservation]) -> Result<(Vec<Sample>, Newest)> {
    let now = tx.now();
    let mut targets = Targets::default();
    let mut newest = Newest::default();
    let mut mistakes = Mistakes::default();
    let mut samples = Vec::with_capacity(batch.len());
    for (row, new) in batch.iter().enumerate() {
        let Some(target) = targets.find(tx, access, &new.datastream_id)? else {
            mistakes.add(row, "/datastream_id", "There is no such datastream.");
            continue;
        };
        if is_in_the_future(new.phenomenon_time, now) {
            mistakes.add(row, "/phenomenon_time", "The time is more than 5 minutes in the future.");
        }
        match judge(new, target.gross_range) {
            Ok(quality) => {
                let (datastream, time, result) = (target.number, new.phenomenon_time, new.result);
                let sample = Sample { datastream, time, result, quality };
                newest.see(&target.device, &sample);
                samples.push(sample);
            }
            Err((part, problem)) => mistakes.add(row, part, &problem),
        }
    }
    mistakes.none_or(Error::Invalid)?;
    Ok((samples, newest))
}

/// The quality of a row, or which part of it is wrong.
fn judge(
    new: &NewObservation,
    gross_range: Option<(f64, f64)>,
) -> std::result::Result<Quality, (&'static str, String)> {
    if new.result.is_some_and(|result| !result.is_finite()) {
        return Err(("/result", "The result must be a finite number, or null if it is missing.".into()));
    }
    let given = new.quality.map(Quality::try_from).transpose();
    let given = given.map_err(|bad| ("/quality", format!("The quality {bad}.")))?;
    match (new.result, given) {
        (None, None | Some(Quality::Missing)) => Ok(Quality::Missing),
        (None, Some(_)) => Err(("/quality", "A missing result has the quality 9.".into())),
        (Some(_), Some(Quality::Missing)) => {
            Err(("/quality", "The quality 9 means missing, so the result must be null.".into()))
        }
        (Some(_), Some(given)) => Ok(given),
        (Some(result), None) => Ok(match gross_range {
            Some((low, high)) if !(low..=high).contains(&result) => Quality::Fail,
            _ => Quality::NotEvaluated,
        }),
    }
}

/// The datastreams of a batch, each looked up once.
#[derive(Default)]
struct Targets<'a> {
    known: HashMap<&'a str, Option<usize>>,
    found: Vec<Target>,
    /// Batches come in runs of one datastream, which need no hash.
    last: Option<(&'a str, usize)>,
}

struct Target {
    number: i64,
    device: DeviceId,
    gross_range: Option<(f64, f64)>,
}

impl<'a> Targets<'a> {
    fn find(&mut self, tx: &mut Tx<'_>, access: &Access, id: &'a str) -> Result<Option<&Target>> {
        if let Some((last, position)) = self.last
            && last == id
        {
            return Ok(self.found.get(position));
        }
        let known = match self.known.get(id) {
            Some(known) => *known,
            None => self.look_up(tx, access, id)?,
        };
        self.last = known.map(|position| (id, position));
        Ok(known.and_then(|position| self.found.get(position)))
    }

    fn look_up(&mut self, tx: &mut Tx<'_>, access: &Access, id: &'a str) -> Result<Option<usize>> {
        let target = tx.optional(
            "SELECT datastream.number, datastream.device_id, minimum, maximum
             FROM datastream
             JOIN sensor ON sensor.id = datastream.sensor_id
             LEFT JOIN sensor_type_measure
                    ON sensor_type_measure.sensor_type_id = sensor.sensor_type_id
                   AND sensor_type_measure.observed_property_id = datastream.observed_property_id
                   AND sensor_type_measure.unit_id = datastream.unit_id
             WHERE datastream.id = ?1 AND datastream.organization_id = ?2
               AND (?3 IS NULL
                    OR EXISTS (SELECT 1 FROM device_choice
                               WHERE holder_id = ?3 AND device_choice.device_id = datastream.device_id))",
            params![id, access.organization.as_str(), access.device_filter()],
            read_target,
        )?;
        let position = target.is_some().then_some(self.found.len());
        self.found.extend(target);
        self.known.insert(id, position);
        Ok(position)
    }
}

fn read_target(row: &Row<'_>) -> db::Result<Target> {
    let gross_range = row.get::<Option<f64>>(2)?.zip(row.get(3)?);
    Ok(Target { number: row.get(0)?, device: row.parse(1)?, gross_range })
}

const INSERT: &str = "INSERT INTO observation (datastream, phenomenon_time, result, quality)
                      VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";

/// Stores what is not there yet and gives the number of those.
fn insert_all(tx: &mut Tx<'_>, samples: &[Sample]) -> Result<usize> {
    // In the order of the key, neighbours land on the same page of the tree. The sort is stable: of two samples
    // for one time, the earlier row goes in.
    let mut in_order: Vec<&Sample> = samples.iter().collect();
    in_order.sort_by_key(|sample| (sample.datastream, sample.time));
    Ok(tx.execute_many(INSERT, in_order.into_iter().map(Sample::params))?)
}

/// Stores a sample unless its datastream has one of that time; tells whether it did.
pub(crate) fn insert(tx: &mut Tx<'_>, sample: &Sample) -> Result<bool> {
    Ok(tx.execute(INSERT, &sample.params())? > 0)
}

impl Sample {
    fn params(&self) -> [Value<'static>; 4] {
        [self.datastream.into(), self.time.into(), self.result.into(), self.quality.into()]
    }
}

/// The result and quality that a datastream has at a time.
pub(crate) fn stored_at(
    tx: &mut Tx<'_>,
    datastream: i64,
    time: Timestamp,
) -> Result<Option<(Option<f64>, Quality)>> {
    Ok(tx.optional(
        "SELECT result, quality FROM observation WHERE datastream = ?1 AND phenomenon_time = ?2",
        params![datastream, time],
        |row| Ok((row.get(0)?, Quality::read(row, 1)?)),
    )?)
}

/// Compares every row with what is stored by now: its own value, or the one that it met.
fn refuse_contradictions(tx: &mut Tx<'_>, samples: &[Sample]) -> Result<()> {
    let mut mistakes = Mistakes::default();
    for (row, sample) in samples.iter().enumerate() {
        if stored_at(tx, sample.datastream, sample.time)? != Some((sample.result, sample.quality)) {
            // Which value is stored is not said: who may write is not always one who may read.
            let problem = "Another result or quality is stored already for this datastream and time.";
            mistakes.add(row, "", problem);
        }
    }
    mistakes.none_or(Error::Conflict)
}

/// Problems with rows: the first ones in words, then a number.
#[derive(Default)]
struct Mistakes {
    named: Invalid,
    more: usize,
}

impl Mistakes {
    fn add(&mut self, row: usize, part: &str, problem: &str) {
        if self.named.problems.len() < NAMED {
            self.named.add(format!("/observations/{row}{part}"), problem);
        } else {
            self.more += 1;
        }
    }

    fn none_or(mut self, refuse: fn(Invalid) -> Error) -> Result<()> {
        if self.more > 0 {
            self.named.add("/observations", format!("There are {} more problems like these.", self.more));
        }
        if self.named.problems.is_empty() { Ok(()) } else { Err(refuse(self.named)) }
    }
}

/// The newest of what a batch brings: values for the datastreams, times for the devices.
#[derive(Default)]
pub(crate) struct Newest {
    values: HashMap<i64, Latest>,
    devices: HashMap<DeviceId, Timestamp>,
}

impl Newest {
    /// Takes a sample of this device's into account. A missing value is a sign of life, but no value.
    pub(crate) fn see(&mut self, device: &DeviceId, sample: &Sample) {
        match self.devices.get_mut(device) {
            Some(seen) => *seen = sample.time.max(*seen),
            None => _ = self.devices.insert(device.clone(), sample.time),
        }
        let Some(result) = sample.result else { return };
        let latest = Latest { phenomenon_time: sample.time, result, quality: sample.quality };
        let known = self.values.entry(sample.datastream).or_insert(latest);
        if known.phenomenon_time < latest.phenomenon_time {
            *known = latest;
        }
    }

    /// Writes down what is newer than before. A time ahead of ours counts as now.
    pub(crate) fn note(&self, tx: &mut Tx<'_>) -> Result<()> {
        let now = tx.now();
        for (number, latest) in &self.values {
            datastream::note_latest(tx, *number, latest)?;
        }
        for (id, seen) in &self.devices {
            device::note_seen(tx, id, now.min(*seen))?;
        }
        Ok(())
    }
}
