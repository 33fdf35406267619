//! Settings → Profile → Two-factor: setting up an app that shows codes, and recovery codes.
//!
//! Until a code has confirmed it, a new seed exists on the page alone, sealed for this person in a hidden field: a
//! page that is only looked at leaves nothing behind.

use axum::extract::{Query, State};
use axum::response::Response;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use model::second_factor::{self, RecoveryCodes};
use model::session::{self, Renewal, Session};
use rules::id::PersonId;
use rules::one_time::{SEED, Seed};
use rules::seal::Tie;
use rules::secret::Pepper;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Post, Visit, own_path};
use crate::http::settings::profile::PROFILE;
use crate::http::settings::with_mistakes;
use crate::views::two_factor::{self as views, Codes, Setup};
use crate::views::{PRODUCT, Place};

const NEW: &str = "/settings/profile/two-factor/new";
/// How long a page that offers a seed can be left open.
const OFFER_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// The way to set up a second factor, and then on to `back`.
pub(crate) fn set_up_path(back: &str) -> String {
    Back { return_to: Some(back.to_owned()) }.keep(NEW)
}

/// Where to go on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    return_to: Option<String>,
}

impl Back {
    fn path(&self) -> &str {
        self.return_to.as_deref().map_or(PROFILE, own_path)
    }

    fn keep(&self, page: &str) -> String {
        if self.return_to.is_none() {
            return page.to_owned();
        }
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("return_to", self.path());
        format!("{page}?{}", query.finish())
    }
}

fn offer_tie(person: &PersonId) -> Tie<'_> {
    Tie { purpose: "offered authenticator seed", owner: person.as_str() }
}

/// A seed and when it was offered, for the hidden field.
fn seal(
    pepper: &Pepper,
    person: &PersonId,
    chance: [u8; 24],
    (seed, at): (&Seed, Timestamp),
) -> Option<String> {
    let plain = zeroize::Zeroizing::new([seed.as_bytes(), &at.as_second().to_be_bytes()].concat());
    let sealed = pepper.seal(offer_tie(person), chance, &plain)?;
    Some(BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

/// What [`seal`] made for this person, not long ago.
fn unseal(pepper: &Pepper, person: &PersonId, (field, now): (&str, Timestamp)) -> Option<Seed> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(field).ok()?;
    let plain = pepper.unseal(offer_tie(person), &sealed)?;
    let (seed, at) = plain.split_first_chunk::<SEED>()?;
    let at = Timestamp::from_second(i64::from_be_bytes(at.try_into().ok()?)).ok()?;
    (now.duration_since(at) <= OFFER_LIFE).then(|| Seed::new(*seed))
}

/// `GET /settings/profile/two-factor/new`
pub(crate) async fn new(visit: Visit, Query(back): Query<Back>) -> Result<Response, Fail> {
    let session = visit.confirm_identity(NEW)?;
    let person = &session.person.id;
    if visit.app.db.read(|tx| second_factor::is_set_up(tx, person)).await? {
        return Ok(visit.redirect(back.path()));
    }
    let chance = visit.app.db.read(|tx| tx.random()).await.map_err(model::Error::from)?;
    offer(&visit, session, (&Seed::new(chance), &back), None).await
}

async fn offer(
    visit: &Visit,
    session: &Session,
    (seed, back): (&Seed, &Back),
    error: Option<String>,
) -> Result<Response, Fail> {
    let app = &visit.app;
    let chance = app.db.read(|tx| tx.random()).await.map_err(model::Error::from)?;
    let offered = (seed, app.db.clock().now());
    let sealed = seal(&app.mint.pepper, &session.person.id, chance, offered).ok_or_else(Trouble::internal)?;
    let page = Setup {
        action: back.keep("/settings/profile/two-factor"),
        csrf: visit.form_token(),
        sealed,
        secret: seed.text(),
        address: seed.address(PRODUCT, &session.person.email),
        demanded_by: session.owes_second_factor.then(|| session.organization.name.clone()),
        error,
    };
    Ok(visit.console(session, (Place::Profile, "Set up two-factor"), views::set_up(&page)))
}

/// `POST /settings/profile/two-factor`: the one answer that shows the recovery codes.
pub(crate) async fn create(
    State(app): State<App>,
    Query(back): Query<Back>,
    Post { mut visit, form }: Post,
) -> Result<Response, Fail> {
    let session = visit.confirm_identity(&back.keep(NEW))?.clone();
    let person = &session.person.id;
    let offered = (form.text("enrolment"), app.db.clock().now());
    let Some(seed) = unseal(&app.mint.pepper, person, offered) else {
        return Ok(visit.redirect(&back.keep(NEW)));
    };
    let (mint, actor, code) = (app.mint.clone(), visit.actor(), form.text("code").to_owned());
    let kept = Seed::from_bytes(seed.as_bytes()).ok_or_else(Trouble::internal)?;
    let added = visit
        .write(move |tx, session| {
            let Some(codes) = second_factor::add(tx, &mint.pepper, (session, &actor), (&kept, &code))? else {
                return Ok(None);
            };
            Ok(Some((codes, session::renew(tx, &mint, session, Renewal::AsBefore)?)))
        })
        .await?;
    match added {
        Some((codes, token)) => {
            visit.continue_as(token);
            let mut response = show_codes(&visit, &session, (codes, &back));
            visit.bring_token(&mut response);
            Ok(response)
        }
        None => {
            let words = "That is not the code that your app shows now. Is the clock of your phone right?";
            let page = offer(&visit, &session, (&seed, &back), Some(words.to_owned())).await?;
            Ok(with_mistakes(page))
        }
    }
}

fn show_codes(visit: &Visit, session: &Session, (codes, back): (RecoveryCodes, &Back)) -> Response {
    let page = Codes { codes, go_on: back.path().to_owned() };
    visit.console(session, (Place::Profile, "Your recovery codes"), views::codes(&page))
}

/// `POST /settings/profile/two-factor/remove`
pub(crate) async fn destroy(Post { visit, .. }: Post) -> Result<Response, Fail> {
    visit.confirm_identity(PROFILE)?;
    let (mint, actor) = (visit.app.mint.clone(), visit.actor());
    let token = visit
        .write(move |tx, session| {
            if !second_factor::remove(tx, session, &actor)? {
                return Ok(None);
            }
            session::renew(tx, &mint, session, Renewal::AsBefore).map(Some)
        })
        .await?;
    let mut response = visit.redirect(PROFILE);
    if let Some(token) = token {
        visit.begin_session(&mut response, &token);
    }
    Ok(response)
}

/// `POST /settings/profile/recovery-codes`: the one answer that shows them.
pub(crate) async fn create_codes(State(app): State<App>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    let session = visit.confirm_identity(PROFILE)?;
    let (pepper, actor) = (app.mint.pepper.clone(), visit.actor());
    let codes =
        visit.write(move |tx, session| second_factor::renew_codes(tx, &pepper, session, &actor)).await?;
    Ok(match codes {
        Some(codes) => show_codes(&visit, session, (codes, &Back::default())),
        None => visit.redirect(NEW),
    })
}
