//! `/v1/oauth-applications`: what Developer Settings does with OAuth applications, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};

use model::application::{self, Application, Profile};
use model::{Error, Tx};
use rules::access::Access;
use rules::authorize::IssuerParameter;
use rules::client_auth::ClientType;
use rules::exchange::{KeepReason, Rotation};
use rules::id::ClientId;
use rules::pkce::{Pkce, Reason};
use rules::schema::DateTime;
use rules::scope::ScopeList;

use crate::app::App;
use crate::http::api::doc::Doc;
use crate::http::api::{Body, Caller, Here, Id, List, PageParams, Params, private};
use crate::http::edge::ClientAddress;
use crate::http::error::Problem;

const LIST: &str = "oauth-applications";

/// An OAuth application, without its secrets.
#[derive(Debug, Serialize, JsonSchema)]
pub struct OauthApplication {
    /// Its public name in the protocol.
    client_id: ClientId,
    /// The Application Name, which people see when they are asked.
    name: String,
    /// Whether it has no secret and must use PKCE.
    public: bool,
    /// Whether its authorization requests must carry a PKCE challenge.
    require_pkce: bool,
    /// Whether its answers come without `iss`.
    leave_out_issuer: bool,
    /// Whether its refresh tokens stay the same when they are used.
    keep_refresh_tokens: bool,
    homepage_url: Option<String>,
    description: Option<String>,
    privacy_policy_url: Option<String>,
    terms_url: Option<String>,
    /// Where people may be sent back to.
    redirect_uris: Vec<String>,
    /// What a person's role must have to consent, in order.
    scopes: ScopeList,
    /// What people may add.
    optional_scopes: ScopeList,
    /// When the platform's operator vouched for it.
    #[schemars(with = "Option<DateTime>")]
    verified_at: Option<Timestamp>,
    #[schemars(with = "DateTime")]
    created_at: Timestamp,
}

/// A new application, with the only copy of its secret.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CreatedOauthApplication {
    /// The client secret: shown this once; null for a public application.
    client_secret: Option<String>,
    #[serde(flatten)]
    application: OauthApplication,
}

impl OauthApplication {
    fn of(application: Application) -> Self {
        let Application { client_id, client_type, profile, created_at, verified_at, .. } = application;
        Self {
            client_id,
            name: profile.name,
            public: client_type == ClientType::Public,
            require_pkce: profile.pkce == Pkce::Required,
            leave_out_issuer: profile.issuer == IssuerParameter::LeftOut,
            keep_refresh_tokens: profile.rotation != Rotation::Rotate,
            homepage_url: profile.homepage_url,
            description: profile.description,
            privacy_policy_url: profile.privacy_policy_url,
            terms_url: profile.terms_url,
            redirect_uris: profile.redirect_uris,
            scopes: profile.scopes,
            optional_scopes: profile.optional_scopes,
            verified_at,
            created_at,
        }
    }
}

/// What a new application should be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateOauthApplication {
    /// The Application Name, 1 to 100 characters.
    name: String,
    /// Where people may be sent back to, 1 to 20.
    redirect_uris: Vec<String>,
    /// What a person's role must have to consent; at least one that gives access to data.
    scopes: ScopeList,
    /// What people may add.
    #[serde(default)]
    optional_scopes: ScopeList,
    /// Whether it can't keep a secret: then it gets none and must use PKCE.
    #[serde(default)]
    public: bool,
    /// Whether its authorization requests must carry a PKCE challenge; a public application's always must.
    #[serde(default)]
    require_pkce: bool,
    /// Whether its answers come without `iss`, for a library that stumbles over it.
    #[serde(default)]
    leave_out_issuer: bool,
    /// Whether its refresh tokens stay the same when they are used; a public application's never do.
    #[serde(default)]
    keep_refresh_tokens: bool,
    homepage_url: Option<String>,
    description: Option<String>,
    privacy_policy_url: Option<String>,
    terms_url: Option<String>,
}

impl CreateOauthApplication {
    fn read(self) -> (ClientType, Profile) {
        let client_type = if self.public { ClientType::Public } else { ClientType::Confidential };
        let profile = Profile {
            name: self.name,
            homepage_url: self.homepage_url,
            description: self.description,
            privacy_policy_url: self.privacy_policy_url,
            terms_url: self.terms_url,
            redirect_uris: self.redirect_uris,
            scopes: self.scopes,
            optional_scopes: self.optional_scopes,
            pkce: Pkce::of(client_type, pkce(self.require_pkce)),
            issuer: issuer(self.leave_out_issuer),
            rotation: Rotation::of(client_type, rotation(self.keep_refresh_tokens)),
        };
        (client_type, profile)
    }
}

#[expect(
    clippy::fn_params_excessive_bools,
    reason = "on the wire it is a JSON boolean; here it gets its name"
)]
fn pkce(required: bool) -> Pkce {
    if required { Pkce::Required } else { Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice) }
}

#[expect(
    clippy::fn_params_excessive_bools,
    reason = "on the wire it is a JSON boolean; here it gets its name"
)]
fn issuer(left_out: bool) -> IssuerParameter {
    if left_out { IssuerParameter::LeftOut } else { IssuerParameter::Sent }
}

#[expect(
    clippy::fn_params_excessive_bools,
    reason = "on the wire it is a JSON boolean; here it gets its name"
)]
fn rotation(kept: bool) -> Rotation {
    if kept { Rotation::Keep(KeepReason::ClientSecretAndOwnersChoice) } else { Rotation::Rotate }
}

/// What to change of an application; what is left out stays as it is. Its type is settled.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ChangeOauthApplication {
    name: Option<String>,
    redirect_uris: Option<Vec<String>>,
    scopes: Option<ScopeList>,
    optional_scopes: Option<ScopeList>,
    require_pkce: Option<bool>,
    leave_out_issuer: Option<bool>,
    keep_refresh_tokens: Option<bool>,
    /// Null takes it away.
    #[serde(deserialize_with = "said")]
    homepage_url: Option<Option<String>>,
    /// Null takes it away.
    #[serde(deserialize_with = "said")]
    description: Option<Option<String>>,
    /// Null takes it away.
    #[serde(deserialize_with = "said")]
    privacy_policy_url: Option<Option<String>>,
    /// Null takes it away.
    #[serde(deserialize_with = "said")]
    terms_url: Option<Option<String>>,
}

/// Tells a member that is null from one that is not there.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl ChangeOauthApplication {
    fn apply(&self, profile: &mut Profile) {
        put(&mut profile.name, self.name.as_ref());
        put(&mut profile.redirect_uris, self.redirect_uris.as_ref());
        put(&mut profile.scopes, self.scopes.as_ref());
        put(&mut profile.optional_scopes, self.optional_scopes.as_ref());
        put(&mut profile.homepage_url, self.homepage_url.as_ref());
        put(&mut profile.description, self.description.as_ref());
        put(&mut profile.privacy_policy_url, self.privacy_policy_url.as_ref());
        put(&mut profile.terms_url, self.terms_url.as_ref());
        put(&mut profile.pkce, self.require_pkce.map(pkce).as_ref());
        put(&mut profile.issuer, self.leave_out_issuer.map(issuer).as_ref());
        put(&mut profile.rotation, self.keep_refresh_tokens.map(rotation).as_ref());
    }
}

fn put<T: Clone>(place: &mut T, new: Option<&T>) {
    if let Some(new) = new {
        place.clone_from(new);
    }
}

/// `GET /v1/oauth-applications`
pub(crate) async fn index(
    State(app): State<App>,
    caller: Caller,
    here: Here,
    Params(page): Params<PageParams>,
) -> Result<Response, Problem> {
    let limit = page.limit()?;
    let before: Option<ClientId> = page.after(&app, &caller, LIST)?;
    let found = app.db.read(|tx| application::page(tx, &caller, before.as_ref(), limit + 1)).await?;
    let found = found.into_iter().map(OauthApplication::of).collect();
    let list = List::cut(found, limit, (&app, &caller, LIST), |application: &OauthApplication| {
        application.client_id.to_string()
    });
    Ok(list.answer(&app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Credentials", "list_oauth_applications", "List OAuth applications")
        .says("The applications that the organization publishes, newest first, without secrets.")
        .query::<PageParams>()
        .returns::<List<OauthApplication>>("A page of applications.")
        .example(json!({"data": [example()], "next_cursor": null}))
}

/// `POST /v1/oauth-applications`
pub(crate) async fn create(
    State(app): State<App>,
    caller: Caller,
    address: ClientAddress,
    Body(new): Body<CreateOauthApplication>,
) -> Result<Response, Problem> {
    let (mint, actor, (client_type, profile)) = (app.mint.clone(), caller.actor(address), new.read());
    let create = move |tx: &mut Tx<'_>, access: &Access| {
        application::create(tx, access, &mint, &actor, (client_type, &profile))
    };
    let (application, secret) = caller.write(&app, create).await?;
    let created = CreatedOauthApplication {
        client_secret: secret.map(|secret| secret.expose().to_owned()),
        application: OauthApplication::of(application),
    };
    Ok(private(StatusCode::CREATED, &created))
}

pub(crate) fn create_doc() -> Doc {
    let mut example = example();
    if let Some(members) = example.as_object_mut() {
        members.insert("client_secret".to_owned(), "csbsn…".into());
    }
    Doc::new("Credentials", "create_oauth_application", "Create an OAuth application")
        .says("The answer is the only place where the client secret is ever shown; a public application has none.")
        .body::<CreateOauthApplication>(json!({
            "name": "Tide Ledger",
            "redirect_uris": ["https://tide.example/callback"],
            "scopes": ["devices:read", "observations:read", "offline_access"]
        }))
        .returns_with::<CreatedOauthApplication>(201, "The new application.")
        .example(example)
}

/// `GET /v1/oauth-applications/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ClientId>,
) -> Result<Response, Problem> {
    let found = app.db.read(|tx| application::find(tx, &caller, &id)).await?;
    Ok(private(StatusCode::OK, &OauthApplication::of(found)))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Credentials", "get_oauth_application", "Show an OAuth application")
        .says("What the application is called, asks for, and where it sends people back to.")
        .at::<ClientId>("$CLIENT_ID")
        .returns::<OauthApplication>("The application, without its secrets.")
        .example(example())
}

/// `PATCH /v1/oauth-applications/{id}`
pub(crate) async fn update(
    (State(app), caller): (State<App>, Caller),
    address: ClientAddress,
    Id(id): Id<ClientId>,
    Body(change): Body<ChangeOauthApplication>,
) -> Result<Response, Problem> {
    let actor = caller.actor(address);
    let update = move |tx: &mut Tx<'_>, access: &Access| {
        let mut profile = application::own(tx, access, &id)?.profile;
        change.apply(&mut profile);
        application::update(tx, access, &actor, &id, &profile)
    };
    let changed = caller.write(&app, update).await?;
    Ok(private(StatusCode::OK, &OauthApplication::of(changed)))
}

pub(crate) fn update_doc() -> Doc {
    Doc::new("Credentials", "update_oauth_application", "Change an OAuth application")
        .says(
            "What is left out stays as it is. Running grants are narrowed to what is still listed with their next \
             request; a scope that is added takes a new consent.",
        )
        .at::<ClientId>("$CLIENT_ID")
        .body::<ChangeOauthApplication>(json!({"name": "Tide Ledger 2"}))
        .returns::<OauthApplication>("The application as it is now.")
        .example(example())
}

/// `DELETE /v1/oauth-applications/{id}`
pub(crate) async fn destroy(
    State(app): State<App>,
    caller: Caller,
    address: ClientAddress,
    Id(id): Id<ClientId>,
) -> Result<Response, Problem> {
    let actor = caller.actor(address);
    let delete = move |tx: &mut Tx<'_>, access: &Access| {
        application::delete(tx, access, &actor, &id)?;
        Ok::<_, Error>(())
    };
    caller.write(&app, delete).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(crate) fn destroy_doc() -> Doc {
    Doc::new("Credentials", "delete_oauth_application", "Delete an OAuth application")
        .says("The application and every grant to it end with the next request. This can't be undone.")
        .at::<ClientId>("$CLIENT_ID")
        .returns_nothing("Deleted.")
}

fn example() -> Value {
    json!({
        "client_id": "app01kb3zq6y9f2h4j6k8m1n3p5q7",
        "name": "Tide Ledger",
        "public": false,
        "require_pkce": false,
        "leave_out_issuer": false,
        "keep_refresh_tokens": false,
        "homepage_url": "https://tide.example/",
        "description": null,
        "privacy_policy_url": null,
        "terms_url": null,
        "redirect_uris": ["https://tide.example/callback"],
        "scopes": ["devices:read", "observations:read", "offline_access"],
        "optional_scopes": [],
        "verified_at": null,
        "created_at": "2026-11-01T08:00:00Z"
    })
}
