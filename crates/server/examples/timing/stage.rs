//! A server in a directory of its own, and what is compared on it.

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use tokio::runtime::Runtime;
use tower::ServiceExt;

use db::{Clock, Db};
use model::api_key::{self, NewApiKey};
use model::application::{self, Application, Profile};
use model::audit::Actor;
use model::caller::{self, Presented};
use model::device_set::Devices;
use model::password::PasswordDigest;
use model::person::{self, NewPerson};
use model::{Result, organization};
use rules::access::{Access, Credential, DeviceSet, Principal};
use rules::authorize::IssuerParameter;
use rules::client_auth::ClientType;
use rules::exchange::Rotation;
use rules::id::SessionId;
use rules::pkce::{Pkce, Reason};
use rules::role::Role;
use rules::scope::ScopeList;
use rules::secret::{Bearer, ClientSecret, Format, Hashed, Mint, Mode, Pepper};
use server::app::App;
use server::config::Site;
use server::http::edge::Peer;
use server::mail::Postman;

use super::Outcome;
use super::credentials::{self, guess, with_wrong_checksum};
use super::welch::{Dice, Side, compare};

/// Comparisons in one sample where one alone is shorter than the clock can tell.
const REPEATS: usize = 64;

/// Where a client proves itself, and with what body.
type Endpoint = (&'static str, &'static str);

const TOKEN: Endpoint = ("/oauth2/token", "grant_type=authorization_code&code=x&redirect_uri=x");
const REVOCATION: Endpoint = ("/oauth2/revoke", "token=x");
const INTROSPECTION: Endpoint = ("/oauth2/introspect", "token=x");

/// One application and one key.
pub(crate) struct Stage {
    app: App,
    router: Router,
    runtime: Runtime,
    client: Application,
    client_secret: String,
    key: String,
    _dir: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new() -> Outcome<Self> {
        let dir = tempfile::tempdir()?;
        let start = "2026-05-01T12:00:00Z".parse()?;
        let db = Db::open(&dir.path().join("bluesonde.db"), &model::migrations(), Clock::manual(start))?;
        let pepper = Pepper::new(db.read_blocking(|tx| tx.random())?);
        let mint = Mint { format: Format::new("bsn")?, pepper };
        let ((client, client_secret), key) = furnish(&db, &mint)?;
        let site = Site {
            public_url: "http://127.0.0.1:8080".to_owned(),
            api_url: "http://127.0.0.1:8080/v1".to_owned(),
            trusted_proxies: Vec::new(),
            support_contact: None,
        };
        let app = App::new(db, mint, (site, Postman::Nobody));
        let router = server::http::router(app.clone());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        Ok(Self { app, router, runtime, client, client_secret, key, _dir: dir })
    }

    pub(crate) fn chance(&self) -> Outcome<[u8; 8]> {
        Ok(self.app.db.read_blocking(|tx| tx.random())?)
    }

    fn send(&self, request: Request<Body>) -> StatusCode {
        let router = self.router.clone();
        let answer = self.runtime.block_on(router.oneshot(request));
        answer.map_or(StatusCode::IM_A_TEAPOT, |answer| answer.status())
    }

    /// A request to one of the endpoints of clients that fails for its client's sake.
    fn client_request(
        &self,
        (path, body): Endpoint,
        (client, secret): (&str, &str),
        dice: &mut Dice,
    ) -> Request<Body> {
        let basic = BASE64_STANDARD.encode(format!("{client}:{secret}"));
        let request = Request::post(path)
            .header("authorization", format!("Basic {basic}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .extension(stranger(dice));
        request.body(Body::from(body)).unwrap_or_default()
    }

    /// The stored hash with one byte changed: the last or the first.
    fn wrong_hash(&self, side: Side, dice: &mut Dice) -> Option<Hashed<ClientSecret>> {
        let truth = self.app.mint.format.read::<ClientSecret>(&self.client_secret).ok()?;
        let mut bytes = *self.app.mint.pepper.hash(&truth).as_bytes();
        let wrong = if side == Side::First { bytes.last_mut() } else { bytes.first_mut() };
        *wrong? ^= u8::try_from(1 + dice.below(255)).unwrap_or(1);
        Some(Hashed::from_stored(bytes))
    }
}

type Furniture = ((Application, String), String);

fn furnish(db: &Db, mint: &Mint) -> Outcome<Furniture> {
    let mint = mint.clone();
    let digest =
        PasswordDigest::of("a password that nobody needs here").ok_or("a password can't be hashed")?;
    let made = db.write_blocking(move |tx| -> Result<Furniture> {
        let actor = Actor::local("timing");
        let home = organization::create(tx, &actor, "Harbour Trust", Mode::Live)?;
        let email = "owner@harbour.example".to_owned();
        let owner = NewPerson { name: "Owner".to_owned(), email, password: digest.clone() };
        let owner = person::create(tx, &actor, &owner)?;
        organization::add_member(tx, &home.id, &owner.id, Role::Owner)?;
        let access = Access {
            organization: home.id.clone(),
            scopes: Role::Owner.scopes(),
            devices: DeviceSet::All,
            principal: Principal::User(owner.id),
            credential: Credential::Session { id: SessionId::new(tx.now(), [7; 10]), role: Role::Owner },
            expires_at: None,
        };
        let (client, secret) =
            application::create(tx, &access, &mint, &actor, (ClientType::Confidential, &profile()))?;
        let (_, key) = api_key::create(tx, &access, &mint, &actor, &new_key())?;
        let secret = secret.map(|secret| secret.expose().to_owned()).unwrap_or_default();
        Ok(((client, secret), key.expose().to_owned()))
    })?;
    Ok(made)
}

fn profile() -> Profile {
    Profile {
        name: "Tide Tables".to_owned(),
        homepage_url: None,
        description: None,
        privacy_policy_url: None,
        terms_url: None,
        redirect_uris: vec!["https://app.example/callback".to_owned()],
        scopes: "devices:read".parse().unwrap_or_default(),
        optional_scopes: ScopeList::default(),
        pkce: Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice),
        issuer: IssuerParameter::Sent,
        rotation: Rotation::Rotate,
    }
}

fn new_key() -> NewApiKey {
    let scopes = "devices:read".parse().unwrap_or_default();
    NewApiKey { name: "Key".to_owned(), scopes, devices: Devices::All, expires_at: None }
}

/// Another address each time, so that nobody is slowed for failing.
fn stranger(dice: &mut Dice) -> Peer {
    let [a, b, c, d, ..] = dice.next().to_le_bytes();
    Peer(SocketAddr::from((Ipv4Addr::new(a, b, c, d), 1)))
}

pub(crate) fn hashes(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    let truth = stage.app.mint.format.read::<ClientSecret>(&stage.client_secret)?;
    let stored = stage.app.mint.pepper.hash(&truth);
    Ok(compare(
        samples,
        dice,
        |side, dice| stage.wrong_hash(side, dice).unwrap_or(stored),
        |wrong| (0..REPEATS).filter(|_| black_box(&stored).matches(&wrong)).count(),
    ))
}

/// The same hashes by a comparison as it must not be.
pub(crate) fn careless(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    let truth = stage.app.mint.format.read::<ClientSecret>(&stage.client_secret)?;
    let stored = *stage.app.mint.pepper.hash(&truth).as_bytes();
    let is_same = |wrong: &[u8; 32]| stored.iter().zip(wrong).all(|(one, other)| black_box(one) == other);
    Ok(compare(
        samples,
        dice,
        |side, dice| stage.wrong_hash(side, dice).map_or(stored, |wrong| *wrong.as_bytes()),
        |wrong| (0..REPEATS).filter(|_| is_same(black_box(&wrong))).count(),
    ))
}

pub(crate) fn secret_of(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    let measured = stage.app.db.read_blocking(|tx| -> Result<f64> {
        Ok(compare(
            samples,
            dice,
            |side, dice| stage.wrong_hash(side, dice),
            |wrong| wrong.map(|wrong| application::secret_of(tx, &stage.client.client_id, wrong)),
        ))
    })?;
    Ok(measured)
}

pub(crate) fn token_endpoint(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    client_secret(stage, TOKEN, samples, dice)
}

pub(crate) fn revocation(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    client_secret(stage, REVOCATION, samples, dice)
}

pub(crate) fn introspection(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    client_secret(stage, INTROSPECTION, samples, dice)
}

fn client_secret(stage: &Stage, endpoint: Endpoint, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    // Were the guess malformed, it would be refused before anything is compared.
    stage.app.mint.format.read::<ClientSecret>(&guess(&stage.client_secret, Side::First, dice))?;
    let request = |side, dice: &mut Dice| {
        let guess = guess(&stage.client_secret, side, dice);
        stage.client_request(endpoint, (stage.client.client_id.as_str(), &guess), dice)
    };
    expect(StatusCode::UNAUTHORIZED, stage.send(request(Side::First, dice)))?;
    Ok(compare(samples, dice, request, |request| stage.send(request)))
}

pub(crate) fn unknown_client(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    let request = |side, dice: &mut Dice| {
        let guess = credentials::guess(&stage.client_secret, Side::First, dice);
        let stranger = credentials::unknown_client(dice);
        let client = if side == Side::First { stage.client.client_id.as_str() } else { &stranger };
        stage.client_request(TOKEN, (client, &guess), dice)
    };
    expect(StatusCode::UNAUTHORIZED, stage.send(request(Side::Second, dice)))?;
    Ok(compare(samples, dice, request, |request| stage.send(request)))
}

pub(crate) fn checksum(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    let format = &stage.app.mint.format;
    Ok(compare(
        samples,
        dice,
        |side, dice| with_wrong_checksum(&stage.key, side, dice),
        |guess| (0..REPEATS / 8).filter(|_| format.read_bearer(black_box(&guess)).is_ok()).count(),
    ))
}

pub(crate) fn key_lookup(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    stage.app.mint.format.read_bearer(&guess(&stage.key, Side::First, dice))?;
    let measured = stage.app.db.read_blocking(|tx| -> Result<f64> {
        Ok(compare(
            samples,
            dice,
            |side, dice| guess(&stage.key, side, dice),
            |guess| match stage.app.mint.format.read_bearer(&guess) {
                Ok(Bearer::ApiKey(key)) => {
                    caller::by(tx, Presented::ApiKey(stage.app.mint.pepper.hash(&key)))
                }
                _ => Ok(None),
            },
        ))
    })?;
    Ok(measured)
}

pub(crate) fn api(stage: &Stage, samples: usize, dice: &mut Dice) -> Outcome<f64> {
    let request = |side, dice: &mut Dice| {
        let guess = credentials::guess(&stage.key, side, dice);
        let request = Request::get("/v1/me").header("authorization", format!("Bearer {guess}"));
        request.extension(stranger(dice)).body(Body::empty()).unwrap_or_default()
    };
    expect(StatusCode::UNAUTHORIZED, stage.send(request(Side::First, dice)))?;
    Ok(compare(samples, dice, request, |request| stage.send(request)))
}

/// What is measured must be the refusal that is meant, and not, say, one for a malformed request.
fn expect(expected: StatusCode, got: StatusCode) -> Outcome<()> {
    if got == expected { Ok(()) } else { Err(format!("the answer was {got} and not {expected}").into()) }
}
