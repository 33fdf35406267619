//! "Forgot your password?": asking for a link, and the page that the link opens.

use super::parts::{self, Errors, Field, Kind, Tone, Weight, button, csrf, link_button};
use maud::{Markup, html};

/// The page that asks for an address.
pub struct Ask {
    /// The token every form carries.
    pub csrf: String,
    /// The address typed before.
    pub email: String,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// Its body.
pub fn ask(page: &Ask) -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Forgot your password?" }
                p.lead { "Tell us the address that you sign in with, and we mail you a link that sets a new one." }
            }
            (page.errors)
            form.stack method="post" action="/reset" {
                (csrf(&page.csrf))
                (Field::new("email", "Email", Kind::Email).value(&page.email).error(page.errors.on("email")).required())
                (button(Weight::Primary, "Send me a link"))
            }
            (back())
        }
    }
}

fn back() -> Markup {
    html! { p.quiet { a href="/login" { "Back to signing in" } } }
}

/// What everybody is told who asked, whoever the address belongs to.
pub fn asked() -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Look into your mail" }
                p.lead { "If that address has an account, a link is on its way to it. It works for an hour, once." }
            }
            p { "Nothing there after a few minutes? Look among the unwanted mail, check that the address is the one that you "
                "sign in with, and ask again. More than three links an hour are not sent." }
            (back())
        }
    }
}

/// What is said where no mail is sent.
pub fn without_mail(support: Option<&str>) -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Forgot your password?" }
                p.lead { "This server sends no mail, so it can't send you a link." }
            }
            @if let Some(support) = support {
                p { "Ask the people who run it: " (parts::contact(support)) }
            } @else {
                p { "Ask the people who run it." }
            }
            (back())
        }
    }
}

/// The page that the link opens.
pub struct NewPassword {
    /// Where the form goes, with the link's token.
    pub action: String,
    /// The token every form carries.
    pub csrf: String,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// Its body.
pub fn new_password(page: &NewPassword) -> Markup {
    html! {
        div.card {
            div.stack.tight {
                h1 { "Set a new password" }
                p.lead { "It takes the place of the old one, and signs you out everywhere." }
            }
            (page.errors)
            form.stack method="post" action=(page.action) {
                (csrf(&page.csrf))
                (Field::new("password", "New password", Kind::NewPassword)
                    .hint("At least 12 characters. A sentence is easier to remember than symbols.")
                    .error(page.errors.on("password")).required())
                (button(Weight::Primary, "Set the password"))
            }
        }
    }
}

/// What is said when it is set.
pub fn done() -> Markup {
    html! {
        div.card {
            h1 { "Your password is set" }
            (parts::alert(Tone::Good, "You were signed out everywhere", "Sign in with the new password."))
            (link_button(Weight::Primary, "Sign in", "/login"))
        }
    }
}
