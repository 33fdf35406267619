//! The form of an application, asked as questions; the same for a new one and for an existing one.

use super::{Head, INDEX, Weight, button, csrf, link_button};
use crate::views::parts::{self, Choice, Errors, Field, Kind, ScopeChoice, scope_boxes, tick_box};
use maud::{Markup, html};

/// Whether an application can keep a secret (RFC 6749, section 2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientType {
    /// It runs on a server of its owner.
    Confidential,
    /// It runs in other people's hands.
    Public,
}

impl ClientType {
    /// The type in words.
    pub fn label(self) -> &'static str {
        match self {
            ClientType::Confidential => "Confidential (has a secret)",
            ClientType::Public => "Public (PKCE, no secret)",
        }
    }

    fn value(self) -> &'static str {
        match self {
            ClientType::Confidential => "confidential",
            ClientType::Public => "public",
        }
    }
}

/// The form, empty or as typed.
pub struct ApplicationForm {
    /// The client id of the application being edited; `None` for a new one.
    pub client_id: Option<String>,
    /// The token every form carries.
    pub csrf: String,
    /// Its name.
    pub name: String,
    /// Its homepage.
    pub homepage_url: String,
    /// What it does.
    pub description: String,
    /// Its privacy policy.
    pub privacy_policy_url: String,
    /// Its terms.
    pub terms_url: String,
    /// Redirect URIs, one per line.
    pub redirect_uris: String,
    /// The scopes it can require.
    pub required: Vec<ScopeChoice>,
    /// The scopes it can ask for as extras.
    pub optional: Vec<ScopeChoice>,
    /// Whether it can keep a secret.
    pub client_type: ClientType,
    /// Whether it must send a PKCE challenge.
    pub require_pkce: bool,
    /// Whether its answers come without `iss`.
    pub leave_out_issuer: bool,
    /// Whether its refresh tokens stay the same.
    pub keep_refresh_tokens: bool,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// The form's body.
pub fn form(page: &ApplicationForm) -> Markup {
    let home = page.client_id.as_ref().map(|id| format!("{INDEX}/{id}"));
    let (title, save) = match home {
        Some(_) => ("Edit application", "Save changes"),
        None => ("Create an OAuth Application", "Create an OAuth Application"),
    };
    let back = home.as_deref().unwrap_or(INDEX);
    html! {
        (Head { crumbs: &[("Developer Settings", INDEX), ("OAuth Applications", INDEX)], title,
            lead: Some("Most of this is shown to the people you ask for consent."), action: None })
        (page.errors)
        form.stack method="post" action=(back) {
            (csrf(&page.csrf))
            (identity(page))
            div.card { (client_type(page)) }
            (redirect_uris(page))
            (scopes(page))
            (trust(page))
            (compatibility(page))
            div.row { (button(Weight::Primary, save)) (link_button(Weight::Secondary, "Cancel", back)) }
        }
    }
}

fn identity(page: &ApplicationForm) -> Markup {
    html! {
        section.card {
            h2 { "What is it?" }
            (Field::new("name", "Application Name", Kind::Text).value(&page.name).error(page.errors.on("name")).required()
                .hint("Shown to people when they decide. They should recognise it."))
            (Field::new("description", "Description", Kind::Lines(2)).value(&page.description)
                .error(page.errors.on("description")).optional("optional"))
        }
    }
}

/// Asked once: an application that never had a secret can't be told to keep one later.
fn client_type(page: &ApplicationForm) -> Markup {
    if page.client_id.is_some() {
        return settled_client_type(page);
    }
    let chosen = page.client_type.value();
    let choice = |value, label, note| Choice { name: "client_type", value, label, note, chosen };
    html! {
        fieldset #client_type.set tabindex="-1" {
            legend { "Can your application keep a secret?" }
            @if let Some(error) = page.errors.on("client_type") { p.wrong { (error) } }
            div.choices {
                (choice("confidential", "Yes, it runs on a server of mine", "You get a client ID and a client secret."))
                div.then { (require_pkce(page)) }
                (choice("public", "No, it runs in a browser, on a phone or on a desktop", "PKCE: a login flow without a secret. There is none to steal."))
            }
        }
    }
}

fn settled_client_type(page: &ApplicationForm) -> Markup {
    html! {
        fieldset #client_type.set tabindex="-1" {
            legend { "Can your application keep a secret?" }
            p { (page.client_type.label()) ". To change this, create another application." }
            @if page.client_type == ClientType::Confidential { (require_pkce(page)) }
        }
    }
}

fn require_pkce(page: &ApplicationForm) -> Markup {
    let label = "Require PKCE as well (recommended: a stolen code is useless without it)";
    tick_box("require_pkce", label, page.require_pkce.then_some("yes"))
}

fn redirect_uris(page: &ApplicationForm) -> Markup {
    html! {
        section.card {
            h2 { "Where do people come back to?" }
            (Field::new("redirect_uris", "Redirect URIs", Kind::Lines(4)).value(&page.redirect_uris)
                .error(page.errors.on("redirect_uris")).example("https://app.example/callback").required()
                .hint("The pages of your application that receive the code after login. One per line."))
            ul.hint.stack.tight {
                li { "Compared byte for byte: " code { "/callback" } " and " code { "/callback/" } " are two addresses." }
                li { code { "https://" } " always; " code { "http://" } " only for " code { "127.0.0.1" } ", " code { "[::1]" } " and " code { "localhost" } "." }
                li { "No wildcards and no " code { "#" } ". Apps on phones may use a scheme of their own, such as " code { "com.example.app:/callback" } "." }
            }
        }
    }
}

fn scopes(page: &ApplicationForm) -> Markup {
    let extras = html! {
        fieldset.set {
            legend.sr { "Optional scopes" }
            p.hint { "Offered to those whose role has them, unticked at first. They never block anybody. A scope is either required or optional." }
            (scope_boxes("optional_scope", &page.optional))
        }
    };
    html! {
        section.card {
            fieldset #scope.set tabindex="-1" {
                legend { "Scopes" }
                p.hint { "What your application requires. To consent, end users need a role that has every scope listed here. To access data without asking people again and again, add " code { "offline_access" } "." }
                @if let Some(error) = page.errors.on("scope") { p.wrong { (error) } }
                (scope_boxes("scope", &page.required))
            }
            (parts::fold("", "Optional scopes", extras))
        }
    }
}

fn trust(page: &ApplicationForm) -> Markup {
    let errors = &page.errors;
    let url = |name, label, value| {
        Field::new(name, label, Kind::Url)
            .value(value)
            .error(errors.on(name))
            .optional("optional, adds trust")
    };
    html! {
        section.card {
            h2 { "Why should people trust it?" }
            (url("homepage_url", "Homepage", &page.homepage_url))
            (url("privacy_policy_url", "Privacy policy URL", &page.privacy_policy_url))
            (url("terms_url", "Terms of service URL", &page.terms_url))
        }
    }
}

/// What a library may need that does not do as the RFCs say; folded away, because hardly any does.
fn compatibility(page: &ApplicationForm) -> Markup {
    let keeps = page.keep_refresh_tokens.then_some("yes");
    let boxes = html! {
        (tick_box("leave_out_issuer", "Leave the issuer parameter out", page.leave_out_issuer.then_some("yes")))
        p.hint { "Answers at your redirect URI carry " code { "iss" } " (RFC 9207), by which a client of many servers tells from whom they come. "
            "Tick this only for a library that refuses it and can't be told the issuer." }
        @if page.client_id.is_none() || page.client_type == ClientType::Confidential {
            (tick_box("keep_refresh_tokens", "Keep refresh tokens the same", keeps))
            p.hint { "Each use of a refresh token replaces it, so that a stolen copy shows. Tick this only if your application can't store a new one each time. "
                "It counts for applications with a secret." }
        }
    };
    parts::fold("", "For libraries that need it", boxes)
}
