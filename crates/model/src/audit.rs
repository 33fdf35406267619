//! The audit log: who did what, written in the transaction of the deed.
//!
//! Entries have no position yet when they are written: nothing in a request takes the next number of a global
//! sequence. Their ids sort by time.

use rules::id::{AuditId, OrganizationId};

use crate::{Result, Tx};
use db::params;

/// Who does something, and from where.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The id of the person or key, or what else acts ("set-up", "command line").
    pub who: String,
    /// The network address of the caller, or "local".
    pub address: String,
}

impl Actor {
    /// The program itself, on behalf of whoever runs it.
    pub fn local(who: &str) -> Self {
        Self { who: who.to_owned(), address: "local".to_owned() }
    }
}

/// What can be done that is worth remembering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "each says what happened")]
pub enum Action {
    OrganizationCreated,
    PersonCreated,
    SignedIn,
    SignInFailed,
    SignedOut,
    ApiKeyCreated,
    ApiKeyRevoked,
    ApplicationCreated,
    ApplicationChanged,
    ApplicationDeleted,
    ClientSecretCreated,
    ClientSecretRevoked,
    ConsentGiven,
    ConsentRefused,
    GrantRevoked,
    TokenFamilyRevoked,
    AccessTokenRevoked,
    RoleCreated,
    RoleChanged,
    RoleDeleted,
    MemberRoleChanged,
    MemberDisabled,
    MemberEnabled,
    MemberRemoved,
    MemberLeft,
    OrganizationSwitched,
    InvitationCreated,
    InvitationRevoked,
    InvitationAccepted,
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::OrganizationCreated => "organization.created",
            Self::PersonCreated => "person.created",
            Self::SignedIn => "session.started",
            Self::SignInFailed => "session.refused",
            Self::SignedOut => "session.ended",
            Self::ApiKeyCreated => "api_key.created",
            Self::ApiKeyRevoked => "api_key.revoked",
            Self::ApplicationCreated => "application.created",
            Self::ApplicationChanged => "application.changed",
            Self::ApplicationDeleted => "application.deleted",
            Self::ClientSecretCreated => "client_secret.created",
            Self::ClientSecretRevoked => "client_secret.revoked",
            Self::ConsentGiven => "consent.given",
            Self::ConsentRefused => "consent.refused",
            Self::GrantRevoked => "grant.revoked",
            Self::TokenFamilyRevoked => "token_family.revoked",
            Self::AccessTokenRevoked => "access_token.revoked",
            Self::RoleCreated => "role.created",
            Self::RoleChanged => "role.changed",
            Self::RoleDeleted => "role.deleted",
            Self::MemberRoleChanged => "member.role_changed",
            Self::MemberDisabled => "member.disabled",
            Self::MemberEnabled => "member.enabled",
            Self::MemberRemoved => "member.removed",
            Self::MemberLeft => "member.left",
            Self::OrganizationSwitched => "session.organization_switched",
            Self::InvitationCreated => "invitation.created",
            Self::InvitationRevoked => "invitation.revoked",
            Self::InvitationAccepted => "invitation.accepted",
        }
    }
}

/// Remembers that `actor` did `action` to `subject` (an id, never a secret).
pub fn record(
    tx: &mut Tx<'_>,
    organization: Option<&OrganizationId>,
    actor: &Actor,
    action: Action,
    subject: &str,
) -> Result<()> {
    record_detail(tx, organization, actor, (action, subject), "")
}

/// [`record`] with a sentence about it.
pub fn record_detail(
    tx: &mut Tx<'_>,
    organization: Option<&OrganizationId>,
    actor: &Actor,
    (action, subject): (Action, &str),
    detail: &str,
) -> Result<()> {
    let id = AuditId::new(tx.now(), tx.random()?);
    let now = tx.now();
    tx.execute(
        "INSERT INTO audit_event (id, organization_id, happened_at, action, actor, subject, detail, address)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id.as_str(),
            organization.map(OrganizationId::as_str),
            now,
            action.name(),
            &actor.who,
            subject,
            detail,
            &actor.address
        ],
    )?;
    Ok(())
}
