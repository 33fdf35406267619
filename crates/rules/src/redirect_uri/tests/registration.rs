//! What may be registered, rule by rule.

use proptest::prelude::*;

use super::super::*;
use super::{CONFIDENTIAL, PUBLIC, register, violation};

#[test]
fn ordinary_redirect_uris_can_be_registered() {
    for uri in [
        "https://app.example/cb",
        "https://app.example",
        "https://app.example/",
        "https://app.example?tenant=1",
        "https://app.example:8443/oauth/callback",
        "https://xn--bcher-kva.example/cb",
        "https://intranet/cb",
        "https://192.0.2.7/cb",
        "https://[2001:db8::1]:8443/cb",
        "https://app.example/cb?tenant=1&next=%2Fhome",
        "https://app.example/@me/cb;v=1",
        "https://oauth.pstmn.io/v1/callback",
        "https://n8n.example/rest/oauth2-credential/callback",
        "https://zapier.com/dashboard/auth/oauth/return/App1CLIAPI/",
        "http://127.0.0.1/cb",
        "http://127.0.0.1:8080",
        "http://[::1]:8080/cb",
        "http://localhost:3000/api/auth/callback/bluesonde",
    ] {
        for client in [CONFIDENTIAL, PUBLIC] {
            assert_eq!(register(uri, client).as_str(), uri);
            assert!(register(uri, client).matches(uri), "{uri}");
        }
    }
    for uri in
        ["com.example.app:/cb", "com.example.app://cb", "com.example.app:///cb", "com.example.my-app:/CB?a=b"]
    {
        assert!(register(uri, PUBLIC).matches(uri), "{uri}");
        assert_eq!(violation(uri, CONFIDENTIAL), Some(Violation::PrivateUseByConfidential), "{uri}");
    }
}

/// Both types of client are refused, a public one for this reason.
fn refuses(uri: &str, expected: Violation) {
    assert_eq!(violation(uri, PUBLIC), Some(expected), "{uri:?}");
    assert!(violation(uri, CONFIDENTIAL).is_some(), "{uri:?}");
}

#[test]
fn only_the_characters_of_a_uri_are_taken() {
    use Violation as V;
    for (uri, expected) in [
        ("", V::Empty),
        ("\tjavascript:alert(1)", V::ControlCharacter),
        ("java\nscript:alert(1)", V::ControlCharacter),
        ("https://app.example/cb\r\nx: y", V::ControlCharacter),
        ("https://app.example/\0", V::ControlCharacter),
        ("https://bücher.example/cb", V::NotAscii),
        ("https://app\u{ff0e}example/cb", V::NotAscii),
        ("https://*.app.example/cb", V::Wildcard),
        ("https://app.example/*", V::Wildcard),
        ("https://app.example/{tenant}/cb", V::Wildcard),
        (" https://app.example/cb", V::Character(' ')),
        ("https://app.example/cb https://b.example", V::Character(' ')),
        ("https://app.example\\cb", V::Character('\\')),
        ("^https://app.example/cb$", V::Character('^')),
        ("https://app.example/cb?x[]=1", V::Character('[')),
        ("https://app.example/\"><script>", V::Character('"')),
        ("https://app.example/%", V::Percent),
        ("https://app.example/%4", V::Percent),
        ("https://app.example/%zz", V::Percent),
    ] {
        refuses(uri, expected);
    }
}

#[test]
fn nothing_is_taken_that_runs_hides_or_misleads() {
    use Violation as V;
    let dangerous = |scheme: &str| V::DangerousScheme(scheme.to_owned());
    for (uri, expected) in [
        ("app.example/cb", V::NoScheme),
        ("//app.example/cb", V::NoScheme),
        ("/cb", V::NoScheme),
        ("javascript:alert(1)", dangerous("javascript")),
        ("JavaScript:alert(1)", dangerous("javascript")),
        ("javascript://app.example/%0aalert(1)", dangerous("javascript")),
        ("data:text/html,x", dangerous("data")),
        ("vbscript:x", dangerous("vbscript")),
        ("file:///etc/hosts", dangerous("file")),
        ("blob:https://app.example/1", dangerous("blob")),
        ("about:blank", dangerous("about")),
        ("intent://cb", dangerous("intent")),
        ("filesystem:https://app.example/x", dangerous("filesystem")),
        ("https://app.example/cb#", V::Fragment),
        ("https://app.example/cb#a", V::Fragment),
        ("com.example.app:/cb#", V::Fragment),
        ("https://a@app.example/cb", V::UserInfo),
        ("https://a:b@app.example/cb", V::UserInfo),
        ("https://@app.example/cb", V::UserInfo),
        ("http://localhost:80@evil.example", V::UserInfo),
        ("com.example.app://a@b/cb", V::UserInfo),
    ] {
        refuses(uri, expected);
    }
}

#[test]
fn what_a_browser_would_rewrite_is_refused_with_the_right_spelling() {
    for (uri, expected) in [
        ("HTTPS://app.example/cb", "https://app.example/cb"),
        ("https://App.example/cb", "https://app.example/cb"),
        ("https://app.example:443/cb", "https://app.example/cb"),
        ("https://app.example:/cb", "https://app.example/cb"),
        ("https://app.example/a/../cb", "https://app.example/cb"),
        ("https://app.example/%2e%2e/cb", "https://app.example/cb"),
        ("https://app.example/./cb", "https://app.example/cb"),
        ("https:app.example/cb", "https://app.example/cb"),
        ("https:///app.example/cb", "https://app.example/cb"),
        ("https://%61pp.example/cb", "https://app.example/cb"),
        ("http://127.1/cb", "http://127.0.0.1/cb"),
        ("http://2130706433/cb", "http://127.0.0.1/cb"),
        ("http://127.0.0.1:80/cb", "http://127.0.0.1/cb"),
        ("http://[0:0:0:0:0:0:0:1]/cb", "http://[::1]/cb"),
        ("com.Example.App:/cb", "com.example.app:/cb"),
        ("com.example.app:/a/../cb", "com.example.app:/cb"),
    ] {
        refuses(uri, Violation::NotCanonical(expected.to_owned()));
    }
}

#[test]
fn only_plain_hosts_and_http_on_loopback_alone() {
    use Violation as V;
    for (uri, expected) in [
        ("http://app.example/cb", V::PlainHttp),
        ("http://127.0.0.2/cb", V::PlainHttp),
        ("http://localhost.evil.example/cb", V::PlainHttp),
        ("http://127.0.0.1.evil.example/cb", V::PlainHttp),
        ("http://[::ffff:7f00:1]/cb", V::PlainHttp),
        ("https://app_1.example/cb", V::Host),
        ("https://app.example./cb", V::Host),
        ("https://app..example/cb", V::Host),
        ("https://app;script-src/cb", V::Host),
        ("https://a,b.example/cb", V::Host),
        ("https://'none'.example/cb", V::Host),
        ("https://app.example:0/cb", V::Port),
        ("http://localhost:0/cb", V::Port),
    ] {
        refuses(uri, expected);
    }
}

#[test]
fn a_query_leaves_room_for_our_answer() {
    for (uri, expected) in [
        ("https://app.example/cb?code=1", "code"),
        ("https://app.example/cb?a=b&state", "state"),
        ("https://app.example/cb?error=x", "error"),
        ("https://app.example/cb?error_description=x", "error_description"),
        ("https://app.example/cb?error_uri=x", "error_uri"),
        ("https://app.example/cb?iss=x", "iss"),
        ("https://app.example/cb?c%6Fde=x", "code"),
        ("https://app.example/cb?CODE=x", "code"),
        ("https://app.example/cb?a=b;code=x", "code"),
        ("https://app.example/cb?code%5B%5D=x", "code"),
        ("https://app.example/cb?+code=x", "code"),
    ] {
        refuses(uri, Violation::ReservedQuery(expected.to_owned()));
    }
}

#[test]
fn two_thousand_characters_are_the_limit() {
    let of_length = |length| format!("https://app.example/{}", "x".repeat(length - 20));
    assert_eq!(violation(&of_length(MAX_LENGTH), PUBLIC), None);
    assert_eq!(violation(&of_length(MAX_LENGTH + 1), PUBLIC), Some(Violation::TooLong));
}

#[test]
fn what_a_browser_cannot_open_is_refused() {
    for uri in ["https://", "https://app.example:65536/cb", "https://[::1/cb", "https://xn--a/cb"] {
        assert!(matches!(violation(uri, PUBLIC), Some(Violation::Unreadable(_))), "{uri}");
    }
}

#[test]
fn a_private_use_scheme_is_a_reversed_domain_with_a_path() {
    for uri in
        ["myapp:/cb", "myapp://cb", "urn:ietf:wg:oauth:2.0:oob", "mailto:a", "wss://a.example/", "a.:/cb"]
    {
        let scheme = uri.split(':').next().unwrap().to_owned();
        assert_eq!(violation(uri, PUBLIC), Some(Violation::SchemeWithoutDot(scheme)), "{uri}");
    }
    for uri in ["com.example.app:", "com.example.app:cb", "app.example:8080/cb"] {
        let scheme = uri.split(':').next().unwrap().to_owned();
        assert_eq!(violation(uri, PUBLIC), Some(Violation::PrivateUseWithoutPath(scheme)), "{uri}");
    }
}

#[test]
fn a_violation_reads_as_a_rule_and_a_way_out() {
    let said = |uri| violation(uri, CONFIDENTIAL).unwrap().to_string();
    assert_eq!(
        said("http://app.example/cb"),
        "http:// is allowed only for 127.0.0.1, [::1] and localhost: use https://."
    );
    assert_eq!(
        said("https://App.example/cb"),
        "A browser writes this URI differently. URIs are compared byte for byte, so register \
         https://app.example/cb and send that."
    );
}

proptest! {
    #[test]
    fn what_can_be_registered_is_written_back_unchanged_by_a_browser(text in "(https|http|com\\.a)://?[a-z.:/?&=%0-9]{0,24}") {
        if let Ok(uri) = RedirectUri::register(&text, PUBLIC) {
            let rewritten = Url::parse(uri.as_str()).unwrap();
            let origin = rewritten.origin().ascii_serialization();
            let without_root = rewritten.as_str().replacen(&format!("{origin}/"), &origin, 1);
            prop_assert!(rewritten.as_str() == text || without_root == text);
        }
    }

    #[test]
    fn no_text_whatever_upsets_registration(text in any::<String>(), tail in any::<String>()) {
        for text in [text, format!("https://app.example/{tail}")] {
            if let Ok(uri) = RedirectUri::register(&text, PUBLIC) {
                prop_assert!(uri.as_str().bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
}
