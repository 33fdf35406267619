//! The chain of the audit log: each entry's hash covers the hash before it, so nobody can change, remove or insert an
//! entry and leave what follows as it was.
//!
//! It is a plain SHA-256: whoever can write the whole database can also compute a new chain. That shows against a
//! head that was noted elsewhere, and so the server logs its head.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The hash at one position of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link(pub [u8; 32]);

/// What the chain covers of an entry.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// Its place: 1 for the first.
    pub position: i64,
    /// Its id.
    pub id: &'a str,
    /// The organization that it belongs to, if any.
    pub organization: Option<&'a str>,
    /// When it happened, in microseconds since 1970.
    pub happened_at: i64,
    /// What was done.
    pub action: &'a str,
    /// By whom.
    pub actor: &'a str,
    /// To what.
    pub subject: &'a str,
    /// A sentence about it.
    pub detail: &'a str,
    /// From where.
    pub address: &'a str,
}

impl Link {
    /// What stands before the first entry.
    pub const START: Self = Self([0; 32]);

    /// The hash of the entry that follows this one.
    #[must_use]
    pub fn next(&self, entry: &Entry<'_>) -> Self {
        let mut hash = Sha256::new_with_prefix(self.0);
        hash.update(entry.position.to_be_bytes());
        hash.update(entry.happened_at.to_be_bytes());
        // No organization is not the same as an empty one.
        hash.update([u8::from(entry.organization.is_some())]);
        let texts = [
            entry.id,
            entry.organization.unwrap_or_default(),
            entry.action,
            entry.actor,
            entry.subject,
            entry.detail,
            entry.address,
        ];
        for text in texts {
            // Each with its length, so that no two entries look alike.
            hash.update(text.len().to_be_bytes());
            hash.update(text);
        }
        Self(hash.finalize().into())
    }
}

/// 64 hexadecimal digits.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The end of the chain at some time, as it is logged: the last position and its hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// How many entries are sealed.
    pub position: i64,
    /// The hash of the last one.
    pub hash: Link,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.position, self.hash)
    }
}

/// The text is not a head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a head is a position, a colon and 64 hexadecimal digits, as the server's log has it")]
pub struct BadHead;

impl FromStr for Head {
    type Err = BadHead;

    fn from_str(text: &str) -> Result<Self, BadHead> {
        let (position, digits) = text.split_once(':').ok_or(BadHead)?;
        let position = position.parse().ok().filter(|position| *position >= 0).ok_or(BadHead)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(BadHead);
        }
        let mut hash = [0; 32];
        for (place, byte) in hash.iter_mut().enumerate() {
            let pair = digits.get(place * 2..place * 2 + 2).ok_or(BadHead)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| BadHead)?;
        }
        Ok(Self { position, hash: Link(hash) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry<'static> {
        Entry {
            position: 1,
            id: "aud_1",
            organization: None,
            happened_at: 7,
            action: "api_key.created",
            actor: "usr_1",
            subject: "key_1",
            detail: "",
            address: "local",
        }
    }

    #[test]
    fn everything_in_an_entry_and_all_before_it_counts() {
        let hash = Link::START.next(&entry());
        for changed in [
            Entry { position: 2, ..entry() },
            Entry { id: "aud_2", ..entry() },
            Entry { organization: Some(""), ..entry() },
            Entry { happened_at: 8, ..entry() },
            Entry { action: "api_key.revoked", ..entry() },
            Entry { actor: "usr_2", ..entry() },
            Entry { subject: "key_2", ..entry() },
            Entry { detail: " ", ..entry() },
            Entry { address: "", ..entry() },
            // The same characters, parted elsewhere.
            Entry { actor: "usr_", subject: "1key_1", ..entry() },
        ] {
            assert_ne!(Link::START.next(&changed), hash, "{changed:?}");
        }
        assert_ne!(hash.next(&entry()), hash);
        assert_eq!(Link::START.next(&entry()), hash);
    }

    #[test]
    fn a_head_is_read_back_and_nothing_else_is_one() {
        let head = Head { position: 12, hash: Link::START.next(&entry()) };
        assert_eq!(head.to_string().parse(), Ok(head));
        let digits = head.hash.to_string();
        for text in ["", "12", "12:", ":00", &format!("-1:{digits}"), &format!("{head}0"), &digits, "1:é"] {
            assert!(text.parse::<Head>().is_err(), "{text}");
        }
    }
}
