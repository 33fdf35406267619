//! The server's stories, told through its front door: the router, called in process.
//!
//! One binary, so that it links once. No sockets and no sleeps: time moves by [`support::TestApp::advance`]. The
//! harness itself fails a story that made the server log an error, or that left a credential readable in the log
//! or in the database.
//!
//! A few stories are about the whole program: how it starts, what it prints, what is left when it is killed. Those
//! run it as a [`support::process::Server`], on a port of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is the way to say that something is wrong"
)]

mod support;

mod access_requests;
mod amid;
mod answers;
mod api_keys;
mod api_keys_by_program;
mod applications;
mod applications_by_program;
mod at_rest;
mod audit_chain;
mod audit_events;
mod audit_log;
mod authorize;
mod bearer;
mod catalogue;
mod client_auth;
mod codes;
mod connections;
mod consent;
mod crash;
mod demo;
mod devices;
mod docs;
mod doctor;
mod edited_rows;
mod endings;
mod first_start;
mod forms;
mod headers;
mod import;
mod ingest;
mod interaction;
mod introspection;
mod invitations;
mod kinds;
mod leaks;
mod limits;
mod lists;
mod mail;
mod meanwhile;
mod members;
mod members_by_program;
mod metadata;
mod narrowing;
mod nonsense;
mod observations;
mod password_reset;
mod pkce;
mod policy;
mod profile;
mod races;
mod reconsent;
mod refresh;
mod remembered;
mod revocation;
mod roles;
mod sessions;
mod sign_in;
mod switches;
mod switching;
mod tenancy;
mod token_request;
mod two_factor;
