//! Sealing: each entry of the audit log is given its position and its place in the chain of hashes, after its
//! transaction has committed.
//!
//! One node seals at a time. It holds a lease, a row in the database, for a few seconds after each step; if it stops,
//! another goes on. The lease only spares the others the attempt: that no position is given twice follows from the
//! transaction, which reads the end of the chain from the row that it writes.

use jiff::{SignedDuration, Timestamp};

use rules::audit_chain::{Entry, Head, Link};
use rules::id::AuditId;

use crate::{Result, Tx};
use db::{Row, params};

/// Entries that one transaction seals, so that no request waits behind it.
const STEP: u32 = 500;
/// Entries that are looked at together when the chain is walked.
const WALK: u32 = 1000;
/// How long a node that sealed goes before the others.
const LEASE: SignedDuration = SignedDuration::from_secs(5);

/// What one step of sealing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It sealed so many entries; more are left.
    More(usize),
    /// It sealed so many entries, and those were all.
    Done(usize),
    /// Another node is sealing.
    Elsewhere,
}

/// Whether an entry waits to be sealed.
pub fn is_due(tx: &mut Tx<'_>) -> Result<bool> {
    let sql = "SELECT 1 FROM audit_event WHERE position IS NULL LIMIT 1";
    Ok(tx.optional(sql, params![], |_| Ok(()))?.is_some())
}

/// Seals some of the entries that wait, oldest first, as the node that calls itself `holder`.
pub fn some(tx: &mut Tx<'_>, holder: &str) -> Result<Step> {
    let Some(mut head) = take_lease(tx, holder)? else { return Ok(Step::Elsewhere) };
    let waiting = tx.all(
        &format!("SELECT {COLUMNS} FROM audit_event WHERE position IS NULL ORDER BY id LIMIT ?1"),
        params![STEP],
        stored,
    )?;
    for entry in &waiting {
        head.position += 1;
        head.hash = head.hash.next(&entry.at(head.position));
        tx.execute(
            "UPDATE audit_event SET position = ?2, hash = ?3 WHERE id = ?1",
            params![entry.id.as_str(), head.position, &head.hash.0],
        )?;
    }
    tx.execute("UPDATE audit_chain SET position = ?1, hash = ?2", params![head.position, &head.hash.0])?;
    let full = usize::try_from(STEP).is_ok_and(|step| waiting.len() == step);
    Ok(if full { Step::More(waiting.len()) } else { Step::Done(waiting.len()) })
}

/// The end of the chain, if nobody else is sealing.
fn take_lease(tx: &mut Tx<'_>, holder: &str) -> Result<Option<Head>> {
    let now = tx.now();
    let taken = tx.optional(
        "UPDATE audit_chain SET holder = ?1, held_until = ?3 WHERE holder = ?1 OR held_until <= ?2
         RETURNING position, hash",
        params![holder, now, now + LEASE],
        head_from,
    )?;
    Ok(taken)
}

/// Lets another node seal at once.
pub fn release(tx: &mut Tx<'_>, holder: &str) -> Result<()> {
    tx.execute("UPDATE audit_chain SET held_until = 0 WHERE holder = ?1", params![holder])?;
    Ok(())
}

/// Where the chain ends.
pub fn head(tx: &mut Tx<'_>) -> Result<Head> {
    Ok(tx.one("SELECT position, hash FROM audit_chain", params![], head_from)?)
}

fn head_from(row: &Row<'_>) -> db::Result<Head> {
    Ok(Head { position: row.get(0)?, hash: Link(row.get(1)?) })
}

/// What a walk along the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Where the chain ends, or the last place where it still fits.
    pub head: Head,
    /// Entries that are not sealed yet.
    pub unsealed: i64,
    /// The first place where it does not fit.
    pub misfit: Option<Misfit>,
}

/// The first place where the chain does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// The position.
    pub position: i64,
    /// The entry that is there, if one is.
    pub id: Option<AuditId>,
    /// What is wrong, in words.
    pub problem: &'static str,
}

impl Misfit {
    fn at(position: i64, id: AuditId, problem: &'static str) -> Option<Self> {
        Some(Self { position, id: Some(id), problem })
    }

    fn gone(position: i64) -> Option<Self> {
        Some(Self { position, id: None, problem: "The entry at this position is gone." })
    }
}

/// Walks along the whole chain. `noted` is a head that was kept elsewhere, in the server's log: with it a chain that
/// was cut short, or computed anew from some entry on, is found out too.
pub fn verify(tx: &mut Tx<'_>, noted: Option<Head>) -> Result<Verified> {
    let mut walk = Walk { head: Head { position: 0, hash: Link::START }, noted };
    let misfit = match walk.all_the_way(tx)? {
        Some(misfit) => Some(misfit),
        None => walk.compare_end(head(tx)?),
    };
    let unsealed =
        tx.one("SELECT count(*) FROM audit_event WHERE position IS NULL", params![], |row| row.get(0))?;
    Ok(Verified { head: walk.head, unsealed, misfit })
}

/// How far the chain was found to fit.
struct Walk {
    head: Head,
    noted: Option<Head>,
}

impl Walk {
    fn all_the_way(&mut self, tx: &mut Tx<'_>) -> Result<Option<Misfit>> {
        let sql = format!(
            "SELECT {COLUMNS}, position, hash FROM audit_event WHERE position > ?1 ORDER BY position LIMIT ?2"
        );
        let below = "SELECT id, position FROM audit_event WHERE position < 1 ORDER BY position LIMIT 1";
        let below = tx.optional(below, params![], |row| Ok((row.parse(0)?, row.get(1)?)))?;
        if let Some((id, position)) = below {
            return Ok(Misfit::at(position, id, "This entry stands before the first."));
        }
        loop {
            let entries = tx.all(&sql, params![self.head.position, WALK], |row| {
                Ok((stored(row)?, row.get::<i64>(8)?, row.get::<[u8; 32]>(9)?))
            })?;
            if entries.is_empty() {
                return Ok(None);
            }
            for (entry, position, hash) in entries {
                if let Some(misfit) = self.step(&entry, position, hash) {
                    return Ok(Some(misfit));
                }
            }
        }
    }

    fn step(&mut self, entry: &Stored, position: i64, hash: [u8; 32]) -> Option<Misfit> {
        let expected = self.head.position + 1;
        if position != expected {
            return Misfit::gone(expected);
        }
        let link = self.head.hash.next(&entry.at(position));
        if link.0 != hash {
            let problem = "This entry, or its place in the chain, is not what was sealed.";
            return Misfit::at(position, entry.id.clone(), problem);
        }
        let head = Head { position, hash: link };
        if self.noted.is_some_and(|noted| noted.position == position && noted != head) {
            let problem = "The chain up to this entry is not the one whose head was noted.";
            return Misfit::at(position, entry.id.clone(), problem);
        }
        self.head = head;
        None
    }

    /// The chain fits as far as it goes. It has to end where the server and the note say.
    fn compare_end(&self, end: Head) -> Option<Misfit> {
        let further = self.noted.map_or(end.position, |noted| noted.position.max(end.position));
        if further > self.head.position {
            Misfit::gone(self.head.position + 1)
        } else if end != self.head {
            let problem = "The server did not seal this entry.";
            Some(Misfit { position: end.position + 1, id: None, problem })
        } else {
            None
        }
    }
}

const COLUMNS: &str = "id, organization_id, happened_at, action, actor, subject, detail, address";

/// An entry as it is stored.
struct Stored {
    id: AuditId,
    organization: Option<String>,
    happened_at: Timestamp,
    action: String,
    actor: String,
    subject: String,
    detail: String,
    address: String,
}

fn stored(row: &Row<'_>) -> db::Result<Stored> {
    Ok(Stored {
        id: row.parse(0)?,
        organization: row.get(1)?,
        happened_at: row.get(2)?,
        action: row.get(3)?,
        actor: row.get(4)?,
        subject: row.get(5)?,
        detail: row.get(6)?,
        address: row.get(7)?,
    })
}

impl Stored {
    fn at(&self, position: i64) -> Entry<'_> {
        Entry {
            position,
            id: self.id.as_str(),
            organization: self.organization.as_deref(),
            happened_at: self.happened_at.as_microsecond(),
            action: &self.action,
            actor: &self.actor,
            subject: &self.subject,
            detail: &self.detail,
            address: &self.address,
        }
    }
}

#[cfg(test)]
mod tests;
