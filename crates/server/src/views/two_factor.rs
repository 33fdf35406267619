//! Setting up an app that shows codes, and the recovery codes that are shown once.

use super::parts::{self, Code, Field, Head, Kind, Tone, Weight, button, csrf, foreign};
use super::qr;
use maud::{Markup, html};
use zeroize::Zeroizing;

const CRUMBS: &[(&str, &str)] = &[("Profile", "/settings/profile")];

/// The page that offers a seed.
pub struct Setup {
    /// Where the form goes, with what comes after it.
    pub action: String,
    /// The token every form carries.
    pub csrf: String,
    /// The seed, sealed, for the form to bring back.
    pub sealed: String,
    /// The seed as people type it.
    pub secret: Zeroizing<String>,
    /// The seed as apps read it.
    pub address: Zeroizing<String>,
    /// The organization that asks for a second factor, if one does.
    pub demanded_by: Option<String>,
    /// Why the last code was refused.
    pub error: Option<String>,
}

/// Its body.
pub fn set_up(page: &Setup) -> Markup {
    let lead = "Signing in will take your password and a code from an app on your phone.";
    html! {
        (Head { crumbs: CRUMBS, title: "Set up two-factor", lead: Some(lead), action: None })
        @if let Some(organization) = &page.demanded_by {
            (parts::alert(Tone::Note, "Your organization asks for it", html! {
                (foreign(organization)) " wants its admins to sign in with two factors. You go on where you were when this is done."
            }))
        }
        @if let Some(error) = &page.error {
            div #mistakes role="alert" tabindex="-1" { (parts::alert(Tone::Danger, "That did not work", error)) }
        }
        section.card {
            h2 { "1. Scan this with your authenticator app" }
            p.quiet { "Any app for one-time codes (TOTP) will do." }
            @if let Some(code) = qr::svg(&page.address, "QR code for your authenticator app") { (code) }
            p { "No camera? Type this key into the app instead; it is time-based." }
            (Code { id: "secret", title: "Key", text: &grouped(&page.secret) })
        }
        section.card {
            h2 { "2. Enter the code that the app shows" }
            form.stack method="post" action=(page.action) {
                (csrf(&page.csrf))
                input type="hidden" name="enrolment" value=(page.sealed);
                (Field::new("code", "Code", Kind::OneTimeCode).hint("Six digits, new every 30 seconds.").required())
                p.quiet { "Your other browsers are signed out, and you get recovery codes for when the phone is lost." }
                div { (button(Weight::Primary, "Turn on two-factor")) }
            }
        }
    }
}

/// In groups of four: easier to type, and apps leave out the spaces.
fn grouped(secret: &str) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(secret.len() * 5 / 4 + 1));
    for (position, char) in secret.chars().enumerate() {
        if position > 0 && position % 4 == 0 {
            text.push(' ');
        }
        text.push(char);
    }
    text
}

/// The page that shows recovery codes, once.
pub struct Codes {
    /// The codes.
    pub codes: Vec<Zeroizing<String>>,
    /// Where to go on.
    pub go_on: String,
}

/// Its body.
pub fn codes(page: &Codes) -> Markup {
    let mut text = Zeroizing::new(String::new());
    for code in &page.codes {
        text.push_str(code);
        text.push('\n');
    }
    html! {
        (Head { crumbs: CRUMBS, title: "Your recovery codes", lead: Some("Each signs you in once, in place of a code of your app."), action: None })
        section.card {
            (parts::alert(Tone::Warning, "This is the only time you see them",
                "Print them, or keep them in a password manager; not on the phone with the app. Whoever has one of them and your password can sign in as you."))
            (Code { id: "recovery-codes", title: "Recovery codes", text: text.trim_end() })
            div { a.button.primary href=(page.go_on) { "I have stored them" } }
        }
    }
}
