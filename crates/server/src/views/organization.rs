//! The Organization section: its tabs, and the page about one's own membership.

use super::Elsewhere;
use super::parts::{
    self, Head, ScopeLine, Tone, Weight, alert, badge, button, csrf, facts, fold, foreign, scope_lines,
};
use maud::{Markup, html};

const HOME: &str = "/settings/organization";
const TABS: [(&str, &str); 5] = [
    ("You", HOME),
    ("Members", "/settings/organization/members"),
    ("Invitations", "/settings/organization/invitations"),
    ("Roles", "/settings/organization/roles"),
    ("Policies", "/settings/organization/policies"),
];

/// The title and the tabs of the section, with the tab at `current` marked.
pub(super) fn organization_head(current: &str) -> Markup {
    let here = TABS.iter().find(|(_, href)| *href == current).map_or("", |(words, _)| words);
    html! {
        (Head { crumbs: &[], title: "Organization", lead: None, action: None })
        (parts::tabs("Organization", &TABS, here))
    }
}

/// Whether the person owns the organization.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ownership {
    /// They don't.
    None,
    /// They do, with others.
    Shared,
    /// They are the only one who does.
    Alone,
}

/// What one is here.
pub struct Membership {
    /// The token every form carries.
    pub csrf: String,
    /// The organization's name.
    pub organization: String,
    /// The role's name.
    pub role: String,
    /// What the role may do.
    pub scopes: Vec<ScopeLine>,
    /// Whether the person owns it.
    pub ownership: Ownership,
    /// The person's other organizations.
    pub elsewhere: Vec<Elsewhere>,
}

/// The page's body.
pub fn show(page: &Membership) -> Markup {
    html! {
        (organization_head(HOME))
        section.card {
            h2 { (foreign(&page.organization)) }
            (facts(&[("Your role", badge(Tone::Note, &page.role))]))
            (fold("", "What this role may do", scope_lines(&page.scopes)))
        }
        @if !page.elsewhere.is_empty() { (elsewhere(page)) }
        @if page.ownership != Ownership::None { (step_down(page)) }
        (leave(page))
    }
}

fn elsewhere(page: &Membership) -> Markup {
    html! {
        section.card {
            h2 { "Your other organizations" }
            ul.stack.tight {
                @for other in &page.elsewhere {
                    li.row {
                        span { (foreign(&other.name)) }
                        form method="post" action="/settings/organization/switch" {
                            (csrf(&page.csrf))
                            button.button.slight name="organization_id" value=(other.id) { "Switch to it" }
                        }
                    }
                }
            }
        }
    }
}

/// How an Owner hands the organization over.
fn step_down(page: &Membership) -> Markup {
    fold(
        "",
        "Hand over the organization",
        html! {
            p { "To hand it over, make another member Owner under " a href="/settings/organization/members" { "Members" } ", and then step down here." }
            @if page.ownership == Ownership::Alone {
                (alert(Tone::Note, "You are the only Owner", "An organization needs one, so you can't step down yet."))
            } @else {
                p { "You become an Organization Admin. Only another Owner can make you Owner again." }
                form method="post" action="/settings/organization/step-down" {
                    (csrf(&page.csrf))
                    (button(Weight::Danger, "Step down"))
                }
            }
        },
    )
}

fn leave(page: &Membership) -> Markup {
    fold(
        "danger",
        "Leave this organization",
        html! {
            @if page.ownership == Ownership::Alone {
                p { "You are its only Owner. Make another member Owner first." }
            } @else {
                p {
                    "You lose your access to “" (foreign(&page.organization)) "” at once, and so do the applications that you let in. "
                    "To come back, you need a new invitation. API keys that you made belong to the organization and stay."
                }
                form method="post" action="/settings/organization/leave" {
                    (csrf(&page.csrf))
                    (button(Weight::Danger, "Leave this organization"))
                }
            }
        },
    )
}
