use proptest::prelude::*;

use super::*;

mod matching;
mod registration;

const CONFIDENTIAL: ClientType = ClientType::Confidential;
const PUBLIC: ClientType = ClientType::Public;

fn register(text: &str, client: ClientType) -> RedirectUri {
    RedirectUri::register(text, client).unwrap_or_else(|violation| panic!("{text}: {violation}"))
}

fn violation(text: &str, client: ClientType) -> Option<Violation> {
    RedirectUri::register(text, client).err()
}

fn destination(text: &str) -> Destination {
    Destination::prove(text, &[text.to_owned()], PUBLIC).unwrap_or_else(|| panic!("{text}"))
}

#[test]
fn a_destination_is_only_ever_a_registered_uri() {
    let registered = ["https://app.example/cb".to_owned(), "http://127.0.0.1/cb".to_owned()];
    let prove = |received| Destination::prove(received, &registered, CONFIDENTIAL);
    assert_eq!(prove("https://app.example/cb").unwrap().as_str(), "https://app.example/cb");
    assert_eq!(prove("http://127.0.0.1:49152/cb").unwrap().as_str(), "http://127.0.0.1:49152/cb");
    assert_eq!(prove("https://app.example/cb/"), None);
    assert_eq!(Destination::prove("https://app.example/cb", &[], PUBLIC), None);
}

#[test]
fn a_stored_uri_that_breaks_the_rules_proves_nothing() {
    for uri in ["javascript:alert(1)", "http://app.example/cb", "https://app.example/cb#"] {
        assert_eq!(Destination::prove(uri, &[uri.to_owned()], PUBLIC), None, "{uri}");
    }
    // The application was public once and is confidential now.
    let uri = "com.example.app:/cb".to_owned();
    assert!(Destination::prove(&uri, std::slice::from_ref(&uri), PUBLIC).is_some());
    assert_eq!(Destination::prove(&uri, std::slice::from_ref(&uri), CONFIDENTIAL), None);
}

#[test]
fn a_scheme_that_runs_or_opens_something_is_neither_registered_nor_ever_sent_to() {
    let mut tried = 0;
    for scheme in DANGEROUS {
        let shouted = scheme.to_ascii_uppercase();
        for start in [scheme, &shouted] {
            for rest in
                [":x", ":/cb", "://app.example/cb", "://%0aalert(1)", ":alert(1)//https://app.example/cb"]
            {
                let uri = format!("{start}{rest}");
                assert_eq!(
                    violation(&uri, PUBLIC),
                    Some(Violation::DangerousScheme(scheme.to_owned())),
                    "{uri}"
                );
                assert!(violation(&uri, CONFIDENTIAL).is_some(), "{uri}");
                // As if it had got into the database all the same.
                assert_eq!(Destination::prove(&uri, std::slice::from_ref(&uri), PUBLIC), None, "{uri}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 100);
    for hidden in ["\tjavascript:x", "java\nscript:x", " javascript:x", "javascript\0:x", "\u{1}javascript:x"]
    {
        assert!(violation(hidden, PUBLIC).is_some(), "{hidden:?}");
        assert_eq!(Destination::prove(hidden, &[hidden.to_owned()], PUBLIC), None, "{hidden:?}");
    }
}

#[test]
fn people_see_the_host_and_browsers_get_the_origin() {
    for (uri, host, source) in [
        ("https://app.example/cb?a=b", "app.example", "https://app.example"),
        ("https://app.example:8443", "app.example:8443", "https://app.example:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example", "https://xn--bcher-kva.example"),
        ("http://127.0.0.1:49152/cb", "127.0.0.1:49152", "http://127.0.0.1:49152"),
        ("http://[::1]:49152/cb", "[::1]:49152", "http:"),
        ("com.example.app:/cb", "com.example.app", "com.example.app:"),
        ("com.example.app://host;x/cb", "com.example.app", "com.example.app:"),
    ] {
        assert_eq!(destination(uri).host_for_display(), host);
        assert_eq!(destination(uri).form_action_source(), source);
    }
}

#[test]
fn an_answer_is_appended_to_the_query_that_is_there() {
    for (uri, location) in [
        ("https://app.example/cb", "https://app.example/cb?code=x&state=y"),
        ("https://app.example", "https://app.example?code=x&state=y"),
        ("https://app.example/cb?", "https://app.example/cb?code=x&state=y"),
        ("https://app.example/cb?a=b", "https://app.example/cb?a=b&code=x&state=y"),
        ("https://app.example/cb?a=b&", "https://app.example/cb?a=b&code=x&state=y"),
        ("com.example.app:/cb", "com.example.app:/cb?code=x&state=y"),
    ] {
        assert_eq!(destination(uri).with(&[("code", "x"), ("state", "y")]), location);
        assert_eq!(destination(uri).with(&[]), uri);
    }
    assert_eq!(
        destination("https://app.example/cb").with(&[("state", "a b+c&d=é\r\nSet-Cookie: e#f%20")]),
        "https://app.example/cb?state=a%20b%2Bc%26d%3D%C3%A9%0D%0ASet-Cookie%3A%20e%23f%2520"
    );
}

proptest! {
    #[test]
    fn a_location_is_printable_ascii_and_reads_back(value in any::<String>(), query in "(\\?([a-d]=[0-9]?&?){0,3})?") {
        let uri = format!("https://app.example/cb{query}");
        let location = destination(&uri).with(&[("state", &value)]);
        prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
        let read: Vec<_> = Url::parse(&location).unwrap().query_pairs().into_owned().collect();
        prop_assert_eq!(read.last(), Some(&("state".to_owned(), value)));
        prop_assert_eq!(read.len(), Url::parse(&uri).unwrap().query_pairs().count() + 1);
    }
}
