//! An OAuth client that knows all the steps of the authorization code grant.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{Answer, Browser, Client, Fields, Member, TestApp, TokenCall, encode};

/// Where the applications of the stories receive their answers.
pub(crate) const CALLBACK: &str = "https://app.example/callback";

/// What the token endpoint handed out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
    pub(crate) scope: String,
}

/// One authorization request and what follows from it.
#[derive(Clone)]
pub(crate) struct Flow<'a> {
    app: &'a TestApp,
    client: Client,
    parameters: Vec<(String, String)>,
    verifier: Option<String>,
}

impl<'a> Flow<'a> {
    /// The seed's parameters without `scope`, so all required ones; public clients add a challenge.
    pub(crate) fn new(app: &'a TestApp, client: &Client) -> Self {
        let parameters = [
            ("response_type", "code"),
            ("client_id", &client.id),
            ("redirect_uri", CALLBACK),
            ("state", "the application's own"),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let flow = Self { app, client: client.clone(), parameters, verifier: None };
        if client.secret.is_none() { flow.pkce() } else { flow }
    }

    /// Adds a challenge with a verifier of its own.
    pub(crate) fn pkce(self) -> Self {
        let verifier = self.app.chance();
        self.verified_by(&verifier)
    }

    /// Adds the challenge of this verifier.
    pub(crate) fn verified_by(mut self, verifier: &str) -> Self {
        self = self.with("code_challenge", &challenge(verifier)).with("code_challenge_method", "S256");
        self.verifier = Some(verifier.to_owned());
        self
    }

    pub(crate) fn scope(self, scope: &str) -> Self {
        self.with("scope", scope)
    }

    /// Sets a parameter, in place of one of that name.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sends a parameter once more.
    pub(crate) fn again(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn verifier(&self) -> &str {
        self.verifier.as_deref().unwrap_or_default()
    }

    pub(crate) fn query(&self) -> String {
        let pairs = self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        encode(&pairs.collect::<Vec<_>>())
    }

    pub(crate) fn url(&self) -> String {
        format!("/oauth2/auth?{}", self.query())
    }

    /// The application sends the browser over: the answer is a page of ours, or a redirect to the application.
    pub(crate) fn start(&self, browser: &Browser<'_>) -> Answer {
        browser.get(&self.url())
    }

    /// The person starts, signs in if asked, and presses Allow.
    #[track_caller]
    pub(crate) fn allow(&self, browser: &Browser<'_>, member: &Member) -> Answer {
        self.allow_with(browser, member, &[])
    }

    /// [`Flow::allow`] with what the person ticked.
    #[track_caller]
    pub(crate) fn allow_with(&self, browser: &Browser<'_>, member: &Member, ticked: &Fields<'_>) -> Answer {
        self.start_signed_in(browser, member).assert_status(200).assert_text("asks for your data");
        browser.submit_once("/oauth2/consent/", &[&[("decision", "allow")], ticked].concat())
    }

    /// The person starts and signs in if asked: the answer is the consent page, or what stands in its place.
    #[track_caller]
    pub(crate) fn start_signed_in(&self, browser: &Browser<'_>, member: &Member) -> Answer {
        let page = self.start(browser);
        let asks = page.forms().iter().any(|form| form.action.starts_with("/login"));
        if asks { browser.sign_in(member) } else { page }
    }

    /// A code, given by a person in a browser of their own; at once if they consented before and it lasts.
    #[track_caller]
    pub(crate) fn code(&self, member: &Member) -> String {
        let browser = self.app.browser();
        let answer = self.start_signed_in(&browser, member);
        if let Some(code) = answer.param("code") {
            return code;
        }
        answer.assert_status(200).assert_text("asks for your data");
        let answer = browser.submit_once("/oauth2/consent/", &[("decision", "allow")]);
        answer.assert_status(303);
        answer.param("code").expect("a code")
    }

    /// The parameters of the token request for a code.
    pub(crate) fn redemption<'f>(&'f self, code: &'f str) -> Vec<(&'f str, &'f str)> {
        let mut fields =
            vec![("grant_type", "authorization_code"), ("code", code), ("redirect_uri", CALLBACK)];
        fields.extend(self.verifier.as_deref().map(|verifier| ("code_verifier", verifier)));
        fields
    }

    pub(crate) fn redeem(&self, code: &str) -> Answer {
        self.app.token_call().from(&self.client, &self.redemption(code)).send()
    }

    pub(crate) fn refresh(&self, token: &str) -> Answer {
        self.refresh_call(token).send()
    }

    pub(crate) fn refresh_call(&self, token: &str) -> TokenCall<'a> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.app.token_call().from(&self.client, &fields)
    }

    pub(crate) fn refresh_for(&self, token: &str, scope: &str) -> Answer {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        self.app.token_call().from(&self.client, &fields).send()
    }

    /// The whole way from the request to tokens.
    #[track_caller]
    pub(crate) fn tokens(&self, member: &Member) -> Tokens {
        Tokens::of(&self.redeem(&self.code(member)))
    }
}

impl Tokens {
    /// What a good answer holds.
    #[track_caller]
    pub(crate) fn of(answer: &Answer) -> Self {
        answer.assert_status(200);
        let body = answer.json();
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        Self {
            access: text("access_token").expect("an access token"),
            refresh: text("refresh_token"),
            scope: text("scope").expect("a scope"),
        }
    }

    #[track_caller]
    pub(crate) fn refresh(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }
}

/// The S256 challenge of a verifier (RFC 7636 §4.2), computed apart from the code under test.
pub(crate) fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}
