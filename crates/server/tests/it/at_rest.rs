//! What somebody finds who steals the database: nothing that opens a door.

use rules::role::Role;

use crate::support::{Client, Flow, TestApp, TokenCall};

#[test]
fn the_database_holds_no_secret_that_was_ever_given_out() {
    let app = TestApp::new();
    let member = app.member(Role::Owner);
    let client = app.confidential("devices:read offline_access");
    let flow = Flow::new(&app, &client).pkce();
    let tokens = flow.tokens(&member);
    let refreshed = flow.refresh(tokens.refresh());
    refreshed.assert_status(200);
    let browser = app.signed_in(&member);
    browser.get("/settings/developer/api-keys/new");
    browser.post(
        "/settings/developer/api-keys",
        &[("name", "x"), ("scope", "devices:read"), ("devices", "all"), ("expiry", "30")],
    );
    let mut secrets = app.credentials_given();
    secrets.extend([client.secret.clone().unwrap(), app.key("devices:read").secret]);
    for kind in ["sk_live_bsn_", "csbsn", "at_bsn_", "rt_bsn_", "ac_bsn_", "se_bsn_", "br_bsn_"] {
        assert!(secrets.iter().any(|secret| secret.starts_with(kind)), "the story has no {kind}");
    }
    let database = app.database_text();
    assert!(database.contains(client.id.as_str()), "what is searched is the database");
    for secret in &secrets {
        let digits = &secret[secret.len() - 49..];
        assert!(!database.contains(digits), "a secret of kind {}", &secret[..6]);
    }
    assert!(!database.contains(&member.password));
    assert!(!database.contains(flow.verifier()));
}

#[test]
fn two_people_with_one_password_have_two_hashes() {
    let app = TestApp::empty();
    let mint = app.app.mint.clone();
    let token = app.write(move |tx| model::setup::offer(tx, &mint)).unwrap();
    let browser = app.browser();
    browser.get(&format!("/setup?token={}", token.expose()));
    let password = "tide and time and more";
    let fields =
        [("organization_name", "A"), ("name", "B"), ("email", "a@b.example"), ("password", password)];
    browser.submit("/setup", &fields).assert_status(200);
    let sql = "SELECT password_hash FROM person";
    let hash: String = app.read(|tx| Ok(tx.one(sql, &[], |row| row.get(0))?));
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "OWASP's parameters: {}", &hash[..32]);
    let again = model::password::PasswordDigest::of(password).unwrap();
    assert_ne!(again.as_str(), hash, "each with a salt of its own");
}

#[test]
fn nothing_of_a_token_request_is_logged() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Owner), app.confidential("devices:read"));
    let flow = Flow::new(&app, &client);
    let code = flow.code(&member);
    let call = app.token_call().query(&flow.redemption(&code));
    call.basic(&client.id, client.secret.as_deref().unwrap()).send().assert_status(200);
    let log = app.log_text();
    assert!(!log.contains(&code) && !log.contains(client.secret.as_deref().unwrap()), "{log}");
}

/// Every piece of a secret that is long enough to be of use to somebody.
fn pieces(secret: &str) -> Vec<&str> {
    let whole = 24.min(secret.len());
    (0..=secret.len() - whole).map(|start| &secret[start..start + whole]).collect()
}

/// The ways in which a token request can bring a value that does not belong there.
fn misplaced<'a>(app: &'a TestApp, client: &Client, (name, value): (&str, &str)) -> [TokenCall<'a>; 6] {
    let call = || app.token_call().basic(&client.id, client.secret.as_deref().unwrap());
    [
        call().query(&[(name, value)]),
        call().query(&[(name, value)]).form(&[(name, value), (name, value)]),
        call().form(&[("grant_type", "refresh_token"), ("refresh_token", "x"), (name, value)]),
        app.token_call().form(&[("client_id", client.id.as_str()), (name, value), (value, name)]),
        call().body("application/json", &format!("{{\"{name}\": \"{value}\"}}")),
        call().body(value, value),
    ]
}

#[test]
fn nothing_of_a_refused_token_request_is_logged_counted_kept_or_told() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Owner), app.confidential("devices:read offline_access"));
    // A verifier as libraries make them, with signs of its own between the letters.
    let verifier = format!("{}-{}-{}", &app.chance()[..14], &app.chance()[..14], &app.chance()[..14]);
    let flow = Flow::new(&app, &client).verified_by(&verifier);
    let (tokens, code) = (flow.tokens(&member), flow.code(&member));
    let secrets = [client.secret.as_deref().unwrap(), tokens.refresh(), &tokens.access, &code, &verifier];
    let names = [
        "client_secret",
        "refresh_token",
        "access_token",
        "code",
        "code_verifier",
        "grant_type",
        "client_id",
        "redirect_uri",
        "scope",
        "resource",
        "token_type_hint",
        "extra",
    ];
    let mut answers = Vec::new();
    for (place, (secret, name)) in
        secrets.iter().flat_map(|secret| names.map(|name| (*secret, name))).enumerate()
    {
        for call in misplaced(&app, &client, (name, secret)) {
            let mut request = call.into_request();
            // Each from elsewhere, so that the doctor keeps each.
            let address = [10, 0, 0, u8::try_from(place).unwrap()];
            request.extensions_mut().insert(server::http::edge::Peer((address, 1234).into()));
            answers.push(app.send(request));
        }
    }
    let kept: i64 = app.read(|tx| Ok(tx.one("SELECT count(*) FROM oauth_attempt", &[], |row| row.get(0))?));
    assert_eq!(kept, 50, "what the doctor keeps of one application");
    let told: String = answers.iter().map(|answer| answer.body.as_str()).collect();
    let texts = [
        ("log", app.log_text()),
        ("metrics", app.app.metrics.encode()),
        ("database", app.database_text()),
        ("answers", told),
    ];
    for secret in secrets {
        for (place, text) in &texts {
            let found = pieces(secret).into_iter().find(|piece| text.contains(piece));
            assert_eq!(found, None, "in the {place}");
        }
    }
    assert!(answers.iter().all(|answer| answer.status.is_client_error()));
}
