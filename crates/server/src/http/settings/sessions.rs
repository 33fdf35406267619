//! The browsers in which a person is signed in, and how they end that from another one.

use axum::extract::Path;
use axum::response::Response;

use model::session;
use rules::id::SessionId;

use crate::http::error::{Fail, Trouble};
use crate::http::page::Post;
use crate::http::settings::profile::PROFILE;

/// `POST /settings/profile/sessions/{id}/end`
pub(crate) async fn destroy(Path(id): Path<String>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    let own = visit.signed_in()?.id.clone();
    let id: SessionId = id.parse().map_err(|_| Trouble::not_found())?;
    let (actor, ended) = (visit.actor(), id.clone());
    visit.write(move |tx, session| session::end_own(tx, session, &actor, &ended)).await?;
    let mut response = visit.redirect(PROFILE);
    if id == own {
        visit.end_session(&mut response);
    }
    Ok(response)
}

/// `POST /settings/profile/sessions/end-others`
pub(crate) async fn destroy_others(Post { visit, .. }: Post) -> Result<Response, Fail> {
    visit.signed_in()?;
    let actor = visit.actor();
    visit
        .write(move |tx, session| {
            session::end_all(tx, (&session.person.id, Some(&session.id)), &actor, "from another session")
        })
        .await?;
    Ok(visit.redirect(PROFILE))
}
