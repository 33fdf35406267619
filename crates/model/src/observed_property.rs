//! Observed properties: what can be measured, as OGC SensorThings calls it. The same for every organization.

use db::{Row, params};
use schemars::JsonSchema;
use serde::Serialize;

use crate::catalogue::OBSERVED_PROPERTIES;
use crate::{Error, Page, Result, Tx};

/// A quantity that can be observed, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ObservedProperty {
    /// Slug, such as `water_temperature`.
    pub id: String,
    /// Name in words.
    pub name: String,
    /// What is meant.
    pub description: Option<String>,
    /// URI of a standard term that means the same.
    pub definition: Option<String>,
}

/// Writes the catalogue's observed properties.
pub(crate) fn seed(tx: &mut Tx<'_>) -> Result<()> {
    for property in OBSERVED_PROPERTIES {
        tx.execute(
            "INSERT INTO observed_property (id, name, description, definition) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (id) DO UPDATE
             SET name = excluded.name, description = excluded.description, definition = excluded.definition",
            params![property.id, property.name, property.description, property.definition],
        )?;
    }
    Ok(())
}

/// One observed property. Errors: `NotFound`.
pub fn find(tx: &mut Tx<'_>, id: &str) -> Result<ObservedProperty> {
    let sql = "SELECT id, name, description, definition FROM observed_property WHERE id = ?1";
    tx.optional(sql, params![id], read)?.ok_or(Error::NotFound)
}

/// Observed properties after `after`, by id.
pub fn page(tx: &mut Tx<'_>, after: Option<&str>, limit: u32) -> Result<Page<ObservedProperty, String>> {
    let found = tx.all(
        "SELECT id, name, description, definition FROM observed_property
         WHERE id > ?1 ORDER BY id LIMIT ?2",
        params![after.unwrap_or_default(), i64::from(limit) + 1],
        read,
    )?;
    Ok(Page::cut(found, limit, |property| property.id.clone()))
}

fn read(row: &Row<'_>) -> db::Result<ObservedProperty> {
    let (id, name) = (row.get(0)?, row.get(1)?);
    Ok(ObservedProperty { id, name, description: row.get(2)?, definition: row.get(3)? })
}
