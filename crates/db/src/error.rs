//! What can go wrong below the nouns.

use rusqlite::ffi;

/// A failure of the engine or of a statement. The texts are for the log; no caller shows them to a client.
#[derive(Debug, thiserror::Error, Clone)]
pub enum Error {
    /// A unique or primary key already has this value; the text names the columns.
    #[error("not unique: {0}")]
    NotUnique(String),
    /// A foreign key or a CHECK refused the row.
    #[error("constraint violated: {0}")]
    Constraint(String),
    /// Busy, full, read-only or failing: the same request may succeed later.
    #[error("database unavailable: {0}")]
    Unavailable(String),
    /// The file can't be opened, and the text says why and what to do.
    #[error("{0}")]
    Open(String),
    /// A stored value is not what its column promises.
    #[error("corrupt column {column}: {reason}")]
    Corrupt {
        /// Position in the statement's result.
        column: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The statement itself is wrong: a defect of ours.
    #[error("statement failed: {0}")]
    Statement(String),
    /// The closure panicked; its changes are undone.
    #[error("a transaction panicked")]
    Panicked,
    /// The database is shutting down.
    #[error("the database is closed")]
    Closed,
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let rusqlite::Error::SqliteFailure(failure, ref message) = error else {
            return Self::Statement(error.to_string());
        };
        let text = message.clone().unwrap_or_else(|| failure.to_string());
        match failure.code {
            Code::ConstraintViolation => match failure.extended_code {
                ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => Self::NotUnique(text),
                _ => Self::Constraint(text),
            },
            Code::DatabaseBusy
            | Code::DatabaseLocked
            | Code::DiskFull
            | Code::ReadOnly
            | Code::SystemIoFailure
            | Code::CannotOpen
            | Code::OutOfMemory => Self::Unavailable(text),
            _ => Self::Statement(text),
        }
    }
}
