//! What a caller may do, however they came in.
//!
//! Keys, access tokens, browser sessions and the command line all resolve to one [`Access`], and every query
//! that returns an organization's data takes it. There is no second path to the data. The values in it are
//! already narrowed: what was granted ∩ what the role has now.

use jiff::Timestamp;

use crate::id::{ApiKeyId, ClientId, GrantId, OrganizationId, PersonId, SessionId};
use crate::role::Role;
use crate::scope::{Scope, ScopeSet};

/// Proof that a caller was identified, and the bounds of what they may do in one organization.
#[derive(Debug, Clone)]
pub struct Access {
    /// Whose data.
    pub organization: OrganizationId,
    /// The effective scopes.
    pub scopes: ScopeSet,
    /// The effective devices.
    pub devices: DeviceSet,
    /// Who acts.
    pub principal: Principal,
    /// By what.
    pub credential: Credential,
    /// When the credential ends by itself.
    pub expires_at: Option<Timestamp>,
}

/// The devices that a credential covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceSet {
    /// All of the organization's, also later ones.
    All,
    /// Those chosen for the key or grant of this id; the rows are read with each query, so a device that was
    /// removed or moved is gone at once.
    ChosenFor(String),
}

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// A key acts for its organization.
    ApiKey(ApiKeyId),
    /// A person, by themselves or through an application.
    User(PersonId),
}

/// What the caller showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// An API key.
    ApiKey(ApiKeyId),
    /// An access token from this grant to this application.
    AccessToken {
        /// The consent behind it.
        grant: GrantId,
        /// The application that holds it.
        client: ClientId,
    },
    /// A browser session, with the role it is bounded by.
    Session {
        /// The signed-in browser.
        id: SessionId,
        /// The person's role in the organization now.
        role: Role,
    },
}

/// The caller lacks a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this needs the scope {0}")]
pub struct MissingScope(pub Scope);

impl Access {
    /// Checks a scope. Call it before looking at any id, so that a refusal says nothing about ids.
    pub fn require(&self, scope: Scope) -> Result<(), MissingScope> {
        if self.scopes.contains(scope) { Ok(()) } else { Err(MissingScope(scope)) }
    }

    /// The role in which the caller manages members: a key that may do so stands for an Organization Admin, and an
    /// application never does.
    pub fn managing_role(&self) -> Option<Role> {
        match &self.credential {
            Credential::Session { role, .. } => Some(*role).filter(|role| role.is_admin()),
            Credential::ApiKey(_) if self.scopes.contains(Scope::MembersWrite) => {
                Some(Role::OrganizationAdmin)
            }
            Credential::ApiKey(_) | Credential::AccessToken { .. } => None,
        }
    }

    /// The person who acts, if it is one at a browser or through an application.
    pub fn person(&self) -> Option<&PersonId> {
        match &self.principal {
            Principal::User(person) => Some(person),
            Principal::ApiKey(_) => None,
        }
    }

    /// Whether the credential has ended by itself.
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// The id under which the chosen devices are stored, for queries: none means all devices.
    pub fn device_filter(&self) -> Option<&str> {
        match &self.devices {
            DeviceSet::All => None,
            DeviceSet::ChosenFor(holder) => Some(holder),
        }
    }
}

/// The scopes of a grant now: what was granted, within what the person's role has, and never a scope that
/// grants can't carry (a row edited by hand gains nothing).
pub fn grant_scopes(granted: ScopeSet, role: Role) -> ScopeSet {
    let fitting = granted.iter().filter(|scope| scope.fits_grants()).collect::<ScopeSet>();
    fitting.and(role.scopes())
}

/// The scopes of a key now: never one that keys can't carry.
pub fn key_scopes(own: ScopeSet) -> ScopeSet {
    own.iter().filter(|scope| scope.fits_keys()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_never_wider_than_the_role_nor_than_what_grants_carry() {
        let everything: ScopeSet = Scope::all().collect();
        for role in Role::ALL {
            let effective = grant_scopes(everything, role);
            assert!(role.scopes().contains_all(effective));
            assert!(effective.iter().all(Scope::fits_grants));
        }
        let granted = ScopeSet::of(&[Scope::ObservationsWrite]);
        assert_eq!(grant_scopes(granted, Role::Viewer), ScopeSet::EMPTY);
    }

    #[test]
    fn a_credential_has_expired_at_its_instant_and_not_before() {
        let at = |micros| Timestamp::from_microsecond(micros).unwrap();
        let key: ApiKeyId = ApiKeyId::new(at(0), [1; 10]);
        let mut access = Access {
            organization: OrganizationId::new(at(0), [2; 10]),
            scopes: ScopeSet::EMPTY,
            devices: DeviceSet::All,
            principal: Principal::ApiKey(key.clone()),
            credential: Credential::ApiKey(key),
            expires_at: Some(at(100)),
        };
        assert!(!access.has_expired(at(99)) && access.has_expired(at(100)) && access.has_expired(at(101)));
        access.expires_at = None;
        assert!(!access.has_expired(Timestamp::MAX));
    }

    #[test]
    fn a_key_never_carries_the_protocol_scope() {
        let own = ScopeSet::of(&[Scope::DevicesRead, Scope::OfflineAccess]);
        assert_eq!(key_scopes(own), ScopeSet::of(&[Scope::DevicesRead]));
    }
}
