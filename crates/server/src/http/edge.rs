//! The outermost layer: what is true of every answer.
//!
//! It gives the request an id and a network address, turns panics into 500s, gives failures their form, and adds
//! the headers that belong everywhere. It is kept short, because every API call goes through it.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::Render;

use rules::description::Description;

use crate::app::App;
use crate::http::api;
use crate::http::error::{Challenge, Failure, Problem, Trouble};
use crate::http::oauth;
use crate::http::page;
use crate::metrics::Surface;
use crate::rates::{Left, UsedUp};
use crate::views::error::ErrorPage;
use crate::views::{Nav, Page};

/// Larger bodies than this are refused by their announced length, before a byte is read.
pub(crate) const MAX_BODY: u64 = 16 * 1024 * 1024;

/// A request that has not been answered by then is dropped: above all one whose body never ends.
const DEADLINE: Duration = Duration::from_secs(60);

/// Where authorization begins.
const AUTHORIZE: &str = "/oauth2/auth";

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The request's id, for logs and for support.
#[derive(Clone)]
pub(crate) struct RequestId(pub(crate) HeaderValue);

impl RequestId {
    pub(crate) fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// Where the request comes from, as far as we believe it.
#[derive(Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) IpAddr, pub(crate) Left);

impl ClientAddress {
    /// This machine.
    pub(crate) fn local() -> Self {
        Self([127, 0, 0, 1].into(), Left::UNCOUNTED)
    }
}

/// The peer of the connection.
#[derive(Clone, Copy)]
pub struct Peer(pub SocketAddr);

impl Peer {
    /// Its network address. A socket for IPv6 shows IPv4 in disguise (`::ffff:192.0.2.1`), which no list of
    /// networks would know.
    pub fn address(&self) -> IpAddr {
        self.0.ip().to_canonical()
    }
}

/// Wraps a request.
pub(crate) async fn wrap(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let surface = Surface::of(request.uri().path());
    let id = RequestId(request_id(&app, request.headers()));
    let peer = request.extensions().get::<Peer>().map_or(IpAddr::from([127, 0, 0, 1]), Peer::address);
    let address = client_address(&app, peer, request.headers());
    let counted = count(&app, surface, request.uri().path(), address);
    let left = counted.unwrap_or_else(UsedUp::left);
    request.extensions_mut().insert(ClientAddress(address, left));
    request.extensions_mut().insert(id.clone());
    let mut response = if is_exposed(&app, peer) {
        exposed(&app, surface)
    } else if let Err(UsedUp(wait)) = counted {
        too_many(surface, wait)
    } else if announced_length(request.headers()) > MAX_BODY {
        too_large(surface)
    } else if let Some(preflight) = api::preflight(&request) {
        preflight
    } else {
        caught(next, request, surface).await
    };
    if let Some(failure) = failure_in(&mut response, surface) {
        response = give_form(&app, failure, response, &id);
    }
    finish(&app, surface, &id, &mut response);
    if let (Surface::Api, Some(rates)) = (surface, &app.rates) {
        rates.tell(response.headers_mut(), left);
    }
    response
}

/// Counts what programs ask, and what their users bring along to authorize; other pages have bounds of their own.
fn count(app: &App, surface: Surface, path: &str, address: IpAddr) -> Result<Left, UsedUp> {
    let is_counted = surface != Surface::Console || path.starts_with(AUTHORIZE);
    match &app.rates {
        Some(rates) if is_counted => rates.of_address(address, app.db.clock().now()),
        _ => Ok(Left::UNCOUNTED),
    }
}

fn too_many(surface: Surface, wait: Duration) -> Response {
    match surface {
        Surface::Api => Problem::too_many_requests(wait).into_response(),
        Surface::Oauth => oauth::too_many(wait),
        Surface::Console => super::error::Fail::from(Trouble::too_many_requests(wait)).into_response(),
    }
}

/// The caller's own id if it is a sane one, else one that no other request has.
fn request_id(app: &App, headers: &HeaderMap) -> HeaderValue {
    let sane = |value: &&HeaderValue| {
        let bytes = value.as_bytes();
        (8..=64).contains(&bytes.len())
            && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
    };
    headers.get(X_REQUEST_ID).filter(sane).cloned().unwrap_or_else(|| {
        HeaderValue::from_str(&app.request_ids.next()).unwrap_or(HeaderValue::from_static("r"))
    })
}

/// The nearest address that is not one of our own proxies. A header from anybody else is ignored.
fn client_address(app: &App, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    if app.site.trusted_proxies.is_empty() || !app.site.trusts(peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for").iter().rev();
    // By bytes: what a client wrote further left, readable or not, must not hide what our proxy wrote.
    let hops = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let address = |hop: &[u8]| std::str::from_utf8(hop).ok()?.trim().parse::<IpAddr>().ok();
    let addresses = hops.map_while(|hop| Some(address(hop)?.to_canonical()));
    addresses.into_iter().find(|address| !app.site.trusts(*address)).unwrap_or(peer)
}

/// Whether a request travelled as plain text where others can read it: the public URL is https, and yet it comes
/// neither from this machine nor by way of a proxy that ends TLS.
fn is_exposed(app: &App, peer: IpAddr) -> bool {
    app.site.is_secure() && !peer.is_loopback() && !app.site.trusts(peer)
}

/// Refuses before anything is looked at, so that no cookie is set and no credential checked over plain http.
fn exposed(app: &App, surface: Surface) -> Response {
    match surface {
        Surface::Api => Problem::plain_http(&app.site.api_url).into_response(),
        Surface::Oauth => oauth::plain_http(&app.site.public_url),
        Surface::Console => {
            super::error::Fail::from(Trouble::plain_http(&app.site.public_url)).into_response()
        }
    }
}

fn announced_length(headers: &HeaderMap) -> u64 {
    let length = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn too_large(surface: Surface) -> Response {
    match surface {
        Surface::Api => Problem::too_large(usize::try_from(MAX_BODY).unwrap_or(usize::MAX)).into_response(),
        Surface::Oauth => oauth::too_large(),
        Surface::Console => super::error::Fail::from(Trouble::too_large()).into_response(),
    }
}

fn too_slow(surface: Surface) -> Response {
    let happened = "The request took too long to arrive or to answer.";
    match surface {
        Surface::Api => Problem::too_slow().into_response(),
        Surface::Oauth => oauth::too_slow(),
        Surface::Console => {
            super::error::Fail::from(Trouble::new(StatusCode::REQUEST_TIMEOUT, "Too slow", happened))
                .into_response()
        }
    }
}

/// Runs the rest; a panic there ends this request and nothing else.
async fn caught(next: Next, request: Request, surface: Surface) -> Response {
    let run = AssertUnwindSafe(next.run(request));
    match tokio::time::timeout(DEADLINE, catch_panic(run)).await {
        Ok(Ok(response)) => response,
        Err(_elapsed) => too_slow(surface),
        Ok(Err(panic)) => {
            tracing::error!(panic = panic_text(panic.as_ref()), "a handler panicked");
            match surface {
                Surface::Api => Problem::internal().into_response(),
                Surface::Oauth => oauth::server_error(),
                Surface::Console => super::error::Fail::from(Trouble::internal()).into_response(),
            }
        }
    }
}

/// Polls a future so that its panic becomes an error.
async fn catch_panic<F: Future>(future: AssertUnwindSafe<F>) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = Box::pin(future.0);
    std::future::poll_fn(move |context| {
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        match polled {
            Ok(std::task::Poll::Pending) => std::task::Poll::Pending,
            Ok(std::task::Poll::Ready(output)) => std::task::Poll::Ready(Ok(output)),
            Err(panic) => std::task::Poll::Ready(Err(panic)),
        }
    })
    .await
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

/// What a handler failed with; or, for people, what the framework refused in a line of plain text before any
/// handler saw it: a query with a name twice, a path that is not UTF-8.
fn failure_in(response: &mut Response, surface: Surface) -> Option<Failure> {
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        return Some(failure);
    }
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_plain = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let is_refusal = surface == Surface::Console && response.status().is_client_error() && is_plain;
    is_refusal.then(|| Failure::Page(Box::new(Trouble::unreadable())))
}

fn give_form(app: &App, failure: Failure, bare: Response, id: &RequestId) -> Response {
    let mut response = match failure {
        Failure::Problem(problem) => {
            problem_response(app, problem.of_request(&app.site.public_url, id.as_str()))
        }
        Failure::Page(trouble) => trouble_response(app, *trouble, id),
    };
    // What the handler or the router said besides (Allow, Set-Cookie).
    for (name, value) in bare.headers() {
        if name != header::CONTENT_LENGTH && !response.headers().contains_key(name) {
            response.headers_mut().append(name.clone(), value.clone());
        }
    }
    response
}

fn problem_response(app: &App, problem: Problem) -> Response {
    let body = serde_json::to_vec(&problem).unwrap_or_default();
    let mut response = (problem.status(), Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(seconds) = problem.retry_after() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Some(challenge) = challenge_header(app, &problem) {
        headers.insert(header::WWW_AUTHENTICATE, challenge);
    }
    response
}

/// RFC 6750 §3, with the metadata that RFC 9728 §5.1 adds.
fn challenge_header(app: &App, problem: &Problem) -> Option<HeaderValue> {
    // Some libraries stop at this header: the sentence must be here as well, in the characters that §3 allows.
    let said = format!("error_description=\"{}\"", Description::new(problem.detail()));
    let metadata = format!("resource_metadata=\"{}\"", oauth::protected_resource_url(&app.site));
    let text = match problem.challenge() {
        Challenge::None => return None,
        Challenge::Missing => format!("Bearer {metadata}"),
        Challenge::InvalidRequest => format!("Bearer error=\"invalid_request\", {said}, {metadata}"),
        Challenge::InvalidToken => format!("Bearer error=\"invalid_token\", {said}, {metadata}"),
        Challenge::InsufficientScope(scope) => {
            format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\", {said}, {metadata}")
        }
    };
    HeaderValue::from_str(&text).ok()
}

fn trouble_response(app: &App, trouble: Trouble, id: &RequestId) -> Response {
    let status = trouble.status;
    let body = ErrorPage {
        title: trouble.title.clone(),
        happened: trouble.happened,
        advice: trouble.advice,
        compared: trouble.compared,
        guide: trouble.guide,
        request_id: id.as_str().to_owned(),
    };
    let document = Page {
        title: &trouble.title,
        nav: Nav::SignedOut,
        body: crate::views::error::error(&body),
        support: app.site.support_contact.as_deref(),
        request_id: None,
    };
    page::html(status, document.render().render().into_string(), page::FormTarget::OwnPages)
}

fn finish(app: &App, surface: Surface, id: &RequestId, response: &mut Response) {
    app.metrics.answered(surface, response.status().as_u16());
    let headers = response.headers_mut();
    headers.insert(X_REQUEST_ID, id.0.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if surface == Surface::Api {
        cross_origin(headers);
    }
    if app.site.is_secure() {
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
}

/// Programs in browsers may read the API with a token of their own; cookies play no part in it.
fn cross_origin(headers: &mut HeaderMap) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let exposed = HeaderValue::from_static(
        "ETag, Link, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id",
    );
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
}
