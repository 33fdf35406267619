//! Tokens that others know: their line ends.

use rules::id::{ClientId, FamilyId, OrganizationId};

use crate::audit::Actor;
use crate::introspection::ClientToken;
use crate::{Result, Tx, grant};
use db::params;

/// A line of tokens that was ended, whose data it opened, and to whom it was given.
pub(crate) struct EndedFamily {
    pub(crate) family: FamilyId,
    pub(crate) organization: OrganizationId,
    pub(crate) client: ClientId,
}

/// Ends the line of a token that others know. A refresh token that was rotated counts too: whoever has it had it when
/// it worked.
pub(crate) fn revoke_leaked(
    tx: &mut Tx<'_>,
    actor: &Actor,
    token: ClientToken,
) -> Result<Option<EndedFamily>> {
    let (table, hash) = match &token {
        ClientToken::Access(token) => ("access_token", token.as_bytes()),
        ClientToken::Refresh(token) => ("refresh_token", token.as_bytes()),
    };
    let sql = format!(
        "SELECT token_family.id, oauth_grant.organization_id, token_family.client_id FROM {table} AS token
         JOIN token_family ON token_family.id = token.family_id
         JOIN oauth_grant ON oauth_grant.id = token_family.grant_id
         WHERE token.token_hash = ?1 AND token.expires_at > ?2
           AND token_family.revoked_at IS NULL AND oauth_grant.revoked_at IS NULL"
    );
    let now = tx.now();
    let live = tx.optional(&sql, params![hash, now], |row| {
        Ok(EndedFamily { family: row.parse(0)?, organization: row.parse(1)?, client: row.parse(2)? })
    })?;
    let Some(ended) = live else { return Ok(None) };
    grant::revoke_family(tx, (&ended.family, &ended.organization), actor, "a token was reported as leaked")?;
    Ok(Some(ended))
}
