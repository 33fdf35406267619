//! Access requests: people whose role was too weak for an application, and what a stronger one would give them.

use super::parts::{
    self, Choice, Field, Head, Kind, ScopeLine, Tone, Weight, alert, avatar, badge, button, csrf, facts,
    foreign,
};
use jiff::Timestamp;
use maud::{Markup, html};

const INDEX: &str = "/settings/organization/access-requests";

/// A request that waits.
pub struct RequestCard {
    /// Its id.
    pub id: String,
    /// Who asks.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role.
    pub role: String,
    /// The application's name.
    pub application: String,
    /// Who publishes it.
    pub publisher: String,
    /// What they wrote.
    pub message: String,
    /// What their role lacks.
    pub missing: Vec<ScopeLine>,
    /// The roles that would do.
    pub choices: Vec<RoleChoice>,
    /// When they asked.
    pub created_at: Timestamp,
    /// When the request ends by itself.
    pub expires_at: Timestamp,
    /// Why it could not be decided as it was sent.
    pub error: Option<String>,
}

/// A role that would do.
pub struct RoleChoice {
    /// Its name.
    pub name: String,
    /// What it gives beyond what the application takes.
    pub beyond: Vec<ScopeLine>,
}

/// The queue.
pub struct RequestIndex {
    /// The token every form carries.
    pub csrf: String,
    /// The organization.
    pub organization: String,
    /// The requests, oldest first.
    pub requests: Vec<RequestCard>,
}

/// The queue's body.
pub fn index(page: &RequestIndex) -> Markup {
    html! {
        (Head { crumbs: &[], title: "Access requests",
            lead: Some("People who want to let an application in and whose role is too weak for it."), action: None })
        @if page.requests.is_empty() {
            (parts::empty("Nobody is waiting", "When somebody's role does not allow an application yet, they can ask here for another role.", html! {
                p.quiet { "Requests are about " (foreign(&page.organization)) " and end by themselves after seven days." }
            }))
        }
        @for request in &page.requests { (card(request, &page.csrf)) }
    }
}

fn card(request: &RequestCard, token: &str) -> Markup {
    html! {
        section.card id=(request.id) {
            div.row {
                (avatar(&request.name))
                div {
                    h2 { (foreign(&request.name)) }
                    p.quiet.small { (request.email) " · " (badge(Tone::Note, &request.role)) }
                }
            }
            @if let Some(error) = &request.error { (alert(Tone::Danger, "Not decided", html! { (error) })) }
            p { "wants to let in " strong { (foreign(&request.application)) } " by " (foreign(&request.publisher)) "." }
            @if !request.message.is_empty() { blockquote.quote { (foreign(&request.message)) } }
            section.stack.tight {
                h3 { "What their role lacks" }
                ul { @for scope in &request.missing { li { (scope.sentence) " " span.quiet.small { code { (scope.name) } } } } }
            }
            (facts(&[("Asked", parts::time(request.created_at)), ("Ends by itself", parts::time(request.expires_at))]))
            (approve(request, token))
            (refuse(request, token))
        }
    }
}

fn approve(request: &RequestCard, token: &str) -> Markup {
    if request.choices.is_empty() {
        return html! {
            (alert(Tone::Note, "No role to give here", html! {
                "Only a role that administers the organization has all of this, and that is not given by way of an application."
            }))
        };
    }
    let first = request.choices.first().map_or("", |role| role.name.as_str());
    let password = format!("password-{}", request.id);
    html! {
        form.stack method="post" action={ (INDEX) "/" (request.id) "/approve" } {
            (csrf(token))
            fieldset.set {
                legend { "Which role?" }
                div.choices {
                    @for role in &request.choices {
                        (Choice { name: "role", value: &role.name, label: &role.name, note: &beyond(role), chosen: first })
                    }
                }
            }
            div.field {
                label for=(password) { "Your password" }
                p.hint { "Because this gives somebody more rights." }
                input.input id=(password) type="password" name="password" autocomplete="current-password" required;
            }
            div.row { (button(Weight::Primary, "Approve")) }
        }
    }
}

/// Every right that comes along, so that nobody gives one without knowing.
fn beyond(role: &RoleChoice) -> String {
    if role.beyond.is_empty() {
        return "It gives what the application takes and nothing else.".to_owned();
    }
    let rights: Vec<&str> = role.beyond.iter().map(|scope| scope.name.as_str()).collect();
    format!("It also gives {}.", rights.join(", "))
}

fn refuse(request: &RequestCard, token: &str) -> Markup {
    let answer = format!("answer-{}", request.id);
    let form = html! {
        form.stack method="post" action={ (INDEX) "/" (request.id) "/refuse" } {
            (csrf(token))
            div.field {
                label for=(answer) { "A word for them " span.optional { "(optional)" } }
                textarea.input id=(answer) name="answer" rows="2" maxlength="500" {}
            }
            div.row { (button(Weight::Danger, "Refuse")) }
        }
    };
    parts::fold("", "Refuse", form)
}

/// Where a person's own request stands, on the page that refused their consent.
pub enum AskState {
    /// They have not asked, or nobody answered in time.
    May,
    /// They wait.
    Waiting(Timestamp),
    /// An admin said no.
    Refused(String),
}

/// The part of the refused page with which a person asks.
pub fn ask(action: &str, token: &str, state: &AskState) -> Markup {
    html! {
        section.stack.tight {
            h2 { "Ask an admin" }
            @match state {
                AskState::Waiting(since) => {
                    (alert(Tone::Good, "You have asked", html! {
                        "On " (parts::time(*since)) ". Once an administrator approves, open this page again, or start again at the application."
                    }))
                }
                AskState::Refused(answer) => {
                    (alert(Tone::Warning, "An administrator said no", html! {
                        @if answer.is_empty() { "They left no word." } @else { "“" (foreign(answer)) "”" }
                    }))
                    (ask_form(action, token, "Ask again"))
                }
                AskState::May => (ask_form(action, token, "Ask an admin")),
            }
        }
    }
}

fn ask_form(action: &str, token: &str, words: &str) -> Markup {
    html! {
        form.stack.tight method="post" action=(action) {
            (csrf(token))
            (Field::new("message", "What do you need it for?", Kind::Lines(2)).optional("optional"))
            (button(Weight::Primary, words))
        }
    }
}
