//! Codes and tokens: from consent to access, and on by rotation.
//!
//! A code is redeemed by one conditional UPDATE, so among any number of racing requests one wins. Rotation is the
//! same; the successors are derived from the presented token, so that a client whose answer got lost, and asks
//! again within thirty seconds, is given the very same pair. What is to become of a code or refresh token is judged
//! by [`rules::exchange`]; here its verdict is carried out, in the same transaction.

mod leaked;

use jiff::Timestamp;

use rules::exchange::{
    ACCESS_LIFE, CODE_LIFE, CodeFacts, CodeVerdict, Ended, FAMILY_LIFE, Place, REFRESH_IDLE_LIFE, Redemption,
    RefreshFacts, RefreshRequest, RefreshVerdict, Refusal, Rotated, Successor, judge_code, judge_refresh,
};
use rules::id::{ClientId, FamilyId, GrantId, OrganizationId};
use rules::pkce::Challenge;
use rules::role::Role;
use rules::scope::{Scope, ScopeList, ScopeSet};
use rules::secret::{AccessToken, Code, Hashed, Mint, Plaintext, RefreshToken};

use crate::application::Application;
use crate::audit::Actor;
use crate::consent::Origin;
use crate::grant;
use crate::introspection::ClientToken;
use crate::{Result, Tx, role};
use db::params;

pub(crate) use leaked::{EndedFamily, revoke_leaked};

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

/// Where a family stands: what both codes and refresh tokens hang on.
struct Family {
    id: FamilyId,
    grant: GrantId,
    client: ClientId,
    organization: OrganizationId,
    expires_at: Timestamp,
    /// Whether it, its grant, or the organization has ended.
    ended: Option<Ended>,
    /// What its consent still gives.
    consented: ScopeSet,
    /// None once the person is disabled or no longer a member.
    role: Option<Role>,
}

fn family_columns() -> String {
    format!(
        "token_family.id, token_family.grant_id, token_family.client_id,
    oauth_grant.organization_id, token_family.expires_at,
    coalesce(token_family.revoked_at, oauth_grant.revoked_at, organization.suspended_at),
    CASE WHEN token_family.revoked_at IS NOT NULL THEN coalesce(token_family.revoked_because, 'it was revoked')
         WHEN oauth_grant.revoked_at IS NOT NULL THEN coalesce(oauth_grant.revoked_because, 'it was revoked')
         ELSE 'the organization was suspended' END,
    CASE WHEN person.disabled_at IS NULL THEN {} END, consent.scopes",
        role::COLUMN
    )
}
/// How many columns that are.
const FAMILY_WIDTH: usize = 9;
fn family_tables() -> String {
    format!(
        "JOIN consent ON consent.id = token_family.consent_id
    JOIN oauth_grant ON oauth_grant.id = token_family.grant_id
    JOIN organization ON organization.id = oauth_grant.organization_id
    JOIN person ON person.id = oauth_grant.person_id
    LEFT JOIN membership ON membership.organization_id = oauth_grant.organization_id
                        AND membership.person_id = oauth_grant.person_id
                        AND membership.disabled_at IS NULL
    {}",
        role::JOIN
    )
}

fn family_from(row: &db::Row<'_>) -> db::Result<Family> {
    let ended_at: Option<Timestamp> = row.get(5)?;
    let because: String = row.get(6)?;
    Ok(Family {
        id: row.parse(0)?,
        grant: row.parse(1)?,
        client: row.parse(2)?,
        organization: row.parse(3)?,
        expires_at: row.get(4)?,
        ended: ended_at.map(|at| Ended { at, because }),
        role: role::optional_from_row(row, 7)?,
        consented: row.parse::<ScopeList>(8)?.set(),
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
    (client, actor): (&Application, &Actor),
    code: Hashed<Code>,
    with: &Redemption<'_>,
) -> Result<Outcome> {
    let Some(stored) = find_code(tx, code)? else { return Ok(Outcome::Refused(Refusal::Unknown)) };
    if stored.family.client != client.client_id {
        return Ok(Outcome::Refused(Refusal::OtherClient));
    }
    match judge_code(&stored.facts(client), with, tx.now()) {
        CodeVerdict::Redeem => win_code(tx, mint, code, &stored),
        CodeVerdict::Refuse(refusal) => Ok(Outcome::Refused(refusal)),
        CodeVerdict::Spoil(refusal) => {
            let now = tx.now();
            tx.execute(
                "UPDATE authorization_code SET spoiled_at = ?2 WHERE code_hash = ?1",
                params![code.as_bytes(), now],
            )?;
            Ok(Outcome::Refused(refusal))
        }
        CodeVerdict::EndGrant(refusal) => {
            grant::revoke(tx, &stored.family.grant, actor, "an authorization code was used twice")?;
            Ok(Outcome::Refused(refusal))
        }
    }
}

fn find_code(tx: &mut Tx<'_>, code: Hashed<Code>) -> Result<Option<StoredCode>> {
    let (columns, tables) = (family_columns(), family_tables());
    let sql = format!(
        "SELECT {columns}, code.redirect_uri, code.scopes, code.challenge, code.expires_at,
                code.redeemed_at, code.spoiled_at
         FROM authorization_code AS code JOIN token_family ON token_family.id = code.family_id {tables}
         WHERE code.code_hash = ?1"
    );
    let found = tx.optional(&sql, params![code.as_bytes()], |row| {
        Ok(StoredCode {
            family: family_from(row)?,
            redirect_uri: row.get(FAMILY_WIDTH)?,
            scopes: row.parse(FAMILY_WIDTH + 1)?,
            challenge: row.parse_optional(FAMILY_WIDTH + 2)?,
            expires_at: row.get(FAMILY_WIDTH + 3)?,
            redeemed_at: row.get(FAMILY_WIDTH + 4)?,
            spoiled_at: row.get(FAMILY_WIDTH + 5)?,
        })
    })?;
    Ok(found)
}

impl StoredCode {
    fn facts<'a>(&'a self, client: &'a Application) -> CodeFacts<'a> {
        CodeFacts {
            ended: self.family.ended.as_ref(),
            expires_at: self.expires_at,
            redeemed_at: self.redeemed_at,
            spoiled_at: self.spoiled_at,
            redirect_uri: &self.redirect_uri,
            challenge: self.challenge.as_ref(),
            scopes: self.scopes.set(),
            role: self.family.role,
            registered: &client.profile.redirect_uris,
            client_type: client.client_type,
        }
    }
}

/// Marks the code as redeemed, which one of any number of racing requests can do, and gives the winner its tokens.
fn win_code(tx: &mut Tx<'_>, mint: &Mint, code: Hashed<Code>, stored: &StoredCode) -> Result<Outcome> {
    let now = tx.now();
    let won = tx.execute(
        "UPDATE authorization_code SET redeemed_at = ?2
         WHERE code_hash = ?1 AND redeemed_at IS NULL AND spoiled_at IS NULL AND expires_at > ?2",
        params![code.as_bytes(), now],
    )?;
    if won == 0 {
        return Ok(Outcome::Refused(Refusal::CodeUsed { ago: jiff::SignedDuration::ZERO }));
    }
    let access = mint.format.mint::<AccessToken>(tx.random()?);
    let refresh = match stored.scopes.contains(Scope::OfflineAccess) {
        true => Some(mint.format.mint::<RefreshToken>(tx.random()?)),
        false => None,
    };
    let tokens = Tokens { access, refresh, access_scopes: &stored.scopes, refresh_scopes: &stored.scopes };
    tokens.store(tx, mint, &stored.family).map(Outcome::Issued)
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
    rotated_address: Option<String>,
}

/// What a client presents to be given new tokens.
pub struct Refresh<'a> {
    /// The refresh token.
    pub token: &'a Plaintext<RefreshToken>,
    /// The scopes to narrow the access token to.
    pub scopes: Option<&'a ScopeList>,
}

/// Rotates a refresh token. The client is authenticated.
pub fn refresh(
    tx: &mut Tx<'_>,
    mint: &Mint,
    (client, actor): (&Application, &Actor),
    presented: &Refresh<'_>,
) -> Result<Outcome> {
    let hash = mint.pepper.hash(presented.token);
    let Some(stored) = find_refresh(tx, hash)? else { return Ok(Outcome::Refused(Refusal::Unknown)) };
    if stored.family.client != client.client_id {
        return Ok(Outcome::Refused(Refusal::OtherClient));
    }
    let again = match stored.rotated_at {
        Some(_) => successors_unused(tx, mint, presented.token)?,
        None => None,
    };
    let facts = stored.facts(client, if again.is_some() { Successor::Unused } else { Successor::Used });
    let request = RefreshRequest { scopes: presented.scopes.map(ScopeList::set), address: &actor.address };
    match judge_refresh(&facts, &request, tx.now()) {
        RefreshVerdict::Rotate => {
            let scopes = given(presented, &stored, client);
            rotate(tx, mint, actor, (presented, &stored, &scopes))
        }
        RefreshVerdict::Keep => {
            let scopes = given(presented, &stored, client);
            keep(tx, mint, (presented, &stored, &scopes))
        }
        RefreshVerdict::Repeat => Ok(again.map_or(Outcome::Refused(Refusal::Unknown), Outcome::Issued)),
        RefreshVerdict::Refuse(refusal) => Ok(Outcome::Refused(refusal)),
        RefreshVerdict::EndFamily(refusal) => {
            let line = (&stored.family.id, &stored.family.organization);
            grant::revoke_family(
                tx,
                line,
                actor,
                "a refresh token was used again after it had been rotated",
            )?;
            Ok(Outcome::Refused(refusal))
        }
    }
}

/// What the new access token gets, and the answer says: what was asked for, or all of the line's, as far as consent and
/// application still give it. The role narrows with each request, and so is not in it.
fn given(presented: &Refresh<'_>, stored: &StoredRefresh, client: &Application) -> ScopeList {
    presented.scopes.unwrap_or(&stored.scopes).within(stored.bound(client))
}

fn find_refresh(tx: &mut Tx<'_>, hash: Hashed<RefreshToken>) -> Result<Option<StoredRefresh>> {
    let (columns, tables) = (family_columns(), family_tables());
    let sql = format!(
        "SELECT {columns}, refresh_token.scopes, refresh_token.expires_at, refresh_token.rotated_at,
                refresh_token.rotated_address
         FROM refresh_token JOIN token_family ON token_family.id = refresh_token.family_id {tables}
         WHERE refresh_token.token_hash = ?1"
    );
    let found = tx.optional(&sql, params![hash.as_bytes()], |row| {
        Ok(StoredRefresh {
            family: family_from(row)?,
            scopes: row.parse(FAMILY_WIDTH)?,
            expires_at: row.get(FAMILY_WIDTH + 1)?,
            rotated_at: row.get(FAMILY_WIDTH + 2)?,
            rotated_address: row.get(FAMILY_WIDTH + 3)?,
        })
    })?;
    Ok(found)
}

impl StoredRefresh {
    /// What its consent still gives and the application still lists.
    fn bound(&self, client: &Application) -> ScopeSet {
        let listed = client.profile.scopes.set().or(client.profile.optional_scopes.set());
        self.family.consented.and(listed)
    }

    fn facts(&self, client: &Application, successor: Successor) -> RefreshFacts<'_> {
        let address = self.rotated_address.as_deref();
        RefreshFacts {
            ended: self.family.ended.as_ref(),
            expires_at: self.expires_at,
            rotated: self.rotated_at.map(|at| Rotated { at, address, successor }),
            scopes: self.scopes.set(),
            bound: self.bound(client),
            role: self.family.role,
            rotation: client.profile.rotation,
        }
    }
}

/// Marks the token as rotated, which one of any number of racing requests can do, and stores its successors.
fn rotate(
    tx: &mut Tx<'_>,
    mint: &Mint,
    actor: &Actor,
    (presented, stored, access_scopes): (&Refresh<'_>, &StoredRefresh, &ScopeList),
) -> Result<Outcome> {
    let (hash, now) = (mint.pepper.hash(presented.token), tx.now());
    let won = tx.execute(
        "UPDATE refresh_token SET rotated_at = ?2, rotated_address = ?3
         WHERE token_hash = ?1 AND rotated_at IS NULL",
        params![hash.as_bytes(), now, &actor.address],
    )?;
    if won == 0 {
        let (ago, place) = (jiff::SignedDuration::ZERO, Place::Unknown);
        return Ok(Outcome::Refused(Refusal::SuccessorUsed { ago, place }));
    }
    let (access, successor) = mint.pepper.successors(&mint.format, presented.token);
    let tokens = Tokens { access, refresh: Some(successor), access_scopes, refresh_scopes: &stored.scopes };
    tokens.store(tx, mint, &stored.family).map(Outcome::Issued)
}

/// Ends a token at its client's request (RFC 7009): an access token alone, a refresh token with its whole line.
/// The grant and its other lines live on. One that is unknown, or another client's, is left as it is.
pub fn revoke(tx: &mut Tx<'_>, client: &Application, actor: &Actor, token: ClientToken) -> Result<()> {
    const ASKED: &str = "the application revoked it";
    let owner = params![client.client_id.as_str()];
    match token {
        ClientToken::Access(token) => {
            let found = tx.optional(
                "DELETE FROM access_token WHERE token_hash = ?2
                   AND family_id IN (SELECT id FROM token_family WHERE client_id = ?1) RETURNING family_id",
                &[owner, params![token.as_bytes()]].concat(),
                |row| row.parse(0),
            )?;
            found.map_or(Ok(()), |family| grant::note_revoked_token(tx, &family, actor, ASKED))
        }
        ClientToken::Refresh(token) => {
            let found = tx.optional(
                "SELECT token_family.id, oauth_grant.organization_id FROM refresh_token
                 JOIN token_family ON token_family.id = refresh_token.family_id
                 JOIN oauth_grant ON oauth_grant.id = token_family.grant_id
                 WHERE token_family.client_id = ?1 AND refresh_token.token_hash = ?2
                   AND token_family.revoked_at IS NULL",
                &[owner, params![token.as_bytes()]].concat(),
                |row| Ok((row.parse(0)?, row.parse(1)?)),
            )?;
            found.map_or(Ok(()), |(family, organization)| {
                grant::revoke_family(tx, (&family, &organization), actor, ASKED)
            })
        }
    }
}

/// A new access token for a refresh token that stays; using it moves its idle end.
fn keep(
    tx: &mut Tx<'_>,
    mint: &Mint,
    (presented, stored, access_scopes): (&Refresh<'_>, &StoredRefresh, &ScopeList),
) -> Result<Outcome> {
    let (hash, now) = (mint.pepper.hash(presented.token), tx.now());
    tx.execute(
        "UPDATE refresh_token SET expires_at = ?2 WHERE token_hash = ?1",
        params![hash.as_bytes(), (now + REFRESH_IDLE_LIFE).min(stored.family.expires_at)],
    )?;
    let access = mint.format.mint::<AccessToken>(tx.random()?);
    let tokens = Tokens { access, refresh: None, access_scopes, refresh_scopes: &stored.scopes };
    let issued = tokens.store(tx, mint, &stored.family)?;
    Ok(Outcome::Issued(Issued { refresh: Some(presented.token.clone()), ..issued }))
}

/// The successors of a rotated token, if neither has been used up or has ended.
fn successors_unused(
    tx: &mut Tx<'_>,
    mint: &Mint,
    token: &Plaintext<RefreshToken>,
) -> Result<Option<Issued>> {
    let now = tx.now();
    let (access, successor) = mint.pepper.successors(&mint.format, token);
    let stored = tx.optional(
        "SELECT access_token.scopes, access_token.expires_at FROM access_token, refresh_token
         WHERE access_token.token_hash = ?1 AND access_token.expires_at > ?3
           AND refresh_token.token_hash = ?2 AND refresh_token.rotated_at IS NULL",
        params![mint.pepper.hash(&access).as_bytes(), mint.pepper.hash(&successor).as_bytes(), now],
        |row| Ok((row.parse(0)?, row.get::<Timestamp>(1)?)),
    )?;
    Ok(stored.map(|(scopes, end)| {
        let expires_in = end.duration_since(now).as_secs();
        Issued { access, refresh: Some(successor), scopes, expires_in }
    }))
}
