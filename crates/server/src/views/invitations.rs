//! Organization, Invitations: the list and its form, the page that shows a link, and the page that the link opens.

use super::members::{RoleChoice, role_picker};
use super::organization::organization_head;
use super::parts::{
    self, Errors, Field, Head, Kind, ScopeLine, Secret, Table, Tone, Weight, alert, button, csrf, fold,
    foreign, link_button, scope_lines,
};
use jiff::Timestamp;
use maud::{Markup, html};

const INDEX: &str = "/settings/organization/invitations";

/// An open invitation.
pub struct InvitationRow {
    /// Its id.
    pub id: String,
    /// For whom.
    pub email: String,
    /// As what.
    pub role: String,
    /// Who invited.
    pub invited_by: String,
    /// When.
    pub created_at: Timestamp,
    /// Until when it is open.
    pub expires_at: Timestamp,
}

/// The list and the form.
pub struct InvitationIndex {
    /// The token every form carries.
    pub csrf: String,
    /// The open ones, newest first.
    pub invitations: Vec<InvitationRow>,
    /// The roles that the signed-in person can give.
    pub roles: Vec<RoleChoice>,
    /// The address as typed.
    pub email: String,
    /// The role as chosen.
    pub role: String,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// The list's body.
pub fn index(page: &InvitationIndex) -> Markup {
    html! {
        (organization_head(INDEX))
        div.head {
            div {
                h2 { "Invitations" }
                p.lead { "An invitation is for one address and one role. It works once, for seven days." }
            }
        }
        (page.errors)
        @if !page.invitations.is_empty() { (table(page)) }
        form.card method="post" action=(INDEX) {
            h2 { "Invite somebody" }
            (csrf(&page.csrf))
            (Field::new("email", "Email", Kind::OthersEmail).value(&page.email).error(page.errors.on("email")).required()
                .hint("Another invitation of the same address takes an earlier one's place."))
            fieldset #role.set tabindex="-1" {
                legend { "Role" }
                @if let Some(error) = page.errors.on("role") { p.wrong { (error) } }
                (role_picker(&page.roles, &page.role))
            }
            div.row { (button(Weight::Primary, "Make an invitation")) }
        }
    }
}

fn table(page: &InvitationIndex) -> Markup {
    let row = |invitation: &InvitationRow| {
        let revoke = html! {
            form method="post" action={ (INDEX) "/" (invitation.id) "/revoke" } {
                (csrf(&page.csrf))
                button.button.danger.slight { "Revoke" }
            }
        };
        vec![
            foreign(&invitation.email),
            foreign(&invitation.role),
            html! { (parts::day(invitation.created_at)) span.small.quiet { "by " (foreign(&invitation.invited_by)) } },
            parts::time(invitation.expires_at),
            revoke,
        ]
    };
    let rows = page.invitations.iter().map(row).collect();
    html! { (Table { caption: "Open invitations", columns: &["Email", "Role", "Invited", "Open until", "Revoke"], rows }) }
}

/// The page that shows a link, once.
pub struct Invited {
    /// The link.
    pub link: String,
    /// The invitation.
    pub invitation: InvitationRow,
    /// To what organization.
    pub organization: String,
}

/// That page's body.
pub fn invited(page: &Invited) -> Markup {
    let invitation = &page.invitation;
    html! {
        (Head { crumbs: &[("Organization", "/settings/organization"), ("Invitations", INDEX)], title: "Send this link",
            lead: Some("This is the only time it is shown."), action: None })
        div.card {
            (Secret { id: "link", label: "Invitation link", value: &page.link, variable: "BLUESONDE_INVITATION" })
            p {
                "It makes the person of " strong { (foreign(&invitation.email)) } " a member of "
                strong { (foreign(&page.organization)) } " as " strong { (foreign(&invitation.role)) }
                ", until " (parts::time(invitation.expires_at)) "."
            }
            (alert(Tone::Warning, "Send it to nobody else", "If the address has no account yet, whoever opens the link first makes one and joins. You can revoke it until then."))
        }
        div.row { a.button href=(INDEX) data-stored { "I have sent it" } }
    }
}

/// Who opens a link.
pub enum Guest {
    /// The person of the address, signed in.
    Invited,
    /// Somebody signed in with another address.
    SomebodyElse {
        /// Theirs.
        email: String,
    },
    /// Somebody whose address has an account.
    Known {
        /// Where they sign in to come back.
        sign_in: String,
    },
    /// Somebody whose account belongs to no organization at present.
    Homeless {
        /// The mistakes of the last try.
        errors: Errors,
    },
    /// Somebody new.
    New {
        /// The name as typed.
        name: String,
        /// The mistakes of the last try.
        errors: Errors,
    },
}

/// The page that a link opens.
pub struct Welcome {
    /// Where the form goes; carries the token.
    pub action: String,
    /// The token every form carries.
    pub csrf: String,
    /// The organization.
    pub organization: String,
    /// The role's name.
    pub role: String,
    /// What the role may do.
    pub scopes: Vec<ScopeLine>,
    /// For whom it is.
    pub email: String,
    /// Who opens it.
    pub guest: Guest,
}

/// That page's body.
pub fn welcome(page: &Welcome) -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Join " (foreign(&page.organization)) }
                p.lead { "You are invited as " strong { (foreign(&page.role)) } ", with the address " strong { (foreign(&page.email)) } "." }
            }
            (fold("", "What this role may do", scope_lines(&page.scopes)))
            @match &page.guest {
                Guest::Invited => (one_button(page, "Join")),
                Guest::SomebodyElse { email } => (somebody_else(page, email)),
                Guest::Known { sign_in } => {
                    p { "This address has an account. Sign in with it, and you come back here." }
                    (link_button(Weight::Primary, "Sign in", sign_in))
                },
                Guest::Homeless { errors } => (homeless(page, errors)),
                Guest::New { name, errors } => (account(page, name, errors)),
            }
        }
    }
}

fn one_button(page: &Welcome, words: &str) -> Markup {
    html! { form.stack method="post" action=(page.action) { (csrf(&page.csrf)) (button(Weight::Primary, words)) } }
}

fn somebody_else(page: &Welcome, email: &str) -> Markup {
    html! {
        (alert(Tone::Note, "You are signed in as somebody else", html! {
            "This browser is signed in as " (foreign(email)) ". Sign out, and open the link again."
        }))
        form.stack method="post" action="/logout" { (csrf(&page.csrf)) (button(Weight::Secondary, "Sign out")) }
    }
}

fn homeless(page: &Welcome, errors: &Errors) -> Markup {
    html! {
        p { "This address has an account. Join with its password, and then sign in with it." }
        (errors)
        form.stack method="post" action=(page.action) {
            (csrf(&page.csrf))
            input type="hidden" name="username" value=(page.email) autocomplete="username";
            (Field::new("password", "Password", Kind::Password).error(errors.on("password")).required())
            (button(Weight::Primary, "Join"))
            a href="/reset" { "Forgot your password?" }
        }
    }
}

fn account(page: &Welcome, name: &str, errors: &Errors) -> Markup {
    html! {
        (errors)
        form.stack method="post" action=(page.action) {
            (csrf(&page.csrf))
            // Password managers take the account's name from here.
            input type="hidden" name="username" value=(page.email) autocomplete="username";
            (Field::new("name", "Your name", Kind::Text).value(name).error(errors.on("name")).required())
            (Field::new("password", "Password", Kind::NewPassword)
                .hint("At least 12 characters. A sentence is easier to remember than symbols.")
                .error(errors.on("password")).required())
            (button(Weight::Primary, "Make an account and join"))
        }
    }
}
