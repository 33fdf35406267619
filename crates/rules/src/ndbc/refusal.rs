//! Why a file or a row was not taken, in words a person can act on.

/// Why a whole file was refused, decided from its two header lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The first line names neither kind of file.
    #[error(
        "the first line is not the header of an .ocean file (DEPTH and OTMP, SAL, …) \
         nor of a standard meteorological file (WDIR, WSPD and PRES)"
    )]
    UnknownKind,
    /// A row could not be placed in time without this column.
    #[error("the header has no {0} column, so its rows can't be placed in time")]
    NoDateColumn(&'static str),
    /// One name, two columns: whichever we took could be the wrong one.
    #[error("the header names the column {0} twice")]
    RepeatedColumn(&'static str),
    /// The second line holds something else, as in files from before 2007.
    #[error("the second line does not give the units (#yr mo dy hr mn …)")]
    NoUnits,
    /// Names and units can't be paired.
    #[error("the header names {names} columns, but the second line gives {units} units")]
    UnitCount {
        /// Columns in the first line.
        names: usize,
        /// Units in the second line.
        units: usize,
    },
    /// Taking the values would change their meaning.
    #[error("the column {column} is in {found:?}, where {expected:?} was expected")]
    WrongUnit {
        /// The column's name.
        column: &'static str,
        /// NDBC's unit for it.
        expected: &'static str,
        /// The start of what the file says.
        found: String,
    },
}

/// A row that was not taken, and the line it stands on (the first line of a file is 1).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Refused {
    /// Line number in the file, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a row. Texts taken from the file are cut to their first characters.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// Fields and columns can't be paired.
    #[error("it has {found} fields, where the header has {expected} columns")]
    WrongNumberOfColumns {
        /// Columns of the header.
        expected: usize,
        /// Fields of the row.
        found: usize,
    },
    /// A part of the date is not the digits it should be: four for the year, one or two for the rest.
    #[error("{found:?} is not a {part}")]
    BadDatePart {
        /// `year`, `month`, `day`, `hour` or `minute`.
        part: &'static str,
        /// The start of what the row says.
        found: String,
    },
    /// The parts are numbers but no such minute exists.
    #[error("{0} is not a date and time of the calendar")]
    NoSuchTime(String),
    /// Not a plain decimal number and not `MM`.
    #[error("{found:?} in column {column} is neither a number nor MM")]
    NotANumber {
        /// The column's name.
        column: &'static str,
        /// The start of what the row says.
        found: String,
    },
    /// `inf` or `nan`, spelled out.
    #[error("{found:?} in column {column} is not a finite number")]
    NotFinite {
        /// The column's name.
        column: &'static str,
        /// The start of what the row says.
        found: String,
    },
    /// More digits than a 64-bit float gives back.
    #[error("{found:?} in column {column} has more digits than can be kept exactly (15)")]
    TooManyDigits {
        /// The column's name.
        column: &'static str,
        /// The start of what the row says.
        found: String,
    },
}

/// The start of a text from the file: enough to find it, too little to flood a report.
pub(super) fn start_of(text: &str) -> String {
    text.chars().take(24).collect()
}
