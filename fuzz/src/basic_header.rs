//! Client authentication: header, `client_id` and `client_secret` as they came, and every way to read them.
//!
//! An input is up to three lines: the `Authorization` header, `client_id`, `client_secret`; an empty line was not
//! sent.

use rules::client_auth::{ClientAuthError, ClientType, Method, Presented, Proof, present, tried_basic};

use super::expand::expand;
use super::pairs::{decode, encode};

type Reading = (String, Option<String>);

/// Checks what the lines say, and that an id and a secret survive being sent in each of the usual ways.
pub fn check(input: &[u8]) {
    let input = expand(input);
    let Ok(text) = std::str::from_utf8(&input) else { return };
    let mut lines = text.split('\n').map(|line| (!line.is_empty()).then_some(line));
    let mut line = || lines.next().flatten();
    let (header, id, secret) = (line(), line(), line());
    let presented = present(header, id, secret);
    assert_eq!(tried_basic(header), header.is_some_and(|header| credentials(header).is_some()));
    match (&presented, expected(header, id, secret)) {
        (Ok(presented), Ok(readings)) => {
            assert_eq!(read(presented), readings);
            laws_of(presented, (header, id, secret));
        }
        (Err(error), Err(expected)) => assert_eq!(*error, expected),
        (Ok(_), Err(expected)) => unreachable!("read in spite of {expected}"),
        (Err(error), Ok(_)) => unreachable!("refused: {error}"),
    }
    if let (Some(id), Some(secret)) = (id, secret) {
        sent_in_each_way(id, secret);
    }
}

fn laws_of(presented: &Presented, (header, id, secret): (Option<&str>, Option<&str>, Option<&str>)) {
    assert!((1..=2).contains(&presented.candidates().len()));
    assert_eq!(presented.used_basic(), header.is_some());
    let readings = read(presented);
    let with_secret = readings.iter().any(|(_, secret)| secret.is_some());
    let method = if header.is_some() { Method::Basic } else { Method::Post };
    assert_eq!(presented.method(), if with_secret { method } else { Method::None });
    for (reading, own) in &readings {
        assert!(!reading.is_empty() && own.as_deref() != Some(""));
        assert!(id.is_none_or(|id| id == reading), "the body never contradicts what is believed");
        assert!(secret.is_none() || secret == own.as_deref());
    }
}

/// The readings, seen through what a client of each type would have to prove.
fn read(presented: &Presented) -> Vec<Reading> {
    let mut readings = Vec::new();
    for candidate in presented.candidates() {
        let secret = match candidate.proof(ClientType::Confidential) {
            Ok(Proof::Secret(secret)) => Some(secret.to_owned()),
            Ok(Proof::Nothing) => unreachable!("a confidential client got away with nothing"),
            Err(error) => {
                assert_eq!(error, ClientAuthError::SecretMissing);
                None
            }
        };
        match candidate.proof(ClientType::Public) {
            Ok(_) => assert!(secret.is_none(), "a public client has no secret"),
            Err(error) => assert!(secret.is_some() && error == ClientAuthError::SecretUnexpected),
        }
        readings.push((candidate.client_id().to_owned(), secret));
    }
    readings
}

/// The oracle: the readings that contradict nothing, likeliest first.
fn expected(
    header: Option<&str>,
    id: Option<&str>,
    secret: Option<&str>,
) -> Result<Vec<Reading>, ClientAuthError> {
    let Some(header) = header else {
        let id = id.ok_or(ClientAuthError::Missing)?;
        return Ok(vec![(id.to_owned(), secret.map(str::to_owned))]);
    };
    let credentials = credentials(header).ok_or(ClientAuthError::OtherScheme)?;
    let mut readings = readings(credentials).ok_or(ClientAuthError::Malformed)?;
    readings.retain(|(reading, _)| id.is_none_or(|id| id == reading));
    if readings.is_empty() {
        return Err(ClientAuthError::TwoClients);
    }
    readings.retain(|(_, own)| secret.is_none() || secret == own.as_deref());
    if readings.is_empty() { Err(ClientAuthError::TwoSecrets) } else { Ok(readings) }
}

/// What stands after `Basic`, in any case, and white space.
fn credentials(header: &str) -> Option<&str> {
    let header = header.trim();
    let end = header.find([' ', '\t']).unwrap_or(header.len());
    let (scheme, rest) = header.split_at(end);
    scheme.eq_ignore_ascii_case("basic").then_some(rest.trim())
}

/// Form-decoded (RFC 6749 section 2.3.1) and as it stands; one of them where they agree.
fn readings(credentials: &str) -> Option<Vec<Reading>> {
    let pair = if credentials.contains(':') { credentials.as_bytes().to_vec() } else { base64(credentials)? };
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let (id, secret) = (&pair[..colon], &pair[colon + 1..]);
    let mut readings = Vec::new();
    for (id, secret) in [(decode(id), decode(secret)), (id.to_vec(), secret.to_vec())] {
        let (Ok(id), Ok(secret)) = (String::from_utf8(id), String::from_utf8(secret)) else { continue };
        let reading = (id, Some(secret).filter(|secret| !secret.is_empty()));
        if !reading.0.is_empty() && !readings.contains(&reading) {
            readings.push(reading);
        }
    }
    (!readings.is_empty()).then_some(readings)
}

/// RFC 4648 section 4 by hand. Padding may be missing, but nothing stands behind it, and no bit is left over.
fn base64(text: &str) -> Option<Vec<u8>> {
    let symbols = text.trim_end_matches('=');
    let padding = text.len() - symbols.len();
    let spare = symbols.len() % 4;
    if spare == 1 || padding > if spare == 0 { 0 } else { 4 - spare } {
        return None;
    }
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
    for symbol in symbols.bytes() {
        held = (held << 6) | u32::from(sextet(symbol)?);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

fn sextet(symbol: u8) -> Option<u8> {
    let place = ALPHABET.iter().position(|known| *known == symbol)?;
    u8::try_from(place).ok()
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn print_base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for triple in bytes.chunks(3) {
        let held =
            triple.iter().fold(0u32, |held, byte| (held << 8) | u32::from(*byte)) << (8 * (3 - triple.len()));
        for place in 0..=triple.len() {
            text.push(char::from(ALPHABET[(held >> (18 - 6 * place)) as usize % 64]));
        }
    }
    text + ["", "==", "="][bytes.len() % 3]
}

/// RFC 6749's way, the common way, and our own page's: each must hold the pair among its readings.
fn sent_in_each_way(id: &str, secret: &str) {
    let of_the_rfc = format!("{}:{}", encode(id.as_bytes()), encode(secret.as_bytes()));
    assert!(has(&format!("Basic {}", print_base64(of_the_rfc.as_bytes())), id, secret));
    assert!(has(&format!("basic {of_the_rfc}"), id, secret));
    if id.contains(':') {
        return;
    }
    let plain = format!("{id}:{secret}");
    assert!(has(&format!("BASIC  {}", print_base64(plain.as_bytes()).trim_end_matches('=')), id, secret));
    if plain.trim() == plain {
        assert!(has(&format!("Basic {plain}"), id, secret));
    }
}

fn has(header: &str, id: &str, secret: &str) -> bool {
    let wanted = (id.to_owned(), Some(secret.to_owned()));
    present(Some(header), None, None).is_ok_and(|presented| read(&presented).contains(&wanted))
        && present(Some(header), Some(id), Some(secret)).is_ok()
}
