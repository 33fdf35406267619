//! The error of a token endpoint (RFC 6749 section 5.2): a code for programs, a sentence for their authors.

use serde::Serialize;

use crate::client_auth::ClientAuthError;
use crate::description::Description;
use crate::form::FormError;
use crate::pkce::{PkceError, Unproven};

/// The body of an error response: serialized, it is `{"error": …, "error_description": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenError {
    /// What kind.
    pub error: TokenErrorCode,
    /// What exactly. It never repeats a secret.
    #[serde(rename = "error_description")]
    pub description: Description,
    /// The parameter or header that it is about, for the application's owner.
    #[serde(skip)]
    pub about: Option<&'static str>,
}

/// An error code, serialized as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenErrorCode {
    /// Something is missing, malformed, there twice, or in the wrong place.
    InvalidRequest,
    /// The client is unknown or not proven.
    InvalidClient,
    /// The code, refresh token, redirect URI or verifier is not good.
    InvalidGrant,
    /// This client may not use this grant type.
    UnauthorizedClient,
    /// A grant type we don't do.
    UnsupportedGrantType,
    /// A scope that is unknown or was not granted.
    InvalidScope,
    /// A resource that is not ours (RFC 8707 section 2).
    InvalidTarget,
}

impl TokenErrorCode {
    /// The code on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
        }
    }
}

impl Serialize for TokenErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl TokenError {
    /// 401 for `invalid_client`, 400 for everything else: libraries understand no other status.
    #[must_use]
    pub fn status(&self) -> u16 {
        if self.error == TokenErrorCode::InvalidClient { 401 } else { 400 }
    }

    /// `invalid_request`
    pub fn invalid_request(description: impl Into<Description>) -> Self {
        Self::new(TokenErrorCode::InvalidRequest, description)
    }

    /// `invalid_client`
    pub fn invalid_client(description: impl Into<Description>) -> Self {
        Self::new(TokenErrorCode::InvalidClient, description)
    }

    /// `invalid_grant`
    pub fn invalid_grant(description: impl Into<Description>) -> Self {
        Self::new(TokenErrorCode::InvalidGrant, description)
    }

    /// `unsupported_grant_type`
    pub fn unsupported_grant_type(description: impl Into<Description>) -> Self {
        Self::new(TokenErrorCode::UnsupportedGrantType, description)
    }

    /// `invalid_scope`
    pub fn invalid_scope(description: impl Into<Description>) -> Self {
        Self::new(TokenErrorCode::InvalidScope, description)
    }

    /// `invalid_target`
    pub fn invalid_target(description: impl Into<Description>) -> Self {
        Self::new(TokenErrorCode::InvalidTarget, description)
    }
}

impl TokenError {
    fn new(error: TokenErrorCode, description: impl Into<Description>) -> Self {
        Self { error, description: description.into(), about: None }
    }

    /// Says which parameter or header it is about.
    #[must_use]
    pub fn about(self, name: &'static str) -> Self {
        Self { about: Some(name), ..self }
    }
}

impl From<FormError> for TokenError {
    fn from(error: FormError) -> Self {
        Self::invalid_request(error.to_string())
    }
}

impl From<ClientAuthError> for TokenError {
    /// Contradictions are the request's fault; all else is a client that is not proven.
    fn from(error: ClientAuthError) -> Self {
        let description = error.to_string();
        match error {
            ClientAuthError::TwoClients => Self::invalid_request(description).about("client_id"),
            ClientAuthError::TwoSecrets => Self::invalid_request(description).about("client_secret"),
            ClientAuthError::Missing => Self::invalid_client(description).about("client_id"),
            ClientAuthError::OtherScheme | ClientAuthError::Malformed => {
                Self::invalid_client(description).about("Authorization")
            }
            ClientAuthError::SecretMissing | ClientAuthError::SecretUnexpected => {
                Self::invalid_client(description).about("client_secret")
            }
        }
    }
}

impl From<PkceError> for TokenError {
    /// A verifier that cannot be one does not fit the challenge either (RFC 7636 section 4.6).
    fn from(error: PkceError) -> Self {
        Self::invalid_grant(error.to_string()).about("code_verifier")
    }
}

impl From<Unproven> for TokenError {
    fn from(error: Unproven) -> Self {
        Self::invalid_grant(error.to_string())
    }
}
