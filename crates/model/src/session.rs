//! Sessions: a browser in which a person has signed in.
//!
//! The cookie holds 256 random bits and the database their keyed hash. A session ends by log-out, after a week
//! unused, and after thirty days in any case; every sign-in makes a new one.

use jiff::{SignedDuration, Timestamp};

use rules::access::{Access, Credential, DeviceSet, Principal};
use rules::id::{OrganizationId, PersonId, SessionId};
use rules::role::Role;
use rules::secret::{Hashed, Mint, Mode, Plaintext, SessionToken};

use crate::audit::{self, Action, Actor};
use crate::organization::{self, Organization};
use crate::person::Person;
use crate::{Error, Result, Tx, role};
use db::params;

const LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How long somebody who proved who they are need not do so again.
const RECENT: SignedDuration = SignedDuration::from_mins(10);
/// How stale `seen_at` may be before a request writes it again.
const SEEN_STEP: SignedDuration = SignedDuration::from_hours(1);

/// Who is signed in, where, and what they may do there.
#[derive(Debug, Clone)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// Who.
    pub person: Person,
    /// The organization they look at.
    pub organization: Organization,
    /// Their role in it, as of this request.
    pub role: Role,
    /// What the organization calls it.
    pub role_name: String,
    /// When they last proved who they are.
    pub authenticated_at: Timestamp,
    /// Whether the organization wants them to have a second factor, and they have none.
    pub owes_second_factor: bool,
    seen_at: Timestamp,
    expires_at: Timestamp,
}

/// The browser that signs in.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Its network address.
    pub address: String,
    /// Its `User-Agent`, cut to 200 characters.
    pub user_agent: String,
}

impl Session {
    /// What the person may do here.
    pub fn access(&self) -> Access {
        Access {
            organization: self.organization.id.clone(),
            scopes: self.role.scopes(),
            devices: DeviceSet::All,
            principal: Principal::User(self.person.id.clone()),
            credential: Credential::Session { id: self.id.clone(), role: self.role },
            expires_at: Some(self.expires_at),
        }
    }

    /// Whether they proved who they are within the last ten minutes, as what is sensitive asks for.
    pub fn is_recent(&self, now: Timestamp) -> bool {
        now.duration_since(self.authenticated_at) <= RECENT
    }

    /// Whether [`touch`] is due.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.duration_since(self.seen_at) > SEEN_STEP
    }
}

/// Starts a session for a person who has just proved who they are, in the organization that they used last.
pub fn start(
    tx: &mut Tx<'_>,
    mint: &Mint,
    person: &Person,
    visitor: &Visitor,
) -> Result<Plaintext<SessionToken>> {
    let Some(organization) = organization::last_used(tx, &person.id)? else {
        return Err(Error::NotAllowed("This account does not belong to any organization.".into()));
    };
    let now = tx.now();
    let id = SessionId::new(now, tx.random()?);
    let (token, hash) = mint.coin::<SessionToken>(tx.random()?);
    tx.execute(
        "INSERT INTO session (id, token_hash, person_id, organization_id, address, user_agent,
                              created_at, authenticated_at, seen_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7, ?7, ?8)",
        params![
            id.as_str(),
            hash.as_bytes(),
            person.id.as_str(),
            organization.id.as_str(),
            &visitor.address,
            &visitor.user_agent,
            now,
            now + LIFE
        ],
    )?;
    note_visit(tx, &organization.id, &person.id)?;
    let actor = Actor { who: person.id.to_string(), address: visitor.address.clone() };
    audit::record(tx, Some(&organization.id), &actor, Action::SignedIn, id.as_str())?;
    Ok(token)
}

/// Remembers that somebody failed to sign in as `email`: in the log of each organization that the account belongs to.
pub fn refuse(tx: &mut Tx<'_>, email: &str, visitor: &Visitor) -> Result<()> {
    let sql = "SELECT id FROM person WHERE email = ?1";
    let known: Option<PersonId> = tx.optional(sql, params![email], |row| row.parse(0))?;
    let who = known.as_ref().map_or("unknown", PersonId::as_str).to_owned();
    let actor = Actor { who, address: visitor.address.clone() };
    let organizations = known.map_or(Ok(Vec::new()), |person| organization::of_person(tx, &person))?;
    if organizations.is_empty() {
        return audit::record(tx, None, &actor, Action::SignInFailed, "");
    }
    organizations.iter().try_for_each(|(organization, _role)| {
        audit::record(tx, Some(&organization.id), &actor, Action::SignInFailed, "")
    })
}

/// The live session behind a cookie.
pub fn find(tx: &mut Tx<'_>, token: Hashed<SessionToken>) -> Result<Option<Session>> {
    let now = tx.now();
    let sql = format!(
        "SELECT session.id, session.authenticated_at, session.seen_at, session.expires_at,
                person.id, person.email, person.name, person.operator_at,
                organization.id, organization.name, organization.mode, {ROLE}, {NAME},
                organization.admins_need_two_factor_at, authenticator.created_at
         FROM session
         JOIN person ON person.id = session.person_id
         JOIN organization ON organization.id = session.organization_id
         JOIN membership ON membership.organization_id = session.organization_id
                        AND membership.person_id = session.person_id
                         AND membership.disabled_at IS NULL
         {JOIN}
         LEFT JOIN authenticator ON authenticator.person_id = session.person_id
         WHERE session.token_hash = ?1 AND session.ended_at IS NULL AND session.expires_at > ?2
           AND session.seen_at > ?3 AND person.disabled_at IS NULL AND organization.suspended_at IS NULL",
        ROLE = role::COLUMN,
        NAME = role::NAME,
        JOIN = role::JOIN,
    );
    let found = tx.optional(&sql, params![token.as_bytes(), now, now - IDLE_LIFE], |row| {
        let role = role::from_row(row, 11)?;
        let is_demanded = role.is_admin() && row.get::<Option<Timestamp>>(13)?.is_some();
        Ok(Session {
            id: row.parse(0)?,
            authenticated_at: row.get(1)?,
            seen_at: row.get(2)?,
            expires_at: row.get(3)?,
            person: Person {
                id: row.parse(4)?,
                email: row.get(5)?,
                name: row.get(6)?,
                is_operator: row.get::<Option<i64>>(7)?.is_some(),
            },
            organization: Organization { id: row.parse(8)?, name: row.get(9)?, mode: row.parse::<Mode>(10)? },
            role,
            role_name: row.get(12)?,
            owes_second_factor: is_demanded && row.get::<Option<Timestamp>>(14)?.is_none(),
        })
    })?;
    Ok(found)
}

/// Notes that the session is in use.
pub fn touch(tx: &mut Tx<'_>, session: &Session) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE session SET seen_at = ?2 WHERE id = ?1", params![session.id.as_str(), now])?;
    note_visit(tx, &session.organization.id, &session.person.id)
}

/// Notes that the person looks at the organization.
fn note_visit(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE membership SET last_seen_at = ?3 WHERE organization_id = ?1 AND person_id = ?2",
        params![organization.as_str(), person.as_str(), now],
    )?;
    Ok(())
}

/// Turns the session to another organization of the person's; the next sign-in leads there too. The session gets a new
/// token, so that a form that was opened in one organization does nothing in the other.
pub fn switch(
    tx: &mut Tx<'_>,
    mint: &Mint,
    session: &Session,
    actor: &Actor,
    to: &OrganizationId,
) -> Result<Plaintext<SessionToken>> {
    if organization::role_of(tx, to, &session.person.id)?.is_none() {
        return Err(Error::NotFound);
    }
    tx.execute(
        "UPDATE session SET organization_id = ?2 WHERE id = ?1",
        params![session.id.as_str(), to.as_str()],
    )?;
    note_visit(tx, to, &session.person.id)?;
    audit::record(tx, Some(to), actor, Action::OrganizationSwitched, session.id.as_str())?;
    renew(tx, mint, session, Renewal::AsBefore)
}

/// Ends a session. Ending it twice is no mistake.
pub fn end(tx: &mut Tx<'_>, session: &Session, actor: &Actor) -> Result<()> {
    let now = tx.now();
    let ended = tx.execute(
        "UPDATE session SET ended_at = ?2 WHERE id = ?1 AND ended_at IS NULL",
        params![session.id.as_str(), now],
    )?;
    if ended == 1 {
        audit::record(tx, Some(&session.organization.id), actor, Action::SignedOut, session.id.as_str())?;
    }
    Ok(())
}

/// A live session, as its person sees it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// From which network address it was started.
    pub address: String,
    /// By which browser.
    pub user_agent: String,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last used, to the hour.
    pub seen_at: Timestamp,
}

/// Every live session of a person, the latest used first.
pub fn of_person(tx: &mut Tx<'_>, person: &PersonId) -> Result<Vec<Listed>> {
    let now = tx.now();
    let sessions = tx.all(
        "SELECT id, address, user_agent, created_at, seen_at FROM session
         WHERE person_id = ?1 AND ended_at IS NULL AND expires_at > ?2 AND seen_at > ?3
         ORDER BY seen_at DESC, id DESC",
        params![person.as_str(), now, now - IDLE_LIFE],
        |row| {
            Ok(Listed {
                id: row.parse(0)?,
                address: row.get(1)?,
                user_agent: row.get(2)?,
                created_at: row.get(3)?,
                seen_at: row.get(4)?,
            })
        },
    )?;
    Ok(sessions)
}

/// Ends a session of the same person. [`Error::NotFound`] unless it is their own and live.
pub fn end_own(tx: &mut Tx<'_>, session: &Session, actor: &Actor, id: &SessionId) -> Result<()> {
    let now = tx.now();
    let ended = tx.execute(
        "UPDATE session SET ended_at = ?3 WHERE id = ?1 AND person_id = ?2 AND ended_at IS NULL",
        params![id.as_str(), session.person.id.as_str(), now],
    )?;
    if ended == 0 {
        return Err(Error::NotFound);
    }
    let (organization, what) = (Some(&session.organization.id), (Action::SignedOut, id.as_str()));
    audit::record_detail(tx, organization, actor, what, "from another session")
}

/// Ends all of a person's sessions but the one to keep, in every organization.
pub fn end_all(
    tx: &mut Tx<'_>,
    (person, keep): (&PersonId, Option<&SessionId>),
    actor: &Actor,
    because: &str,
) -> Result<()> {
    let now = tx.now();
    let ended: Vec<(SessionId, OrganizationId)> = tx.all(
        "UPDATE session SET ended_at = ?2 WHERE person_id = ?1 AND ended_at IS NULL AND id <> ?3
         RETURNING id, organization_id",
        params![person.as_str(), now, keep.map_or("", SessionId::as_str)],
        |row| Ok((row.parse(0)?, row.parse(1)?)),
    )?;
    // Where somebody signs in and has not finished, nobody goes on.
    tx.execute("DELETE FROM sign_in_step WHERE person_id = ?1", params![person.as_str()])?;
    for (id, organization) in &ended {
        let what = (Action::SignedOut, id.as_str());
        audit::record_detail(tx, Some(organization), actor, what, because)?;
    }
    Ok(())
}

/// What a session that gets a new token has just seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// Its person proved who they are, with all that signing in takes.
    Authenticated,
    /// Less than that.
    AsBefore,
}

/// A new token for a session; the old one is dead.
pub fn renew(
    tx: &mut Tx<'_>,
    mint: &Mint,
    session: &Session,
    renewal: Renewal,
) -> Result<Plaintext<SessionToken>> {
    let now = tx.now();
    let (token, hash) = mint.coin::<SessionToken>(tx.random()?);
    let authenticated_at = match renewal {
        Renewal::Authenticated => now,
        Renewal::AsBefore => session.authenticated_at,
    };
    tx.execute(
        "UPDATE session SET token_hash = ?2, authenticated_at = ?3, seen_at = ?4 WHERE id = ?1",
        params![session.id.as_str(), hash.as_bytes(), authenticated_at, now],
    )?;
    Ok(token)
}
