use super::*;

const MET_NAMES: &str =
    "#YY  MM DD hh mm WDIR WSPD GST  WVHT   DPD   APD MWD   PRES  ATMP  WTMP  DEWP  VIS PTDY  TIDE";
const MET_UNITS: &str =
    "#yr  mo dy hr mn degT m/s  m/s     m   sec   sec degT   hPa  degC  degC  degC  nmi  hPa    ft";
const MET_ROW: &str =
    "2022 06 05 13 00 280  3.0  4.0    MM    MM    MM  MM 1015.2    MM  13.9    MM   MM +1.6    MM";
const OCEAN_NAMES: &str = "#YY  MM DD hh mm   DEPTH  OTMP   COND   SAL   O2% O2PPM  CLCON  TURB    PH    EH";
const OCEAN_UNITS: &str = "#yr  mo dy hr mn       m  degC  mS/cm   psu     %   ppm   ug/l   FTU     -    mv";

/// A meteorological file of three columns, to say much with little.
fn small() -> File {
    File::open("#YY MM DD hh mm WDIR WSPD PRES", "#yr mo dy hr mn degT m/s hPa").unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn reading(row: &Row, name: &str) -> Option<f64> {
    row.values.iter().find_map(|reading| match reading {
        Reading::Value(column, value) if column.name == name => Some(*value),
        _ => None,
    })
}

#[test]
fn a_meteorological_row_gives_its_instant_its_values_and_what_is_missing() {
    let file = File::open(MET_NAMES, MET_UNITS).unwrap();
    let row = file.row(3, MET_ROW).unwrap().unwrap();
    assert_eq!(file.kind, Kind::StandardMeteorological);
    assert_eq!(file.columns, STANDARD_METEOROLOGICAL.iter().collect::<Vec<_>>());
    assert_eq!(row.time, time("2022-06-05T13:00:00Z"));
    assert_eq!(row.depth_m, None);
    let values = ["WDIR", "WSPD", "GST", "PRES", "WTMP", "PTDY"].map(|name| reading(&row, name));
    assert_eq!(values, [280.0, 3.0, 4.0, 1015.2, 13.9, 1.6].map(Some));
    assert_eq!(row.values.iter().filter(|reading| matches!(reading, Reading::Missing(_))).count(), 8);
}

#[test]
fn an_ocean_row_has_a_depth_beside_its_values() {
    let file = File::open(OCEAN_NAMES, OCEAN_UNITS).unwrap();
    let text = "2022 06 05 12 04     1.0 13.10     MM 31.00    MM    MM     MM    MM    MM    MM";
    let row = file.row(3, text).unwrap().unwrap();
    assert_eq!(file.kind, Kind::Ocean);
    assert_eq!(file.columns, OCEAN.iter().collect::<Vec<_>>());
    assert_eq!((row.time, row.depth_m), (time("2022-06-05T12:04:00Z"), Some(1.0)));
    assert_eq!((reading(&row, "OTMP"), reading(&row, "SAL")), (Some(13.1), Some(31.0)));
    assert_eq!(row.values.len(), OCEAN.len());
}

#[test]
fn an_unknown_depth_is_not_the_surface() {
    let file = File::open("#YY MM DD hh mm DEPTH OTMP", "#yr mo dy hr mn m degC").unwrap();
    assert_eq!(file.row(3, "2022 06 05 12 04 MM 13.1").unwrap().unwrap().depth_m, None);
}

#[test]
fn columns_are_found_by_name_wherever_they_stand() {
    let usual = small().row(3, "2022 06 05 13 00 280 3.0 1015.2").unwrap().unwrap();
    let file = File::open("PRES mm hh DD MM YYYY WSPD WDIR", "hPa mn hr dy mo yr m/s degT").unwrap();
    let moved = file.row(3, "1015.2 00 13 05 06 2022 3.0 280").unwrap().unwrap();
    assert_eq!(moved.time, usual.time);
    for name in ["WDIR", "WSPD", "PRES"] {
        assert_eq!(reading(&moved, name), reading(&usual, name), "{name}");
    }
}

#[test]
fn unknown_columns_are_reported_and_passed_over() {
    let file = File::open("#YY MM DD hh mm WDIR WSPD ICE PRES", "#yr mo dy hr mn degT m/s cm hPa").unwrap();
    assert_eq!(file.ignored, ["ICE"]);
    let row = file.row(3, "2022 06 05 13 00 280 3.0 thick 1015.2").unwrap().unwrap();
    assert_eq!((row.values.len(), reading(&row, "PRES")), (3, Some(1015.2)));
}

#[test]
fn rows_may_be_out_of_order_and_comments_between_them() {
    let file = small();
    let lines =
        "2022 06 05 13 00 1 1 1000\n\n# moved\n2022 06 05 13 10 2 2 1000\r\n2022 06 05 12 50 3 3 1000";
    let times: Vec<_> = file.rows(lines.lines()).map(|row| row.unwrap().time.to_string()).collect();
    assert_eq!(times, ["2022-06-05T13:00:00Z", "2022-06-05T13:10:00Z", "2022-06-05T12:50:00Z"]);
}

#[test]
fn a_refused_row_is_named_by_its_line_and_the_others_still_count() {
    let file = small();
    let lines = "2022 06 05 13 00 1 1 1000\n\n2022 06 05 13 10 x 2 1000\n2022 06 05 12 50 3 3 1000";
    let (taken, refused): (Vec<_>, Vec<_>) = file.rows(lines.lines()).partition(Result::is_ok);
    assert_eq!((taken.len(), refused.len()), (2, 1));
    let sentence = refused.into_iter().next().unwrap().unwrap_err().to_string();
    assert_eq!(sentence, "line 5: \"x\" in column WDIR is neither a number nor MM");
}

#[test]
fn every_broken_row_has_its_own_reason() {
    let cases = [
        ("2022 06 05 13 00 280 3.0", "it has 7 fields, where the header has 8 columns"),
        ("2022 06 05 13 00 280 3.0 1 2", "it has 9 fields, where the header has 8 columns"),
        ("22 06 05 13 00 1 1 1", "\"22\" is not a year of four digits"),
        ("-022 06 05 13 00 1 1 1", "\"-022\" is not a year of four digits"),
        ("２０２２ 06 05 13 00 1 1 1", "\"２０２２\" is not a year of four digits"),
        ("2022 006 05 13 00 1 1 1", "\"006\" is not a month"),
        ("2022 MM 05 13 00 1 1 1", "\"MM\" is not a month"),
        ("2022 13 05 13 00 1 1 1", "2022-13-05 13:00 is not a date and time of the calendar"),
        ("2022 02 29 13 00 1 1 1", "2022-02-29 13:00 is not a date and time of the calendar"),
        ("2022 06 05 24 00 1 1 1", "2022-06-05 24:00 is not a date and time of the calendar"),
        ("2022 06 05 13 60 1 1 1", "2022-06-05 13:60 is not a date and time of the calendar"),
        ("2022 06 05 13 00 1 -- 1", "\"--\" in column WSPD is neither a number nor MM"),
        ("2022 06 05 13 00 1 mm 1", "\"mm\" in column WSPD is neither a number nor MM"),
        ("2022 06 05 13 00 1 1e3 1", "\"1e3\" in column WSPD is neither a number nor MM"),
        ("2022 06 05 13 00 1 0x1F 1", "\"0x1F\" in column WSPD is neither a number nor MM"),
        ("2022 06 05 13 00 1 1,5 1", "\"1,5\" in column WSPD is neither a number nor MM"),
        ("2022 06 05 13 00 1 NaN 1", "\"NaN\" in column WSPD is not a finite number"),
        ("2022 06 05 13 00 1 1 -inf", "\"-inf\" in column PRES is not a finite number"),
        ("2022 06 05 13 00 1 1 1e999", "\"1e999\" in column PRES is not a finite number"),
        (
            "2022 06 05 13 00 1 1 1.000000000000001",
            "\"1.000000000000001\" in column PRES has more digits than can be kept exactly (15)",
        ),
    ];
    for (text, sentence) in cases {
        let refused = small().row(9, text).unwrap().unwrap_err();
        assert_eq!(refused.reason.to_string(), sentence, "{text}");
        assert_eq!(refused.line, 9);
    }
}

#[test]
fn a_report_quotes_only_the_start_of_a_monstrous_field() {
    let text = format!("2022 06 05 13 00 1 {} 1", "z".repeat(1_000_000));
    assert!(small().row(3, &text).unwrap().unwrap_err().to_string().len() < 120);
}

#[test]
fn nines_are_values_because_only_mm_means_missing() {
    let row = small().row(3, "2022 06 05 13 00 999 99.0 9999.0").unwrap().unwrap();
    let values = ["WDIR", "WSPD", "PRES"].map(|name| reading(&row, name));
    assert_eq!(values, [999.0, 99.0, 9999.0].map(Some));
}

#[test]
fn a_missing_value_is_never_zero() {
    let row = small().row(3, "2022 06 05 13 00 MM 0.0 -0.0").unwrap().unwrap();
    assert_eq!((reading(&row, "WDIR"), reading(&row, "WSPD")), (None, Some(0.0)));
    assert!(reading(&row, "PRES").unwrap().is_sign_negative());
}

#[test]
fn files_we_would_misread_are_refused_in_words() {
    let unknown = Unreadable::UnknownKind;
    let wrong =
        |column, expected, found: &str| Unreadable::WrongUnit { column, expected, found: found.into() };
    let cases = [
        ("", "", unknown.clone()),
        ("2022 06 05 13 00 280 3.0", "", unknown.clone()),
        (
            "#YY MM DD hh mm WDIR WSPD GDR GST GTIME",
            "#yr mo dy hr mn degT m/s degT m/s hhmm",
            unknown.clone(),
        ),
        ("#YY MM DD hh mm DEP01 DIR01 SPD01", "#yr mo dy hr mn m degT cm/s", unknown),
        ("#YY MM DD hh WDIR WSPD PRES", "#yr mo dy hr degT m/s hPa", Unreadable::NoDateColumn("mm")),
        ("#MM DD hh mm WDIR WSPD PRES", "#mo dy hr mn degT m/s hPa", Unreadable::NoDateColumn("YY")),
        ("#YY MM DD hh mm WDIR WSPD PRES", "2022 06 05 13 00 280 3.0 1015.2", Unreadable::NoUnits),
        ("#YY MM DD hh mm WDIR WSPD PRES", "", Unreadable::NoUnits),
        (
            "#YY MM DD hh mm WDIR WSPD PRES",
            "#yr mo dy hr mn degT m/s",
            Unreadable::UnitCount { names: 8, units: 7 },
        ),
        (
            "#YY MM DD hh mm WDIR WSPD PRES WSPD",
            "#yr mo dy hr mn degT m/s hPa m/s",
            Unreadable::RepeatedColumn("WSPD"),
        ),
        (
            "#YY YYYY MM DD hh mm WDIR WSPD PRES",
            "#yr yr mo dy hr mn degT m/s hPa",
            Unreadable::RepeatedColumn("YY"),
        ),
        ("#YY MM DD hh mm WDIR WSPD PRES", "#yr mo dy hr mn degT kn hPa", wrong("WSPD", "m/s", "kn")),
        ("#YY MM DD hh mm DEPTH OTMP", "#yr mo dy hr mn ft degC", wrong("DEPTH", "m", "ft")),
        ("#YY MM DD hh mm DEPTH OTMP", "#yr mo dy hr mn m degF", wrong("OTMP", "degC", "degF")),
    ];
    for (names, units, refusal) in cases {
        assert_eq!(File::open(names, units).err(), Some(refusal), "{names} / {units}");
    }
    let sentence = wrong("WSPD", "m/s", "kn").to_string();
    assert_eq!(sentence, "the column WSPD is in \"kn\", where \"m/s\" was expected");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(names in ".*", units in ".*", row in ".*") {
        let _ = File::open(&names, &units);
        let _ = small().row(3, &row);
    }

    #[test]
    fn a_number_prints_as_the_number_it_was_read_from(whole in 0_u64..1_000_000_000, decimals in 0_u32..1_000_000) {
        let text = format!("{whole}.{decimals:06}");
        let value = number("WTMP", &text).unwrap().unwrap();
        proptest::prop_assert_eq!(format!("{value:.6}"), text);
        proptest::prop_assert_eq!(value.to_string().parse::<f64>().unwrap(), value);
    }
}

/// What `awk` counted in a real file, without our parser: rows, fields that are numbers, fields that are `MM`.
///
/// `awk 'NR>2 {r++; for (i=FIRST;i<=NF;i++) if ($i=="MM") m++; else v++} END {print r, v, m}'`, with the first
/// measured field 6 in 44013.txt and 7 in 44029.ocean.
struct Counted {
    name: &'static str,
    first_field: usize,
    rows: usize,
    values: usize,
    missing: usize,
}

const REAL_FILES: [Counted; 2] = [
    Counted { name: "44013.txt", first_field: 5, rows: 6508, values: 38_498, missing: 52_614 },
    Counted { name: "44029.ocean", first_field: 6, rows: 1092, values: 2184, missing: 7644 },
];

#[test]
fn the_real_files_come_out_whole_and_exact() {
    for counted in REAL_FILES {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/ndbc/");
        let Ok(text) = std::fs::read_to_string(format!("{folder}{}", counted.name)) else {
            println!("skipped: {} is not beside this clone", counted.name);
            continue;
        };
        let mut lines = text.lines();
        let file = File::open(lines.next().unwrap(), lines.next().unwrap()).unwrap();
        let (mut rows, mut values, mut missing) = (0, 0, 0);
        for line in lines {
            let row = file.row(0, line).unwrap().unwrap();
            rows += 1;
            for (reading, printed) in row.values.iter().zip(line.split_whitespace().skip(counted.first_field))
            {
                match reading {
                    Reading::Missing(_) => missing += usize::from(printed == "MM"),
                    Reading::Value(_, value) => values += usize::from(prints_as(*value, printed)),
                }
            }
        }
        assert_eq!(file.ignored, [""; 0]);
        assert_eq!(
            (rows, values, missing),
            (counted.rows, counted.values, counted.missing),
            "{}",
            counted.name
        );
    }
}

/// Whether a value, printed with as many decimals and the sign of `text`, is that text.
fn prints_as(value: f64, text: &str) -> bool {
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let plus = if text.starts_with('+') { "+" } else { "" };
    format!("{plus}{value:.decimals$}") == text
}
