//! Developer Settings, API Keys: the list, the form, the one page that shows a key, and the page of one key.

use super::parts::{
    self, Choice, Code, DeviceChoice, Errors, Field, Head, Kind, LeakNotice, Pages, ScopeChoice, ScopeLine,
    Secret, Table, Tone, Weight, alert, badge, button, csrf, device_picker, facts, foreign, link_button,
    scope_boxes, scope_lines,
};
use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

const INDEX: &str = "/settings/developer/api-keys";
const NEW: &str = "/settings/developer/api-keys/new";
/// How long before its end a key starts to be marked.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What has become of a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeyState {
    /// It works.
    Active,
    /// It ended by itself.
    Expired,
    /// Somebody ended it.
    Revoked,
}

/// A key as lists show it.
pub struct KeyRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The start of it, a gap and its last four characters.
    pub masked: String,
    /// How many scopes it has.
    pub scopes: usize,
    /// "All" or how many.
    pub devices: String,
    /// The name of its maker.
    pub created_by: String,
    /// Why the key should be replaced, if its maker, who has seen it, is not trusted with keys any more.
    pub creator_note: Option<&'static str>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, if ever.
    pub last_used_at: Option<Timestamp>,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// What has become of it.
    pub state: KeyState,
}

/// The list.
pub struct KeyIndex {
    /// The keys, newest first.
    pub keys: Vec<KeyRow>,
    /// The neighbouring pages.
    pub pages: Pages,
    /// The present instant, to tell which keys end soon.
    pub now: Timestamp,
    /// The base of the data API, such as `https://api.example/v1`.
    pub api: String,
}

/// The list's body.
pub fn index(page: &KeyIndex) -> Markup {
    html! {
        (super::applications::developer_head(INDEX))
        div.head {
            div {
                h2 { "API Keys" }
                p.lead { "A key lets a program of yours read and write your organization's data. It belongs to the organization, not to the person who made it." }
            }
            @if !page.keys.is_empty() { (link_button(Weight::Primary, "Create an API Key", NEW)) }
        }
        @if page.keys.is_empty() { (none(&page.api)) } @else { (table(page)) (page.pages) }
    }
}

fn none(api: &str) -> Markup {
    let line = format!("curl -H 'Authorization: Bearer sk_live_…' {api}/devices");
    parts::empty(
        "No keys yet",
        "Make one, copy it, and the first reading is one line away.",
        html! {
            (link_button(Weight::Primary, "Create an API Key", NEW))
            (Code { id: "first", title: "curl", text: &line })
        },
    )
}

fn table(page: &KeyIndex) -> Markup {
    let row = |key: &KeyRow| {
        vec![
            html! { a href={ (INDEX) "/" (key.id) } { (foreign(&key.name)) } span.small.quiet { code { (key.masked) } } },
            state(key.state),
            html! { (key.scopes) @if key.scopes == 1 { " scope" } @else { " scopes" } span.small.quiet { (key.devices) } },
            html! { (parts::day(key.created_at)) span.small.quiet { "by " (foreign(&key.created_by)) } (creator_note(key)) },
            html! { @if let Some(at) = key.last_used_at { (parts::time(at)) } @else { span.quiet { "Never" } } },
            expiry(key.expires_at, page.now),
        ]
    };
    let columns = ["Name", "State", "May use", "Created", "Last used", "Expires"];
    html! { (Table { caption: "API keys", columns: &columns, rows: page.keys.iter().map(row).collect() }) }
}

fn creator_note(key: &KeyRow) -> Markup {
    html! { @if let Some(note) = key.creator_note { @if key.state == KeyState::Active { (badge(Tone::Warning, note)) } } }
}

fn state(state: KeyState) -> Markup {
    match state {
        KeyState::Active => badge(Tone::Good, "Active"),
        KeyState::Expired => badge(Tone::Plain, "Expired"),
        KeyState::Revoked => badge(Tone::Danger, "Revoked"),
    }
}

fn expiry(expires_at: Option<Timestamp>, now: Timestamp) -> Markup {
    html! {
        @match expires_at {
            None => span.quiet { "Never" },
            Some(at) if at > now && now + SOON > at => { (parts::day(at)) " " (badge(Tone::Warning, "Ends soon")) },
            Some(at) => (parts::day(at)),
        }
    }
}

/// The form for a new key.
pub struct KeyForm {
    /// The token every form carries.
    pub csrf: String,
    /// The name as typed.
    pub name: String,
    /// The scopes the person may give.
    pub scopes: Vec<ScopeChoice>,
    /// `all` or `chosen`.
    pub devices: String,
    /// The devices there are.
    pub device_choices: Vec<DeviceChoice>,
    /// `30`, `90`, `365`, `date` or `never`.
    pub expiry: String,
    /// The day as typed.
    pub expiry_date: String,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// The form's body.
pub fn new(page: &KeyForm) -> Markup {
    let errors = &page.errors;
    html! {
        (Head { crumbs: &[("Developer Settings", INDEX), ("API Keys", INDEX)], title: "Create an API Key",
            lead: Some("You will see the key once, on the next page. Have a safe place for it ready."), action: None })
        (errors)
        form.stack method="post" action=(INDEX) {
            (csrf(&page.csrf))
            div.card {
                (Field::new("name", "Name", Kind::Text).value(&page.name).error(errors.on("name")).required()
                    .hint("What will use it, so that you know it again in a year.").example("Nightly export"))
            }
            div.card { (scopes(page)) }
            div.card { (device_picker("Devices", &page.devices, &page.device_choices, errors.on("devices"))) }
            div.card { (expiry_choices(page)) }
            div.row { (button(Weight::Primary, "Create an API Key")) (link_button(Weight::Secondary, "Cancel", INDEX)) }
        }
    }
}

fn scopes(page: &KeyForm) -> Markup {
    html! {
        fieldset #scope.set tabindex="-1" {
            legend { "Scopes" }
            div.row {
                p.hint { "What the key may do. Choose as little as the job needs." }
                button.button.slight type="button" hidden data-tick="view" { "Select read-only" }
            }
            @if let Some(error) = page.errors.on("scope") { p.wrong { (error) } }
            (scope_boxes("scope", &page.scopes))
        }
    }
}

fn expiry_choices(page: &KeyForm) -> Markup {
    let choice = |value, label, note| Choice { name: "expiry", value, label, note, chosen: &page.expiry };
    html! {
        fieldset #expiry.set tabindex="-1" {
            legend { "Expires" }
            p.hint { "A key that ends by itself is one less to forget." }
            div.choices.inline { (choice("30", "30 days", "")) (choice("90", "90 days", "")) (choice("365", "1 year", "")) }
            div.choices {
                (choice("date", "On a date", ""))
                div.then.short {
                    (Field::new("expiry_date", "Last day it works", Kind::Date).value(&page.expiry_date)
                        .hint("Until the end of that day, UTC.").error(page.errors.on("expiry_date")))
                }
                (choice("never", "Never", ""))
                div.then { (alert(Tone::Warning, "A key without an end works until somebody revokes it", "If it leaks, nothing else stops it. Prefer a date and make a new key before it.")) }
            }
        }
    }
}

/// The only page that ever shows a key.
pub struct KeyCreated {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The key itself.
    pub key: String,
    /// When it ends, if ever.
    pub expires_at: Option<Timestamp>,
    /// A line that works with it as it stands.
    pub curl: String,
}

/// The body of the page that shows a new key.
pub fn created(page: &KeyCreated) -> Markup {
    html! {
        (Head { crumbs: &[("Developer Settings", INDEX), ("API Keys", INDEX)], title: "Copy your key now",
            lead: Some("This is the only time it is shown. We keep no copy that could be read back."), action: None })
        div.card {
            (Secret { id: "key", label: &format!("API key “{}”", page.name), value: &page.key, variable: "BLUESONDE_API_KEY" })
            (alert(Tone::Warning, "This key is a secret", "It enables anyone who has it access to your account information. It should not be shared, stored in plaintext, or distributed to other users or companies."))
            p { @if let Some(at) = page.expires_at { "It works until " (parts::day(at)) "." } @else { "It works until somebody revokes it." } }
        }
        section.stack {
            h2 { "Try it" }
            (Code { id: "try", title: "curl", text: &page.curl })
            p.quiet { "More in the " a href="/docs" { "documentation" } "." }
        }
        div.row { a.button href=(INDEX) data-stored { "I have stored it" } }
    }
}

/// The page of one key.
pub struct KeyShow {
    /// The token every form carries.
    pub csrf: String,
    /// The key.
    pub key: KeyRow,
    /// What it may do.
    pub scopes: Vec<ScopeLine>,
    /// The names of its devices; `None` means all.
    pub devices: Option<Vec<String>>,
    /// Where it was last used from, coarsely.
    pub last_used_from: Option<String>,
    /// Reports that it leaked.
    pub leaks: Vec<LeakNotice>,
    /// The present instant.
    pub now: Timestamp,
}

/// The body of one key's page.
pub fn show(page: &KeyShow) -> Markup {
    let key = &page.key;
    html! {
        (Head { crumbs: &[("Developer Settings", INDEX), ("API Keys", INDEX)], title: &key.name, lead: None, action: Some(state(key.state)) })
        (parts::leaks(&page.leaks))
        div.card {
            (facts(&[
                ("Key", html! { code { (key.masked) } }),
                ("Created", html! { (parts::time(key.created_at)) " by " (foreign(&key.created_by)) " " (creator_note(key)) }),
                ("Last used", last_used(page)),
                ("Expires", expiry(key.expires_at, page.now)),
                ("Devices", devices(page.devices.as_deref())),
            ]))
        }
        section.card { h2 { "What it may do" } (scope_lines(&page.scopes)) }
        @if key.state == KeyState::Active { (revoke(page)) }
    }
}

fn last_used(page: &KeyShow) -> Markup {
    html! {
        @match (page.key.last_used_at, &page.last_used_from) {
            (Some(at), Some(from)) => { (parts::time(at)) " from " (from) },
            (Some(at), None) => (parts::time(at)),
            (None, _) => span.quiet { "Never" },
        }
    }
}

fn devices(devices: Option<&[String]>) -> Markup {
    html! {
        @match devices {
            None => "All devices, also later ones",
            Some(names) => ul { @for name in names { li { (foreign(name)) } } },
        }
    }
}

fn revoke(page: &KeyShow) -> Markup {
    parts::fold(
        "danger",
        "Revoke this key",
        html! {
            p {
                "Programs that use “" (foreign(&page.key.name)) "” stop working at once. "
                @match page.key.last_used_at {
                    Some(_) => { "It was last used " (last_used(page)) ". " },
                    None => "It has never been used. ",
                }
                "This can't be undone; a new key can be made at any time."
            }
            form method="post" action={ (INDEX) "/" (page.key.id) "/revoke" } {
                (csrf(&page.csrf))
                (button(Weight::Danger, "Revoke this key"))
            }
        },
    )
}
