//! The second factor: codes of an app on the person's phone, and recovery codes for when it is lost.
//!
//! A code counts once: the step of the last one is kept. Wrong codes are counted with the person, in the database and
//! not in a process: after a few, the next one is looked at only after a wait that doubles, up to an hour. Who sees
//! that wait knows the password already, so it keeps nobody else out, and a recovery code, which can't be guessed, is
//! taken all the same. What changes here ends the person's other sessions.

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use rules::id::{OrganizationId, PersonId};
use rules::one_time::{RECOVERY_CODES, Seed, recovery_code};
use rules::role::Role;
use rules::seal::Tie;
use rules::secret::Pepper;

use crate::audit::{self, Action, Actor};
use crate::mail::{self, Mail};
use crate::person::Person;
use crate::session::{self, Session};
use crate::{Error, Invalid, Result, Tx};
use db::params;

/// Wrong codes before the first wait.
const FREE_FAILURES: u32 = 5;
/// The first wait; each further wrong code doubles it.
const FIRST_WAIT: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(1);

/// Recovery codes, for the one page that shows them.
pub type RecoveryCodes = Vec<Zeroizing<String>>;

/// What came of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It counts.
    Right,
    /// It is none of this person's, or was used before.
    Wrong,
    /// Nobody looked at it: too many were wrong before.
    TooSoon(SignedDuration),
}

/// Since when a person has a second factor, and how many recovery codes are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// When it was set up.
    pub since: Timestamp,
    /// Recovery codes that were not used.
    pub codes_left: u32,
}

/// The seal of a seed, and of one that somebody is about to confirm.
pub fn tie(person: &PersonId) -> Tie<'_> {
    Tie { purpose: "authenticator seed", owner: person.as_str() }
}

/// What the person has, if anything.
pub fn standing(tx: &mut Tx<'_>, person: &PersonId) -> Result<Option<Standing>> {
    let standing = tx.optional(
        "SELECT created_at, (SELECT count(*) FROM recovery_code
                             WHERE recovery_code.person_id = authenticator.person_id AND used_at IS NULL)
         FROM authenticator WHERE person_id = ?1",
        params![person.as_str()],
        |row| {
            let left: i64 = row.get(1)?;
            Ok(Standing { since: row.get(0)?, codes_left: u32::try_from(left).unwrap_or(0) })
        },
    )?;
    Ok(standing)
}

/// Whether the person signs in with a code.
pub fn is_set_up(tx: &mut Tx<'_>, person: &PersonId) -> Result<bool> {
    let sql = "SELECT 1 FROM authenticator WHERE person_id = ?1";
    Ok(tx.optional(sql, params![person.as_str()], |_| Ok(()))?.is_some())
}

/// Whether this role of this organization takes a second factor that the person does not have.
pub fn is_owed(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    person: &PersonId,
    role: Role,
) -> Result<bool> {
    if !role.is_admin() {
        return Ok(false);
    }
    let sql = "SELECT 1 FROM organization WHERE id = ?1 AND admins_need_two_factor_at IS NOT NULL";
    let demanded = tx.optional(sql, params![organization.as_str()], |_| Ok(()))?.is_some();
    Ok(demanded && !is_set_up(tx, person)?)
}

/// Sets up the app that shows `code` now; gives the recovery codes, or nothing if the code is not the app's.
pub fn add(
    tx: &mut Tx<'_>,
    pepper: &Pepper,
    (session, actor): (&Session, &Actor),
    (seed, code): (&Seed, &str),
) -> Result<Option<RecoveryCodes>> {
    let (now, person) = (tx.now(), &session.person);
    let Some(step) = seed.step_of(code, now) else { return Ok(None) };
    let sealed = pepper.seal(tie(&person.id), tx.random()?, seed.as_bytes()).unwrap_or_default();
    let added = tx.execute(
        "INSERT INTO authenticator (person_id, sealed_seed, created_at, last_step, failures, wait_until)
         VALUES (?1, ?2, ?3, ?4, 0, 0) ON CONFLICT (person_id) DO NOTHING",
        params![person.id.as_str(), sealed.as_slice(), now, step],
    )?;
    if added == 0 {
        let words = "You have a second factor already. Remove it before you set up another one.";
        return Err(Error::Conflict(Invalid::one("code", words)));
    }
    let codes = replace_codes(tx, pepper, &person.id)?;
    session::end_all(tx, (&person.id, Some(&session.id)), actor, "a second factor was set up")?;
    note(tx, session, actor, Action::SecondFactorAdded)?;
    tell(
        tx,
        person,
        "Two-factor sign-in is on",
        &format!(
            "two-factor sign-in was set up for your Bluesonde account, from {}. From now on signing in takes a code of your \
         app, or one of your recovery codes.",
            actor.address
        ),
    )?;
    Ok(Some(codes))
}

/// Takes the second factor away, for a person who has just proved who they are; whether there was one.
pub fn remove(tx: &mut Tx<'_>, session: &Session, actor: &Actor) -> Result<bool> {
    let person = &session.person;
    let removed =
        tx.execute("DELETE FROM authenticator WHERE person_id = ?1", params![person.id.as_str()])?;
    if removed == 0 {
        return Ok(false);
    }
    tx.execute("DELETE FROM recovery_code WHERE person_id = ?1", params![person.id.as_str()])?;
    session::end_all(tx, (&person.id, Some(&session.id)), actor, "the second factor was removed")?;
    note(tx, session, actor, Action::SecondFactorRemoved)?;
    tell(
        tx,
        person,
        "Two-factor sign-in is off",
        &format!(
            "two-factor sign-in was removed from your Bluesonde account, from {}. From now on your password alone signs you \
         in.",
            actor.address
        ),
    )?;
    Ok(true)
}

/// New recovery codes in place of all earlier ones; none if the person has no second factor.
pub fn renew_codes(
    tx: &mut Tx<'_>,
    pepper: &Pepper,
    session: &Session,
    actor: &Actor,
) -> Result<Option<RecoveryCodes>> {
    let person = &session.person;
    if !is_set_up(tx, &person.id)? {
        return Ok(None);
    }
    let codes = replace_codes(tx, pepper, &person.id)?;
    note(tx, session, actor, Action::RecoveryCodesCreated)?;
    let words = format!(
        "new recovery codes were made for your Bluesonde account, from {}. The earlier ones no longer work.",
        actor.address
    );
    tell(tx, person, "You have new recovery codes", &words)?;
    Ok(Some(codes))
}

fn replace_codes(tx: &mut Tx<'_>, pepper: &Pepper, person: &PersonId) -> Result<RecoveryCodes> {
    let now = tx.now();
    tx.execute("DELETE FROM recovery_code WHERE person_id = ?1", params![person.as_str()])?;
    let mut codes = RecoveryCodes::with_capacity(RECOVERY_CODES);
    while codes.len() < RECOVERY_CODES {
        let code = recovery_code(tx.random()?);
        let Some(hash) = pepper.recovery_hash(person.as_str(), &code) else { continue };
        tx.execute(
            "INSERT INTO recovery_code (person_id, code_hash, created_at) VALUES (?1, ?2, ?3)",
            params![person.as_str(), &hash, now],
        )?;
        codes.push(code);
    }
    Ok(codes)
}

/// Looks at a code, and uses it up if it counts.
pub fn check(
    tx: &mut Tx<'_>,
    pepper: &Pepper,
    (person, actor): (&Person, &Actor),
    code: &str,
) -> Result<Verdict> {
    if let Some(hash) = pepper.recovery_hash(person.id.as_str(), code) {
        let counts = use_recovery_code(tx, (person, actor), &hash)?;
        return if counts { Ok(Verdict::Right) } else { refuse(tx, (person, actor)) };
    }
    let now = tx.now();
    let found = tx.optional(
        "SELECT sealed_seed, last_step, wait_until FROM authenticator WHERE person_id = ?1",
        params![person.id.as_str()],
        |row| Ok((row.get::<Vec<u8>>(0)?, row.get::<i64>(1)?, row.get::<Timestamp>(2)?)),
    )?;
    let Some((sealed, last_step, wait_until)) = found else { return Ok(Verdict::Wrong) };
    if wait_until > now {
        return Ok(Verdict::TooSoon(wait_until.duration_since(now)));
    }
    let seed = pepper.unseal(tie(&person.id), &sealed).and_then(|bytes| Seed::from_bytes(&bytes));
    let step = seed.and_then(|seed| seed.step_of(code, now)).filter(|step| *step > last_step);
    let Some(step) = step else { return refuse(tx, (person, actor)) };
    tx.execute(
        "UPDATE authenticator SET last_step = ?2, failures = 0, wait_until = 0 WHERE person_id = ?1",
        params![person.id.as_str(), step],
    )?;
    Ok(Verdict::Right)
}

fn use_recovery_code(tx: &mut Tx<'_>, (person, actor): (&Person, &Actor), hash: &[u8; 32]) -> Result<bool> {
    let now = tx.now();
    let used = tx.execute(
        "UPDATE recovery_code SET used_at = ?3 WHERE person_id = ?1 AND code_hash = ?2 AND used_at IS NULL",
        params![person.id.as_str(), hash, now],
    )?;
    if used == 0 {
        return Ok(false);
    }
    tx.execute(
        "UPDATE authenticator SET failures = 0, wait_until = 0 WHERE person_id = ?1",
        params![person.id.as_str()],
    )?;
    audit::record(tx, None, actor, Action::RecoveryCodeUsed, person.id.as_str())?;
    let left = standing(tx, &person.id)?.map_or(0, |standing| standing.codes_left);
    tell(
        tx,
        person,
        "A recovery code was used",
        &format!(
            "a recovery code was used in place of your app's code, from {}. {left} are left; you can make new ones under \
         Profile.",
            actor.address
        ),
    )?;
    Ok(true)
}

/// Counts a wrong code; the person is told when somebody who knows the password goes on guessing.
fn refuse(tx: &mut Tx<'_>, (person, actor): (&Person, &Actor)) -> Result<Verdict> {
    let failures: i64 = tx
        .optional(
            "UPDATE authenticator SET failures = failures + 1 WHERE person_id = ?1 RETURNING failures",
            params![person.id.as_str()],
            |row| row.get(0),
        )?
        .unwrap_or(0);
    let failures = u32::try_from(failures).unwrap_or(u32::MAX);
    let until = tx.now() + wait_after(failures);
    tx.execute(
        "UPDATE authenticator SET wait_until = ?2 WHERE person_id = ?1",
        params![person.id.as_str(), until],
    )?;
    audit::record(tx, None, actor, Action::SecondFactorRefused, person.id.as_str())?;
    if failures == FREE_FAILURES {
        tell(
            tx,
            person,
            "Somebody has your password",
            &format!(
                "somebody at {} entered the right password of your Bluesonde account, and {failures} wrong codes after it. If \
             that was not you, set a new password at once.",
                actor.address
            ),
        )?;
    }
    Ok(Verdict::Wrong)
}

fn wait_after(failures: u32) -> SignedDuration {
    let Some(beyond) = failures.checked_sub(FREE_FAILURES) else { return SignedDuration::ZERO };
    let doubled = 1i32.checked_shl(beyond.min(10)).unwrap_or(i32::MAX);
    FIRST_WAIT.checked_mul(doubled).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT))
}

fn note(tx: &mut Tx<'_>, session: &Session, actor: &Actor, action: Action) -> Result<()> {
    audit::record(tx, Some(&session.organization.id), actor, action, session.person.id.as_str())
}

fn tell(tx: &mut Tx<'_>, person: &Person, subject: &str, what: &str) -> Result<()> {
    let text = format!(
        "Hello {},\n\n{what}\n\nIf that was not you, change your password and tell your administrator.",
        person.name
    );
    mail::send(tx, &Mail { to: &person.email, subject, text: &text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_an_hour() {
        let minutes = |failures| wait_after(failures).as_mins();
        assert_eq!(
            [0, 4, 5, 6, 7, 10, 11, 12, 1000, u32::MAX].map(minutes),
            [0, 0, 1, 2, 4, 32, 60, 60, 60, 60]
        );
    }

    #[test]
    fn ten_thousand_guesses_take_a_year() {
        let waits: SignedDuration = (0..10_000).map(wait_after).sum();
        assert!(waits > SignedDuration::from_hours(24 * 365), "{waits}");
    }
}
