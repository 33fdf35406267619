//! What `bluesonde demo` shows: a made-up fleet of real hardware in real waters, and plausible observations.

pub mod fleet;
pub mod signal;
