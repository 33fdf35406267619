//! The integration doctor: what an application tried lately that failed, and which parameter was to blame.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::views::parts::{self, Table, Tone, badge, facts, foreign};

/// A request that failed.
pub struct AttemptRow {
    /// When.
    pub happened_at: Timestamp,
    /// `authorize`, `token`, `revoke` or `introspect`.
    pub endpoint: String,
    /// The error code that was answered.
    pub error: String,
    /// The sentence that was answered.
    pub description: String,
    /// What only the owner is told.
    pub reason: Option<String>,
    /// What was received.
    pub findings: Vec<FindingRow>,
    /// From which network address.
    pub address: String,
    /// By what library or browser.
    pub user_agent: String,
    /// The request's id.
    pub request_id: String,
}

/// One parameter of it.
pub struct FindingRow {
    /// Its name.
    pub name: String,
    /// Where it stood.
    pub place: &'static str,
    /// What may be shown of it.
    pub shown: String,
    /// What to think of it.
    pub verdict: FindingVerdict,
    /// Why.
    pub note: String,
}

/// What to think of a parameter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FindingVerdict {
    /// As it should be.
    Fine,
    /// Part of what went wrong.
    Wrong,
    /// Not looked at.
    Ignored,
}

/// The section of an application's page.
pub(super) fn attempts(attempts: &[AttemptRow]) -> Markup {
    html! {
        section.stack #attempts {
            h2 { "Failed attempts" }
            p.hint {
                "The newest fifty requests of this application that we refused in the last seven days, with what was received and what "
                "was wrong with it. Secrets are not kept. Anybody can send a request in your application's name, so not all of this need be yours."
            }
            @if attempts.is_empty() {
                (parts::empty("Nothing has failed", "When a sign-in link or a token request of this application is refused, you can read here why.", html! {}))
            }
            @for attempt in attempts { (row(attempt)) }
        }
    }
}

fn row(attempt: &AttemptRow) -> Markup {
    html! {
        details.fold {
            summary {
                code { (attempt.endpoint) } " " (badge(Tone::Danger, &attempt.error)) " "
                span.quiet.small { (parts::time(attempt.happened_at)) }
            }
            div.stack {
                p { (foreign(attempt.reason.as_deref().unwrap_or(&attempt.description))) }
                @if attempt.reason.is_some() {
                    p.quiet.small { "The application was told: " (foreign(&attempt.description)) }
                }
                @if !attempt.findings.is_empty() { (findings(&attempt.findings)) }
                (facts(&[
                    ("From", html! { code { (attempt.address) } }),
                    ("Program", html! { (foreign(if attempt.user_agent.is_empty() { "It did not say." } else { &attempt.user_agent })) }),
                    ("Request id", html! { code { (attempt.request_id) } }),
                ]))
                p.small { a href=(guide(&attempt.endpoint)) { "What these errors mean" } }
            }
        }
    }
}

fn findings(findings: &[FindingRow]) -> Markup {
    let row = |finding: &FindingRow| {
        vec![
            html! { code { (finding.name) } },
            html! { (finding.place) },
            html! { @if finding.shown.is_empty() { span.quiet { "–" } } @else { (foreign(&finding.shown)) } },
            html! { (verdict(finding.verdict)) @if !finding.note.is_empty() { " " (foreign(&finding.note)) } },
        ]
    };
    let columns = ["Parameter", "Where", "Received", "Finding"];
    html! { (Table { caption: "What was received", columns: &columns, rows: findings.iter().map(row).collect() }) }
}

fn verdict(verdict: FindingVerdict) -> Markup {
    match verdict {
        FindingVerdict::Fine => badge(Tone::Good, "fine"),
        FindingVerdict::Wrong => badge(Tone::Danger, "wrong"),
        FindingVerdict::Ignored => badge(Tone::Note, "ignored"),
    }
}

fn guide(endpoint: &str) -> &'static str {
    match endpoint {
        "authorize" => "/docs/guides/authentication#at-your-redirect-uri",
        _ => "/docs/guides/authentication#at-the-token-endpoint",
    }
}
