//! Units of measurement, defined in UCUM. The same for every organization.

use db::{Row, params};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::UNITS;
use crate::{Error, Page, Result, Tx};

/// A unit, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnitOfMeasurement {
    /// Slug, such as `degree_celsius`.
    pub id: String,
    /// Name in words.
    pub name: String,
    /// As printed beside a value.
    pub symbol: String,
    /// UCUM code, case sensitive.
    pub definition: String,
}

/// Writes the catalogue's units.
pub(crate) fn seed(tx: &mut Tx<'_>) -> Result<()> {
    for unit in UNITS {
        tx.execute(
            "INSERT INTO unit_of_measurement (id, name, symbol, definition) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE
             SET name = excluded.name, symbol = excluded.symbol, definition = excluded.definition",
            params![unit.id, unit.name, unit.symbol, unit.definition],
        )?;
    }
    Ok(())
}

/// One unit. Errors: `NotFound`.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<UnitOfMeasurement> {
    let sql = "SELECT id, name, symbol, definition FROM unit_of_measurement WHERE id = ?1";
    tx.optional(sql, params![id], |row| read(row, 0))?.ok_or(Error::NotFound)
}

/// Units after `after`, by id.
pub fn page(tx: &mut Tx<'_>, after: Option<&str>, limit: u32) -> Result<Page<UnitOfMeasurement, String>> {
    let found = tx.all(
        "SELECT id, name, symbol, definition FROM unit_of_measurement
         WHERE id > ?1 ORDER BY id LIMIT ?2",
        params![after.unwrap_or_default(), i64::from(limit) + 1],
        |row| read(row, 0),
    )?;
    Ok(Page::cut(found, limit, |unit| unit.id.clone()))
}

/// A unit from four columns on: id, name, symbol, definition.
pub(crate) fn read(row: &Row<'_>, first: usize) -> db::Result<UnitOfMeasurement> {
    let (id, name) = (row.get(first)?, row.get(first + 1)?);
    Ok(UnitOfMeasurement { id, name, symbol: row.get(first + 2)?, definition: row.get(first + 3)? })
}
