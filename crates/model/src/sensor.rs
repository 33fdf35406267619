//! Sensors: instruments attached to a device, each of a type from the catalogue.
//!
//! The manifest tells what a device measures. It is read from the datastreams, because a sensor on a device may
//! measure fewer properties than its type could.

use db::{Row, params};
use rules::access::Access;
use rules::id::{DatastreamId, DeviceId, OrganizationId, SensorId};
use schemars::JsonSchema;
use serde::Serialize;

use crate::unit_of_measurement::{self, UnitOfMeasurement};
use crate::{Error, Invalid, Result, Tx, device};

/// What is attached to a device.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Manifest {
    /// The device.
    pub device_id: DeviceId,
    /// Its sensors, in the order in which they were attached.
    pub sensors: Vec<Sensor>,
}

/// A sensor as the manifest shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Sensor {
    /// The sensor.
    pub id: SensorId,
    /// What people call it.
    pub name: String,
    /// The class of hardware.
    pub sensor_type: Type,
    /// What it measures here.
    pub observed_properties: Vec<Measured>,
    /// The units of what it measures, each once.
    pub units: Vec<UnitOfMeasurement>,
}

/// A sensor's class of hardware.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "SensorTypeSummary")]
pub struct Type {
    /// Slug of the sensor type.
    pub id: String,
    /// Product name.
    pub name: String,
    /// Who makes it.
    pub manufacturer: String,
}

/// A property that a sensor measures, and where the results are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "MeasuredProperty")]
pub struct Measured {
    /// Slug of the observed property.
    pub id: String,
    /// Its name in words.
    pub name: String,
    /// Slug of the unit of the results.
    pub unit_id: String,
    /// The datastream that holds the results.
    pub datastream_id: DatastreamId,
}

/// What makes a sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSensor {
    /// The device that it is attached to.
    pub device_id: DeviceId,
    /// Slug of its type.
    pub sensor_type_id: String,
    /// What people call it.
    pub name: String,
}

/// Attaches a sensor to a device of the organization's.
///
/// Errors: `NotFound` if the device isn't the organization's, `Invalid` for a type that the catalogue lacks.
pub fn attach(tx: &mut Tx<'_>, organization: &OrganizationId, new: &NewSensor) -> Result<SensorId> {
    let attached_at = tx.now();
    let id = SensorId::new(attached_at, tx.random()?);
    let inserted = tx.execute(
        "INSERT INTO sensor (id, device_id, sensor_type_id, name, attached_at)
         SELECT ?1, device.id, ?2, ?3, ?4 FROM device WHERE device.id = ?5 AND organization_id = ?6",
        params![
            id.as_str(),
            &new.sensor_type_id,
            &new.name,
            attached_at,
            new.device_id.as_str(),
            organization.as_str(),
        ],
    );
    match inserted {
        Ok(0) => Err(Error::NotFound),
        Ok(_) => Ok(id),
        Err(db::Error::Constraint(_)) => {
            Err(Error::Invalid(Invalid::one("sensor_type_id", "There is no such sensor type.")))
        }
        Err(error) => Err(error.into()),
    }
}

/// What is attached to one of the caller's devices. Errors: `NotFound`.
pub fn manifest(tx: &mut Tx<'_>, access: &Access, device_id: &DeviceId) -> Result<Manifest> {
    device::must_see(tx, access, device_id)?;
    let mut sensors: Vec<Sensor> = Vec::new();
    tx.each(
        "SELECT sensor.id, sensor.name, sensor_type.id, sensor_type.name, manufacturer, datastream.id,
                observed_property.id, observed_property.name, unit_of_measurement.id,
                unit_of_measurement.name, symbol, unit_of_measurement.definition
         FROM sensor
         JOIN sensor_type ON sensor_type.id = sensor.sensor_type_id
         LEFT JOIN datastream ON datastream.sensor_id = sensor.id
         LEFT JOIN observed_property ON observed_property.id = datastream.observed_property_id
         LEFT JOIN unit_of_measurement ON unit_of_measurement.id = datastream.unit_id
         WHERE sensor.device_id = ?1
         ORDER BY sensor.id, datastream.id",
        params![device_id.as_str()],
        |row| add(&mut sensors, row),
    )?;
    Ok(Manifest { device_id: device_id.clone(), sensors })
}

/// Takes one row of the manifest: a datastream of the last sensor, or of a new one.
fn add(sensors: &mut Vec<Sensor>, row: &Row<'_>) -> db::Result<()> {
    let id: SensorId = row.parse(0)?;
    if sensors.last().is_none_or(|last| last.id != id) {
        let sensor_type = Type { id: row.get(2)?, name: row.get(3)?, manufacturer: row.get(4)? };
        let (observed_properties, units) = (Vec::new(), Vec::new());
        sensors.push(Sensor { id, name: row.get(1)?, sensor_type, observed_properties, units });
    }
    let (Some(sensor), Some(datastream_id)) = (sensors.last_mut(), row.parse_optional(5)?) else {
        return Ok(());
    };
    let unit = unit_of_measurement::read(row, 8)?;
    let unit_id = unit.id.clone();
    sensor.observed_properties.push(Measured { id: row.get(6)?, name: row.get(7)?, unit_id, datastream_id });
    if !sensor.units.contains(&unit) {
        sensor.units.push(unit);
    }
    Ok(())
}

/// The device's sensor of this name.
pub(crate) fn named(tx: &mut Tx<'_>, device: &DeviceId, name: &str) -> Result<Option<SensorId>> {
    Ok(tx.optional(
        "SELECT id FROM sensor WHERE device_id = ?1 AND name = ?2 ORDER BY id LIMIT 1",
        params![device.as_str(), name],
        |row| row.parse(0),
    )?)
}

#[cfg(test)]
mod tests;
