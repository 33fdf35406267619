//! Roles: named sets of scopes, in rising rank.
//!
//! A role bounds everything that its holder can hand on: the scopes of a key they make, the consent they give,
//! the role they grant. An organization can make roles of its own; those are about data alone, so that whoever may
//! hand on access is always an Organization Admin or an Owner, and the four names mean the same everywhere.

use std::fmt;
use std::str::FromStr;

use crate::scope::{Scope, ScopeSet};

/// What a member is: a built-in role, or one of the organization's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What the organization made it; its name is the organization's matter.
    Custom(CustomScopes),
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

/// The scopes of a custom role. Only the two functions below make them, so a custom role never manages anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CustomScopes(ScopeSet);

/// A custom role can't hold these scopes, or holds none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// These are for Organization Admins and Owners.
    #[error("custom roles can't hold {}", .0.names().join(", "))]
    Beyond(ScopeSet),
    /// A member who may do nothing is a mistake.
    #[error("a role holds at least one scope")]
    Nothing,
}

impl CustomScopes {
    /// All that a custom role may hold.
    pub const ALLOWED: ScopeSet = OPERATOR.or(ScopeSet::of(&[Scope::AuditRead]));

    /// These scopes, if a custom role may hold them.
    pub fn new(scopes: ScopeSet) -> Result<Self, Unfit> {
        let beyond = scopes.without(Self::ALLOWED);
        match (beyond.is_empty(), scopes.is_empty()) {
            (false, _) => Err(Unfit::Beyond(beyond)),
            (true, true) => Err(Unfit::Nothing),
            (true, false) => Ok(Self(scopes)),
        }
    }

    /// What of these a custom role may hold: a row edited by hand gains nothing.
    pub const fn within(scopes: ScopeSet) -> Self {
        Self(scopes.and(Self::ALLOWED))
    }

    /// The scopes.
    pub const fn scopes(self) -> ScopeSet {
        self.0
    }
}

impl Role {
    /// Every built-in role, in rising rank.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Operator, Self::OrganizationAdmin, Self::Owner];

    /// The name people see, also on the wire. Custom roles share this one; the organization knows their own.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Custom(_) => "Custom role",
            Self::Viewer => "Viewer",
            Self::Operator => "Operator",
            Self::OrganizationAdmin => "Organization Admin",
            Self::Owner => "Owner",
        }
    }

    /// What the role may do; never `offline_access`, which no role needs.
    pub const fn scopes(self) -> ScopeSet {
        match self {
            Self::Custom(custom) => custom.scopes(),
            Self::Viewer => VIEWER,
            Self::Operator => OPERATOR,
            Self::OrganizationAdmin | Self::Owner => ADMIN,
        }
    }

    /// Whether the role can make and end keys and applications.
    pub const fn is_admin(self) -> bool {
        matches!(self, Self::OrganizationAdmin | Self::Owner)
    }

    /// How high the role stands; custom ones stand lowest, because nobody grants anything from there.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Custom(_) => 0,
            Self::Viewer => 1,
            Self::Operator => 2,
            Self::OrganizationAdmin => 3,
            Self::Owner => 4,
        }
    }

    /// Whether somebody with this role may give `other`, or take it away.
    pub const fn can_grant(self, other: Self) -> bool {
        self.is_admin() && other.rank() <= self.rank()
    }

    /// Whether going from `before` to this role takes something away.
    pub fn is_less_than(self, before: Self) -> bool {
        !self.scopes().contains_all(before.scopes()) || (before.is_admin() && self.rank() < before.rank())
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
            assert!(pair[0].rank() < pair[1].rank());
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
    fn a_custom_role_holds_scopes_of_data_alone() {
        let refused = Scope::all().filter(|scope| CustomScopes::new(ScopeSet::of(&[*scope])).is_err());
        assert_eq!(
            refused.collect::<ScopeSet>().names(),
            [
                "webhooks:write",
                "api_keys:read",
                "api_keys:write",
                "applications:read",
                "applications:write",
                "members:read",
                "members:write",
                "offline_access"
            ]
        );
        assert_eq!(CustomScopes::new(ScopeSet::EMPTY), Err(Unfit::Nothing));
        let everything = CustomScopes::within(Scope::all().collect());
        assert_eq!(everything.scopes(), CustomScopes::ALLOWED);
    }

    #[test]
    fn only_admins_grant_and_nothing_above_themselves() {
        let custom = Role::Custom(CustomScopes::within(CustomScopes::ALLOWED));
        let all = || Role::ALL.into_iter().chain([custom]);
        for (actor, granted) in all().flat_map(|actor| all().map(move |granted| (actor, granted))) {
            let expected = match actor {
                Role::Owner => true,
                Role::OrganizationAdmin => granted != Role::Owner,
                Role::Custom(_) | Role::Viewer | Role::Operator => false,
            };
            assert_eq!(actor.can_grant(granted), expected, "{actor} grants {granted}");
            assert!(!expected || actor.scopes().contains_all(granted.scopes()), "{actor} grants {granted}");
        }
    }

    #[test]
    fn what_takes_something_away_is_less() {
        let auditor = Role::Custom(CustomScopes::within(ScopeSet::of(&[Scope::AuditRead])));
        for (before, after, less) in [
            (Role::Owner, Role::OrganizationAdmin, true),
            (Role::OrganizationAdmin, Role::Operator, true),
            (Role::OrganizationAdmin, auditor, true),
            (Role::Viewer, auditor, true),
            (Role::Viewer, Role::Operator, false),
            (Role::Operator, Role::Owner, false),
            (auditor, Role::OrganizationAdmin, false),
        ] {
            assert_eq!(after.is_less_than(before), less, "{before} to {after}");
        }
    }

    #[test]
    fn names_print_and_parse() {
        for role in Role::ALL {
            assert_eq!(role.name().parse(), Ok(role));
        }
        assert!("owner".parse::<Role>().is_err());
    }
}
