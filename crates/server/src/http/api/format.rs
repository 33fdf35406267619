//! The formats of rows: one page as JSON, CSV (RFC 4180) or NDJSON, as `Accept` asks (RFC 9110 §12.5.1).

use std::convert::Infallible;
use std::fmt::Write;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use model::observation::Observation;

use crate::app::App;
use crate::http::api::doc::OtherFormat;
use crate::http::api::{Here, List, private};

/// What can be a row of CSV.
pub(crate) trait Tabular: Serialize {
    /// The column names, which are the members of the JSON object.
    const COLUMNS: &'static [&'static str];

    /// Writes the cells, without the end of the line.
    fn write_cells(&self, text: &mut String);
}

/// What a page of rows is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// `{"data": […], "next_cursor": …}`
    Json,
    /// A header row, then a row for each observation.
    Csv,
    /// An object on each line.
    Ndjson,
}

/// The column names of observations.
pub(super) const COLUMNS: [&str; 4] = ["datastream_id", "phenomenon_time", "result", "quality"];

/// The formats besides JSON, for the documentation.
pub(super) const OTHERS: &[OtherFormat] = &[
    OtherFormat {
        media_type: "text/csv",
        example: "datastream_id,phenomenon_time,result,quality\r\n\
                  dst_01kb3zq6yag3j5k7m9n2p4q6r8,2026-11-23T21:10:00Z,11.42,1\r\n",
    },
    OtherFormat {
        media_type: "application/x-ndjson",
        example: "{\"datastream_id\":\"dst_01kb3zq6yag3j5k7m9n2p4q6r8\",\
                  \"phenomenon_time\":\"2026-11-23T21:10:00Z\",\"result\":11.42,\"quality\":1}\n",
    },
];

impl Format {
    const ALL: [Self; 3] = [Self::Json, Self::Csv, Self::Ndjson];

    /// The format of this media type, if it is one of ours.
    pub(super) fn of_media_type(media_type: &str) -> Option<Self> {
        match media_type.to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "text/csv" => Some(Self::Csv),
            "application/x-ndjson" | "application/ndjson" => Some(Self::Ndjson),
            _ => None,
        }
    }

    /// What `Accept` likes best. Of equals, the one that is named beats those that a wildcard covers, then JSON
    /// comes first. What we don't have is answered with JSON.
    fn accepted(headers: &HeaderMap) -> Self {
        let lines = headers.get_all(header::ACCEPT).iter().filter_map(|line| line.to_str().ok());
        let ranges: Vec<Range<'_>> = lines.flat_map(|line| line.split(',')).map(Range::read).collect();
        let mut best = (Self::Json, Liking::default());
        for format in Self::ALL {
            let ours = ranges.iter().filter_map(|range| range.covers(format).map(|how| (how, range.weight)));
            // The most specific range says how much a format is liked.
            let Some((named, weight)) = ours.max() else { continue };
            let liking = Liking { weight, named };
            if liking.weight > 0 && liking > best.1 {
                best = (format, liking);
            }
        }
        best.0
    }

    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    /// A page of rows, with the address of the next one.
    pub(super) fn answer<T: Tabular>(self, list: &List<T>, app: &App, here: &Here) -> Response {
        let mut response = match self {
            Self::Json => private(StatusCode::OK, list),
            Self::Csv => (csv_header::<T>() + &csv(&list.data)).into_response(),
            Self::Ndjson => ndjson(&list.data).into_response(),
        };
        list.link(app, here, &mut response);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media_type()));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept"));
        response
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Format {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::accepted(&parts.headers))
    }
}

/// How well a media range of `Accept` names a format; later is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Named {
    #[default]
    ByAnything,
    ByItsKind,
    Exactly,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Liking {
    weight: u16,
    named: Named,
}

/// One media range, with its weight in thousandths.
struct Range<'a> {
    media: &'a str,
    weight: u16,
}

impl<'a> Range<'a> {
    fn read(text: &'a str) -> Self {
        let mut parts = text.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default();
        let weight = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
            .map_or(1000, |(_, value)| thousandths(value.trim()));
        Self { media, weight }
    }

    fn covers(&self, format: Format) -> Option<Named> {
        let kind = if format == Format::Csv { "text/*" } else { "application/*" };
        match self.media {
            "*/*" => Some(Named::ByAnything),
            media if media.eq_ignore_ascii_case(kind) => Some(Named::ByItsKind),
            media => (Format::of_media_type(media) == Some(format)).then_some(Named::Exactly),
        }
    }
}

/// A weight from 0 to 1; one that is none counts as 0.
fn thousandths(text: &str) -> u16 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|byte| byte.is_ascii_digit());
    match whole {
        "1" if digits => 1000,
        "0" if digits => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// Room for a row, so that the text grows seldom.
const ROW: usize = 96;

/// The line of CSV that names the columns.
pub(crate) fn csv_header<T: Tabular>() -> String {
    T::COLUMNS.join(",") + "\r\n"
}

/// Lines of CSV.
pub(crate) fn csv<T: Tabular>(rows: &[T]) -> String {
    let mut text = String::with_capacity(ROW * rows.len());
    for row in rows {
        row.write_cells(&mut text);
        text.push_str("\r\n");
    }
    text
}

/// Lines of JSON.
pub(crate) fn ndjson<T: Tabular>(rows: &[T]) -> Vec<u8> {
    let mut text = Vec::with_capacity(ROW * rows.len());
    for row in rows {
        // A row always is JSON, and writing to a Vec can't fail.
        let _ = serde_json::to_writer(&mut text, row);
        text.push(b'\n');
    }
    text
}

/// A cell of text that somebody chose. What a spreadsheet would take for a formula gets an apostrophe before it, which
/// spreadsheets take for "this is text" (OWASP, CSV Injection).
pub(crate) fn write_text(text: &mut String, value: &str) {
    let is_formula = value.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    let guard = if is_formula { "'" } else { "" };
    if value.contains(['"', ',', ';', '\r', '\n']) {
        let _ = write!(text, "\"{guard}{}\"", value.replace('"', "\"\""));
    } else {
        text.push_str(guard);
        text.push_str(value);
    }
}

impl Tabular for Observation {
    const COLUMNS: &'static [&'static str] = &COLUMNS;

    fn write_cells(&self, text: &mut String) {
        let Self { datastream_id, phenomenon_time, result, quality } = self;
        // Ids, times and numbers have nothing in them that would need quotes. Writing to a String can't fail.
        let _ = write!(text, "{datastream_id},{phenomenon_time},");
        if let Some(result) = result {
            // As JSON writes it: the shortest digits that read back as the same number.
            let _ = write!(text, "{result:?}");
        }
        let _ = write!(text, ",{}", u8::from(*quality));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use model::observation::Quality;
    use rules::id::DatastreamId;

    #[test]
    fn the_best_liked_format_wins_and_json_is_the_answer_to_everything_else() {
        for (accept, expected) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("text/csv", Format::Csv),
            ("TEXT/CSV;header=present", Format::Csv),
            ("text/*", Format::Csv),
            ("text/csv, */*", Format::Csv),
            ("application/*", Format::Json),
            ("application/x-ndjson", Format::Ndjson),
            ("application/ndjson", Format::Ndjson),
            ("application/json;q=0.5, text/csv;q=0.9", Format::Csv),
            ("application/json, text/csv", Format::Json),
            ("application/json, text/plain, */*", Format::Json),
            ("text/csv;q=0, */*", Format::Json),
            ("application/json;q=0, */*;q=0.1", Format::Csv),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format::Json),
            ("application/pdf", Format::Json),
            ("text/csv;q=x", Format::Json),
            ("text/csv;q=0.25, application/x-ndjson;q=0.251", Format::Ndjson),
            (";;,,q=", Format::Json),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(Format::accepted(&headers), expected, "{accept}");
        }
    }

    #[test]
    fn no_cell_is_a_formula_or_breaks_its_row() {
        for (value, cell) in [
            ("Nightly export", "Nightly export"),
            ("=HYPERLINK(\"x\")", "\"'=HYPERLINK(\"\"x\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("＝1", "'＝1"),
            ("a,b", "\"a,b\""),
            ("a=b", "a=b"),
            ("", ""),
        ] {
            let mut text = String::new();
            write_text(&mut text, value);
            assert_eq!(text, cell, "{value}");
        }
    }

    #[test]
    fn csv_and_ndjson_say_what_json_says() {
        let datastream_id = DatastreamId::new(Timestamp::UNIX_EPOCH, [1; 10]);
        let observation = |result, quality| Observation {
            datastream_id: datastream_id.clone(),
            phenomenon_time: "2026-11-23T21:10:00.5Z".parse().unwrap(),
            result,
            quality,
        };
        let rows = [
            observation(Some(0.1 + 0.2), Quality::Pass),
            observation(Some(1e300), Quality::Fail),
            observation(None, Quality::Missing),
        ];
        let id = &datastream_id;
        assert_eq!(
            csv_header::<Observation>() + &csv(&rows),
            format!(
                "datastream_id,phenomenon_time,result,quality\r\n\
                 {id},2026-11-23T21:10:00.5Z,0.30000000000000004,1\r\n\
                 {id},2026-11-23T21:10:00.5Z,1e300,4\r\n\
                 {id},2026-11-23T21:10:00.5Z,,9\r\n"
            )
        );
        let lines = String::from_utf8(ndjson(&rows)).unwrap();
        let read: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read, serde_json::to_value(&rows).unwrap().as_array().unwrap().as_slice());
    }
}
