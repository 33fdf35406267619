//! The buoys of [`super::fleet`] as rows: devices with sensors and datastreams, and what they report when.

use jiff::Timestamp;

use db::Db;
use model::audit::Actor;
use model::datastream::{self, Datastream, Filter, NewDatastream};
use model::device::{self, Location, NewDevice};
use model::observation::NewObservation;
use model::sensor::{self, NewSensor};
use model::{Tx, catalogue, organization};
use rules::access::{Access, Credential, DeviceSet, Principal};
use rules::id::{DatastreamId, DeviceId, OrganizationId, PersonId, SessionId};
use rules::role::Role;
use rules::secret::Mode;

use super::fleet::{self, Buoy, ORGANIZATIONS};
use super::signal::{self, REPORTING_INTERVAL, Signal, Site};

/// Buoys carry a few sensors with a few signals each; this is more.
const MOST_DATASTREAMS: u32 = 1000;

/// The demo's buoys as the database has them.
pub struct Fleet {
    pub(super) buoys: Vec<Moored>,
}

/// A buoy with a device of its own.
#[derive(Clone)]
pub(super) struct Moored {
    /// What it reports by.
    pub(super) access: Access,
    site: &'static Site,
    pub(super) streams: Vec<Stream>,
}

/// A signal with a datastream of its own.
#[derive(Clone)]
pub(super) struct Stream {
    id: DatastreamId,
    signal: Signal,
    gross_range: (f64, f64),
    /// The time of the newest result when the fleet was looked up.
    pub(super) latest: Option<Timestamp>,
}

/// Makes the organizations and buoys that are not there yet. Only for a database without people: in any other,
/// somebody may have renamed or removed what this would make again.
///
/// Each buoy has a transaction, and so a time, of its own: the list of devices is then in the order of the table.
pub(super) fn moor(db: &Db) -> model::Result<Vec<OrganizationId>> {
    let mut ids = Vec::with_capacity(ORGANIZATIONS.len());
    for planned in ORGANIZATIONS {
        let id = db.write_blocking(move |tx| found(tx, planned))?;
        for buoy in planned.buoys {
            let organization = id.clone();
            db.write_blocking(move |tx| moor_one(tx, &organization, buoy))?;
        }
        ids.push(id);
    }
    Ok(ids)
}

fn found(tx: &mut Tx<'_>, planned: &fleet::Organization) -> model::Result<OrganizationId> {
    let there = organization::all(tx)?.into_iter().find(|known| known.name == planned.name);
    match there {
        Some(known) => Ok(known.id),
        None => Ok(organization::create(tx, &Actor::local("demo"), planned.name, Mode::Test)?.id),
    }
}

fn moor_one(tx: &mut Tx<'_>, organization: &OrganizationId, buoy: &Buoy) -> model::Result<()> {
    if device::with_serial_number(tx, organization, buoy.serial_number)?.is_some() {
        return Ok(());
    }
    let Site { latitude, longitude, .. } = buoy.site;
    let new = NewDevice {
        name: buoy.name.to_owned(),
        serial_number: buoy.serial_number.to_owned(),
        location: Some(Location { latitude, longitude, at: tx.now() }),
        interval_seconds: u32::try_from(REPORTING_INTERVAL.as_secs()).unwrap_or(u32::MAX),
    };
    let device_id = device::create(tx, organization, new)?.id;
    for sensor in buoy.sensors {
        let (sensor_type_id, name) = (sensor.sensor_type.to_owned(), sensor.name.to_owned());
        let new = NewSensor { device_id: device_id.clone(), sensor_type_id, name };
        let sensor_id = sensor::attach(tx, organization, &new)?;
        for signal in sensor.signals {
            let (property, unit) = signal.property_and_unit();
            let (observed_property_id, unit_id) = (property.to_owned(), unit.to_owned());
            let sensor_id = sensor_id.clone();
            let new = NewDatastream { sensor_id, observed_property_id, unit_id, name: None };
            datastream::create(tx, organization, &new)?;
        }
    }
    Ok(())
}

impl Fleet {
    /// The buoys of the demo's organizations, given in their order. What somebody has removed is left out.
    pub(super) fn find(db: &Db, organizations: &[OrganizationId]) -> model::Result<Self> {
        let planned = ORGANIZATIONS.iter().zip(organizations);
        let planned = planned.flat_map(|(planned, id)| planned.buoys.iter().map(move |buoy| (buoy, id)));
        let buoys = db.read_blocking(|tx| {
            let found = planned.clone().map(|(buoy, organization)| Moored::find(tx, organization, buoy));
            found.filter_map(Result::transpose).collect::<model::Result<_>>()
        })?;
        Ok(Self { buoys })
    }
}

impl Moored {
    fn find(
        tx: &mut Tx<'_>,
        organization: &OrganizationId,
        buoy: &'static Buoy,
    ) -> model::Result<Option<Self>> {
        let Some(device) = device::with_serial_number(tx, organization, buoy.serial_number)? else {
            return Ok(None);
        };
        // The buoys report as an Operator would, but as nobody: whatever happens to people and keys, the demo
        // goes on.
        let nobody = PersonId::new(tx.now(), tx.random()?);
        let access = session_of(tx, organization, (nobody, Role::Operator))?;
        let streams = streams_of(tx, &access, device, buoy)?;
        Ok(Some(Self { access, site: &buoy.site, streams }))
    }

    /// What one of its datastreams reports at a time; nothing while telemetry is down.
    pub(super) fn observe(&self, stream: &Stream, at: Timestamp) -> Option<NewObservation> {
        let sample = signal::sample(stream.signal, self.site, at)?;
        let flag = signal::flag(stream.signal, &sample, stream.gross_range);
        Some(NewObservation {
            datastream_id: stream.id.to_string(),
            phenomenon_time: at,
            result: Some(sample.value),
            quality: Some(flag.code().into()),
        })
    }
}

/// The datastream of each signal: no buoy has two of one property.
fn streams_of(tx: &mut Tx<'_>, access: &Access, device: DeviceId, buoy: &Buoy) -> model::Result<Vec<Stream>> {
    let filter = Filter { device_ids: vec![device], ..Filter::default() };
    let datastreams = datastream::page(tx, access, &filter, (None, MOST_DATASTREAMS))?.data;
    let planned = buoy.sensors.iter().flat_map(|sensor| sensor.signals.iter().map(move |s| (sensor, *s)));
    let streams = planned.filter_map(|(sensor, signal)| {
        let (property, unit) = signal.property_and_unit();
        let measured = |found: &&Datastream| found.observed_property.id == property && found.unit.id == unit;
        let found = datastreams.iter().find(measured)?;
        let gross_range = catalogue::sensor_type(sensor.sensor_type)?.measure(property, unit)?.gross_range;
        let latest = found.latest.map(|latest| latest.phenomenon_time);
        Some(Stream { id: found.id.clone(), signal, gross_range, latest })
    });
    Ok(streams.collect())
}

/// What somebody in this role may do, as if they had just signed in.
pub(super) fn session_of(
    tx: &Tx<'_>,
    organization: &OrganizationId,
    (person, role): (PersonId, Role),
) -> model::Result<Access> {
    Ok(Access {
        organization: organization.clone(),
        scopes: role.scopes(),
        devices: DeviceSet::All,
        principal: Principal::User(person),
        credential: Credential::Session { id: SessionId::new(tx.now(), tx.random()?), role },
        expires_at: None,
    })
}
