//! Observations: the time series, the newest values, and what comes in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use model::Error;
use model::datastream::Filter;
use model::observation::{self, Observation, Order, Stored, Window};
use rules::access::Access;
use rules::id::{DatastreamId, DeviceId};
use rules::schema::DateTime;

use crate::app::App;
use crate::http::api::batch::{Batch, ObservationBatch};
use crate::http::api::doc::Doc;
use crate::http::api::format::{self, Format};
use crate::http::api::list::{Listed, at_most, limit_within, position};
use crate::http::api::query::time;
use crate::http::api::{Caller, Here, Id, List, Params, private};
use crate::http::error::Problem;

/// How many observations a page has when nothing is said, and at most.
const LIMITS: (u32, u32) = (1000, 10_000);
/// The most ids in one filter.
const MOST_IDS: usize = 100;

/// A stretch of a time series.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SeriesParams {
    /// The first instant that counts (RFC 3339).
    #[serde(deserialize_with = "time")]
    #[schemars(with = "Option<DateTime>")]
    start: Option<Timestamp>,
    /// The first instant that no longer counts (RFC 3339).
    #[serde(deserialize_with = "time")]
    #[schemars(with = "Option<DateTime>")]
    end: Option<Timestamp>,
    /// By time: `asc`, oldest first, which is what you get if you leave it out, or `desc`.
    order: Option<Order>,
    /// How many items, 1 to 10000; 1000 if left out.
    #[schemars(range(min = 1, max = 10000))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl SeriesParams {
    /// The list's name, with everything in it that selects rows and their order.
    fn list(&self, of: &str) -> String {
        format!("observations {of} {:?} {:?} {:?}", self.start, self.end, self.order())
    }

    fn order(&self) -> Order {
        self.order.unwrap_or(Order::Ascending)
    }

    fn window(&self, listed: Listed<'_>) -> Result<Window, Problem> {
        if let (Some(start), Some(end)) = (self.start, self.end)
            && end < start
        {
            return Err(Problem::bad_request("/end", "end is before start."));
        }
        Ok(Window {
            start: self.start,
            end: self.end,
            order: self.order(),
            after: position(self.cursor.as_deref(), listed)?,
            limit: limit_within(self.limit, LIMITS)?,
        })
    }
}

/// `GET /v1/datastreams/{id}/observations`
pub(crate) async fn series(
    (State(app), caller): (State<App>, Caller),
    Id(id): Id<DatastreamId>,
    here: Here,
    Params(params): Params<SeriesParams>,
    format: Format,
) -> Result<Response, Problem> {
    let list = params.list(id.as_str());
    let window = params.window((&app, &caller, &list))?;
    let access = caller.clone();
    let page = app.db.scan(move |tx| observation::page_of(tx, &access, &id, &window)).await?;
    Ok(format.answer(&List::of(page, (&app, &caller, &list)), &app, &here))
}

pub(crate) fn series_doc() -> Doc {
    Doc::new("Observations", "list_datastream_observations", "Read one datastream")
        .says("The observations of a datastream within a stretch of time: start belongs to it, end does not.")
        .at::<DatastreamId>("$DATASTREAM")
        .query::<SeriesParams>()
        .returns::<List<Observation>>("A page of observations.")
        .example(page_example())
        .or_as(format::OTHERS)
}

/// A stretch of time of many datastreams.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ObservationParams {
    /// Only of these devices; repeated or separated by commas, at most 100.
    device_id: Vec<DeviceId>,
    /// Only of these datastreams; repeated or separated by commas, at most 100.
    datastream_id: Vec<DatastreamId>,
    /// Only of these observed properties; repeated or separated by commas, at most 100.
    observed_property_id: Vec<String>,
    /// The first instant that counts (RFC 3339).
    #[serde(deserialize_with = "time")]
    #[schemars(with = "Option<DateTime>")]
    start: Option<Timestamp>,
    /// The first instant that no longer counts (RFC 3339).
    #[serde(deserialize_with = "time")]
    #[schemars(with = "Option<DateTime>")]
    end: Option<Timestamp>,
    /// By time: `asc`, oldest first, which is what you get if you leave it out, or `desc`.
    order: Option<Order>,
    /// How many items, 1 to 10000; 1000 if left out.
    #[schemars(range(min = 1, max = 10000))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl ObservationParams {
    fn split(self) -> Result<(Filter, SeriesParams), Problem> {
        let Self { start, end, order, limit, cursor, .. } = self;
        let filter = filter(self.device_id, self.datastream_id, self.observed_property_id)?;
        Ok((filter, SeriesParams { start, end, order, limit, cursor }))
    }
}

fn filter(
    device_ids: Vec<DeviceId>,
    datastream_ids: Vec<DatastreamId>,
    observed_property_ids: Vec<String>,
) -> Result<Filter, Problem> {
    at_most(MOST_IDS, "/device_id", &device_ids)?;
    at_most(MOST_IDS, "/datastream_id", &datastream_ids)?;
    at_most(MOST_IDS, "/observed_property_id", &observed_property_ids)?;
    Ok(Filter { device_ids, datastream_ids, observed_property_ids })
}

/// `GET /v1/observations`
pub(crate) async fn index(
    (State(app), caller): (State<App>, Caller),
    here: Here,
    Params(params): Params<ObservationParams>,
    format: Format,
) -> Result<Response, Problem> {
    let (filter, params) = params.split()?;
    let list = params.list(&format!("{filter:?}"));
    let window = params.window((&app, &caller, &list))?;
    let access = caller.clone();
    let page = app.db.scan(move |tx| observation::page(tx, &access, &filter, &window)).await?;
    Ok(format.answer(&List::of(page, (&app, &caller, &list)), &app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Observations", "list_observations", "Read many datastreams")
        .says("The observations of all datastreams that this credential covers, or of those that the filters name, merged by time.")
        .query::<ObservationParams>()
        .returns::<List<Observation>>("A page of observations.")
        .example(page_example())
        .or_as(format::OTHERS)
}

/// The newest values of many datastreams.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LatestParams {
    /// Only of these devices; repeated or separated by commas, at most 100.
    device_id: Vec<DeviceId>,
    /// Only of these datastreams; repeated or separated by commas, at most 100.
    datastream_id: Vec<DatastreamId>,
    /// Only of these observed properties; repeated or separated by commas, at most 100.
    observed_property_id: Vec<String>,
    /// How many items, 1 to 10000; 1000 if left out.
    #[schemars(range(min = 1, max = 10000))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// `GET /v1/observations/latest`
pub(crate) async fn latest(
    (State(app), caller): (State<App>, Caller),
    here: Here,
    Params(params): Params<LatestParams>,
    format: Format,
) -> Result<Response, Problem> {
    let filter = filter(params.device_id, params.datastream_id, params.observed_property_id)?;
    let list = format!("latest observations {filter:?}");
    let limit = limit_within(params.limit, LIMITS)?;
    let after: Option<DatastreamId> = position(params.cursor.as_deref(), (&app, &caller, &list))?;
    let access = caller.clone();
    let latest =
        move |tx: &mut model::Tx<'_>| observation::latest(tx, &access, &filter, (after.as_ref(), limit));
    let page = app.db.scan(latest).await?;
    Ok(format.answer(&List::of(page, (&app, &caller, &list)), &app, &here))
}

pub(crate) fn latest_doc() -> Doc {
    Doc::new("Observations", "list_latest_observations", "Read the newest values")
        .says("The newest observation with a result of each datastream that this credential covers. No filter is needed.")
        .query::<LatestParams>()
        .returns::<List<Observation>>("A page of observations, one for each datastream.")
        .example(page_example())
        .or_as(format::OTHERS)
}

/// `POST /v1/observations`
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    Batch { rows, lines, hold }: Batch,
) -> Result<Response, Problem> {
    let ingest = move |tx: &mut model::Tx<'_>, access: &Access| {
        // It goes along with the rows, which wait for their turn also when the sender hangs up.
        let _hold = &hold;
        observation::ingest(tx, access, &rows)
    };
    let outcome = caller.write(&app, ingest).await;
    let stored = outcome.map_err(|error| match error {
        Error::Invalid(invalid) => Error::Invalid(lines.add_to(invalid)),
        Error::Conflict(invalid) => Error::Conflict(lines.add_to(invalid)),
        other => other,
    })?;
    Ok(private(StatusCode::OK, &stored))
}

pub(crate) fn create_doc() -> Doc {
    Doc::new("Observations", "create_observations", "Send observations")
        .says(
            "A batch goes in as a whole or not at all, and is on disk when the answer comes. The same observation \
             again is unchanged, so after a timeout just send it again. At most 100,000 observations and 16 MiB; more \
             is refused with 413 and nothing is stored, so split it.",
        )
        .body::<ObservationBatch>(json!({"observations": [{
            "datastream_id": "dst_01kb3zq6yag3j5k7m9n2p4q6r8",
            "phenomenon_time": "2026-11-23T21:10:00Z",
            "result": 11.42,
            "quality": 1
        }]}))
        .or_body(format::OTHERS)
        .returns::<Stored>("What became of the batch.")
        .example(json!({"stored": 1, "unchanged": 0}))
        .conflicts("Another result or quality is stored already for one of these datastreams and times.")
}

fn page_example() -> serde_json::Value {
    json!({
        "data": [{
            "datastream_id": "dst_01kb3zq6yag3j5k7m9n2p4q6r8",
            "phenomenon_time": "2026-11-23T21:10:00Z",
            "result": 11.42,
            "quality": 1
        }],
        "next_cursor": null
    })
}
