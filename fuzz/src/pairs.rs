//! The oracle of forms: `application/x-www-form-urlencoded` read by hand, byte by byte.

/// One pair, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: Vec<u8>,
    pub(super) value: Vec<u8>,
}

/// All pairs, in their order. Knows no limit.
pub(super) fn read(encoded: &[u8]) -> Vec<Pair> {
    let pieces = encoded.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty());
    pieces.map(read_pair).collect()
}

/// The one value of a name: there once, not empty, and UTF-8.
pub(super) fn only<'p>(pairs: &'p [Pair], name: &str) -> Option<&'p str> {
    let mut named = pairs.iter().filter(|pair| pair.name == name.as_bytes());
    match (named.next(), named.next()) {
        (Some(pair), None) if !pair.value.is_empty() => std::str::from_utf8(&pair.value).ok(),
        _ => None,
    }
}

/// How often a name was sent.
pub(super) fn count(pairs: &[Pair], name: &str) -> usize {
    pairs.iter().filter(|pair| pair.name == name.as_bytes()).count()
}

/// The same pairs from the last to the first, still encoded.
pub(super) fn reversed(encoded: &[u8]) -> Vec<u8> {
    let mut pieces: Vec<_> = encoded.split(|byte| *byte == b'&').collect();
    pieces.reverse();
    pieces.join(&b'&')
}

/// `%41` is A, `+` a space; a `%` that no two digits follow is itself.
pub(super) fn decode(encoded: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::new();
    let mut rest = encoded;
    while let [first, after @ ..] = rest {
        rest = after;
        match (first, after) {
            (b'+', _) => decoded.push(b' '),
            (b'%', [high, low, beyond @ ..]) if digit(*high).is_some() && digit(*low).is_some() => {
                decoded.push(digit(*high).unwrap_or(0) * 16 + digit(*low).unwrap_or(0));
                rest = beyond;
            }
            (byte, _) => decoded.push(*byte),
        }
    }
    decoded
}

/// Every byte escaped but letters and digits.
pub(super) fn encode(text: &[u8]) -> String {
    let escaped = |byte: &u8| match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.iter().map(escaped).collect()
}

fn read_pair(piece: &[u8]) -> Pair {
    let equals = piece.iter().position(|byte| *byte == b'=').unwrap_or(piece.len());
    let (name, value) = piece.split_at(equals);
    Pair { name: decode(name), value: decode(value.get(1..).unwrap_or_default()) }
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
