//! The stage and the actors of the stories.
//!
//! [`TestApp`] is the server with a database of its own and a clock that stands still. A [`Browser`] is a person
//! at a screen, a [`Program`] holds a bearer credential, a [`TokenCall`] is one request to the token endpoint, and
//! a [`Flow`] is an OAuth client that knows all the steps.
//! [`process`] is the whole program, for the few stories that need it.

mod answer;
mod app;
mod browser;
mod fixtures;
mod fleet;
mod flow;
mod log;
mod page;
mod phone;
pub(crate) mod process;
mod program;
mod secrets;

pub(crate) use answer::{Answer, query_of};
pub(crate) use app::TestApp;
pub(crate) use browser::{Browser, request};
pub(crate) use fixtures::{Client, Key, Member};
pub(crate) use fleet::{Buoy, ten_minutes};
pub(crate) use flow::{CALLBACK, Flow, Tokens};
pub(crate) use phone::{Phone, recovery_codes};
pub(crate) use program::{Program, TokenCall};
pub(crate) use secrets::credentials_in;

/// The fields of a form or a query.
pub(crate) type Fields<'f> = [(&'f str, &'f str)];

/// Fields as they go over the wire.
pub(crate) fn encode(fields: &Fields<'_>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
