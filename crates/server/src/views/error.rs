//! When something went wrong before there was anywhere to send the person back to.
//!
//! Above all the redirect URI that is not registered: the page shows what came and what is registered, with
//! the difference marked, because matching is byte for byte (RFC 9700, section 2.1) and eyes are not.

use super::parts::{Tone, alert};
use maud::{Markup, html};

/// What an error page shows.
#[derive(Default)]
pub struct ErrorPage {
    /// What went wrong, in a few words.
    pub title: String,
    /// What happened and what it means, in a sentence or two.
    pub happened: String,
    /// What to do about it.
    pub advice: Option<String>,
    /// A value that was refused, beside the values that would have been taken.
    pub compared: Option<Comparison>,
    /// Where to read more: words and address.
    pub guide: Option<(String, String)>,
    /// To find this in the log.
    pub request_id: String,
}

/// A received value against the registered ones.
#[derive(Clone)]
pub struct Comparison {
    /// What kind of value it is, such as "redirect URI".
    pub what: String,
    /// What the request carried.
    pub received: String,
    /// What is registered.
    pub registered: Vec<String>,
    /// The difference in words.
    pub difference: Option<String>,
}

/// The page's body.
pub fn error(page: &ErrorPage) -> Markup {
    html! {
        div.card {
            div.stack.tight { h1 { (page.title) } p.lead { (page.happened) } }
            @if let Some(compared) = &page.compared { (comparison(compared)) }
            @if let Some(advice) = &page.advice { (alert(Tone::Note, "What to do", advice)) }
            @if let Some((words, href)) = &page.guide { p { a href=(href) { (words) } } }
            p.quiet.small { "Request id: " code { (page.request_id) } ". Support can find this moment by it." }
        }
    }
}

fn comparison(compared: &Comparison) -> Markup {
    let nearest = compared.registered.iter().max_by_key(|value| shared(value, &compared.received).0);
    html! {
        dl.diff {
            dt { "Received " (compared.what) }
            dd { code { (marked(&compared.received, nearest)) } }
            dt { "Registered" }
            @for value in &compared.registered {
                dd { code { (marked(value, (Some(value) == nearest).then_some(&compared.received))) } }
            }
            @if compared.registered.is_empty() { dd { "None" } }
        }
        @if let Some(difference) = &compared.difference { p { strong { (difference) } } }
    }
}

/// The value with the part that the other lacks marked.
fn marked(value: &str, other: Option<&String>) -> Markup {
    let (start, end) = other.map_or((value.len(), 0), |other| shared(value, other));
    let rest = value.get(start..).unwrap_or_default();
    let middle = rest.get(..rest.len().saturating_sub(end)).unwrap_or_default();
    let tail = value.get(start + middle.len()..).unwrap_or_default();
    html! {
        (value.get(..start).unwrap_or_default())
        @if !middle.is_empty() { mark { (middle) } }
        (tail)
    }
}

/// How many bytes two texts share at the start, and, of what is left, at the end.
fn shared(one: &str, other: &str) -> (usize, usize) {
    let length = |(a, _): &(char, char)| a.len_utf8();
    let same = |(a, b): &(char, char)| a == b;
    let start: usize = one.chars().zip(other.chars()).take_while(same).map(|pair| length(&pair)).sum();
    let (rest, other_rest) = (one.get(start..).unwrap_or_default(), other.get(start..).unwrap_or_default());
    let end =
        rest.chars().rev().zip(other_rest.chars().rev()).take_while(same).map(|pair| length(&pair)).sum();
    (start, end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exactly_the_difference_is_marked() {
        for (value, other, shown) in [
            ("https://a.example/cb/", "https://a.example/cb", "https://a.example/cb<mark>/</mark>"),
            ("https://a.example/cb", "https://a.example/cb/", "https://a.example/cb"),
            ("https://café.example/1", "https://cafe.example/1", "https://caf<mark>é</mark>.example/1"),
            ("aXa", "aa", "a<mark>X</mark>a"),
        ] {
            assert_eq!(marked(value, Some(&other.to_owned())).into_string(), shown);
        }
    }
}
