//! Programs: one that holds a bearer credential, and one request to the token endpoint.

use axum::body::Body;
use axum::http::Method;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use super::{Answer, Client, Fields, TestApp, encode, request};

/// A program with a key or an access token.
pub(crate) struct Program<'a> {
    app: &'a TestApp,
    authorization: String,
}

impl<'a> Program<'a> {
    pub(crate) fn new(app: &'a TestApp, credential: &str) -> Self {
        Self { app, authorization: format!("Bearer {credential}") }
    }

    pub(crate) fn get(&self, target: &str) -> Answer {
        self.call(Method::GET, target)
    }

    pub(crate) fn delete(&self, target: &str) -> Answer {
        self.call(Method::DELETE, target)
    }

    pub(crate) fn call(&self, method: Method, target: &str) -> Answer {
        let request = request(method, target).header("authorization", &self.authorization);
        self.app.send(request.body(Body::empty()).unwrap())
    }

    pub(crate) fn post(&self, target: &str, body: &Value) -> Answer {
        self.send_json(Method::POST, target, body)
    }

    pub(crate) fn send_json(&self, method: Method, target: &str, body: &Value) -> Answer {
        let request = request(method, target)
            .header("authorization", &self.authorization)
            .header("content-type", "application/json");
        self.app.send(request.body(Body::from(body.to_string())).unwrap())
    }

    /// Asks with a header more, such as `Accept`.
    pub(crate) fn get_with(&self, target: &str, (name, value): (&str, &str)) -> Answer {
        let request = request(Method::GET, target).header("authorization", &self.authorization);
        self.app.send(request.header(name, value).body(Body::empty()).unwrap())
    }

    /// Sends a body of another kind than JSON.
    pub(crate) fn post_as(&self, target: &str, content_type: &str, body: impl Into<Body>) -> Answer {
        let request = request(Method::POST, target)
            .header("authorization", &self.authorization)
            .header("content-type", content_type);
        self.app.send(request.body(body.into()).unwrap())
    }

    /// What the credential may do now, in the catalogue's order; nothing if it does not work.
    pub(crate) fn scopes(&self) -> Vec<String> {
        let me = self.get("/v1/me").json();
        let scopes = me["scopes"].as_array().cloned().unwrap_or_default();
        scopes.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }
}

/// One request to the token endpoint, or to revocation or introspection.
pub(crate) struct TokenCall<'a> {
    app: &'a TestApp,
    path: &'static str,
    method: Method,
    query: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl<'a> TokenCall<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self {
            app,
            path: "/oauth2/token",
            method: Method::POST,
            query: String::new(),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// To one of the endpoint's neighbours instead.
    pub(crate) fn to(mut self, path: &'static str) -> Self {
        self.path = path;
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Basic authentication as RFC 6749 §2.3.1 has it, base64 of both halves.
    pub(crate) fn basic(self, id: &str, secret: &str) -> Self {
        let credentials = BASE64_STANDARD.encode(format!("{id}:{secret}"));
        self.header("authorization", &format!("Basic {credentials}"))
    }

    /// The client's own way: Basic with a secret, or its id alone in the body.
    pub(crate) fn from(self, client: &Client, fields: &Fields<'_>) -> Self {
        match &client.secret {
            Some(secret) => self.basic(&client.id, secret).form(fields),
            None => self.form(&[&[("client_id", client.id.as_str())], fields].concat()),
        }
    }

    pub(crate) fn query(mut self, fields: &Fields<'_>) -> Self {
        self.query = format!("?{}", encode(fields));
        self
    }

    pub(crate) fn form(self, fields: &Fields<'_>) -> Self {
        self.body("application/x-www-form-urlencoded", &encode(fields))
    }

    pub(crate) fn body(mut self, content_type: &str, body: &str) -> Self {
        self.body = body.to_owned();
        if content_type.is_empty() { self } else { self.header("content-type", content_type) }
    }

    pub(crate) fn send(self) -> Answer {
        let app = self.app;
        app.send(self.into_request())
    }

    pub(crate) fn into_request(self) -> axum::extract::Request {
        let mut request = request(self.method, &format!("{}{}", self.path, self.query));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        request.body(Body::from(self.body)).unwrap()
    }
}
