//! How the map becomes a router, and a list that documentation and tests read.

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, get, on, post};

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{self, Need};
use crate::http::edge;
use crate::http::error::{Fail, Problem, Trouble};
use crate::http::oauth;
use crate::metrics::Surface;

/// One line of the map.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{…}` for what varies.
    pub path: &'static str,
    /// What it takes to call it.
    pub kind: RouteKind,
}

/// The kinds of route, by how a caller proves itself.
pub enum RouteKind {
    /// A page; the handler decides whether it needs a session.
    Page,
    /// A form of ours; refused unless it comes from our own page.
    Form,
    /// A POST from programs or other sites; it proves itself in its own way.
    OpenPost,
    /// An endpoint of the data API.
    Api {
        /// The scope.
        need: Need,
        /// What the documentation says.
        doc: Box<Doc>,
    },
}

/// Puts one line into the router, once there is an app to serve with.
type Place = Box<dyn FnOnce(&App, Router<App>) -> Router<App>>;

/// The map: it can be read without an app, and served with one.
#[derive(Default)]
pub struct Map {
    routes: Vec<Route>,
    places: Vec<Place>,
}

impl Map {
    pub(crate) fn get<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::GET, path, RouteKind::Page, get(handler))
    }

    /// A form of our own pages; its handler takes a [`crate::http::page::Post`].
    pub(crate) fn post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, RouteKind::Form, post(handler))
    }

    pub(crate) fn open_post<H, T>(self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        self.add(Method::POST, path, RouteKind::OpenPost, post(handler))
    }

    /// An endpoint of the data API: the credential and its scope are checked before the handler runs.
    pub(crate) fn api<H, T>(
        mut self,
        method: Method,
        path: &'static str,
        need: Need,
        handler: H,
        doc: fn() -> Doc,
    ) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let filter = MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET);
        let route = on(filter, handler);
        self.routes.push(Route { method, path, kind: RouteKind::Api { need, doc: Box::new(doc()) } });
        self.places.push(Box::new(move |app, router| {
            let gate = from_fn_with_state((app.clone(), need), api::gate);
            router.route(path, route.route_layer(gate))
        }));
        self
    }

    fn add(mut self, method: Method, path: &'static str, kind: RouteKind, route: MethodRouter<App>) -> Self {
        self.routes.push(Route { method, path, kind });
        self.places.push(Box::new(move |_app, router| router.route(path, route)));
        self
    }

    /// Every line of the map.
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    pub(crate) fn into_router(self, app: App) -> Router {
        let router = self.places.into_iter().fold(Router::new(), |router, place| place(&app, router));
        router
            .fallback(not_found)
            .method_not_allowed_fallback(method_not_allowed)
            .layer(from_fn_with_state(app.clone(), edge::wrap))
            .with_state(app)
    }
}

async fn not_found(request: Request) -> Response {
    match Surface::of(request.uri().path()) {
        Surface::Api => Problem::not_found().into_response(),
        Surface::Oauth => oauth::not_found(),
        Surface::Console => Fail::from(Trouble::not_found()).into_response(),
    }
}

async fn method_not_allowed(request: Request) -> Response {
    match Surface::of(request.uri().path()) {
        Surface::Api => Problem::method_not_allowed().into_response(),
        Surface::Oauth => oauth::method_not_allowed(),
        Surface::Console => Fail::from(Trouble::method_not_allowed()).into_response(),
    }
}
