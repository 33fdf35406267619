//! What a developer is told about a redirect URI that cannot be registered: the rule, then the way out.

use thiserror::Error;

use super::MAX_LENGTH;

/// The rule that a URI breaks. Printed, it is a sentence or two for a form; strings in it come from the URI.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Violation {
    /// Nothing there.
    #[error("A redirect URI is empty.")]
    Empty,
    /// Longer than [`MAX_LENGTH`].
    #[error("A redirect URI may have at most {MAX_LENGTH} characters.")]
    TooLong,
    /// A tab, a line end or another invisible character.
    #[error("There is an invisible control character in it, such as a tab. Type it anew, one URI per line.")]
    ControlCharacter,
    /// A letter outside ASCII.
    #[error(
        "Only ASCII characters are allowed: write the host in its punycode form (xn--...) and escape the rest."
    )]
    NotAscii,
    /// `*` or a placeholder.
    #[error("Wildcards and patterns are not allowed: add each URI.")]
    Wildcard,
    /// A character that RFC 3986 does not allow there.
    #[error("The character '{0}' is not allowed in a URI at this place: escape it with %.")]
    Character(char),
    /// `%` without two hexadecimal digits.
    #[error("A % must be followed by two hexadecimal digits: write %25 for the sign itself.")]
    Percent,
    /// No scheme at all.
    #[error("It must be a whole URI: start it with https://.")]
    NoScheme,
    /// A scheme that runs or opens something in a browser.
    #[error("{0}: is never allowed: a browser would run or open it. Use https://.")]
    DangerousScheme(String),
    /// A `#`, be it the last character.
    #[error("Fragments (#) are not allowed: remove the # and all after it.")]
    Fragment,
    /// `user@` or `user:password@`.
    #[error("A user name or password before the host (@) is not allowed: remove it.")]
    UserInfo,
    /// The URL parser of browsers refuses it.
    #[error("A browser could not open it: {0}.")]
    Unreadable(url::ParseError),
    /// A browser would write it otherwise.
    #[error(
        "A browser writes this URI differently. URIs are compared byte for byte, so register {0} and send that."
    )]
    NotCanonical(String),
    /// `http` to somewhere else.
    #[error("http:// is allowed only for 127.0.0.1, [::1] and localhost: use https://.")]
    PlainHttp,
    /// An odd host name.
    #[error("A host may have only letters, digits, hyphens and single dots between them.")]
    Host,
    /// Port 0.
    #[error("A port is a number from 1 to 65535.")]
    Port,
    /// An own scheme that is not a reversed domain.
    #[error(
        "The scheme {0}: belongs to nobody, so any app could take it. Use https://, or for an installed app a \
         scheme made from a domain you own, such as com.example.app:/callback."
    )]
    SchemeWithoutDot(String),
    /// An own scheme and nothing after it.
    #[error("A path must follow the scheme: write {0}:/callback.")]
    PrivateUseWithoutPath(String),
    /// An own scheme, but the client keeps a secret.
    #[error("Only a public (PKCE) application may use a scheme of its own: use https://, or make it public.")]
    PrivateUseByConfidential,
    /// A query that would collide with the answer.
    #[error("Its query may not hold {0}: we add that parameter ourselves.")]
    ReservedQuery(String),
}
