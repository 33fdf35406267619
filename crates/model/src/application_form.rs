//! What an application may be called, link to, and ask for.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use rules::client_auth::ClientType;
use rules::redirect_uri::RedirectUri;
use rules::scope::{Scope, ScopeList};

use crate::application::Profile;
use crate::error::Invalid;
use crate::organization::{check_name, is_unprintable};
use crate::{Error, Result};

const MAX_REDIRECT_URIS: usize = 20;
const MAX_DESCRIPTION: usize = 500;
const MAX_URL: usize = 500;

/// Our own name: no application may look like us on the consent page.
const OWN_NAME: &str = "bluesonde";

/// Notes every mistake, each with its field.
pub(crate) fn check(profile: &Profile, client_type: ClientType) -> Result<()> {
    let mut invalid = Invalid::default();
    check_name(&mut invalid, "name", &profile.name);
    if looks_like_us(&profile.name) {
        invalid.add("name", "An application can't be named like Bluesonde itself.");
    }
    check_description(&mut invalid, profile.description.as_deref());
    check_url(&mut invalid, "homepage_url", profile.homepage_url.as_deref());
    check_url(&mut invalid, "privacy_policy_url", profile.privacy_policy_url.as_deref());
    check_url(&mut invalid, "terms_url", profile.terms_url.as_deref());
    check_redirect_uris(&mut invalid, &profile.redirect_uris, client_type);
    check_scopes(&mut invalid, &profile.scopes, &profile.optional_scopes);
    invalid.or_ok()
}

/// Whether what the operator verified is still so: a changed name, homepage or redirect host, or an added scope,
/// ends verification.
pub(crate) fn keeps_verified(before: &Profile, after: &Profile) -> bool {
    let scopes = |profile: &Profile| profile.scopes.set().or(profile.optional_scopes.set());
    before.name == after.name
        && before.homepage_url == after.homepage_url
        && hosts(before).is_superset(&hosts(after))
        && scopes(before).contains_all(scopes(after))
}

fn hosts(profile: &Profile) -> BTreeSet<Option<String>> {
    let host = |uri: &String| url::Url::parse(uri).ok()?.host_str().map(str::to_owned);
    profile.redirect_uris.iter().map(host).collect()
}

/// Our name with look-alike digits, other capitals, accents or signs between the letters is still our name.
fn looks_like_us(name: &str) -> bool {
    let letters = name.nfkd().flat_map(char::to_lowercase).filter(|char| !is_combining_mark(*char));
    let folded: String = letters.filter_map(fold).collect();
    folded.contains(&OWN_NAME.chars().filter_map(fold).collect::<String>())
}

/// The Latin letter that a character is mistaken for; none for signs, spaces, accents, and letters without a shape.
fn fold(char: char) -> Option<char> {
    match char {
        '\u{115f}' | '\u{1160}' | '\u{3164}' => None,
        '0' | 'о' | 'ο' | 'ø' | 'ᴏ' | 'օ' | 'σ' => Some('o'),
        '1' | '|' | 'i' | 'ı' | 'і' | 'ι' | 'ɪ' | 'ʟ' | 'ӏ' | 'ł' => Some('l'),
        '3' | 'е' | 'ε' | 'є' | '℮' | 'ҽ' | 'ᴇ' => Some('e'),
        '5' | '$' | 'ѕ' | 'ꜱ' => Some('s'),
        '8' | 'в' | 'ß' | 'β' | 'ь' | 'Ь' | 'ʙ' => Some('b'),
        'υ' | 'ս' | 'μ' | 'ᴜ' => Some('u'),
        'п' | 'ո' | 'η' | 'ɴ' => Some('n'),
        'ԁ' | 'ժ' | 'ᴅ' => Some('d'),
        _ if char.is_alphanumeric() => Some(char),
        _ => None,
    }
}

fn check_description(invalid: &mut Invalid, description: Option<&str>) {
    let Some(text) = description else { return };
    if text.chars().count() > MAX_DESCRIPTION {
        invalid.add("description", format!("Use at most {MAX_DESCRIPTION} characters."));
    } else if text.chars().any(|char| is_unprintable(char) && !is_fine_in_text(char)) {
        let words = "Leave out control and text-direction characters, and those that can't be seen.";
        invalid.add("description", words);
    }
}

/// Line breaks, and what tells a picture from a sign (☀️).
fn is_fine_in_text(char: char) -> bool {
    matches!(char, '\n' | '\r' | '\u{fe0e}' | '\u{fe0f}')
}

fn check_url(invalid: &mut Invalid, field: &str, url: Option<&str>) {
    let Some(text) = url else { return };
    let plain = url::Url::parse(text).is_ok_and(|url| {
        url.scheme() == "https"
            && url.host_str().is_some()
            && url.username().is_empty()
            && url.password().is_none()
    });
    if !plain || text.len() > MAX_URL || text.chars().any(is_unprintable) {
        invalid.add(field, "Enter a full address that starts with https://, or leave it empty.");
    }
}

fn check_redirect_uris(invalid: &mut Invalid, uris: &[String], client_type: ClientType) {
    if uris.is_empty() {
        invalid.add("redirect_uris", "Add at least one redirect URI.");
    }
    if uris.len() > MAX_REDIRECT_URIS {
        invalid.add("redirect_uris", format!("Use at most {MAX_REDIRECT_URIS} redirect URIs."));
    }
    for uri in uris {
        if let Err(violation) = RedirectUri::register(uri, client_type) {
            let shown: String = uri.chars().filter(|char| !is_unprintable(*char)).take(100).collect();
            invalid.add("redirect_uris", format!("{shown}: {violation}"));
        }
    }
    if uris.iter().collect::<BTreeSet<_>>().len() < uris.len() {
        invalid.add("redirect_uris", "Each redirect URI is needed only once.");
    }
}

fn check_scopes(invalid: &mut Invalid, required: &ScopeList, optional: &ScopeList) {
    if required.iter().all(|scope| scope == Scope::OfflineAccess) {
        invalid.add("scopes", "Choose at least one scope that gives access to data.");
    }
    if let Some(scope) = required.iter().chain(optional.iter()).find(|scope| !scope.fits_grants()) {
        invalid.add("scopes", format!("Applications can't ask for {scope}."));
    }
    if let Some(scope) = optional.iter().find(|scope| required.contains(*scope)) {
        invalid.add("optional_scopes", format!("{scope} is required already; it can't be optional too."));
    }
}

/// Reads an application's form field of one URI per line.
pub fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_named_like_us() {
        for name in [
            "Bluesonde",
            "Blue Sonde",
            "BLUE-S0NDE helper",
            "b.l.u.e.s.o.n.d.e",
            "BIuesonde",
            "\u{0392}luesonde",
            "\u{ff22}luesonde",
            "Bluesond\u{212e}",
            "\u{1d401}luesonde",
            // Marks above and below, as one letter or as two.
            "Blu\u{0308}esonde",
            "Bl\u{01d6}esonde",
            "Bluesond\u{1eb9}",
            "\u{1e02}luesonde",
            "Bluesonde\u{0336}",
            // Small capitals, circles, and other alphabets.
            "\u{0299}\u{029f}\u{1d1c}\u{1d07}\u{a731}\u{1d0f}\u{0274}\u{1d05}\u{1d07}",
            "\u{24b7}\u{24c1}\u{24ca}\u{24ba}sonde",
            "Blues\u{0585}nde",
            "Blues\u{03c3}nde",
            "Blueso\u{03b7}de",
            "Bl\u{00b5}esonde",
            "Blu\u{0454}sonde",
            // Letters that show nothing.
            "Blue\u{3164}sonde",
            "Blue\u{115f}sonde",
            "Blue\u{00ad}sonde",
            "Blue\u{fe0f}sonde",
            "B\u{307}luesonde",
            "Bl\u{327}u\u{308}eso\u{335}nde",
            "\u{1e02}lu\u{1eb9}s\u{1ed9}\u{144}\u{1e0d}e",
            "Blue\u{345}sonde",
        ] {
            assert!(looks_like_us(name), "{name}");
        }
        assert!(!looks_like_us("Bluefin Dashboard"));
    }
}
