//! What somebody finds who steals the database: nothing that opens a door.

use rules::role::Role;

use crate::support::{Flow, TestApp};

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

#[test]
fn nothing_of_a_refused_token_request_is_logged_counted_or_kept() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Owner), app.confidential("devices:read offline_access"));
    let flow = Flow::new(&app, &client).pkce();
    let (tokens, code) = (flow.tokens(&member), flow.code(&member));
    let secret = client.secret.clone().unwrap();
    let secrets = [
        ("client_secret", secret.as_str()),
        ("refresh_token", tokens.refresh()),
        ("access_token", &tokens.access),
        ("code", &code),
        ("code_verifier", flow.verifier()),
        ("password", &member.password),
    ];
    let mut answers = Vec::new();
    for (name, value) in secrets {
        for name in [name, "grant_type", "client_id", "redirect_uri", "scope", "resource", "extra"] {
            let call = || app.token_call().basic(&client.id, &secret);
            answers.push(call().query(&[(name, value)]).send());
            answers.push(call().query(&[(name, value)]).form(&[(name, value), (name, value)]).send());
            answers.push(app.token_call().form(&[("grant_type", "refresh_token"), (name, value)]).send());
            answers.push(call().body("application/json", &format!("{{\"{name}\": \"{value}\"}}")).send());
            answers.push(call().header("content-type", value).body("", value).send());
        }
    }
    assert!(answers.iter().all(|answer| answer.status.is_client_error()));
    let audit = "SELECT group_concat(action || actor || subject || detail) FROM audit_event";
    let audit: String = app.read(|tx| Ok(tx.one(audit, &[], |row| row.get(0))?));
    let places = [
        ("log", app.log_text()),
        ("metrics", app.app.metrics.encode()),
        ("audit", audit),
        ("database", app.database_text()),
    ];
    for (name, value) in secrets {
        for (place, text) in &places {
            assert!(!text.contains(value), "{name} is in the {place}");
        }
    }
}
