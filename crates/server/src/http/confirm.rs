//! "Is it still you?": the password again, and the code, before what is sensitive ([`Visit::confirm_identity`]).

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;

use model::sign_in::{self, Coded};
use model::{password, second_factor};

use crate::app::App;
use crate::http::error::Fail;
use crate::http::page::{Post, Visit, own_path};
use crate::http::session::code::too_soon;
use crate::http::session::{Attempt, attempt};
use crate::views::Nav;
use crate::views::confirm::{Confirm, confirm as body};

/// Where to go on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Back {
    return_to: Option<String>,
}

impl Back {
    fn path(&self) -> &str {
        self.return_to.as_deref().map_or("/settings/profile", own_path)
    }

    fn action(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("return_to", self.path());
        format!("/confirm?{}", query.finish())
    }
}

/// `GET /confirm`
pub(crate) async fn new(visit: Visit, Query(back): Query<Back>) -> Result<Response, Fail> {
    visit.signed_in()?;
    show(&visit, &back, (StatusCode::OK, None)).await
}

/// `POST /confirm`. Password and code are right together or not at all.
pub(crate) async fn create(
    State(app): State<App>,
    Query(back): Query<Back>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let email = visit.signed_in()?.person.email.clone();
    let password = form.text("password").to_owned();
    if password.len() > password::MAX_BYTES {
        return wrong(&visit, &back).await;
    }
    match attempt(&app, &visit, (&email, password)).await? {
        Attempt::Right(_person) => {}
        Attempt::Wrong => {
            let (visitor, refused) = (visit.visitor(), email.clone());
            app.db.write(move |tx| model::session::refuse(tx, &refused, &visitor)).await?;
            return wrong(&visit, &back).await;
        }
        Attempt::TooSoon(wait) => {
            let seconds = wait.as_secs() + 1;
            let words = format!("Too many tries. Wait {seconds} seconds and try again.");
            return hold_back(&visit, &back, (seconds, words)).await;
        }
    }
    let (mint, actor, code) = (app.mint.clone(), visit.actor(), form.text("code").to_owned());
    let coded = visit.write(move |tx, session| sign_in::confirm(tx, &mint, (session, &actor), &code)).await?;
    match coded {
        Coded::In(token) => {
            let mut response = visit.redirect(back.path());
            visit.begin_session(&mut response, &token);
            Ok(response)
        }
        Coded::Wrong | Coded::Over => wrong(&visit, &back).await,
        Coded::TooSoon(wait) => {
            let seconds = u64::try_from(wait.as_secs()).unwrap_or(0) + 1;
            hold_back(&visit, &back, (seconds, too_soon(seconds))).await
        }
    }
}

async fn wrong(visit: &Visit, back: &Back) -> Result<Response, Fail> {
    let words = "That does not match. Check it and try again.".to_owned();
    show(visit, back, (StatusCode::UNAUTHORIZED, Some(words))).await
}

async fn hold_back(visit: &Visit, back: &Back, (seconds, words): (u64, String)) -> Result<Response, Fail> {
    let mut response = show(visit, back, (StatusCode::TOO_MANY_REQUESTS, Some(words))).await?;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    Ok(response)
}

async fn show(
    visit: &Visit,
    back: &Back,
    (status, error): (StatusCode, Option<String>),
) -> Result<Response, Fail> {
    let session = visit.signed_in()?;
    let person = &session.person.id;
    let needs_code = visit.app.db.read(|tx| second_factor::is_set_up(tx, person)).await?;
    let page = Confirm {
        action: back.action(),
        csrf: visit.form_token(),
        name: session.person.name.clone(),
        email: session.person.email.clone(),
        needs_code,
        error,
    };
    let target = crate::http::page::FormTarget::OwnPages;
    Ok(visit.page(status, ("Is it still you?", Nav::SignedOut, body(&page)), target))
}
