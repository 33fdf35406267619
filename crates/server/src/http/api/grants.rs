//! `/v1/grants`: which applications may do what in the organization, by whose consent, and how to end it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use model::connection::{self, Held, Of};
use rules::id::{ClientId, GrantId, PersonId};

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::list::{limit_within, position};
use crate::http::api::{Caller, Here, Id, List, Params, private};
use crate::http::edge::ClientAddress;
use crate::http::error::Problem;

/// How many grants a page has when nothing is said, and at most.
const LIMITS: (u32, u32) = (50, 1000);

/// Which grants, and how many.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GrantParams {
    /// Only to this application.
    client_id: Option<ClientId>,
    /// Only by this person.
    user_id: Option<PersonId>,
    /// How many items, 1 to 1000; 50 if left out.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// `GET /v1/grants`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(params): Params<GrantParams>,
) -> Result<Response, Problem> {
    let of = Of { client_id: params.client_id, user_id: params.user_id };
    let list = format!("grants {of:?}");
    let limit = limit_within(params.limit, LIMITS)?;
    let after: Option<GrantId> = position(params.cursor.as_deref(), (&app, &caller, &list))?;
    let page = app.db.read(|tx| connection::page(tx, &caller, &of, (after.as_ref(), limit))).await?;
    Ok(List::of(page, (&app, &caller, &list)).answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Credentials", "list_grants", "List grants")
        .says("What people let applications do with the organization's data at present, oldest first.")
        .query::<GrantParams>()
        .returns::<List<Held>>("A page of grants.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `GET /v1/grants/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<GrantId>,
) -> Result<Response, Problem> {
    let grant = app.db.read(|tx| connection::find(tx, &caller, &id)).await?;
    Ok(private(StatusCode::OK, &grant))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Credentials", "get_grant", "Show a grant")
        .says("What one person lets one application do, as far as the person's role has it now.")
        .at::<GrantId>("$GRANT_ID")
        .returns::<Held>("The grant.")
        .example(example())
}

/// `DELETE /v1/grants/{id}`
pub(crate) async fn destroy(
    State(app): State<App>,
    caller: Caller,
    address: ClientAddress,
    Id(id): Id<GrantId>,
) -> Result<Response, Problem> {
    let actor = caller.actor(address);
    caller.write(&app, move |tx, access| connection::end(tx, access, &actor, &id)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) fn destroy_doc() -> Doc {
    Doc::new("Credentials", "end_grant", "End a grant")
        .says("Every token of the application under this grant stops working with the next request. The person can allow it again.")
        .at::<GrantId>("$GRANT_ID")
        .returns_nothing("Ended.")
}

fn example() -> Value {
    json!({
        "id": "grt_01kb3zq6ybh4k6m8n1p3q5r7s9",
        "client_id": "app01kb3zq6y9f2h4j6k8m1n3p5q7",
        "user_id": "usr_01kb3zq6y7d6s8t1v3w5x7y9z2",
        "organization_id": "org_01kb3zq6y7d6s8t1v3w5x7y9z2",
        "scopes": ["devices:read", "observations:read", "offline_access"],
        "devices": "all",
        "created_at": "2026-11-01T08:00:00Z",
        "last_used_at": "2026-11-23T21:10:00Z"
    })
}
