//! The audit log as programs read it: an organization's own, filtered, in pages, in three formats.

use rules::role::Role;
use serde_json::Value;

use crate::support::{Answer, Flow, Member, TestApp};

const EVENTS: &str = "/v1/audit-events";

fn data(answer: &Answer) -> Vec<Value> {
    answer.assert_status(200).json()["data"].as_array().unwrap().clone()
}

fn told(event: &Value, member: &str) -> String {
    event[member].as_str().unwrap_or_default().to_owned()
}

/// Somebody signs in, lets an application in, makes a key and ends both, one after the other.
fn busy_day(app: &TestApp) -> Member {
    let member = app.member(Role::Owner);
    let client = app.confidential("devices:read offline_access");
    let flow = Flow::new(app, &client);
    let tokens = flow.tokens(&member);
    app.tick();
    app.token_call().to("/oauth2/revoke").from(&client, &[("token", tokens.refresh())]).send();
    app.tick();
    let browser = app.browser();
    browser.try_password(&member.email, "not the password");
    app.tick();
    browser.sign_in(&member);
    app.tick();
    flow.start(&browser).assert_status(303);
    app.tick();
    browser.get("/settings/developer/api-keys/new");
    browser.submit(
        "/settings/developer/api-keys",
        &[("name", "=Nightly, \"export\""), ("scope", "devices:read"), ("devices", "all"), ("expiry", "30")],
    );
    app.tick();
    member
}

#[test]
fn what_people_keys_and_applications_did_is_told_newest_first() {
    let app = TestApp::new();
    let key = app.key("audit:read");
    app.tick();
    let member = busy_day(&app);
    let events = data(&app.program(&key.secret).get(EVENTS));
    let actions: Vec<String> = events.iter().map(|event| told(event, "action")).collect();
    assert_eq!(
        actions[..5],
        [
            "api_key.created",
            "consent.remembered",
            "session.started",
            "session.refused",
            "token_family.revoked",
        ]
    );
    let made = &events[0];
    assert_eq!(told(made, "actor"), member.person.id.to_string());
    assert_eq!(told(made, "actor_name"), member.person.name);
    assert_eq!(told(made, "subject_name"), "=Nightly, \"export\"");
    assert_eq!(told(made, "address"), "127.0.0.1");
    assert!(told(&events[4], "actor_name").starts_with("Tide Tables"), "an application");
    let one = app.program(&key.secret).get(&format!("{EVENTS}/{}", told(made, "id")));
    assert_eq!(&one.assert_status(200).json(), made);
}

#[test]
fn filters_and_pages_leave_nothing_out() {
    let app = TestApp::new();
    let member = busy_day(&app);
    let reader = app.key("audit:read");
    let program = app.program(&reader.secret);
    let all = data(&program.get(EVENTS));
    let who = member.person.id.to_string();
    let own: Vec<&Value> = all.iter().filter(|event| told(event, "actor") == who).collect();
    for query in
        [format!("actor={who}"), format!("actor={}", member.person.name.to_uppercase().replace(' ', "+"))]
    {
        assert_eq!(
            data(&program.get(&format!("{EVENTS}?{query}"))).iter().collect::<Vec<_>>(),
            own,
            "{query}"
        );
    }
    let both = data(&program.get(&format!("{EVENTS}?action=session.started,session.refused&actor={who}")));
    assert_eq!(both.len(), 3);
    let since = told(own[0], "happened_at");
    assert_eq!(data(&program.get(&format!("{EVENTS}?start={since}&actor={who}"))).len(), 1);
    let (mut paged, mut target) = (Vec::new(), format!("{EVENTS}?limit=2&actor={who}"));
    loop {
        let page = program.get(&target);
        paged.extend(data(&page));
        let Some(link) = page.header("link") else { break };
        let next = link.split(['<', '>']).nth(1).unwrap();
        target = next.trim_start_matches(&app.site.public_url).to_owned();
    }
    assert_eq!(paged.iter().collect::<Vec<_>>(), own);
}

#[test]
fn a_filter_that_makes_no_sense_is_named() {
    let app = TestApp::new();
    let program = app.key("audit:read");
    let program = app.program(&program.secret);
    for (query, pointer) in [
        ("action=api_key.made", "/action"),
        ("start=yesterday", "/start"),
        ("limit=0", "/limit"),
        ("limit=1001", "/limit"),
        ("cursor=x", "/cursor"),
        ("actors=x", "/actors"),
        (&*format!("actor={}", "x".repeat(401)), "/actor"),
    ] {
        let refused = program.get(&format!("{EVENTS}?{query}"));
        assert_eq!(refused.assert_status(400).json()["errors"][0]["pointer"], pointer, "{query}");
    }
    let devices = app.key("devices:read");
    app.program(&devices.secret).get(&format!("{EVENTS}?limit=0")).assert_status(403);
}

#[test]
fn another_format_says_the_same_and_holds_no_formula() {
    let app = TestApp::new();
    busy_day(&app);
    let reader = app.key("audit:read");
    let program = app.program(&reader.secret);
    let json = data(&program.get(EVENTS));
    let lines = program.get_with(EVENTS, ("accept", "application/x-ndjson"));
    let read: Vec<Value> = lines.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, json);
    let table = program.get_with(EVENTS, ("accept", "text/csv"));
    table.assert_header("content-type", "text/csv; charset=utf-8; header=present");
    assert!(table.body.starts_with("id,happened_at,action,actor,actor_name,"), "{}", table.body);
    assert_eq!(table.body.lines().count(), json.len() + 1);
    assert!(table.body.contains(",\"'=Nightly, \"\"export\"\"\","), "{}", table.body);
}

#[test]
fn an_organization_reads_its_own_log_alone() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    let theirs = app.key_of(&rival, |new| new.name = "Theirs".to_owned());
    let ours = app.key("audit:read");
    let listed = app.program(&ours.secret).get(EVENTS);
    assert!(!listed.body.contains("Theirs") && listed.body.contains(ours.id.as_str()));
    let sought = app.program(&ours.secret).get(&format!("{EVENTS}?subject={}", theirs.id));
    assert_eq!(data(&sought), [Value::Null; 0]);
    let cursor = app.program(&ours.secret).get(&format!("{EVENTS}?limit=1")).json()["next_cursor"].clone();
    let target = format!("{EVENTS}?limit=1&cursor={}", cursor.as_str().unwrap());
    app.program(&theirs.secret).get(&target).assert_status(400);
}
