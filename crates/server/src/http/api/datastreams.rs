//! `/v1/datastreams`: one property measured by one sensor on one device, in one unit.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use model::datastream::{self, Datastream, Filter};
use rules::id::{DatastreamId, DeviceId};

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::list::at_most;
use crate::http::api::{Caller, Here, Id, List, PageParams, Params, private};
use crate::http::error::Problem;

/// Which datastreams, and how many.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatastreamParams {
    /// Only of these devices; repeated or separated by commas, at most 100.
    device_id: Vec<DeviceId>,
    /// Only of these observed properties; repeated or separated by commas, at most 100.
    observed_property_id: Vec<String>,
    /// How many items, 1 to 1000; 50 if left out.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

impl DatastreamParams {
    fn split(self) -> Result<(Filter, PageParams), Problem> {
        at_most(100, "/device_id", &self.device_id)?;
        at_most(100, "/observed_property_id", &self.observed_property_id)?;
        let filter = Filter {
            device_ids: self.device_id,
            datastream_ids: Vec::new(),
            observed_property_ids: self.observed_property_id,
        };
        Ok((filter, PageParams { limit: self.limit, cursor: self.cursor }))
    }
}

/// `GET /v1/datastreams`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(params): Params<DatastreamParams>,
) -> Result<Response, Problem> {
    let (filter, page) = params.split()?;
    let list = format!("datastreams {filter:?}");
    let limit = page.limit()?;
    let after: Option<DatastreamId> = page.after(&app, &caller, &list)?;
    let found = app.db.read(|tx| datastream::page(tx, &caller, &filter, (after.as_ref(), limit))).await?;
    Ok(List::of(found, (&app, &caller, &list)).answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Datastreams", "list_datastreams", "List datastreams")
        .says("The datastreams of the devices that this credential covers, oldest first, each with its newest value.")
        .query::<DatastreamParams>()
        .returns::<List<Datastream>>("A page of datastreams.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `GET /v1/datastreams/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<DatastreamId>,
) -> Result<Response, Problem> {
    let datastream = app.db.read(|tx| datastream::find(tx, &caller, &id)).await?;
    Ok(private(StatusCode::OK, &datastream))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Datastreams", "get_datastream", "Show a datastream")
        .says("What is measured, by which sensor on which device, in which unit, and the newest value.")
        .at::<DatastreamId>("$DATASTREAM")
        .returns::<Datastream>("The datastream.")
        .example(example())
}

fn example() -> Value {
    json!({
        "id": "dst_01kb3zq6yag3j5k7m9n2p4q6r8",
        "name": "Water temperature",
        "device_id": "dev_01kb3zq6y8e7v9m2r5t4w6x8a1",
        "sensor_id": "sns_01kb3zq6y9f2h4j6k8m1n3p5q7",
        "observed_property": {"id": "water_temperature", "name": "Water temperature"},
        "unit": {"id": "degree_celsius", "symbol": "°C"},
        "latest": {"phenomenon_time": "2026-11-23T21:10:00Z", "result": 11.42, "quality": 1}
    })
}
