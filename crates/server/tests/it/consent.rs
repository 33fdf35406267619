//! Consent: what the page says, whose role allows it, and that only the stored request decides.

use rules::client_auth::ClientType;
use rules::role::Role;

use crate::support::{Answer, Browser, Flow, TestApp, Tokens, query_of};

fn decide(browser: &Browser<'_>, fields: &[(&str, &str)]) -> Answer {
    browser.submit_once("/oauth2/consent/", fields)
}

#[test]
fn the_page_says_who_asks_for_what_and_where_the_answer_goes() {
    let app = TestApp::new();
    let member = app.member(Role::Operator);
    let client = app.application(ClientType::Confidential, |profile| {
        profile.name = "Tide Tables".into();
        profile.scopes = "devices:read observations:write offline_access".parse().unwrap();
        profile.privacy_policy_url = Some("https://app.example/privacy".into());
    });
    let page = Flow::new(&app, &client).start_signed_in(&app.browser(), &member);
    page.assert_page(200)
        .assert_text("Tide Tables asks for your data")
        .assert_text("by Tide Works")
        .assert_text("Not verified by Bluesonde")
        .assert_text(&member.email)
        .assert_text("the data of Harbour Trust")
        .assert_text("See devices, their sensors and where they are")
        .assert_text("Send in new measurements")
        .assert_text("Keep access when you are away")
        .assert_text("app.example");
    assert!(page.body.contains("href=\"https://app.example/privacy\""));
}

#[test]
fn who_says_no_sends_the_application_away() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let browser = app.signed_in(&member);
    Flow::new(&app, &client).start(&browser);
    let answer = decide(&browser, &[("decision", "deny")]);
    answer.assert_sent_back("access_denied");
    assert_eq!(answer.param("state").unwrap(), "the application's own");
    assert_eq!(answer.param("iss").unwrap(), "http://127.0.0.1:8080");
    assert_eq!((app.rows()["oauth_grant"], app.rows()["authorization_code"]), (0, 0));
}

#[test]
fn a_form_without_an_answer_is_no_answer() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    for decision in ["", "maybe", "ALLOW"] {
        let browser = app.signed_in(&member);
        Flow::new(&app, &client).start(&browser);
        decide(&browser, &[("decision", decision)]).assert_page(400);
    }
    assert_eq!(app.rows()["oauth_grant"], 0);
}

#[test]
fn the_role_must_have_every_registered_scope_also_one_that_is_not_asked_for() {
    let app = TestApp::new();
    let (member, admin) = (app.member(Role::Viewer), app.member(Role::OrganizationAdmin));
    let client = app.confidential("devices:read observations:write");
    let browser = app.signed_in(&member);
    let page = Flow::new(&app, &client).scope("devices:read").start(&browser);
    page.assert_page(403)
        .assert_text("Your role does not allow this yet")
        .assert_text("observations:write")
        .assert_text("Send in new measurements")
        .assert_text("Operator")
        .assert_text("Organization Admin")
        .assert_text(&admin.email)
        .assert_no_text("devices:read");
    assert!(!page.body.contains("value=\"allow\""));
    let back =
        page.body.split("href=\"https://app.example/callback").nth(1).unwrap().split('"').next().unwrap();
    let back = query_of(&back.replace("&amp;", "&"));
    for (name, value) in
        [("error", "access_denied"), ("state", "the application's own"), ("iss", "http://127.0.0.1:8080")]
    {
        assert!(back.contains(&(name.to_owned(), value.to_owned())), "{back:?}");
    }
    // And a form written by hand gets the same.
    let action = page.asked.split_once(' ').unwrap().1;
    let fields = [("decision", "allow"), ("organization_id", app.home().id.as_str())];
    browser.post(action, &fields).assert_page(403).assert_text("observations:write");
    assert_eq!((app.rows()["oauth_grant"], app.rows()["authorization_code"]), (0, 0));
}

#[test]
fn every_role_consents_to_what_it_has_and_to_nothing_else() {
    let app = TestApp::new();
    let grantable: Vec<_> = rules::scope::Scope::all().filter(|scope| scope.fits_grants()).collect();
    for role in Role::ALL {
        let browser = app.signed_in(&app.member(role));
        for scope in &grantable {
            let has = role.scopes().contains(*scope) || *scope == rules::scope::Scope::OfflineAccess;
            let listed =
                if *scope == rules::scope::Scope::DevicesRead { String::new() } else { format!(" {scope}") };
            let client = app.confidential(&format!("devices:read{listed}"));
            let page = Flow::new(&app, &client).start(&browser);
            assert_eq!(page.status.as_u16(), if has { 200 } else { 403 }, "{role} and {scope}");
        }
    }
}

#[test]
fn a_role_that_changed_between_page_and_click_counts() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), app.confidential("devices:read observations:write"));
    let browser = app.signed_in(&member);
    Flow::new(&app, &client).start(&browser).assert_text("asks for your data");
    app.set_role(&member, Role::Viewer);
    decide(&browser, &[("decision", "allow")]).assert_page(403).assert_text("observations:write");
    assert_eq!((app.rows()["oauth_grant"], app.rows()["authorization_code"]), (0, 0));
    // Nothing is used up: with the role back, the same request goes on.
    app.set_role(&member, Role::Operator);
    let page = browser.page().asked.split_once(' ').unwrap().1.to_owned();
    browser.get(&page).assert_text("asks for your data");
    assert!(decide(&browser, &[("decision", "allow")]).param("code").is_some());
}

#[test]
fn an_application_that_changed_between_page_and_click_counts() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let browser = app.signed_in(&member);
    Flow::new(&app, &client).start(&browser);
    app.update(&client, |profile| profile.scopes = "devices:read observations:write".parse().unwrap());
    decide(&browser, &[("decision", "allow")]).assert_page(403).assert_text("observations:write");
    app.delete(&client);
    browser.get(&Flow::new(&app, &client).url()).assert_page(400);
    assert_eq!(app.rows()["oauth_grant"], 0);
}

#[test]
fn fields_that_the_page_does_not_have_change_nothing() {
    let app = TestApp::new();
    let (member, other) = (app.member(Role::Owner), app.confidential("members:read"));
    let client = app.confidential("devices:read devices:write");
    let flow = Flow::new(&app, &client).scope("devices:read");
    let forged = [
        ("scope", "devices:write"),
        ("scope", "members:read"),
        ("scope", "offline_access"),
        ("client_id", other.id.as_str()),
        ("redirect_uri", "https://evil.example/"),
        ("state", "evil"),
        ("code_challenge", "evil"),
        ("response_type", "token"),
    ];
    let answer = flow.allow_with(&app.browser(), &member, &forged);
    assert!(answer.location().starts_with("https://app.example/callback?code="));
    assert_eq!(answer.param("state").unwrap(), "the application's own");
    let answer = flow.redeem(&answer.param("code").unwrap());
    let tokens = Tokens::of(&answer);
    assert_eq!((tokens.scope.as_str(), tokens.refresh), ("devices:read", None));
    assert_eq!(app.program(&tokens.access).scopes(), ["devices:read"]);
}

fn with_optional(app: &TestApp) -> crate::support::Client {
    app.application(ClientType::Confidential, |profile| {
        profile.optional_scopes = "observations:read devices:write".parse().unwrap();
    })
}

#[test]
fn optional_scopes_are_unticked_at_first_and_granted_if_ticked() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), with_optional(&app));
    let flow = Flow::new(&app, &client).scope("devices:read observations:read devices:write");
    let page = flow.start_signed_in(&app.browser(), &member);
    let unticked = |name: &str| (name.to_owned(), false);
    assert_eq!(page.boxes("scope"), [unticked("observations:read"), unticked("devices:write")]);
    let granted = |ticked: &[(&str, &str)]| {
        let code = flow.allow_with(&app.browser(), &member, ticked).param("code").unwrap();
        Tokens::of(&flow.redeem(&code)).scope
    };
    assert_eq!(granted(&[]), "devices:read");
    assert_eq!(granted(&[("scope", "observations:read")]), "devices:read observations:read");
    let both = [("scope", "observations:read"), ("scope", "devices:write")];
    assert_eq!(granted(&both), "devices:read observations:read devices:write");
}

#[test]
fn an_omitted_scope_does_not_imply_the_optional_ones() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Operator), with_optional(&app));
    let flow = Flow::new(&app, &client);
    assert_eq!(flow.start_signed_in(&app.browser(), &member).boxes("scope"), []);
    let forged = flow.allow_with(&app.browser(), &member, &[("scope", "observations:read")]);
    assert_eq!(Tokens::of(&flow.redeem(&forged.param("code").unwrap())).scope, "devices:read");
}

#[test]
fn an_optional_scope_that_the_role_lacks_is_not_offered_and_never_blocks() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), with_optional(&app));
    let flow = Flow::new(&app, &client).scope("devices:read observations:read devices:write");
    let page = flow.start_signed_in(&app.browser(), &member);
    assert_eq!(page.boxes("scope"), [("observations:read".to_owned(), false)]);
    let forged = flow.allow_with(&app.browser(), &member, &[("scope", "devices:write")]);
    assert_eq!(Tokens::of(&flow.redeem(&forged.param("code").unwrap())).scope, "devices:read");
}

#[test]
fn consent_to_nothing_is_a_no() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), with_optional(&app));
    let flow = Flow::new(&app, &client).scope("observations:read");
    flow.allow(&app.browser(), &member).assert_sent_back("access_denied");
    assert_eq!(app.rows()["oauth_grant"], 0);
}

#[test]
fn the_devices_that_were_chosen_bound_the_token() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let (one, other) = (app.device(app.home()), app.device(app.home()));
    let flow = Flow::new(&app, &client);
    let covered = |ticked: &[(&str, &str)]| {
        let code = flow.allow_with(&app.browser(), &member, ticked).param("code").unwrap();
        let token = Tokens::of(&flow.redeem(&code)).access;
        app.program(&token).get("/v1/me").json()["devices"].clone()
    };
    assert_eq!(covered(&[]), "all");
    let chosen = [("devices", "chosen"), ("device_id", one.as_str())];
    assert_eq!(covered(&chosen), serde_json::json!([one.as_str()]), "and not {other}");
}

#[test]
fn devices_are_chosen_among_ones_own() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    app.device(app.home());
    let foreign = app.device(&app.organization("Rival Reef"));
    for chosen in [&[("devices", "chosen")][..], &[("devices", "chosen"), ("device_id", foreign.as_str())]] {
        let flow = Flow::new(&app, &client);
        flow.allow_with(&app.browser(), &member, chosen).assert_page(400).assert_text("asks for your data");
        assert_eq!((app.rows()["oauth_grant"], app.rows()["authorization_code"]), (0, 0));
    }
}

#[test]
fn a_consent_that_comes_back_with_a_mistake_keeps_what_was_ticked() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let client = with_optional(&app);
    let own = app.device(app.home());
    let foreign = app.device(&app.organization("Rival Reef"));
    let ticked = [
        ("scope", "observations:read"),
        ("devices", "chosen"),
        ("device_id", own.as_str()),
        ("device_id", foreign.as_str()),
    ];
    let flow = Flow::new(&app, &client).scope("devices:read observations:read");
    let again = flow.allow_with(&app.browser(), &member, &ticked);
    again.assert_page(400);
    let ticked =
        |name: &str| again.forms().into_iter().flat_map(|form| form.fields).any(|field| field.1 == name);
    assert!(ticked("observations:read") && ticked(own.as_str()) && !ticked(foreign.as_str()));
}

#[test]
fn a_person_of_two_organizations_consents_for_the_one_on_the_page() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let second = app.organization("Rival Reef");
    app.join(&crate::support::Member {
        organization: second.clone(),
        role: Role::Operator,
        ..member.clone()
    });
    let client = app.confidential("devices:read devices:write");
    let flow = Flow::new(&app, &client);
    let browser = app.signed_in(&member);
    // Their role at home is too weak; in the other organization it is not.
    let page = flow.start(&browser);
    page.assert_page(403);
    let path = page.asked.split_once(' ').unwrap().1.to_owned();
    browser.get(&format!("{path}?organization_id={}", second.id)).assert_page(200).assert_text("Rival Reef");
    let code = decide(&browser, &[("decision", "allow")]).param("code").unwrap();
    let me = app.program(&Tokens::of(&flow.redeem(&code)).access).get("/v1/me").json();
    assert_eq!(me["organization"]["id"], second.id.as_str());
}

#[test]
fn nobody_consents_for_an_organization_that_is_not_theirs() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Owner), app.confidential("devices:read"));
    let foreign = app.organization("Rival Reef");
    let browser = app.signed_in(&member);
    Flow::new(&app, &client).start(&browser);
    decide(&browser, &[("decision", "allow"), ("organization_id", foreign.id.as_str())]).assert_page(410);
    assert_eq!(app.rows()["oauth_grant"], 0);
}

#[test]
fn an_applications_texts_are_shown_and_never_run() {
    let app = TestApp::new();
    let member = app.member(Role::Viewer);
    let evil = "<img src=x onerror=alert(1)>\"'><script>alert(2)</script>";
    let client = app.application(ClientType::Confidential, |profile| {
        profile.name = evil.to_owned();
        profile.description = Some(evil.to_owned());
    });
    let browser = app.browser();
    let sign_in = Flow::new(&app, &client).with("login_hint", evil).with("state", evil).start(&browser);
    let consent = browser.sign_in(&member);
    app.update(&client, |profile| profile.scopes = "members:read".parse().unwrap());
    let refused = browser.get(consent.asked.split_once(' ').unwrap().1);
    refused.assert_page(403);
    for page in [sign_in, consent, refused] {
        assert!(!page.body.contains("<img src=x") && !page.body.contains("<script>alert"), "{}", page.asked);
        page.assert_text("<img src=x onerror=alert(1)>");
    }
}

#[test]
fn an_applications_name_turns_no_text_around_and_is_no_book() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let browser = app.signed_in(&app.member(Role::Viewer));
    let page = Flow::new(&app, &client).start(&browser);
    for foreign in [client.application.profile.name.as_str(), "Tide Works"] {
        assert!(page.body.contains(&format!("<bdi>{foreign}</bdi>")), "{foreign} is isolated");
        let bare = page.body.replace(&format!("<bdi>{foreign}</bdi>"), "");
        assert!(!bare.split_once("<h1>").unwrap().1.contains(foreign), "{foreign} stands nowhere bare");
    }
}

#[test]
fn no_link_and_no_other_method_says_yes() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let browser = app.signed_in(&member);
    let page = Flow::new(&app, &client).start(&browser);
    let path = page.asked.split_once(' ').unwrap().1;
    let form = page.forms().into_iter().find(|form| form.action == path).unwrap();
    let own = form.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let fields: Vec<_> = own.chain([("decision", "allow")]).collect();
    let target = format!("{path}?{}", crate::support::encode(&fields));
    for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "allow"] {
        // As our own page would send it, in the query and in the body.
        for target in [path, &target] {
            let mut request = browser.own_request(target, &fields);
            *request.method_mut() = method.parse().unwrap();
            let answer = app.send(request);
            assert!(matches!(answer.status.as_u16(), 200 | 405), "{method} {target}: {}", answer.status);
            assert_eq!(answer.location(), "", "{method} {target}");
        }
    }
    assert_eq!((app.rows()["oauth_grant"], app.rows()["authorization_code"]), (0, 0));
    assert!(decide(&browser, &[("decision", "allow")]).param("code").is_some());
}

#[test]
fn each_consent_is_in_the_audit_log() {
    let app = TestApp::new();
    let (member, client) = (app.member(Role::Viewer), app.confidential("devices:read"));
    let (flow, browser) = (Flow::new(&app, &client), app.signed_in(&member));
    for decision in ["allow", "deny"] {
        flow.start(&browser);
        decide(&browser, &[("decision", decision)]).assert_status(303);
        app.advance_secs(1);
    }
    let id = member.person.id.to_string();
    assert_eq!(app.audit_of(&id), ["session.started", "consent.given", "consent.refused"]);
}
