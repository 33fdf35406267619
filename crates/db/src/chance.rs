//! The one door to the operating system's random numbers.

use crate::{Error, Result};

/// `N` bytes from the operating system's generator.
#[expect(clippy::disallowed_methods, reason = "this is the door that everybody else is sent to")]
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::Unavailable(format!("no random numbers: {error}")))?;
    Ok(bytes)
}
