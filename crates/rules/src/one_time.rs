//! One-time codes: those of an authenticator app (TOTP, RFC 6238), and the recovery codes for when it is lost.
//!
//! Six digits, SHA-1, thirty seconds: what every app can do. A code of the step before or after counts too, because
//! clocks differ and people type slowly. That it counts once is the storage's part: it keeps the step.

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use totp_rs::{Algorithm, Builder, Secret, Totp};
use zeroize::Zeroizing;

use crate::secret::Pepper;

/// Length of a seed: as long as the output of SHA-1 (RFC 4226 §4, R6).
pub const SEED: usize = 20;
/// How long a code is shown, in seconds.
pub const STEP_SECONDS: u64 = 30;
/// How many steps too early or too late a code may come.
const SKEW: u16 = 1;
/// How many recovery codes a person has.
pub const RECOVERY_CODES: usize = 10;
/// Letters and digits that are not mistaken for each other (Crockford's base32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Characters of a recovery code: 80 bits.
const RECOVERY_DIGITS: usize = 16;

/// The seed of a person's codes, shared with their app.
pub struct Seed(Zeroizing<[u8; SEED]>);

impl Seed {
    /// A new seed from random bytes.
    pub fn new(chance: [u8; SEED]) -> Self {
        Self(Zeroizing::new(chance))
    }

    /// What was sealed, if it is a seed.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::new)
    }

    /// The bytes, to be sealed.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The step whose code `code` is, if it is one that counts now. Spaces are no mistake: apps show codes in groups.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let code: String = code.chars().filter(|char| !char.is_whitespace()).collect();
        let seconds = u64::try_from(now.as_second()).ok()?;
        self.totp().check(&code, seconds).and_then(|step| i64::try_from(step).ok())
    }

    /// The code of an instant, as the person's app shows it.
    pub fn code_at(&self, at: Timestamp) -> String {
        self.totp().generate(u64::try_from(at.as_second()).unwrap_or(0)).to_string()
    }

    /// The seed as people type it into an app: base32.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(Secret::new_stack(*self.0).to_base32())
    }

    /// The address that an app reads from a QR code (the Key URI format). The defaults are spelled out: some apps
    /// have others.
    pub fn address(&self, issuer: &str, account: &str) -> Zeroizing<String> {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        Zeroizing::new(format!(
            "otpauth://totp/{issuer}:{}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_SECONDS}",
            encode(account),
            self.text().as_str(),
            issuer = encode(issuer),
        ))
    }

    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(SKEW)
            .with_step_duration(STEP_SECONDS)
            .with_secret(Secret::new_stack(*self.0))
            .build_noncompliant()
    }
}

/// A recovery code as it is shown: four groups of four.
pub fn recovery_code(chance: [u8; RECOVERY_DIGITS]) -> Zeroizing<String> {
    let mut code = Zeroizing::new(String::with_capacity(RECOVERY_DIGITS + 3));
    for (position, byte) in chance.iter().enumerate() {
        if position > 0 && position % 4 == 0 {
            code.push('-');
        }
        // 256 is a multiple of 32, so every character is as likely as every other.
        let digit = ALPHABET.get(usize::from(byte % 32)).copied().unwrap_or(b'0');
        code.push(char::from(digit));
    }
    code
}

/// What of a text can be a recovery code: in small letters, without the dashes and spaces that people add or leave
/// out, and with the letters that they take for digits.
fn bare(text: &str) -> Option<Zeroizing<String>> {
    let mut code = Zeroizing::new(String::with_capacity(RECOVERY_DIGITS));
    for char in text.chars().filter(|char| !char.is_whitespace() && *char != '-') {
        let char = match char.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            char => char,
        };
        if code.len() == RECOVERY_DIGITS || !ALPHABET.iter().any(|digit| char::from(*digit) == char) {
            return None;
        }
        code.push(char);
    }
    (code.len() == RECOVERY_DIGITS).then_some(code)
}

impl Pepper {
    /// What the database keeps of a person's recovery code; none if the text can't be one. With 80 random bits under
    /// the pepper, a slow hash would add cost and no safety.
    pub fn recovery_hash(&self, person: &str, text: &str) -> Option<[u8; 32]> {
        let code = bare(text)?;
        Some(self.mac("recovery code", &[person, &code]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B, the last six digits of each.
        let seed = Seed::new(*b"12345678901234567890");
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(seed.code_at(at(second)), code);
            assert_eq!(seed.step_of(code, at(second)), Some(second / 30));
        }
    }

    #[test]
    fn a_code_counts_from_one_step_early_to_one_step_late() {
        let seed = Seed::new([9; SEED]);
        let now = 1_800_000_000;
        for (offset, counts) in [(-60, false), (-30, true), (0, true), (30, true), (60, false)] {
            let code = seed.code_at(at(now + offset));
            let step = counts.then_some((now + offset) / 30);
            assert_eq!(seed.step_of(&code, at(now)), step, "{offset}");
        }
    }

    #[test]
    fn what_is_no_code_counts_for_nothing() {
        let seed = Seed::new([9; SEED]);
        let now = at(1_800_000_000);
        let code = seed.code_at(now);
        assert!(seed.step_of(&format!(" {} {}", &code[..3], &code[3..]), now).is_some());
        for wrong in ["", "1", &code[..5], &format!("{code}0"), "+12345", "१२३४५६"] {
            assert_eq!(seed.step_of(wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_is_what_apps_read() {
        let address = Seed::new(*b"12345678901234567890").address("Bluesonde", "maren+x@harbour.example");
        let expected = "otpauth://totp/Bluesonde:maren%2Bx%40harbour%2Eexample?\
                        secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Bluesonde&algorithm=SHA1&digits=6&period=30";
        assert_eq!(address.as_str(), expected);
    }

    #[test]
    fn a_recovery_code_is_known_however_it_is_typed_and_by_its_person_alone() {
        let pepper = Pepper::new([1; 32]);
        let code = recovery_code([0, 1, 18, 33, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]);
        assert_eq!(code.as_str(), "01j1-4567-89ab-cdez");
        let hash = pepper.recovery_hash("usr_1", &code);
        assert!(hash.is_some());
        for typed in ["01J1-4567-89AB-CDEZ", " o1jl 4567 89ab cdez ", "01ji456789abcdez"] {
            assert_eq!(pepper.recovery_hash("usr_1", typed), hash, "{typed}");
        }
        assert_ne!(pepper.recovery_hash("usr_2", &code), hash);
        for wrong in ["", "123456", "01j1-4567-89ab-cde", "01j1-4567-89ab-cdezz", "01j1-4567-89ab-cdeu"] {
            assert_eq!(pepper.recovery_hash("usr_1", wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn every_recovery_code_is_read_back(chance: [u8; RECOVERY_DIGITS]) {
            prop_assert!(Pepper::new([1; 32]).recovery_hash("usr_1", &recovery_code(chance)).is_some());
        }

        #[test]
        fn no_text_makes_the_readers_panic(text in ".{0,40}") {
            let _ = Seed::new([9; SEED]).step_of(&text, at(1_800_000_000));
            let _ = Pepper::new([1; 32]).recovery_hash("usr_1", &text);
        }
    }
}
