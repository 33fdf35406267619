//! A console page for somebody whose role doesn't open it: what it is for, which role it takes, whom to ask.

use super::consent_refused::{Person, people};
use super::parts::{self, Head, Tone, foreign};
use maud::{Markup, html};

/// What the page shows.
pub struct Wall {
    /// The page's own title, such as "API Keys".
    pub title: String,
    /// What it is for, in a sentence.
    pub purpose: String,
    /// The lowest role that opens it.
    pub needed_role: String,
    /// The person's role.
    pub role: String,
    /// The organization.
    pub organization: String,
    /// Who can give the role.
    pub administrators: Vec<Person>,
    /// The operator's address or URL.
    pub support: Option<String>,
}

/// The page's body.
pub fn wall(page: &Wall) -> Markup {
    html! {
        (Head { crumbs: &[], title: &page.title, lead: Some(&page.purpose), action: None })
        div.card {
            (parts::alert(Tone::Note, &format!("This page needs the {} role", page.needed_role), html! {
                "Your role in " (foreign(&page.organization)) " is " strong { (foreign(&page.role)) } "."
            }))
            section.stack.tight {
                h2 { "Ask an administrator" }
                @if page.administrators.is_empty() { p.quiet { "Nobody in this organization can give it at present." } }
                (people(&page.administrators))
            }
            @if let Some(support) = &page.support {
                p.quiet { "No answer? Write to the people who run this server: " (parts::contact(support)) }
            }
        }
    }
}
