//! The console's pages of the fleet: what each buoy said last, and how it went.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use model::catalogue::OBSERVED_PROPERTIES;
use model::datastream::{self, Datastream, Filter};
use model::device::{self, Device, Status};
use model::observation::{self, Extremes, Observation, Order, Quality, Window};
use model::sensor::{self, Manifest, Sensor};
use model::{Error, Tx};
use rules::access::Access;
use rules::id::{DatastreamId, DeviceId};
use rules::scope::Scope;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::Visit;
use crate::views::Place;
use crate::views::chart::{Chart, Point};
use crate::views::devices::{self as views, DeviceIndex, DeviceRow, DeviceShow, Latest, SensorRow};
use crate::views::parts::{Pages, Tone};

const INDEX: &str = "/devices";
/// How many devices a page of the list has.
const PAGE: u32 = 50;
/// More datastreams of one device than this are not drawn.
const MOST_CHARTS: u32 = 50;
/// Observations that one chart is made from, each of them: one in ten minutes for thirty days, and some.
const MOST_POINTS: u32 = 5_000;
/// The parts of which a denser series shows the extremes: as many as a chart has columns.
const PARTS: u32 = 500;

/// Which part of the list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct From {
    after: Option<DeviceId>,
}

/// `GET /devices`
pub(crate) async fn index(
    State(app): State<App>,
    visit: Visit,
    Query(from): Query<From>,
) -> Result<Response, Fail> {
    let session = visit.signed_in()?;
    let access = session.access();
    access.require(Scope::DevicesRead).map_err(Error::from)?;
    let found = app.db.read(|tx| device::page(tx, &access, from.after.as_ref(), PAGE)).await?;
    let page = DeviceIndex {
        devices: found.data.iter().map(row).collect(),
        pages: Pages {
            previous: from.after.map(|_| INDEX.to_owned()),
            next: found.next.map(|last| format!("{INDEX}?after={last}")),
        },
    };
    Ok(visit.console(session, (Place::Devices, "Devices"), views::index(&page)))
}

fn row(device: &Device) -> DeviceRow {
    let (tone, words) = match device.status {
        Status::Online => (Tone::Good, "Online"),
        Status::Late => (Tone::Warning, "Late"),
        Status::Offline => (Tone::Danger, "Offline"),
        Status::NeverSeen => (Tone::Plain, "Never seen"),
    };
    DeviceRow {
        id: device.id.to_string(),
        name: device.name.clone(),
        serial_number: device.serial_number.clone(),
        status: (tone, words.to_owned()),
        location: device.location.map(|location| (location.latitude, location.longitude)),
        last_seen_at: device.last_seen_at,
    }
}

/// How far back the charts go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Range {
    Day,
    Week,
    Month,
}

impl Range {
    const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The range of this name; of anything else, a day.
    fn named(name: Option<&str>) -> Self {
        Self::ALL.into_iter().find(|range| Some(range.name()) == name).unwrap_or(Self::Day)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Day => "24h",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Day => "24 hours",
            Self::Week => "7 days",
            Self::Month => "30 days",
        }
    }

    /// Where the range that ends at `end` begins; observations may come from the very start of time.
    fn start(self, end: Timestamp) -> Timestamp {
        end.checked_sub(self.length()).unwrap_or(Timestamp::MIN)
    }

    fn length(self) -> SignedDuration {
        SignedDuration::from_hours(match self {
            Self::Day => 24,
            Self::Week => 7 * 24,
            Self::Month => 30 * 24,
        })
    }
}

/// What is asked of a device's page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    range: Option<String>,
}

/// `GET /devices/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fail> {
    let session = visit.signed_in()?;
    let access = session.access();
    for scope in [Scope::DevicesRead, Scope::ObservationsRead] {
        access.require(scope).map_err(Error::from)?;
    }
    let id: DeviceId = id.parse().map_err(|_| Trouble::not_found())?;
    let range = Range::named(asked.range.as_deref());
    let found = app.db.scan(move |tx| Found::read(tx, &access, &id, range)).await?;
    let page = found.page(range, &app.site.api_url);
    Ok(visit.console(session, (Place::Devices, &found.device.name), views::show(&page)))
}

/// What a device's page is made from.
struct Found {
    device: Device,
    manifest: Manifest,
    series: Vec<Series>,
    end: Timestamp,
    is_past: bool,
}

/// One datastream with what it measured in the range.
struct Series {
    datastream: Datastream,
    title: String,
    points: Vec<Point>,
    gap: SignedDuration,
}

impl Found {
    fn read(tx: &mut Tx<'_>, access: &Access, id: &DeviceId, range: Range) -> model::Result<Self> {
        let device = device::find(tx, access, id)?;
        let manifest = sensor::manifest(tx, access, id)?;
        let filter = Filter { device_ids: vec![id.clone()], ..Filter::default() };
        let mut datastreams = datastream::page(tx, access, &filter, (None, MOST_CHARTS))?.data;
        datastreams.sort_by_key(rank);
        let now = tx.now();
        // A buoy that has been silent for the whole range still has a last one to show.
        let last = device.last_seen_at.filter(|seen| *seen < now - range.length());
        let end = last.unwrap_or(now);
        let series = datastreams
            .iter()
            .map(|datastream| {
                let (points, gap) = points(tx, access, &datastream.id, (range.start(end), end))?;
                let title = title(datastream, &datastreams, &manifest);
                Ok(Series { datastream: datastream.clone(), title, points, gap })
            })
            .collect::<model::Result<_>>()?;
        Ok(Self { device, manifest, series, end, is_past: last.is_some() })
    }

    fn page(&self, range: Range, api: &str) -> DeviceShow<'_> {
        let path = format!("{INDEX}/{}", self.device.id);
        let curl = format!(
            "curl -H \"Authorization: Bearer $KEY\" \\\n  \"{api}/observations/latest?device_id={}\"",
            self.device.id
        );
        DeviceShow {
            device: row(&self.device),
            latest: self.series.iter().filter_map(latest).collect(),
            charts: self.series.iter().map(|series| series.chart(self.end, range)).collect(),
            ranges: Range::ALL
                .map(|range| (range.words().to_owned(), format!("{path}?range={}", range.name())))
                .into(),
            range: range.words().to_owned(),
            is_past: self.is_past,
            sensors: self.manifest.sensors.iter().map(sensor_row).collect(),
            curl,
        }
    }
}

/// The catalogue lists the water before the air, and what most people look for first.
fn rank(datastream: &Datastream) -> Option<usize> {
    OBSERVED_PROPERTIES.iter().position(|property| property.id == datastream.observed_property.id)
}

/// What a chart is made from, and how long a silence breaks its line.
fn points(
    tx: &mut Tx<'_>,
    access: &Access,
    id: &DatastreamId,
    (start, end): (Timestamp, Timestamp),
) -> model::Result<(Vec<Point>, SignedDuration)> {
    // The window ends before its end, and the last report may be at that very instant.
    let end = end + SignedDuration::from_micros(1);
    let window = Window {
        start: Some(start),
        end: Some(end),
        order: Order::Ascending,
        after: None,
        limit: MOST_POINTS,
    };
    let page = observation::page_of(tx, access, id, &window)?;
    if page.next.is_none() {
        let points: Vec<Point> = page.data.iter().map(point).collect();
        let gap = usual_gap(&points);
        return Ok((points, gap));
    }
    // So many values are less than a part apart: a silence that is shorter than one is thinner than the line.
    let (parts, gap) = observation::outline(tx, access, id, (start, end), PARTS)?;
    Ok((parts.iter().flat_map(strokes).collect(), gap))
}

fn point(row: &Observation) -> Point {
    Point { at: row.phenomenon_time, value: row.result, quality: row.quality.into() }
}

/// A part's extremes, in one column of the chart.
fn strokes(part: &Extremes) -> impl Iterator<Item = Point> + use<> {
    let stroke = |at, value, quality| Point { at, value: Some(value), quality };
    let doubtful = part.doubtful.map(|value| stroke(part.first, value, Quality::Suspect.into()));
    let ends = [
        stroke(part.first, part.lowest, Quality::Pass.into()),
        stroke(part.last, part.highest, Quality::Pass.into()),
    ];
    doubtful.into_iter().chain(ends)
}

/// The datastream's name; with its sensor's, if another of the device's has the same.
fn title(datastream: &Datastream, all: &[Datastream], manifest: &Manifest) -> String {
    let name = &datastream.name;
    if all.iter().filter(|other| other.name == *name).count() < 2 {
        return name.clone();
    }
    let sensor = manifest.sensors.iter().find(|sensor| sensor.id == datastream.sensor_id);
    sensor.map_or_else(|| name.clone(), |sensor| format!("{name} ({})", sensor.name))
}

/// A silence as long as this breaks the line: three times what usually lies between two values.
fn usual_gap(points: &[Point]) -> SignedDuration {
    let mut steps: Vec<SignedDuration> =
        points.windows(2).filter_map(|pair| Some(pair.last()?.at.duration_since(pair.first()?.at))).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).map_or(SignedDuration::from_hours(1), |median| median.saturating_mul(3))
}

fn latest(series: &Series) -> Option<Latest> {
    let latest = series.datastream.latest?;
    Some(Latest {
        property: series.title.clone(),
        value: Some(latest.result),
        unit: series.datastream.unit.symbol.clone(),
        quality: latest.quality.into(),
        at: latest.phenomenon_time,
    })
}

impl Series {
    fn chart(&self, end: Timestamp, range: Range) -> Chart<'_> {
        Chart {
            id: self.datastream.id.as_str(),
            title: &self.title,
            unit: &self.datastream.unit.symbol,
            start: range.start(end),
            end,
            points: &self.points,
            gap: self.gap,
        }
    }
}

fn sensor_row(sensor: &Sensor) -> SensorRow {
    let properties: Vec<&str> =
        sensor.observed_properties.iter().map(|property| property.name.as_str()).collect();
    SensorRow {
        name: sensor.name.clone(),
        sensor_type: format!("{}, {}", sensor.sensor_type.name, sensor.sensor_type.manufacturer),
        properties: properties.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_is_three_usual_steps_and_one_long_silence_does_not_change_that() {
        let at = |minutes: i64| Point {
            at: Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes),
            value: Some(1.0),
            quality: 1,
        };
        let points = [at(0), at(10), at(20), at(30), at(2000), at(2010)];
        assert_eq!(usual_gap(&points), SignedDuration::from_mins(30));
        assert_eq!(usual_gap(&[]), SignedDuration::from_hours(1));
        assert_eq!(usual_gap(&points[..1]), SignedDuration::from_hours(1));
    }

    #[test]
    fn an_unknown_range_is_a_day() {
        for (name, range) in [
            (None, Range::Day),
            (Some("24h"), Range::Day),
            (Some("7d"), Range::Week),
            (Some("30d"), Range::Month),
            (Some("1y"), Range::Day),
        ] {
            assert_eq!(Range::named(name), range, "{name:?}");
        }
    }
}
