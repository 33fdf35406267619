//! Setting a new password: by its person, who knows the old one, or by a link that came by mail.
//!
//! Whoever asks for a link leaves the same rows for an address that is known and for one that is not, so that neither
//! the answer nor its time tells them apart. Whose address it is, the worker looks up when the mail goes out. The link
//! works for an hour, once, and until the password changes.

use jiff::SignedDuration;

use rules::id::{PersonId, ResetId};

use crate::audit::{self, Action, Actor};
use crate::mail::{self, Link, Mail};
use crate::password::PasswordDigest;
use crate::person::{self, Person, normalize_email};
use crate::session::{self, Session};
use crate::{Error, Result, Tx, grant};
use db::{Row, params};

const LIFE: SignedDuration = SignedDuration::from_hours(1);
/// Links for one address that can wait at once; who asks for more gets none of them.
const MAX_WAITING: i64 = 3;

/// What happens with the access that a person gave to applications when their password changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applications {
    /// They keep it.
    Keep,
    /// It ends.
    End,
}

/// Wishes for a link to be sent to `email`, as somebody at this network address does.
pub fn ask(tx: &mut Tx<'_>, email: &str, address: &str) -> Result<()> {
    let (now, email) = (tx.now(), normalize_email(email));
    let waiting: i64 = tx.one(
        "SELECT count(*) FROM password_reset WHERE email = ?1 AND created_at > ?2 AND used_at IS NULL",
        params![&email, now - LIFE],
        |row| row.get(0),
    )?;
    if waiting >= MAX_WAITING {
        return Ok(());
    }
    let id = ResetId::new(now, tx.random()?);
    tx.execute(
        "INSERT INTO password_reset (id, email, address, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id.as_str(), &email, address, now, now + LIFE],
    )?;
    let text = "Somebody, most likely you, asked to set a new password for the Bluesonde account of this address.\n\n\
                If it was not you, do nothing: without this link nobody can change your password.\n\n\
                If it was, open this link within an hour. It works once.";
    let mail = Mail { to: &email, subject: "Set a new password", text };
    mail::send_link(tx, &mail, &Link::PasswordReset(id), now + LIFE)
}

/// Whether the link is to be mailed at all: to somebody who has an account, while it would work.
pub fn has_addressee(tx: &mut Tx<'_>, id: &ResetId) -> Result<bool> {
    let found = tx.optional(
        "SELECT person.id, password_reset.address FROM password_reset
         JOIN person ON person.email = password_reset.email
         WHERE password_reset.id = ?1 AND person.disabled_at IS NULL",
        params![id.as_str()],
        |row| Ok((row.parse::<PersonId>(0)?, row.get::<String>(1)?)),
    )?;
    let Some((person, address)) = found else { return Ok(false) };
    let first = tx.execute(
        "UPDATE password_reset SET person_id = ?2 WHERE id = ?1 AND person_id IS NULL",
        params![id.as_str(), person.as_str()],
    )?;
    if first == 1 {
        let actor = Actor { who: "anonymous".to_owned(), address };
        audit::record(tx, None, &actor, Action::PasswordResetAsked, person.as_str())?;
    }
    Ok(open(tx, id)?.is_some())
}

/// Whose password the link sets; none if it is over.
pub fn open(tx: &mut Tx<'_>, id: &ResetId) -> Result<Option<Person>> {
    let now = tx.now();
    let person = tx.optional(
        "SELECT person.id, person.email, person.name, person.operator_at FROM password_reset
         JOIN person ON person.id = password_reset.person_id
         WHERE password_reset.id = ?1 AND password_reset.used_at IS NULL AND password_reset.expires_at > ?2
           AND person.disabled_at IS NULL AND person.email = password_reset.email
           AND coalesce(person.password_changed_at, 0) < password_reset.created_at",
        params![id.as_str(), now],
        person_of,
    )?;
    Ok(person)
}

fn person_of(row: &Row<'_>) -> db::Result<Person> {
    Ok(Person {
        id: row.parse(0)?,
        email: row.get(1)?,
        name: row.get(2)?,
        is_operator: row.get::<Option<i64>>(3)?.is_some(),
    })
}

/// Uses the link up: sets the password and ends every session. [`Error::NotFound`] if the link is over.
pub fn finish(tx: &mut Tx<'_>, id: &ResetId, password: &PasswordDigest, address: &str) -> Result<()> {
    let person = open(tx, id)?.ok_or(Error::NotFound)?;
    let now = tx.now();
    tx.execute("UPDATE password_reset SET used_at = ?2 WHERE id = ?1", params![id.as_str(), now])?;
    person::set_password(tx, &person.id, password)?;
    let actor = Actor { who: person.id.to_string(), address: address.to_owned() };
    session::end_all(tx, (&person.id, None), &actor, "the password was reset")?;
    audit::record(tx, None, &actor, Action::PasswordReset, person.id.as_str())?;
    tell(tx, &person, address, "")
}

/// Changes the password of the person who is signed in, who has just shown the old one; ends their other sessions.
pub fn change(
    tx: &mut Tx<'_>,
    session: &Session,
    actor: &Actor,
    password: &PasswordDigest,
    applications: Applications,
) -> Result<()> {
    let person = &session.person;
    person::set_password(tx, &person.id, password)?;
    session::end_all(tx, (&person.id, Some(&session.id)), actor, "the password was changed")?;
    audit::record(tx, Some(&session.organization.id), actor, Action::PasswordChanged, person.id.as_str())?;
    let ended = match applications {
        Applications::Keep => 0,
        Applications::End => grant::revoke_all(tx, &person.id, actor, "the person changed their password")?,
    };
    let note =
        if ended > 0 { "\n\nThe access of the applications that you allowed was ended, too." } else { "" };
    tell(tx, person, &actor.address, note)
}

fn tell(tx: &mut Tx<'_>, person: &Person, address: &str, note: &str) -> Result<()> {
    let text = format!(
        "Hello {},\n\nthe password of your Bluesonde account was changed, from {address}. All other browsers were signed \
         out.{note}\n\nIf that was not you, set a new password at once (\"Forgot your password?\" on the sign-in page), \
         and tell your administrator.",
        person.name
    );
    mail::send(tx, &Mail { to: &person.email, subject: "Your password was changed", text: &text })
}
