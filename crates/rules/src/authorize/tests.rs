use proptest::prelude::*;

use super::*;
use crate::pkce::Reason;
use crate::redirect_uri::MAX_LENGTH;
use crate::scope::Scope;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "redirect_uri=https%3A%2F%2Fapp.example%2Fcb";

/// An application with one redirect URI, two required scopes and one optional one.
struct App {
    client_type: ClientType,
    pkce: Pkce,
    redirect_uris: Vec<String>,
    required: ScopeList,
    optional: ScopeList,
}

impl App {
    fn confidential() -> Self {
        Self {
            client_type: ClientType::Confidential,
            pkce: Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice),
            redirect_uris: vec!["https://app.example/cb".to_owned()],
            required: [Scope::DevicesRead, Scope::OfflineAccess].into_iter().collect(),
            optional: [Scope::ObservationsRead].into_iter().collect(),
        }
    }

    fn check(&self, query: &str) -> Result<Valid, Refusal> {
        let form = Form::parse(query).map_err(|error| Refusal::Page(error.into()))?;
        let request = AuthorizationRequest::parse(&form).map_err(Refusal::Page)?;
        request.check(&ClientFacts {
            client_type: self.client_type,
            pkce: self.pkce,
            redirect_uris: &self.redirect_uris,
            required: &self.required,
            optional: &self.optional,
        })
    }

    /// A request that is right but for what `more` adds to it.
    fn asked(&self, more: &str) -> Result<Valid, Refusal> {
        self.check(&format!("response_type=code&client_id=app1&{CALLBACK}&{more}"))
    }

    fn valid(&self, more: &str) -> Valid {
        self.asked(more).unwrap_or_else(|refusal| panic!("{more}: {refusal:?}"))
    }
}

fn redirect(answer: Result<Valid, Refusal>) -> ErrorRedirect {
    match answer {
        Err(Refusal::Redirect(redirect)) => redirect,
        other => panic!("not redirected: {other:?}"),
    }
}

fn page(answer: Result<Valid, Refusal>) -> PageError {
    match answer {
        Err(Refusal::Page(error)) => error,
        other => panic!("no page: {other:?}"),
    }
}

#[test]
fn the_five_parameters_of_our_page_are_enough() {
    let valid = App::confidential().valid("scope=devices:read%20offline_access&state=af0ifjsldkj");
    assert_eq!(valid.client_id(), "app1");
    assert_eq!(valid.redirect_uri().as_str(), "https://app.example/cb");
    assert_eq!(valid.scopes().to_string(), "devices:read offline_access");
    assert_eq!(valid.state(), Some("af0ifjsldkj"));
    assert_eq!(valid.challenge(), None);
    assert_eq!((valid.login_hint(), valid.resources()), (None, &[][..]));
}

#[test]
fn the_example_of_the_rfc_is_answered_as_in_the_rfc() {
    // RFC 6749 sections 4.1.1 and 4.1.2.
    let mut app = App::confidential();
    app.redirect_uris = vec!["https://client.example.com/cb".to_owned()];
    let valid = app.check(
        "response_type=code&client_id=s6BhdRkqt3&state=xyz&redirect_uri=https%3A%2F%2Fclient%2Eexample%2Ecom%2Fcb",
    );
    let valid = valid.unwrap();
    assert_eq!(
        code_location(valid.redirect_uri(), "SplxlOBeZQQYbYS6WxSbIA", valid.state(), None),
        "https://client.example.com/cb?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz"
    );
    let denied = valid.refuse(AuthorizeError::AccessDenied, "No.");
    assert_eq!(
        denied.location(Some("https://auth.example")),
        "https://client.example.com/cb?error=access_denied&error_description=No.&state=xyz\
         &iss=https%3A%2F%2Fauth.example"
    );
}

#[test]
fn before_the_redirect_uri_is_proven_there_is_only_a_page() {
    let app = App::confidential();
    for (query, error) in [
        ("", PageError::MissingClientId),
        ("client_id=&redirect_uri=x", PageError::MissingClientId),
        ("client_id=a&client_id=a&redirect_uri=x", PageError::DuplicateClientId),
        ("client_id=a&client_id=&redirect_uri=x", PageError::DuplicateClientId),
        ("client_id=%ff&redirect_uri=x", PageError::NotUtf8("client_id")),
        ("client_id=a", PageError::MissingRedirectUri),
        ("client_id=a&redirect_uri=", PageError::MissingRedirectUri),
        ("client_id=a&redirect_uri=%ff", PageError::NotUtf8("redirect_uri")),
        ("client_id=a&redirect_uri=x&redirect_uri=x", PageError::DuplicateRedirectUri),
        (&format!("client_id=a&{CALLBACK}&{CALLBACK}"), PageError::DuplicateRedirectUri),
        (&"a&".repeat(65), PageError::Unreadable(FormError::TooManyPairs)),
    ] {
        assert_eq!(page(app.check(query)), error, "{query}");
    }
    let received = "https://app.example/cb/".to_owned();
    assert_eq!(
        page(app.check("client_id=a&response_type=code&redirect_uri=https://app.example/cb/")),
        PageError::UnregisteredRedirectUri { received, registered: app.redirect_uris.clone() }
    );
}

#[test]
fn each_mistake_has_its_error_and_says_which_it_is() {
    use AuthorizeError::*;
    let app = App::confidential();
    for (more, error, description) in [
        ("response_mode=form_post", InvalidRequest, "The only supported response_mode is query."),
        ("response_mode=fragment", InvalidRequest, "The only supported response_mode is query."),
        ("request=e30.e30.", RequestNotSupported, "request is not supported."),
        ("request_uri=http://169.254.169.254/", RequestUriNotSupported, "request_uri is not supported."),
        ("scope=openid", InvalidScope, "Unknown scope: openid."),
        ("scope=devices:write", InvalidScope, "devices:write is not registered for this application."),
        ("scope=%22%5C%07", InvalidScope, "Unknown scope: ???."),
        ("scope=%ff", InvalidRequest, "scope is not valid UTF-8."),
        ("prompt=create", InvalidRequest, "create is not a supported prompt."),
        ("prompt=Login", InvalidRequest, "Login is not a supported prompt."),
        ("prompt=none+login", InvalidRequest, "prompt=none must stand alone."),
        ("prompt=none+none", InvalidRequest, "prompt=none must stand alone."),
        ("resource=api", InvalidTarget, "resource must be an absolute URI without a fragment."),
        (
            "resource=https://api.example/%23a",
            InvalidTarget,
            "resource must be an absolute URI without a fragment.",
        ),
        ("resource=%ff", InvalidTarget, "resource must be an absolute URI without a fragment."),
        (
            "code_challenge_method=S256",
            InvalidRequest,
            "code_challenge_method was sent without a code_challenge.",
        ),
    ] {
        let refusal = redirect(app.asked(&format!("state=xyz&{more}")));
        assert_eq!((refusal.error, refusal.description.as_str()), (error, description), "{more}");
        assert_eq!(refusal.state.as_deref(), Some("xyz"), "{more}");
    }
}

#[test]
fn only_a_code_can_be_asked_for() {
    use AuthorizeError::{InvalidRequest, UnsupportedResponseType};
    let asked = |kind: &str| App::confidential().check(&format!("client_id=app1&{CALLBACK}&state=s&{kind}"));
    for kind in ["", "response_type=", "response_type"] {
        assert_eq!(redirect(asked(kind)).error, InvalidRequest, "{kind}");
    }
    for kind in ["token", "id_token+token", "code+id_token", "code+token", "none", "CODE", "code+", "+code"] {
        assert_eq!(
            redirect(asked(&format!("response_type={kind}"))).error,
            UnsupportedResponseType,
            "{kind}"
        );
    }
}

#[test]
fn a_parameter_sent_twice_is_named_and_refused() {
    let app = App::confidential();
    for name in SINGLE {
        for values in [("x", "x"), ("x", "y"), ("", "x")] {
            let twice = format!("{name}={}&{name}={}", values.0, values.1);
            let refusal = redirect(app.asked(&twice));
            assert_eq!(refusal.error, AuthorizeError::InvalidRequest, "{twice}");
            assert_eq!(refusal.description.to_string(), format!("{name} was sent more than once."));
            assert_eq!(refusal.state, None, "{twice}");
        }
    }
    let refusal = redirect(app.asked("state=a&scope=x&scope=y"));
    assert_eq!(refusal.state.as_deref(), Some("a"), "a clear state is given back even so");
}

#[test]
fn unknown_parameters_are_ignored_also_twice() {
    let app = App::confidential();
    let plain = app.valid("state=s");
    for more in [
        "extra=foobar",
        "extra=a&extra=b",
        "access_type=offline&approval_prompt=auto&nonce=n&audience=a&response_mode=query",
        "%ff=%ff",
        "prompt=&scope=&response_mode=&request=&code_challenge=&login_hint=",
    ] {
        assert_eq!(app.valid(&format!("state=s&{more}")), plain, "{more}");
    }
}

#[test]
fn state_comes_back_byte_for_byte_or_not_at_all() {
    let app = App::confidential();
    for state in ["a b+c%20", "\0", "\"'<script>", "a\r\nSet-Cookie: b", "é☃", "=&?#;,", " ", "%zz"] {
        let sent: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
        assert_eq!(app.valid(&format!("state={sent}")).state(), Some(state));
    }
    assert_eq!(app.valid("").state(), None);
    assert_eq!(app.valid("state=").state(), None);
    let longest = "x".repeat(MAX_STATE);
    assert_eq!(app.valid(&format!("state={longest}")).state(), Some(longest.as_str()));
    for hopeless in [format!("state={longest}x"), "state=%ff".to_owned()] {
        let refusal = redirect(app.asked(&hopeless));
        assert_eq!((refusal.error, refusal.state), (AuthorizeError::InvalidRequest, None));
    }
}

#[test]
fn no_scope_means_all_required_ones_and_no_optional_one() {
    let mut app = App::confidential();
    for more in ["", "scope=", "scope=+", "scope=,"] {
        assert_eq!(app.valid(more).scopes().to_string(), "devices:read offline_access", "{more:?}");
    }
    app.required = ScopeList::default();
    assert_eq!(redirect(app.asked("")).error, AuthorizeError::InvalidScope);
    assert_eq!(app.valid("scope=observations:read").scopes().to_string(), "observations:read");
}

#[test]
fn scopes_keep_the_order_they_were_asked_in() {
    let app = App::confidential();
    for (more, scopes) in [
        ("scope=offline_access+devices:read", "offline_access devices:read"),
        ("scope=devices:read,observations:read", "devices:read observations:read"),
        ("scope=devices%3Aread", "devices:read"),
    ] {
        assert_eq!(app.valid(more).scopes().to_string(), scopes);
    }
}

#[test]
fn a_challenge_is_needed_by_public_clients_and_where_the_owner_says_so() {
    let optional = App::confidential();
    let required = App { pkce: Pkce::Required, ..App::confidential() };
    let public = App { client_type: ClientType::Public, ..App::confidential() };
    let with = format!("code_challenge={CHALLENGE}&code_challenge_method=S256");
    for app in [&optional, &required, &public] {
        assert_eq!(app.valid(&with).challenge().map(ToString::to_string).as_deref(), Some(CHALLENGE));
        for method in
            ["", "&code_challenge_method=", "&code_challenge_method=plain", "&code_challenge_method=s256"]
        {
            let refusal = redirect(app.asked(&format!("code_challenge={CHALLENGE}{method}")));
            assert_eq!(refusal.error, AuthorizeError::InvalidRequest, "{method}");
        }
        let refusal = redirect(app.asked("code_challenge=short&code_challenge_method=S256"));
        assert_eq!(refusal.error, AuthorizeError::InvalidRequest);
    }
    assert_eq!(optional.valid("").challenge(), None);
    for app in [required, public] {
        let refusal = redirect(app.asked("code_challenge="));
        assert_eq!(refusal.error, AuthorizeError::InvalidRequest);
        assert!(refusal.description.as_str().starts_with("code_challenge is missing"));
    }
}

#[test]
fn prompts_hints_and_resources_are_handed_on() {
    let app = App::confidential();
    let valid = app
        .valid("prompt=login++consent&login_hint=ada%40lab.example&resource=https://a.example&resource=b:c");
    assert!(valid.asks(Prompt::Login) && valid.asks(Prompt::Consent));
    assert!(!valid.asks(Prompt::None) && !valid.asks(Prompt::SelectAccount));
    assert_eq!(valid.login_hint(), Some("ada@lab.example"));
    assert_eq!(valid.resources(), ["https://a.example", "b:c"]);
    assert!(app.valid("prompt=none").asks(Prompt::None));
    assert!(app.valid("prompt=select_account").asks(Prompt::SelectAccount));
    let longest = "x".repeat(254);
    assert_eq!(app.valid(&format!("login_hint={longest}")).login_hint(), Some(longest.as_str()));
    assert_eq!(app.valid(&format!("login_hint={longest}x")).login_hint(), None);
}

#[test]
fn a_native_app_is_answered_on_the_port_it_came_with() {
    let mut app = App::confidential();
    app.redirect_uris = vec!["http://127.0.0.1/callback".to_owned()];
    let valid =
        app.check("response_type=code&client_id=app1&redirect_uri=http://127.0.0.1:49152/callback").unwrap();
    assert_eq!(valid.redirect_uri().as_str(), "http://127.0.0.1:49152/callback");
}

fn parameter() -> impl Strategy<Value = String> {
    let name =
        prop::sample::select([&SINGLE[..], &["client_id", "redirect_uri", "resource", "extra"]].concat());
    let value = prop_oneof![
        prop::sample::select(vec![
            "",
            "code",
            "token",
            "query",
            "S256",
            CHALLENGE,
            "devices:read",
            "none",
            "login",
            "app1",
            "%ff",
            "https://app.example/cb",
            "https://app.example/cb",
            "https://evil.example/cb",
            "http://127.0.0.1:1/",
        ])
        .prop_map(str::to_owned),
        "[ -~]{0,12}".prop_map(|text| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()),
    ];
    (name, value).prop_map(|(name, value)| format!("{name}={value}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nobody_is_ever_sent_to_an_unregistered_uri(
        more in prop::collection::vec(parameter(), 0..10), whole in any::<bool>(), public in any::<bool>(),
    ) {
        let mut app = App::confidential();
        app.redirect_uris.push("http://127.0.0.1/".to_owned());
        if public {
            app.client_type = ClientType::Public;
        }
        let more = more.join("&");
        let answer = if whole { app.asked(&more) } else { app.check(&more) };
        let to = match &answer {
            Ok(valid) => valid.redirect_uri().as_str(),
            Err(Refusal::Redirect(refusal)) => refusal.redirect_uri.as_str(),
            Err(Refusal::Page(_)) => return Ok(()),
        };
        prop_assert!(to == "https://app.example/cb" || to == "http://127.0.0.1:1/");
        if let Ok(valid) = &answer {
            prop_assert!(!valid.scopes().is_empty());
            prop_assert!(valid.challenge().is_some() || !public);
        }
        if let Err(Refusal::Redirect(refusal)) = answer {
            let location = refusal.location(Some("https://auth.example"));
            let start = format!("{}?error=", refusal.redirect_uri.as_str());
            prop_assert!(location.starts_with(&start));
            prop_assert!(location.bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!(location.len() <= MAX_LENGTH + 3 * (MAX_STATE + 400) + 100);
        }
    }

    #[test]
    fn any_state_survives_the_round_trip(state in ".{1,60}") {
        let sent: String = form_urlencoded::byte_serialize(state.as_bytes()).collect();
        let valid = App::confidential().valid(&format!("state={sent}"));
        let location = code_location(valid.redirect_uri(), "c", valid.state(), Some("https://auth.example"));
        let read: Vec<_> = url::Url::parse(&location).unwrap().query_pairs().into_owned().collect();
        prop_assert_eq!(&read[1], &("state".to_owned(), state));
        prop_assert_eq!(read.len(), 3);
    }
}
