//! Organizations and who belongs to them.

use rules::id::{OrganizationId, PersonId};
use rules::role::Role;
use rules::secret::Mode;

use crate::audit::{self, Action, Actor};
use crate::error::Invalid;
use crate::{Result, Tx};
use db::{Row, params};

/// An owner of devices, keys and applications.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name, for people.
    pub name: String,
    /// Whether its keys say `live` or `test`.
    pub mode: Mode,
}

const COLUMNS: &str = "organization.id, organization.name, organization.mode";

fn from_row(row: &Row<'_>) -> db::Result<Organization> {
    Ok(Organization { id: row.parse(0)?, name: row.get(1)?, mode: row.parse(2)? })
}

/// Longest name of anything, in characters.
pub const MAX_NAME: usize = 100;

/// Checks a name that people will read: 1 to 100 characters, none that steers the text around it.
pub fn check_name(invalid: &mut Invalid, field: &str, name: &str) {
    if name.trim().is_empty() {
        invalid.add(field, "Give it a name.");
    } else if name.chars().count() > MAX_NAME {
        invalid.add(field, format!("Use at most {MAX_NAME} characters."));
    } else if name.chars().any(is_unprintable) {
        invalid.add(field, "Leave out line breaks, control and text-direction characters.");
    }
}

/// Control characters, those that reorder or hide the text around them (Unicode TR 36), and letters without a shape,
/// of which a name would be blank.
pub(crate) fn is_unprintable(char: char) -> bool {
    let reorders = matches!(
        char,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    let hides = matches!(
        char,
        '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
    );
    let is_blank =
        matches!(char, '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}');
    char.is_control() || reorders || hides || is_blank
}

/// Makes an organization.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, name: &str, mode: Mode) -> Result<Organization> {
    let mut invalid = Invalid::default();
    check_name(&mut invalid, "organization_name", name);
    invalid.or_ok()?;
    let now = tx.now();
    let id = OrganizationId::new(now, tx.random()?);
    tx.execute(
        "INSERT INTO organization (id, name, mode, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![id.as_str(), name.trim(), mode.word(), now],
    )?;
    audit::record(tx, Some(&id), actor, Action::OrganizationCreated, id.as_str())?;
    Ok(Organization { id, name: name.trim().to_owned(), mode })
}

/// The organization of this id.
pub fn find(tx: &mut Tx<'_>, id: &OrganizationId) -> Result<Option<Organization>> {
    let sql = format!("SELECT {COLUMNS} FROM organization WHERE id = ?1");
    Ok(tx.optional(&sql, params![id.as_str()], from_row)?)
}

/// Every organization, oldest first.
pub fn all(tx: &mut Tx<'_>) -> Result<Vec<Organization>> {
    Ok(tx.all(&format!("SELECT {COLUMNS} FROM organization ORDER BY id"), params![], from_row)?)
}

/// The organizations a person belongs to and their role in each, oldest first; suspended ones are left out.
pub fn of_person(tx: &mut Tx<'_>, person: &PersonId) -> Result<Vec<(Organization, Role)>> {
    let sql = format!(
        "SELECT {COLUMNS}, membership.role FROM membership
         JOIN organization ON organization.id = membership.organization_id
         WHERE membership.person_id = ?1 AND organization.suspended_at IS NULL ORDER BY organization.id"
    );
    Ok(tx.all(&sql, params![person.as_str()], |row| Ok((from_row(row)?, row.parse(3)?)))?)
}

/// The role a person has in an organization now; none if they, or it, are out of service.
pub fn role_of(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId) -> Result<Option<Role>> {
    let role = tx.optional(
        "SELECT membership.role FROM membership
         JOIN organization ON organization.id = membership.organization_id
         JOIN person ON person.id = membership.person_id
         WHERE membership.organization_id = ?1 AND membership.person_id = ?2
           AND organization.suspended_at IS NULL AND person.disabled_at IS NULL",
        params![organization.as_str(), person.as_str()],
        |row| row.parse(0),
    )?;
    Ok(role)
}

/// Makes a person a member.
pub fn add_member(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    person: &PersonId,
    role: Role,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO membership (organization_id, person_id, role, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![organization.as_str(), person.as_str(), role.name(), now],
    )?;
    tx.bump(organization.as_str());
    Ok(())
}

/// Changes a member's role; their grants and sessions are narrowed with the next request.
pub fn set_role(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId, role: Role) -> Result<()> {
    let changed = tx.execute(
        "UPDATE membership SET role = ?3 WHERE organization_id = ?1 AND person_id = ?2",
        params![organization.as_str(), person.as_str(), role.name()],
    )?;
    tx.bump(organization.as_str());
    if changed == 1 { Ok(()) } else { Err(crate::Error::NotFound) }
}

/// The people who can give access: name and e-mail of each admin and owner.
pub fn administrators(tx: &mut Tx<'_>, organization: &OrganizationId) -> Result<Vec<(String, String)>> {
    let admins = tx.all(
        "SELECT person.name, person.email FROM membership JOIN person ON person.id = membership.person_id
         WHERE membership.organization_id = ?1 AND membership.role IN (?2, ?3) AND person.disabled_at IS NULL
         ORDER BY person.name, person.id",
        params![organization.as_str(), Role::OrganizationAdmin.name(), Role::Owner.name()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(admins)
}
