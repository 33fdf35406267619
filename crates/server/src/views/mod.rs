//! What people see: pages as pure functions from small structs to markup.
//!
//! A page knows nothing of requests or storage, so every state of it can be rendered in a test. The price is
//! one struct per page that the edge has to fill. All markup goes through maud, which escapes by default;
//! there is no inline script, style or handler anywhere, as the content security policy demands.

pub mod api_keys;
pub mod applications;
pub mod chart;
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
pub mod roles;
pub mod setup;
pub mod wall;

#[cfg(test)]
mod tests;

use crate::http::assets;
use maud::{DOCTYPE, Markup, html};

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
    /// Keys and applications.
    Developer,
    /// Members, roles and invitations.
    Organization,
    /// The reference and the guides.
    Docs,
}

impl Place {
    const ALL: [Place; 5] =
        [Place::Devices, Place::Connections, Place::Developer, Place::Organization, Place::Docs];

    fn label(self) -> &'static str {
        match self {
            Place::Devices => "Devices",
            Place::Connections => "Connections",
            Place::Developer => "Developer Settings",
            Place::Organization => "Organization",
            Place::Docs => "Docs",
        }
    }

    fn href(self) -> &'static str {
        match self {
            Place::Devices => "/devices",
            Place::Connections => "/settings/connections",
            Place::Developer => "/settings/developer/api-keys",
            Place::Organization => "/settings/organization",
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
            Place::Developer => parts::icon("M6.5 6 2.5 10l4 4M13.5 6l4 4-4 4M11.5 4l-3 12"),
            Place::Organization => parts::icon(
                "M7.5 9a2.75 2.75 0 1 0 0-5.5 2.75 2.75 0 0 0 0 5.5zM2 16.5c.4-3 2.6-4.5 5.5-4.5s5.1 1.5 5.5 4.5M13 4a2.5 2.5 0 0 1 0 5M15.5 12.3c1.5.7 2.3 2.1 2.5 4.2",
            ),
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
                    Nav::Console(viewer, place) => { (header_of(viewer)) div.shell { (side(*place)) (self.main()) } },
                    Nav::Public(place) => { (public_header()) div.shell { (side(*place)) (self.main()) } },
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
            span.person { "Signed in as " bdi { (viewer.name) } }
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

fn side(here: Place) -> Markup {
    html! {
        nav.side aria-label="Sections" {
            ul {
                @for place in Place::ALL {
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
