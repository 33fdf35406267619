//! Pages: who visits, where a form came from, and what a browser may do with the answer.
//!
//! A visit knows its browser (a cookie that every visitor gets) and its session, if somebody is signed in. A form
//! counts only if it came from our own page: the browser says so itself (`Sec-Fetch-Site`, `Origin`), and the
//! form carries a token bound to this browser and this session. It takes both.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use cookie::{Cookie, SameSite};
use maud::{Markup, Render};
use percent_encoding::{CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use model::Tx;
use model::attempt::Sender;
use model::audit::Actor;
use model::organization;
use model::session::{self, Session, Visitor};
use model::sign_in::Arrival;
use rules::diagnosis::presentable;
use rules::secret::{BrowserToken, Hashed, Kind, Plaintext, SessionToken, StepToken};

use crate::app::App;
use crate::config::Site;
use crate::http::edge::{ClientAddress, RequestId};
use crate::http::error::{Fail, Trouble};
use crate::views::{Elsewhere, Nav, Page, Place, Viewer};

/// The largest form: a set of 10,000 devices fits.
const MAX_FORM: usize = 1024 * 1024;
/// How long the cookies last, in days; the session itself may end earlier.
const COOKIE_DAYS: i64 = 30;

/// A browser at our door.
pub struct Visit {
    /// The shared state.
    pub app: App,
    /// Who is signed in.
    pub session: Option<Session>,
    elsewhere: Vec<Elsewhere>,
    browser: Plaintext<BrowserToken>,
    is_new_browser: bool,
    session_token: Option<Plaintext<SessionToken>>,
    step: Option<Plaintext<StepToken>>,
    method: Method,
    request_id: RequestId,
    address: ClientAddress,
    user_agent: String,
    path_and_query: String,
}

impl Visit {
    /// The session, or a redirect to sign in and come back.
    pub fn signed_in(&self) -> Result<&Session, Fail> {
        self.session.as_ref().ok_or_else(|| {
            let back = utf8_percent_encode(&self.path_and_query, NON_ALPHANUMERIC);
            self.redirect(&format!("/login?return_to={back}")).into()
        })
    }

    /// This page's address, if one can come back to it.
    pub fn here(&self) -> Option<&str> {
        matches!(self.method, Method::GET | Method::HEAD).then_some(self.path_and_query.as_str())
    }

    /// Whether the person who is signed in proved who they are within the last ten minutes.
    pub fn recently_authenticated(&self) -> bool {
        let now = self.app.db.clock().now();
        self.session.as_ref().is_some_and(|session| session.is_recent(now))
    }

    /// The session of somebody who proved lately who they are; otherwise a redirect to the page that asks for it, which
    /// leads back to this one, or to `page` if this is a form. What was in the form has to be sent again.
    pub fn confirm_identity(&self, page: &str) -> Result<&Session, Fail> {
        let session = self.signed_in()?;
        if self.recently_authenticated() {
            return Ok(session);
        }
        let back = utf8_percent_encode(self.here().unwrap_or(page), NON_ALPHANUMERIC);
        Err(self.redirect(&format!("/confirm?return_to={back}")).into())
    }

    /// The browser and who is signed in there, for whoever signs in next.
    pub fn arrival(&self) -> Arrival {
        Arrival { browser: self.browser_hash(), visitor: self.visitor(), before: self.session.clone() }
    }

    /// The sign-in of this browser that waits for a code, if there is one.
    pub fn step_hash(&self) -> Option<Hashed<StepToken>> {
        self.step.as_ref().map(|step| self.app.mint.pepper.hash(step))
    }

    /// The hidden field of every form.
    pub fn form_token(&self) -> String {
        self.app.mint.pepper.form_token(self.browser.expose(), self.session_part())
    }

    /// Writes as the person who is signed in, who is looked up again in the same transaction: a form can take long
    /// to arrive, and a session or a role that ended meanwhile must not act.
    pub async fn write<T: Send + 'static>(
        &self,
        mut f: impl FnMut(&mut Tx<'_>, &Session) -> model::Result<T> + Send + 'static,
    ) -> model::Result<T> {
        let hash = self.session_token.as_ref().map(|token| self.app.mint.pepper.hash(token));
        self.app
            .db
            .write(move |tx| {
                let session = match hash {
                    Some(hash) => session::find(tx, hash)?,
                    None => None,
                };
                f(tx, &session.ok_or(model::Error::Ended)?)
            })
            .await
    }

    fn session_part(&self) -> &str {
        self.session_token.as_ref().map_or("", Plaintext::expose)
    }

    /// The browser, as an authorization request is bound to it.
    pub fn browser_hash(&self) -> Hashed<BrowserToken> {
        self.app.mint.pepper.hash(&self.browser)
    }

    /// Who acts, for the audit log.
    pub fn actor(&self) -> Actor {
        let who = self.session.as_ref().map_or("anonymous", |session| session.person.id.as_str());
        Actor { who: who.to_owned(), address: self.address.0.to_string() }
    }

    /// The network address of the visitor.
    pub fn address(&self) -> std::net::IpAddr {
        self.address.0
    }

    /// Where the request comes from, for an application's owner.
    pub fn sender(&self) -> Sender {
        Sender {
            address: self.address.0.to_string(),
            user_agent: presentable(&self.user_agent),
            request_id: self.request_id.as_str().to_owned(),
        }
    }

    /// The browser that would sign in.
    pub fn visitor(&self) -> Visitor {
        Visitor { address: self.address.0.to_string(), user_agent: self.user_agent.clone() }
    }

    /// The id of this request.
    pub fn request_id(&self) -> &str {
        self.request_id.as_str()
    }

    /// A page for somebody signed in, with the console around it.
    pub fn console(&self, session: &Session, (place, title): (Place, &str), body: Markup) -> Response {
        let csrf = self.form_token();
        self.document(title, Nav::Console(self.viewer(session, &csrf), place), body)
    }

    /// Who looks at the console, for its header; `csrf` is [`Visit::form_token`].
    pub fn viewer<'v>(&'v self, session: &'v Session, csrf: &'v str) -> Viewer<'v> {
        Viewer {
            organization: &session.organization.name,
            elsewhere: &self.elsewhere,
            name: &session.person.name,
            csrf,
            scopes: session.role.scopes(),
        }
    }

    /// The other organizations that the person could look at.
    pub fn elsewhere(&self) -> &[Elsewhere] {
        &self.elsewhere
    }

    /// A page with nothing around it but our name.
    pub fn alone(&self, title: &str, body: Markup) -> Response {
        self.document(title, Nav::SignedOut, body)
    }

    /// A whole page.
    pub fn document(&self, title: &str, nav: Nav<'_>, body: Markup) -> Response {
        self.page(StatusCode::OK, (title, nav, body), FormTarget::OwnPages)
    }

    /// A whole page, with its status and where its forms may lead.
    pub fn page(
        &self,
        status: StatusCode,
        (title, nav, body): (&str, Nav<'_>, Markup),
        target: FormTarget<'_>,
    ) -> Response {
        let support = self.app.site.support_contact.as_deref();
        let page = Page { title, nav, body, support, request_id: Some(self.request_id.as_str()) };
        let mut response = html(status, page.render().render().into_string(), target);
        self.remember_browser(&mut response);
        response
    }

    /// 303 See Other, as after every POST.
    pub fn redirect(&self, to: &str) -> Response {
        let mut response = see_other(to);
        self.remember_browser(&mut response);
        response
    }

    /// Goes on under a new token: what is rendered from here on belongs to it, and `response` must bring it.
    pub fn continue_as(&mut self, token: Plaintext<SessionToken>) {
        self.session_token = Some(token);
    }

    /// Puts the session's cookie into an answer, after [`Visit::continue_as`].
    pub fn bring_token(&self, response: &mut Response) {
        if let Some(token) = &self.session_token {
            self.begin_session(response, token);
        }
    }

    /// Puts the session's cookie into an answer.
    pub fn begin_session(&self, response: &mut Response, token: &Plaintext<SessionToken>) {
        set_cookie(response, &cookie(&self.app.site, SESSION, token.expose().to_owned()));
    }

    /// Puts the cookie into an answer that stands for the right password, until the code comes.
    pub fn begin_step(&self, response: &mut Response, token: &Plaintext<StepToken>) {
        let mut step = cookie(&self.app.site, STEP, token.expose().to_owned());
        step.set_max_age(cookie::time::Duration::minutes(STEP_MINUTES));
        set_cookie(response, &step);
    }

    /// Takes that cookie away.
    pub fn end_step(&self, response: &mut Response) {
        self.forget(response, STEP);
    }

    /// Takes the session's cookie away.
    pub fn end_session(&self, response: &mut Response) {
        self.forget(response, SESSION);
    }

    fn forget(&self, response: &mut Response, name: &str) {
        let mut gone = cookie(&self.app.site, name, String::new());
        gone.set_max_age(cookie::time::Duration::ZERO);
        set_cookie(response, &gone);
    }

    fn remember_browser(&self, response: &mut Response) {
        if self.is_new_browser {
            set_cookie(response, &cookie(&self.app.site, BROWSER, self.browser.expose().to_owned()));
        }
    }
}

impl FromRequestParts<App> for Visit {
    type Rejection = Fail;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Fail> {
        let format = &app.mint.format;
        let session_token = sent_cookie(app, &parts.headers, SESSION);
        let known_browser = sent_cookie(app, &parts.headers, BROWSER);
        let is_new_browser = known_browser.is_none();
        let browser = match known_browser {
            Some(browser) => browser,
            None => format.mint(app.db.read(|tx| tx.random::<32>()).await.map_err(model::Error::from)?),
        };
        let session = match &session_token {
            Some(token) => live_session(app, token).await?,
            None => None,
        };
        let elsewhere = match &session {
            Some(session) => elsewhere(app, session).await?,
            None => Vec::new(),
        };
        Ok(Self {
            elsewhere,
            session_token: session_token.filter(|_| session.is_some()),
            session,
            browser,
            is_new_browser,
            step: sent_cookie(app, &parts.headers, STEP),
            method: parts.method.clone(),
            request_id: parts
                .extensions
                .get::<RequestId>()
                .cloned()
                .unwrap_or(RequestId(HeaderValue::from_static("r"))),
            address: parts.extensions.get::<ClientAddress>().copied().unwrap_or(ClientAddress::local()),
            user_agent: text_header(&parts.headers, header::USER_AGENT).chars().take(200).collect(),
            path_and_query: parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned(),
            app: app.clone(),
        })
    }
}

async fn live_session(app: &App, token: &Plaintext<SessionToken>) -> Result<Option<Session>, Fail> {
    let hash = app.mint.pepper.hash(token);
    let found = app.db.read(|tx| session::find(tx, hash)).await?;
    if let Some(session) = &found
        && session.is_stale(app.db.clock().now())
    {
        let session = session.clone();
        app.db.write(move |tx| session::touch(tx, &session)).await?;
    }
    Ok(found)
}

/// The other organizations that the person could look at.
async fn elsewhere(app: &App, session: &Session) -> Result<Vec<Elsewhere>, Fail> {
    let own = app.db.read(|tx| organization::of_person(tx, &session.person.id)).await?;
    let others = own.into_iter().filter(|(organization, _)| organization.id != session.organization.id);
    Ok(others
        .map(|(organization, _)| Elsewhere { id: organization.id.to_string(), name: organization.name })
        .collect())
}

/// A form from our own page.
pub struct Post {
    /// Who sent it.
    pub visit: Visit,
    /// What it says.
    pub form: Fields,
}

impl FromRequest<App> for Post {
    type Rejection = Fail;

    async fn from_request(request: Request, app: &App) -> Result<Self, Fail> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, app).await?;
        if !is_from_own_page(&parts.headers, &app.site) || !is_form(&parts.headers) {
            return Err(Trouble::foreign_form().into());
        }
        let body = axum::body::to_bytes(body, MAX_FORM).await.map_err(|_| Trouble::too_large())?;
        let form = Fields(form_urlencoded::parse(&body).into_owned().collect());
        let presented = form.text("csrf_token");
        let pepper = &app.mint.pepper;
        if !pepper.is_form_token(presented, visit.browser.expose(), visit.session_part()) {
            return Err(Trouble::foreign_form().into());
        }
        Ok(Self { visit, form })
    }
}

/// Whether the browser says that a request comes from our own page (Fetch Metadata; RFC 6454 §7). One that says
/// nothing is refused: every browser of the last years says it with each POST.
fn is_from_own_page(headers: &HeaderMap, site: &Site) -> bool {
    let fetch_site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    let origin = headers.get(header::ORIGIN).map(HeaderValue::as_bytes);
    let same_site = fetch_site.map(|value| value == b"same-origin");
    let same_origin = origin.map(|value| value == site.public_url.as_bytes());
    [same_site, same_origin].into_iter().flatten().reduce(|one, other| one && other).unwrap_or(false)
}

fn is_form(headers: &HeaderMap) -> bool {
    let content_type = text_header(headers, header::CONTENT_TYPE);
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The fields of a form, in the order they came.
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field of this name, or nothing.
    pub fn text<'f>(&'f self, name: &'f str) -> &'f str {
        self.all(name).next().unwrap_or_default()
    }

    /// The first field of this name, if something is in it.
    pub fn filled(&self, name: &str) -> Option<String> {
        let text = self.text(name).trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// Every field of this name.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// Where the forms of a page may lead, redirects included: Chromium applies `form-action` to those too, so the
/// consent page has to name where its answer goes.
#[derive(Clone, Copy)]
pub enum FormTarget<'a> {
    /// Nowhere but here.
    OwnPages,
    /// Also to this CSP source, the proven redirect URI's.
    And(&'a str),
}

/// An HTML answer with the headers that every page has.
pub fn html(status: StatusCode, document: String, target: FormTarget<'_>) -> Response {
    let mut response = (status, document).into_response();
    no_store(&mut response);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    // Not no-referrer: Chromium would send `Origin: null` with our own forms.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    let form_action = match target {
        FormTarget::OwnPages => "'self'".to_owned(),
        FormTarget::And(source) => format!("'self' {source}"),
    };
    let policy = format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
         form-action {form_action}; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// 303 See Other that nobody keeps, without a cookie. A header is ASCII, so what is not is percent-encoded; what is
/// stays as it came.
pub(crate) fn see_other(to: &str) -> Response {
    let to = utf8_percent_encode(to, CONTROLS).to_string();
    let mut response = Redirect::to(&to).into_response();
    no_store(&mut response);
    response
}

fn no_store(response: &mut Response) {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}

const SESSION: &str = "session";
const BROWSER: &str = "browser";
const STEP: &str = "step";
/// As long as a code is waited for.
const STEP_MINUTES: i64 = 10;

/// `__Host-` ties a cookie to this host and to https (RFC 6265bis §4.1.3.2); over loopback http there is none.
fn cookie_name(site: &Site, name: &str) -> String {
    if site.is_secure() { format!("__Host-{name}") } else { name.to_owned() }
}

fn cookie(site: &Site, name: &str, value: String) -> Cookie<'static> {
    Cookie::build((cookie_name(site, name), value))
        .path("/")
        .http_only(true)
        .secure(site.is_secure())
        // Strict would lose the session on the way in from an application.
        .same_site(SameSite::Lax)
        .max_age(cookie::time::Duration::days(COOKIE_DAYS))
        .build()
}

fn set_cookie(response: &mut Response, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

fn sent_cookie<K: Kind>(app: &App, headers: &HeaderMap, name: &str) -> Option<Plaintext<K>> {
    let name = cookie_name(&app.site, name);
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(key, _)| *key == name)?;
    app.mint.format.read(value).ok()
}

fn text_header(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A place on this site to go on to, from a parameter: a path and nothing that a browser could read as a host.
pub fn own_path(text: &str) -> &str {
    let tricky = |byte: u8| byte.is_ascii_control() || byte == b'\\';
    let plain = text.starts_with('/') && !text.starts_with("//") && !text.bytes().any(tricky);
    if plain { text } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_browser_reads_as_another_site_is_a_path_of_ours() {
        for text in
            ["//evil.example", "/\\evil.example", "/\t/evil.example", "https:evil.example", "", "evil"]
        {
            assert_eq!(own_path(text), "/", "{text:?}");
        }
        assert_eq!(own_path("/devices?range=7d"), "/devices?range=7d");
    }

    #[test]
    fn a_request_from_another_site_is_known_by_either_mark() {
        let site = Site {
            public_url: "https://auth.example".into(),
            api_url: "https://auth.example/v1".into(),
            trusted_proxies: Vec::new(),
            support_contact: None,
        };
        let from = |pairs: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            is_from_own_page(&headers, &site)
        };
        assert!(from(&[("origin", "https://auth.example"), ("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", "https://auth.example")]));
        for foreign in [
            &[][..],
            &[("origin", "https://evil.example")],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://auth.example"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://auth.example.evil.example"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(!from(foreign), "{foreign:?}");
        }
    }
}
