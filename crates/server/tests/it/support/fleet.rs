//! Buoys: devices that have something to measure with.

use model::datastream::{self, NewDatastream};
use model::observation::{self, NewObservation};
use model::organization::Organization;
use model::sensor::{self, NewSensor};
use rules::id::{DatastreamId, DeviceId};

use super::TestApp;

/// A device with one sensor that measures two properties.
#[derive(Debug, Clone)]
pub(crate) struct Buoy {
    pub(crate) device: DeviceId,
    pub(crate) temperature: DatastreamId,
    pub(crate) salinity: DatastreamId,
}

impl TestApp {
    /// A buoy of the organization's, which has measured nothing yet.
    pub(crate) fn buoy(&self, organization: &Organization) -> Buoy {
        self.write(model::vocabulary::seed);
        let device = self.device(organization);
        let (owner, new) = (
            organization.id.clone(),
            NewSensor {
                device_id: device.clone(),
                sensor_type_id: "sbe_37_smp".to_owned(),
                name: "MicroCAT".to_owned(),
            },
        );
        let sensor_id = self.write(move |tx| sensor::attach(tx, &owner, &new));
        let stream = |property: &str, unit: &str| {
            self.advance_secs(1);
            let new = NewDatastream {
                sensor_id: sensor_id.clone(),
                observed_property_id: property.to_owned(),
                unit_id: unit.to_owned(),
                name: None,
            };
            let owner = organization.id.clone();
            self.write(move |tx| datastream::create(tx, &owner, &new))
        };
        let temperature = stream("water_temperature", "degree_celsius");
        let salinity = stream("salinity", "practical_salinity_unit");
        Buoy { device, temperature, salinity }
    }

    /// One result each ten minutes, the first at the first minute of 2026-05-01.
    pub(crate) fn measured(&self, organization: &Organization, datastream: &DatastreamId, results: &[f64]) {
        let batch: Vec<NewObservation> = (0..)
            .zip(results)
            .map(|(n, result)| NewObservation {
                datastream_id: datastream.to_string(),
                phenomenon_time: ten_minutes(n).parse().unwrap(),
                result: Some(*result),
                quality: Some(1),
            })
            .collect();
        let access = self.access(organization);
        self.write(move |tx| observation::ingest(tx, &access, &batch));
    }
}

/// The time of the `n`th result.
pub(crate) fn ten_minutes(n: u32) -> String {
    format!("2026-05-01T{:02}:{:02}:00Z", n / 6, n % 6 * 10)
}
