//! "Forgot your password?": asking for a link, and setting a new password by it.
//!
//! The answer to who asks is one and the same whoever the address belongs to, and so is the work until then: two rows
//! ([`model::password_reset`]). The link is checked against its own id, so the database holds nothing that opens.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use model::error::Invalid;
use model::person::check_email;
use model::{password, password_reset};
use rules::id::ResetId;
use rules::secret::{Mint, Plaintext, ResetToken};

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Post, Visit};
use crate::throttle::{RESET_WAIT, network};
use crate::views::parts::Errors;
use crate::views::reset::{self as views, Ask, NewPassword};

/// The address of a link, without its host.
pub(crate) fn path(mint: &Mint, id: &ResetId) -> Zeroizing<String> {
    Zeroizing::new(format!("/reset/{id}?token={}", token(mint, id).expose()))
}

fn token(mint: &Mint, id: &ResetId) -> Plaintext<ResetToken> {
    mint.pepper.link_token(&mint.format, id.as_str())
}

/// `GET /reset`
pub(crate) async fn new(visit: Visit) -> Response {
    ask(&visit, String::new(), Errors::default())
}

fn ask(visit: &Visit, email: String, errors: Errors) -> Response {
    if !visit.app.mail.works() {
        let body = views::without_mail(visit.app.site.support_contact.as_deref());
        return visit.alone("Forgot your password?", body);
    }
    visit.alone("Forgot your password?", views::ask(&Ask { csrf: visit.form_token(), email, errors }))
}

/// `POST /reset`
pub(crate) async fn create(State(app): State<App>, Post { visit, form }: Post) -> Result<Response, Fail> {
    let email = form.text("email").to_owned();
    let mut invalid = Invalid::default();
    check_email(&mut invalid, "email", &email);
    if !invalid.problems.is_empty() || !app.mail.works() {
        return Ok(with_status(StatusCode::BAD_REQUEST, ask(&visit, email, Errors(invalid.problems))));
    }
    if !app.throttle.may_ask_for_reset(visit.address()) {
        return Ok(hold_back(&visit, email, RESET_WAIT));
    }
    let address = network(visit.address());
    app.db.write(move |tx| password_reset::ask(tx, &email, &address)).await?;
    Ok(visit.alone("Look into your mail", views::asked()))
}

fn hold_back(visit: &Visit, email: String, wait: Duration) -> Response {
    let words = "Too many links were asked for from your network. Wait a minute and try again.";
    let errors = Errors(vec![("email".to_owned(), words.to_owned())]);
    let mut response = with_status(StatusCode::TOO_MANY_REQUESTS, ask(visit, email, errors));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    response
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    token: String,
}

/// The reset that the link opens, if it still does.
async fn opened(app: &App, id: &str, link: &Link) -> Result<ResetId, Fail> {
    let id: ResetId = id.parse().map_err(|_| over())?;
    let shown = app.mint.format.read::<ResetToken>(&link.token).map_err(|_| over())?;
    let pepper = &app.mint.pepper;
    if !pepper.hash(&shown).matches(&pepper.hash(&token(&app.mint, &id))) {
        return Err(over());
    }
    match app.db.read(|tx| password_reset::open(tx, &id)).await? {
        Some(_person) => Ok(id),
        None => Err(over()),
    }
}

fn over() -> Fail {
    let happened =
        "It was used already, is older than an hour, or your password was changed since it was sent.";
    Trouble::new(StatusCode::NOT_FOUND, "This link does not open anything", happened)
        .advise("Ask for a new one: choose “Forgot your password?” on the sign-in page.")
        .into()
}

/// `GET /reset/{id}`: looking uses nothing up, because programs that check mails look, too.
pub(crate) async fn edit(
    visit: Visit,
    Path(id): Path<String>,
    Query(link): Query<Link>,
) -> Result<Response, Fail> {
    let id = opened(&visit.app, &id, &link).await?;
    Ok(form_page(&visit, &id, Errors::default()))
}

fn form_page(visit: &Visit, id: &ResetId, errors: Errors) -> Response {
    let page =
        NewPassword { action: path(&visit.app.mint, id).to_string(), csrf: visit.form_token(), errors };
    visit.alone("Set a new password", views::new_password(&page))
}

/// `POST /reset/{id}`
pub(crate) async fn update(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(link): Query<Link>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let id = opened(&app, &id, &link).await?;
    let mut invalid = Invalid::default();
    password::check(&mut invalid, "password", form.text("password"));
    if !invalid.problems.is_empty() {
        let page = form_page(&visit, &id, Errors(invalid.problems));
        return Ok(with_status(StatusCode::BAD_REQUEST, page));
    }
    let digest = app.passwords.hash(form.text("password").to_owned()).await.ok_or_else(Trouble::internal)?;
    let address = visit.address().to_string();
    let set = app.db.write(move |tx| password_reset::finish(tx, &id, &digest, &address)).await;
    match set {
        Ok(()) => Ok(visit.alone("Your password is set", views::done())),
        Err(model::Error::NotFound) => Err(over()),
        Err(error) => Err(error.into()),
    }
}

fn with_status(status: StatusCode, mut response: Response) -> Response {
    *response.status_mut() = status;
    response
}
