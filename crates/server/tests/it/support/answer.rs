//! What the server answered, and what a story expects of it.

use axum::http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::page::{self, Form};

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// What was asked: method and target.
    pub(crate) asked: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn assert_status(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.told());
        self
    }

    /// The page has these words, whatever the markup between them.
    #[track_caller]
    pub(crate) fn assert_text(&self, words: &str) -> &Self {
        assert!(self.words().contains(words), "{words:?} is not in {}", self.told());
        self
    }

    #[track_caller]
    pub(crate) fn assert_no_text(&self, words: &str) -> &Self {
        assert!(!self.words().contains(words), "{words:?} is in {}", self.told());
        self
    }

    #[track_caller]
    pub(crate) fn assert_header(&self, name: &str, value: &str) -> &Self {
        assert_eq!(self.header(name), Some(value), "{name} of {}", self.told());
        self
    }

    #[track_caller]
    pub(crate) fn assert_no_header(&self, name: &str) -> &Self {
        assert_eq!(self.header(name), None, "{name} of {}", self.told());
        self
    }

    /// The JSON of the token endpoint, or the query of a redirect, says this error.
    #[track_caller]
    pub(crate) fn assert_error(&self, error: &str) -> &Self {
        let said = self.param("error").or_else(|| Some(self.json()["error"].as_str()?.to_owned()));
        assert_eq!(said.as_deref(), Some(error), "{}", self.told());
        self
    }

    /// The application was told so by a redirect.
    #[track_caller]
    pub(crate) fn assert_sent_back(&self, error: &str) -> &Self {
        self.assert_status(303).assert_error(error)
    }

    /// The person sees a page, and is sent nowhere.
    #[track_caller]
    pub(crate) fn assert_page(&self, status: u16) -> &Self {
        self.assert_status(status).assert_no_header("location");
        assert!(self.is_html(), "{}", self.told());
        self
    }

    pub(crate) fn is_html(&self) -> bool {
        self.header("content-type").is_some_and(|kind| kind.starts_with("text/html"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of plain text"))
    }

    pub(crate) fn location(&self) -> &str {
        self.header("location").unwrap_or_default()
    }

    /// A parameter of the address that the answer leads to.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        query_of(self.location()).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    pub(crate) fn words(&self) -> String {
        page::words(&self.body)
    }

    /// The body as JSON; null if it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub(crate) fn forms(&self) -> Vec<Form> {
        page::forms(&self.body)
    }

    /// The check boxes of this name: value, and whether it is ticked.
    pub(crate) fn boxes(&self, name: &str) -> Vec<(String, bool)> {
        page::boxes(&self.body, name)
    }

    /// Each cookie that is set: name, value and attributes as they came.
    pub(crate) fn cookies(&self) -> Vec<(String, String, String)> {
        let lines = self.headers.get_all("set-cookie").iter().filter_map(|line| line.to_str().ok());
        let read = lines.filter_map(|line| {
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=')?;
            Some((name.to_owned(), value.to_owned(), attributes.trim().to_owned()))
        });
        read.collect()
    }

    fn told(&self) -> String {
        let body = if self.is_html() { self.words() } else { self.body.clone() };
        format!("{} → {} {:?}\n{body}", self.asked, self.status, self.headers.get("location"))
    }
}

/// The pairs of an address's query, decoded.
pub(crate) fn query_of(url: &str) -> Vec<(String, String)> {
    let query = url.split_once('?').map_or("", |(_, query)| query);
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}
