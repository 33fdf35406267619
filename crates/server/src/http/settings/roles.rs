//! Organization → Roles: the built-in ones explained, and those that the organization makes.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use model::role::{self, CustomRole, NewRole};
use model::session::Session;
use model::{Error, Invalid};
use rules::id::RoleId;
use rules::role::{CustomScopes, Role};
use rules::scope::ScopeSet;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Fields, Post, Visit};
use crate::http::settings::Purpose;
use crate::http::settings::form::{errors, scope_choices, scope_line, ticked};
use crate::views::Place;
use crate::views::parts::Errors;
use crate::views::roles::{self as views, BuiltInRow, RoleForm, RoleIndex, RoleRow};

const PURPOSE: Purpose = Purpose {
    title: "Roles",
    sentence: "Roles say what each member of your organization may do.",
    place: Place::Organization,
};
const INDEX: &str = "/settings/organization/roles";

async fn admin(visit: &Visit) -> Result<&Session, Fail> {
    super::admin(visit, &PURPOSE).await
}

/// `GET /settings/organization/roles`
pub(crate) async fn index(State(app): State<App>, visit: Visit) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let access = session.access();
    let own = app.db.read(|tx| role::all(tx, &access)).await?;
    let built_in = Role::ALL.map(|role| BuiltInRow { name: role.name(), purpose: purpose(role) });
    let page = RoleIndex { built_in: built_in.into(), own: own.iter().map(row).collect() };
    Ok(visit.console(session, (Place::Organization, "Roles"), views::index(&page)))
}

/// What a built-in role is for.
pub(crate) fn purpose(role: Role) -> &'static str {
    match role {
        Role::Custom(_) => "A role of your organization's own.",
        Role::Viewer => "Sees devices and their measurements.",
        Role::Operator => "Also changes devices, sends in measurements, and sees webhooks.",
        Role::OrganizationAdmin => {
            "Also decides who and what has access: API keys, applications, members, roles and the audit log."
        }
        Role::Owner => "Also makes and removes other Owners. Every organization has at least one.",
    }
}

fn row(role: &CustomRole) -> RoleRow {
    RoleRow {
        id: role.id.to_string(),
        name: role.name.clone(),
        scopes: role.scopes.scopes().iter().map(scope_line).collect(),
        members: role.members,
    }
}

/// `GET /settings/organization/roles/new`
pub(crate) async fn new(visit: Visit) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let blank = NewRole { name: String::new(), scopes: ScopeSet::EMPTY };
    Ok(form(&visit, session, (None, blank), Errors::default()))
}

/// `POST /settings/organization/roles`
pub(crate) async fn create(Post { visit, form: fields }: Post) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let new = match read(&fields) {
        Ok(new) => new,
        Err((new, invalid)) => return Ok(form(&visit, session, (None, new), errors(invalid))),
    };
    let (actor, wanted) = (visit.actor(), new.clone());
    let made = visit.write(move |tx, session| role::create(tx, &session.access(), &actor, &wanted)).await;
    match made {
        Ok(_) => Ok(visit.redirect(INDEX)),
        Err(Error::Invalid(invalid)) => Ok(form(&visit, session, (None, new), errors(invalid))),
        Err(error) => Err(error.into()),
    }
}

/// What was typed; with mistakes, if there are any that no verb would find.
fn read(fields: &Fields) -> Result<NewRole, (NewRole, Invalid)> {
    let mut invalid = Invalid::default();
    let scopes = ticked(fields, "scope", &mut invalid).set();
    let new = NewRole { name: fields.text("name").to_owned(), scopes };
    if invalid.problems.is_empty() { Ok(new) } else { Err((new, invalid)) }
}

/// `GET /settings/organization/roles/{id}`
pub(crate) async fn edit(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let role = load(&app, session, &id).await?;
    let now = NewRole { name: role.name.clone(), scopes: role.scopes.scopes() };
    Ok(form(&visit, session, (Some(role), now), Errors::default()))
}

async fn load(app: &App, session: &Session, id: &str) -> Result<CustomRole, Fail> {
    let id: RoleId = id.parse().map_err(|_| Trouble::not_found())?;
    let access = session.access();
    Ok(app.db.read(|tx| role::find(tx, &access, &id)).await?)
}

/// `POST /settings/organization/roles/{id}`
pub(crate) async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    Post { visit, form: fields }: Post,
) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let role = load(&app, session, &id).await?;
    let new = match read(&fields) {
        Ok(new) => new,
        Err((new, invalid)) => return Ok(form(&visit, session, (Some(role), new), errors(invalid))),
    };
    let (actor, wanted, id) = (visit.actor(), new.clone(), role.id.clone());
    let changed =
        visit.write(move |tx, session| role::update(tx, &session.access(), &actor, &id, &wanted)).await;
    match changed {
        Ok(()) => Ok(visit.redirect(INDEX)),
        Err(Error::Invalid(invalid)) => Ok(form(&visit, session, (Some(role), new), errors(invalid))),
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/organization/roles/{id}/delete`
pub(crate) async fn destroy(Path(id): Path<String>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    admin(&visit).await?;
    let id: RoleId = id.parse().map_err(|_| Trouble::not_found())?;
    let actor = visit.actor();
    visit.write(move |tx, session| role::delete(tx, &session.access(), &actor, &id)).await?;
    Ok(visit.redirect(INDEX))
}

fn form(
    visit: &Visit,
    session: &Session,
    (role, typed): (Option<CustomRole>, NewRole),
    errors: Errors,
) -> Response {
    let title = if role.is_some() { "Change a role" } else { "Create a role" };
    let status = if errors.0.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let page = RoleForm {
        csrf: visit.form_token(),
        existing: role.as_ref().map(row),
        name: typed.name,
        scopes: scope_choices(CustomScopes::ALLOWED.iter(), typed.scopes),
        errors,
    };
    let mut response = visit.console(session, (Place::Organization, title), views::form(&page));
    *response.status_mut() = status;
    response
}
