//! Sending observations.

use axum::body::Body;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::catalogue::walk;
use crate::support::TestApp;

const TARGET: &str = "/v1/observations";

#[test]
fn what_was_sent_comes_back_bit_by_bit() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    let key = app.key("observations:read observations:write");
    let program = app.program(&key.secret);
    let results =
        [0.1 + 0.2, -5e-324, 1e-7, f64::MAX, 11.42, 123_456_789.123_456_79, 9_007_199_254_740_993.0];
    let rows: Vec<Value> = (0..)
        .zip(results)
        .map(|(n, result)| {
            let time = format!("2026-05-01T00:00:00.{n:06}Z");
            json!({"datastream_id": buoy.temperature.as_str(), "phenomenon_time": time, "result": result})
        })
        .collect();
    let answer = program.post(TARGET, &json!({"observations": rows}));
    answer.assert_status(200);
    assert_eq!(answer.json(), json!({"stored": 7, "unchanged": 0}));
    let back = walk(&program, "/v1/observations?limit=2");
    let bits = |result: f64| result.to_bits();
    assert_eq!(
        back.iter().map(|row| bits(row["result"].as_f64().unwrap())).collect::<Vec<_>>(),
        results.map(bits)
    );
}

#[test]
fn all_formats_send_the_same_and_the_same_again_is_unchanged() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    let key = app.key("observations:read observations:write");
    let program = app.program(&key.secret);
    let (a, b) = (&buoy.temperature, &buoy.salinity);
    let json = json!({"observations": [
        {"datastream_id": a.as_str(), "phenomenon_time": "2026-05-01T00:00:00Z", "result": 10.5, "quality": 1},
        {"datastream_id": b.as_str(), "phenomenon_time": "2026-05-01T00:00:00Z", "result": null},
    ]});
    let csv = format!(
        "datastream_id,phenomenon_time,result,quality\n{a},2026-05-01T00:00:00Z,10.5,1\n{b},2026-05-01T00:00:00Z,,\n"
    );
    let ndjson: String =
        json["observations"].as_array().unwrap().iter().map(|row| format!("{row}\n")).collect();
    let first = program.post_as(TARGET, "text/csv", csv);
    assert_eq!(first.json(), json!({"stored": 2, "unchanged": 0}), "{}", first.body);
    assert_eq!(program.post(TARGET, &json).json(), json!({"stored": 0, "unchanged": 2}));
    let again = program.post_as(TARGET, "application/x-ndjson", ndjson);
    assert_eq!(again.json(), json!({"stored": 0, "unchanged": 2}), "{}", again.body);
    assert_eq!(walk(&program, TARGET)[1]["result"], Value::Null);
    assert_eq!(walk(&program, TARGET)[1]["quality"], 9);
}

#[test]
fn one_bad_row_keeps_the_whole_batch_out_and_is_named() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    let rival = app.organization("Rival");
    let foreign = app.buoy(&rival);
    app.measured(app.home(), &buoy.salinity, &[31.0]);
    let key = app.key("observations:read observations:write");
    let program = app.program(&key.secret);
    let good = format!("{},2026-05-01T00:00:00Z,10.5,1", buoy.temperature);
    for (row, status, part) in [
        (format!("{},2026-05-01T00:00:00Z,NaN,1", buoy.temperature), 400, "/result"),
        (format!("{},2026-05-01T00:00:00Z,1e999,1", buoy.temperature), 400, "/result"),
        (format!("{},2026-05-01T00:10:00Z,10.5,7", buoy.temperature), 400, "/quality"),
        (format!("{},2030-05-01T00:10:00Z,10.5,1", buoy.temperature), 400, "/phenomenon_time"),
        (format!("{},2026-05-01T00:10:00Z,10.5,1", foreign.temperature), 400, "/datastream_id"),
        ("nothing,2026-05-01T00:10:00Z,10.5,1".to_owned(), 400, "/datastream_id"),
        (format!("{},2026-05-01T00:00:00Z,31.5,1", buoy.salinity), 409, ""),
        (format!("{},2026-05-01T00:00:00Z,10.6,1", buoy.temperature), 409, ""),
    ] {
        let body = format!("datastream_id,phenomenon_time,result,quality\n{good}\n\n{row}\n");
        let answer = program.post_as(TARGET, "text/csv", body);
        answer.assert_status(status);
        let error = &answer.json()["errors"][0];
        assert_eq!(error["pointer"], format!("/observations/1{part}"), "{row}");
        assert!(error["detail"].as_str().unwrap().starts_with("Line 4: "), "{row}: {error}");
        assert_eq!(walk(&program, TARGET).len(), 1, "{row}");
    }
}

#[test]
fn a_body_that_cannot_be_read_changes_nothing() {
    let app = TestApp::new();
    app.buoy(app.home());
    let key = app.key("observations:read observations:write");
    let program = app.program(&key.secret);
    let large = || Body::from(vec![b'\n'; 17 * 1024 * 1024]);
    // A body within another has no length that could be announced.
    let unannounced = || Body::new(large().map_frame(|frame| frame));
    for (content_type, body, status, code) in [
        ("application/json", Body::from("{\"observations\": ["), 400, "invalid_request"),
        ("application/json", Body::from("{\"observations\": {}}"), 400, "invalid_request"),
        ("application/json", Body::empty(), 400, "invalid_request"),
        ("text/csv", Body::empty(), 400, "invalid_request"),
        ("text/csv", Body::from(&b"\xff"[..]), 400, "invalid_request"),
        ("text/plain", Body::from("x"), 415, "unsupported_media_type"),
        ("application/x-www-form-urlencoded", Body::from("a=b"), 415, "unsupported_media_type"),
        ("application/x-ndjson", large(), 413, "body_too_large"),
        ("application/x-ndjson", unannounced(), 413, "body_too_large"),
    ] {
        let answer = program.post_as(TARGET, content_type, body);
        answer.assert_status(status);
        assert_eq!(answer.json()["code"], code, "{content_type}");
    }
    assert!(walk(&program, TARGET).is_empty());
}

#[test]
fn sending_takes_the_scope_to_write() {
    let app = TestApp::new();
    let key = app.key("observations:read devices:write");
    let answer = app.program(&key.secret).post(TARGET, &json!({"observations": []}));
    answer.assert_status(403);
    assert_eq!(answer.json()["code"], "insufficient_scope");
    let key = app.key("observations:write");
    let answer = app.program(&key.secret).post(TARGET, &json!({"observations": []}));
    assert_eq!(answer.json(), json!({"stored": 0, "unchanged": 0}));
    app.program(&key.secret).get(TARGET).assert_status(403);
}
