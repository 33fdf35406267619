//! OAuth applications: third-party programs that people can let at their data.
//!
//! An application belongs to the organization that publishes it and can be used by people of any organization.
//! The client type is fixed at birth: a client that never had a secret can't be told to keep one later.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use rules::access::Access;
use rules::authorize::IssuerParameter;
use rules::client_auth::ClientType;
use rules::exchange::{KeepReason, Rotation};
use rules::id::{ClientId, ClientSecretId, GrantId, OrganizationId};
use rules::pkce::{Pkce, Reason};
use rules::scope::{Scope, ScopeList};
use rules::secret::{ClientSecret, Hashed, Mint, Plaintext};

use crate::application_form;
use crate::audit::{self, Action, Actor};
use crate::{Error, Result, Tx, grant};
use db::{Row, params};

/// How many secrets can be live at once: the one in use and the one that replaces it.
const MAX_SECRETS: usize = 2;
/// How stale the time of a secret's last use may be.
const USE_STEP: SignedDuration = SignedDuration::from_mins(1);

/// An application, without its secrets.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its public name in the protocol.
    pub client_id: ClientId,
    /// The organization that publishes it.
    pub organization_id: OrganizationId,
    /// That organization's name.
    pub publisher: String,
    /// Whether it can keep a secret.
    pub client_type: ClientType,
    /// What its owner decides.
    pub profile: Profile,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the platform's operator vouched for it.
    pub verified_at: Option<Timestamp>,
}

/// What the owner of an application decides, and may change.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Application Name.
    pub name: String,
    /// Where it lives.
    pub homepage_url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it does with data.
    pub privacy_policy_url: Option<String>,
    /// On what terms.
    pub terms_url: Option<String>,
    /// Where people may be sent back to.
    pub redirect_uris: Vec<String>,
    /// Required scopes, in the owner's order.
    pub scopes: ScopeList,
    /// Scopes that people may add.
    pub optional_scopes: ScopeList,
    /// Whether its requests must carry a challenge.
    pub pkce: Pkce,
    /// Whether its answers carry the issuer.
    pub issuer: IssuerParameter,
    /// Whether its refresh tokens are replaced when they are used.
    pub rotation: Rotation,
}

/// A client secret as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct Secret {
    /// Its id.
    pub id: ClientSecretId,
    /// How it ends.
    pub last_four: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

const SELECT: &str = "SELECT application.client_id, application.organization_id, organization.name,
    application.client_type, application.name, application.homepage_url, application.description,
    application.privacy_policy_url, application.terms_url, application.scopes, application.optional_scopes,
    application.pkce, application.created_at, application.verified_at, application.issuer_parameter,
    application.refresh_rotation
    FROM application JOIN organization ON organization.id = application.organization_id";

fn from_row(row: &Row<'_>) -> db::Result<Application> {
    let client_type = client_type_named(row.text(3)?);
    let owners_choice = match row.text(11)? {
        "optional" => Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice),
        _ => Pkce::Required,
    };
    Ok(Application {
        client_id: row.parse(0)?,
        organization_id: row.parse(1)?,
        publisher: row.get(2)?,
        client_type,
        profile: Profile {
            name: row.get(4)?,
            homepage_url: row.get(5)?,
            description: row.get(6)?,
            privacy_policy_url: row.get(7)?,
            terms_url: row.get(8)?,
            // Filled in by `with_redirect_uris`.
            redirect_uris: Vec::new(),
            scopes: row.parse(9)?,
            optional_scopes: row.parse(10)?,
            pkce: Pkce::of(client_type, owners_choice),
            issuer: issuer_named(row.text(14)?),
            rotation: Rotation::of(client_type, rotation_named(row.text(15)?)),
        },
        created_at: row.get(12)?,
        verified_at: row.get(13)?,
    })
}

/// A word that is not "confidential" makes the stricter kind.
fn client_type_named(word: &str) -> ClientType {
    if word == "confidential" { ClientType::Confidential } else { ClientType::Public }
}

fn client_type_word(client_type: ClientType) -> &'static str {
    match client_type {
        ClientType::Confidential => "confidential",
        ClientType::Public => "public",
    }
}

fn pkce_word(pkce: Pkce) -> &'static str {
    match pkce {
        Pkce::Required => "required",
        Pkce::NotRequired(_) => "optional",
    }
}

/// A word that is not "left_out" sends it.
fn issuer_named(word: &str) -> IssuerParameter {
    if word == "left_out" { IssuerParameter::LeftOut } else { IssuerParameter::Sent }
}

fn issuer_word(issuer: IssuerParameter) -> &'static str {
    match issuer {
        IssuerParameter::Sent => "sent",
        IssuerParameter::LeftOut => "left_out",
    }
}

/// A word that is not "keep" rotates.
fn rotation_named(word: &str) -> Rotation {
    if word == "keep" { Rotation::Keep(KeepReason::ClientSecretAndOwnersChoice) } else { Rotation::Rotate }
}

fn rotation_word(rotation: Rotation) -> &'static str {
    match rotation {
        Rotation::Rotate => "rotate",
        Rotation::Keep(_) => "keep",
    }
}

/// Makes an application; a confidential one comes with the only copy of its first secret.
pub fn create(
    tx: &mut Tx<'_>,
    access: &Access,
    mint: &Mint,
    actor: &Actor,
    (client_type, profile): (ClientType, &Profile),
) -> Result<(Application, Option<Plaintext<ClientSecret>>)> {
    access.require(Scope::ApplicationsWrite)?;
    application_form::check(profile, client_type)?;
    let now = tx.now();
    let client_id = ClientId::new(now, tx.random()?);
    tx.execute(
        "INSERT INTO application (client_id, organization_id, name, homepage_url, description,
             privacy_policy_url, terms_url, client_type, pkce, scopes, optional_scopes, creator_id,
             created_at, updated_at, issuer_parameter, refresh_rotation)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?13, ?14, ?15)",
        params![
            client_id.as_str(),
            access.organization.as_str(),
            profile.name.trim(),
            profile.homepage_url.as_deref(),
            profile.description.as_deref(),
            profile.privacy_policy_url.as_deref(),
            profile.terms_url.as_deref(),
            client_type_word(client_type),
            pkce_word(Pkce::of(client_type, profile.pkce)),
            &profile.scopes.to_string(),
            &profile.optional_scopes.to_string(),
            creator(access),
            now,
            issuer_word(profile.issuer),
            rotation_word(Rotation::of(client_type, profile.rotation))
        ],
    )?;
    store_redirect_uris(tx, &client_id, &profile.redirect_uris)?;
    audit::record(tx, Some(&access.organization), actor, Action::ApplicationCreated, client_id.as_str())?;
    let secret = match client_type {
        ClientType::Confidential => Some(add_secret(tx, access, mint, actor, &client_id)?.1),
        ClientType::Public => None,
    };
    Ok((load(tx, access, &client_id)?, secret))
}

fn creator(access: &Access) -> Option<&str> {
    match &access.principal {
        rules::access::Principal::User(person) => Some(person.as_str()),
        rules::access::Principal::ApiKey(_) => None,
    }
}

/// Changes what the owner decides. Verification ends when what was verified changes; running grants are
/// narrowed to what is still listed with their next request.
pub fn update(
    tx: &mut Tx<'_>,
    access: &Access,
    actor: &Actor,
    client_id: &ClientId,
    profile: &Profile,
) -> Result<Application> {
    access.require(Scope::ApplicationsWrite)?;
    let before = load(tx, access, client_id)?;
    application_form::check(profile, before.client_type)?;
    let now = tx.now();
    let verified_at =
        before.verified_at.filter(|_| application_form::keeps_verified(&before.profile, profile));
    tx.execute(
        "UPDATE application SET name = ?2, homepage_url = ?3, description = ?4, privacy_policy_url = ?5,
             terms_url = ?6, pkce = ?7, scopes = ?8, optional_scopes = ?9, updated_at = ?10, verified_at = ?11,
             issuer_parameter = ?12, refresh_rotation = ?13
         WHERE client_id = ?1",
        params![
            client_id.as_str(),
            profile.name.trim(),
            profile.homepage_url.as_deref(),
            profile.description.as_deref(),
            profile.privacy_policy_url.as_deref(),
            profile.terms_url.as_deref(),
            pkce_word(Pkce::of(before.client_type, profile.pkce)),
            &profile.scopes.to_string(),
            &profile.optional_scopes.to_string(),
            now,
            verified_at,
            issuer_word(profile.issuer),
            rotation_word(Rotation::of(before.client_type, profile.rotation))
        ],
    )?;
    store_redirect_uris(tx, client_id, &profile.redirect_uris)?;
    bump_grantors(tx, client_id)?;
    audit::record(tx, Some(&access.organization), actor, Action::ApplicationChanged, client_id.as_str())?;
    load(tx, access, client_id)
}

/// Ends an application and every grant to it.
pub fn delete(tx: &mut Tx<'_>, access: &Access, actor: &Actor, client_id: &ClientId) -> Result<()> {
    access.require(Scope::ApplicationsWrite)?;
    load(tx, access, client_id)?;
    let now = tx.now();
    tx.execute(
        "UPDATE application SET deleted_at = ?2 WHERE client_id = ?1",
        params![client_id.as_str(), now],
    )?;
    audit::record(tx, Some(&access.organization), actor, Action::ApplicationDeleted, client_id.as_str())?;
    let grants: Vec<GrantId> = tx.all(
        "SELECT id FROM oauth_grant WHERE client_id = ?1 AND revoked_at IS NULL ORDER BY id",
        params![client_id.as_str()],
        |row| row.parse(0),
    )?;
    // One by one: each is in the log of the organization that it was for. Which of the publisher's people it was, and
    // from where, is in the publisher's own log and nobody else's.
    let actor = Actor::local(client_id.as_str());
    grants.iter().try_for_each(|grant| grant::revoke(tx, grant, &actor, "the application was deleted"))
}

/// Ends cached access of every organization in which somebody consented to the application.
fn bump_grantors(tx: &mut Tx<'_>, client_id: &ClientId) -> Result<()> {
    let organizations: Vec<String> = tx.all(
        "SELECT DISTINCT organization_id FROM oauth_grant WHERE client_id = ?1 AND revoked_at IS NULL",
        params![client_id.as_str()],
        |row| row.get(0),
    )?;
    for organization in &organizations {
        tx.bump(organization);
    }
    Ok(())
}

/// One application of the caller's organization.
pub fn find(tx: &mut Tx<'_>, access: &Access, client_id: &ClientId) -> Result<Application> {
    access.require(Scope::ApplicationsRead)?;
    load(tx, access, client_id)
}

/// [`find`] for who may change it, which takes no right to read the others.
pub fn own(tx: &mut Tx<'_>, access: &Access, client_id: &ClientId) -> Result<Application> {
    access.require(Scope::ApplicationsWrite)?;
    load(tx, access, client_id)
}

fn load(tx: &mut Tx<'_>, access: &Access, client_id: &ClientId) -> Result<Application> {
    let sql = format!(
        "{SELECT} WHERE application.organization_id = ?1 AND application.client_id = ?2
         AND application.deleted_at IS NULL"
    );
    let found = tx.optional(&sql, params![access.organization.as_str(), client_id.as_str()], from_row)?;
    with_redirect_uris(tx, found.ok_or(Error::NotFound)?)
}

/// A page of the caller's organization's applications, newest first, from before `before` on.
pub fn page(
    tx: &mut Tx<'_>,
    access: &Access,
    before: Option<&ClientId>,
    limit: u32,
) -> Result<Vec<Application>> {
    access.require(Scope::ApplicationsRead)?;
    let sql = format!(
        "{SELECT} WHERE application.organization_id = ?1 AND application.client_id < ?2
         AND application.deleted_at IS NULL ORDER BY application.client_id DESC LIMIT ?3"
    );
    // Sorts after every client id.
    let before = before.map_or("app~", ClientId::as_str);
    let found = tx.all(&sql, params![access.organization.as_str(), before, limit], from_row)?;
    found.into_iter().map(|application| with_redirect_uris(tx, application)).collect()
}

/// The live application behind a client id, as the protocol sees it: no organization's data, so no access.
pub fn client(tx: &mut Tx<'_>, client_id: &str) -> Result<Option<Application>> {
    let sql = format!(
        "{SELECT} WHERE application.client_id = ?1 AND application.deleted_at IS NULL
         AND organization.suspended_at IS NULL"
    );
    match tx.optional(&sql, params![client_id], from_row)? {
        Some(found) => with_redirect_uris(tx, found).map(Some),
        None => Ok(None),
    }
}

fn with_redirect_uris(tx: &mut Tx<'_>, mut application: Application) -> Result<Application> {
    application.profile.redirect_uris = tx.all(
        "SELECT uri FROM redirect_uri WHERE client_id = ?1 ORDER BY position",
        params![application.client_id.as_str()],
        |row| row.get(0),
    )?;
    Ok(application)
}

fn store_redirect_uris(tx: &mut Tx<'_>, client_id: &ClientId, uris: &[String]) -> Result<()> {
    tx.execute("DELETE FROM redirect_uri WHERE client_id = ?1", params![client_id.as_str()])?;
    for (position, uri) in (0i64..).zip(uris) {
        tx.execute(
            "INSERT INTO redirect_uri (client_id, uri, position) VALUES (?1, ?2, ?3)",
            params![client_id.as_str(), uri, position],
        )?;
    }
    Ok(())
}

/// The live secrets, oldest first.
pub fn secrets(tx: &mut Tx<'_>, access: &Access, client_id: &ClientId) -> Result<Vec<Secret>> {
    find(tx, access, client_id)?;
    live_secrets(tx, client_id)
}

fn live_secrets(tx: &mut Tx<'_>, client_id: &ClientId) -> Result<Vec<Secret>> {
    let secrets = tx.all(
        "SELECT id, last_four, created_at, last_used_at FROM client_secret
         WHERE client_id = ?1 AND revoked_at IS NULL ORDER BY id",
        params![client_id.as_str()],
        |row| {
            Ok(Secret {
                id: row.parse(0)?,
                last_four: row.get(1)?,
                created_at: row.get(2)?,
                last_used_at: row.get(3)?,
            })
        },
    )?;
    Ok(secrets)
}

/// Makes a further secret, so that it can be rolled out before the old one is revoked. Two at most.
pub fn add_secret(
    tx: &mut Tx<'_>,
    access: &Access,
    mint: &Mint,
    actor: &Actor,
    client_id: &ClientId,
) -> Result<(ClientSecretId, Plaintext<ClientSecret>)> {
    access.require(Scope::ApplicationsWrite)?;
    if load(tx, access, client_id)?.client_type == ClientType::Public {
        return Err(Error::NotAllowed("This application uses PKCE alone and has no secret.".into()));
    }
    if live_secrets(tx, client_id)?.len() >= MAX_SECRETS {
        return Err(Error::NotAllowed("Two secrets are live already. Revoke one first.".into()));
    }
    let now = tx.now();
    let id = ClientSecretId::new(now, tx.random()?);
    let (secret, hash) = mint.coin::<ClientSecret>(tx.random()?);
    tx.execute(
        "INSERT INTO client_secret (id, client_id, secret_hash, last_four, creator_id, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![id.as_str(), client_id.as_str(), hash.as_bytes(), secret.last_four(), creator(access), now],
    )?;
    audit::record(tx, Some(&access.organization), actor, Action::ClientSecretCreated, id.as_str())?;
    Ok((id, secret))
}

/// Ends a secret; the last live one stays until another is made.
pub fn revoke_secret(
    tx: &mut Tx<'_>,
    access: &Access,
    actor: &Actor,
    (client_id, secret): (&ClientId, &ClientSecretId),
) -> Result<()> {
    access.require(Scope::ApplicationsWrite)?;
    load(tx, access, client_id)?;
    let live = live_secrets(tx, client_id)?;
    if !live.iter().any(|known| known.id == *secret) {
        return Err(Error::NotFound);
    }
    if live.len() == 1 {
        let why = "This is the only secret. Create another first, or delete the application.";
        return Err(Error::NotAllowed(why.into()));
    }
    let now = tx.now();
    tx.execute("UPDATE client_secret SET revoked_at = ?2 WHERE id = ?1", params![secret.as_str(), now])?;
    audit::record(tx, Some(&access.organization), actor, Action::ClientSecretRevoked, secret.as_str())
}

/// Which of the client's live secrets `presented` is. Every live secret is compared, in constant time.
pub fn secret_of(
    tx: &mut Tx<'_>,
    client_id: &ClientId,
    presented: Hashed<ClientSecret>,
) -> Result<Option<ClientSecretId>> {
    let live = tx.all(
        "SELECT id, secret_hash FROM client_secret WHERE client_id = ?1 AND revoked_at IS NULL",
        params![client_id.as_str()],
        |row| Ok((row.parse::<ClientSecretId>(0)?, Hashed::<ClientSecret>::from_stored(row.get(1)?))),
    )?;
    let compared: Vec<_> = live.into_iter().map(|(id, known)| (id, known.matches(&presented))).collect();
    Ok(compared.into_iter().find(|(_, fits)| *fits).map(|(id, _)| id))
}

/// Notes that a secret was used at `at`, to the minute.
pub fn note_secret_use(tx: &mut Tx<'_>, secret: &ClientSecretId, at: Timestamp) -> Result<()> {
    tx.execute(
        "UPDATE client_secret SET last_used_at = ?2
         WHERE id = ?1 AND (last_used_at IS NULL OR last_used_at < ?3)",
        params![secret.as_str(), at, at - USE_STEP],
    )?;
    Ok(())
}
