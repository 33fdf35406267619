//! Leaks: credentials of ours that somebody found where they don't belong, and reported.
//!
//! Whoever has a credential can end it here, which is less than they could do with it. What works is revoked at once
//! and its owners are told; whether it did is told to nobody else. Every report is one write, whatever comes of it, so
//! that its duration tells little either.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use rules::access::Access;
use rules::id::{ClientId, LeakId, OrganizationId};
use rules::scope::Scope;
use rules::secret::{ApiKey, Bearer, ClientSecret, Hashed, Kind, Mint, Plaintext, RefreshToken};

use crate::audit::{self, Action, Actor};
use crate::introspection::ClientToken;
use crate::{Result, Tx, api_key, application, mail, token};
use db::params;

/// How many of the credentials that ended a mail names.
const NAMED: usize = 10;
/// What the mail is about.
const SUBJECT: &str = "A leaked credential was ended";
/// How long there is no other.
const QUIET: SignedDuration = SignedDuration::from_hours(1);
/// Who reports: nobody that we know.
const REPORTER: &str = "leak report";
/// How many leaks of one key or application its page tells.
const SHOWN: u32 = 10;

/// A reported text that has the shape of a credential of ours.
pub struct Reported {
    found: Found,
    last_four: String,
}

enum Found {
    ApiKey(Hashed<ApiKey>),
    ClientSecret(Hashed<ClientSecret>),
    Token(ClientToken),
}

impl Reported {
    /// Recognizes a credential by its shape; the checksum in it is no secret.
    pub fn read(mint: &Mint, text: &str) -> Option<Self> {
        match mint.format.read_bearer(text) {
            Ok(Bearer::ApiKey(key)) => return Some(Self::of(mint, &key, Found::ApiKey)),
            Ok(Bearer::AccessToken(token)) => {
                return Some(Self::of(mint, &token, |hash| Found::Token(ClientToken::Access(hash))));
            }
            Err(_) => {}
        }
        if let Ok(token) = mint.format.read::<RefreshToken>(text) {
            return Some(Self::of(mint, &token, |hash| Found::Token(ClientToken::Refresh(hash))));
        }
        let secret = mint.format.read::<ClientSecret>(text).ok()?;
        Some(Self::of(mint, &secret, Found::ClientSecret))
    }

    fn of<K: Kind>(mint: &Mint, secret: &Plaintext<K>, found: impl FnOnce(Hashed<K>) -> Found) -> Self {
        Self { found: found(mint.pepper.hash(secret)), last_four: secret.last_four().to_owned() }
    }

    fn credential(&self) -> Credential {
        match self.found {
            Found::ApiKey(_) => Credential::ApiKey,
            Found::ClientSecret(_) => Credential::ClientSecret,
            Found::Token(ClientToken::Access(_)) => Credential::AccessToken,
            Found::Token(ClientToken::Refresh(_)) => Credential::RefreshToken,
        }
    }
}

/// The kinds of credential that can leak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An API key.
    ApiKey,
    /// A client secret.
    ClientSecret,
    /// An access token.
    AccessToken,
    /// A refresh token.
    RefreshToken,
}

impl Credential {
    const ALL: [Self; 4] = [Self::ApiKey, Self::ClientSecret, Self::AccessToken, Self::RefreshToken];

    fn word(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::ClientSecret => "client_secret",
            Self::AccessToken => "access_token",
            Self::RefreshToken => "refresh_token",
        }
    }

    /// What people call it.
    pub fn words(self) -> &'static str {
        match self {
            Self::ApiKey => "API key",
            Self::ClientSecret => "client secret",
            Self::AccessToken => "access token",
            Self::RefreshToken => "refresh token",
        }
    }

    fn named(word: &str) -> std::result::Result<Self, String> {
        let found = Self::ALL.into_iter().find(|credential| credential.word() == word);
        found.ok_or_else(|| format!("unknown credential {word:?}"))
    }
}

/// Ends whatever works of what was reported, from this network address.
pub fn report(tx: &mut Tx<'_>, address: &str, reported: &[Reported]) -> Result<()> {
    let actor = Actor { who: REPORTER.to_owned(), address: address.to_owned() };
    let mut ended: BTreeMap<OrganizationId, Vec<String>> = BTreeMap::new();
    for one in reported {
        for owned in end(tx, &actor, one)? {
            let what = note(tx, &actor, one, &owned)?;
            ended.entry(owned.organization).or_default().push(what);
        }
    }
    for (organization, what) in &ended {
        write_to_owners(tx, organization, what)?;
    }
    let count = i64::try_from(reported.len()).unwrap_or(i64::MAX);
    tx.execute("UPDATE leak_tally SET received = received + ?1", params![count])?;
    Ok(())
}

/// To whom a leaked credential mattered.
struct Owned {
    organization: OrganizationId,
    /// What the audit log names.
    subject: String,
    /// The key or application whose page tells of it.
    holder: Option<String>,
}

/// Ends what works; nobody if nothing did.
fn end(tx: &mut Tx<'_>, actor: &Actor, reported: &Reported) -> Result<Vec<Owned>> {
    match &reported.found {
        Found::ApiKey(key) => {
            let ended = api_key::revoke_leaked(tx, actor, *key)?;
            let owned = |(id, organization): (rules::id::ApiKeyId, _)| Owned {
                organization,
                subject: id.to_string(),
                holder: Some(id.to_string()),
            };
            Ok(ended.map(owned).into_iter().collect())
        }
        Found::ClientSecret(secret) => {
            let ended = application::revoke_leaked_secret(tx, actor, *secret)?;
            let owned = |ended: application::EndedSecret| Owned {
                organization: ended.organization,
                subject: ended.id.to_string(),
                holder: Some(ended.client_id.to_string()),
            };
            Ok(ended.map(owned).into_iter().collect())
        }
        Found::Token(token) => match token::revoke_leaked(tx, actor, *token)? {
            None => Ok(Vec::new()),
            Some(ended) => both_owners(tx, ended),
        },
    }
}

/// A token matters to the organization whose data it opened, and to the application that may have lost it.
fn both_owners(tx: &mut Tx<'_>, ended: token::EndedFamily) -> Result<Vec<Owned>> {
    let consented =
        Owned { organization: ended.organization, subject: ended.family.to_string(), holder: None };
    let publisher = publisher(tx, &ended.client)?.map(|organization| Owned {
        organization,
        subject: ended.client.to_string(),
        holder: Some(ended.client.to_string()),
    });
    Ok(std::iter::once(consented).chain(publisher).collect())
}

fn publisher(tx: &mut Tx<'_>, client: &ClientId) -> Result<Option<OrganizationId>> {
    let sql = "SELECT organization_id FROM application WHERE client_id = ?1";
    Ok(tx.optional(sql, params![client.as_str()], |row| row.parse(0))?)
}

/// Tells the owners in their audit log and on the page of the key or application, once for each organization that a
/// leak mattered to, in the transaction that ended the credential. Gives it in words.
fn note(tx: &mut Tx<'_>, actor: &Actor, reported: &Reported, owned: &Owned) -> Result<String> {
    let credential = reported.credential();
    let detail = format!("{} ending in {}", credential.words(), reported.last_four);
    let what = (Action::LeakReported, owned.subject.as_str());
    audit::record_detail(tx, Some(&owned.organization), actor, what, &detail)?;
    if let Some(holder) = &owned.holder {
        let now = tx.now();
        let id = LeakId::new(now, tx.random()?);
        tx.execute(
            "INSERT INTO leak (id, holder_id, credential, last_four, reported_at) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id.as_str(), holder, credential.word(), &reported.last_four, now],
        )?;
    }
    Ok(format!("- {detail}, of {}\n", owned.subject))
}

/// One mail for all of a report, and one in an hour: whoever has many tokens of their own could report them one by one.
fn write_to_owners(tx: &mut Tx<'_>, organization: &OrganizationId, ended: &[String]) -> Result<()> {
    let named: String = ended.iter().take(NAMED).map(String::as_str).collect();
    let more = match ended.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("- and {more} more\n"),
    };
    let text = format!(
        "somebody found credentials of yours where they don't belong, and reported them:\n\n{named}{more}\nThey don't \
         work any more. Make new ones where they were used, and find out how they got out. If more are reported within \
         the hour, the audit log alone tells."
    );
    mail::send_to_administrators(tx, organization, (SUBJECT, &text), Some(QUIET))
}

/// A leak that ended a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leak {
    /// What it was.
    pub credential: Credential,
    /// How it ended.
    pub last_four: String,
    /// When somebody reported it.
    pub reported_at: Timestamp,
}

/// The leaks of one of the caller's keys, the latest first.
pub fn of_key(tx: &mut Tx<'_>, access: &Access, id: &rules::id::ApiKeyId) -> Result<Vec<Leak>> {
    access.require(Scope::ApiKeysRead)?;
    let owner = "SELECT id FROM api_key WHERE organization_id = ?1 AND id = ?2";
    of(tx, access, (owner, id.as_str()))
}

/// The leaks of one of the caller's applications, the latest first.
pub fn of_application(tx: &mut Tx<'_>, access: &Access, id: &ClientId) -> Result<Vec<Leak>> {
    access.require(Scope::ApplicationsRead)?;
    let owner = "SELECT client_id FROM application WHERE organization_id = ?1 AND client_id = ?2";
    of(tx, access, (owner, id.as_str()))
}

fn of(tx: &mut Tx<'_>, access: &Access, (owner, id): (&str, &str)) -> Result<Vec<Leak>> {
    let sql = format!(
        "SELECT credential, last_four, reported_at FROM leak WHERE holder_id IN ({owner}) ORDER BY id DESC LIMIT ?3"
    );
    let leaks = tx.all(&sql, params![access.organization.as_str(), id, SHOWN], |row| {
        Ok((row.get::<String>(0)?, row.get(1)?, row.get(2)?))
    })?;
    let leak = |(word, last_four, reported_at): (String, _, _)| {
        let credential = Credential::named(&word).ok()?;
        Some(Leak { credential, last_four, reported_at })
    };
    Ok(leaks.into_iter().filter_map(leak).collect())
}
