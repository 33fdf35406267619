//! Introspection (RFC 7662): what an application's own token is worth at this moment.
//!
//! The answer is the live one, as the API would give it: what was granted, within what the application still lists
//! and the person's role still has. Another application's token looks like one that never existed.

use jiff::Timestamp;

use rules::access::{self, Access, Principal};
use rules::id::{OrganizationId, PersonId};
use rules::scope::{Scope, ScopeList, ScopeSet};
use rules::secret::{AccessToken, Hashed, RefreshToken};

use crate::application::Application;
use crate::caller::{self, Presented};
use crate::{Result, Tx, role};
use db::params;

/// A token as its client presents it, hashed.
#[derive(Clone, Copy)]
pub enum ClientToken {
    /// For the API.
    Access(Hashed<AccessToken>),
    /// For the next access token.
    Refresh(Hashed<RefreshToken>),
}

/// A token that works.
#[derive(Debug, Clone)]
pub struct Active {
    /// What it may do now, in the order in which it was granted.
    pub scopes: ScopeList,
    /// Who consented.
    pub person: PersonId,
    /// Whose data.
    pub organization: OrganizationId,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// The token if it is this client's and works now.
pub fn of(tx: &mut Tx<'_>, client: &Application, token: ClientToken) -> Result<Option<Active>> {
    match token {
        ClientToken::Access(token) => of_access_token(tx, client, token),
        ClientToken::Refresh(token) => of_refresh_token(tx, client, token),
    }
}

fn of_access_token(
    tx: &mut Tx<'_>,
    client: &Application,
    token: Hashed<AccessToken>,
) -> Result<Option<Active>> {
    let stored = tx.optional(
        "SELECT access_token.scopes, access_token.created_at, access_token.expires_at FROM access_token
         JOIN token_family ON token_family.id = access_token.family_id
         WHERE access_token.token_hash = ?1 AND token_family.client_id = ?2",
        params![token.as_bytes(), client.client_id.as_str()],
        |row| Ok((row.parse::<ScopeList>(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let Some((granted, issued_at, expires_at)) = stored else { return Ok(None) };
    let Some(Access { organization, scopes, principal: Principal::User(person), .. }) =
        caller::by(tx, Presented::AccessToken(token))?
    else {
        return Ok(None);
    };
    let scopes = granted.within(scopes.or(LASTING));
    Ok(Some(Active { scopes, person, organization, issued_at, expires_at }))
}

fn of_refresh_token(
    tx: &mut Tx<'_>,
    client: &Application,
    token: Hashed<RefreshToken>,
) -> Result<Option<Active>> {
    let now = tx.now();
    let listed = client.profile.scopes.set().or(client.profile.optional_scopes.set());
    let sql = format!(
        "SELECT refresh_token.scopes, consent.scopes, {ROLE}, oauth_grant.person_id,
                oauth_grant.organization_id, refresh_token.created_at, refresh_token.expires_at
         FROM refresh_token
         JOIN token_family ON token_family.id = refresh_token.family_id
         JOIN consent ON consent.id = token_family.consent_id
         JOIN oauth_grant ON oauth_grant.id = token_family.grant_id
         JOIN organization ON organization.id = oauth_grant.organization_id
         JOIN person ON person.id = oauth_grant.person_id
         JOIN membership ON membership.organization_id = oauth_grant.organization_id
                        AND membership.person_id = oauth_grant.person_id
                        AND membership.disabled_at IS NULL
         {JOIN}
         WHERE refresh_token.token_hash = ?1 AND token_family.client_id = ?2
           AND refresh_token.rotated_at IS NULL AND refresh_token.expires_at > ?3
           AND token_family.revoked_at IS NULL AND oauth_grant.revoked_at IS NULL
           AND organization.suspended_at IS NULL AND person.disabled_at IS NULL",
        ROLE = role::COLUMN,
        JOIN = role::JOIN,
    );
    let found = tx.optional(&sql, params![token.as_bytes(), client.client_id.as_str(), now], |row| {
        let granted: ScopeList = row.parse(0)?;
        let bound = row.parse::<ScopeList>(1)?.set().and(granted.set()).and(listed);
        let usable = access::grant_scopes(bound, role::from_row(row, 2)?).or(LASTING);
        Ok(Active {
            scopes: granted.within(usable),
            person: row.parse(3)?,
            organization: row.parse(4)?,
            issued_at: row.get(5)?,
            expires_at: row.get(6)?,
        })
    })?;
    Ok(found)
}

/// No role has it, and it is about time and not about data: it stands where it was granted.
const LASTING: ScopeSet = ScopeSet::of(&[Scope::OfflineAccess]);
