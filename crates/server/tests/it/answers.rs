//! What every answer to an application has, however it comes about.

use rules::client_auth::ClientType;
use rules::role::Role;

use crate::support::{Answer, CALLBACK, Client, Flow, TestApp, query_of};

const LASTING: &str = "devices:read offline_access";
const STATE: &str = "the application's own";

/// Each way in which an application gets an answer.
fn every_answer(app: &TestApp) -> Vec<(&'static str, Answer)> {
    let (member, client) = (app.member(Role::Viewer), app.confidential(LASTING));
    let (flow, stranger) = (Flow::new(app, &client), app.browser());
    let browser = app.signed_in(&member);
    let silent = flow.clone().with("prompt", "none");
    let elsewhere = flow.clone().with("resource", "https://elsewhere.example");
    let mut answers = vec![
        ("a mistake", flow.clone().scope("openid").start(&stranger)),
        ("a mistake of somebody signed in", flow.clone().scope("openid").start(&browser)),
        ("a foreign resource", elsewhere.start(&browser)),
        ("nobody is signed in", silent.start(&stranger)),
        ("nobody was asked yet", silent.start(&browser)),
    ];
    flow.start(&browser);
    answers.push(("a no", browser.submit_once("/oauth2/consent/", &[("decision", "deny")])));
    answers.push(("nothing to allow", nothing_ticked(app).allow(&browser, &member)));
    answers.push(("a yes", flow.allow(&browser, &member)));
    answers.push(("a yes from before", flow.start(&browser)));
    flow.start(&stranger);
    answers.push(("a yes from before, after signing in", stranger.sign_in(&member)));
    answers
}

/// A request for optional scopes alone, of which a person ticks none at first.
fn nothing_ticked(app: &TestApp) -> Flow<'_> {
    let client: Client = app.application(ClientType::Confidential, |profile| {
        profile.optional_scopes = "observations:read".parse().unwrap();
    });
    Flow::new(app, &client).scope("observations:read")
}

#[test]
fn every_answer_to_an_application_is_a_303_that_names_its_issuer_once() {
    for url in ["http://127.0.0.1:8080", "https://auth.bluesonde.example", "https://auth.example:8443"] {
        let app = TestApp::at(url);
        let issuer = app.get("/.well-known/oauth-authorization-server").json()["issuer"].clone();
        for (what, answer) in every_answer(&app) {
            assert_eq!(answer.status.as_u16(), 303, "{what}: {}", answer.words());
            answer.assert_header("cache-control", "no-store");
            assert!(answer.location().starts_with(&format!("{CALLBACK}?")), "{what}: {}", answer.location());
            let all = |name: &str| {
                let pairs = query_of(answer.location()).into_iter();
                pairs.filter(|(known, _)| known == name).map(|(_, value)| value).collect::<Vec<_>>()
            };
            assert_eq!(all("iss"), [issuer.as_str().unwrap()], "{what}");
            assert_eq!(all("state"), [STATE], "{what}");
            assert_eq!(all("code").len() + all("error").len(), 1, "{what}: {}", answer.location());
            for never in ["access_token", "id_token", "token_type", "refresh_token"] {
                assert_eq!(all(never), [""; 0], "{what}");
            }
        }
    }
}

#[test]
fn an_application_that_nobody_verified_learns_of_its_mistakes_by_redirect_like_a_verified_one() {
    let app = TestApp::new();
    for is_verified in [false, true] {
        let client = app.confidential("devices:read");
        let (id, at) = (client.id.clone(), is_verified.then_some(app.now()));
        app.write(move |tx| {
            let sql = "UPDATE application SET verified_at = ?2 WHERE client_id = ?1";
            Ok(tx.execute(sql, db::params![&id, at])?)
        });
        Flow::new(&app, &client).scope("openid").start(&app.browser()).assert_sent_back("invalid_scope");
    }
}

#[test]
fn a_redirect_uri_is_always_sent_also_when_only_one_is_registered() {
    let app = TestApp::new();
    let one = app.confidential("devices:read");
    let two = app.application(ClientType::Confidential, |profile| {
        profile.redirect_uris.push("https://app.example/other".into());
    });
    for client in [one, two] {
        let page = Flow::new(&app, &client).without("redirect_uri").start(&app.browser());
        page.assert_page(400).assert_text("redirect_uri is missing");
    }
}

#[test]
fn a_parameter_is_the_same_one_however_its_name_is_spelled() {
    let app = TestApp::new();
    let client = app.confidential("devices:read");
    let url = Flow::new(&app, &client).url();
    for twice in [
        "client%5Fid=x",
        "%63lient_id=x",
        "client_i%64",
        "redirect%5furi=https://evil.example",
        "&&redirect_ur%69=",
    ] {
        app.browser().get(&format!("{url}&{twice}")).assert_page(400).assert_text("more than once");
    }
    for twice in [
        "%73cope=devices:read",
        "scop%65",
        "%72esponse_type=token",
        "response%5fmode=fragment&response_mode=query",
    ] {
        app.browser().get(&format!("{url}&scope=devices:read&{twice}")).assert_sent_back("invalid_request");
    }
    // Another name is another parameter.
    for other in ["Client_id=x", "client_id%20=x", "client_id[]=x", "redirect-uri=x"] {
        app.browser().get(&format!("{url}&{other}")).assert_text("Sign in");
    }
}
