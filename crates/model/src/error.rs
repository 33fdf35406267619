//! Why a verb did not do what was asked.

use rules::access::MissingScope;

/// What verbs give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A refusal that changed nothing, or a failure underneath.
///
/// Refusals that must change something (a reused code ends its grant) are not errors: they come back as `Ok`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such thing, or not for this caller: the two look alike on purpose.
    #[error("not found")]
    NotFound,
    /// The key, token or session ended while the request was on its way.
    #[error("the credential has ended")]
    Ended,
    /// The credential lacks a scope.
    #[error(transparent)]
    MissingScope(#[from] MissingScope),
    /// The role does not allow it; the text says which would.
    #[error("{0}")]
    NotAllowed(String),
    /// The input has mistakes, each with the field it is in.
    #[error("{0}")]
    Invalid(Invalid),
    /// The input contradicts what is stored.
    #[error("{0}")]
    Conflict(Invalid),
    /// The engine failed.
    #[error(transparent)]
    Db(#[from] db::Error),
}

/// Mistakes in an input, in words for its author.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Field (or a JSON pointer below it, RFC 6901) and what is wrong with it.
    pub problems: Vec<(String, String)>,
}

impl Invalid {
    /// One mistake.
    pub fn one(field: impl Into<String>, problem: impl Into<String>) -> Self {
        let mut invalid = Self::default();
        invalid.add(field, problem);
        invalid
    }

    /// Notes a mistake.
    pub fn add(&mut self, field: impl Into<String>, problem: impl Into<String>) {
        self.problems.push((field.into(), problem.into()));
    }

    /// `Ok` if nothing was noted.
    pub fn or_ok(self) -> Result<()> {
        if self.problems.is_empty() { Ok(()) } else { Err(Error::Invalid(self)) }
    }

    /// What is wrong with this field, if anything.
    pub fn of(&self, field: &str) -> Option<&str> {
        self.problems.iter().find(|(name, _)| name == field).map(|(_, problem)| problem.as_str())
    }
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sentences: Vec<&str> = self.problems.iter().map(|(_, problem)| problem.as_str()).collect();
        f.write_str(&sentences.join(" "))
    }
}
