//! Grants: what a person lets an application do in an organization.
//!
//! The seed's rule decides who may consent: their role must have every required scope that the application
//! lists, whatever this request asks for. It is checked again in the transaction that writes the grant, so a
//! role that changed between page and click counts.

use jiff::Timestamp;

use rules::access::{self, Access, Credential, Principal};
use rules::authorize::Valid;
use rules::client_auth::ClientType;
use rules::id::{ClientId, FamilyId, GrantId, OrganizationId, PersonId};
use rules::role::Role;
use rules::scope::{Scope, ScopeList, ScopeSet};
use rules::secret::{Code, Mint, Plaintext};

use crate::application::{self, Application};
use crate::audit::{self, Action, Actor};
use crate::authorization::{self, Pending};
use crate::consent::{Decision, Origin, Parties};
use crate::device_set::{self, Devices};
use crate::mail::{self, Mail};
use crate::organization;
use crate::second_factor;
use crate::session::Session;
use crate::token;
use crate::{Error, Result, Tx};
use db::params;

/// What a person decided on the consent page.
#[derive(Debug, Clone)]
pub struct Approval {
    /// For which organization.
    pub organization: OrganizationId,
    /// The optional scopes they ticked.
    pub optional: ScopeSet,
    /// For which devices.
    pub devices: Devices,
}

/// What became of an approval.
pub enum Approved {
    /// The application may redeem this.
    Code(Plaintext<Code>),
    /// The role lacks these required scopes.
    RoleLacks(ScopeSet),
    /// The organization wants its admins to have a second factor, and this one has none.
    NeedsSecondFactor,
    /// Nothing was left to grant: only optional scopes were asked for and none was ticked.
    Nothing,
}

/// Gives the application what the person approved, and a code for it.
pub fn approve(
    tx: &mut Tx<'_>,
    mint: &Mint,
    (session, actor): (&Session, &Actor),
    pending: &Pending,
    approval: &Approval,
) -> Result<Approved> {
    let application = application::client(tx, pending.client_id.as_str())?.ok_or(Error::NotFound)?;
    let organization = &approval.organization;
    let role = organization::role_of(tx, organization, &session.person.id)?.ok_or(Error::NotFound)?;
    let missing = role.missing(application.profile.scopes.set());
    if !missing.is_empty() {
        return Ok(Approved::RoleLacks(missing));
    }
    if second_factor::is_owed(tx, organization, &session.person.id, role)? {
        return Ok(Approved::NeedsSecondFactor);
    }
    let scopes = pending.scopes.within(given(&application, pending, approval).and(fitting(role)));
    if scopes.iter().all(|scope| scope == Scope::OfflineAccess) {
        return Ok(Approved::Nothing);
    }
    authorization::decide(tx, pending)?;
    let parties = Parties { application: &application, person: &session.person.id, organization, role };
    let decision = Decision { asked: pending.scopes.set(), given: &scopes, devices: &approval.devices };
    let origin = parties.store(tx, session, &decision)?;
    audit::record_detail(
        tx,
        Some(organization),
        actor,
        (Action::ConsentGiven, origin.grant.as_str()),
        &consented(&application.client_id, &scopes, pending),
    )?;
    tell(tx, session, (&application, organization), &scopes)?;
    let bound = token::Bound { redirect_uri: &pending.redirect_uri, challenge: pending.challenge.as_ref() };
    token::issue_code(tx, mint, (&origin, &application.client_id), &scopes, bound).map(Approved::Code)
}

/// The person learns by mail what was allowed in their name, also when it was not they who pressed Allow.
fn tell(
    tx: &mut Tx<'_>,
    session: &Session,
    (application, organization): (&Application, &OrganizationId),
    scopes: &ScopeList,
) -> Result<()> {
    let organization = organization::find(tx, organization)?.map_or_else(String::new, |found| found.name);
    let rights: String = scopes.iter().map(|scope| format!("- {}\n", scope.sentence())).collect();
    let text = format!(
        "Hello {},\n\nyou allowed \"{}\" by {} to act for you on the data of {organization}:\n\n{rights}\nIf that was not \
         you, or you changed your mind, remove its access under Connections, and change your password.",
        session.person.name, application.profile.name, application.publisher
    );
    mail::send(
        tx,
        &Mail { to: &session.person.email, subject: "An application has access to your data", text: &text },
    )
}

/// What the audit log says of a consent: what was given, and what was asked for and left out, which earlier consents
/// lose as well.
fn consented(client: &ClientId, scopes: &ScopeList, pending: &Pending) -> String {
    let left_out = pending.scopes.within(pending.scopes.set().without(scopes.set()));
    match left_out.is_empty() {
        true => format!("{client} {scopes}"),
        false => format!("{client} {scopes}, without {left_out}"),
    }
}

/// What the person gave by pressing Allow: what the page showed as required, and what they ticked of the optional.
/// The page goes by what was optional when the request came in; what the application no longer lists is not given.
fn given(application: &Application, pending: &Pending, approval: &Approval) -> ScopeSet {
    let listed = application.profile.scopes.set().or(application.profile.optional_scopes.set());
    let required = pending.scopes.set().without(pending.optional);
    required.or(pending.optional.and(approval.optional)).and(listed)
}

/// What a person with this role can give: what the role has, and lasting access, which no role needs.
fn fitting(role: Role) -> ScopeSet {
    role.scopes().or(ScopeSet::of(&[Scope::OfflineAccess]))
}

/// Says no to the application.
pub fn refuse(tx: &mut Tx<'_>, session: &Session, actor: &Actor, pending: &Pending) -> Result<()> {
    authorization::decide(tx, pending)?;
    let organization = Some(&session.organization.id);
    audit::record(tx, organization, actor, Action::ConsentRefused, pending.client_id.as_str())
}

/// Whether consent to such scopes can be remembered at all: without `offline_access` each authorization asks the
/// person (the seed), and a public client always does (RFC 8252 §8.6), because anybody can claim its id.
pub fn may_be_remembered(application: &Application, scopes: &ScopeList) -> bool {
    application.client_type == ClientType::Confidential && scopes.contains(Scope::OfflineAccess)
}

/// A code without asking again, for an application whose lasting grant already has all that it asks for.
pub fn remembered(
    tx: &mut Tx<'_>,
    mint: &Mint,
    (session, actor): (&Session, &Actor),
    application: &Application,
    request: &Valid,
) -> Result<Option<Plaintext<Code>>> {
    let Some(origin) = standing(tx, session, application, request.scopes())? else { return Ok(None) };
    note_remembered(tx, session, actor, (&origin, application))?;
    let bound =
        token::Bound { redirect_uri: request.redirect_uri().as_str(), challenge: request.challenge() };
    token::issue_code(tx, mint, (&origin, &application.client_id), request.scopes(), bound).map(Some)
}

/// [`remembered`] for a request that had to wait until somebody signed in; the code decides it.
pub fn remembered_after_sign_in(
    tx: &mut Tx<'_>,
    mint: &Mint,
    (session, actor): (&Session, &Actor),
    application: &Application,
    pending: &Pending,
) -> Result<Option<Plaintext<Code>>> {
    if pending.consent_after.is_some() {
        return Ok(None);
    }
    let Some(origin) = standing(tx, session, application, &pending.scopes)? else { return Ok(None) };
    authorization::decide(tx, pending)?;
    note_remembered(tx, session, actor, (&origin, application))?;
    let bound = token::Bound { redirect_uri: &pending.redirect_uri, challenge: pending.challenge.as_ref() };
    token::issue_code(tx, mint, (&origin, &application.client_id), &pending.scopes, bound).map(Some)
}

/// Nobody was asked, and yet the application got access anew.
fn note_remembered(
    tx: &mut Tx<'_>,
    session: &Session,
    actor: &Actor,
    (origin, application): (&Origin, &Application),
) -> Result<()> {
    let what = (Action::ConsentRemembered, origin.grant.as_str());
    audit::record_detail(tx, Some(&session.organization.id), actor, what, application.client_id.as_str())
}

/// The person's lasting consent in the session's organization, if it has all these scopes and their role still
/// allows it.
fn standing(
    tx: &mut Tx<'_>,
    session: &Session,
    application: &Application,
    scopes: &ScopeList,
) -> Result<Option<Origin>> {
    if !may_be_remembered(application, scopes) {
        return Ok(None);
    }
    let organization = &session.organization.id;
    let Some(role) = organization::role_of(tx, organization, &session.person.id)? else { return Ok(None) };
    if !role.missing(application.profile.scopes.set().or(scopes.set())).is_empty() {
        return Ok(None);
    }
    if second_factor::is_owed(tx, organization, &session.person.id, role)? {
        return Ok(None);
    }
    Parties { application, person: &session.person.id, organization, role }.covering(tx, scopes.set())
}

/// Ends a grant: every code and token under it dies with the next request.
pub(crate) fn revoke(tx: &mut Tx<'_>, grant: &GrantId, actor: &Actor, because: &str) -> Result<()> {
    let now = tx.now();
    let organization = tx.optional(
        "UPDATE oauth_grant SET revoked_at = ?2, revoked_because = ?3
         WHERE id = ?1 AND revoked_at IS NULL RETURNING organization_id",
        params![grant.as_str(), now, because],
        |row| row.parse::<OrganizationId>(0),
    )?;
    let Some(organization) = organization else { return Ok(()) };
    tx.bump(organization.as_str());
    audit::record_detail(tx, Some(&organization), actor, (Action::GrantRevoked, grant.as_str()), because)
}

/// Ends one line of tokens; the grant and its other lines live on.
pub(crate) fn revoke_family(
    tx: &mut Tx<'_>,
    (family, organization): (&FamilyId, &OrganizationId),
    actor: &Actor,
    because: &str,
) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE token_family SET revoked_at = ?2, revoked_because = ?3 WHERE id = ?1 AND revoked_at IS NULL",
        params![family.as_str(), now, because],
    )?;
    tx.bump(organization.as_str());
    audit::record_detail(
        tx,
        Some(organization),
        actor,
        (Action::TokenFamilyRevoked, family.as_str()),
        because,
    )
}

/// What follows when one access token has ended by itself: its line, and the grant, live on.
pub(crate) fn note_revoked_token(
    tx: &mut Tx<'_>,
    family: &FamilyId,
    actor: &Actor,
    because: &str,
) -> Result<()> {
    let organization: OrganizationId = tx.one(
        "SELECT oauth_grant.organization_id FROM token_family
         JOIN oauth_grant ON oauth_grant.id = token_family.grant_id WHERE token_family.id = ?1",
        params![family.as_str()],
        |row| row.parse(0),
    )?;
    tx.bump(organization.as_str());
    let what = (Action::AccessTokenRevoked, family.as_str());
    audit::record_detail(tx, Some(&organization), actor, what, because)
}

/// A live grant, as the person who gave it sees it.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The grant.
    pub id: GrantId,
    /// The application's name, as its owner chose it.
    pub application: String,
    /// The organization that publishes the application.
    pub publisher: String,
    /// What it may do now: what was granted, within what the application lists and the person's role has.
    pub scopes: ScopeList,
    /// For which devices.
    pub devices: Devices,
    /// When the person last pressed Allow.
    pub approved_at: Timestamp,
    /// When a token of it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// What the signed-in person lets in to the organization they look at, the latest consent first.
pub fn of_person(tx: &mut Tx<'_>, access: &Access) -> Result<Vec<Connection>> {
    let (person, role) = signed_in(access)?;
    let organization = &access.organization;
    let mut connections = tx.all(
        "SELECT oauth_grant.id, application.name, organization.name, oauth_grant.scopes, application.scopes,
                application.optional_scopes, consent.devices, oauth_grant.approved_at,
                oauth_grant.last_used_at, consent.id
         FROM oauth_grant
         JOIN consent ON consent.id = oauth_grant.consent_id
         JOIN application ON application.client_id = oauth_grant.client_id
         JOIN organization ON organization.id = application.organization_id
         WHERE oauth_grant.person_id = ?1 AND oauth_grant.organization_id = ?2
           AND oauth_grant.revoked_at IS NULL
         ORDER BY oauth_grant.approved_at DESC, oauth_grant.id DESC",
        params![person.as_str(), organization.as_str()],
        |row| {
            let granted: ScopeList = row.parse(3)?;
            let listed = row.parse::<ScopeList>(4)?.set().or(row.parse::<ScopeList>(5)?.set());
            let connection = Connection {
                id: row.parse(0)?,
                application: row.get(1)?,
                publisher: row.get(2)?,
                scopes: granted.within(held_now(granted.set().and(listed), role)),
                devices: row.parse(6)?,
                approved_at: row.get(7)?,
                last_used_at: row.get(8)?,
            };
            Ok((connection, row.get::<String>(9)?))
        },
    )?;
    for (connection, consent) in &mut connections {
        if let Devices::Chosen(chosen) = &mut connection.devices {
            *chosen = device_set::chosen(tx, organization, consent)?;
        }
    }
    Ok(connections.into_iter().map(|(connection, _)| connection).collect())
}

/// Takes back what the signed-in person gave. [`Error::NotFound`] unless it is their own live grant in the
/// organization they look at, so that an answer says nothing about the grants of others.
pub fn revoke_own(tx: &mut Tx<'_>, access: &Access, actor: &Actor, id: &GrantId) -> Result<()> {
    let (person, _) = signed_in(access)?;
    let own = tx.optional(
        "SELECT id FROM oauth_grant
         WHERE id = ?1 AND person_id = ?2 AND organization_id = ?3 AND revoked_at IS NULL",
        params![id.as_str(), person.as_str(), access.organization.as_str()],
        |row| row.parse::<GrantId>(0),
    )?;
    revoke(tx, &own.ok_or(Error::NotFound)?, actor, "the person removed it")
}

/// Takes back all that a person gave, in every organization; the number of grants.
pub fn revoke_all(tx: &mut Tx<'_>, person: &PersonId, actor: &Actor, because: &str) -> Result<usize> {
    let grants: Vec<GrantId> = tx.all(
        "SELECT id FROM oauth_grant WHERE person_id = ?1 AND revoked_at IS NULL",
        params![person.as_str()],
        |row| row.parse(0),
    )?;
    for grant in &grants {
        revoke(tx, grant, actor, because)?;
    }
    Ok(grants.len())
}

/// The scopes of a grant as its person should read them. No role has `offline_access`, which is about time and
/// not about data, so it stands beside what the role leaves; beside nothing it would promise something.
fn held_now(granted: ScopeSet, role: Role) -> ScopeSet {
    let usable = access::grant_scopes(granted, role);
    let lasting = granted.and(ScopeSet::of(&[Scope::OfflineAccess]));
    if usable.is_empty() { usable } else { usable.or(lasting) }
}

/// Who sits at the browser, and their role. An application acts for a person too, but must neither see nor end
/// what that person lets others do.
fn signed_in(access: &Access) -> Result<(&PersonId, Role)> {
    match (&access.principal, &access.credential) {
        (Principal::User(person), Credential::Session { role, .. }) => Ok((person, *role)),
        _ => Err(Error::NotAllowed("Connections belong to a person; sign in to see yours.".into())),
    }
}

/// How many people let an application in at present; for its owner, who sees no more of them than this.
pub fn count(tx: &mut Tx<'_>, client_id: &ClientId) -> Result<u64> {
    let sql = "SELECT count(*) FROM oauth_grant WHERE client_id = ?1 AND revoked_at IS NULL";
    let count: i64 = tx.one(sql, params![client_id.as_str()], |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or(0))
}
