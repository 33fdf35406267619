//! Signing in, step by step: a password, then a code where the person has a second factor.
//!
//! Between the two there is no session yet, only a step: a token of its own in this browser, for ten minutes, that
//! says whose password was right. Each step makes a new token, so that one that somebody planted before is worth
//! nothing after.

use jiff::SignedDuration;

use rules::secret::{BrowserToken, Hashed, Mint, Plaintext, SessionToken, StepToken};

use crate::audit::{self, Action, Actor};
use crate::person::Person;
use crate::second_factor::{self, Verdict};
use crate::session::{self, Renewal, Session, Visitor};
use crate::{Result, Tx};
use db::params;

const STEP_LIFE: SignedDuration = SignedDuration::from_mins(10);

/// The browser that signs in, and who was signed in there before.
#[derive(Clone)]
pub struct Arrival {
    /// The browser.
    pub browser: Hashed<BrowserToken>,
    /// Where it is and what it is.
    pub visitor: Visitor,
    /// A session that the new one takes the place of.
    pub before: Option<Session>,
}

/// What comes after the right password.
pub enum Passed {
    /// A session.
    In(Plaintext<SessionToken>),
    /// A code.
    NeedsCode(Plaintext<StepToken>),
}

/// What comes after a code.
pub enum Coded {
    /// A session.
    In(Plaintext<SessionToken>),
    /// It is none of this person's.
    Wrong,
    /// Too many were wrong.
    TooSoon(SignedDuration),
    /// There is no such step any more.
    Over,
}

/// Goes on for a person whose password was right.
pub fn with_password(tx: &mut Tx<'_>, mint: &Mint, arrival: &Arrival, person: &Person) -> Result<Passed> {
    if second_factor::is_set_up(tx, &person.id)? {
        return begin_step(tx, mint, arrival, person).map(Passed::NeedsCode);
    }
    begin_session(tx, mint, arrival, person).map(Passed::In)
}

fn begin_session(
    tx: &mut Tx<'_>,
    mint: &Mint,
    arrival: &Arrival,
    person: &Person,
) -> Result<Plaintext<SessionToken>> {
    if let Some(before) = &arrival.before {
        session::end(tx, before, &actor_of(&before.person, arrival))?;
    }
    session::start(tx, mint, person, &arrival.visitor)
}

fn actor_of(person: &Person, arrival: &Arrival) -> Actor {
    Actor { who: person.id.to_string(), address: arrival.visitor.address.clone() }
}

fn begin_step(
    tx: &mut Tx<'_>,
    mint: &Mint,
    arrival: &Arrival,
    person: &Person,
) -> Result<Plaintext<StepToken>> {
    let now = tx.now();
    tx.execute("DELETE FROM sign_in_step WHERE browser_hash = ?1", params![arrival.browser.as_bytes()])?;
    let (token, hash) = mint.coin::<StepToken>(tx.random()?);
    tx.execute(
        "INSERT INTO sign_in_step (token_hash, browser_hash, person_id, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![hash.as_bytes(), arrival.browser.as_bytes(), person.id.as_str(), now, now + STEP_LIFE],
    )?;
    Ok(token)
}

/// Whose code this browser is asked for; none if it is asked for none.
pub fn awaited(
    tx: &mut Tx<'_>,
    step: Hashed<StepToken>,
    browser: Hashed<BrowserToken>,
) -> Result<Option<Person>> {
    let now = tx.now();
    let person = tx.optional(
        "SELECT person.id, person.email, person.name, person.operator_at FROM sign_in_step
         JOIN person ON person.id = sign_in_step.person_id
         WHERE sign_in_step.token_hash = ?1 AND sign_in_step.browser_hash = ?2 AND sign_in_step.expires_at > ?3
           AND person.disabled_at IS NULL",
        params![step.as_bytes(), browser.as_bytes(), now],
        |row| {
            let is_operator = row.get::<Option<i64>>(3)?.is_some();
            Ok(Person { id: row.parse(0)?, email: row.get(1)?, name: row.get(2)?, is_operator })
        },
    )?;
    Ok(person)
}

/// Goes on with a code.
pub fn with_code(
    tx: &mut Tx<'_>,
    mint: &Mint,
    arrival: &Arrival,
    (step, code): (Hashed<StepToken>, &str),
) -> Result<Coded> {
    let Some(person) = awaited(tx, step, arrival.browser)? else { return Ok(Coded::Over) };
    let actor = actor_of(&person, arrival);
    match second_factor::check(tx, &mint.pepper, (&person, &actor), code)? {
        Verdict::Right => {}
        Verdict::Wrong => return Ok(Coded::Wrong),
        Verdict::TooSoon(wait) => return Ok(Coded::TooSoon(wait)),
    }
    tx.execute("DELETE FROM sign_in_step WHERE token_hash = ?1", params![step.as_bytes()])?;
    begin_session(tx, mint, arrival, &person).map(Coded::In)
}

/// Goes on in a session whose person has just shown the password again, with a code if they have a second factor.
pub fn confirm(
    tx: &mut Tx<'_>,
    mint: &Mint,
    (session, actor): (&Session, &Actor),
    code: &str,
) -> Result<Coded> {
    let person = &session.person;
    if second_factor::is_set_up(tx, &person.id)? {
        match second_factor::check(tx, &mint.pepper, (person, actor), code)? {
            Verdict::Right => {}
            Verdict::Wrong => return Ok(Coded::Wrong),
            Verdict::TooSoon(wait) => return Ok(Coded::TooSoon(wait)),
        }
    }
    audit::record(tx, Some(&session.organization.id), actor, Action::IdentityConfirmed, session.id.as_str())?;
    session::renew(tx, mint, session, Renewal::Authenticated).map(Coded::In)
}
