use serde_json::json;

use super::*;
use crate::test_fleet::{Fleet, SALINITY, TEMPERATURE, at, invalid, is_not_found, observed, wire};

fn ids(fleet: &Fleet, access: &Access, filter: &Filter) -> Vec<DatastreamId> {
    let page = fleet.read(|tx| page(tx, access, filter, (None, 100))).unwrap();
    page.data.into_iter().map(|datastream| datastream.id).collect()
}

#[test]
fn a_datastream_goes_over_the_wire_as_promised() {
    let fleet = Fleet::new();
    let (device, temperature) = fleet.thermometer(&fleet.access(), "1");
    let wired = || {
        let found = fleet.read(|tx| find(tx, &fleet.access(), &temperature)).unwrap();
        let names = [(device.as_str(), "dev_a"), (temperature.as_str(), "dst_a")];
        wire(&found, &[&names[..], &[(found.sensor_id.as_str(), "sns_a")]].concat())
    };
    let mut expected = json!({
        "id": "dst_a",
        "name": "Water temperature",
        "device_id": "dev_a",
        "sensor_id": "sns_a",
        "observed_property": {"id": "water_temperature", "name": "Water temperature"},
        "unit": {"id": "degree_celsius", "symbol": "°C"},
        "latest": null,
    });
    assert_eq!(wired(), expected);
    fleet.ingest(&fleet.access(), &[observed(&temperature, 0, 13.9)]).unwrap();
    expected["latest"] = json!({"phenomenon_time": "2026-05-01T12:00:00Z", "result": 13.9, "quality": 2});
    assert_eq!(wired(), expected);
}

#[test]
fn filters_narrow_and_never_widen() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (device_a, temperature_a) = fleet.thermometer(&own, "a");
    let salinity_a = fleet.datastream(&own, &device_a, SALINITY);
    let (device_b, temperature_b) = fleet.thermometer(&own, "b");
    let (foreign_device, foreign) = fleet.thermometer(&fleet.rival_access(), "c");
    let only_b = fleet.chosen(&[&device_b]);
    let property = |id: &str| Filter { observed_property_ids: vec![id.into()], ..Filter::default() };
    let devices = |ids: &[&DeviceId]| Filter {
        device_ids: ids.iter().map(|id| (*id).clone()).collect(),
        ..Filter::default()
    };
    let all = Filter::default();
    for (access, filter, expected) in [
        (&own, &all, vec![&temperature_a, &salinity_a, &temperature_b]),
        (&own, &property("water_temperature"), vec![&temperature_a, &temperature_b]),
        (&own, &property("turbidity"), vec![]),
        (&own, &devices(&[&device_a]), vec![&temperature_a, &salinity_a]),
        (&own, &devices(&[&device_a, &device_b]), vec![&temperature_a, &salinity_a, &temperature_b]),
        (&own, &Filter { observed_property_ids: vec!["salinity".into()], ..devices(&[&device_b]) }, vec![]),
        (&only_b, &all, vec![&temperature_b]),
        (&fleet.rival_access(), &all, vec![&foreign]),
    ] {
        let found = ids(&fleet, access, filter);
        assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
    }
    let streams = |id: &DatastreamId| Filter { datastream_ids: vec![id.clone()], ..Filter::default() };
    for (access, filter) in [
        (&own, devices(&[&device_a, &foreign_device])),
        (&own, streams(&foreign)),
        (&own, property("no_such_property")),
        (&only_b, devices(&[&device_a])),
        (&only_b, streams(&temperature_a)),
    ] {
        assert!(is_not_found(fleet.read(|tx| page(tx, access, &filter, (None, 10)))), "{filter:?}");
        assert!(is_not_found(fleet.read(|tx| numbers(tx, access, &filter))), "{filter:?}");
    }
    assert!(is_not_found(fleet.read(|tx| find(tx, &only_b, &salinity_a))));
}

#[test]
fn pages_go_on_behind_the_last_datastream() {
    let fleet = Fleet::new();
    let made: Vec<DatastreamId> =
        (0..3).map(|n| fleet.thermometer(&fleet.access(), &n.to_string()).1).collect();
    let page = |after: Option<&DatastreamId>| {
        fleet.read(|tx| super::page(tx, &fleet.access(), &Filter::default(), (after, 2))).unwrap()
    };
    let first = page(None);
    assert_eq!(first.next.as_ref(), Some(&made[1]));
    let second = page(first.next.as_ref());
    assert_eq!((second.data.len(), second.data[0].id.clone(), second.next), (1, made[2].clone(), None));
}

#[test]
fn a_datastream_is_of_a_sensor_that_measures_it_and_only_once() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (_, temperature) = fleet.thermometer(&own, "a");
    let sensor_id = fleet.read(|tx| find(tx, &own, &temperature)).unwrap().sensor_id;
    let attempt = |organization: &OrganizationId, (property, unit): (&str, &str)| {
        let (sensor_id, organization) = (sensor_id.clone(), organization.clone());
        let (observed_property_id, unit_id) = (property.to_owned(), unit.to_owned());
        let new = NewDatastream { sensor_id, observed_property_id, unit_id, name: Some("Again".into()) };
        fleet.write(move |tx| create(tx, &organization, &new))
    };
    assert!(invalid(attempt(&fleet.organization, TEMPERATURE)).of("observed_property_id").is_some());
    for pair in [("wind_speed", "metre_per_second"), ("salinity", "degree_celsius"), ("", "")] {
        assert!(invalid(attempt(&fleet.organization, pair)).of("sensor_id").is_some(), "{pair:?}");
    }
    assert!(invalid(attempt(&fleet.rival, SALINITY)).of("sensor_id").is_some());
    assert!(attempt(&fleet.organization, SALINITY).is_ok());
}

#[test]
fn the_latest_value_moves_forward_only() {
    let fleet = Fleet::new();
    let (_, temperature) = fleet.thermometer(&fleet.access(), "a");
    let latest = || fleet.read(|tx| find(tx, &fleet.access(), &temperature)).unwrap().latest;
    for (seconds, result, newest) in
        [(-60, Some(1.0), -60), (-120, Some(2.0), -60), (0, None, -60), (-30, Some(3.0), -30)]
    {
        fleet.ingest(&fleet.access(), &[observed(&temperature, seconds, result)]).unwrap();
        assert_eq!(latest().map(|latest| latest.phenomenon_time), Some(at(newest)));
    }
    assert_eq!(latest().map(|latest| latest.result), Some(3.0));
}
