//! The reference, made from the same endpoint table that serves requests, and the guides.

use super::parts::{Code, Head, Tone, badge};
use maud::{Markup, PreEscaped, html};

/// One endpoint.
pub struct Endpoint {
    /// The method, upper case.
    pub method: String,
    /// The path, with `{id}` for the parts that vary.
    pub path: String,
    /// What it does, in a sentence.
    pub summary: String,
    /// What else is worth knowing; may be empty.
    pub description: String,
    /// What it takes to call it.
    pub takes: Takes,
    /// What it reads.
    pub parameters: Vec<Parameter>,
    /// A curl line.
    pub request: String,
    /// An example answer; may be empty.
    pub response: String,
}

/// What it takes to call an endpoint.
pub enum Takes {
    /// Nothing: anybody may.
    Nothing,
    /// Any credential that works.
    AnyCredential,
    /// A credential with this scope.
    Scope(String),
}

fn takes(takes: &Takes) -> Markup {
    html! {
        @match takes {
            Takes::Nothing => span.quiet.small { "No credential" },
            Takes::AnyCredential => span.quiet.small { "Any credential" },
            Takes::Scope(scope) => { span.quiet.small { "Scope" } (badge(Tone::Note, scope)) },
        }
    }
}

/// One parameter of an endpoint.
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Where it goes: "path", "query" or "body".
    pub place: String,
    /// What it means, with its range and default.
    pub description: String,
}

/// A group of endpoints about one thing.
pub struct Group {
    /// What they are about, in a word.
    pub title: String,
    /// In a sentence.
    pub about: String,
    /// The endpoints.
    pub endpoints: Vec<Endpoint>,
}

/// A guide in the list of guides.
pub struct GuideLink {
    /// Its title.
    pub title: String,
    /// What it teaches.
    pub summary: String,
    /// Its address.
    pub href: String,
}

/// The reference page.
pub struct Reference {
    /// The base of the data API.
    pub api: String,
    /// The endpoints.
    pub groups: Vec<Group>,
    /// The guides.
    pub guides: Vec<GuideLink>,
}

/// The reference's body.
pub fn reference(page: &Reference) -> Markup {
    html! {
        (Head { crumbs: &[], title: "Documentation", lead: Some("Read your buoys from any program: with a key for your own data, with OAuth for your customers'."),
            action: Some(html! { a.button href="/openapi.json" { "OpenAPI document" } }) })
        @if !page.guides.is_empty() { (guides(&page.guides)) }
        section.stack {
            h2 { "Start here" }
            p { "Make a key under " a href="/settings/developer/api-keys" { "Developer Settings" } ", put it into a variable, and ask." }
            (Code { id: "start", title: "curl", text: &format!("KEY='<your key>'\ncurl -H \"Authorization: Bearer $KEY\" {}/observations/latest", page.api) })
            p { "When something is wrong, the answer is a problem document; its code is on the " a href="/docs/errors" { "page of errors" } "." }
            nav.toc aria-label="Endpoints" {
                @for group in &page.groups { @for endpoint in &group.endpoints {
                    a href={ "#" (anchor(endpoint)) } { (endpoint.summary) }
                } }
            }
        }
        @for group in &page.groups {
            section { h2 { (group.title) } p.quiet { (group.about) } @for item in &group.endpoints { (endpoint(item)) } }
        }
    }
}

fn guides(guides: &[GuideLink]) -> Markup {
    html! {
        section.stack.tight #guides {
            h2 { "Guides" }
            ul.tiles { @for guide in guides { li.tile { a href=(guide.href) { strong { (guide.title) } } span.quiet.small { (guide.summary) } } } }
        }
    }
}

fn endpoint(endpoint: &Endpoint) -> Markup {
    let anchor = anchor(endpoint);
    html! {
        article.reference id=(anchor) {
            div.stack {
                div.stack.tight {
                    h3 { (endpoint.summary) }
                    p { span class={ "verb " (endpoint.method.to_lowercase()) } { (endpoint.method) } " " code { (endpoint.path) } }
                    @if !endpoint.description.is_empty() { p { (spoken(&endpoint.description)) } }
                    p.row { (takes(&endpoint.takes)) }
                }
                @if !endpoint.parameters.is_empty() {
                    dl.params { @for parameter in &endpoint.parameters { div {
                        dt { code { (parameter.name) } " " span.quiet.small { (parameter.place) } }
                        dd { (spoken(&parameter.description)) }
                    } } }
                }
            }
            div.stack {
                (Code { id: &format!("{anchor}-request"), title: "Request", text: &endpoint.request })
                @if !endpoint.response.is_empty() { (Code { id: &format!("{anchor}-response"), title: "Response", text: &endpoint.response }) }
            }
        }
    }
}

/// A text with code in it, between backticks.
fn spoken(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn anchor(endpoint: &Endpoint) -> String {
    let path: String =
        endpoint.path.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{}{}", endpoint.method.to_lowercase(), path.trim_end_matches('-'))
}

/// A code of the problems that the data API answers with.
pub struct Mistake<'a> {
    /// The code, which is also the anchor that a problem's `type` leads to.
    pub code: &'a str,
    /// The HTTP status.
    pub status: u16,
    /// What happened.
    pub meaning: &'a str,
    /// What to do about it.
    pub remedy: &'a str,
}

/// The body of the page of errors.
pub fn errors(mistakes: &[Mistake<'_>]) -> Markup {
    let lead = "What the data API answers when something is wrong: problem documents (RFC 9457), each with one of these codes.";
    html! {
        (Head { crumbs: &[("Docs", "/docs")], title: "Errors", lead: Some(lead), action: None })
        @for mistake in mistakes {
            section.card id=(mistake.code) {
                div.row { h2 { code { (mistake.code) } } (badge(Tone::Plain, &mistake.status.to_string())) }
                p { (spoken(mistake.meaning)) }
                p { strong { "What to do: " } (spoken(mistake.remedy)) }
            }
        }
    }
}

/// A guide's page around HTML made from our own Markdown, which is trusted and must hold no `h1`.
pub fn guide(title: &str, trusted_html: &str) -> Markup {
    html! {
        (Head { crumbs: &[("Docs", "/docs")], title, lead: None, action: None })
        article.prose { (PreEscaped(trusted_html)) }
    }
}
