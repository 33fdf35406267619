//! The audit log: what was done, by whom, to what, when and from where.

use super::parts::{
    self, Errors, Field, Head, Kind, Pages, Select, Table, Weight, button, foreign, link_button,
};
use jiff::Timestamp;
use maud::{Markup, html};

const INDEX: &str = "/settings/organization/audit-log";

/// Somebody or something, as far as it is known.
pub struct Named {
    /// An id or a word; may be empty.
    pub id: String,
    /// The name at present.
    pub name: Option<String>,
}

/// One entry.
pub struct EventRow {
    /// What happened, for people.
    pub words: String,
    /// The same, for programs.
    pub action: String,
    /// By whom.
    pub actor: Named,
    /// To what.
    pub subject: Named,
    /// More about it; may be empty.
    pub detail: String,
    /// When.
    pub happened_at: Timestamp,
    /// From which network address.
    pub address: String,
}

/// The filter as it was filled in.
pub struct FilterForm {
    /// Every action: its name and what it is in words.
    pub actions: Vec<(&'static str, &'static str)>,
    /// The chosen action, or nothing.
    pub action: String,
    /// Who.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// The first day.
    pub start: String,
    /// The last day.
    pub end: String,
}

impl FilterForm {
    fn is_filled(&self) -> bool {
        [&self.action, &self.actor, &self.subject, &self.start, &self.end].iter().any(|text| !text.is_empty())
    }
}

/// The page.
pub struct AuditLog {
    /// The filter.
    pub filter: FilterForm,
    /// The mistakes in it.
    pub errors: Errors,
    /// The entries, newest first.
    pub events: Vec<EventRow>,
    /// The neighbouring pages.
    pub pages: Pages,
    /// Where all that the filter leaves is, as CSV.
    pub csv: String,
    /// The same as NDJSON.
    pub ndjson: String,
}

/// The page's body.
pub fn index(page: &AuditLog) -> Markup {
    html! {
        (Head { crumbs: &[], title: "Audit log",
            lead: Some("What was done in your organization, by whom and from where, newest first."), action: None })
        (page.errors)
        (filter(page))
        @if page.events.is_empty() { (none(page)) } @else {
            (table(&page.events))
            (page.pages)
            (export(page))
        }
    }
}

fn filter(page: &AuditLog) -> Markup {
    let form = &page.filter;
    let actions: Vec<(&str, &str)> =
        std::iter::once(("", "Everything")).chain(form.actions.clone()).collect();
    html! {
        details.fold open[form.is_filled()] {
            summary { "Filter" }
            form.filters method="get" action=(INDEX) {
                (Select { name: "action", label: "What", options: &actions, chosen: &form.action })
                (Field::new("actor", "Who", Kind::Text).value(&form.actor).example("A name or an id"))
                (Field::new("subject", "To what", Kind::Text).value(&form.subject).example("A name or an id"))
                (Field::new("start", "From day (UTC)", Kind::Date).value(&form.start).error(page.errors.on("start")))
                (Field::new("end", "To day (UTC)", Kind::Date).value(&form.end).error(page.errors.on("end")))
                div.row {
                    (button(Weight::Primary, "Show"))
                    @if form.is_filled() { (link_button(Weight::Secondary, "Clear", INDEX)) }
                }
            }
        }
    }
}

fn none(page: &AuditLog) -> Markup {
    let sentence = if page.filter.is_filled() {
        "Nothing in the log fits this filter."
    } else {
        "What people, keys and applications do here will be listed."
    };
    parts::empty("Nothing here", sentence, html! {})
}

fn table(events: &[EventRow]) -> Markup {
    let row = |event: &EventRow| {
        vec![
            html! { (event.words) span.small.quiet { code { (event.action) } } },
            named(&event.actor, "actor"),
            html! { (named(&event.subject, "subject")) @if !event.detail.is_empty() { span.small.quiet.note { (foreign(&event.detail)) } } },
            html! { (parts::moment(event.happened_at)) },
            html! { (event.address) },
        ]
    };
    let columns = ["What", "Who", "To what", "When", "From"];
    html! { (Table { caption: "Events", columns: &columns, rows: events.iter().map(row).collect() }) }
}

/// A link to all that is about the same.
fn named(named: &Named, field: &str) -> Markup {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair(field, &named.id).finish();
    let href = format!("{INDEX}?{query}");
    html! {
        @match &named.name {
            Some(name) => a href=(href) { (foreign(name)) },
            None if named.id.is_empty() => span.quiet { "–" },
            None => a href=(href) { code { (named.id) } },
        }
    }
}

fn export(page: &AuditLog) -> Markup {
    html! {
        p.quiet {
            @if page.filter.is_filled() { "All that fits the filter, as a file: " } @else { "The whole log as a file: " }
            a href=(page.csv) download { "CSV" } " or " a href=(page.ndjson) download { "NDJSON" } "."
        }
    }
}
