//! Names of things: a prefix that tells the kind, and a UUIDv7 (RFC 9562 §5.7) that sorts by birth.
//!
//! The text is `dev_` and 26 characters of Crockford's base32 in lower case. An id is no secret and grants
//! nothing; a device id where a key id belongs doesn't compile, and doesn't parse.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id that starts with {expected:?} and goes on with 26 lower-case letters and digits")]
pub struct BadId {
    /// The prefix of the kind that was asked for.
    pub expected: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, made from the time and ten random bytes.
            pub fn new(now: Timestamp, chance: [u8; 10]) -> Self {
                Self(format!("{}{}", $prefix, sortable(now, chance)))
            }

            /// The id as it is stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                match text.strip_prefix($prefix) {
                    Some(rest) if is_sortable(rest) => Ok(Self(text.to_owned())),
                    _ => Err(BadId { expected: $prefix }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = BadId;

            fn try_from(text: String) -> Result<Self, BadId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({
                    "type": "string",
                    "pattern": concat!("^", $prefix, "[0-7][0-9a-hjkmnp-tv-z]{25}$"),
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )* };
}

ids! {
    /// An organization: owner of devices, keys and applications.
    OrganizationId "org_";
    /// A person with a password.
    PersonId "usr_";
    /// A role that an organization made.
    RoleId "rol_";
    /// An invitation to an organization.
    InvitationId "inv_";
    /// A signed-in browser.
    SessionId "ses_";
    /// An API key.
    ApiKeyId "key_";
    /// An OAuth application, by its client id: letters and digits only, because libraries disagree on how to
    /// encode anything else in Basic authentication.
    ClientId "app";
    /// One of an application's client secrets.
    ClientSecretId "csc_";
    /// A person's consent to an application.
    GrantId "grt_";
    /// One press of Allow: what the tokens that follow from it are bound to.
    ConsentId "con_";
    /// A refresh token and its successors.
    FamilyId "fam_";
    /// An authorization request that waits for sign-in or consent.
    RequestId "req_";
    /// A device.
    DeviceId "dev_";
    /// A sensor attached to a device.
    SensorId "sns_";
    /// One property measured by one sensor.
    DatastreamId "dst_";
    /// A request to an admin for a role that an application takes.
    AccessRequestId "arq_";
    /// A request of an application that failed.
    AttemptId "att_";
    /// A credential that somebody found and reported.
    LeakId "lea_";
    /// A mail that waits to be sent.
    MailId "mai_";
    /// A request to set a new password.
    ResetId "rst_";
    /// An entry of the audit log.
    AuditId "aud_";
}

/// Whether a text is an id of any kind, and not a name.
pub fn is_one(text: &str) -> bool {
    let Some((prefix, rest)) =
        text.len().checked_sub(LENGTH).and_then(|middle| text.split_at_checked(middle))
    else {
        return false;
    };
    let is_kind = |kind: &str| kind.len() == 3 && kind.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_prefix = prefix == ClientId::PREFIX || prefix.strip_suffix('_').is_some_and(is_kind);
    is_prefix && is_sortable(rest)
}

/// UUIDv7 as 26 characters whose order is the order of time.
fn sortable(now: Timestamp, chance: [u8; 10]) -> String {
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    let uuid = uuid::Builder::from_unix_timestamp_millis(millis, &chance).into_uuid();
    let number = uuid.as_u128();
    (0..LENGTH).rev().map(|digit| digit_at(number, digit)).collect()
}

fn digit_at(number: u128, digit: usize) -> char {
    let value = (number >> (digit * 5)) & 31;
    usize::try_from(value).ok().and_then(|value| ALPHABET.get(value)).map_or('0', |byte| char::from(*byte))
}

fn is_sortable(text: &str) -> bool {
    // 26 digits hold 130 bits: the first may only be 0 to 7.
    text.len() == LENGTH
        && text.bytes().all(|byte| ALPHABET.contains(&byte))
        && text.starts_with(|first| matches!(first, '0'..='7'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_id_of_another_kind_is_refused() {
        let device = DeviceId::new(Timestamp::UNIX_EPOCH, [7; 10]);
        assert!(device.as_str().parse::<SensorId>().is_err());
        assert!(device.as_str().to_uppercase().parse::<DeviceId>().is_err());
        assert!(format!("{device}0").parse::<DeviceId>().is_err());
        assert!("dev_z0000000000000000000000000".parse::<DeviceId>().is_err());
    }

    #[test]
    fn a_client_id_has_letters_and_digits_only() {
        let client = ClientId::new(Timestamp::UNIX_EPOCH, [255; 10]);
        assert!(client.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }

    #[test]
    fn an_id_of_any_kind_is_told_from_a_name() {
        for id in [
            DeviceId::new(Timestamp::UNIX_EPOCH, [7; 10]).as_str(),
            ClientId::new(Timestamp::UNIX_EPOCH, [7; 10]).as_str(),
        ] {
            assert!(is_one(id) && !is_one(&id[1..]) && !is_one(&id.to_uppercase()), "{id}");
        }
        for name in ["", "set-up", "Nightly export", "ééééééééééééééééééééééééééééééé"]
        {
            assert!(!is_one(name), "{name}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_parses(seconds in 0i64..4_000_000_000, chance: [u8; 10]) {
            let id = DeviceId::new(Timestamp::from_second(seconds).unwrap(), chance);
            prop_assert_eq!(id.as_str().parse::<DeviceId>().unwrap(), id);
        }

        #[test]
        fn later_ids_sort_later(seconds in 0i64..4_000_000_000, a: [u8; 10], b: [u8; 10]) {
            let earlier = DeviceId::new(Timestamp::from_second(seconds).unwrap(), a);
            let later = DeviceId::new(Timestamp::from_second(seconds + 1).unwrap(), b);
            prop_assert!(earlier < later);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,40}") {
            let _ = text.parse::<DeviceId>();
        }
    }
}
