//! Importing NDBC files: a station's history as a device with its sensors, datastreams and observations.
//!
//! The file is read first ([`Content`]), then [`prepare`] makes what is not there yet, and [`store`] takes one
//! chunk of rows after the other, each in a transaction of its own so that no other writer waits behind a long
//! file. An import that was cut short, or a newer file that overlaps, is simply imported again: what is stored
//! already stays as it is. `MM` stores nothing, so that a later file may fill the gap.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use rules::id::{DeviceId, OrganizationId, SensorId};
use rules::ndbc::{Column, File, HEADER_LINES, Reading, Refused, Row};
use serde::{Deserialize, Serialize};

use crate::datastream::NewDatastream;
use crate::device::NewDevice;
use crate::observation::{self, Newest, Quality, Sample};
use crate::sensor::NewSensor;
use crate::{Db, Error, Invalid, Result, Tx, catalogue, datastream, device, sensor};

/// Rows of one transaction.
pub const CHUNK: usize = 1000;
/// Refused rows and contradictions that a report names; the rest are counted.
const NAMED: usize = 20;
/// NDBC's stations report hourly or more often.
const INTERVAL_SECONDS: u32 = 3600;

/// A file that has been read.
#[derive(Debug, Clone)]
pub struct Content {
    /// The rows that could be read, in the file's order.
    pub lines: Vec<Line>,
    /// The rows that could not.
    pub refused: Vec<Refused>,
    /// Columns that are unknown and were passed over.
    pub ignored: Vec<String>,
}

/// A row and where it stands.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: usize,
    /// What it says.
    pub row: Row,
}

/// A station that is ready to take rows.
#[derive(Debug, Clone)]
pub struct Station {
    device: DeviceId,
    datastreams: HashMap<Series, i64>,
}

/// One column at one depth (as bits, because it is only compared).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Series {
    column: &'static str,
    depth: Option<u64>,
}

/// What an import did. Each value of a row that was not refused is stored, unchanged, missing or conflicting.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Rows of data in the file, refused ones included.
    pub rows_read: usize,
    /// Rows that could not be read, or are in the future.
    pub rows_refused: usize,
    /// The first of these, in words.
    pub refusals: Vec<String>,
    /// New observations.
    pub values_stored: usize,
    /// Values that were there already.
    pub values_unchanged: usize,
    /// Fields that say `MM`.
    pub values_missing: usize,
    /// Values that contradict a stored one, which stays.
    pub values_conflicting: usize,
    /// The first of these, in words.
    pub conflicts: Vec<String>,
    /// Columns that are unknown and were passed over.
    pub ignored_columns: Vec<String>,
}

impl Content {
    /// Reads a whole file. Errors: `Invalid` on `file` if its header isn't one of NDBC's.
    pub fn read(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let (names, units) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
        let file = File::open(names, units)
            .map_err(|unreadable| Error::Invalid(Invalid::one("file", unreadable.to_string())))?;
        let mut content = Self { lines: Vec::new(), refused: Vec::new(), ignored: file.ignored.clone() };
        for (number, text) in (HEADER_LINES + 1..).zip(lines) {
            match file.row(number, text) {
                Some(Ok(row)) => content.lines.push(Line { number, row }),
                Some(Err(refused)) => content.refused.push(refused),
                None => {}
            }
        }
        Ok(content)
    }

    /// What the file itself says about the import, before any row is stored.
    pub fn counted(&self) -> Counted {
        let refused = self.refused.len();
        let mut counted = Counted {
            rows_read: self.lines.len() + refused,
            ignored_columns: self.ignored.clone(),
            ..Counted::default()
        };
        for refused in &self.refused {
            counted.refuse(refused.to_string());
        }
        counted
    }

    /// The series that have a value somewhere, in the file's order.
    fn series(&self) -> Vec<(&'static Column, Option<f64>)> {
        let mut seen = HashSet::new();
        let mut series = Vec::new();
        for Line { row, .. } in &self.lines {
            for reading in &row.values {
                if let Reading::Value(column, _) = *reading
                    && seen.insert(Series::of(column, row.depth_m))
                {
                    series.push((column, row.depth_m));
                }
            }
        }
        series
    }
}

impl Counted {
    /// Adds what a chunk brought.
    pub fn add(&mut self, chunk: Self) {
        self.rows_refused += chunk.rows_refused;
        self.refusals.extend(chunk.refusals);
        self.refusals.truncate(NAMED);
        self.values_stored += chunk.values_stored;
        self.values_unchanged += chunk.values_unchanged;
        self.values_missing += chunk.values_missing;
        self.values_conflicting += chunk.values_conflicting;
        self.conflicts.extend(chunk.conflicts);
        self.conflicts.truncate(NAMED);
    }

    fn refuse(&mut self, why: String) {
        self.rows_refused += 1;
        if self.refusals.len() < NAMED {
            self.refusals.push(why);
        }
    }

    fn contradict(&mut self, what: String) {
        self.values_conflicting += 1;
        if self.conflicts.len() < NAMED {
            self.conflicts.push(what);
        }
    }
}

/// Imports a whole file from a thread outside the async runtime, chunk by chunk.
///
/// `station` is NDBC's name for it, such as `44013`. Errors: `Invalid` on `file`, or on `serial_number` for a
/// station name that can't be one.
pub fn import(db: &Db, organization: &OrganizationId, station: &str, text: &str) -> Result<Counted> {
    let content = Content::read(text)?;
    let mut counted = content.counted();
    let (organization, name, read) = (organization.clone(), station.to_owned(), content.clone());
    let station = db.write_blocking(move |tx| prepare(tx, &organization, &name, &read))?;
    for lines in content.lines.chunks(CHUNK) {
        let (station, lines) = (station.clone(), lines.to_vec());
        counted.add(db.write_blocking(move |tx| store(tx, &station, &lines))?);
    }
    Ok(counted)
}

/// Finds or makes the station's device, its sensors (one for each depth) and a datastream for each column that
/// has a value. The catalogue must have been seeded. Errors: `Invalid` on `serial_number`.
pub fn prepare(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    station: &str,
    content: &Content,
) -> Result<Station> {
    let device = match device::with_serial_number(tx, organization, station)? {
        Some(device) => device,
        None => create_device(tx, organization, station)?,
    };
    let mut datastreams = HashMap::new();
    for (column, depth) in content.series() {
        let sensor = sensor_for(tx, organization, &device, (column, depth))?;
        let number = datastream_for(tx, organization, sensor, (column, depth))?;
        datastreams.insert(Series::of(column, depth), number);
    }
    Ok(Station { device, datastreams })
}

fn create_device(tx: &mut Tx<'_>, organization: &OrganizationId, station: &str) -> Result<DeviceId> {
    let new = NewDevice {
        name: format!("NDBC {station}"),
        serial_number: station.to_owned(),
        location: None,
        interval_seconds: INTERVAL_SECONDS,
    };
    Ok(device::create(tx, organization, new)?.id)
}

fn sensor_for(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    device: &DeviceId,
    (column, depth): (&Column, Option<f64>),
) -> Result<SensorId> {
    let payload = catalogue::sensor_type(column.sensor_type).map_or(column.sensor_type, |found| found.name);
    let name = at_depth(payload, depth);
    if let Some(sensor) = sensor::named(tx, device, &name)? {
        return Ok(sensor);
    }
    let sensor_type_id = column.sensor_type.to_owned();
    sensor::attach(tx, organization, &NewSensor { device_id: device.clone(), sensor_type_id, name })
}

fn datastream_for(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    sensor_id: SensorId,
    (column, depth): (&Column, Option<f64>),
) -> Result<i64> {
    if let Some(number) = datastream::of_sensor(tx, &sensor_id, column.property, column.unit)? {
        return Ok(number);
    }
    let property = catalogue::observed_property(column.property).map_or(column.property, |found| found.name);
    let new = NewDatastream {
        sensor_id: sensor_id.clone(),
        observed_property_id: column.property.to_owned(),
        unit_id: column.unit.to_owned(),
        name: Some(at_depth(property, depth)),
    };
    datastream::create(tx, organization, &new)?;
    datastream::of_sensor(tx, &sensor_id, column.property, column.unit)?.ok_or(Error::NotFound)
}

/// The depth is always part of the name, also where a file has only one: the next file may have more, and must
/// find the same sensor again.
fn at_depth(name: &str, depth: Option<f64>) -> String {
    depth.map_or_else(|| name.to_owned(), |metres| format!("{name} at {metres} m"))
}

impl Station {
    fn datastream(&self, column: &Column, depth: Option<f64>) -> Result<i64> {
        self.datastreams.get(&Series::of(column, depth)).copied().ok_or(Error::NotFound)
    }
}

impl Series {
    fn of(column: &Column, depth: Option<f64>) -> Self {
        Self { column: column.name, depth: depth.map(f64::to_bits) }
    }
}

/// Stores a chunk of rows, at most [`CHUNK`] at once, with the quality 2 (not evaluated), and counts what became
/// of each value. Errors: `NotFound` for lines of another content than the station was prepared for.
pub fn store(tx: &mut Tx<'_>, station: &Station, lines: &[Line]) -> Result<Counted> {
    let mut counted = Counted::default();
    let mut newest = Newest::default();
    for Line { number, row } in lines {
        if observation::is_in_the_future(row.time, tx.now()) {
            counted.refuse(format!("line {number}: {} is in the future", row.time));
            continue;
        }
        for reading in &row.values {
            let Reading::Value(column, value) = *reading else {
                counted.values_missing += 1;
                continue;
            };
            let datastream = station.datastream(column, row.depth_m)?;
            let (time, quality) = (row.time, Quality::NotEvaluated);
            let sample = Sample { datastream, time, result: Some(value), quality };
            match fate(tx, &sample)? {
                Fate::Stored => {
                    counted.values_stored += 1;
                    newest.see(&station.device, &sample);
                }
                Fate::Unchanged => counted.values_unchanged += 1,
                Fate::Conflicting => counted.contradict(contradiction(*number, column, time)),
            }
        }
    }
    newest.note(tx)?;
    Ok(counted)
}

fn contradiction(line: usize, column: &Column, time: Timestamp) -> String {
    format!("line {line}: another value of {} is stored for {time}", column.name)
}

enum Fate {
    Stored,
    Unchanged,
    Conflicting,
}

/// Stores the sample if it can. Quality is no reason for a conflict: the file has no opinion on it.
fn fate(tx: &mut Tx<'_>, sample: &Sample) -> Result<Fate> {
    if observation::insert(tx, sample)? {
        return Ok(Fate::Stored);
    }
    let stored = observation::stored_at(tx, sample.datastream, sample.time)?;
    let same = stored.is_some_and(|(result, _)| result == sample.result);
    Ok(if same { Fate::Unchanged } else { Fate::Conflicting })
}

#[cfg(test)]
mod tests;
