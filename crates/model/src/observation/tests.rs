use rules::id::DeviceId;
use serde_json::json;

use super::*;
use crate::datastream::Latest;
use crate::test_fleet::{Fleet, SALINITY, at, conflict, invalid, is_not_found, observed, wire};
use crate::{Invalid, device};

fn window(order: Order, limit: u32) -> Window {
    Window { start: None, end: None, order, after: None, limit }
}

fn everything() -> Window {
    window(Order::Ascending, 10_000)
}

/// Every page of the window, as (datastream, seconds, result).
fn walk(fleet: &Fleet, access: &Access, window: &Window) -> Vec<(DatastreamId, i64, Option<f64>)> {
    let (mut seen, mut window) = (Vec::new(), window.clone());
    loop {
        let page = fleet.read(|tx| page(tx, access, &Filter::default(), &window)).unwrap();
        assert!(page.data.len() <= window.limit as usize);
        for row in page.data {
            seen.push((row.datastream_id, row.phenomenon_time.duration_since(at(0)).as_secs(), row.result));
        }
        // Through its text, as a cursor carries it.
        window.after = page.next.map(|next| next.to_string().parse().unwrap());
        if window.after.is_none() {
            return seen;
        }
    }
}

fn count(fleet: &Fleet) -> usize {
    walk(fleet, &fleet.access(), &everything()).len()
        + walk(fleet, &fleet.rival_access(), &everything()).len()
}

#[test]
fn an_observation_goes_over_the_wire_as_promised() {
    let fleet = Fleet::new();
    let (_, temperature) = fleet.thermometer(&fleet.access(), "1");
    fleet
        .ingest(&fleet.access(), &[observed(&temperature, 0, 13.9), observed(&temperature, 1, None)])
        .unwrap();
    let page = fleet.read(|tx| page_of(tx, &fleet.access(), &temperature, &everything())).unwrap();
    assert_eq!(
        wire(&page.data, &[(temperature.as_str(), "dst_a")]),
        json!([
            {"datastream_id": "dst_a", "phenomenon_time": "2026-05-01T12:00:00Z", "result": 13.9, "quality": 2},
            {"datastream_id": "dst_a", "phenomenon_time": "2026-05-01T12:00:01Z", "result": null, "quality": 9},
        ])
    );
}

#[test]
fn pages_across_datastreams_hold_each_row_once_also_among_equal_times() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let streams: Vec<DatastreamId> = (0..4).map(|n| fleet.thermometer(&own, &n.to_string()).1).collect();
    let mut expected = Vec::new();
    let mut batch = Vec::new();
    for seconds in 0..25i64 {
        for (number, stream) in streams.iter().enumerate() {
            // One dense, some sparse, and one that ends early; many share their times.
            if seconds % (number as i64 + 1) == 0 && (number != 3 || seconds < 9) {
                batch.push(observed(stream, seconds - 100, seconds as f64));
                expected.push((stream.clone(), seconds - 100, Some(seconds as f64)));
            }
        }
    }
    fleet.ingest(&own, &batch).unwrap();
    let (_, foreign) = fleet.thermometer(&fleet.rival_access(), "f");
    fleet.ingest(&fleet.rival_access(), &[observed(&foreign, -90, 1.0)]).unwrap();
    for limit in [1, 2, 3, 7, 13, 1000] {
        assert_eq!(walk(&fleet, &own, &window(Order::Ascending, limit)), expected, "limit {limit}");
    }
    expected.reverse();
    for limit in [1, 2, 3, 7, 13, 1000] {
        assert_eq!(walk(&fleet, &own, &window(Order::Descending, limit)), expected, "limit {limit}");
    }
}

#[test]
fn a_window_holds_its_start_and_not_its_end() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (_, temperature) = fleet.thermometer(&own, "1");
    let batch: Vec<_> = (-5..0).map(|seconds| observed(&temperature, seconds, 1.0)).collect();
    fleet.ingest(&own, &batch).unwrap();
    for order in [Order::Ascending, Order::Descending] {
        for limit in [1, 10] {
            let window = Window { start: Some(at(-4)), end: Some(at(-2)), ..window(order, limit) };
            let mut seconds: Vec<i64> = walk(&fleet, &own, &window).into_iter().map(|row| row.1).collect();
            seconds.sort_unstable();
            assert_eq!(seconds, [-4, -3], "{order:?}");
        }
    }
    let empty = Window { start: Some(at(-2)), end: Some(at(-4)), ..everything() };
    assert!(walk(&fleet, &own, &empty).is_empty());
}

#[test]
fn nobody_reads_beyond_their_organization_and_devices() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (device_a, a) = fleet.thermometer(&own, "a");
    let (device_b, b) = fleet.thermometer(&own, "b");
    let (_, foreign) = fleet.thermometer(&fleet.rival_access(), "f");
    fleet.ingest(&own, &[observed(&a, 0, 1.0), observed(&b, 0, 2.0)]).unwrap();
    fleet.ingest(&fleet.rival_access(), &[observed(&foreign, 0, 3.0)]).unwrap();
    let only_b = fleet.chosen(&[&device_b]);
    for (access, expected) in
        [(&own, vec![1.0, 2.0]), (&only_b, vec![2.0]), (&fleet.rival_access(), vec![3.0])]
    {
        let values = |rows: Vec<Observation>| rows.iter().filter_map(|row| row.result).collect::<Vec<_>>();
        let page = fleet.read(|tx| page(tx, access, &Filter::default(), &everything())).unwrap();
        assert_eq!(values(page.data), expected);
        let newest = fleet.read(|tx| latest(tx, access, &Filter::default(), (None, 10))).unwrap();
        assert_eq!(values(newest.data), expected);
    }
    for (access, stream) in [(&only_b, &a), (&own, &foreign), (&fleet.rival_access(), &a)] {
        let filter = Filter { datastream_ids: vec![stream.clone()], ..Filter::default() };
        assert!(is_not_found(fleet.read(|tx| page_of(tx, access, stream, &everything()))));
        assert!(is_not_found(fleet.read(|tx| page(tx, access, &filter, &everything()))));
        assert!(is_not_found(fleet.read(|tx| latest(tx, access, &filter, (None, 10)))));
    }
    let by_device = Filter { device_ids: vec![device_a], ..Filter::default() };
    assert!(is_not_found(fleet.read(|tx| latest(tx, &only_b, &by_device, (None, 10)))));
    assert_eq!(fleet.read(|tx| page(tx, &own, &by_device, &everything())).unwrap().data.len(), 1);
}

#[test]
fn the_latest_skips_missing_values_and_pages_by_datastream() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (device, temperature) = fleet.thermometer(&own, "a");
    let salinity = fleet.datastream(&own, &device, SALINITY);
    let (_, silent) = fleet.thermometer(&own, "b");
    let batch = [
        observed(&temperature, -2, 13.0),
        observed(&temperature, -1, None),
        observed(&salinity, -3, 31.0),
        observed(&silent, -1, None),
    ];
    fleet.ingest(&own, &batch).unwrap();
    let page = |after: Option<&DatastreamId>, limit| {
        fleet.read(|tx| latest(tx, &own, &Filter::default(), (after, limit))).unwrap()
    };
    let row = |id: &DatastreamId, seconds, result| Observation {
        datastream_id: id.clone(),
        phenomenon_time: at(seconds),
        result: Some(result),
        quality: Quality::NotEvaluated,
    };
    let (first, second) = (row(&temperature, -2, 13.0), row(&salinity, -3, 31.0));
    assert_eq!(page(None, 10), Page { data: vec![first.clone(), second.clone()], next: None });
    assert_eq!(page(None, 1), Page { data: vec![first], next: Some(temperature.clone()) });
    assert_eq!(page(Some(&temperature), 1), Page { data: vec![second], next: None });
    let seen = |id: &DeviceId| fleet.read(|tx| device::find(tx, &own, id)).unwrap().last_seen_at;
    assert_eq!(seen(&device), Some(at(-1)), "a missing value is a sign of life");
}

#[test]
fn sending_again_changes_nothing() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (_, temperature) = fleet.thermometer(&own, "a");
    let batch = [
        observed(&temperature, -2, 13.25),
        observed(&temperature, -1, None),
        observed(&temperature, -2, 13.25),
    ];
    assert_eq!(fleet.ingest(&own, &batch).unwrap(), Stored { stored: 2, unchanged: 1 });
    assert_eq!(fleet.ingest(&own, &batch).unwrap(), Stored { stored: 0, unchanged: 3 });
    let more = [&batch[..], &[observed(&temperature, 0, 14.0)]].concat();
    assert_eq!(fleet.ingest(&own, &more).unwrap(), Stored { stored: 1, unchanged: 3 });
    assert_eq!(fleet.ingest(&own, &[]).unwrap(), Stored::default());
    assert_eq!(count(&fleet), 3);
}

#[test]
fn another_value_or_quality_for_the_same_time_is_a_conflict_that_names_its_row() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (device, temperature) = fleet.thermometer(&own, "a");
    fleet.ingest(&own, &[observed(&temperature, -60, 13.0), observed(&temperature, -50, None)]).unwrap();
    let flagged = |quality| NewObservation { quality: Some(quality), ..observed(&temperature, -60, 13.0) };
    for (batch, row) in [
        (vec![observed(&temperature, -1, 1.0), observed(&temperature, -60, 13.1)], 1),
        (vec![observed(&temperature, -60, None)], 0),
        (vec![observed(&temperature, -1, 1.0), observed(&temperature, -50, 1.0)], 1),
        (vec![flagged(1)], 0),
        (vec![observed(&temperature, -1, 1.0), observed(&temperature, -1, 1.0), flagged(3)], 2),
        (vec![observed(&temperature, -1, 1.0), observed(&temperature, -1, 2.0)], 1),
    ] {
        let refused = conflict(fleet.ingest(&own, &batch));
        assert_eq!(refused.problems.len(), 1, "{refused:?}");
        assert!(refused.of(&format!("/observations/{row}")).is_some(), "{refused:?}");
        assert!(!refused.to_string().contains("13"), "who may write is not told what is stored");
    }
    assert_eq!(count(&fleet), 2);
    let seen = fleet.read(|tx| device::find(tx, &own, &device)).unwrap().last_seen_at;
    assert_eq!(seen, Some(at(-50)));
    assert_eq!(fleet.ingest(&own, &[flagged(2)]).unwrap(), Stored { stored: 0, unchanged: 1 });
}

#[test]
fn a_batch_with_mistakes_is_refused_whole_with_each_row_named() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (_, temperature) = fleet.thermometer(&own, "a");
    let (device_b, b) = fleet.thermometer(&own, "b");
    let (_, foreign) = fleet.thermometer(&fleet.rival_access(), "f");
    let with = |result: Option<f64>, quality| NewObservation {
        quality: Some(quality),
        ..observed(&temperature, -7, result)
    };
    let unknown = NewObservation { datastream_id: "dst_x".into(), ..observed(&temperature, -1, 1.0) };
    let batch = [
        observed(&temperature, -1, 1.0),
        observed(&foreign, -1, 1.0),
        unknown,
        observed(&temperature, -3, f64::NAN),
        observed(&temperature, -4, f64::INFINITY),
        observed(&temperature, 301, 1.0),
        with(Some(1.0), 9),
        with(None, 1),
        with(Some(1.0), 5),
        with(Some(1.0), 258),
        observed(&temperature, 299, 1.0),
    ];
    let refused = invalid(fleet.ingest(&own, &batch));
    let fields: Vec<&str> = refused.problems.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "/observations/1/datastream_id",
            "/observations/2/datastream_id",
            "/observations/3/result",
            "/observations/4/result",
            "/observations/5/phenomenon_time",
            "/observations/6/quality",
            "/observations/7/quality",
            "/observations/8/quality",
            "/observations/9/quality",
        ]
    );
    assert_eq!(
        refused.problems[0].1, refused.problems[1].1,
        "foreign and unknown are told in the same words"
    );
    let only_b = fleet.chosen(&[&device_b]);
    let outside = invalid(fleet.ingest(&only_b, &[observed(&b, -1, 1.0), observed(&temperature, -1, 1.0)]));
    assert_eq!(outside.of("/observations/1/datastream_id"), Some(refused.problems[0].1.as_str()));
    assert_eq!(count(&fleet), 0);
}

#[test]
fn many_mistakes_are_counted_after_the_twentieth() {
    let fleet = Fleet::new();
    let (_, temperature) = fleet.thermometer(&fleet.access(), "a");
    let batch: Vec<_> = (0..37).map(|n| observed(&temperature, -n, f64::NAN)).collect();
    let Invalid { problems } = invalid(fleet.ingest(&fleet.access(), &batch));
    assert_eq!(problems.len(), 21);
    assert_eq!(problems[20].0, "/observations");
    assert!(problems[20].1.contains("17 more"), "{problems:?}");
}

#[test]
fn without_a_quality_the_gross_range_of_the_sensor_type_decides() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (_, temperature) = fleet.thermometer(&own, "a");
    let cases = [
        (Some(-5.0), None, Quality::NotEvaluated),
        (Some(45.0), None, Quality::NotEvaluated),
        (Some(45.1), None, Quality::Fail),
        (Some(-5.1), None, Quality::Fail),
        (Some(99.0), Some(1), Quality::Pass),
        (Some(13.0), Some(3), Quality::Suspect),
        (None, None, Quality::Missing),
        (None, Some(9), Quality::Missing),
    ];
    let batch: Vec<_> = (0..)
        .zip(cases)
        .map(|(n, (result, quality, _))| NewObservation { quality, ..observed(&temperature, n - 60, result) })
        .collect();
    fleet.ingest(&own, &batch).unwrap();
    let page = fleet.read(|tx| page_of(tx, &own, &temperature, &everything())).unwrap();
    for (row, (result, given, expected)) in page.data.iter().zip(cases) {
        assert_eq!((row.result, row.quality), (result, expected), "{result:?} {given:?}");
    }
    assert_eq!(page.data.len(), cases.len());
}

#[test]
fn a_device_with_a_fast_clock_is_not_seen_in_the_future() {
    let fleet = Fleet::new();
    let own = fleet.access();
    let (device, temperature) = fleet.thermometer(&own, "a");
    fleet.ingest(&own, &[observed(&temperature, 200, 13.0)]).unwrap();
    let found = fleet.read(|tx| device::find(tx, &own, &device)).unwrap();
    assert!(found.last_seen_at < Some(at(1)));
    let latest = fleet.read(|tx| datastream::find(tx, &own, &temperature)).unwrap().latest;
    let quality = Quality::NotEvaluated;
    assert_eq!(latest, Some(Latest { phenomenon_time: at(200), result: 13.0, quality }));
}

#[test]
fn json_must_name_the_result_and_nothing_unknown() {
    let parse = |rest: &str| {
        let text =
            format!(r#"{{"datastream_id": "dst_a", "phenomenon_time": "2026-05-01T12:00:00Z"{rest}}}"#);
        serde_json::from_str::<NewObservation>(&text)
    };
    assert_eq!(parse(r#", "result": 1.5, "quality": 1"#).unwrap().quality, Some(1));
    assert_eq!(parse(r#", "result": null"#).unwrap().result, None);
    assert!(parse("").is_err());
    assert!(parse(r#", "result": 1, "qualty": 1"#).is_err());
    assert!(parse(r#", "value": 1"#).is_err());
}

#[test]
fn a_position_survives_its_text() {
    let stream = DatastreamId::new(at(0), [7; 10]);
    let position = Position { time: at(-1), datastream_id: stream };
    assert_eq!(position.to_string().parse(), Ok(position));
    for text in ["", "1", "x dst_a", "1 dst_a", "9223372036854775807 dst_00000000000000000000000000"] {
        assert_eq!(text.parse::<Position>(), Err(BadPosition), "{text:?}");
    }
}
