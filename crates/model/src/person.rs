//! People who sign in.

use rules::id::PersonId;

use crate::audit::{self, Action, Actor};
use crate::error::{Error, Invalid};
use crate::organization::check_name;
use crate::password::PasswordDigest;
use crate::{Result, Tx};
use db::params;

/// A person with a password.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their id.
    pub id: PersonId,
    /// Their address, in lower case.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Whether they run the platform.
    pub is_operator: bool,
}

/// What makes a person.
#[derive(Clone)]
pub struct NewPerson {
    /// Their name.
    pub name: String,
    /// Their address, any case.
    pub email: String,
    /// Their password, hashed before the transaction.
    pub password: PasswordDigest,
}

/// One spelling for one mailbox.
pub fn normalize_email(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Checks an e-mail address for what can be known without sending to it.
pub fn check_email(invalid: &mut Invalid, field: &str, email: &str) {
    let email = email.trim();
    let parts = email.split_once('@').filter(|(local, domain)| !local.is_empty() && !domain.is_empty());
    let plain = !email.chars().any(|char| char.is_whitespace() || crate::organization::is_unprintable(char));
    if parts.is_none_or(|(_, domain)| domain.contains('@')) || !plain || email.len() > 254 {
        invalid.add(field, "Enter an e-mail address such as name@example.org.");
    }
}

/// Makes a person. The address must be new.
pub fn create(tx: &mut Tx<'_>, actor: &Actor, new: &NewPerson) -> Result<Person> {
    let mut invalid = Invalid::default();
    check_name(&mut invalid, "name", &new.name);
    check_email(&mut invalid, "email", &new.email);
    invalid.or_ok()?;
    let now = tx.now();
    let id = PersonId::new(now, tx.random()?);
    let (email, name) = (normalize_email(&new.email), new.name.trim().to_owned());
    let inserted = tx.execute(
        "INSERT INTO person (id, email, name, password_hash, created_at) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![id.as_str(), &email, &name, new.password.as_str(), now],
    );
    match inserted {
        Ok(_) => {}
        Err(db::Error::NotUnique(_)) => {
            return Err(Error::Conflict(Invalid::one("email", "This address already has an account.")));
        }
        Err(error) => return Err(error.into()),
    }
    audit::record(tx, None, actor, Action::PersonCreated, id.as_str())?;
    Ok(Person { id, email, name, is_operator: false })
}

/// Gives a person a new password. Links that would set one die with it.
pub(crate) fn set_password(tx: &mut Tx<'_>, person: &PersonId, password: &PasswordDigest) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE person SET password_hash = ?2, password_changed_at = ?3 WHERE id = ?1",
        params![person.as_str(), password.as_str(), now],
    )?;
    Ok(())
}

/// Makes a person the platform's operator.
pub fn make_operator(tx: &mut Tx<'_>, person: &PersonId) -> Result<()> {
    let now = tx.now();
    tx.execute("UPDATE person SET operator_at = ?2 WHERE id = ?1", params![person.as_str(), now])?;
    Ok(())
}

/// Whether anybody has an account yet.
pub fn any(tx: &mut Tx<'_>) -> Result<bool> {
    Ok(tx.optional("SELECT 1 FROM person LIMIT 1", params![], |_| Ok(()))?.is_some())
}

/// The person of this address and their password, if they may sign in.
pub fn by_email(tx: &mut Tx<'_>, email: &str) -> Result<Option<(Person, PasswordDigest)>> {
    let found = tx.optional(
        "SELECT id, email, name, operator_at, password_hash FROM person
         WHERE email = ?1 AND disabled_at IS NULL",
        params![&normalize_email(email)],
        |row| {
            let is_operator = row.get::<Option<i64>>(3)?.is_some();
            let person = Person { id: row.parse(0)?, email: row.get(1)?, name: row.get(2)?, is_operator };
            Ok((person, PasswordDigest::from_stored(row.get(4)?)))
        },
    )?;
    Ok(found)
}
