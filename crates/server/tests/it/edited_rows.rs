//! Rows that somebody edited by hand, or that an older version left behind: what cannot be read, or is missing,
//! gives nothing. It never gives more.

use db::params;
use model::caller::{self, Presented};
use rules::access::Access;
use rules::role::Role;
use rules::secret::Bearer;

use crate::support::{Flow, TestApp};

/// What a credential may do by the database; an error is nothing.
fn access(app: &TestApp, credential: &str) -> Option<Access> {
    let mint = &app.app.mint;
    let read = || mint.format.read_bearer(credential).unwrap();
    let found = app.app.db.read_blocking(|tx| match read() {
        Bearer::ApiKey(key) => caller::by(tx, Presented::ApiKey(mint.pepper.hash(&key))),
        Bearer::AccessToken(token) => caller::by(tx, Presented::AccessToken(mint.pepper.hash(&token))),
    });
    found.ok().flatten()
}

/// Puts `value` into a column of every row and gives what the database said.
fn edit(app: &TestApp, table: &'static str, column: &'static str, value: Option<&str>) -> bool {
    let value = value.map(str::to_owned);
    app.app
        .db
        .write_blocking(move |tx| {
            tx.execute(&format!("UPDATE {table} SET {column} = ?1"), params![value.as_deref()])?;
            Ok::<_, model::Error>(())
        })
        .is_ok()
}

/// Nothing in these is a scope or role that the credentials of the story have.
const NONSENSE: [&str; 14] = [
    "",
    " ",
    ",",
    "*",
    "all",
    "null",
    "admin",
    "devices:*",
    "devices",
    "DEVICES:READ",
    "devices:read\0",
    "openid",
    "api_keys:write applications:write members:write",
    "Owner ",
];

#[test]
fn scopes_that_cannot_be_read_are_no_scopes() {
    for (table, column) in
        [("access_token", "scopes"), ("consent", "scopes"), ("application", "scopes"), ("api_key", "scopes")]
    {
        let app = TestApp::new();
        let token =
            Flow::new(&app, &app.confidential("devices:read")).tokens(&app.member(Role::Owner)).access;
        let credential = if table == "api_key" { app.key("devices:read").secret } else { token };
        assert_eq!(access(&app, &credential).unwrap().scopes.names(), ["devices:read"]);
        for nonsense in NONSENSE {
            // A key may carry what a grant may not; that is no widening by nonsense.
            if table == "api_key" && nonsense.contains("api_keys") {
                continue;
            }
            assert!(edit(&app, table, column, Some(nonsense)));
            let left = access(&app, &credential);
            assert!(left.is_none_or(|left| left.scopes.is_empty()), "{table}: {nonsense:?}");
        }
        assert!(!edit(&app, table, column, None), "{table}.{column} can't be missing");
    }
}

#[test]
fn a_role_that_there_is_not_is_no_role() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let token = Flow::new(&app, &app.confidential("devices:read")).tokens(&member).access;
    let browser = app.signed_in(&member);
    for nonsense in NONSENSE.into_iter().chain([
        "owner",
        "OWNER",
        "Root",
        "Organization  Admin",
        "0",
        "custom:devices:read",
    ]) {
        assert!(edit(&app, "membership", "role", Some(nonsense)));
        assert!(access(&app, &token).is_none(), "{nonsense:?}");
        let session = browser.cookie("session").unwrap();
        let hash = app.app.mint.pepper.hash(&app.app.mint.format.read(&session).unwrap());
        let found = app.app.db.read_blocking(|tx| model::session::find(tx, hash));
        assert!(!matches!(found, Ok(Some(_))), "{nonsense:?}");
    }
    assert!(!edit(&app, "membership", "role", None));
}

#[test]
fn devices_are_all_or_chosen_and_nothing_chosen_is_none() {
    let app = TestApp::new();
    app.device(app.home());
    let token = Flow::new(&app, &app.confidential("devices:read")).tokens(&app.member(Role::Owner)).access;
    let key = app.key("devices:read").secret;
    for table in ["consent", "api_key"] {
        for nonsense in [Some(""), Some("*"), Some("ALL"), Some("none"), None] {
            assert!(!edit(&app, table, "devices", nonsense), "{table}: {nonsense:?}");
        }
        assert!(edit(&app, table, "devices", Some("chosen")));
    }
    for credential in [&token, &key] {
        let listed = app.program(credential).get("/v1/devices").json();
        assert_eq!(listed["data"], serde_json::json!([]));
    }
}

#[test]
fn what_ends_a_credential_also_ends_it_when_its_time_makes_no_sense() {
    let app = TestApp::new();
    let token = Flow::new(&app, &app.confidential("devices:read")).tokens(&app.member(Role::Owner)).access;
    for nonsense in [i64::MIN, -1, 0] {
        app.write(move |tx| Ok(tx.execute("UPDATE oauth_grant SET revoked_at = ?1", params![nonsense])?));
        assert!(access(&app, &token).is_none(), "{nonsense}");
    }
    app.write(|tx| Ok(tx.execute("UPDATE oauth_grant SET revoked_at = NULL", params![])?));
    assert!(access(&app, &token).is_some());
    for nonsense in [i64::MIN, -1, 0] {
        app.write(move |tx| Ok(tx.execute("UPDATE access_token SET expires_at = ?1", params![nonsense])?));
        assert!(access(&app, &token).is_none(), "{nonsense}");
    }
}
