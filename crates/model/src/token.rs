//! Codes and tokens: from consent to access, and on by rotation.
//!
//! A code is redeemed by one conditional UPDATE, so among any number of racing requests one wins. Rotation is the
//! same; the successors are derived from the presented token, so that a client whose answer got lost, and asks
//! again within thirty seconds, is given the very same pair. A code or refresh token that comes back when it
//! should not ends what it led to (RFC 6749 §4.1.2, RFC 9700 §4.14.2).

use jiff::{SignedDuration, Timestamp};

use rules::id::{ClientId, FamilyId, GrantId, OrganizationId};
use rules::pkce::{self, Challenge, Verifier};
use rules::redirect_uri::Destination;
use rules::role::Role;
use rules::scope::{Scope, ScopeList};
use rules::secret::{AccessToken, Code, Hashed, Mint, Plaintext, RefreshToken};

use crate::application::Application;
use crate::audit::Actor;
use crate::consent::Origin;
use crate::grant;
use crate::{Result, Tx};
use db::params;

const CODE_LIFE: SignedDuration = SignedDuration::from_secs(60);
/// A browser that fires twice sends the same code again within this; it ends nothing.
const DOUBLE_FIRE: SignedDuration = SignedDuration::from_secs(1);
const ACCESS_LIFE: SignedDuration = SignedDuration::from_hours(1);
/// A refresh token ends when it is not used for this long …
const REFRESH_IDLE_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// … and its line, however often rotated, after this.
const FAMILY_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// How long a rotated token still gets its successors.
const GRACE: SignedDuration = SignedDuration::from_secs(30);

/// What the token endpoint hands out.
pub struct Issued {
    /// For the API.
    pub access: Plaintext<AccessToken>,
    /// For the next access token, if `offline_access` was granted.
    pub refresh: Option<Plaintext<RefreshToken>>,
    /// What the access token may do.
    pub scopes: ScopeList,
    /// Seconds that the access token has left.
    pub expires_in: i64,
}

/// What became of a code or refresh token. A refusal may have ended a grant or a line of tokens, so it is not an
/// error: it must be committed.
pub enum Outcome {
    /// It was good.
    Issued(Issued),
    /// It was not.
    Refused(Refusal),
}

/// Why a code or refresh token was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No such code or token, or not this client's: the two look alike on purpose.
    #[error("The code or token is unknown, was issued to another client, or has been revoked.")]
    Unknown,
    /// It came too late.
    #[error("The code or token has expired.")]
    Expired,
    /// The code was redeemed before.
    #[error("The authorization code was used already.")]
    CodeUsed,
    /// The refresh token was rotated before.
    #[error("The refresh token was rotated already: use the newest one.")]
    Rotated,
    /// Another redirect URI, or none, or one that is no longer registered.
    #[error("redirect_uri is not the one that the code was issued for.")]
    RedirectUri,
    /// The proof key does not fit.
    #[error("{0}")]
    Proof(pkce::Unproven),
    /// More was asked for than was granted.
    #[error("The scope goes beyond what was granted: {0}.")]
    ScopeBeyondGrant(Scope),
    /// The person's role no longer allows it.
    #[error("The person who consented may no longer do this.")]
    Role,
}

/// What a code is bound to.
pub(crate) struct Bound<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) challenge: Option<&'a Challenge>,
}

/// Starts a family of tokens with a code.
pub(crate) fn issue_code(
    tx: &mut Tx<'_>,
    mint: &Mint,
    (origin, client): (&Origin, &ClientId),
    scopes: &ScopeList,
    bound: Bound<'_>,
) -> Result<Plaintext<Code>> {
    let now = tx.now();
    let family = FamilyId::new(now, tx.random()?);
    let lasting = scopes.contains(Scope::OfflineAccess);
    let family_end = now + if lasting { FAMILY_LIFE } else { CODE_LIFE + ACCESS_LIFE };
    tx.execute(
        "INSERT INTO token_family (id, grant_id, consent_id, client_id, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            family.as_str(),
            origin.grant.as_str(),
            origin.consent.as_str(),
            client.as_str(),
            now,
            family_end
        ],
    )?;
    let (code, hash) = mint.coin::<Code>(tx.random()?);
    tx.execute(
        "INSERT INTO authorization_code (code_hash, family_id, redirect_uri, scopes, challenge, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            hash.as_bytes(),
            family.as_str(),
            bound.redirect_uri,
            &scopes.to_string(),
            bound.challenge.map(Challenge::to_string).as_ref(),
            now,
            now + CODE_LIFE
        ],
    )?;
    Ok(code)
}

/// What a client presents to redeem a code.
pub struct Redemption<'a> {
    /// The code, hashed.
    pub code: Hashed<Code>,
    /// The redirect URI as it was sent again.
    pub redirect_uri: Option<&'a str>,
    /// The PKCE verifier.
    pub verifier: Option<&'a Verifier>,
}

/// Where a family stands: what both codes and refresh tokens hang on.
struct Family {
    id: FamilyId,
    grant: GrantId,
    client: ClientId,
    organization: OrganizationId,
    expires_at: Timestamp,
    is_revoked: bool,
    /// None once the person is disabled or no longer a member.
    role: Option<Role>,
}

const FAMILY_COLUMNS: &str = "token_family.id, token_family.grant_id, token_family.client_id,
    oauth_grant.organization_id, token_family.expires_at,
    coalesce(token_family.revoked_at, oauth_grant.revoked_at, organization.suspended_at),
    CASE WHEN person.disabled_at IS NULL THEN membership.role END";
const FAMILY_TABLES: &str = "JOIN oauth_grant ON oauth_grant.id = token_family.grant_id
    JOIN organization ON organization.id = oauth_grant.organization_id
    JOIN person ON person.id = oauth_grant.person_id
    LEFT JOIN membership ON membership.organization_id = oauth_grant.organization_id
                        AND membership.person_id = oauth_grant.person_id";

fn family_from(row: &db::Row<'_>) -> db::Result<Family> {
    Ok(Family {
        id: row.parse(0)?,
        grant: row.parse(1)?,
        client: row.parse(2)?,
        organization: row.parse(3)?,
        expires_at: row.get(4)?,
        is_revoked: row.get::<Option<Timestamp>>(5)?.is_some(),
        role: row.parse_optional(6)?,
    })
}

struct StoredCode {
    family: Family,
    redirect_uri: String,
    scopes: ScopeList,
    challenge: Option<Challenge>,
    expires_at: Timestamp,
    redeemed_at: Option<Timestamp>,
    spoiled_at: Option<Timestamp>,
}

/// Turns a code into tokens, once. The client is authenticated.
pub fn redeem(
    tx: &mut Tx<'_>,
    mint: &Mint,
    client: &Application,
    actor: &Actor,
    presented: &Redemption<'_>,
) -> Result<Outcome> {
    let found = find_code(tx, presented.code)?.filter(|code| code.family.client == client.client_id);
    let Some(code) = found else { return Ok(Outcome::Refused(Refusal::Unknown)) };
    if let Some(redeemed_at) = code.redeemed_at {
        return redeemed_before(tx, actor, &code, (redeemed_at, presented));
    }
    if let Err(refusal) = check_code(tx, client, &code, presented)? {
        return Ok(Outcome::Refused(refusal));
    }
    let now = tx.now();
    let won = tx.execute(
        "UPDATE authorization_code SET redeemed_at = ?2
         WHERE code_hash = ?1 AND redeemed_at IS NULL AND spoiled_at IS NULL AND expires_at > ?2",
        params![presented.code.as_bytes(), now],
    )?;
    if won == 0 {
        return Ok(Outcome::Refused(Refusal::CodeUsed));
    }
    let access = mint.format.mint::<AccessToken>(tx.random()?);
    let refresh = match code.scopes.contains(Scope::OfflineAccess) {
        true => Some(mint.format.mint::<RefreshToken>(tx.random()?)),
        false => None,
    };
    let tokens = Tokens { access, refresh, access_scopes: &code.scopes, refresh_scopes: &code.scopes };
    tokens.store(tx, mint, &code.family).map(Outcome::Issued)
}

fn find_code(tx: &mut Tx<'_>, code: Hashed<Code>) -> Result<Option<StoredCode>> {
    let sql = format!(
        "SELECT {FAMILY_COLUMNS}, code.redirect_uri, code.scopes, code.challenge, code.expires_at,
                code.redeemed_at, code.spoiled_at
         FROM authorization_code AS code JOIN token_family ON token_family.id = code.family_id {FAMILY_TABLES}
         WHERE code.code_hash = ?1"
    );
    let found = tx.optional(&sql, params![code.as_bytes()], |row| {
        Ok(StoredCode {
            family: family_from(row)?,
            redirect_uri: row.get(7)?,
            scopes: row.parse(8)?,
            challenge: row.parse_optional(9)?,
            expires_at: row.get(10)?,
            redeemed_at: row.get(11)?,
            spoiled_at: row.get(12)?,
        })
    })?;
    Ok(found)
}

/// A used code again. Within a second, with the right proof, it is a browser that fired twice; any other time
/// somebody else has it, and the grant ends.
fn redeemed_before(
    tx: &mut Tx<'_>,
    actor: &Actor,
    code: &StoredCode,
    (redeemed_at, presented): (Timestamp, &Redemption<'_>),
) -> Result<Outcome> {
    let fits = pkce::prove(code.challenge.as_ref(), presented.verifier).is_ok();
    let at_once = tx.now().duration_since(redeemed_at) <= DOUBLE_FIRE;
    if !(fits && at_once) {
        grant::revoke(tx, &code.family.grant, actor, "an authorization code was used twice")?;
    }
    Ok(Outcome::Refused(Refusal::CodeUsed))
}

/// Everything about a fresh code but the race. A wrong verifier spoils the code, so that nobody can guess on.
fn check_code(
    tx: &mut Tx<'_>,
    client: &Application,
    code: &StoredCode,
    presented: &Redemption<'_>,
) -> Result<std::result::Result<(), Refusal>> {
    if code.family.is_revoked || code.spoiled_at.is_some() {
        return Ok(Err(Refusal::Unknown));
    }
    if code.expires_at <= tx.now() {
        return Ok(Err(Refusal::Expired));
    }
    let profile = &client.profile;
    let registered = Destination::prove(&code.redirect_uri, &profile.redirect_uris, client.client_type);
    if presented.redirect_uri != Some(code.redirect_uri.as_str()) || registered.is_none() {
        return Ok(Err(Refusal::RedirectUri));
    }
    if let Err(unproven) = pkce::prove(code.challenge.as_ref(), presented.verifier) {
        let now = tx.now();
        tx.execute(
            "UPDATE authorization_code SET spoiled_at = ?2 WHERE code_hash = ?1",
            params![presented.code.as_bytes(), now],
        )?;
        return Ok(Err(Refusal::Proof(unproven)));
    }
    let allowed = code.family.role.is_some_and(|role| role.missing(code.scopes.set()).is_empty());
    Ok(if allowed { Ok(()) } else { Err(Refusal::Role) })
}

/// A pair of tokens on its way into the database.
struct Tokens<'a> {
    access: Plaintext<AccessToken>,
    refresh: Option<Plaintext<RefreshToken>>,
    access_scopes: &'a ScopeList,
    refresh_scopes: &'a ScopeList,
}

impl Tokens<'_> {
    fn store(self, tx: &mut Tx<'_>, mint: &Mint, family: &Family) -> Result<Issued> {
        let now = tx.now();
        let access_end = (now + ACCESS_LIFE).min(family.expires_at);
        tx.execute(
            "INSERT INTO access_token (token_hash, family_id, scopes, created_at, expires_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                mint.pepper.hash(&self.access).as_bytes(),
                family.id.as_str(),
                &self.access_scopes.to_string(),
                now,
                access_end
            ],
        )?;
        if let Some(refresh) = &self.refresh {
            tx.execute(
                "INSERT INTO refresh_token (token_hash, family_id, scopes, created_at, expires_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    mint.pepper.hash(refresh).as_bytes(),
                    family.id.as_str(),
                    &self.refresh_scopes.to_string(),
                    now,
                    (now + REFRESH_IDLE_LIFE).min(family.expires_at)
                ],
            )?;
        }
        Ok(Issued {
            access: self.access,
            refresh: self.refresh,
            scopes: self.access_scopes.clone(),
            expires_in: access_end.duration_since(now).as_secs(),
        })
    }
}

struct StoredRefresh {
    family: Family,
    scopes: ScopeList,
    expires_at: Timestamp,
    rotated_at: Option<Timestamp>,
}

/// Rotates a refresh token. The client is authenticated.
pub fn refresh(
    tx: &mut Tx<'_>,
    mint: &Mint,
    client: &Application,
    actor: &Actor,
    (presented, requested): (&Plaintext<RefreshToken>, Option<&ScopeList>),
) -> Result<Outcome> {
    let hash = mint.pepper.hash(presented);
    let found = find_refresh(tx, hash)?.filter(|token| token.family.client == client.client_id);
    let Some(token) = found else { return Ok(Outcome::Refused(Refusal::Unknown)) };
    if token.family.is_revoked {
        return Ok(Outcome::Refused(Refusal::Unknown));
    }
    // Before anything else about it: a rotated token in other hands is an alarm, also an expired one.
    if let Some(rotated_at) = token.rotated_at {
        return rotated_before(tx, mint, actor, &token, (rotated_at, presented));
    }
    if let Err(refusal) = check_refresh(&token, tx.now(), requested) {
        return Ok(Outcome::Refused(refusal));
    }
    let now = tx.now();
    let won = tx.execute(
        "UPDATE refresh_token SET rotated_at = ?2 WHERE token_hash = ?1 AND rotated_at IS NULL",
        params![hash.as_bytes(), now],
    )?;
    if won == 0 {
        return Ok(Outcome::Refused(Refusal::Rotated));
    }
    let (access, successor) = mint.pepper.successors(&mint.format, presented);
    let access_scopes = requested.unwrap_or(&token.scopes);
    let tokens = Tokens { access, refresh: Some(successor), access_scopes, refresh_scopes: &token.scopes };
    tokens.store(tx, mint, &token.family).map(Outcome::Issued)
}

fn find_refresh(tx: &mut Tx<'_>, hash: Hashed<RefreshToken>) -> Result<Option<StoredRefresh>> {
    let sql = format!(
        "SELECT {FAMILY_COLUMNS}, refresh_token.scopes, refresh_token.expires_at, refresh_token.rotated_at
         FROM refresh_token JOIN token_family ON token_family.id = refresh_token.family_id {FAMILY_TABLES}
         WHERE refresh_token.token_hash = ?1"
    );
    let found = tx.optional(&sql, params![hash.as_bytes()], |row| {
        Ok(StoredRefresh {
            family: family_from(row)?,
            scopes: row.parse(7)?,
            expires_at: row.get(8)?,
            rotated_at: row.get(9)?,
        })
    })?;
    Ok(found)
}

fn check_refresh(
    token: &StoredRefresh,
    now: Timestamp,
    requested: Option<&ScopeList>,
) -> std::result::Result<(), Refusal> {
    if token.expires_at <= now {
        return Err(Refusal::Expired);
    }
    if token.family.role.is_none() {
        return Err(Refusal::Role);
    }
    let beyond = requested.and_then(|asked| asked.set().without(token.scopes.set()).iter().next());
    beyond.map_or(Ok(()), |scope| Err(Refusal::ScopeBeyondGrant(scope)))
}

/// A rotated token again: its successors within the grace, a refusal once they are in use, and after the grace
/// the end of the whole line, because two parties hold it.
fn rotated_before(
    tx: &mut Tx<'_>,
    mint: &Mint,
    actor: &Actor,
    token: &StoredRefresh,
    (rotated_at, presented): (Timestamp, &Plaintext<RefreshToken>),
) -> Result<Outcome> {
    let now = tx.now();
    if now.duration_since(rotated_at) > GRACE {
        let line = (&token.family.id, &token.family.organization);
        grant::revoke_family(tx, line, actor, "a refresh token was used again after it had been rotated")?;
        return Ok(Outcome::Refused(Refusal::Rotated));
    }
    let (access, successor) = mint.pepper.successors(&mint.format, presented);
    let stored = tx.optional(
        "SELECT access_token.scopes, access_token.expires_at FROM access_token, refresh_token
         WHERE access_token.token_hash = ?1 AND access_token.expires_at > ?3
           AND refresh_token.token_hash = ?2 AND refresh_token.rotated_at IS NULL",
        params![mint.pepper.hash(&access).as_bytes(), mint.pepper.hash(&successor).as_bytes(), now],
        |row| Ok((row.parse(0)?, row.get::<Timestamp>(1)?)),
    )?;
    Ok(match stored {
        Some((scopes, end)) => {
            let expires_in = end.duration_since(now).as_secs();
            Outcome::Issued(Issued { access, refresh: Some(successor), scopes, expires_in })
        }
        None => Outcome::Refused(Refusal::Rotated),
    })
}
