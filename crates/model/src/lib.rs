//! The nouns: each file holds one, with its states and its SQL.
//!
//! Functions are synchronous and take the transaction first: `fn verb(tx: &mut Tx, …)`. What returns an
//! organization's data takes an [`rules::access::Access`] next, and there is no other way to that data. Check and
//! change stand in the same transaction.

pub mod access_request;
pub mod api_key;
pub mod application;
pub mod application_form;
pub mod attempt;
pub mod audit;
pub mod authorization;
pub mod caller;
pub mod catalogue;
pub mod connection;
mod consent;
pub mod datastream;
pub mod device;
pub mod device_set;
pub mod error;
pub mod grant;
pub mod introspection;
pub mod invitation;
pub mod leak;
pub mod mail;
pub mod member;
pub mod ndbc;
pub mod observation;
pub mod observed_property;
pub mod organization;
pub mod page;
pub mod password;
pub mod password_reset;
pub mod person;
pub mod role;
pub mod second_factor;
pub mod sensor;
pub mod sensor_type;
pub mod session;
pub mod setup;
pub mod sign_in;
pub mod sweep;
pub mod token;
pub mod unit_of_measurement;
pub mod vocabulary;

pub use db::{Db, Tx};
pub use error::{Error, Invalid, Result};
pub use page::Page;

mod embedded {
    refinery::embed_migrations!("migrations/sqlite");
}

#[cfg(test)]
mod test_fleet;

/// The schema, for [`db::Db::open`].
///
/// All in one transaction: one by one, a migration commits before the note that it was made, and a process that is
/// killed in between leaves a database that no start can open.
pub fn migrations() -> refinery::Runner {
    embedded::migrations::runner().set_grouped(true)
}
