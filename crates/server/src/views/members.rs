//! Organization, Members: the list, the page of one member, and the secrets that somebody knows.

use super::organization::organization_head;
use super::parts::{
    self, Choice, Head, Pages, Table, Tone, Weight, alert, badge, button, csrf, facts, fold, foreign,
    link_button,
};
use jiff::Timestamp;
use maud::{Markup, html};

const INDEX: &str = "/settings/organization/members";
const KEYS: &str = "/settings/developer/api-keys";
const APPLICATIONS: &str = "/settings/developer/oauth-applications";

/// What the signed-in person may do about a member.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It is them.
    Oneself,
    /// Change and remove.
    Manageable,
    /// Nothing: only an Owner touches an Owner.
    Above,
}

/// A member as lists show them.
pub struct MemberRow {
    /// The person's id.
    pub id: String,
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their role's name.
    pub role: String,
    /// Since when they belong here.
    pub since: Timestamp,
    /// When they last looked in.
    pub last_seen_at: Option<Timestamp>,
    /// Since when they are out of service.
    pub disabled_at: Option<Timestamp>,
    /// What may be done about them.
    pub standing: Standing,
}

/// The list.
pub struct MemberIndex {
    /// The members.
    pub members: Vec<MemberRow>,
    /// The neighbouring pages.
    pub pages: Pages,
    /// What was searched for; nothing shows everybody.
    pub search: String,
}

/// The list's body.
pub fn index(page: &MemberIndex) -> Markup {
    html! {
        (organization_head(INDEX))
        div.head {
            div {
                h2 { "Members" }
                p.lead { "Everybody who can look at your organization's data in the console, and what they may do." }
            }
            (link_button(Weight::Primary, "Invite somebody", "/settings/organization/invitations"))
        }
        form.row.search method="get" action=(INDEX) role="search" {
            label.sr for="q" { "Name or email" }
            input #q.input.short type="search" name="q" value=(page.search) placeholder="Name or email" autocomplete="off";
            (button(Weight::Secondary, "Search"))
            @if !page.search.is_empty() { a href=(INDEX) { "Show everybody" } }
        }
        @if page.members.is_empty() {
            p.quiet { "Nobody here has “" (foreign(&page.search)) "” in their name or address." }
        } @else { (table(page)) (page.pages) }
    }
}

fn table(page: &MemberIndex) -> Markup {
    let row = |member: &MemberRow| {
        vec![
            html! {
                a href={ (INDEX) "/" (member.id) } { (foreign(&member.name)) }
                @if member.standing == Standing::Oneself { " (you)" }
                span.small.quiet { (foreign(&member.email)) }
            },
            html! { (foreign(&member.role)) @if member.disabled_at.is_some() { " " (badge(Tone::Warning, "Disabled")) } },
            parts::day(member.since),
            last_seen(member),
        ]
    };
    let rows = page.members.iter().map(row).collect();
    html! { (Table { caption: "Members", columns: &["Name", "Role", "Since", "Last seen"], rows }) }
}

fn last_seen(member: &MemberRow) -> Markup {
    html! { @if let Some(at) = member.last_seen_at { (parts::time(at)) } @else { span.quiet { "Never" } } }
}

/// A role to choose.
pub struct RoleChoice {
    /// Its name.
    pub name: String,
    /// What it may do.
    pub note: String,
}

/// The radio buttons of roles, in a field named `role`.
pub(super) fn role_picker(roles: &[RoleChoice], chosen: &str) -> Markup {
    html! {
        div.choices {
            @for role in roles { (Choice { name: "role", value: &role.name, label: &role.name, note: &role.note, chosen }) }
        }
    }
}

/// The page of one member.
pub struct MemberShow {
    /// The token every form carries.
    pub csrf: String,
    /// The member.
    pub member: MemberRow,
    /// The roles that the signed-in person can give.
    pub roles: Vec<RoleChoice>,
    /// How many live secrets the member was shown.
    pub secrets: usize,
}

/// The body of one member's page.
pub fn show(page: &MemberShow) -> Markup {
    let member = &page.member;
    let state = member.disabled_at.map(|_| badge(Tone::Warning, "Disabled"));
    html! {
        (Head { crumbs: &[("Organization", "/settings/organization"), ("Members", INDEX)], title: &member.name, lead: None, action: state })
        div.card {
            (facts(&[
                ("Email", foreign(&member.email)),
                ("Role", foreign(&member.role)),
                ("Member since", parts::time(member.since)),
                ("Last seen", last_seen(member)),
                ("Secrets they were shown", html! {
                    @if page.secrets == 0 { "None that still works" }
                    @else { a href={ (INDEX) "/" (member.id) "/secrets" } { (page.secrets) " that still work" } }
                }),
            ]))
        }
        @match member.standing {
            Standing::Oneself => (alert(Tone::Note, "This is you", html! {
                "Nobody changes their own role. You can " a href="/settings/organization" { "step down or leave" } "."
            })),
            Standing::Above => (alert(Tone::Note, "Only an Owner can change or remove an Owner", "Ask one of them.")),
            Standing::Manageable => { (role(page)) (service(page)) (remove(page)) },
        }
    }
}

fn role(page: &MemberShow) -> Markup {
    html! {
        form.card method="post" action={ (INDEX) "/" (page.member.id) } {
            (csrf(&page.csrf))
            fieldset.set {
                legend { "Role" }
                p.hint { "It counts with their next request, and for the applications that act for them." }
                (role_picker(&page.roles, &page.member.role))
            }
            div.row { (button(Weight::Primary, "Change the role")) }
        }
    }
}

fn service(page: &MemberShow) -> Markup {
    let home = format!("{INDEX}/{}", page.member.id);
    html! {
        @if page.member.disabled_at.is_some() {
            (fold("", "Enable this member", html! {
                p { "They get back the role and the connections that they had." }
                form method="post" action={ (home) "/enable" } { (csrf(&page.csrf)) (button(Weight::Primary, "Enable")) }
            }))
        } @else {
            (fold("danger", "Disable this member", html! {
                p { "Until you enable them again, they and the applications they let in have no access here. They are signed out at once." }
                form method="post" action={ (home) "/disable" } { (csrf(&page.csrf)) (button(Weight::Danger, "Disable")) }
            }))
        }
    }
}

fn remove(page: &MemberShow) -> Markup {
    let member = &page.member;
    fold(
        "danger",
        "Remove this member",
        html! {
            p {
                "“" (foreign(&member.name)) "” loses access at once, and so do the applications that they let in. Their account stays: it is their own. "
                @if page.secrets > 0 { "You will see the secrets that they know, to replace them." }
            }
            form method="post" action={ (INDEX) "/" (member.id) "/remove" } {
                (csrf(&page.csrf))
                (button(Weight::Danger, "Remove this member"))
            }
        },
    )
}

/// A secret that somebody was shown.
pub struct SecretRow {
    /// The id of its key, or the client id of its application.
    pub id: String,
    /// The key's or application's name.
    pub name: String,
    /// How the secret ends.
    pub last_four: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// The secrets that somebody knows.
pub struct MemberSecrets {
    /// The token every form carries.
    pub csrf: String,
    /// Their name.
    pub name: String,
    /// API keys.
    pub keys: Vec<SecretRow>,
    /// Secrets of applications.
    pub client_secrets: Vec<SecretRow>,
}

/// The body of the page about the secrets that somebody knows.
pub fn secrets(page: &MemberSecrets) -> Markup {
    let none = page.keys.is_empty() && page.client_secrets.is_empty();
    html! {
        (Head { crumbs: &[("Organization", "/settings/organization"), ("Members", INDEX)], title: "Secrets to replace", lead: None, action: None })
        @if none {
            p { "“" (foreign(&page.name)) "” was shown no secret that still works." }
        } @else {
            (alert(Tone::Warning, "These secrets still work", html! {
                "“" (foreign(&page.name)) "” was shown them and may have kept them. They belong to the organization, so they do not end with a membership. "
                "Revoke what nothing needs; for the rest make a new one, switch over, and revoke the old."
            }))
        }
        @if !page.keys.is_empty() { section.stack { h2 { "API keys" } (keys(page)) } }
        @if !page.client_secrets.is_empty() { section.stack { h2 { "Client secrets" } (client_secrets(page)) } }
        div.row { (link_button(Weight::Secondary, "Done", INDEX)) }
    }
}

fn keys(page: &MemberSecrets) -> Markup {
    let row = |key: &SecretRow| {
        let home = format!("{KEYS}/{}", key.id);
        let revoke = html! {
            form method="post" action={ (home) "/revoke" } { (csrf(&page.csrf)) button.button.danger.slight { "Revoke" } }
        };
        vec![named(key, &home), parts::day(key.created_at), used(key), revoke]
    };
    let rows = page.keys.iter().map(row).collect();
    html! { (Table { caption: "API keys", columns: &["Name", "Created", "Last used", "Revoke"], rows }) }
}

fn client_secrets(page: &MemberSecrets) -> Markup {
    let row = |secret: &SecretRow| {
        let home = format!("{APPLICATIONS}/{}", secret.id);
        let open = html! { a.button.slight href=(home) { "Replace it" } };
        vec![named(secret, &home), parts::day(secret.created_at), used(secret), open]
    };
    let rows = page.client_secrets.iter().map(row).collect();
    html! { (Table { caption: "Client secrets", columns: &["Application", "Created", "Last used", "Replace"], rows }) }
}

fn named(secret: &SecretRow, home: &str) -> Markup {
    html! { a href=(home) { (foreign(&secret.name)) } span.small.quiet { code { "…" (secret.last_four) } } }
}

fn used(secret: &SecretRow) -> Markup {
    html! { @if let Some(at) = secret.last_used_at { (parts::time(at)) } @else { span.quiet { "Never" } } }
}
