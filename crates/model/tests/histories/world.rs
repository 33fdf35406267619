//! The model under test: a database in which each history has people and applications of its own.

use std::sync::Arc;

use db::{Clock, Db, params};
use jiff::SignedDuration;
use model::application::{self, Application, Profile};
use model::audit::Actor;
use model::authorization;
use model::caller::{self, Presented};
use model::device_set::Devices;
use model::grant::{self, Approval, Approved};
use model::introspection::ClientToken;
use model::organization::{self, Organization};
use model::password::PasswordDigest;
use model::person::{self, NewPerson};
use model::session::{self, Session, Visitor};
use model::token::{self, Issued};
use model::{Error, Result, Tx};
use rules::access::Access;
use rules::authorize::{AuthorizationRequest, ClientFacts, IssuerParameter, Valid};
use rules::client_auth::ClientType;
use rules::exchange::{KeepReason, Redemption, Refusal, Rotation};
use rules::form::Form;
use rules::id::{ClientId, RequestId};
use rules::pkce::{Pkce, Reason, Verifier};
use rules::role::Role;
use rules::scope::{ScopeList, ScopeSet};
use rules::secret::{
    AccessToken, BrowserToken, Code, Format, Hashed, Mint, Mode, Pepper, Plaintext, RefreshToken,
};

use super::act::{APPS, Act, Client, Keeps, LISTINGS, NAMES, Outcome, PEOPLE, Proof, Scopes, Sent, Uri};
use super::reference::numbered;

const START: &str = "2026-05-01T12:00:00Z";
const ROLES: [Role; 3] = [Role::Viewer, Role::Operator, Role::OrganizationAdmin];

/// A database for many histories: making one takes longer than a history.
pub(crate) struct Stage {
    db: Db,
    mint: Mint,
    digest: PasswordDigest,
    count: u32,
    _dir: tempfile::TempDir,
}

/// One history's people, applications, and what they were given.
pub(crate) struct World {
    db: Db,
    cast: Arc<Cast>,
    requests: Vec<Waiting>,
    codes: Vec<(Plaintext<Code>, usize, Uri)>,
    accesses: Vec<(Plaintext<AccessToken>, usize)>,
    refreshes: Vec<(Plaintext<RefreshToken>, usize)>,
}

/// A request that was begun: by whom, for which application, and what its code will be bound to.
#[derive(Clone)]
struct Waiting {
    browser: Hashed<BrowserToken>,
    id: RequestId,
    who: (usize, usize),
    uri: Uri,
}

struct Cast {
    mint: Mint,
    actor: Actor,
    home: Organization,
    people: Vec<Session>,
    publisher: Access,
    apps: Vec<Application>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START.parse().unwrap());
        let db = Db::open(&dir.path().join("test.db"), &model::migrations(), clock).unwrap();
        let pepper = Pepper::new(db.read_blocking(|tx| tx.random()).unwrap());
        let mint = Mint { format: Format::new("bsn").unwrap(), pepper };
        let digest = PasswordDigest::of("a password that nobody needs here").unwrap();
        Self { db, mint, digest, count: 0, _dir: dir }
    }

    /// Time goes on from history to history, and ends in the year 9999.
    pub(crate) fn is_old(&self) -> bool {
        self.db.clock().now() > "2500-01-01T00:00:00Z".parse().unwrap()
    }

    pub(crate) fn world(&mut self) -> World {
        self.count += 1;
        let (mint, digest, number) = (self.mint.clone(), self.digest.clone(), self.count);
        let cast = self.db.write_blocking(move |tx| Cast::new(tx, &mint, &digest, number)).unwrap();
        World {
            db: self.db.clone(),
            cast: Arc::new(cast),
            requests: Vec::new(),
            codes: Vec::new(),
            accesses: Vec::new(),
            refreshes: Vec::new(),
        }
    }
}

impl Cast {
    fn new(tx: &mut Tx<'_>, mint: &Mint, digest: &PasswordDigest, number: u32) -> Result<Self> {
        let actor = Actor::local("history");
        let home = organization::create(tx, &actor, "Harbour Trust", Mode::Live)?;
        let publishers = organization::create(tx, &actor, "Tide Works", Mode::Live)?;
        let member = |tx: &mut Tx<'_>, name: &str, organization: &Organization, role| {
            let email = format!("{name}-{number}@harbour.example");
            let new = NewPerson { name: name.to_owned(), email, password: digest.clone() };
            let person = person::create(tx, &actor, &new)?;
            organization::add_member(tx, &organization.id, &person.id, role)?;
            let visitor = Visitor { address: "local".to_owned(), user_agent: String::new() };
            let token = session::start(tx, mint, &person, &visitor)?;
            session::find(tx, mint.pepper.hash(&token))?.ok_or(Error::NotFound)
        };
        let mut people = Vec::new();
        for person in 0..PEOPLE {
            people.push(member(tx, &format!("person{person}"), &home, ROLES[person % 2 + 1])?);
        }
        let publisher = member(tx, "publisher", &publishers, Role::Owner)?.access();
        let mut apps = Vec::new();
        for app in 0..APPS {
            let kind = if app == APPS - 1 { ClientType::Public } else { ClientType::Confidential };
            let profile = profile(app, app, (0, Keeps::No));
            apps.push(application::create(tx, &publisher, mint, &actor, (kind, &profile))?.0);
        }
        Ok(Self { mint: mint.clone(), actor, home, people, publisher, apps })
    }

    fn client_id(&self, app: usize) -> &ClientId {
        &self.apps[app].client_id
    }
}

fn profile(app: usize, listing: usize, (uris, keeps): (usize, Keeps)) -> Profile {
    let uris = ["https://app.example/callback", "http://127.0.0.1/callback"].into_iter().take(2 - uris);
    Profile {
        name: app_name(app),
        homepage_url: None,
        description: None,
        privacy_policy_url: None,
        terms_url: None,
        redirect_uris: uris.map(str::to_owned).collect(),
        scopes: list(LISTINGS[listing].0),
        optional_scopes: list(LISTINGS[listing].1),
        pkce: Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice),
        issuer: IssuerParameter::Sent,
        rotation: match keeps {
            Keeps::Yes => Rotation::Keep(KeepReason::ClientSecretAndOwnersChoice),
            Keeps::No => Rotation::Rotate,
        },
    }
}

fn app_name(app: usize) -> String {
    format!("Tide Tables {app}")
}

fn list(scopes: Scopes) -> ScopeList {
    let names = NAMES.iter().enumerate().filter(|(place, _)| scopes & (1 << place) != 0);
    names.map(|(_, name)| *name).collect::<Vec<_>>().join(" ").parse().unwrap()
}

fn bits(scopes: ScopeSet) -> Scopes {
    let place = |name: &str| NAMES.iter().position(|known| *known == name).unwrap();
    scopes.names().into_iter().fold(0, |bits, name| bits | 1 << place(name))
}

fn verifier(letter: &str) -> Verifier {
    Verifier::parse(&letter.repeat(43)).unwrap()
}

fn address(uri: Uri) -> &'static str {
    match uri {
        Uri::Web => "https://app.example/callback",
        Uri::Loopback => "http://127.0.0.1:49152/callback",
    }
}

impl World {
    pub(crate) fn pass(&self, milliseconds: i64) {
        self.db.clock().advance(SignedDuration::from_millis(milliseconds));
    }

    /// One transaction, as the server makes it. What is not there is an outcome like any other.
    fn write(&self, mut f: impl FnMut(&mut Tx<'_>, &Cast) -> Result<Outcome> + Send + 'static) -> Outcome {
        let cast = self.cast.clone();
        match self.db.write_blocking(move |tx| f(tx, &cast)) {
            Ok(outcome) => outcome,
            Err(Error::NotFound) => Outcome::NotFound,
            Err(error) => panic!("the model failed: {error}"),
        }
    }

    pub(crate) fn act(&mut self, act: &Act) -> Outcome {
        match *act {
            Act::Begin { person, app, scopes, uri, proof } => self.begin((person, app), scopes, (uri, proof)),
            Act::Approve { request, ticked } => self.approve(request, ticked),
            Act::Remember { person, app, scopes } => self.remember(person, app, scopes),
            Act::Redeem { code, by, proof, uri } => self.redeem(code, by, (proof, uri)),
            Act::Refresh { token, by, scopes } => self.refresh(token, by, scopes),
            Act::EndAccess { token, by } => self.end_access(token, by),
            Act::EndRefresh { token, by } => self.end_refresh(token, by),
            _ => self.change(act),
        }
    }
    fn begin(&mut self, who: (usize, usize), scopes: Scopes, (uri, proof): (Uri, Proof)) -> Outcome {
        let cast = self.cast.clone();
        let begun = self.db.write_blocking(move |tx| {
            let valid = match valid(tx, cast.client_id(who.1), scopes, (uri, proof))? {
                Ok(valid) => valid,
                Err(outcome) => return Ok(Err(outcome)),
            };
            // A browser for each request: one browser has only so many waiting.
            let browser = Hashed::<BrowserToken>::from_stored(tx.random()?);
            let id = authorization::begin(tx, (browser, Some("local")), cast.client_id(who.1), &valid)?;
            Ok::<_, Error>(Ok(Waiting { browser, id, who, uri }))
        });
        match begun.unwrap() {
            Ok(waiting) => {
                self.requests.push(waiting);
                Outcome::Waiting
            }
            Err(outcome) => outcome,
        }
    }

    fn approve(&mut self, back: usize, ticked: Scopes) -> Outcome {
        let Some(number) = numbered(back, self.requests.len()) else { return Outcome::Skipped };
        let (cast, waiting) = (self.cast.clone(), self.requests[number].clone());
        let (person, app) = waiting.who;
        let uri = waiting.uri;
        let approved = self.db.write_blocking(move |tx| {
            let pending = authorization::find(tx, waiting.browser, &waiting.id)?;
            let approval = Approval {
                organization: cast.home.id.clone(),
                optional: list(ticked & 31).set(),
                devices: Devices::All,
            };
            grant::approve(tx, &cast.mint, (&cast.people[person], &cast.actor), &pending, &approval)
        });
        match approved {
            Ok(Approved::Code(code)) => {
                self.codes.push((code, app, uri));
                Outcome::Code
            }
            Ok(Approved::RoleLacks(_)) => Outcome::RoleLacks,
            Ok(Approved::Nothing) => Outcome::NothingGiven,
            Ok(Approved::NeedsSecondFactor) => panic!("nobody demands a second factor here"),
            Err(Error::NotFound) => Outcome::NotFound,
            Err(error) => panic!("the model failed: {error}"),
        }
    }

    fn remember(&mut self, person: usize, app: usize, scopes: Scopes) -> Outcome {
        let cast = self.cast.clone();
        let remembered = self.db.write_blocking(move |tx| {
            let asked = valid(tx, cast.client_id(app), scopes, (Uri::Web, Proof::Right))?;
            let (valid, client) = match (asked, application::client(tx, cast.client_id(app).as_str())?) {
                (Ok(valid), Some(client)) => (valid, client),
                (Err(outcome), _) => return Ok(Err(outcome)),
                (Ok(_), None) => return Ok(Err(Outcome::NoClient)),
            };
            let who = (&cast.people[person], &cast.actor);
            grant::remembered(tx, &cast.mint, who, &client, &valid).map(Ok)
        });
        match remembered {
            Ok(Ok(Some(code))) => {
                self.codes.push((code, app, Uri::Web));
                Outcome::Code
            }
            Ok(Ok(None)) => Outcome::NoCode,
            Ok(Err(outcome)) => outcome,
            Err(error) => panic!("the model failed: {error}"),
        }
    }

    fn redeem(&mut self, back: usize, by: Client, (proof, sent): (Proof, Sent)) -> Outcome {
        let Some(number) = numbered(back, self.codes.len()) else { return Outcome::Skipped };
        let (code, app, uri) = self.codes[number].clone();
        let outcome = self.exchange((app, by), move |tx, cast, client| {
            let verifier = match proof {
                Proof::None => None,
                Proof::Right => Some(verifier("r")),
                Proof::Wrong => Some(verifier("w")),
            };
            let redirect_uri = match sent {
                Sent::None => None,
                Sent::Right => Some(address(uri)),
                Sent::Wrong => Some("https://app.example/other"),
            };
            let with = Redemption { redirect_uri, verifier: verifier.as_ref() };
            token::redeem(tx, &cast.mint, (client, &cast.actor), cast.mint.pepper.hash(&code), &with)
        });
        self.told(outcome, app)
    }

    fn refresh(&mut self, back: usize, by: Client, scopes: Option<Scopes>) -> Outcome {
        let Some(number) = numbered(back, self.refreshes.len()) else { return Outcome::Skipped };
        let (presented, app) = self.refreshes[number].clone();
        let outcome = self.exchange((app, by), move |tx, cast, client| {
            let scopes = scopes.map(list);
            let presented = token::Refresh { token: &presented, scopes: scopes.as_ref() };
            token::refresh(tx, &cast.mint, (client, &cast.actor), &presented)
        });
        self.told(outcome, app)
    }

    /// One request to the token endpoint by a client that has proven itself; none if there is no such client.
    fn exchange(
        &self,
        (app, by): (usize, Client),
        mut f: impl FnMut(&mut Tx<'_>, &Cast, &Application) -> Result<token::Outcome> + Send + 'static,
    ) -> Option<token::Outcome> {
        let cast = self.cast.clone();
        let outcome = self.db.write_blocking(move |tx| {
            match application::client(tx, cast.client_id(presenter(app, by)).as_str())? {
                Some(client) => f(tx, &cast, &client).map(Some),
                None => Ok(None),
            }
        });
        outcome.unwrap_or_else(|error: Error| panic!("the model failed: {error}"))
    }

    fn told(&mut self, outcome: Option<token::Outcome>, app: usize) -> Outcome {
        match outcome {
            None => Outcome::NoClient,
            Some(token::Outcome::Issued(issued)) => self.number(issued, app),
            Some(token::Outcome::Refused(refusal)) => Outcome::Refused(word(&refusal)),
        }
    }

    /// The tokens by their numbers: one that was issued before has the number that it had.
    fn number(&mut self, issued: Issued, app: usize) -> Outcome {
        let (scopes, expires_in) = (bits(issued.scopes.set()), issued.expires_in);
        let access = place(&mut self.accesses, issued.access, app);
        let refresh = issued.refresh.map(|refresh| place(&mut self.refreshes, refresh, app));
        Outcome::Tokens { access, refresh, scopes, expires_in }
    }

    fn end_access(&self, back: usize, by: Client) -> Outcome {
        let Some(number) = numbered(back, self.accesses.len()) else { return Outcome::Skipped };
        let (token, app) = &self.accesses[number];
        self.end(ClientToken::Access(self.cast.mint.pepper.hash(token)), (*app, by))
    }

    fn end_refresh(&self, back: usize, by: Client) -> Outcome {
        let Some(number) = numbered(back, self.refreshes.len()) else { return Outcome::Skipped };
        let (token, app) = &self.refreshes[number];
        self.end(ClientToken::Refresh(self.cast.mint.pepper.hash(token)), (*app, by))
    }

    fn end(&self, token: ClientToken, (app, by): (usize, Client)) -> Outcome {
        self.write(move |tx, cast| {
            let client = application::client(tx, cast.client_id(presenter(app, by)).as_str())?;
            let Some(client) = client else { return Ok(Outcome::NoClient) };
            token::revoke(tx, &client, &cast.actor, token).map(|()| Outcome::Done)
        })
    }

    fn change(&self, act: &Act) -> Outcome {
        if let Act::Wait { milliseconds } = act {
            self.pass(*milliseconds);
            return Outcome::Done;
        }
        let act = act.clone();
        self.write(move |tx, cast| {
            match act {
                Act::TakeBack { person, app } => take_back(tx, cast, (person, app))?,
                Act::SetRole { person, rank } => {
                    organization::set_role(tx, &cast.home.id, &cast.people[person].person.id, ROLES[rank])?;
                }
                Act::Disable { person } => set_disabled(tx, &cast.people[person], "?2")?,
                Act::Enable { person } => set_disabled(tx, &cast.people[person], "NULL")?,
                Act::Change { app, listing, uris, keeps } => {
                    let profile = profile(app, listing, (uris, keeps));
                    application::update(tx, &cast.publisher, &cast.actor, cast.client_id(app), &profile)?;
                }
                Act::Delete { app } => {
                    application::delete(tx, &cast.publisher, &cast.actor, cast.client_id(app))?;
                }
                _ => unreachable!("{act:?} is no change"),
            }
            Ok(Outcome::Done)
        })
    }

    /// What each access token may do now; none if it does not work.
    pub(crate) fn working(&self) -> Vec<Option<Scopes>> {
        let look = |tx: &mut Tx<'_>| {
            let hashes = self.accesses.iter().map(|(token, _)| self.cast.mint.pepper.hash(token));
            hashes.map(|hash| caller::by(tx, Presented::AccessToken(hash))).collect::<Result<Vec<_>>>()
        };
        let found = self.db.read_blocking(look).unwrap();
        let narrowed = |access: Access| {
            assert_eq!(access.organization, self.cast.home.id);
            bits(access.scopes)
        };
        found.into_iter().map(|access| access.map(narrowed)).collect()
    }

    /// Which applications each person lets in, by what they see of it.
    pub(crate) fn connections(&self) -> Vec<Vec<usize>> {
        let look = |tx: &mut Tx<'_>| {
            let people = self.cast.people.iter().map(|person| grant::of_person(tx, &person.access()));
            people.collect::<Result<Vec<_>>>()
        };
        let found = self.db.read_blocking(look).unwrap();
        let lets_in = |connections: &Vec<grant::Connection>, app| {
            connections.iter().any(|connection| connection.application == app_name(app))
        };
        found.iter().map(|of| (0..APPS).filter(|app| lets_in(of, *app)).collect()).collect()
    }
}

fn presenter(app: usize, by: Client) -> usize {
    if by == Client::Own { app } else { (app + 1) % APPS }
}

fn place<K>(known: &mut Vec<(Plaintext<K>, usize)>, token: Plaintext<K>, app: usize) -> usize {
    let found = known.iter().position(|(earlier, _)| earlier.expose() == token.expose());
    found.unwrap_or_else(|| {
        known.push((token, app));
        known.len() - 1
    })
}

/// The request of an application, if there is such an application and it may ask so.
fn valid(
    tx: &mut Tx<'_>,
    client: &ClientId,
    scopes: Scopes,
    (uri, proof): (Uri, Proof),
) -> Result<std::result::Result<Valid, Outcome>> {
    let Some(client) = application::client(tx, client.as_str())? else { return Ok(Err(Outcome::NoClient)) };
    let (scopes, uri) = (list(scopes).to_string().replace(' ', "+"), address(uri));
    let mut query =
        format!("response_type=code&client_id={}&redirect_uri={uri}&scope={scopes}", client.client_id);
    if proof != Proof::None {
        query += &format!("&code_challenge={}&code_challenge_method=S256", verifier("r").challenge());
    }
    let facts = ClientFacts {
        client_type: client.client_type,
        pkce: client.profile.pkce,
        redirect_uris: &client.profile.redirect_uris,
        required: &client.profile.scopes,
        optional: &client.profile.optional_scopes,
    };
    let form = Form::parse(query).unwrap();
    let checked = AuthorizationRequest::parse(&form).unwrap().check(&facts);
    Ok(checked.map_err(|_refusal| Outcome::BadRequest))
}

fn take_back(tx: &mut Tx<'_>, cast: &Cast, (person, app): (usize, usize)) -> Result<()> {
    let access = cast.people[person].access();
    let connections = grant::of_person(tx, &access)?;
    let found = connections.iter().find(|connection| connection.application == app_name(app));
    grant::revoke_own(tx, &access, &cast.actor, &found.ok_or(Error::NotFound)?.id)
}

/// No verb does this yet, so the history does what one would.
fn set_disabled(tx: &mut Tx<'_>, session: &Session, to: &str) -> Result<()> {
    let now = tx.now();
    let sql = format!("UPDATE person SET disabled_at = {to} WHERE id = ?1 AND ?2 = ?2");
    tx.execute(&sql, params![session.person.id.as_str(), now])?;
    tx.bump(session.organization.id.as_str());
    Ok(())
}

fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Unknown => "unknown",
        Refusal::OtherClient => "another client's",
        Refusal::Ended(_) => "ended",
        Refusal::Spoiled => "spoiled",
        Refusal::Expired { .. } => "expired",
        Refusal::CodeUsed { .. } => "used",
        Refusal::Rotated { .. } => "rotated",
        Refusal::SuccessorUsed { .. } => "successor used",
        Refusal::RedirectUriMissing { .. } => "redirect URI missing",
        Refusal::RedirectUri { .. } => "redirect URI",
        Refusal::RedirectUriRemoved => "redirect URI removed",
        Refusal::TakenBack => "taken back",
        Refusal::Proof(_) => "proof",
        Refusal::ScopeBeyondGrant(_) => "beyond",
        Refusal::RoleLacks(_) => "role lacks",
        Refusal::NoRole => "no role",
    }
}
