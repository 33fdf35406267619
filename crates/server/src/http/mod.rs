//! The map: every URL of the product in one function.

pub mod api;
pub mod assets;
mod confirm;
mod devices;
pub mod docs;
pub mod edge;
pub mod error;
mod invitations;
mod map;
mod oauth;
pub mod page;
pub(crate) mod reset;
mod session;
mod settings;
mod setup;
mod stream;

use axum::Router;
use axum::http::Method;

use crate::app::App;
use api::Need::{AnyCredential, Needs, NoCredential};
pub use map::{Map, Route, RouteKind};
use rules::scope::Scope;

/// The router, ready to serve.
pub fn router(app: App) -> Router {
    map().into_router(app)
}

/// Every URL: what people look at, what OAuth clients talk to, and the data API.
#[rustfmt::skip]
#[expect(clippy::too_many_lines, reason = "one map: every URL is one line in one function, however many there are")]
pub fn map() -> Map {
    Map::default()
        // Sign-in
        .get("/", session::home)
        .get("/login", session::new)
        .post("/login", session::create)
        .get("/login/code", session::code::new)
        .post("/login/code", session::code::create)
        .post("/logout", session::destroy)
        .get("/confirm", confirm::new)
        .post("/confirm", confirm::create)
        .get("/reset", reset::new)
        .post("/reset", reset::create)
        .get("/reset/{id}", reset::edit)
        .post("/reset/{id}", reset::update)
        .get("/setup", setup::new)
        .post("/setup", setup::create)
        .get("/invitations", invitations::show)
        .post("/invitations", invitations::create)
        // OAuth 2.0
        .get("/oauth2/auth", oauth::authorize::new)
        .open_post("/oauth2/auth", oauth::authorize::create)
        .get("/oauth2/consent/{request_id}", oauth::consent::show)
        .post("/oauth2/consent/{request_id}/ask", oauth::consent::ask)
        .post("/oauth2/consent/{request_id}", oauth::consent::create)
        .post("/oauth2/consent/{request_id}/switch-account", oauth::consent::switch_account)
        .open_post("/oauth2/token", oauth::token::create)
        .open_post("/oauth2/revoke", oauth::revoke::create)
        .open_post("/oauth2/introspect", oauth::introspect::create)
        .get("/.well-known/oauth-authorization-server", oauth::metadata::authorization_server)
        .get("/.well-known/oauth-protected-resource", oauth::metadata::protected_resource)
        .get("/.well-known/oauth-protected-resource/v1", oauth::metadata::protected_api)
        // Devices
        .get("/devices", devices::index)
        .get("/devices/{id}", devices::show)
        // Developer Settings
        .get("/settings/developer", settings::index)
        .get("/settings/developer/api-keys", settings::api_keys::index)
        .post("/settings/developer/api-keys", settings::api_keys::create)
        .get("/settings/developer/api-keys/new", settings::api_keys::new)
        .get("/settings/developer/api-keys/{id}", settings::api_keys::show)
        .post("/settings/developer/api-keys/{id}/revoke", settings::api_keys::destroy)
        .get("/settings/developer/oauth-applications", settings::applications::index)
        .post("/settings/developer/oauth-applications", settings::applications::create)
        .get("/settings/developer/oauth-applications/new", settings::applications::new)
        .get("/settings/developer/oauth-applications/{client_id}", settings::applications::show)
        .post("/settings/developer/oauth-applications/{client_id}", settings::applications::update)
        .get("/settings/developer/oauth-applications/{client_id}/edit", settings::applications::edit)
        .post("/settings/developer/oauth-applications/{client_id}/delete", settings::applications::destroy)
        .post("/settings/developer/oauth-applications/{client_id}/secrets", settings::secrets::create)
        .post("/settings/developer/oauth-applications/{client_id}/secrets/{id}/revoke", settings::secrets::destroy)
        // Connections
        .get("/settings/connections", settings::connections::index)
        .post("/settings/connections/{id}/revoke", settings::connections::destroy)
        // Profile
        .get("/settings/profile", settings::profile::show)
        .post("/settings/profile/password", settings::profile::update_password)
        .post("/settings/profile/sessions/end-others", settings::sessions::destroy_others)
        .post("/settings/profile/sessions/{id}/end", settings::sessions::destroy)
        .get("/settings/profile/two-factor/new", settings::two_factor::new)
        .post("/settings/profile/two-factor", settings::two_factor::create)
        .post("/settings/profile/two-factor/remove", settings::two_factor::destroy)
        .post("/settings/profile/recovery-codes", settings::two_factor::create_codes)
        // Organization
        .get("/settings/organization", settings::organization::show)
        .post("/settings/organization/switch", settings::organization::switch)
        .post("/settings/organization/leave", settings::organization::leave)
        .post("/settings/organization/step-down", settings::organization::step_down)
        .get("/settings/organization/members", settings::members::index)
        .get("/settings/organization/members/{id}", settings::members::show)
        .post("/settings/organization/members/{id}", settings::members::update)
        .post("/settings/organization/members/{id}/disable", settings::members::disable)
        .post("/settings/organization/members/{id}/enable", settings::members::enable)
        .post("/settings/organization/members/{id}/remove", settings::members::destroy)
        .get("/settings/organization/members/{id}/secrets", settings::members::secrets)
        .get("/settings/organization/invitations", settings::invitations::index)
        .post("/settings/organization/invitations", settings::invitations::create)
        .post("/settings/organization/invitations/{id}/revoke", settings::invitations::destroy)
        .get("/settings/organization/roles", settings::roles::index)
        .post("/settings/organization/roles", settings::roles::create)
        .get("/settings/organization/roles/new", settings::roles::new)
        .get("/settings/organization/roles/{id}", settings::roles::edit)
        .post("/settings/organization/roles/{id}", settings::roles::update)
        .post("/settings/organization/roles/{id}/delete", settings::roles::destroy)
        .get("/settings/organization/policies", settings::policies::edit)
        .post("/settings/organization/policies", settings::policies::update)
        .get("/settings/organization/access-requests", settings::access_requests::index)
        .post("/settings/organization/access-requests/{id}/approve", settings::access_requests::approve)
        .post("/settings/organization/access-requests/{id}/refuse", settings::access_requests::refuse)
        .get("/settings/organization/audit-log", settings::audit_log::index)
        .get("/settings/organization/audit-log/{file}", settings::audit_log::show)
        // Documentation and assets
        .get("/docs", docs::index)
        .get("/docs/errors", docs::errors)
        .get("/docs/guides/{name}", docs::guide)
        .get("/openapi.json", docs::openapi)
        .get("/assets/{name}", assets::show)
        // Data API
        .api(Method::GET, "/v1/me", AnyCredential("it describes the credential itself"), api::me::show, api::me::show_doc)
        .api(Method::GET, "/v1/api-keys", Needs(Scope::ApiKeysRead), api::keys::index, api::keys::index_doc)
        .api(Method::POST, "/v1/api-keys", Needs(Scope::ApiKeysWrite), api::keys::create, api::keys::create_doc)
        .api(Method::GET, "/v1/api-keys/{id}", Needs(Scope::ApiKeysRead), api::keys::show, api::keys::show_doc)
        .api(Method::DELETE, "/v1/api-keys/{id}", Needs(Scope::ApiKeysWrite), api::keys::destroy, api::keys::destroy_doc)
        .api(Method::GET, "/v1/members", Needs(Scope::MembersRead), api::members::index, api::members::index_doc)
        .api(Method::GET, "/v1/members/{id}", Needs(Scope::MembersRead), api::members::show, api::members::show_doc)
        .api(Method::PATCH, "/v1/members/{id}", Needs(Scope::MembersWrite), api::members::update, api::members::update_doc)
        .api(Method::DELETE, "/v1/members/{id}", Needs(Scope::MembersWrite), api::members::destroy, api::members::destroy_doc)
        .api(Method::GET, "/v1/oauth-applications", Needs(Scope::ApplicationsRead), api::applications::index, api::applications::index_doc)
        .api(Method::POST, "/v1/oauth-applications", Needs(Scope::ApplicationsWrite), api::applications::create, api::applications::create_doc)
        .api(Method::GET, "/v1/oauth-applications/{id}", Needs(Scope::ApplicationsRead), api::applications::show, api::applications::show_doc)
        .api(Method::PATCH, "/v1/oauth-applications/{id}", Needs(Scope::ApplicationsWrite), api::applications::update, api::applications::update_doc)
        .api(Method::DELETE, "/v1/oauth-applications/{id}", Needs(Scope::ApplicationsWrite), api::applications::destroy, api::applications::destroy_doc)
        .api(Method::GET, "/v1/grants", Needs(Scope::ApplicationsRead), api::grants::index, api::grants::index_doc)
        .api(Method::GET, "/v1/grants/{id}", Needs(Scope::ApplicationsRead), api::grants::show, api::grants::show_doc)
        .api(Method::DELETE, "/v1/grants/{id}", Needs(Scope::ApplicationsWrite), api::grants::destroy, api::grants::destroy_doc)
        .api(Method::POST, "/v1/leaks", NoCredential("whoever finds a credential of ours may have it ended"), api::leaks::create, api::leaks::create_doc)
        .api(Method::GET, "/v1/audit-events", Needs(Scope::AuditRead), api::audit_events::index, api::audit_events::index_doc)
        .api(Method::GET, "/v1/audit-events/{id}", Needs(Scope::AuditRead), api::audit_events::show, api::audit_events::show_doc)
        .api(Method::GET, "/v1/devices", Needs(Scope::DevicesRead), api::devices::index, api::devices::index_doc)
        .api(Method::GET, "/v1/devices/{id}", Needs(Scope::DevicesRead), api::devices::show, api::devices::show_doc)
        .api(Method::GET, "/v1/devices/{id}/manifest", Needs(Scope::DevicesRead), api::devices::manifest, api::devices::manifest_doc)
        .api(Method::GET, "/v1/sensor-types", Needs(Scope::DevicesRead), api::sensor_types::index, api::sensor_types::index_doc)
        .api(Method::GET, "/v1/sensor-types/{id}", Needs(Scope::DevicesRead), api::sensor_types::show, api::sensor_types::show_doc)
        .api(Method::GET, "/v1/observed-properties", Needs(Scope::DevicesRead), api::observed_properties::index, api::observed_properties::index_doc)
        .api(Method::GET, "/v1/observed-properties/{id}", Needs(Scope::DevicesRead), api::observed_properties::show, api::observed_properties::show_doc)
        .api(Method::GET, "/v1/units-of-measurement", Needs(Scope::DevicesRead), api::units::index, api::units::index_doc)
        .api(Method::GET, "/v1/units-of-measurement/{id}", Needs(Scope::DevicesRead), api::units::show, api::units::show_doc)
        .api(Method::GET, "/v1/datastreams", Needs(Scope::DevicesRead), api::datastreams::index, api::datastreams::index_doc)
        .api(Method::GET, "/v1/datastreams/{id}", Needs(Scope::DevicesRead), api::datastreams::show, api::datastreams::show_doc)
        .api(Method::GET, "/v1/datastreams/{id}/observations", Needs(Scope::ObservationsRead), api::observations::series, api::observations::series_doc)
        .api(Method::GET, "/v1/observations", Needs(Scope::ObservationsRead), api::observations::index, api::observations::index_doc)
        .api(Method::GET, "/v1/observations/latest", Needs(Scope::ObservationsRead), api::observations::latest, api::observations::latest_doc)
        .api(Method::POST, "/v1/observations", Needs(Scope::ObservationsWrite), api::observations::create, api::observations::create_doc)
}
