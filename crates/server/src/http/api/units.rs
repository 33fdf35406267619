//! `/v1/units-of-measurement`: units with their UCUM codes, the same for every organization.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use model::unit_of_measurement::{self, UnitOfMeasurement};
use rules::schema::Slug;

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{Caller, Here, Id, List, PageParams, Params, private};
use crate::http::error::Problem;

const LIST: &str = "units-of-measurement";

/// `GET /v1/units-of-measurement`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(page): Params<PageParams>,
) -> Result<Response, Problem> {
    let limit = page.limit()?;
    let after: Option<String> = page.after(&app, &caller, LIST)?;
    let found = app.db.read(|tx| unit_of_measurement::page(tx, after.as_deref(), limit)).await?;
    Ok(List::of(found, (&app, &caller, LIST)).answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Catalogue", "list_units_of_measurement", "List units of measurement")
        .says("Every unit that results come in, by id. The catalogue is the same for every organization.")
        .query::<PageParams>()
        .returns::<List<UnitOfMeasurement>>("A page of units of measurement.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `GET /v1/units-of-measurement/{id}`
pub(crate) async fn show(State(app): State<App>, Id(id): Id<String>) -> Result<Response, Problem> {
    let found = app.db.read(|tx| unit_of_measurement::find(tx, &id)).await?;
    Ok(private(StatusCode::OK, &found))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Catalogue", "get_unit_of_measurement", "Show a unit of measurement")
        .says("The unit: how it is printed beside a value, and its UCUM code.")
        .at::<Slug>("degree_celsius")
        .returns::<UnitOfMeasurement>("The unit of measurement.")
        .example(example())
}

fn example() -> Value {
    json!({"id": "degree_celsius", "name": "Degree Celsius", "symbol": "°C", "definition": "Cel"})
}
