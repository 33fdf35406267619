//! One of every page, in the states that matter, with names that try to break out.

use crate::views::api_keys::{self, KeyCreated, KeyForm, KeyIndex, KeyRow, KeyShow, KeyState};
use crate::views::applications::{
    self, ApplicationCreated, ApplicationForm, ApplicationIndex, ApplicationRow, ApplicationShow, ClientType, Endpoints, SecretRow,
};
use crate::views::chart::{Chart, Point};
use crate::views::consent::{self, Asker, Consent, OrganizationChoice, SignedIn, Trust};
use crate::views::consent_refused::{self, ConsentRefused, MissingScope, Person};
use crate::views::devices::{self, DeviceIndex, DeviceRow, DeviceShow, Latest, SensorRow};
use crate::views::docs::{self, Endpoint, Group, GuideLink, Parameter, Reference};
use crate::views::error::{self, Comparison, ErrorPage};
use crate::views::login::{self, Login};
use crate::views::parts::{DeviceChoice, Errors, Pages, ScopeChoice, ScopeKind, ScopeLine, Tone};
use crate::views::setup::{self, Setup};
use crate::views::wall::{self, Wall};
use crate::views::{Nav, Page, Place, Viewer};
use jiff::{SignedDuration, Timestamp};
use maud::Markup;

/// A name somebody might choose to break a page.
pub(crate) const HOSTILE: &str = "<script>alert(1)</script>";

const SCOPES: [(&str, &str, ScopeKind); 7] = [
    ("devices:read", "See your devices, where they are and what is attached", ScopeKind::View),
    ("observations:read", "See what your devices measured", ScopeKind::View),
    ("webhooks:read", "See webhooks and their deliveries", ScopeKind::View),
    ("audit:read", "See who did what in your organization", ScopeKind::View),
    ("devices:write", "Change your devices' names and places", ScopeKind::Change),
    ("observations:write", "Add observations to your devices", ScopeKind::Change),
    ("offline_access", "Keep access when you are away, until you remove it", ScopeKind::Lasting),
];

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn now() -> Timestamp {
    instant("2026-07-14T09:30:00Z")
}

fn lines(names: &[&str]) -> Vec<ScopeLine> {
    let chosen = SCOPES.iter().filter(|(name, ..)| names.contains(name));
    chosen.map(|&(name, sentence, kind)| ScopeLine { name: name.into(), sentence: sentence.into(), kind }).collect()
}

fn choices(ticked: &[&str]) -> Vec<ScopeChoice> {
    let all: Vec<&str> = SCOPES.iter().map(|(name, ..)| *name).collect();
    lines(&all).into_iter().map(|scope| ScopeChoice { ticked: ticked.contains(&scope.name.as_str()), scope }).collect()
}

fn device_choices() -> Vec<DeviceChoice> {
    let names = ["Inner Harbour North", "Inner Harbour South", "Estuary Mouth", "Reef Edge 2", "Fish Farm Pen 7", "Intake"];
    let choice = |(index, name): (usize, &&str)| DeviceChoice {
        id: format!("dev_{index}"),
        name: (*name).into(),
        detail: format!("BS-{:04}", 2040 + index),
        chosen: index == 1,
    };
    names.iter().enumerate().map(choice).collect()
}

fn people() -> Vec<Person> {
    [("Maren Okafor", "maren@harbour.example"), ("Jonas Wirth", "jonas@harbour.example")]
        .map(|(name, email)| Person { name: name.into(), email: email.into() })
        .into()
}

/// Every page: its name and its document.
pub(crate) fn pages() -> Vec<(&'static str, String)> {
    let developer = Some(Place::Developer);
    let console = [
        ("api_keys", developer, api_keys::index(&KeyIndex { keys: keys(), pages: Pages { previous: None, next: Some("?cursor=x".into()) }, now: now(), api: "https://api.bluesonde.example/v1".into() })),
        ("api_keys_empty", developer, api_keys::index(&KeyIndex { keys: vec![], pages: Pages::default(), now: now(), api: "https://api.bluesonde.example/v1".into() })),
        ("api_keys_new", developer, api_keys::new(&key_form("90", "all", Errors::default()))),
        ("api_keys_wrong", developer, api_keys::new(&key_form("never", "chosen", mistakes()))),
        ("api_keys_created", developer, api_keys::created(&key_created())),
        ("api_keys_show", developer, api_keys::show(&key_show())),
        ("applications", developer, applications::index(&ApplicationIndex { applications: applications(), pages: Pages::default() })),
        ("applications_empty", developer, applications::index(&ApplicationIndex { applications: vec![], pages: Pages::default() })),
        ("applications_new", developer, applications::form(&application_form(Errors::default()))),
        ("applications_wrong", developer, applications::form(&application_form(uri_mistake()))),
        ("applications_created", developer, applications::created(&application_created())),
        ("applications_public", developer, applications::show(&application_show(ClientType::Public))),
        ("applications_show", developer, applications::show(&application_show(ClientType::Confidential))),
        ("wall", developer, wall::wall(&wall_page())),
        ("devices", Some(Place::Devices), devices::index(&DeviceIndex { devices: fleet(), pages: Pages::default() })),
        ("device", Some(Place::Devices), devices::show(&device_show(&series()))),
    ];
    let lone = [
        ("login", Nav::SignedOut, login::login(&Login { action: "/login".into(), application: Some("Tide Ledger".into()), ..Login::default() })),
        ("login_refused", Nav::SignedOut, login::login(&Login { email: "maren@harbour.example".into(), error: Some("The email or the password is not right. Try again.".into()), ..Login::default() })),
        ("setup", Nav::SignedOut, setup::setup(&Setup { errors: Errors(vec![("password".into(), "The password needs at least 12 characters".into())]), ..Setup::default() })),
        ("error", Nav::Focused, error::error(&error_page())),
        ("consent", Nav::Focused, consent::consent(&consent_page(Trust::Verified, "all"))),
        ("consent_unverified", Nav::Focused, consent::consent(&consent_page(Trust::Unverified, "chosen"))),
        ("consent_refused", Nav::Focused, consent_refused::consent_refused(&refused())),
        ("docs", Nav::Public(Place::Docs), docs::reference(&reference())),
    ];
    let console = console.into_iter().map(|(name, place, body)| (name, nav(place), body));
    console.chain(lone).map(|(name, nav, body)| (name, document(name, nav, body))).collect()
}

fn nav(place: Option<Place>) -> Nav<'static> {
    let viewer = Viewer { organization: "Harbour Trust", name: "Maren Okafor", csrf: "token" };
    place.map_or(Nav::SignedOut, |place| Nav::Console(viewer, place))
}

fn document(title: &str, nav: Nav<'_>, body: Markup) -> String {
    Page { title, nav, body, support: Some("help@bluesonde.example"), request_id: Some("req_01hq") }.render().into_string()
}

fn key(name: &str, state: KeyState, expires_at: Option<&str>) -> KeyRow {
    KeyRow {
        id: format!("key_{}", name.len()),
        name: name.into(),
        masked: format!("sk_live_bsn_01jq…{:04}", name.len() * 271),
        scopes: name.len() % 4 + 1,
        devices: if name.len().is_multiple_of(2) { "All devices".into() } else { "3 devices".into() },
        created_by: "Maren Okafor".into(),
        created_at: instant("2026-05-02T11:04:00Z"),
        last_used_at: (state == KeyState::Active).then(|| instant("2026-07-14T09:26:00Z")),
        expires_at: expires_at.map(instant),
        state,
    }
}

fn keys() -> Vec<KeyRow> {
    vec![
        key("Nightly export", KeyState::Active, Some("2027-05-02T00:00:00Z")),
        key("Control room dashboard", KeyState::Active, Some("2026-07-20T00:00:00Z")),
        key(HOSTILE, KeyState::Active, None),
        key("Field laptop", KeyState::Expired, Some("2026-06-01T00:00:00Z")),
        key("Old importer", KeyState::Revoked, None),
    ]
}

fn mistakes() -> Errors {
    let mistake = |field: &str, message: &str| (field.to_owned(), message.to_owned());
    Errors(vec![mistake("name", "Give the key a name"), mistake("scope", "Tick at least one scope"), mistake("devices", "Choose at least one device")])
}

fn key_form(expiry: &str, devices: &str, errors: Errors) -> KeyForm {
    let expiry = expiry.to_owned();
    let scopes = choices(&["devices:read", "observations:read"]).into_iter().filter(|choice| choice.scope.kind != ScopeKind::Lasting).collect();
    KeyForm { csrf: "token".into(), name: String::new(), scopes, devices: devices.into(), device_choices: device_choices(), expiry, expiry_date: String::new(), errors }
}

fn key_created() -> KeyCreated {
    let key = format!("sk_test_bsn_{}", "Ab1".repeat(25));
    let curl = format!("curl -H 'Authorization: Bearer {key}' \\\n  http://127.0.0.1:8080/v1/observations/latest");
    KeyCreated { id: "key_1".into(), name: "Nightly export".into(), key, expires_at: Some(instant("2026-10-12T00:00:00Z")), curl }
}

fn key_show() -> KeyShow {
    KeyShow {
        csrf: "token".into(),
        key: key("Control room dashboard", KeyState::Active, Some("2026-07-20T00:00:00Z")),
        scopes: lines(&["devices:read", "observations:read", "observations:write"]),
        devices: Some(vec!["Estuary Mouth".into(), HOSTILE.into()]),
        last_used_from: Some("10.0.0.0/24".into()),
        now: now(),
    }
}

const CLIENT_ID: &str = "app01jq8x2nv6t4m9c3k7";

fn applications() -> Vec<ApplicationRow> {
    [("Tide Ledger", ClientType::Confidential, 214), (HOSTILE, ClientType::Public, 3)]
        .map(|(name, client_type, grants)| ApplicationRow { client_id: CLIENT_ID.into(), name: name.into(), client_type, grants, created_at: now() })
        .into()
}

fn uri_mistake() -> Errors {
    Errors(vec![("redirect_uris".into(), "http:// is allowed only for 127.0.0.1, [::1] and localhost: http://tide.example/callback".into())])
}

fn application_form(errors: Errors) -> ApplicationForm {
    ApplicationForm {
        client_id: None,
        csrf: "token".into(),
        name: "Tide Ledger".into(),
        homepage_url: String::new(),
        description: String::new(),
        privacy_policy_url: String::new(),
        terms_url: String::new(),
        redirect_uris: "http://tide.example/callback\n".into(),
        required: choices(&["devices:read"]),
        optional: choices(&[]),
        client_type: ClientType::Confidential,
        require_pkce: true,
        errors,
    }
}

fn application_created() -> ApplicationCreated {
    let client_secret = Some(format!("csbsn{}", "x7Q".repeat(16)));
    ApplicationCreated { name: "Tide Ledger".into(), client_id: CLIENT_ID.into(), client_secret }
}

fn application_show(client_type: ClientType) -> ApplicationShow {
    let secret = |id: &str| SecretRow { id: id.into(), masked: format!("csbsn…{id}"), created_at: instant("2026-05-02T11:04:00Z"), last_used_at: None };
    ApplicationShow {
        csrf: "token".into(),
        client_id: CLIENT_ID.into(),
        name: "Tide Ledger".into(),
        description: Some("Turns tide and turbidity into a port's daily log.".into()),
        client_type,
        require_pkce: false,
        redirect_uris: vec!["https://tide.example/callback".into(), "http://127.0.0.1:9000/callback".into()],
        required: lines(&["devices:read", "observations:read", "offline_access"]),
        optional: lines(&["observations:write"]),
        secrets: vec![secret("k9Tz")],
        grants: 214,
        endpoints: Endpoints {
            issuer: "https://auth.bluesonde.example".into(),
            authorize: "https://auth.bluesonde.example/oauth2/auth".into(),
            token: "https://auth.bluesonde.example/oauth2/token".into(),
            api: "https://api.bluesonde.example/v1".into(),
        },
        created_at: instant("2026-05-02T11:04:00Z"),
    }
}

fn wall_page() -> Wall {
    Wall {
        title: "API Keys".into(),
        purpose: "Keys let programs read and write your organization's data.".into(),
        needed_role: "Organization Admin".into(),
        role: "Viewer".into(),
        organization: "Harbour Trust".into(),
        administrators: people(),
        support: Some("help@bluesonde.example".into()),
    }
}

fn error_page() -> ErrorPage {
    ErrorPage {
        title: "This redirect URI is not registered".into(),
        happened: "The application “Tide Ledger” asked to send you to an address it has not registered, so we stopped here. Nothing was shared.".into(),
        advice: Some("If this is your application, add the received address under Redirect URIs, exactly as it is above.".into()),
        compared: Some(Comparison {
            what: "redirect URI".into(),
            received: "https://tide.example/callback/".into(),
            registered: vec!["http://127.0.0.1:9000/callback".into(), "https://tide.example/callback".into()],
        }),
        guide: Some(("How redirect URIs are compared".into(), "/docs/guides/authentication".into())),
        request_id: "req_01jq8x2nv6t4m9c3k7".into(),
    }
}

fn signed_in() -> SignedIn {
    SignedIn { name: "Maren Okafor".into(), email: "maren@harbour.example".into(), switch_action: "/logout?request=req_1".into() }
}

fn consent_page(trust: Trust, devices: &str) -> Consent {
    let organization = |id: &str, name: &str| OrganizationChoice { id: id.into(), name: name.into(), href: format!("?organization_id={id}") };
    let mut organizations = vec![organization("org_1", "Harbour Trust")];
    let mut required = lines(&["devices:read", "observations:read", "offline_access"]);
    if trust == Trust::Unverified {
        organizations.push(organization("org_2", "Coastal Laboratory"));
        required = lines(&["devices:read", "observations:read", "observations:write", "offline_access"]);
    }
    Consent {
        action: "/oauth2/consent/req_1".into(),
        csrf: "token".into(),
        application: Asker {
            name: "Tide Ledger".into(),
            publisher: "Saltmarsh Software".into(),
            registered_at: instant("2026-05-02T11:04:00Z"),
            trust,
            homepage_url: Some("https://tide.example".into()),
            privacy_policy_url: Some("https://tide.example/privacy".into()),
            terms_url: Some("https://tide.example/terms".into()),
            redirect_host: "tide.example".into(),
        },
        user: signed_in(),
        organization_id: "org_1".into(),
        organizations,
        required,
        optional: choices(&[]).into_iter().filter(|choice| choice.scope.name == "webhooks:read").collect(),
        devices: devices.into(),
        device_choices: device_choices(),
        errors: Errors::default(),
    }
}

fn refused() -> ConsentRefused {
    ConsentRefused {
        application: "Tide Ledger".into(),
        organization: "Harbour Trust".into(),
        role: "Viewer".into(),
        user: signed_in(),
        csrf: "token".into(),
        missing: vec![MissingScope {
            name: "observations:write".into(),
            sentence: "Add observations to your devices".into(),
            roles: ["Operator", "Organization Admin", "Owner"].map(String::from).into(),
        }],
        administrators: people(),
        return_url: "https://tide.example/callback?error=access_denied".into(),
        return_host: "tide.example".into(),
    }
}

fn device(index: usize, name: &str) -> DeviceRow {
    let states = [(Tone::Good, "Reporting"), (Tone::Warning, "Silent"), (Tone::Plain, "In store")];
    let (tone, words) = states[index % 3];
    DeviceRow {
        id: format!("dev_{index}"),
        name: name.into(),
        serial_number: format!("BS-{:04}", 2040 + index),
        status: (tone, words.into()),
        location: Some((47.6 - index as f64, -122.34)),
        last_seen_at: Some(instant("2026-07-14T09:20:00Z")),
    }
}

fn fleet() -> Vec<DeviceRow> {
    ["Inner Harbour North", "Estuary Mouth", HOSTILE, "Reef Edge 2"].iter().enumerate().map(|(index, name)| device(index, name)).collect()
}

fn series() -> Vec<Point> {
    let start = now() - SignedDuration::from_hours(24);
    let point = |index: i32| {
        let x = f64::from(index) / 144.0;
        let value = 14.2 + 1.7 * (x * 6.28).sin() + 0.25 * (x * 61.0).sin();
        let at = start + SignedDuration::from_mins(i64::from(index) * 10);
        let quality = if index == 60 { 3 } else { 1 };
        Point { at, value: (!(90..=104).contains(&index)).then_some(if index == 60 { value + 1.1 } else { value }), quality }
    };
    (0..144).map(point).collect()
}

fn device_show(points: &[Point]) -> DeviceShow<'_> {
    let latest = |property: &str, value, unit: &str, quality| Latest { property: property.into(), value, unit: unit.into(), quality, at: instant("2026-07-14T09:20:00Z") };
    let chart = |id, title, unit, points| Chart { id, title, unit, start: now() - SignedDuration::from_hours(24), end: now(), points, gap: SignedDuration::from_mins(30) };
    DeviceShow {
        device: device(0, "Inner Harbour North"),
        latest: vec![
            latest("Water temperature", Some(14.62), "°C", 1),
            latest("Salinity", Some(31.4), "psu", 2),
            latest("Dissolved oxygen", Some(8.913), "mg/L", 3),
            latest("Turbidity", None, "FTU", 9),
        ],
        charts: vec![chart("temperature", "Water temperature", "°C", points), chart("turbidity", "Turbidity", "FTU", &[])],
        ranges: ["24 hours", "7 days", "30 days"].map(|words| (words.to_owned(), format!("?range={}", &words[..2]))).into(),
        range: "24 hours".into(),
        sensors: vec![SensorRow { name: "Conductivity and temperature".into(), sensor_type: "SBE 37-SMP, Sea-Bird Scientific".into(), properties: "Water temperature, salinity".into() }],
        curl: "curl -H \"Authorization: Bearer $BLUESONDE_API_KEY\" \\\n  https://api.bluesonde.example/v1/observations/latest".into(),
    }
}

fn reference() -> Reference {
    let endpoint = |method: &str, path: &str, summary: &str, scope: Option<&str>| Endpoint {
        method: method.into(),
        path: path.into(),
        summary: summary.into(),
        scope: scope.map(String::from),
        parameters: vec![Parameter { name: "limit".into(), place: "query".into(), description: "How many, 1 to 1000. 50 when left out.".into() }],
        request: format!("curl -H \"Authorization: Bearer $BLUESONDE_API_KEY\" \\\n  https://api.bluesonde.example{path}"),
        response: "{\n  \"data\": [],\n  \"next_cursor\": null\n}".into(),
    };
    Reference {
        api: "https://api.bluesonde.example/v1".into(),
        groups: vec![
            Group { title: "Devices".into(), endpoints: vec![endpoint("GET", "/v1/devices", "List devices", Some("devices:read")), endpoint("GET", "/v1/devices/{id}", "One device", Some("devices:read"))] },
            Group { title: "Observations".into(), endpoints: vec![endpoint("POST", "/v1/observations", "Add observations", Some("observations:write")), endpoint("GET", "/v1/me", "What this credential may do", None)] },
        ],
        guides: vec![GuideLink { title: "Authentication".into(), summary: "Keys, and the OAuth flow step by step.".into(), href: "/docs/guides/authentication".into() }],
    }
}
