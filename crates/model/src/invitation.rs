//! Invitations: how somebody becomes a member.
//!
//! An invitation is for one address and one role, works once and for seven days. Its link is shown to who invites, and
//! whoever brings it back has it from there or from the mailbox: it makes an account of that address, but it is no
//! proof for an account that is there already, whose person signs in as ever. When it is accepted, who invited must
//! still be able to give the role.

use jiff::{SignedDuration, Timestamp};

use rules::access::{Access, Principal};
use rules::id::{InvitationId, OrganizationId, PersonId};
use rules::membership::Refusal;
use rules::role::Role;
use rules::scope::Scope;
use rules::secret::{Hashed, InvitationToken, Mint, Plaintext, SessionToken};

use crate::audit::{self, Action, Actor};
use crate::error::{Error, Invalid};
use crate::password::PasswordDigest;
use crate::person::{self, NewPerson, Person, check_email, normalize_email};
use crate::role::{self, Held};
use crate::session::{self, Session, Visitor};
use crate::{Result, Tx, organization};
use db::{Row, params};

/// How long an invitation is open.
pub const LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many an organization can have open.
const MAX_OPEN: i64 = 1_000;

/// An invitation that is open, as administrators see it.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// For whom.
    pub email: String,
    /// As what: the role's name.
    pub role: String,
    /// Who invited: a person's name; none if it was an API key.
    pub inviter: Option<String>,
    /// When.
    pub created_at: Timestamp,
    /// Until when it can be accepted.
    pub expires_at: Timestamp,
}

/// Invites an address, in place of any earlier invitation of it, and gives the only copy of the link's token.
pub fn invite(
    tx: &mut Tx<'_>,
    access: &Access,
    mint: &Mint,
    actor: &Actor,
    (email, role): (&str, &str),
) -> Result<(Invitation, Plaintext<InvitationToken>)> {
    access.require(Scope::MembersWrite)?;
    let mut invalid = Invalid::default();
    check_email(&mut invalid, "email", email);
    invalid.or_ok()?;
    let email = normalize_email(email);
    let assigned = role::named(tx, &access.organization, role)?;
    let granting = access.managing_role().ok_or_else(|| not_allowed(Refusal::NotAdmin))?;
    if !granting.can_grant(assigned.held.role) {
        return Err(not_allowed(Refusal::RoleAboveOwnRank));
    }
    refuse_members(tx, access, &email)?;
    replace_earlier(tx, access, &email)?;
    refuse_floods(tx, access)?;
    let (token, hash) = mint.coin::<InvitationToken>(tx.random()?);
    let id = insert(tx, access, (&email, &assigned.stored), hash)?;
    let detail = format!("{email} as {}", assigned.held.name);
    let what = (Action::InvitationCreated, id.as_str());
    audit::record_detail(tx, Some(&access.organization), actor, what, &detail)?;
    hand_over(tx, &id);
    Ok((load(tx, access, &id)?, token))
}

fn replace_earlier(tx: &mut Tx<'_>, access: &Access, email: &str) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "UPDATE invitation SET revoked_at = ?3
         WHERE organization_id = ?1 AND email = ?2 AND accepted_at IS NULL AND revoked_at IS NULL",
        params![access.organization.as_str(), email, now],
    )?;
    Ok(())
}

fn insert(
    tx: &mut Tx<'_>,
    access: &Access,
    (email, stored_role): (&str, &str),
    hash: Hashed<InvitationToken>,
) -> Result<InvitationId> {
    let now = tx.now();
    let id = InvitationId::new(now, tx.random()?);
    let inviter = match &access.principal {
        Principal::User(person) => person.as_str(),
        Principal::ApiKey(key) => key.as_str(),
    };
    tx.execute(
        "INSERT INTO invitation (id, organization_id, email, role, token_hash, inviter_id, created_at, expires_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            id.as_str(),
            access.organization.as_str(),
            email,
            stored_role,
            hash.as_bytes(),
            inviter,
            now,
            now + LIFE
        ],
    )?;
    Ok(id)
}

/// Where mail goes out: the letter to the invited person is queued here, in the transaction that makes the invitation.
/// Until there is mail, the page shows the link to who invites, and they pass it on.
fn hand_over(_tx: &mut Tx<'_>, _invitation: &InvitationId) {}

fn not_allowed(refusal: Refusal) -> Error {
    Error::NotAllowed(refusal.to_string())
}

/// Whoever may invite may also read the list of members, so this says nothing new.
fn refuse_members(tx: &mut Tx<'_>, access: &Access, email: &str) -> Result<()> {
    let member = tx.optional(
        "SELECT 1 FROM membership JOIN person ON person.id = membership.person_id
         WHERE membership.organization_id = ?1 AND person.email = ?2",
        params![access.organization.as_str(), email],
        |_| Ok(()),
    )?;
    match member {
        None => Ok(()),
        Some(()) => Err(Error::Invalid(Invalid::one("email", "This address belongs to a member already."))),
    }
}

fn refuse_floods(tx: &mut Tx<'_>, access: &Access) -> Result<()> {
    let now = tx.now();
    let open: i64 = tx.one(
        "SELECT count(*) FROM invitation WHERE organization_id = ?1 AND accepted_at IS NULL
           AND revoked_at IS NULL AND expires_at > ?2",
        params![access.organization.as_str(), now],
        |row| row.get(0),
    )?;
    if open < MAX_OPEN {
        return Ok(());
    }
    let why = format!("An organization can have {MAX_OPEN} open invitations. Revoke some first.");
    Err(Error::NotAllowed(why))
}

fn select() -> String {
    format!(
        "SELECT invitation.id, invitation.email, {}, person.name, invitation.created_at, invitation.expires_at
         FROM invitation LEFT JOIN person ON person.id = invitation.inviter_id {ROLE_JOIN}",
        "coalesce(custom_role.name, invitation.role)"
    )
}

/// An invitation's role is read as a membership's is.
const ROLE_JOIN: &str = "LEFT JOIN custom_role ON custom_role.id = invitation.role
    AND custom_role.organization_id = invitation.organization_id";

fn from_row(row: &Row<'_>) -> db::Result<Invitation> {
    Ok(Invitation {
        id: row.parse(0)?,
        email: row.get(1)?,
        role: row.get(2)?,
        inviter: row.get(3)?,
        created_at: row.get(4)?,
        expires_at: row.get(5)?,
    })
}

/// The open invitations, newest first.
pub fn open(tx: &mut Tx<'_>, access: &Access) -> Result<Vec<Invitation>> {
    access.require(Scope::MembersRead)?;
    let sql = format!(
        "{} WHERE invitation.organization_id = ?1 AND invitation.accepted_at IS NULL
           AND invitation.revoked_at IS NULL AND invitation.expires_at > ?2 ORDER BY invitation.id DESC",
        select()
    );
    let now = tx.now();
    Ok(tx.all(&sql, params![access.organization.as_str(), now], from_row)?)
}

fn load(tx: &mut Tx<'_>, access: &Access, id: &InvitationId) -> Result<Invitation> {
    let sql = format!("{} WHERE invitation.organization_id = ?1 AND invitation.id = ?2", select());
    let found = tx.optional(&sql, params![access.organization.as_str(), id.as_str()], from_row)?;
    found.ok_or(Error::NotFound)
}

/// Takes an open invitation back. [`Error::NotFound`] if it is over or another organization's.
pub fn revoke(tx: &mut Tx<'_>, access: &Access, actor: &Actor, id: &InvitationId) -> Result<()> {
    access.require(Scope::MembersWrite)?;
    let now = tx.now();
    let revoked = tx.execute(
        "UPDATE invitation SET revoked_at = ?3
         WHERE organization_id = ?1 AND id = ?2 AND accepted_at IS NULL AND revoked_at IS NULL",
        params![access.organization.as_str(), id.as_str(), now],
    )?;
    if revoked == 0 {
        return Err(Error::NotFound);
    }
    audit::record(tx, Some(&access.organization), actor, Action::InvitationRevoked, id.as_str())
}

/// Why a link does not lead in any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nobody has made it, or an administrator took it back, or a newer one took its place.
    Unknown,
    /// It was accepted.
    Used,
    /// Its seven days are over.
    Expired,
    /// Who invited can't give the role any more.
    InviterGone,
    /// The person is a member already, in service or out of it.
    Member,
}

/// Who holds the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holder {
    /// Somebody new: the address has no account.
    New,
    /// The address has an account that can sign in somewhere.
    Known,
    /// The address has an account that belongs to no organization, and so can't sign in until it does.
    Homeless,
}

/// What a link offers to whoever holds it.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The invitation.
    pub id: InvitationId,
    /// For whom.
    pub email: String,
    /// To what organization.
    pub organization: OrganizationId,
    /// Its name.
    pub organization_name: String,
    /// As what.
    pub role: Held,
    /// What the address is to this server.
    pub holder: Holder,
    /// What the row says of the role.
    stored_role: String,
    inviter: String,
}

/// What the link offers now, or why nothing.
pub fn offer(tx: &mut Tx<'_>, link: Hashed<InvitationToken>) -> Result<Result<Offer, Over>> {
    let Some((offer, end)) = find(tx, link)? else { return Ok(Err(Over::Unknown)) };
    if let Some(over) = end.over(tx.now()) {
        return Ok(Err(over));
    }
    if !can_still_invite(tx, &offer)? {
        return Ok(Err(Over::InviterGone));
    }
    let account =
        tx.optional("SELECT id, disabled_at FROM person WHERE email = ?1", params![&offer.email], |row| {
            Ok((row.parse::<PersonId>(0)?, row.get::<Option<Timestamp>>(1)?))
        })?;
    let Some((person, disabled_at)) = account else { return Ok(Ok(offer)) };
    if is_member(tx, &offer.organization, &person)? {
        return Ok(Err(Over::Member));
    }
    let belongs = !organization::of_person(tx, &person)?.is_empty();
    let holder = if belongs || disabled_at.is_some() { Holder::Known } else { Holder::Homeless };
    Ok(Ok(Offer { holder, ..offer }))
}

/// The times that end an invitation.
struct End {
    accepted_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    expires_at: Timestamp,
}

impl End {
    fn over(&self, now: Timestamp) -> Option<Over> {
        if self.accepted_at.is_some() {
            Some(Over::Used)
        } else if self.revoked_at.is_some() {
            Some(Over::Unknown)
        } else {
            (self.expires_at <= now).then_some(Over::Expired)
        }
    }
}

fn find(tx: &mut Tx<'_>, link: Hashed<InvitationToken>) -> Result<Option<(Offer, End)>> {
    let sql = format!(
        "SELECT invitation.id, invitation.email, invitation.organization_id, organization.name,
                {role}, coalesce(custom_role.name, invitation.role),
                invitation.role, invitation.inviter_id, invitation.accepted_at, invitation.revoked_at,
                invitation.expires_at
         FROM invitation JOIN organization ON organization.id = invitation.organization_id {ROLE_JOIN}
         WHERE invitation.token_hash = ?1 AND organization.suspended_at IS NULL",
        role = role::INVITED,
    );
    let found = tx.optional(&sql, params![link.as_bytes()], |row| {
        let offer = Offer {
            id: row.parse(0)?,
            email: row.get(1)?,
            organization: row.parse(2)?,
            organization_name: row.get(3)?,
            role: Held { role: role::from_row(row, 4)?, name: row.get(5)? },
            holder: Holder::New,
            stored_role: row.get(6)?,
            inviter: row.get(7)?,
        };
        let (accepted_at, revoked_at) = (row.get(8)?, row.get(9)?);
        Ok((offer, End { accepted_at, revoked_at, expires_at: row.get(10)? }))
    })?;
    Ok(found)
}

/// Whether who invited could still do it: a member of sufficient rank, or a key that may change members.
fn can_still_invite(tx: &mut Tx<'_>, offer: &Offer) -> Result<bool> {
    let rank = match offer.inviter.parse::<PersonId>() {
        Ok(person) => organization::role_of(tx, &offer.organization, &person)?,
        Err(_) => key_rank(tx, offer)?,
    };
    Ok(rank.is_some_and(|rank| rank.can_grant(offer.role.role)))
}

fn key_rank(tx: &mut Tx<'_>, offer: &Offer) -> Result<Option<Role>> {
    let now = tx.now();
    let live = tx.optional(
        "SELECT scopes FROM api_key WHERE organization_id = ?1 AND id = ?2 AND revoked_at IS NULL
           AND (expires_at IS NULL OR expires_at > ?3)",
        params![offer.organization.as_str(), &offer.inviter, now],
        |row| row.parse::<rules::scope::ScopeList>(0),
    )?;
    let manages = live.is_some_and(|scopes| scopes.contains(Scope::MembersWrite));
    Ok(manages.then_some(Role::OrganizationAdmin))
}

/// Whether in service or not: an invitation is no way around being disabled.
fn is_member(tx: &mut Tx<'_>, organization: &OrganizationId, person: &PersonId) -> Result<bool> {
    let sql = "SELECT 1 FROM membership WHERE organization_id = ?1 AND person_id = ?2";
    let found = tx.optional(sql, params![organization.as_str(), person.as_str()], |_| Ok(()))?;
    Ok(found.is_some())
}

/// How an invitation is accepted.
pub enum Acceptance<'a> {
    /// By the person of that address, who has signed in.
    SignedIn(&'a Session),
    /// By somebody new, who gets an account.
    NewAccount {
        /// What to call them.
        name: String,
        /// Their password, hashed before the transaction.
        password: PasswordDigest,
    },
    /// For an account that belongs nowhere. Its person signs in afterwards: the link makes them a member, not known.
    Homeless,
}

/// What became of an acceptance.
pub enum Accepted {
    /// The person is a member; somebody new is also signed in.
    Joined(Option<Plaintext<SessionToken>>),
    /// Nothing was left to accept.
    Over(Over),
    /// The signed-in person has another address.
    OtherPerson,
    /// The address has come to an account, or lost one, since the page was shown.
    Look,
}

/// Makes the invited person a member, once.
pub fn accept(
    tx: &mut Tx<'_>,
    mint: &Mint,
    link: Hashed<InvitationToken>,
    how: &Acceptance<'_>,
    visitor: &Visitor,
) -> Result<Accepted> {
    let offer = match offer(tx, link)? {
        Ok(offer) => offer,
        Err(over) => return Ok(Accepted::Over(over)),
    };
    let person = match (how, offer.holder) {
        (Acceptance::SignedIn(session), _) if session.person.email == offer.email => session.person.clone(),
        (Acceptance::SignedIn(_), _) => return Ok(Accepted::OtherPerson),
        (Acceptance::NewAccount { name, password }, Holder::New) => {
            new_account(tx, &offer, (name.as_str(), password), visitor)?
        }
        (Acceptance::Homeless, Holder::Homeless) => match person::by_email(tx, &offer.email)? {
            Some((person, _)) => person,
            None => return Ok(Accepted::Look),
        },
        (Acceptance::NewAccount { .. } | Acceptance::Homeless, _) => return Ok(Accepted::Look),
    };
    if !use_up(tx, &offer)? {
        return Ok(Accepted::Over(Over::Used));
    }
    join(tx, &offer, &person, visitor)?;
    let is_new = matches!(how, Acceptance::NewAccount { .. });
    let token = if is_new { Some(session::start(tx, mint, &person, visitor)?) } else { None };
    Ok(Accepted::Joined(token))
}

fn new_account(
    tx: &mut Tx<'_>,
    offer: &Offer,
    (name, password): (&str, &PasswordDigest),
    visitor: &Visitor,
) -> Result<Person> {
    let actor = Actor { who: offer.id.to_string(), address: visitor.address.clone() };
    let new = NewPerson { name: name.to_owned(), email: offer.email.clone(), password: password.clone() };
    person::create(tx, &actor, &new)
}

/// Of any number of acceptances at once, one gets a yes.
fn use_up(tx: &mut Tx<'_>, offer: &Offer) -> Result<bool> {
    let now = tx.now();
    let won = tx.execute(
        "UPDATE invitation SET accepted_at = ?2
         WHERE id = ?1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?2",
        params![offer.id.as_str(), now],
    )?;
    Ok(won == 1)
}

fn join(tx: &mut Tx<'_>, offer: &Offer, person: &Person, visitor: &Visitor) -> Result<()> {
    let now = tx.now();
    tx.execute(
        "INSERT INTO membership (organization_id, person_id, role, created_at) VALUES (?1, ?2, ?3, ?4)",
        params![offer.organization.as_str(), person.id.as_str(), &offer.stored_role, now],
    )?;
    tx.bump(offer.organization.as_str());
    let actor = Actor { who: person.id.to_string(), address: visitor.address.clone() };
    let what = (Action::InvitationAccepted, offer.id.as_str());
    audit::record_detail(tx, Some(&offer.organization), &actor, what, &offer.role.name)
}

/// Whether somebody is invited to this role, so that it has to stay.
pub(crate) fn needs_role(tx: &mut Tx<'_>, role: &rules::id::RoleId) -> Result<bool> {
    let now = tx.now();
    let found = tx.optional(
        "SELECT 1 FROM invitation
         WHERE role = ?1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > ?2 LIMIT 1",
        params![role.as_str(), now],
        |_| Ok(()),
    )?;
    Ok(found.is_some())
}
