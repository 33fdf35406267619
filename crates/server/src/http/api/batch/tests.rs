use super::*;
use crate::app::BATCH_STOCK;

use axum::body::Body;
use axum::http::StatusCode;
use serde_json::Value;

const GOOD: &str = r#"{"datastream_id": "dst_a", "phenomenon_time": "2026-05-01T12:00:00Z", "result": 1.5}"#;

fn rows(format: Format, text: &str) -> Vec<NewObservation> {
    read(format, text).unwrap().rows
}

fn problem(format: Format, text: &str) -> Value {
    let problem = read(format, text).unwrap_err();
    assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
    serde_json::to_value(problem).unwrap()
}

#[test]
fn the_three_formats_give_the_same_rows() {
    let json = rows(
        Format::Json,
        r#"{"observations": [
            {"datastream_id": "dst_a", "phenomenon_time": "2026-05-01T12:00:00Z", "result": 0.30000000000000004, "quality": 1},
            {"datastream_id": "dst_b", "phenomenon_time": "2026-05-01T14:00:00+02:00", "result": null}]}"#,
    );
    assert_eq!(json.len(), 2);
    assert_eq!(json[0].result, Some(0.1 + 0.2));
    let lines = "{\"quality\": 1, \"result\": 0.30000000000000004, \"datastream_id\": \"dst_a\", \
                 \"phenomenon_time\": \"2026-05-01T12:00:00Z\"}\r\n\n\
                 {\"datastream_id\": \"dst_b\", \"phenomenon_time\": \"2026-05-01T12:00:00Z\", \"result\": null}";
    assert_eq!(rows(Format::Ndjson, lines), json);
    let table = "phenomenon_time,datastream_id,quality,result\r\n\
                 2026-05-01T12:00:00Z,\"dst_a\",1,0.30000000000000004\r\n\
                 2026-05-01T12:00:00Z,dst_b,,\r\n";
    assert_eq!(rows(Format::Csv, table), json);
}

#[test]
fn nothing_is_a_batch_of_nothing() {
    assert!(rows(Format::Json, r#"{"observations": []}"#).is_empty());
    assert!(rows(Format::Ndjson, "").is_empty());
    assert!(rows(Format::Csv, "datastream_id,phenomenon_time,result\n").is_empty());
}

#[test]
fn a_mistake_is_named_by_row_and_member() {
    for (row, part) in [
        (GOOD.replace("1.5", "NaN"), "/result"),
        (GOOD.replace("1.5", "\"1.5\""), "/result"),
        (GOOD.replace("1.5", "1e999"), "/result"),
        (GOOD.replace("1.5", "[1.5]"), "/result"),
        (GOOD.replace("1.5", "true"), "/result"),
        (GOOD.replace("\"dst_a\"", "5"), "/datastream_id"),
        (GOOD.replace("2026-05-01T12:00:00Z", "2026-05-01"), "/phenomenon_time"),
        (GOOD.replace("\"2026-05-01T12:00:00Z\"", "1777636800"), "/phenomenon_time"),
        (GOOD.replace("1.5", "1.5, \"quality\": 1.5"), "/quality"),
        (GOOD.replace("1.5", "1.5, \"quality\": \"good\""), "/quality"),
        (GOOD.replace(", \"result\": 1.5", ""), ""),
        (GOOD.replace("1.5", "1.5, \"result\": 1.6"), ""),
        (GOOD.replace("1.5", "1.5, \"unit\": 1"), ""),
        ("[]".to_owned(), ""),
        ("17".to_owned(), ""),
    ] {
        let pointer = format!("/observations/1{part}");
        let lines = problem(Format::Ndjson, &format!("{GOOD}\n\n{row}\n"));
        assert_eq!(lines["errors"][0]["pointer"], pointer.as_str(), "{row}");
        assert!(lines["errors"][0]["detail"].as_str().unwrap().starts_with("Line 3: This "), "{lines}");
        if !row.contains("NaN") {
            let json = problem(Format::Json, &format!(r#"{{"observations": [{GOOD}, {row}]}}"#));
            assert_eq!(json["errors"][0]["pointer"], pointer.as_str(), "{row}");
            assert!(json["errors"][0]["detail"].as_str().unwrap().starts_with("This "), "{json}");
        }
    }
}

#[test]
fn a_mistake_in_csv_is_named_by_row_and_line() {
    for (row, part) in [
        ("dst_a,2026-05-01T12:00:00Z,NaN,1", "/result"),
        ("dst_a,2026-05-01T12:00:00Z,inf,1", "/result"),
        ("dst_a,2026-05-01T12:00:00Z,1e999,1", "/result"),
        ("dst_a,2026-05-01T12:00:00Z,MM,1", "/result"),
        ("dst_a,2026-05-01T12:00:00Z,\"1,5\",1", "/result"),
        ("dst_a,2026-05-01T12:00:00Z,null,1", "/result"),
        ("dst_a,yesterday,1,1", "/phenomenon_time"),
        ("dst_a,2026-05-01T12:00:00Z,1,good", "/quality"),
        ("dst_a,2026-05-01T12:00:00Z", ""),
        ("dst_a,2026-05-01T12:00:00Z,1,1,1", ""),
    ] {
        let text =
            format!("datastream_id,phenomenon_time,result,quality\ndst_a,2026-05-01T12:00:00Z,,\n\n{row}\n");
        let problem = problem(Format::Csv, &text);
        assert_eq!(problem["errors"][0]["pointer"], format!("/observations/1{part}"), "{row}");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().starts_with("Line 4: This "), "{problem}");
    }
}

#[test]
fn what_cannot_be_read_at_all_says_where() {
    for (format, text, said) in [
        (Format::Json, "{\"observations\": [\n  {]", "line 2 column 4"),
        (Format::Json, "", "line 1 column 0"),
        (Format::Json, "[]", "line 1"),
        (Format::Json, "{}", "observations"),
        (Format::Json, r#"{"observations": {}}"#, "line 1 column 17"),
        (Format::Json, r#"{"observations": [], "more": 1}"#, "more"),
        (Format::Json, r#"{"observations": []} x"#, "line 1 column 22"),
        (Format::Json, r#"{"observations": [{"result": NaN}]}"#, "line 1 column 30"),
        (Format::Csv, "", "datastream_id is missing"),
        (Format::Csv, "datastream_id,phenomenon_time\n", "result is missing"),
        (Format::Csv, "datastream_id,phenomenon_time,result,result\n", "result is there twice"),
        (Format::Csv, "datastream_id,phenomenon_time,result,unit\n", "no column \"unit\""),
    ] {
        let problem = problem(format, text);
        assert!(problem["detail"].as_str().unwrap().contains(said), "{text}: {problem}");
    }
}

#[test]
fn twenty_mistakes_are_named_and_the_rest_counted() {
    let problem = problem(Format::Ndjson, &"x\n".repeat(25));
    let errors = problem["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 21);
    assert_eq!(errors[20]["pointer"], "/observations");
    assert!(errors[20]["detail"].as_str().unwrap().contains('5'));
}

#[test]
fn one_row_too_many_is_refused_before_the_rest_is_read() {
    let row = "{}";
    let json = |rows: usize| format!(r#"{{"observations": [{}{row}, no JSON]"#, "{},".repeat(rows - 1));
    let ndjson = |rows: usize| format!("{row}\n").repeat(rows);
    let csv = |rows: usize| format!("datastream_id,phenomenon_time,result\n{}", "0,0,0\n".repeat(rows));
    for (format, text) in [
        (Format::Json, json(MOST_ROWS + 1)),
        (Format::Ndjson, ndjson(MOST_ROWS + 1)),
        (Format::Csv, csv(MOST_ROWS + 1)),
    ] {
        let problem = read(format, &text).unwrap_err();
        assert_eq!(problem.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let problem = serde_json::to_value(problem).unwrap();
        assert_eq!(problem["errors"][0]["pointer"], "/observations");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("at most 100000") && detail.contains("Split it"), "{detail}");
    }
    for (format, text) in [(Format::Ndjson, ndjson(MOST_ROWS)), (Format::Csv, csv(MOST_ROWS))] {
        assert_eq!(problem(format, &text)["errors"].as_array().unwrap().len(), 21);
    }
    assert!(problem(Format::Json, &json(MOST_ROWS))["detail"].as_str().unwrap().contains("not JSON"));
}

#[test]
fn a_batch_that_has_failed_gathers_nothing_more() {
    let mut rows = Rows::new(Lines(Some(Vec::new())));
    for line in 0..1000 {
        rows.at(line);
        let row = if line < 500 { json_row(GOOD) } else { Err(Mistake::of("result")) };
        rows.add(row).unwrap();
        rows.at(line);
        rows.add(json_row(GOOD)).unwrap();
    }
    assert_eq!(rows.batch.rows.capacity(), 0);
    assert!(rows.batch.lines.0.as_ref().unwrap().len() <= 1000 + 2 * NAMED);
    assert_eq!(rows.unnamed, 500 - NAMED);
}

#[test]
fn a_line_without_end_is_refused_before_its_fields_are_counted() {
    let problem = problem(Format::Csv, &format!("datastream_id{}", ",".repeat(LONGEST_LINE)));
    assert!(problem["detail"].as_str().unwrap().contains("A line"), "{problem}");
}

/// An app on a database of its own, which is deleted while it is open.
fn app() -> App {
    let dir = tempfile::tempdir().unwrap();
    let db = db::Db::open(&dir.path().join("test.db"), &model::migrations(), db::Clock::System).unwrap();
    let (format, pepper) = (rules::secret::Format::new("bsn").unwrap(), rules::secret::Pepper::new([7; 32]));
    let site = crate::config::Config::load(&crate::config::Flags::default()).unwrap().site;
    App::new(db, rules::secret::Mint { format, pepper }, (site, crate::mail::Postman::Nobody))
}

async fn sent(content_type: Option<&str>, body: Body) -> Result<Batch, Problem> {
    sent_to(&app(), content_type, body).await
}

async fn sent_to(app: &App, content_type: Option<&str>, body: Body) -> Result<Batch, Problem> {
    let request = Request::builder();
    let request = match content_type {
        Some(content_type) => request.header(header::CONTENT_TYPE, content_type),
        None => request,
    };
    Batch::from_request(request.body(body).unwrap(), app).await
}

#[tokio::test]
async fn the_content_type_says_what_it_is() {
    for content_type in ["application/json", "Application/JSON; charset=utf-8"] {
        let batch = sent(Some(content_type), Body::from(r#"{"observations": []}"#)).await.unwrap();
        assert!(batch.rows.is_empty());
    }
    let table = "\u{feff}datastream_id,phenomenon_time,result\n";
    assert!(sent(Some("text/csv"), Body::from(table)).await.unwrap().rows.is_empty());
    for content_type in [None, Some("application/x-www-form-urlencoded"), Some("text/plain"), Some("")] {
        let problem = sent(content_type, Body::from("{}")).await.unwrap_err();
        assert_eq!(problem.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let problem = sent(Some("text/csv"), Body::from(&b"datastream_id,\xff"[..])).await.unwrap_err();
    assert_eq!(problem.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_body_of_more_than_16_mib_is_refused() {
    let body = vec![b' '; 16 * 1024 * 1024 + 1];
    let problem = sent(Some("application/x-ndjson"), Body::from(body)).await.unwrap_err();
    assert_eq!(problem.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn others_are_served_while_a_batch_is_read() {
    let body = Body::from(format!("{GOOD}\n").repeat(MOST_ROWS));
    tokio::select! {
        biased;
        _read = sent(Some("application/x-ndjson"), body) => panic!("the whole batch was read in between"),
        () = tokio::task::yield_now() => {}
    }
}

#[tokio::test]
async fn large_batches_share_a_bounded_memory_and_small_ones_need_none_of_it() {
    let (app, kind) = (app(), Some("application/x-ndjson"));
    let large = || Body::from(" ".repeat(3 * FREE));
    let small = || Body::from(" ".repeat(FREE));
    let mut kept = Vec::new();
    let mut refused = None;
    while refused.is_none() && kept.len() < BATCH_STOCK {
        match sent_to(&app, kind, large()).await {
            Ok(batch) => kept.push(batch),
            Err(problem) => refused = Some(problem.status()),
        }
    }
    assert_eq!(refused, Some(StatusCode::SERVICE_UNAVAILABLE));
    assert_eq!(kept.len(), BATCH_STOCK / 2);
    assert!(sent_to(&app, kind, small()).await.is_ok());
    // What is stored, or refused, gives back what it had.
    kept.pop();
    for _ in 0..3 {
        assert!(sent_to(&app, kind, large()).await.is_ok());
    }
}
