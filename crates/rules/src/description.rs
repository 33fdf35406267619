//! The sentence a program gets beside an OAuth error code.
//!
//! RFC 6749 (sections 4.1.2.1 and 5.2) allows only `%x20-21 / %x23-5B / %x5D-7E` in `error_description`. The
//! same sentence travels in JSON, in a redirect's query and into the logs of strangers, so the limit is kept by
//! a type and not by care: whatever goes in, only those characters come out.

use std::fmt;

use serde::Serialize;

/// Longest description, in bytes; a redirect must still fit into what browsers and proxies accept.
pub const MAX_DESCRIPTION: usize = 400;

/// Longest piece of a stranger's text that is repeated in a description, in bytes.
const MAX_ECHO: usize = 48;

/// A run of this many letters, digits, `_` and `-` may be a credential: the shortest of ours has more.
const RUN: usize = 36;

/// A sentence made only of the characters RFC 6749 allows in `error_description`, at most
/// [`MAX_DESCRIPTION`] bytes long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Description(String);

impl Description {
    /// Takes any text; each character RFC 6749 does not allow becomes `?`, and what is too long is cut.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.chars().map(|c| if is_allowed(c) { c } else { '?' }).take(MAX_DESCRIPTION).collect())
    }

    /// The sentence.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Description {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Description {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl fmt::Display for Description {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// A stranger's text made fit to be repeated: letters, digits and `:._-/`, all else `?`, cut at 48 bytes, and without
/// what may be a credential.
///
/// Narrower than [`Description`], because clients do put descriptions into their HTML without escaping.
#[must_use]
pub fn echo(text: &str) -> String {
    let safe = |c: char| if c.is_ascii_alphanumeric() || ":._-/".contains(c) { c } else { '?' };
    let text = without_secrets(text).replace('…', "...");
    let mut short: String = text.chars().map(safe).take(MAX_ECHO).collect();
    if text.chars().nth(MAX_ECHO).is_some() {
        short.push_str("...");
    }
    short
}

/// The text with each run that may be a credential cut to its first letters, because people paste credentials into the
/// wrong place.
pub(crate) fn without_secrets(text: &str) -> String {
    let (mut shown, mut run) = (String::new(), String::new());
    for char in text.chars() {
        if char.is_ascii_alphanumeric() || "_-".contains(char) {
            run.push(char);
        } else {
            shown.push_str(&unless_secret(&run));
            shown.push(char);
            run.clear();
        }
    }
    shown + &unless_secret(&run)
}

/// Hyphens stand in base64url and in names alike; names with hyphens, and UUIDs, have no capitals and short parts.
fn unless_secret(run: &str) -> String {
    let has_short_parts = run.split('-').all(|part| part.len() < RUN);
    let is_name = run.contains('-') && has_short_parts && !run.bytes().any(|byte| byte.is_ascii_uppercase());
    if run.len() < RUN || is_name {
        run.to_owned()
    } else {
        format!("{}…", run.get(..6).unwrap_or_default())
    }
}

fn is_allowed(c: char) -> bool {
    matches!(c, '\x20'..='\x21' | '\x23'..='\x5B' | '\x5D'..='\x7E')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_byte_but_the_allowed_ones_becomes_a_question_mark() {
        for byte in 0..=u8::MAX {
            let c = char::from(byte);
            let allowed = (0x20..=0x7E).contains(&byte) && byte != b'"' && byte != b'\\';
            let expected = if allowed { c.to_string() } else { "?".to_owned() };
            assert_eq!(Description::new(&c.to_string()).as_str(), expected, "byte {byte:#04x}");
        }
    }

    #[test]
    fn hostile_text_loses_its_teeth() {
        for (hostile, harmless) in [
            ("a\r\nSet-Cookie: b", "a??Set-Cookie: b"),
            (r#"","access_token":"x"#, "?,?access_token?:?x"),
            (r"back\slash", "back?slash"),
            ("nul\0tab\t", "nul?tab?"),
            ("naïve ☃", "na?ve ?"),
            ("\u{202e}gpj.exe", "?gpj.exe"),
        ] {
            assert_eq!(Description::new(hostile).as_str(), harmless);
        }
    }

    #[test]
    fn an_echo_keeps_scope_names_and_drops_markup() {
        assert_eq!(echo("devices:read"), "devices:read");
        assert_eq!(echo("<script>alert('1')</script>"), "?script?alert??1???/script?");
        assert_eq!(echo(&"x/".repeat(24)), "x/".repeat(24));
        assert_eq!(echo(&"x/".repeat(25)), format!("{}...", "x/".repeat(24)));
    }

    #[test]
    fn an_echo_says_no_credential_and_every_name() {
        let digits = "Q0z".repeat(15);
        for secret in [
            digits.clone(),
            format!("ac_bsn_{digits}"),
            format!("{}-{}_{}", &digits[..14], &digits[..14], &digits[..14]),
            digits.to_lowercase(),
            format!("{}-x", digits.to_lowercase()),
            format!("{digits} {digits}"),
        ] {
            let said = echo(&secret);
            assert!(said.len() <= 20 && said.contains("..."), "{said}");
        }
        for name in [
            "urn:ietf:params:oauth:grant-type:token-exchange",
            "application/x-www-form-urlencoded",
            "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
            "a-name-with-many-hyphens-that-goes-on-and-on",
        ] {
            assert_eq!(echo(name), name);
        }
    }

    proptest! {
        #[test]
        fn a_description_is_short_and_clean_whatever_goes_in(text in any::<String>()) {
            let description = Description::new(&text);
            prop_assert!(description.as_str().len() <= MAX_DESCRIPTION);
            prop_assert!(description.as_str().chars().all(is_allowed));
            prop_assert_eq!(Description::new(description.as_str()), description);
        }
    }
}
