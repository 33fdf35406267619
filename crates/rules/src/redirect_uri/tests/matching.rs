//! What equals a registered URI: tables of hostile strings and a slow oracle.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::*;
use super::{CONFIDENTIAL, PUBLIC, register, violation};

/// What must never match `https://app.example/cb`.
const NOT_THE_APP: &[&str] = &[
    // Case.
    "HTTPS://app.example/cb",
    "https://App.example/cb",
    "https://APP.EXAMPLE/cb",
    "https://app.example/CB",
    "https://app.example/Cb",
    // Slashes, dots and their escapes.
    "https://app.example/cb/",
    "https://app.example//cb",
    "https://app.example/cb//",
    "https:/app.example/cb",
    "https:///app.example/cb",
    "https:app.example/cb",
    "https://app.example/./cb",
    "https://app.example/cb/.",
    "https://app.example/cb/..",
    "https://app.example/x/../cb",
    "https://app.example/cb/../../evil",
    "https://app.example/cb/..;/evil",
    "https://app.example/cb;/../evil",
    "https://app.example/%2e/cb",
    "https://app.example/cb/%2e%2e/evil",
    "https://app.example/cb%2f..%2fevil",
    "https://app.example/cb%252f..%252fevil",
    "https://app.example/cb%5c..%5cevil",
    "https://app.example/cb\\..\\evil",
    "https://app.example\\cb",
    "https:\\\\app.example\\cb",
    "https://app.example/%63b",
    "https://app.example/cb%00",
    "https://app.example/cb%20",
    "https://app.example%2fcb",
    // More and less of it.
    "https://app.example",
    "https://app.example/",
    "https://app.example/c",
    "https://app.example/cb/extra",
    "https://app.example/cb.evil",
    "https://app.example/cbx",
    "https://app.example/evil/cb",
    "",
    // Other hosts.
    "https://app.example.evil.example/cb",
    "https://evil.example/app.example/cb",
    "https://app.example.evil/cb",
    "https://appaexample/cb",
    "https://xapp.example/cb",
    "https://sub.app.example/cb",
    "https://app.example./cb",
    "https://.app.example/cb",
    "https://app.example%00.evil.example/cb",
    "https://app.example%2eevil.example/cb",
    "https://evil.example#app.example/cb",
    "https://evil.example?app.example/cb",
    "https://evil.example\\app.example/cb",
    "https://xn--app-.example/cb",
    "https://app\u{ff0e}example/cb",
    "https://app。example/cb",
    "https://аpp.example/cb",
    // User information.
    "https://app.example@evil.example/cb",
    "https://app.example:443@evil.example/cb",
    "https://app.example%40evil.example/cb",
    "https://evil.example@app.example/cb",
    "https://a:b@app.example/cb",
    "https://@app.example/cb",
    "https://:@app.example/cb",
    // Ports.
    "https://app.example:443/cb",
    "https://app.example:8443/cb",
    "https://app.example:/cb",
    "https://app.example:0443/cb",
    "https://app.example:80:443/cb",
    // Schemes.
    "http://app.example/cb",
    "//app.example/cb",
    "app.example/cb",
    "httpss://app.example/cb",
    "javascript://app.example/cb",
    "javascript:alert(1)//https://app.example/cb",
    "data:text/html,https://app.example/cb",
    "view-source:https://app.example/cb",
    "blob:https://app.example/cb",
    // Query and fragment.
    "https://app.example/cb?",
    "https://app.example/cb?a=b",
    "https://app.example/cb&a=b",
    "https://app.example/cb#",
    "https://app.example/cb#a",
    "https://app.example/cb?#",
    // White space and control characters.
    " https://app.example/cb",
    "https://app.example/cb ",
    "\thttps://app.example/cb",
    "https://app.example/cb\n",
    "https://app.example/cb\r\nSet-Cookie: a=b",
    "ht\ntps://app.example/cb",
    "https://app.exa\tmple/cb",
    "https://app.example/cb\0",
    "https://app.example/cb\u{202e}",
];

/// What must never match `http://127.0.0.1/cb`, free as its port is.
const NOT_LOOPBACK: &[&str] = &[
    "http://127.0.0.1.evil.example/cb",
    "http://127.0.0.1.evil.example:49152/cb",
    "http://127.0.0.1:80@evil.example/cb",
    "http://127.0.0.1:@evil.example/cb",
    "http://127.0.0.1:49152@evil.example:80/cb",
    "http://a@127.0.0.1:49152/cb",
    "http://localhost:80@evil.example/cb",
    "http://localhost.evil.example/cb",
    "http://localhost/cb",
    "http://localhost:49152/cb",
    "http://[::1]/cb",
    "http://[::1]:49152/cb",
    "http://[::ffff:127.0.0.1]:49152/cb",
    "http://127.1/cb",
    "http://127.1:49152/cb",
    "http://127.0.0.2/cb",
    "http://127.000.000.001/cb",
    "http://0x7f.0.0.1/cb",
    "http://2130706433/cb",
    "http://0/cb",
    "http://0.0.0.0:49152/cb",
    "http://127.0.0.1.:49152/cb",
    "https://127.0.0.1:49152/cb",
    "HTTP://127.0.0.1:49152/cb",
    "http://127.0.0.1:/cb",
    "http://127.0.0.1:0/cb",
    "http://127.0.0.1:00/cb",
    "http://127.0.0.1:080/cb",
    "http://127.0.0.1:+80/cb",
    "http://127.0.0.1:-1/cb",
    "http://127.0.0.1: 80/cb",
    "http://127.0.0.1:80 /cb",
    "http://127.0.0.1:8o/cb",
    "http://127.0.0.1:65536/cb",
    "http://127.0.0.1:4294967376/cb",
    "http://127.0.0.1:٨٠/cb",
    "http://127.0.0.1:80:80/cb",
    "http://127.0.0.1::80/cb",
    "http://127.0.0.1:80/cb/",
    "http://127.0.0.1:80/CB",
    "http://127.0.0.1:80/cb?a=b",
    "http://127.0.0.1:80/cb#",
    "http://127.0.0.1:80//cb",
    "http://127.0.0.1:80\\cb",
    "http://127.0.0.1:80",
    "http://127.0.0.1:80/",
    "http://127.0.0.1:80?/cb",
];

/// What must never match `https://foo.example.com`: its dots are dots, and an empty path is not `/`.
const NOT_THE_BARE_HOST: &[&str] = &[
    "https://fooaexample.com",
    "https://foo.exampleacom",
    "https://foo-example.com",
    "https://foo.example.com/",
    "https://foo.example.com//",
    "https://foo.example.com?",
    "https://foo.example.com#",
    "https://foo.example.com/cb",
    "https://foo.example.com:443",
    "https://foo.example.com:8443",
    "https://foo.example.com.",
    "https://foo.example.com.evil.example",
    "https://foo.example.com@evil.example",
    "https://foo.example.com\\@evil.example",
    "https://foo.example.com/../evil",
    "https://foo.example.com%2f",
    "https://foo.example.comx",
    "https://xfoo.example.com",
    "https://*.example.com",
    "https://FOO.example.com",
    "https:foo.example.com",
    "http://foo.example.com",
    ".*",
    "^https://foo.example.com$",
    "*",
];

/// What must never match `com.example.app:/cb`, the scheme of an installed app.
const NOT_THE_NATIVE_APP: &[&str] = &[
    "COM.EXAMPLE.APP:/cb",
    "com.example.App:/cb",
    "com.example.app:/CB",
    "com.example.app:cb",
    "com.example.app://cb",
    "com.example.app:///cb",
    "com.example.app:/cb/",
    "com.example.app:/cb/extra",
    "com.example.app:/",
    "com.example.app:",
    "com.example.app",
    "com.example.app:/./cb",
    "com.example.app:/x/../cb",
    "com.example.app:/%63b",
    "com.example.app:/cb%00",
    "com.example.app:\\cb",
    "com.example.app%3a/cb",
    "com.example.app://evil.example/cb",
    "com.example.app://127.0.0.1/cb",
    "com.example.app://:80/cb",
    "com.example.app://a@/cb",
    "com.example.app:/cb:80",
    "com.example.app:/cb?a=b",
    "com.example.app:/cb?",
    "com.example.app:/cb#",
    "com.example.app:/cb#a",
    "com.example.app.evil:/cb",
    "com.example.appx:/cb",
    "comxexample.app:/cb",
    "com.example:/cb",
    "evil.com.example.app:/cb",
    "com.ex\u{430}mple.app:/cb",
    "app:/cb",
    "myapp:/cb",
    "https://com.example.app/cb",
    "http://com.example.app/cb",
    "intent:/cb",
    "intent://cb#Intent;scheme=com.example.app;end",
    "javascript:alert(1)//com.example.app:/cb",
    " com.example.app:/cb",
    "com.example.app:/cb ",
    "com.example.app:/cb\n",
    "com.example.app:/cb\0",
];

/// What must never match `https://shop.example/cb?a=1&b=2`.
const NOT_THE_QUERY: &[&str] = &[
    "https://shop.example/cb",
    "https://shop.example/cb?",
    "https://shop.example/cb?a=1",
    "https://shop.example/cb?b=2",
    "https://shop.example/cb?b=2&a=1",
    "https://shop.example/cb?a=1&b=3",
    "https://shop.example/cb?a=1&b=2&",
    "https://shop.example/cb?a=1&b=2&c=3",
    "https://shop.example/cb?a=1&b=2&code=x",
    "https://shop.example/cb?a=1&b=2#",
    "https://shop.example/cb?a=1&amp;b=2",
    "https://shop.example/cb?a=1;b=2",
    "https://shop.example/cb?a=%31&b=2",
    "https://shop.example/cb?A=1&b=2",
    "https://shop.example/cb?a=1&&b=2",
    "https://shop.example/cb??a=1&b=2",
    "https://shop.example/cb%3Fa=1&b=2",
    "https://shop.example/cb/?a=1&b=2",
];

/// Each table beside what its strings are near to.
const NEAR_MISSES: [(&str, &[&str]); 5] = [
    ("https://app.example/cb", NOT_THE_APP),
    ("https://foo.example.com", NOT_THE_BARE_HOST),
    ("https://shop.example/cb?a=1&b=2", NOT_THE_QUERY),
    ("http://127.0.0.1/cb", NOT_LOOPBACK),
    ("com.example.app:/cb", NOT_THE_NATIVE_APP),
];

fn hostile() -> BTreeSet<&'static str> {
    NEAR_MISSES.iter().flat_map(|(_, table)| table.iter().copied()).collect()
}

#[test]
fn of_two_hundred_hostile_strings_none_is_proven_for_a_client_of_either_type() {
    assert!(hostile().len() >= 200, "the tables have shrunk to {}", hostile().len());
    for client in [CONFIDENTIAL, PUBLIC] {
        // One client with all of these, so that each string is also held against what it is not near to.
        let registered = NEAR_MISSES.map(|(uri, _)| uri.to_owned());
        for received in hostile() {
            assert_eq!(Destination::prove(received, &registered, client), None, "{received:?}");
        }
        for uri in registered.iter().filter(|uri| violation(uri, client).is_none()) {
            assert!(Destination::prove(uri, &registered, client).is_some(), "{uri}");
        }
    }
}

#[test]
fn what_a_browser_would_take_for_a_registered_uri_cannot_be_registered_beside_it() {
    let mut twins = 0;
    for (uri, table) in NEAR_MISSES {
        let is_twin = |other: &&&str| Url::parse(other).is_ok_and(|url| url.as_str() == uri);
        for twin in table.iter().filter(is_twin) {
            assert!(violation(twin, PUBLIC).is_some(), "{twin:?}");
            twins += 1;
        }
    }
    assert!(twins >= 30, "{twins}");
}

#[test]
fn a_loopback_address_is_free_in_its_port_and_in_nothing_else() {
    for client in [CONFIDENTIAL, PUBLIC] {
        for registered in ["http://127.0.0.1/cb", "http://127.0.0.1:3000/cb"] {
            let registered = register(registered, client);
            for port in ["", ":1", ":80", ":3000", ":49152", ":65535"] {
                assert!(registered.matches(&format!("http://127.0.0.1{port}/cb")), "{port}");
            }
            for received in NOT_LOOPBACK {
                assert!(!registered.matches(received), "{received:?}");
            }
        }
        assert!(register("http://[::1]/cb", client).matches("http://[::1]:49152/cb"));
        assert!(!register("http://[::1]/cb", client).matches("http://127.0.0.1:49152/cb"));
    }
}

#[test]
fn localhost_has_a_free_port_for_public_clients_alone() {
    let free = register("http://localhost:3000/cb", PUBLIC);
    assert!(free.matches("http://localhost:49152/cb") && free.matches("http://localhost/cb"));
    let exact = register("http://localhost:3000/cb", CONFIDENTIAL);
    assert!(exact.matches("http://localhost:3000/cb"));
    assert!(!exact.matches("http://localhost:49152/cb") && !exact.matches("http://localhost/cb"));
}

#[test]
fn https_on_loopback_is_a_web_address_like_any_other() {
    assert!(!register("https://127.0.0.1/cb", PUBLIC).matches("https://127.0.0.1:49152/cb"));
    assert!(!register("https://localhost/cb", PUBLIC).matches("https://localhost:49152/cb"));
}

/// The rule in other words, and slow: a loopback URI matches when some port, written after the host, makes it so.
fn oracle(registered: &str, received: &str, client: ClientType) -> bool {
    let free = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
    let mut free = free.into_iter().take(if client == PUBLIC { 3 } else { 2 });
    let place = free.find(|origin| {
        registered
            .strip_prefix(origin)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
    });
    let Some(place) = place else {
        return registered == received;
    };
    let rest = &registered[place.len()..];
    let rest =
        rest.strip_prefix(':').map_or(rest, |rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    let ports = (1..=65535).map(|port| format!(":{port}"));
    let middle = received.strip_prefix(place).and_then(|middle| middle.strip_suffix(rest));
    middle.is_some_and(|middle| middle.is_empty() || ports.into_iter().any(|port| port == middle))
}

/// Two URIs, most often at the same place.
fn two_uris() -> impl Strategy<Value = (String, String)> {
    let place = || {
        let own = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
        prop::sample::select(
            [&own[..], &["https://localhost", "https://app.example", "http://127.0.0.10"]].concat(),
        )
    };
    let port =
        || prop::sample::select(vec!["", ":1", ":80", ":3000", ":65535", ":65536", ":", ":01", ":8@x", "0"]);
    let rest =
        || prop::sample::select(vec!["", "/", "/cb", "/cb/", "/cb?a=b", "?a=b", "/cb#", ":80/cb", "/:80/cb"]);
    let other_place = prop::option::weighted(0.2, place());
    let other_rest = prop::option::weighted(0.3, rest());
    (place(), port(), rest(), other_place, port(), other_rest).prop_map(
        |(place, port, rest, place2, port2, rest2)| {
            let other = format!("{}{port2}{}", place2.unwrap_or(place), rest2.unwrap_or(rest));
            (format!("{place}{port}{rest}"), other)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn matching_agrees_with_the_slow_oracle((registered, received) in two_uris(), public in any::<bool>()) {
        let client = if public { PUBLIC } else { CONFIDENTIAL };
        if let Ok(uri) = RedirectUri::register(&registered, client) {
            prop_assert_eq!(uri.matches(&received), oracle(&registered, &received, client));
        }
    }
}
