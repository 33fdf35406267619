//! The server under test, with a database of its own and a clock that stands still.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::mpsc;
use std::task::Poll;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;
use tower::ServiceExt;

use db::{Clock, Db, params};
use model::organization::Organization;
use model::{Result, Tx};
use rules::secret::{Format, Mint, Pepper};
use server::app::App;
use server::config::Site;
use server::http::edge::Peer;
use server::mail::Postman;
use server::rates::Limits;

use super::log::Log;
use super::{Answer, Browser, Member, Program, TokenCall, credentials_in};

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
    dir: Rc<tempfile::TempDir>,
    /// Where its mails go.
    mail: Option<tempfile::TempDir>,
    seen: RefCell<Vec<String>>,
    count: Cell<u32>,
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
        Self::empty_of(Site {
            public_url: public_url.to_owned(),
            api_url: format!("{public_url}/v1"),
            trusted_proxies: Vec::new(),
            support_contact: Some("help@bluesonde.example".to_owned()),
        })
    }

    /// A server at `https://buoys.example` behind a proxy at 10.0.0.5.
    pub(crate) fn behind_a_proxy() -> Self {
        let mut app = Self::empty_of(Site {
            public_url: "https://buoys.example".to_owned(),
            api_url: "https://buoys.example/v1".to_owned(),
            trusted_proxies: vec!["10.0.0.5/32".parse().unwrap()],
            support_contact: None,
        });
        app.home = Some(app.organization("Harbour Trust"));
        app
    }

    fn empty_of(site: Site) -> Self {
        let dir = Rc::new(tempfile::tempdir().unwrap());
        Self::on(dir, site, (START.parse::<Timestamp>().unwrap(), None))
    }

    /// A server on this directory, with a new pepper if the directory is new.
    fn on(dir: Rc<tempfile::TempDir>, site: Site, (start, mint): (Timestamp, Option<Mint>)) -> Self {
        let log = Log::listen();
        let path = dir.path().join("bluesonde.db");
        let db = Db::open(&path, &model::migrations(), Clock::manual(start)).unwrap();
        let chance = db.read_blocking(|tx| tx.random::<32>()).unwrap();
        let format = Format::new("bsn").unwrap();
        let mint = mint.unwrap_or(Mint { format, pepper: Pepper::new(chance) });
        let mail = tempfile::tempdir().unwrap();
        let from = "Bluesonde <bluesonde@buoys.example>".parse().unwrap();
        let postman = Postman::Directory { dir: mail.path().to_owned(), from };
        Self::of(dir, App::new(db, mint, (site, postman)), Some(mail), log)
    }

    fn of(dir: Rc<tempfile::TempDir>, app: App, mail: Option<tempfile::TempDir>, log: Log) -> Self {
        let site = app.site.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (seen, count) = (RefCell::default(), Cell::new(0));
        Self {
            router: server::http::router(app.clone()),
            app,
            site,
            home: None,
            runtime,
            log,
            dir,
            mail,
            seen,
            count,
        }
    }

    /// The same server to callers, with limits on how often they may ask.
    pub(crate) fn limited(mut self, limits: Limits) -> Self {
        let (db, mint) = (self.app.db.clone(), self.app.mint.clone());
        self.app = App::with_limits(db, mint, (self.site.clone(), Postman::Nobody), limits);
        self.router = server::http::router(self.app.clone());
        self
    }

    /// A server that sends no mail.
    pub(crate) fn without_mail() -> Self {
        let before = Self::new();
        let (dir, site, home) = (before.dir.clone(), before.site.clone(), before.home.clone());
        let (mint, start) = (before.app.mint.clone(), before.now());
        drop(before);
        let log = Log::listen();
        let path = dir.path().join("bluesonde.db");
        let db = Db::open(&path, &model::migrations(), Clock::manual(start)).unwrap();
        let mut app = Self::of(dir, App::new(db, mint, (site, Postman::Nobody)), None, log);
        app.home = home;
        app
    }

    /// The mails that have gone out to somebody, the latest first, after what waits was sent.
    pub(crate) fn mails_to(&self, address: &str) -> Vec<String> {
        self.wait(server::worker::mail::send_due(&self.app));
        let dir = self.mail.as_ref().expect("a server with mail").path();
        let mut files: Vec<_> = std::fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).collect();
        files.sort();
        let texts = files.iter().rev().map(|file| plain(&std::fs::read_to_string(file).unwrap()));
        texts.filter(|text| text.contains(&format!("To: {address}\r\n"))).collect()
    }

    /// The server after a stop and a start, its clock moved by so many seconds.
    pub(crate) fn restarted(self, seconds: i64) -> Self {
        let (dir, site, home) = (self.dir.clone(), self.site.clone(), self.home.clone());
        let start = self.now() + SignedDuration::from_secs(seconds);
        let mint = self.app.mint.clone();
        drop(self);
        let mut app = Self::on(dir, site, (start, Some(mint)));
        app.home = home;
        app
    }

    /// Sends a request and reads the answer to its end.
    pub(crate) fn send(&self, request: Request) -> Answer {
        let asked = asked(&request);
        let answer = self.runtime.block_on(self.router.clone().oneshot(request)).unwrap();
        self.read_whole(asked, answer)
    }

    /// Sends a request that meets a change: it reads what it reads before `change` is committed, and writes what
    /// it writes after.
    pub(crate) fn send_amid(
        &self,
        request: Request,
        mut change: impl FnMut(&mut Tx<'_>) -> Result<()> + Send + 'static,
    ) -> Answer {
        let (tell, begun) = mpsc::channel();
        let (release, released) = mpsc::channel();
        let db = self.app.db.clone();
        let changing = std::thread::spawn(move || {
            db.write_blocking(move |tx| {
                change(tx)?;
                tell.send(()).unwrap();
                released.recv().unwrap();
                Ok::<_, model::Error>(())
            })
        });
        begun.recv().unwrap();
        let asked = asked(&request);
        let answer = self.runtime.block_on(async {
            let mut answering = Box::pin(self.router.clone().oneshot(request));
            let waits = poll_fn(|context| Poll::Ready(answering.as_mut().poll(context).is_pending())).await;
            assert!(waits, "it was answered without a write, so nothing can come between");
            release.send(()).unwrap();
            answering.await.unwrap()
        });
        changing.join().unwrap().unwrap();
        self.read_whole(asked, answer)
    }

    fn read_whole(&self, asked: String, answer: Response) -> Answer {
        let (parts, body) = answer.into_parts();
        let body = self.runtime.block_on(body.collect()).unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        let answer = Answer { status: parts.status, headers: parts.headers, body, asked };
        self.note_secrets(&answer);
        answer
    }

    /// [`TestApp::send`] from another peer than this machine.
    pub(crate) fn send_from(&self, peer: &str, mut request: Request) -> Answer {
        request.extensions_mut().insert(Peer(SocketAddr::new(peer.parse().unwrap(), 1234)));
        self.send(request)
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

    /// The organization of most stories.
    pub(crate) fn home(&self) -> &Organization {
        self.home.as_ref().expect("the server was set up")
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

    /// Waits for something of the server's.
    pub(crate) fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
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
    pub(crate) fn tick(&self) -> u32 {
        self.advance(SignedDuration::from_millis(1));
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// What somebody did, by the audit log, oldest first.
    pub(crate) fn audit_of(&self, who: &str) -> Vec<String> {
        let sql = "SELECT action FROM audit_event WHERE actor = ?1 ORDER BY happened_at, rowid";
        self.read(|tx| Ok(tx.all(sql, params![who], |row| row.get(0))?))
    }

    /// How many rows each table has: what a request that is refused leaves as it was. That it was refused is kept for
    /// the application's owner, so that table does not count.
    pub(crate) fn rows(&self) -> BTreeMap<String, i64> {
        let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'oauth_attempt'";
        self.read(|tx| {
            let names: Vec<String> = tx.all(names, params![], |row| row.get(0))?;
            let mut counted = BTreeMap::new();
            for name in names {
                let sql = format!("SELECT count(*) FROM {name}");
                counted.insert(name, tx.one(&sql, params![], |row| row.get(0))?);
            }
            Ok(counted)
        })
    }
}

fn asked(request: &Request) -> String {
    format!("{} {}", request.method(), request.uri())
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

/// A mail without the line breaks and signs that carry it (RFC 2045 §6.7).
fn plain(mail: &str) -> String {
    if mail.contains("quoted-printable") {
        mail.replace("=\r\n", "").replace("=3D", "=")
    } else {
        mail.to_owned()
    }
}
