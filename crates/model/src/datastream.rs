//! Datastreams: one property measured by one sensor on one device, in one unit.
//!
//! A datastream carries its newest value, so that "what is the water like now" reads one row and not the time
//! series; [`crate::observation`] keeps it current. Which datastreams a caller sees is decided in one place,
//! [`Selection`], for every list of datastreams and of observations.

use db::{Row, Value, params};
use jiff::Timestamp;
use rules::access::Access;
use rules::id::{DatastreamId, DeviceId, OrganizationId, SensorId};
use rules::schema::DateTime;
use schemars::JsonSchema;
use serde::Serialize;

use crate::observation::Quality;
use crate::{Error, Invalid, Page, Result, Tx, device, observed_property};

/// A datastream as the API shows it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Datastream {
    /// The datastream.
    pub id: DatastreamId,
    /// What people call it.
    pub name: String,
    /// The device that it comes from.
    pub device_id: DeviceId,
    /// The sensor that measures it.
    pub sensor_id: SensorId,
    /// What is measured.
    pub observed_property: Property,
    /// What the results are in.
    pub unit: Unit,
    /// The newest observation that has a result.
    pub latest: Option<Latest>,
}

/// What a datastream measures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "ObservedPropertySummary")]
pub struct Property {
    /// Slug of the observed property.
    pub id: String,
    /// Its name in words.
    pub name: String,
}

/// What a datastream's results are in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "UnitSummary")]
pub struct Unit {
    /// Slug of the unit of measurement.
    pub id: String,
    /// As printed beside a value.
    pub symbol: String,
}

/// The newest observation of a datastream that has a result.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "LatestResult")]
pub struct Latest {
    /// When it was measured.
    #[schemars(with = "DateTime")]
    pub phenomenon_time: Timestamp,
    /// The value, in the datastream's unit.
    pub result: f64,
    /// How good it is.
    pub quality: Quality,
}

/// What makes a datastream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDatastream {
    /// The sensor that measures it; its device is the datastream's.
    pub sensor_id: SensorId,
    /// Slug of a property that the sensor's type measures.
    pub observed_property_id: String,
    /// Slug of the unit that the sensor's type measures it in.
    pub unit_id: String,
    /// What people call it; `None` takes the property's name.
    pub name: Option<String>,
}

/// Which datastreams are asked for. Ids in one list are alternatives; an empty list asks for nothing special.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// From these devices.
    pub device_ids: Vec<DeviceId>,
    /// These datastreams.
    pub datastream_ids: Vec<DatastreamId>,
    /// Of these properties (slugs).
    pub observed_property_ids: Vec<String>,
}

impl Filter {
    /// Refuses ids of devices and datastreams that the caller doesn't see, and of properties that nobody can
    /// measure: a mistyped id gets an answer, and not an empty list. Errors: `NotFound`.
    pub(crate) fn must_see(&self, tx: &mut Tx<'_>, access: &Access) -> Result<()> {
        for id in &self.device_ids {
            device::must_see(tx, access, id)?;
        }
        for id in &self.datastream_ids {
            number(tx, access, id)?;
        }
        for id in &self.observed_property_ids {
            observed_property::find(tx, id)?;
        }
        Ok(())
    }
}

/// The WHERE clause that keeps a caller within organization and devices, and to what they asked for. It speaks
/// of the table `datastream` by that name.
pub(crate) struct Selection<'a> {
    clause: String,
    params: Vec<Value<'a>>,
}

impl<'a> Selection<'a> {
    pub(crate) fn new(access: &'a Access, filter: &'a Filter) -> Self {
        let mut selection = Self { clause: String::new(), params: Vec::new() };
        let organization = selection.bind(access.organization.as_str());
        selection.clause = format!("datastream.organization_id = {organization}");
        if let Some(holder) = access.device_filter() {
            let holder = selection.bind(holder);
            selection.and(&format!(
                "EXISTS (SELECT 1 FROM device_choice
                         WHERE holder_id = {holder} AND device_choice.device_id = datastream.device_id)"
            ));
        }
        selection.and_one_of("datastream.device_id", filter.device_ids.iter().map(DeviceId::as_str));
        selection.and_one_of("datastream.id", filter.datastream_ids.iter().map(DatastreamId::as_str));
        let properties = filter.observed_property_ids.iter().map(String::as_str);
        selection.and_one_of("datastream.observed_property_id", properties);
        selection
    }

    /// Adds a parameter and gives the text that stands for it.
    pub(crate) fn bind(&mut self, value: impl Into<Value<'a>>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    pub(crate) fn and(&mut self, condition: &str) {
        self.clause.push_str(" AND ");
        self.clause.push_str(condition);
    }

    fn and_one_of(&mut self, column: &str, values: impl Iterator<Item = &'a str>) {
        let values: Vec<String> = values.map(|value| self.bind(value)).collect();
        if !values.is_empty() {
            self.and(&format!("{column} IN ({})", values.join(", ")));
        }
    }

    /// What goes behind WHERE.
    pub(crate) fn clause(&self) -> &str {
        &self.clause
    }

    /// The parameters, in the order of their numbers.
    pub(crate) fn params(&self) -> &[Value<'a>] {
        &self.params
    }
}

/// Adds a datastream to a sensor of the organization's.
///
/// Errors: `Invalid` if there is no such sensor, its type doesn't measure the property in the unit, or the
/// sensor has this datastream already.
pub fn create(tx: &mut Tx<'_>, organization: &OrganizationId, new: &NewDatastream) -> Result<DatastreamId> {
    let (device, property_name) = measured(tx, organization, new)?;
    let created_at = tx.now();
    let id = DatastreamId::new(created_at, tx.random()?);
    let inserted = tx.execute(
        "INSERT INTO datastream (id, organization_id, device_id, sensor_id, observed_property_id, unit_id, name,
                                 created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id.as_str(),
            organization.as_str(),
            device.as_str(),
            new.sensor_id.as_str(),
            &new.observed_property_id,
            &new.unit_id,
            new.name.as_deref().unwrap_or(&property_name),
            created_at,
        ],
    );
    match inserted {
        Ok(_) => Ok(id),
        Err(db::Error::NotUnique(_)) => Err(Error::Invalid(Invalid::one(
            "observed_property_id",
            "This sensor has a datastream of this property already.",
        ))),
        Err(error) => Err(error.into()),
    }
}

/// The sensor's device and the property's name, if the sensor is there and measures this.
fn measured(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    new: &NewDatastream,
) -> Result<(DeviceId, String)> {
    let found = tx.optional(
        "SELECT sensor.device_id, observed_property.name
         FROM sensor
         JOIN device ON device.id = sensor.device_id
         JOIN sensor_type_measure ON sensor_type_measure.sensor_type_id = sensor.sensor_type_id
         JOIN observed_property ON observed_property.id = sensor_type_measure.observed_property_id
         WHERE sensor.id = ?1 AND device.organization_id = ?2 AND observed_property.id = ?3 AND unit_id = ?4",
        params![new.sensor_id.as_str(), organization.as_str(), &new.observed_property_id, &new.unit_id],
        |row| Ok((row.parse(0)?, row.get(1)?)),
    )?;
    found.ok_or_else(|| {
        let problem =
            "This organization has no such sensor, or it doesn't measure this property in this unit.";
        Error::Invalid(Invalid::one("sensor_id", problem))
    })
}

/// One datastream of the caller's. Errors: `NotFound`.
pub fn find(tx: &mut Tx<'_>, access: &Access, id: &DatastreamId) -> Result<Datastream> {
    let filter = Filter { datastream_ids: vec![id.clone()], ..Filter::default() };
    let found = page(tx, access, &filter, (None, 1))?;
    found.data.into_iter().next().ok_or(Error::NotFound)
}

/// The caller's datastreams that `filter` asks for, after `after`, by id.
///
/// Errors: `NotFound` if the filter names a device or datastream that the caller doesn't see.
pub fn page(
    tx: &mut Tx<'_>,
    access: &Access,
    filter: &Filter,
    (after, limit): (Option<&DatastreamId>, u32),
) -> Result<Page<Datastream, DatastreamId>> {
    filter.must_see(tx, access)?;
    let mut selection = Selection::new(access, filter);
    let after = selection.bind(after.map_or("", DatastreamId::as_str));
    let rows = selection.bind(i64::from(limit) + 1);
    let sql = format!(
        "SELECT datastream.id, datastream.name, device_id, sensor_id, observed_property.id,
                observed_property.name, unit_of_measurement.id, symbol, latest_time, latest_result,
                latest_quality
         FROM datastream
         JOIN observed_property ON observed_property.id = observed_property_id
         JOIN unit_of_measurement ON unit_of_measurement.id = unit_id
         WHERE {} AND datastream.id > {after}
         ORDER BY datastream.id LIMIT {rows}",
        selection.clause()
    );
    let found = tx.all(&sql, selection.params(), read)?;
    Ok(Page::cut(found, limit, |datastream| datastream.id.clone()))
}

fn read(row: &Row<'_>) -> db::Result<Datastream> {
    Ok(Datastream {
        id: row.parse(0)?,
        name: row.get(1)?,
        device_id: row.parse(2)?,
        sensor_id: row.parse(3)?,
        observed_property: Property { id: row.get(4)?, name: row.get(5)? },
        unit: Unit { id: row.get(6)?, symbol: row.get(7)? },
        latest: read_latest(row, 8)?,
    })
}

/// Time, result and quality from three columns on.
pub(crate) fn read_latest(row: &Row<'_>, first: usize) -> db::Result<Option<Latest>> {
    let (Some(phenomenon_time), Some(result)) = (row.get(first)?, row.get(first + 1)?) else {
        return Ok(None);
    };
    Ok(Some(Latest { phenomenon_time, result, quality: Quality::read(row, first + 2)? }))
}

/// The number that the datastream's observations refer to. Errors: `NotFound`.
pub(crate) fn number(tx: &mut Tx<'_>, access: &Access, id: &DatastreamId) -> Result<i64> {
    tx.optional(
        "SELECT number FROM datastream
         WHERE id = ?1 AND organization_id = ?2
           AND (?3 IS NULL
                OR EXISTS (SELECT 1 FROM device_choice
                           WHERE holder_id = ?3 AND device_choice.device_id = datastream.device_id))",
        params![id.as_str(), access.organization.as_str(), access.device_filter()],
        |row| row.get(0),
    )?
    .ok_or(Error::NotFound)
}

/// Ids and numbers of the caller's datastreams that `filter` asks for, by id.
pub(crate) fn numbers(tx: &mut Tx<'_>, access: &Access, filter: &Filter) -> Result<Vec<(DatastreamId, i64)>> {
    filter.must_see(tx, access)?;
    let selection = Selection::new(access, filter);
    let clause = selection.clause();
    let sql = format!("SELECT id, number FROM datastream WHERE {clause} ORDER BY id");
    Ok(tx.all(&sql, selection.params(), |row| Ok((row.parse(0)?, row.get(1)?)))?)
}

/// The number of the sensor's datastream of a property in a unit.
pub(crate) fn of_sensor(
    tx: &mut Tx<'_>,
    sensor: &SensorId,
    property: &str,
    unit: &str,
) -> Result<Option<i64>> {
    Ok(tx.optional(
        "SELECT number FROM datastream WHERE sensor_id = ?1 AND observed_property_id = ?2 AND unit_id = ?3",
        params![sensor.as_str(), property, unit],
        |row| row.get(0),
    )?)
}

/// Makes this the newest value, unless there is one as new.
pub(crate) fn note_latest(tx: &mut Tx<'_>, number: i64, latest: &Latest) -> Result<()> {
    tx.execute(
        "UPDATE datastream SET latest_time = ?2, latest_result = ?3, latest_quality = ?4
         WHERE number = ?1 AND (latest_time IS NULL OR latest_time < ?2)",
        params![number, latest.phenomenon_time, latest.result, latest.quality],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
