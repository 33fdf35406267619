//! The server under test, with a database of its own, and builders that go through the model's verbs.

use std::cell::{Cell, RefCell};
use std::sync::OnceLock;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use db::{Clock, Db};
use model::api_key::{self, NewApiKey};
use model::application::{self, Application, Profile};
use model::audit::Actor;
use model::device::{self, NewDevice};
use model::device_set::Devices;
use model::organization::{self, Organization};
use model::password::PasswordDigest;
use model::person::{self, NewPerson, Person};
use model::{Result, Tx};
use rules::access::{Access, Credential, DeviceSet, Principal};
use rules::client_auth::ClientType;
use rules::id::{ApiKeyId, DeviceId, SessionId};
use rules::pkce::{Pkce, Reason};
use rules::role::Role;
use rules::secret::{Format, Mint, Mode, Pepper};
use server::app::App;
use server::config::Site;

use super::log::Log;
use super::{Answer, Browser, CALLBACK, Program, TokenCall, credentials_in};

/// When every story starts.
const START: &str = "2026-05-01T12:00:00Z";

/// The server and its world.
pub(crate) struct TestApp {
    pub(crate) app: App,
    pub(crate) site: Site,
    /// Where most stories happen; only [`TestApp::empty`] has none.
    home: Option<Organization>,
    router: Router,
    runtime: Runtime,
    log: Log,
    dir: tempfile::TempDir,
    seen: RefCell<Vec<String>>,
    count: Cell<u32>,
}

/// A person, their password, and what they are in an organization.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) person: Person,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) organization: Organization,
    pub(crate) role: Role,
}

/// An API key with its secret.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: ApiKeyId,
    pub(crate) secret: String,
}

/// An OAuth application, as its developer knows it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// None makes it a public client.
    pub(crate) secret: Option<String>,
    pub(crate) application: Application,
}

impl TestApp {
    /// A server at `http://127.0.0.1:8080` with one organization, Harbour Trust.
    pub(crate) fn new() -> Self {
        Self::at("http://127.0.0.1:8080")
    }

    /// The same at another address.
    pub(crate) fn at(public_url: &str) -> Self {
        let mut app = Self::empty_at(public_url);
        app.home = Some(app.organization("Harbour Trust"));
        app
    }

    /// A server on its first day: nobody has an account.
    pub(crate) fn empty() -> Self {
        Self::empty_at("http://127.0.0.1:8080")
    }

    fn empty_at(public_url: &str) -> Self {
        let log = Log::listen();
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START.parse::<Timestamp>().unwrap());
        let db = Db::open(&dir.path().join("bluesonde.db"), &model::migrations(), clock).unwrap();
        let chance = db.read_blocking(|tx| tx.random::<32>()).unwrap();
        let mint = Mint { format: Format::new("bsn").unwrap(), pepper: Pepper::new(chance) };
        let site = Site {
            public_url: public_url.to_owned(),
            api_url: format!("{public_url}/v1"),
            trusted_proxies: Vec::new(),
            support_contact: Some("help@bluesonde.example".to_owned()),
        };
        let app = App::new(db, mint, site.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (seen, count) = (RefCell::default(), Cell::new(0));
        Self {
            router: server::http::router(app.clone()),
            app,
            site,
            home: None,
            runtime,
            log,
            dir,
            seen,
            count,
        }
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) fn send(&self, request: Request) -> Answer {
        let asked = format!("{} {}", request.method(), request.uri());
        let router = self.router.clone();
        let (parts, body) = self.runtime.block_on(async {
            let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
            (parts, body.collect().await.unwrap().to_bytes())
        });
        let body = String::from_utf8_lossy(&body).into_owned();
        let answer = Answer { status: parts.status, headers: parts.headers, body, asked };
        self.note_secrets(&answer);
        answer
    }

    fn note_secrets(&self, answer: &Answer) {
        let headers = answer.headers.values().filter_map(|value| value.to_str().ok());
        let texts = std::iter::once(answer.body.as_str()).chain(headers);
        self.seen.borrow_mut().extend(texts.flat_map(credentials_in));
    }

    /// Every credential that the server gave out so far.
    pub(crate) fn credentials_given(&self) -> Vec<String> {
        self.seen.borrow().clone()
    }

    /// The bytes of the database, its log included, as text.
    pub(crate) fn database_text(&self) -> String {
        let files = std::fs::read_dir(self.dir.path()).unwrap();
        let bytes = files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap());
        String::from_utf8_lossy(&bytes.collect::<Vec<_>>()).into_owned()
    }

    pub(crate) fn log_text(&self) -> String {
        self.log.text()
    }

    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// A browser that nobody has used yet.
    pub(crate) fn browser(&self) -> Browser<'_> {
        Browser::new(self)
    }

    /// A browser in which this person has signed in.
    #[track_caller]
    pub(crate) fn signed_in(&self, member: &Member) -> Browser<'_> {
        let browser = self.browser();
        browser.sign_in(member);
        assert!(browser.cookie("session").or_else(|| browser.cookie("__Host-session")).is_some());
        browser
    }

    /// A program that shows this credential.
    pub(crate) fn program(&self, credential: &str) -> Program<'_> {
        Program::new(self, credential)
    }

    /// A request to the token endpoint, to be filled in.
    pub(crate) fn token_call(&self) -> TokenCall<'_> {
        TokenCall::new(self)
    }

    /// Opens an address without a browser's cookies.
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send(Request::builder().uri(target).body(Body::empty()).unwrap())
    }

    pub(crate) fn advance(&self, by: SignedDuration) {
        self.app.db.clock().advance(by);
    }

    pub(crate) fn advance_secs(&self, seconds: i64) {
        self.advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) fn advance_days(&self, days: i64) {
        self.advance(SignedDuration::from_hours(24 * days));
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.app.db.clock().now()
    }

    /// Runs a verb of the model.
    #[track_caller]
    pub(crate) fn write<T: Send + 'static>(
        &self,
        f: impl FnMut(&mut Tx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.app.db.write_blocking(f).unwrap()
    }

    #[track_caller]
    pub(crate) fn read<T>(&self, f: impl FnMut(&mut Tx<'_>) -> Result<T>) -> T {
        self.app.db.read_blocking(f).unwrap()
    }

    /// 43 random characters that fit everywhere.
    pub(crate) fn chance(&self) -> String {
        use base64::Engine;
        let bytes = self.app.db.read_blocking(|tx| tx.random::<32>()).unwrap();
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Moves on by a millisecond, because ids made within one have no order, and counts.
    fn tick(&self) -> u32 {
        self.advance(SignedDuration::from_millis(1));
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// The organization of most stories.
    pub(crate) fn home(&self) -> &Organization {
        self.home.as_ref().expect("the server was set up")
    }

    pub(crate) fn organization(&self, name: &str) -> Organization {
        self.tick();
        let name = name.to_owned();
        self.write(move |tx| organization::create(tx, &Actor::local("story"), &name, Mode::Live))
    }

    /// A new person with this role in the home organization.
    pub(crate) fn member(&self, role: Role) -> Member {
        self.member_of(self.home(), role)
    }

    pub(crate) fn member_of(&self, organization: &Organization, role: Role) -> Member {
        let number = self.tick();
        let email = format!("person-{number}@harbour.example");
        let new = NewPerson { name: format!("Person {number}"), email: email.clone(), password: digest() };
        let person = self.write(move |tx| person::create(tx, &Actor::local("story"), &new));
        let member = Member { person, email, password: password(), organization: organization.clone(), role };
        self.join(&member);
        member
    }

    /// Makes a person a member of one more organization.
    pub(crate) fn join(&self, member: &Member) {
        let (organization, person, role) =
            (member.organization.id.clone(), member.person.id.clone(), member.role);
        self.write(move |tx| organization::add_member(tx, &organization, &person, role));
    }

    pub(crate) fn set_role(&self, member: &Member, role: Role) {
        let (organization, person) = (member.organization.id.clone(), member.person.id.clone());
        self.write(move |tx| organization::set_role(tx, &organization, &person, role));
    }

    /// What an Owner of the organization may do.
    pub(crate) fn access(&self, organization: &Organization) -> Access {
        let owner = self.member_of(organization, Role::Owner);
        let session = SessionId::new(self.now(), [7; 10]);
        Access {
            organization: organization.id.clone(),
            scopes: Role::Owner.scopes(),
            devices: DeviceSet::All,
            principal: Principal::User(owner.person.id),
            credential: Credential::Session { id: session, role: Role::Owner },
            expires_at: None,
        }
    }

    /// A key of the home organization with these scopes.
    pub(crate) fn key(&self, scopes: &str) -> Key {
        self.key_of(self.home(), |new| new.scopes = scopes.parse().unwrap())
    }

    /// A key that the story describes; at first it may do everything for ever.
    pub(crate) fn key_of(&self, organization: &Organization, describe: impl FnOnce(&mut NewApiKey)) -> Key {
        let number = self.tick();
        let mut new = NewApiKey {
            name: format!("Key {number}"),
            scopes: Role::Owner.scopes().iter().collect(),
            devices: Devices::All,
            expires_at: None,
        };
        describe(&mut new);
        let (access, mint) = (self.access(organization), self.app.mint.clone());
        let (key, secret) =
            self.write(move |tx| api_key::create(tx, &access, &mint, &Actor::local("story"), &new));
        Key { id: key.id, secret: secret.expose().to_owned() }
    }

    pub(crate) fn revoke_key(&self, organization: &Organization, key: &Key) {
        let (access, id) = (self.access(organization), key.id.clone());
        self.write(move |tx| api_key::revoke(tx, &access, &Actor::local("story"), &id));
    }

    pub(crate) fn device(&self, organization: &Organization) -> DeviceId {
        let number = self.tick();
        let new = NewDevice {
            name: format!("Buoy {number}"),
            serial_number: format!("SN-{number}"),
            location: None,
            interval_seconds: 600,
        };
        let organization = organization.id.clone();
        self.write(move |tx| device::create(tx, &organization, new.clone())).id
    }

    /// An application with a secret and these required scopes, of a publisher of its own.
    pub(crate) fn confidential(&self, scopes: &str) -> Client {
        self.application(ClientType::Confidential, |profile| profile.scopes = scopes.parse().unwrap())
    }

    /// An application without a secret.
    pub(crate) fn public(&self, scopes: &str) -> Client {
        self.application(ClientType::Public, |profile| profile.scopes = scopes.parse().unwrap())
    }

    /// An application that the story describes; at first it requires `devices:read`.
    pub(crate) fn application(&self, client_type: ClientType, describe: impl FnOnce(&mut Profile)) -> Client {
        let number = self.tick();
        let mut profile = Profile {
            name: format!("Tide Tables {number}"),
            homepage_url: None,
            description: None,
            privacy_policy_url: None,
            terms_url: None,
            redirect_uris: vec![CALLBACK.to_owned()],
            scopes: "devices:read".parse().unwrap(),
            optional_scopes: rules::scope::ScopeList::default(),
            pkce: Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice),
        };
        describe(&mut profile);
        let publisher = self.organization(&format!("Publisher {number}"));
        let (access, mint) = (self.access(&publisher), self.app.mint.clone());
        let (application, secret) = self.write(move |tx| {
            application::create(tx, &access, &mint, &Actor::local("story"), (client_type, &profile))
        });
        let secret = secret.map(|secret| secret.expose().to_owned());
        Client { id: application.client_id.to_string(), secret, application }
    }

    /// The publisher changes its application.
    pub(crate) fn update(&self, client: &Client, change: impl FnOnce(&mut Profile)) {
        let mut profile = client.application.profile.clone();
        change(&mut profile);
        let (access, id) = (self.publisher(client), client.application.client_id.clone());
        self.write(move |tx| application::update(tx, &access, &Actor::local("story"), &id, &profile));
    }

    pub(crate) fn delete(&self, client: &Client) {
        let (access, id) = (self.publisher(client), client.application.client_id.clone());
        self.write(move |tx| application::delete(tx, &access, &Actor::local("story"), &id));
    }

    fn publisher(&self, client: &Client) -> Access {
        let id = client.application.organization_id.clone();
        let publisher = self.read(|tx| organization::find(tx, &id)).unwrap();
        self.access(&publisher)
    }
}

/// The password of everybody, made here so that it stands nowhere in the sources as one.
pub(crate) fn password() -> String {
    ["tide", "and", "time", "wait", "for", "nobody"].join(" ")
}

/// Hashed once for all: fifteen milliseconds are long in a test.
fn digest() -> PasswordDigest {
    static DIGEST: OnceLock<PasswordDigest> = OnceLock::new();
    DIGEST.get_or_init(|| PasswordDigest::of(&password()).unwrap()).clone()
}

/// What every story must leave behind: no error in the log, and no credential where it can be read.
impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let log = self.log_text();
        assert!(!log.contains(" ERROR "), "the server logged an error:\n{log}");
        assert_eq!(credentials_in(&log), [""; 0], "a credential was logged");
        assert_eq!(
            credentials_in(&self.database_text()),
            [""; 0],
            "a credential is readable in the database"
        );
    }
}
