//! Accepting an invitation: what the link opens, for whoever brings it.
//!
//! The page tells the holder of a link what they need to go on, and so whether the address has an account; nobody else
//! learns that. Somebody who has one signs in as ever: the link is no password.

use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::Response;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use model::error::Invalid;
use model::invitation::{self, Acceptance, Accepted, Holder, Offer, Over};
use model::session::{self, Session};
use model::{Error, Tx, password};
use rules::secret::{Hashed, InvitationToken};

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Fields, Post, Visit};
use crate::http::session::refused_password;
use crate::http::settings::form::scope_line;
use crate::views::invitations::{Guest, Welcome, welcome};
use crate::views::parts::Errors;

#[derive(Debug, Deserialize)]
pub(crate) struct Link {
    #[serde(default)]
    token: String,
}

impl Link {
    fn hash(&self, app: &App) -> Result<Hashed<InvitationToken>, Fail> {
        let read = app.mint.format.read::<InvitationToken>(&self.token);
        Ok(app.mint.pepper.hash(&read.map_err(|_| over(Over::Unknown))?))
    }

    fn path(&self) -> String {
        let query =
            form_urlencoded::Serializer::new(String::new()).append_pair("token", &self.token).finish();
        format!("/invitations?{query}")
    }

    /// Where somebody who has an account signs in, to come back here.
    fn sign_in(&self) -> String {
        format!("/login?return_to={}", utf8_percent_encode(&self.path(), NON_ALPHANUMERIC))
    }
}

async fn opened(app: &App, link: Hashed<InvitationToken>) -> Result<Offer, Fail> {
    app.db.read(|tx| invitation::offer(tx, link)).await?.map_err(over)
}

fn over(why: Over) -> Fail {
    let (status, happened, advice) = match why {
        Over::Unknown => (
            StatusCode::NOT_FOUND,
            "This link is not complete, was taken back, or a newer one took its place.",
            "Open the newest link you were sent, whole. If there is none, ask who invited you for another.",
        ),
        Over::Used => (
            StatusCode::GONE,
            "This invitation was accepted already. It works once.",
            "If that was you, sign in. If not, tell who invited you.",
        ),
        Over::Expired => (
            StatusCode::GONE,
            "This invitation is older than seven days.",
            "Ask who invited you for another.",
        ),
        Over::InviterGone => (
            StatusCode::GONE,
            "Who invited you can't give this role any more.",
            "Ask another administrator of the organization for an invitation.",
        ),
        Over::Member => (
            StatusCode::GONE,
            "The person of this address belongs to the organization already.",
            "Sign in. If the organization does not open, ask one of its administrators.",
        ),
    };
    Trouble::new(status, "This invitation does not open anything", happened).advise(advice).into()
}

/// `GET /invitations?token=…`
pub(crate) async fn show(visit: Visit, Query(link): Query<Link>) -> Result<Response, Fail> {
    let offer = opened(&visit.app, link.hash(&visit.app)?).await?;
    Ok(page(&visit, &link, &offer, (String::new(), Errors::default())))
}

fn page(visit: &Visit, link: &Link, offer: &Offer, (name, errors): (String, Errors)) -> Response {
    let guest = match (&visit.session, offer.holder) {
        (Some(session), _) if session.person.email == offer.email => Guest::Invited,
        (Some(session), _) => Guest::SomebodyElse { email: session.person.email.clone() },
        (None, Holder::New) => Guest::New { name, errors },
        (None, Holder::Known) => Guest::Known { sign_in: link.sign_in() },
        (None, Holder::Homeless) => Guest::Homeless { errors },
    };
    let page = Welcome {
        action: link.path(),
        csrf: visit.form_token(),
        organization: offer.organization_name.clone(),
        role: offer.role.name.clone(),
        scopes: offer.role.role.scopes().iter().map(scope_line).collect(),
        email: offer.email.clone(),
        guest,
    };
    visit.alone("Invitation", welcome(&page))
}

/// `POST /invitations?token=…`
pub(crate) async fn create(Query(link): Query<Link>, Post { visit, form }: Post) -> Result<Response, Fail> {
    let hash = link.hash(&visit.app)?;
    if visit.session.is_some() {
        return signed_in(&visit, &link, hash).await;
    }
    let offer = opened(&visit.app, hash).await?;
    match offer.holder {
        Holder::New => new_account(&visit, &link, (&offer, hash), &form).await,
        Holder::Known => Ok(visit.redirect(&link.sign_in())),
        Holder::Homeless => homeless(&visit, &link, (&offer, hash), &form).await,
    }
}

/// The person of the address joins, and their session turns to where they are new.
async fn signed_in(visit: &Visit, link: &Link, hash: Hashed<InvitationToken>) -> Result<Response, Fail> {
    let (mint, visitor, actor) = (visit.app.mint.clone(), visit.visitor(), visit.actor());
    let accepted = visit
        .write(move |tx, session: &Session| {
            let offer = invitation::offer(tx, hash)?;
            let accepted = invitation::accept(tx, &mint, hash, &Acceptance::SignedIn(session), &visitor)?;
            if let (Accepted::Joined(_), Ok(offer)) = (&accepted, offer) {
                let token = session::switch(tx, &mint, session, &actor, &offer.organization)?;
                return Ok(Accepted::Joined(Some(token)));
            }
            Ok(accepted)
        })
        .await?;
    answer(visit, link, accepted, "/")
}

/// The link shows who was invited, and not whose account it is: somebody may have made it with another's address. So
/// it takes the account's password to join, and to sign in afterwards whatever else the account asks for.
async fn homeless(
    visit: &Visit,
    link: &Link,
    (offer, hash): (&Offer, Hashed<InvitationToken>),
    form: &Fields,
) -> Result<Response, Fail> {
    if let Some(words) = refused_password(visit, &offer.email, form.text("password")).await? {
        return Ok(again(visit, link, offer, (String::new(), Invalid::one("password", words))));
    }
    let (mint, visitor) = (visit.app.mint.clone(), visit.visitor());
    let accept = move |tx: &mut Tx<'_>| invitation::accept(tx, &mint, hash, &Acceptance::Homeless, &visitor);
    let accepted = visit.app.db.write(accept).await?;
    answer(visit, link, accepted, "/login")
}

async fn new_account(
    visit: &Visit,
    link: &Link,
    (offer, hash): (&Offer, Hashed<InvitationToken>),
    form: &Fields,
) -> Result<Response, Fail> {
    let name = form.text("name").to_owned();
    let mut invalid = Invalid::default();
    password::check(&mut invalid, "password", form.text("password"));
    if !invalid.problems.is_empty() {
        return Ok(again(visit, link, offer, (name, invalid)));
    }
    let digest = visit.app.passwords.hash(form.text("password").to_owned()).await;
    let password = digest.ok_or_else(Trouble::internal)?;
    let (mint, visitor) = (visit.app.mint.clone(), visit.visitor());
    let how = Acceptance::NewAccount { name: name.clone(), password };
    let accept = move |tx: &mut Tx<'_>| invitation::accept(tx, &mint, hash, &how, &visitor);
    match visit.app.db.write(accept).await {
        Ok(accepted) => answer(visit, link, accepted, "/"),
        Err(Error::Invalid(invalid)) => Ok(again(visit, link, offer, (name, invalid))),
        Err(error) => Err(error.into()),
    }
}

fn again(visit: &Visit, link: &Link, offer: &Offer, (name, invalid): (String, Invalid)) -> Response {
    let mut response = page(visit, link, offer, (name, Errors(invalid.problems)));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn answer(visit: &Visit, link: &Link, accepted: Accepted, home: &str) -> Result<Response, Fail> {
    match accepted {
        Accepted::Joined(token) => {
            let mut response = visit.redirect(home);
            if let Some(token) = token {
                visit.begin_session(&mut response, &token);
            }
            Ok(response)
        }
        Accepted::Over(why) => Err(over(why)),
        // The page says what is so now.
        Accepted::OtherPerson | Accepted::Look => Ok(visit.redirect(&link.path())),
    }
}
