//! Organization → Members: who belongs to it, as what, and what they were shown that outlives them.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use model::member::{self, Member, Seen, SeenSecret};
use model::role::{self, Held};
use model::session::Session;
use model::{Error, Tx};
use rules::id::PersonId;
use rules::role::Role;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Post, Visit};
use crate::http::settings::Purpose;
use crate::http::settings::organization::worded;
use crate::http::settings::roles::purpose;
use crate::views::Place;
use crate::views::members::{
    self as views, MemberIndex, MemberRow, MemberSecrets, MemberShow, RoleChoice, SecretRow, Standing,
};
use crate::views::parts::Pages;

const PURPOSE: Purpose = Purpose {
    title: "Members",
    sentence: "Members are the people of your organization, each with a role that says what they may do.",
    place: Place::Organization,
};
pub(super) const INDEX: &str = "/settings/organization/members";
const PAGE: u32 = 50;

async fn admin(visit: &Visit) -> Result<&Session, Fail> {
    super::admin(visit, &PURPOSE).await
}

fn parse(id: &str) -> Result<PersonId, Fail> {
    id.parse().map_err(|_| Trouble::not_found().into())
}

/// Whom to list.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    after: Option<PersonId>,
}

/// `GET /settings/organization/members`
pub(crate) async fn index(
    State(app): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let access = session.access();
    let mut members =
        app.db.read(|tx| member::page(tx, &access, &asked.q, asked.after.as_ref(), PAGE + 1)).await?;
    let page_length = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = members.len() > page_length;
    members.truncate(page_length);
    let next = members.last().filter(|_| more).map(|last| address(&asked.q, Some(&last.user_id)));
    let page = MemberIndex {
        members: members.iter().map(|member| row(member, session)).collect(),
        pages: Pages { previous: asked.after.map(|_| address(&asked.q, None)), next },
        search: asked.q,
    };
    Ok(visit.console(session, (Place::Organization, "Members"), views::index(&page)))
}

fn address(search: &str, after: Option<&PersonId>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !search.is_empty() {
        query.append_pair("q", search);
    }
    if let Some(after) = after {
        query.append_pair("after", after.as_str());
    }
    let query = query.finish();
    if query.is_empty() { INDEX.to_owned() } else { format!("{INDEX}?{query}") }
}

fn row(member: &Member, session: &Session) -> MemberRow {
    MemberRow {
        id: member.user_id.to_string(),
        name: member.name.clone(),
        email: member.email.clone(),
        role: member.role.clone(),
        since: member.created_at,
        last_seen_at: member.last_seen_at,
        disabled_at: member.disabled_at,
        standing: standing(member, session),
    }
}

/// What the signed-in person may do about a member. The verbs decide; this only saves a click that leads nowhere.
fn standing(member: &Member, session: &Session) -> Standing {
    if member.user_id == session.person.id {
        Standing::Oneself
    } else if session.role.can_grant(member.held) {
        Standing::Manageable
    } else {
        Standing::Above
    }
}

/// `GET /settings/organization/members/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let (id, access) = (parse(&id)?, session.access());
    let (member, roles, seen) = app
        .db
        .read(|tx| {
            let member = member::find(tx, &access, &id)?;
            Ok::<_, Error>((member, role::assignable(tx, &access)?, member::seen(tx, &access, &id)?))
        })
        .await?;
    let page = MemberShow {
        csrf: visit.form_token(),
        roles: role_choices(&roles),
        secrets: seen.keys.len() + seen.client_secrets.len(),
        member: row(&member, session),
    };
    Ok(visit.console(session, (Place::Organization, &member.name), views::show(&page)))
}

/// Roles to choose from, in words.
pub(super) fn role_choices(roles: &[Held]) -> Vec<RoleChoice> {
    let note = |held: &Held| match held.role {
        Role::Custom(custom) => {
            custom.scopes().iter().map(|scope| scope.sentence()).collect::<Vec<_>>().join(" · ")
        }
        built_in => purpose(built_in).to_owned(),
    };
    roles.iter().map(|held| RoleChoice { name: held.name.clone(), note: note(held) }).collect()
}

/// `POST /settings/organization/members/{id}`. Whoever gets less may know secrets that they should not use any more.
pub(crate) async fn update(Path(id): Path<String>, Post { visit, form }: Post) -> Result<Response, Fail> {
    admin(&visit).await?;
    let id = parse(&id)?;
    super::confirm_before_giving(&visit, form.text("role"), &after(&id, None))?;
    let (actor, person, wanted) = (visit.actor(), id.clone(), form.text("role").to_owned());
    let leaves_secrets = visit
        .write(move |tx, session| {
            let access = session.access();
            let before = member::find(tx, &access, &person)?;
            let after = member::set_role(tx, &access, &actor, &person, &wanted)?;
            Ok(after.held.is_less_than(before.held) && knows_secrets(tx, session, &person)?)
        })
        .await
        .map_err(worded)?;
    Ok(visit.redirect(&after(&id, leaves_secrets.then_some("/secrets"))))
}

fn knows_secrets(tx: &mut Tx<'_>, session: &Session, person: &PersonId) -> model::Result<bool> {
    match member::seen(tx, &session.access(), person) {
        Ok(seen) => Ok(!(seen.keys.is_empty() && seen.client_secrets.is_empty())),
        Err(Error::NotFound) => Ok(false),
        Err(error) => Err(error),
    }
}

fn after(id: &PersonId, part: Option<&str>) -> String {
    format!("{INDEX}/{id}{}", part.unwrap_or_default())
}

/// `POST /settings/organization/members/{id}/disable`
pub(crate) async fn disable(Path(id): Path<String>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    admin(&visit).await?;
    let id = parse(&id)?;
    let (actor, person) = (visit.actor(), id.clone());
    let leaves_secrets = visit
        .write(move |tx, session| {
            member::disable(tx, &session.access(), &actor, &person)?;
            knows_secrets(tx, session, &person)
        })
        .await
        .map_err(worded)?;
    Ok(visit.redirect(&after(&id, leaves_secrets.then_some("/secrets"))))
}

/// `POST /settings/organization/members/{id}/enable`
pub(crate) async fn enable(Path(id): Path<String>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    admin(&visit).await?;
    let id = parse(&id)?;
    let (actor, person) = (visit.actor(), id.clone());
    visit
        .write(move |tx, session| member::enable(tx, &session.access(), &actor, &person))
        .await
        .map_err(worded)?;
    Ok(visit.redirect(&after(&id, None)))
}

/// `POST /settings/organization/members/{id}/remove`
pub(crate) async fn destroy(Path(id): Path<String>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    admin(&visit).await?;
    let id = parse(&id)?;
    let (actor, person) = (visit.actor(), id.clone());
    let leaves_secrets = visit
        .write(move |tx, session| {
            member::remove(tx, &session.access(), &actor, &person)?;
            knows_secrets(tx, session, &person)
        })
        .await
        .map_err(worded)?;
    Ok(visit.redirect(&if leaves_secrets { after(&id, Some("/secrets")) } else { INDEX.to_owned() }))
}

/// `GET /settings/organization/members/{id}/secrets`
pub(crate) async fn secrets(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Fail> {
    let session = admin(&visit).await?;
    let (id, access) = (parse(&id)?, session.access());
    let seen = app.db.read(|tx| member::seen(tx, &access, &id)).await?;
    let page = shown(seen, visit.form_token());
    Ok(visit.console(session, (Place::Organization, "Secrets to replace"), views::secrets(&page)))
}

fn shown(seen: Seen, csrf: String) -> MemberSecrets {
    let row = |secret: SeenSecret| SecretRow {
        id: secret.id,
        name: secret.name,
        last_four: secret.last_four,
        created_at: secret.created_at,
        last_used_at: secret.last_used_at,
    };
    MemberSecrets {
        csrf,
        name: seen.name,
        keys: seen.keys.into_iter().map(row).collect(),
        client_secrets: seen.client_secrets.into_iter().map(row).collect(),
    }
}
