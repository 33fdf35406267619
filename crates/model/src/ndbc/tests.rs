use rules::access::Access;
use serde_json::json;

use super::*;
use crate::datastream::{Datastream, Filter};
use crate::observation::{NewObservation, Observation, Order, Window};
use crate::test_fleet::{Fleet, invalid, wire};

const METEOROLOGICAL: &str = "\
#YY  MM DD hh mm WDIR WSPD GST  WVHT   DPD   APD MWD   PRES  ATMP  WTMP  DEWP  VIS PTDY  TIDE  XTRA
#yr  mo dy hr mn degT m/s  m/s     m   sec   sec degT   hPa  degC  degC  degC  nmi  hPa    ft     x
2022 06 05 13 00 280  3.0  4.0    MM    MM    MM  MM 1015.2    MM    MM    MM   MM +1.6    MM     1
2022 06 05 12 50 270  3.0  4.0   0.5     7   3.5 100 1015.3    MM  13.8    MM   MM   MM    MM     1
2022 06 05 12 40   0  4.0  5.0
2022 06 05 12 30 290  5.0  six   0.5    MM   3.5 100 1015.2    MM  13.8    MM   MM   MM    MM     1
";

const OCEAN: &str = "\
#YY  MM DD hh mm   DEPTH  OTMP   COND   SAL   O2% O2PPM  CLCON  TURB    PH    EH
#yr  mo dy hr mn       m  degC  mS/cm   psu     %   ppm   ug/l   FTU     -    mv
2022 06 05 12 04     1.0 13.10     MM 31.00    MM    MM     MM    MM    MM    MM
2022 06 05 12 04    20.5  8.40     MM    MM    MM    MM     MM    MM    MM    MM
2022 06 05 11 04     1.0    MM     MM 30.80    MM    MM     MM    MM    MM    MM
";

fn import(fleet: &Fleet, station: &str, text: &str) -> Result<Counted> {
    super::import(&fleet.db, &fleet.organization, station, text)
}

fn datastreams(fleet: &Fleet) -> Vec<Datastream> {
    let page = |access: &Access| {
        fleet.read(|tx| datastream::page(tx, access, &Filter::default(), (None, 100))).unwrap().data
    };
    assert!(page(&fleet.rival_access()).is_empty());
    page(&fleet.access())
}

fn observations(fleet: &Fleet) -> Vec<Observation> {
    let window = Window { start: None, end: None, order: Order::Ascending, after: None, limit: 1000 };
    fleet.read(|tx| observation::page(tx, &fleet.access(), &Filter::default(), &window)).unwrap().data
}

/// (name of the datastream, time, value), sorted.
fn values(fleet: &Fleet) -> Vec<(String, String, String)> {
    let streams = datastreams(fleet);
    let name = |row: &Observation| {
        streams.iter().find(|stream| stream.id == row.datastream_id).unwrap().name.clone()
    };
    let mut values: Vec<_> = observations(fleet)
        .iter()
        .map(|row| (name(row), row.phenomenon_time.to_string(), row.result.unwrap().to_string()))
        .collect();
    values.sort();
    values
}

#[test]
fn every_row_and_value_of_a_file_is_accounted_for() {
    let fleet = Fleet::new();
    let counted = import(&fleet, "44013", METEOROLOGICAL).unwrap();
    assert_eq!(
        wire(&counted, &[]),
        json!({
            "rows_read": 4,
            "rows_refused": 2,
            "refusals": [
                "line 5: it has 8 fields, where the header has 20 columns",
                "line 6: \"six\" in column GST is neither a number nor MM",
            ],
            "values_stored": 14,
            "values_unchanged": 0,
            "values_missing": 14,
            "values_conflicting": 0,
            "conflicts": [],
            "ignored_columns": ["XTRA"],
        })
    );
    assert_eq!((counted.rows_read - counted.rows_refused) * 14, 14 + 14);
}

#[test]
fn a_station_becomes_a_device_with_a_datastream_for_each_column_that_has_a_value() {
    let fleet = Fleet::new();
    import(&fleet, "44013", METEOROLOGICAL).unwrap();
    let access = fleet.access();
    let devices = fleet.read(|tx| device::page(tx, &access, None, 10)).unwrap().data;
    let [buoy] = &devices[..] else { panic!("{devices:?}") };
    assert_eq!((buoy.name.as_str(), buoy.serial_number.as_str()), ("NDBC 44013", "44013"));
    assert_eq!(buoy.last_seen_at, Some("2022-06-05T13:00:00Z".parse().unwrap()));
    assert_eq!(buoy.status, device::Status::Offline);
    let manifest = fleet.read(|tx| sensor::manifest(tx, &access, &buoy.id)).unwrap();
    let [payload] = &manifest.sensors[..] else { panic!("{manifest:?}") };
    assert_eq!(payload.name, "NDBC meteorological payload (ARES, SCOOP)");
    let mut properties: Vec<&str> =
        payload.observed_properties.iter().map(|measured| measured.id.as_str()).collect();
    properties.sort_unstable();
    assert_eq!(
        properties,
        [
            "average_wave_period",
            "dominant_wave_period",
            "pressure_tendency",
            "sea_level_pressure",
            "water_temperature",
            "wave_direction",
            "wave_height",
            "wind_direction",
            "wind_gust",
            "wind_speed",
        ]
    );
    let latest = datastreams(&fleet)
        .into_iter()
        .find(|stream| stream.observed_property.id == "water_temperature")
        .and_then(|stream| stream.latest)
        .unwrap();
    assert_eq!((latest.result, latest.quality), (13.8, Quality::NotEvaluated));
}

#[test]
fn each_depth_has_a_sensor_of_its_own_and_values_come_back_exactly() {
    let fleet = Fleet::new();
    let counted = import(&fleet, "44029", OCEAN).unwrap();
    assert_eq!((counted.values_stored, counted.values_missing), (4, 23));
    let row = |name: &str, time: &str, value: &str| (name.to_owned(), time.to_owned(), value.to_owned());
    assert_eq!(
        values(&fleet),
        [
            row("Salinity at 1 m", "2022-06-05T11:04:00Z", "30.8"),
            row("Salinity at 1 m", "2022-06-05T12:04:00Z", "31"),
            row("Water temperature at 1 m", "2022-06-05T12:04:00Z", "13.1"),
            row("Water temperature at 20.5 m", "2022-06-05T12:04:00Z", "8.4"),
        ]
    );
    let sensors: std::collections::HashSet<_> =
        datastreams(&fleet).into_iter().map(|stream| stream.sensor_id).collect();
    assert_eq!(sensors.len(), 2);
}

#[test]
fn importing_the_same_file_again_changes_nothing() {
    for text in [METEOROLOGICAL, OCEAN] {
        let fleet = Fleet::new();
        let first = import(&fleet, "1", text).unwrap();
        let (streams, rows) = (datastreams(&fleet), observations(&fleet));
        let second = import(&fleet, "1", text).unwrap();
        let expected = Counted { values_stored: 0, values_unchanged: first.values_stored, ..first.clone() };
        assert_eq!(second, expected);
        assert_eq!((datastreams(&fleet), observations(&fleet)), (streams, rows));
    }
}

#[test]
fn a_later_file_fills_gaps_and_brings_new_columns_to_the_same_sensor() {
    let fleet = Fleet::new();
    import(&fleet, "44029", OCEAN).unwrap();
    let filled = OCEAN.replace("1.0    MM     MM 30.80    MM", "1.0 13.00     MM 30.80  98.5");
    let counted = import(&fleet, "44029", &filled).unwrap();
    assert_eq!((counted.values_stored, counted.values_unchanged), (2, 4));
    let streams = datastreams(&fleet);
    let of = |name: &str| streams.iter().find(|stream| stream.name == name).unwrap();
    assert_eq!(of("Oxygen saturation at 1 m").sensor_id, of("Salinity at 1 m").sensor_id);
}

#[test]
fn a_value_that_contradicts_a_stored_one_is_refused_and_the_rest_goes_in() {
    let fleet = Fleet::new();
    import(&fleet, "44029", OCEAN).unwrap();
    let changed = OCEAN.replace("13.10", "13.20").replace("1.0    MM", "1.0 13.00");
    let counted = import(&fleet, "44029", &changed).unwrap();
    assert_eq!((counted.values_stored, counted.values_unchanged, counted.values_conflicting), (1, 3, 1));
    assert_eq!(counted.conflicts, ["line 3: another value of OTMP is stored for 2022-06-05T12:04:00Z"]);
    let temperatures: Vec<_> = values(&fleet)
        .into_iter()
        .filter(|(name, ..)| name == "Water temperature at 1 m")
        .map(|(_, _, value)| value)
        .collect();
    assert_eq!(temperatures, ["13", "13.1"]);
}

#[test]
fn a_value_that_was_judged_in_the_meantime_is_unchanged() {
    let fleet = Fleet::new();
    import(&fleet, "44029", OCEAN).unwrap();
    let salinity = datastreams(&fleet).into_iter().find(|stream| stream.name == "Salinity at 1 m").unwrap();
    let judged = NewObservation {
        datastream_id: salinity.id.to_string(),
        phenomenon_time: "2022-06-05T10:04:00Z".parse().unwrap(),
        result: Some(30.8),
        quality: Some(1),
    };
    fleet.ingest(&fleet.access(), &[judged]).unwrap();
    let again = OCEAN.replace("11 04     1.0", "10 04     1.0");
    let counted = import(&fleet, "44029", &again).unwrap();
    assert_eq!((counted.values_stored, counted.values_unchanged, counted.values_conflicting), (0, 4, 0));
    assert!(observations(&fleet).iter().any(|row| row.quality == Quality::Pass));
}

#[test]
fn rows_from_the_future_are_refused() {
    let fleet = Fleet::new();
    let counted = import(&fleet, "44029", &OCEAN.replace("2022 06 05 11", "2032 06 05 11")).unwrap();
    assert_eq!((counted.rows_read, counted.rows_refused, counted.values_stored), (3, 1, 3));
    assert_eq!(counted.refusals, ["line 5: 2032-06-05T11:04:00Z is in the future"]);
}

#[test]
fn a_long_file_goes_in_chunk_by_chunk_and_names_only_its_first_mistakes() {
    let fleet = Fleet::new();
    let (names_and_units, _) = OCEAN.split_once("2022").unwrap();
    let row = |n: usize| {
        let value = if n.is_multiple_of(50) { "warm" } else { "13.10" };
        let (day, hour, minute) = (1 + n / 1440, n / 60 % 24, n % 60);
        format!("2022 06 {day:02} {hour:02} {minute:02} 1.0 {value} MM MM MM MM MM MM MM MM\n")
    };
    let text: String = std::iter::once(names_and_units.to_owned()).chain((0..2500).map(row)).collect();
    let counted = import(&fleet, "44029", &text).unwrap();
    assert_eq!((counted.rows_read, counted.rows_refused, counted.refusals.len()), (2500, 50, NAMED));
    assert_eq!((counted.values_stored, counted.values_missing), (2450, 2450 * 8));
}

#[test]
fn what_is_no_ndbc_file_is_refused_in_words_and_leaves_nothing_behind() {
    let fleet = Fleet::new();
    for text in ["", "time,value\n1,2\n", &OCEAN.replace("degC", "degF")] {
        assert!(invalid(import(&fleet, "44029", text)).of("file").is_some());
    }
    assert!(invalid(import(&fleet, "", OCEAN)).of("serial_number").is_some());
    let devices = fleet.read(|tx| device::page(tx, &fleet.access(), None, 10)).unwrap();
    assert!(devices.data.is_empty());
}
