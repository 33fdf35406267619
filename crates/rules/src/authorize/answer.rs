//! The two answers a client gets by redirect: a code, or an error (RFC 6749 sections 4.1.2 and 4.1.2.1), both with
//! `iss` (RFC 9207).

use std::fmt;

use crate::description::Description;
use crate::redirect_uri::Destination;

/// An error code a client is redirected with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorizeError {
    /// Something is missing, malformed, or there twice.
    InvalidRequest,
    /// This client may not do this.
    UnauthorizedClient,
    /// The user or a rule said no.
    AccessDenied,
    /// Not `response_type=code`.
    UnsupportedResponseType,
    /// A scope that does not exist or is not the client's.
    InvalidScope,
    /// Our mistake; a redirect cannot say 500.
    ServerError,
    /// Not now; a redirect cannot say 503.
    TemporarilyUnavailable,
    /// `prompt=none`, but nobody is signed in (OpenID Connect Core section 3.1.2.6).
    LoginRequired,
    /// `prompt=none`, but a page must be shown.
    InteractionRequired,
    /// `prompt=none`, but consent is missing.
    ConsentRequired,
    /// A `request` object was sent.
    RequestNotSupported,
    /// A `request_uri` was sent.
    RequestUriNotSupported,
    /// A `resource` that is not ours (RFC 8707 section 2).
    InvalidTarget,
}

/// Whether an application's answers carry `iss` (RFC 9207).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerParameter {
    /// They do, so that a client of many servers can tell from whom an answer comes.
    Sent,
    /// They don't, because the application's library stumbles over it and its owner has switched it off.
    LeftOut,
}

impl IssuerParameter {
    /// The issuer, if it is sent.
    #[must_use]
    pub fn of(self, issuer: &str) -> Option<&str> {
        match self {
            Self::Sent => Some(issuer),
            Self::LeftOut => None,
        }
    }
}

/// An error on its way to the client. Where it goes has been proven to be one of the client's redirect URIs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorRedirect {
    /// Where to.
    pub redirect_uri: Destination,
    /// What kind.
    pub error: AuthorizeError,
    /// What exactly, for the developer.
    pub description: Description,
    /// The request's `state`, if one was sent and can be given back.
    pub state: Option<String>,
}

impl AuthorizeError {
    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable => "temporarily_unavailable",
            Self::LoginRequired => "login_required",
            Self::InteractionRequired => "interaction_required",
            Self::ConsentRequired => "consent_required",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::InvalidTarget => "invalid_target",
        }
    }
}

impl fmt::Display for AuthorizeError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl ErrorRedirect {
    /// The `Location`. `issuer` is left out only for an application whose library cannot bear it.
    #[must_use]
    pub fn location(&self, issuer: Option<&str>) -> String {
        let answer = [("error", self.error.as_str()), ("error_description", self.description.as_str())];
        with_state_and_issuer(&self.redirect_uri, &answer, self.state.as_deref(), issuer)
    }
}

/// The `Location` that brings a code to the client, with the request's `state` if it had one.
#[must_use]
pub fn code_location(to: &Destination, code: &str, state: Option<&str>, issuer: Option<&str>) -> String {
    with_state_and_issuer(to, &[("code", code)], state, issuer)
}

fn with_state_and_issuer(
    to: &Destination,
    answer: &[(&str, &str)],
    state: Option<&str>,
    issuer: Option<&str>,
) -> String {
    let mut parameters = answer.to_vec();
    parameters.extend(state.map(|state| ("state", state)));
    parameters.extend(issuer.map(|issuer| ("iss", issuer)));
    to.with(&parameters)
}
