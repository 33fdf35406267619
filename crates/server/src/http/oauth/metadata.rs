//! What clients discover: RFC 8414 about the authorization server, RFC 9728 about the API. Only what works.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use rules::scope::Scope;

use crate::app::App;
use crate::http::oauth;

/// `GET /.well-known/oauth-authorization-server`
pub(crate) async fn authorization_server(State(app): State<App>) -> Response {
    let issuer = &app.site.public_url;
    public(&json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/oauth2/auth"),
        "token_endpoint": format!("{issuer}/oauth2/token"),
        "revocation_endpoint": format!("{issuer}/oauth2/revoke"),
        "introspection_endpoint": format!("{issuer}/oauth2/introspect"),
        "scopes_supported": scopes(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "service_documentation": format!("{issuer}/docs"),
    }))
}

/// `GET /.well-known/oauth-protected-resource`
pub(crate) async fn protected_resource(State(app): State<App>) -> Response {
    describe(&app, oauth::resource(&app.site))
}

/// `GET /.well-known/oauth-protected-resource/v1`: the same for who takes the API's whole address for the resource
/// (RFC 9728 §3.1).
pub(crate) async fn protected_api(State(app): State<App>) -> Response {
    describe(&app, &app.site.api_url)
}

fn describe(app: &App, resource: &str) -> Response {
    public(&json!({
        "resource": resource,
        "authorization_servers": [app.site.public_url],
        "scopes_supported": scopes(),
        "bearer_methods_supported": ["header"],
        "resource_name": "Bluesonde API",
        "resource_documentation": format!("{}/docs", app.site.public_url),
    }))
}

fn scopes() -> Vec<&'static str> {
    Scope::all().filter(|scope| scope.fits_grants()).map(Scope::name).collect()
}

fn public(document: &Value) -> Response {
    let mut response = (StatusCode::OK, axum::Json(document)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}
