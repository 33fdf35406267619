//! The slow oracle of redirect URIs: the product's rules and RFC 8252, spelled out over characters.
//!
//! Registered is what a browser would write back unchanged. The implementation asks a URL parser; here the WHATWG
//! URL standard's rules are said one by one for the characters that may stand in a URI. Left out are names in
//! punycode (`xn--`), whose rules fill two Unicode standards.

use std::net::Ipv6Addr;

use rules::client_auth::ClientType;

/// What the rules say about a URI.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Yes,
    /// By this rule.
    No(&'static str),
    Undecided,
}

use Verdict::{No, Undecided, Yes};

/// RFC 8252 section 7.3: the same bytes; on a loopback address the port may be another one, or none.
pub(super) fn is_same(received: &str, registered: &str, client: ClientType) -> bool {
    received == registered
        || free_hosts(client).any(|host| {
            let ends = (after_port(registered, host), after_port(received, host));
            matches!(ends, (Some(one), Some(other)) if one == other)
        })
}

/// A program that keeps a secret runs on a server, where `localhost` is a name like any other.
fn free_hosts(client: ClientType) -> impl Iterator<Item = &'static str> {
    let hosts = ["http://127.0.0.1", "http://[::1]", "http://localhost"];
    hosts.into_iter().take(if client == ClientType::Public { 3 } else { 2 })
}

/// What follows the host and its port, if it is this host.
fn after_port<'u>(uri: &'u str, host: &str) -> Option<&'u str> {
    let rest = uri.strip_prefix(host)?;
    let Some(port) = rest.strip_prefix(':') else {
        return (rest.is_empty() || rest.starts_with(['/', '?', '#'])).then_some(rest);
    };
    let end = port.find(['/', '?', '#']).unwrap_or(port.len());
    let (port, rest) = port.split_at(end);
    is_port(port).then_some(rest)
}

/// 1 to 65535 in digits, without a zero before them. Numbers of five digits are in the order of their texts.
fn is_port(text: &str) -> bool {
    let is_number = text.chars().all(|c| c.is_ascii_digit()) && !text.starts_with('0');
    is_number && (1..=5).contains(&text.len()) && (text.len() < 5 || text <= "65535")
}

/// All rules of registration.
pub(super) fn may_be_registered(text: &str, client: ClientType) -> Verdict {
    if text.len() > 2000 {
        return No("the longest length");
    }
    if !text.chars().all(|c| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()+,;=%".contains(c)) {
        return No("the alphabet, which leaves out wildcards");
    }
    if !escapes_are_whole(text) {
        return No("percent and two digits");
    }
    if text.contains('#') {
        return No("no fragment");
    }
    let Some((scheme, rest)) = text.split_once(':') else { return No("a scheme") };
    let is_scheme_character = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    if !scheme.starts_with(|c: char| c.is_ascii_lowercase()) || !scheme.chars().all(is_scheme_character) {
        return No("a scheme in lower case");
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    if query.contains(['[', ']']) || answers_for_us(query) {
        return No("a query that is the application's own");
    }
    match scheme {
        "https" | "http" => web(scheme, rest, query),
        _ => private_use(scheme, rest, client),
    }
}

fn escapes_are_whole(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_digit = |place: usize| bytes.get(place).is_some_and(u8::is_ascii_hexdigit);
    (0..bytes.len()).all(|place| bytes[place] != b'%' || (is_digit(place + 1) && is_digit(place + 2)))
}

/// Whether a query already holds a parameter of our answer, read as any receiver might: `;` separates too, white
/// space does not count, `code[]` is `code`.
fn answers_for_us(query: &str) -> bool {
    query.split(['&', ';']).any(|pair| {
        let name = super::super::pairs::decode(pair.split('=').next().unwrap_or_default().as_bytes());
        let name = String::from_utf8_lossy(&name).to_ascii_lowercase();
        let name = name.split('[').next().unwrap_or_default().trim();
        ["code", "state", "error", "error_description", "error_uri", "iss"].contains(&name)
    })
}

/// `https` anywhere; `http` on the three spellings of this machine.
fn web(scheme: &str, rest: &str, query: &str) -> Verdict {
    let Some(rest) = rest.strip_prefix("//") else { return No("two slashes") };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (host, port) = split_port(authority);
    if query.contains('\'') {
        return No("a quote is escaped in the query of a web address");
    }
    if path.contains(['[', ']']) || has_dots(path) {
        return No("a path that stays as it is");
    }
    let default = if scheme == "https" { "443" } else { "80" };
    if port.is_some_and(|port| !is_port(port) || port == default) {
        return No("a port from 1 to 65535 that is not the usual one");
    }
    if scheme == "http" && !["127.0.0.1", "[::1]", "localhost"].contains(&host) {
        return No("https beyond this machine");
    }
    web_host(host)
}

/// Host and port; what is behind the colon after the last bracket.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let bracket = authority.rfind(']').map_or(0, |place| place + 1);
    match authority[bracket..].find(':') {
        Some(colon) => (&authority[..bracket + colon], Some(&authority[bracket + colon + 1..])),
        None => (authority, None),
    }
}

fn web_host(host: &str) -> Verdict {
    if host.starts_with('[') {
        return if is_plain_ipv6(host) { Yes } else { No("an IPv6 address in its shortest form") };
    }
    let labels: Vec<_> = host.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    if !labels.iter().all(is_label) {
        return No("labels of lower-case letters, digits and hyphens");
    }
    let last = labels[labels.len() - 1];
    let is_number = last.chars().all(|c| c.is_ascii_digit())
        || last.strip_prefix("0x").is_some_and(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()));
    if is_number {
        let is_byte = |label: &&str| (0..=255).any(|byte: u32| byte.to_string() == **label);
        let is_address = labels.len() == 4 && labels.iter().all(is_byte);
        return if is_address { Yes } else { No("an IPv4 address as four numbers") };
    }
    if labels.iter().any(|label| label.starts_with("xn--")) { Undecided } else { Yes }
}

/// RFC 5952 without its exception for addresses that hold an IPv4 one, which browsers don't make.
fn is_plain_ipv6(host: &str) -> bool {
    let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) else { return false };
    inner.parse::<Ipv6Addr>().is_ok_and(|address| shortest(address.segments()) == inner)
}

fn shortest(pieces: [u16; 8]) -> String {
    let run = |start: usize| pieces[start..].iter().take_while(|piece| **piece == 0).count();
    let longest = (0..8).map(run).max().unwrap_or(0);
    let print =
        |pieces: &[u16]| pieces.iter().map(|piece| format!("{piece:x}")).collect::<Vec<_>>().join(":");
    if longest < 2 {
        return print(&pieces);
    }
    let start = (0..8).find(|start| run(*start) == longest).unwrap_or(0);
    format!("{}::{}", print(&pieces[..start]), print(&pieces[start + longest..]))
}

/// RFC 8252 section 7.1: an own scheme of a domain turned around, for programs that are installed.
fn private_use(scheme: &str, rest: &str, client: ClientType) -> Verdict {
    if !scheme.contains('.') || scheme.split('.').any(str::is_empty) {
        return No("a scheme with a dot");
    }
    if client == ClientType::Confidential {
        return No("an own scheme belongs to a public client");
    }
    let Some(after) = rest.strip_prefix("//") else { return without_authority(rest) };
    let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
    let (host, port) = split_port(authority);
    if path.contains(['[', ']']) || has_dots(path) {
        return No("a path that stays as it is");
    }
    if authority.contains('@') {
        return No("no user information");
    }
    if port.is_some_and(|port| port != "0" && !is_port(port)) || (host.is_empty() && port.is_some()) {
        return No("a port of a host");
    }
    if host.contains(['[', ']']) && !is_plain_ipv6(host) {
        return No("brackets around an IPv6 address");
    }
    Yes
}

fn without_authority(path: &str) -> Verdict {
    if !path.starts_with('/') {
        return No("a path from the root");
    }
    if path.contains(['[', ']']) {
        return No("a path that stays as it is");
    }
    // A browser writes `/.` before a path of two slashes, so that it is no authority; there, the dot stays.
    let kept = path.strip_prefix("/.").filter(|rest| rest.starts_with("//"));
    if has_dots(kept.unwrap_or(path)) { No("a path that stays as it is") } else { Yes }
}

/// Whether a segment is `.` or `..`, escaped or not.
fn has_dots(path: &str) -> bool {
    let is_dots = |segment: &str| {
        let plain = segment.to_ascii_lowercase().replace("%2e", ".");
        plain == "." || plain == ".."
    };
    path.split('/').any(is_dots)
}
