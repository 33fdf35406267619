//! The token request: query, headers and body as they came.
//!
//! An input is the query, the content type and the authorization on a line each, then the body; an empty header
//! was not sent. What is understood must stand in the request, once and in one place; what is refused must not
//! repeat a secret, neither to the sender nor, among the findings, to the application's owner.

use rules::diagnosis::{self, Finding};
use rules::token::{Grant, Inquiry, Received, TokenError, TokenErrorCode, TokenRequest};

use super::expand::expand;
use super::pairs::{self, Pair};

/// What a query may hold at this endpoint; everything else there is not read.
const IN_QUERY: [&str; 5] = ["grant_type", "code", "redirect_uri", "client_id", "code_verifier"];

const SECRET_NAMES: [&str; 4] = ["client_secret", "refresh_token", "client_assertion", "token"];

/// A run of so many letters and digits could be a credential.
const LONG_RUN: usize = 36;

/// A text that no message of ours holds, put where a secret would stand.
const MARKER: &str = "Zq7marker7qZ";

/// Checks one request, and the same request with its pairs turned around and with one more of them.
pub fn check(input: &[u8]) {
    let input = expand(input);
    let mut lines = input.splitn(4, |byte| *byte == b'\n');
    let mut text = || std::str::from_utf8(lines.next().unwrap_or_default());
    let (Ok(query), Ok(content_type), Ok(authorization)) = (text(), text(), text()) else { return };
    let sent = |header| Some(header).filter(|header: &&str| !header.is_empty());
    let received = Received {
        query,
        body: lines.next().unwrap_or_default(),
        content_type: sent(content_type),
        authorization: sent(authorization),
    };
    match TokenRequest::parse(&received) {
        Ok(request) => laws_of_a_request(&request, &received),
        Err(error) => laws_of_an_error(&error),
    }
    match Inquiry::parse(&received) {
        Ok(inquiry) => laws_of_an_inquiry(&inquiry, &received),
        Err(error) => laws_of_an_error(&error),
    }
    laws_of_the_findings(&received);
    order_does_not_matter(&received);
    what_is_unknown_does_not_matter(&received);
    no_secret_is_repeated(&received);
}

fn laws_of_a_request(request: &TokenRequest, received: &Received<'_>) {
    let query = pairs::read(received.query.as_bytes());
    let body = pairs::read(received.body);
    let from_query = received.body.is_empty() || body.is_empty();
    let read = if from_query { &query } else { &body };
    assert!(!from_query || received.authorization.is_some(), "a query is read beside a header alone");
    for name in SECRET_NAMES {
        assert_eq!(pairs::only(&query, name), None, "{name} is never taken from a query");
    }
    for name in IN_QUERY {
        let (one, other) = (pairs::only(&query, name), pairs::only(&body, name));
        assert!(one.is_none() || body.is_empty() || one == other, "{name} has two values");
    }
    for name in IN_QUERY.into_iter().chain(SECRET_NAMES).chain(["scope"]) {
        assert!(pairs::count(&query, name) <= 1 && pairs::count(&body, name) <= 1, "{name} was sent twice");
    }
    assert!((1..=2).contains(&request.client.candidates().len()));
    assert_eq!(request.client.used_basic(), received.authorization.is_some());
    for candidate in request.client.candidates() {
        assert!(pairs::only(read, "client_id").is_none_or(|id| id == candidate.client_id()));
    }
    laws_of_a_grant(&request.grant, read);
    assert!(request.resources.iter().all(|resource| !resource.contains('#')));
}

fn laws_of_a_grant(grant: &Grant, read: &[Pair]) {
    match grant {
        Grant::AuthorizationCode { code, redirect_uri, code_verifier } => {
            assert_eq!(pairs::only(read, "grant_type"), Some("authorization_code"));
            assert_eq!(pairs::only(read, "code"), Some(code.as_str()));
            assert_eq!(pairs::only(read, "redirect_uri"), redirect_uri.as_deref());
            let verifier = pairs::only(read, "code_verifier");
            assert_eq!(verifier.is_some(), code_verifier.is_some());
            assert!(verifier.is_none_or(|verifier| (43..=128).contains(&verifier.len())));
        }
        Grant::RefreshToken { refresh_token, scope } => {
            assert_eq!(pairs::only(read, "grant_type"), Some("refresh_token"));
            assert_eq!(pairs::only(read, "refresh_token"), Some(refresh_token.as_str()));
            let asked = pairs::only(read, "scope").unwrap_or_default();
            let names: Vec<_> = asked.split([' ', ',']).filter(|name| !name.is_empty()).collect();
            assert_eq!(scope.is_some(), !names.is_empty(), "no scope asked is all that was granted");
            for scope in scope.iter().flat_map(|scopes| scopes.iter()) {
                assert!(names.contains(&scope.name()));
            }
        }
    }
}

/// Revocation and introspection: the token stands in the body alone.
fn laws_of_an_inquiry(inquiry: &Inquiry, received: &Received<'_>) {
    let body = pairs::read(received.body);
    assert_eq!(pairs::only(&body, "token"), Some(inquiry.token.as_str()));
    assert!((1..=2).contains(&inquiry.client.candidates().len()));
    for candidate in inquiry.client.candidates() {
        assert!(pairs::only(&body, "client_id").is_none_or(|id| id == candidate.client_id()));
    }
}

/// What an application's owner is shown of a failed request.
fn laws_of_the_findings(received: &Received<'_>) {
    let findings = findings(received);
    assert!(findings.len() <= 40);
    for finding in findings {
        for text in [&finding.name, &finding.shown, &finding.note] {
            assert!(text.chars().count() <= 400, "a text without end");
            let mut runs = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            assert!(runs.all(|run| run.len() < LONG_RUN), "shown: {text}");
        }
    }
}

/// RFC 6749 section 5.2: the characters of a description, and the status of an error.
fn laws_of_an_error(error: &TokenError) {
    let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    assert!(error.description.as_str().bytes().all(allowed));
    assert!((1..=400).contains(&error.description.as_str().len()));
    assert_eq!(error.status(), if error.error == TokenErrorCode::InvalidClient { 401 } else { 400 });
}

fn order_does_not_matter(received: &Received<'_>) {
    let query = pairs::reversed(received.query.as_bytes());
    let Ok(query) = std::str::from_utf8(&query) else { return };
    let body = pairs::reversed(received.body);
    // Without a content type, a body that starts like JSON is taken for it.
    if received.content_type.is_some() {
        let turned = Received { query, body: &body, ..*received };
        assert_eq!(outcome(received), outcome(&turned), "the order of parameters means nothing");
    }
}

fn what_is_unknown_does_not_matter(received: &Received<'_>) {
    let body = pairs::read(received.body);
    if !body.is_empty() && body.len() < 60 && received.body.len() < 60_000 {
        let more = [received.body, b"&audience=x&audience=%FF&nonce"].concat();
        let more = Received { body: &more, ..*received };
        assert_eq!(outcome(received), outcome(&more), "unknown parameters mean nothing");
    }
}

fn outcome(received: &Received<'_>) -> Result<&'static str, (TokenErrorCode, String)> {
    match TokenRequest::parse(received) {
        Ok(TokenRequest { grant: Grant::AuthorizationCode { .. }, .. }) => Ok("code"),
        Ok(TokenRequest { grant: Grant::RefreshToken { .. }, .. }) => Ok("refresh"),
        // Which of two resources is named first may depend on their order, and so does what a scope is called.
        Err(error) => Err((error.error, String::new())),
    }
}

/// One secret at a time, by the length of the body, so that an input is not checked many times over.
fn no_secret_is_repeated(received: &Received<'_>) {
    let names = SECRET_NAMES.into_iter().chain(["code", "code_verifier"]);
    let Some(name) = names.cycle().nth(received.body.len() % 6) else { return };
    let body = [received.body, format!("&{name}={MARKER}").as_bytes()].concat();
    let query = format!("{}&{name}={MARKER}", received.query);
    for marked in [Received { body: &body, ..*received }, Received { query: &query, ..*received }] {
        let told = all_that_is_told(&marked);
        assert!(
            !told.iter().any(|text| text.contains(MARKER)) || holds_marker(received),
            "{name} is repeated"
        );
    }
}

/// The findings as they are kept, with what the request was refused for.
fn findings(received: &Received<'_>) -> Vec<Finding> {
    let error = TokenRequest::parse(received).err();
    let blamed = error.as_ref().and_then(|error| Some((error.about?, error.description.as_str())));
    diagnosis::exchange(received, blamed)
}

/// The errors to the sender, and the findings for the application's owner.
fn all_that_is_told(received: &Received<'_>) -> Vec<String> {
    let errors = [TokenRequest::parse(received).err(), Inquiry::parse(received).err()];
    let errors = errors.into_iter().flatten().map(|error| error.description.to_string());
    let findings = findings(received).into_iter();
    errors.chain(findings.flat_map(|found| [found.name, found.shown, found.note])).collect()
}

/// Whether the fuzzer wrote the marker itself, say as a scope, where it may be repeated.
fn holds_marker(received: &Received<'_>) -> bool {
    let all =
        [received.query.as_bytes(), received.body, received.content_type.unwrap_or_default().as_bytes()];
    let all = pairs::decode(&all.concat());
    all.windows(MARKER.len()).any(|window| window == MARKER.as_bytes())
}
