//! What people see: pages as pure functions from small structs to markup.
//!
//! A page knows nothing of requests or storage, so every state of it can be rendered in a test. The price is
//! one struct per page that the edge has to fill. All markup goes through maud, which escapes by default;
//! there is no inline script, style or handler anywhere, as the content security policy demands.

pub mod access_requests;
pub mod api_keys;
pub mod applications;
pub mod audit_log;
pub mod chart;
pub mod code;
pub mod confirm;
pub mod connections;
pub mod consent;
pub mod consent_refused;
pub mod devices;
pub mod docs;
pub mod error;
pub mod invitations;
pub mod login;
pub mod members;
pub mod organization;
pub mod parts;
pub mod policies;
pub mod profile;
mod qr;
pub mod reset;
pub mod roles;
pub mod setup;
pub mod two_factor;
pub mod wall;

#[cfg(test)]
mod tests;

use crate::http::assets;
use maud::{DOCTYPE, Markup, html};
use rules::scope::{Scope, ScopeSet};

/// The name people know this product by.
pub const PRODUCT: &str = "Bluesonde";

/// A whole document around one page's body.
pub struct Page<'a> {
    /// What the browser's tab says, before the product's name.
    pub title: &'a str,
    /// What surrounds the body.
    pub nav: Nav<'a>,
    /// The page itself, with its one `h1`.
    pub body: Markup,
    /// Where the operator of this server answers questions: an e-mail address or a URL.
    pub support: Option<&'a str>,
    /// The id of the request, for talking with support; shown where given.
    pub request_id: Option<&'a str>,
}

/// What surrounds a page's body.
pub enum Nav<'a> {
    /// Nobody is signed in: login, set-up, errors. Brand above a narrow column.
    SignedOut,
    /// One decision and no way to wander off: consent. A card, slightly wider.
    Focused,
    /// The console, with header and side navigation.
    Console(Viewer<'a>, Place),
    /// A console page open to everybody, such as the reference; offers to sign in.
    Public(Place),
}

/// Who looks at the console.
pub struct Viewer<'a> {
    /// The organization's name.
    pub organization: &'a str,
    /// The other organizations that they could look at.
    pub elsewhere: &'a [Elsewhere],
    /// The person's name.
    pub name: &'a str,
    /// The token every form carries.
    pub csrf: &'a str,
    /// What the person may do here.
    pub scopes: ScopeSet,
}

/// An organization that a person can turn to.
#[derive(Clone, Debug)]
pub struct Elsewhere {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The sections of the console, as the side navigation lists them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// The fleet.
    Devices,
    /// What the person lets applications do.
    Connections,
    /// The person's password, second factor and sessions.
    Profile,
    /// Keys and applications.
    Developer,
    /// Members, roles, invitations and policies.
    Organization,
    /// Who waits for a stronger role.
    AccessRequests,
    /// Who did what in the organization.
    AuditLog,
    /// The reference and the guides.
    Docs,
}

impl Place {
    const ALL: [Place; 8] = [
        Place::Devices,
        Place::Connections,
        Place::Profile,
        Place::Developer,
        Place::Organization,
        Place::AccessRequests,
        Place::AuditLog,
        Place::Docs,
    ];

    /// Whether somebody with these scopes is led there. The other sections tell those without a right whom to ask.
    fn is_for(self, scopes: ScopeSet) -> bool {
        self != Place::AuditLog || scopes.contains(Scope::AuditRead)
    }

    fn label(self) -> &'static str {
        match self {
            Place::Devices => "Devices",
            Place::Connections => "Connections",
            Place::Profile => "Profile",
            Place::Developer => "Developer Settings",
            Place::Organization => "Organization",
            Place::AccessRequests => "Access requests",
            Place::AuditLog => "Audit log",
            Place::Docs => "Docs",
        }
    }

    fn href(self) -> &'static str {
        match self {
            Place::Devices => "/devices",
            Place::Connections => "/settings/connections",
            Place::Profile => "/settings/profile",
            Place::Developer => "/settings/developer/api-keys",
            Place::Organization => "/settings/organization",
            Place::AccessRequests => "/settings/organization/access-requests",
            Place::AuditLog => "/settings/organization/audit-log",
            Place::Docs => "/docs",
        }
    }

    fn icon(self) -> Markup {
        match self {
            Place::Devices => {
                parts::icon("M10 3v4M7.5 14l1-7h3l1 7M2 14.5c2-1.7 3.3-1.7 5.3 0s3.4 1.7 5.4 0 3.3-1.7 5.3 0")
            }
            Place::Connections => parts::icon(
                "M8.5 11.5l3-3M9 6.5l2-2a3.2 3.2 0 0 1 4.5 4.5l-2 2M11 13.5l-2 2A3.2 3.2 0 0 1 4.5 11l2-2",
            ),
            Place::Profile => parts::icon(
                "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.5 16.5c.6-3 3.2-4.5 6.5-4.5s5.9 1.5 6.5 4.5",
            ),
            Place::Organization => parts::icon(
                "M3 17V5.5L9.5 3v14M9.5 7.5 17 10v7M2 17h16M6 7.5v0M6 11v0M6 14v0M13 12v0M13 15v0",
            ),
            Place::Developer => parts::icon("M6.5 6 2.5 10l4 4M13.5 6l4 4-4 4M11.5 4l-3 12"),
            Place::AccessRequests => parts::icon(
                "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.5 16.5c.6-2.8 3-4.5 6.5-4.5 1 0 1.9.1 2.7.4M15.5 12.5v5M13 15h5",
            ),
            Place::AuditLog => parts::icon("M5 3h7l3 3v11H5zM12 3v3h3M7.5 9.5h5M7.5 12h5M7.5 14.5h3"),
            Place::Docs => parts::icon(
                "M10 5.5C8 4 5.5 4 3 4.5v11c2.5-.5 5-.5 7 1 2-1.5 4.5-1.5 7-1v-11c-2.5-.5-5-.5-7 1zv11",
            ),
        }
    }
}

impl Page<'_> {
    /// The full HTML document.
    pub fn render(self) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    title { (self.title) " · " (PRODUCT) }
                    link rel="icon" type="image/svg+xml" href=(assets::url("favicon.svg"));
                    link rel="stylesheet" href=(assets::url("bluesonde.css"));
                    script type="module" src=(assets::url("bluesonde.js")) {}
                }
                (self.content())
            }
        }
    }

    fn content(&self) -> Markup {
        let afloat = matches!(self.nav, Nav::SignedOut | Nav::Focused);
        html! {
            body class=[afloat.then_some("afloat")] {
                a.skip href="#main" { "Skip to the content" }
                @match &self.nav {
                    Nav::SignedOut => div.lone { header { (brand()) } (self.main()) },
                    Nav::Focused => div.lone.wide { (self.main()) },
                    Nav::Console(viewer, place) => { (header_of(viewer)) div.shell { (side(*place, viewer.scopes)) (self.main()) } },
                    Nav::Public(place) => { (public_header()) div.shell { (side(*place, ScopeSet::EMPTY)) (self.main()) } },
                }
                (self.footer())
                p #status.sr role="status" {}
            }
        }
    }

    fn main(&self) -> Markup {
        html! { main #main tabindex="-1" { (self.body) } }
    }

    fn footer(&self) -> Markup {
        html! {
            footer.foot {
                @if let Some(contact) = self.support {
                    span { "Need help? " (parts::contact(contact)) }
                }
                @if let Some(id) = self.request_id {
                    span { "Request " code { (id) } }
                }
            }
        }
    }
}

fn brand() -> Markup {
    html! { a.brand href="/" { (parts::mark()) (PRODUCT) } }
}

fn header_of(viewer: &Viewer<'_>) -> Markup {
    html! {
        header.bar {
            (brand())
            (switcher(viewer))
            span.person { "Signed in as " a href="/settings/profile" { bdi { (viewer.name) } } }
            form method="post" action="/logout" {
                (parts::csrf(viewer.csrf))
                button.button.slight { "Sign out" }
            }
        }
    }
}

/// The organization; for people in several, a way to the others.
fn switcher(viewer: &Viewer<'_>) -> Markup {
    html! {
        @if viewer.elsewhere.is_empty() { bdi.organization { (viewer.organization) } } @else {
            details.organization.switch {
                summary { span.sr { "Organization: " } bdi { (viewer.organization) } }
                form method="post" action="/settings/organization/switch" {
                    (parts::csrf(viewer.csrf))
                    p.small.quiet { "Switch to" }
                    @for other in viewer.elsewhere {
                        button name="organization_id" value=(other.id) { (parts::foreign(&other.name)) }
                    }
                }
            }
        }
    }
}

fn public_header() -> Markup {
    html! {
        header.bar { (brand()) span.person {} a.button.slight href="/login" { "Sign in" } }
    }
}

fn side(here: Place, scopes: ScopeSet) -> Markup {
    html! {
        nav.side aria-label="Sections" {
            ul {
                @for place in Place::ALL.into_iter().filter(|place| place.is_for(scopes)) {
                    li {
                        a href=(place.href()) aria-current=[(place == here).then_some("page")] {
                            (place.icon()) (place.label())
                        }
                    }
                }
            }
        }
    }
}
