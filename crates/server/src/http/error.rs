//! What goes back when something is wrong: RFC 9457 problems for programs, pages for people.
//!
//! A failure travels as a value; the edge, which knows the request's id, gives it its form. What is shown and what
//! is logged are different things: an unknown failure is an opaque 500 with that id, logged once.

pub mod code;

use std::borrow::Cow;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;

use model::Invalid;
use rules::scope::Scope;

use crate::views::error::Comparison;

pub use code::Code;

/// A failure on its way to the edge, in the response's extensions.
#[derive(Clone)]
pub(crate) enum Failure {
    Problem(Problem),
    Page(Box<Trouble>),
}

impl Failure {
    /// A response that the edge will fill in.
    fn respond(self, status: StatusCode) -> Response {
        let mut response = status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem of the data API (RFC 9457).
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Problem(Box<Details>);

impl JsonSchema for Problem {
    fn schema_name() -> Cow<'static, str> {
        "Problem".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Details::json_schema(generator)
    }
}

/// What went wrong (RFC 9457), as `application/problem+json`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Details {
    /// Where the code is explained.
    #[serde(rename = "type")]
    #[schemars(extend("format" = "uri"))]
    kind: String,
    /// The code in a few words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What is wrong here, for people.
    detail: String,
    /// What kind of problem this is, for programs.
    code: Code,
    /// Tell support this.
    request_id: String,
    /// The places in the request that are wrong, if it is single places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    #[serde(skip)]
    challenge: Challenge,
}

/// One mistake in a request body or query.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct FieldProblem {
    /// Where: a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What.
    pub detail: String,
}

/// What `WWW-Authenticate` says (RFC 6750 §3).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// Nothing.
    #[default]
    None,
    /// No credential came: no error code either (§3.1).
    Missing,
    /// The request is malformed.
    InvalidRequest,
    /// The credential does not work.
    InvalidToken,
    /// The credential lacks this scope.
    InsufficientScope(Scope),
}

impl Problem {
    fn new(code: Code, detail: impl Into<String>) -> Self {
        let entry = code.entry();
        Self(Box::new(Details {
            kind: format!("/docs/errors#{}", entry.name),
            title: entry.title,
            status: entry.status.as_u16(),
            detail: detail.into(),
            code,
            request_id: String::new(),
            errors: Vec::new(),
            challenge: Challenge::None,
        }))
    }

    fn challenging(mut self, challenge: Challenge) -> Self {
        self.0.challenge = challenge;
        self
    }

    /// 400 with one mistake.
    pub fn bad_request(pointer: &str, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        let mut problem = Self::new(Code::InvalidRequest, detail.clone());
        problem.0.errors.push(FieldProblem { pointer: pointer.to_owned(), detail });
        problem
    }

    /// 400: the request came unencrypted over a network.
    pub(crate) fn plain_http(api_url: &str) -> Self {
        let detail = format!(
            "This request came over plain http, which others can read. Send it to {api_url} instead, and revoke the \
             key or token that it carried, if any."
        );
        Self::new(Code::InvalidRequest, detail)
    }

    /// 400 about the `Authorization` header.
    pub fn bad_authorization(detail: &str) -> Self {
        Self::new(Code::InvalidRequest, detail).challenging(Challenge::InvalidRequest)
    }

    /// 401: no credential came.
    pub fn no_credential() -> Self {
        let detail = "Send an API key or an access token: Authorization: Bearer …";
        Self::new(Code::MissingCredential, detail).challenging(Challenge::Missing)
    }

    /// 401: the credential does not work. The same for a mistyped, unknown, expired and revoked one.
    pub fn bad_credential() -> Self {
        let detail =
            "This key or token is malformed, expired, revoked or unknown. Copy it again or make a new one.";
        Self::new(Code::InvalidToken, detail).challenging(Challenge::InvalidToken)
    }

    /// 403: the credential lacks a scope.
    pub fn missing_scope(scope: Scope) -> Self {
        let detail = format!("This key or token does not have the scope {scope}.");
        Self::new(Code::InsufficientScope, detail).challenging(Challenge::InsufficientScope(scope))
    }

    /// 404.
    pub fn not_found() -> Self {
        let detail = "There is no such thing, or it is not within reach of this credential.";
        Self::new(Code::NotFound, detail)
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        let detail = "This address does not take this method; the Allow header names those it takes.";
        Self::new(Code::MethodNotAllowed, detail)
    }

    /// 413.
    pub fn too_large(limit: usize) -> Self {
        let detail = format!("The body may have at most {limit} bytes. Split it into several requests.");
        Self::new(Code::BodyTooLarge, detail)
    }

    /// 413: a batch of more rows than this.
    pub(crate) fn too_many_rows(limit: usize) -> Self {
        let detail = format!(
            "A batch may have at most {limit} observations. Nothing was stored. Split it into several requests; a \
             thousand in each is a good size."
        );
        let mut problem = Self::new(Code::BodyTooLarge, detail.clone());
        problem.0.errors.push(FieldProblem { pointer: "/observations".to_owned(), detail });
        problem
    }

    /// 415.
    pub fn unsupported_media_type(accepted: &str) -> Self {
        let detail = format!("Send the body as {accepted}, and say so in Content-Type.");
        Self::new(Code::UnsupportedMediaType, detail)
    }

    /// 503.
    pub fn unavailable() -> Self {
        let detail = "The database is busy or out of space. Nothing was changed; try again.";
        Self::new(Code::Unavailable, detail)
    }

    /// 503: the memory for large batches is taken.
    pub(crate) fn too_many_batches() -> Self {
        let detail = "Too many large batches are on their way in. Nothing was stored; try again, or send less than a \
                      mebibyte at once.";
        Self::new(Code::Unavailable, detail)
    }

    /// 503, when the request itself was what took so long.
    pub fn too_slow() -> Self {
        let detail =
            "The request took too long to arrive or to answer. If it writes, look before you send it again.";
        Self::new(Code::Unavailable, detail)
    }

    /// 500.
    pub fn internal() -> Self {
        let detail = "Something went wrong on our side. Tell support the request id.";
        Self::new(Code::Internal, detail)
    }

    fn invalid(code: Code, invalid: &Invalid) -> Self {
        let mut problem = Self::new(code, invalid.to_string());
        problem.0.errors = invalid
            .problems
            .iter()
            .map(|(field, detail)| FieldProblem { pointer: pointer(field), detail: detail.clone() })
            .collect();
        problem
    }

    pub(crate) fn detail(&self) -> &str {
        &self.0.detail
    }

    pub(crate) fn challenge(&self) -> Challenge {
        self.0.challenge
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Completes the problem with what only the edge knows: where this server is, and the request's id.
    pub(crate) fn of_request(mut self, public_url: &str, request_id: &str) -> Self {
        self.0.kind = format!("{public_url}{}", self.0.kind);
        self.0.request_id = request_id.to_owned();
        self
    }
}

fn pointer(field: &str) -> String {
    if field.starts_with('/') { field.to_owned() } else { format!("/{field}") }
}

impl From<model::Error> for Problem {
    fn from(error: model::Error) -> Self {
        use model::Error;
        match error {
            Error::NotFound => Self::not_found(),
            Error::Ended => Self::bad_credential(),
            Error::MissingScope(missing) => Self::missing_scope(missing.0),
            Error::NotAllowed(why) => Self::new(Code::NotAllowed, why),
            Error::Invalid(invalid) => Self::invalid(Code::InvalidRequest, &invalid),
            Error::Conflict(invalid) => Self::invalid(Code::Conflict, &invalid),
            Error::Db(error) => match log(&error) {
                Severity::Passing => Self::unavailable(),
                Severity::Defect => Self::internal(),
            },
        }
    }
}

enum Severity {
    Passing,
    Defect,
}

fn log(error: &db::Error) -> Severity {
    tracing::error!(%error, "database failure");
    match error {
        db::Error::Unavailable(_) | db::Error::Closed => Severity::Passing,
        _ => Severity::Defect,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        Failure::Problem(self).respond(status)
    }
}

/// Something wrong on a page: what to tell the person.
#[derive(Clone)]
pub struct Trouble {
    /// The status.
    pub status: StatusCode,
    /// In a few words.
    pub title: String,
    /// In a sentence or two.
    pub happened: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// What was received against what is registered.
    pub compared: Option<Comparison>,
    /// Where to read more: words and address.
    pub guide: Option<(String, String)>,
}

impl Trouble {
    /// Says what is wrong.
    pub fn new(status: StatusCode, title: &str, happened: impl Into<String>) -> Self {
        Self {
            status,
            title: title.to_owned(),
            happened: happened.into(),
            advice: None,
            compared: None,
            guide: None,
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// 404.
    pub fn not_found() -> Self {
        let happened = "There is no page here, or it is not yours to see.";
        Self::new(StatusCode::NOT_FOUND, "Not found", happened)
            .advise("Check the address, or go back to where you came from.")
    }

    /// 405.
    pub fn method_not_allowed() -> Self {
        let happened = "This address does not take requests of this kind.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method not allowed", happened)
    }

    /// 403: a form that did not come from our own page.
    pub fn foreign_form() -> Self {
        let happened = "This form did not come from a page of ours in this browser, or you signed in or out since it was \
                        opened. Nothing was done.";
        Self::new(StatusCode::FORBIDDEN, "Refused", happened)
            .advise("Open the page again and send the form from there. Cookies must be allowed.")
    }

    /// 400: an address or a query that makes no sense.
    pub fn unreadable() -> Self {
        let happened = "The address of this page has a part that can't be read.";
        Self::new(StatusCode::BAD_REQUEST, "That can't be right", happened)
            .advise("Check the address, or go back to where you came from.")
    }

    /// 400: the request came unencrypted over a network.
    pub(crate) fn plain_http(public_url: &str) -> Self {
        let happened = "This page was asked for over plain http, which others can read. Nothing was done.";
        Self::new(StatusCode::BAD_REQUEST, "Use https", happened)
            .advise(format!("Open {public_url} instead. If you sent a password just now, change it."))
    }

    /// 413.
    pub fn too_large() -> Self {
        let happened = "What was sent is larger than any form of ours.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "Too large", happened)
    }

    /// 500.
    pub fn internal() -> Self {
        let happened = "Something went wrong on our side.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Our mistake", happened)
            .advise("Try again in a moment. If it happens again, tell support the request id below.")
    }
}

/// Why a page's handler did not answer as planned.
pub enum Fail {
    /// Go elsewhere instead (to sign in, above all).
    Instead(Box<Response>),
    /// Tell the person.
    Trouble(Box<Trouble>),
    /// A verb refused; forms show [`model::Error::Invalid`] themselves.
    Model(model::Error),
}

impl From<Trouble> for Fail {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(Box::new(trouble))
    }
}

impl From<model::Error> for Fail {
    fn from(error: model::Error) -> Self {
        Self::Model(error)
    }
}

impl From<Response> for Fail {
    fn from(response: Response) -> Self {
        Self::Instead(Box::new(response))
    }
}

impl IntoResponse for Fail {
    fn into_response(self) -> Response {
        let trouble = match self {
            Self::Instead(response) => return *response,
            Self::Trouble(trouble) => trouble,
            Self::Model(error) => Box::new(trouble_of(error)),
        };
        let status = trouble.status;
        Failure::Page(trouble).respond(status)
    }
}

fn trouble_of(error: model::Error) -> Trouble {
    use model::Error;
    match error {
        Error::NotFound => Trouble::not_found(),
        Error::Ended => {
            let happened = "You were signed out while this was on its way. Nothing was done.";
            Trouble::new(StatusCode::UNAUTHORIZED, "You are signed out", happened)
                .advise("Sign in and do it again.")
        }
        Error::MissingScope(missing) => {
            let happened = format!("Your role does not include {}.", missing.0);
            Trouble::new(StatusCode::FORBIDDEN, "Not allowed", happened)
        }
        Error::NotAllowed(why) => Trouble::new(StatusCode::FORBIDDEN, "Not allowed", why),
        Error::Invalid(invalid) => {
            Trouble::new(StatusCode::BAD_REQUEST, "That can't be right", invalid.to_string())
        }
        Error::Conflict(invalid) => Trouble::new(StatusCode::CONFLICT, "That clashes", invalid.to_string()),
        Error::Db(error) => match log(&error) {
            Severity::Passing => {
                let happened = "The database is busy or out of space. Nothing was changed.";
                Trouble::new(StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment", happened)
            }
            Severity::Defect => Trouble::internal(),
        },
    }
}
