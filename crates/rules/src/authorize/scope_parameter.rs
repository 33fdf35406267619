//! The `scope` parameter (RFC 6749 section 3.3), of authorization and of refresh requests alike.

use crate::description::{Description, echo};
use crate::scope::{Scope, ScopeList};

/// Most unknown names that are repeated in a description.
const MAX_NAMED: usize = 4;

/// The scopes a parameter names, each once, in its order; possibly none. Names stand between spaces, or between
/// commas, because at least one widespread library joins them so.
///
/// # Errors
/// A sentence that names the scopes nobody knows.
pub(crate) fn requested_scopes(parameter: &str) -> Result<ScopeList, Description> {
    let names = || parameter.split([' ', ',']).filter(|name| !name.is_empty());
    let unknown: Vec<_> =
        names().filter(|name| Scope::parse(name).is_none()).take(MAX_NAMED).map(echo).collect();
    if unknown.is_empty() {
        Ok(names().filter_map(Scope::parse).collect())
    } else {
        Err(format!("Unknown scope: {}.", unknown.join(", ")).into())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(parameter: &str) -> String {
        match requested_scopes(parameter) {
            Ok(scopes) => scopes.to_string(),
            Err(description) => description.to_string(),
        }
    }

    #[test]
    fn names_stand_between_spaces_or_commas_and_keep_their_order() {
        for (parameter, expected) in [
            ("", ""),
            (" , ", ""),
            ("devices:read", "devices:read"),
            ("offline_access devices:read", "offline_access devices:read"),
            ("devices:read,observations:read", "devices:read observations:read"),
            (" devices:read ,  observations:read ", "devices:read observations:read"),
            ("devices:read offline_access devices:read", "devices:read offline_access"),
        ] {
            assert_eq!(read(parameter), expected, "{parameter:?}");
        }
    }

    #[test]
    fn unknown_names_are_repeated_harmlessly() {
        for (parameter, expected) in [
            ("openid", "Unknown scope: openid."),
            ("Devices:Read", "Unknown scope: Devices:Read."),
            ("devices:read openid email", "Unknown scope: openid, email."),
            ("devices:read\tobservations:read", "Unknown scope: devices:read?observations:read."),
            ("\"\\\u{7f}", "Unknown scope: ???."),
            ("<b>", "Unknown scope: ?b?."),
            ("a b c d e f", "Unknown scope: a, b, c, d."),
            ("*", "Unknown scope: ?."),
        ] {
            assert_eq!(read(parameter), expected, "{parameter:?}");
        }
    }

    proptest! {
        #[test]
        fn what_was_printed_is_what_is_read(parameter in "((devices|members):(read|write)|offline_access|[ ,]){0,8}") {
            if let Ok(scopes) = requested_scopes(&parameter) {
                prop_assert_eq!(requested_scopes(&scopes.to_string()), Ok(scopes));
            }
        }
    }
}
