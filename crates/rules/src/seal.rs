//! What the server itself must be able to read again, such as the seed of one-time codes: encrypted, so that a stolen
//! database is as useless without the pepper as it is for what is only hashed.
//!
//! XChaCha20-Poly1305: its nonce is long enough to be drawn at random. What is sealed is tied to a purpose and an
//! owner, so a row that is copied to somebody else's opens nothing.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::secret::Pepper;

const NONCE: usize = 24;

/// What something sealed is for, and whose it is.
#[derive(Debug, Clone, Copy)]
pub struct Tie<'a> {
    /// Each purpose has a key of its own.
    pub purpose: &'a str,
    /// Whose it is: an id.
    pub owner: &'a str,
}

impl Pepper {
    /// Encrypts `plain`; `chance` becomes its nonce. None only if it is longer than the cipher takes (256 GiB).
    pub fn seal(&self, tie: Tie<'_>, chance: [u8; NONCE], plain: &[u8]) -> Option<Vec<u8>> {
        let payload = Payload { msg: plain, aad: tie.owner.as_bytes() };
        let sealed = self.cipher(tie.purpose).encrypt(&XNonce::from(chance), payload).ok()?;
        Some([&chance[..], &sealed].concat())
    }

    /// Decrypts what [`Pepper::seal`] made for the same purpose and owner, unchanged.
    pub fn unseal(&self, tie: Tie<'_>, sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: text, aad: tie.owner.as_bytes() };
        self.cipher(tie.purpose).decrypt(&XNonce::from(*nonce), payload).ok().map(Zeroizing::new)
    }

    fn cipher(&self, purpose: &str) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(self.mac("seal", &[purpose])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIE: Tie<'_> = Tie { purpose: "test", owner: "usr_1" };

    #[test]
    fn what_was_sealed_opens_for_its_owner_and_purpose_alone() {
        let pepper = Pepper::new([1; 32]);
        let sealed = pepper.seal(TIE, [7; NONCE], b"seed of codes").unwrap();
        assert!(!sealed.windows(4).any(|window| window == b"seed"));
        assert_eq!(pepper.unseal(TIE, &sealed).unwrap().as_slice(), b"seed of codes");
        assert!(pepper.unseal(Tie { owner: "usr_2", ..TIE }, &sealed).is_none());
        assert!(pepper.unseal(Tie { purpose: "other", ..TIE }, &sealed).is_none());
        assert!(Pepper::new([2; 32]).unseal(TIE, &sealed).is_none());
    }

    #[test]
    fn what_was_changed_or_cut_does_not_open() {
        let pepper = Pepper::new([1; 32]);
        let sealed = pepper.seal(TIE, [7; NONCE], b"seed").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 1;
            assert!(pepper.unseal(TIE, &changed).is_none(), "{position}");
            assert!(pepper.unseal(TIE, &sealed[..position]).is_none(), "{position}");
        }
    }
}
