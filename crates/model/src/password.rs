//! Passwords: argon2id at OWASP's parameters (19 MiB, two passes, one lane), as a PHC string.
//!
//! Hashing takes about 15 ms of a core and 19 MiB, so the edge bounds how many run at once; it never happens
//! inside a transaction. An unknown person costs the same as a known one.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use crate::error::Invalid;

/// Shortest password, in characters.
pub const MIN_CHARS: usize = 12;
/// Longest password, in bytes; longer ones are refused before any hashing.
pub const MAX_BYTES: usize = 1024;

/// A stored password: a PHC string.
#[derive(Clone)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    /// Hashes a new password; `None` if the system has no randomness for a salt.
    pub fn of(password: &str) -> Option<Self> {
        let hash = Argon2::default().hash_password(password.as_bytes()).ok()?;
        Some(Self(hash.to_string()))
    }

    /// What the database had.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `password` is the one; a stored text that is no hash matches nothing.
    pub fn is_of(&self, password: &str) -> bool {
        let Ok(parsed) = PasswordHash::new(&self.0) else { return false };
        Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok()
    }
}

/// Checks a new password: 12 characters to 1 KiB, nothing about its composition (NIST SP 800-63B §5.1.1.2).
pub fn check(invalid: &mut Invalid, field: &str, password: &str) {
    if password.chars().count() < MIN_CHARS {
        invalid.add(field, format!("Use at least {MIN_CHARS} characters."));
    } else if password.len() > MAX_BYTES {
        invalid.add(field, format!("Use at most {MAX_BYTES} bytes."));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_digest_whole() {
        let long = "pässwörd ".repeat(20);
        let digest = PasswordDigest::of(&long).unwrap();
        assert!(digest.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(digest.is_of(&long));
        assert!(!digest.is_of(&long[..long.len() - 1]));
        assert!(!PasswordDigest::from_stored("nonsense".into()).is_of("nonsense"));
    }
}
