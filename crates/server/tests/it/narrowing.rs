//! Live narrowing: a change of rights counts with the next request, also for a credential that was just used.
//!
//! Each story warms the cache first. Beside each answer stands the slow path, `model::caller`, which is what the
//! cache must never differ from (docs/decisions/0004).

use db::params;
use model::caller::{self, Presented};
use rules::role::Role;
use rules::secret::Bearer;

use crate::support::{Flow, TestApp, Tokens};

const ALL: &str = "devices:read devices:write observations:read";

/// Fails if the cached answer is not what the database says now.
#[track_caller]
fn assert_exact(app: &TestApp, credential: &str, after: &str) {
    let mint = &app.app.mint;
    let read = || mint.format.read_bearer(credential).unwrap();
    let slow = app.read(|tx| match read() {
        Bearer::ApiKey(key) => caller::by(tx, Presented::ApiKey(mint.pepper.hash(&key))),
        Bearer::AccessToken(token) => caller::by(tx, Presented::AccessToken(mint.pepper.hash(&token))),
    });
    let cached = app.wait(app.app.callers.resolve(&app.app.db, mint, &read())).unwrap();
    let cached = cached.map(|known| known.access.clone());
    assert_eq!(format!("{cached:?}"), format!("{slow:?}"), "after {after}");
}

fn scopes(app: &TestApp, tokens: &Tokens) -> String {
    app.program(&tokens.access).scopes().join(" ")
}

#[test]
fn a_changed_role_narrows_a_warm_token_and_widens_it_again() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential(ALL));
    let tokens = Flow::new(&app, &client).tokens(&member);
    assert_eq!(scopes(&app, &tokens), ALL);
    app.set_role(&member, Role::Viewer);
    assert_eq!(scopes(&app, &tokens), "devices:read observations:read");
    app.set_role(&member, Role::Owner);
    assert_eq!(scopes(&app, &tokens), ALL, "and never more than was granted");
}

#[test]
fn a_weaker_role_is_told_at_the_next_call_which_scope_is_gone() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential("devices:read observations:write"));
    let program = app.program(&Flow::new(&app, &client).tokens(&member).access);
    let send = || program.post("/v1/observations", &serde_json::json!({"observations": []}));
    send().assert_status(200);
    app.set_role(&member, Role::Viewer);
    let refused = send();
    refused.assert_status(403);
    assert_eq!(refused.json()["code"], "insufficient_scope");
    let challenge = refused.header("www-authenticate").unwrap();
    assert!(
        challenge.starts_with("Bearer error=\"insufficient_scope\", scope=\"observations:write\""),
        "{challenge}"
    );
    program.get("/v1/devices").assert_status(200);
}

#[test]
fn a_disabled_persons_token_is_over() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential("devices:read offline_access"));
    let flow = Flow::new(&app, &client);
    let tokens = flow.tokens(&member);
    app.program(&tokens.access).get("/v1/me").assert_status(200);
    app.disable(&member);
    app.program(&tokens.access).get("/v1/me").assert_status(401);
    flow.refresh(tokens.refresh()).assert_status(400).assert_error("invalid_grant");
}

#[test]
fn a_key_is_its_organizations_and_outlives_its_makers_role() {
    let app = TestApp::new();
    let maker = app.member(Role::Owner);
    let browser = app.signed_in(&maker);
    browser.get("/settings/developer/api-keys/new");
    let fields = [("name", "x"), ("scope", "devices:write"), ("devices", "all"), ("expiry", "30")];
    let page = browser.post("/settings/developer/api-keys", &fields);
    let key = crate::support::credentials_in(&page.body).remove(0);
    app.set_role(&maker, Role::Viewer);
    app.disable(&maker);
    assert_eq!(app.program(&key).scopes(), ["devices:write"]);
}

#[test]
fn a_revoked_key_is_over_with_the_next_request() {
    let app = TestApp::new();
    let (key, other) = (app.key("devices:read"), app.key("devices:read"));
    for known in [&key, &other] {
        app.program(&known.secret).get("/v1/me").assert_status(200);
    }
    app.revoke_key(app.home(), &key);
    app.program(&key.secret).get("/v1/me").assert_status(401);
    app.program(&other.secret).get("/v1/me").assert_status(200);
}

#[test]
fn a_warm_credential_ends_at_its_instant() {
    let app = TestApp::new();
    let end = app.now() + jiff::SignedDuration::from_secs(100);
    let key = app.key_of(app.home(), |new| new.expires_at = Some(end));
    let tokens = Flow::new(&app, &app.confidential("devices:read")).tokens(&app.member(Role::Viewer));
    let issued = app.now();
    let left = end.duration_since(app.now()) - jiff::SignedDuration::from_micros(1);
    app.advance(left);
    app.program(&key.secret).get("/v1/me").assert_status(200);
    app.advance(jiff::SignedDuration::from_micros(1));
    app.program(&key.secret).get("/v1/me").assert_status(401);
    app.advance(
        issued.duration_since(app.now()) + jiff::SignedDuration::from_hours(1)
            - jiff::SignedDuration::from_micros(1),
    );
    app.program(&tokens.access).get("/v1/me").assert_status(200);
    app.advance(jiff::SignedDuration::from_micros(1));
    app.program(&tokens.access).get("/v1/me").assert_status(401);
}

#[test]
fn each_organization_can_read_in_its_log_that_an_application_was_deleted() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let (here, elsewhere) = (app.home().clone(), app.organization("Elsewhere"));
    let people = [app.member_of(&here, Role::Viewer), app.member_of(&here, Role::Owner)];
    for member in people.iter().chain([&app.member_of(&elsewhere, Role::Viewer)]) {
        Flow::new(&app, &client).code(member);
    }
    app.delete(&client);
    let sql = "SELECT audit_event.actor, audit_event.detail FROM audit_event
               JOIN oauth_grant ON oauth_grant.id = audit_event.subject
                AND oauth_grant.organization_id = audit_event.organization_id
               WHERE audit_event.action = 'grant.revoked' AND audit_event.organization_id = ?1";
    for (organization, grants) in [(&here, 2), (&elsewhere, 1)] {
        let log: Vec<(String, String)> = app.read(|tx| {
            Ok(tx.all(sql, params![organization.id.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?)
        });
        assert_eq!(log, vec![(client.id.clone(), "the application was deleted".to_owned()); grants]);
    }
}

#[test]
fn a_deleted_application_is_over_for_everybody() {
    let app = TestApp::new();
    let (client, rival) = (app.confidential("devices:read offline_access"), app.organization("Rival Reef"));
    let flow = Flow::new(&app, &client);
    let (one, two) = (app.member(Role::Viewer), app.member_of(&rival, Role::Viewer));
    let (first, second, pending) = (flow.tokens(&one), flow.tokens(&two), flow.code(&two));
    for tokens in [&first, &second] {
        app.program(&tokens.access).get("/v1/me").assert_status(200);
    }
    app.delete(&client);
    for tokens in [&first, &second] {
        app.program(&tokens.access).get("/v1/me").assert_status(401);
        flow.refresh(tokens.refresh()).assert_status(401).assert_error("invalid_client");
    }
    flow.redeem(&pending).assert_status(401).assert_error("invalid_client");
    flow.start(&app.browser()).assert_page(400).assert_text("No application has this client_id");
}

#[test]
fn a_scope_that_the_application_no_longer_lists_is_gone_from_warm_tokens() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential(ALL));
    let tokens = Flow::new(&app, &client).tokens(&member);
    assert_eq!(scopes(&app, &tokens), ALL);
    app.update(&client, |profile| profile.scopes = "devices:read".parse().unwrap());
    assert_eq!(scopes(&app, &tokens), "devices:read");
    // What is added later is not in a consent that was given before.
    app.update(&client, |profile| profile.scopes = format!("{ALL} observations:write").parse().unwrap());
    assert_eq!(scopes(&app, &tokens), ALL);
}

#[test]
fn the_cache_agrees_with_the_database_after_every_kind_of_change() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential(&format!("{ALL} offline_access")));
    let flow = Flow::new(&app, &client);
    let (tokens, code) = (flow.tokens(&member), flow.code(&member));
    let (key, newcomer) = (app.key("devices:read"), app.member(Role::Operator));
    let reused = Flow::new(&app, &client).pkce();
    let used = reused.code(&member);
    let leaked = Tokens::of(&reused.redeem(&used));
    let device = app.device(app.home());
    type Change<'c> = (&'c str, Box<dyn Fn() + 'c>);
    let changes: Vec<Change<'_>> = vec![
        ("nothing", Box::new(|| {})),
        ("a weaker role", Box::new(|| app.set_role(&member, Role::Viewer))),
        ("a stronger role", Box::new(|| app.set_role(&member, Role::Owner))),
        ("a new member", Box::new(|| drop(app.member(Role::Viewer)))),
        ("a new key", Box::new(|| drop(app.key("devices:read")))),
        (
            "fewer scopes of the application",
            Box::new(|| {
                app.update(&client, |profile| {
                    profile.scopes = "devices:read offline_access".parse().unwrap()
                });
            }),
        ),
        ("the old scopes again", Box::new(|| app.update(&client, |_| {}))),
        (
            "a role of the organization's own",
            Box::new(|| {
                app.custom_role("Laboratory", "devices:read observations:read");
                app.assign(&member, "Laboratory");
            }),
        ),
        ("a change of that role", Box::new(|| app.change_role_named("Laboratory", "observations:read"))),
        ("that role wide again", Box::new(|| app.change_role_named("Laboratory", "devices:read"))),
        ("a member out of service", Box::new(|| app.take_out_of_service(&member))),
        ("a member in service again", Box::new(|| app.put_back(&member))),
        ("a stronger role once more", Box::new(|| app.set_role(&member, Role::Owner))),
        ("a redeemed code", Box::new(|| drop(flow.redeem(&code)))),
        ("a refresh", Box::new(|| drop(flow.refresh(tokens.refresh())))),
        ("another person's consent", Box::new(|| drop(flow.tokens(&newcomer)))),
        (
            "a consent for one device",
            Box::new(|| {
                let chosen = [("devices", "chosen"), ("device_id", device.as_str())];
                let flow = flow.clone().with("prompt", "consent");
                flow.allow_with(&app.browser(), &member, &chosen).assert_status(303);
            }),
        ),
        (
            "the end of a family",
            Box::new(|| {
                app.advance_secs(31);
                flow.refresh(tokens.refresh()).assert_status(400);
            }),
        ),
        ("a code used twice", Box::new(|| drop(reused.redeem(&used)))),
        ("a consent after that", Box::new(|| drop(flow.code(&member)))),
        ("a member removed", Box::new(|| app.remove(&newcomer))),
        ("the person's end", Box::new(|| app.disable(&member))),
        ("the application's end", Box::new(|| app.delete(&client))),
        ("the key's end", Box::new(|| app.revoke_key(app.home(), &key))),
    ];
    for (what, change) in changes {
        change();
        for credential in [&tokens.access, &leaked.access, &key.secret] {
            assert_exact(&app, credential, what);
            // And once more, warm.
            assert_exact(&app, credential, what);
        }
    }
}
