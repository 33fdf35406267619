//! `/oauth2/revoke`: an application gives back a token that it no longer needs (RFC 7009).
//!
//! An access token ends alone; a refresh token ends with its line and all access tokens of it; the person's consent
//! and other sign-ins live on. A token that is unknown, over, or another application's gets the same 200
//! (section 2.2), and nothing happens to it.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;

use model::application;
use model::introspection::ClientToken;
use model::token;
use rules::secret::{AccessToken, Mint, RefreshToken};
use rules::token::Inquiry;

use crate::http::oauth;
use crate::http::oauth::client::{ClientRequest, authenticate};

/// `POST /oauth2/revoke`
pub(crate) async fn create(call: ClientRequest) -> Response {
    let inquiry = match Inquiry::parse(&call.sent.received()) {
        Ok(inquiry) => inquiry,
        Err(error) => return call.refuse(error).await,
    };
    if let Some(wait) = call.held_back(&inquiry.client).await {
        return wait;
    }
    let (mint, sent) = (call.app.mint.clone(), call.sent.clone());
    let revoked = call.app.db.write(move |tx| {
        let (client, secret) = match authenticate(tx, &mint, &inquiry.client)? {
            Ok(client) => client,
            Err(error) => return Ok::<_, model::Error>(Err(error)),
        };
        if let Some(secret) = &secret {
            let now = tx.now();
            application::note_secret_use(tx, secret, now)?;
        }
        if let Some(token) = client_token(&mint, &inquiry.token) {
            token::revoke(tx, &client, &sent.actor(&client), token)?;
        }
        Ok(Ok(()))
    });
    match revoked.await {
        Ok(Ok(())) => done(),
        Ok(Err(error)) => call.refuse(error).await,
        Err(error) => oauth::failed(&error),
    }
}

/// The token by what it says it is; nothing if it is none of ours.
pub(super) fn client_token(mint: &Mint, text: &str) -> Option<ClientToken> {
    if let Ok(token) = mint.format.read::<AccessToken>(text) {
        return Some(ClientToken::Access(mint.pepper.hash(&token)));
    }
    let token = mint.format.read::<RefreshToken>(text).ok()?;
    Some(ClientToken::Refresh(mint.pepper.hash(&token)))
}

/// 200 and an empty object: RFC 7009 leaves the body open, and there are libraries that take a 200 only (not 204),
/// only as JSON, and only if there is something in it to parse.
fn done() -> Response {
    oauth::json_response(StatusCode::OK, &json!({}))
}
