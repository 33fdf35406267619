//! What ingest costs beside what SQLite itself does with the same rows, in the same run: `bench/run` calls this.
//!
//! Batches of 1,000 observations in the order of time, each batch durable on its own, against one bulk insert of the
//! same rows into a bare table. Prints rows per second and the ratio, the median of three interleaved rounds.

#![expect(clippy::print_stdout, reason = "printing figures is all this does")]

use std::time::Instant;

use db::{Clock, Db};
use jiff::{SignedDuration, Timestamp};
use model::audit::Actor;
use model::observation::{self, NewObservation};
use model::{datastream, device, organization, sensor, vocabulary};
use rules::access::{Access, Credential, DeviceSet, Principal};
use rules::id::{ApiKeyId, DatastreamId, OrganizationId};
use rules::role::Role;
use rules::secret::Mode;

const ROWS: i64 = 300_000;
const ROUNDS: usize = 3;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for streams in [1, 10, 100] {
        let mut rates = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let directory = tempfile::tempdir()?;
            let db = Db::open(&directory.path().join("bench.db"), &model::migrations(), Clock::System)?;
            rates.0.push(floor(&db, streams)?);
            rates.1.push(ingest(&db, streams)?);
        }
        let (floor, ours) = (median(rates.0), median(rates.1));
        println!(
            "ingest into {streams} datastreams: {ours:.0} rows/s, SQLite's own bulk insert {floor:.0}, ratio {:.2}",
            ours / floor
        );
    }
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates.get(ROUNDS / 2).copied().unwrap_or(f64::NAN)
}

fn rate(started: Instant) -> f64 {
    ROWS as f64 / started.elapsed().as_secs_f64()
}

fn floor(db: &Db, streams: i64) -> model::Result<f64> {
    db.write_blocking(|tx| {
        let table =
            "CREATE TABLE floor (a BIGINT, b BIGINT, c DOUBLE PRECISION, d BIGINT, PRIMARY KEY (a, b))
                     WITHOUT ROWID";
        tx.execute(table, &[]).map_err(model::Error::from)
    })?;
    let started = Instant::now();
    db.write_blocking(move |tx| {
        let rows = (0..ROWS).map(|n| [n % streams, n / streams, 13, 2].map(db::Value::from));
        tx.execute_many("INSERT INTO floor VALUES (?1, ?2, ?3, ?4)", rows).map_err(model::Error::from)
    })?;
    Ok(rate(started))
}

fn ingest(db: &Db, streams: i64) -> model::Result<f64> {
    db.write_blocking(vocabulary::seed)?;
    let (access, ids) = db.write_blocking(move |tx| {
        let actor = Actor::local("bench");
        let organization = organization::create(tx, &actor, "Bench", Mode::Test)?.id;
        let ids =
            (0..streams).map(|n| thermometer(tx, &organization, n)).collect::<model::Result<Vec<_>>>()?;
        Ok::<_, model::Error>((access(organization, tx.now()), ids))
    })?;
    let batches = batches(&ids, db.clock().now());
    let started = Instant::now();
    for batch in batches {
        let access = access.clone();
        db.write_blocking(move |tx| observation::ingest(tx, &access, &batch))?;
    }
    Ok(rate(started))
}

fn thermometer(tx: &mut model::Tx<'_>, organization: &OrganizationId, n: i64) -> model::Result<DatastreamId> {
    let new = device::NewDevice {
        name: format!("Buoy {n}"),
        serial_number: n.to_string(),
        location: None,
        interval_seconds: 600,
    };
    let device_id = device::create(tx, organization, new)?.id;
    let new = sensor::NewSensor { device_id, sensor_type_id: "sbe_37_smp".into(), name: "MicroCAT".into() };
    let sensor_id = sensor::attach(tx, organization, &new)?;
    let new = datastream::NewDatastream {
        sensor_id,
        observed_property_id: "water_temperature".into(),
        unit_id: "degree_celsius".into(),
        name: None,
    };
    datastream::create(tx, organization, &new)
}

fn access(organization: OrganizationId, now: Timestamp) -> Access {
    let key = ApiKeyId::new(now, [0; 10]);
    Access {
        organization,
        scopes: Role::Operator.scopes(),
        devices: DeviceSet::All,
        principal: Principal::ApiKey(key.clone()),
        credential: Credential::ApiKey(key),
        expires_at: None,
    }
}

/// All rows in the order of time, in batches of 1,000.
fn batches(streams: &[DatastreamId], now: Timestamp) -> Vec<Vec<NewObservation>> {
    let rows: Vec<_> = streams
        .iter()
        .cycle()
        .zip((0..ROWS).rev())
        .map(|(stream, age)| NewObservation {
            datastream_id: stream.to_string(),
            phenomenon_time: now - SignedDuration::from_secs(age),
            result: Some(13.0),
            quality: None,
        })
        .collect();
    rows.chunks(1000).map(<[_]>::to_vec).collect()
}
