//! Mails: written as rows in the transaction that causes them, sent afterwards by a worker.
//!
//! A row holds no secret. Where a mail has a link that opens something, the row names what it opens, and the token is
//! computed when the mail goes out ([`rules::secret::Pepper::link_token`]). A worker claims a mail for some minutes
//! before it sends it, so that two never send the same one at once; one that dies in between leaves a mail that is
//! sent again, which is better than one that never comes.

use jiff::{SignedDuration, Timestamp};

use rules::id::{MailId, OrganizationId, ResetId};

use crate::{Result, Tx, organization};
use db::{Row, params};

/// How long a mail is tried.
const LIFE: SignedDuration = SignedDuration::from_hours(24);
/// How long a claimed mail is left alone.
const LEASE: SignedDuration = SignedDuration::from_mins(5);
/// How long a row stays when all is done, for those who ask whether a mail went out.
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The waits after the first failures; the last one is the wait after all later ones.
const WAITS: [SignedDuration; 5] = [
    SignedDuration::from_secs(15),
    SignedDuration::from_mins(1),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
];
/// The longest reason that is kept, in characters.
const MAX_FAILURE: usize = 300;

/// A mail to be written.
#[derive(Debug, Clone, Copy)]
pub struct Mail<'a> {
    /// The address.
    pub to: &'a str,
    /// One line.
    pub subject: &'a str,
    /// The text, without secrets.
    pub text: &'a str,
}

/// What a mail's link opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// The page that sets a new password.
    PasswordReset(ResetId),
}

impl Link {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::PasswordReset(id) => ("password_reset", id.as_str()),
        }
    }
}

/// A mail that is due.
#[derive(Debug, Clone)]
pub struct Due {
    /// Its id.
    pub id: MailId,
    /// The address.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The link that comes at its end.
    pub link: Option<Link>,
}

/// What became of an attempt to send a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is on its way.
    Sent,
    /// Nobody should have it, so nobody got it.
    Dropped,
    /// It may work later.
    Failed(String),
    /// It can't be sent.
    Impossible(String),
}

/// Writes a mail.
pub fn send(tx: &mut Tx<'_>, mail: &Mail<'_>) -> Result<()> {
    let expires_at = tx.now() + LIFE;
    write(tx, mail, None, expires_at)
}

/// Queues the same mail for everybody who can decide in an organization: its Organization Admins and Owners; not for
/// those who got one about the same within `quiet`.
pub(crate) fn send_to_administrators(
    tx: &mut Tx<'_>,
    organization: &OrganizationId,
    (subject, what): (&str, &str),
    quiet: Option<SignedDuration>,
) -> Result<()> {
    let since = quiet.map(|quiet| tx.now() - quiet);
    for (name, email) in organization::administrators(tx, organization)? {
        let sql = "SELECT 1 FROM mail WHERE created_at > ?1 AND recipient = ?2 AND subject = ?3 LIMIT 1";
        let told = match since {
            Some(since) => tx.optional(sql, params![since, &email, subject], |_| Ok(()))?.is_some(),
            None => false,
        };
        if told {
            continue;
        }
        send(tx, &Mail { to: &email, subject, text: &format!("Hello {name},\n\n{what}") })?;
    }
    Ok(())
}

/// Writes a mail that ends with a link, which is of no use after `expires_at`.
pub fn send_link(tx: &mut Tx<'_>, mail: &Mail<'_>, link: &Link, expires_at: Timestamp) -> Result<()> {
    write(tx, mail, Some(link), expires_at)
}

fn write(tx: &mut Tx<'_>, mail: &Mail<'_>, link: Option<&Link>, expires_at: Timestamp) -> Result<()> {
    let now = tx.now();
    let id = MailId::new(now, tx.random()?);
    let (kind, link_id) = link.map(Link::parts).unzip();
    tx.execute(
        "INSERT INTO mail (id, recipient, subject, body, link, link_id, created_at, expires_at, attempts, next_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, ?7)",
        params![
            id.as_str(),
            &one_line(mail.to),
            &one_line(mail.subject),
            mail.text,
            kind,
            link_id,
            now,
            expires_at
        ],
    )?;
    Ok(())
}

/// A header is one line, whatever is in the names that it quotes.
fn one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

/// Whether [`claim`] would find anything.
pub fn is_any_due(tx: &mut Tx<'_>) -> Result<bool> {
    let now = tx.now();
    let sql = "SELECT 1 FROM mail WHERE next_at <= ?1 LIMIT 1";
    Ok(tx.optional(sql, params![now], |_| Ok(()))?.is_some())
}

/// Gives up the mails that are too old to be tried again, and erases what they said.
pub(crate) fn give_up(tx: &mut Tx<'_>) -> Result<usize> {
    let now = tx.now();
    let sql = "UPDATE mail SET next_at = NULL, body = '' WHERE next_at IS NOT NULL AND expires_at <= ?1";
    Ok(tx.execute(sql, params![now])?)
}

/// Takes up to `limit` mails that are due and leaves them to the caller for some minutes.
pub fn claim(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<Due>> {
    give_up(tx)?;
    let now = tx.now();
    let due = tx.all(
        "UPDATE mail SET next_at = ?2, attempts = attempts + 1
         WHERE id IN (SELECT id FROM mail WHERE next_at <= ?1 ORDER BY next_at LIMIT ?3)
         RETURNING id, recipient, subject, body, link, link_id",
        params![now, now + LEASE, limit],
        due_of,
    )?;
    Ok(due)
}

fn due_of(row: &Row<'_>) -> db::Result<Due> {
    let link = match row.get::<Option<String>>(4)?.as_deref() {
        Some("password_reset") => Some(Link::PasswordReset(row.parse(5)?)),
        _ => None,
    };
    Ok(Due { id: row.parse(0)?, to: row.get(1)?, subject: row.get(2)?, text: row.get(3)?, link })
}

/// Writes down what became of a claimed mail.
pub fn settle(tx: &mut Tx<'_>, id: &MailId, outcome: &Outcome) -> Result<()> {
    match outcome {
        Outcome::Sent => {
            let now = tx.now();
            let sql = "UPDATE mail SET next_at = NULL, body = '', failure = NULL, sent_at = ?2 WHERE id = ?1";
            tx.execute(sql, params![id.as_str(), now])?;
        }
        Outcome::Dropped => {
            tx.execute("DELETE FROM mail WHERE id = ?1", params![id.as_str()])?;
        }
        Outcome::Failed(reason) => put_off(tx, id, reason)?,
        Outcome::Impossible(reason) => {
            let sql = "UPDATE mail SET next_at = NULL, body = '', failure = ?2 WHERE id = ?1";
            tx.execute(sql, params![id.as_str(), &kept(reason)])?;
        }
    }
    Ok(())
}

fn put_off(tx: &mut Tx<'_>, id: &MailId, reason: &str) -> Result<()> {
    let attempts: Option<i64> = tx.optional(
        "SELECT attempts FROM mail WHERE id = ?1 AND next_at IS NOT NULL",
        params![id.as_str()],
        |row| row.get(0),
    )?;
    let Some(attempts) = attempts else { return Ok(()) };
    let wait = usize::try_from(attempts - 1).ok().and_then(|index| WAITS.get(index)).or(WAITS.last());
    let next = tx.now() + wait.copied().unwrap_or(LEASE);
    let sql = "UPDATE mail SET next_at = ?2, failure = ?3 WHERE id = ?1";
    tx.execute(sql, params![id.as_str(), next, &kept(reason)])?;
    Ok(())
}

fn kept(reason: &str) -> String {
    one_line(reason).chars().take(MAX_FAILURE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use db::{Clock, Db};

    const START: &str = "2026-05-01T12:00:00Z";

    fn open(dir: &tempfile::TempDir) -> Db {
        let clock = Clock::manual(START.parse().unwrap());
        Db::open(&dir.path().join("bluesonde.db"), &crate::migrations(), clock).unwrap()
    }

    fn write_one(db: &Db) {
        let mail = Mail { to: "a@b.example", subject: "Hello\r\nBcc: evil@b.example", text: "A text." };
        db.write_blocking(move |tx| send(tx, &mail)).unwrap();
    }

    fn claim_one(db: &Db) -> Option<Due> {
        db.write_blocking(|tx| claim(tx, 1)).unwrap().pop()
    }

    fn settle_as(db: &Db, due: &Due, outcome: Outcome) {
        let id = due.id.clone();
        db.write_blocking(move |tx| settle(tx, &id, &outcome)).unwrap();
    }

    fn body(db: &Db) -> String {
        db.read_blocking(|tx| tx.one("SELECT body FROM mail", &[], |row| row.get(0))).unwrap()
    }

    #[test]
    fn a_mail_is_sent_once_and_its_text_erased() {
        let dir = tempfile::tempdir().unwrap();
        let db = open(&dir);
        write_one(&db);
        let due = claim_one(&db).unwrap();
        assert_eq!(due.subject, "Hello  Bcc: evil@b.example", "a subject is one line");
        assert!(claim_one(&db).is_none(), "it is claimed");
        settle_as(&db, &due, Outcome::Sent);
        assert_eq!(body(&db), "");
        db.clock().advance(LIFE);
        assert!(claim_one(&db).is_none());
    }

    #[test]
    fn a_mail_whose_sender_died_is_sent_again() {
        let dir = tempfile::tempdir().unwrap();
        let db = open(&dir);
        write_one(&db);
        claim_one(&db).unwrap();
        db.clock().advance(LEASE);
        assert!(claim_one(&db).is_some());
    }

    #[test]
    fn what_fails_is_tried_again_ever_later_and_given_up_after_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let db = open(&dir);
        write_one(&db);
        let mut tries = 0;
        for _minute in 0..(25 * 60) {
            if let Some(due) = claim_one(&db) {
                tries += 1;
                settle_as(&db, &due, Outcome::Failed("421 busy\r\nlater".into()));
            }
            db.clock().advance(SignedDuration::from_mins(1));
        }
        assert!((12..=20).contains(&tries), "{tries}");
        assert_eq!(body(&db), "");
        let (failure, next): (String, Option<i64>) = db
            .read_blocking(|tx| {
                tx.one("SELECT failure, next_at FROM mail", &[], |row| Ok((row.get(0)?, row.get(1)?)))
            })
            .unwrap();
        assert_eq!((failure.as_str(), next), ("421 busy  later", None));
    }

    #[test]
    fn what_can_not_be_sent_is_given_up_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let db = open(&dir);
        write_one(&db);
        let due = claim_one(&db).unwrap();
        settle_as(&db, &due, Outcome::Impossible("no such address".into()));
        db.clock().advance(SignedDuration::from_hours(1));
        assert!(claim_one(&db).is_none());
        assert_eq!(body(&db), "");
    }
}
