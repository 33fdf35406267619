//! "Is it still you?": asked again before what is sensitive.

use super::parts::{Field, Kind, Tone, Weight, alert, button, csrf, foreign};
use maud::{Markup, html};

/// What the page shows.
pub struct Confirm {
    /// Where the form goes, with what comes after it.
    pub action: String,
    /// The token every form carries.
    pub csrf: String,
    /// Who is signed in.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Whether they have a second factor.
    pub needs_code: bool,
    /// Why the last try was refused; never says which half was wrong.
    pub error: Option<String>,
}

/// The page's body.
pub fn confirm(page: &Confirm) -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Is it still you?" }
                p.lead { "What comes next can lock people out, so prove once more that you are " (foreign(&page.name))
                    " (" (foreign(&page.email)) "). It holds for ten minutes." }
            }
            @if let Some(error) = &page.error {
                div #mistakes role="alert" tabindex="-1" { (alert(Tone::Danger, "That did not work", error)) }
            }
            form.stack method="post" action=(page.action) {
                (csrf(&page.csrf))
                (Field::new("password", "Password", Kind::Password).required())
                @if page.needs_code {
                    (Field::new("code", "Code", Kind::OneTimeCode)
                        .hint("The six digits that your authenticator app shows, or one of your recovery codes.").required())
                }
                (button(Weight::Primary, "Continue"))
            }
            p.quiet { a href="/settings/profile" { "Back to your profile" } }
        }
    }
}
