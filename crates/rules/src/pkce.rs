//! Proof Key for Code Exchange (RFC 7636), S256 only.
//!
//! `plain` and a missing method, which RFC 7636 reads as `plain`, are refused at the authorization endpoint, where
//! a developer sees it, and not at the token endpoint, where a user would. A challenge is kept as the 32 bytes it
//! stands for, so a challenge that no verifier could ever meet is refused on the way in. Both halves of the
//! downgrade rule (RFC 9700 section 2.1.1) are one function, [`prove`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::client_auth::ClientType;

/// Whether an authorization request must carry a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    /// A request without a challenge is refused.
    Required,
    /// A request may come without a challenge, for this reason. One that carries a challenge is held to it.
    NotRequired(Reason),
}

/// Why an application may go without a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The client proves itself with a secret and its owner has not switched "require PKCE" on.
    ClientSecretAndOwnersChoice,
}

impl Pkce {
    /// The rule for one application: public clients always, confidential ones as `owners_choice` says, since a
    /// client that cannot keep a secret has nothing else to prove (RFC 9700 section 2.1.1).
    #[must_use]
    pub fn of(client: ClientType, owners_choice: Self) -> Self {
        match client {
            ClientType::Public => Self::Required,
            ClientType::Confidential => owners_choice,
        }
    }
}

/// A `code_challenge`: the SHA-256 of a verifier that only the client knows. Not a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

/// A `code_verifier`: the secret behind a [`Challenge`]. Wiped when dropped, never printed.
pub struct Verifier(Zeroizing<String>);

/// What is wrong with a challenge or a verifier as it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PkceError {
    /// A challenge without a method, which RFC 7636 section 4.3 reads as `plain`.
    #[error("code_challenge_method is missing, which means plain: send code_challenge_method=S256.")]
    MethodMissing,
    /// A method other than `S256`.
    #[error("code_challenge_method must be S256, written exactly so.")]
    MethodUnsupported,
    /// A method without a challenge.
    #[error("code_challenge_method was sent without a code_challenge.")]
    ChallengeMissing,
    /// Not the base64url of 32 bytes.
    #[error("code_challenge must be the unpadded base64url of a SHA-256, 43 characters.")]
    ChallengeMalformed,
    /// Not 43 to 128 unreserved characters.
    #[error("code_verifier must be 43 to 128 characters of A-Z a-z 0-9 - . _ ~.")]
    VerifierMalformed,
}

/// Why a code may not be redeemed with what was presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unproven {
    /// A challenge was made but no verifier came.
    #[error("code_verifier is missing: this code was asked for with a code_challenge.")]
    VerifierMissing,
    /// A verifier came but no challenge was made: somebody took it out of the authorization request.
    #[error("code_verifier was sent, but this code was asked for without a code_challenge.")]
    NoChallenge,
    /// The verifier belongs to another challenge.
    #[error("code_verifier does not match the code_challenge of this code.")]
    Mismatch,
}

impl Challenge {
    /// Reads `code_challenge` and `code_challenge_method` of an authorization request (RFC 7636 section 4.3).
    /// Gives `None` when neither was sent.
    ///
    /// # Errors
    /// When one came without the other, the method is not `S256`, or the challenge is not 43 base64url characters.
    pub fn parse(challenge: Option<&str>, method: Option<&str>) -> Result<Option<Self>, PkceError> {
        match (challenge, method) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(PkceError::ChallengeMissing),
            (Some(_), None) => Err(PkceError::MethodMissing),
            (Some(challenge), Some("S256")) => challenge.parse().map(Some),
            (Some(_), Some(_)) => Err(PkceError::MethodUnsupported),
        }
    }

    /// Whether this is the challenge of that verifier (RFC 7636 section 4.6), compared in constant time.
    #[must_use]
    pub fn is_met_by(&self, verifier: &Verifier) -> bool {
        self.0.ct_eq(&verifier.challenge().0).into()
    }
}

impl std::str::FromStr for Challenge {
    type Err = PkceError;

    /// Reads the 43 characters, from a request or from where [`Display`](fmt::Display) stored them.
    fn from_str(text: &str) -> Result<Self, PkceError> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| PkceError::ChallengeMalformed)?;
        bytes.try_into().map(Self).map_err(|_| PkceError::ChallengeMalformed)
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl Verifier {
    /// Reads a `code_verifier` (RFC 7636 section 4.1).
    ///
    /// # Errors
    /// When it is not 43 to 128 unreserved characters.
    pub fn parse(text: &str) -> Result<Self, PkceError> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if (43..=128).contains(&text.len()) && text.bytes().all(unreserved) {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(PkceError::VerifierMalformed)
        }
    }

    /// The S256 challenge a client makes of it (RFC 7636 section 4.2).
    #[must_use]
    pub fn challenge(&self) -> Challenge {
        Challenge(Sha256::digest(self.0.as_bytes()).into())
    }
}

/// Whether a code may be redeemed, given the challenge it was asked for with and the verifier that came.
///
/// # Errors
/// Unless both are there and fit, or neither is; all of them are `invalid_grant` (RFC 7636 section 4.6, RFC 9700
/// section 2.1.1).
pub fn prove(challenge: Option<&Challenge>, verifier: Option<&Verifier>) -> Result<(), Unproven> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(_), None) => Err(Unproven::VerifierMissing),
        (None, Some(_)) => Err(Unproven::NoChallenge),
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(Unproven::Mismatch),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    // RFC 7636 appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn challenge(text: &str) -> Challenge {
        text.parse().unwrap()
    }

    fn verifier(text: &str) -> Verifier {
        Verifier::parse(text).ok().unwrap()
    }

    #[test]
    fn the_example_of_the_rfc_holds() {
        assert_eq!(verifier(VERIFIER).challenge().to_string(), CHALLENGE);
        assert!(challenge(CHALLENGE).is_met_by(&verifier(VERIFIER)));
    }

    #[test]
    fn only_s256_with_a_whole_challenge_is_taken() {
        use PkceError::*;
        let sent = Some(CHALLENGE);
        assert_eq!(Challenge::parse(sent, Some("S256")), Ok(Some(challenge(CHALLENGE))));
        assert_eq!(Challenge::parse(None, None), Ok(None));
        assert_eq!(Challenge::parse(sent, None), Err(MethodMissing));
        assert_eq!(Challenge::parse(None, Some("S256")), Err(ChallengeMissing));
        for method in ["plain", "s256", "S512", "S256 ", " S256", "S256,plain", "sha256", ""] {
            assert_eq!(Challenge::parse(sent, Some(method)), Err(MethodUnsupported), "{method:?}");
        }
    }

    #[test]
    fn a_challenge_is_forty_three_characters_of_base64url() {
        let cut = &CHALLENGE[..42];
        let malformed = [
            String::new(),
            cut.to_owned(),
            format!("{CHALLENGE}A"),
            format!("{CHALLENGE}="),
            format!("{CHALLENGE}\n"),
            format!("{cut}+"),
            format!("{cut}/"),
            format!("{cut} "),
            format!("{cut}é"),
            // The last character carries two bits that belong to no byte: no SHA-256 prints like this.
            format!("{cut}N"),
            VERIFIER.replace('-', "+"),
        ];
        for text in malformed {
            assert_eq!(text.parse::<Challenge>(), Err(PkceError::ChallengeMalformed), "{text:?}");
        }
    }

    #[test]
    fn a_verifier_is_43_to_128_unreserved_characters() {
        for length in [43, 44, 127, 128] {
            assert!(Verifier::parse(&"~".repeat(length)).is_ok(), "{length}");
        }
        for length in [0, 1, 42, 129, 4096] {
            assert_eq!(
                Verifier::parse(&"a".repeat(length)).err(),
                Some(PkceError::VerifierMalformed),
                "{length}"
            );
        }
        for odd in ["+", "/", "=", " ", "%", "é", "\n", "\0", "!"] {
            let text = format!("{}{odd}", "a".repeat(60));
            assert_eq!(Verifier::parse(&text).err(), Some(PkceError::VerifierMalformed), "{odd:?}");
        }
    }

    #[test]
    fn a_verifier_must_come_exactly_when_a_challenge_did() {
        let (made, right, wrong) = (challenge(CHALLENGE), verifier(VERIFIER), verifier(&"w".repeat(43)));
        assert_eq!(prove(None, None), Ok(()));
        assert_eq!(prove(Some(&made), Some(&right)), Ok(()));
        assert_eq!(prove(Some(&made), Some(&wrong)), Err(Unproven::Mismatch));
        assert_eq!(prove(Some(&made), None), Err(Unproven::VerifierMissing));
        assert_eq!(prove(None, Some(&right)), Err(Unproven::NoChallenge));
    }

    #[test]
    fn the_challenge_itself_is_no_verifier() {
        assert!(!challenge(CHALLENGE).is_met_by(&verifier(CHALLENGE)));
    }

    #[test]
    fn a_public_client_is_never_let_off() {
        let lenient = Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice);
        assert_eq!(Pkce::of(ClientType::Public, lenient), Pkce::Required);
        assert_eq!(Pkce::of(ClientType::Public, Pkce::Required), Pkce::Required);
        assert_eq!(Pkce::of(ClientType::Confidential, lenient), lenient);
        assert_eq!(Pkce::of(ClientType::Confidential, Pkce::Required), Pkce::Required);
    }

    proptest! {
        #[test]
        fn a_stored_challenge_reads_back(text in "[A-Za-z0-9._~-]{43,128}") {
            let made = verifier(&text).challenge();
            prop_assert_eq!(challenge(&made.to_string()), made);
            prop_assert!(made.is_met_by(&verifier(&text)));
        }

        #[test]
        fn one_changed_character_fails(text in "[a-z]{43,128}", place in any::<prop::sample::Index>()) {
            let mut changed = text.clone().into_bytes();
            let place = place.index(changed.len());
            changed[place] = changed[place].to_ascii_uppercase();
            let changed = String::from_utf8(changed).unwrap();
            prop_assert!(!verifier(&text).challenge().is_met_by(&verifier(&changed)));
        }
    }
}
