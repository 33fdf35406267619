//! An application's client secrets: two can be live, so that one replaces the other without a gap.

use axum::extract::{Path, State};
use axum::response::Response;

use model::{Error, application};
use rules::id::ClientSecretId;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::Post;
use crate::http::settings::admin;
use crate::http::settings::applications::{INDEX, PURPOSE, parse};
use crate::views::Place;
use crate::views::applications::{self as views, ApplicationCreated};

/// `POST /settings/developer/oauth-applications/{client_id}/secrets`: the one answer that shows the secret.
pub(crate) async fn create(
    State(app): State<App>,
    Path(client_id): Path<String>,
    Post { visit, .. }: Post,
) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let client_id = parse(&client_id)?;
    let (mint, actor) = (app.mint.clone(), visit.actor());
    let (application, secret) = visit
        .write(move |tx, session| {
            let access = session.access();
            let application = application::find(tx, &access, &client_id)?;
            let (_id, secret) = application::add_secret(tx, &access, &mint, &actor, &client_id)?;
            Ok::<_, Error>((application, secret))
        })
        .await?;
    let page = ApplicationCreated {
        name: application.profile.name,
        client_id: application.client_id.to_string(),
        client_secret: Some(secret.expose().to_owned()),
    };
    Ok(visit.console(session, (Place::Developer, "Your new secret"), views::created(&page)))
}

/// `POST /settings/developer/oauth-applications/{client_id}/secrets/{id}/revoke`
pub(crate) async fn destroy(
    Path((client_id, id)): Path<(String, String)>,
    Post { visit, .. }: Post,
) -> Result<Response, Fail> {
    admin(&visit, &PURPOSE).await?;
    let client_id = parse(&client_id)?;
    let id: ClientSecretId = id.parse().map_err(|_| Trouble::not_found())?;
    let (actor, home) = (visit.actor(), format!("{INDEX}/{client_id}"));
    let secret = (client_id, id);
    visit
        .write(move |tx, session| {
            application::revoke_secret(tx, &session.access(), &actor, (&secret.0, &secret.1))
        })
        .await?;
    Ok(visit.redirect(&home))
}
