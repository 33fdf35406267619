//! `/v1/sensor-types`: classes of hardware, the same for every organization.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use model::sensor_type::{self, SensorType};
use rules::schema::Slug;

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{Caller, Here, Id, List, PageParams, Params, private};
use crate::http::error::Problem;

const LIST: &str = "sensor-types";

/// `GET /v1/sensor-types`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(page): Params<PageParams>,
) -> Result<Response, Problem> {
    let limit = page.limit()?;
    let after: Option<String> = page.after(&app, &caller, LIST)?;
    let found = app.db.read(|tx| sensor_type::page(tx, after.as_deref(), limit)).await?;
    Ok(List::of(found, (&app, &caller, LIST)).answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Catalogue", "list_sensor_types", "List sensor types")
        .says("Every class of hardware that a device can carry, by id. The catalogue is the same for every organization.")
        .query::<PageParams>()
        .returns::<List<SensorType>>("A page of sensor types.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `GET /v1/sensor-types/{id}`
pub(crate) async fn show(State(app): State<App>, Id(id): Id<String>) -> Result<Response, Problem> {
    let found = app.db.read(|tx| sensor_type::find(tx, &id)).await?;
    Ok(private(StatusCode::OK, &found))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Catalogue", "get_sensor_type", "Show a sensor type")
        .says(
            "The class of hardware: its manufacturer, its datasheet, and what it can measure in which units.",
        )
        .at::<Slug>("vaisala_ptb210")
        .returns::<SensorType>("The sensor type.")
        .example(example())
}

fn example() -> Value {
    json!({
        "id": "vaisala_ptb210",
        "name": "PTB210 Digital Barometer",
        "manufacturer": "Vaisala",
        "datasheet_url": "https://www.vaisala.com/",
        "observed_properties": [{
            "id": "air_pressure",
            "name": "Air pressure",
            "unit_id": "hectopascal",
            "minimum": 500.0,
            "maximum": 1100.0
        }],
        "units": [{"id": "hectopascal", "name": "Hectopascal", "symbol": "hPa", "definition": "hPa"}]
    })
}
