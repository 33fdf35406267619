//! The handful of components every page is made of.
//!
//! Each is a function or a small struct that renders itself, so a page reads as a list of what is on it.
//! Accessibility lives here once: labels, descriptions, table roles and texts that don't lean on colour.

mod code;
mod fields;
mod scopes;
mod table;

pub use code::{Code, Secret};
pub use fields::{Choice, DeviceChoice, Errors, Field, Kind, Select, device_picker, tick_box};
pub use scopes::{ScopeChoice, ScopeKind, ScopeLine, scope_boxes, scope_lines};
pub use table::{Table, facts};

use jiff::Timestamp;
use maud::{Markup, Render, html};

/// How a badge or an alert feels. The words carry the meaning; the tone only helps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Worth knowing.
    Note,
    /// All is well.
    Good,
    /// Look here before going on.
    Warning,
    /// Something is wrong or can't be undone.
    Danger,
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Tone::Plain => "plain",
            Tone::Note => "note",
            Tone::Good => "good",
            Tone::Warning => "warning",
            Tone::Danger => "danger",
        }
    }
}

/// A short state in words, such as "Active".
pub fn badge(tone: Tone, words: &str) -> Markup {
    html! { span class={ "badge " (tone.class()) } { (words) } }
}

/// A message that stands out: a title and what it means.
pub fn alert(tone: Tone, title: &str, body: impl Render) -> Markup {
    html! { div class={ "alert " (tone.class()) } { strong { (title) } div { (body) } } }
}

/// A credential of this page's that somebody found elsewhere.
pub struct LeakNotice {
    /// What it was, and how it ended.
    pub what: String,
    /// When it was reported and revoked.
    pub reported_at: Timestamp,
}

/// Says that credentials leaked; nothing if none did.
pub fn leaks(leaks: &[LeakNotice]) -> Markup {
    html! {
        @if !leaks.is_empty() {
            (alert(Tone::Danger, "Reported as leaked", html! {
                ul { @for leak in leaks { li { (leak.what) ": reported and revoked " (time(leak.reported_at)) "." } } }
                p { "Find out where it was readable, and look through the " a href="/settings/organization/audit-log" { "audit log" } " for what was done with it." }
            }))
        }
    }
}

/// How a button looks, by how much it matters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Weight {
    /// The one thing to do here.
    Primary,
    /// One of several.
    Secondary,
    /// Ends something.
    Danger,
}

impl Weight {
    fn class(self) -> &'static str {
        match self {
            Weight::Primary => "button primary",
            Weight::Secondary => "button",
            Weight::Danger => "button danger",
        }
    }
}

/// A button that sends the form around it.
pub fn button(weight: Weight, words: &str) -> Markup {
    html! { button class=(weight.class()) { (words) } }
}

/// A submit button that says which of several was pressed.
pub fn named_button(weight: Weight, words: &str, (name, value): (&str, &str)) -> Markup {
    html! { button class=(weight.class()) name=(name) value=(value) { (words) } }
}

/// A link that looks like a button.
pub fn link_button(weight: Weight, words: &str, href: &str) -> Markup {
    html! { a class=(weight.class()) href=(href) { (words) } }
}

/// The hidden token that proves a form was ours.
pub fn csrf(token: &str) -> Markup {
    html! { input type="hidden" name="csrf_token" value=(token); }
}

/// An instant for people, in UTC; the script adds how long ago that is.
pub fn time(at: Timestamp) -> Markup {
    html! {
        time datetime=(iso(at)) data-relative { (at.strftime("%-d %b %Y, %H:%M UTC").to_string()) }
    }
}

/// An instant to the second, where how long ago it was is not enough.
pub fn moment(at: Timestamp) -> Markup {
    html! { time datetime=(iso(at)) { (at.strftime("%-d %b %Y, %H:%M:%S UTC").to_string()) } }
}

/// A day for people, where the hour doesn't matter.
pub fn day(at: Timestamp) -> Markup {
    html! { time datetime=(iso(at)) { (at.strftime("%-d %b %Y").to_string()) } }
}

fn iso(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A text somebody else chose, kept from turning the direction of the text around it.
pub fn foreign(text: &str) -> Markup {
    html! { bdi { (text) } }
}

/// The tile with the first letter of a name, in place of a logo.
pub fn avatar(name: &str) -> Markup {
    let letter: String =
        name.chars().find(|c| c.is_alphanumeric()).into_iter().flat_map(char::to_uppercase).collect();
    html! { span.avatar aria-hidden="true" { (letter) } }
}

/// A page's title with what leads to it, a sentence, and the main action beside it.
pub struct Head<'a> {
    /// Links to the pages above, outermost first: (words, address).
    pub crumbs: &'a [(&'a str, &'a str)],
    /// The `h1`.
    pub title: &'a str,
    /// One sentence under it.
    pub lead: Option<&'a str>,
    /// A button or badge beside it.
    pub action: Option<Markup>,
}

impl Render for Head<'_> {
    fn render(&self) -> Markup {
        html! {
            div.head {
                div {
                    @if !self.crumbs.is_empty() {
                        nav.crumbs aria-label="You are in" {
                            ol { @for (words, href) in self.crumbs { li { a href=(href) { (words) } } } }
                        }
                    }
                    h1 { (foreign(self.title)) }
                    @if let Some(lead) = self.lead { p.lead { (lead) } }
                }
                @if let Some(action) = &self.action { (action) }
            }
        }
    }
}

/// Links between sibling pages.
pub fn tabs(label: &str, items: &[(&str, &str)], current: &str) -> Markup {
    links("tabs", label, items, current)
}

/// Links between views of the same thing, such as ranges of a chart.
pub fn pills(label: &str, items: &[(&str, &str)], current: &str) -> Markup {
    links("tabs pills", label, items, current)
}

fn links(class: &str, label: &str, items: &[(&str, &str)], current: &str) -> Markup {
    html! {
        nav class=(class) aria-label=(label) {
            ul {
                @for (words, href) in items {
                    li { a href=(href) aria-current=[(*words == current).then_some("page")] { (words) } }
                }
            }
        }
    }
}

/// Where the neighbouring pages of a list are.
#[derive(Default)]
pub struct Pages {
    /// The address of the newer page.
    pub previous: Option<String>,
    /// The address of the older page.
    pub next: Option<String>,
}

impl Render for Pages {
    fn render(&self) -> Markup {
        html! {
            @if self.previous.is_some() || self.next.is_some() {
                nav.pages aria-label="Pages" {
                    @if let Some(href) = &self.previous { a.button.slight rel="prev" href=(href) { "← Previous" } } @else { span {} }
                    @if let Some(href) = &self.next { a.button.slight rel="next" href=(href) { "Next →" } }
                }
            }
        }
    }
}

/// What a list says while nothing is in it: a sentence, and what to do about it.
pub fn empty(title: &str, sentence: &str, action: impl Render) -> Markup {
    html! {
        div.empty { (mark()) h2 { (title) } p.lead { (sentence) } (action) }
    }
}

/// Something rarely needed, folded away behind its summary.
pub fn fold(class: &str, summary: &str, body: impl Render) -> Markup {
    html! {
        details class={ "fold " (class) } { summary { (summary) } div.stack { (body) } }
    }
}

/// A link to the operator: an address becomes mail, anything else stays as it is.
pub fn contact(contact: &str) -> Markup {
    let href = if contact.contains("://") { contact.to_owned() } else { format!("mailto:{contact}") };
    html! { a href=(href) { (contact) } }
}

/// A 20 by 20 line drawing in the colour of the text around it.
pub fn icon(path: &str) -> Markup {
    html! {
        svg viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.6"
            stroke-linecap="round" stroke-linejoin="round" { path d=(path) {} }
    }
}

/// The product's mark: a buoy on the water.
pub fn mark() -> Markup {
    html! {
        svg viewBox="0 0 32 32" aria-hidden="true" fill="none" stroke-linecap="round" {
            rect width="32" height="32" rx="8" fill="#0a6893" {}
            path d="M16 5v6" stroke="#fff" stroke-width="2" {}
            circle cx="16" cy="5.5" r="2" fill="#fff" {}
            path d="M11 19l2-8h6l2 8" fill="#fff" {}
            path d="M4 20.5c2-2 4-2 6 0s4 2 6 0 4-2 6 0 4 2 6 0" stroke="#fff" stroke-width="2.4" {}
            path d="M8 26c1.6-1.5 3.4-1.5 5 0s3.4 1.5 5 0 3.4-1.5 5 0" stroke="#9fd8f2" stroke-width="2" {}
        }
    }
}
