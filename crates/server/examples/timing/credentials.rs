//! Wrong credentials in the right shape, with a checksum that fits: anybody can make them.

use super::welch::{Dice, Side};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Of the secret, without its checksum.
const LENGTH: usize = 43;
const CHECKSUM: usize = 6;

/// A guess whose first half is right ([`Side::First`]) or wrong from the first digit on ([`Side::Second`]); its second
/// half is another one each time. The wrong half has small letters, capitals and digits where the right one has them:
/// reading a text may take longer for one kind of character than for another, and tells nothing but the text.
pub(crate) fn guess(truth: &str, side: Side, dice: &mut Dice) -> String {
    let secret_start = truth.len().saturating_sub(LENGTH + CHECKSUM);
    let middle = secret_start + LENGTH / 2;
    let body = truth.len().saturating_sub(CHECKSUM);
    let guessed = truth.chars().take(body).enumerate().map(|(place, c)| match side {
        _ if place >= middle => pick(DIGITS, dice),
        Side::Second if place >= secret_start => neighbour(c),
        _ => c,
    });
    with_checksum(guessed.collect())
}

/// The next character of the same kind.
fn neighbour(c: char) -> char {
    match c {
        '9' => '0',
        'Z' => 'A',
        'z' => 'a',
        _ => u8::try_from(c).map_or(c, |byte| char::from(byte + 1)),
    }
}

/// A credential whose checksum has one wrong digit, the last or the first.
pub(crate) fn with_wrong_checksum(truth: &str, side: Side, dice: &mut Dice) -> String {
    let wrong = if side == Side::First { truth.len() - 1 } else { truth.len().saturating_sub(CHECKSUM) };
    let change = |(place, c)| if place == wrong { another_than(c, dice) } else { c };
    truth.chars().enumerate().map(change).collect()
}

/// A client id that nobody has.
pub(crate) fn unknown_client(dice: &mut Dice) -> String {
    let digits: String = (0..25).map(|_| pick(CROCKFORD, dice)).collect();
    format!("app0{digits}")
}

fn another_than(c: char, dice: &mut Dice) -> char {
    loop {
        let other = pick(DIGITS, dice);
        if other != c {
            return other;
        }
    }
}

fn pick(alphabet: &[u8], dice: &mut Dice) -> char {
    alphabet.get(dice.below(alphabet.len())).copied().map_or('0', char::from)
}

fn with_checksum(body: String) -> String {
    let mut number = crc32(body.as_bytes());
    let mut digits = ['0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS.get(number as usize % 62).copied().map_or('0', char::from);
        number /= 62;
    }
    body + &digits.iter().collect::<String>()
}

fn crc32(bytes: &[u8]) -> u32 {
    let fold = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
    !bytes.iter().fold(u32::MAX, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), fold))
}
