use serde_json::json;

use super::*;
use crate::test_fleet::{Fleet, at, invalid, is_not_found, new_device, observed, wire};

#[test]
fn a_device_goes_over_the_wire_as_promised() {
    let fleet = Fleet::new();
    let location = Some(Location { latitude: 42.346, longitude: -70.651, at: at(0) });
    let (organization, new) = (fleet.organization.clone(), NewDevice { location, ..new_device("44013") });
    let made = fleet.write(move |tx| create(tx, &organization, new.clone())).unwrap();
    let found = fleet.read(|tx| find(tx, &fleet.access(), &made.id)).unwrap();
    assert_eq!(found, made);
    assert_eq!(
        wire(&found, &[(found.id.as_str(), "dev_a")]),
        json!({
            "id": "dev_a",
            "name": "Buoy 44013",
            "serial_number": "44013",
            "location": {"latitude": 42.346, "longitude": -70.651, "at": "2026-05-01T12:00:00Z"},
            "status": "never_seen",
            "last_seen_at": null,
            "created_at": "2026-05-01T12:00:00Z",
        })
    );
}

#[test]
fn a_device_is_online_for_two_intervals_late_until_six_and_then_offline() {
    let fleet = Fleet::new();
    let (device, temperature) = fleet.thermometer(&fleet.access(), "1");
    let status = || fleet.read(|tx| find(tx, &fleet.access(), &device)).unwrap().status;
    assert_eq!(status(), Status::NeverSeen);
    fleet.ingest(&fleet.access(), &[observed(&temperature, 0, None)]).unwrap();
    for (silence, expected) in [
        (SignedDuration::ZERO, Status::Online),
        (SignedDuration::from_mins(20), Status::Online),
        (SignedDuration::from_secs(1201), Status::Late),
        (SignedDuration::from_mins(60), Status::Late),
        (SignedDuration::from_secs(3601), Status::Offline),
    ] {
        let status = Status::of(Some(at(0)), SignedDuration::from_mins(10), at(0) + silence);
        assert_eq!(status, expected, "{silence}");
    }
    assert_eq!(status(), Status::Online);
    fleet.advance(7200);
    assert_eq!(status(), Status::Offline);
}

#[test]
fn a_device_is_not_found_by_another_organization_nor_outside_the_chosen_set() {
    let fleet = Fleet::new();
    let (a, b) = (fleet.device(&fleet.access(), "a"), fleet.device(&fleet.access(), "b"));
    let only_b = fleet.chosen(&[&b]);
    let found = |access: &Access, id: &DeviceId| fleet.read(|tx| find(tx, access, id));
    assert!(found(&fleet.access(), &a).is_ok());
    assert!(found(&only_b, &b).is_ok());
    assert!(is_not_found(found(&only_b, &a)));
    assert!(is_not_found(found(&fleet.rival_access(), &a)));
    assert!(is_not_found(found(&fleet.access(), &DeviceId::new(at(0), [9; 10]))));
}

#[test]
fn pages_hold_each_device_once_and_only_what_the_caller_may_see() {
    let fleet = Fleet::new();
    let own: Vec<DeviceId> = (0..5).map(|n| fleet.device(&fleet.access(), &n.to_string())).collect();
    fleet.device(&fleet.rival_access(), "0");
    let chosen = fleet.chosen(&[&own[3], &own[0], &own[4]]);
    for (access, expected) in
        [(fleet.access(), own.clone()), (chosen, vec![own[0].clone(), own[3].clone(), own[4].clone()])]
    {
        for limit in [1, 2, 3, 5, 10] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let page = fleet.read(|tx| page(tx, &access, after.as_ref(), limit)).unwrap();
                assert!(page.data.len() <= limit as usize);
                seen.extend(page.data.into_iter().map(|device| device.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, expected, "limit {limit}");
        }
    }
}

#[test]
fn a_serial_number_is_taken_once_in_each_organization() {
    let fleet = Fleet::new();
    fleet.device(&fleet.access(), "44013");
    fleet.device(&fleet.rival_access(), "44013");
    let organization = fleet.organization.clone();
    let again = fleet.write(move |tx| create(tx, &organization, new_device("44013")));
    assert!(invalid(again).of("serial_number").is_some());
}

#[test]
fn a_device_that_cannot_be_is_refused_in_the_field_that_is_wrong() {
    let fleet = Fleet::new();
    let place = |latitude, longitude| Some(Location { latitude, longitude, at: at(0) });
    for (field, new) in [
        ("name", NewDevice { name: String::new(), ..new_device("1") }),
        ("name", NewDevice { name: "x".repeat(101), ..new_device("1") }),
        ("name", NewDevice { name: "two\nlines".into(), ..new_device("1") }),
        ("serial_number", NewDevice { serial_number: " 1".into(), ..new_device("1") }),
        ("location/latitude", NewDevice { location: place(90.1, 0.0), ..new_device("1") }),
        ("location/latitude", NewDevice { location: place(f64::NAN, 0.0), ..new_device("1") }),
        ("location/longitude", NewDevice { location: place(0.0, -180.1), ..new_device("1") }),
        ("interval_seconds", NewDevice { interval_seconds: 0, ..new_device("1") }),
    ] {
        let organization = fleet.organization.clone();
        let refused = invalid(fleet.write(move |tx| create(tx, &organization, new.clone())));
        assert_eq!(refused.problems.len(), 1, "{refused:?}");
        assert!(refused.of(field).is_some(), "{field}: {refused:?}");
    }
}

#[test]
fn a_device_that_moves_takes_its_datastreams_along_and_is_out_of_reach_where_it_was_chosen() {
    let fleet = Fleet::new();
    let (device, temperature) = fleet.thermometer(&fleet.access(), "1");
    let chosen_one = fleet.chosen(&[&device]);
    let (id, rival) = (device.clone(), fleet.rival.clone());
    fleet
        .write(move |tx| {
            let params = params![rival.as_str(), id.as_str()];
            Ok(tx.execute("UPDATE device SET organization_id = ?1 WHERE id = ?2", params)?)
        })
        .unwrap();
    let stream = |access: &Access| fleet.read(|tx| crate::datastream::find(tx, access, &temperature));
    assert!(stream(&fleet.rival_access()).is_ok());
    assert!(is_not_found(stream(&fleet.access())));
    assert!(is_not_found(fleet.read(|tx| find(tx, &chosen_one, &device))));
    assert!(fleet.read(|tx| page(tx, &chosen_one, None, 10)).unwrap().data.is_empty());
}

#[test]
fn names_come_in_the_order_of_the_alphabet() {
    let fleet = Fleet::new();
    for serial_number in ["b", "a"] {
        fleet.device(&fleet.access(), serial_number);
    }
    let names = fleet.read(|tx| names(tx, &fleet.organization)).unwrap();
    assert_eq!(names.into_iter().map(|(_, name, _)| name).collect::<Vec<_>>(), ["Buoy a", "Buoy b"]);
}
