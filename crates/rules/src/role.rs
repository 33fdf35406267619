//! Roles: named sets of scopes, in rising rank.
//!
//! A role bounds everything that its holder can hand on: the scopes of a key they make, the consent they give,
//! the role they grant. Rank is the order of the variants.

use std::fmt;
use std::str::FromStr;

use crate::scope::{Scope, ScopeSet};

/// A built-in role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Looks at devices and measurements.
    Viewer,
    /// Also runs the devices.
    Operator,
    /// Also decides who and what has access.
    OrganizationAdmin,
    /// Also may end or hand over the organization.
    Owner,
}

const VIEWER: ScopeSet = ScopeSet::of(&[Scope::DevicesRead, Scope::ObservationsRead]);
const OPERATOR: ScopeSet =
    VIEWER.or(ScopeSet::of(&[Scope::DevicesWrite, Scope::ObservationsWrite, Scope::WebhooksRead]));
const ADMIN: ScopeSet = OPERATOR.or(ScopeSet::of(&[
    Scope::WebhooksWrite,
    Scope::ApiKeysRead,
    Scope::ApiKeysWrite,
    Scope::ApplicationsRead,
    Scope::ApplicationsWrite,
    Scope::MembersRead,
    Scope::MembersWrite,
    Scope::AuditRead,
]));

impl Role {
    /// Every built-in role, in rising rank.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::OrganizationAdmin, Self::Owner];

    /// The name people see, also on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "Viewer",
            Self::Operator => "Operator",
            Self::OrganizationAdmin => "Organization Admin",
            Self::Owner => "Owner",
        }
    }

    /// What the role may do; never `offline_access`, which no role needs.
    pub const fn scopes(self) -> ScopeSet {
        match self {
            Self::Viewer => VIEWER,
            Self::Operator => OPERATOR,
            Self::OrganizationAdmin | Self::Owner => ADMIN,
        }
    }

    /// Whether the role can make and end keys and applications.
    pub fn is_admin(self) -> bool {
        self >= Self::OrganizationAdmin
    }

    /// The scopes among `listed` that the role lacks: what stands between a person and their consent.
    pub fn missing(self, listed: ScopeSet) -> ScopeSet {
        listed.without(self.scopes()).without(ScopeSet::of(&[Scope::OfflineAccess]))
    }

    /// The roles that have every scope in `listed`, lowest first.
    pub fn sufficient(listed: ScopeSet) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |role| role.missing(listed).is_empty())
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No role has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown role {0:?}")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(name: &str) -> Result<Self, UnknownRole> {
        let found = Self::ALL.into_iter().find(|role| role.name() == name);
        found.ok_or_else(|| UnknownRole(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_all_that_the_one_below_has() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[0] < pair[1]);
            assert!(pair[1].scopes().contains_all(pair[0].scopes()));
        }
    }

    #[test]
    fn offline_access_is_never_missing() {
        let listed = ScopeSet::of(&[Scope::DevicesRead, Scope::OfflineAccess]);
        assert!(Role::Viewer.missing(listed).is_empty());
    }

    #[test]
    fn a_missing_scope_is_named_and_so_is_the_role_that_has_it() {
        let listed = ScopeSet::of(&[Scope::DevicesRead, Scope::ObservationsWrite]);
        assert_eq!(Role::Viewer.missing(listed).names(), ["observations:write"]);
        assert_eq!(Role::sufficient(listed).next(), Some(Role::Operator));
    }

    #[test]
    fn names_print_and_parse() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        assert!("owner".parse::<Role>().is_err());
    }
}
