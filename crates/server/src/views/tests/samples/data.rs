//! A fleet, a day of one buoy and a small reference.

use super::{HOSTILE, instant, now};
use crate::views::chart::{Chart, Point};
use crate::views::devices::{DeviceRow, DeviceShow, Latest, SensorRow};
use crate::views::docs::{Endpoint, Group, GuideLink, Mistake, Parameter, Reference, Takes};
use crate::views::parts::Tone;
use jiff::SignedDuration;

fn device(index: usize, name: &str) -> DeviceRow {
    let states = [(Tone::Good, "Reporting"), (Tone::Warning, "Silent"), (Tone::Plain, "In store")];
    let (tone, words) = states[index % 3];
    DeviceRow {
        id: format!("dev_{index}"),
        name: name.into(),
        serial_number: format!("BS-{:04}", 2040 + index),
        status: (tone, words.into()),
        location: Some((47.6 - index as f64, -122.34)),
        last_seen_at: Some(instant("2026-07-14T09:20:00Z")),
    }
}

pub(super) fn fleet() -> Vec<DeviceRow> {
    ["Inner Harbour North", "Estuary Mouth", HOSTILE, "Reef Edge 2"]
        .iter()
        .enumerate()
        .map(|(index, name)| device(index, name))
        .collect()
}

pub(super) fn series() -> Vec<Point> {
    let start = now() - SignedDuration::from_hours(24);
    let point = |index: i32| {
        let x = f64::from(index) / 144.0;
        let value = 14.2 + 1.7 * (x * std::f64::consts::TAU).sin() + 0.25 * (x * 61.0).sin();
        let at = start + SignedDuration::from_mins(i64::from(index) * 10);
        let quality = if index == 60 { 3 } else { 1 };
        Point {
            at,
            value: (!(90..=104).contains(&index)).then_some(if index == 60 { value + 1.1 } else { value }),
            quality,
        }
    };
    (0..144).map(point).collect()
}

pub(super) fn device_show(points: &[Point]) -> DeviceShow<'_> {
    let latest = |property: &str, value, unit: &str, quality| Latest {
        property: property.into(),
        value,
        unit: unit.into(),
        quality,
        at: instant("2026-07-14T09:20:00Z"),
    };
    let chart = |id, title, unit, points| Chart {
        id,
        title,
        unit,
        start: now() - SignedDuration::from_hours(24),
        end: now(),
        points,
        gap: SignedDuration::from_mins(30),
    };
    DeviceShow {
        device: device(0, "Inner Harbour North"),
        latest: vec![
            latest("Water temperature", Some(14.62), "°C", 1),
            latest("Salinity", Some(31.4), "psu", 2),
            latest("Dissolved oxygen", Some(8.913), "mg/L", 3),
            latest("Turbidity", None, "FTU", 9),
        ],
        charts: vec![chart("temperature", "Water temperature", "°C", points), chart("turbidity", "Turbidity", "FTU", &[])],
        ranges: ["24 hours", "7 days", "30 days"].map(|words| (words.to_owned(), format!("?range={}", &words[..2]))).into(),
        range: "24 hours".into(),
        is_past: true,
        sensors: vec![SensorRow { name: "Conductivity and temperature".into(), sensor_type: "SBE 37-SMP, Sea-Bird Scientific".into(), properties: "Water temperature, salinity".into() }],
        curl: "curl -H \"Authorization: Bearer $BLUESONDE_API_KEY\" \\\n  https://api.bluesonde.example/v1/observations/latest".into(),
    }
}

pub(super) fn reference() -> Reference {
    let endpoint = |method: &str, path: &str, summary: &str, scope: Option<&str>| Endpoint {
        method: method.into(),
        path: path.into(),
        summary: summary.into(),
        description: "What else is worth knowing.".into(),
        takes: scope.map_or(Takes::AnyCredential, |scope| Takes::Scope(scope.into())),
        parameters: vec![Parameter {
            name: "limit".into(),
            place: "query".into(),
            description: "How many, 1 to 1000. 50 when left out.".into(),
        }],
        request: format!(
            "curl -H \"Authorization: Bearer $BLUESONDE_API_KEY\" \\\n  https://api.bluesonde.example{path}"
        ),
        response: "{\n  \"data\": [],\n  \"next_cursor\": null\n}".into(),
    };
    Reference {
        api: "https://api.bluesonde.example/v1".into(),
        groups: vec![
            Group {
                title: "Devices".into(),
                about: "The buoys.".into(),
                endpoints: vec![
                    endpoint("GET", "/v1/devices", "List devices", Some("devices:read")),
                    endpoint("GET", "/v1/devices/{id}", "One device", Some("devices:read")),
                ],
            },
            Group {
                title: "Observations".into(),
                about: "What was measured.".into(),
                endpoints: vec![
                    endpoint("POST", "/v1/observations", "Add observations", Some("observations:write")),
                    endpoint("GET", "/v1/me", "What this credential may do", None),
                ],
            },
        ],
        guides: vec![GuideLink {
            title: "Authentication".into(),
            summary: "Keys, and the OAuth flow step by step.".into(),
            href: "/docs/guides/authentication".into(),
        }],
    }
}

pub(super) fn mistakes() -> [Mistake<'static>; 2] {
    [("not_found", 404), ("conflict", 409)].map(|(code, status)| Mistake {
        code,
        status,
        meaning: "It is not there.",
        remedy: "Look elsewhere.",
    })
}
