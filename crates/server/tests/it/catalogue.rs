//! Devices, datastreams and the words that describe them.

use model::device_set::Devices;
use serde_json::{Value, json};

use crate::support::{Answer, Program, TestApp, query_of};

/// Every item of a list, page by page, by the links in the header.
pub(crate) fn walk(program: &Program<'_>, first: &str) -> Vec<Value> {
    let (mut items, mut target) = (Vec::new(), first.to_owned());
    loop {
        let page = program.get(&target);
        page.assert_status(200);
        items.extend(page.json()["data"].as_array().unwrap().clone());
        match next(&page) {
            Some(next) => target = next,
            None => return items,
        }
    }
}

/// The path and query of the next page; the header and the body agree on its cursor.
pub(crate) fn next(page: &Answer) -> Option<String> {
    let link = page.header("link")?;
    let url = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
    if let Some(cursor) = page.json()["next_cursor"].as_str() {
        assert!(query_of(url).contains(&("cursor".to_owned(), cursor.to_owned())), "{url}");
    }
    Some(url.strip_prefix("http://127.0.0.1:8080").unwrap().to_owned())
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["id"].as_str().unwrap()).collect()
}

#[test]
fn a_device_is_listed_shown_and_taken_apart() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    let key = app.key("devices:read");
    let program = app.program(&key.secret);
    let list = program.get("/v1/devices");
    list.assert_status(200).assert_header("cache-control", "private, no-store").assert_no_header("link");
    let device = program.get(&format!("/v1/devices/{}", buoy.device));
    device.assert_status(200);
    assert_eq!(list.json(), json!({"data": [device.json()], "next_cursor": null}));
    assert_eq!(device.json()["status"], "never_seen");
    let manifest = program.get(&format!("/v1/devices/{}/manifest", buoy.device)).json();
    let sensor = &manifest["sensors"][0];
    assert_eq!(sensor["sensor_type"]["id"], "sbe_37_smp");
    assert_eq!(sensor["observed_properties"][0]["datastream_id"], buoy.temperature.as_str());
    assert_eq!(sensor["units"][0]["definition"], "Cel");
    let stream = program.get(&format!("/v1/datastreams/{}", buoy.salinity)).json();
    assert_eq!(stream["observed_property"], json!({"id": "salinity", "name": "Salinity"}));
    assert_eq!(stream["latest"], Value::Null);
}

#[test]
fn every_list_is_walked_once_by_its_links() {
    let app = TestApp::new();
    for _ in 0..3 {
        app.buoy(app.home());
    }
    let key = app.key("devices:read");
    let program = app.program(&key.secret);
    for (list, least) in [
        ("devices", 3),
        ("datastreams", 6),
        ("sensor-types", 10),
        ("observed-properties", 20),
        ("units-of-measurement", 10),
    ] {
        let items = walk(&program, &format!("/v1/{list}?limit=2"));
        let seen = ids(&items);
        assert!(seen.len() >= least && seen.is_sorted(), "{list}: {seen:?}");
        for id in seen {
            program.get(&format!("/v1/{list}/{id}")).assert_status(200);
        }
        let half = walk(&program, &format!("/v1/{list}?limit=1000"));
        assert_eq!(half, items, "{list}");
    }
}

#[test]
fn datastreams_are_filtered_by_device_and_property() {
    let app = TestApp::new();
    let (one, other) = (app.buoy(app.home()), app.buoy(app.home()));
    let key = app.key("devices:read");
    let program = app.program(&key.secret);
    for (query, expected) in [
        (format!("device_id={}", one.device), vec![&one.temperature, &one.salinity]),
        ("observed_property_id=salinity".to_owned(), vec![&one.salinity, &other.salinity]),
        (format!("device_id={}&observed_property_id=salinity", other.device), vec![&other.salinity]),
        (
            format!("device_id={},{}&observed_property_id=salinity&limit=1", one.device, other.device),
            vec![&one.salinity, &other.salinity],
        ),
        ("observed_property_id=turbidity".to_owned(), vec![]),
    ] {
        let items = walk(&program, &format!("/v1/datastreams?{query}"));
        assert_eq!(ids(&items), expected.iter().map(|id| id.as_str()).collect::<Vec<_>>(), "{query}");
    }
}

#[test]
fn what_is_not_within_reach_is_not_found() {
    let app = TestApp::new();
    let (own, other) = (app.buoy(app.home()), app.buoy(app.home()));
    let rival = app.organization("Rival");
    let foreign = app.buoy(&rival);
    let chosen = own.device.clone();
    let key = app.key_of(app.home(), |new| new.devices = Devices::Chosen(vec![chosen]));
    let program = app.program(&key.secret);
    program.get(&format!("/v1/devices/{}", own.device)).assert_status(200);
    assert_eq!(ids(&walk(&program, "/v1/devices?limit=1")), [own.device.as_str()]);
    let mut targets = vec![
        "/v1/devices/dev_x".to_owned(),
        "/v1/devices/%FF".to_owned(),
        "/v1/sensor-types/nothing".to_owned(),
        "/v1/observed-properties/nothing".to_owned(),
        "/v1/units-of-measurement/nothing".to_owned(),
        "/v1/datastreams?observed_property_id=nothing".to_owned(),
    ];
    for buoy in [&other, &foreign] {
        targets.extend([
            format!("/v1/devices/{}", buoy.device),
            format!("/v1/devices/{}/manifest", buoy.device),
            format!("/v1/datastreams/{}", buoy.temperature),
            format!("/v1/datastreams/{}/observations", buoy.temperature),
            format!("/v1/datastreams?device_id={}", buoy.device),
            format!("/v1/observations?device_id={}", buoy.device),
            format!("/v1/observations?datastream_id={}", buoy.temperature),
            format!("/v1/observations/latest?datastream_id={}", buoy.temperature),
        ]);
    }
    for target in targets {
        let answer = program.get(&target);
        answer.assert_status(404).assert_header("content-type", "application/problem+json");
        assert_eq!(answer.json()["code"], "not_found", "{target}");
    }
}
