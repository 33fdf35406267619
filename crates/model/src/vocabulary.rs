//! The words that devices are described in, as rows: observed properties, units, sensor types.

use crate::{Result, Tx, observed_property, sensor_type, unit_of_measurement};

/// Brings the tables up to this program's catalogue. Runs at every start: what is there already is set to what
/// the catalogue says now, and nothing is removed, because old datastreams still speak of it.
pub fn seed(tx: &mut Tx<'_>) -> Result<()> {
    observed_property::seed(tx)?;
    unit_of_measurement::seed(tx)?;
    sensor_type::seed(tx)
}
