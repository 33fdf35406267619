//! Members: who belongs to an organization, and as what.
//!
//! [`rules::membership`] judges every change, on facts read in the transaction that makes it. What ends or narrows a
//! membership moves the organization's epoch, so that it counts with the next request of a session or a token. API
//! keys stay: they are the organization's. A person's own things (name, address, password) are nobody else's.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use rules::access::{Access, Credential, Principal};
use rules::id::{GrantId, OrganizationId, PersonId};
use rules::membership::{Act, Facts, Refusal, Whose, judge};
use rules::role::Role;
use rules::schema::DateTime;
use rules::scope::Scope;

use crate::audit::{self, Action, Actor};
use crate::error::{Error, Invalid};
use crate::organization::MAX_NAME;
use crate::role::{self, Assignable};
use crate::{Result, Tx, api_key, grant};
use db::{Row, params};

/// A person in an organization.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Member {
    /// Who.
    pub user_id: PersonId,
    /// Their name.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The name of their role: a built-in one, or one of the organization's own.
    pub role: String,
    /// Since when they belong to it.
    #[schemars(with = "DateTime")]
    pub created_at: Timestamp,
    /// When they last looked at it in the console, to the hour.
    #[schemars(with = "Option<DateTime>")]
    pub last_seen_at: Option<Timestamp>,
    /// Since when they are out of service.
    #[schemars(with = "Option<DateTime>")]
    pub disabled_at: Option<Timestamp>,
    /// What the role is.
    #[serde(skip)]
    pub held: Role,
}

fn select() -> String {
    format!(
        "SELECT membership.person_id, person.name, person.email, {NAME}, membership.created_at,
                membership.last_seen_at, membership.disabled_at, {ROLE}
         FROM membership JOIN person ON person.id = membership.person_id {JOIN}",
        NAME = role::NAME,
        ROLE = role::COLUMN,
        JOIN = role::JOIN,
    )
}

fn from_row(row: &Row<'_>) -> db::Result<Member> {
    Ok(Member {
        user_id: row.parse(0)?,
        name: row.get(1)?,
        email: row.get(2)?,
        role: row.get(3)?,
        created_at: row.get(4)?,
        last_seen_at: row.get(5)?,
        disabled_at: row.get(6)?,
        held: role::from_row(row, 7)?,
    })
}

/// Up to `limit` members, those who have had an account longest first, from after `after` on; `search` is a part of
/// the name or the address, and nothing means everybody.
pub fn page(
    tx: &mut Tx<'_>,
    access: &Access,
    search: &str,
    after: Option<&PersonId>,
    limit: u32,
) -> Result<Vec<Member>> {
    access.require(Scope::MembersRead)?;
    let sql = format!(
        "{} WHERE membership.organization_id = ?1 AND membership.person_id > ?2
           AND (lower(person.name) LIKE ?3 ESCAPE '!' OR person.email LIKE ?3 ESCAPE '!')
         ORDER BY membership.person_id LIMIT ?4",
        select()
    );
    let after = after.map_or("", PersonId::as_str);
    let pattern = containing(search);
    Ok(tx.all(&sql, params![access.organization.as_str(), after, &pattern, limit], from_row)?)
}

/// The pattern of texts that contain this one.
fn containing(search: &str) -> String {
    // The engine takes no pattern of any length, and no name is longer.
    let plain: String = search.trim().to_lowercase().chars().take(MAX_NAME).collect();
    format!("%{}%", plain.replace('!', "!!").replace('%', "!%").replace('_', "!_"))
}

/// One member.
pub fn find(tx: &mut Tx<'_>, access: &Access, person: &PersonId) -> Result<Member> {
    access.require(Scope::MembersRead)?;
    load(tx, &access.organization, person)
}

fn load(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId) -> Result<Member> {
    let sql = format!("{} WHERE membership.organization_id = ?1 AND membership.person_id = ?2", select());
    tx.optional(&sql, params![organization.as_str(), person.as_str()], from_row)?.ok_or(Error::NotFound)
}

/// Gives a member another role, by its name.
pub fn set_role(
    tx: &mut Tx<'_>,
    access: &Access,
    actor: &Actor,
    person: &PersonId,
    role: &str,
) -> Result<Member> {
    access.require(Scope::MembersWrite)?;
    let member = load(tx, &access.organization, person)?;
    let assigned = role::named(tx, &access.organization, role)?;
    permit(tx, access, &member, Act::Assign(assigned.held.role))?;
    if assigned.held.name != member.role {
        store_role(tx, (&access.organization, person), &assigned)?;
        let detail = format!("{} → {}", member.role, assigned.held.name);
        note(tx, (&access.organization, actor), (Action::MemberRoleChanged, person), &detail)?;
    }
    load(tx, &access.organization, person)
}

fn store_role(
    tx: &mut Tx<'_>,
    (organization, person): (&OrganizationId, &PersonId),
    role: &Assignable,
) -> Result<()> {
    tx.execute(
        "UPDATE membership SET role = ?3 WHERE organization_id = ?1 AND person_id = ?2",
        params![organization.as_str(), person.as_str(), &role.stored],
    )?;
    tx.bump(organization.as_str());
    Ok(())
}

/// Takes a member out of service: until [`enable`] they are none. Their browsers are signed out.
pub fn disable(tx: &mut Tx<'_>, access: &Access, actor: &Actor, person: &PersonId) -> Result<()> {
    access.require(Scope::MembersWrite)?;
    let member = load(tx, &access.organization, person)?;
    permit(tx, access, &member, Act::Disable)?;
    let now = tx.now();
    let disabled = tx.execute(
        "UPDATE membership SET disabled_at = ?3
         WHERE organization_id = ?1 AND person_id = ?2 AND disabled_at IS NULL",
        params![access.organization.as_str(), person.as_str(), now],
    )?;
    if disabled == 0 {
        return Ok(());
    }
    end_sessions(tx, &access.organization, person)?;
    tx.bump(access.organization.as_str());
    note(tx, (&access.organization, actor), (Action::MemberDisabled, person), "")
}

/// Puts a member back into service, with the role and the consents that they had.
pub fn enable(tx: &mut Tx<'_>, access: &Access, actor: &Actor, person: &PersonId) -> Result<()> {
    access.require(Scope::MembersWrite)?;
    let member = load(tx, &access.organization, person)?;
    permit(tx, access, &member, Act::Enable)?;
    let enabled = tx.execute(
        "UPDATE membership SET disabled_at = NULL
         WHERE organization_id = ?1 AND person_id = ?2 AND disabled_at IS NOT NULL",
        params![access.organization.as_str(), person.as_str()],
    )?;
    if enabled == 0 {
        return Ok(());
    }
    tx.bump(access.organization.as_str());
    note(tx, (&access.organization, actor), (Action::MemberEnabled, person), "")
}

/// Ends a membership, and with it the person's sessions and consents here. The keys that they made stay.
pub fn remove(tx: &mut Tx<'_>, access: &Access, actor: &Actor, person: &PersonId) -> Result<()> {
    access.require(Scope::MembersWrite)?;
    let member = load(tx, &access.organization, person)?;
    permit(tx, access, &member, Act::Remove)?;
    end(tx, (&access.organization, actor), person)?;
    note(tx, (&access.organization, actor), (Action::MemberRemoved, person), &member.role)
}

/// [`remove`] for oneself, which needs no scope.
pub fn leave(tx: &mut Tx<'_>, access: &Access, actor: &Actor) -> Result<()> {
    let (organization, person) = (&access.organization, signed_in(access)?);
    let member = load(tx, organization, person)?;
    permit(tx, access, &member, Act::Leave)?;
    end(tx, (organization, actor), person)?;
    note(tx, (organization, actor), (Action::MemberLeft, person), &member.role)
}

/// Makes the signed-in Owner an Organization Admin, if another Owner stays.
pub fn step_down(tx: &mut Tx<'_>, access: &Access, actor: &Actor) -> Result<()> {
    let (organization, person) = (&access.organization, signed_in(access)?);
    let member = load(tx, organization, person)?;
    permit(tx, access, &member, Act::StepDown)?;
    let admin = role::named(tx, organization, Role::OrganizationAdmin.name())?;
    store_role(tx, (organization, person), &admin)?;
    let detail = format!("{} → {}", member.role, admin.held.name);
    note(tx, (organization, actor), (Action::MemberRoleChanged, person), &detail)
}

/// Who sits at the browser: no program leaves or steps down for a person.
fn signed_in(access: &Access) -> Result<&PersonId> {
    match (&access.principal, &access.credential) {
        (Principal::User(person), Credential::Session { .. }) => Ok(person),
        _ => Err(Error::NotAllowed("People leave or step down themselves, in the console.".into())),
    }
}

/// How many Owners in service there are besides this person.
pub fn other_owners(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId) -> Result<u64> {
    let count: i64 = tx.one(
        "SELECT count(*) FROM membership JOIN person ON person.id = membership.person_id
         WHERE membership.organization_id = ?1 AND membership.person_id <> ?2 AND membership.role = ?3
           AND membership.disabled_at IS NULL AND person.disabled_at IS NULL",
        params![organization.as_str(), person.as_str(), Role::Owner.name()],
        |row| row.get(0),
    )?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Asks the rules, on what is so in this transaction.
fn permit(tx: &mut Tx<'_>, access: &Access, member: &Member, act: Act) -> Result<()> {
    // A key does not give back to its maker what was taken from them.
    let behind = match &access.principal {
        Principal::User(person) => Some(person.clone()),
        Principal::ApiKey(key) => api_key::maker(tx, key)?,
    };
    let whose = match access.managing_role() {
        _ if behind.as_ref() == Some(&member.user_id) => Whose::Own,
        Some(role) => Whose::Others(role),
        None => return Err(Error::NotAllowed(Refusal::NotAdmin.to_string())),
    };
    let other_owners = other_owners(tx, &access.organization, &member.user_id)?;
    judge(act, whose, Facts { role: member.held, other_owners }).map_err(refused)
}

fn refused(refusal: Refusal) -> Error {
    match refusal {
        // The same person may do the same thing once another Owner is there.
        Refusal::LastOwner => Error::Conflict(Invalid::one("role", refusal.to_string())),
        refusal => Error::NotAllowed(refusal.to_string()),
    }
}

/// What a membership takes with it. A later one starts anew: no application comes back with it.
fn end(tx: &mut Tx<'_>, (organization, actor): (&OrganizationId, &Actor), person: &PersonId) -> Result<()> {
    let key = params![organization.as_str(), person.as_str()];
    tx.execute("DELETE FROM membership WHERE organization_id = ?1 AND person_id = ?2", key)?;
    end_sessions(tx, organization, person)?;
    let grants = tx.all(
        "SELECT id FROM oauth_grant WHERE organization_id = ?1 AND person_id = ?2 AND revoked_at IS NULL",
        key,
        |row| row.parse::<GrantId>(0),
    )?;
    for grant in &grants {
        grant::revoke(tx, grant, actor, "the person is no longer a member")?;
    }
    tx.bump(organization.as_str());
    Ok(())
}

fn end_sessions(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE session SET ended_at = ?3 WHERE organization_id = ?1 AND person_id = ?2 AND ended_at IS NULL",
        params![organization.as_str(), person.as_str(), now],
    )?;
    Ok(())
}

fn note(
    tx: &mut Tx<'_>,
    (organization, actor): (&OrganizationId, &Actor),
    (action, person): (Action, &PersonId),
    detail: &str,
) -> Result<()> {
    audit::record_detail(tx, Some(organization), actor, (action, person.as_str()), detail)
}

/// A secret that a person was shown, and could have kept.
#[derive(Debug, Clone)]
pub struct SeenSecret {
    /// The id of the key, or the client id of the application.
    pub id: String,
    /// The name of the key or the application.
    pub name: String,
    /// The end of the secret.
    pub last_four: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What still works of all that a person was shown here.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The person's name.
    pub name: String,
    /// API keys.
    pub keys: Vec<SeenSecret>,
    /// Secrets of applications.
    pub client_secrets: Vec<SeenSecret>,
}

/// The secrets that a member, or somebody who was one, knows of this organization. [`Error::NotFound`] for people who
/// are neither members nor know any, so that it says nothing about the accounts of others.
pub fn seen(tx: &mut Tx<'_>, access: &Access, person: &PersonId) -> Result<Seen> {
    for scope in [Scope::MembersRead, Scope::ApiKeysRead, Scope::ApplicationsRead] {
        access.require(scope)?;
    }
    let (keys, client_secrets) = (seen_keys(tx, access, person)?, seen_client_secrets(tx, access, person)?);
    if keys.is_empty() && client_secrets.is_empty() {
        load(tx, &access.organization, person)?;
    }
    let sql = "SELECT name FROM person WHERE id = ?1";
    let name = tx.one(sql, params![person.as_str()], |row| row.get(0))?;
    Ok(Seen { name, keys, client_secrets })
}

fn seen_keys(tx: &mut Tx<'_>, access: &Access, person: &PersonId) -> Result<Vec<SeenSecret>> {
    let now = tx.now();
    let keys = tx.all(
        "SELECT id, name, last_four, created_at, last_used_at FROM api_key
         WHERE organization_id = ?1 AND creator_id = ?2 AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > ?3) ORDER BY id DESC",
        params![access.organization.as_str(), person.as_str(), now],
        seen_from_row,
    )?;
    Ok(keys)
}

fn seen_client_secrets(tx: &mut Tx<'_>, access: &Access, person: &PersonId) -> Result<Vec<SeenSecret>> {
    let secrets = tx.all(
        "SELECT application.client_id, application.name, client_secret.last_four, client_secret.created_at,
                client_secret.last_used_at
         FROM client_secret JOIN application ON application.client_id = client_secret.client_id
         WHERE application.organization_id = ?1 AND client_secret.creator_id = ?2
           AND client_secret.revoked_at IS NULL AND application.deleted_at IS NULL
         ORDER BY client_secret.id DESC",
        params![access.organization.as_str(), person.as_str()],
        seen_from_row,
    )?;
    Ok(secrets)
}

fn seen_from_row(row: &Row<'_>) -> db::Result<SeenSecret> {
    Ok(SeenSecret {
        id: row.get(0)?,
        name: row.get(1)?,
        last_four: row.get(2)?,
        created_at: row.get(3)?,
        last_used_at: row.get(4)?,
    })
}

#[cfg(test)]
mod tests;
