//! Developer Settings → API Keys.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use model::api_key::{self, ApiKey, CreatorStanding, NewApiKey, State as KeyStanding};
use model::device_set::Devices;
use model::session::Session;
use model::{Error, Invalid, device, leak};
use rules::id::{ApiKeyId, DeviceId};
use rules::scope::Scope;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Fields, Post, Visit};
use crate::http::settings::form::{device_choices, devices, errors, scope_choices, scope_line, ticked};
use crate::http::settings::{Purpose, admin, leak_notices, with_mistakes};
use crate::views::Place;
use crate::views::api_keys::{self as views, KeyCreated, KeyForm, KeyIndex, KeyRow, KeyShow, KeyState};
use crate::views::parts::Pages;

const PURPOSE: Purpose = Purpose {
    title: "API Keys",
    sentence: "API keys let your organization's own programs read and write its data.",
    place: Place::Developer,
};
const INDEX: &str = "/settings/developer/api-keys";
const PAGE: u32 = 50;

/// Where a list of keys goes on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct From {
    before: Option<ApiKeyId>,
}

/// `GET /settings/developer/api-keys`
pub(crate) async fn index(
    State(app): State<App>,
    visit: Visit,
    Query(from): Query<From>,
) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let access = session.access();
    let mut keys = app.db.read(|tx| api_key::page(tx, &access, from.before.as_ref(), PAGE + 1)).await?;
    let page_length = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = keys.len() > page_length;
    keys.truncate(page_length);
    let next = keys.last().filter(|_| more).map(|key| format!("{INDEX}?before={}", key.id));
    let now = app.db.clock().now();
    let page = KeyIndex {
        keys: keys.iter().map(|key| row(key, now)).collect(),
        pages: Pages { previous: from.before.map(|_| INDEX.to_owned()), next },
        now,
        api: app.site.api_url.clone(),
    };
    Ok(visit.console(session, (Place::Developer, "API Keys"), views::index(&page)))
}

fn row(key: &ApiKey, now: Timestamp) -> KeyRow {
    KeyRow {
        id: key.id.to_string(),
        name: key.name.clone(),
        masked: format!("{}…{}", key.prefix, key.last_four),
        scopes: key.scopes.iter().count(),
        devices: match &key.devices {
            Devices::All => "All devices".to_owned(),
            Devices::Chosen(ids) if ids.len() == 1 => "1 device".to_owned(),
            Devices::Chosen(ids) => format!("{} devices", ids.len()),
        },
        created_by: key.creator.clone().unwrap_or_else(|| "an API key".to_owned()),
        creator_note: match key.creator_standing {
            CreatorStanding::Admin => None,
            CreatorStanding::Demoted => Some("Its creator is no admin any more"),
            CreatorStanding::Left => Some("Its creator left"),
        },
        created_at: key.created_at,
        last_used_at: key.last_used_at,
        expires_at: key.expires_at,
        state: match key.state(now) {
            KeyStanding::Active | KeyStanding::EndsSoon => KeyState::Active,
            KeyStanding::Expired => KeyState::Expired,
            KeyStanding::Revoked => KeyState::Revoked,
        },
    }
}

/// `GET /settings/developer/api-keys/new`
pub(crate) async fn new(visit: Visit) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let blank = KeyForm { expiry: "90".to_owned(), devices: "all".to_owned(), ..empty_form(&visit) };
    show_form(&visit, session, blank, &[]).await
}

fn empty_form(visit: &Visit) -> KeyForm {
    KeyForm {
        csrf: visit.form_token(),
        name: String::new(),
        scopes: Vec::new(),
        devices: String::new(),
        device_choices: Vec::new(),
        expiry: String::new(),
        expiry_date: String::new(),
        errors: crate::views::parts::Errors::default(),
    }
}

async fn show_form(
    visit: &Visit,
    session: &Session,
    mut form: KeyForm,
    chosen: &[DeviceId],
) -> Result<Response, Fail> {
    if form.scopes.is_empty() {
        form.scopes = scope_choices(offered(session), rules::scope::ScopeSet::EMPTY);
    }
    let organization = &session.organization.id;
    let known = visit.app.db.read(|tx| device::names(tx, organization)).await?;
    form.device_choices = device_choices(&known, chosen);
    Ok(visit.console(session, (Place::Developer, "Create an API Key"), views::new(&form)))
}

/// The scopes that a key of this person can have.
fn offered(session: &Session) -> impl Iterator<Item = Scope> {
    let held = session.role.scopes();
    Scope::all().filter(move |scope| scope.fits_keys() && held.contains(*scope))
}

/// `POST /settings/developer/api-keys`: the one answer that shows the key.
pub(crate) async fn create(State(app): State<App>, Post { visit, form }: Post) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let mut invalid = Invalid::default();
    let new = NewApiKey {
        name: form.text("name").to_owned(),
        scopes: ticked(&form, "scope", &mut invalid),
        devices: devices(&form, &mut invalid),
        expires_at: expiry(&form, app.db.clock().now(), &mut invalid),
    };
    if !invalid.problems.is_empty() {
        return again(&visit, session, (&form, &new), invalid).await;
    }
    let (mint, actor, wanted) = (app.mint.clone(), visit.actor(), new.clone());
    let made =
        visit.write(move |tx, session| api_key::create(tx, &session.access(), &mint, &actor, &wanted)).await;
    let (key, secret) = match made {
        Ok(made) => made,
        Err(Error::Invalid(invalid)) => return again(&visit, session, (&form, &new), invalid).await,
        Err(error) => return Err(error.into()),
    };
    let reading = if key.scopes.contains(Scope::ObservationsRead) { "/observations/latest" } else { "/me" };
    let page = KeyCreated {
        id: key.id.to_string(),
        name: key.name.clone(),
        curl: format!("curl -H 'Authorization: Bearer {}' {}{reading}", secret.expose(), app.site.api_url),
        key: secret.expose().to_owned(),
        expires_at: key.expires_at,
    };
    Ok(visit.console(session, (Place::Developer, "Copy your key now"), views::created(&page)))
}

async fn again(
    visit: &Visit,
    session: &Session,
    (form, new): (&Fields, &NewApiKey),
    invalid: Invalid,
) -> Result<Response, Fail> {
    let page = KeyForm {
        name: new.name.clone(),
        scopes: scope_choices(offered(session), new.scopes.set()),
        devices: form.text("devices").to_owned(),
        expiry: form.text("expiry").to_owned(),
        expiry_date: form.text("expiry_date").to_owned(),
        errors: errors(invalid),
        ..empty_form(visit)
    };
    let chosen = match &new.devices {
        Devices::All => &[][..],
        Devices::Chosen(ids) => ids,
    };
    show_form(visit, session, page, chosen).await.map(with_mistakes)
}

/// When the key ends: `never`, in a number of days, or with a day (UTC).
fn expiry(form: &Fields, now: Timestamp, invalid: &mut Invalid) -> Option<Timestamp> {
    match form.text("expiry") {
        "never" => None,
        days @ ("30" | "90" | "365") => {
            let days: i64 = days.parse().unwrap_or(30);
            Some(now + SignedDuration::from_hours(24 * days))
        }
        "date" => {
            let day = form.text("expiry_date").parse::<Date>().ok();
            let end = day.and_then(|day| day.tomorrow().ok()?.to_zoned_datetime(TimeZone::UTC).ok());
            if end.is_none() {
                invalid.add("expiry_date", "Choose a day, such as 2030-01-31.");
            }
            end.map(|end| end.timestamp())
        }
        _ => {
            invalid.add("expiry", "Choose when the key ends.");
            None
        }
    }
}

/// `GET /settings/developer/api-keys/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let id: ApiKeyId = id.parse().map_err(|_| Trouble::not_found())?;
    let access = session.access();
    let (key, names, leaks) = app
        .db
        .read(|tx| {
            let key = api_key::find(tx, &access, &id)?;
            Ok::<_, Error>((key, device::names(tx, &access.organization)?, leak::of_key(tx, &access, &id)?))
        })
        .await?;
    let now = app.db.clock().now();
    let page = KeyShow {
        csrf: visit.form_token(),
        scopes: key.scopes.iter().map(scope_line).collect(),
        devices: match &key.devices {
            Devices::All => None,
            Devices::Chosen(ids) => {
                Some(names.into_iter().filter(|(id, ..)| ids.contains(id)).map(|(_, name, _)| name).collect())
            }
        },
        last_used_from: key.last_used_address.clone(),
        key: row(&key, now),
        leaks: leak_notices(leaks),
        now,
    };
    Ok(visit.console(session, (Place::Developer, &key.name), views::show(&page)))
}

/// `POST /settings/developer/api-keys/{id}/revoke`
pub(crate) async fn destroy(Path(id): Path<String>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    admin(&visit, &PURPOSE).await?;
    let id: ApiKeyId = id.parse().map_err(|_| Trouble::not_found())?;
    let (actor, key) = (visit.actor(), id.clone());
    visit.write(move |tx, session| api_key::revoke(tx, &session.access(), &actor, &key)).await?;
    Ok(visit.redirect(&format!("{INDEX}/{id}")))
}
