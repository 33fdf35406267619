//! The catalogue every installation starts with: units, observed properties and sensor types.
//!
//! Ids are slugs that clients may hard-code (`water_temperature`, `degree_celsius`, `sbe_37_smp`), so an entry
//! is never renamed, only added. Plain tables without SQL: the seeds write them, the NDBC import and the demo
//! point into them, and the tests see to it that nothing points at nothing.

mod properties;
mod sensor_types;
mod units;

pub use properties::OBSERVED_PROPERTIES;
pub use sensor_types::SENSOR_TYPES;
pub use units::UNITS;

/// A unit of measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Slug, such as `degree_celsius`.
    pub id: &'static str,
    /// Name in words.
    pub name: &'static str,
    /// Symbol as printed beside a value.
    pub symbol: &'static str,
    /// UCUM code (case sensitive), such as `Cel`.
    pub definition: &'static str,
}

/// A quantity that can be observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObservedProperty {
    /// Slug, such as `water_temperature`.
    pub id: &'static str,
    /// Name in words.
    pub name: &'static str,
    /// One sentence on what is meant.
    pub description: Option<&'static str>,
    /// URI of a standard term that means the same, where there is one.
    pub definition: Option<&'static str>,
}

/// A class of hardware.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SensorType {
    /// Slug, such as `sbe_37_smp`.
    pub id: &'static str,
    /// Product name, without the manufacturer's.
    pub name: &'static str,
    /// Who makes it.
    pub manufacturer: &'static str,
    /// Where the manufacturer describes it.
    pub datasheet_url: Option<&'static str>,
    /// What it can measure; a sensor on a device may measure fewer.
    pub measures: &'static [Measure],
}

/// One quantity a sensor type measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measure {
    /// Id of the observed property.
    pub property: &'static str,
    /// Id of the unit.
    pub unit: &'static str,
    /// Lowest and highest value it can report, both included, in `unit`. Outside it a value fails QARTOD's
    /// gross range test.
    pub gross_range: (f64, f64),
}

impl SensorType {
    /// What this type measures of a property in a unit (both catalogue ids).
    pub fn measure(&self, property: &str, unit: &str) -> Option<&'static Measure> {
        self.measures.iter().find(|measure| measure.property == property && measure.unit == unit)
    }
}

/// The unit with this id.
pub fn unit(id: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.id == id)
}

/// The observed property with this id.
pub fn observed_property(id: &str) -> Option<&'static ObservedProperty> {
    OBSERVED_PROPERTIES.iter().find(|property| property.id == id)
}

/// The sensor type with this id.
pub fn sensor_type(id: &str) -> Option<&'static SensorType> {
    SENSOR_TYPES.iter().find(|sensor_type| sensor_type.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rules::ndbc;
    use std::collections::HashSet;

    fn slug(id: &str) -> bool {
        let word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        id.starts_with(|first: char| first.is_ascii_lowercase()) && id.split('_').all(word)
    }

    #[test]
    fn ids_are_slugs_and_each_stands_for_one_thing() {
        let units = UNITS.iter().map(|unit| ("unit", unit.id));
        let properties = OBSERVED_PROPERTIES.iter().map(|property| ("property", property.id));
        let sensor_types = SENSOR_TYPES.iter().map(|sensor_type| ("sensor type", sensor_type.id));
        let mut seen = HashSet::new();
        for (kind, id) in units.chain(properties).chain(sensor_types) {
            assert!(slug(id), "{kind} {id}");
            assert!(seen.insert((kind, id)), "{kind} {id} twice");
        }
        assert!(!slug("Cel") && !slug("a__b") && !slug("_a") && !slug("3d") && !slug(""));
    }

    #[test]
    fn every_measure_names_a_property_and_a_unit_once_with_a_range_that_has_a_width() {
        for sensor_type in SENSOR_TYPES {
            let mut seen = HashSet::new();
            assert!(!sensor_type.measures.is_empty(), "{} measures nothing", sensor_type.id);
            for Measure { property, unit: unit_id, gross_range: (min, max) } in sensor_type.measures {
                assert!(observed_property(property).is_some(), "{}: {property}", sensor_type.id);
                assert!(unit(unit_id).is_some(), "{}: {unit_id}", sensor_type.id);
                assert!(min.is_finite() && max.is_finite() && min < max, "{}: {property}", sensor_type.id);
                assert!(seen.insert((property, unit_id)), "{}: {property} twice", sensor_type.id);
            }
        }
    }

    #[test]
    fn nothing_in_the_catalogue_is_there_for_no_sensor() {
        let measures = || SENSOR_TYPES.iter().flat_map(|sensor_type| sensor_type.measures);
        for property in OBSERVED_PROPERTIES {
            assert!(measures().any(|measure| measure.property == property.id), "{}", property.id);
        }
        for unit in UNITS {
            assert!(measures().any(|measure| measure.unit == unit.id), "{}", unit.id);
        }
    }

    #[test]
    fn every_ndbc_column_is_measured_by_the_payload_it_is_filed_under() {
        for column in ndbc::OCEAN.iter().chain(ndbc::STANDARD_METEOROLOGICAL) {
            let payload = sensor_type(column.sensor_type).expect(column.name);
            assert!(payload.measure(column.property, column.unit).is_some(), "{}", column.name);
        }
    }

    #[test]
    fn ndbc_payloads_measure_nothing_that_ndbc_does_not_publish() {
        for (id, kind) in [
            ("ndbc_met_payload", ndbc::Kind::StandardMeteorological),
            ("ndbc_ocean_payload", ndbc::Kind::Ocean),
        ] {
            let payload = sensor_type(id).unwrap();
            assert_eq!(payload.measures.len(), kind.columns().len(), "{id}");
        }
    }

    #[test]
    fn definitions_have_the_form_of_their_vocabulary() {
        for unit in UNITS {
            let ucum = |byte: u8| byte.is_ascii_alphanumeric() || b"%/[]{}_".contains(&byte);
            assert!(!unit.definition.is_empty() && unit.definition.bytes().all(ucum), "{}", unit.id);
        }
        for property in OBSERVED_PROPERTIES {
            let Some(uri) = property.definition else { continue };
            let name =
                uri.strip_prefix("http://vocab.nerc.ac.uk/standard_name/").and_then(|n| n.strip_suffix('/'));
            assert!(name.is_some_and(slug), "{uri}");
        }
        for sensor_type in SENSOR_TYPES {
            assert!(
                sensor_type.datasheet_url.is_none_or(|url| url.starts_with("https://")),
                "{}",
                sensor_type.id
            );
        }
    }
}
