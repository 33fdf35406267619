//! API keys: one organization's programmatic access to its own data.
//!
//! A key is shown once and stored only as a keyed hash. Its scopes can be no wider than what its maker may do,
//! and its devices no more. It belongs to the organization and outlives the person who made it; a key made by
//! another key dies with that one.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use rules::access::{Access, Principal};
use rules::id::{ApiKeyId, DeviceId, OrganizationId, PersonId};
use rules::schema::DateTime;
use rules::scope::{Scope, ScopeList};
use rules::secret::{ApiKey as Key, Hashed, Mint, Plaintext};

use crate::audit::{self, Action, Actor};
use crate::device_set::{self, Devices};
use crate::error::{Error, Invalid};
use crate::organization::{self, check_name};
use crate::{Result, Tx};
use db::{Row, params};

/// Keys that end within this are shown as ending soon.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How far ahead a key's end may lie, in years of 366 days: beyond that, "never" is what is meant.
const FURTHEST: i64 = 100;
/// How many live keys an organization can have.
const MAX_LIVE: i64 = 10_000;

/// A key, without its secret.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// What its maker calls it.
    pub name: String,
    /// What its text starts with.
    pub prefix: String,
    /// What its text ends with.
    pub last_four: String,
    /// What it may do.
    pub scopes: ScopeList,
    /// On which devices.
    pub devices: Devices,
    /// The name of who made it.
    pub creator: Option<String>,
    /// What they are now. The secrets that somebody saw who is no admin any more should be replaced.
    pub creator_standing: CreatorStanding,
    /// When it was made.
    #[schemars(with = "DateTime")]
    pub created_at: Timestamp,
    /// When it ends by itself.
    #[schemars(with = "Option<DateTime>")]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    #[schemars(with = "Option<DateTime>")]
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    #[schemars(with = "Option<DateTime>")]
    pub last_used_at: Option<Timestamp>,
    /// From where.
    pub last_used_address: Option<String>,
}

/// Where a key stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works.
    Active,
    /// It works for at most fourteen more days.
    EndsSoon,
    /// It ended by itself.
    Expired,
    /// Somebody ended it.
    Revoked,
}

impl ApiKey {
    /// Where the key stands at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        match (self.revoked_at, self.expires_at) {
            (Some(_), _) => State::Revoked,
            (None, Some(end)) if end <= now => State::Expired,
            (None, Some(end)) if end <= now + SOON => State::EndsSoon,
            _ => State::Active,
        }
    }
}

/// What has become of the person who made a key, and could have kept it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CreatorStanding {
    /// They may make keys, or a key made it.
    Admin,
    /// They are a member who may not make keys any more.
    Demoted,
    /// They are not a member any more, or out of service.
    Left,
}

impl FromStr for CreatorStanding {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "admin" => Ok(Self::Admin),
            "demoted" => Ok(Self::Demoted),
            "left" => Ok(Self::Left),
            _ => Err("a creator is an admin, demoted, or has left"),
        }
    }
}

/// What a key should be.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// What to call it.
    pub name: String,
    /// What it may do; empty is refused.
    pub scopes: ScopeList,
    /// On which devices.
    pub devices: Devices,
    /// When it ends; none means never.
    pub expires_at: Option<Timestamp>,
}

const COLUMNS: &str = "api_key.id, api_key.name, api_key.prefix, api_key.last_four, api_key.scopes,
    api_key.devices, person.name, api_key.created_at, api_key.expires_at, api_key.revoked_at,
    api_key.last_used_at, api_key.last_used_address,
    CASE WHEN api_key.creator_id IS NULL OR membership.role IN ('Organization Admin', 'Owner') THEN 'admin'
         WHEN membership.role IS NULL THEN 'left' ELSE 'demoted' END";
const TABLES: &str = "api_key LEFT JOIN person ON person.id = api_key.creator_id
    LEFT JOIN membership ON membership.organization_id = api_key.organization_id
                        AND membership.person_id = api_key.creator_id AND membership.disabled_at IS NULL";

fn from_row(row: &Row<'_>) -> db::Result<ApiKey> {
    Ok(ApiKey {
        id: row.parse(0)?,
        name: row.get(1)?,
        prefix: row.get(2)?,
        last_four: row.get(3)?,
        scopes: row.parse(4)?,
        // The chosen devices are filled in by `with_devices`.
        devices: row.parse(5)?,
        creator: row.get(6)?,
        created_at: row.get(7)?,
        expires_at: row.get(8)?,
        revoked_at: row.get(9)?,
        last_used_at: row.get(10)?,
        last_used_address: row.get(11)?,
        creator_standing: row.parse(12)?,
    })
}

/// Makes a key and returns it with the only copy of its secret.
pub fn create(
    tx: &mut Tx<'_>,
    access: &Access,
    mint: &Mint,
    actor: &Actor,
    new: &NewApiKey,
) -> Result<(ApiKey, Plaintext<Key>)> {
    access.require(Scope::ApiKeysWrite)?;
    check(tx, access, new)?;
    let organization = organization::find(tx, &access.organization)?.ok_or(Error::NotFound)?;
    let id = ApiKeyId::new(tx.now(), tx.random()?);
    let secret = mint.format.api_key(organization.mode, &id, tx.random()?);
    let prefix = mint.format.key_prefix(organization.mode);
    let (creator, parent) = match &access.principal {
        Principal::User(person) => (Some(person.as_str()), None),
        Principal::ApiKey(key) => (None, Some(key.as_str())),
    };
    let now = tx.now();
    tx.execute(
        "INSERT INTO api_key (id, organization_id, name, prefix, last_four, secret_hash, scopes, devices,
                              creator_id, parent_id, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            id.as_str(),
            access.organization.as_str(),
            new.name.trim(),
            &prefix,
            secret.last_four(),
            mint.pepper.hash(&secret).as_bytes(),
            &new.scopes.to_string(),
            new.devices.word(),
            creator,
            parent,
            now,
            new.expires_at
        ],
    )?;
    device_set::store(tx, access, id.as_str(), &new.devices)?;
    audit::record(tx, Some(&access.organization), actor, Action::ApiKeyCreated, id.as_str())?;
    Ok((load(tx, access, &id)?, secret))
}

/// What a new key may be: named, with some scope, nothing wider than its maker, not already over.
fn check(tx: &mut Tx<'_>, access: &Access, new: &NewApiKey) -> Result<()> {
    let mut invalid = Invalid::default();
    check_name(&mut invalid, "name", &new.name);
    if new.scopes.is_empty() {
        invalid.add("scopes", "Choose at least one scope.");
    }
    if let Some(foreign) = new.scopes.iter().find(|scope| !scope.fits_keys()) {
        invalid.add("scopes", format!("API keys can't carry {foreign}."));
    }
    check_end(&mut invalid, new.expires_at, tx.now());
    invalid.or_ok()?;
    let wider = new.scopes.set().without(access.scopes);
    if let Some(scope) = wider.iter().next() {
        return Err(Error::NotAllowed(format!("A key can't be wider than its maker: {scope} is missing.")));
    }
    if live(tx, &access.organization)? >= MAX_LIVE {
        return Err(Error::NotAllowed(format!(
            "An organization can have {MAX_LIVE} keys. Revoke some first."
        )));
    }
    match (&access.principal, access.expires_at) {
        (Principal::ApiKey(_), Some(end)) if new.expires_at.is_none_or(|own| own > end) => {
            Err(Error::NotAllowed("A key can't outlive the key that makes it.".into()))
        }
        _ => Ok(()),
    }
}

fn check_end(invalid: &mut Invalid, end: Option<Timestamp>, now: Timestamp) {
    let Some(end) = end else { return };
    if end <= now {
        invalid.add("expires_at", "Choose a time in the future.");
    } else if end.duration_since(now) > SignedDuration::from_hours(24 * 366 * FURTHEST) {
        let words = format!("Choose a time within {FURTHEST} years, or let the key never end.");
        invalid.add("expires_at", words);
    }
}

fn live(tx: &mut Tx<'_>, organization: &OrganizationId) -> Result<i64> {
    let sql = "SELECT count(*) FROM api_key WHERE organization_id = ?1 AND revoked_at IS NULL
               AND (expires_at IS NULL OR expires_at > ?2)";
    let now = tx.now();
    Ok(tx.one(sql, params![organization.as_str(), now], |row| row.get(0))?)
}

/// One key of the caller's organization.
pub fn find(tx: &mut Tx<'_>, access: &Access, id: &ApiKeyId) -> Result<ApiKey> {
    access.require(Scope::ApiKeysRead)?;
    load(tx, access, id)
}

/// [`find`] for who has just made the key, which takes no right to read the others.
fn load(tx: &mut Tx<'_>, access: &Access, id: &ApiKeyId) -> Result<ApiKey> {
    let sql =
        format!("SELECT {COLUMNS} FROM {TABLES} WHERE api_key.organization_id = ?1 AND api_key.id = ?2");
    let found = tx.optional(&sql, params![access.organization.as_str(), id.as_str()], from_row)?;
    with_devices(tx, access, found.ok_or(Error::NotFound)?)
}

/// A page of the caller's organization's keys, newest first, from before `before` on.
pub fn page(tx: &mut Tx<'_>, access: &Access, before: Option<&ApiKeyId>, limit: u32) -> Result<Vec<ApiKey>> {
    access.require(Scope::ApiKeysRead)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM {TABLES} WHERE api_key.organization_id = ?1 AND api_key.id < ?2
         ORDER BY api_key.id DESC LIMIT ?3"
    );
    // Sorts after every id of its kind.
    let before = before.map_or("key_~", ApiKeyId::as_str);
    let keys = tx.all(&sql, params![access.organization.as_str(), before, limit], from_row)?;
    keys.into_iter().map(|key| with_devices(tx, access, key)).collect()
}

fn with_devices(tx: &mut Tx<'_>, access: &Access, mut key: ApiKey) -> Result<ApiKey> {
    if let Devices::Chosen(chosen) = &mut key.devices {
        *chosen = device_set::chosen(tx, &access.organization, key.id.as_str())?;
    }
    Ok(key)
}

/// Ends a key, and those it made, from the next request on. Ending it twice is no mistake.
pub fn revoke(tx: &mut Tx<'_>, access: &Access, actor: &Actor, id: &ApiKeyId) -> Result<()> {
    access.require(Scope::ApiKeysWrite)?;
    end(tx, &access.organization, actor, id)
}

/// [`revoke`] for whoever has the key itself: it is known to others. The key and its organization, if it worked.
pub(crate) fn revoke_leaked(
    tx: &mut Tx<'_>,
    actor: &Actor,
    key: Hashed<Key>,
) -> Result<Option<(ApiKeyId, OrganizationId)>> {
    let now = tx.now();
    let live = tx.optional(
        "SELECT id, organization_id FROM api_key WHERE secret_hash = ?1 AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > ?2)",
        params![key.as_bytes(), now],
        |row| Ok((row.parse(0)?, row.parse(1)?)),
    )?;
    let Some((id, organization)) = live else { return Ok(None) };
    end(tx, &organization, actor, &id)?;
    Ok(Some((id, organization)))
}

fn end(tx: &mut Tx<'_>, organization: &OrganizationId, actor: &Actor, id: &ApiKeyId) -> Result<()> {
    let line = tx.all(
        "WITH RECURSIVE line (id, revoked_at) AS (
             SELECT id, revoked_at FROM api_key WHERE organization_id = ?1 AND id = ?2
             UNION
             SELECT api_key.id, api_key.revoked_at FROM api_key JOIN line ON api_key.parent_id = line.id
         )
         SELECT id, revoked_at FROM line",
        params![organization.as_str(), id.as_str()],
        |row| Ok((row.parse::<ApiKeyId>(0)?, row.get::<Option<Timestamp>>(1)?)),
    )?;
    if line.is_empty() {
        return Err(Error::NotFound);
    }
    let now = tx.now();
    for (key, _) in line.iter().filter(|(_, revoked_at)| revoked_at.is_none()) {
        tx.execute("UPDATE api_key SET revoked_at = ?2 WHERE id = ?1", params![key.as_str(), now])?;
        audit::record(tx, Some(organization), actor, Action::ApiKeyRevoked, key.as_str())?;
    }
    tx.bump(organization.as_str());
    Ok(())
}

/// Whether a key may hand on these devices: a key bound to some can't make one for others.
pub(crate) fn covers(tx: &mut Tx<'_>, access: &Access, devices: &[DeviceId]) -> Result<bool> {
    let Some(holder) = access.device_filter() else { return Ok(true) };
    let own = device_set::chosen(tx, &access.organization, holder)?;
    Ok(devices.iter().all(|device| own.contains(device)))
}

/// The person who made a key, or the key that it was made by, and so on; none if no person did.
pub(crate) fn maker(tx: &mut Tx<'_>, id: &ApiKeyId) -> Result<Option<PersonId>> {
    let found = tx.optional(
        "WITH RECURSIVE line(id, parent_id, creator_id) AS (
             SELECT id, parent_id, creator_id FROM api_key WHERE id = ?1
             UNION
             SELECT api_key.id, api_key.parent_id, api_key.creator_id
             FROM api_key JOIN line ON line.parent_id = api_key.id)
         SELECT creator_id FROM line WHERE creator_id IS NOT NULL",
        params![id.as_str()],
        |row| row.parse(0),
    )?;
    Ok(found)
}
