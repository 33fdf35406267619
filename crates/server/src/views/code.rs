//! The second step of signing in: one field, for the code of the app or a recovery code.

use super::parts::{Field, Kind, Tone, Weight, alert, button, csrf, foreign};
use maud::{Markup, html};

/// What the page shows.
pub struct CodePage {
    /// Where the form goes, with what waits in it.
    pub action: String,
    /// Where one begins again.
    pub start_over: String,
    /// The token every form carries.
    pub csrf: String,
    /// Why the last try was refused.
    pub error: Option<String>,
    /// The application that waits for the sign-in.
    pub application: Option<String>,
}

/// The page's body.
pub fn code(page: &CodePage) -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Enter your code" }
                @if let Some(name) = &page.application {
                    p.lead { "to continue to " strong { (foreign(name)) } }
                } @else {
                    p.lead { "Your password was right. One more step." }
                }
            }
            @if let Some(error) = &page.error {
                div #mistakes role="alert" tabindex="-1" { (alert(Tone::Danger, "That did not work", error)) }
            }
            form.stack method="post" action=(page.action) {
                (csrf(&page.csrf))
                (Field::new("code", "Code", Kind::OneTimeCode)
                    .hint("The six digits that your authenticator app shows, or one of your recovery codes.").required())
                (button(Weight::Primary, "Continue"))
            }
            p.quiet { a href=(page.start_over) { "Sign in as somebody else" } }
        }
    }
}
