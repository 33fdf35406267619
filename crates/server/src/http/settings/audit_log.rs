//! Organization → Audit log: what was done, by whom, filtered and in pages, and all of it as a file.

use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Deserialize;

use model::Invalid;
use model::audit::Action;
use model::audit::log::{self, Event, Filter};
use rules::access::Access;
use rules::id::AuditId;
use rules::scope::Scope;

use crate::app::App;
use crate::http::api::format::{self, Format};
use crate::http::error::{Fail, Trouble};
use crate::http::page::Visit;
use crate::http::settings::form::errors;
use crate::http::settings::{Purpose, holder, with_mistakes};
use crate::http::stream::{self, Gone, Pieces};
use crate::views::Place;
use crate::views::audit_log::{self as views, AuditLog, EventRow, FilterForm, Named};
use crate::views::parts::Pages;

const PURPOSE: Purpose = Purpose {
    title: "Audit log",
    sentence: "The audit log tells who did what to your organization's keys, applications and sign-ins.",
    place: Place::AuditLog,
};
const INDEX: &str = "/settings/organization/audit-log";
const PAGE: u32 = 50;
/// Entries that are read together for a file.
const STEP: u32 = 500;

/// What the filter's form says; what is empty asks for nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    action: String,
    actor: String,
    subject: String,
    start: String,
    end: String,
    before: Option<AuditId>,
}

impl Asked {
    fn filter(&self) -> Result<Filter, Invalid> {
        let mut invalid = Invalid::default();
        let action = match self.action.as_str() {
            "" => None,
            name => name.parse::<Action>().map_err(|_| invalid.add("action", "Choose an action.")).ok(),
        };
        let start = day(&self.start, &mut invalid, "start");
        let end = day(&self.end, &mut invalid, "end");
        let filter = Filter {
            actions: action.into_iter().collect(),
            actor: filled(&self.actor),
            subject: filled(&self.subject),
            start: start.and_then(midnight),
            // The last day counts to its end.
            end: end.and_then(|day| day.tomorrow().ok()).and_then(midnight),
        };
        if invalid.problems.is_empty() { Ok(filter) } else { Err(invalid) }
    }

    /// The query that asks for the same, of another page or as a file.
    fn query(&self) -> form_urlencoded::Serializer<'static, String> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let pairs = [
            ("action", &self.action),
            ("actor", &self.actor),
            ("subject", &self.subject),
            ("start", &self.start),
            ("end", &self.end),
        ];
        query.extend_pairs(pairs.into_iter().filter(|(_, value)| !value.is_empty()));
        query
    }

    fn address(&self, path: &str) -> String {
        let query = self.query().finish();
        if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
    }

    fn form(&self) -> FilterForm {
        FilterForm {
            actions: Action::ALL.iter().map(|action| (action.name(), action.words())).collect(),
            action: self.action.clone(),
            actor: self.actor.clone(),
            subject: self.subject.clone(),
            start: self.start.clone(),
            end: self.end.clone(),
        }
    }
}

fn filled(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn day(text: &str, invalid: &mut Invalid, field: &str) -> Option<Date> {
    let day = filled(text)?.parse().ok();
    if day.is_none() {
        invalid.add(field, "Choose a day, such as 2030-01-31.");
    }
    day
}

fn midnight(day: Date) -> Option<Timestamp> {
    day.to_zoned_datetime(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
}

/// `GET /settings/organization/audit-log`
pub(crate) async fn index(
    State(app): State<App>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Fail> {
    let session = holder(&visit, Scope::AuditRead, &PURPOSE).await?;
    let mut page = AuditLog {
        filter: asked.form(),
        errors: errors(Invalid::default()),
        events: Vec::new(),
        pages: Pages::default(),
        csv: asked.address(&format!("{INDEX}/events.csv")),
        ndjson: asked.address(&format!("{INDEX}/events.ndjson")),
    };
    let title = (Place::AuditLog, PURPOSE.title);
    let filter = match asked.filter() {
        Ok(filter) => filter,
        Err(invalid) => {
            page.errors = errors(invalid);
            return Ok(with_mistakes(visit.console(session, title, views::index(&page))));
        }
    };
    let (access, before) = (session.access(), asked.before.clone());
    let found = app.db.scan(move |tx| log::page(tx, &access, &filter, (before.as_ref(), PAGE))).await?;
    page.events = found.data.into_iter().map(row).collect();
    page.pages = Pages {
        previous: asked.before.as_ref().map(|_| asked.address(INDEX)),
        next: found
            .next
            .map(|last| format!("{INDEX}?{}", asked.query().append_pair("before", last.as_str()).finish())),
    };
    Ok(visit.console(session, title, views::index(&page)))
}

fn row(event: Event) -> EventRow {
    let action = event.action.parse::<Action>();
    EventRow {
        words: action.map_or_else(|_| event.action.clone(), |action| action.words().to_owned()),
        action: event.action,
        actor: named(event.actor, event.actor_name),
        subject: named(event.subject, event.subject_name),
        detail: event.detail,
        happened_at: event.happened_at,
        address: event.address,
    }
}

fn named(id: String, name: Option<String>) -> Named {
    Named { id, name }
}

/// `GET /settings/organization/audit-log/{file}`: all that the filter leaves, as `events.csv` or `events.ndjson`.
pub(crate) async fn show(
    State(app): State<App>,
    visit: Visit,
    Path(file): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Fail> {
    let session = holder(&visit, Scope::AuditRead, &PURPOSE).await?;
    let format = match file.as_str() {
        "events.csv" => Format::Csv,
        "events.ndjson" => Format::Ndjson,
        _ => return Err(Trouble::not_found().into()),
    };
    let filter = asked.filter().map_err(model::Error::Invalid)?;
    let (pieces, body) = stream::body();
    let export = Export { access: session.access(), filter, format };
    tokio::spawn(async move { export.write(&app, &pieces).await });
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(format.media_type()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment"));
    Ok(response)
}

/// A file on its way out, a few hundred entries in memory at a time.
struct Export {
    access: Access,
    filter: Filter,
    format: Format,
}

impl Export {
    async fn write(self, app: &App, pieces: &Pieces) {
        let mut before = None;
        if self.format == Format::Csv && pieces.give(format::csv_header::<Event>()).await.is_err() {
            return;
        }
        loop {
            let (access, filter) = (self.access.clone(), self.filter.clone());
            let read = app.db.scan(move |tx| log::page(tx, &access, &filter, (before.as_ref(), STEP)));
            let page = match read.await {
                Ok(page) => page,
                Err(error) => {
                    tracing::error!(%error, "an export of the audit log broke off");
                    return pieces.break_off().await;
                }
            };
            let given = match self.format {
                Format::Csv => pieces.give(format::csv(&page.data)).await,
                Format::Json | Format::Ndjson => pieces.give(format::ndjson(&page.data)).await,
            };
            match (given, page.next) {
                (Ok(()), Some(next)) => before = Some(next),
                (Err(Gone), _) | (Ok(()), None) => return,
            }
        }
    }
}
