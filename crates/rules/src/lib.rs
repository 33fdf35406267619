//! What may happen: every decision of Bluesonde that needs no I/O, clock or framework.
//!
//! The other crates ask here and obey. Time and chance are arguments, so that each rule can be put to a truth
//! table, a property test or a fuzzer.

pub mod access;
pub mod audit_chain;
pub mod authorize;
pub mod client_auth;
pub mod cursor;
pub mod description;
pub mod diagnosis;
pub mod exchange;
pub mod form;
pub mod id;
pub mod membership;
pub mod ndbc;
pub mod one_time;
pub mod pkce;
pub mod redirect_uri;
pub mod role;
pub mod schema;
pub mod scope;
pub mod seal;
pub mod secret;
pub mod token;
