//! Sign-in: two fields that password managers know, and the reason for being here if an application waits.

use super::parts::{Field, Kind, Tone, Weight, alert, button, csrf, foreign};
use maud::{Markup, html};

/// What the login page shows.
#[derive(Default)]
pub struct Login {
    /// Where the form goes, with the pending request in it.
    pub action: String,
    /// The token every form carries.
    pub csrf: String,
    /// The address typed before, after a refusal.
    pub email: String,
    /// Why the last try was refused; never says which half was wrong.
    pub error: Option<String>,
    /// The application that waits for the sign-in.
    pub application: Option<String>,
}

/// The page's body.
pub fn login(page: &Login) -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Sign in" }
                @if let Some(name) = &page.application {
                    p.lead { "to continue to " strong { (foreign(name)) } }
                } @else {
                    p.lead { "Keys, applications and the data of your buoys." }
                }
            }
            @if let Some(error) = &page.error {
                div #mistakes role="alert" tabindex="-1" { (alert(Tone::Danger, "That did not work", error)) }
            }
            form.stack method="post" action=(page.action) {
                (csrf(&page.csrf))
                (Field::new("email", "Email", Kind::Email).value(&page.email).required())
                (Field::new("password", "Password", Kind::Password).required())
                (button(Weight::Primary, "Sign in"))
            }
            p.quiet { a href="/reset" { "Forgot your password?" } }
        }
    }
}
