use super::*;
use crate::demo::fleet::{Buoy, ORGANIZATIONS};
use model::catalogue;
use std::collections::HashSet;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn buoys() -> impl Iterator<Item = &'static Buoy> {
    ORGANIZATIONS.iter().flat_map(|organization| organization.buoys)
}

/// Every datastream of the demo: its signal, its site and its sensor's gross range.
fn datastreams() -> impl Iterator<Item = (Signal, &'static Site, (f64, f64))> {
    buoys().flat_map(|buoy| {
        buoy.sensors.iter().flat_map(|sensor| {
            let sensor_type = catalogue::sensor_type(sensor.sensor_type).expect(sensor.sensor_type);
            sensor.signals.iter().map(|signal| {
                let (property, unit) = signal.property_and_unit();
                let measure = sensor_type.measure(property, unit);
                let measure = measure.unwrap_or_else(|| panic!("{} has no {property}", sensor_type.id));
                (*signal, &buoy.site, measure.gross_range)
            })
        })
    })
}

/// Report times of so many days.
fn reports(start: &str, days: i64) -> impl Iterator<Item = Timestamp> {
    let start = at(start);
    (0..days * 144).map(move |n| start + REPORTING_INTERVAL * n as i32)
}

/// A few report times of every day of a year.
fn year_round() -> impl Iterator<Item = Timestamp> {
    reports("2025-01-01T00:00:00Z", 365).step_by(23)
}

/// The value at a time on a sound sensor, found also during outages.
fn clean_at(signal: Signal, site: &Site, time: &str) -> f64 {
    clean(signal, &Moment::of(site, at(time)))
}

#[test]
fn both_fleets_are_as_promised() {
    let counts = ORGANIZATIONS.iter().map(|organization| organization.buoys.len());
    assert_eq!(counts.collect::<Vec<_>>(), [10, 4]);
    let (mut names, mut serials, mut seeds) = (HashSet::new(), HashSet::new(), HashSet::new());
    for buoy in buoys() {
        assert!(names.insert(buoy.name) && serials.insert(buoy.serial_number), "{}", buoy.name);
        assert!(seeds.insert(buoy.site.seed), "{}", buoy.name);
        assert!((1..=3).contains(&buoy.sensors.len()), "{}", buoy.name);
        let signals: Vec<_> = buoy.sensors.iter().flat_map(|sensor| sensor.signals).collect();
        assert!(signals.contains(&&Signal::WaterTemperature), "{}", buoy.name);
        assert_eq!(signals.iter().collect::<HashSet<_>>().len(), signals.len(), "{}", buoy.name);
        let fresh = buoy.site.waters == Waters::Lake;
        assert!(!(fresh && signals.contains(&&Signal::Salinity)), "{}", buoy.name);
        let (latitudes, longitudes) =
            if fresh { (41.6..46.1, -88.0..-84.8) } else { (41.7..45.0, -71.0..-67.0) };
        assert!(latitudes.contains(&buoy.site.latitude), "{}", buoy.name);
        assert!(longitudes.contains(&buoy.site.longitude), "{}", buoy.name);
    }
}

#[test]
fn every_signal_is_measured_somewhere() {
    let measured: HashSet<_> = datastreams().map(|(signal, ..)| signal).collect();
    assert_eq!(measured.len(), Signal::RelativeHumidity as usize + 1);
}

#[test]
fn the_same_question_has_the_same_answer_and_other_sites_another() {
    let [here, there] = [0, 1].map(|n| buoys().nth(n).unwrap().site);
    let temperatures = |site| {
        let values = reports("2026-06-01T00:00:00Z", 2).map(|at| value(Signal::WaterTemperature, &site, at));
        values.collect::<Vec<_>>()
    };
    assert_eq!(temperatures(here), temperatures(here));
    assert_ne!(temperatures(here), temperatures(there));
    let fixed = sample(Signal::WaterTemperature, &here, at("2026-06-01T12:00:00Z")).unwrap();
    assert_eq!(fixed, Sample { value: PINNED, expected: PINNED }, "a demo's past must not change");
}

/// What the first buoy reported at noon on the first of June 2026.
const PINNED: f64 = 11.127;

#[test]
fn only_flagged_values_leave_the_gross_range_all_year_round() {
    let mut seen = [0_usize; 5];
    for (signal, site, range) in datastreams() {
        for sample in year_round().filter_map(|at| sample(signal, site, at)) {
            let flag = flag(signal, &sample, range);
            let inside = (range.0..=range.1).contains(&sample.value);
            assert_eq!(inside, flag != Flag::Fail, "{signal:?} {sample:?}");
            assert!((range.0..=range.1).contains(&sample.expected), "{signal:?} {sample:?}");
            seen[usize::from(flag.code())] += 1;
        }
    }
    let [_, pass, _, suspect, fail] = seen;
    let flagged = (suspect + fail) as f64 / (pass + suspect + fail) as f64;
    assert!((0.000_1..0.001).contains(&flagged), "{seen:?}");
}

#[test]
fn now_and_then_a_spike_goes_off_the_scale_and_fails() {
    let mut turbidity =
        datastreams().filter(|(signal, _, (_, max))| *signal == Signal::Turbidity && *max == 25.0);
    let (signal, site, range) = turbidity.next().unwrap();
    let samples = reports("2025-01-01T00:00:00Z", 365).filter_map(|at| sample(signal, site, at));
    let flags: Vec<_> = samples.map(|sample| flag(signal, &sample, range)).collect();
    assert!(flags.contains(&Flag::Suspect) && flags.contains(&Flag::Fail));
}

#[test]
fn the_flag_rule_puts_gross_range_before_spike() {
    let sample = |value| Sample { value, expected: 12.0 };
    let cases = [(12.0, 1), (13.9, 1), (14.1, 3), (9.9, 3), (45.0, 3), (45.1, 4), (-5.1, 4), (f64::NAN, 4)];
    for (value, code) in cases {
        assert_eq!(flag(Signal::WaterTemperature, &sample(value), (-5.0, 45.0)).code(), code, "{value}");
    }
    let turned = Sample { value: 359.0, expected: 2.0 };
    assert_eq!(flag(Signal::WindDirection, &turned, (0.0, 360.0)), Flag::Pass);
}

/// The flags come from `expected`; here the neighbours themselves are asked.
#[test]
fn a_spike_test_on_the_neighbours_agrees_with_the_flags() {
    for (signal, site, range) in datastreams() {
        let Some(threshold) = signal.spike_threshold() else { continue };
        let samples: Vec<_> =
            reports("2026-03-20T00:00:00Z", 12).map(|at| sample(signal, site, at)).collect();
        for window in samples.windows(3) {
            let [Some(before), Some(now), Some(after)] = window else { continue };
            if [before, after].iter().all(|sample| flag(signal, sample, range) == Flag::Pass) {
                let off = (now.value - (before.value + after.value) / 2.0).abs();
                let flagged = flag(signal, now, range) != Flag::Pass;
                assert_eq!(off > threshold, flagged, "{signal:?} {window:?}");
            }
        }
    }
}

#[test]
fn water_never_warms_or_cools_by_more_than_a_degree_and_a_half_in_ten_minutes() {
    for (signal, site, range) in datastreams().filter(|(signal, ..)| *signal == Signal::WaterTemperature) {
        let mut before: Option<Sample> = None;
        for at in reports("2026-07-10T00:00:00Z", 30) {
            let now = sample(signal, site, at).filter(|sample| flag(signal, sample, range) == Flag::Pass);
            if let (Some(before), Some(now)) = (before, now) {
                assert!((now.value - before.value).abs() <= 1.5, "{at}: {before:?} {now:?}");
            }
            before = now;
        }
    }
}

#[test]
fn telemetry_is_silent_for_a_small_share_of_the_time_on_every_buoy() {
    for buoy in buoys() {
        let silent = reports("2025-01-01T00:00:00Z", 365)
            .filter(|at| value(Signal::WaterTemperature, &buoy.site, *at).is_none());
        let share = silent.count() as f64 / (365.0 * 144.0);
        assert!((0.002..0.03).contains(&share), "{}: {share}", buoy.name);
    }
}

#[test]
fn an_outage_lasts_an_hour_to_half_a_day_and_silences_the_whole_buoy() {
    let site = &buoys().next().unwrap().site;
    let silent = |signal| {
        let values = reports("2025-01-01T00:00:00Z", 365).map(move |at| value(signal, site, at).is_none());
        values.collect::<Vec<_>>()
    };
    let water = silent(Signal::WaterTemperature);
    assert_eq!(water, silent(Signal::WindSpeed));
    let outages = water.chunk_by(|a, b| a == b).filter(|run| run.first() == Some(&true)).map(<[bool]>::len);
    let lengths: Vec<_> = outages.collect();
    assert!(lengths.len() > 10, "{lengths:?}");
    assert!(lengths.iter().all(|reports| (6..=73).contains(reports)), "{lengths:?}");
}

#[test]
fn values_have_the_digits_of_an_instrument() {
    for (signal, site, _) in datastreams() {
        for value in year_round().filter_map(|at| value(signal, site, at)) {
            let text = value.to_string();
            let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
            assert!(decimals <= 3 && text != "-0", "{signal:?} {text}");
        }
    }
}

#[test]
fn summer_is_warmer_than_winter_and_cold_water_holds_more_oxygen() {
    for buoy in buoys() {
        let season = |signal, month| {
            let days = ["03", "10", "17", "24"].map(|day| format!("2026-{month}-{day}T16:00:00Z"));
            days.iter().map(|day| clean_at(signal, &buoy.site, day)).sum::<f64>() / 4.0
        };
        let [winter, summer] = ["02", "08"].map(|month| season(Signal::WaterTemperature, month));
        assert!(winter < 7.0 && summer > 14.0, "{}: {winter} {summer}", buoy.name);
        let [winter, summer] = ["02", "08"].map(|month| season(Signal::DissolvedOxygen, month));
        assert!(winter > summer + 1.5, "{}: {winter} {summer}", buoy.name);
    }
}

#[test]
fn the_sea_has_tides_and_the_lake_has_none() {
    let half_tides: Vec<_> =
        (0..8).map(|n| at("2026-08-01T00:00:00Z") + SignedDuration::from_mins(373) * n).collect();
    for buoy in buoys() {
        let heights = half_tides.iter().map(|at| Moment::of(&buoy.site, *at).tide());
        let steps: Vec<_> =
            heights.collect::<Vec<_>>().windows(2).map(|pair| (pair[0] - pair[1]).abs()).collect();
        let tidal = steps.iter().all(|step| *step > 1e-3);
        assert_eq!(tidal, buoy.site.waters == Waters::Coastal, "{}: {steps:?}", buoy.name);
    }
}

#[test]
fn a_gale_raises_the_waves() {
    let site = &buoys().next().unwrap().site;
    let mut by_wind: Vec<_> = year_round()
        .map(|at| Moment::of(site, at))
        .map(|moment| (clean(Signal::WindSpeed, &moment), clean(Signal::WaveHeight, &moment)))
        .collect();
    by_wind.sort_by(|a, b| a.0.total_cmp(&b.0));
    let tenth = by_wind.len() / 10;
    let mean = |part: &[(f64, f64)]| part.iter().map(|(_, waves)| waves).sum::<f64>() / part.len() as f64;
    assert!(mean(&by_wind[by_wind.len() - tenth..]) > 2.0 * mean(&by_wind[..tenth]));
}

#[test]
fn oxygen_solubility_matches_the_published_tables() {
    // Milligrams per litre at 0, 10, 20 and 30 °C in fresh water, and at 20 °C in sea water (USGS tables).
    let cases = [(0.0, 0.0, 14.6), (10.0, 0.0, 11.3), (20.0, 0.0, 9.1), (30.0, 0.0, 7.55), (20.0, 35.0, 7.4)];
    for (celsius, salinity, expected) in cases {
        let found = water::oxygen_solubility(celsius, salinity);
        assert!((found - expected).abs() < 0.07, "{celsius} °C, {salinity}: {found}");
    }
}
