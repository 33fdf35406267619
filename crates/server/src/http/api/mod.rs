//! The data API: one gate for every endpoint, and the extractors and answers they share.

pub mod applications;
pub mod audit_events;
mod batch;
pub mod datastreams;
pub mod devices;
pub mod doc;
pub(crate) mod format;
pub mod grants;
pub mod keys;
pub mod leaks;
mod list;
pub mod me;
pub mod members;
pub mod observations;
pub mod observed_properties;
mod query;
pub mod sensor_types;
pub mod units;

use std::ops::Deref;
use std::str::FromStr;
use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use model::Tx;
use model::audit::Actor;
use rules::access::Access;
use rules::scope::Scope;

use crate::app::App;
use crate::callers::Known;
use crate::http::edge::ClientAddress;
use crate::http::error::Problem;
use crate::metrics::Surface;

pub use list::{Here, List, PageParams};
pub use query::Params;

/// What it takes to call an endpoint.
#[derive(Debug, Clone, Copy)]
pub enum Need {
    /// Any working credential, for this reason.
    AnyCredential(&'static str),
    /// A credential with this scope.
    Needs(Scope),
    /// None at all, for this reason.
    NoCredential(&'static str),
}

/// Identifies the caller and checks the scope, before any id is looked at.
pub(crate) async fn gate(
    State((app, need)): State<(App, Need)>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if let Need::NoCredential(_) = need {
        return Ok(next.run(request).await);
    }
    let text = bearer(&request)?;
    let bearer = app.mint.format.read_bearer(text).map_err(|_| Problem::bad_credential())?;
    let known = app.callers.resolve(&app.db, &app.mint, &bearer).await?;
    let known = known.ok_or_else(Problem::bad_credential)?;
    if let Need::Needs(scope) = need {
        known.access.require(scope).map_err(|missing| Problem::missing_scope(missing.0))?;
    }
    let now = app.db.clock().now();
    let ClientAddress(address, left) =
        request.extensions().get().copied().unwrap_or_else(ClientAddress::local);
    app.callers.note_use(&known, now, address);
    let Some(rates) = &app.rates else {
        request.extensions_mut().insert(Caller(known));
        return Ok(next.run(request).await);
    };
    let meters = known.meters.get_or_init(|| rates.meters(&known.access));
    let (left, mut response) = match rates.of_credential(meters, left, now) {
        Ok(left) => {
            request.extensions_mut().insert(Caller(known));
            (left, next.run(request).await)
        }
        Err(used_up) => (used_up.left(), Problem::too_many_requests(used_up.0).into_response()),
    };
    rates.tell(response.headers_mut(), left);
    Ok(response)
}

/// The one credential, from the one place where it may stand (RFC 6750 §2; OAuth 2.1 §5.1 has the header alone).
fn bearer(request: &Request) -> Result<&str, Problem> {
    if request.uri().query().is_some_and(|query| query.contains("access_token=")) {
        let detail = "Tokens in a URL end up in logs: send it as Authorization: Bearer …, and replace it.";
        return Err(Problem::bad_authorization(detail));
    }
    let mut lines = request.headers().get_all(header::AUTHORIZATION).iter();
    let line = lines.next().ok_or_else(Problem::no_credential)?;
    if lines.next().is_some() {
        return Err(Problem::bad_authorization("Send one Authorization header."));
    }
    let text = line.to_str().map_err(|_| Problem::bad_credential())?;
    let (scheme, credential) = text.split_once(' ').ok_or_else(Problem::bad_credential)?;
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(Problem::no_credential());
    }
    Ok(credential.trim_start_matches(' '))
}

/// Who calls, put there by the gate.
#[derive(Clone)]
pub struct Caller(Arc<Known>);

impl Deref for Caller {
    type Target = Access;

    fn deref(&self) -> &Access {
        &self.0.access
    }
}

impl Caller {
    /// The resolved credential behind the access.
    pub(crate) fn known(&self) -> &Known {
        &self.0
    }

    /// Writes as this caller, with what it may do at that moment.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        app: &App,
        f: impl FnMut(&mut Tx<'_>, &Access) -> model::Result<T> + Send + 'static,
    ) -> model::Result<T> {
        self.0.write(&app.db, f).await
    }

    /// For the audit log.
    pub(crate) fn actor(&self, address: ClientAddress) -> Actor {
        use rules::access::Principal;
        let who = match &self.principal {
            Principal::ApiKey(key) => key.to_string(),
            Principal::User(person) => person.to_string(),
        };
        Actor { who, address: address.0.to_string() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::no_credential)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().copied().ok_or_else(Problem::internal)
    }
}

/// The id in a path. One that no id looks like is not found, as one that nothing has.
pub struct Id<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, state)
            .await
            .map_err(|_unreadable| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::<T>::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(JsonRejection::MissingJsonContentType(_)) => {
                Err(Problem::unsupported_media_type("application/json"))
            }
            Err(JsonRejection::BytesRejection(rejection))
                if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                Err(Problem::too_large(MAX_JSON))
            }
            Err(rejection) => Err(Problem::bad_request("", rejection.body_text())),
        }
    }
}

/// The largest JSON body of the management endpoints (the framework's default).
const MAX_JSON: usize = 2 * 1024 * 1024;

/// JSON for one caller only.
pub(crate) fn private(status: StatusCode, body: &impl Serialize) -> Response {
    for_caller_only((status, Json(body)).into_response())
}

/// [`private`] for JSON that is written already.
pub(crate) fn private_json(body: Bytes) -> Response {
    let mut response = Response::new(body.into());
    // Room for all that the layers around add, so that the map does not grow on the way.
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.headers_mut() = headers;
    for_caller_only(response)
}

fn for_caller_only(mut response: Response) -> Response {
    let kept = HeaderValue::from_static("private, no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, kept);
    response
}

/// The answer to a browser's question whether it may call the API or the token endpoint from another origin: yes,
/// with a token of its own. Everything else says nothing, and browsers take that for no.
pub(crate) fn preflight(request: &Request) -> Option<Response> {
    if request.method() != Method::OPTIONS {
        return None;
    }
    let surface = Surface::of(request.uri().path());
    if surface == Surface::Console || !request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    allow_cross_origin(response.headers_mut(), surface);
    Some(response)
}

fn allow_cross_origin(headers: &mut HeaderMap, surface: Surface) {
    let (methods, allowed) = match surface {
        Surface::Oauth => ("GET, POST", "Authorization, Content-Type"),
        Surface::Api | Surface::Console => {
            ("GET, POST, PATCH, DELETE", "Authorization, Content-Type, If-None-Match")
        }
    };
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, allowed),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
