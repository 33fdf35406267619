//! The second step of signing in: a code, from the browser that brought the right password.

use axum::extract::{Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use model::sign_in::{self, Coded};

use super::{Next, Waiting};
use crate::app::App;
use crate::http::error::Fail;
use crate::http::page::{Post, Visit};
use crate::views::Nav;
use crate::views::code::{CodePage, code as body};

/// `GET /login/code`
pub(crate) async fn new(visit: Visit, Query(next): Query<Next>) -> Result<Response, Fail> {
    let browser = visit.browser_hash();
    let awaited = match visit.step_hash() {
        Some(step) => visit.app.db.read(|tx| sign_in::awaited(tx, step, browser)).await?,
        None => None,
    };
    if awaited.is_none() {
        return Ok(visit.redirect(&next.keep("/login")));
    }
    show(&visit, &next, None).await
}

/// `POST /login/code`
pub(crate) async fn create(
    State(app): State<App>,
    Query(next): Query<Next>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let Some(step) = visit.step_hash() else { return Ok(visit.redirect(&next.keep("/login"))) };
    let (mint, arrival, code) = (app.mint.clone(), visit.arrival(), form.text("code").to_owned());
    let coded = app.db.write(move |tx| sign_in::with_code(tx, &mint, &arrival, (step, &code))).await?;
    match coded {
        Coded::In(token) => {
            let mut response = visit.redirect(&next.path());
            visit.begin_session(&mut response, &token);
            visit.end_step(&mut response);
            Ok(response)
        }
        Coded::Over => {
            let mut response = visit.redirect(&next.keep("/login"));
            visit.end_step(&mut response);
            Ok(response)
        }
        Coded::Wrong => {
            let mut response = show(&visit, &next, Some(WRONG.to_owned())).await?;
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(response)
        }
        Coded::TooSoon(wait) => {
            let seconds = u64::try_from(wait.as_secs()).unwrap_or(0) + 1;
            let mut response = show(&visit, &next, Some(too_soon(seconds))).await?;
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            Ok(response)
        }
    }
}

/// What is said of a code that does not count.
const WRONG: &str = "That code is wrong, too old or used already. Wait for the next one and try again.";

/// What is said while codes are not looked at.
pub(crate) fn too_soon(seconds: u64) -> String {
    let minutes = seconds.div_ceil(60);
    let wait = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
    format!("Too many wrong codes. Wait {wait} and try again, or use a recovery code now.")
}

async fn show(visit: &Visit, next: &Next, error: Option<String>) -> Result<Response, Fail> {
    let waiting = Waiting::of(visit, next).await?;
    let page = CodePage {
        action: next.keep("/login/code"),
        start_over: next.keep("/login"),
        csrf: visit.form_token(),
        error,
        application: waiting.as_ref().and_then(|waiting| waiting.application.clone()),
    };
    let target = Waiting::target(waiting.as_ref());
    Ok(visit.page(StatusCode::OK, ("Enter your code", Nav::SignedOut, body(&page)), target))
}
