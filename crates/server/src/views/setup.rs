//! The first page of a new server, reached by a one-time link: the first organization and its Owner.

use super::parts::{Errors, Field, Kind, Weight, button, csrf};
use maud::{Markup, html};

/// What the set-up page shows.
#[derive(Default)]
pub struct Setup {
    /// Where the form goes; carries the one-time link's token.
    pub action: String,
    /// The token every form carries.
    pub csrf: String,
    /// The organization's name as typed.
    pub organization_name: String,
    /// The person's name as typed.
    pub name: String,
    /// The address as typed.
    pub email: String,
    /// The mistakes of the last try.
    pub errors: Errors,
}

/// The page's body.
pub fn setup(page: &Setup) -> Markup {
    let errors = &page.errors;
    html! {
        div.card {
            div.stack.tight {
                h1 { "Welcome aboard" }
                p.lead { "This server is new. Name its first organization and make your own account: you will own both." }
            }
            (errors)
            form.stack method="post" action=(page.action) {
                (csrf(&page.csrf))
                (Field::new("organization_name", "Organization", Kind::Text).value(&page.organization_name)
                    .example("Harbour Trust").error(errors.on("organization_name")).required())
                (Field::new("name", "Your name", Kind::Text).value(&page.name).error(errors.on("name")).required())
                (Field::new("email", "Email", Kind::Email).value(&page.email).error(errors.on("email")).required())
                (Field::new("password", "Password", Kind::NewPassword)
                    .hint("At least 12 characters. A sentence is easier to remember than symbols.")
                    .error(errors.on("password")).required())
                (button(Weight::Primary, "Set up this server"))
            }
        }
    }
}
