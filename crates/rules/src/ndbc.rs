//! NDBC text files: what the National Data Buoy Center publishes as `.ocean` and standard meteorological data.
//!
//! Both kinds are columns of text under two header lines, names and units, as described on
//! <https://www.ndbc.noaa.gov/measdes.shtml>. Columns are found by name, because their number and order have
//! changed over the years; units are checked before any value is believed. `MM` is a missing value. The nines
//! of older archives (`99.0`, `999`) are *not* taken for missing: 99 degrees is also a wind direction, and
//! guessing would lose it, so they come out as the values they look like, for quality control to judge.
//!
//! The reader holds one line at a time and does no I/O: open a [`File`] with the two header lines, then give
//! it the rest. A row that can't be read is [`Refused`] with its line and a reason; the others still count.

mod columns;
mod refusal;
#[cfg(test)]
mod tests;

pub use columns::{Column, OCEAN, STANDARD_METEOROLOGICAL};
use jiff::{Timestamp, civil::DateTime, tz::Offset};
use refusal::start_of;
pub use refusal::{Reason, Refused, Unreadable};

/// Lines before the first row: names, then units.
pub const HEADER_LINES: usize = 2;

/// A decimal of this many digits always survives being an `f64` and comes back as the same number.
const EXACT_DIGITS: usize = 15;

/// Which of NDBC's formats a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Water quality at one or more depths.
    Ocean,
    /// Wind, waves, pressure and temperatures at the surface.
    StandardMeteorological,
}

impl Kind {
    /// Every column of this kind that we know.
    pub const fn columns(self) -> &'static [Column] {
        match self {
            Self::Ocean => OCEAN,
            Self::StandardMeteorological => STANDARD_METEOROLOGICAL,
        }
    }

    /// NDBC's other formats share single columns with these two, so a kind is told by several at once.
    fn of(names: &[&str]) -> Option<Self> {
        let has = |name: &str| names.contains(&name);
        if has("DEPTH") && OCEAN.iter().any(|column| has(column.name)) {
            return Some(Self::Ocean);
        }
        (has("WDIR") && has("WSPD") && has("PRES")).then_some(Self::StandardMeteorological)
    }
}

/// A file whose header has been understood: what each position of a row means.
#[derive(Clone, Debug)]
pub struct File {
    /// The format.
    pub kind: Kind,
    /// The measured columns, in the file's order; [`Row::values`] has the same order.
    pub columns: Vec<&'static Column>,
    /// Columns we don't know, whose fields are passed over.
    pub ignored: Vec<String>,
    cells: Vec<Cell>,
}

/// One row: an instant, for `.ocean` a depth, and a reading for every column of the file.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When it was measured (NDBC's times are UTC).
    pub time: Timestamp,
    /// Depth below the surface in metres; `None` in meteorological files and where the file says `MM`.
    pub depth_m: Option<f64>,
    /// As many readings as the file has columns, in the same order.
    pub values: Vec<Reading>,
}

/// What a row says about one column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A finite number in the column's unit, exactly as printed in the file.
    Value(&'static Column, f64),
    /// `MM`: nothing was measured.
    Missing(&'static Column),
}

/// What a position in a row is for.
#[derive(Clone, Copy, Debug)]
enum Cell {
    Date(Part),
    Depth,
    Value(&'static Column),
    Ignored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Year,
    Month,
    Day,
    Hour,
    Minute,
}

impl File {
    /// Reads the two header lines: names, with or without a leading `#` and with the year as `YY` or `YYYY`,
    /// and units. Refuses the file if it is of another format, has a column twice, lacks a part of the date,
    /// or gives any known column in a unit other than NDBC's.
    pub fn open(names: &str, units: &str) -> Result<Self, Unreadable> {
        let names = fields(names);
        let kind = Kind::of(&names).ok_or(Unreadable::UnknownKind)?;
        let cells: Vec<Cell> = names.iter().map(|name| Cell::named(kind, name)).collect();
        refuse_repeated(&cells)?;
        refuse_without_date(&cells)?;
        refuse_other_units(&cells, &fields(units))?;
        let columns = cells.iter().filter_map(|cell| cell.column()).collect();
        let ignored = names.iter().zip(&cells).filter(|(_, cell)| matches!(cell, Cell::Ignored));
        let ignored = ignored.map(|(name, _)| start_of(name)).collect();
        Ok(Self { kind, columns, ignored, cells })
    }

    /// Reads one line after the header; `line` is its number in the file, from 1. `None` for a blank line or
    /// a comment (NDBC marks station moves with `#`).
    pub fn row(&self, line: usize, text: &str) -> Option<Result<Row, Refused>> {
        let text = text.trim_ascii();
        if text.is_empty() || text.starts_with('#') {
            return None;
        }
        Some(self.read(text).map_err(|reason| Refused { line, reason }))
    }

    /// Reads all lines that follow the header, in the file's order, which need not be the order of time.
    pub fn rows<'a>(
        &'a self,
        lines: impl Iterator<Item = &'a str>,
    ) -> impl Iterator<Item = Result<Row, Refused>> {
        lines.zip(HEADER_LINES + 1..).filter_map(|(text, line)| self.row(line, text))
    }

    fn read(&self, text: &str) -> Result<Row, Reason> {
        let (expected, found) = (self.cells.len(), text.split_ascii_whitespace().count());
        if expected != found {
            return Err(Reason::WrongNumberOfColumns { expected, found });
        }
        let mut clock = Clock::default();
        let mut depth_m = None;
        let mut values = Vec::with_capacity(self.columns.len());
        for (cell, field) in self.cells.iter().zip(text.split_ascii_whitespace()) {
            match *cell {
                Cell::Date(part) => clock.set(part, field)?,
                Cell::Depth => depth_m = number("DEPTH", field)?,
                Cell::Value(column) => values.push(Reading::of(column, field)?),
                Cell::Ignored => {}
            }
        }
        Ok(Row { time: clock.timestamp()?, depth_m, values })
    }
}

impl Reading {
    fn of(column: &'static Column, field: &str) -> Result<Self, Reason> {
        Ok(match number(column.name, field)? {
            Some(value) => Self::Value(column, value),
            None => Self::Missing(column),
        })
    }
}

impl Cell {
    fn named(kind: Kind, name: &str) -> Self {
        match name {
            "YY" | "YYYY" => Self::Date(Part::Year),
            "MM" => Self::Date(Part::Month),
            "DD" => Self::Date(Part::Day),
            "hh" => Self::Date(Part::Hour),
            "mm" => Self::Date(Part::Minute),
            "DEPTH" if kind == Kind::Ocean => Self::Depth,
            _ => kind.columns().iter().find(|column| column.name == name).map_or(Self::Ignored, Self::Value),
        }
    }

    fn column(self) -> Option<&'static Column> {
        if let Self::Value(column) = self { Some(column) } else { None }
    }

    /// Name and expected unit, for everything but ignored columns.
    fn name_and_unit(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Date(part) => Some((part.name(), part.written_unit())),
            Self::Depth => Some(("DEPTH", "m")),
            Self::Value(column) => Some((column.name, column.written_unit)),
            Self::Ignored => None,
        }
    }
}

impl Part {
    const ALL: [Self; 5] = [Self::Year, Self::Month, Self::Day, Self::Hour, Self::Minute];

    /// NDBC's column name.
    const fn name(self) -> &'static str {
        match self {
            Self::Year => "YY",
            Self::Month => "MM",
            Self::Day => "DD",
            Self::Hour => "hh",
            Self::Minute => "mm",
        }
    }

    const fn written_unit(self) -> &'static str {
        match self {
            Self::Year => "yr",
            Self::Month => "mo",
            Self::Day => "dy",
            Self::Hour => "hr",
            Self::Minute => "mn",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Year => "year of four digits",
            Self::Month => "month",
            Self::Day => "day",
            Self::Hour => "hour",
            Self::Minute => "minute",
        }
    }
}

/// A row's date while its parts are gathered. The header guarantees that all five are set.
#[derive(Default)]
struct Clock {
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
}

impl Clock {
    fn set(&mut self, part: Part, field: &str) -> Result<(), Reason> {
        let refused = || Reason::BadDatePart { part: part.word(), found: start_of(field) };
        let length = if part == Part::Year { 4..=4 } else { 1..=2 };
        if !length.contains(&field.len()) || !field.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        let two_digits = || field.parse().map_err(|_| refused());
        match part {
            Part::Year => self.year = field.parse().map_err(|_| refused())?,
            Part::Month => self.month = two_digits()?,
            Part::Day => self.day = two_digits()?,
            Part::Hour => self.hour = two_digits()?,
            Part::Minute => self.minute = two_digits()?,
        }
        Ok(())
    }

    fn timestamp(&self) -> Result<Timestamp, Reason> {
        let Self { year, month, day, hour, minute } = *self;
        DateTime::new(year, month, day, hour, minute, 0, 0)
            .and_then(|datetime| Offset::UTC.to_timestamp(datetime))
            .map_err(|_| Reason::NoSuchTime(format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}")))
    }
}

/// The fields of a header line. NDBC puts a `#` before the first since 2007.
fn fields(line: &str) -> Vec<&str> {
    let line = line.trim_ascii();
    line.strip_prefix('#').unwrap_or(line).split_ascii_whitespace().collect()
}

fn refuse_repeated(cells: &[Cell]) -> Result<(), Unreadable> {
    let mut seen = Vec::with_capacity(cells.len());
    for (name, _) in cells.iter().filter_map(|cell| cell.name_and_unit()) {
        if seen.contains(&name) {
            return Err(Unreadable::RepeatedColumn(name));
        }
        seen.push(name);
    }
    Ok(())
}

fn refuse_without_date(cells: &[Cell]) -> Result<(), Unreadable> {
    let has = |wanted| cells.iter().any(|cell| matches!(cell, Cell::Date(part) if *part == wanted));
    match Part::ALL.into_iter().find(|part| !has(*part)) {
        Some(part) => Err(Unreadable::NoDateColumn(part.name())),
        None => Ok(()),
    }
}

fn refuse_other_units(cells: &[Cell], units: &[&str]) -> Result<(), Unreadable> {
    let pairs = || cells.iter().zip(units);
    // A first row of data where the units should be has as many fields as they would have; its year tells.
    if !pairs().any(|(cell, unit)| matches!(cell, Cell::Date(Part::Year)) && *unit == "yr") {
        return Err(Unreadable::NoUnits);
    }
    if cells.len() != units.len() {
        return Err(Unreadable::UnitCount { names: cells.len(), units: units.len() });
    }
    for (cell, found) in pairs() {
        if let Some((column, expected)) = cell.name_and_unit().filter(|(_, expected)| expected != found) {
            return Err(Unreadable::WrongUnit { column, expected, found: start_of(found) });
        }
    }
    Ok(())
}

/// A plain decimal number (`13.9`, `+1.6`, `-0.0`, `7`), or `None` for `MM`.
fn number(column: &'static str, field: &str) -> Result<Option<f64>, Reason> {
    if field == "MM" {
        return Ok(None);
    }
    let found = || start_of(field);
    let value: f64 = field.parse().map_err(|_| Reason::NotANumber { column, found: found() })?;
    let plain = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.');
    // What parses without being plain is `inf`, `nan`, or an exponent, which NDBC doesn't write.
    match field.bytes().all(plain) {
        false if value.is_finite() => Err(Reason::NotANumber { column, found: found() }),
        false => Err(Reason::NotFinite { column, found: found() }),
        true if field.bytes().filter(u8::is_ascii_digit).count() > EXACT_DIGITS => {
            Err(Reason::TooManyDigits { column, found: found() })
        }
        true => Ok(Some(value)),
    }
}
