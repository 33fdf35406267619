//! Settings → Connections: what a person lets applications do, and how they take it back.
//!
//! Open to every role: a consent is the person's own, so taking it back needs nobody's leave. It shows the
//! organization that the session looks at, as everything in the console does.

use axum::extract::{Path, State};
use axum::response::Response;

use model::device_set::Devices;
use model::grant::{self, Connection};
use model::{Error, device};
use rules::id::{DeviceId, GrantId};

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Post, Visit};
use crate::http::settings::form::scope_line;
use crate::views::Place;
use crate::views::connections::{self as views, ConnectionCard, ConnectionIndex};

const INDEX: &str = "/settings/connections";

/// `GET /settings/connections`
pub(crate) async fn index(State(app): State<App>, visit: Visit) -> Result<Response, Fail> {
    let session = visit.signed_in()?;
    let access = session.access();
    let (connections, names) = app
        .db
        .read(|tx| {
            let connections = grant::of_person(tx, &access)?;
            Ok::<_, Error>((connections, device::names(tx, &access.organization)?))
        })
        .await?;
    let page = ConnectionIndex {
        csrf: visit.form_token(),
        organization: session.organization.name.clone(),
        connections: connections.into_iter().map(|connection| card(connection, &names)).collect(),
    };
    Ok(visit.console(session, (Place::Connections, "Connections"), views::index(&page)))
}

fn card(connection: Connection, names: &[(DeviceId, String, String)]) -> ConnectionCard {
    ConnectionCard {
        id: connection.id.to_string(),
        application: connection.application,
        publisher: connection.publisher,
        scopes: connection.scopes.iter().map(scope_line).collect(),
        devices: match connection.devices {
            Devices::All => None,
            Devices::Chosen(ids) => {
                let chosen = names.iter().filter(|(id, ..)| ids.contains(id));
                Some(chosen.map(|(_, name, _)| name.clone()).collect())
            }
        },
        approved_at: connection.approved_at,
        last_used_at: connection.last_used_at,
    }
}

/// `POST /settings/connections/{id}/revoke`
pub(crate) async fn destroy(Path(id): Path<String>, Post { visit, .. }: Post) -> Result<Response, Fail> {
    visit.signed_in()?;
    let id: GrantId = id.parse().map_err(|_| Trouble::not_found())?;
    let actor = visit.actor();
    visit.write(move |tx, session| grant::revoke_own(tx, &session.access(), &actor, &id)).await?;
    Ok(visit.redirect(INDEX))
}
