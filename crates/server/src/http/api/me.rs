//! `/v1/me`: what a credential is and may do.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::Response;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use model::device_set::{self, Devices};
use model::organization;
use rules::access::{Credential, Principal};
use rules::id::OrganizationId;
use rules::schema::DateTime;

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{Caller, private_json};
use crate::http::error::Problem;

/// The caller, as the server sees them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Me {
    principal: Named,
    organization: OrganizationName,
    credential: Named,
    /// What it may do now: granted, within what the role has.
    scopes: Vec<&'static str>,
    devices: Devices,
    /// When it ends by itself.
    #[schemars(with = "Option<DateTime>")]
    expires_at: Option<Timestamp>,
}

/// A kind and an id.
#[derive(Debug, Serialize, JsonSchema)]
struct Named {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OrganizationName {
    id: OrganizationId,
    name: String,
}

/// `GET /v1/me`
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    let about = &caller.known().about;
    if let Some(written) = about.get() {
        return Ok(private_json(written.clone()));
    }
    let written =
        Bytes::from(serde_json::to_vec(&describe(&app, &caller).await?).map_err(|_| Problem::internal())?);
    Ok(private_json(about.get_or_init(|| written).clone()))
}

async fn describe(app: &App, caller: &Caller) -> Result<Me, Problem> {
    let (organization, devices) = app
        .db
        .read(|tx| {
            let organization = organization::find(tx, &caller.organization)?.ok_or(model::Error::NotFound)?;
            Ok::<_, model::Error>((organization, device_set::of(tx, caller)?))
        })
        .await?;
    Ok(Me {
        principal: match &caller.principal {
            Principal::ApiKey(id) => Named { kind: "api_key", id: id.to_string() },
            Principal::User(id) => Named { kind: "user", id: id.to_string() },
        },
        organization: OrganizationName { id: organization.id, name: organization.name },
        credential: match &caller.credential {
            Credential::ApiKey(id) => Named { kind: "api_key", id: id.to_string() },
            Credential::AccessToken { grant, .. } => Named { kind: "access_token", id: grant.to_string() },
            Credential::Session { id, .. } => Named { kind: "session", id: id.to_string() },
        },
        scopes: caller.scopes.names(),
        devices,
        expires_at: caller.expires_at,
    })
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Credentials", "get_me", "Describe this credential")
        .says("Who is calling, for which organization, and what the key or token may do at this moment.")
        .returns::<Me>("The caller.")
        .example(json!({
            "principal": {"type": "api_key", "id": "key_01kb3zq6ybh4k6m8n1p3q5r7s9"},
            "organization": {"id": "org_01kb3zq6y7d6s8t1v3w5x7y9z2", "name": "Harbor Water Quality"},
            "credential": {"type": "api_key", "id": "key_01kb3zq6ybh4k6m8n1p3q5r7s9"},
            "scopes": ["devices:read", "observations:read"],
            "devices": "all",
            "expires_at": null
        }))
}
