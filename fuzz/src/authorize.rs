//! The authorization request, put to three applications.
//!
//! The law that counts: nobody is redirected to a URI that is not registered, neither with a code nor with an
//! error. And whoever is, gets back the `state` that was sent, to the byte.

use rules::authorize::{
    AuthorizationRequest, ClientFacts, ErrorRedirect, Prompt, Refusal, Valid, code_location,
};
use rules::client_auth::ClientType;
use rules::diagnosis;
use rules::form::{Field, Form};
use rules::pkce::{Pkce, Reason};
use rules::scope::ScopeList;

use super::expand::expand;
use super::pairs::{self, Pair};
use super::redirect_uri::may_be_sent_to;

const SINGLE: [&str; 10] = [
    "state",
    "response_type",
    "response_mode",
    "scope",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "login_hint",
    "request",
    "request_uri",
];

const ISSUER: &str = "https://id.example";

struct App {
    client_type: ClientType,
    pkce: Pkce,
    redirect_uris: Vec<String>,
    required: ScopeList,
    optional: ScopeList,
}

/// Checks one query.
pub fn check(input: &[u8]) {
    let query = expand(input);
    let Ok(form) = Form::parse(&query) else { return };
    let read = pairs::read(&query);
    form_is_the_oracle(&form, &read);
    let request = AuthorizationRequest::parse(&form);
    let (client_id, redirect_uri) = (pairs::only(&read, "client_id"), pairs::only(&read, "redirect_uri"));
    let Ok(request) = request else {
        assert!(client_id.is_none() || redirect_uri.is_none());
        return;
    };
    assert_eq!(Some(request.client_id()), client_id);
    let Some(redirect_uri) = redirect_uri else { unreachable!("read without a redirect URI") };
    for app in apps() {
        let answer = request.check(&app.facts());
        laws_of(&answer, &app, (redirect_uri, &read));
        assert!(diagnosis::authorize(&form, &app.facts()).len() <= 40);
        order_does_not_matter(&answer, &app, &query);
    }
}

fn form_is_the_oracle(form: &Form, read: &[Pair]) {
    assert_eq!(form.is_empty(), read.is_empty());
    for name in SINGLE.into_iter().chain(["client_id", "redirect_uri", "resource"]) {
        let value = pairs::only(read, name);
        assert_eq!(form.get(name), value, "{name}");
        assert_eq!(form.field(name) == Field::Repeated, pairs::count(read, name) > 1, "{name}");
        let all = read.iter().filter(|pair| pair.name == name.as_bytes() && !pair.value.is_empty());
        let all: Vec<_> = all.map(|pair| std::str::from_utf8(&pair.value).ok()).collect();
        assert_eq!(form.all(name).collect::<Vec<_>>(), all, "{name}");
    }
    for name in form.duplicated() {
        assert_eq!(form.field(name), Field::Repeated);
        assert_eq!(form.get(name), None, "a name sent twice has no value");
    }
}

fn apps() -> [App; 3] {
    let lenient = Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice);
    [
        App::new(ClientType::Confidential, lenient, "devices:read offline_access"),
        App::new(ClientType::Confidential, Pkce::Required, ""),
        App::new(ClientType::Public, lenient, "observations:read devices:read"),
    ]
}

impl App {
    fn new(client_type: ClientType, pkce: Pkce, required: &str) -> Self {
        let redirect_uris = [
            "https://app.example/cb",
            "https://app.example/cb?a=b",
            "http://127.0.0.1/cb",
            "com.example.app:/cb",
        ];
        Self {
            client_type,
            pkce,
            redirect_uris: redirect_uris.map(str::to_owned).to_vec(),
            required: required.parse().unwrap_or_default(),
            optional: "observations:write".parse().unwrap_or_default(),
        }
    }

    fn facts(&self) -> ClientFacts<'_> {
        ClientFacts {
            client_type: self.client_type,
            pkce: self.pkce,
            redirect_uris: &self.redirect_uris,
            required: &self.required,
            optional: &self.optional,
        }
    }
}

fn laws_of(answer: &Result<Valid, Refusal>, app: &App, (redirect_uri, read): (&str, &[Pair])) {
    let registered = app.redirect_uris.iter().any(|uri| may_be_sent_to(redirect_uri, uri, app.client_type));
    match answer {
        Err(Refusal::Page(_)) => assert!(!registered, "an application was not told of its mistake"),
        Err(Refusal::Redirect(error)) => {
            assert!(registered, "redirected to {redirect_uri:?}");
            assert_eq!(error.redirect_uri.as_str(), redirect_uri);
            laws_of_an_error(error, read);
        }
        Ok(valid) => {
            assert!(registered, "redirected to {redirect_uri:?}");
            assert_eq!(valid.redirect_uri().as_str(), redirect_uri);
            laws_of_a_request(valid, app, read);
        }
    }
}

fn laws_of_an_error(error: &ErrorRedirect, read: &[Pair]) {
    let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
    assert!(error.description.as_str().bytes().all(allowed), "RFC 6749 section 4.1.2.1");
    let state = pairs::only(read, "state").filter(|state| state.len() <= 8192);
    assert_eq!(error.state.as_deref(), state, "the state comes back to the byte, or not at all");
    let location = error.location(Some(ISSUER));
    let answer = answered(&location, error.redirect_uri.as_str());
    assert_eq!(pairs::only(&answer, "error"), Some(error.error.as_str()));
    assert_eq!(pairs::only(&answer, "state"), state);
    assert_eq!(pairs::only(&answer, "iss"), Some(ISSUER));
    assert_eq!(pairs::count(&answer, "code"), 0);
}

fn laws_of_a_request(valid: &Valid, app: &App, read: &[Pair]) {
    assert_eq!(pairs::only(read, "response_type"), Some("code"));
    for name in SINGLE {
        assert!(pairs::count(read, name) <= 1, "{name} was sent twice");
    }
    assert!(
        pairs::count(read, "request") + pairs::count(read, "request_uri") == 0 || !asks_by_reference(read)
    );
    assert!(!valid.scopes().is_empty());
    for scope in valid.scopes().iter() {
        assert!(app.required.contains(scope) || app.optional.contains(scope), "{scope} is not listed");
        assert_eq!(valid.optional().contains(scope), app.optional.contains(scope));
    }
    assert!(valid.scopes().set().contains_all(valid.optional()), "what was not asked for is not optional");
    let challenge = valid.challenge().map(ToString::to_string);
    assert_eq!(challenge.as_deref(), pairs::only(read, "code_challenge"), "a challenge is kept as it came");
    let lenient = app.client_type == ClientType::Confidential && app.pkce != Pkce::Required;
    assert!(lenient || challenge.is_some());
    assert!(challenge.is_none() || pairs::only(read, "code_challenge_method") == Some("S256"));
    assert_eq!(valid.state(), pairs::only(read, "state"));
    let others =
        [Prompt::Login, Prompt::Consent, Prompt::SelectAccount].into_iter().any(|prompt| valid.asks(prompt));
    assert!(!(valid.asks(Prompt::None) && others), "none stands alone");
    let location = code_location(valid.redirect_uri(), "x", valid.state(), Some(ISSUER));
    let answer = answered(&location, valid.redirect_uri().as_str());
    assert_eq!(pairs::only(&answer, "code"), Some("x"));
    assert_eq!(pairs::only(&answer, "state"), valid.state());
}

fn asks_by_reference(read: &[Pair]) -> bool {
    pairs::only(read, "request").is_some() || pairs::only(read, "request_uri").is_some()
}

/// The parameters of a location that starts with the redirect URI and ends no header.
fn answered(location: &str, redirect_uri: &str) -> Vec<Pair> {
    assert!(location.starts_with(redirect_uri));
    assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
    let (_, query) = location.split_once('?').unwrap_or_default();
    pairs::read(query.as_bytes())
}

fn order_does_not_matter(answer: &Result<Valid, Refusal>, app: &App, query: &[u8]) {
    let turned = pairs::reversed(query);
    let Ok(form) = Form::parse(&turned) else { unreachable!("the same pairs are too many") };
    let Ok(request) = AuthorizationRequest::parse(&form) else { unreachable!("the same pairs name nobody") };
    let turned = request.check(&app.facts());
    let kind = |answer: &Result<Valid, Refusal>| match answer {
        Ok(valid) => format!("{:?} {:?}", valid.scopes(), valid.state()),
        Err(Refusal::Page(_)) => "page".to_owned(),
        Err(Refusal::Redirect(error)) => format!("{:?} {:?}", error.error, error.state),
    };
    assert_eq!(kind(answer), kind(&turned), "the order of parameters means nothing");
}
