//! Authorization requests that wait for sign-in or consent.
//!
//! What the application asked for is kept here and nowhere in the pages, so that no form can alter it. A request
//! belongs to the browser that brought it, for ten minutes, and is decided once.

use jiff::{SignedDuration, Timestamp};

use rules::authorize::{Prompt, Valid};
use rules::id::{ClientId, RequestId};
use rules::pkce::Challenge;
use rules::scope::{ScopeList, ScopeSet};
use rules::secret::{BrowserToken, Hashed};

use crate::{Error, Result, Tx};
use db::params;

const LIFE: SignedDuration = SignedDuration::from_mins(10);
/// Undecided requests that one browser can have; the oldest make way.
const MAX_PER_BROWSER: u32 = 20;
/// The same for one network address: whoever sends no cookies is a new browser each time.
const MAX_PER_ADDRESS: u32 = 500;

/// A request that waits.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its id, which the login and consent pages carry.
    pub id: RequestId,
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes; proven when the request came in.
    pub redirect_uri: String,
    /// What is asked for, in the application's order.
    pub scopes: ScopeList,
    /// Those of them that were optional when the request came in, so the person may leave them out.
    pub optional: ScopeSet,
    /// The application's own value, returned as it came.
    pub state: Option<String>,
    /// What the code will be bound to.
    pub challenge: Option<Challenge>,
    /// The person must have signed in after this (`prompt=login`).
    pub authenticate_after: Option<Timestamp>,
    /// What the person allowed before this does not count (`prompt=consent`, `prompt=select_account`).
    pub consent_after: Option<Timestamp>,
    /// Who the application thinks it is.
    pub login_hint: Option<String>,
    /// When the request came in.
    pub created_at: Timestamp,
}

/// Keeps a checked request for the browser that brought it, and for a stranger's the network address it came from.
pub fn begin(
    tx: &mut Tx<'_>,
    (browser, address): (Hashed<BrowserToken>, Option<&str>),
    client: &ClientId,
    valid: &Valid,
) -> Result<RequestId> {
    if let Some(address) = address {
        make_way(tx, address)?;
    }
    tx.execute(
        "DELETE FROM authorization_request WHERE browser_hash = ?1 AND id NOT IN (
             SELECT id FROM authorization_request WHERE browser_hash = ?1 ORDER BY created_at DESC LIMIT ?2)",
        params![browser.as_bytes(), MAX_PER_BROWSER - 1],
    )?;
    let now = tx.now();
    let id = RequestId::new(now, tx.random()?);
    let asks_consent = valid.asks(Prompt::Consent) || valid.asks(Prompt::SelectAccount);
    tx.execute(
        "INSERT INTO authorization_request (id, browser_hash, client_id, redirect_uri, scopes, state, challenge,
                                            authenticate_after, consent_after, login_hint, created_at,
                                            expires_at, optional_scopes, address)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            id.as_str(),
            browser.as_bytes(),
            client.as_str(),
            valid.redirect_uri().as_str(),
            &valid.scopes().to_string(),
            valid.state(),
            valid.challenge().map(|challenge| challenge.to_string()).as_ref(),
            valid.asks(Prompt::Login).then_some(now),
            asks_consent.then_some(now),
            valid.login_hint(),
            now,
            now + LIFE,
            &valid.optional().iter().collect::<ScopeList>().to_string(),
            address.unwrap_or_default()
        ],
    )?;
    Ok(id)
}

/// Deletes the address's oldest undecided requests, so that there is room for one more.
fn make_way(tx: &mut Tx<'_>, address: &str) -> Result<()> {
    tx.execute(
        "DELETE FROM authorization_request WHERE id IN (
             SELECT id FROM authorization_request WHERE address = ?1 AND decided_at IS NULL
             ORDER BY created_at DESC, id DESC LIMIT ?2 OFFSET ?3)",
        params![address, MAX_PER_ADDRESS, MAX_PER_ADDRESS - 1],
    )?;
    Ok(())
}

/// The request of this id, if it is this browser's, undecided and not over.
pub fn find(tx: &mut Tx<'_>, browser: Hashed<BrowserToken>, id: &RequestId) -> Result<Pending> {
    let now = tx.now();
    let found = tx.optional(
        "SELECT id, client_id, redirect_uri, scopes, state, challenge, authenticate_after, consent_after,
                login_hint, created_at, optional_scopes
         FROM authorization_request
         WHERE id = ?1 AND browser_hash = ?2 AND expires_at > ?3 AND decided_at IS NULL",
        params![id.as_str(), browser.as_bytes(), now],
        |row| {
            Ok(Pending {
                id: row.parse(0)?,
                client_id: row.parse(1)?,
                redirect_uri: row.get(2)?,
                scopes: row.parse(3)?,
                state: row.get(4)?,
                challenge: row.parse_optional(5)?,
                authenticate_after: row.get(6)?,
                consent_after: row.get(7)?,
                login_hint: row.get(8)?,
                created_at: row.get(9)?,
                optional: row.parse::<ScopeList>(10)?.set(),
            })
        },
    )?;
    found.ok_or(Error::NotFound)
}

/// Decides the request, once: a second decision finds nothing.
pub(crate) fn decide(tx: &mut Tx<'_>, pending: &Pending) -> Result<()> {
    let now = tx.now();
    let decided = tx.execute(
        "UPDATE authorization_request SET decided_at = ?2 WHERE id = ?1 AND decided_at IS NULL",
        params![pending.id.as_str(), now],
    )?;
    if decided == 1 { Ok(()) } else { Err(Error::NotFound) }
}
