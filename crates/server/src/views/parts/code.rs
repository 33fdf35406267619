//! Text meant to be copied: snippets, and secrets that are shown once.

use maud::{Markup, Render, html};

/// A snippet with a copy button; the button appears only where the script runs.
pub struct Code<'a> {
    /// Unique on the page.
    pub id: &'a str,
    /// What it is, such as "curl".
    pub title: &'a str,
    /// The text itself.
    pub text: &'a str,
}

impl Render for Code<'_> {
    fn render(&self) -> Markup {
        html! {
            figure.code {
                figcaption { span { (self.title) } (copy_button(self.id, self.title)) }
                pre id=(self.id) { (self.text) }
            }
        }
    }
}

/// A secret on the only page that ever shows it.
pub struct Secret<'a> {
    /// Unique on the page.
    pub id: &'a str,
    /// What it is, such as "Your API key".
    pub label: &'a str,
    /// The secret.
    pub value: &'a str,
    /// The variable's name in the downloaded `.env` file.
    pub variable: &'a str,
}

impl Render for Secret<'_> {
    fn render(&self) -> Markup {
        html! {
            div.secret {
                label for=(self.id) { (self.label) }
                input #(self.id).input readonly value=(self.value) autocomplete="off" spellcheck="false" data-secret;
                div.row {
                    button.button.primary type="button" hidden data-copy=(self.id) { "Copy" }
                    button.button type="button" hidden data-download=(self.variable) data-from=(self.id) { "Download .env" }
                }
            }
        }
    }
}

fn copy_button(id: &str, title: &str) -> Markup {
    html! {
        button.button.slight type="button" hidden data-copy=(id) aria-label={ "Copy: " (title) } { "Copy" }
    }
}
