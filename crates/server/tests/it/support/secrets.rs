//! Finds credentials in a text by what they start with.

const PREFIXES: [&str; 12] = [
    "sk_live_bsn_",
    "sk_test_bsn_",
    "at_bsn_",
    "rt_bsn_",
    "ac_bsn_",
    "se_bsn_",
    "br_bsn_",
    "su_bsn_",
    "pr_bsn_",
    "st_bsn_",
    "in_bsn_",
    "csbsn",
];
/// The secret and checksum digits at the end of each.
const DIGITS: usize = 49;

/// Every whole credential in `text`.
pub(crate) fn credentials_in(text: &str) -> Vec<String> {
    let starts = PREFIXES.iter().flat_map(|prefix| text.match_indices(prefix));
    let whole = starts.filter_map(|(start, prefix)| {
        let rest = &text[start..];
        let is_part = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let credential = &rest[..rest.find(|char| !is_part(char)).unwrap_or(rest.len())];
        (credential.len() >= prefix.len() + DIGITS).then(|| credential.to_owned())
    });
    whole.collect()
}
