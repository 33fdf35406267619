//! The consent page: who asks, for what, and two equal buttons.
//!
//! Everything that is decided comes from the stored request, which is bound to this browser; the form adds only
//! the organization, the devices, the optional scopes and the answer.

use std::collections::BTreeSet;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use model::access_request::{self, Asked, Standing};
use model::application::{self, Application};
use model::authorization::{self, Pending};
use model::grant::{self, Approval, Approved};
use model::organization::{self, Organization};
use model::role::Held;
use model::session::Session;
use model::{Error, Invalid, device, second_factor};
use rules::authorize::{AuthorizeError, ErrorRedirect, code_location};
use rules::id::{OrganizationId, RequestId};
use rules::redirect_uri::Destination;
use rules::role::Role;
use rules::scope::{Scope, ScopeSet};
use rules::secret::{Code, Plaintext};

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::oauth::authorize::send_back;
use crate::http::page::{Fields, FormTarget, Post, Visit};
use crate::http::session as sign_in;
use crate::http::settings::form::{device_choices, devices, errors as form_errors, scope_line, ticked};
use crate::http::settings::two_factor::set_up_path;
use crate::views::Nav;
use crate::views::access_requests::AskState;
use crate::views::consent::{Asker, Consent, OrganizationChoice, SignedIn, Trust, consent};
use crate::views::consent_refused::{ConsentRefused, MissingScope, Person, consent_refused};
use crate::views::parts::{DeviceChoice, Errors, ScopeChoice};

/// The page of a request.
pub(crate) fn path(id: &RequestId) -> String {
    format!("/oauth2/consent/{id}")
}

/// Where the answer goes, if it is still one of the application's redirect URIs.
pub(crate) fn destination(pending: &Pending, application: Option<&Application>) -> Option<Destination> {
    let application = application?;
    Destination::prove(&pending.redirect_uri, &application.profile.redirect_uris, application.client_type)
}

/// A request that is not found is over, or another browser's.
pub(crate) fn over_or(error: Error) -> Fail {
    match error {
        Error::NotFound => over().into(),
        error => error.into(),
    }
}

fn over() -> Trouble {
    let happened =
        "This request was answered already, is older than ten minutes, or was opened in another browser.";
    Trouble::new(StatusCode::GONE, "This request is over", happened)
        .advise("Go back to the application and start again from there.")
}

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Choice {
    organization_id: Option<OrganizationId>,
}

/// All that the page is about.
struct Scene {
    session: Session,
    pending: Pending,
    application: Application,
    destination: Destination,
    organizations: Vec<(Organization, Held)>,
    organization: Organization,
    role: Held,
    administrators: Vec<(String, String)>,
    devices: Vec<DeviceChoice>,
    owes_second_factor: bool,
    asked: Option<Asked>,
}

/// What the person has ticked so far: nothing, until a form comes back with a mistake.
#[derive(Default)]
struct Ticks {
    optional: ScopeSet,
    devices: BTreeSet<String>,
}

impl Ticks {
    fn read(form: &Fields) -> Self {
        Self {
            optional: form.all("scope").filter_map(Scope::parse).collect(),
            devices: form.all("device_id").map(str::to_owned).collect(),
        }
    }

    fn onto(&self, choices: &[DeviceChoice]) -> Vec<DeviceChoice> {
        let ticked = |choice: &DeviceChoice| DeviceChoice {
            chosen: self.devices.contains(&choice.id),
            ..choice.clone()
        };
        choices.iter().map(ticked).collect()
    }
}

/// What stands between the person and the page.
enum Entry {
    Scene(Box<Scene>),
    SignIn,
}

/// `GET /oauth2/consent/{request_id}`
pub(crate) async fn show(
    visit: Visit,
    Path(id): Path<String>,
    Query(choice): Query<Choice>,
) -> Result<Response, Fail> {
    let id = id.parse::<RequestId>().map_err(|_| over())?;
    match enter(&visit, &id, choice.organization_id).await? {
        Entry::SignIn => Ok(visit.redirect(&format!("/login?request={id}"))),
        Entry::Scene(scene) if scene.owes_second_factor => Ok(scene.set_up_second_factor(&visit)),
        Entry::Scene(scene) => match remembered(&visit, &scene).await? {
            Some(code) => Ok(scene.give(&visit, &code)),
            None => Ok(scene.page(&visit, &Ticks::default(), Errors::default())),
        },
    }
}

/// `POST /oauth2/consent/{request_id}`
pub(crate) async fn create(Path(id): Path<String>, Post { visit, form }: Post) -> Result<Response, Fail> {
    let id = id.parse::<RequestId>().map_err(|_| over())?;
    let chosen = match form.text("organization_id") {
        "" => None,
        id => Some(id.parse().map_err(|_| Trouble::not_found())?),
    };
    let scene = match enter(&visit, &id, chosen).await? {
        Entry::SignIn => return Ok(visit.redirect(&format!("/login?request={id}"))),
        Entry::Scene(scene) => scene,
    };
    match form.text("decision") {
        "allow" => allow(&visit, *scene, &form).await,
        "deny" => deny(&visit, *scene).await,
        _ => {
            let happened = "The form came without an answer.";
            Err(Trouble::new(StatusCode::BAD_REQUEST, "Allow or Cancel?", happened).into())
        }
    }
}

/// `POST /oauth2/consent/{request_id}/switch-account`
pub(crate) async fn switch_account(
    State(app): State<App>,
    Path(id): Path<String>,
    Post { visit, .. }: Post,
) -> Result<Response, Fail> {
    let id = id.parse::<RequestId>().map_err(|_| over())?;
    sign_in::end(&app, &visit).await?;
    let mut response = visit.redirect(&format!("/login?request={id}"));
    visit.end_session(&mut response);
    Ok(response)
}

/// `POST /oauth2/consent/{request_id}/ask`: asks an admin for a role that the application takes.
pub(crate) async fn ask(
    Path(id): Path<String>,
    Query(choice): Query<Choice>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let id = id.parse::<RequestId>().map_err(|_| over())?;
    let scene = match enter(&visit, &id, choice.organization_id).await? {
        Entry::SignIn => return Ok(visit.redirect(&format!("/login?request={id}"))),
        Entry::Scene(scene) => scene,
    };
    let (actor, message) = (visit.actor(), form.text("message").to_owned());
    let about = (scene.organization.id.clone(), scene.application.client_id.clone());
    let back = format!("{}?organization_id={}", path(&id), about.0);
    visit
        .write(move |tx, session| access_request::ask(tx, (session, &actor), (&about.0, &about.1), &message))
        .await?;
    Ok(visit.redirect(&back))
}

async fn enter(visit: &Visit, id: &RequestId, chosen: Option<OrganizationId>) -> Result<Entry, Fail> {
    let (app, browser) = (&visit.app, visit.browser_hash());
    let pending = app.db.read(|tx| authorization::find(tx, browser, id)).await.map_err(over_or)?;
    let Some(session) = visit.session.clone() else { return Ok(Entry::SignIn) };
    if pending.authenticate_after.is_some_and(|after| session.authenticated_at <= after) {
        return Ok(Entry::SignIn);
    }
    let wanted = chosen.unwrap_or_else(|| session.organization.id.clone());
    let scene = app.db.read(|tx| scene(tx, &session, &pending, &wanted)).await.map_err(over_or)?;
    Ok(Entry::Scene(Box::new(scene)))
}

fn scene(
    tx: &mut model::Tx<'_>,
    session: &Session,
    pending: &Pending,
    wanted: &OrganizationId,
) -> model::Result<Scene> {
    let application = application::client(tx, pending.client_id.as_str())?.ok_or(Error::NotFound)?;
    let destination = destination(pending, Some(&application)).ok_or(Error::NotFound)?;
    let organizations = organization::of_person(tx, &session.person.id)?;
    let (organization, role) = organizations
        .iter()
        .find(|(organization, _)| organization.id == *wanted)
        .cloned()
        .ok_or(Error::NotFound)?;
    let devices = device_choices(&device::names(tx, &organization.id)?, &[]);
    let owes_second_factor = second_factor::is_owed(tx, &organization.id, &session.person.id, role.role)?;
    Ok(Scene {
        owes_second_factor,
        asked: access_request::latest(tx, &session.person.id, (&organization.id, &application.client_id))?,
        administrators: organization::administrators(tx, &organization.id)?,
        session: session.clone(),
        pending: pending.clone(),
        application,
        destination,
        organizations,
        organization,
        role,
        devices,
    })
}

/// A code for a request that waited for nothing but a sign-in, because an earlier consent covers it.
async fn remembered(visit: &Visit, scene: &Scene) -> Result<Option<Plaintext<Code>>, Fail> {
    let is_own = scene.organization.id == scene.session.organization.id;
    if !(is_own && grant::may_be_remembered(&scene.application, &scene.pending.scopes)) {
        return Ok(None);
    }
    let (mint, application, pending) =
        (visit.app.mint.clone(), scene.application.clone(), scene.pending.clone());
    let actor = visit.actor();
    let code = visit
        .write(move |tx, session| {
            grant::remembered_after_sign_in(tx, &mint, (session, &actor), &application, &pending)
        })
        .await;
    code.map_err(over_or)
}

async fn allow(visit: &Visit, scene: Scene, form: &Fields) -> Result<Response, Fail> {
    let ticks = Ticks::read(form);
    let approval = match approval(&scene, form) {
        Ok(approval) => approval,
        Err(errors) => return Ok(scene.page(visit, &ticks, errors)),
    };
    let (mint, actor, pending) = (visit.app.mint.clone(), visit.actor(), scene.pending.clone());
    let approved = visit
        .write(move |tx, session| grant::approve(tx, &mint, (session, &actor), &pending, &approval))
        .await;
    match approved {
        Ok(Approved::Code(code)) => Ok(scene.give(visit, &code)),
        Ok(Approved::NeedsSecondFactor) => Ok(scene.set_up_second_factor(visit)),
        Ok(Approved::RoleLacks(missing)) => Ok(scene.refused(visit, missing)),
        Ok(Approved::Nothing) => deny(visit, scene).await,
        Err(Error::Invalid(invalid)) => Ok(scene.page(visit, &ticks, form_errors(invalid))),
        Err(error) => Err(over_or(error)),
    }
}

fn approval(scene: &Scene, form: &Fields) -> Result<Approval, Errors> {
    let mut invalid = Invalid::default();
    let optional = ticked(form, "scope", &mut invalid).set();
    let devices = devices(form, &mut invalid);
    if !invalid.problems.is_empty() {
        return Err(form_errors(invalid));
    }
    Ok(Approval { organization: scene.organization.id.clone(), optional, devices })
}

async fn deny(visit: &Visit, scene: Scene) -> Result<Response, Fail> {
    let (actor, pending) = (visit.actor(), scene.pending.clone());
    let refused = visit.write(move |tx, session| grant::refuse(tx, session, &actor, &pending)).await;
    refused.map_err(over_or)?;
    Ok(send_back(visit, &scene.application, &scene.denial()))
}

impl Scene {
    /// Brings the application its code.
    fn give(&self, visit: &Visit, code: &Plaintext<Code>) -> Response {
        let (state, issuer) = (self.pending.state.as_deref(), self.issuer(visit));
        visit.redirect(&code_location(&self.destination, code.expose(), state, issuer))
    }

    /// The organization wants its admins to have a second factor; the request waits until this one does.
    fn set_up_second_factor(&self, visit: &Visit) -> Response {
        let back = format!("{}?organization_id={}", path(&self.pending.id), self.organization.id);
        visit.redirect(&set_up_path(&back))
    }

    fn issuer<'v>(&self, visit: &'v Visit) -> Option<&'v str> {
        self.application.profile.issuer.of(&visit.app.site.public_url)
    }

    fn denial(&self) -> ErrorRedirect {
        ErrorRedirect {
            redirect_uri: self.destination.clone(),
            error: AuthorizeError::AccessDenied,
            description: "The person said no.".into(),
            state: self.pending.state.clone(),
        }
    }

    /// The question, or why it can't be asked.
    fn page(&self, visit: &Visit, ticks: &Ticks, errors: Errors) -> Response {
        let missing = self.role.role.missing(self.application.profile.scopes.set());
        if !missing.is_empty() {
            return self.refused(visit, missing);
        }
        let status = if errors.0.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
        let body = consent(&self.question(visit, ticks, errors));
        let source = self.destination.form_action_source();
        let title = format!("{} asks for your data", self.application.profile.name);
        visit.page(status, (&title, Nav::Focused, body), FormTarget::And(&source))
    }

    fn question(&self, visit: &Visit, ticks: &Ticks, errors: Errors) -> Consent {
        let profile = &self.application.profile;
        let chosen =
            if errors.on("devices").is_some() || !ticks.devices.is_empty() { "chosen" } else { "all" };
        let listed = profile.scopes.set().or(profile.optional_scopes.set());
        let asked = self.pending.scopes.within(listed);
        let required = asked.within(asked.set().without(self.pending.optional));
        let optional = asked.within(self.pending.optional.and(self.role.role.scopes()));
        Consent {
            action: path(&self.pending.id),
            csrf: visit.form_token(),
            application: self.asker(),
            user: self.signed_in(),
            organization_id: self.organization.id.to_string(),
            organizations: self
                .organizations
                .iter()
                .map(|(organization, _)| self.choice(organization))
                .collect(),
            required: required.iter().map(scope_line).collect(),
            optional: optional
                .iter()
                .map(|scope| ScopeChoice { scope: scope_line(scope), ticked: ticks.optional.contains(scope) })
                .collect(),
            devices: chosen.to_owned(),
            device_choices: ticks.onto(&self.devices),
            errors,
        }
    }

    fn asker(&self) -> Asker {
        let application = &self.application;
        let trust = if application.organization_id == self.organization.id {
            Trust::Own
        } else if application.verified_at.is_some() {
            Trust::Verified
        } else {
            Trust::Unverified
        };
        Asker {
            name: application.profile.name.clone(),
            publisher: application.publisher.clone(),
            registered_at: application.created_at,
            trust,
            description: application.profile.description.clone(),
            homepage_url: application.profile.homepage_url.clone(),
            privacy_policy_url: application.profile.privacy_policy_url.clone(),
            terms_url: application.profile.terms_url.clone(),
            redirect_host: self.destination.host_for_display(),
        }
    }

    fn signed_in(&self) -> SignedIn {
        SignedIn {
            name: self.session.person.name.clone(),
            email: self.session.person.email.clone(),
            switch_action: format!("{}/switch-account", path(&self.pending.id)),
        }
    }

    fn choice(&self, organization: &Organization) -> OrganizationChoice {
        OrganizationChoice {
            id: organization.id.to_string(),
            name: organization.name.clone(),
            href: format!("{}?organization_id={}", path(&self.pending.id), organization.id),
        }
    }

    /// Not a wall: each missing scope, which roles have it, and who can give it.
    fn refused(&self, visit: &Visit, missing: ScopeSet) -> Response {
        let page = ConsentRefused {
            application: self.application.profile.name.clone(),
            organization: self.organization.name.clone(),
            role: self.role.name.clone(),
            user: self.signed_in(),
            csrf: visit.form_token(),
            missing: missing.iter().map(missing_scope).collect(),
            administrators: self
                .administrators
                .iter()
                .map(|(name, email)| Person { name: name.clone(), email: email.clone() })
                .collect(),
            ask_action: format!("{}/ask?organization_id={}", path(&self.pending.id), self.organization.id),
            asked: match self.asked.clone() {
                Some(Asked { created_at, standing: Standing::Open }) => AskState::Waiting(created_at),
                Some(Asked { standing: Standing::Refused(answer), .. }) => AskState::Refused(answer),
                _ => AskState::May,
            },
            return_url: self.denial().location(self.issuer(visit)),
            return_host: self.destination.host_for_display(),
        };
        let title = "Your role does not allow this yet";
        let body = consent_refused(&page);
        visit.page(StatusCode::FORBIDDEN, (title, Nav::Focused, body), FormTarget::OwnPages)
    }
}

fn missing_scope(scope: Scope) -> MissingScope {
    let roles = Role::sufficient(ScopeSet::of(&[scope]));
    MissingScope {
        name: scope.name().to_owned(),
        sentence: scope.sentence().to_owned(),
        roles: roles.map(|role| role.name().to_owned()).collect(),
    }
}
