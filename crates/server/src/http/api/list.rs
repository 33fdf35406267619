//! Lists: pages with an opaque cursor, and the address of the next one.

use std::convert::Infallible;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use model::Page;
use rules::access::Access;
use rules::cursor;

use crate::app::App;
use crate::http::api::private;
use crate::http::error::Problem;

/// How much of a list, and from where.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PageParams {
    /// How many items, 1 to 1000; 50 if left out.
    #[schemars(range(min = 1, max = 1000))]
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}

/// How many items a page has when nothing is said.
const DEFAULT_LIMIT: u32 = 50;
/// The most it can have.
const MAX_LIMIT: u32 = 1000;

impl PageParams {
    /// The limit, if it is one.
    pub fn limit(&self) -> Result<u32, Problem> {
        limit_within(self.limit, (DEFAULT_LIMIT, MAX_LIMIT))
    }

    /// The position in the cursor, parsed; `list` names the list within its organization.
    pub fn after<T: FromStr>(&self, app: &App, access: &Access, list: &str) -> Result<Option<T>, Problem> {
        position(self.cursor.as_deref(), (app, access, list))
    }
}

/// A limit between 1 and a maximum.
pub(super) fn limit_within(limit: Option<u32>, (default, max): (u32, u32)) -> Result<u32, Problem> {
    match limit {
        None => Ok(default),
        Some(limit) if (1..=max).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::bad_request("/limit", format!("limit is a number from 1 to {max}."))),
    }
}

/// A list of an organization's: `name` holds everything that selects its rows.
pub(super) type Listed<'a> = (&'a App, &'a Access, &'a str);

/// The position in a cursor of this list.
pub(super) fn position<T: FromStr>(
    cursor: Option<&str>,
    (app, access, name): Listed<'_>,
) -> Result<Option<T>, Problem> {
    let Some(text) = cursor else { return Ok(None) };
    let bad = || Problem::bad_request("/cursor", cursor::BadCursor.to_string());
    let position = cursor::open(&app.mint.pepper, &sealed_to(access, name), text).map_err(|_| bad())?;
    position.parse().map(Some).map_err(|_| bad())
}

/// What a cursor is sealed to: it opens for the same organization and the same list only.
fn sealed_to(access: &Access, name: &str) -> String {
    format!("{} {name}", access.organization)
}

/// A page of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub struct List<T> {
    /// The items.
    pub data: Vec<T>,
    /// Give this as `cursor` to go on; null at the end.
    pub next_cursor: Option<String>,
}

impl<T: Serialize> List<T> {
    /// A page, with its position sealed.
    pub(super) fn of<P: Display>(page: Page<T, P>, (app, access, name): Listed<'_>) -> Self {
        let seal = |next: P| cursor::seal(&app.mint.pepper, &sealed_to(access, name), &next.to_string());
        Self { data: page.data, next_cursor: page.next.map(seal) }
    }

    /// A page from one item more than `limit`, if there was one more.
    pub(super) fn cut(
        mut items: Vec<T>,
        limit: u32,
        listed: Listed<'_>,
        position: impl FnOnce(&T) -> String,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(position);
        Self::of(Page { data: items, next }, listed)
    }

    /// The answer in JSON.
    pub(super) fn answer(&self, app: &App, here: &Here) -> Response {
        let mut response = private(StatusCode::OK, self);
        self.link(app, here, &mut response);
        response
    }

    /// Says where the next page is in the header too (RFC 8288): formats without room for it need it there.
    pub(super) fn link(&self, app: &App, here: &Here, response: &mut Response) {
        let next = self.next_cursor.as_ref().map(|cursor| here.with_cursor(app, cursor));
        if let Some(Ok(link)) = next.map(|url| HeaderValue::try_from(format!("<{url}>; rel=\"next\""))) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
}

/// The address that a list was asked for under.
pub struct Here(Uri);

impl<S: Send + Sync> FromRequestParts<S> for Here {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.uri.clone()))
    }
}

impl Here {
    fn with_cursor(&self, app: &App, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let asked = form_urlencoded::parse(self.0.query().unwrap_or_default().as_bytes());
        query.extend_pairs(asked.filter(|(name, _)| name != "cursor"));
        query.append_pair("cursor", cursor);
        format!("{}{}?{}", app.site.api_origin(), self.0.path(), query.finish())
    }
}

/// Refuses longer lists of ids than anybody means.
pub(super) fn at_most<T>(most: usize, pointer: &str, ids: &[T]) -> Result<(), Problem> {
    if ids.len() <= most {
        return Ok(());
    }
    let name = pointer.trim_start_matches('/');
    Err(Problem::bad_request(pointer, format!("{name} takes at most {most} ids.")))
}
