//! Every list of the map, asked for pages that nobody can have: sizes that are none, and cursors that were made up,
//! edited, or taken from another list or another organization.

use axum::http::Method;
use model::organization::Organization;
use server::http::{RouteKind, map};

use rules::client_auth::ClientType;
use rules::role::Role;

use crate::support::{Flow, TestApp, encode};

/// What is no number of items.
const NO_LIMITS: [&str; 16] = [
    "0",
    "-1",
    "-0",
    "00",
    "",
    " 1",
    "1 ",
    "1.0",
    "1e1",
    "0x10",
    "+",
    "x",
    "٣",
    "4294967296",
    "9223372036854775808",
    "99999999999999999999999999",
];

/// An organization with two of everything, and a key that may see it all.
fn furnished(app: &TestApp, organization: &Organization) -> (String, String) {
    let key = [app.key_of(organization, |_| {}), app.key_of(organization, |_| {})].map(|key| key.secret);
    let buoys = [app.buoy(organization), app.buoy(organization)];
    for buoy in &buoys {
        app.measured(organization, &buoy.temperature, &[10.0, 10.1, 10.2]);
    }
    for _ in 0..2 {
        let client = app.application_of(organization, (ClientType::Confidential, |_| {}));
        Flow::new(app, &client).tokens(&app.member_of(organization, Role::Viewer));
    }
    let [key, _] = key;
    let [buoy, _] = buoys;
    (key, buoy.temperature.to_string())
}

/// Every address of the map that answers with a list.
fn lists(app: &TestApp, (key, datastream): &(String, String)) -> Vec<String> {
    let map = map();
    let reads = map
        .routes()
        .iter()
        .filter(|route| matches!(route.kind, RouteKind::Api { .. }) && route.method == Method::GET);
    let targets = reads.map(|route| route.path.replace("{id}", datastream));
    let is_list = |target: &String| app.program(key).get(target).json().get("next_cursor").is_some();
    targets.filter(is_list).collect()
}

#[track_caller]
fn assert_refused(app: &TestApp, key: &str, target: &str, pointer: &str) {
    let answer = app.program(key).get(target);
    assert_eq!(answer.status.as_u16(), 400, "{target}: {}", answer.body);
    assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{target}");
}

#[test]
fn a_page_has_a_size_or_there_is_no_page() {
    let app = TestApp::new();
    let home = furnished(&app, app.home());
    let lists = lists(&app, &home);
    assert!(lists.len() >= 8, "{lists:?}");
    for list in lists {
        for limit in NO_LIMITS {
            assert_refused(&app, &home.0, &format!("{list}?{}", encode(&[("limit", limit)])), "/limit");
        }
        for twice in ["limit=1&limit=1", "limit=1&limit=2", "limit=1&l%69mit=2"] {
            app.program(&home.0).get(&format!("{list}?{twice}")).assert_status(400);
        }
    }
}

#[test]
fn a_cursor_opens_its_own_list_for_its_own_organization_and_nothing_else() {
    let app = TestApp::new();
    let rival = app.organization("Rival Reef");
    let (home, theirs) = (furnished(&app, app.home()), furnished(&app, &rival));
    let lists = lists(&app, &home);
    let cursor = |key: &str, list: &str| {
        let page = app.program(key).get(&format!("{list}?limit=1"));
        page.assert_status(200).json()["next_cursor"]
            .as_str()
            .unwrap_or_else(|| panic!("{list} has one item"))
            .to_owned()
    };
    let with = |list: &str, cursor: &str| format!("{list}?{}", encode(&[("limit", "1"), ("cursor", cursor)]));
    for list in &lists {
        let own = cursor(&home.0, list);
        app.program(&home.0).get(&with(list, &own)).assert_status(200);
        for other in lists.iter().filter(|other| *other != list) {
            assert_refused(&app, &home.0, &with(other, &own), "/cursor");
        }
        let their_list = list.replace(&home.1, &theirs.1);
        assert_refused(&app, &home.0, &with(list, &cursor(&theirs.0, &their_list)), "/cursor");
        for made_up in made_up(&own) {
            assert_refused(&app, &home.0, &with(list, &made_up), "/cursor");
        }
    }
}

/// What a cursor can be turned into without the server's pepper.
fn made_up(own: &str) -> Vec<String> {
    let edited = (0..own.len()).map(|place| {
        let other = if own.as_bytes()[place] == b'A' { "B" } else { "A" };
        format!("{}{other}{}", &own[..place], &own[place + 1..])
    });
    let known = ["x", "0", "' OR 1=1 --", "../..", "\0", "AAAAAAAAAAAAAAAAAAAAAA"].map(str::to_owned);
    let bent = [&own[1..], &own[..own.len() - 1]].map(str::to_owned);
    edited.chain(known).chain(bent).chain([format!("{own}="), format!("{own}A"), own.repeat(40)]).collect()
}
