//! What applications hold in an organization, for those who answer for it: every live grant, whoever gave it.
//!
//! A person sees and ends their own in [`crate::grant`]; here an admin, or a key with the right scopes, sees and
//! ends all of the organization's.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use rules::access::{self, Access};
use rules::id::{ClientId, GrantId, OrganizationId, PersonId};
use rules::schema::DateTime;
use rules::scope::{Scope, ScopeList, ScopeSet};

use crate::audit::Actor;
use crate::device_set::{self, Devices};
use crate::{Error, Page, Result, Tx, grant, role};
use db::{Row, params};

/// A live grant: what one person lets one application do.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Grant")]
pub struct Held {
    /// The grant.
    pub id: GrantId,
    /// The application that holds it.
    pub client_id: ClientId,
    /// Who gave it.
    pub user_id: PersonId,
    /// For which organization's data.
    pub organization_id: OrganizationId,
    /// What it may do now: what was granted, within what the application lists and the person's role has.
    pub scopes: ScopeList,
    /// On which devices.
    pub devices: Devices,
    /// Since when.
    #[schemars(with = "DateTime")]
    pub created_at: Timestamp,
    /// When a token of it was last used, to the minute.
    #[schemars(with = "Option<DateTime>")]
    pub last_used_at: Option<Timestamp>,
}

/// Whose grants.
#[derive(Debug, Clone, Default)]
pub struct Of {
    /// Only to this application.
    pub client_id: Option<ClientId>,
    /// Only by this person.
    pub user_id: Option<PersonId>,
}

/// The columns that [`read`] takes.
fn columns() -> String {
    format!(
        "oauth_grant.id, oauth_grant.client_id, oauth_grant.person_id, oauth_grant.scopes,
    application.scopes, application.optional_scopes, {}, consent.devices, consent.id,
    oauth_grant.created_at, oauth_grant.last_used_at",
        role::COLUMN
    )
}

/// Where they come from. Without a membership a grant does nothing; it is still there to be ended.
fn tables() -> String {
    format!(
        "oauth_grant
    JOIN consent ON consent.id = oauth_grant.consent_id
    JOIN application ON application.client_id = oauth_grant.client_id
    LEFT JOIN membership ON membership.organization_id = oauth_grant.organization_id
                        AND membership.person_id = oauth_grant.person_id
                        AND membership.disabled_at IS NULL
    {}",
        role::JOIN
    )
}

/// A page of the organization's live grants, oldest first, after `after`.
pub fn page(
    tx: &mut Tx<'_>,
    access: &Access,
    of: &Of,
    (after, limit): (Option<&GrantId>, u32),
) -> Result<Page<Held, GrantId>> {
    access.require(Scope::ApplicationsRead)?;
    let (columns, tables) = (columns(), tables());
    let sql = format!(
        "SELECT {columns} FROM {tables}
         WHERE oauth_grant.organization_id = ?1 AND oauth_grant.id > ?2 AND oauth_grant.revoked_at IS NULL
           AND (?3 IS NULL OR oauth_grant.client_id = ?3) AND (?4 IS NULL OR oauth_grant.person_id = ?4)
         ORDER BY oauth_grant.id LIMIT ?5"
    );
    let after = after.map_or("", GrantId::as_str);
    let found = tx.all(
        &sql,
        params![
            access.organization.as_str(),
            after,
            of.client_id.as_ref().map(ClientId::as_str),
            of.user_id.as_ref().map(PersonId::as_str),
            i64::from(limit) + 1
        ],
        |row| read(row, access),
    )?;
    let page = Page::cut(found, limit, |(held, _)| held.id.clone());
    let data = page.data.into_iter().map(|found| with_devices(tx, found)).collect::<Result<_>>()?;
    Ok(Page { data, next: page.next })
}

/// One live grant of the organization.
pub fn find(tx: &mut Tx<'_>, access: &Access, id: &GrantId) -> Result<Held> {
    access.require(Scope::ApplicationsRead)?;
    let (columns, tables) = (columns(), tables());
    let sql = format!(
        "SELECT {columns} FROM {tables}
         WHERE oauth_grant.organization_id = ?1 AND oauth_grant.id = ?2 AND oauth_grant.revoked_at IS NULL"
    );
    let found =
        tx.optional(&sql, params![access.organization.as_str(), id.as_str()], |row| read(row, access))?;
    with_devices(tx, found.ok_or(Error::NotFound)?)
}

/// Ends a grant of the organization: every code and token under it dies with the next request. Ending it twice is no
/// mistake.
pub fn end(tx: &mut Tx<'_>, access: &Access, actor: &Actor, id: &GrantId) -> Result<()> {
    access.require(Scope::ApplicationsWrite)?;
    let own = tx.optional(
        "SELECT 1 FROM oauth_grant WHERE id = ?1 AND organization_id = ?2",
        params![id.as_str(), access.organization.as_str()],
        |_| Ok(()),
    )?;
    own.ok_or(Error::NotFound)?;
    grant::revoke(tx, id, actor, "the organization ended it")
}

fn read(row: &Row<'_>, access: &Access) -> db::Result<(Held, String)> {
    let granted: ScopeList = row.parse(3)?;
    let listed = row.parse::<ScopeList>(4)?.set().or(row.parse::<ScopeList>(5)?.set());
    let role = role::optional_from_row(row, 6)?;
    let now = role.map_or(ScopeSet::EMPTY, |role| access::grant_scopes(granted.set().and(listed), role));
    let held = Held {
        id: row.parse(0)?,
        client_id: row.parse(1)?,
        user_id: row.parse(2)?,
        organization_id: access.organization.clone(),
        scopes: granted.within(now.or(ScopeSet::of(&[Scope::OfflineAccess]))),
        devices: row.parse(7)?,
        created_at: row.get(9)?,
        last_used_at: row.get(10)?,
    };
    Ok((held, row.get(8)?))
}

fn with_devices(tx: &mut Tx<'_>, (mut held, consent): (Held, String)) -> Result<Held> {
    if let Devices::Chosen(chosen) = &mut held.devices {
        *chosen = device_set::chosen(tx, &held.organization_id, &consent)?;
    }
    Ok(held)
}
