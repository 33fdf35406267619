//! Sensor types: classes of hardware, with what they measure and how far their scales reach. The same for every
//! organization.

use db::{Row, params};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::{self, SENSOR_TYPES};
use crate::unit_of_measurement::{self, UnitOfMeasurement};
use crate::{Error, Page, Result, Tx};

/// A class of hardware, as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SensorType {
    /// Slug, such as `sbe_37_smp`.
    pub id: String,
    /// Product name.
    pub name: String,
    /// Who makes it.
    pub manufacturer: String,
    /// Where the manufacturer describes it.
    pub datasheet_url: Option<String>,
    /// What it can measure.
    pub observed_properties: Vec<Measure>,
    /// The units of that, each once.
    pub units: Vec<UnitOfMeasurement>,
}

/// A property that a type of sensor can measure.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "MeasurableProperty")]
pub struct Measure {
    /// Slug of the observed property.
    pub id: String,
    /// Its name in words.
    pub name: String,
    /// Slug of the unit.
    pub unit_id: String,
    /// The lowest value that it can measure: a lower one fails QARTOD's gross range test.
    pub minimum: f64,
    /// The highest value that it can measure.
    pub maximum: f64,
}

/// Writes the catalogue's sensor types; the properties and units that they speak of must be there.
pub(crate) fn seed(tx: &mut Tx<'_>) -> Result<()> {
    for kind in SENSOR_TYPES {
        tx.execute(
            "INSERT INTO sensor_type (id, name, manufacturer, datasheet_url) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE
             SET name = excluded.name, manufacturer = excluded.manufacturer,
                 datasheet_url = excluded.datasheet_url",
            params![kind.id, kind.name, kind.manufacturer, kind.datasheet_url],
        )?;
        for (position, measure) in (0..).zip(kind.measures) {
            seed_measure(tx, kind.id, position, measure)?;
        }
    }
    Ok(())
}

fn seed_measure(tx: &mut Tx<'_>, kind: &str, position: i64, measure: &catalogue::Measure) -> Result<()> {
    let (minimum, maximum) = measure.gross_range;
    tx.execute(
        "INSERT INTO sensor_type_measure (sensor_type_id, observed_property_id, unit_id, position, minimum,
                                          maximum)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (sensor_type_id, observed_property_id, unit_id) DO UPDATE
         SET position = excluded.position, minimum = excluded.minimum, maximum = excluded.maximum",
        params![kind, measure.property, measure.unit, position, minimum, maximum],
    )?;
    Ok(())
}

/// One sensor type. Errors: `NotFound`.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<SensorType> {
    let mut found = Vec::new();
    tx.each(
        "SELECT kind.id, kind.name, manufacturer, datasheet_url, observed_property.id,
                observed_property.name, minimum, maximum, unit_of_measurement.id, unit_of_measurement.name,
                symbol, unit_of_measurement.definition
         FROM sensor_type AS kind
         LEFT JOIN sensor_type_measure ON sensor_type_id = kind.id
         LEFT JOIN observed_property ON observed_property.id = observed_property_id
         LEFT JOIN unit_of_measurement ON unit_of_measurement.id = unit_id
         WHERE kind.id = ?1
         ORDER BY position",
        params![id],
        |row| add(&mut found, row),
    )?;
    found.pop().ok_or(Error::NotFound)
}

/// Sensor types after `after`, by id.
pub fn page(tx: &mut Tx<'_>, after: Option<&str>, limit: u32) -> Result<Page<SensorType, String>> {
    let mut found = Vec::new();
    tx.each(
        "SELECT kind.id, kind.name, manufacturer, datasheet_url, observed_property.id,
                observed_property.name, minimum, maximum, unit_of_measurement.id, unit_of_measurement.name,
                symbol, unit_of_measurement.definition
         FROM (SELECT id, name, manufacturer, datasheet_url FROM sensor_type
               WHERE id > ?1 ORDER BY id LIMIT ?2) AS kind
         LEFT JOIN sensor_type_measure ON sensor_type_id = kind.id
         LEFT JOIN observed_property ON observed_property.id = observed_property_id
         LEFT JOIN unit_of_measurement ON unit_of_measurement.id = unit_id
         ORDER BY kind.id, position",
        params![after.unwrap_or_default(), i64::from(limit) + 1],
        |row| add(&mut found, row),
    )?;
    Ok(Page::cut(found, limit, |kind| kind.id.clone()))
}

/// Takes one joined row: a measure of the last sensor type, or of a new one.
fn add(found: &mut Vec<SensorType>, row: &Row<'_>) -> db::Result<()> {
    if found.last().is_none_or(|last| row.text(0).is_ok_and(|id| last.id != id)) {
        found.push(SensorType {
            id: row.get(0)?,
            name: row.get(1)?,
            manufacturer: row.get(2)?,
            datasheet_url: row.get(3)?,
            observed_properties: Vec::new(),
            units: Vec::new(),
        });
    }
    let (Some(kind), Some(id)) = (found.last_mut(), row.get(4)?) else { return Ok(()) };
    let unit = unit_of_measurement::read(row, 8)?;
    kind.observed_properties.push(Measure {
        id,
        name: row.get(5)?,
        unit_id: unit.id.clone(),
        minimum: row.get(6)?,
        maximum: row.get(7)?,
    });
    if !kind.units.contains(&unit) {
        kind.units.push(unit);
    }
    Ok(())
}
