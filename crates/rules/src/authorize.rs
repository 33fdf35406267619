//! The authorization request (RFC 6749 section 4.1.1, RFC 7636 section 4.3, RFC 9700 section 4.1).
//!
//! Two steps, because a mistake has two addressees. Until the redirect URI is proven nobody may be redirected, so
//! the person at the browser gets a page ([`PageError`]). After that the client gets its answer by redirect
//! ([`ErrorRedirect`]), which holds a [`Destination`] and so cannot carry a URI that is not registered. What
//! passes both steps is a [`Valid`], and nothing else can make one.
//!
//! ```text
//! AuthorizationRequest::parse(&form) ─▶ the caller looks its client up ─▶ check(&client) ─▶ Valid
//!            └▶ PageError                        └▶ PageError::UnknownClient    └▶ Refusal::{Page, Redirect}
//! ```
//!
//! Parameters we don't know are ignored (RFC 6749 section 3.1): libraries add `access_type`, `nonce`, `audience`.

mod answer;
mod scope_parameter;

#[cfg(test)]
mod tests;

use thiserror::Error;

pub use self::answer::{AuthorizeError, ErrorRedirect, IssuerParameter, code_location};
pub(crate) use self::scope_parameter::requested_scopes;
use crate::client_auth::ClientType;
use crate::description::{Description, echo};
use crate::form::{Field, Form, FormError};
use crate::pkce::{Challenge, Pkce, PkceError};
use crate::redirect_uri::Destination;
use crate::scope::{ScopeList, ScopeSet};

/// Longest `state` given back, in bytes.
pub const MAX_STATE: usize = 8 * 1024;

/// Longest `login_hint` looked at, in bytes: the longest e-mail address is 254.
const MAX_LOGIN_HINT: usize = 254;

/// The parameters that count here and may come only once. `resource` may be repeated (RFC 8707 section 2).
const SINGLE: [&str; 10] = [
    "state",
    "response_type",
    "response_mode",
    "scope",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login_hint",
    "request",
    "request_uri",
];

/// A request whose client and redirect URI are named, but not yet proven.
pub struct AuthorizationRequest<'f> {
    form: &'f Form,
    client_id: &'f str,
    redirect_uri: &'f str,
}

/// What the application's registration says.
#[derive(Clone, Copy, Debug)]
pub struct ClientFacts<'c> {
    /// Whether it keeps a secret.
    pub client_type: ClientType,
    /// Whether its requests need a challenge; a public client's always do, whatever stands here.
    pub pkce: Pkce,
    /// Its redirect URIs as registered.
    pub redirect_uris: &'c [String],
    /// The scopes its users' roles must have, in order.
    pub required: &'c ScopeList,
    /// The scopes it may ask for besides.
    pub optional: &'c ScopeList,
}

/// A request that may go on to login and consent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Valid {
    client_id: String,
    redirect_uri: Destination,
    state: Option<String>,
    wishes: Wishes,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Wishes {
    scopes: ScopeList,
    optional: ScopeSet,
    challenge: Option<Challenge>,
    prompts: Vec<Prompt>,
    login_hint: Option<String>,
    resources: Vec<String>,
}

/// How the client wants the user to be asked (OpenID Connect Core section 3.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// Show no page: answer at once or fail with `login_required` or `consent_required`. Never beside another.
    None,
    /// Sign in again, even in a live session.
    Login,
    /// Ask for consent again, even if it was given.
    Consent,
    /// Let the user choose the account.
    SelectAccount,
}

/// Why a request cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Tell the person at the browser; redirect nowhere.
    Page(PageError),
    /// Tell the client.
    Redirect(ErrorRedirect),
}

/// A mistake found before the redirect URI was proven. Printed, it is a sentence for a page; the strings in
/// it are a stranger's and must be escaped.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PageError {
    /// The request is too big to be read.
    #[error("The request cannot be read. {0}")]
    Unreadable(#[from] FormError),
    /// No `client_id`.
    #[error("client_id is missing: the application did not say who it is.")]
    MissingClientId,
    /// More than one `client_id`.
    #[error("client_id was sent more than once.")]
    DuplicateClientId,
    /// No `redirect_uri`; it is always required.
    #[error("redirect_uri is missing: it must be sent, also when only one is registered.")]
    MissingRedirectUri,
    /// More than one `redirect_uri`.
    #[error("redirect_uri was sent more than once.")]
    DuplicateRedirectUri,
    /// `client_id` or `redirect_uri` is not UTF-8.
    #[error("{0} is not valid UTF-8.")]
    NotUtf8(&'static str),
    /// No application has this id; only the caller can know.
    #[error("No application has this client_id. It may have been deleted, or copied incompletely.")]
    UnknownClient,
    /// The redirect URI is not the application's.
    #[error("This redirect_uri is not registered for the application. It must match byte for byte.")]
    UnregisteredRedirectUri {
        /// As it came, of any content.
        received: String,
        /// Those that would have done; see [`closest`](crate::redirect_uri::closest).
        registered: Vec<String>,
    },
}

/// What is wrong, before it is known where to say it.
struct Fault(AuthorizeError, Description);

impl<'f> AuthorizationRequest<'f> {
    /// Reads the query of a GET or the body of a POST as far as the client.
    ///
    /// # Errors
    /// Unless `client_id` and `redirect_uri` each came exactly once.
    pub fn parse(form: &'f Form) -> Result<Self, PageError> {
        let client_id = match form.field("client_id") {
            Field::Value(client_id) => client_id,
            Field::Absent => return Err(PageError::MissingClientId),
            Field::Repeated => return Err(PageError::DuplicateClientId),
            Field::NotUtf8 => return Err(PageError::NotUtf8("client_id")),
        };
        let redirect_uri = match form.field("redirect_uri") {
            Field::Value(redirect_uri) => redirect_uri,
            Field::Absent => return Err(PageError::MissingRedirectUri),
            Field::Repeated => return Err(PageError::DuplicateRedirectUri),
            Field::NotUtf8 => return Err(PageError::NotUtf8("redirect_uri")),
        };
        Ok(Self { form, client_id, redirect_uri })
    }

    /// The application to look up; any text.
    #[must_use]
    pub fn client_id(&self) -> &str {
        self.client_id
    }

    /// Checks everything else against the application that [`client_id`](Self::client_id) names.
    ///
    /// # Errors
    /// A page while the redirect URI is not proven, a redirect with an RFC 6749 section 4.1.2.1 error after that.
    pub fn check(&self, client: &ClientFacts<'_>) -> Result<Valid, Refusal> {
        let proven = Destination::prove(self.redirect_uri, client.redirect_uris, client.client_type);
        let redirect_uri = proven.ok_or_else(|| {
            Refusal::Page(PageError::UnregisteredRedirectUri {
                received: self.redirect_uri.to_owned(),
                registered: client.redirect_uris.to_vec(),
            })
        })?;
        // A state that cannot be given back byte for byte is not given back at all.
        let state = self.form.get("state").filter(|state| state.len() <= MAX_STATE).map(str::to_owned);
        match self.wishes(client) {
            Ok(wishes) => Ok(Valid { client_id: self.client_id.to_owned(), redirect_uri, state, wishes }),
            Err(Fault(error, description)) => {
                Err(Refusal::Redirect(ErrorRedirect { redirect_uri, error, description, state }))
            }
        }
    }

    fn wishes(&self, client: &ClientFacts<'_>) -> Result<Wishes, Fault> {
        self.refuse_unclear()?;
        self.refuse_request_objects()?;
        self.refuse_other_responses()?;
        let scopes = scopes(self.form.get("scope"), client)?;
        Ok(Wishes {
            optional: scopes.set().and(client.optional.set()),
            scopes,
            challenge: self.challenge(client)?,
            prompts: prompts(self.form.get("prompt"))?,
            login_hint: self
                .form
                .get("login_hint")
                .filter(|hint| hint.len() <= MAX_LOGIN_HINT)
                .map(str::to_owned),
            resources: resources(self.form).map_err(|text| Fault(AuthorizeError::InvalidTarget, text))?,
        })
    }

    fn refuse_unclear(&self) -> Result<(), Fault> {
        for name in SINGLE {
            match self.form.field(name) {
                Field::Repeated => return Err(invalid_request(format!("{name} was sent more than once."))),
                Field::NotUtf8 => return Err(invalid_request(format!("{name} is not valid UTF-8."))),
                Field::Value(state) if name == "state" && state.len() > MAX_STATE => {
                    return Err(invalid_request(format!("state is longer than {MAX_STATE} bytes.")));
                }
                Field::Value(_) | Field::Absent => {}
            }
        }
        Ok(())
    }

    /// Request objects (RFC 9101) are not done; above all nothing is ever fetched from a `request_uri`.
    fn refuse_request_objects(&self) -> Result<(), Fault> {
        let refusals = [
            ("request", AuthorizeError::RequestNotSupported),
            ("request_uri", AuthorizeError::RequestUriNotSupported),
        ];
        match refusals.into_iter().find(|(name, _)| self.form.get(name).is_some()) {
            Some((name, error)) => Err(Fault(error, format!("{name} is not supported.").into())),
            None => Ok(()),
        }
    }

    fn refuse_other_responses(&self) -> Result<(), Fault> {
        match self.form.get("response_type") {
            Some("code") => {}
            Some(_) => {
                let description = "The only supported response_type is code.".into();
                return Err(Fault(AuthorizeError::UnsupportedResponseType, description));
            }
            None => return Err(invalid_request("response_type is missing: send response_type=code.")),
        }
        match self.form.get("response_mode") {
            Some("query") | None => Ok(()),
            Some(_) => Err(invalid_request("The only supported response_mode is query.")),
        }
    }

    fn challenge(&self, client: &ClientFacts<'_>) -> Result<Option<Challenge>, Fault> {
        let challenge =
            Challenge::parse(self.form.get("code_challenge"), self.form.get("code_challenge_method"))?;
        match (challenge, Pkce::of(client.client_type, client.pkce)) {
            (None, Pkce::Required) => Err(invalid_request(
                "code_challenge is missing: this application must use PKCE with code_challenge_method=S256.",
            )),
            (challenge, _) => Ok(challenge),
        }
    }
}

impl Valid {
    /// The client, as it was named and found.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Where the answer goes.
    #[must_use]
    pub fn redirect_uri(&self) -> &Destination {
        &self.redirect_uri
    }

    /// The scopes asked for, in the order asked, or all required ones if none were named; never empty.
    #[must_use]
    pub fn scopes(&self) -> &ScopeList {
        &self.wishes.scopes
    }

    /// Those of [`scopes`](Self::scopes) that are optional: the person may leave each of them out.
    #[must_use]
    pub fn optional(&self) -> ScopeSet {
        self.wishes.optional
    }

    /// The `state` to give back byte for byte, if one was sent.
    #[must_use]
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// The PKCE challenge the code will be bound to.
    #[must_use]
    pub fn challenge(&self) -> Option<&Challenge> {
        self.wishes.challenge.as_ref()
    }

    /// Whether this prompt was asked for.
    #[must_use]
    pub fn asks(&self, prompt: Prompt) -> bool {
        self.wishes.prompts.contains(&prompt)
    }

    /// Who the client thinks the user is: a stranger's text to fill into a form, nothing more.
    #[must_use]
    pub fn login_hint(&self) -> Option<&str> {
        self.wishes.login_hint.as_deref()
    }

    /// The resources named (RFC 8707): absolute URIs without fragment. Whether they are ours, the caller knows.
    #[must_use]
    pub fn resources(&self) -> &[String] {
        &self.wishes.resources
    }

    /// Refuses the request after all, for what only login or consent could tell.
    #[must_use]
    pub fn refuse(self, error: AuthorizeError, description: impl Into<Description>) -> ErrorRedirect {
        let Self { redirect_uri, state, .. } = self;
        ErrorRedirect { redirect_uri, error, description: description.into(), state }
    }
}

impl From<PkceError> for Fault {
    fn from(error: PkceError) -> Self {
        invalid_request(error.to_string())
    }
}

fn invalid_request(description: impl Into<Description>) -> Fault {
    Fault(AuthorizeError::InvalidRequest, description.into())
}

fn invalid_scope(description: impl Into<Description>) -> Fault {
    Fault(AuthorizeError::InvalidScope, description.into())
}

/// The scopes asked for; none named means all required ones (RFC 6749 section 3.3), never the optional ones.
fn scopes(parameter: Option<&str>, client: &ClientFacts<'_>) -> Result<ScopeList, Fault> {
    let asked = requested_scopes(parameter.unwrap_or_default()).map_err(invalid_scope)?;
    if asked.is_empty() && client.required.is_empty() {
        return Err(invalid_scope(
            "scope is missing, and the application has no required scopes to stand for it.",
        ));
    }
    if asked.is_empty() {
        return Ok(client.required.clone());
    }
    let is_listed = |scope| client.required.contains(scope) || client.optional.contains(scope);
    let unlisted = asked.iter().find(|scope| !is_listed(*scope));
    match unlisted {
        Some(scope) => {
            Err(invalid_scope(format!("{} is not registered for this application.", scope.name())))
        }
        None => Ok(asked),
    }
}

/// An unknown prompt is refused: to ignore a mistyped `login` would skip the very check the client wanted.
fn prompts(parameter: Option<&str>) -> Result<Vec<Prompt>, Fault> {
    let read = |word: &str| match word {
        "none" => Ok(Prompt::None),
        "login" => Ok(Prompt::Login),
        "consent" => Ok(Prompt::Consent),
        "select_account" => Ok(Prompt::SelectAccount),
        other => Err(invalid_request(format!("{} is not a supported prompt.", echo(other)))),
    };
    let words = parameter.unwrap_or_default().split(' ').filter(|word| !word.is_empty());
    let prompts = words.map(read).collect::<Result<Vec<_>, _>>()?;
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(invalid_request("prompt=none must stand alone."));
    }
    Ok(prompts)
}

/// `resource`, as often as it was sent (RFC 8707 section 2): absolute URIs without a fragment.
pub(crate) fn resources(form: &Form) -> Result<Vec<String>, Description> {
    let read = |value: Option<&str>| {
        let uri = value.filter(|text| !text.contains('#') && url::Url::parse(text).is_ok());
        uri.map(str::to_owned).ok_or_else(|| "resource must be an absolute URI without a fragment.".into())
    };
    form.all("resource").map(read).collect()
}
