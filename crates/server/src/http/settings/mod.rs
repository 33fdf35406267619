//! Settings: a person's profile and connections, Developer Settings, and the organization's policies.

pub(crate) mod access_requests;
pub(crate) mod api_keys;
pub(crate) mod applications;
pub(crate) mod audit_log;
pub(crate) mod connections;
pub(crate) mod form;
pub(crate) mod invitations;
pub(crate) mod members;
pub(crate) mod organization;
pub(crate) mod policies;
pub(crate) mod profile;
pub(crate) mod roles;
pub(crate) mod secrets;
pub(crate) mod sessions;
pub(crate) mod two_factor;

use axum::http::StatusCode;
use axum::response::Response;

use model::leak::Leak;
use model::organization::administrators;
use model::session::Session;
use rules::role::Role;
use rules::scope::Scope;

use crate::http::error::Fail;
use crate::http::page::{FormTarget, Visit};
use crate::views::consent_refused::Person;
use crate::views::parts::LeakNotice;
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
    place: Place,
}

/// The session, if its role opens an admin's page; otherwise a page that says whom to ask. An admin who owes a second
/// factor is led to set one up first, and then back.
async fn admin<'v>(visit: &'v Visit, purpose: &Purpose) -> Result<&'v Session, Fail> {
    let session = settled(visit)?;
    if session.role.is_admin() { Ok(session) } else { Err(refuse(visit, session, purpose).await?) }
}

/// The session, if its role has the scope; otherwise a page that says whom to ask.
async fn holder<'v>(visit: &'v Visit, scope: Scope, purpose: &Purpose) -> Result<&'v Session, Fail> {
    let session = settled(visit)?;
    if session.role.scopes().contains(scope) {
        Ok(session)
    } else {
        Err(refuse(visit, session, purpose).await?)
    }
}

/// The session of somebody who owes no second factor.
fn settled(visit: &Visit) -> Result<&Session, Fail> {
    let session = visit.signed_in()?;
    if session.owes_second_factor {
        let back = visit.here().unwrap_or(profile::PROFILE);
        return Err(visit.redirect(&two_factor::set_up_path(back)).into());
    }
    Ok(session)
}

/// Who makes somebody an administrator proved lately who they are: an open browser that was left alone must not do it.
fn confirm_before_giving(visit: &Visit, role: &str, page: &str) -> Result<(), Fail> {
    if role.parse::<Role>().is_ok_and(Role::is_admin) {
        visit.confirm_identity(page)?;
    }
    Ok(())
}

async fn refuse(visit: &Visit, session: &Session, purpose: &Purpose) -> Result<Fail, Fail> {
    let id = &session.organization.id;
    let administrators = visit.app.db.read(|tx| administrators(tx, id)).await?;
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
    let nav = Nav::Console(visit.viewer(session, &csrf), purpose.place);
    Ok(visit.page(StatusCode::FORBIDDEN, (purpose.title, nav, wall(&page)), FormTarget::OwnPages).into())
}

fn leak_notices(leaks: Vec<Leak>) -> Vec<LeakNotice> {
    let notice = |leak: Leak| LeakNotice {
        what: format!("{} ending in {}", sentence_case(leak.credential.words()), leak.last_four),
        reported_at: leak.reported_at,
    };
    leaks.into_iter().map(notice).collect()
}

fn sentence_case(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// A page that shows a form again, with its mistakes.
fn with_mistakes(mut page: Response) -> Response {
    *page.status_mut() = StatusCode::BAD_REQUEST;
    page
}
