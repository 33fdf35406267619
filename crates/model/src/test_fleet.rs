//! A small fleet for the nouns' stories: two organizations in a database of their own, and hands that move time.

use db::{Clock, params};
use jiff::{SignedDuration, Timestamp};
use rules::access::{Access, Credential, DeviceSet, Principal};
use rules::id::{ApiKeyId, DatastreamId, DeviceId, OrganizationId};
use rules::role::Role;
use serde_json::{Value, json};

use crate::datastream::{self, NewDatastream};
use crate::device::{self, NewDevice};
use crate::device_set::{self, Devices};
use crate::observation::{self, NewObservation, Stored};
use crate::sensor::{self, NewSensor};
use crate::{Db, Error, Invalid, Result, Tx, vocabulary};

pub(crate) const START: &str = "2026-05-01T12:00:00Z";

pub(crate) struct Fleet {
    pub(crate) db: Db,
    pub(crate) organization: OrganizationId,
    pub(crate) rival: OrganizationId,
    _dir: tempfile::TempDir,
}

impl Fleet {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(at(0));
        let db = Db::open(&dir.path().join("test.db"), &crate::migrations(), clock).unwrap();
        let (organization, rival) =
            (OrganizationId::new(at(0), [1; 10]), OrganizationId::new(at(0), [2; 10]));
        let fleet = Self { db, organization: organization.clone(), rival: rival.clone(), _dir: dir };
        fleet
            .write(move |tx| {
                vocabulary::seed(tx)?;
                for id in [&organization, &rival] {
                    tx.execute(
                        "INSERT INTO organization (id, name, mode, created_at) VALUES (?1, ?1, 'live', 0)",
                        params![id.as_str()],
                    )?;
                }
                Ok(())
            })
            .unwrap();
        fleet
    }

    pub(crate) fn write<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.db.write_blocking(f)
    }

    pub(crate) fn read<T>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T>) -> Result<T> {
        self.db.read_blocking(f)
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.db.clock().advance(SignedDuration::from_secs(seconds));
    }

    /// Moves on by a millisecond: ids made within one have no order among themselves.
    pub(crate) fn tick(&self) {
        self.db.clock().advance(SignedDuration::from_millis(1));
    }

    /// Everything of the first organization's.
    pub(crate) fn access(&self) -> Access {
        access(&self.organization, DeviceSet::All)
    }

    /// Everything of the second organization's.
    pub(crate) fn rival_access(&self) -> Access {
        access(&self.rival, DeviceSet::All)
    }

    /// These devices of the first organization's.
    pub(crate) fn chosen(&self, devices: &[&DeviceId]) -> Access {
        let (all, holder) = (self.access(), "grt_x");
        let devices = Devices::Chosen(devices.iter().map(|id| (*id).clone()).collect());
        self.write(move |tx| device_set::store(tx, &all, holder, &devices)).unwrap();
        access(&self.organization, DeviceSet::ChosenFor(holder.into()))
    }

    pub(crate) fn device(&self, access: &Access, serial_number: &str) -> DeviceId {
        self.tick();
        let (organization, new) = (access.organization.clone(), new_device(serial_number));
        self.write(move |tx| device::create(tx, &organization, new.clone())).unwrap().id
    }

    /// A datastream of `property` on the device, from an oceanographic payload of its own.
    pub(crate) fn datastream(
        &self,
        access: &Access,
        device: &DeviceId,
        (property, unit): (&str, &str),
    ) -> DatastreamId {
        self.tick();
        let organization = access.organization.clone();
        let sensor_type_id = "ndbc_ocean_payload".to_owned();
        let sensor = NewSensor { device_id: device.clone(), sensor_type_id, name: "Sonde".into() };
        let (observed_property_id, unit_id) = (property.to_owned(), unit.to_owned());
        self.write(move |tx| {
            let sensor_id = sensor::attach(tx, &organization, &sensor)?;
            let (observed_property_id, unit_id) = (observed_property_id.clone(), unit_id.clone());
            let new = NewDatastream { sensor_id, observed_property_id, unit_id, name: None };
            datastream::create(tx, &organization, &new)
        })
        .unwrap()
    }

    /// A new device's water temperature, which its sensor can measure from -5 to 45 °C.
    pub(crate) fn thermometer(&self, access: &Access, serial_number: &str) -> (DeviceId, DatastreamId) {
        let device = self.device(access, serial_number);
        let datastream = self.datastream(access, &device, TEMPERATURE);
        (device, datastream)
    }

    pub(crate) fn ingest(&self, access: &Access, batch: &[NewObservation]) -> Result<Stored> {
        let (access, batch) = (access.clone(), batch.to_vec());
        self.write(move |tx| observation::ingest(tx, &access, &batch))
    }
}

pub(crate) const TEMPERATURE: (&str, &str) = ("water_temperature", "degree_celsius");
pub(crate) const SALINITY: (&str, &str) = ("salinity", "practical_salinity_unit");

fn access(organization: &OrganizationId, devices: DeviceSet) -> Access {
    let key = ApiKeyId::new(at(0), [3; 10]);
    Access {
        organization: organization.clone(),
        scopes: Role::Operator.scopes(),
        devices,
        principal: Principal::ApiKey(key.clone()),
        credential: Credential::ApiKey(key),
        expires_at: None,
    }
}

pub(crate) fn new_device(serial_number: &str) -> NewDevice {
    let (name, serial_number) = (format!("Buoy {serial_number}"), serial_number.to_owned());
    NewDevice { name, serial_number, location: None, interval_seconds: 600 }
}

/// So many seconds from the start of the story.
pub(crate) fn at(seconds: i64) -> Timestamp {
    START.parse::<Timestamp>().unwrap() + SignedDuration::from_secs(seconds)
}

/// An observation without a quality.
pub(crate) fn observed(
    datastream: &DatastreamId,
    seconds: i64,
    result: impl Into<Option<f64>>,
) -> NewObservation {
    let (datastream_id, phenomenon_time) = (datastream.to_string(), at(seconds));
    NewObservation { datastream_id, phenomenon_time, result: result.into(), quality: None }
}

pub(crate) fn is_not_found<T>(outcome: Result<T>) -> bool {
    matches!(outcome, Err(Error::NotFound))
}

pub(crate) fn invalid<T>(outcome: Result<T>) -> Invalid {
    match outcome {
        Err(Error::Invalid(invalid)) => invalid,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was accepted"),
    }
}

pub(crate) fn conflict<T>(outcome: Result<T>) -> Invalid {
    match outcome {
        Err(Error::Conflict(conflict)) => conflict,
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it was accepted"),
    }
}

/// What goes over the wire, with ids by name: `[(id, "dev_a")]`.
pub(crate) fn wire(value: impl serde::Serialize, names: &[(&str, &str)]) -> Value {
    let text = names.iter().fold(json!(value).to_string(), |text, (id, name)| text.replace(id, name));
    serde_json::from_str(&text).unwrap()
}
