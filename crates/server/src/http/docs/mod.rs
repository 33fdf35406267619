//! The documentation: the OpenAPI document, the reference, the guides and the page of errors.
//!
//! All but the guides is made from the map and from the table of problems, so that it can't say anything else than
//! what the server does. The documents are the same for everybody, and public.

mod guides;
pub mod openapi;
mod reference;
mod shape;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{body::Bytes, extract::Path};
use maud::Markup;
use sha2::{Digest, Sha256};

use crate::app::App;
use crate::config::Site;
use crate::http::api::Need;
use crate::http::api::doc::Doc;
use crate::http::error::code::CODES;
use crate::http::error::{Fail, Trouble};
use crate::http::page::Visit;
use crate::http::{Route, RouteKind};
use crate::views::docs::{self as views, Mistake};
use crate::views::{Nav, Place};

/// The groups of endpoints, in the order in which somebody new wants them, and what each is about.
pub(crate) const GROUPS: [(&str, &str); 7] = [
    ("Devices", "The buoys, and what is attached to them."),
    ("Datastreams", "One property, measured by one sensor on one device, in one unit."),
    ("Observations", "What was measured: the time series, the newest values, and what comes in."),
    ("Catalogue", "The words that devices are described in, the same for every organization."),
    ("Credentials", "What this credential is, and the keys of your organization."),
    ("Members", "Who belongs to your organization, and as what."),
    ("Audit log", "Who did what in your organization, when, and from where."),
];

/// One endpoint of the data API, as the map has it.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) need: Need,
    pub(crate) doc: &'a Doc,
}

/// The endpoints among the routes.
pub(crate) fn endpoints(routes: &[Route]) -> impl Iterator<Item = Endpoint<'_>> {
    routes.iter().filter_map(|route| match &route.kind {
        RouteKind::Api { need, doc } => {
            Some(Endpoint { method: route.method.as_str(), path: route.path, need: *need, doc })
        }
        _ => None,
    })
}

/// The OpenAPI document in its final bytes.
pub struct Document {
    body: Bytes,
    etag: HeaderValue,
}

impl Document {
    fn of(site: &Site) -> Self {
        let body = openapi::document(crate::http::map().routes(), site).to_string();
        let hash: String = Sha256::digest(&body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let etag = HeaderValue::try_from(format!("\"{hash}\"")).unwrap_or(HeaderValue::from_static("\"\""));
        Self { body: body.into(), etag }
    }

    /// Whether the asker has it already (RFC 9110 §13.1.2).
    fn is_known(&self, headers: &HeaderMap) -> bool {
        let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
        let mut tags = lines.flat_map(|line| line.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|tag| tag == "*" || tag.as_bytes() == self.etag.as_bytes())
    }
}

/// `GET /openapi.json`
pub(crate) async fn openapi(State(app): State<App>, headers: HeaderMap) -> Response {
    let document = app.openapi.get_or_init(|| Document::of(&app.site));
    let mut response = if document.is_known(&headers) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        (kind, document.body.clone()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::ETAG, document.etag.clone());
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// `GET /docs`
pub(crate) async fn index(visit: Visit) -> Response {
    let page = reference::page(crate::http::map().routes(), &visit.app.site);
    show(&visit, "Documentation", views::reference(&page))
}

/// `GET /docs/errors`
pub(crate) async fn errors(visit: Visit) -> Response {
    let mistakes = CODES.each_ref().map(|entry| Mistake {
        code: entry.name,
        status: entry.status.as_u16(),
        meaning: entry.meaning,
        remedy: entry.remedy,
    });
    show(&visit, "Errors", views::errors(&mistakes))
}

/// `GET /docs/guides/{name}`
pub(crate) async fn guide(visit: Visit, Path(name): Path<String>) -> Result<Response, Fail> {
    let guide = guides::find(&name).ok_or_else(Trouble::not_found)?;
    let (title, body) = guide.render(&visit.app.site);
    Ok(show(&visit, &title, views::guide(&title, &body)))
}

/// With the console around it for somebody signed in.
fn show(visit: &Visit, title: &str, body: Markup) -> Response {
    match &visit.session {
        Some(session) => visit.console(session, (Place::Docs, title), body),
        None => visit.document(title, Nav::Public(Place::Docs), body),
    }
}
