//! The documentation: the OpenAPI document and the reference page, both made from the map.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::app::App;
use crate::config::Site;
use crate::http::Route;
use crate::http::error::Fail;
use crate::http::page::Visit;
use crate::views::docs::{Reference, reference};
use crate::views::{Nav, Place};

/// `GET /openapi.json`
pub(crate) async fn openapi(State(app): State<App>) -> Response {
    axum::Json(document(crate::http::map().routes(), &app.site)).into_response()
}

/// `GET /docs`
pub(crate) async fn index(visit: Visit) -> Result<Response, Fail> {
    let page = Reference { api: visit.app.site.api_url.clone(), groups: Vec::new(), guides: Vec::new() };
    Ok(visit.document("Documentation", Nav::Public(Place::Docs), reference(&page)))
}

/// The OpenAPI document of these routes.
pub fn document(routes: &[Route], site: &Site) -> Value {
    json!({"openapi": "3.1.0", "servers": [{"url": site.api_url}], "paths": {}, "x-routes": routes.len()})
}
