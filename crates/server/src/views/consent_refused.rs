//! A person whose role lacks a scope the application requires: not a wall but a way on.
//!
//! Names each missing scope, the roles that have it and the people who can give it.

use super::access_requests::{AskState, ask};
use super::consent::SignedIn;
use super::parts::{Tone, avatar, badge, csrf, foreign};
use maud::{Markup, html};

/// A scope the person's role lacks.
pub struct MissingScope {
    /// The machine's name.
    pub name: String,
    /// What it lets a program do.
    pub sentence: String,
    /// The names of the roles that have it.
    pub roles: Vec<String>,
}

/// Somebody who can help.
pub struct Person {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// What the page shows.
pub struct ConsentRefused {
    /// The application's name.
    pub application: String,
    /// The organization it asked about.
    pub organization: String,
    /// The person's role there.
    pub role: String,
    /// Who is signed in.
    pub user: SignedIn,
    /// The token every form carries.
    pub csrf: String,
    /// What the role lacks; never empty.
    pub missing: Vec<MissingScope>,
    /// Who can give another role.
    pub administrators: Vec<Person>,
    /// Where the form that asks an admin goes.
    pub ask_action: String,
    /// Where an earlier request stands.
    pub asked: AskState,
    /// Back to the application with `access_denied`.
    pub return_url: String,
    /// Where that leads, host alone.
    pub return_host: String,
}

/// The page's body.
pub fn consent_refused(page: &ConsentRefused) -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Your role does not allow this yet" }
                p.lead {
                    strong { (foreign(&page.application)) } " needs rights that your role "
                    strong { (foreign(&page.role)) } " in " strong { (foreign(&page.organization)) } " does not have. Nothing was shared."
                }
            }
            section.stack.tight {
                h2 { "What is missing" }
                ul.stack.tight { @for scope in &page.missing { li { (missing(scope)) } } }
            }
            section.stack.tight {
                h2 { "Who can help" }
                p.quiet { "An administrator of " (foreign(&page.organization)) " can give you a role that has all of it." }
                (people(&page.administrators))
            }
            (ask(&page.ask_action, &page.csrf, &page.asked))
            (signed_in(page))
            a.button.wide href=(page.return_url) { "Back to " (page.return_host) }
        }
    }
}

fn missing(scope: &MissingScope) -> Markup {
    html! {
        div.tile {
            strong { (scope.sentence) }
            span.quiet.small { code { (scope.name) } }
            div.row {
                span.quiet.small { "Roles that have it:" }
                @for role in &scope.roles { (badge(Tone::Note, role)) }
            }
        }
    }
}

fn signed_in(page: &ConsentRefused) -> Markup {
    html! {
        div.who {
            (avatar(&page.user.name))
            div { div { "Signed in as " strong { (foreign(&page.user.name)) } } div.quiet.small { (page.user.email) } }
            form method="post" action=(page.user.switch_action) { (csrf(&page.csrf)) button.link { "Switch account" } }
        }
    }
}

/// People with their addresses, to write to.
pub fn people(people: &[Person]) -> Markup {
    html! {
        ul.people.stack.tight {
            @for person in people {
                li.row { (avatar(&person.name)) span { strong { (foreign(&person.name)) } br; a href={ "mailto:" (person.email) } { (person.email) } } }
            }
        }
    }
}
