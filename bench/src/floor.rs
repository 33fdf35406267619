//! The floor under Bluesonde's figures: axum, the same HTTP work, no storage and no decisions.
//!
//! `floor ADDRESS:PORT` answers `/metadata` with constant JSON and `/me` with constant JSON after a SHA-256 of the
//! bearer and a lookup in a map of 100,000 hashes. `bench/run` measures Bluesonde against it in the same run.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

type Known = Arc<HashMap<[u8; 32], u32>>;

const METADATA: &str = r#"{"issuer":"http://127.0.0.1","authorization_endpoint":"http://127.0.0.1/oauth2/auth","token_endpoint":"http://127.0.0.1/oauth2/token","scopes_supported":["devices:read","observations:read"],"response_types_supported":["code"],"grant_types_supported":["authorization_code","refresh_token"]}"#;
const ME: &str = r#"{"principal":{"type":"api_key","id":"key_00000000000000000000000000"},"organization":{"id":"org_00000000000000000000000000","name":"Floor"},"credential":{"type":"api_key","id":"key_00000000000000000000000000"},"scopes":["devices:read","observations:read"],"devices":"all","expires_at":null}"#;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1).ok_or("usage: floor ADDRESS:PORT")?;
    let known: HashMap<[u8; 32], u32> =
        (0..100_000u32).map(|number| (Sha256::digest(format!("bearer {number}")).into(), number)).collect();
    let router = Router::new()
        .route("/metadata", get(async || ([(header::CONTENT_TYPE, "application/json")], METADATA)))
        .route("/me", get(me))
        .with_state(Arc::new(known));
    axum::serve(tokio::net::TcpListener::bind(address).await?, router).await?;
    Ok(())
}

async fn me(State(known): State<Known>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.as_bytes().strip_prefix(b"Bearer "));
    match bearer.and_then(|bearer| known.get(&<[u8; 32]>::from(Sha256::digest(bearer)))) {
        Some(_) => ([(header::CONTENT_TYPE, "application/json")], ME).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}
