//! The console's pages of the fleet.

use jiff::SignedDuration;
use model::observation::{self, NewObservation};
use rules::role::Role;

use crate::support::TestApp;

fn store(app: &TestApp, batch: Vec<NewObservation>) {
    let access = app.access(app.home());
    app.write(move |tx| observation::ingest(tx, &access, &batch));
}

#[test]
fn everybody_who_is_signed_in_sees_the_fleet() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    app.measured(app.home(), &buoy.temperature, &[10.5, 11.25]);
    for role in Role::ALL {
        let member = app.member(role);
        let browser = app.signed_in(&member);
        let list = browser.get("/devices");
        list.assert_page(200).assert_text("Buoy");
        assert!(list.body.contains(&format!("href=\"/devices/{}\"", buoy.device)));
        let page = browser.get(&format!("/devices/{}", buoy.device));
        page.assert_page(200).assert_text("Water temperature").assert_text("11.25").assert_text("MicroCAT");
        page.assert_text(&format!("/v1/observations/latest?device_id={}", buoy.device));
        assert!(page.body.contains("<path class=\"trace\""));
    }
}

#[test]
fn the_range_is_chosen_and_a_silent_buoy_shows_its_last_days() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    app.measured(app.home(), &buoy.temperature, &[10.5, 11.25]);
    let viewer = app.member(Role::Viewer);
    let past = "the charts end with the last report";
    for (days, range, is_past) in
        [(0, "24h", false), (3, "24h", true), (0, "7d", false), (20, "7d", true), (0, "30d", false)]
    {
        app.advance_days(days);
        let page = app.signed_in(&viewer).get(&format!("/devices/{}?range={range}", buoy.device));
        page.assert_page(200).assert_text("Lowest 10.5, highest 11.25");
        assert_eq!(page.words().contains(past), is_past, "{range}");
    }
}

#[test]
fn a_dense_series_is_drawn_in_outline_with_its_extremes_and_its_gaps() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    // One each half minute for five days, but for six hours; two of them stand out.
    let silence = 6000..6720;
    let batch: Vec<NewObservation> = (0..14_400)
        .filter(|n| !silence.contains(n))
        .map(|n| NewObservation {
            datastream_id: buoy.temperature.to_string(),
            phenomenon_time: app.now() + SignedDuration::from_secs(30 * n),
            result: Some(match n {
                3210 => 3.25,
                9876 => 33.5,
                _ => 10.0 + f64::from(u8::try_from(n % 7).unwrap()),
            }),
            quality: Some(if n == 9876 { 3 } else { 1 }),
        })
        .collect();
    app.advance_days(5);
    store(&app, batch);
    let browser = app.signed_in(&app.member(Role::Viewer));
    for range in ["7d", "30d"] {
        let page = browser.get(&format!("/devices/{}?range={range}", buoy.device));
        page.assert_page(200).assert_text("Lowest 3.25, highest 33.5");
        assert_eq!(
            page.body.matches("class=\"trace\"").count(),
            2,
            "{range}: the silence breaks the line once"
        );
        assert_eq!(page.body.matches("class=\"doubt\"").count(), 1, "{range}");
        assert!(page.body.len() < 100_000, "{range}: {}", page.body.len());
    }
}

#[test]
fn a_page_has_a_bound_however_dense_a_series_is() {
    let app = TestApp::new();
    let buoy = app.buoy(app.home());
    // Ten each second for ten minutes: some 1700 in each column of a day.
    let batch: Vec<NewObservation> = (0..6000)
        .map(|n| NewObservation {
            datastream_id: buoy.temperature.to_string(),
            phenomenon_time: app.now() + SignedDuration::from_millis(100 * n),
            result: Some(if (1..5999).contains(&n) { 20.0 } else { 10.0 }),
            quality: Some(1),
        })
        .collect();
    let mut deep = batch.clone();
    for row in &mut deep[2000..3000] {
        row.result = Some(99.0);
    }
    app.advance_days(1);
    store(&app, deep);
    let page = app.signed_in(&app.member(Role::Viewer)).get(&format!("/devices/{}", buoy.device));
    assert_eq!(page.body.matches("class=\"trace\"").count(), 1, "it has no gap");
    page.assert_text("Lowest 10, highest 20");
}

#[test]
fn a_long_list_has_pages() {
    let app = TestApp::new();
    let devices: Vec<_> = (0..51).map(|_| app.device(app.home())).collect();
    let browser = app.browser();
    browser.sign_in(&app.member(Role::Viewer));
    let last = format!("/devices/{}\"", devices[50]);
    let first = browser.get("/devices");
    assert!(!first.body.contains(&last));
    let next = format!("/devices?after={}", devices[49]);
    assert!(first.body.contains(&format!("href=\"{next}\"")));
    let second = browser.get(&next);
    assert!(second.body.contains(&last) && second.body.contains("href=\"/devices\""));
}

#[test]
fn others_devices_are_not_found_and_strangers_sign_in_first() {
    let app = TestApp::new();
    let rival = app.organization("Rival");
    let foreign = app.buoy(&rival);
    let viewer = app.member(Role::Viewer);
    let browser = app.signed_in(&viewer);
    browser.get("/devices").assert_page(200).assert_text("No devices yet");
    for id in [foreign.device.as_str(), "dev_x", "%FF"] {
        let answer = browser.get(&format!("/devices/{id}"));
        assert!(matches!(answer.status.as_u16(), 400 | 404), "{id}: {}", answer.status);
    }
    for target in ["/devices", "/devices/dev_x"] {
        let answer = app.get(target);
        answer.assert_status(303);
        assert!(answer.location().starts_with("/login?return_to="), "{}", answer.location());
    }
}
