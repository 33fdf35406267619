//! `/oauth2/token`: codes and refresh tokens become access tokens (RFC 6749 §4.1.3, §6).
//!
//! One transaction authenticates the client and redeems what it brings, so a request that fails authentication
//! uses nothing up.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use model::Tx;
use model::application;
use model::token::{self, Issued, Outcome, Refresh};
use rules::exchange::{Redemption, Refusal};
use rules::secret::{Code, Mint, RefreshToken};
use rules::token::{Grant, TokenError, TokenRequest};

use crate::http::oauth;
use crate::http::oauth::client::{Authenticated, ClientRequest, Refused, Sent, authenticate};

/// `POST /oauth2/token`
pub(crate) async fn create(call: ClientRequest) -> Response {
    let request = match TokenRequest::parse(&call.sent.received()) {
        Ok(request) => request,
        Err(error) => return call.refuse(error).await,
    };
    if let Some(wait) = call.held_back(&request.client).await {
        return wait;
    }
    if request.resources.iter().any(|resource| !oauth::authorize::is_ours(&call.app, resource)) {
        let why = "resource names something that this server does not guard.";
        return call.refuse(TokenError::invalid_target(why).about("resource")).await;
    }
    let (mint, sent) = (call.app.mint.clone(), call.sent.clone());
    let answer = call.app.db.write(move |tx| answer(tx, &mint, &request, &sent)).await;
    match answer {
        Ok(Answer::Tokens(issued)) => oauth::json_response(StatusCode::OK, &body(&issued)),
        Ok(Answer::Unproven(refused)) => call.refuse(refused).await,
        Ok(Answer::Refused(error)) => call.refused(&error),
        Err(error) => oauth::failed(&error),
    }
}

enum Answer {
    Tokens(Issued),
    /// The client has not proven who it is: it failed to, or is public and has only said so.
    Unproven(Refused),
    /// The client has, and its owner may read why.
    Refused(TokenError),
}

fn answer(tx: &mut Tx<'_>, mint: &Mint, request: &TokenRequest, sent: &Sent) -> model::Result<Answer> {
    let client = match authenticate(tx, mint, &request.client)? {
        Ok(client) => client,
        Err(error) => return Ok(Answer::Unproven(error.into())),
    };
    if let Some(secret) = &client.1 {
        let now = tx.now();
        application::note_secret_use(tx, secret, now)?;
    }
    match exchange(tx, mint, &client, (&request.grant, sent))? {
        Outcome::Issued(issued) => Ok(Answer::Tokens(issued)),
        Outcome::Refused(refusal) => {
            let presented = match &request.grant {
                Grant::AuthorizationCode { .. } => "code",
                Grant::RefreshToken { .. } => "refresh_token",
            };
            let error = explained(&refusal).about(refusal.parameter(presented));
            let refused = Refused { error, reason: Some(refusal.reason()) };
            if client.1.is_none() {
                return Ok(Answer::Unproven(refused));
            }
            sent.record(tx, &client.0.client_id, &refused)?;
            Ok(Answer::Refused(refused.error))
        }
    }
}

fn exchange(
    tx: &mut Tx<'_>,
    mint: &Mint,
    (client, _): &Authenticated,
    (grant, sent): (&Grant, &Sent),
) -> model::Result<Outcome> {
    let actor = sent.actor(client);
    match grant {
        Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let Ok(code) = mint.format.read::<Code>(code) else {
                return Ok(Outcome::Refused(Refusal::Unknown));
            };
            let with = Redemption { redirect_uri: redirect_uri.as_deref(), verifier: code_verifier.as_ref() };
            token::redeem(tx, mint, (client, &actor), mint.pepper.hash(&code), &with)
        }
        Grant::RefreshToken { refresh_token, scope } => {
            let Ok(presented) = mint.format.read::<RefreshToken>(refresh_token) else {
                return Ok(Outcome::Refused(Refusal::Unknown));
            };
            let presented = Refresh { token: &presented, scopes: scope.as_ref() };
            token::refresh(tx, mint, (client, &actor), &presented)
        }
    }
}

fn explained(refusal: &Refusal) -> TokenError {
    match refusal {
        Refusal::ScopeBeyondGrant(_) => TokenError::invalid_scope(refusal.to_string()),
        _ => TokenError::invalid_grant(refusal.to_string()),
    }
}

/// RFC 6749 §5.1. No member is null, and none is there that was not granted.
fn body(issued: &Issued) -> Value {
    let mut body = json!({
        "access_token": issued.access.expose(),
        "token_type": "Bearer",
        "expires_in": issued.expires_in,
        "scope": issued.scopes.to_string(),
    });
    if let (Some(refresh), Some(members)) = (&issued.refresh, body.as_object_mut()) {
        members.insert("refresh_token".to_owned(), refresh.expose().into());
    }
    body
}
