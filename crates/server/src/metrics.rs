//! What is counted, for the operator's listener. Labels are kinds, never ids or values from requests.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// The part of the server that answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub enum Surface {
    /// `/v1`
    Api,
    /// `/oauth2/token` and the well-known documents: read by programs
    Oauth,
    /// Everything that people look at
    Console,
}

impl Surface {
    /// The part that a path belongs to, and so the form that its failures have.
    pub fn of(path: &str) -> Self {
        if path == "/v1" || path.starts_with("/v1/") {
            Self::Api
        } else if ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect", "/.well-known/"]
            .into_iter()
            .any(|program| path.starts_with(program))
        {
            Self::Oauth
        } else {
            Self::Console
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    surface: Surface,
    status: u16,
}

/// The counters and their registry.
pub struct Metrics {
    registry: Registry,
    answers: Family<Answer, Counter<u64, AtomicU64>>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("bluesonde");
        let answers = Family::default();
        registry.register("http_responses", "Responses by surface and status", answers.clone());
        Self { registry, answers }
    }

    /// Counts an answer.
    pub fn answered(&self, surface: Surface, status: u16) {
        self.answers.get_or_create(&Answer { surface, status }).inc();
    }

    /// OpenMetrics text.
    pub fn encode(&self) -> String {
        let mut page = String::new();
        match text::encode(&mut page, &self.registry) {
            Ok(()) => page,
            Err(error) => {
                tracing::error!(%error, "metrics could not be written");
                String::new()
            }
        }
    }
}
