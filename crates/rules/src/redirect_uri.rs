//! Redirect URIs: what may be registered, what equals it, and what may be sent there (RFC 6749 section 3.1.2, RFC
//! 8252 sections 7 and 8, RFC 9700 sections 2.1 and 4.1).
//!
//! Nearly every authorization server has once been broken at this comparison, by parsing both sides and finding
//! them "equivalent". So nothing is parsed when comparing: bytes are compared with bytes. The cleverness is spent
//! at registration, where only a URI is taken that a browser would write back exactly as it stands. The one
//! exception is the port of a loopback address, which a native program cannot choose in advance.
//!
//! Two types keep the sides apart. A [`RedirectUri`] passed the rules of registration. A [`Destination`] came in a
//! request and was proven to be one of its client's redirect URIs; a browser is sent nowhere else.

mod difference;
mod parts;
mod violation;

#[cfg(test)]
mod tests;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

pub use self::difference::{Difference, closest};
use self::parts::Parts;
pub use self::violation::Violation;
use crate::client_auth::ClientType;

/// Longest redirect URI, in bytes: with a code, a state and an issuer it still fits into a request line.
pub const MAX_LENGTH: usize = 2000;

/// A redirect URI that keeps the rules of registration for a client of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectUri {
    text: String,
    port: Port,
}

/// A redirect URI that came in a request and is one of its client's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination(String);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Port {
    Exact,
    /// Any, or none (RFC 8252 section 7.3).
    Free,
}

impl RedirectUri {
    /// Takes a URI as a developer typed it, without trimming or repairing.
    ///
    /// # Errors
    /// The first rule it breaks, in words for the developer.
    pub fn register(text: &str, client: ClientType) -> Result<Self, Violation> {
        refuse_characters(text)?;
        let parts = Parts::split(text).ok_or(Violation::NoScheme)?;
        refuse_scheme_and_shape(&parts)?;
        refuse_if_rewritten(text, &parts)?;
        let port = place(&parts, client)?;
        refuse_query(&parts)?;
        Ok(Self { text: text.to_owned(), port })
    }

    /// Whether a URI from a request is this one: the same bytes, save for the port of a loopback address.
    #[must_use]
    pub fn matches(&self, received: &str) -> bool {
        received == self.text || (self.port == Port::Free && self.matches_but_for_port(received))
    }

    /// The URI as it was registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn matches_but_for_port(&self, received: &str) -> bool {
        let (Some(own), Some(other)) = (Parts::split(&self.text), Parts::split(received)) else {
            return false;
        };
        other.port.is_none_or(is_port) && Parts { port: None, ..own } == Parts { port: None, ..other }
    }
}

impl Destination {
    /// Proves a received URI against those registered for its client. A registered one that no longer keeps the
    /// rules proves nothing.
    #[must_use]
    pub fn prove(received: &str, registered: &[String], client: ClientType) -> Option<Self> {
        let mut registered = registered.iter().filter_map(|text| RedirectUri::register(text, client).ok());
        registered.any(|uri| uri.matches(received)).then(|| Self(received.to_owned()))
    }

    /// The URI, byte for byte as it was received.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where a browser will go, for people to read: `app.example`, `127.0.0.1:49152`, or the scheme of an
    /// installed app, `com.example.app`. International names stay in their ASCII form, which cannot imitate.
    #[must_use]
    pub fn host_for_display(&self) -> String {
        match self.parts() {
            Some(Parts { scheme: "http" | "https", host: Some(host), port: None, .. }) => host.to_owned(),
            Some(Parts { scheme: "http" | "https", host: Some(host), port: Some(port), .. }) => {
                format!("{host}:{port}")
            }
            Some(Parts { scheme, .. }) => scheme.to_owned(),
            None => String::new(),
        }
    }

    /// The source to add to `form-action` on each page that may lead here: `https://app.example`, or
    /// `com.example.app:`. CSP Level 3 cannot write an IPv6 address, so `http://[::1]` gives `http:`.
    #[must_use]
    pub fn form_action_source(&self) -> String {
        match self.parts() {
            Some(Parts { scheme: scheme @ ("http" | "https"), host: Some(host), .. })
                if !host.starts_with('[') =>
            {
                format!("{scheme}://{}", self.host_for_display())
            }
            Some(Parts { scheme, .. }) => format!("{scheme}:"),
            None => "'self'".to_owned(),
        }
    }

    /// The URI with these parameters appended to its query, for a `Location` header: always printable ASCII, so
    /// that no value can end the header. An existing query is kept (RFC 6749 section 3.1.2).
    ///
    /// Spaces become `%20` and not `+`, because both kinds of decoder read that.
    #[must_use]
    pub fn with(&self, parameters: &[(&str, &str)]) -> String {
        let mut location = self.0.clone();
        let mut separator = match self.parts().and_then(|parts| parts.query) {
            None => "?",
            Some("") => "",
            Some(query) if query.ends_with('&') => "",
            Some(_) => "&",
        };
        for (name, value) in parameters {
            location.push_str(separator);
            location.extend(utf8_percent_encode(name, ESCAPED));
            location.push('=');
            location.extend(utf8_percent_encode(value, ESCAPED));
            separator = "&";
        }
        location
    }

    fn parts(&self) -> Option<Parts<'_>> {
        Parts::split(&self.0)
    }
}

/// All but the unreserved characters of RFC 3986.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Schemes that run or open something instead of delivering a code.
const DANGEROUS: [&str; 11] = [
    "about",
    "blob",
    "chrome",
    "data",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "javascript",
    "vbscript",
    "view-source",
];

/// Parameters of our own answer. A registered `code=` would stand beside ours, and which of the two the client
/// reads is anybody's guess.
const ANSWER: [&str; 6] = ["code", "state", "error", "error_description", "error_uri", "iss"];

fn refuse_characters(text: &str) -> Result<(), Violation> {
    let is_uri_character = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()+,;=%".contains(c);
    if text.is_empty() {
        return Err(Violation::Empty);
    }
    if text.len() > MAX_LENGTH {
        return Err(Violation::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(Violation::ControlCharacter);
    }
    if !text.is_ascii() {
        return Err(Violation::NotAscii);
    }
    if text.contains(['*', '{', '}']) {
        return Err(Violation::Wildcard);
    }
    match text.chars().find(|c| !is_uri_character(*c)) {
        Some(odd) => Err(Violation::Character(odd)),
        None => refuse_percent(text),
    }
}

fn refuse_percent(text: &str) -> Result<(), Violation> {
    let is_escape = |rest: &str| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if text.split('%').skip(1).all(is_escape) { Ok(()) } else { Err(Violation::Percent) }
}

fn refuse_scheme_and_shape(parts: &Parts<'_>) -> Result<(), Violation> {
    let scheme = parts.scheme.to_ascii_lowercase();
    if DANGEROUS.contains(&scheme.as_str()) {
        return Err(Violation::DangerousScheme(scheme));
    }
    if parts.fragment.is_some() {
        return Err(Violation::Fragment);
    }
    if parts.userinfo.is_some() {
        return Err(Violation::UserInfo);
    }
    // Brackets belong to an IPv6 address and nowhere else.
    match [parts.path, parts.query.unwrap_or_default()].concat().chars().find(|c| "[]".contains(*c)) {
        Some(bracket) => Err(Violation::Character(bracket)),
        None => Ok(()),
    }
}

/// What a browser writes differently (an upper-case host, `/../`, `:443`, `127.1`) would be sent to another place
/// than the one compared. An empty path is taken too: it means the same as `/`, and people do register it.
fn refuse_if_rewritten(text: &str, parts: &Parts<'_>) -> Result<(), Violation> {
    let url = Url::parse(text).map_err(Violation::Unreadable)?;
    let is_same_with_root = || Parts { path: "/", ..*parts }.to_string() == url.as_str();
    if url.as_str() == text || (parts.path.is_empty() && is_same_with_root()) {
        Ok(())
    } else {
        Err(Violation::NotCanonical(url.into()))
    }
}

/// `https` anywhere, `http` on loopback, an own scheme for installed apps.
fn place(parts: &Parts<'_>, client: ClientType) -> Result<Port, Violation> {
    let is_free = |host| host != "localhost" || client == ClientType::Public;
    match (parts.scheme, parts.host) {
        ("https", Some(host)) => refuse_host(host, parts.port).map(|()| Port::Exact),
        ("http", Some(host @ ("127.0.0.1" | "[::1]" | "localhost"))) => {
            refuse_host(host, parts.port).map(|()| if is_free(host) { Port::Free } else { Port::Exact })
        }
        ("http", _) => Err(Violation::PlainHttp),
        (scheme, _) => refuse_private_use(scheme, parts, client).map(|()| Port::Exact),
    }
}

/// A host name ends up in a `form-action` directive, where `;` and `,` would end it, and where `_` or an empty
/// label would make browsers drop the source without a word.
fn refuse_host(host: &str, port: Option<&str>) -> Result<(), Violation> {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !host.starts_with('[') && !host.split('.').all(is_label) {
        return Err(Violation::Host);
    }
    if port.is_some_and(|port| !is_port(port)) { Err(Violation::Port) } else { Ok(()) }
}

fn refuse_private_use(scheme: &str, parts: &Parts<'_>, client: ClientType) -> Result<(), Violation> {
    let is_reverse_domain = scheme.contains('.') && scheme.split('.').all(|label| !label.is_empty());
    if !is_reverse_domain {
        return Err(Violation::SchemeWithoutDot(scheme.to_owned()));
    }
    if client == ClientType::Confidential {
        return Err(Violation::PrivateUseByConfidential);
    }
    if parts.host.is_none() && !parts.path.starts_with('/') {
        return Err(Violation::PrivateUseWithoutPath(scheme.to_owned()));
    }
    Ok(())
}

/// Receivers split at `;` too, trim names, and read `code[]` as `code`; so does this.
fn refuse_query(parts: &Parts<'_>) -> Result<(), Violation> {
    let query = parts.query.unwrap_or_default().replace(';', "&");
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        let name = name.split('[').next().unwrap_or_default().trim().to_ascii_lowercase();
        if ANSWER.contains(&name.as_str()) {
            return Err(Violation::ReservedQuery(name));
        }
    }
    Ok(())
}

/// 1 to 65535 in the one usual spelling.
fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok_and(|port| port > 0 && port.to_string() == text)
}
