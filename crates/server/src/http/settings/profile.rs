//! Settings → Profile: who one is, one's password, second factor and sessions.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use model::error::Invalid;
use model::password_reset::{self, Applications};
use model::session::{self, Listed, Renewal, Session};
use model::{Error, password, second_factor};

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Fields, Post, Visit};
use crate::http::session::{Attempt, attempt};
use crate::views::Place;
use crate::views::parts::Errors;
use crate::views::profile::{self as views, Profile, SessionRow};

/// The page's address.
pub(crate) const PROFILE: &str = "/settings/profile";

/// `GET /settings/profile`
pub(crate) async fn show(visit: Visit) -> Result<Response, Fail> {
    let session = visit.signed_in()?;
    page(&visit, session, Errors::default()).await
}

async fn page(visit: &Visit, session: &Session, errors: Errors) -> Result<Response, Fail> {
    let person = &session.person;
    let (sessions, standing) = visit
        .app
        .db
        .read(|tx| {
            let sessions = session::of_person(tx, &person.id)?;
            Ok::<_, Error>((sessions, second_factor::standing(tx, &person.id)?))
        })
        .await?;
    let page = Profile {
        csrf: visit.form_token(),
        name: person.name.clone(),
        email: person.email.clone(),
        organization: session.organization.name.clone(),
        role: session.role_name.clone(),
        second_factor: standing.map(|standing| (standing.since, standing.codes_left)),
        owes_second_factor: session.owes_second_factor,
        sessions: sessions.into_iter().map(|listed| row(listed, session)).collect(),
        errors,
    };
    Ok(visit.console(session, (Place::Profile, "Profile"), views::show(&page)))
}

fn row(listed: Listed, session: &Session) -> SessionRow {
    SessionRow {
        is_this: listed.id == session.id,
        id: listed.id.to_string(),
        address: listed.address,
        user_agent: listed.user_agent,
        created_at: listed.created_at,
        seen_at: listed.seen_at,
    }
}

/// `POST /settings/profile/password`
pub(crate) async fn update_password(
    State(app): State<App>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let session = visit.signed_in()?;
    let person = &session.person.id;
    if app.db.read(|tx| second_factor::is_set_up(tx, person)).await? {
        visit.confirm_identity(PROFILE)?;
    }
    if let Err(refused) = check(&app, &visit, (session, &form)).await? {
        return Ok(refused);
    }
    let digest = app.passwords.hash(form.text("password").to_owned()).await.ok_or_else(Trouble::internal)?;
    let applications = match form.filled("end_applications") {
        Some(_ticked) => Applications::End,
        None => Applications::Keep,
    };
    let (mint, actor) = (app.mint.clone(), visit.actor());
    let token = visit
        .write(move |tx, session| {
            password_reset::change(tx, session, &actor, &digest, applications)?;
            // A password alone is not all that signing in may take, so it does not count as that.
            session::renew(tx, &mint, session, Renewal::AsBefore)
        })
        .await?;
    let mut response = visit.redirect(PROFILE);
    visit.begin_session(&mut response, &token);
    Ok(response)
}

/// Whether the form may do what it says; otherwise the page again.
async fn check(
    app: &App,
    visit: &Visit,
    (session, form): (&Session, &Fields),
) -> Result<Result<(), Response>, Fail> {
    let mut invalid = Invalid::default();
    password::check(&mut invalid, "password", form.text("password"));
    let current = form.text("current_password");
    if current.is_empty() || current.len() > password::MAX_BYTES {
        invalid.add("current_password", "Enter the password that you have now.");
    }
    if !invalid.problems.is_empty() {
        return again(visit, session, (StatusCode::BAD_REQUEST, invalid)).await.map(Err);
    }
    match attempt(app, visit, (&session.person.email, current.to_owned())).await? {
        Attempt::Right(_person) => Ok(Ok(())),
        Attempt::Wrong => {
            let (visitor, email) = (visit.visitor(), session.person.email.clone());
            app.db.write(move |tx| session::refuse(tx, &email, &visitor)).await?;
            let invalid = Invalid::one("current_password", "This is not the password that you have now.");
            again(visit, session, (StatusCode::BAD_REQUEST, invalid)).await.map(Err)
        }
        Attempt::TooSoon(wait) => {
            let seconds = wait.as_secs() + 1;
            let words = format!("Too many tries. Wait {seconds} seconds and try again.");
            let invalid = Invalid::one("current_password", words);
            let mut response = again(visit, session, (StatusCode::TOO_MANY_REQUESTS, invalid)).await?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(Err(response))
        }
    }
}

async fn again(
    visit: &Visit,
    session: &Session,
    (status, invalid): (StatusCode, Invalid),
) -> Result<Response, Fail> {
    let mut response = page(visit, session, Errors(invalid.problems)).await?;
    *response.status_mut() = status;
    Ok(response)
}
