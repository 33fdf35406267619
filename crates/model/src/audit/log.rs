//! Reading the audit log: an organization's own entries, newest first, with the names of who and what.
//!
//! Names are those of today; an entry itself holds ids alone. Text that people chose has no character in it that would
//! end a line or change what a terminal shows: those are written as `\u000a`.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use rules::access::Access;
use rules::id::{self, AuditId};
use rules::schema::DateTime;
use rules::scope::Scope;

use crate::audit::Action;
use crate::{Error, Page, Result, Tx};
use db::{Row, Value};

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "AuditEvent")]
pub struct Event {
    /// The entry.
    pub id: AuditId,
    /// When it happened.
    #[schemars(with = "DateTime")]
    pub happened_at: Timestamp,
    /// What was done, such as `api_key.created`.
    pub action: String,
    /// Who did it: the id of a person, key or application, or a word such as `set-up`.
    pub actor: String,
    /// The actor's name at present, if it has one.
    pub actor_name: Option<String>,
    /// To what: an id, or nothing.
    pub subject: String,
    /// The subject's name at present, if it has one; of grants, tokens and client secrets, their application's.
    pub subject_name: Option<String>,
    /// More about it.
    pub detail: String,
    /// The network address that it came from, or `local`.
    pub address: String,
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// One of these; all if empty.
    pub actions: Vec<Action>,
    /// Done by this one: an id or a name.
    pub actor: Option<String>,
    /// Done to this: an id or a name.
    pub subject: Option<String>,
    /// The first instant that counts.
    pub start: Option<Timestamp>,
    /// The first instant that no longer counts.
    pub end: Option<Timestamp>,
}

/// A page of the organization's entries, newest first, from before `before` on.
pub fn page(
    tx: &mut Tx<'_>,
    access: &Access,
    filter: &Filter,
    (before, limit): (Option<&AuditId>, u32),
) -> Result<Page<Event, AuditId>> {
    access.require(Scope::AuditRead)?;
    let (first, end) = filter.ids(before);
    let mut query = Query::new(access);
    query.and("audit_event.id >= ", first.as_str());
    query.and("audit_event.id < ", end.as_str());
    query.filter(filter);
    let limit_plus_one = query.bind(limit.saturating_add(1));
    let sql =
        format!("{SELECT} WHERE {} ORDER BY audit_event.id DESC LIMIT {limit_plus_one}", query.condition);
    let events = tx.all(&sql, &query.params, from_row)?;
    Ok(Page::cut(events, limit, |event| event.id.clone()))
}

/// One entry of the organization.
pub fn find(tx: &mut Tx<'_>, access: &Access, id: &AuditId) -> Result<Event> {
    access.require(Scope::AuditRead)?;
    let mut query = Query::new(access);
    query.and("audit_event.id = ", id.as_str());
    let sql = format!("{SELECT} WHERE {}", query.condition);
    tx.optional(&sql, &query.params, from_row)?.ok_or(Error::NotFound)
}

impl Filter {
    /// The ids between which all that is asked for lies: they sort by time, so that a window in time needs no index
    /// of its own.
    fn ids(&self, before: Option<&AuditId>) -> (String, String) {
        let first_at = |at: Timestamp| AuditId::new(at, [0; 10]).to_string();
        let first = self.start.map_or_else(|| AuditId::PREFIX.to_owned(), first_at);
        let after = |end: Timestamp| end.checked_add(SignedDuration::from_millis(1)).ok().map(first_at);
        // Sorts after every id of its kind.
        let last = || format!("{}~", AuditId::PREFIX);
        let end = self.end.and_then(after).unwrap_or_else(last);
        let end = match before {
            Some(before) => end.min(before.to_string()),
            None => end,
        };
        (first, end)
    }
}

/// A condition with its parameters.
struct Query<'a> {
    condition: String,
    params: Vec<Value<'a>>,
}

impl<'a> Query<'a> {
    fn new(access: &'a Access) -> Self {
        let params = vec![access.organization.as_str().into()];
        Self { condition: "audit_event.organization_id = ?1".to_owned(), params }
    }

    /// Adds a parameter and gives the text that stands for it.
    fn bind(&mut self, value: impl Into<Value<'a>>) -> String {
        self.params.push(value.into());
        format!("?{}", self.params.len())
    }

    fn and(&mut self, compared: &str, value: impl Into<Value<'a>>) {
        let value = self.bind(value);
        self.condition += &format!(" AND {compared}{value}");
    }

    fn filter(&mut self, filter: &'a Filter) {
        let names: Vec<String> = filter.actions.iter().map(|action| self.bind(action.name())).collect();
        if !names.is_empty() {
            self.condition += &format!(" AND audit_event.action IN ({})", names.join(", "));
        }
        self.named("audit_event.actor", ACTOR_NAME, filter.actor.as_deref());
        self.named("audit_event.subject", SUBJECT_NAME, filter.subject.as_deref());
        if let Some(start) = filter.start {
            self.and("audit_event.happened_at >= ", start);
        }
        if let Some(end) = filter.end {
            self.and("audit_event.happened_at < ", end);
        }
    }

    /// Whoever writes an id means that one; a name is compared without case.
    fn named(&mut self, id: &str, name: &str, wanted: Option<&'a str>) {
        let Some(wanted) = wanted else { return };
        let value = self.bind(wanted);
        self.condition += &if id::is_one(wanted) {
            format!(" AND {id} = {value}")
        } else {
            format!(" AND ({id} = {value} OR lower({name}) = lower({value}))")
        };
    }
}

const ACTOR_NAME: &str = "coalesce(actor_person.name, actor_key.name, actor_application.name)";
const SUBJECT_NAME: &str = "coalesce(person.name, api_key.name, application.name, organization.name)";
const SELECT: &str = "SELECT audit_event.id, audit_event.happened_at, audit_event.action, audit_event.actor,
    coalesce(actor_person.name, actor_key.name, actor_application.name), audit_event.subject,
    coalesce(person.name, api_key.name, application.name, organization.name), audit_event.detail, audit_event.address
    FROM audit_event
    LEFT JOIN person AS actor_person ON actor_person.id = audit_event.actor
    LEFT JOIN api_key AS actor_key ON actor_key.id = audit_event.actor
    LEFT JOIN application AS actor_application ON actor_application.client_id = audit_event.actor
    LEFT JOIN person ON person.id = audit_event.subject
    LEFT JOIN api_key ON api_key.id = audit_event.subject
    LEFT JOIN organization ON organization.id = audit_event.subject
    LEFT JOIN client_secret ON client_secret.id = audit_event.subject
    LEFT JOIN token_family ON token_family.id = audit_event.subject
    LEFT JOIN oauth_grant ON oauth_grant.id = coalesce(token_family.grant_id, audit_event.subject)
    LEFT JOIN application
        ON application.client_id = coalesce(client_secret.client_id, oauth_grant.client_id, audit_event.subject)";

fn from_row(row: &Row<'_>) -> db::Result<Event> {
    let name = |column| Ok::<_, db::Error>(row.get::<Option<String>>(column)?.map(printable));
    Ok(Event {
        id: row.parse(0)?,
        happened_at: row.get(1)?,
        action: row.get(2)?,
        actor: printable(row.get(3)?),
        actor_name: name(4)?,
        subject: printable(row.get(5)?),
        subject_name: name(6)?,
        detail: printable(row.get(7)?),
        address: printable(row.get(8)?),
    })
}

/// Nothing in a text may end the line that it is exported on, or steer a terminal.
fn printable(text: String) -> String {
    let steers = |char: char| char.is_control() || matches!(char, '\u{2028}' | '\u{2029}');
    if !text.contains(steers) {
        return text;
    }
    text.chars()
        .map(|char| if steers(char) { format!("\\u{:04x}", u32::from(char)) } else { char.to_string() })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{Actor, record};
    use crate::test_fleet::{Fleet, at};
    use rules::role::Role;

    /// Three entries a minute apart, and one of the rival's.
    fn fleet() -> Fleet {
        let fleet = Fleet::new();
        for (actor, action, subject) in [
            ("usr_a", Action::ApiKeyCreated, "key_1"),
            ("usr_b", Action::ApiKeyRevoked, "key_1"),
            ("usr_a", Action::ConsentGiven, "grt\r\n1"),
        ] {
            let (ours, theirs) = (fleet.organization.clone(), fleet.rival.clone());
            let write = move |tx: &mut Tx<'_>| {
                record(tx, Some(&ours), &Actor::local(actor), action, subject)?;
                record(tx, Some(&theirs), &Actor::local("usr_z"), action, subject)?;
                record(tx, None, &Actor::local("usr_z"), action, subject)
            };
            fleet.write(write).unwrap();
            fleet.advance(60);
        }
        fleet
    }

    fn admin(fleet: &Fleet) -> Access {
        Access { scopes: Role::Owner.scopes(), ..fleet.access() }
    }

    fn actions(fleet: &Fleet, filter: &Filter) -> Vec<String> {
        let page = fleet.read(|tx| page(tx, &admin(fleet), filter, (None, 10))).unwrap();
        page.data.into_iter().map(|event| event.action).collect()
    }

    #[test]
    fn each_filter_leaves_what_it_names_newest_first() {
        let fleet = fleet();
        let [created, revoked, given] = ["api_key.created", "api_key.revoked", "consent.given"];
        let named = |name: &str| Some(name.to_owned());
        for (filter, expected) in [
            (Filter::default(), &[given, revoked, created][..]),
            (Filter { actor: named("usr_a"), ..Filter::default() }, &[given, created]),
            (Filter { actor: named("usr_z"), ..Filter::default() }, &[]),
            (Filter { subject: named("key_1"), ..Filter::default() }, &[revoked, created]),
            (Filter { actions: vec![Action::ApiKeyRevoked], ..Filter::default() }, &[revoked]),
            (Filter { start: Some(at(60)), ..Filter::default() }, &[given, revoked]),
            (Filter { end: Some(at(60)), ..Filter::default() }, &[created]),
            (Filter { start: Some(at(1)), end: Some(at(60)), ..Filter::default() }, &[]),
            (Filter { end: Some(Timestamp::MAX), ..Filter::default() }, &[given, revoked, created]),
        ] {
            assert_eq!(actions(&fleet, &filter), expected, "{filter:?}");
        }
    }

    #[test]
    fn pages_follow_each_other_without_a_gap() {
        let fleet = fleet();
        let mut before = None;
        let mut seen = Vec::new();
        loop {
            let read = |tx: &mut Tx<'_>| page(tx, &admin(&fleet), &Filter::default(), (before.as_ref(), 1));
            let next = fleet.read(read).unwrap();
            seen.extend(next.data.into_iter().map(|event| event.actor));
            before = next.next;
            if before.is_none() {
                break;
            }
        }
        assert_eq!(seen, ["usr_a", "usr_b", "usr_a"]);
    }

    #[test]
    fn no_text_in_an_entry_ends_a_line() {
        let fleet = fleet();
        let newest = fleet.read(|tx| page(tx, &admin(&fleet), &Filter::default(), (None, 1))).unwrap();
        assert_eq!(newest.data[0].subject, "grt\\u000d\\u000a1");
        assert_eq!(printable("a\u{2028}\u{9b}".into()), "a\\u2028\\u009b");
        assert_eq!(printable("Bøye".into()), "Bøye");
    }
}
