//! Devices: the buoys of an organization, and which of them a credential covers.
//!
//! A caller sees a device if it belongs to their organization *and*, when devices were chosen for their key or
//! grant, is among those. Everything else is [`Error::NotFound`], so that ids say nothing. Both conditions are
//! read with each query, never remembered: a device that was moved or removed is gone from the next answer on.

use db::{Row, params};
use jiff::{SignedDuration, Timestamp};
use rules::access::Access;
use rules::id::{DeviceId, OrganizationId};
use rules::schema::DateTime;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{Error, Invalid, Page, Result, Tx};

/// The longest name or serial number, in characters.
const LONGEST_TEXT: usize = 100;

/// A device as the API shows it: the device summary.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Device {
    /// The device.
    pub id: DeviceId,
    /// What people call it.
    pub name: String,
    /// The maker's number, unique within the organization.
    pub serial_number: String,
    /// Where it last was, if that is known.
    pub location: Option<Location>,
    /// Whether it reports as often as it should.
    pub status: Status,
    /// The time of its newest observation.
    #[schemars(with = "Option<DateTime>")]
    pub last_seen_at: Option<Timestamp>,
    /// When it was added.
    #[schemars(with = "DateTime")]
    pub created_at: Timestamp,
}

/// A place at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Location {
    /// Degrees north (WGS 84), −90 to 90.
    #[schemars(range(min = -90, max = 90))]
    pub latitude: f64,
    /// Degrees east (WGS 84), −180 to 180.
    #[schemars(range(min = -180, max = 180))]
    pub longitude: f64,
    /// When it was there.
    #[schemars(with = "DateTime")]
    pub at: Timestamp,
}

/// Whether a device reports as often as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "DeviceStatus")]
pub enum Status {
    /// Silent for two of its intervals at most: one lost transmission worries nobody.
    Online,
    /// Silent for more than two and at most six intervals.
    Late,
    /// Silent for more than six intervals.
    Offline,
    /// No observation yet.
    NeverSeen,
}

/// What makes a device.
#[derive(Debug, Clone, PartialEq)]
pub struct NewDevice {
    /// 1 to 100 characters.
    pub name: String,
    /// 1 to 100 characters, unique within the organization.
    pub serial_number: String,
    /// Where it is, if that is known.
    pub location: Option<Location>,
    /// How often it is expected to report, in seconds; not zero.
    pub interval_seconds: u32,
}

impl Status {
    /// The status at `now` of a device that reports every `interval` and was last seen then.
    fn of(last_seen_at: Option<Timestamp>, interval: SignedDuration, now: Timestamp) -> Self {
        let Some(seen) = last_seen_at else { return Self::NeverSeen };
        match now.duration_since(seen) {
            silence if silence <= interval.saturating_mul(2) => Self::Online,
            silence if silence <= interval.saturating_mul(6) => Self::Late,
            _ => Self::Offline,
        }
    }
}

/// Adds a device. Errors: `Invalid`, also when the organization has another with this serial number.
pub fn create(tx: &mut Tx<'_>, organization: &OrganizationId, new: NewDevice) -> Result<Device> {
    check(&new)?;
    let NewDevice { name, serial_number, location, interval_seconds } = new;
    let created_at = tx.now();
    let id = DeviceId::new(created_at, tx.random()?);
    let inserted = tx.execute(
        "INSERT INTO device (id, organization_id, name, serial_number, latitude, longitude, located_at,
                             interval_seconds, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        params![
            id.as_str(),
            organization.as_str(),
            &name,
            &serial_number,
            location.map(|location| location.latitude),
            location.map(|location| location.longitude),
            location.map(|location| location.at),
            interval_seconds,
            created_at,
        ],
    );
    match inserted {
        Ok(_) => {}
        Err(db::Error::NotUnique(_)) => return Err(Error::Invalid(taken())),
        Err(error) => return Err(error.into()),
    }
    let status = Status::NeverSeen;
    Ok(Device { id, name, serial_number, location, status, last_seen_at: None, created_at })
}

fn taken() -> Invalid {
    Invalid::one("serial_number", "Another device of this organization has this serial number.")
}

fn check(new: &NewDevice) -> Result<()> {
    let mut invalid = Invalid::default();
    for (field, text) in [("name", &new.name), ("serial_number", &new.serial_number)] {
        let fits = (1..=LONGEST_TEXT).contains(&text.chars().count());
        if !fits || text.trim() != text || text.chars().any(char::is_control) {
            invalid.add(field, "This takes 1 to 100 characters, without spaces around them.");
        }
    }
    if let Some(Location { latitude, longitude, .. }) = new.location {
        if !(-90.0..=90.0).contains(&latitude) {
            invalid.add("location/latitude", "The latitude is between -90 and 90 degrees.");
        }
        if !(-180.0..=180.0).contains(&longitude) {
            invalid.add("location/longitude", "The longitude is between -180 and 180 degrees.");
        }
    }
    if new.interval_seconds == 0 {
        invalid.add("interval_seconds", "The interval is at least one second.");
    }
    invalid.or_ok()
}

/// One device of the caller's. Errors: `NotFound`.
pub fn find(tx: &mut Tx<'_>, access: &Access, id: &DeviceId) -> Result<Device> {
    let now = tx.now();
    tx.optional(
        "SELECT id, name, serial_number, latitude, longitude, located_at, interval_seconds, last_seen_at,
                created_at
         FROM device
         WHERE id = ?1 AND organization_id = ?2
           AND (?3 IS NULL
                OR EXISTS (SELECT 1 FROM device_choice WHERE holder_id = ?3 AND device_id = device.id))",
        params![id.as_str(), access.organization.as_str(), access.device_filter()],
        |row| read(row, now),
    )?
    .ok_or(Error::NotFound)
}

/// The caller's devices after `after`, by id (which is by age).
pub fn page(
    tx: &mut Tx<'_>,
    access: &Access,
    after: Option<&DeviceId>,
    limit: u32,
) -> Result<Page<Device, DeviceId>> {
    let after = after.map_or("", DeviceId::as_str);
    let devices = match access.device_filter() {
        None => page_of_all(tx, &access.organization, after, limit)?,
        Some(holder) => page_of_chosen(tx, (&access.organization, holder), after, limit)?,
    };
    Ok(Page::cut(devices, limit, |device| device.id.clone()))
}

fn page_of_all(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    after: &str,
    limit: u32,
) -> Result<Vec<Device>> {
    let now = tx.now();
    Ok(tx.all(
        "SELECT id, name, serial_number, latitude, longitude, located_at, interval_seconds, last_seen_at,
                created_at
         FROM device
         WHERE organization_id = ?1 AND id > ?2
         ORDER BY id LIMIT ?3",
        params![organization.as_str(), after, i64::from(limit) + 1],
        |row| read(row, now),
    )?)
}

/// Goes through the choice rather than the fleet: two devices of ten thousand are two lookups.
fn page_of_chosen(
    tx: &mut Tx<'_>,
    (organization, holder): (&OrganizationId, &str),
    after: &str,
    limit: u32,
) -> Result<Vec<Device>> {
    let now = tx.now();
    Ok(tx.all(
        "SELECT device.id, name, serial_number, latitude, longitude, located_at, interval_seconds,
                last_seen_at, created_at
         FROM device_choice JOIN device ON device.id = device_choice.device_id
         WHERE holder_id = ?1 AND device_choice.device_id > ?2 AND organization_id = ?3
         ORDER BY device_choice.device_id LIMIT ?4",
        params![holder, after, organization.as_str(), i64::from(limit) + 1],
        |row| read(row, now),
    )?)
}

fn read(row: &Row<'_>, now: Timestamp) -> db::Result<Device> {
    let location = match (row.get(3)?, row.get(4)?, row.get(5)?) {
        (Some(latitude), Some(longitude), Some(at)) => Some(Location { latitude, longitude, at }),
        _ => None,
    };
    let interval = SignedDuration::from_secs(row.get(6)?);
    let last_seen_at = row.get(7)?;
    Ok(Device {
        id: row.parse(0)?,
        name: row.get(1)?,
        serial_number: row.get(2)?,
        location,
        status: Status::of(last_seen_at, interval, now),
        last_seen_at,
        created_at: row.get(8)?,
    })
}

/// Refuses a device that the caller doesn't see. Errors: `NotFound`.
pub(crate) fn must_see(tx: &mut Tx<'_>, access: &Access, id: &DeviceId) -> Result<()> {
    tx.optional(
        "SELECT 1 FROM device
         WHERE id = ?1 AND organization_id = ?2
           AND (?3 IS NULL
                OR EXISTS (SELECT 1 FROM device_choice WHERE holder_id = ?3 AND device_id = device.id))",
        params![id.as_str(), access.organization.as_str(), access.device_filter()],
        |_| Ok(()),
    )?
    .ok_or(Error::NotFound)
}

/// The organization's device with this serial number.
pub fn with_serial_number(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    serial_number: &str,
) -> Result<Option<DeviceId>> {
    Ok(tx.optional(
        "SELECT id FROM device WHERE organization_id = ?1 AND serial_number = ?2",
        params![organization.as_str(), serial_number],
        |row| row.parse(0),
    )?)
}

/// Ids, names and serial numbers of an organization's devices, by name, for people to choose from.
pub fn names(tx: &mut Tx<'_>, organization: &OrganizationId) -> Result<Vec<(DeviceId, String, String)>> {
    Ok(tx.all(
        "SELECT id, name, serial_number FROM device WHERE organization_id = ?1 ORDER BY name, id",
        params![organization.as_str()],
        |row| Ok((row.parse(0)?, row.get(1)?, row.get(2)?)),
    )?)
}

/// Notes that the device was heard from at `time`, unless it was heard from later.
pub(crate) fn note_seen(tx: &mut Tx<'_>, id: &DeviceId, time: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE device SET last_seen_at = ?2
         WHERE id = ?1 AND (last_seen_at IS NULL OR last_seen_at < ?2)",
        params![id.as_str(), time],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests;
