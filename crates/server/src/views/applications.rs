//! Developer Settings, OAuth Applications: the list, the page of one application, and the page after creation.

mod attempts;
mod form;
mod snippets;

pub use attempts::{AttemptRow, FindingRow, FindingVerdict};
pub use form::{ApplicationForm, ClientType, form};
pub use snippets::{Endpoints, snippets};

use super::parts::{
    self, Code, Head, Pages, ScopeLine, Secret, Table, Tone, Weight, alert, badge, button, csrf, facts,
    foreign, link_button, scope_lines,
};
use jiff::Timestamp;
use maud::{Markup, html};

const INDEX: &str = "/settings/developer/oauth-applications";
const NEW: &str = "/settings/developer/oauth-applications/new";

/// The title and the tabs of Developer Settings, with the tab at `current` marked.
pub(super) fn developer_head(current: &str) -> Markup {
    let items = [("API Keys", "/settings/developer/api-keys"), ("OAuth Applications", INDEX)];
    let here = items.iter().find(|(_, href)| *href == current).map_or("", |(words, _)| words);
    html! {
        (Head { crumbs: &[], title: "Developer Settings", lead: None, action: None })
        (parts::tabs("Developer Settings", &items, here))
    }
}

/// An application as lists show it.
pub struct ApplicationRow {
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// Whether it can keep a secret.
    pub client_type: ClientType,
    /// How many people let it in.
    pub grants: u64,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The list.
pub struct ApplicationIndex {
    /// The applications, newest first.
    pub applications: Vec<ApplicationRow>,
    /// The neighbouring pages.
    pub pages: Pages,
}

/// The list's body.
pub fn index(page: &ApplicationIndex) -> Markup {
    html! {
        (developer_head(INDEX))
        div.head {
            div {
                h2 { "OAuth Applications" }
                p.lead { "An application reads the data of your customers, after each of them has said yes in the browser." }
            }
            @if !page.applications.is_empty() { (link_button(Weight::Primary, "Create an OAuth Application", NEW)) }
        }
        @if page.applications.is_empty() {
            (parts::empty("No applications yet", "Register one, and any OAuth 2.0 library can ask people for their consent.",
                html! { (link_button(Weight::Primary, "Create an OAuth Application", NEW)) a href="/docs" { "How the flow works" } }))
        } @else { (table(&page.applications)) (page.pages) }
    }
}

fn table(applications: &[ApplicationRow]) -> Markup {
    let row = |application: &ApplicationRow| {
        vec![
            html! { a href={ (INDEX) "/" (application.client_id) } { (foreign(&application.name)) } },
            html! { code { (application.client_id) } },
            html! { (application.client_type.label()) },
            html! { (application.grants) },
            parts::day(application.created_at),
        ]
    };
    let columns = ["Name", "Client ID", "Type", "Consents", "Created"];
    html! { (Table { caption: "OAuth applications", columns: &columns, rows: applications.iter().map(row).collect() }) }
}

/// The page after creation: the only one that ever shows the secret. Also used for an added secret.
pub struct ApplicationCreated {
    /// Its name.
    pub name: String,
    /// Its client id.
    pub client_id: String,
    /// Its secret; a public client has none.
    pub client_secret: Option<String>,
}

/// The body of the page that shows a new secret.
pub fn created(page: &ApplicationCreated) -> Markup {
    let home = format!("{INDEX}/{}", page.client_id);
    let (title, lead) = match page.client_secret {
        Some(_) => (
            "Store your client ID and secret",
            "The secret is shown only now. The client ID stays visible on the application's page.",
        ),
        None => (
            "Your application is ready",
            "It proves itself with PKCE on every sign-in, so there is no secret to store.",
        ),
    };
    html! {
        (Head { crumbs: &[("Developer Settings", INDEX), ("OAuth Applications", INDEX), (&page.name, &home)], title, lead: Some(lead), action: None })
        div.card {
            (Code { id: "client-id", title: "Client ID", text: &page.client_id })
            @if let Some(secret) = &page.client_secret {
                (Secret { id: "client-secret", label: "Client secret", value: secret, variable: "BLUESONDE_CLIENT_SECRET" })
                (alert(Tone::Warning, "The client secret belongs on your server alone", "Never in a web page, a mobile app or a repository. If it leaks, add a second one here, switch over, and revoke the first."))
            }
        }
        div.row { (link_button(Weight::Secondary, "Go to the application", &home)) }
    }
}

/// A client secret as the page of its application shows it.
pub struct SecretRow {
    /// Its id.
    pub id: String,
    /// Its last four characters behind a gap.
    pub masked: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, if ever.
    pub last_used_at: Option<Timestamp>,
}

/// The page of one application.
pub struct ApplicationShow {
    /// The token every form carries.
    pub csrf: String,
    /// Its client id.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What it says about itself.
    pub description: Option<String>,
    /// Whether it can keep a secret.
    pub client_type: ClientType,
    /// Whether it must send a PKCE challenge.
    pub require_pkce: bool,
    /// Whether its answers come without `iss`.
    pub leaves_out_issuer: bool,
    /// Whether its refresh tokens stay the same.
    pub keeps_refresh_tokens: bool,
    /// What failed lately, newest first.
    pub attempts: Vec<AttemptRow>,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<String>,
    /// What it requires.
    pub required: Vec<ScopeLine>,
    /// What it would like.
    pub optional: Vec<ScopeLine>,
    /// Its live secrets.
    pub secrets: Vec<SecretRow>,
    /// How many people let it in.
    pub grants: u64,
    /// The addresses of this server.
    pub endpoints: Endpoints,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The body of one application's page.
pub fn show(page: &ApplicationShow) -> Markup {
    let edit = format!("{INDEX}/{}/edit", page.client_id);
    html! {
        (Head { crumbs: &[("Developer Settings", INDEX), ("OAuth Applications", INDEX)], title: &page.name,
            lead: page.description.as_deref(), action: Some(link_button(Weight::Secondary, "Edit", &edit)) })
        div.card {
            (Code { id: "client-id", title: "Client ID", text: &page.client_id })
            (facts(&[
                ("Type", html! { (page.client_type.label()) @if page.require_pkce { ", PKCE required" } }),
                ("Redirect URIs", html! { ul { @for uri in &page.redirect_uris { li { code { (uri) } } } } }),
                ("Issuer parameter", html! { @if page.leaves_out_issuer { "Left out" } @else { "Sent" } }),
                ("Refresh tokens", html! { @if page.keeps_refresh_tokens { "Stay the same" } @else { "Replaced at each use" } }),
                ("Consents", html! { (page.grants) }),
                ("Created", parts::time(page.created_at)),
                ("Authorization endpoint", html! { code { (page.endpoints.authorize) } }),
                ("Token endpoint", html! { code { (page.endpoints.token) } }),
                ("Metadata", html! { code { (page.endpoints.metadata()) } }),
            ]))
        }
        @if page.client_type == ClientType::Confidential { (secrets(page)) }
        section.card { h2 { "Scopes" } (scope_lines(&page.required))
            @if !page.optional.is_empty() { hr.rule; p.quiet { "Optional, offered unticked:" } (scope_lines(&page.optional)) } }
        (attempts::attempts(&page.attempts))
        (snippets(page))
        (delete(page))
    }
}

fn secrets(page: &ApplicationShow) -> Markup {
    html! {
        section.card {
            div.head {
                div { h2 { "Client secrets" } p.hint { "Two can be live at once: add one, switch over, revoke the other." } }
                @if page.secrets.len() < 2 {
                    form method="post" action={ (INDEX) "/" (page.client_id) "/secrets" } { (csrf(&page.csrf)) (button(Weight::Secondary, "Add a secret")) }
                } @else { (badge(Tone::Note, "Two of two live")) }
            }
            @if page.secrets.is_empty() { p.quiet { "None is live: the application can't fetch tokens until you add one." } } @else {
                (Table { caption: "Client secrets", columns: &["Secret", "Created", "Last used", "Revoke"],
                    rows: page.secrets.iter().map(|secret| secret_row(page, secret)).collect() })
            }
        }
    }
}

fn secret_row(page: &ApplicationShow, secret: &SecretRow) -> Vec<Markup> {
    let action = format!("{INDEX}/{}/secrets/{}/revoke", page.client_id, secret.id);
    vec![
        html! { code { (secret.masked) } },
        parts::day(secret.created_at),
        html! { @if let Some(at) = secret.last_used_at { (parts::time(at)) } @else { span.quiet { "Never" } } },
        html! {
            form method="post" action=(action) {
                (csrf(&page.csrf))
                button.button.danger.slight aria-label={ "Revoke secret " (secret.masked) } { "Revoke" }
            }
        },
    ]
}

fn delete(page: &ApplicationShow) -> Markup {
    parts::fold(
        "danger",
        "Delete this application",
        html! {
            p {
                "“" (foreign(&page.name)) "” and its " (page.grants) @if page.grants == 1 { " consent" } @else { " consents" }
                " end at once: every token stops working, and people have to say yes again to a new application. This can't be undone."
            }
            form method="post" action={ (INDEX) "/" (page.client_id) "/delete" } { (csrf(&page.csrf)) (button(Weight::Danger, "Delete this application")) }
        },
    )
}
