//! A client's request to an endpoint where it authenticates: token, revocation, introspection.
//!
//! The three read the same things, hold back the same guessers, and keep what failed for the application's owner.
//! The query of these endpoints is never logged: the seed's form puts the code there.

use std::time::Duration;

use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::json;

use model::Tx;
use model::application::{self, Application};
use model::attempt::{self, Endpoint, NewAttempt, Sender};
use model::audit::Actor;
use rules::client_auth::{self, Method, Presented, Proof};
use rules::diagnosis::{self, presentable};
use rules::id::{ClientId, ClientSecretId};
use rules::secret::{ClientSecret, Mint};
use rules::token::{Received, TokenError, TokenErrorCode};

use crate::app::App;
use crate::http::edge::{ClientAddress, RequestId};
use crate::http::oauth;

const MAX_BODY: usize = 64 * 1024;

/// The request as it came, and from where.
pub(crate) struct ClientRequest {
    pub(super) app: App,
    pub(super) sent: Sent,
    address: ClientAddress,
}

/// What a transaction can take along.
#[derive(Clone)]
pub(super) struct Sent {
    endpoint: Endpoint,
    query: String,
    body: Bytes,
    content_type: Option<String>,
    authorization: Option<String>,
    sender: Sender,
}

impl FromRequest<App> for ClientRequest {
    type Rejection = Response;

    async fn from_request(request: Request, app: &App) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, MAX_BODY).await.map_err(|_| oauth::too_large())?;
        let authorization =
            authorization(&parts.headers).map_err(|error| oauth::explained_error(app, &error))?;
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let address = parts.extensions.get::<ClientAddress>().copied().ok_or_else(oauth::server_error)?;
        let request_id = parts.extensions.get::<RequestId>().map(|id| id.as_str().to_owned());
        let sent = Sent {
            endpoint: endpoint(parts.uri.path()),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body,
            content_type: text(header::CONTENT_TYPE),
            authorization,
            sender: Sender {
                address: address.0.to_string(),
                user_agent: presentable(&text(header::USER_AGENT).unwrap_or_default()),
                request_id: request_id.unwrap_or_default(),
            },
        };
        Ok(Self { app: app.clone(), sent, address })
    }
}

fn endpoint(path: &str) -> Endpoint {
    match path {
        "/oauth2/revoke" => Endpoint::Revoke,
        "/oauth2/introspect" => Endpoint::Introspect,
        _ => Endpoint::Token,
    }
}

/// The one `Authorization` header, if there is one.
fn authorization(headers: &HeaderMap) -> Result<Option<String>, TokenError> {
    let mut lines = headers.get_all(header::AUTHORIZATION).iter();
    let first = lines.next();
    if lines.next().is_some() {
        return Err(TokenError::invalid_request("Send one Authorization header."));
    }
    let unreadable = || TokenError::invalid_request("The Authorization header is not plain text.");
    first.map(|line| line.to_str().map(str::to_owned).map_err(|_| unreadable())).transpose()
}

impl Sent {
    pub(super) fn received(&self) -> Received<'_> {
        Received {
            query: &self.query,
            body: &self.body,
            content_type: self.content_type.as_deref(),
            authorization: self.authorization.as_deref(),
        }
    }

    /// Who acts, for the audit log.
    pub(super) fn actor(&self, client: &Application) -> Actor {
        Actor { who: client.client_id.to_string(), address: self.sender.address.clone() }
    }

    /// Keeps a refusal for the owner of a client that has proven who it is.
    pub(super) fn record(&self, tx: &mut Tx<'_>, client: &ClientId, refused: &Refused) -> model::Result<()> {
        attempt::record(tx, client, &self.attempt(refused))
    }

    fn attempt(&self, Refused { error, reason }: &Refused) -> NewAttempt {
        let note = reason.as_deref().unwrap_or(error.description.as_str());
        NewAttempt {
            endpoint: self.endpoint,
            error: error.error.as_str().to_owned(),
            description: presentable(error.description.as_str()),
            findings: diagnosis::exchange(&self.received(), error.about.map(|name| (name, note))),
            reason: reason.as_deref().map(presentable),
            sender: self.sender.clone(),
        }
    }

    /// `WWW-Authenticate` goes only to those who tried Basic: others stop reading at that header (RFC 6749 §5.2).
    fn refusal(&self, app: &App, error: &TokenError) -> Response {
        let mut response = oauth::explained_error(app, error);
        let tried_basic = client_auth::tried_basic(self.authorization.as_deref());
        if response.status() == StatusCode::UNAUTHORIZED && tried_basic {
            let challenge = HeaderValue::from_static("Basic realm=\"Bluesonde\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// A refusal: what the client is told, and what its owner is told besides.
pub(super) struct Refused {
    pub(super) error: TokenError,
    pub(super) reason: Option<String>,
}

impl From<TokenError> for Refused {
    fn from(error: TokenError) -> Self {
        Self { error, reason: None }
    }
}

impl ClientRequest {
    /// The answer to a refusal that is kept already.
    pub(super) fn refused(&self, error: &TokenError) -> Response {
        self.sent.refusal(&self.app, error)
    }

    /// The answer to a request whose sender has not proven to be the client that it names; that client's owner may
    /// read of it, within bounds.
    pub(super) async fn refuse(&self, refused: impl Into<Refused>) -> Response {
        let refused = refused.into();
        if refused.error.error == TokenErrorCode::InvalidClient {
            if let Some(wait) = self.app.throttle.client_wait(&self.named(), self.address.0) {
                return too_many(wait);
            }
            self.app.throttle.client_failed(&self.named(), self.address.0);
        }
        if let Some(client) = self.named_client()
            && self.app.throttle.may_note_attempt(client.as_str(), self.address.0)
        {
            let attempt = self.sent.attempt(&refused);
            if let Err(error) = self.app.db.write(move |tx| attempt::record(tx, &client, &attempt)).await {
                tracing::error!(%error, "a failed attempt could not be kept");
            }
        }
        self.refused(&refused.error)
    }

    /// The refusal, if this address has failed too often in the client's name and fails again. A read tells, so that a
    /// flood of guesses does not queue for the writer; whoever has the secret is not held back by those who guess.
    ///
    /// Requests that arrive together are all looked at before the first failure counts. Unlike passwords, secrets are
    /// 256 random bits and cost no hashing: a burst more of guesses finds nothing, so nobody has to wait for a turn.
    pub(super) async fn held_back(&self, presented: &Presented) -> Option<Response> {
        let wait = self.app.throttle.client_wait(&self.named(), self.address.0)?;
        let proven = self.app.db.read(|tx| authenticate(tx, &self.app.mint, presented)).await;
        match proven {
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some(too_many(wait)),
            Err(error) => Some(oauth::failed(&error)),
        }
    }

    /// What can't be a client id is throttled as one, so that nobody fills the memory with inventions.
    fn named(&self) -> String {
        self.named_client().map_or_else(|| "no client".to_owned(), |id| id.to_string())
    }

    /// The client that the request names, rightly or not, also if the rest of it can't be understood.
    fn named_client(&self) -> Option<ClientId> {
        self.sent.received().named_client()?.parse().ok()
    }
}

/// A client that has proven who it is, and by which secret if it has any.
pub(super) type Authenticated = (Application, Option<ClientSecretId>);

/// The client that presented itself, if it is who it says. An unknown one and a wrong secret look alike.
pub(super) fn authenticate(
    tx: &mut Tx<'_>,
    mint: &Mint,
    presented: &Presented,
) -> model::Result<Result<Authenticated, TokenError>> {
    let mut refusal = TokenError::invalid_client("The client is unknown, or its secret is wrong.")
        .about(if presented.method() == Method::None { "client_id" } else { "client_secret" });
    for candidate in presented.candidates() {
        let Some(client) = application::client(tx, candidate.client_id())? else { continue };
        match candidate.proof(client.client_type) {
            Ok(Proof::Nothing) => return Ok(Ok((client, None))),
            Ok(Proof::Secret(secret)) => {
                let Ok(secret) = mint.format.read::<ClientSecret>(secret) else { continue };
                let found = application::secret_of(tx, &client.client_id, mint.pepper.hash(&secret))?;
                if let Some(id) = found {
                    return Ok(Ok((client, Some(id))));
                }
            }
            Err(error) => refusal = TokenError::from(error),
        }
    }
    Ok(Err(refusal))
}

fn too_many(wait: Duration) -> Response {
    let seconds = wait.as_secs() + 1;
    let error = json!({
        "error": "temporarily_unavailable",
        "error_description": format!("Too many failed authentications. Wait {seconds} seconds."),
    });
    let mut response = oauth::json_response(StatusCode::TOO_MANY_REQUESTS, &error);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}
