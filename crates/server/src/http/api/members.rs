//! `/v1/members`: who belongs to the organization. A key that may change members stands for an Organization Admin.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use model::member::{self, Member};
use rules::id::PersonId;

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{Body, Caller, Here, Id, List, PageParams, Params, private};
use crate::http::edge::ClientAddress;
use crate::http::error::Problem;

const LIST: &str = "members";

/// What to change about a member.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateMember {
    /// The name of the new role: a built-in one, or one of the organization's own.
    role: String,
}

/// `GET /v1/members`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(page): Params<PageParams>,
) -> Result<Response, Problem> {
    let limit = page.limit()?;
    let after: Option<PersonId> = page.after(&app, &caller, LIST)?;
    let members = app.db.read(|tx| member::page(tx, &caller, "", after.as_ref(), limit + 1)).await?;
    let list = List::cut(members, limit, (&app, &caller, LIST), |member| member.user_id.to_string());
    Ok(list.answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Members", "list_members", "List members")
        .says("Every member of the organization, also those who are out of service.")
        .query::<PageParams>()
        .returns::<List<Member>>("A page of members.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `GET /v1/members/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<PersonId>,
) -> Result<Response, Problem> {
    let member = app.db.read(|tx| member::find(tx, &caller, &id)).await?;
    Ok(private(StatusCode::OK, &member))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Members", "get_member", "Show a member")
        .says("Who they are, and what they may do here.")
        .at::<PersonId>("$USER_ID")
        .returns::<Member>("The member.")
        .example(example())
}

/// `PATCH /v1/members/{id}`
pub(crate) async fn update(
    State(app): State<App>,
    caller: Caller,
    address: ClientAddress,
    Id(id): Id<PersonId>,
    Body(change): Body<UpdateMember>,
) -> Result<Response, Problem> {
    let actor = caller.actor(address);
    let member =
        caller.write(&app, move |tx, access| member::set_role(tx, access, &actor, &id, &change.role)).await?;
    Ok(private(StatusCode::OK, &member))
}

pub(crate) fn update_doc() -> Doc {
    Doc::new("Members", "update_member", "Change a member's role")
        .says(
            "The new role counts with the member's next request, and with that of each application that acts for them. A \
             key stands for an Organization Admin: it can't make, change or remove Owners.",
        )
        .at::<PersonId>("$USER_ID")
        .body::<UpdateMember>(json!({"role": "Operator"}))
        .returns::<Member>("The member as they are now.")
        .example(example())
        .conflicts("The organization would be left without an Owner.")
}

/// `DELETE /v1/members/{id}`
pub(crate) async fn destroy(
    State(app): State<App>,
    caller: Caller,
    address: ClientAddress,
    Id(id): Id<PersonId>,
) -> Result<Response, Problem> {
    let actor = caller.actor(address);
    caller.write(&app, move |tx, access| member::remove(tx, access, &actor, &id)).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) fn destroy_doc() -> Doc {
    Doc::new("Members", "remove_member", "Remove a member")
        .says(
            "Their sessions and consents here end with the next request. The API keys that they made belong to the \
             organization and stay: look for `creator_standing` in the list of keys, and replace what they saw.",
        )
        .at::<PersonId>("$USER_ID")
        .returns_nothing("Removed.")
        .conflicts("The organization would be left without an Owner.")
}

fn example() -> Value {
    json!({
        "user_id": "usr_01kb3zq6ybh4k6m8n1p3q5r7s9",
        "name": "Maren Okafor",
        "email": "maren@harbour.example",
        "role": "Operator",
        "created_at": "2026-03-01T08:00:00Z",
        "last_seen_at": "2026-11-23T21:10:00Z",
        "disabled_at": null
    })
}
