//! `/v1/api-keys`: what Developer Settings does with keys, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use model::Tx;
use model::api_key::{self, ApiKey, NewApiKey};
use model::device_set::Devices;
use rules::access::Access;
use rules::id::{ApiKeyId, DeviceId};
use rules::schema::DateTime;
use rules::scope::ScopeList;

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{Body, Caller, Here, Id, List, PageParams, Params, private};
use crate::http::edge::ClientAddress;
use crate::http::error::Problem;

const LIST: &str = "api-keys";

/// What a new key should be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateApiKey {
    /// What to call it, 1 to 100 characters.
    name: String,
    /// What it may do; at least one scope, none that the caller lacks.
    scopes: ScopeList,
    /// The devices it covers; all of them, also later ones, if left out.
    device_ids: Option<Vec<DeviceId>>,
    /// When it ends, within 100 years; never, if left out.
    #[schemars(with = "Option<DateTime>")]
    expires_at: Option<Timestamp>,
}

/// A new key, with the only copy of its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedApiKey {
    id: ApiKeyId,
    /// The key itself: shown this once.
    key: String,
    name: String,
    scopes: ScopeList,
    devices: Devices,
    #[schemars(with = "Option<DateTime>")]
    expires_at: Option<Timestamp>,
    #[schemars(with = "DateTime")]
    created_at: Timestamp,
}

/// `GET /v1/api-keys`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(page): Params<PageParams>,
) -> Result<Response, Problem> {
    let limit = page.limit()?;
    let before: Option<ApiKeyId> = page.after(&app, &caller, LIST)?;
    let keys = app.db.read(|tx| api_key::page(tx, &caller, before.as_ref(), limit + 1)).await?;
    let list = List::cut(keys, limit, (&app, &caller, LIST), |key| key.id.to_string());
    Ok(list.answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Credentials", "list_api_keys", "List API keys")
        .says("Every key of the organization, newest first, without secrets.")
        .query::<PageParams>()
        .returns::<List<ApiKey>>("A page of keys.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `POST /v1/api-keys`
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    address: ClientAddress,
    Body(new): Body<CreateApiKey>,
) -> Result<Response, Problem> {
    let new = NewApiKey {
        name: new.name,
        scopes: new.scopes,
        devices: new.device_ids.map_or(Devices::All, Devices::Chosen),
        expires_at: new.expires_at,
    };
    let (mint, actor) = (app.mint.clone(), caller.actor(address));
    let create = move |tx: &mut Tx<'_>, access: &Access| api_key::create(tx, access, &mint, &actor, &new);
    let (key, secret) = caller.write(&app, create).await?;
    let created = CreatedApiKey {
        id: key.id,
        key: secret.expose().to_owned(),
        name: key.name,
        scopes: key.scopes,
        devices: key.devices,
        expires_at: key.expires_at,
        created_at: key.created_at,
    };
    Ok(private(StatusCode::CREATED, &created))
}

pub(crate) fn create_doc() -> Doc {
    Doc::new("Credentials", "create_api_key", "Create an API key")
        .says("The answer is the only place where the key is ever shown. A key made by a key is no wider than it and ends with it.")
        .body::<CreateApiKey>(json!({"name": "Nightly report", "scopes": ["devices:read", "observations:read"]}))
        .returns_with::<CreatedApiKey>(201, "The new key.")
        .example(json!({
            "id": "key_01kb3zq6ybh4k6m8n1p3q5r7s9",
            "key": "sk_live_bsn_…",
            "name": "Nightly report",
            "scopes": ["devices:read", "observations:read"],
            "devices": "all",
            "expires_at": null,
            "created_at": "2026-11-23T21:10:00Z"
        }))
}

/// `GET /v1/api-keys/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ApiKeyId>,
) -> Result<Response, Problem> {
    let key = app.db.read(|tx| api_key::find(tx, &caller, &id)).await?;
    Ok(private(StatusCode::OK, &key))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Credentials", "get_api_key", "Show an API key")
        .says("What the key is and may do, and when it was last used.")
        .at::<ApiKeyId>("$KEY_ID")
        .returns::<ApiKey>("The key, without its secret.")
        .example(example())
}

/// `DELETE /v1/api-keys/{id}`
pub(crate) async fn destroy(
    State(app): State<App>,
    caller: Caller,
    address: ClientAddress,
    Id(id): Id<ApiKeyId>,
) -> Result<Response, Problem> {
    let actor = caller.actor(address);
    caller.write(&app, move |tx, access| api_key::revoke(tx, access, &actor, &id)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) fn destroy_doc() -> Doc {
    Doc::new("Credentials", "revoke_api_key", "Revoke an API key")
        .says("The key, and every key it made, stops working with the next request. This can't be undone.")
        .at::<ApiKeyId>("$KEY_ID")
        .returns_nothing("Revoked.")
}

fn example() -> Value {
    json!({
        "id": "key_01kb3zq6ybh4k6m8n1p3q5r7s9",
        "name": "Nightly report",
        "prefix": "sk_live_bsn_",
        "last_four": "x7Qa",
        "scopes": ["devices:read", "observations:read"],
        "devices": "all",
        "creator": "Maren Okafor",
        "creator_standing": "admin",
        "created_at": "2026-11-01T08:00:00Z",
        "expires_at": null,
        "revoked_at": null,
        "last_used_at": "2026-11-23T21:10:00Z",
        "last_used_address": "198.51.100.7"
    })
}
