//! The server's stories, told through its front door: the router, called in process.
//!
//! One binary, so that it links once. No sockets and no sleeps: time moves by [`support::TestApp::advance`]. The
//! harness itself fails a story that made the server log an error, or that left a credential readable in the log
//! or in the database.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is the way to say that something is wrong"
)]

mod support;

mod catalogue;
mod devices;
mod docs;
mod ingest;
mod observations;

mod sign_in;
