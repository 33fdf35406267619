//! Requests of an application that failed, kept a week for its owner: the integration doctor.
//!
//! Anybody can make an application fail by sending nonsense in its name, so only the newest are kept, and the caller
//! holds back who sends too much. What was received is kept parameter by parameter without a secret
//! ([`rules::diagnosis`]).

use jiff::{SignedDuration, Timestamp};

use rules::access::Access;
use rules::diagnosis::Finding;
use rules::id::{AttemptId, ClientId};
use rules::scope::Scope;

use crate::{Result, Tx, application};
use db::params;

/// How long an attempt is kept.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many of one application are kept.
const MOST: u32 = 50;
/// How much of a browser's or library's name is kept, in characters.
const USER_AGENT: usize = 200;

/// Where a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `/oauth2/auth`
    Authorize,
    /// `/oauth2/token`
    Token,
    /// `/oauth2/revoke`
    Revoke,
    /// `/oauth2/introspect`
    Introspect,
}

impl Endpoint {
    /// The last part of its path, except that the authorization endpoint is called `authorize`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Token => "token",
            Self::Revoke => "revoke",
            Self::Introspect => "introspect",
        }
    }
}

/// What failed, and why.
#[derive(Debug, Clone)]
pub struct NewAttempt {
    /// Where.
    pub endpoint: Endpoint,
    /// The error code that the client was given.
    pub error: String,
    /// The sentence that the client was given.
    pub description: String,
    /// What only the owner is told.
    pub reason: Option<String>,
    /// What was received.
    pub findings: Vec<Finding>,
    /// Who sent it.
    pub sender: Sender,
}

/// Where a request came from.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Its network address.
    pub address: String,
    /// Its `User-Agent`.
    pub user_agent: String,
    /// The id of the request, as the answer gives it.
    pub request_id: String,
}

/// An attempt as its owner sees it.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// When.
    pub happened_at: Timestamp,
    /// Where.
    pub endpoint: String,
    /// The error code.
    pub error: String,
    /// What the client was told.
    pub description: String,
    /// What only the owner is told.
    pub reason: Option<String>,
    /// What was received.
    pub findings: Vec<Finding>,
    /// From where.
    pub sender: Sender,
}

/// Keeps an attempt of the application with this id; of one that does not exist there is nobody to tell.
pub fn record(tx: &mut Tx<'_>, client: &ClientId, new: &NewAttempt) -> Result<()> {
    let now = tx.now();
    let id = AttemptId::new(now, tx.random()?);
    let findings = serde_json::to_string(&new.findings).unwrap_or_default();
    let user_agent: String = new.sender.user_agent.chars().take(USER_AGENT).collect();
    let stored = tx.execute(
        "INSERT INTO oauth_attempt (id, client_id, happened_at, endpoint, error, description, reason, findings,
                                    address, user_agent, request_id)
         SELECT ?1, client_id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 FROM application
         WHERE client_id = ?2 AND deleted_at IS NULL",
        params![
            id.as_str(),
            client.as_str(),
            now,
            new.endpoint.word(),
            &new.error,
            &new.description,
            new.reason.as_deref(),
            &findings,
            &new.sender.address,
            &user_agent,
            &new.sender.request_id
        ],
    )?;
    if stored == 1 {
        tx.execute(
            "DELETE FROM oauth_attempt WHERE client_id = ?1 AND id NOT IN (
                 SELECT id FROM oauth_attempt WHERE client_id = ?1 ORDER BY id DESC LIMIT ?2)",
            params![client.as_str(), MOST],
        )?;
    }
    Ok(())
}

/// The attempts of an application of the caller's organization that are kept, newest first.
pub fn of_application(tx: &mut Tx<'_>, access: &Access, client: &ClientId) -> Result<Vec<Attempt>> {
    access.require(Scope::ApplicationsRead)?;
    application::find(tx, access, client)?;
    let oldest = tx.now() - KEPT;
    let found = tx.all(
        "SELECT happened_at, endpoint, error, description, reason, findings, address, user_agent, request_id
         FROM oauth_attempt WHERE client_id = ?1 AND happened_at > ?2 ORDER BY id DESC LIMIT ?3",
        params![client.as_str(), oldest, MOST],
        |row| {
            Ok(Attempt {
                happened_at: row.get(0)?,
                endpoint: row.get(1)?,
                error: row.get(2)?,
                description: row.get(3)?,
                reason: row.get(4)?,
                // Written by another version, perhaps: the attempt is worth showing without them.
                findings: serde_json::from_str(row.text(5)?).unwrap_or_default(),
                sender: Sender { address: row.get(6)?, user_agent: row.get(7)?, request_id: row.get(8)? },
            })
        },
    )?;
    Ok(found)
}
