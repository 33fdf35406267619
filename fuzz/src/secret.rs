//! Credentials: what was made is read, as its own kind and no other; a single wrong character is noticed; and what
//! is read has exactly the published shape.
//!
//! The checksum of the oracle is computed bit by bit, its base62 digit by digit.

use rules::id::ApiKeyId;
use rules::secret::{
    AccessToken, Bearer, BrowserToken, ClientSecret, Code, Format, Kind, Mode, Plaintext, RefreshToken,
    SessionToken, SetupToken,
};

use super::expand::expand;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CROCKFORD: &str = "0123456789abcdefghjkmnpqrstvwxyz";
/// Of the secret alone, and with its checksum.
const SECRET_LENGTH: usize = 43;
const FULL_LENGTH: usize = 49;
/// Longer texts are not worth a checksum of theirs.
const LONGEST_COMPLETED: usize = 100;

/// The beginning of each kind that is not a key.
const PREFIXES: [&str; 7] = ["at_fz_", "rt_fz_", "ac_fz_", "se_fz_", "br_fz_", "su_fz_", "csfz"];

/// Checks a text as it is, a text made right, and a secret minted from the input and then damaged.
pub fn check(input: &[u8]) {
    let Ok(format) = Format::new("fz") else { return };
    if let Ok(text) = std::str::from_utf8(&expand(input)) {
        read_is_the_oracle(&format, text);
        let prefixes = PREFIXES.into_iter().chain(["sk_live_fz_", "sk_test_fz_"]);
        for prefix in prefixes.filter(|_| text.len() <= LONGEST_COMPLETED) {
            read_is_the_oracle(&format, &completed(&format!("{prefix}{text}")));
        }
    }
    let at = |index: usize| input.get(index).copied().unwrap_or_default();
    let damage = (at(0), at(1));
    let chance = std::array::from_fn(|index| at(index + 2));
    minted::<AccessToken>(&format, chance, damage);
    minted::<RefreshToken>(&format, chance, damage);
    minted::<Code>(&format, chance, damage);
    minted::<ClientSecret>(&format, chance, damage);
    minted_key(&format, chance, damage);
}

/// A text with the checksum that belongs to it.
fn completed(text: &str) -> String {
    format!("{text}{}", checksum(text))
}

fn read_is_the_oracle(format: &Format, text: &str) {
    let kinds = [
        reads::<AccessToken>(format, text),
        reads::<RefreshToken>(format, text),
        reads::<Code>(format, text),
        reads::<SessionToken>(format, text),
        reads::<BrowserToken>(format, text),
        reads::<SetupToken>(format, text),
        reads::<ClientSecret>(format, text),
    ];
    for (prefix, read) in PREFIXES.into_iter().zip(kinds) {
        assert_eq!(read, text.strip_prefix(prefix).is_some_and(|rest| is_whole(text, rest)), "{prefix}");
    }
    assert!(kinds.into_iter().filter(|read| *read).count() <= 1, "one text is one kind");
    match format.read_bearer(text) {
        Ok(Bearer::ApiKey(key)) => assert!(is_key(text) && key.expose() == text),
        Ok(Bearer::AccessToken(token)) => assert!(kinds[0] && token.expose() == text),
        Err(_) => assert!(!is_key(text) && !kinds[0]),
    }
}

fn reads<K: Kind>(format: &Format, text: &str) -> bool {
    match format.read::<K>(text) {
        Ok(read) => {
            assert_eq!(read.expose(), text, "nothing is trimmed or repaired");
            true
        }
        Err(_) => false,
    }
}

fn is_whole(text: &str, digits: &str) -> bool {
    digits.len() == FULL_LENGTH
        && digits.bytes().all(|byte| DIGITS.contains(&byte))
        && completed(&text[..text.len() - (FULL_LENGTH - SECRET_LENGTH)]) == text
}

fn is_key(text: &str) -> bool {
    let rest = text.strip_prefix("sk_live_fz_").or_else(|| text.strip_prefix("sk_test_fz_"));
    let Some((id, digits)) = rest.and_then(|rest| rest.split_once('_')) else { return false };
    let is_id = id.len() == 26 && id.chars().all(|c| CROCKFORD.contains(c)) && id < "8";
    is_id && is_whole(text, digits)
}

fn minted<K: Kind>(format: &Format, chance: [u8; 32], damage: (u8, u8)) {
    let secret: Plaintext<K> = format.mint(chance);
    assert!(reads::<K>(format, secret.expose()), "what was minted is read");
    read_is_the_oracle(format, secret.expose());
    assert!(secret.expose().ends_with(secret.last_four()) && secret.last_four().len() == 4);
    for damaged in damages(secret.expose(), damage) {
        assert!(!reads::<K>(format, &damaged), "a damaged secret is refused");
        read_is_the_oracle(format, &damaged);
    }
}

fn minted_key(format: &Format, chance: [u8; 32], damage: (u8, u8)) {
    let Ok(id) = format!("{}0{}", ApiKeyId::PREFIX, "k".repeat(25)).parse::<ApiKeyId>() else { return };
    for mode in [Mode::Live, Mode::Test] {
        let key = format.api_key(mode, &id, chance);
        assert!(key.expose().starts_with(&format.key_prefix(mode)));
        read_is_the_oracle(format, key.expose());
        assert!(is_key(key.expose()), "what was minted is read");
        for damaged in damages(key.expose(), damage) {
            assert!(format.read_bearer(&damaged).is_err(), "a damaged key is refused");
        }
    }
}

/// One character changed, dropped, doubled, put before or after; and the case of one letter.
fn damages(text: &str, (place, other): (u8, u8)) -> Vec<String> {
    let place = usize::from(place) % text.len();
    let (before, after) = text.split_at(place);
    let (old, after) = after.split_at(1);
    let other = char::from(other);
    let swapped =
        if old == old.to_ascii_uppercase() { old.to_ascii_lowercase() } else { old.to_ascii_uppercase() };
    let all = [
        format!("{before}{other}{after}"),
        format!("{before}{swapped}{after}"),
        format!("{before}{after}"),
        format!("{text}{other}"),
        format!("{other}{text}"),
    ];
    all.into_iter().filter(|damaged| damaged != text).collect()
}

/// CRC-32 of ISO 3309, one bit at a time, as six base62 digits.
fn checksum(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    let mut number = !crc;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[number as usize % 62];
        number /= 62;
    }
    digits.iter().copied().map(char::from).collect()
}
