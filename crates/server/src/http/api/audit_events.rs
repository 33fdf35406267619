//! `/v1/audit-events`: who did what in the organization.

use std::fmt::Write;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde_json::{Value, json};

use model::audit::Action;
use model::audit::log::{self, Event, Filter};
use rules::id::AuditId;
use rules::schema::DateTime;

use crate::app::App;
use crate::http::api::doc::{Doc, OtherFormat};
use crate::http::api::format::{Format, Tabular, write_text};
use crate::http::api::list::{limit_within, position};
use crate::http::api::query::time;
use crate::http::api::{Caller, Here, Id, List, Params, private};
use crate::http::error::Problem;

/// How many events a page has when nothing is said, and at most.
const LIMITS: (u32, u32) = (50, 1000);
/// The longest name that anybody has.
const MAX_NAME: usize = 400;

/// Which part of the log.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditParams {
    /// Only these actions, such as `api_key.created`; repeated or separated by commas.
    #[schemars(schema_with = "actions")]
    action: Vec<String>,
    /// Only what this one did: an id, or a name as `actor_name` has it.
    actor: Option<String>,
    /// Only what was done to this: an id, or a name as `subject_name` has it.
    subject: Option<String>,
    /// The first instant that counts (RFC 3339).
    #[serde(deserialize_with = "time")]
    #[schemars(with = "Option<DateTime>")]
    start: Option<Timestamp>,
    /// The first instant that no longer counts (RFC 3339).
    #[serde(deserialize_with = "time")]
    #[schemars(with = "Option<DateTime>")]
    end: Option<Timestamp>,
    /// How many items, 1 to 1000; 50 if left out.
    #[schemars(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

fn actions(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
    json_schema!({"type": "array", "items": {"type": "string", "enum": names}})
}

impl AuditParams {
    fn filter(&self) -> Result<Filter, Problem> {
        let unknown = |name: &String| {
            let known: Vec<&str> = Action::ALL.iter().map(|action| action.name()).collect();
            let name: String = name.chars().take(64).collect();
            Problem::bad_request("/action", format!("{name} is no action; there are: {}.", known.join(", ")))
        };
        let read = |name: &String| name.parse().map_err(|_| unknown(name));
        for (name, text) in [("/actor", &self.actor), ("/subject", &self.subject)] {
            if text.as_ref().is_some_and(|text| text.len() > MAX_NAME) {
                return Err(Problem::bad_request(name, "No name is that long."));
            }
        }
        Ok(Filter {
            actions: self.action.iter().map(read).collect::<Result<_, _>>()?,
            actor: self.actor.clone(),
            subject: self.subject.clone(),
            start: self.start,
            end: self.end,
        })
    }
}

/// `GET /v1/audit-events`
pub(crate) async fn index(
    (State(app), caller): (State<App>, Caller),
    here: Here,
    Params(params): Params<AuditParams>,
    format: Format,
) -> Result<Response, Problem> {
    let filter = params.filter()?;
    let list = format!("audit-events {filter:?}");
    let limit = limit_within(params.limit, LIMITS)?;
    let before: Option<AuditId> = position(params.cursor.as_deref(), (&app, &caller, &list))?;
    let access = caller.clone();
    let page = app.db.scan(move |tx| log::page(tx, &access, &filter, (before.as_ref(), limit))).await?;
    Ok(format.answer(&List::of(page, (&app, &caller, &list)), &app, &here))
}

pub(crate) fn index_doc() -> Doc {
    Doc::new("Audit log", "list_audit_events", "Read the audit log")
        .says(
            "What people, keys and applications did to credentials, consents and sessions of the organization, newest \
             first. Names are those of today; ids are those of the time.",
        )
        .query::<AuditParams>()
        .returns::<List<Event>>("A page of events.")
        .example(json!({"data": [example()], "next_cursor": null}))
        .or_as(OTHERS)
}

/// `GET /v1/audit-events/{id}`
pub(crate) async fn show(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<AuditId>,
) -> Result<Response, Problem> {
    let event = app.db.read(|tx| log::find(tx, &caller, &id)).await?;
    Ok(private(StatusCode::OK, &event))
}

pub(crate) fn show_doc() -> Doc {
    Doc::new("Audit log", "get_audit_event", "Show an event")
        .says("One entry of the audit log.")
        .at::<AuditId>("$AUDIT_ID")
        .returns::<Event>("The event.")
        .example(example())
}

/// The formats besides JSON, for the documentation.
const OTHERS: &[OtherFormat] = &[
    OtherFormat {
        media_type: "text/csv",
        example: "id,happened_at,action,actor,actor_name,subject,subject_name,detail,address\r\n\
                  aud_01kb3zq6yag3j5k7m9n2p4q6r8,2026-11-23T21:10:00Z,api_key.created,\
                  usr_01kb3zq6y8e7t9v2w4x6y8z1a3,Maren Okafor,key_01kb3zq6ybh4k6m8n1p3q5r7s9,Nightly report,,\
                  198.51.100.7\r\n",
    },
    OtherFormat {
        media_type: "application/x-ndjson",
        example: "{\"id\":\"aud_01kb3zq6yag3j5k7m9n2p4q6r8\",\"happened_at\":\"2026-11-23T21:10:00Z\",\
                  \"action\":\"api_key.created\",…}\n",
    },
];

impl Tabular for Event {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "happened_at",
        "action",
        "actor",
        "actor_name",
        "subject",
        "subject_name",
        "detail",
        "address",
    ];

    fn write_cells(&self, text: &mut String) {
        let _ = write!(text, "{},{},{}", self.id, self.happened_at, self.action);
        let (actor_name, subject_name) = (self.actor_name.as_deref(), self.subject_name.as_deref());
        for value in [
            &self.actor,
            actor_name.unwrap_or_default(),
            &self.subject,
            subject_name.unwrap_or_default(),
            &self.detail,
            &self.address,
        ] {
            text.push(',');
            write_text(text, value);
        }
    }
}

fn example() -> Value {
    json!({
        "id": "aud_01kb3zq6yag3j5k7m9n2p4q6r8",
        "happened_at": "2026-11-23T21:10:00Z",
        "action": "api_key.created",
        "actor": "usr_01kb3zq6y8e7t9v2w4x6y8z1a3",
        "actor_name": "Maren Okafor",
        "subject": "key_01kb3zq6ybh4k6m8n1p3q5r7s9",
        "subject_name": "Nightly report",
        "detail": "",
        "address": "198.51.100.7"
    })
}
