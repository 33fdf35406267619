//! What a failed request held, parameter by parameter, for the developer who has to mend it.
//!
//! The findings are stored and shown, so nothing secret is in them: of a secret there is only how long it was, a
//! parameter that we don't know is not shown at all, and in the others a long run of letters and digits is cut, because
//! people paste credentials into the wrong place.

mod authorize;
mod token;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::authorize::authorize;
pub use self::token::exchange;
use crate::description::without_secrets;
use crate::form::{Field, Form};

/// Most findings about one request.
const MOST: usize = 40;
/// Longest value shown, in characters.
const LONGEST: usize = 200;
/// Longest sentence kept, in characters.
const LONGEST_SENTENCE: usize = 600;

/// One parameter or header of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Its name.
    pub name: String,
    /// Where it stood.
    pub place: Place,
    /// What it said, as far as that may be shown.
    pub shown: String,
    /// What to think of it.
    pub verdict: Verdict,
    /// Why, in a sentence; empty if there is nothing to say.
    pub note: String,
}

/// Where a parameter stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// In the query of the address.
    Query,
    /// In the body.
    Body,
    /// In a header.
    Header,
    /// Nowhere, and that is the matter.
    Missing,
}

/// What to think of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// As it should be.
    Fine,
    /// This is what is wrong, or part of it.
    Wrong,
    /// Not looked at.
    Ignored,
}

impl Finding {
    fn new(name: &str, place: Place, shown: impl Into<String>, judged: (Verdict, String)) -> Self {
        let (verdict, note) = judged;
        Self { name: masked(name), place, shown: shown.into(), verdict, note }
    }

    fn missing(name: &str, note: &str) -> Self {
        Self::new(name, Place::Missing, "", (Verdict::Wrong, note.to_owned()))
    }
}

/// A sentence about a request, fit to be kept and shown: without what may be a credential, and not endless.
#[must_use]
pub fn presentable(text: &str) -> String {
    without_secrets(text).chars().take(LONGEST_SENTENCE).collect()
}

/// Marks what a request was refused for: the first of these names that was sent, or that it is missing.
#[must_use]
pub fn blame(mut findings: Vec<Finding>, names: &[&str], note: &str) -> Vec<Finding> {
    let sent = names.iter().find(|name| findings.iter().any(|finding| finding.name == **name));
    match (sent, names.first()) {
        (Some(name), _) => {
            for finding in findings.iter_mut().filter(|finding| finding.name == **name) {
                (finding.verdict, finding.note) = wrong(presentable(note));
            }
        }
        (None, Some(name)) => findings.push(Finding::missing(name, &presentable(note))),
        (None, None) => {}
    }
    findings
}

fn fine(note: impl Into<String>) -> (Verdict, String) {
    (Verdict::Fine, note.into())
}

fn wrong(note: impl Into<String>) -> (Verdict, String) {
    (Verdict::Wrong, note.into())
}

/// What may be shown of each parameter, by its name.
enum Sight {
    /// Its value.
    Open,
    /// How long it was.
    Length,
}

/// The finding about one parameter of a form: shown as `sight` allows and judged by `judge`, unless it came twice
/// or is not text.
fn parameter(
    form: &Form,
    (name, place): (&str, Place),
    sight: &Sight,
    judge: impl FnOnce(&str) -> (Verdict, String),
) -> Finding {
    match form.field(name) {
        Field::Repeated => Finding::new(name, place, "", wrong("It was sent more than once.")),
        Field::NotUtf8 => Finding::new(name, place, "", wrong("It is not valid UTF-8.")),
        Field::Absent => {
            let note = "It is empty, which is the same as not sent.".to_owned();
            Finding::new(name, place, "", (Verdict::Ignored, note))
        }
        Field::Value(value) => {
            let shown = match sight {
                Sight::Open => masked(value),
                Sight::Length => length(value),
            };
            Finding::new(name, place, shown, judge(value))
        }
    }
}

fn length(value: &str) -> String {
    let count = value.chars().count();
    if count == 1 { "1 character".to_owned() } else { format!("{count} characters") }
}

/// The text without what may be a credential, and not endless.
fn masked(text: &str) -> String {
    cut(&without_secrets(text))
}

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        short.push('…');
    }
    short
}

/// A parameter that this endpoint does not know.
fn unknown(form: &Form, name: &str, place: Place) -> Finding {
    let note = "Not a parameter of this endpoint.".to_owned();
    parameter(form, (name, place), &Sight::Length, |_| (Verdict::Ignored, note))
}
