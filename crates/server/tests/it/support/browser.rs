//! A person's browser: it keeps cookies, says where requests come from, and follows redirects inside the site.

use std::cell::RefCell;

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, Request};

use super::{Answer, Fields, Member, TestApp, encode};

/// A browser with a cookie jar of its own.
pub(crate) struct Browser<'a> {
    app: &'a TestApp,
    jar: RefCell<Vec<(String, String)>>,
    last: RefCell<Option<Answer>>,
}

/// A request without a body; add to it what the story needs.
pub(crate) fn request(method: Method, target: &str) -> Builder {
    Request::builder().method(method).uri(target)
}

impl<'a> Browser<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self { app, jar: RefCell::default(), last: RefCell::default() }
    }

    /// Opens a page, and goes where it leads within the site.
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.follow(self.get_once(target))
    }

    /// Opens a page and stays there.
    pub(crate) fn get_once(&self, target: &str) -> Answer {
        self.receive(self.page_request(target))
    }

    /// The request that [`Browser::get_once`] sends, to be sent by the story.
    pub(crate) fn page_request(&self, target: &str) -> Request<Body> {
        let request = request(Method::GET, target).header("sec-fetch-site", "none");
        self.with_cookies(request, String::new())
    }

    /// Sends a form of the page that is open: its `csrf_token` goes along.
    pub(crate) fn post(&self, target: &str, fields: &Fields<'_>) -> Answer {
        self.follow(self.post_once(target, fields))
    }

    /// [`Browser::post`] without going where the answer leads.
    pub(crate) fn post_once(&self, target: &str, fields: &Fields<'_>) -> Answer {
        let token = self.csrf_token();
        self.post_own(target, &[fields, &[("csrf_token", token.as_str())]].concat())
    }

    /// Sends exactly these fields, as a page of ours that was left open would.
    pub(crate) fn post_own(&self, target: &str, fields: &Fields<'_>) -> Answer {
        self.receive(self.own_request(target, fields))
    }

    /// The request that [`Browser::post_own`] sends, to be sent by the story.
    pub(crate) fn own_request(&self, target: &str, fields: &Fields<'_>) -> Request<Body> {
        let marks = [("origin", self.app.site.public_url.as_str()), ("sec-fetch-site", "same-origin")];
        self.post_request(target, fields, &marks)
    }

    /// Sends exactly these fields with exactly these headers, and the cookies.
    pub(crate) fn post_as(&self, target: &str, fields: &Fields<'_>, headers: &Fields<'_>) -> Answer {
        self.receive(self.post_request(target, fields, headers))
    }

    fn post_request(&self, target: &str, fields: &Fields<'_>, headers: &Fields<'_>) -> Request<Body> {
        let mut request = request(Method::POST, target);
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.with_cookies(request, encode(fields))
    }

    /// Sends the form of the open page that leads to `action`, or failing that the nearest place below it, with
    /// the form's hidden fields and ticked boxes.
    #[track_caller]
    pub(crate) fn submit(&self, action: &str, fields: &Fields<'_>) -> Answer {
        self.follow(self.submit_once(action, fields))
    }

    /// [`Browser::submit`] without going where the answer leads.
    #[track_caller]
    pub(crate) fn submit_once(&self, action: &str, fields: &Fields<'_>) -> Answer {
        let page = self.page();
        let forms = page.forms().into_iter().filter(|form| form.action.starts_with(action));
        let form = forms.min_by_key(|form| form.action.len());
        let form = form.unwrap_or_else(|| panic!("no form to {action} on {}", page.words()));
        let is_given = |name: &str| fields.iter().any(|(given, _)| *given == name);
        let own = form.fields.iter().filter(|(name, _)| !is_given(name));
        let own: Vec<(&str, &str)> = own.map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.post_own(&form.action, &[&own, fields].concat())
    }

    /// Fills in the sign-in form, opening its page first if another one is open.
    #[track_caller]
    pub(crate) fn sign_in(&self, member: &Member) -> Answer {
        self.try_password(&member.email, &member.password)
    }

    /// [`Browser::sign_in`] with any address and password.
    #[track_caller]
    pub(crate) fn try_password(&self, email: &str, password: &str) -> Answer {
        let open = self.last.borrow().as_ref().is_some_and(is_sign_in);
        if !open {
            self.get("/login");
        }
        self.submit("/login", &[("email", email), ("password", password)])
    }

    /// The page that is open.
    #[track_caller]
    pub(crate) fn page(&self) -> Answer {
        self.last.borrow().clone().expect("a page is open")
    }

    /// The token in the forms of the page that is open; nothing if there is none.
    pub(crate) fn csrf_token(&self) -> String {
        let page = self.last.borrow();
        let forms = page.as_ref().map(Answer::forms).unwrap_or_default();
        let mut fields = forms.into_iter().flat_map(|form| form.fields);
        fields.find(|(name, _)| name == "csrf_token").map(|(_, value)| value).unwrap_or_default()
    }

    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        self.jar.borrow().iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// Puts a cookie into the jar, as a thief or a fixer of sessions would.
    pub(crate) fn set_cookie(&self, name: &str, value: &str) {
        let mut jar = self.jar.borrow_mut();
        jar.retain(|(known, _)| known != name);
        jar.push((name.to_owned(), value.to_owned()));
    }

    fn with_cookies(&self, mut request: Builder, body: String) -> Request<Body> {
        let jar: Vec<String> =
            self.jar.borrow().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !jar.is_empty() {
            request = request.header("cookie", jar.join("; "));
        }
        request.body(Body::from(body)).unwrap()
    }

    fn receive(&self, request: Request<Body>) -> Answer {
        let answer = self.app.send(request);
        self.keep_cookies(&answer);
        if answer.is_html() {
            *self.last.borrow_mut() = Some(answer.clone());
        }
        answer
    }

    fn keep_cookies(&self, answer: &Answer) {
        for (name, value, attributes) in answer.cookies() {
            self.jar.borrow_mut().retain(|(known, _)| *known != name);
            if !attributes.contains("Max-Age=0") {
                self.jar.borrow_mut().push((name, value));
            }
        }
    }

    fn follow(&self, mut answer: Answer) -> Answer {
        for _ in 0..10 {
            let inside =
                answer.location().strip_prefix(&self.app.site.public_url).unwrap_or(answer.location());
            if !answer.status.is_redirection() || !inside.starts_with('/') {
                return answer;
            }
            answer = self.get_once(inside);
        }
        panic!("the redirects go in circles: {}", answer.asked)
    }
}

fn is_sign_in(page: &Answer) -> bool {
    page.forms().iter().any(|form| form.action.starts_with("/login"))
}
