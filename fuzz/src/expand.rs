//! Long runs of characters, written short.
//!
//! A verifier, a challenge or a secret is at least 43 characters of any kind. No fuzzer should have to find so
//! many in a row, and no file of ours may hold something that looks like a credential.

/// Stands for 43 letters: a verifier, and the base64url of 32 bytes.
const LONG: u8 = 1;

/// The input with each [`LONG`] written out.
pub(super) fn expand(input: &[u8]) -> Vec<u8> {
    let mut expanded = Vec::with_capacity(input.len());
    for byte in input {
        match *byte {
            LONG => expanded.extend([b'A'; 43]),
            other => expanded.push(other),
        }
    }
    expanded
}
