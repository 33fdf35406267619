//! One of every page, in the states that matter, with names that try to break out.

mod account;
mod data;
mod log;
mod organization;

use crate::views::access_requests::{self, AskState, RequestCard, RequestIndex, RoleChoice};
use crate::views::api_keys::{self, KeyCreated, KeyForm, KeyIndex, KeyRow, KeyShow, KeyState};
use crate::views::applications::{
    self, ApplicationCreated, ApplicationForm, ApplicationIndex, ApplicationRow, ApplicationShow, AttemptRow,
    ClientType, Endpoints, FindingRow, FindingVerdict, SecretRow,
};
use crate::views::audit_log;
use crate::views::connections::{self, ConnectionCard, ConnectionIndex};
use crate::views::consent::{self, Asker, Consent, OrganizationChoice, SignedIn, Trust};
use crate::views::consent_refused::{self, ConsentRefused, MissingScope, Person};
use crate::views::devices::{self, DeviceIndex};
use crate::views::docs;
use crate::views::error::{self, Comparison, ErrorPage};
use crate::views::login::{self, Login};
use crate::views::parts::{DeviceChoice, Errors, LeakNotice, Pages, ScopeChoice, ScopeKind, ScopeLine};
use crate::views::setup::{self, Setup};
use crate::views::wall::{self, Wall};
use crate::views::{Nav, Page, Place};
use jiff::Timestamp;
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
    chosen
        .map(|&(name, sentence, kind)| ScopeLine { name: name.into(), sentence: sentence.into(), kind })
        .collect()
}

fn choices(ticked: &[&str]) -> Vec<ScopeChoice> {
    let all: Vec<&str> = SCOPES.iter().map(|(name, ..)| *name).collect();
    lines(&all)
        .into_iter()
        .map(|scope| ScopeChoice { ticked: ticked.contains(&scope.name.as_str()), scope })
        .collect()
}

fn device_choices() -> Vec<DeviceChoice> {
    let names = [
        "Inner Harbour North",
        "Inner Harbour South",
        "Estuary Mouth",
        "Reef Edge 2",
        "Fish Farm Pen 7",
        "Intake",
    ];
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
    let elsewhere = organization::elsewhere();
    let viewer = || organization::viewer(&elsewhere);
    let console = console_pages()
        .into_iter()
        .chain(account::console_pages())
        .chain(organization::pages())
        .map(|(name, place, body)| (name, Nav::Console(viewer(), place), body));
    console
        .chain(lone_pages())
        .chain(account::lone_pages())
        .chain(organization::lone_pages())
        .map(|(name, nav, body)| (name, document(name, nav, body)))
        .collect()
}

fn console_pages() -> [(&'static str, Place, Markup); 22] {
    [
        (
            "api_keys",
            Place::Developer,
            api_keys::index(&KeyIndex {
                keys: keys(),
                pages: Pages { previous: None, next: Some("?cursor=x".into()) },
                now: now(),
                api: "https://api.bluesonde.example/v1".into(),
            }),
        ),
        (
            "api_keys_empty",
            Place::Developer,
            api_keys::index(&KeyIndex {
                keys: vec![],
                pages: Pages::default(),
                now: now(),
                api: "https://api.bluesonde.example/v1".into(),
            }),
        ),
        ("api_keys_new", Place::Developer, api_keys::new(&key_form("90", "all", Errors::default()))),
        ("api_keys_wrong", Place::Developer, api_keys::new(&key_form("never", "chosen", mistakes()))),
        ("api_keys_created", Place::Developer, api_keys::created(&key_created())),
        ("api_keys_show", Place::Developer, api_keys::show(&key_show())),
        (
            "applications",
            Place::Developer,
            applications::index(&ApplicationIndex { applications: applications(), pages: Pages::default() }),
        ),
        (
            "applications_empty",
            Place::Developer,
            applications::index(&ApplicationIndex { applications: vec![], pages: Pages::default() }),
        ),
        ("applications_new", Place::Developer, applications::form(&application_form(Errors::default()))),
        ("applications_wrong", Place::Developer, applications::form(&application_form(uri_mistake()))),
        ("applications_created", Place::Developer, applications::created(&application_created())),
        ("applications_public", Place::Developer, applications::show(&application_show(ClientType::Public))),
        (
            "applications_show",
            Place::Developer,
            applications::show(&application_show(ClientType::Confidential)),
        ),
        ("connections", Place::Connections, connections::index(&connection_index(connected()))),
        ("connections_empty", Place::Connections, connections::index(&connection_index(vec![]))),
        (
            "access_requests",
            Place::AccessRequests,
            access_requests::index(&request_index(vec![access_request()])),
        ),
        ("access_requests_empty", Place::AccessRequests, access_requests::index(&request_index(vec![]))),
        ("wall", Place::Developer, wall::wall(&wall_page())),
        (
            "devices",
            Place::Devices,
            devices::index(&DeviceIndex { devices: data::fleet(), pages: Pages::default() }),
        ),
        ("device", Place::Devices, devices::show(&data::device_show(&data::series()))),
        ("audit_log", Place::AuditLog, audit_log::index(&log::audit_log())),
        ("audit_log_filtered", Place::AuditLog, audit_log::index(&log::filtered())),
    ]
}

fn lone_pages() -> [(&'static str, Nav<'static>, Markup); 9] {
    [
        (
            "login",
            Nav::SignedOut,
            login::login(&Login {
                action: "/login".into(),
                application: Some("Tide Ledger".into()),
                ..Login::default()
            }),
        ),
        (
            "login_refused",
            Nav::SignedOut,
            login::login(&Login {
                email: "maren@harbour.example".into(),
                error: Some("The email or the password is not right. Try again.".into()),
                ..Login::default()
            }),
        ),
        (
            "setup",
            Nav::SignedOut,
            setup::setup(&Setup {
                errors: Errors(vec![("password".into(), "The password needs at least 12 characters".into())]),
                ..Setup::default()
            }),
        ),
        ("error", Nav::Focused, error::error(&error_page())),
        ("consent", Nav::Focused, consent::consent(&consent_page(Trust::Verified, "all"))),
        ("consent_unverified", Nav::Focused, consent::consent(&consent_page(Trust::Unverified, "chosen"))),
        ("consent_refused", Nav::Focused, consent_refused::consent_refused(&refused())),
        ("docs", Nav::Public(Place::Docs), docs::reference(&data::reference())),
        ("docs-errors", Nav::Public(Place::Docs), docs::errors(&data::mistakes())),
    ]
}

fn document(title: &str, nav: Nav<'_>, body: Markup) -> String {
    Page { title, nav, body, support: Some("help@bluesonde.example"), request_id: Some("req_01hq") }
        .render()
        .into_string()
}

fn key(name: &str, state: KeyState, expires_at: Option<&str>) -> KeyRow {
    KeyRow {
        id: format!("key_{}", name.len()),
        name: name.into(),
        masked: format!("sk_live_bsn_01jq…{:04}", name.len() * 271),
        scopes: name.len() % 4 + 1,
        devices: if name.len().is_multiple_of(2) { "All devices".into() } else { "3 devices".into() },
        created_by: "Maren Okafor".into(),
        creator_note: (expires_at.is_none()).then_some("Its creator left"),
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
    Errors(vec![
        mistake("name", "Give the key a name"),
        mistake("scope", "Tick at least one scope"),
        mistake("devices", "Choose at least one device"),
    ])
}

fn key_form(expiry: &str, devices: &str, errors: Errors) -> KeyForm {
    let expiry = expiry.to_owned();
    let scopes = choices(&["devices:read", "observations:read"])
        .into_iter()
        .filter(|choice| choice.scope.kind != ScopeKind::Lasting)
        .collect();
    KeyForm {
        csrf: "token".into(),
        name: String::new(),
        scopes,
        devices: devices.into(),
        device_choices: device_choices(),
        expiry,
        expiry_date: String::new(),
        errors,
    }
}

fn key_created() -> KeyCreated {
    let key = format!("sk_test_bsn_{}", "Ab1".repeat(25));
    let curl =
        format!("curl -H 'Authorization: Bearer {key}' \\\n  http://127.0.0.1:8080/v1/observations/latest");
    KeyCreated {
        id: "key_1".into(),
        name: "Nightly export".into(),
        key,
        expires_at: Some(instant("2026-10-12T00:00:00Z")),
        curl,
    }
}

fn key_show() -> KeyShow {
    KeyShow {
        csrf: "token".into(),
        key: key("Control room dashboard", KeyState::Active, Some("2026-07-20T00:00:00Z")),
        scopes: lines(&["devices:read", "observations:read", "observations:write"]),
        devices: Some(vec!["Estuary Mouth".into(), HOSTILE.into()]),
        last_used_from: Some("10.0.0.0/24".into()),
        leaks: vec![LeakNotice { what: "API key ending in x7Qa".into(), reported_at: now() }],
        now: now(),
    }
}

const CLIENT_ID: &str = "app01jq8x2nv6t4m9c3k7";

fn applications() -> Vec<ApplicationRow> {
    [("Tide Ledger", ClientType::Confidential, 214), (HOSTILE, ClientType::Public, 3)]
        .map(|(name, client_type, grants)| ApplicationRow {
            client_id: CLIENT_ID.into(),
            name: name.into(),
            client_type,
            grants,
            created_at: now(),
        })
        .into()
}

fn uri_mistake() -> Errors {
    Errors(vec![(
        "redirect_uris".into(),
        "http:// is allowed only for 127.0.0.1, [::1] and localhost: http://tide.example/callback".into(),
    )])
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
        leave_out_issuer: false,
        keep_refresh_tokens: true,
        errors,
    }
}

fn application_created() -> ApplicationCreated {
    let client_secret = Some(format!("csbsn{}", "x7Q".repeat(16)));
    ApplicationCreated { name: "Tide Ledger".into(), client_id: CLIENT_ID.into(), client_secret }
}

fn application_show(client_type: ClientType) -> ApplicationShow {
    let secret = |id: &str| SecretRow {
        id: id.into(),
        masked: format!("csbsn…{id}"),
        created_at: instant("2026-05-02T11:04:00Z"),
        last_used_at: None,
    };
    ApplicationShow {
        csrf: "token".into(),
        client_id: CLIENT_ID.into(),
        name: "Tide Ledger".into(),
        description: Some("Turns tide and turbidity into a port's daily log.".into()),
        client_type,
        require_pkce: false,
        leaves_out_issuer: false,
        keeps_refresh_tokens: true,
        attempts: vec![attempt(), AttemptRow { reason: None, findings: vec![], ..attempt() }],
        redirect_uris: vec!["https://tide.example/callback".into(), "http://127.0.0.1:9000/callback".into()],
        required: lines(&["devices:read", "observations:read", "offline_access"]),
        optional: lines(&["observations:write"]),
        secrets: vec![secret("k9Tz")],
        leaks: Vec::new(),
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

fn attempt() -> AttemptRow {
    let finding = |name: &str, verdict, shown: &str, note: &str| FindingRow {
        name: name.into(),
        place: "body",
        shown: shown.into(),
        verdict,
        note: note.into(),
    };
    AttemptRow {
        happened_at: instant("2026-05-02T11:09:00Z"),
        endpoint: "token".into(),
        error: "invalid_grant".into(),
        description: "The refresh token was rotated already: use the newest one.".into(),
        reason: Some("Presented 7m45s after it was rotated, from another address.".into()),
        findings: vec![
            finding("grant_type", FindingVerdict::Fine, "refresh_token", ""),
            finding(
                "refresh_token",
                FindingVerdict::Wrong,
                "56 characters",
                "The secret itself is not kept.",
            ),
            finding("nonce", FindingVerdict::Ignored, "12 characters", "Not a parameter of this endpoint."),
        ],
        address: "198.51.100.7".into(),
        user_agent: String::new(),
        request_id: "r-1".into(),
    }
}

fn request_index(requests: Vec<RequestCard>) -> RequestIndex {
    RequestIndex { csrf: "token".into(), organization: "Harbour Trust".into(), requests }
}

fn access_request() -> RequestCard {
    let choice = |name: &str, beyond: &[&str]| RoleChoice { name: name.into(), beyond: lines(beyond) };
    RequestCard {
        id: "arq_1".into(),
        name: HOSTILE.into(),
        email: "ida@harbour.example".into(),
        role: "Viewer".into(),
        application: "Tide Ledger".into(),
        publisher: "Tide Works".into(),
        message: HOSTILE.into(),
        missing: lines(&["observations:write"]),
        choices: vec![choice("Operator", &["devices:write", "webhooks:read"])],
        created_at: instant("2026-05-02T11:04:00Z"),
        expires_at: instant("2026-05-09T11:04:00Z"),
        error: Some("That is not your password.".into()),
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
            difference: Some("The slash at the end differs.".into()),
        }),
        guide: Some(("How redirect URIs are compared".into(), "/docs/guides/authentication".into())),
        request_id: "req_01jq8x2nv6t4m9c3k7".into(),
    }
}

fn signed_in() -> SignedIn {
    SignedIn {
        name: "Maren Okafor".into(),
        email: "maren@harbour.example".into(),
        switch_action: "/logout?request=req_1".into(),
    }
}

fn consent_page(trust: Trust, devices: &str) -> Consent {
    let organization = |id: &str, name: &str| OrganizationChoice {
        id: id.into(),
        name: name.into(),
        href: format!("?organization_id={id}"),
    };
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
            description: Some("Turns tides into spreadsheets.".into()),
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

fn connection_index(connections: Vec<ConnectionCard>) -> ConnectionIndex {
    ConnectionIndex { csrf: "token".into(), organization: "Harbour Trust".into(), connections }
}

fn connected() -> Vec<ConnectionCard> {
    let connection = |id: &str, application: &str, scopes: &[&str], devices| ConnectionCard {
        id: id.into(),
        application: application.into(),
        publisher: "Saltmarsh Software".into(),
        scopes: lines(scopes),
        devices,
        approved_at: instant("2026-06-11T08:00:00Z"),
        last_used_at: scopes.first().map(|_| now()),
    };
    let lasting = ["devices:read", "observations:write", "offline_access"];
    vec![
        connection("grt_1", "Tide Ledger", &lasting, Some(vec!["Estuary Mouth".into(), HOSTILE.into()])),
        connection("grt_2", HOSTILE, &["devices:read"], None),
        connection("grt_3", "Reef Watch", &[], Some(vec![])),
    ]
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
        ask_action: "/oauth2/consent/req_1/ask?organization_id=org_1".into(),
        asked: AskState::Refused(HOSTILE.into()),
        return_url: "https://tide.example/callback?error=access_denied".into(),
        return_host: "tide.example".into(),
    }
}
