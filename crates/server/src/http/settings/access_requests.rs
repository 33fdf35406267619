//! Settings → Access requests: admins give a role that an application takes, or say no with a word.

use axum::extract::{Path, State};
use axum::response::Response;

use model::Error;
use model::access_request::{self, Open};
use model::second_factor;
use model::session::Session;
use rules::id::AccessRequestId;
use rules::role::Role;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Post, Visit};
use crate::http::session::refused_password;
use crate::http::settings::form::scope_line;
use crate::http::settings::{Purpose, admin, with_mistakes};
use crate::views::Place;
use crate::views::access_requests::{self as views, RequestCard, RequestIndex, RoleChoice};

const PURPOSE: Purpose = Purpose {
    title: "Access requests",
    sentence: "People whose role is too weak for an application ask here for another one.",
    place: Place::AccessRequests,
};
const INDEX: &str = "/settings/organization/access-requests";
/// How many requests the queue shows; the next come when these are decided.
const SHOWN: u32 = 50;

/// `GET /settings/organization/access-requests`
pub(crate) async fn index(visit: Visit) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    queue(&visit, session, None).await
}

/// The queue, with what was wrong with the decision about one of them.
async fn queue(
    visit: &Visit,
    session: &Session,
    wrong: Option<(AccessRequestId, String)>,
) -> Result<Response, Fail> {
    let access = session.access();
    let open = visit.app.db.read(|tx| access_request::open(tx, &access, SHOWN)).await?;
    let error = |id: &AccessRequestId| {
        wrong.as_ref().filter(|(about, _)| about == id).map(|(_, words)| words.clone())
    };
    let page = RequestIndex {
        csrf: visit.form_token(),
        organization: session.organization.name.clone(),
        requests: open.iter().map(|request| card(request, error(&request.id))).collect(),
    };
    Ok(visit.console(session, (Place::AccessRequests, PURPOSE.title), views::index(&page)))
}

fn card(request: &Open, error: Option<String>) -> RequestCard {
    let choice = |role: Role| RoleChoice {
        name: role.name().to_owned(),
        beyond: request.beyond(role).iter().map(scope_line).collect(),
    };
    RequestCard {
        id: request.id.to_string(),
        name: request.person.1.clone(),
        email: request.person.2.clone(),
        role: request.role.name.clone(),
        application: request.application.profile.name.clone(),
        publisher: request.application.publisher.clone(),
        message: request.message.clone(),
        missing: request.missing().iter().map(scope_line).collect(),
        choices: request.choices().into_iter().map(choice).collect(),
        created_at: request.created_at,
        expires_at: request.expires_at,
        error,
    }
}

/// `POST /settings/organization/access-requests/{id}/approve`
pub(crate) async fn approve(
    State(app): State<App>,
    Path(id): Path<String>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let id: AccessRequestId = id.parse().map_err(|_| Trouble::not_found())?;
    let role: Role = form.text("role").parse().map_err(|_| Trouble::not_found())?;
    let person = &session.person.id;
    if app.db.read(|tx| second_factor::is_set_up(tx, person)).await? {
        // Whoever signs in with two factors is not proven by a password alone.
        visit.confirm_identity(INDEX)?;
    }
    if let Some(words) = refused_password(&visit, &session.person.email, form.text("password")).await? {
        return queue(&visit, session, Some((id, words))).await.map(with_mistakes);
    }
    let (actor, request) = (visit.actor(), id.clone());
    let approved = visit
        .write(move |tx, session| access_request::approve(tx, (&session.access(), &actor), &request, role))
        .await;
    decided(&visit, session, id, approved).await
}

/// `POST /settings/organization/access-requests/{id}/refuse`
pub(crate) async fn refuse(Path(id): Path<String>, Post { visit, form }: Post) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let id: AccessRequestId = id.parse().map_err(|_| Trouble::not_found())?;
    let (actor, request, answer) = (visit.actor(), id.clone(), form.text("answer").to_owned());
    let refused = visit
        .write(move |tx, session| access_request::refuse(tx, (&session.access(), &actor), &request, &answer))
        .await;
    decided(&visit, session, id, refused).await
}

async fn decided(
    visit: &Visit,
    session: &Session,
    id: AccessRequestId,
    outcome: model::Result<()>,
) -> Result<Response, Fail> {
    match outcome {
        Ok(()) => Ok(visit.redirect(INDEX)),
        Err(Error::NotAllowed(words)) => queue(visit, session, Some((id, words))).await.map(with_mistakes),
        Err(Error::Invalid(invalid)) => {
            queue(visit, session, Some((id, invalid.to_string()))).await.map(with_mistakes)
        }
        Err(error) => Err(error.into()),
    }
}
