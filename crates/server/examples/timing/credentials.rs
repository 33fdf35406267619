//! Wrong credentials in the right shape, with a checksum that fits: anybody can make them.

use super::welch::{Dice, Side};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CROCKFORD: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Of the secret, without its checksum.
const LENGTH: usize = 43;
const CHECKSUM: usize = 6;

/// A credential that has half of the true secret: [`Side::First`] its beginning, [`Side::Second`] its end.
pub(crate) fn half_right(truth: &str, side: Side, dice: &mut Dice) -> String {
    let secret_start = truth.len().saturating_sub(LENGTH + CHECKSUM);
    let middle = secret_start + LENGTH / 2;
    let is_kept = |place: usize| place < secret_start || (place < middle) == (side == Side::First);
    let body = truth.len().saturating_sub(CHECKSUM);
    let guess = truth.chars().take(body).enumerate();
    let guess = guess.map(|(place, c)| if is_kept(place) { c } else { pick(DIGITS, dice) });
    with_checksum(guess.collect())
}

/// A credential whose checksum has one wrong digit, the first or the last.
pub(crate) fn with_wrong_checksum(truth: &str, side: Side, dice: &mut Dice) -> String {
    let wrong = if side == Side::First { truth.len().saturating_sub(CHECKSUM) } else { truth.len() - 1 };
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
