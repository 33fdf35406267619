//! Organization → Invitations: whom to let in, as what, and the link that is shown once.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use model::invitation::{self, Invitation};
use model::session::Session;
use model::{Error, role};
use rules::id::InvitationId;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Post, Visit};
use crate::http::settings::Purpose;
use crate::http::settings::form::errors;
use crate::http::settings::members::role_choices;
use crate::views::Place;
use crate::views::invitations::{self as views, InvitationIndex, InvitationRow, Invited};
use crate::views::parts::Errors;

const PURPOSE: Purpose = Purpose {
    title: "Invitations",
    sentence: "Invitations bring new members into your organization.",
    place: Place::Organization,
};
const INDEX: &str = "/settings/organization/invitations";

async fn admin(visit: &Visit) -> Result<&Session, Fail> {
    super::admin(visit, &PURPOSE).await
}

/// What was typed into the form.
#[derive(Clone)]
struct Typed {
    email: String,
    role: String,
}

/// `GET /settings/organization/invitations`
pub(crate) async fn index(visit: Visit) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let blank = Typed { email: String::new(), role: "Viewer".to_owned() };
    list(&visit, session, blank, Errors::default()).await
}

async fn list(visit: &Visit, session: &Session, typed: Typed, errors: Errors) -> Result<Response, Fail> {
    let access = session.access();
    let (open, roles) = visit
        .app
        .db
        .read(|tx| Ok::<_, Error>((invitation::open(tx, &access)?, role::assignable(tx, &access)?)))
        .await?;
    let status = if errors.0.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = InvitationIndex {
        csrf: visit.form_token(),
        invitations: open.into_iter().map(row).collect(),
        roles: role_choices(&roles),
        email: typed.email,
        role: typed.role,
        errors,
    };
    let mut response = visit.console(session, (Place::Organization, "Invitations"), views::index(&page));
    *response.status_mut() = status;
    Ok(response)
}

fn row(invitation: Invitation) -> InvitationRow {
    InvitationRow {
        id: invitation.id.to_string(),
        email: invitation.email,
        role: invitation.role,
        invited_by: invitation.inviter.unwrap_or_else(|| "an API key".to_owned()),
        created_at: invitation.created_at,
        expires_at: invitation.expires_at,
    }
}

/// `POST /settings/organization/invitations`: the one answer that shows the link.
pub(crate) async fn create(State(app): State<App>, Post { visit, form }: Post) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    super::confirm_before_giving(&visit, form.text("role"), INDEX)?;
    let typed = Typed { email: form.text("email").to_owned(), role: form.text("role").to_owned() };
    let (mint, actor, wanted) = (app.mint.clone(), visit.actor(), typed.clone());
    let made = visit
        .write(move |tx, session| {
            let whom = (wanted.email.as_str(), wanted.role.as_str());
            invitation::invite(tx, &session.access(), &mint, &actor, whom)
        })
        .await;
    let (invitation, token) = match made {
        Ok(made) => made,
        Err(Error::Invalid(invalid)) => return list(&visit, session, typed, errors(invalid)).await,
        Err(error) => return Err(error.into()),
    };
    let page = Invited {
        link: format!("{}/invitations?token={}", app.site.public_url, token.expose()),
        invitation: row(invitation),
        organization: session.organization.name.clone(),
    };
    Ok(visit.console(session, (Place::Organization, "Send this link"), views::invited(&page)))
}

/// `POST /settings/organization/invitations/{id}/revoke`
pub(crate) async fn destroy(Path(id): Path<String>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    admin(&visit).await?;
    let id: InvitationId = id.parse().map_err(|_| Trouble::not_found())?;
    let actor = visit.actor();
    visit.write(move |tx, session| invitation::revoke(tx, &session.access(), &actor, &id)).await?;
    Ok(visit.redirect(INDEX))
}
