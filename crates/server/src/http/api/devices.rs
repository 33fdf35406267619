//! `/v1/devices`: the buoys, and what is attached to them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use model::device::{self, Device};
use model::sensor::{self, Manifest};
use rules::id::DeviceId;

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{Caller, Here, Id, List, PageParams, Params, private};
use crate::http::error::Problem;

const LIST: &str = "devices";

/// `GET /v1/devices`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(page): Params<PageParams>,
) -> Result<Response, Problem> {
    let limit = page.limit()?;
    let after: Option<DeviceId> = page.after(&app, &caller, LIST)?;
    let found = app.db.read(|tx| device::page(tx, &caller, after.as_ref(), limit)).await?;
    Ok(List::of(found, (&app, &caller, LIST)).answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Devices", "list_devices", "List devices")
        .says("The devices that this credential covers, oldest first.")
        .query::<PageParams>()
        .returns::<List<Device>>("A page of devices.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `GET /v1/devices/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<DeviceId>,
) -> Result<Response, Problem> {
    let device = app.db.read(|tx| device::find(tx, &caller, &id)).await?;
    Ok(private(StatusCode::OK, &device))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Devices", "get_device", "Show a device")
        .says("The device summary: name, serial number, last known location and status.")
        .at::<DeviceId>("$DEVICE")
        .returns::<Device>("The device.")
        .example(example())
}

/// `GET /v1/devices/{id}/manifest`
pub(crate) async fn manifest(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<DeviceId>,
) -> Result<Response, Problem> {
    let manifest = app.db.read(|tx| sensor::manifest(tx, &caller, &id)).await?;
    Ok(private(StatusCode::OK, &manifest))
}

pub(crate) fn manifest_doc() -> Doc {
    Doc::new("Devices", "get_device_manifest", "Show a device's manifest")
        .says("The sensors attached to a device, what each of them measures there, and in which units.")
        .at::<DeviceId>("$DEVICE")
        .returns::<Manifest>("The manifest.")
        .example(json!({
            "device_id": "dev_01kb3zq6y8e7v9m2r5t4w6x8a1",
            "sensors": [{
                "id": "sns_01kb3zq6y9f2h4j6k8m1n3p5q7",
                "name": "Conductivity and temperature",
                "sensor_type": {
                    "id": "sbe_37_smp",
                    "name": "SBE 37-SMP MicroCAT",
                    "manufacturer": "Sea-Bird Scientific"
                },
                "observed_properties": [{
                    "id": "water_temperature",
                    "name": "Water temperature",
                    "unit_id": "degree_celsius",
                    "datastream_id": "dst_01kb3zq6yag3j5k7m9n2p4q6r8"
                }],
                "units": [{
                    "id": "degree_celsius",
                    "name": "Degree Celsius",
                    "symbol": "°C",
                    "definition": "Cel"
                }]
            }]
        }))
}

fn example() -> Value {
    json!({
        "id": "dev_01kb3zq6y8e7v9m2r5t4w6x8a1",
        "name": "Boston Approach",
        "serial_number": "BH-0101",
        "location": {"latitude": 42.346, "longitude": -70.651, "at": "2026-11-23T21:10:00Z"},
        "status": "online",
        "last_seen_at": "2026-11-23T21:10:00Z",
        "created_at": "2026-11-01T08:00:00Z"
    })
}
