//! A batch of observations, as JSON, NDJSON or CSV (RFC 4180), by `Content-Type`.
//!
//! All three give the same rows, counted from 0. A mistake is named by the JSON pointer that its row would have
//! in the JSON form (`/observations/17/result`), and in the formats of lines by its line too. Numbers are those of
//! JSON in every format: finite, or no number at all.
//!
//! A few bytes can be a row, so rows are counted while they are read, and reading ends with the first one too many.
//! It happens off the threads that serve everybody else, for a few batches at once.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::header;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use schemars::JsonSchema;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use model::Invalid;
use model::observation::NewObservation;

use crate::app::App;
use crate::http::api::format::{COLUMNS, Format};
use crate::http::edge::MAX_BODY;
use crate::http::error::Problem;

/// What `Content-Type` may say.
const MEDIA_TYPES: &str = "application/json, application/x-ndjson or text/csv";

/// Mistakes that are named; the rest are counted.
const NAMED: usize = 20;
/// The most rows of one batch.
pub(crate) const MOST_ROWS: usize = 100_000;
/// Bodies up to this size take nothing from the stock: those who send batches of a good size always come through.
const FREE: usize = 1024 * 1024;
/// The longest line of CSV in bytes: a row has four short fields, and each further comma would cost memory.
const LONGEST_LINE: usize = 64 * 1024;

/// A batch as JSON has it.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the documentation reads its shape; requests are read row by row")]
pub(crate) struct ObservationBatch {
    /// The observations.
    observations: Vec<NewObservation>,
}

/// The rows of a batch, and where they stood.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The rows.
    pub(crate) rows: Vec<NewObservation>,
    /// Where each of them came from.
    pub(crate) lines: Lines,
    /// To be kept until the rows are gone.
    pub(crate) hold: Hold,
}

/// What a large batch took from the common stock of memory.
#[derive(Debug, Default)]
pub(crate) struct Hold(Vec<OwnedSemaphorePermit>);

/// The line of each row, counted from 1; none in JSON, which has no lines.
#[derive(Debug, Default)]
pub(crate) struct Lines(Option<Vec<u64>>);

impl Lines {
    /// Adds the lines to what is wrong with rows.
    pub(super) fn add_to(&self, mut invalid: Invalid) -> Invalid {
        for (pointer, problem) in &mut invalid.problems {
            let row = pointer.strip_prefix("/observations/").and_then(|rest| rest.split('/').next());
            let row = row.and_then(|row| row.parse::<usize>().ok());
            if let Some((lines, row)) = self.0.as_ref().zip(row)
                && let Some(line) = lines.get(row)
            {
                *problem = format!("Line {line}: {problem}");
            }
        }
        invalid
    }
}

impl FromRequest<App> for Batch {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.and_then(|text| text.split(';').next()).unwrap_or_default().trim();
        let format = Format::of_media_type(media_type);
        let format = format.ok_or_else(|| Problem::unsupported_media_type(MEDIA_TYPES))?;
        let (body, hold) = whole(request, &app.batch_stock).await?;
        let read = app.batches.work(move || decode(format, &body)).await;
        let batch = read.unwrap_or_else(|| Err(Problem::internal()))?;
        Ok(Self { hold, ..batch })
    }
}

/// Reads the body to its end. What is larger than [`FREE`] takes from a common stock, a mebibyte after the other, and
/// is sent away if nothing is left: to wait would be to fill the memory with bodies that wait.
async fn whole(request: Request, stock: &Arc<Semaphore>) -> Result<(Vec<u8>, Hold), Problem> {
    let limit = usize::try_from(MAX_BODY).unwrap_or(usize::MAX);
    let mut body = Limited::new(request.into_body(), limit);
    let (mut whole, mut hold) = (Vec::new(), Hold::default());
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            if error.is::<LengthLimitError>() {
                Problem::too_large(limit)
            } else {
                malformed("The body ended early.".to_owned())
            }
        })?;
        // Trailers are nothing of ours.
        let Ok(part) = frame.into_data() else { continue };
        while whole.len() + part.len() > FREE * (hold.0.len() + 1) {
            let taken = stock.clone().try_acquire_owned();
            hold.0.push(taken.map_err(|_none_left| Problem::too_many_batches())?);
        }
        whole.extend_from_slice(&part);
    }
    Ok((whole, hold))
}

fn malformed(detail: String) -> Problem {
    Problem::bad_request("", detail)
}

fn decode(format: Format, body: &[u8]) -> Result<Batch, Problem> {
    let text = std::str::from_utf8(body)
        .map_err(|error| malformed(format!("The body is not UTF-8 from byte {} on.", error.valid_up_to())))?;
    // Spreadsheets like to begin with a byte order mark.
    read(format, text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn read(format: Format, text: &str) -> Result<Batch, Problem> {
    match format {
        Format::Json => json(text),
        Format::Ndjson => ndjson(text),
        Format::Csv => csv(text),
    }
}

fn json(text: &str) -> Result<Batch, Problem> {
    let mut rows = Rows::new(Lines(None));
    let mut reader = serde_json::Deserializer::from_str(text);
    let end = Envelope(&mut rows).deserialize(&mut reader).and_then(|()| reader.end());
    match end {
        // The reader gave up because of it.
        Err(_) if rows.are_too_many() => Err(TooManyRows.into()),
        Err(error) => {
            let what = if error.is_data() { "The body does not fit" } else { "The body is not JSON" };
            Err(malformed(format!("{what}: {error}.")))
        }
        Ok(()) => rows.finish(),
    }
}

/// The JSON form. Its rows are added as they are met, not gathered first.
struct Envelope<'r>(&'r mut Rows);

impl<'de> DeserializeSeed<'de> for Envelope<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the member `observations`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut is_there = false;
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            if name != "observations" {
                return Err(A::Error::unknown_field(&name, &["observations"]));
            }
            if is_there {
                return Err(A::Error::duplicate_field("observations"));
            }
            members.next_value_seed(JsonRows(&mut *self.0))?;
            is_there = true;
        }
        if is_there { Ok(()) } else { Err(A::Error::missing_field("observations")) }
    }
}

/// The rows of the JSON form, each cut out unread first: a bad number must not make the whole unreadable.
struct JsonRows<'r>(&'r mut Rows);

impl<'de> DeserializeSeed<'de> for JsonRows<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        reader.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for JsonRows<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of observations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(raw) = elements.next_element::<&RawValue>()? {
            self.0.add(json_row(raw.get())).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

fn ndjson(text: &str) -> Result<Batch, Problem> {
    let mut rows = Rows::new(Lines(Some(Vec::new())));
    for (line, text) in (1..).zip(text.lines()) {
        if !text.trim_ascii().is_empty() {
            rows.at(line);
            rows.add(json_row(text))?;
        }
    }
    rows.finish()
}

fn json_row(text: &str) -> Result<NewObservation, Mistake> {
    serde_json::from_str(text).map_err(|error| {
        // Only now is it worth tracking where the reader is.
        let mut json = serde_json::Deserializer::from_str(text);
        let tracked = serde_path_to_error::deserialize::<_, NewObservation>(&mut json);
        let part = tracked.err().map(|error| error.path().to_string()).unwrap_or_default();
        Mistake::in_part(&part).unwrap_or_else(|| Mistake::in_row(without_position(&error)))
    })
}

/// A row's error without the place in the row, which nobody would count out.
fn without_position(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let what = if error.is_data() { "This does not fit" } else { "This is not JSON" };
    format!("{what}: {text}.")
}

fn csv(text: &str) -> Result<Batch, Problem> {
    if text.split(['\r', '\n']).any(|line| line.len() > LONGEST_LINE) {
        return Err(malformed(format!("A line of the table has more than {LONGEST_LINE} bytes.")));
    }
    let mut reader = csv::ReaderBuilder::new().from_reader(text.as_bytes());
    let columns = Columns::read(reader.headers().map_err(|error| malformed(error.to_string()))?)?;
    let mut rows = Rows::new(Lines(Some(Vec::new())));
    let mut record = csv::StringRecord::new();
    loop {
        match reader.read_record(&mut record) {
            Ok(true) => {
                rows.at(line_at(text, record.position()));
                rows.add(columns.row(&record))?;
            }
            Ok(false) => return rows.finish(),
            Err(error) => {
                rows.at(line_at(text, error.position()));
                let problem = match error.kind() {
                    csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                        format!("This row has {len} fields, the header {expected_len}.")
                    }
                    _ => "This is not CSV.".to_owned(),
                };
                rows.add(Err(Mistake::in_row(problem)))?;
            }
        }
    }
}

/// The line that a record begins in. The reader's own count stops before the blank lines that it skips.
fn line_at(text: &str, position: Option<&csv::Position>) -> u64 {
    let Some(position) = position else { return 0 };
    let rest = usize::try_from(position.byte()).ok().and_then(|byte| text.as_bytes().get(byte..));
    let blank = rest.unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    blank.filter(|byte| **byte == b'\n').fold(position.line(), |line, _| line + 1)
}

/// Where each member stands in a row of CSV.
struct Columns {
    datastream_id: usize,
    phenomenon_time: usize,
    result: usize,
    quality: Option<usize>,
}

impl Columns {
    fn read(header: &csv::StringRecord) -> Result<Self, Problem> {
        let bad = |what: String| {
            malformed(format!("{what} The first line names the columns: {}.", COLUMNS.join(",")))
        };
        if let Some(unknown) = header.iter().find(|name| !COLUMNS.contains(name)) {
            return Err(bad(format!("There is no column {unknown:?}.")));
        }
        let place = |name: &str| {
            let mut places =
                header.iter().enumerate().filter(|(_, column)| *column == name).map(|(at, _)| at);
            match (places.next(), places.next()) {
                (_, Some(_)) => Err(bad(format!("The column {name} is there twice."))),
                (place, None) => Ok(place),
            }
        };
        let needed = |name| place(name)?.ok_or_else(|| bad(format!("The column {name} is missing.")));
        Ok(Self {
            datastream_id: needed("datastream_id")?,
            phenomenon_time: needed("phenomenon_time")?,
            result: needed("result")?,
            quality: place("quality")?,
        })
    }

    fn row(&self, record: &csv::StringRecord) -> Result<NewObservation, Mistake> {
        let field = |place: usize| record.get(place).unwrap_or_default();
        Ok(NewObservation {
            datastream_id: field(self.datastream_id).to_owned(),
            phenomenon_time: parsed("phenomenon_time", field(self.phenomenon_time))?,
            result: number(field(self.result))?,
            quality: match self.quality.map(field) {
                None | Some("") => None,
                Some(text) => Some(parsed("quality", text)?),
            },
        })
    }
}

fn parsed<T: FromStr>(part: &'static str, text: &str) -> Result<T, Mistake> {
    text.parse().map_err(|_| Mistake::of(part))
}

/// A result; an empty field is missing.
fn number(text: &str) -> Result<Option<f64>, Mistake> {
    if text.is_empty() {
        return Ok(None);
    }
    // Rust's own parser takes "nan" and "inf" as well.
    serde_json::from_str(text).map(Some).map_err(|_| Mistake::of("result"))
}

/// What is wrong with a row.
struct Mistake {
    part: &'static str,
    problem: Cow<'static, str>,
}

impl Mistake {
    fn in_row(problem: String) -> Self {
        Self { part: "", problem: problem.into() }
    }

    /// About a member of the row, by its name; none if it has no such member.
    fn in_part(name: &str) -> Option<Self> {
        COLUMNS.into_iter().find(|column| *column == name).map(Self::of)
    }

    fn of(part: &'static str) -> Self {
        let problem = match part {
            "datastream_id" => "This takes the id of a datastream, as text.",
            "phenomenon_time" => {
                "This takes a time with its offset (RFC 3339), such as 2026-11-23T21:10:00Z."
            }
            "quality" => "This takes a QARTOD flag: 1, 2, 3, 4 or 9.",
            _ => "This takes a finite number, or null if the value is missing (in CSV nothing).",
        };
        Self { part, problem: problem.into() }
    }
}

/// Rows on their way in, good and bad. After the first bad one the good ones are no longer kept: none goes in.
struct Rows {
    batch: Batch,
    seen: usize,
    invalid: Invalid,
    unnamed: usize,
}

/// One row more than a batch may have.
#[derive(Debug, thiserror::Error)]
#[error("more than {MOST_ROWS} observations")]
struct TooManyRows;

impl From<TooManyRows> for Problem {
    fn from(_: TooManyRows) -> Self {
        Self::too_many_rows(MOST_ROWS)
    }
}

impl Rows {
    fn new(lines: Lines) -> Self {
        let batch = Batch { rows: Vec::new(), lines, hold: Hold::default() };
        Self { batch, seen: 0, invalid: Invalid::default(), unnamed: 0 }
    }

    /// The next row is at this line.
    fn at(&mut self, line: u64) {
        if let Some(lines) = &mut self.batch.lines.0
            && self.invalid.problems.len() < NAMED
        {
            lines.push(line);
        }
    }

    fn add(&mut self, row: Result<NewObservation, Mistake>) -> Result<(), TooManyRows> {
        self.seen += 1;
        if self.are_too_many() {
            return Err(TooManyRows);
        }
        match row {
            Ok(row) if self.invalid.problems.is_empty() => self.batch.rows.push(row),
            Ok(_) => {}
            Err(mistake) => self.note(mistake),
        }
        Ok(())
    }

    fn are_too_many(&self) -> bool {
        self.seen > MOST_ROWS
    }

    fn note(&mut self, Mistake { part, problem }: Mistake) {
        self.batch.rows = Vec::new();
        if self.invalid.problems.len() < NAMED {
            let slash = if part.is_empty() { "" } else { "/" };
            self.invalid.add(format!("/observations/{}{slash}{part}", self.seen - 1), problem);
        } else {
            self.unnamed += 1;
        }
    }

    fn finish(mut self) -> Result<Batch, Problem> {
        if self.unnamed > 0 {
            let problem = format!("There are {} more problems like these.", self.unnamed);
            self.invalid.add("/observations", problem);
        }
        let invalid = self.batch.lines.add_to(self.invalid);
        invalid.or_ok()?;
        Ok(self.batch)
    }
}

#[cfg(test)]
mod tests;
