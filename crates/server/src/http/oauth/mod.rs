//! OAuth 2.0: the authorization code grant with PKCE, refresh, and the documents that describe them.

pub(crate) mod authorize;
mod client;
pub(crate) mod consent;
pub(crate) mod introspect;
pub(crate) mod metadata;
pub(crate) mod revoke;
pub(crate) mod token;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use rules::token::TokenError;

use crate::app::App;
use crate::config::Site;

const WELL_KNOWN: &str = "/.well-known/";

/// Where RFC 9728 metadata is.
pub(crate) fn protected_resource_url(site: &Site) -> String {
    format!("{}{WELL_KNOWN}oauth-protected-resource", resource(site))
}

/// The API, as tokens and RFC 9728 metadata name it.
pub(crate) fn resource(site: &Site) -> &str {
    site.api_url.trim_end_matches("/v1")
}

/// An error of the token endpoint and its neighbours (RFC 6749 §5.2).
fn error(error: &TokenError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    json_response(status, error)
}

/// [`error`] with the address where it is explained.
fn explained_error(app: &App, error: &TokenError) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = json!({
        "error": error.error,
        "error_description": error.description,
        "error_uri": format!("{}/docs/guides/authentication#at-the-token-endpoint", app.site.public_url),
    });
    json_response(status, &body)
}

/// A failure of ours, logged here, where it is answered.
fn failed(error: &model::Error) -> Response {
    if let model::Error::Db(db::Error::Unavailable(why)) = error {
        tracing::error!(%why, "an OAuth endpoint could not write");
        return unavailable();
    }
    tracing::error!(%error, "an OAuth endpoint failed");
    server_error()
}

/// Too large a body: 400, because several libraries understand nothing but 400 and 401.
pub(crate) fn too_large() -> Response {
    error(&TokenError::invalid_request("The body is larger than any token request."))
}

/// The request came unencrypted over a network.
pub(crate) fn plain_http(public_url: &str) -> Response {
    error(&TokenError::invalid_request(format!(
        "This request came over plain http, which others can read. Use {public_url}, and replace the secret that it \
         carried, if any."
    )))
}

/// No such document: programs that probe for metadata read JSON, and scripts of other origins may.
pub(crate) fn not_found() -> Response {
    let body = json!({"error": "not_found", "error_description": "There is no such document here."});
    json_response(StatusCode::NOT_FOUND, &body)
}

pub(crate) fn server_error() -> Response {
    let body =
        json!({"error": "server_error", "error_description": "Something went wrong on our side. Try again."});
    json_response(StatusCode::INTERNAL_SERVER_ERROR, &body)
}

fn unavailable() -> Response {
    try_again("The database is busy. Try again.")
}

/// The request itself was what took so long.
pub(crate) fn too_slow() -> Response {
    try_again("The request took too long to arrive. Send it again.")
}

fn try_again(description: &str) -> Response {
    let body = json!({"error": "temporarily_unavailable", "error_description": description});
    let mut response = json_response(StatusCode::SERVICE_UNAVAILABLE, &body);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

pub(crate) fn method_not_allowed() -> Response {
    let body = json!({"error": "invalid_request", "error_description": "Use the method that the Allow header names."});
    json_response(StatusCode::METHOD_NOT_ALLOWED, &body)
}

/// JSON that nobody may keep, readable from any origin: it never depends on a cookie.
fn json_response(status: StatusCode, body: &impl serde::Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static("Retry-After, WWW-Authenticate, X-Request-Id");
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    response
}
