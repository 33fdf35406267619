//! Who is calling: from a hashed credential to an [`Access`].
//!
//! This is the slow path, and the oracle of the cache in front of it. Everything that ends or narrows a
//! credential is a condition here; whoever changes one of these rows bumps the organization's epoch.

use rules::access::{self, Access, Credential, DeviceSet, Principal};
use rules::id::{ApiKeyId, OrganizationId};
use rules::scope::ScopeList;
use rules::secret::{AccessToken, ApiKey, Hashed};

use crate::device_set::Devices;
use crate::{Result, Tx, role};
use db::params;

/// A credential as it was presented, hashed.
#[derive(Clone, Copy)]
pub enum Presented {
    /// An API key.
    ApiKey(Hashed<ApiKey>),
    /// An OAuth access token.
    AccessToken(Hashed<AccessToken>),
}

/// The organization whose epoch the credential's access depends on.
pub fn organization_of(tx: &mut Tx<'_>, presented: Presented) -> Result<Option<OrganizationId>> {
    match presented {
        Presented::ApiKey(key) => organization_of_key(tx, key),
        Presented::AccessToken(token) => organization_of_token(tx, token),
    }
}

/// What the credential may do now; none if it does not work.
pub fn by(tx: &mut Tx<'_>, presented: Presented) -> Result<Option<Access>> {
    match presented {
        Presented::ApiKey(key) => by_key(tx, key),
        Presented::AccessToken(token) => by_token(tx, token),
    }
}

fn organization_of_key(tx: &mut Tx<'_>, key: Hashed<ApiKey>) -> Result<Option<OrganizationId>> {
    let sql = "SELECT organization_id FROM api_key WHERE secret_hash = ?1";
    Ok(tx.optional(sql, params![key.as_bytes()], |row| row.parse(0))?)
}

fn by_key(tx: &mut Tx<'_>, key: Hashed<ApiKey>) -> Result<Option<Access>> {
    let now = tx.now();
    let found = tx.optional(
        "SELECT api_key.id, api_key.organization_id, api_key.scopes, api_key.devices, api_key.expires_at
         FROM api_key JOIN organization ON organization.id = api_key.organization_id
         WHERE api_key.secret_hash = ?1 AND api_key.revoked_at IS NULL
           AND (api_key.expires_at IS NULL OR api_key.expires_at > ?2)
           AND organization.suspended_at IS NULL",
        params![key.as_bytes(), now],
        |row| {
            let id: ApiKeyId = row.parse(0)?;
            Ok(Access {
                organization: row.parse(1)?,
                scopes: access::key_scopes(row.parse::<ScopeList>(2)?.set()),
                devices: device_set(row.parse(3)?, id.as_str()),
                principal: Principal::ApiKey(id.clone()),
                credential: Credential::ApiKey(id),
                expires_at: row.get(4)?,
            })
        },
    )?;
    Ok(found)
}

fn organization_of_token(tx: &mut Tx<'_>, token: Hashed<AccessToken>) -> Result<Option<OrganizationId>> {
    let found = tx.optional(
        "SELECT oauth_grant.organization_id FROM access_token
         JOIN token_family ON token_family.id = access_token.family_id
         JOIN oauth_grant ON oauth_grant.id = token_family.grant_id
         WHERE access_token.token_hash = ?1",
        params![token.as_bytes()],
        |row| row.parse(0),
    )?;
    Ok(found)
}

/// A token's scopes count within its consent's, the application's and the role's, on the devices of its consent.
fn by_token(tx: &mut Tx<'_>, token: Hashed<AccessToken>) -> Result<Option<Access>> {
    let now = tx.now();
    let sql = format!(
        "SELECT oauth_grant.id, oauth_grant.organization_id, oauth_grant.person_id, oauth_grant.client_id,
                consent.scopes, consent.devices, access_token.scopes, access_token.expires_at,
                {ROLE}, application.scopes, application.optional_scopes, consent.id
         FROM access_token
         JOIN token_family ON token_family.id = access_token.family_id
         JOIN consent ON consent.id = token_family.consent_id
         JOIN oauth_grant ON oauth_grant.id = token_family.grant_id
         JOIN application ON application.client_id = oauth_grant.client_id
         JOIN organization ON organization.id = oauth_grant.organization_id
         JOIN person ON person.id = oauth_grant.person_id
         JOIN membership ON membership.organization_id = oauth_grant.organization_id
                        AND membership.person_id = oauth_grant.person_id
                        AND membership.disabled_at IS NULL
         {JOIN}
         WHERE access_token.token_hash = ?1 AND access_token.expires_at > ?2
           AND token_family.revoked_at IS NULL AND oauth_grant.revoked_at IS NULL
           AND application.deleted_at IS NULL AND organization.suspended_at IS NULL
           AND person.disabled_at IS NULL",
        ROLE = role::COLUMN,
        JOIN = role::JOIN,
    );
    let found = tx.optional(&sql, params![token.as_bytes(), now], |row| {
        let granted = row.parse::<ScopeList>(4)?.set().and(row.parse::<ScopeList>(6)?.set());
        let listed = row.parse::<ScopeList>(9)?.set().or(row.parse::<ScopeList>(10)?.set());
        Ok(Access {
            organization: row.parse(1)?,
            scopes: access::grant_scopes(granted.and(listed), role::from_row(row, 8)?),
            devices: device_set(row.parse(5)?, row.text(11)?),
            principal: Principal::User(row.parse(2)?),
            credential: Credential::AccessToken { grant: row.parse(0)?, client: row.parse(3)? },
            expires_at: Some(row.get(7)?),
        })
    })?;
    Ok(found)
}

fn device_set(devices: Devices, holder: &str) -> DeviceSet {
    match devices {
        Devices::All => DeviceSet::All,
        Devices::Chosen(_) => DeviceSet::ChosenFor(holder.to_owned()),
    }
}

/// One use of a credential, for the lists that show when it was last used.
#[derive(Debug, Clone)]
pub struct Use {
    /// What was used.
    pub credential: Credential,
    /// When.
    pub at: jiff::Timestamp,
    /// From which network address.
    pub address: String,
}

/// Writes what was gathered in memory: the newest use of each credential wins.
pub fn note_uses(tx: &mut Tx<'_>, uses: &[Use]) -> Result<()> {
    for used in uses {
        match &used.credential {
            Credential::ApiKey(key) => tx.execute(
                "UPDATE api_key SET last_used_at = ?2, last_used_address = ?3
                 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
                params![key.as_str(), used.at, &used.address],
            )?,
            Credential::AccessToken { grant, .. } => tx.execute(
                "UPDATE oauth_grant SET last_used_at = ?2
                 WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
                params![grant.as_str(), used.at],
            )?,
            Credential::Session { .. } => 0,
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests;
