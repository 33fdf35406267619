//! Consent: who asks, for what, on whose behalf, where the answer goes; and two buttons of the same size.
//!
//! The organization is chosen by links, not inside the form: another organization means other devices and
//! another role, and a person must never allow one while reading about the other.

use super::parts::{
    self, DeviceChoice, Errors, ScopeChoice, ScopeLine, Tone, Weight, alert, avatar, csrf, device_picker,
    foreign, named_button, scope_boxes, scope_lines,
};
use jiff::Timestamp;
use maud::{Markup, html};

/// How far the application is known.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Trust {
    /// It belongs to the organization whose data it asks for.
    Own,
    /// The operator of this server has looked at it.
    Verified,
    /// Nobody has.
    Unverified,
}

/// The application that asks.
pub struct Asker {
    /// Its name, as its owner chose it.
    pub name: String,
    /// The organization that published it.
    pub publisher: String,
    /// When it was registered.
    pub registered_at: Timestamp,
    /// How far it is known.
    pub trust: Trust,
    /// What it says about itself.
    pub description: Option<String>,
    /// Its homepage.
    pub homepage_url: Option<String>,
    /// What it does with the data.
    pub privacy_policy_url: Option<String>,
    /// Its terms.
    pub terms_url: Option<String>,
    /// Where the answer goes, host alone.
    pub redirect_host: String,
}

/// The person who is asked.
pub struct SignedIn {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Where the form that signs them out and comes back goes.
    pub switch_action: String,
}

/// An organization whose data could be meant.
pub struct OrganizationChoice {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// This page, about that organization.
    pub href: String,
}

/// What the consent page shows.
pub struct Consent {
    /// Where the decision goes.
    pub action: String,
    /// The token every form carries.
    pub csrf: String,
    /// Who asks.
    pub application: Asker,
    /// Who is asked.
    pub user: SignedIn,
    /// The organization the page is about.
    pub organization_id: String,
    /// All the organizations it could be about, that one included.
    pub organizations: Vec<OrganizationChoice>,
    /// What the application must have.
    pub required: Vec<ScopeLine>,
    /// What it would like; unticked at first.
    pub optional: Vec<ScopeChoice>,
    /// `all` or `chosen`.
    pub devices: String,
    /// The devices there are.
    pub device_choices: Vec<DeviceChoice>,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// The page's body.
pub fn consent(page: &Consent) -> Markup {
    html! {
        div.card {
            (introduction(&page.application))
            (warning(page))
            (signed_in(page))
            (organizations(page))
            (page.errors)
            form.stack method="post" action=(page.action) {
                (csrf(&page.csrf))
                input type="hidden" name="organization_id" value=(page.organization_id);
                (rights(page))
                hr.rule;
                (device_picker("Which devices?", &page.devices, &page.device_choices, page.errors.on("devices")))
                hr.rule;
                (decision(&page.application))
            }
        }
    }
}

fn introduction(application: &Asker) -> Markup {
    html! {
        div.centre {
            div.meet { (avatar(&application.name)) i {} (parts::mark()) }
            h1 { (foreign(&application.name)) " asks for your data" }
            p.quiet {
                "by " (foreign(&application.publisher)) ", here since " (parts::day(application.registered_at))
            }
            @if let Some(description) = &application.description { p { (foreign(description)) } }
            (trust(application.trust))
            div.links {
                @if let Some(url) = &application.homepage_url { (outward(url, "Homepage")) }
                @if let Some(url) = &application.privacy_policy_url { (outward(url, "Privacy policy")) }
                @if let Some(url) = &application.terms_url { (outward(url, "Terms")) }
            }
        }
    }
}

fn trust(trust: Trust) -> Markup {
    match trust {
        Trust::Own => parts::badge(Tone::Note, "Made by your own organization"),
        Trust::Verified => parts::badge(Tone::Good, "Verified by Bluesonde"),
        Trust::Unverified => parts::badge(Tone::Plain, "Not verified by Bluesonde"),
    }
}

fn outward(url: &str, words: &str) -> Markup {
    html! { a href=(url) target="_blank" rel="noopener noreferrer" { (words) span.sr { " (opens in a new tab)" } } }
}

/// One warning at most, and only as loud as what is at stake.
fn warning(page: &Consent) -> Markup {
    let application = &page.application;
    let changes = page.required.iter().any(|scope| scope.kind == parts::ScopeKind::Change);
    if application.trust != Trust::Unverified {
        return html! {};
    }
    let sentence = html! {
        "Bluesonde has not checked who is behind this application. Allow it only if you know "
        (foreign(&application.publisher)) " and meant to go on to " strong { (application.redirect_host) } "."
        @if changes { " It would be able to change data, not only to read it." }
    };
    if changes {
        alert(Tone::Danger, "Be sure you trust this application", sentence)
    } else {
        alert(Tone::Warning, "Do you know this application?", sentence)
    }
}

fn signed_in(page: &Consent) -> Markup {
    html! {
        div.who {
            (avatar(&page.user.name))
            div { div { "Signed in as " strong { (foreign(&page.user.name)) } } div.quiet.small { (page.user.email) } }
            form method="post" action=(page.user.switch_action) {
                (csrf(&page.csrf))
                button.link { "Switch account" }
            }
        }
    }
}

fn organizations(page: &Consent) -> Markup {
    let current = page.organizations.iter().find(|choice| choice.id == page.organization_id);
    html! {
        @if page.organizations.len() > 1 {
            nav.stack.tight aria-label="Organization" {
                h2 { "Whose data?" }
                ul.picks {
                    @for choice in &page.organizations {
                        @let here = choice.id == page.organization_id;
                        li { a href=(choice.href) aria-current=[here.then_some("true")] { (foreign(&choice.name)) @if here { span { "Selected" } } } }
                    }
                }
            }
        } @else if let Some(organization) = current {
            p { "It is about the data of " strong { (foreign(&organization.name)) } "." }
        }
    }
}

fn rights(page: &Consent) -> Markup {
    html! {
        section.stack {
            h2 { "It will be able to" }
            (scope_lines(&page.required))
        }
        @if !page.optional.is_empty() {
            fieldset.set {
                legend { "It would also like to" }
                p.hint { "Tick only what you want. It works without." }
                (scope_boxes("scope", &page.optional))
            }
        }
    }
}

fn decision(application: &Asker) -> Markup {
    html! {
        div.stack.tight {
            p.quiet.small { "Either answer sends you back to " strong { (application.redirect_host) } "." }
            div.pair {
                (named_button(Weight::Secondary, "Cancel", ("decision", "deny")))
                (named_button(Weight::Primary, "Allow", ("decision", "allow")))
            }
        }
    }
}
