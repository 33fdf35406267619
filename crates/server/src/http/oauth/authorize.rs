//! `/oauth2/auth`: where an application sends a person (RFC 6749 §4.1.1).

use axum::body::to_bytes;
use axum::extract::{RawQuery, Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use model::application::{self, Application};
use model::attempt::{self, Endpoint, NewAttempt};
use model::{authorization, grant};
use rules::authorize::{
    AuthorizationRequest, AuthorizeError, ClientFacts, ErrorRedirect, PageError, Prompt, Refusal, Valid,
    code_location,
};
use rules::diagnosis::{self, presentable};
use rules::form::Form;
use rules::redirect_uri::closest;

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::oauth::{self, consent};
use crate::http::page::{Visit, see_other};
use crate::throttle::network;
use crate::views::error::Comparison;

/// The largest form that can become a query again.
const MAX_FORM: usize = 16 * 1024;

/// `GET /oauth2/auth`
pub(crate) async fn new(
    State(app): State<App>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, Fail> {
    let form = Form::parse(query.unwrap_or_default()).map_err(|error| explain(&error.into()))?;
    let request = AuthorizationRequest::parse(&form);
    let named = request.as_ref().map_or_else(|_| form.get("client_id"), |request| Some(request.client_id()));
    let found = match named {
        Some(client_id) => app.db.read(|tx| application::client(tx, client_id)).await?,
        None => None,
    };
    let Some(application) = found else {
        return Err(explain(&request.err().unwrap_or(PageError::UnknownClient)).into());
    };
    let scene = Scene { visit: &visit, application: &application, form: &form };
    match request.map_err(Refusal::Page).and_then(|request| request.check(&facts(&application))) {
        Ok(valid) => go_on(&app, &scene, valid).await,
        Err(Refusal::Page(error)) => {
            scene.note(("invalid_request", &error.to_string()), None).await;
            Err(explain(&error).into())
        }
        Err(Refusal::Redirect(error)) => Ok(scene.fail(&error, None).await),
    }
}

/// Who asks what of whom.
struct Scene<'a> {
    visit: &'a Visit,
    application: &'a Application,
    form: &'a Form,
}

impl Scene<'_> {
    /// Tells the application by way of the browser, and keeps it for the application's owner.
    async fn fail(&self, error: &ErrorRedirect, about: Option<&str>) -> Response {
        self.note((error.error.as_str(), error.description.as_str()), about).await;
        send_back(self.visit, self.application, error)
    }

    /// Keeps a refusal; `about` names the parameter if the request alone does not tell.
    async fn note(&self, (error, description): (&str, &str), about: Option<&str>) {
        let (app, client) = (&self.visit.app, self.application.client_id.clone());
        if !app.throttle.may_note_attempt(client.as_str(), self.visit.address()) {
            return;
        }
        let findings = diagnosis::authorize(self.form, &facts(self.application));
        let attempt = NewAttempt {
            endpoint: Endpoint::Authorize,
            error: error.to_owned(),
            description: presentable(description),
            reason: None,
            findings: match about {
                Some(name) => diagnosis::blame(findings, &[name], description),
                None => findings,
            },
            sender: self.visit.sender(),
        };
        if let Err(error) = app.db.write(move |tx| attempt::record(tx, &client, &attempt)).await {
            tracing::error!(%error, "a failed attempt could not be kept");
        }
    }
}

/// `POST /oauth2/auth` (RFC 6749 §3.1): turned into a GET, because browsers bring no `SameSite=Lax` cookie along
/// with a form from another site, and would look signed out. For the same reason no cookie is set here: it would
/// take the place of the one that the browser has. The form is passed on as it came, so that `state` stays the
/// same byte for byte.
///
/// An empty body is no form: then the query is the request, as it would be with GET.
pub(crate) async fn create(request: Request) -> Result<Response, Fail> {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let body = to_bytes(request.into_body(), MAX_FORM).await.map_err(|_| Trouble::too_large())?;
    let sent = if body.is_empty() { query.as_bytes() } else { &body };
    Ok(see_other(&format!("/oauth2/auth?{}", percent_encode(sent, NOT_IN_QUERIES))))
}

/// What a form may hold unencoded and a query may not (RFC 3986 §3.4); bytes beyond ASCII are always encoded.
const NOT_IN_QUERIES: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

fn facts(application: &Application) -> ClientFacts<'_> {
    let profile = &application.profile;
    ClientFacts {
        client_type: application.client_type,
        pkce: profile.pkce,
        redirect_uris: &profile.redirect_uris,
        required: &profile.scopes,
        optional: &profile.optional_scopes,
    }
}

/// Answers at once where consent is remembered; otherwise keeps the request and asks the person.
async fn go_on(app: &App, scene: &Scene<'_>, valid: Valid) -> Result<Response, Fail> {
    let Scene { visit, application, .. } = *scene;
    if valid.resources().iter().any(|resource| !is_ours(app, resource)) {
        let why = "resource names something that this server does not guard.";
        let error = valid.refuse(AuthorizeError::InvalidTarget, why);
        return Ok(scene.fail(&error, Some("resource")).await);
    }
    // What follows answers prompt=none as it should be answered: it is no failure to keep.
    let silent = valid.asks(Prompt::None);
    if visit.session.is_none() && silent {
        let why = "Nobody is signed in.";
        return Ok(send_back(visit, application, &valid.refuse(AuthorizeError::LoginRequired, why)));
    }
    let must_ask =
        [Prompt::Login, Prompt::Consent, Prompt::SelectAccount].into_iter().any(|prompt| valid.asks(prompt));
    if !must_ask && let Some(response) = remembered(app, visit, application, &valid).await? {
        return Ok(response);
    }
    if silent {
        let why = "The person has to be asked.";
        return Ok(send_back(visit, application, &valid.refuse(AuthorizeError::ConsentRequired, why)));
    }
    let (browser, client) = (visit.browser_hash(), application.client_id.clone());
    let sign_in = visit.session.is_none() || valid.asks(Prompt::Login);
    // Who is signed in is bounded by the browser; strangers at one address also by that.
    let address = visit.session.is_none().then(|| network(visit.address()));
    let id = app
        .db
        .write(move |tx| authorization::begin(tx, (browser, address.as_deref()), &client, &valid))
        .await?;
    Ok(visit.redirect(&if sign_in { format!("/login?request={id}") } else { consent::path(&id) }))
}

/// Whether a resource (RFC 8707) is our API.
pub(crate) fn is_ours(app: &App, resource: &str) -> bool {
    [oauth::resource(&app.site), &app.site.api_url]
        .into_iter()
        .any(|known| resource.trim_end_matches('/') == known)
}

async fn remembered(
    app: &App,
    visit: &Visit,
    application: &Application,
    valid: &Valid,
) -> Result<Option<Response>, Fail> {
    if visit.session.is_none() {
        return Ok(None);
    }
    if !grant::may_be_remembered(application, valid.scopes()) {
        return Ok(None);
    }
    let (mint, known, request) = (app.mint.clone(), application.clone(), valid.clone());
    let code =
        visit.write(move |tx, session| grant::remembered(tx, &mint, session, &known, &request)).await?;
    Ok(code.map(|code| {
        let issuer = application.profile.issuer.of(&app.site.public_url);
        visit.redirect(&code_location(valid.redirect_uri(), code.expose(), valid.state(), issuer))
    }))
}

/// Tells the application, by way of the browser.
pub(crate) fn send_back(visit: &Visit, application: &Application, error: &ErrorRedirect) -> Response {
    visit.redirect(&error.location(application.profile.issuer.of(&visit.app.site.public_url)))
}

/// Tells the person, because nobody else can be told yet.
fn explain(error: &PageError) -> Trouble {
    let guide =
        ("How sign-in with Bluesonde works".to_owned(), "/docs/guides/authentication#on-our-page".to_owned());
    let mut trouble =
        Trouble::new(StatusCode::BAD_REQUEST, "This sign-in link does not work", error.to_string());
    trouble.guide = Some(guide);
    trouble.advice = Some(match error {
        PageError::UnregisteredRedirectUri { .. } => {
            "If you develop this application, register the received redirect URI under Developer Settings → OAuth \
             Applications, or send one that is registered. Otherwise tell its makers."
                .to_owned()
        }
        _ => "Go back to the application and try again. If you develop it, check the request it makes.".to_owned(),
    });
    if let PageError::UnregisteredRedirectUri { received, registered } = error {
        trouble.compared = Some(Comparison {
            what: "redirect URI".to_owned(),
            received: received.clone(),
            registered: registered.clone(),
            difference: closest(registered, received).map(|(_, difference)| difference.to_string()),
        });
    }
    trouble
}
