//! Signing in and out.

pub(crate) mod code;

use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use model::authorization;
use model::password::MAX_BYTES;
use model::person::{self, Person, normalize_email};
use model::sign_in::{self, Passed};
use rules::id::RequestId;
use rules::scope::Scope;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::oauth::consent;
use crate::http::page::{FormTarget, Post, Visit, own_path};
use crate::views::Nav;
use crate::views::login::{self, Login};

/// Where to go after signing in.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Next {
    /// An authorization request that waits.
    request: Option<String>,
    /// A page of ours.
    return_to: Option<String>,
}

impl Next {
    fn path(&self) -> String {
        match (&self.request, &self.return_to) {
            (Some(request), _) => match request.parse::<RequestId>() {
                Ok(id) => consent::path(&id),
                Err(_) => "/".to_owned(),
            },
            (None, Some(path)) => own_path(path).to_owned(),
            (None, None) => "/".to_owned(),
        }
    }

    /// `page`, with what comes after it.
    fn keep(&self, page: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(request) = &self.request {
            query.append_pair("request", request);
        }
        if let Some(path) = &self.return_to {
            query.append_pair("return_to", own_path(path));
        }
        let query = query.finish();
        if query.is_empty() { page.to_owned() } else { format!("{page}?{query}") }
    }
}

/// `GET /`: the console, or the way to it.
pub(crate) async fn home(visit: Visit) -> Result<Response, Fail> {
    let session = visit.signed_in()?;
    Ok(visit.redirect(match session.role {
        role if role.is_admin() => "/settings/developer/api-keys",
        role if role.scopes().contains(Scope::DevicesRead) => "/devices",
        _ => "/settings/organization",
    }))
}

/// `GET /login`
pub(crate) async fn new(visit: Visit, Query(next): Query<Next>) -> Result<Response, Fail> {
    if visit.session.is_some() && next.request.is_none() {
        return Ok(visit.redirect(&next.path()));
    }
    show(&visit, &next, Login::default()).await
}

/// `POST /login`. What is wrong is never said in part: address and password are right together or not at all.
pub(crate) async fn create(
    State(app): State<App>,
    Query(next): Query<Next>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let email = normalize_email(form.text("email"));
    let password = form.text("password").to_owned();
    if password.len() > MAX_BYTES || email.len() > 254 {
        return refuse(&visit, &next, email, StatusCode::BAD_REQUEST, "That is too long to be right.").await;
    }
    let person = match attempt(&app, &visit, (&email, password)).await? {
        Attempt::Right(person) => person,
        Attempt::TooSoon(wait) => return hold_back(&visit, &next, email, wait.as_secs() + 1).await,
        Attempt::Wrong => {
            let (visitor, refused) = (visit.visitor(), email.clone());
            app.db.write(move |tx| model::session::refuse(tx, &refused, &visitor)).await?;
            let words = "Email and password don't match. Check both and try again.";
            return refuse(&visit, &next, email, StatusCode::UNAUTHORIZED, words).await;
        }
    };
    let (mint, arrival) = (app.mint.clone(), visit.arrival());
    let passed = app.db.write(move |tx| sign_in::with_password(tx, &mint, &arrival, &person)).await?;
    Ok(match passed {
        Passed::In(token) => {
            let mut response = visit.redirect(&next.path());
            visit.begin_session(&mut response, &token);
            response
        }
        Passed::NeedsCode(token) => {
            let mut response = visit.redirect(&next.keep("/login/code"));
            visit.begin_step(&mut response, &token);
            response
        }
    })
}

/// What came of an address and a password.
pub(crate) enum Attempt {
    /// They belong together.
    Right(Person),
    /// They don't.
    Wrong,
    /// Nobody looked at it: too many were wrong before.
    TooSoon(Duration),
}

/// Tries a password, when it is this network address's turn.
pub(crate) async fn attempt(
    app: &App,
    visit: &Visit,
    (email, password): (&str, String),
) -> Result<Attempt, Fail> {
    let _turn = app.throttle.sign_in_turn(visit.address()).await;
    if let Some(wait) = app.throttle.sign_in_wait(email, visit.address()) {
        return Ok(Attempt::TooSoon(wait));
    }
    let known = app.db.read(|tx| person::by_email(tx, email)).await?;
    let (person, digest) = known.unzip();
    let good = app.passwords.check(digest, password).await;
    Ok(match person {
        Some(person) if good => Attempt::Right(person),
        _ => {
            app.throttle.sign_in_failed(email, visit.address());
            Attempt::Wrong
        }
    })
}

/// Why a password does not count; none if it is that of the account with this address.
pub(crate) async fn refused_password(
    visit: &Visit,
    email: &str,
    password: &str,
) -> Result<Option<String>, Fail> {
    Ok(match attempt(&visit.app, visit, (email, password.to_owned())).await? {
        Attempt::Right(_person) => None,
        Attempt::Wrong => Some("That is not your password.".to_owned()),
        Attempt::TooSoon(wait) => {
            Some(format!("Too many tries. Wait {} seconds and try again.", wait.as_secs() + 1))
        }
    })
}

/// `POST /logout`
pub(crate) async fn destroy(State(app): State<App>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    end(&app, &visit).await?;
    let mut response = visit.redirect("/login");
    visit.end_session(&mut response);
    Ok(response)
}

/// Ends the visit's session, if it has one.
pub(crate) async fn end(app: &App, visit: &Visit) -> Result<(), Fail> {
    if let Some(session) = visit.session.clone() {
        let actor = visit.actor();
        app.db.write(move |tx| model::session::end(tx, &session, &actor)).await?;
    }
    Ok(())
}

async fn refuse(
    visit: &Visit,
    next: &Next,
    email: String,
    status: StatusCode,
    words: &str,
) -> Result<Response, Fail> {
    let page = Login { email, error: Some(words.to_owned()), ..Login::default() };
    let mut response = show(visit, next, page).await?;
    *response.status_mut() = status;
    Ok(response)
}

async fn hold_back(visit: &Visit, next: &Next, email: String, seconds: u64) -> Result<Response, Fail> {
    let words = format!("Too many tries. Wait {seconds} seconds and try again.");
    let mut response = refuse(visit, next, email, StatusCode::TOO_MANY_REQUESTS, &words).await?;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(response)
}

/// An application that waits for the sign-in.
struct Waiting {
    login_hint: Option<String>,
    application: Option<String>,
    /// Where its answer goes. With remembered consent nothing stands between the last form of the sign-in and that
    /// redirect, so the page must let its form lead there.
    source: Option<String>,
}

impl Waiting {
    async fn of(visit: &Visit, next: &Next) -> Result<Option<Self>, Fail> {
        let Some(request) = &next.request else { return Ok(None) };
        let id: RequestId = request.parse().map_err(|_| Trouble::not_found())?;
        let browser = visit.browser_hash();
        let (pending, application) = visit
            .app
            .db
            .read(|tx| {
                let pending = authorization::find(tx, browser, &id)?;
                let application = model::application::client(tx, pending.client_id.as_str())?;
                Ok::<_, model::Error>((pending, application))
            })
            .await
            .map_err(consent::over_or)?;
        let source = consent::destination(&pending, application.as_ref()).map(|to| to.form_action_source());
        let application = application.map(|application| application.profile.name);
        Ok(Some(Self { login_hint: pending.login_hint, application, source }))
    }

    fn target(waiting: Option<&Self>) -> FormTarget<'_> {
        let source = waiting.and_then(|waiting| waiting.source.as_deref());
        source.map_or(FormTarget::OwnPages, FormTarget::And)
    }
}

/// The page. If an application waits, it is named.
async fn show(visit: &Visit, next: &Next, page: Login) -> Result<Response, Fail> {
    let mut page = Login { action: next.keep("/login"), csrf: visit.form_token(), ..page };
    let waiting = Waiting::of(visit, next).await?;
    if let Some(waiting) = &waiting {
        if page.email.is_empty() {
            page.email = waiting.login_hint.clone().unwrap_or_default();
        }
        page.application.clone_from(&waiting.application);
    }
    let target = Waiting::target(waiting.as_ref());
    Ok(visit.page(StatusCode::OK, ("Sign in", Nav::SignedOut, login::login(&page)), target))
}
