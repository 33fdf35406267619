//! Reading the time series.

use serde_json::{Value, json};

use crate::catalogue::{next, walk};
use crate::support::{Buoy, TestApp, ten_minutes};

/// A server with one buoy that has measured for an hour, and a key that reads it.
fn measured() -> (TestApp, Buoy, String) {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    app.measured(app.home(), &buoy.temperature, &[10.0, 10.1, 10.2, 10.3, 10.4, 10.5]);
    app.measured(app.home(), &buoy.salinity, &[31.0, 31.1, 31.2]);
    let key = app.key("observations:read");
    (app, buoy, key.secret)
}

fn results(items: &[Value]) -> Vec<f64> {
    items.iter().map(|item| item["result"].as_f64().unwrap()).collect()
}

#[test]
fn a_window_has_its_start_and_not_its_end() {
    let (app, buoy, key) = measured();
    let program = app.program(&key);
    let series = format!("/v1/datastreams/{}/observations", buoy.temperature);
    for (query, expected) in [
        (String::new(), vec![10.0, 10.1, 10.2, 10.3, 10.4, 10.5]),
        ("order=asc&limit=2".to_owned(), vec![10.0, 10.1, 10.2, 10.3, 10.4, 10.5]),
        ("order=desc&limit=4".to_owned(), vec![10.5, 10.4, 10.3, 10.2, 10.1, 10.0]),
        (format!("start={}&end={}", ten_minutes(1), ten_minutes(3)), vec![10.1, 10.2]),
        (format!("start={}&limit=1", ten_minutes(4)), vec![10.4, 10.5]),
        (format!("end={}&order=desc", ten_minutes(2)), vec![10.1, 10.0]),
        ("start=2026-05-01T02:40:00%2B02:00&end=2026-05-01T00:50:00Z".to_owned(), vec![10.4]),
        (format!("start={0}&end={0}", ten_minutes(1)), vec![]),
    ] {
        let items = walk(&program, &format!("{series}?{query}"));
        assert_eq!(results(&items), expected, "{query}");
    }
    let first = &walk(&program, &series)[0];
    let expected = json!({
        "datastream_id": buoy.temperature.as_str(),
        "phenomenon_time": "2026-05-01T00:00:00Z",
        "result": 10.0,
        "quality": 1
    });
    assert_eq!(first, &expected);
}

#[test]
fn many_datastreams_are_merged_by_time_and_filtered() {
    let (app, buoy, key) = measured();
    let other = app.buoy(app.home());
    app.measured(app.home(), &other.temperature, &[20.0]);
    let program = app.program(&key);
    for (query, expected) in [
        ("limit=2".to_owned(), vec![10.0, 31.0, 20.0, 10.1, 31.1, 10.2, 31.2, 10.3, 10.4, 10.5]),
        ("observed_property_id=salinity&limit=1&order=desc".to_owned(), vec![31.2, 31.1, 31.0]),
        (format!("device_id={}", other.device), vec![20.0]),
        (
            format!("datastream_id={},{}&end={}", other.temperature, buoy.salinity, ten_minutes(1)),
            vec![31.0, 20.0],
        ),
    ] {
        assert_eq!(results(&walk(&program, &format!("/v1/observations?{query}"))), expected, "{query}");
    }
    let latest = walk(&program, "/v1/observations/latest?limit=2");
    assert_eq!(results(&latest), [10.5, 31.2, 20.0]);
    let latest = walk(&program, &format!("/v1/observations/latest?device_id={}", buoy.device));
    assert_eq!(results(&latest), [10.5, 31.2]);
}

#[test]
fn accept_chooses_the_format_and_the_link_goes_on_in_each() {
    let (app, buoy, key) = measured();
    let program = app.program(&key);
    let id = &buoy.temperature;
    let series = format!("/v1/datastreams/{id}/observations?limit=5");
    let csv = program.get_with(&series, ("accept", "text/csv"));
    csv.assert_status(200)
        .assert_header("content-type", "text/csv; charset=utf-8; header=present")
        .assert_header("vary", "Accept")
        .assert_header("cache-control", "private, no-store");
    assert_eq!(csv.body.lines().next(), Some("datastream_id,phenomenon_time,result,quality"));
    assert_eq!(csv.body.split("\r\n").nth(2), Some(format!("{id},2026-05-01T00:10:00Z,10.1,1").as_str()));
    let rest = program.get_with(&next(&csv).unwrap(), ("accept", "application/x-ndjson"));
    rest.assert_header("content-type", "application/x-ndjson").assert_no_header("link");
    let line = format!(
        "{{\"datastream_id\":\"{id}\",\"phenomenon_time\":\"2026-05-01T00:50:00Z\",\"result\":10.5,\"quality\":1}}\n"
    );
    assert_eq!(rest.body, line);
    for target in ["/v1/observations", "/v1/observations/latest"] {
        for (accept, kind) in
            [("text/csv;q=0.9, application/json;q=0.1", "text/csv"), ("image/png", "application/json")]
        {
            let answer = program.get_with(target, ("accept", accept));
            assert!(answer.header("content-type").unwrap().starts_with(kind), "{target} as {accept}");
        }
    }
}

#[test]
fn a_wrong_parameter_is_named() {
    let (app, buoy, key) = measured();
    let key = app.program(&key);
    let all = app.key("devices:read observations:read api_keys:read");
    let all = app.program(&all.secret);
    let ids = vec!["salinity"; 101].join(",");
    for (query, pointer) in [
        ("limit=0", "/limit"),
        ("limit=10001", "/limit"),
        ("limit=-1", "/limit"),
        ("limit=ten", "/limit"),
        ("limit=", "/limit"),
        ("limit=1&limit=2", "/limit"),
        ("cursor=", "/cursor"),
        ("cursor=x", "/cursor"),
        ("cursor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "/cursor"),
        ("start=yesterday", "/start"),
        ("start=2026-05-01", "/start"),
        ("start=2026-05-01T00:00:00", "/start"),
        ("end=2026-13-01T00:00:00Z", "/end"),
        ("start=2026-05-02T00:00:00Z&end=2026-05-01T00:00:00Z", "/end"),
        ("order=sideways", "/order"),
        ("device_id=dev_7", "/device_id"),
        ("datastream_id=", "/datastream_id"),
        ("datastream_id=dst_1,dst_2", "/datastream_id"),
        (&format!("observed_property_id={ids}"), "/observed_property_id"),
        ("interval=1h", "/interval"),
        ("strat=2026-05-01T00:00:00Z", "/strat"),
    ] {
        let answer = key.get(&format!("/v1/observations?{query}"));
        answer.assert_status(400).assert_header("content-type", "application/problem+json");
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{query}: {}", answer.body);
    }
    for list in [
        "devices".to_owned(),
        "sensor-types".to_owned(),
        "observed-properties".to_owned(),
        "units-of-measurement".to_owned(),
        "datastreams".to_owned(),
        "api-keys".to_owned(),
        "observations/latest".to_owned(),
        format!("datastreams/{}/observations", buoy.temperature),
    ] {
        for (query, pointer) in
            [("limit=0", "/limit"), ("limit=10001", "/limit"), ("cursor=x", "/cursor"), ("x=1", "/x")]
        {
            let answer = all.get(&format!("/v1/{list}?{query}"));
            answer.assert_status(400);
            assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{list}?{query}: {}", answer.body);
        }
    }
}

#[test]
fn a_cursor_goes_on_with_its_own_query_only() {
    let (app, buoy, key) = measured();
    let rival = app.organization("Rival");
    let foreign = app.buoy(&rival);
    let theirs = app.key_of(&rival, |_| {});
    let program = app.program(&key);
    let query = format!("start={}&limit=2", ten_minutes(0));
    let page = program.get(&format!("/v1/observations?{query}"));
    let cursor = page.json()["next_cursor"].as_str().unwrap().to_owned();
    let go_on = |target: &str| program.get(&format!("{target}cursor={cursor}"));
    go_on(&format!("/v1/observations?{query}&")).assert_status(200);
    go_on(&format!("/v1/observations?start={}&limit=5&", ten_minutes(0))).assert_status(200);
    for target in [
        "/v1/observations?".to_owned(),
        format!("/v1/observations?start={}&", ten_minutes(1)),
        format!("/v1/observations?{query}&end={}&", ten_minutes(3)),
        format!("/v1/observations?{query}&order=desc&"),
        format!("/v1/observations?{query}&observed_property_id=salinity&"),
        format!("/v1/observations?{query}&device_id={}&", buoy.device),
        format!("/v1/observations?{query}&datastream_id={}&", buoy.salinity),
        format!("/v1/datastreams/{}/observations?{query}&", buoy.temperature),
        "/v1/observations/latest?limit=2&".to_owned(),
    ] {
        let answer = go_on(&target);
        answer.assert_status(400);
        assert_eq!(answer.json()["errors"][0]["pointer"], "/cursor", "{target}");
    }
    let stolen = app.program(&theirs.secret).get(&format!("/v1/observations?{query}&cursor={cursor}"));
    stolen.assert_status(400);
    app.program(&theirs.secret)
        .get(&format!("/v1/observations?datastream_id={}", foreign.salinity))
        .assert_status(200);
}

#[test]
fn each_endpoint_takes_its_scope_before_it_looks_at_anything() {
    let (app, buoy, _) = measured();
    let devices = app.key("devices:read");
    let observations = app.key("observations:read");
    let for_devices = [
        format!("/v1/devices/{}", buoy.device),
        "/v1/devices/nothing".to_owned(),
        "/v1/datastreams?limit=x".to_owned(),
        "/v1/sensor-types".to_owned(),
        "/v1/observed-properties/nothing".to_owned(),
        "/v1/units-of-measurement".to_owned(),
    ];
    let for_observations = [
        "/v1/observations?limit=x".to_owned(),
        "/v1/observations/latest".to_owned(),
        format!("/v1/datastreams/{}/observations", buoy.temperature),
    ];
    for (key, targets) in [(&observations, &for_devices[..]), (&devices, &for_observations[..])] {
        for target in targets {
            let answer = app.program(&key.secret).get(target);
            answer.assert_status(403);
            assert_eq!(answer.json()["code"], "insufficient_scope", "{target}");
        }
    }
}
