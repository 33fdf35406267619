//! The query of a request, read into a type, each mistake under the name of its parameter.
//!
//! A list may be repeated, separated by commas, or both. A parameter that the endpoint does not have is refused: a
//! mistyped filter must not be answered with everything. The types are read by serde, from which the
//! documentation's schemas come too, so that the two name the same parameters.

use std::collections::{BTreeMap, btree_map};
use std::fmt::{self, Display};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use jiff::Timestamp;
use serde::de::value::{MapAccessDeserializer, SeqDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor,
};
use serde::{Deserialize, forward_to_deserialize_any};

use crate::http::error::Problem;

/// The parameters of a query.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        read(parts.uri.query().unwrap_or_default()).map(Self).map_err(Problem::from)
    }
}

fn read<T: DeserializeOwned>(query: &str) -> Result<T, Mistake> {
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        parameters.entry(name.into_owned()).or_default().push(value.into_owned());
    }
    T::deserialize(MapAccessDeserializer::new(Parameters { rest: parameters.into_iter(), next: None }))
}

/// For a `deserialize_with`: a time as RFC 3339 writes it.
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(|_| {
        let hint = if text.contains(' ') { "; a + is written %2B in a query" } else { "" };
        D::Error::custom(format!("takes a time with its offset, such as 2026-11-01T00:00:00Z{hint}"))
    })
}

/// What is wrong with which parameter.
#[derive(Debug, PartialEq, Eq)]
struct Mistake {
    parameter: String,
    problem: String,
}

impl From<Mistake> for Problem {
    fn from(Mistake { parameter, problem }: Mistake) -> Self {
        // A name that nobody expects may be anything, of any length.
        let name: String = parameter.chars().take(64).collect();
        let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
        Self::bad_request(&pointer, format!("{name}: this {problem}."))
    }
}

impl Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: this {}", self.parameter, self.problem)
    }
}

impl std::error::Error for Mistake {}

/// Errors of visitors, which don't know what they read; [`Parameters`] adds the name.
impl serde::de::Error for Mistake {
    fn custom<T: Display>(problem: T) -> Self {
        Self { parameter: String::new(), problem: problem.to_string() }
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let known = expected.join(", ");
        Self { parameter: field.to_owned(), problem: format!("is no parameter here; there are: {known}") }
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::custom(format!("takes one of: {}", expected.join(", ")))
    }
}

/// The parameters, one after the other.
struct Parameters {
    rest: btree_map::IntoIter<String, Vec<String>>,
    next: Option<(String, Parameter)>,
}

impl<'de> MapAccess<'de> for Parameters {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mistake> {
        let Some((name, values)) = self.rest.next() else { return Ok(None) };
        self.next = Some((name.clone(), Parameter(values)));
        seed.deserialize(name.into_deserializer()).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let Some((name, parameter)) = self.next.take() else { return Err(Mistake::custom("has no value")) };
        seed.deserialize(parameter).map_err(|mistake| Mistake { parameter: name, ..mistake })
    }
}

/// All that was given for a parameter.
struct Parameter(Vec<String>);

impl Parameter {
    fn one(self) -> Result<String, Mistake> {
        let mut values = self.0.into_iter();
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value),
            _ => Err(Mistake::custom("can be given once only")),
        }
    }
}

impl IntoDeserializer<'_, Mistake> for Parameter {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Parameter {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_string(self.one()?)
    }

    fn deserialize_u32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.one()?.parse() {
            Ok(number) => visitor.visit_u32(number),
            Err(_) => Err(Mistake::custom(format!("takes a whole number from 0 to {}", u32::MAX))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let items = self.0.iter().flat_map(|value| value.split(','));
        visitor.visit_seq(SeqDeserializer::new(items.map(|item| Self(vec![item.to_owned()]))))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_enum(self.one()?.into_deserializer())
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u64 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::observation::Order;
    use rules::id::DeviceId;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Query {
        limit: Option<u32>,
        order: Option<Order>,
        #[serde(deserialize_with = "time")]
        start: Option<Timestamp>,
        device_id: Vec<DeviceId>,
        word: Vec<String>,
    }

    fn device(n: u8) -> DeviceId {
        DeviceId::new(Timestamp::UNIX_EPOCH, [n; 10])
    }

    #[test]
    fn lists_are_repeated_or_separated_by_commas() {
        let query = format!("device_id={},{}&device_id={}&word=a%2Cb", device(1), device(2), device(3));
        let read: Query = read(&query).unwrap();
        assert_eq!(read.device_id, [device(1), device(2), device(3)]);
        assert_eq!(read.word, ["a", "b"]);
    }

    #[test]
    fn every_kind_of_value_is_read() {
        let read: Query = read("limit=5&order=desc&start=2026-11-01T01:00:00%2B01:00").unwrap();
        assert_eq!((read.limit, read.order), (Some(5), Some(Order::Descending)));
        assert_eq!(read.start, Some("2026-11-01T00:00:00Z".parse().unwrap()));
    }

    #[test]
    fn each_mistake_names_its_parameter() {
        for (query, parameter, problem) in [
            ("limit=x", "limit", "whole number"),
            ("limit=", "limit", "whole number"),
            ("limit=-1", "limit", "whole number"),
            ("limit=4294967296", "limit", "whole number"),
            ("limit=1&limit=1", "limit", "once"),
            ("order=up", "order", "asc, desc"),
            ("start=2026-11-01", "start", "offset"),
            ("start=2026-11-01T01:00:00+01:00", "start", "%2B"),
            ("device_id=7", "device_id", "dev_"),
            ("device_id=", "device_id", "dev_"),
            ("limits=5", "limits", "limit, order, start, device_id, word"),
            ("%FF=5", "\u{fffd}", "no parameter"),
        ] {
            let mistake = read::<Query>(query).unwrap_err();
            assert_eq!(mistake.parameter, parameter, "{query}");
            assert!(mistake.problem.contains(problem), "{query}: {mistake}");
        }
    }
}
