//! The parts of a URI as RFC 3986 appendix B cuts it, without changing a byte.
//!
//! `url::Url` normalises while it parses, which is just what a comparison of redirect URIs must not do.

use std::fmt;

/// Slices of one URI; printing them gives the same bytes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'u> {
    pub(super) scheme: &'u str,
    pub(super) userinfo: Option<&'u str>,
    /// `Some` when there is an authority (`//`), also an empty one. An IPv6 address keeps its brackets.
    pub(super) host: Option<&'u str>,
    /// What follows the colon after the host, whatever it is.
    pub(super) port: Option<&'u str>,
    pub(super) path: &'u str,
    pub(super) query: Option<&'u str>,
    pub(super) fragment: Option<&'u str>,
}

impl<'u> Parts<'u> {
    /// Cuts a text that starts with a scheme.
    pub(super) fn split(text: &'u str) -> Option<Self> {
        let (scheme, rest) = text.split_once(':')?;
        if !is_scheme(scheme) {
            return None;
        }
        let (rest, fragment) = cut(rest, '#');
        let (rest, query) = cut(rest, '?');
        let bare = Self { scheme, userinfo: None, host: None, port: None, path: rest, query, fragment };
        let Some(rest) = rest.strip_prefix("//") else {
            return Some(bare);
        };
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (userinfo, place) = match authority.rsplit_once('@') {
            Some((userinfo, place)) => (Some(userinfo), place),
            None => (None, authority),
        };
        // The colons of an IPv6 address stand before its bracket.
        let name_end = place.rfind(']').unwrap_or(0);
        let (host, port) = match place.rsplit_once(':') {
            Some((host, port)) if host.len() >= name_end => (host, Some(port)),
            _ => (place, None),
        };
        Some(Self { userinfo, host: Some(host), port, path, ..bare })
    }
}

impl fmt::Display for Parts<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.scheme)?;
        if let Some(host) = self.host {
            out.write_str("//")?;
            if let Some(userinfo) = self.userinfo {
                write!(out, "{userinfo}@")?;
            }
            out.write_str(host)?;
        }
        if let Some(port) = self.port {
            write!(out, ":{port}")?;
        }
        out.write_str(self.path)?;
        if let Some(query) = self.query {
            write!(out, "?{query}")?;
        }
        if let Some(fragment) = self.fragment {
            write!(out, "#{fragment}")?;
        }
        Ok(())
    }
}

fn cut(text: &str, at: char) -> (&str, Option<&str>) {
    match text.split_once(at) {
        Some((before, after)) => (before, Some(after)),
        None => (text, None),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_part_is_found() {
        let parts = Parts::split("http://a:b@[::1]:80/c/d:e@f?g?h#i#j").unwrap();
        assert_eq!(
            parts,
            Parts {
                scheme: "http",
                userinfo: Some("a:b"),
                host: Some("[::1]"),
                port: Some("80"),
                path: "/c/d:e@f",
                query: Some("g?h"),
                fragment: Some("i#j"),
            }
        );
        let place = |text| Parts::split(text).map(|parts| (parts.host, parts.port, parts.path));
        assert_eq!(place("http://[::1]"), Some((Some("[::1]"), None, "")));
        assert_eq!(
            Parts::split("http://a@b@c/").unwrap().host,
            Some("c"),
            "the last @ counts, as in a browser"
        );
        assert_eq!(place("http://h:"), Some((Some("h"), Some(""), "")));
        assert_eq!(place("com.example.app:/cb"), Some((None, None, "/cb")));
        assert_eq!(place("com.example.app:///cb"), Some((Some(""), None, "/cb")));
    }

    #[test]
    fn what_has_no_scheme_is_no_uri() {
        for text in ["", "app.example/cb", "/cb", "//app.example/cb", ":x", "1a:x", "a b:x", "\tjavascript:x"]
        {
            assert_eq!(Parts::split(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn printing_gives_the_same_bytes_back(text in "[a-z+.]{0,3}:?(//)?[a-z@:\\[\\]/?#%.]{0,24}") {
            if let Some(parts) = Parts::split(&text) {
                prop_assert_eq!(parts.to_string(), text);
            }
        }
    }
}
