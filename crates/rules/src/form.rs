//! `application/x-www-form-urlencoded` pairs, read so that no ambiguity survives (RFC 6749 section 3.1 and
//! appendix B).
//!
//! Parameter pollution lives on parsers that quietly take the first or the last of two values. Here a name that
//! was sent twice has no value at all: [`Form::field`] answers [`Field::Repeated`] and [`Form::get`] answers
//! nothing, so forgetting to check for duplicates fails closed. Bytes that are not UTF-8 are reported per name
//! and not replaced, because a replaced byte in `state` would come back as another `state`.
//!
//! A form may hold a client secret or a code, so it is wiped when dropped and cannot be printed.

use percent_encoding::percent_decode;
use thiserror::Error;
use zeroize::Zeroizing;

/// Longest form accepted, in encoded bytes.
pub const MAX_ENCODED: usize = 64 * 1024;

/// Most pairs accepted.
pub const MAX_PAIRS: usize = 64;

/// Longest value accepted, in decoded bytes.
pub const MAX_VALUE: usize = 16 * 1024;

/// Decoded pairs in the order they came.
pub struct Form {
    pairs: Vec<Pair>,
}

struct Pair {
    name: String,
    /// `None`: the decoded bytes are not UTF-8.
    value: Option<Zeroizing<String>>,
}

/// What a form says about one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'f> {
    /// Not sent, or sent without a value, which RFC 6749 section 3.1 calls the same.
    Absent,
    /// Sent once, with this value, which is never empty.
    Value(&'f str),
    /// Sent more than once, be it with equal or empty values.
    Repeated,
    /// Sent once, but not in UTF-8.
    NotUtf8,
}

/// Why something is not an acceptable form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum FormError {
    /// More than [`MAX_ENCODED`] bytes.
    #[error("The parameters are longer than {MAX_ENCODED} bytes.")]
    TooLong,
    /// More than [`MAX_PAIRS`] pairs.
    #[error("There are more than {MAX_PAIRS} parameters.")]
    TooManyPairs,
    /// A value of more than [`MAX_VALUE`] bytes.
    #[error("A parameter is longer than {MAX_VALUE} bytes.")]
    ValueTooLong,
}

impl Form {
    /// Reads a query (without its `?`) or a body.
    ///
    /// A `%` that is not followed by two hexadecimal digits stands for itself, as in every browser.
    ///
    /// # Errors
    /// Only for size; see [`FormError`].
    pub fn parse(encoded: impl AsRef<[u8]>) -> Result<Self, FormError> {
        let encoded = encoded.as_ref();
        if encoded.len() > MAX_ENCODED {
            return Err(FormError::TooLong);
        }
        let mut pairs = Vec::new();
        for pair in encoded.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == MAX_PAIRS {
                return Err(FormError::TooManyPairs);
            }
            pairs.push(Pair::parse(pair)?);
        }
        Ok(Self { pairs })
    }

    /// What was sent under this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Field<'_> {
        let mut found = self.pairs.iter().filter(|pair| pair.name == name);
        match (found.next(), found.next()) {
            (None, _) => Field::Absent,
            (Some(_), Some(_)) => Field::Repeated,
            (Some(pair), None) => match pair.value.as_ref().map(|value| value.as_str()) {
                None => Field::NotUtf8,
                Some("") => Field::Absent,
                Some(value) => Field::Value(value),
            },
        }
    }

    /// The one value of this name; nothing when it is absent, empty, repeated or not UTF-8.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        match self.field(name) {
            Field::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Every value of a name that may be repeated, such as `resource` (RFC 8707) or a check box; `None` stands
    /// for one that is not UTF-8. Empty values are left out.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = Option<&'f str>> {
        let named = self.pairs.iter().filter(move |pair| pair.name == name);
        named.map(|pair| pair.value.as_ref().map(|value| value.as_str())).filter(|value| *value != Some(""))
    }

    /// The names that were sent, each once, in the order they came.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names = || self.pairs.iter().map(|pair| pair.name.as_str());
        names()
            .enumerate()
            .filter(move |(place, name)| !names().take(*place).any(|earlier| earlier == *name))
            .map(|(_, name)| name)
    }

    /// The names that were sent more than once, each named once.
    pub fn duplicated(&self) -> impl Iterator<Item = &str> {
        let names = || self.pairs.iter().map(|pair| pair.name.as_str());
        names().enumerate().filter_map(move |(place, name)| {
            let first = !names().take(place).any(|earlier| earlier == name);
            let again = names().skip(place + 1).any(|later| later == name);
            (first && again).then_some(name)
        })
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }
}

impl Pair {
    fn parse(encoded: &[u8]) -> Result<Self, FormError> {
        let mut halves = encoded.splitn(2, |byte| *byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        let value = decode(value);
        if value.len() > MAX_VALUE {
            return Err(FormError::ValueTooLong);
        }
        Ok(Self {
            // A lossy name holds U+FFFD and so equals no parameter of any protocol: it is ignored like them all.
            name: String::from_utf8_lossy(&decode(name)).into_owned(),
            value: std::str::from_utf8(&value).ok().map(|text| Zeroizing::new(text.to_owned())),
        })
    }
}

/// Undoes form encoding: `+` is a space, `%2B` a plus.
pub(crate) fn decode(encoded: &[u8]) -> Zeroizing<Vec<u8>> {
    let spaced: Zeroizing<Vec<u8>> =
        Zeroizing::new(encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect());
    // Reserved up front, so that growing leaves no unwiped copy behind.
    let mut decoded = Zeroizing::new(Vec::with_capacity(encoded.len()));
    decoded.extend(percent_decode(&spaced));
    decoded
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(encoded: &str) -> Form {
        Form::parse(encoded).unwrap_or_else(|error| panic!("{encoded}: {error}"))
    }

    #[test]
    fn values_are_decoded_once() {
        for (encoded, value) in [
            ("state=a", "a"),
            ("state=a%20b+c", "a b c"),
            ("state=%2B", "+"),
            ("state=%252B", "%2B"),
            ("state=a=b=", "a=b="),
            ("st%61te=x", "x"),
            ("&&state=x&", "x"),
            ("state=%zz%4", "%zz%4"),
            ("state=%E2%98%83", "☃"),
            ("state=%00%0D%0A", "\0\r\n"),
            ("state=a;b=c", "a;b=c"),
        ] {
            assert_eq!(form(encoded).get("state"), Some(value), "{encoded}");
        }
    }

    #[test]
    fn a_value_left_empty_is_a_value_left_out() {
        for encoded in ["", "state", "state=", "&state=&", "other=x"] {
            assert_eq!(form(encoded).field("state"), Field::Absent, "{encoded:?}");
        }
    }

    #[test]
    fn a_name_sent_twice_has_no_value() {
        for encoded in
            ["state=a&state=b", "state=a&state=a", "state=a&state=", "state&state", "state=a&%73tate=b"]
        {
            let form = form(encoded);
            assert_eq!(form.field("state"), Field::Repeated, "{encoded}");
            assert_eq!(form.get("state"), None, "{encoded}");
            assert_eq!(form.duplicated().collect::<Vec<_>>(), ["state"], "{encoded}");
        }
    }

    #[test]
    fn each_duplicate_is_named_once_in_the_order_it_came() {
        let form = form("a=1&b=2&c=3&b=4&a=5&a=6");
        assert_eq!(form.duplicated().collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn names_are_told_apart_by_case() {
        let form = form("State=a&state=b");
        assert_eq!(form.get("state"), Some("b"));
        assert_eq!(form.duplicated().count(), 0);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_reported_and_not_replaced() {
        let form = form("state=%ff&%ff=x&resource=%C3%28&resource=y&resource=");
        assert_eq!(form.field("state"), Field::NotUtf8);
        assert_eq!(form.all("resource").collect::<Vec<_>>(), [None, Some("y")]);
    }

    #[test]
    fn sizes_are_bounded_to_the_byte() {
        assert!(Form::parse("a&".repeat(MAX_PAIRS)).is_ok());
        assert_eq!(Form::parse("a&".repeat(MAX_PAIRS + 1)).err(), Some(FormError::TooManyPairs));
        assert!(Form::parse(format!("a={}", "x".repeat(MAX_VALUE))).is_ok());
        let long = format!("a={}", "x".repeat(MAX_VALUE + 1));
        assert_eq!(Form::parse(long).err(), Some(FormError::ValueTooLong));
        assert!(Form::parse("&".repeat(MAX_ENCODED)).is_ok_and(|form| form.is_empty()));
        assert_eq!(Form::parse("&".repeat(MAX_ENCODED + 1)).err(), Some(FormError::TooLong));
    }

    proptest! {
        #[test]
        fn what_was_printed_is_what_is_read(pairs in prop::collection::vec(any::<(String, String)>(), 0..20)) {
            let printed = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let read = form(&printed);
            for (name, _) in &pairs {
                let sent: Vec<_> = pairs.iter().filter(|(n, v)| n == name && !v.is_empty()).collect();
                let got: Vec<_> = read.all(name).collect();
                prop_assert_eq!(got, sent.iter().map(|(_, v)| Some(v.as_str())).collect::<Vec<_>>());
            }
        }

        #[test]
        fn no_bytes_whatever_upset_it(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            if let Ok(form) = Form::parse(&bytes) {
                for name in form.duplicated() {
                    prop_assert_eq!(form.field(name), Field::Repeated);
                    prop_assert_eq!(form.get(name), None);
                }
            }
        }
    }
}
