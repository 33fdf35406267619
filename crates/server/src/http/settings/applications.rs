//! Developer Settings → OAuth Applications.

use axum::extract::{Path, Query, State};
use axum::response::Response;
use serde::Deserialize;

use model::application::{self, Application, Profile};
use model::application_form::lines;
use model::attempt::{self, Attempt};
use model::session::Session;
use model::{Error, Invalid, grant};
use rules::authorize::IssuerParameter;
use rules::client_auth::ClientType;
use rules::diagnosis::{Finding, Place, Verdict};
use rules::exchange::{KeepReason, Rotation};
use rules::id::ClientId;
use rules::pkce::{Pkce, Reason};
use rules::scope::{Scope, ScopeList, ScopeSet};

use crate::app::App;
use crate::http::error::{Fail, Trouble};
use crate::http::page::{Fields, Post, Visit};
use crate::http::settings::form::{errors, scope_choices, scope_line, ticked};
use crate::http::settings::{Purpose, admin, with_mistakes};
use crate::views::Place as Section;
use crate::views::applications::{
    self as views, ApplicationCreated, ApplicationForm, ApplicationIndex, ApplicationRow, ApplicationShow,
    AttemptRow, ClientType as ShownType, Endpoints, FindingRow, FindingVerdict, SecretRow,
};
use crate::views::parts::{Errors, Pages};

pub(super) const PURPOSE: Purpose = Purpose {
    title: "OAuth Applications",
    sentence: "OAuth applications let third parties ask people for access to their data.",
};
pub(super) const INDEX: &str = "/settings/developer/oauth-applications";
const PAGE: u32 = 50;

/// Where a list of applications goes on.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct From {
    before: Option<ClientId>,
}

/// `GET /settings/developer/oauth-applications`
pub(crate) async fn index(
    State(app): State<App>,
    visit: Visit,
    Query(from): Query<From>,
) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let access = session.access();
    let mut found = app
        .db
        .read(|tx| {
            let page = application::page(tx, &access, from.before.as_ref(), PAGE + 1)?;
            let counted = page.into_iter().map(|application| {
                let grants = grant::count(tx, &application.client_id)?;
                Ok::<_, Error>((application, grants))
            });
            counted.collect::<Result<Vec<_>, _>>()
        })
        .await?;
    let page_length = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = found.len() > page_length;
    found.truncate(page_length);
    let next = found.last().filter(|_| more).map(|(last, _)| format!("{INDEX}?before={}", last.client_id));
    let page = ApplicationIndex {
        applications: found.iter().map(row).collect(),
        pages: Pages { previous: from.before.map(|_| INDEX.to_owned()), next },
    };
    Ok(visit.console(session, (Section::Developer, "OAuth Applications"), views::index(&page)))
}

fn row((application, grants): &(Application, u64)) -> ApplicationRow {
    ApplicationRow {
        client_id: application.client_id.to_string(),
        name: application.profile.name.clone(),
        client_type: shown_type(application.client_type),
        grants: *grants,
        created_at: application.created_at,
    }
}

fn shown_type(client_type: ClientType) -> ShownType {
    match client_type {
        ClientType::Confidential => ShownType::Confidential,
        ClientType::Public => ShownType::Public,
    }
}

/// `GET /settings/developer/oauth-applications/new`
pub(crate) async fn new(visit: Visit) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let blank = Draft {
        client_type: ClientType::Confidential,
        profile: Profile {
            name: String::new(),
            homepage_url: None,
            description: None,
            privacy_policy_url: None,
            terms_url: None,
            redirect_uris: Vec::new(),
            scopes: ScopeList::default(),
            optional_scopes: ScopeList::default(),
            pkce: Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice),
            issuer: IssuerParameter::Sent,
            rotation: Rotation::Rotate,
        },
    };
    Ok(blank.page(&visit, session, None, Errors::default()))
}

/// `GET /settings/developer/oauth-applications/{client_id}/edit`
pub(crate) async fn edit(
    State(app): State<App>,
    visit: Visit,
    Path(client_id): Path<String>,
) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let client_id = parse(&client_id)?;
    let access = session.access();
    let found = app.db.read(|tx| application::find(tx, &access, &client_id)).await?;
    let draft = Draft { client_type: found.client_type, profile: found.profile };
    Ok(draft.page(&visit, session, Some(&client_id), Errors::default()))
}

pub(super) fn parse(client_id: &str) -> Result<ClientId, Fail> {
    client_id.parse().map_err(|_| Trouble::not_found().into())
}

/// `POST /settings/developer/oauth-applications`
pub(crate) async fn create(State(app): State<App>, Post { visit, form }: Post) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let client_type = match form.text("client_type") {
        "public" => ClientType::Public,
        _ => ClientType::Confidential,
    };
    let mut invalid = Invalid::default();
    let draft = Draft::read(&form, client_type, &mut invalid);
    if !invalid.problems.is_empty() {
        return Ok(with_mistakes(draft.page(&visit, session, None, errors(invalid))));
    }
    let (mint, actor, wanted) = (app.mint.clone(), visit.actor(), draft.clone());
    let made = visit
        .write(move |tx, session| {
            let wanted = (wanted.client_type, &wanted.profile);
            application::create(tx, &session.access(), &mint, &actor, wanted)
        })
        .await;
    match made {
        Ok((application, secret)) => {
            let page = ApplicationCreated {
                name: application.profile.name,
                client_id: application.client_id.to_string(),
                client_secret: secret.map(|secret| secret.expose().to_owned()),
            };
            Ok(visit.console(session, (Section::Developer, "Your application"), views::created(&page)))
        }
        Err(Error::Invalid(invalid)) => Ok(with_mistakes(draft.page(&visit, session, None, errors(invalid)))),
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/developer/oauth-applications/{client_id}`
pub(crate) async fn update(
    State(app): State<App>,
    Path(client_id): Path<String>,
    Post { visit, form }: Post,
) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let client_id = parse(&client_id)?;
    let access = session.access();
    let before = app.db.read(|tx| application::find(tx, &access, &client_id)).await?;
    let mut invalid = Invalid::default();
    let draft = Draft::read(&form, before.client_type, &mut invalid);
    if !invalid.problems.is_empty() {
        return Ok(with_mistakes(draft.page(&visit, session, Some(&client_id), errors(invalid))));
    }
    let (actor, id, wanted) = (visit.actor(), client_id.clone(), draft.profile.clone());
    let changed = visit
        .write(move |tx, session| application::update(tx, &session.access(), &actor, &id, &wanted))
        .await;
    match changed {
        Ok(_) => Ok(visit.redirect(&format!("{INDEX}/{client_id}"))),
        Err(Error::Invalid(invalid)) => {
            Ok(with_mistakes(draft.page(&visit, session, Some(&client_id), errors(invalid))))
        }
        Err(error) => Err(error.into()),
    }
}

/// `GET /settings/developer/oauth-applications/{client_id}`
pub(crate) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(client_id): Path<String>,
) -> Result<Response, Fail> {
    let session = admin(&visit, &PURPOSE).await?;
    let client_id = parse(&client_id)?;
    let access = session.access();
    let (found, secrets, grants, attempts) = app
        .db
        .read(|tx| {
            let found = application::find(tx, &access, &client_id)?;
            let secrets = application::secrets(tx, &access, &client_id)?;
            let attempts = attempt::of_application(tx, &access, &client_id)?;
            Ok::<_, Error>((found, secrets, grant::count(tx, &client_id)?, attempts))
        })
        .await?;
    let site = &app.site;
    let page = ApplicationShow {
        csrf: visit.form_token(),
        client_id: client_id.to_string(),
        name: found.profile.name.clone(),
        description: found.profile.description.clone(),
        client_type: shown_type(found.client_type),
        require_pkce: found.profile.pkce == Pkce::Required,
        leaves_out_issuer: found.profile.issuer == IssuerParameter::LeftOut,
        keeps_refresh_tokens: found.profile.rotation != Rotation::Rotate,
        attempts: attempts.into_iter().map(attempt_row).collect(),
        redirect_uris: found.profile.redirect_uris.clone(),
        required: found.profile.scopes.iter().map(scope_line).collect(),
        optional: found.profile.optional_scopes.iter().map(scope_line).collect(),
        secrets: secrets
            .into_iter()
            .map(|secret| SecretRow {
                id: secret.id.to_string(),
                masked: format!("…{}", secret.last_four),
                created_at: secret.created_at,
                last_used_at: secret.last_used_at,
            })
            .collect(),
        grants,
        endpoints: Endpoints {
            issuer: site.public_url.clone(),
            authorize: format!("{}/oauth2/auth", site.public_url),
            token: format!("{}/oauth2/token", site.public_url),
            api: site.api_url.clone(),
        },
        created_at: found.created_at,
    };
    Ok(visit.console(session, (Section::Developer, &found.profile.name), views::show(&page)))
}

fn attempt_row(attempt: Attempt) -> AttemptRow {
    let finding = |finding: Finding| FindingRow {
        place: match finding.place {
            Place::Query => "query",
            Place::Body => "body",
            Place::Header => "header",
            Place::Missing => "missing",
        },
        verdict: match finding.verdict {
            Verdict::Fine => FindingVerdict::Fine,
            Verdict::Wrong => FindingVerdict::Wrong,
            Verdict::Ignored => FindingVerdict::Ignored,
        },
        name: finding.name,
        shown: finding.shown,
        note: finding.note,
    };
    AttemptRow {
        happened_at: attempt.happened_at,
        endpoint: attempt.endpoint,
        error: attempt.error,
        description: attempt.description,
        reason: attempt.reason,
        findings: attempt.findings.into_iter().map(finding).collect(),
        address: attempt.sender.address,
        user_agent: attempt.sender.user_agent,
        request_id: attempt.sender.request_id,
    }
}

/// `POST /settings/developer/oauth-applications/{client_id}/delete`
pub(crate) async fn destroy(
    Path(client_id): Path<String>,
    Post { visit, .. }: Post,
) -> Result<Response, Fail> {
    admin(&visit, &PURPOSE).await?;
    let client_id = parse(&client_id)?;
    let actor = visit.actor();
    visit.write(move |tx, session| application::delete(tx, &session.access(), &actor, &client_id)).await?;
    Ok(visit.redirect(INDEX))
}

/// An application as a form describes it.
#[derive(Clone)]
struct Draft {
    client_type: ClientType,
    profile: Profile,
}

impl Draft {
    fn read(form: &Fields, client_type: ClientType, invalid: &mut Invalid) -> Self {
        let owners_choice = match form.text("require_pkce") {
            "" => Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice),
            _ => Pkce::Required,
        };
        let profile = Profile {
            name: form.text("name").to_owned(),
            homepage_url: form.filled("homepage_url"),
            description: form.filled("description"),
            privacy_policy_url: form.filled("privacy_policy_url"),
            terms_url: form.filled("terms_url"),
            redirect_uris: lines(form.text("redirect_uris")),
            scopes: ticked(form, "scope", invalid),
            optional_scopes: ticked(form, "optional_scope", invalid),
            pkce: Pkce::of(client_type, owners_choice),
            issuer: match form.text("leave_out_issuer") {
                "" => IssuerParameter::Sent,
                _ => IssuerParameter::LeftOut,
            },
            rotation: match form.text("keep_refresh_tokens") {
                "" => Rotation::Rotate,
                _ => Rotation::of(client_type, Rotation::Keep(KeepReason::ClientSecretAndOwnersChoice)),
            },
        };
        Self { client_type, profile }
    }

    fn page(
        &self,
        visit: &Visit,
        session: &Session,
        client_id: Option<&ClientId>,
        errors: Errors,
    ) -> Response {
        let profile = &self.profile;
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let page = ApplicationForm {
            client_id: client_id.map(ClientId::to_string),
            csrf: visit.form_token(),
            name: profile.name.clone(),
            homepage_url: text(&profile.homepage_url),
            description: text(&profile.description),
            privacy_policy_url: text(&profile.privacy_policy_url),
            terms_url: text(&profile.terms_url),
            redirect_uris: profile.redirect_uris.join("\n"),
            required: scope_choices(Scope::all().filter(|scope| scope.fits_grants()), profile.scopes.set()),
            optional: scope_choices(optional_scopes(), profile.optional_scopes.set()),
            client_type: shown_type(self.client_type),
            require_pkce: profile.pkce == Pkce::Required,
            leave_out_issuer: profile.issuer == IssuerParameter::LeftOut,
            keep_refresh_tokens: profile.rotation != Rotation::Rotate,
            errors,
        };
        let title = if client_id.is_some() { "Edit application" } else { "Create an OAuth Application" };
        visit.console(session, (Section::Developer, title), views::form(&page))
    }
}

/// What can be offered unticked: `offline_access` is for the application to need, not for people to guess at.
fn optional_scopes() -> impl Iterator<Item = Scope> {
    let lasting = ScopeSet::of(&[Scope::OfflineAccess]);
    Scope::all().filter(move |scope| scope.fits_grants() && !lasting.contains(*scope))
}
