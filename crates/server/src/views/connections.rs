//! Connections: each application that a person let in, what it may do, and the button that ends it.

use super::parts::{
    self, Head, ScopeLine, Weight, avatar, button, csrf, facts, foreign, link_button, scope_lines,
};
use jiff::Timestamp;
use maud::{Markup, html};

const INDEX: &str = "/settings/connections";

/// An application that the person let in.
pub struct ConnectionCard {
    /// The id of the grant.
    pub id: String,
    /// The application's name.
    pub application: String,
    /// The organization that published it.
    pub publisher: String,
    /// What it may do now; nothing if the person's role has none of it any more.
    pub scopes: Vec<ScopeLine>,
    /// The names of its devices; `None` means all.
    pub devices: Option<Vec<String>>,
    /// When the person last allowed it.
    pub approved_at: Timestamp,
    /// When it last came, if ever.
    pub last_used_at: Option<Timestamp>,
}

/// The list.
pub struct ConnectionIndex {
    /// The token every form carries.
    pub csrf: String,
    /// The organization whose data it is about.
    pub organization: String,
    /// The applications, the latest consent first.
    pub connections: Vec<ConnectionCard>,
}

/// The list's body.
pub fn index(page: &ConnectionIndex) -> Markup {
    html! {
        (Head { crumbs: &[], title: "Connections",
            lead: Some("The applications that you gave access, and what each may do until you remove it."), action: None })
        @if page.connections.is_empty() { (none(&page.organization)) } @else {
            p { "They act for you on the data of " strong { (foreign(&page.organization)) } "." }
            @for connection in &page.connections { (card(connection, &page.csrf)) }
        }
    }
}

fn none(organization: &str) -> Markup {
    parts::empty(
        "No connections yet",
        "When you let an application at your data, it appears here, and here you can take that back.",
        html! {
            p.quiet { "No application acts for you on the data of " (foreign(organization)) "." }
            (link_button(Weight::Secondary, "See your devices", "/devices"))
        },
    )
}

fn card(connection: &ConnectionCard, token: &str) -> Markup {
    html! {
        section.card {
            div.row {
                (avatar(&connection.application))
                div {
                    h2 { (foreign(&connection.application)) }
                    p.quiet.small { "by " (foreign(&connection.publisher)) }
                }
            }
            (rights(connection))
            (facts(&[
                ("Devices", devices(connection.devices.as_deref())),
                ("Allowed", parts::time(connection.approved_at)),
                ("Last used", last_used(connection.last_used_at)),
            ]))
            (remove(connection, token))
        }
    }
}

fn rights(connection: &ConnectionCard) -> Markup {
    html! {
        @if connection.scopes.is_empty() {
            p.quiet { "It can do nothing now, because your role no longer has what you allowed, or the application no longer asks for it." }
        } @else {
            (scope_lines(&connection.scopes))
        }
    }
}

fn devices(devices: Option<&[String]>) -> Markup {
    html! {
        @match devices {
            None => "All devices, also later ones",
            Some([]) => "None: the chosen ones are no longer here",
            Some(names) => ul { @for name in names { li { (foreign(name)) } } },
        }
    }
}

fn last_used(at: Option<Timestamp>) -> Markup {
    html! { @if let Some(at) = at { (parts::time(at)) } @else { span.quiet { "Never" } } }
}

fn remove(connection: &ConnectionCard, token: &str) -> Markup {
    parts::fold(
        "danger",
        "Remove access",
        html! {
            p {
                "“" (foreign(&connection.application)) "” loses its access at once. What it has already read or changed stays as it is. "
                "You can allow it again whenever it asks."
            }
            form method="post" action={ (INDEX) "/" (connection.id) "/revoke" } {
                (csrf(token))
                (button(Weight::Danger, "Remove access"))
            }
        },
    )
}
