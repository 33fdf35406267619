//! Organization: what the signed-in person is in it, and how they turn to another, step down, or leave.
//!
//! Open to every role: it is about oneself.

use axum::extract::State;
use axum::response::Response;

use model::{Error, member};
use rules::id::OrganizationId;
use rules::role::Role;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Post, Visit};
use crate::http::settings::form::scope_line;
use crate::views::Place;
use crate::views::organization::{self as views, Membership, Ownership};

const HOME: &str = "/settings/organization";

/// `GET /settings/organization`
pub(crate) async fn show(State(app): State<App>, visit: Visit) -> Result<Response, Fail> {
    let session = visit.signed_in()?;
    let (organization, person) = (&session.organization.id, &session.person.id);
    let other_owners = app.db.read(|tx| member::other_owners(tx, organization, person)).await?;
    let page = Membership {
        csrf: visit.form_token(),
        organization: session.organization.name.clone(),
        role: session.role_name.clone(),
        scopes: session.role.scopes().iter().map(scope_line).collect(),
        ownership: match (session.role, other_owners) {
            (Role::Owner, 0) => Ownership::Alone,
            (Role::Owner, _) => Ownership::Shared,
            _ => Ownership::None,
        },
        elsewhere: visit.elsewhere().to_vec(),
    };
    Ok(visit.console(session, (Place::Organization, "Organization"), views::show(&page)))
}

/// `POST /settings/organization/switch`
pub(crate) async fn switch(Post { visit, form }: Post) -> Result<Response, Fail> {
    visit.signed_in()?;
    let to: OrganizationId = form.text("organization_id").parse().map_err(|_| Trouble::not_found())?;
    let (mint, actor) = (visit.app.mint.clone(), visit.actor());
    let token =
        visit.write(move |tx, session| model::session::switch(tx, &mint, session, &actor, &to)).await?;
    let mut response = visit.redirect("/");
    visit.begin_session(&mut response, &token);
    Ok(response)
}

/// `POST /settings/organization/leave`. The session ends with the membership.
pub(crate) async fn leave(Post { visit, .. }: Post) -> Result<Response, Fail> {
    visit.signed_in()?;
    let actor = visit.actor();
    visit.write(move |tx, session| member::leave(tx, &session.access(), &actor)).await.map_err(worded)?;
    let mut response = visit.redirect("/login");
    visit.end_session(&mut response);
    Ok(response)
}

/// `POST /settings/organization/step-down`
pub(crate) async fn step_down(Post { visit, .. }: Post) -> Result<Response, Fail> {
    visit.signed_in()?;
    let actor = visit.actor();
    visit.write(move |tx, session| member::step_down(tx, &session.access(), &actor)).await.map_err(worded)?;
    Ok(visit.redirect(HOME))
}

/// A refusal with its own title: nothing clashes, somebody else has to be Owner first.
pub(super) fn worded(error: Error) -> Fail {
    match error {
        Error::Conflict(why) => {
            Trouble::new(axum::http::StatusCode::CONFLICT, "Not yet", why.to_string()).into()
        }
        error => error.into(),
    }
}
