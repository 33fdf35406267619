//! `/oauth2/introspect`: an application asks what one of its own tokens is worth (RFC 7662).
//!
//! It takes a client that can prove itself: whoever merely names a public client could try tokens out. Anything but
//! a working token of the caller's own gets `{"active": false}` and nothing else (section 2.2).

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use model::Tx;
use model::introspection::{self, Active};
use rules::client_auth::ClientType;
use rules::id::{ClientId, ClientSecretId};
use rules::secret::Mint;
use rules::token::{Inquiry, TokenError};

use crate::app::App;
use crate::http::oauth;
use crate::http::oauth::client::{ClientRequest, authenticate};
use crate::http::oauth::revoke::client_token;

/// `POST /oauth2/introspect`
pub(crate) async fn create(call: ClientRequest) -> Response {
    let inquiry = match Inquiry::parse(&call.sent.received()) {
        Ok(inquiry) => inquiry,
        Err(error) => return call.refuse(error).await,
    };
    if let Some(wait) = call.held_back(&inquiry.client).await {
        return wait;
    }
    // A read: what this endpoint is asked most of all is whether a token still works.
    let found = call.app.db.read(|tx| look(tx, &call.app.mint, &inquiry)).await;
    match found {
        Ok(Ok(found)) => {
            if let Some(secret) = &found.secret {
                call.app.callers.note_secret(secret.clone(), call.app.db.clock().now());
            }
            oauth::json_response(StatusCode::OK, &body(&call.app, &found))
        }
        Ok(Err(error)) => call.refuse(error).await,
        Err(error) => oauth::failed(&error),
    }
}

struct Found {
    client: ClientId,
    secret: Option<ClientSecretId>,
    /// The token, if it works, and whether it is an access token.
    active: Option<(Active, Kind)>,
}

enum Kind {
    Access,
    Refresh,
}

fn look(tx: &mut Tx<'_>, mint: &Mint, inquiry: &Inquiry) -> model::Result<Result<Found, TokenError>> {
    let (client, secret) = match authenticate(tx, mint, &inquiry.client)? {
        Ok(client) => client,
        Err(error) => return Ok(Err(error)),
    };
    if client.client_type == ClientType::Public {
        let why = "Introspection takes a client that proves itself with a secret.";
        return Ok(Err(TokenError::invalid_client(why)));
    }
    let active = match client_token(mint, &inquiry.token) {
        Some(token) => {
            let kind = match token {
                introspection::ClientToken::Access(_) => Kind::Access,
                introspection::ClientToken::Refresh(_) => Kind::Refresh,
            };
            introspection::of(tx, &client, token)?.map(|active| (active, kind))
        }
        None => None,
    };
    Ok(Ok(Found { client: client.client_id, secret, active }))
}

fn body(app: &App, found: &Found) -> Value {
    let Some((active, kind)) = &found.active else { return json!({"active": false}) };
    let mut body = json!({
        "active": true,
        "client_id": found.client,
        "scope": active.scopes.to_string(),
        "sub": active.person,
        "organization_id": active.organization,
        "iss": app.site.public_url,
        "aud": oauth::resource(&app.site),
        "iat": active.issued_at.as_second(),
        "exp": active.expires_at.as_second(),
    });
    if let (Kind::Access, Some(members)) = (kind, body.as_object_mut()) {
        members.insert("token_type".to_owned(), "Bearer".into());
    }
    body
}
