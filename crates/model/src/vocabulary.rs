//! The words that devices are described in, as rows: observed properties, units, sensor types.

use crate::{Result, Tx, observed_property, sensor_type, unit_of_measurement};

/// Brings the tables up to this program's catalogue. Runs at every start: what is there already is set to what
/// the catalogue says now, and nothing is removed, because old datastreams still speak of it.
pub fn seed(tx: &mut Tx<'_>) -> Result<()> {
    observed_property::seed(tx)?;
    unit_of_measurement::seed(tx)?;
    sensor_type::seed(tx)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Page;
    use crate::catalogue::{OBSERVED_PROPERTIES, SENSOR_TYPES, UNITS};
    use crate::test_fleet::{Fleet, is_not_found, wire};

    #[test]
    fn seeding_again_mends_what_was_changed_and_adds_nothing() {
        let fleet = Fleet::new();
        let all = || fleet.read(|tx| sensor_type::page(tx, None, 1000)).unwrap().data;
        let before = all();
        fleet
            .write(|tx| {
                tx.execute("UPDATE sensor_type SET name = 'Sundial'", &[])?;
                tx.execute("UPDATE sensor_type_measure SET minimum = 0, position = 0", &[])?;
                seed(tx)
            })
            .unwrap();
        assert_eq!(all(), before);
        assert_eq!(before.len(), SENSOR_TYPES.len());
        for (kind, read) in SENSOR_TYPES
            .iter()
            .filter_map(|kind| Some((kind, before.iter().find(|read| read.id == kind.id)?)))
        {
            assert_eq!(read.observed_properties.len(), kind.measures.len(), "{}", kind.id);
        }
    }

    #[test]
    fn each_word_is_listed_once_across_pages_and_found_by_its_id() {
        let fleet = Fleet::new();
        let walk = |page: &dyn Fn(Option<&str>) -> Page<String, String>| {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let Page { data, next } = page(after.as_deref());
                seen.extend(data);
                after = next;
                if after.is_none() {
                    break seen;
                }
            }
        };
        let sorted = |mut ids: Vec<&'static str>| {
            ids.sort_unstable();
            ids
        };
        let properties = walk(&|after| {
            let page = fleet.read(|tx| observed_property::page(tx, after, 7)).unwrap();
            Page { data: page.data.into_iter().map(|word| word.id).collect(), next: page.next }
        });
        assert_eq!(properties, sorted(OBSERVED_PROPERTIES.iter().map(|word| word.id).collect()));
        let units = walk(&|after| {
            let page = fleet.read(|tx| unit_of_measurement::page(tx, after, 7)).unwrap();
            Page { data: page.data.into_iter().map(|word| word.id).collect(), next: page.next }
        });
        assert_eq!(units, sorted(UNITS.iter().map(|word| word.id).collect()));
        let kinds = walk(&|after| {
            let page = fleet.read(|tx| sensor_type::page(tx, after, 7)).unwrap();
            Page { data: page.data.into_iter().map(|word| word.id).collect(), next: page.next }
        });
        assert_eq!(kinds, sorted(SENSOR_TYPES.iter().map(|word| word.id).collect()));
        assert!(is_not_found(fleet.read(|tx| observed_property::find(tx, "nothing"))));
        assert!(is_not_found(fleet.read(|tx| unit_of_measurement::find(tx, "nothing"))));
        assert!(is_not_found(fleet.read(|tx| sensor_type::find(tx, "nothing"))));
    }

    #[test]
    fn the_words_go_over_the_wire_as_promised() {
        let fleet = Fleet::new();
        let barometer = fleet.read(|tx| sensor_type::find(tx, "vaisala_ptb210")).unwrap();
        let hectopascal = json!(
            {"id": "hectopascal", "name": "Hectopascal", "symbol": "hPa", "definition": "hPa"}
        );
        assert_eq!(
            wire(&barometer, &[]),
            json!({
                "id": "vaisala_ptb210",
                "name": "PTB210 Digital Barometer",
                "manufacturer": "Vaisala",
                "datasheet_url": "https://www.vaisala.com/",
                "observed_properties": [{
                    "id": "air_pressure",
                    "name": "Air pressure",
                    "unit_id": "hectopascal",
                    "minimum": 500.0,
                    "maximum": 1100.0,
                }],
                "units": [hectopascal],
            })
        );
        let unit = fleet.read(|tx| unit_of_measurement::find(tx, "hectopascal")).unwrap();
        assert_eq!(wire(&unit, &[]), hectopascal);
        let property = fleet.read(|tx| observed_property::find(tx, "redox_potential")).unwrap();
        assert_eq!(
            wire(&property, &[]),
            json!({
                "id": "redox_potential",
                "name": "Redox potential",
                "description": "Oxidation-reduction potential of the water (Eh).",
                "definition": null,
            })
        );
    }
}
