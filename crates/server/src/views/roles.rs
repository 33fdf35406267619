//! Organization, Roles: what each role may do, and the form of the organization's own ones.

use super::organization::organization_head;
use super::parts::{
    Errors, Field, Head, Kind, ScopeChoice, ScopeLine, Table, Tone, Weight, alert, button, csrf, fold,
    foreign, link_button, scope_boxes,
};
use maud::{Markup, html};

const INDEX: &str = "/settings/organization/roles";
const NEW: &str = "/settings/organization/roles/new";

/// A role that every organization has.
pub struct BuiltInRow {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
}

/// A role of the organization's own.
pub struct RoleRow {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<ScopeLine>,
    /// How many members have it.
    pub members: u64,
}

/// The list.
pub struct RoleIndex {
    /// The built-in roles, in rising rank.
    pub built_in: Vec<BuiltInRow>,
    /// The organization's own, by name.
    pub own: Vec<RoleRow>,
}

/// The list's body.
pub fn index(page: &RoleIndex) -> Markup {
    html! {
        (organization_head(INDEX))
        div.head {
            div {
                h2 { "Roles" }
                p.lead { "A role says what a member may do, and bounds what they can hand on to keys and applications." }
            }
            (link_button(Weight::Primary, "Create a role", NEW))
        }
        (built_in(&page.built_in))
        section.stack {
            h2 { "Your own roles" }
            @if page.own.is_empty() {
                p.quiet { "None yet. Make one for people who need another selection of rights, such as measurements and the audit log." }
            } @else { (own(&page.own)) }
        }
    }
}

fn built_in(roles: &[BuiltInRow]) -> Markup {
    let row = |role: &BuiltInRow| vec![html! { (role.name) }, html! { (role.purpose) }];
    let rows = roles.iter().map(row).collect();
    html! { (Table { caption: "Built-in roles, each with all that the one above it has", columns: &["Built-in role", "What it is for"], rows }) }
}

fn own(roles: &[RoleRow]) -> Markup {
    let row = |role: &RoleRow| {
        vec![
            html! { a href={ (INDEX) "/" (role.id) } { (foreign(&role.name)) } },
            html! { ul { @for scope in &role.scopes { li { (scope.sentence) } } } },
            html! { (role.members) },
        ]
    };
    let rows = roles.iter().map(row).collect();
    html! { (Table { caption: "Your own roles", columns: &["Name", "May", "Members"], rows }) }
}

/// The form of a role.
pub struct RoleForm {
    /// The token every form carries.
    pub csrf: String,
    /// The role that is changed; none makes a new one.
    pub existing: Option<RoleRow>,
    /// The name as typed.
    pub name: String,
    /// The scopes that a role can have.
    pub scopes: Vec<ScopeChoice>,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// The form's body.
pub fn form(page: &RoleForm) -> Markup {
    let errors = &page.errors;
    let (title, action) = match &page.existing {
        Some(role) => (role.name.as_str(), format!("{INDEX}/{}", role.id)),
        None => ("Create a role", INDEX.to_owned()),
    };
    html! {
        (Head { crumbs: &[("Organization", "/settings/organization"), ("Roles", INDEX)], title, lead: None, action: None })
        (errors)
        @if let Some(role) = &page.existing { (consequence(role)) }
        form.stack method="post" action=(action) {
            (csrf(&page.csrf))
            div.card {
                (Field::new("name", "Name", Kind::Text).value(&page.name).error(errors.on("name")).required()
                    .hint("What you would call the people who have it.").example("Laboratory"))
            }
            div.card { (scopes(page)) }
            div.row {
                (button(Weight::Primary, if page.existing.is_some() { "Save" } else { "Create a role" }))
                (link_button(Weight::Secondary, "Cancel", INDEX))
            }
        }
        @if let Some(role) = &page.existing { (delete(role, &page.csrf)) }
    }
}

/// What saving does to the people who have the role.
fn consequence(role: &RoleRow) -> Markup {
    html! {
        @if role.members > 0 {
            (alert(Tone::Note, "Changes count at once", html! {
                (role.members) @if role.members == 1 { " member has" } @else { " members have" }
                " this role. What you take away, they and the applications they let in lose with their next request."
            }))
        }
    }
}

fn scopes(page: &RoleForm) -> Markup {
    html! {
        fieldset #scope.set tabindex="-1" {
            legend { "What it may do" }
            p.hint { "Keys, applications and members are for Organization Admins and Owners alone." }
            @if let Some(error) = page.errors.on("scope") { p.wrong { (error) } }
            (scope_boxes("scope", &page.scopes))
        }
    }
}

fn delete(role: &RoleRow, token: &str) -> Markup {
    fold(
        "danger",
        "Delete this role",
        html! {
            @if role.members > 0 {
                p { "Members have this role. Give them another one first, under " a href="/settings/organization/members" { "Members" } "." }
            } @else {
                p { "Nobody has “" (foreign(&role.name)) "”." }
                form method="post" action={ (INDEX) "/" (role.id) "/delete" } {
                    (csrf(token))
                    (button(Weight::Danger, "Delete this role"))
                }
            }
        },
    )
}
