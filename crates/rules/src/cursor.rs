//! Cursors: where a list goes on, sealed.
//!
//! A cursor carries the last position in the clear and a MAC over it and over what it belongs to (organization
//! and query). An edited cursor, or one of another list, is refused before it gets near a statement.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use crate::secret::Pepper;

const MAC_LENGTH: usize = 16;
const MAX_LENGTH: usize = 1024;

/// The cursor was edited, cut, or belongs to another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this cursor does not belong to this list; start again without it")]
pub struct BadCursor;

/// Seals a position in the list that `list` names (its organization and everything that selects its rows).
pub fn seal(pepper: &Pepper, list: &str, position: &str) -> String {
    let mac = pepper.mac("cursor", &[list, position]);
    let (mac, _) = mac.split_at(MAC_LENGTH);
    URL_SAFE_NO_PAD.encode([mac, position.as_bytes()].concat())
}

/// The position in a cursor of the same list.
pub fn open(pepper: &Pepper, list: &str, cursor: &str) -> Result<String, BadCursor> {
    if cursor.len() > MAX_LENGTH {
        return Err(BadCursor);
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| BadCursor)?;
    let (mac, position) = bytes.split_at_checked(MAC_LENGTH).ok_or(BadCursor)?;
    let position = std::str::from_utf8(position).map_err(|_| BadCursor)?;
    let expected = pepper.mac("cursor", &[list, position]);
    let (expected, _) = expected.split_at(MAC_LENGTH);
    if bool::from(expected.ct_eq(mac)) { Ok(position.to_owned()) } else { Err(BadCursor) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cursor_opens_for_its_own_list_only() {
        let pepper = Pepper::new([4; 32]);
        let cursor = seal(&pepper, "org_a devices", "dev_1");
        assert_eq!(open(&pepper, "org_a devices", &cursor).as_deref(), Ok("dev_1"));
        assert_eq!(open(&pepper, "org_b devices", &cursor), Err(BadCursor));
        assert_eq!(open(&Pepper::new([5; 32]), "org_a devices", &cursor), Err(BadCursor));
    }

    proptest! {
        #[test]
        fn no_text_opens_or_panics(text in ".{0,200}") {
            prop_assert!(open(&Pepper::new([4; 32]), "list", &text).is_err());
        }

        #[test]
        fn what_is_sealed_opens(position in ".{0,60}") {
            let pepper = Pepper::new([4; 32]);
            prop_assert_eq!(open(&pepper, "list", &seal(&pepper, "list", &position)), Ok(position));
        }
    }
}
