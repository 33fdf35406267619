//! The laws that the parsers of `rules` keep, whatever comes in.
//!
//! Each module has one `check(input)`, which panics when a law is broken. libFuzzer calls it with whatever finds
//! new paths (`fuzz_targets/`), and a test of the main workspace calls it with the inputs that once did
//! (`corpus/`), so that they stay laws on a stable compiler too.
//!
//! Where it can be said exactly what must come out, a law is an oracle: slow, plain, written from the RFCs and
//! sharing no code with what it judges, not even a crate.

pub mod authorize;
pub mod basic_header;
mod expand;
mod pairs;
pub mod redirect_uri;
pub mod scope;
pub mod secret;
pub mod token_form;

/// Panics when the input breaks it.
pub type Law = fn(&[u8]);

/// Every target by its name, which is also the name of its corpus.
pub const TARGETS: [(&str, Law); 6] = [
    ("authorize", authorize::check),
    ("basic_header", basic_header::check),
    ("redirect_uri", redirect_uri::check),
    ("scope", scope::check),
    ("secret", secret::check),
    ("token_form", token_form::check),
];
