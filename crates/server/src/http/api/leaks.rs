//! `/v1/leaks`: whoever finds a credential of ours where it does not belong has it ended.
//!
//! It takes no credential, and the answer is always the same: it tells nobody which of the texts worked.

use axum::Json;
use axum::body::{Bytes, to_bytes};
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use model::leak::{self, Reported};
use rules::secret::Mint;

use crate::app::App;
use crate::http::api::doc::{Doc, OtherFormat};
use crate::http::edge::ClientAddress;
use crate::http::error::Problem;

/// The largest report.
const MAX_BODY: usize = 1024 * 1024;
/// The most texts in one report.
const MOST: usize = 1000;
/// Credentials that one transaction looks at, so that nobody waits long behind a report.
const STEP: usize = 100;

/// What was found: one or the other, complete credentials.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LeakReport {
    /// One credential: an API key, a client secret, an access token or a refresh token.
    credential: Option<String>,
    /// Several of them, at most 1000.
    credentials: Option<Vec<String>>,
}

/// The answer to every report.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LeakReceipt {
    /// How many texts came, of whatever worth.
    received: usize,
}

/// The texts of a report, and from where it came.
pub(crate) struct Report {
    texts: Vec<String>,
    address: ClientAddress,
}

impl FromRequest<App> for Report {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let address = parts.extensions.get::<ClientAddress>().copied().ok_or_else(Problem::internal)?;
        if let Some(wait) = app.throttle.report_wait(address.0) {
            return Err(Problem::too_many_requests(wait));
        }
        let body = to_bytes(body, MAX_BODY).await.map_err(|_| Problem::too_large(MAX_BODY))?;
        let texts = texts(&parts.headers, &body)?;
        match texts.len() {
            0 => Err(Problem::bad_request("/credentials", "Send at least one credential.")),
            1..=MOST => Ok(Self { texts, address }),
            _ => {
                Err(Problem::bad_request("/credentials", format!("A report has at most {MOST} credentials.")))
            }
        }
    }
}

fn texts(headers: &HeaderMap, body: &Bytes) -> Result<Vec<String>, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match kind.as_str() {
        "application/json" => {
            // The parser's own words could hold what was sent.
            let wrong =
                |_| Problem::bad_request("", r#"Send {"credential": "…"} or {"credentials": ["…"]}."#);
            let report: LeakReport = serde_json::from_slice(body).map_err(wrong)?;
            let several = report.credentials.unwrap_or_default();
            Ok(report.credential.into_iter().chain(several).map(|text| text.trim().to_owned()).collect())
        }
        "text/plain" => {
            let text =
                std::str::from_utf8(body).map_err(|_| Problem::bad_request("", "Send it as UTF-8."))?;
            Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
        }
        _ => Err(Problem::unsupported_media_type("application/json or text/plain")),
    }
}

/// `POST /v1/leaks`
pub(crate) async fn create(State(app): State<App>, report: Report) -> Result<Response, Problem> {
    let received = report.texts.len();
    let address = report.address.0.to_string();
    for step in recognized(&app.mint, &report.texts) {
        let address = address.clone();
        app.db.write(move |tx| leak::report(tx, &address, &step)).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(LeakReceipt { received })).into_response())
}

/// What has the shape of a credential, in steps. A shape is no secret: whether it is one anybody can compute.
fn recognized(mint: &Mint, texts: &[String]) -> Vec<Vec<Reported>> {
    let mut steps = Vec::new();
    let mut found = texts.iter().filter_map(|text| Reported::read(mint, text)).peekable();
    while found.peek().is_some() {
        steps.push(found.by_ref().take(STEP).collect());
    }
    steps
}

pub(crate) fn create_doc() -> Doc {
    Doc::new("Credentials", "report_leak", "Report leaked credentials")
        .says(
            "Found a key, a client secret or a token of ours where it should not be? Send it here: if it works, it is \
             revoked at once and its owners are told. It takes no credential, and the answer is the same whether it \
             worked or not. At most 1000 of them and 1 MiB.",
        )
        .body::<LeakReport>(json!({"credentials": ["sk_live_bsn_…"]}))
        .or_body(&[OtherFormat { media_type: "text/plain", example: "sk_live_bsn_…\n" }])
        .returns_with::<LeakReceipt>(202, "Received.")
        .example(json!({"received": 1}))
}
