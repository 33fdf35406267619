//! The audit log with entries by everybody who can make one.

use crate::views::audit_log::{AuditLog, EventRow, FilterForm, Named};
use crate::views::parts::{Errors, Pages};

use super::{HOSTILE, instant};

fn filter() -> FilterForm {
    FilterForm {
        actions: vec![("api_key.created", "API key created"), ("session.refused", "Sign-in failed")],
        action: String::new(),
        actor: String::new(),
        subject: String::new(),
        start: String::new(),
        end: String::new(),
    }
}

fn named(id: &str, name: Option<&str>) -> Named {
    Named { id: id.into(), name: name.map(Into::into) }
}

fn event((words, action): (&str, &str), actor: Named, subject: Named, detail: &str) -> EventRow {
    EventRow {
        words: words.into(),
        action: action.into(),
        actor,
        subject,
        detail: detail.into(),
        happened_at: instant("2026-07-14T09:12:00Z"),
        address: "2001:db8:85a3:8d3:1319:8a2e:370:7348".into(),
    }
}

pub(super) fn audit_log() -> AuditLog {
    let key = || named("key_22", Some(HOSTILE));
    AuditLog {
        filter: filter(),
        errors: Errors::default(),
        events: vec![
            event(("API key created", "api_key.created"), named("usr_1", Some("Maren Okafor")), key(), ""),
            event(
                ("Access allowed", "consent.given"),
                named("usr_2", Some("Jonas Lindqvist")),
                named("grt_1", Some("Tide Ledger")),
                "app01kb3zq6yag3j5k7m9n2p4q6r8 devices:read observations:read offline_access",
            ),
            event(("Sign-in failed", "session.refused"), named("unknown", None), named("", None), ""),
        ],
        pages: Pages { previous: None, next: Some("?before=aud_1".into()) },
        csv: "/settings/organization/audit-log/events.csv".into(),
        ndjson: "/settings/organization/audit-log/events.ndjson".into(),
    }
}

pub(super) fn filtered() -> AuditLog {
    let mistake = ("start".to_owned(), "Choose a day, such as 2030-01-31.".to_owned());
    AuditLog {
        filter: FilterForm { action: "session.refused".into(), start: HOSTILE.into(), ..filter() },
        errors: Errors(vec![mistake]),
        events: Vec::new(),
        pages: Pages::default(),
        ..audit_log()
    }
}
