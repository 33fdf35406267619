//! What is different about a redirect URI that matches nothing: most of them are a slash, a port or an `http`
//! away, and saying which saves a developer an afternoon.

use std::fmt;

use super::parts::Parts;

/// The weightiest way in which two URIs differ; the lightest kinds come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// A space or line end before or after it.
    Whitespace,
    /// Only upper and lower case.
    Case,
    /// Only one `/` at the end of the path.
    TrailingSlash,
    /// A `#…`, which none may have.
    Fragment,
    /// The query.
    Query,
    /// The path.
    Path,
    /// The port.
    Port,
    /// The scheme.
    Scheme,
    /// The host, or what stands before an `@`.
    Host,
    /// Not a URI at all.
    Other,
}

impl Difference {
    /// How the received URI differs from the registered one; `None` if it does not. On a loopback address the
    /// port is named only when nothing else differs, since it is free for most clients there: ask about what did
    /// not match.
    #[must_use]
    pub fn between(registered: &str, received: &str) -> Option<Self> {
        if registered == received {
            return None;
        }
        if registered == received.trim() {
            return Some(Self::Whitespace);
        }
        if registered.eq_ignore_ascii_case(received) {
            return Some(Self::Case);
        }
        match (Parts::split(registered), Parts::split(received)) {
            (Some(registered), Some(received)) => Some(Self::of_parts(&registered, &received)),
            _ => Some(Self::Other),
        }
    }

    fn of_parts(registered: &Parts<'_>, received: &Parts<'_>) -> Self {
        if (registered.host, registered.userinfo) != (received.host, received.userinfo) {
            Self::Host
        } else if registered.scheme != received.scheme {
            Self::Scheme
        } else if registered.port != received.port && !is_loopback(registered.host) {
            Self::Port
        } else if !is_same_but_for_slash(registered.path, received.path) {
            Self::Path
        } else if registered.query != received.query {
            Self::Query
        } else if registered.fragment != received.fragment {
            Self::Fragment
        } else if registered.path == received.path {
            Self::Port
        } else {
            Self::TrailingSlash
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Whitespace => "There is white space around it.",
            Self::Case => "Upper and lower case differ.",
            Self::TrailingSlash => "The slash at the end differs.",
            Self::Fragment => "It has a fragment (#).",
            Self::Query => "The query (after the ?) differs.",
            Self::Path => "The path differs.",
            Self::Port => "The port differs.",
            Self::Scheme => "The scheme differs (https is not http).",
            Self::Host => "The host differs.",
            Self::Other => "It is not a URI.",
        })
    }
}

/// The registered URI that differs least from the received one, and how; `None` if there is none or one is equal.
#[must_use]
pub fn closest<'r>(registered: &'r [String], received: &str) -> Option<(&'r str, Difference)> {
    let differences: Option<Vec<_>> =
        registered.iter().map(|uri| Some((uri.as_str(), Difference::between(uri, received)?))).collect();
    differences?.into_iter().min_by_key(|(_, difference)| *difference)
}

fn is_loopback(host: Option<&str>) -> bool {
    matches!(host, Some("127.0.0.1" | "[::1]" | "localhost"))
}

fn is_same_but_for_slash(one: &str, other: &str) -> bool {
    one == other || one.strip_suffix('/') == Some(other) || other.strip_suffix('/') == Some(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REGISTERED: &str = "https://app.example/cb";

    #[test]
    fn the_weightiest_difference_is_named() {
        for (received, difference) in [
            (" https://app.example/cb", Difference::Whitespace),
            ("https://app.example/cb\r\n", Difference::Whitespace),
            ("https://app.example/CB", Difference::Case),
            ("HTTPS://APP.example/cb", Difference::Case),
            ("https://app.example/cb/", Difference::TrailingSlash),
            ("https://app.example/cb#", Difference::Fragment),
            ("https://app.example/cb?", Difference::Query),
            ("https://app.example/cb/?a=b", Difference::Query),
            ("https://app.example/callback", Difference::Path),
            ("https://app.example/cb//", Difference::Path),
            ("https://app.example/callback?a=b", Difference::Path),
            ("https://app.example:8443/callback", Difference::Port),
            ("http://app.example/cb", Difference::Scheme),
            ("http://app.example:80/cb", Difference::Scheme),
            ("https://app.example.evil.example/cb", Difference::Host),
            ("https://app.example@evil.example/cb", Difference::Host),
            ("https://app.example:x@app.example/cb", Difference::Host),
            ("app.example/cb", Difference::Other),
            ("", Difference::Other),
        ] {
            assert_eq!(Difference::between(REGISTERED, received), Some(difference), "{received:?}");
        }
        assert_eq!(Difference::between(REGISTERED, REGISTERED), None);
        let (without, with) = ("https://app.example", "https://app.example/");
        assert_eq!(Difference::between(without, with), Some(Difference::TrailingSlash));
        assert_eq!(Difference::between(with, without), Some(Difference::TrailingSlash));
    }

    #[test]
    fn on_a_loopback_address_the_port_is_blamed_last() {
        let registered = "http://localhost:8000/cb";
        for (received, difference) in [
            ("http://localhost:9000/cb", Difference::Port),
            ("http://localhost:9000/cb/", Difference::TrailingSlash),
            ("http://localhost:9000/other", Difference::Path),
        ] {
            assert_eq!(Difference::between(registered, received), Some(difference), "{received}");
        }
    }

    #[test]
    fn the_nearest_of_several_is_shown() {
        let registered = ["https://other.example/cb", "https://app.example/cb", "http://app.example/cb/"];
        let registered = registered.map(str::to_owned);
        assert_eq!(
            closest(&registered, "https://app.example/cb/"),
            Some(("https://app.example/cb", Difference::TrailingSlash))
        );
        assert_eq!(closest(&registered, "https://app.example/cb"), None);
        assert_eq!(closest(&[], "https://app.example/cb"), None);
    }
}
