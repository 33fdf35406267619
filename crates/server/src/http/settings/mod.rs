//! Settings: a person's connections, and Developer Settings.

pub(crate) mod api_keys;
pub(crate) mod applications;
pub(crate) mod connections;
pub(crate) mod form;
pub(crate) mod invitations;
pub(crate) mod members;
pub(crate) mod organization;
pub(crate) mod roles;
pub(crate) mod secrets;

use axum::http::StatusCode;
use axum::response::Response;

use model::organization as organizations;
use model::session::Session;
use rules::role::Role;

use crate::http::error::Fail;
use crate::http::page::{FormTarget, Visit};
use crate::views::consent_refused::Person;
use crate::views::wall::{Wall, wall};
use crate::views::{Nav, Place};

/// `GET /settings/developer`
pub(crate) async fn index(visit: Visit) -> Result<Response, Fail> {
    visit.signed_in()?;
    Ok(visit.redirect("/settings/developer/api-keys"))
}

/// What a settings page is, for those who may not open it.
struct Purpose {
    title: &'static str,
    sentence: &'static str,
}

/// The session, if its role opens Developer Settings; otherwise a page that says whom to ask.
async fn admin<'v>(visit: &'v Visit, purpose: &Purpose) -> Result<&'v Session, Fail> {
    admin_at(visit, purpose, Place::Developer).await
}

/// [`admin`] in another section of the console.
async fn admin_at<'v>(visit: &'v Visit, purpose: &Purpose, place: Place) -> Result<&'v Session, Fail> {
    let session = visit.signed_in()?;
    if session.role.is_admin() {
        return Ok(session);
    }
    let id = &session.organization.id;
    let administrators = visit.app.db.read(|tx| organizations::administrators(tx, id)).await?;
    let page = Wall {
        title: purpose.title.to_owned(),
        purpose: purpose.sentence.to_owned(),
        needed_role: Role::OrganizationAdmin.name().to_owned(),
        role: session.role_name.clone(),
        organization: session.organization.name.clone(),
        administrators: administrators.into_iter().map(|(name, email)| Person { name, email }).collect(),
        support: visit.app.site.support_contact.clone(),
    };
    let csrf = visit.form_token();
    let nav = Nav::Console(visit.viewer(session, &csrf), place);
    Err(visit.page(StatusCode::FORBIDDEN, (purpose.title, nav, wall(&page)), FormTarget::OwnPages).into())
}

/// A page that shows a form again, with its mistakes.
fn with_mistakes(mut page: Response) -> Response {
    *page.status_mut() = StatusCode::BAD_REQUEST;
    page
}
