use serde_json::json;

use super::*;
use crate::test_fleet::{Fleet, invalid, is_not_found, wire};

#[test]
fn the_manifest_lists_each_sensor_with_what_it_measures() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (device_id, temperature) = fleet.thermometer(&own, "1");
    let (organization, device) = (fleet.organization.clone(), device_id.clone());
    let bare = NewSensor { device_id: device, sensor_type_id: "sbe_37_smp".into(), name: "Spare".into() };
    fleet.tick();
    fleet.write(move |tx| attach(tx, &organization, &bare)).unwrap();
    let manifest = fleet.read(|tx| manifest(tx, &own, &device_id)).unwrap();
    let mut names = vec![(device_id.as_str(), "dev_a"), (temperature.as_str(), "dst_a")];
    let wired = |names: &[(&str, &str)]| wire(&manifest, names);
    let [sonde, spare] = &manifest.sensors[..] else { panic!("{manifest:?}") };
    names.push((sonde.id.as_str(), "sns_a"));
    assert_eq!(wired(&names)["device_id"], "dev_a");
    assert_eq!(
        wired(&names)["sensors"][0],
        json!({
            "id": "sns_a",
            "name": "Sonde",
            "sensor_type": {
                "id": "ndbc_ocean_payload",
                "name": "NDBC oceanographic payload (ARES, SCOOP)",
                "manufacturer": "NOAA National Data Buoy Center",
            },
            "observed_properties": [{
                "id": "water_temperature",
                "name": "Water temperature",
                "unit_id": "degree_celsius",
                "datastream_id": "dst_a",
            }],
            "units": [
                {"id": "degree_celsius", "name": "Degree Celsius", "symbol": "°C", "definition": "Cel"},
            ],
        })
    );
    assert_eq!(spare.name, "Spare");
    assert!(spare.observed_properties.is_empty() && spare.units.is_empty());
}

#[test]
fn a_manifest_is_not_found_where_its_device_is_not() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.device(&fleet.access(), "a"), fleet.device(&fleet.access(), "b"));
    let only_b = fleet.chosen(&[&b]);
    assert!(fleet.read(|tx| manifest(tx, &only_b, &b)).unwrap().sensors.is_empty());
    assert!(is_not_found(fleet.read(|tx| manifest(tx, &only_b, &a))));
    assert!(is_not_found(fleet.read(|tx| manifest(tx, &fleet.rival_access(), &a))));
}

#[test]
fn a_sensor_is_of_a_known_type_and_on_an_own_device() {
    let fleet = Fleet::new();
    let device_id = fleet.device(&fleet.access(), "a");
    let attempt = |organization: &OrganizationId, sensor_type: &str| {
        let (organization, device_id) = (organization.clone(), device_id.clone());
        let new = NewSensor { device_id, sensor_type_id: sensor_type.into(), name: "Sonde".into() };
        fleet.write(move |tx| attach(tx, &organization, &new))
    };
    assert!(invalid(attempt(&fleet.organization, "sundial")).of("sensor_type_id").is_some());
    assert!(is_not_found(attempt(&fleet.rival, "sbe_37_smp")));
}
