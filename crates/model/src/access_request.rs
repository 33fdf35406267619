//! Asking an admin: a person may not consent to an application, because their role lacks a scope, and asks for a
//! role that has it.
//!
//! An approval gives a role of the organization's, never one that administers it, and never less than the person has.
//! What stands in the request is only who asks and for which application: what that requires, and which roles would do,
//! is looked up when it is shown and again when it is decided.

use jiff::{SignedDuration, Timestamp};

use rules::access::{Access, Principal};
use rules::id::{AccessRequestId, ClientId, OrganizationId, PersonId};
use rules::role::Role;
use rules::scope::{Scope, ScopeSet};

use crate::application::{self, Application};
use crate::audit::{self, Action, Actor};
use crate::error::Invalid;
use crate::mail::{self, Mail};
use crate::organization::{self, is_unprintable};
use crate::role::{self, Held};
use crate::session::Session;
use crate::{Error, Result, Tx};
use db::{Row, params};

/// How long a request waits for an answer.
const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Longest message and answer, in characters.
pub const MAX_WORDS: usize = 500;
/// Open requests that one person can have in an organization.
const MAX_OPEN: i64 = 20;

/// A request as its person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// When.
    pub created_at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has answered yet.
    Open,
    /// An admin said yes.
    Approved,
    /// An admin said no, with these words.
    Refused(String),
    /// Nobody answered in time.
    Expired,
}

/// An open request as admins see it.
#[derive(Debug, Clone)]
pub struct Open {
    /// Its id.
    pub id: AccessRequestId,
    /// Who asks: id, name and address.
    pub person: (PersonId, String, String),
    /// Their role now.
    pub role: Held,
    /// What for.
    pub application: Application,
    /// What they wrote.
    pub message: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

impl Open {
    /// What the person's role lacks.
    pub fn missing(&self) -> ScopeSet {
        self.role.role.missing(self.application.profile.scopes.set())
    }

    /// The roles that would do, lowest first.
    pub fn choices(&self) -> Vec<Role> {
        choices(self.role.role, self.application.profile.scopes.set())
    }

    /// What a role would give beyond what the person has and the application requires.
    pub fn beyond(&self, role: Role) -> ScopeSet {
        role.scopes().without(self.role.role.scopes()).without(self.application.profile.scopes.set())
    }
}

/// The roles with all of `listed` that an approval can give to somebody who is a `now`.
fn choices(now: Role, listed: ScopeSet) -> Vec<Role> {
    let fits = |role: &Role| !role.is_admin() && *role != now && role.scopes().contains_all(now.scopes());
    Role::sufficient(listed).filter(fits).collect()
}

/// Asks. [`Error::NotAllowed`] if the person's role is strong enough, or the same request is open already.
pub fn ask(
    tx: &mut Tx<'_>,
    (session, actor): (&Session, &Actor),
    (organization, client): (&OrganizationId, &ClientId),
    message: &str,
) -> Result<AccessRequestId> {
    check_words("message", message)?;
    let person = &session.person.id;
    let role = organization::role_of(tx, organization, person)?.ok_or(Error::NotFound)?;
    let application = application::client(tx, client.as_str())?.ok_or(Error::NotFound)?;
    if role.missing(application.profile.scopes.set()).is_empty() {
        return Err(Error::NotAllowed("Your role allows this already: go on at the application.".into()));
    }
    let now = tx.now();
    close_expired(tx, organization, person)?;
    let open: i64 = tx.one(
        "SELECT count(*) FROM access_request
         WHERE organization_id = ?1 AND person_id = ?2 AND decided_at IS NULL",
        params![organization.as_str(), person.as_str()],
        |row| row.get(0),
    )?;
    if open >= MAX_OPEN {
        return Err(Error::NotAllowed(format!(
            "You have {MAX_OPEN} open requests. Wait for an answer first."
        )));
    }
    let id = AccessRequestId::new(now, tx.random()?);
    let inserted = tx.execute(
        "INSERT INTO access_request (id, organization_id, person_id, client_id, message, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            id.as_str(),
            organization.as_str(),
            person.as_str(),
            client.as_str(),
            message.trim(),
            now,
            now + LIFE
        ],
    );
    match inserted {
        Ok(_) => {}
        Err(db::Error::NotUnique(_)) => {
            return Err(Error::NotAllowed(
                "You have asked for this already. An administrator will answer.".into(),
            ));
        }
        Err(error) => return Err(error.into()),
    }
    let what = (Action::AccessRequested, id.as_str());
    audit::record_detail(tx, Some(organization), actor, what, client.as_str())?;
    let text = format!(
        "{} ({}) would like to use the application \"{}\", for which their role does not suffice. Answer under Settings, \
         Access requests.",
        session.person.name, session.person.email, application.profile.name
    );
    mail::send_to_administrators(tx, organization, ("Somebody asks for access", &text), None)?;
    Ok(id)
}

fn check_words(field: &str, words: &str) -> Result<()> {
    let mut invalid = Invalid::default();
    if words.chars().count() > MAX_WORDS {
        invalid.add(field, format!("Use at most {MAX_WORDS} characters."));
    } else if words.chars().any(|char| is_unprintable(char) && char != '\n' && char != '\r') {
        invalid.add(field, "Leave out control and text-direction characters.");
    }
    invalid.or_ok()
}

fn close_expired(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE access_request SET decided_at = expires_at, outcome = 'expired'
         WHERE organization_id = ?1 AND person_id = ?2 AND decided_at IS NULL AND expires_at <= ?3",
        params![organization.as_str(), person.as_str(), now],
    )?;
    Ok(())
}

/// The person's newest request for this application.
pub fn latest(
    tx: &mut Tx<'_>,
    person: &PersonId,
    (organization, client): (&OrganizationId, &ClientId),
) -> Result<Option<Asked>> {
    let now = tx.now();
    let found = tx.optional(
        "SELECT created_at, expires_at, outcome, answer FROM access_request
         WHERE person_id = ?1 AND organization_id = ?2 AND client_id = ?3
         ORDER BY decided_at IS NOT NULL, created_at DESC, id DESC LIMIT 1",
        params![person.as_str(), organization.as_str(), client.as_str()],
        |row| {
            let expires_at: Timestamp = row.get(1)?;
            let standing = match row.get::<Option<String>>(2)?.as_deref() {
                Some("approved") => Standing::Approved,
                Some("refused") => Standing::Refused(row.get::<Option<String>>(3)?.unwrap_or_default()),
                None if expires_at > now => Standing::Open,
                _ => Standing::Expired,
            };
            Ok(Asked { created_at: row.get(0)?, standing })
        },
    )?;
    Ok(found)
}

fn open_requests() -> String {
    format!(
        "SELECT access_request.id, person.id, person.name, person.email, {ROLE}, {NAME},
        access_request.client_id, access_request.message, access_request.created_at, access_request.expires_at
    FROM access_request
    JOIN person ON person.id = access_request.person_id
    JOIN membership ON membership.organization_id = access_request.organization_id
                   AND membership.person_id = access_request.person_id AND membership.disabled_at IS NULL
    {JOIN}
    WHERE access_request.organization_id = ?1 AND access_request.decided_at IS NULL
      AND access_request.expires_at > ?2 AND person.disabled_at IS NULL",
        ROLE = role::COLUMN,
        NAME = role::NAME,
        JOIN = role::JOIN,
    )
}

struct Waiting {
    id: AccessRequestId,
    person: (PersonId, String, String),
    role: Held,
    client: ClientId,
    message: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

fn read(row: &Row<'_>) -> db::Result<Waiting> {
    Ok(Waiting {
        id: row.parse(0)?,
        person: (row.parse(1)?, row.get(2)?, row.get(3)?),
        role: Held { role: role::from_row(row, 4)?, name: row.get(5)? },
        client: row.parse(6)?,
        message: row.get(7)?,
        created_at: row.get(8)?,
        expires_at: row.get(9)?,
    })
}

/// The organization's open requests, oldest first, at most `limit`; those for applications that are gone are left out.
pub fn open(tx: &mut Tx<'_>, access: &Access, limit: u32) -> Result<Vec<Open>> {
    access.require(Scope::MembersRead)?;
    let now = tx.now();
    let sql = format!("{} ORDER BY access_request.id LIMIT ?3", open_requests());
    let found = tx.all(&sql, params![access.organization.as_str(), now, limit], read)?;
    let with = found.into_iter().map(|row| with_application(tx, row)).collect::<Result<Vec<_>>>()?;
    Ok(with.into_iter().flatten().collect())
}

/// One open request of the organization.
pub fn find(tx: &mut Tx<'_>, access: &Access, id: &AccessRequestId) -> Result<Open> {
    access.require(Scope::MembersRead)?;
    let now = tx.now();
    let sql = format!("{} AND access_request.id = ?3", open_requests());
    let found = tx.optional(&sql, params![access.organization.as_str(), now, id.as_str()], read)?;
    with_application(tx, found.ok_or(Error::NotFound)?)?.ok_or(Error::NotFound)
}

fn with_application(tx: &mut Tx<'_>, row: Waiting) -> Result<Option<Open>> {
    let Waiting { id, person, role, client, message, created_at, expires_at } = row;
    let application = application::client(tx, client.as_str())?;
    Ok(application.map(|application| Open { id, person, role, application, message, created_at, expires_at }))
}

/// Gives the person a role that would do. [`Error::NotAllowed`] for any other role, and for one's own request.
pub fn approve(
    tx: &mut Tx<'_>,
    (access, actor): (&Access, &Actor),
    id: &AccessRequestId,
    role: Role,
) -> Result<()> {
    access.require(Scope::MembersWrite)?;
    let request = find(tx, access, id)?;
    let decider = decider(access, &request)?;
    if !request.choices().contains(&role) {
        let why = "This role can't be given here. Choose one of those on the page.";
        return Err(Error::NotAllowed(why.into()));
    }
    organization::set_role(tx, &access.organization, &request.person.0, role)?;
    decide(tx, id, &decider, ("approved", Some(role.name()), None))?;
    let told = format!("Your role is now {role}. Go on at the application.");
    answer_by_mail(tx, &request, ("Your request for access was approved", &told))?;
    let organization = Some(&access.organization);
    let detail = format!("{} {}", request.person.0, role.name());
    audit::record_detail(tx, organization, actor, (Action::AccessRequestApproved, id.as_str()), &detail)
}

/// Says no, with a word for the person.
pub fn refuse(
    tx: &mut Tx<'_>,
    (access, actor): (&Access, &Actor),
    id: &AccessRequestId,
    answer: &str,
) -> Result<()> {
    access.require(Scope::MembersWrite)?;
    check_words("answer", answer)?;
    let request = find(tx, access, id)?;
    let decider = decider(access, &request)?;
    decide(tx, id, &decider, ("refused", None, Some(answer.trim())))?;
    let told = match answer.trim() {
        "" => "It was refused.".to_owned(),
        words => format!("It was refused: {words}"),
    };
    answer_by_mail(tx, &request, ("Your request for access was refused", &told))?;
    let organization = Some(&access.organization);
    let what = (Action::AccessRequestRefused, id.as_str());
    audit::record_detail(tx, organization, actor, what, request.person.0.as_str())
}

fn answer_by_mail(tx: &mut Tx<'_>, request: &Open, (subject, what): (&str, &str)) -> Result<()> {
    let (_, name, email) = &request.person;
    let application = &request.application.profile.name;
    let text = format!("Hello {name},\n\nyou asked to use the application \"{application}\". {what}");
    mail::send(tx, &Mail { to: email, subject, text: &text })
}

/// Who decides: a person, and not about themselves.
fn decider(access: &Access, request: &Open) -> Result<PersonId> {
    match &access.principal {
        Principal::User(person) if *person == request.person.0 => {
            Err(Error::NotAllowed("Nobody decides about their own request.".into()))
        }
        Principal::User(person) => Ok(person.clone()),
        Principal::ApiKey(_) => Err(Error::NotAllowed("A person decides about this.".into())),
    }
}

fn decide(
    tx: &mut Tx<'_>,
    id: &AccessRequestId,
    decider: &PersonId,
    (outcome, role, answer): (&str, Option<&str>, Option<&str>),
) -> Result<()> {
    let now = tx.now();
    let decided = tx.execute(
        "UPDATE access_request SET decided_at = ?2, decided_by = ?3, outcome = ?4, role = ?5, answer = ?6
         WHERE id = ?1 AND decided_at IS NULL",
        params![id.as_str(), now, decider.as_str(), outcome, role, answer],
    )?;
    if decided == 1 { Ok(()) } else { Err(Error::NotFound) }
}
