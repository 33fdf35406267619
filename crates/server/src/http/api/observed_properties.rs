//! `/v1/observed-properties`: what can be measured, the same for every organization.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use model::observed_property::{self, ObservedProperty};
use rules::schema::Slug;

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{Caller, Here, Id, List, PageParams, Params, private};
use crate::http::error::Problem;

const LIST: &str = "observed-properties";

/// `GET /v1/observed-properties`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(page): Params<PageParams>,
) -> Result<Response, Problem> {
    let limit = page.limit()?;
    let after: Option<String> = page.after(&app, &caller, LIST)?;
    let found = app.db.read(|tx| observed_property::page(tx, after.as_deref(), limit)).await?;
    Ok(List::of(found, (&app, &caller, LIST)).answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Catalogue", "list_observed_properties", "List observed properties")
        .says("Everything that can be measured, by id. The catalogue is the same for every organization.")
        .query::<PageParams>()
        .returns::<List<ObservedProperty>>("A page of observed properties.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `GET /v1/observed-properties/{id}`
pub(crate) async fn show(State(app): State<App>, Id(id): Id<String>) -> Result<Response, Problem> {
    let found = app.db.read(|tx| observed_property::find(tx, &id)).await?;
    Ok(private(StatusCode::OK, &found))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Catalogue", "get_observed_property", "Show an observed property")
        .says("What is measured, with the URI of a standard term that means the same, where there is one.")
        .at::<Slug>("water_temperature")
        .returns::<ObservedProperty>("The observed property.")
        .example(example())
}

fn example() -> Value {
    json!({
        "id": "water_temperature",
        "name": "Water temperature",
        "description": "Temperature of the water at the sensor.",
        "definition": "http://vocab.nerc.ac.uk/standard_name/sea_water_temperature/"
    })
}
