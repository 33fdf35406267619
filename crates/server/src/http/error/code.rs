//! What can go wrong at the data API: each code with its status, what it means, and what to do.
//!
//! Problems are made from this table, and so are the page that their `type` leads to and the OpenAPI document.

use std::borrow::Cow;

use axum::http::StatusCode;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table below describes each")]
pub enum Code {
    InvalidRequest,
    MissingCredential,
    InvalidToken,
    InsufficientScope,
    NotAllowed,
    NotFound,
    MethodNotAllowed,
    Conflict,
    BodyTooLarge,
    UnsupportedMediaType,
    Internal,
    Unavailable,
}

/// A row of the table.
pub struct Entry {
    /// The code.
    pub code: Code,
    /// As it goes over the wire.
    pub name: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// In a few words.
    pub title: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Every code, by status.
pub const CODES: [Entry; 12] = [
    Entry {
        code: Code::InvalidRequest,
        name: "invalid_request",
        status: StatusCode::BAD_REQUEST,
        title: "Bad request",
        meaning: "A parameter, the cursor, a header or the body can't be understood, or breaks a rule.",
        remedy: "Read `detail`, and `errors`: each names the place by a JSON pointer. Start lists again without the \
                 cursor when you change their other parameters.",
    },
    Entry {
        code: Code::MissingCredential,
        name: "missing_credential",
        status: StatusCode::UNAUTHORIZED,
        title: "Not authenticated",
        meaning: "No credential came with the request.",
        remedy: "Send an API key or an access token in one header, `Authorization: Bearer`.",
    },
    Entry {
        code: Code::InvalidToken,
        name: "invalid_token",
        status: StatusCode::UNAUTHORIZED,
        title: "Not authenticated",
        meaning: "The key or token is mistyped, expired, revoked or unknown. Which of these is not said.",
        remedy: "Refresh the access token, or make a new key under Developer Settings.",
    },
    Entry {
        code: Code::InsufficientScope,
        name: "insufficient_scope",
        status: StatusCode::FORBIDDEN,
        title: "Not allowed",
        meaning: "The key or token works, but not for this: it lacks the scope that `detail` names. A token also \
                  loses a scope when its user's role does.",
        remedy: "Use a key with that scope, or ask the user to consent to it. `GET /v1/me` tells what a credential \
                 may do now.",
    },
    Entry {
        code: Code::NotAllowed,
        name: "not_allowed",
        status: StatusCode::FORBIDDEN,
        title: "Not allowed",
        meaning: "The scope is there, but what was asked for goes beyond what the caller may give or do.",
        remedy: "Ask for less, as `detail` says: a key, for one, makes no key wider than itself.",
    },
    Entry {
        code: Code::NotFound,
        name: "not_found",
        status: StatusCode::NOT_FOUND,
        title: "Not found",
        meaning: "It does not exist, or this credential does not reach it. The two can't be told apart, on purpose.",
        remedy: "Check the id, and with `GET /v1/me` which organization and devices the credential covers.",
    },
    Entry {
        code: Code::MethodNotAllowed,
        name: "method_not_allowed",
        status: StatusCode::METHOD_NOT_ALLOWED,
        title: "Method not allowed",
        meaning: "This address does not take this method.",
        remedy: "Use one of those that the `Allow` header names.",
    },
    Entry {
        code: Code::Conflict,
        name: "conflict",
        status: StatusCode::CONFLICT,
        title: "Conflicts with what is stored",
        meaning: "What was sent contradicts what is stored, or another row of the same batch. Nothing was changed.",
        remedy: "Look at the rows that `errors` names. A result that is stored is never overwritten.",
    },
    Entry {
        code: Code::BodyTooLarge,
        name: "body_too_large",
        status: StatusCode::PAYLOAD_TOO_LARGE,
        title: "Body too large",
        meaning: "The body has more bytes, or the batch more observations, than this endpoint takes. Nothing was stored.",
        remedy: "Split it into several requests. A thousand observations in each is a good size.",
    },
    Entry {
        code: Code::UnsupportedMediaType,
        name: "unsupported_media_type",
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        title: "Unsupported media type",
        meaning: "The body has a format that this endpoint does not read, or none that `Content-Type` names.",
        remedy: "Send one of the formats that `detail` names, and say so in `Content-Type`.",
    },
    Entry {
        code: Code::Internal,
        name: "internal",
        status: StatusCode::INTERNAL_SERVER_ERROR,
        title: "Internal error",
        meaning: "Something went wrong on our side.",
        remedy: "Try again later. If it goes on, tell support the `request_id`.",
    },
    Entry {
        code: Code::Unavailable,
        name: "unavailable",
        status: StatusCode::SERVICE_UNAVAILABLE,
        title: "Temporarily unavailable",
        meaning: "The server is busy or out of space. Nothing was changed.",
        remedy: "Try again after as many seconds as `Retry-After` says.",
    },
];

impl Code {
    /// Its row.
    pub fn entry(self) -> &'static Entry {
        // The table is in the order of the variants; a test holds it there.
        CODES.get(self as usize).unwrap_or(&CODES[0])
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.entry().name)
    }
}

impl JsonSchema for Code {
    fn schema_name() -> Cow<'static, str> {
        "ProblemCode".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let names: Vec<&str> = CODES.iter().map(|entry| entry.name).collect();
        json_schema!({"type": "string", "enum": names})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_finds_its_own_row() {
        for entry in &CODES {
            assert_eq!(entry.code.entry().name, entry.name);
        }
        assert!(CODES.is_sorted_by_key(|entry| entry.status.as_u16()));
    }
}
