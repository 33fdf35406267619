//! Organization: the policies that hold for everybody in it.

use super::organization::organization_head;
use super::parts::{self, Errors, Tone, Weight, button, csrf, link_button, tick_box};
use jiff::Timestamp;
use maud::{Markup, html};

/// The page.
pub struct Policies {
    /// The token every form carries.
    pub csrf: String,
    /// Since when its admins need a second factor.
    pub two_factor_since: Option<Timestamp>,
    /// Whether the person who looks has one.
    pub has_second_factor: bool,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// Its body.
pub fn policies(page: &Policies) -> Markup {
    html! {
        (organization_head("/settings/organization/policies"))
        (page.errors)
        section.card {
            h2 { "How admins sign in" }
            @if let Some(since) = page.two_factor_since {
                p { "Admins need two-factor since " (parts::time(since)) "." }
            }
            @if !page.has_second_factor {
                (parts::alert(Tone::Note, "Set up two-factor for yourself first", html! {
                    div.stack.tight {
                        p { "Otherwise this policy would lock you out." }
                        div { (link_button(Weight::Secondary, "Set up two-factor",
                            "/settings/profile/two-factor/new?return_to=%2Fsettings%2Forganization%2Fpolicies")) }
                    }
                }))
            }
            form.stack method="post" action="/settings/organization/policies" {
                (csrf(&page.csrf))
                fieldset #admins_need_two_factor.set tabindex="-1" {
                    legend.sr { "Two-factor" }
                    (tick_box("admins_need_two_factor", "Organization Admins and Owners need two-factor",
                        page.two_factor_since.map(|_| "yes")))
                }
                p.quiet { "An admin without it is led to set it up before Developer Settings and other admin pages open, and can't "
                    "let applications in until then. API keys, and what applications have already, go on working." }
                div { (button(Weight::Primary, "Save")) }
            }
        }
    }
}
