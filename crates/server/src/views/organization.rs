//! The Organization section: its tabs, shared by the pages about members, roles and invitations.

use super::parts::{self, Head};
use maud::{Markup, html};

const TABS: [(&str, &str); 1] = [("Roles", "/settings/organization/roles")];

/// The title and the tabs of the section, with the tab at `current` marked.
pub(super) fn organization_head(current: &str) -> Markup {
    let here = TABS.iter().find(|(_, href)| *href == current).map_or("", |(words, _)| words);
    html! {
        (Head { crumbs: &[], title: "Organization", lead: None, action: None })
        (parts::tabs("Organization", &TABS, here))
    }
}
