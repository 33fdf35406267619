//! Redirect URIs: what may be registered, and that a browser is sent to nothing else.
//!
//! An input is one line for the URI of a request and one for each registered one. Matching has an exact oracle;
//! so has registration, save for international names ([`oracle::Verdict::Undecided`]).

mod oracle;

use rules::client_auth::ClientType;
use rules::redirect_uri::{Destination, Difference, RedirectUri, closest};

use self::oracle::Verdict;
use super::pairs;

/// Checks both sides for both types of client.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let mut lines = text.split('\n');
    let received = lines.next().unwrap_or_default();
    let registered: Vec<_> = lines.take(8).map(str::to_owned).collect();
    for client in [ClientType::Confidential, ClientType::Public] {
        registration_is_the_oracle(received, client);
        for uri in &registered {
            registration_is_the_oracle(uri, client);
            matching_is_the_oracle(received, uri, client);
            matching_is_the_oracle(&with_port(uri, received.len()), uri, client);
            matching_is_the_oracle(uri, uri, client);
        }
        proof_is_one_match(received, &registered, client);
    }
    closest_is_an_explanation(received, &registered);
}

/// Whether this URI of a request may be redirected to, if only this one is registered.
pub(super) fn may_be_sent_to(received: &str, registered: &str, client: ClientType) -> bool {
    RedirectUri::register(registered, client).is_ok() && oracle::is_same(received, registered, client)
}

fn registration_is_the_oracle(text: &str, client: ClientType) {
    let taken = RedirectUri::register(text, client);
    match oracle::may_be_registered(text, client) {
        Verdict::Yes => assert!(taken.is_ok(), "{text:?} was refused: {:?}", taken.err()),
        Verdict::No(rule) => assert!(taken.is_err(), "{text:?} was taken in spite of {rule}"),
        Verdict::Undecided => {}
    }
    if let Ok(uri) = taken {
        assert_eq!(uri.as_str(), text, "nothing is trimmed or repaired");
        assert!(uri.matches(text));
    }
}

fn matching_is_the_oracle(received: &str, registered: &str, client: ClientType) {
    let one = [registered.to_owned()];
    let proven = Destination::prove(received, &one, client);
    assert_eq!(proven.is_some(), may_be_sent_to(received, registered, client), "{received:?} {registered:?}");
    if let Some(destination) = proven {
        laws_of_a_destination(&destination, received);
    }
}

fn proof_is_one_match(received: &str, registered: &[String], client: ClientType) {
    let proven = Destination::prove(received, registered, client).is_some();
    let matches = registered.iter().filter(|uri| may_be_sent_to(received, uri, client)).count();
    assert_eq!(proven, matches > 0, "{received:?} {registered:?}");
}

fn laws_of_a_destination(destination: &Destination, received: &str) {
    assert_eq!(destination.as_str(), received, "a browser goes where the request said, to the byte");
    assert_eq!(destination.with(&[]), received);
    let answer = [("code", "a b&c=d#e\r\n"), ("state", received), ("iss", "https://id.example")];
    let location = destination.with(&answer);
    assert!(location.starts_with(received));
    assert!(location.bytes().all(|byte| byte.is_ascii_graphic()), "nothing ends the header");
    let (_, query) = location.split_once('?').unwrap_or_default();
    let read = pairs::read(query.as_bytes());
    for (name, value) in answer {
        assert_eq!(pairs::only(&read, name), Some(value), "each parameter of the answer is there once");
    }
    assert!(!destination.host_for_display().is_empty());
    let source = destination.form_action_source();
    assert!(!source.contains([' ', ';', ',', '\'', '"', '*', '@']), "one source of a policy: {source}");
}

fn closest_is_an_explanation(received: &str, registered: &[String]) {
    let equal = registered.iter().any(|uri| uri == received);
    match closest(registered, received) {
        None => assert!(equal || registered.is_empty()),
        Some((uri, difference)) => {
            assert!(!equal && registered.iter().any(|known| known == uri));
            assert_eq!(Difference::between(uri, received), Some(difference));
        }
    }
}

/// The URI with another port, put where a port would stand.
fn with_port(uri: &str, number: usize) -> String {
    let start = uri.find("://").map_or(0, |colon| colon + 3);
    let (scheme, rest) = uri.split_at(start);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let bracket = authority.rfind(']').map_or(0, |place| place + 1);
    let host_end = authority[bracket..].find(':').map_or(authority.len(), |colon| bracket + colon);
    format!("{scheme}{}:{}{path}", &authority[..host_end], number * 97)
}
