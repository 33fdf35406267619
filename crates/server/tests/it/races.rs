//! Many at once: a code has one winner, a refresh token one successor, and nobody gets a 5xx.
//!
//! Codes and refresh tokens are raced for 50,000 times each on every run, and as often as `BLUESONDE_RACES` says
//! where it is set; the other races have a few rounds, and twenty times as many with `BLUESONDE_TEST_LONG=1`.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::StatusCode;
use http_body_util::BodyExt;
use rules::role::Role;
use tokio::runtime::Runtime;
use tokio::sync::Barrier;
use tower::ServiceExt;

use crate::support::{Answer, Browser, Client, Flow, Member, TestApp, Tokens};

/// How many requests race for the same thing.
const RACERS: usize = 16;

/// How many codes or tokens are raced for at the same moment: strangers that share a commit with each race.
const PRIZES: usize = 16;

/// What ./test spends on codes, and again on refresh tokens.
const ATTEMPTS: usize = 50_000;

#[expect(clippy::disallowed_methods, reason = "a test has no command line through which it could be told")]
fn rounds(short: usize) -> usize {
    if std::env::var_os("BLUESONDE_TEST_LONG").is_some() { short * 20 } else { short }
}

/// How often all racers start for all prizes.
#[expect(clippy::disallowed_methods, reason = "a test has no command line through which it could be told")]
fn heats() -> usize {
    let told = std::env::var("BLUESONDE_RACES").ok();
    let attempts = told.map_or(ATTEMPTS, |count| count.parse().expect("BLUESONDE_RACES is a number"));
    attempts.div_ceil(RACERS * PRIZES)
}

fn crowd() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap()
}

/// Sends all requests at the same moment and gives the answers.
fn race(crowd: &Runtime, app: &TestApp, requests: Vec<Request>) -> Vec<Answer> {
    let line = Arc::new(Barrier::new(requests.len()));
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let (router, line) = (app.router(), line.clone());
            crowd.spawn(async move {
                line.wait().await;
                let asked = request.uri().path().to_owned();
                let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let body = String::from_utf8_lossy(&body).into_owned();
                Answer { status: parts.status, headers: parts.headers, body, asked }
            })
        })
        .collect();
    crowd.block_on(async {
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        answers
    })
}

/// Lets all racers go for each of the prizes at once, and gives the answers for each prize.
fn heat(
    crowd: &Runtime,
    app: &TestApp,
    prizes: &[String],
    request: impl Fn(&str) -> Request,
) -> Vec<Vec<Answer>> {
    let requests = (0..RACERS).flat_map(|_| prizes.iter().map(|prize| request(prize)));
    let mut answers = vec![Vec::new(); prizes.len()];
    for (number, answer) in race(crowd, app, requests.collect()).into_iter().enumerate() {
        answers[number % prizes.len()].push(answer);
    }
    answers
}

fn is_good(answer: &&Answer) -> bool {
    answer.status == StatusCode::OK
}

/// A confidential client with a lasting consent, so that codes come without a page.
fn begun(app: &TestApp) -> (Client, Member) {
    let (client, member) = (app.confidential("devices:read offline_access"), app.member(Role::Viewer));
    Flow::new(app, &client).code(&member);
    (client, member)
}

#[test]
fn a_code_has_exactly_one_winner() {
    let (app, crowd) = (TestApp::new(), crowd());
    let (client, member) = begun(&app);
    let (flow, browser) = (Flow::new(&app, &client), app.signed_in(&member));
    for heat_number in 0..heats() {
        let authorizations = (0..PRIZES).map(|_| browser.page_request(&flow.url())).collect();
        let codes = race(&crowd, &app, authorizations);
        let codes: Vec<_> = codes.iter().map(|answer| answer.param("code").unwrap()).collect();
        let redemption = |code: &str| app.token_call().from(&client, &flow.redemption(code)).into_request();
        for answers in heat(&crowd, &app, &codes, redemption) {
            let winners: Vec<_> = answers.iter().filter(is_good).collect();
            assert_eq!(winners.len(), 1, "heat {heat_number}: {answers:?}");
            for loser in answers.iter().filter(|answer| !is_good(answer)) {
                loser.assert_status(400).assert_error("invalid_grant");
            }
            // The losers were a double fire, so the winner's token is good.
            app.program(&Tokens::of(winners[0]).access).get("/v1/me").assert_status(200);
        }
    }
    assert_eq!(app.rows()["refresh_token"], i64::try_from(heats() * PRIZES).unwrap());
}

#[test]
fn a_refresh_token_has_exactly_one_successor() {
    let (app, crowd) = (TestApp::new(), crowd());
    let (client, member) = begun(&app);
    let (flow, browser) = (Flow::new(&app, &client), app.signed_in(&member));
    let first = |_| Tokens::of(&flow.redeem(&flow.start(&browser).param("code").unwrap()));
    let mut newest: Vec<_> = (0..PRIZES).map(first).map(|tokens| tokens.refresh().to_owned()).collect();
    for _ in 0..heats() {
        let answers = heat(&crowd, &app, &newest, |token| flow.refresh_call(token).into_request());
        for (token, answers) in newest.iter_mut().zip(answers) {
            let tokens: Vec<_> = answers.iter().map(Tokens::of).collect();
            // All of them came within the grace, so all are given the same pair.
            assert!(tokens.iter().all(|other| *other == tokens[0]), "{answers:?}");
            *token = tokens[0].refresh().to_owned();
        }
    }
    assert_eq!(app.rows()["refresh_token"], i64::try_from((heats() + 1) * PRIZES).unwrap());
}

#[test]
fn a_request_that_is_answered_twice_at_once_gives_one_code() {
    let (app, crowd) = (TestApp::new(), crowd());
    let (client, member) = (app.confidential("devices:read"), app.member(Role::Viewer));
    let browser = app.signed_in(&member);
    for _ in 0..rounds(20) {
        let page = Flow::new(&app, &client).start(&browser);
        let action = page.asked.split_once(' ').unwrap().1.to_owned();
        let before = app.rows()["authorization_code"];
        let fields = [
            ("decision", "allow"),
            ("organization_id", app.home().id.as_str()),
            ("csrf_token", &browser.csrf_token()),
        ];
        let requests = (0..RACERS).map(|_| browser.own_request(&action, &fields)).collect();
        let answers = race(&crowd, &app, requests);
        let given = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        let over = answers.iter().filter(|answer| answer.status == StatusCode::GONE).count();
        assert_eq!((given, over), (1, RACERS - 1), "{answers:?}");
        assert_eq!(app.rows()["authorization_code"], before + 1);
    }
}

#[test]
fn a_revocation_that_is_acknowledged_has_won() {
    let (app, crowd) = (TestApp::new(), crowd());
    for _ in 0..rounds(20) {
        let key = app.key("devices:read");
        let call = || {
            axum::http::Request::get("/v1/me")
                .header("authorization", format!("Bearer {}", key.secret))
                .body(axum::body::Body::empty())
                .unwrap()
        };
        race(&crowd, &app, (0..RACERS).map(|_| call()).collect());
        // Readers fill the cache while the key is revoked; afterwards none may find it there.
        let readers = app.router();
        let reading = crowd.spawn({
            let requests: Vec<_> = (0..64).map(|_| call()).collect();
            async move {
                for request in requests {
                    readers.clone().oneshot(request).await.unwrap();
                }
            }
        });
        app.revoke_key(app.home(), &key);
        app.program(&key.secret).get("/v1/me").assert_status(401);
        crowd.block_on(reading).unwrap();
        app.program(&key.secret).get("/v1/me").assert_status(401);
    }
}

#[test]
fn a_set_up_link_is_used_once_also_by_two_at_once() {
    let (app, crowd) = (TestApp::empty(), crowd());
    let mint = app.app.mint.clone();
    let token = app.write(move |tx| model::setup::offer(tx, &mint)).unwrap();
    let link = format!("/setup?token={}", token.expose());
    let requests = (0..4).map(|number| {
        let browser = app.browser();
        browser.get(&link);
        let email = format!("person-{number}@harbour.example");
        let fields = [
            ("organization_name", "Harbour Trust"),
            ("name", "Ada"),
            ("email", &email),
            ("password", "tide and time and more"),
            ("csrf_token", &browser.csrf_token()),
        ];
        browser.own_request(&link, &fields)
    });
    let answers = race(&crowd, &app, requests.collect());
    let made = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
    assert_eq!(made, 1, "{answers:?}");
    assert_eq!((app.rows()["organization"], app.rows()["person"]), (1, 1));
}

/// Two Owners, each with a browser and the token of their forms.
fn two_owners(app: &TestApp) -> [(Member, Browser<'_>, String); 2] {
    [(), ()].map(|()| {
        let owner = app.member(Role::Owner);
        let browser = app.signed_in(&owner);
        let token = browser.csrf_token();
        (owner, browser, token)
    })
}

fn owners(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM membership WHERE role = 'Owner' AND disabled_at IS NULL
               AND organization_id = ?1";
    let home = app.home().id.to_string();
    app.read(|tx| Ok(tx.one(sql, db::params![&home], |row| row.get(0))?))
}

#[test]
fn two_owners_who_go_at_once_leave_one() {
    let crowd = crowd();
    for part in ["/leave", "/step-down"] {
        for _ in 0..rounds(10) {
            let app = TestApp::new();
            let owners_at_first = two_owners(&app);
            let requests = owners_at_first.iter().map(|(_, browser, token)| {
                browser.own_request(&format!("/settings/organization{part}"), &[("csrf_token", token)])
            });
            let answers = race(&crowd, &app, requests.collect());
            let gone = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
            let kept = answers.iter().filter(|answer| answer.status == StatusCode::CONFLICT).count();
            assert_eq!((gone, kept), (1, 1), "{part}: {answers:?}");
            assert_eq!(owners(&app), 1, "{part}");
        }
    }
}

#[test]
fn two_owners_who_end_each_other_at_once_leave_one() {
    let crowd = crowd();
    for (part, role) in [("/remove", ""), ("/disable", ""), ("", "Viewer")] {
        for _ in 0..rounds(10) {
            let app = TestApp::new();
            let [one, two] = two_owners(&app);
            let request = |(_, browser, token): &(Member, Browser<'_>, String), other: &Member| {
                let path = format!("/settings/organization/members/{}{part}", other.person.id);
                browser.own_request(&path, &[("csrf_token", token), ("role", role)])
            };
            let answers = race(&crowd, &app, vec![request(&one, &two.0), request(&two, &one.0)]);
            let done = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
            // The second finds itself signed out, or no Owner any more; where it was signed out before it was looked
            // at, that is a way to sign in.
            assert!((1..=2).contains(&done), "{part}: {answers:?}");
            assert_eq!(owners(&app), 1, "{part}: {answers:?}");
        }
    }
}

#[test]
fn an_invitation_is_accepted_once_also_by_many_at_once() {
    let (app, crowd) = (TestApp::new(), crowd());
    for round in 0..rounds(5) {
        let (_, link) = app.invite(app.home(), &format!("guest-{round}@harbour.example"), "Viewer");
        let before = app.rows();
        let guests: Vec<_> = (0..4).map(|_| app.browser()).collect();
        let requests = guests.iter().map(|browser| {
            browser.get(&link);
            let token = browser.csrf_token();
            let fields = [("name", "Ines"), ("password", "tide and time and more"), ("csrf_token", &token)];
            browser.own_request(&link, &fields)
        });
        let answers = race(&crowd, &app, requests.collect());
        let won = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        let lost = answers.iter().filter(|answer| answer.status == StatusCode::GONE).count();
        assert_eq!((won, lost), (1, 3), "{answers:?}");
        let more = |table: &str| app.rows()[table] - before[table];
        assert_eq!((more("person"), more("membership"), more("session")), (1, 1, 1));
    }
}

#[test]
fn a_role_that_is_given_and_deleted_at_once_is_one_or_the_other() {
    let (app, crowd) = (TestApp::new(), crowd());
    let browser = app.signed_in(&app.member(Role::Owner));
    let token = browser.csrf_token();
    for round in 0..rounds(10) {
        let (name, member) = (format!("Laboratory {round}"), app.member(Role::Viewer));
        let role = app.custom_role(&name, "devices:read");
        let own = |path: String| browser.own_request(&path, &[("csrf_token", &token), ("role", &name)]);
        let give = own(format!("/settings/organization/members/{}", member.person.id));
        let delete = own(format!("/settings/organization/roles/{role}/delete"));
        let answers = race(&crowd, &app, vec![give, delete]);
        let done = answers.iter().filter(|answer| answer.status == StatusCode::SEE_OTHER).count();
        assert_eq!(done, 1, "{answers:?}");
        app.signed_in(&member).get("/settings/organization").assert_page(200);
    }
}

#[test]
fn a_burst_of_guesses_is_looked_at_one_by_one() {
    let (app, crowd) = (TestApp::new(), crowd());
    let (victim, other) = (app.member(Role::Owner), app.member(Role::Owner));
    let browser = app.browser();
    browser.get("/login");
    let token = browser.csrf_token();
    let fields = [("email", victim.email.as_str()), ("password", "a guess"), ("csrf_token", &token)];
    let guesses = (0..60).map(|_| browser.own_request("/login", &fields));
    let answers = race(&crowd, &app, guesses.collect());
    let of = |status: StatusCode| answers.iter().filter(|answer| answer.status == status).count();
    // Ten are free, and the next one finds that out.
    assert_eq!((of(StatusCode::UNAUTHORIZED), of(StatusCode::TOO_MANY_REQUESTS)), (11, 49));
    app.browser().sign_in(&other).assert_status(200);
}
