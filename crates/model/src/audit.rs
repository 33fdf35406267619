//! The audit log: who did what, written in the transaction of the deed.
//!
//! Entries have no position yet when they are written: nothing in a request takes the next number of a global
//! sequence. Their ids sort by time. [`seal`] gives the positions afterwards; [`log`] reads.

pub mod log;
pub mod seal;

use std::str::FromStr;

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

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident $name:literal $words:literal;)*) => {
        /// What can be done that is worth remembering.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "each says what happened")]
        pub enum Action { $($(#[$doc])* $action),* }

        impl Action {
            /// Every action there is.
            pub const ALL: &[Self] = &[$(Self::$action),*];

            /// As it is stored and as programs read it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$action => $name),* }
            }

            /// What happened, for people.
            pub const fn words(self) -> &'static str {
                match self { $(Self::$action => $words),* }
            }
        }
    };
}

actions! {
    OrganizationCreated "organization.created" "Organization created";
    PersonCreated "person.created" "Account created";
    SignedIn "session.started" "Signed in";
    SignInFailed "session.refused" "Sign-in failed";
    SignedOut "session.ended" "Signed out";
    ApiKeyCreated "api_key.created" "API key created";
    ApiKeyRevoked "api_key.revoked" "API key revoked";
    ApplicationCreated "application.created" "Application created";
    ApplicationChanged "application.changed" "Application changed";
    ApplicationDeleted "application.deleted" "Application deleted";
    ClientSecretCreated "client_secret.created" "Client secret created";
    ClientSecretRevoked "client_secret.revoked" "Client secret revoked";
    ConsentGiven "consent.given" "Access allowed";
    ConsentRemembered "consent.remembered" "Access continued without asking again";
    ConsentRefused "consent.refused" "Access refused";
    AccessRequested "access_request.created" "Role asked for";
    AccessRequestApproved "access_request.approved" "Role given on request";
    AccessRequestRefused "access_request.refused" "Role refused on request";
    GrantRevoked "grant.revoked" "Access removed";
    TokenFamilyRevoked "token_family.revoked" "Tokens revoked";
    AccessTokenRevoked "access_token.revoked" "Access token revoked";
    PasswordChanged "password.changed" "Password changed";
    PasswordResetAsked "password_reset.asked" "Link to set a password asked for";
    PasswordReset "password_reset.used" "Password set by link";
    SecondFactorAdded "second_factor.added" "Second factor added";
    SecondFactorRemoved "second_factor.removed" "Second factor removed";
    SecondFactorRefused "second_factor.refused" "Second factor refused";
    RecoveryCodesCreated "recovery_codes.created" "Recovery codes created";
    RecoveryCodeUsed "recovery_code.used" "Recovery code used";
    IdentityConfirmed "identity.confirmed" "Identity confirmed";
    PolicyChanged "organization.policy_changed" "Policy changed";
    RoleCreated "role.created" "Role created";
    RoleChanged "role.changed" "Role changed";
    RoleDeleted "role.deleted" "Role deleted";
    MemberRoleChanged "member.role_changed" "Member given another role";
    MemberDisabled "member.disabled" "Member disabled";
    MemberEnabled "member.enabled" "Member enabled";
    MemberRemoved "member.removed" "Member removed";
    MemberLeft "member.left" "Member left";
    OrganizationSwitched "session.organization_switched" "Turned to another organization";
    InvitationCreated "invitation.created" "Invitation made";
    InvitationRevoked "invitation.revoked" "Invitation withdrawn";
    InvitationAccepted "invitation.accepted" "Invitation accepted";
    LeakReported "leak.reported" "Leaked credential reported";
}

/// No action has this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an action, such as api_key.created")]
pub struct UnknownAction;

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(name: &str) -> std::result::Result<Self, UnknownAction> {
        Self::ALL.iter().copied().find(|action| action.name() == name).ok_or(UnknownAction)
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
