//! Roles: the built-in ones, and those that an organization makes.
//!
//! A membership's row holds a built-in role's name or a custom role's id. Whoever reads it joins [`JOIN`] and selects
//! [`COLUMN`]; [`from_row`] is the one function that makes a [`Role`] of what comes. So the scopes of a custom role are
//! always those it has now, and to change them is to narrow, or widen, everybody who has it.

use std::str::FromStr;

use jiff::Timestamp;

use rules::access::Access;
use rules::id::{OrganizationId, RoleId};
use rules::role::{CustomScopes, Role, Unfit};
use rules::scope::{Scope, ScopeList, ScopeSet, UnknownScope};

use crate::audit::{self, Action, Actor};
use crate::error::{Error, Invalid};
use crate::organization::check_name;
use crate::{Result, Tx, invitation};
use db::{Row, params};

/// How many roles an organization can make.
const MAX_ROLES: usize = 100;

macro_rules! column {
    ($table:literal) => {
        concat!(
            "CASE WHEN custom_role.id IS NULL THEN 'named:' || ",
            $table,
            ".role ELSE 'custom:' || custom_role.scopes END"
        )
    };
}

/// For a query over `membership`: what [`from_row`] reads.
pub(crate) const COLUMN: &str = column!("membership");
/// The same for a query over `invitation`.
pub(crate) const INVITED: &str = column!("invitation");
/// For a query over `membership`: what people call the role.
pub(crate) const NAME: &str = "coalesce(custom_role.name, membership.role)";
/// What both need.
pub(crate) const JOIN: &str = "LEFT JOIN custom_role ON custom_role.id = membership.role
    AND custom_role.organization_id = membership.organization_id";

/// The role in a column that was selected as [`COLUMN`].
pub(crate) fn from_row(row: &Row<'_>, column: usize) -> db::Result<Role> {
    row.parse::<Stored>(column).map(|stored| stored.0)
}

/// [`from_row`] where there may be no membership.
pub(crate) fn optional_from_row(row: &Row<'_>, column: usize) -> db::Result<Option<Role>> {
    Ok(row.parse_optional::<Stored>(column)?.map(|stored| stored.0))
}

/// A role as [`COLUMN`] tells it: `named:` and what the row says, or `custom:` and scopes.
struct Stored(Role);

impl FromStr for Stored {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        // The word before the colon is the query's: nothing that a membership's row says is read as scopes.
        let scopes = match text.split_once(':') {
            Some(("custom", scopes)) => scopes.parse::<ScopeList>()?.set(),
            // A role that is gone: it may nothing.
            Some(("named", id)) if id.starts_with(RoleId::PREFIX) => ScopeSet::EMPTY,
            Some(("named", name)) => {
                return name.parse().map(Self).map_err(|_| UnknownScope(name.to_owned()));
            }
            _ => return Err(UnknownScope(text.to_owned())),
        };
        Ok(Self(Role::Custom(CustomScopes::within(scopes))))
    }
}

/// A role and what people call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// What it may do.
    pub role: Role,
    /// Its name, also on the wire.
    pub name: String,
}

/// A role that can be given in an organization.
#[derive(Debug, Clone)]
pub struct Assignable {
    /// What it is.
    pub held: Held,
    /// What a membership's row says: a name or an id.
    pub(crate) stored: String,
}

impl Assignable {
    fn built_in(role: Role) -> Self {
        let name = role.name().to_owned();
        Self { held: Held { role, name: name.clone() }, stored: name }
    }

    fn custom(role: &CustomRole) -> Self {
        let held = Held { role: Role::Custom(role.scopes), name: role.name.clone() };
        Self { held, stored: role.id.to_string() }
    }
}

/// The role of this name in an organization: a built-in one, or one of its own.
pub fn named(tx: &mut Tx<'_>, organization: &OrganizationId, name: &str) -> Result<Assignable> {
    if let Ok(built_in) = name.parse() {
        return Ok(Assignable::built_in(built_in));
    }
    let sql = format!("SELECT {COLUMNS} FROM custom_role WHERE organization_id = ?1 AND name = ?2");
    let custom = tx.optional(&sql, params![organization.as_str(), name], custom_from_row)?;
    let unknown = || Error::Invalid(Invalid::one("role", "This organization has no such role."));
    custom.as_ref().map(Assignable::custom).ok_or_else(unknown)
}

/// The roles that the caller can give, lowest first.
pub fn assignable(tx: &mut Tx<'_>, access: &Access) -> Result<Vec<Held>> {
    access.require(Scope::MembersRead)?;
    let Some(own) = access.managing_role() else { return Ok(Vec::new()) };
    let built_in = Role::ALL.into_iter().filter(|role| own.can_grant(*role)).map(Assignable::built_in);
    let custom = all(tx, access)?;
    Ok(built_in.chain(custom.iter().map(Assignable::custom)).map(|assignable| assignable.held).collect())
}

/// A role that an organization made.
#[derive(Debug, Clone)]
pub struct CustomRole {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: CustomScopes,
    /// How many members have it.
    pub members: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What a custom role should be.
#[derive(Debug, Clone)]
pub struct NewRole {
    /// What to call it.
    pub name: String,
    /// What it may do.
    pub scopes: ScopeSet,
}

const COLUMNS: &str = "custom_role.id, custom_role.name, custom_role.scopes, custom_role.created_at,
    (SELECT count(*) FROM membership WHERE membership.organization_id = custom_role.organization_id
        AND membership.role = custom_role.id)";

fn custom_from_row(row: &Row<'_>) -> db::Result<CustomRole> {
    Ok(CustomRole {
        id: row.parse(0)?,
        name: row.get(1)?,
        scopes: CustomScopes::within(row.parse::<ScopeList>(2)?.set()),
        created_at: row.get(3)?,
        members: u64::try_from(row.get::<i64>(4)?).unwrap_or(0),
    })
}

/// The organization's own roles, by name.
pub fn all(tx: &mut Tx<'_>, access: &Access) -> Result<Vec<CustomRole>> {
    access.require(Scope::MembersRead)?;
    let sql = format!("SELECT {COLUMNS} FROM custom_role WHERE organization_id = ?1 ORDER BY name");
    Ok(tx.all(&sql, params![access.organization.as_str()], custom_from_row)?)
}

/// One of the organization's own roles.
pub fn find(tx: &mut Tx<'_>, access: &Access, id: &RoleId) -> Result<CustomRole> {
    access.require(Scope::MembersRead)?;
    let sql = format!("SELECT {COLUMNS} FROM custom_role WHERE organization_id = ?1 AND id = ?2");
    let found = tx.optional(&sql, params![access.organization.as_str(), id.as_str()], custom_from_row)?;
    found.ok_or(Error::NotFound)
}

/// Makes a role.
pub fn create(tx: &mut Tx<'_>, access: &Access, actor: &Actor, new: &NewRole) -> Result<RoleId> {
    access.require(Scope::MembersWrite)?;
    let scopes = check(new)?;
    if all(tx, access)?.len() >= MAX_ROLES {
        let why = format!("An organization can have {MAX_ROLES} roles of its own. Delete one first.");
        return Err(Error::NotAllowed(why));
    }
    let now = tx.now();
    let id = RoleId::new(now, tx.random()?);
    let inserted = tx.execute(
        "INSERT INTO custom_role (id, organization_id, name, scopes, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id.as_str(), access.organization.as_str(), new.name.trim(), &listed(scopes), now],
    );
    unique_name(inserted)?;
    note(tx, access, actor, (Action::RoleCreated, &id), &listed(scopes))?;
    Ok(id)
}

/// Changes a role: everybody who has it may do that with their next request, and no more.
pub fn update(tx: &mut Tx<'_>, access: &Access, actor: &Actor, id: &RoleId, new: &NewRole) -> Result<()> {
    access.require(Scope::MembersWrite)?;
    find(tx, access, id)?;
    let scopes = check(new)?;
    let updated = tx.execute(
        "UPDATE custom_role SET name = ?2, scopes = ?3 WHERE id = ?1",
        params![id.as_str(), new.name.trim(), &listed(scopes)],
    );
    unique_name(updated)?;
    tx.bump(access.organization.as_str());
    note(tx, access, actor, (Action::RoleChanged, id), &listed(scopes))
}

/// Deletes a role that nobody has and nobody is invited to.
pub fn delete(tx: &mut Tx<'_>, access: &Access, actor: &Actor, id: &RoleId) -> Result<()> {
    access.require(Scope::MembersWrite)?;
    let role = find(tx, access, id)?;
    if role.members > 0 {
        let why = format!("Members have the role {}. Give them another one first.", role.name);
        return Err(Error::Conflict(Invalid::one("role", why)));
    }
    if invitation::needs_role(tx, id)? {
        let why = format!("Somebody is invited as {}. Revoke that invitation first.", role.name);
        return Err(Error::Conflict(Invalid::one("role", why)));
    }
    tx.execute("DELETE FROM custom_role WHERE id = ?1", params![id.as_str()])?;
    tx.bump(access.organization.as_str());
    note(tx, access, actor, (Action::RoleDeleted, id), &role.name)
}

fn note(
    tx: &mut Tx<'_>,
    access: &Access,
    actor: &Actor,
    (action, id): (Action, &RoleId),
    detail: &str,
) -> Result<()> {
    audit::record_detail(tx, Some(&access.organization), actor, (action, id.as_str()), detail)
}

fn listed(scopes: CustomScopes) -> String {
    scopes.scopes().iter().collect::<ScopeList>().to_string()
}

fn check(new: &NewRole) -> Result<CustomScopes> {
    let mut invalid = Invalid::default();
    check_name(&mut invalid, "name", &new.name);
    let alike = |role: &Role| role.name().eq_ignore_ascii_case(new.name.trim());
    if let Some(built_in) = Role::ALL.iter().find(|role| alike(role)) {
        invalid.add("name", format!("{built_in} is a built-in role. Choose another name."));
    }
    let scopes = CustomScopes::new(new.scopes);
    match scopes {
        Ok(_) => {}
        Err(Unfit::Nothing) => invalid.add("scopes", "Choose at least one scope."),
        Err(Unfit::Beyond(beyond)) => {
            let names = beyond.names().join(", ");
            invalid.add("scopes", format!("Only Organization Admins and Owners have {names}."));
        }
    }
    invalid.or_ok()?;
    Ok(scopes.unwrap_or(CustomScopes::within(ScopeSet::EMPTY)))
}

fn unique_name(changed: db::Result<usize>) -> Result<()> {
    match changed {
        Ok(_) => Ok(()),
        Err(db::Error::NotUnique(_)) => {
            Err(Error::Invalid(Invalid::one("name", "There is a role of this name already.")))
        }
        Err(error) => Err(error.into()),
    }
}
