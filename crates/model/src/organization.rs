//! Organizations and who belongs to them.

use jiff::Timestamp;

use rules::id::{OrganizationId, PersonId};
use rules::role::Role;
use rules::secret::Mode;

use crate::audit::{self, Action, Actor};
use crate::error::Invalid;
use crate::role::{self, Held};
use crate::session::Session;
use crate::{Error, Result, Tx, second_factor};
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

/// Checks a name that people will read: 1 to 100 characters, none that steers or hides the text around it.
pub fn check_name(invalid: &mut Invalid, field: &str, name: &str) {
    if name.trim().is_empty() {
        invalid.add(field, "Give it a name.");
    } else if name.chars().count() > MAX_NAME {
        invalid.add(field, format!("Use at most {MAX_NAME} characters."));
    } else if name.chars().any(is_unprintable) {
        let words =
            "Leave out line breaks, control and text-direction characters, and those that can't be seen.";
        invalid.add(field, words);
    }
}

/// Control characters, those that reorder the text around them (Unicode TR 36), and those that can't be seen: two
/// names that look the same would be two names.
pub(crate) fn is_unprintable(char: char) -> bool {
    char.is_control() || matches!(char, '\u{2028}' | '\u{2029}') || is_invisible(char)
}

/// `Default_Ignorable_Code_Point` (Unicode 16, DerivedCoreProperties), and the empty pattern of Braille.
fn is_invisible(char: char) -> bool {
    matches!(char,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
        | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
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

/// The organizations a person belongs to and their role in each, oldest first; those that are out of service, or in
/// which the person is, are left out.
pub fn of_person(tx: &mut Tx<'_>, person: &PersonId) -> Result<Vec<(Organization, Held)>> {
    let sql = format!(
        "SELECT {COLUMNS}, {ROLE}, {NAME} FROM membership
         JOIN organization ON organization.id = membership.organization_id
         {JOIN}
         WHERE membership.person_id = ?1 AND organization.suspended_at IS NULL
           AND membership.disabled_at IS NULL ORDER BY organization.id",
        ROLE = role::COLUMN,
        NAME = role::NAME,
        JOIN = role::JOIN,
    );
    let one = |row: &Row<'_>| Ok((from_row(row)?, Held { role: role::from_row(row, 3)?, name: row.get(4)? }));
    Ok(tx.all(&sql, params![person.as_str()], one)?)
}

/// Where a person signs in to: the organization that they looked at last, or else the oldest.
pub fn last_used(tx: &mut Tx<'_>, person: &PersonId) -> Result<Option<Organization>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM membership JOIN organization ON organization.id = membership.organization_id
         WHERE membership.person_id = ?1 AND membership.disabled_at IS NULL
           AND organization.suspended_at IS NULL
         ORDER BY coalesce(membership.last_seen_at, 0) DESC, organization.id LIMIT 1"
    );
    Ok(tx.optional(&sql, params![person.as_str()], from_row)?)
}

/// The role a person has in an organization now; none if they, or it, are out of service.
pub fn role_of(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId) -> Result<Option<Role>> {
    let sql = format!(
        "SELECT {ROLE} FROM membership
         JOIN organization ON organization.id = membership.organization_id
         JOIN person ON person.id = membership.person_id
         {JOIN}
         WHERE membership.organization_id = ?1 AND membership.person_id = ?2
           AND organization.suspended_at IS NULL AND person.disabled_at IS NULL
           AND membership.disabled_at IS NULL",
        ROLE = role::COLUMN,
        JOIN = role::JOIN,
    );
    let who = params![organization.as_str(), person.as_str()];
    Ok(tx.optional(&sql, who, |row| role::from_row(row, 0))?)
}

/// Makes a person a member, with a built-in role.
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

/// Gives a member a built-in role, whoever asks: [`crate::member::set_role`] is what people and programs do.
pub fn set_role(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId, role: Role) -> Result<()> {
    let changed = tx.execute(
        "UPDATE membership SET role = ?3 WHERE organization_id = ?1 AND person_id = ?2",
        params![organization.as_str(), person.as_str(), role.name()],
    )?;
    tx.bump(organization.as_str());
    if changed == 1 { Ok(()) } else { Err(Error::NotFound) }
}

/// The people who can give access: name and e-mail of each admin and owner.
pub fn administrators(tx: &mut Tx<'_>, organization: &OrganizationId) -> Result<Vec<(String, String)>> {
    let admins = tx.all(
        "SELECT person.name, person.email FROM membership JOIN person ON person.id = membership.person_id
         WHERE membership.organization_id = ?1 AND membership.role IN (?2, ?3) AND person.disabled_at IS NULL
           AND membership.disabled_at IS NULL
         ORDER BY person.name, person.id",
        params![organization.as_str(), Role::OrganizationAdmin.name(), Role::Owner.name()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(admins)
}

/// Since when the organization's admins must have a second factor; none if they need none.
pub fn two_factor_demanded_since(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
) -> Result<Option<Timestamp>> {
    let sql = "SELECT admins_need_two_factor_at FROM organization WHERE id = ?1";
    Ok(tx.optional(sql, params![organization.as_str()], |row| row.get(0))?.flatten())
}

/// Whether an organization's admins must have a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AdminSignIn {
    /// A password is enough.
    Password,
    /// It takes a code too.
    TwoFactor,
}

/// Says how the organization's admins sign in. Who demands a second factor must have one, or would stand outside.
pub fn set_admin_sign_in(
    tx: &mut Tx<'_>,
    session: &Session,
    actor: &Actor,
    wanted: AdminSignIn,
) -> Result<()> {
    if !session.role.is_admin() {
        return Err(Error::NotAllowed("Only an Organization Admin or an Owner can change this.".into()));
    }
    if wanted == AdminSignIn::TwoFactor && !second_factor::is_set_up(tx, &session.person.id)? {
        let words = "Set up two-factor for yourself first, so that you don't lock yourself out.";
        return Err(Error::Invalid(Invalid::one("admins_need_two_factor", words)));
    }
    let (id, now) = (&session.organization.id, tx.now());
    let changed = match wanted {
        AdminSignIn::TwoFactor => tx.execute(
            "UPDATE organization SET admins_need_two_factor_at = ?2
             WHERE id = ?1 AND admins_need_two_factor_at IS NULL",
            params![id.as_str(), now],
        )?,
        AdminSignIn::Password => tx.execute(
            "UPDATE organization SET admins_need_two_factor_at = NULL
             WHERE id = ?1 AND admins_need_two_factor_at IS NOT NULL",
            params![id.as_str()],
        )?,
    };
    if changed == 0 {
        return Ok(());
    }
    let detail = match wanted {
        AdminSignIn::TwoFactor => "admins need two-factor",
        AdminSignIn::Password => "admins need no two-factor",
    };
    audit::record_detail(tx, Some(id), actor, (Action::PolicyChanged, id.as_str()), detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_nothing_in_it_that_nobody_sees() {
        let refused = |name: &str| {
            let mut invalid = Invalid::default();
            check_name(&mut invalid, "name", name);
            !invalid.problems.is_empty()
        };
        for hidden in [
            '\u{ad}',
            '\u{34f}',
            '\u{115f}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{2029}',
            '\u{2064}',
            '\u{2800}',
            '\u{3164}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{e0041}',
            '\u{e01ef}',
            '\n',
            '\u{7f}',
        ] {
            assert!(refused(&format!("Tide{hidden}Tables")), "{hidden:?}");
        }
        for name in ["Tide Tables", "Bøye 7", "Ñandú – Río", "海洋ブイ", "Буй №3", "⚓ Harbour"]
        {
            assert!(!refused(name), "{name}");
        }
    }
}
