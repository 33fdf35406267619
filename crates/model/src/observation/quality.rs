//! Quality flags: IOOS QARTOD's primary levels, which every oceanographic tool understands.

use std::borrow::Cow;

use db::{Row, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// How good an observation is. On the wire and in the database it is QARTOD's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u8")]
#[repr(u8)]
pub enum Quality {
    /// 1: passed the tests.
    Pass = 1,
    /// 2: nobody has judged it.
    NotEvaluated = 2,
    /// 3: of high interest, or doubtful.
    Suspect = 3,
    /// 4: failed a test.
    Fail = 4,
    /// 9: there is no result.
    Missing = 9,
}

/// QARTOD has no such level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a quality: 1 (pass), 2 (not evaluated), 3 (suspect), 4 (fail) or 9 (missing)")]
pub struct BadQuality(pub i64);

impl Quality {
    /// The quality in a column.
    pub(crate) fn read(row: &Row<'_>, column: usize) -> db::Result<Self> {
        let number: i64 = row.get(column)?;
        Self::try_from(number).map_err(|error| db::Error::Corrupt { column, reason: error.to_string() })
    }
}

impl TryFrom<i64> for Quality {
    type Error = BadQuality;

    fn try_from(number: i64) -> Result<Self, BadQuality> {
        match number {
            1 => Ok(Self::Pass),
            2 => Ok(Self::NotEvaluated),
            3 => Ok(Self::Suspect),
            4 => Ok(Self::Fail),
            9 => Ok(Self::Missing),
            _ => Err(BadQuality(number)),
        }
    }
}

impl From<Quality> for u8 {
    fn from(quality: Quality) -> Self {
        quality as Self
    }
}

impl From<Quality> for Value<'_> {
    fn from(quality: Quality) -> Self {
        Self::Integer(i64::from(u8::from(quality)))
    }
}

impl JsonSchema for Quality {
    fn schema_name() -> Cow<'static, str> {
        "Quality".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "QARTOD's flag: 1 pass, 2 not evaluated, 3 suspect, 4 fail, 9 missing.",
            "type": "integer",
            "enum": [1, 2, 3, 4, 9],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quality_is_one_of_qartods_numbers() {
        for number in [1, 2, 3, 4, 9] {
            assert_eq!(i64::from(u8::from(Quality::try_from(number).unwrap())), number);
        }
        for number in [-1, 0, 5, 8, 10, 257] {
            assert_eq!(Quality::try_from(number), Err(BadQuality(number)));
        }
    }
}
