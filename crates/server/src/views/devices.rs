//! The fleet, and one device: latest values first, then charts.

use super::chart::{Chart, number};
use super::parts::{self, Code, Head, Pages, Table, Tone, badge, facts, foreign};
use jiff::Timestamp;
use maud::{Markup, html};

/// A device as lists show it.
pub struct DeviceRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its serial number.
    pub serial_number: String,
    /// Its state in words and how that feels.
    pub status: (Tone, String),
    /// Latitude and longitude in degrees, north and east positive.
    pub location: Option<(f64, f64)>,
    /// When it last reported.
    pub last_seen_at: Option<Timestamp>,
}

/// The list.
pub struct DeviceIndex {
    /// The devices.
    pub devices: Vec<DeviceRow>,
    /// The neighbouring pages.
    pub pages: Pages,
}

/// The list's body.
pub fn index(page: &DeviceIndex) -> Markup {
    let columns = ["Name", "Status", "Serial number", "Last known location", "Last report"];
    html! {
        (Head { crumbs: &[], title: "Devices", lead: Some("The buoys of your organization and what they last said."), action: None })
        @if page.devices.is_empty() {
            (parts::empty("No devices yet", "Buoys appear here as soon as they are assigned to your organization.", html! {}))
        } @else {
            (Table { caption: "Devices", columns: &columns, rows: page.devices.iter().map(row).collect() })
            (page.pages)
        }
    }
}

fn row(device: &DeviceRow) -> Vec<Markup> {
    vec![
        html! { a href={ "/devices/" (device.id) } { (foreign(&device.name)) } },
        badge(device.status.0, &device.status.1),
        html! { code { (device.serial_number) } },
        location(device.location),
        last_seen(device.last_seen_at),
    ]
}

fn last_seen(at: Option<Timestamp>) -> Markup {
    html! { @if let Some(at) = at { (parts::time(at)) } @else { span.quiet { "Never" } } }
}

fn location(location: Option<(f64, f64)>) -> Markup {
    let side = |value: f64, sides: (&'static str, &'static str)| {
        format!("{:.4}° {}", value.abs(), if value < 0.0 { sides.1 } else { sides.0 })
    };
    html! {
        @if let Some((latitude, longitude)) = location {
            (side(latitude, ("N", "S"))) ", " (side(longitude, ("E", "W")))
        } @else { span.quiet { "Unknown" } }
    }
}

/// The newest observation of one datastream.
pub struct Latest {
    /// What is measured.
    pub property: String,
    /// The value; `None` means missing.
    pub value: Option<f64>,
    /// The unit's symbol.
    pub unit: String,
    /// The QARTOD flag.
    pub quality: u8,
    /// When it was measured.
    pub at: Timestamp,
}

/// A sensor on the device.
pub struct SensorRow {
    /// Its name.
    pub name: String,
    /// Its type and maker.
    pub sensor_type: String,
    /// What it measures.
    pub properties: String,
}

/// The page of one device.
pub struct DeviceShow<'a> {
    /// The device.
    pub device: DeviceRow,
    /// The newest value of each datastream.
    pub latest: Vec<Latest>,
    /// The charts of the chosen range.
    pub charts: Vec<Chart<'a>>,
    /// The ranges there are: words and address.
    pub ranges: Vec<(String, String)>,
    /// The words of the chosen one.
    pub range: String,
    /// Whether the charts end with the last report, because it was before the range.
    pub is_past: bool,
    /// What is attached.
    pub sensors: Vec<SensorRow>,
    /// A line that reads the same from the API.
    pub curl: String,
}

/// The body of one device's page.
pub fn show(page: &DeviceShow<'_>) -> Markup {
    let device = &page.device;
    let ranges: Vec<(&str, &str)> =
        page.ranges.iter().map(|(words, href)| (words.as_str(), href.as_str())).collect();
    html! {
        (Head { crumbs: &[("Devices", "/devices")], title: &device.name, lead: None, action: Some(badge(device.status.0, &device.status.1)) })
        section.stack.tight {
            h2 { "Latest values" }
            @if page.latest.is_empty() { p.quiet { "Nothing has arrived yet." } }
            div.tiles { @for latest in &page.latest { (tile(latest)) } }
        }
        section.card {
            div.row { h2 { "History" } (parts::pills("Range", &ranges, &page.range)) }
            @if page.is_past { p { "Nothing arrived in this range, so the charts end with the last report." } }
            @if page.charts.is_empty() { p.quiet { "No datastreams to draw." } }
            @for chart in &page.charts { (chart) }
            p.quiet.small { "Times in UTC. A break in the line is a gap in the data; a ring marks a value whose quality is in doubt." }
        }
        (about(page))
    }
}

fn tile(latest: &Latest) -> Markup {
    html! {
        div.tile {
            span.quiet.small { (latest.property) }
            span.figure {
                @if let Some(value) = latest.value { (number(value)) " " small { (latest.unit) } } @else { "–" span.sr { "missing" } }
            }
            div.row { (quality(latest.quality)) span.quiet.small { (parts::time(latest.at)) } }
        }
    }
}

/// A QARTOD flag in a word.
pub fn quality(flag: u8) -> Markup {
    match flag {
        1 => badge(Tone::Good, "Good"),
        2 => badge(Tone::Plain, "Not checked"),
        3 => badge(Tone::Warning, "Suspect"),
        4 => badge(Tone::Danger, "Bad"),
        _ => badge(Tone::Plain, "Missing"),
    }
}

fn about(page: &DeviceShow<'_>) -> Markup {
    let device = &page.device;
    let sensor = |sensor: &SensorRow| {
        vec![foreign(&sensor.name), html! { (sensor.sensor_type) }, html! { (sensor.properties) }]
    };
    html! {
        section.stack {
            h2 { "Sensors" }
            @if page.sensors.is_empty() { p.quiet { "None attached." } } @else {
                (Table { caption: "Sensors", columns: &["Name", "Type", "Measures"], rows: page.sensors.iter().map(sensor).collect() })
            }
        }
        section.card {
            h2 { "About this device" }
            (facts(&[
                ("Id", html! { code { (device.id) } }),
                ("Serial number", html! { code { (device.serial_number) } }),
                ("Last known location", location(device.location)),
                ("Last report", last_seen(device.last_seen_at)),
            ]))
            (Code { id: "curl", title: "The same from the API", text: &page.curl })
        }
    }
}
