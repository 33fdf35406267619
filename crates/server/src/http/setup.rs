//! The first start: a one-time link makes the platform's operator, the first organization and its Owner.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use model::error::Invalid;
use model::person::{self, NewPerson};
use model::setup::{self, First};
use model::{organization, password};
use rules::secret::{Hashed, SetupToken};

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Fields, Post, Visit};
use crate::views::parts::Errors;
use crate::views::setup::{Setup, setup as body};

#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    token: String,
}

/// The link's hash, if the link still opens.
async fn opened(app: &App, link: &Link) -> Result<Hashed<SetupToken>, Fail> {
    let token = app.mint.format.read::<SetupToken>(&link.token).map_err(|_| over())?;
    let hash = app.mint.pepper.hash(&token);
    if app.db.read(|tx| setup::is_open(tx, hash)).await? { Ok(hash) } else { Err(over()) }
}

fn over() -> Fail {
    let happened = "This set-up link was used already, or is not the newest one.";
    let advice = "If nobody can sign in yet, restart the server: it prints a new link.";
    Trouble::new(StatusCode::NOT_FOUND, "This link does not open anything", happened).advise(advice).into()
}

/// `GET /setup`
pub(crate) async fn new(visit: Visit, Query(link): Query<Link>) -> Result<Response, Fail> {
    opened(&visit.app, &link).await?;
    let page = Setup { action: action(&link), csrf: visit.form_token(), ..Setup::default() };
    Ok(visit.alone("Set up", body(&page)))
}

/// `POST /setup`
pub(crate) async fn create(
    State(app): State<App>,
    Query(link): Query<Link>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let hash = opened(&app, &link).await?;
    // All mistakes in one round: hashing is too dear to begin with a form that will come back.
    let mut invalid = Invalid::default();
    organization::check_name(&mut invalid, "organization_name", form.text("organization_name"));
    organization::check_name(&mut invalid, "name", form.text("name"));
    person::check_email(&mut invalid, "email", form.text("email"));
    password::check(&mut invalid, "password", form.text("password"));
    if !invalid.problems.is_empty() {
        return Ok(again(&visit, &link, &form, invalid));
    }
    let digest = app.passwords.hash(form.text("password").to_owned()).await.ok_or_else(Trouble::internal)?;
    let first = First {
        organization: form.text("organization_name").to_owned(),
        owner: NewPerson {
            name: form.text("name").to_owned(),
            email: form.text("email").to_owned(),
            password: digest,
        },
    };
    let (mint, visitor) = (app.mint.clone(), visit.visitor());
    let made = app.db.write(move |tx| setup::finish(tx, &mint, hash, &first, &visitor)).await;
    match made {
        Ok(token) => {
            let mut response = visit.redirect("/settings/developer/api-keys");
            visit.begin_session(&mut response, &token);
            Ok(response)
        }
        Err(model::Error::Invalid(invalid) | model::Error::Conflict(invalid)) => {
            Ok(again(&visit, &link, &form, invalid))
        }
        Err(model::Error::NotFound) => Err(over()),
        Err(error) => Err(error.into()),
    }
}

fn action(link: &Link) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("token", &link.token).finish();
    format!("/setup?{query}")
}

fn again(visit: &Visit, link: &Link, form: &Fields, invalid: Invalid) -> Response {
    let page = Setup {
        action: action(link),
        csrf: visit.form_token(),
        organization_name: form.text("organization_name").to_owned(),
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        errors: Errors(invalid.problems),
    };
    let mut response = visit.alone("Set up", body(&page));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}
