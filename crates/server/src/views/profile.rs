//! Profile: who one is, and everything that signing in hangs on.

use super::parts::{
    self, Errors, Field, Head, Kind, Table, Tone, Weight, badge, button, csrf, facts, fold, foreign,
    link_button, tick_box,
};
use jiff::Timestamp;
use maud::{Markup, html};

const HERE: &str = "/settings/profile";

/// A browser in which the person is signed in.
pub struct SessionRow {
    /// Its id.
    pub id: String,
    /// Whether it is the one that looks at the page.
    pub is_this: bool,
    /// The network address it was started from.
    pub address: String,
    /// What the browser said it was.
    pub user_agent: String,
    /// When somebody signed in.
    pub created_at: Timestamp,
    /// When it was last used.
    pub seen_at: Timestamp,
}

/// The page.
pub struct Profile {
    /// The token every form carries.
    pub csrf: String,
    /// The person's name.
    pub name: String,
    /// Their address.
    pub email: String,
    /// The organization they look at.
    pub organization: String,
    /// Their role in it.
    pub role: String,
    /// Since when they have a second factor, and how many recovery codes are left.
    pub second_factor: Option<(Timestamp, u32)>,
    /// Whether the organization wants them to have one.
    pub owes_second_factor: bool,
    /// Where they are signed in.
    pub sessions: Vec<SessionRow>,
    /// The mistakes of the last try to change the password.
    pub errors: Errors,
}

/// Its body.
pub fn show(page: &Profile) -> Markup {
    html! {
        (Head { crumbs: &[], title: "Profile", lead: Some("Who you are here, and how you prove it."), action: None })
        (page.errors)
        section.card {
            (facts(&[
                ("Name", foreign(&page.name)),
                ("Email", foreign(&page.email)),
                ("Role", html! { (page.role) " in " (foreign(&page.organization)) }),
            ]))
        }
        (second_factor(page))
        (sessions(page))
        (password(page))
    }
}

fn password(page: &Profile) -> Markup {
    let errors = &page.errors;
    html! {
        section.card {
            h2 { "Change your password" }
            form.stack method="post" action={ (HERE) "/password" } {
                (csrf(&page.csrf))
                // Password managers look for the account that the new password is for.
                label.sr for="username" { "Email" }
                input #username.sr type="email" value=(page.email) autocomplete="username" readonly tabindex="-1";
                (Field::new("current_password", "Password now", Kind::Password)
                    .error(errors.on("current_password")).required())
                (Field::new("password", "New password", Kind::NewPassword)
                    .hint("At least 12 characters. A sentence is easier to remember than symbols.")
                    .error(errors.on("password")).required())
                (tick_box("end_applications", "Also end the access of all applications that I allowed", None))
                p.quiet { "You stay signed in here, and are signed out everywhere else." }
                div { (button(Weight::Primary, "Change the password")) }
            }
        }
    }
}

fn second_factor(page: &Profile) -> Markup {
    html! {
        section.card {
            div.row {
                h2 { "Two-factor sign-in" }
                @if page.second_factor.is_some() { (badge(Tone::Good, "On")) } @else { (badge(Tone::Plain, "Off")) }
            }
            @match page.second_factor {
                Some((since, codes_left)) => (with_factor((since, codes_left), &page.csrf)),
                None => {
                    @if page.owes_second_factor {
                        (parts::alert(Tone::Warning, "Your organization asks for it", html! {
                            (foreign(&page.organization)) " wants its admins to sign in with two factors. Developer Settings "
                            "and other admin pages open again once you have set it up."
                        }))
                    }
                    p { "Signing in then takes your password and a code from an app on your phone, so that a stolen password "
                        "alone is worth nothing." }
                    div { (link_button(Weight::Primary, "Set up two-factor", "/settings/profile/two-factor/new")) }
                }
            }
        }
    }
}

fn with_factor((since, codes_left): (Timestamp, u32), token: &str) -> Markup {
    html! {
        (facts(&[
            ("Since", parts::time(since)),
            ("Recovery codes left", html! { (codes_left) " of 10" }),
        ]))
        @if codes_left <= 3 {
            (parts::alert(Tone::Warning, "Few recovery codes are left", "Make new ones before you need them."))
        }
        (fold("", "Make new recovery codes", html! {
            p { "The earlier ones stop working at once." }
            form method="post" action={ (HERE) "/recovery-codes" } {
                (csrf(token))
                (button(Weight::Secondary, "Make new recovery codes"))
            }
        }))
        (fold("danger", "Remove two-factor", html! {
            p { "Your password alone will sign you in. Do this when you change to another app or phone, and set it up anew." }
            form method="post" action={ (HERE) "/two-factor/remove" } {
                (csrf(token))
                (button(Weight::Danger, "Remove two-factor"))
            }
        }))
    }
}

fn sessions(page: &Profile) -> Markup {
    let columns = ["Browser", "Address", "Signed in", "Last used", "Action"];
    html! {
        section.stack.tight {
            h2 { "Where you are signed in" }
            p.quiet { "A session ends after a week unused, and after 30 days in any case." }
            (Table {
                caption: "Your sessions",
                columns: &columns,
                rows: page.sessions.iter().map(|session| cells(session, &page.csrf)).collect(),
            })
            @if page.sessions.len() > 1 {
                form method="post" action={ (HERE) "/sessions/end-others" } {
                    (csrf(&page.csrf))
                    (button(Weight::Secondary, "Sign out everywhere else"))
                }
            }
        }
    }
}

fn cells(session: &SessionRow, token: &str) -> Vec<Markup> {
    let action = html! {
        @if session.is_this {
            (badge(Tone::Good, "This browser"))
        } @else {
            form method="post" action={ (HERE) "/sessions/" (session.id) "/end" } {
                (csrf(token))
                button.button.slight { "Sign out" }
            }
        }
    };
    vec![
        foreign(&browser(&session.user_agent)),
        foreign(&session.address),
        parts::time(session.created_at),
        parts::time(session.seen_at),
        action,
    ]
}

/// What people call a browser, from what it calls itself. A browser can say anything, so this is a hint and no proof.
fn browser(user_agent: &str) -> String {
    let first = |marks: &[(&str, &'static str)]| {
        marks.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    // In this order: most of them also say that they are those below.
    let name = first(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ]);
    let system = first(&[
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (name, system) {
        (Some(name), Some(system)) => format!("{name} on {system}"),
        (Some(name), None) => name.to_owned(),
        (None, Some(system)) => format!("A browser on {system}"),
        (None, None) if user_agent.is_empty() => "Unknown browser".to_owned(),
        (None, None) => user_agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser;

    #[test]
    fn a_browser_is_called_what_people_call_it() {
        for (user_agent, name) in [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 \
                 Safari/537.36 Edg/156.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/19.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            ("curl/8.14.1", "curl"),
            ("", "Unknown browser"),
            ("a script", "a script"),
        ] {
            assert_eq!(browser(user_agent), name);
        }
    }
}
