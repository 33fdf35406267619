//! The catalogue of scopes: what each is called, what it lets a program do, and who may hold it.
//!
//! Everything that shows or checks a scope (consent, forms, metadata, documentation) reads this one table. Scope
//! names follow RFC 6749 §3.3; `offline_access` is a protocol scope that no role needs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[repr(u8)]
#[expect(missing_docs, reason = "the catalogue below describes each")]
pub enum Scope {
    DevicesRead,
    DevicesWrite,
    ObservationsRead,
    ObservationsWrite,
    WebhooksRead,
    WebhooksWrite,
    ApiKeysRead,
    ApiKeysWrite,
    ApplicationsRead,
    ApplicationsWrite,
    MembersRead,
    MembersWrite,
    AuditRead,
    OfflineAccess,
}

/// Whether a scope looks or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Reads.
    View,
    /// Writes.
    Change,
    /// Neither: how long the access lasts.
    Duration,
}

/// Which credentials can carry a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carrier {
    /// API keys and OAuth grants.
    KeysAndGrants,
    /// API keys only: an application must never make credentials or members.
    KeysOnly,
    /// OAuth grants only: the protocol's own.
    GrantsOnly,
}

struct Entry {
    scope: Scope,
    name: &'static str,
    effect: Effect,
    carrier: Carrier,
    sentence: &'static str,
}

const fn entry(
    scope: Scope,
    name: &'static str,
    effect: Effect,
    carrier: Carrier,
    sentence: &'static str,
) -> Entry {
    Entry { scope, name, effect, carrier, sentence }
}

use Carrier::{GrantsOnly, KeysAndGrants, KeysOnly};
use Effect::{Change, Duration, View};

const CATALOGUE: [Entry; 14] = [
    entry(
        Scope::DevicesRead,
        "devices:read",
        View,
        KeysAndGrants,
        "See devices, their sensors and where they are",
    ),
    entry(
        Scope::DevicesWrite,
        "devices:write",
        Change,
        KeysAndGrants,
        "Add, change and remove devices and sensors",
    ),
    entry(Scope::ObservationsRead, "observations:read", View, KeysAndGrants, "Read measurements"),
    entry(Scope::ObservationsWrite, "observations:write", Change, KeysAndGrants, "Send in new measurements"),
    entry(Scope::WebhooksRead, "webhooks:read", View, KeysAndGrants, "See webhooks and their deliveries"),
    entry(
        Scope::WebhooksWrite,
        "webhooks:write",
        Change,
        KeysAndGrants,
        "Set up webhooks and send deliveries again",
    ),
    entry(Scope::ApiKeysRead, "api_keys:read", View, KeysOnly, "See API keys, never their secrets"),
    entry(Scope::ApiKeysWrite, "api_keys:write", Change, KeysOnly, "Create and revoke API keys"),
    entry(
        Scope::ApplicationsRead,
        "applications:read",
        View,
        KeysAndGrants,
        "See OAuth applications and connections",
    ),
    entry(
        Scope::ApplicationsWrite,
        "applications:write",
        Change,
        KeysOnly,
        "Create, change and remove OAuth applications",
    ),
    entry(
        Scope::MembersRead,
        "members:read",
        View,
        KeysAndGrants,
        "See who belongs to the organization, and their roles",
    ),
    entry(Scope::MembersWrite, "members:write", Change, KeysOnly, "Change members and their roles"),
    entry(Scope::AuditRead, "audit:read", View, KeysAndGrants, "Read the audit log"),
    entry(
        Scope::OfflineAccess,
        "offline_access",
        Duration,
        GrantsOnly,
        "Keep access when you are away, until you remove it",
    ),
];

impl Scope {
    /// Every scope, in the catalogue's order.
    pub fn all() -> impl Iterator<Item = Self> {
        CATALOGUE.iter().map(|entry| entry.scope)
    }

    /// The scope of this name.
    pub fn parse(name: &str) -> Option<Self> {
        CATALOGUE.iter().find(|entry| entry.name == name).map(|entry| entry.scope)
    }

    /// The name that goes over the wire.
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// What it lets a program do, for people.
    pub fn sentence(self) -> &'static str {
        self.entry().sentence
    }

    /// Whether it looks or changes.
    pub fn effect(self) -> Effect {
        self.entry().effect
    }

    /// Whether an OAuth application may list it.
    pub fn fits_grants(self) -> bool {
        self.entry().carrier != KeysOnly
    }

    /// Whether an API key may carry it.
    pub fn fits_keys(self) -> bool {
        self.entry().carrier != GrantsOnly
    }

    fn entry(self) -> &'static Entry {
        // The catalogue is in the order of the variants; a test holds it there.
        CATALOGUE.get(self as usize).unwrap_or(&CATALOGUE[0])
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A scope that the catalogue doesn't have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope {0:?}")]
pub struct UnknownScope(pub String);

impl TryFrom<String> for Scope {
    type Error = UnknownScope;

    fn try_from(name: String) -> Result<Self, UnknownScope> {
        Self::parse(&name).ok_or(UnknownScope(name))
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.name().to_owned()
    }
}

/// Scopes as a set: what decisions are made with. The empty set means nothing, never everything.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ScopeSet(u32);

impl ScopeSet {
    /// No scope.
    pub const EMPTY: Self = Self(0);

    /// The set of these scopes.
    pub const fn of(scopes: &[Scope]) -> Self {
        let mut bits = 0;
        let mut rest = scopes;
        while let [first, others @ ..] = rest {
            bits |= first.bit();
            rest = others;
        }
        Self(bits)
    }

    /// Whether the scope is in the set.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether all of `other` is in the set.
    pub const fn contains_all(self, other: Self) -> bool {
        other.0 & !self.0 == 0
    }

    /// What is in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is here and not in `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether there is nothing in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes, in the catalogue's order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::all().filter(move |scope| self.contains(*scope))
    }

    /// The names, in the catalogue's order.
    pub fn names(self) -> Vec<&'static str> {
        self.iter().map(Scope::name).collect()
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::EMPTY, |set, scope| Self(set.0 | scope.bit()))
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.names()).finish()
    }
}

/// Scopes in the order somebody gave them, each once: what is stored, shown and echoed (clients compare the
/// echo with what they asked for, order included).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScopeList(Vec<Scope>);

impl ScopeList {
    /// The same scopes as a set.
    pub fn set(&self) -> ScopeSet {
        self.iter().collect()
    }

    /// The scopes, in their order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }

    /// Whether the scope is listed.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether nothing is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The listed scopes that are in `set`, in their order.
    #[must_use]
    pub fn within(&self, set: ScopeSet) -> Self {
        self.iter().filter(|scope| set.contains(*scope)).collect()
    }
}

impl FromIterator<Scope> for ScopeList {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut list = Self::default();
        for scope in scopes {
            if !list.contains(scope) {
                list.0.push(scope);
            }
        }
        list
    }
}

impl fmt::Display for ScopeList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.name())?;
        }
        Ok(())
    }
}

/// Reads a list separated by spaces, or by commas as some libraries join them.
impl FromStr for ScopeList {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let names = text.split([' ', ',']).filter(|name| !name.is_empty());
        names.map(|name| Scope::parse(name).ok_or_else(|| UnknownScope(name.to_owned()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_in_the_order_of_the_variants() {
        for (position, entry) in CATALOGUE.iter().enumerate() {
            assert_eq!(entry.scope as usize, position);
            assert_eq!(entry.scope.name(), entry.name);
            assert_eq!(Scope::parse(entry.name), Some(entry.scope));
        }
    }

    #[test]
    fn no_application_can_carry_a_scope_that_makes_credentials_or_members() {
        let carried: ScopeSet = Scope::all().filter(|scope| scope.fits_grants()).collect();
        for name in ["api_keys:read", "api_keys:write", "applications:write", "members:write"] {
            assert!(!carried.contains(Scope::parse(name).unwrap()), "{name}");
        }
        assert!(!Scope::OfflineAccess.fits_keys());
    }

    #[test]
    fn a_list_keeps_its_order_and_loses_repeats() {
        let list: ScopeList = "observations:read devices:read,observations:read".parse().unwrap();
        assert_eq!(list.to_string(), "observations:read devices:read");
        assert_eq!(list.set(), ScopeSet::of(&[Scope::DevicesRead, Scope::ObservationsRead]));
    }

    #[test]
    fn an_unknown_scope_is_named() {
        let error = "devices:read devices:*".parse::<ScopeList>().unwrap_err();
        assert_eq!(error, UnknownScope("devices:*".into()));
    }

    #[test]
    fn an_empty_list_means_nothing() {
        let list: ScopeList = "".parse().unwrap();
        assert!(list.is_empty() && list.set().is_empty());
        assert!(!list.set().contains(Scope::DevicesRead));
    }
}
