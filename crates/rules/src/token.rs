//! The token request (RFC 6749 sections 4.1.3 and 6) as it is read before anything is looked up, and the error it
//! may end in (section 5.2).
//!
//! Parameters belong into the body. Our own documentation has always shown them in the query beside a Basic header,
//! so that form is read too: with an `Authorization` header, with an empty body, and never for anything secret
//! that is not about to be used up. One request is read from one place; the two are compared, not merged.
//!
//! Everything that can be wrong with a request as such is found here, before a code is touched: a request that
//! cannot be understood must not use up a code.

mod error;

#[cfg(test)]
mod tests;

use zeroize::Zeroizing;

pub use self::error::{TokenError, TokenErrorCode};
use crate::authorize::{requested_scopes, resources};
use crate::client_auth::{self, Presented};
use crate::description::echo;
use crate::form::{Field, Form};
use crate::pkce::Verifier;
use crate::scope::ScopeList;

/// The parameters that count here and may come only once.
const SINGLE: [&str; 11] = [
    "grant_type",
    "code",
    "redirect_uri",
    "client_id",
    "code_verifier",
    "client_secret",
    "refresh_token",
    "token",
    "scope",
    "client_assertion",
    "client_assertion_type",
];

/// The parameters that may stand in the query.
const IN_QUERY: [&str; 5] = ["grant_type", "code", "redirect_uri", "client_id", "code_verifier"];

/// What must not: queries end up in logs, histories and referrers.
pub(crate) const NEVER_IN_QUERY: [&str; 10] = [
    "client_secret",
    "refresh_token",
    "access_token",
    "id_token",
    "token",
    "password",
    "client_assertion",
    "assertion",
    "subject_token",
    "actor_token",
];

/// A POST to the token endpoint as it came in.
#[derive(Clone, Copy)]
pub struct Received<'r> {
    /// The raw query, without `?`; empty if there is none.
    pub query: &'r str,
    /// The raw body.
    pub body: &'r [u8],
    /// The `Content-Type` header.
    pub content_type: Option<&'r str>,
    /// The `Authorization` header.
    pub authorization: Option<&'r str>,
}

impl Received<'_> {
    /// The client that the request names, rightly or not, also if the rest can't be understood: for telling its
    /// owner, and never a proof.
    #[must_use]
    pub fn named_client(&self) -> Option<String> {
        if let Ok(presented) = client_auth::present(self.authorization, None, None) {
            return presented.candidates().first().map(|named| named.client_id().to_owned());
        }
        let named = |encoded: &[u8]| Form::parse(encoded).ok()?.get("client_id").map(str::to_owned);
        named(self.body).or_else(|| named(self.query.as_bytes()))
    }
}

/// A request that can be understood; whether it is granted, the database tells.
pub struct TokenRequest {
    /// Who asks, not yet proven.
    pub client: Presented,
    /// What it offers in exchange.
    pub grant: Grant,
    /// The resources it wants the token for (RFC 8707): absolute URIs, whether ours the caller knows.
    pub resources: Vec<String>,
}

/// What a client offers for an access token. The secrets in it are wiped when dropped.
pub enum Grant {
    /// RFC 6749 section 4.1.3.
    AuthorizationCode {
        /// The code, of any content; never empty.
        code: Zeroizing<String>,
        /// Must equal the one of the authorization request.
        redirect_uri: Option<String>,
        /// For [`pkce::prove`](crate::pkce::prove).
        code_verifier: Option<Verifier>,
    },
    /// RFC 6749 section 6.
    RefreshToken {
        /// The token, of any content; never empty.
        refresh_token: Zeroizing<String>,
        /// The scopes to narrow the access token to; `None` for all that were granted. Never empty.
        scope: Option<ScopeList>,
    },
}

impl TokenRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it as such; whatever it is, no code and no refresh token has been used up.
    pub fn parse(received: &Received<'_>) -> Result<Self, TokenError> {
        let form = parameters(received)?;
        let client = presented(received, &form)?;
        let resources = resources(&form)
            .map_err(|description| TokenError::invalid_target(description).about("resource"))?;
        Ok(Self { client, grant: Grant::read(&form)?, resources })
    }
}

/// A request about one token: to revoke it (RFC 7009 section 2.1) or to introspect it (RFC 7662 section 2.1).
///
/// `token_type_hint` is not looked at, as both RFCs allow: the token itself says what it is.
pub struct Inquiry {
    /// Who asks, not yet proven.
    pub client: Presented,
    /// The token, of any content; never empty. Wiped when dropped.
    pub token: Zeroizing<String>,
}

impl Inquiry {
    /// Reads a request.
    ///
    /// # Errors
    /// What is wrong with it as such.
    pub fn parse(received: &Received<'_>) -> Result<Self, TokenError> {
        let form = parameters(received)?;
        let client = presented(received, &form)?;
        Ok(Self { client, token: secret(&form, "token")? })
    }
}

/// Who says they are asking.
fn presented(received: &Received<'_>, form: &Form) -> Result<Presented, TokenError> {
    if form.get("client_assertion").is_some() || form.get("client_assertion_type").is_some() {
        return Err(TokenError::invalid_client(
            "client_assertion is not supported: use Authorization: Basic, or client_secret in the body.",
        )
        .about("client_assertion"));
    }
    Ok(client_auth::present(received.authorization, form.get("client_id"), form.get("client_secret"))?)
}

impl Grant {
    fn read(form: &Form) -> Result<Self, TokenError> {
        match form.get("grant_type") {
            Some("authorization_code") => Self::read_code(form),
            Some("refresh_token") => Self::read_refresh(form),
            Some(other) => Err(TokenError::unsupported_grant_type(format!(
                "{} is not supported: use authorization_code or refresh_token.",
                echo(other)
            ))
            .about("grant_type")),
            None => Err(TokenError::invalid_request("grant_type is missing.").about("grant_type")),
        }
    }

    fn read_code(form: &Form) -> Result<Self, TokenError> {
        Ok(Self::AuthorizationCode {
            code: secret(form, "code")?,
            redirect_uri: form.get("redirect_uri").map(str::to_owned),
            code_verifier: form.get("code_verifier").map(Verifier::parse).transpose()?,
        })
    }

    fn read_refresh(form: &Form) -> Result<Self, TokenError> {
        let refresh_token = secret(form, "refresh_token")?;
        let scope = requested_scopes(form.get("scope").unwrap_or_default())
            .map_err(|description| TokenError::invalid_scope(description).about("scope"))?;
        Ok(Self::RefreshToken { refresh_token, scope: (!scope.is_empty()).then_some(scope) })
    }
}

fn secret(form: &Form, name: &'static str) -> Result<Zeroizing<String>, TokenError> {
    let missing = || TokenError::invalid_request(format!("{name} is missing.")).about(name);
    let value = form.get(name).ok_or_else(missing)?;
    Ok(Zeroizing::new(value.to_owned()))
}

/// The one form that holds the request.
fn parameters(received: &Received<'_>) -> Result<Form, TokenError> {
    let query = Form::parse(received.query)?;
    if let Some(name) = NEVER_IN_QUERY.iter().find(|name| query.field(name) != Field::Absent) {
        return Err(TokenError::invalid_request(format!(
            "{name} was sent in the query, where others can read it: send it in the body, and replace it."
        ))
        .about(name));
    }
    let body = body(received)?;
    refuse_unclear(&query)?;
    refuse_unclear(&body)?;
    if IN_QUERY.iter().all(|name| query.get(name).is_none()) {
        return Ok(body);
    }
    if !body.is_empty() {
        return refuse_contradiction(&query, &body).map(|()| body);
    }
    if received.authorization.is_none() {
        return Err(TokenError::invalid_request(
            "The parameters are in the query: send them in the body, or authenticate with Authorization: Basic.",
        )
        .about("Authorization"));
    }
    Ok(query)
}

fn refuse_contradiction(query: &Form, body: &Form) -> Result<(), TokenError> {
    for name in IN_QUERY {
        match (query.get(name), body.get(name)) {
            (Some(one), Some(other)) if one != other => {
                let differs = format!("{name} differs between query and body.");
                return Err(TokenError::invalid_request(differs).about(name));
            }
            (Some(_), None) => {
                return Err(TokenError::invalid_request(format!(
                    "{name} is in the query and other parameters are in the body: send all of them in the body."
                ))
                .about(name));
            }
            _ => {}
        }
    }
    Ok(())
}

fn refuse_unclear(form: &Form) -> Result<(), TokenError> {
    for name in SINGLE {
        let wrong = match form.field(name) {
            Field::Repeated => "was sent more than once",
            Field::NotUtf8 => "is not valid UTF-8",
            Field::Value(_) | Field::Absent => continue,
        };
        return Err(TokenError::invalid_request(format!("{name} {wrong}.")).about(name));
    }
    Ok(())
}

/// The form in the body.
pub(crate) fn body(received: &Received<'_>) -> Result<Form, TokenError> {
    if received.body.is_empty() {
        return Ok(Form::parse("")?);
    }
    let sent = received.content_type.unwrap_or_default().to_ascii_lowercase();
    let mut pieces = sent.split(';').map(str::trim);
    let kind = pieces.next().unwrap_or_default();
    let starts_like_json = || received.body.trim_ascii_start().starts_with(b"{");
    if kind == "application/json" || (kind.is_empty() && starts_like_json()) {
        return Err(TokenError::invalid_request(
            "The body is JSON: send it as application/x-www-form-urlencoded, such as grant_type=...&code=...",
        )
        .about("Content-Type"));
    }
    if !matches!(kind, "" | "application/x-www-form-urlencoded") {
        return Err(TokenError::invalid_request(format!(
            "The body is {}: send it as application/x-www-form-urlencoded.",
            echo(kind)
        ))
        .about("Content-Type"));
    }
    let mut charsets = pieces.filter_map(|piece| piece.strip_prefix("charset="));
    if charsets.any(|charset| !matches!(charset.trim_matches('"'), "utf-8" | "utf8")) {
        let why = "The charset of the body must be UTF-8.";
        return Err(TokenError::invalid_request(why).about("Content-Type"));
    }
    Ok(Form::parse(received.body)?)
}
