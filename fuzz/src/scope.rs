//! The `scope` parameter: names between spaces or commas, each known, in the order asked.

use rules::role::Role;
use rules::scope::{Scope, ScopeList, ScopeSet};

/// RFC 6749 section 3.3 leaves the names to us; these are the product's.
const NAMES: [&str; 14] = [
    "devices:read",
    "devices:write",
    "observations:read",
    "observations:write",
    "webhooks:read",
    "webhooks:write",
    "api_keys:read",
    "api_keys:write",
    "applications:read",
    "applications:write",
    "members:read",
    "members:write",
    "audit:read",
    "offline_access",
];

/// What no application may carry.
const NEVER_GRANTED: [&str; 4] = ["api_keys:read", "api_keys:write", "applications:write", "members:write"];

/// Checks one parameter.
pub fn check(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let read = text.parse::<ScopeList>();
    match expected(text) {
        Some(names) => {
            let list = read.unwrap_or_else(|unknown| unreachable!("{text:?}: {unknown}"));
            assert_eq!(list.iter().map(Scope::name).collect::<Vec<_>>(), names);
            laws_of_a_list(&list);
        }
        None => assert!(read.is_err(), "{text:?} holds an unknown name"),
    }
    assert_eq!(Scope::parse(text).map(Scope::name), NAMES.into_iter().find(|name| *name == text));
}

/// Each known name once, where it stood first; none if one is unknown.
fn expected(text: &str) -> Option<Vec<&'static str>> {
    let mut names = Vec::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c != ' ' && c != ',' {
            word.push(c);
        } else if !word.is_empty() {
            let known = NAMES.into_iter().find(|name| *name == word)?;
            if !names.contains(&known) {
                names.push(known);
            }
            word.clear();
        }
    }
    Some(names)
}

fn laws_of_a_list(list: &ScopeList) {
    assert_eq!(list.to_string().parse::<ScopeList>().as_ref(), Ok(list), "what was printed is what is read");
    let set = list.set();
    assert_eq!(set.is_empty(), list.is_empty(), "nothing stays nothing");
    assert_eq!(set.iter().count(), list.iter().count());
    assert_eq!(list.within(set), *list);
    assert!(list.within(ScopeSet::EMPTY).is_empty());
    for scope in Scope::all() {
        assert_eq!(set.contains(scope), list.contains(scope));
        assert_eq!(scope.fits_grants(), !NEVER_GRANTED.contains(&scope.name()));
    }
    for role in Role::ALL {
        laws_of_a_role(role, set);
    }
}

fn laws_of_a_role(role: Role, listed: ScopeSet) {
    let missing = role.missing(listed);
    assert!(listed.contains_all(missing), "nothing is missing that was not asked for");
    assert!(missing.and(role.scopes()).is_empty(), "nothing is missing that the role has");
    assert!(!missing.contains(Scope::OfflineAccess), "no role needs offline_access");
    let rest = listed.without(missing).without(ScopeSet::of(&[Scope::OfflineAccess]));
    assert!(role.scopes().contains_all(rest), "what is not missing is there");
    assert_eq!(Role::sufficient(listed).any(|enough| enough == role), missing.is_empty());
}
