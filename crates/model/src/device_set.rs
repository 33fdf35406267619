//! The devices that a key or a grant covers: all of the organization's, also later ones, or those chosen.

use std::borrow::Cow;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use rules::access::Access;
use rules::id::{DeviceId, OrganizationId};

use crate::api_key;
use crate::error::{Error, Invalid};
use crate::{Result, Tx};
use db::params;

/// A set of devices, as people and programs give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Devices {
    /// All of the organization's, also those it gets later.
    All,
    /// These.
    Chosen(Vec<DeviceId>),
}

impl Devices {
    /// How the credential's row says it.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Chosen(_) => "chosen",
        }
    }
}

/// Reads the row's word; the chosen ones are in a table of their own.
impl FromStr for Devices {
    type Err = &'static str;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        match word {
            "all" => Ok(Self::All),
            "chosen" => Ok(Self::Chosen(Vec::new())),
            _ => Err("a device set is all or chosen"),
        }
    }
}

/// `"all"`, or a list of ids.
impl Serialize for Devices {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::All => serializer.serialize_str("all"),
            Self::Chosen(ids) => ids.serialize(serializer),
        }
    }
}

impl schemars::JsonSchema for Devices {
    fn schema_name() -> Cow<'static, str> {
        "Devices".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let ids = generator.subschema_for::<Vec<DeviceId>>();
        schemars::json_schema!({
            "description": "All devices, also later ones, or the chosen ones.",
            "anyOf": [{"type": "string", "const": "all"}, ids],
        })
    }
}

/// Stores what `holder` (a key or a grant) covers, in place of what it covered before. Each device must be the
/// organization's and within what the caller covers.
pub(crate) fn store(tx: &mut Tx<'_>, access: &Access, holder: &str, devices: &Devices) -> Result<()> {
    tx.execute("DELETE FROM device_choice WHERE holder_id = ?1", params![holder])?;
    let ids = match devices {
        Devices::All if access.device_filter().is_some() => return Err(too_wide()),
        Devices::All => return Ok(()),
        Devices::Chosen(ids) => ids,
    };
    if ids.is_empty() {
        return Err(Error::Invalid(Invalid::one("device_ids", "Choose at least one device.")));
    }
    if !api_key::covers(tx, access, ids)? {
        return Err(too_wide());
    }
    for id in ids {
        let stored = tx.execute(
            "INSERT INTO device_choice (holder_id, device_id)
             SELECT ?1, id FROM device WHERE organization_id = ?2 AND id = ?3
             ON CONFLICT (holder_id, device_id) DO UPDATE SET device_id = excluded.device_id",
            params![holder, access.organization.as_str(), id.as_str()],
        )?;
        if stored == 0 {
            let problem = format!("There is no device {id} in this organization.");
            return Err(Error::Invalid(Invalid::one("device_ids", problem)));
        }
    }
    Ok(())
}

fn too_wide() -> Error {
    Error::NotAllowed("A key can't cover more devices than the one that makes it.".into())
}

/// The devices chosen for `holder` that are the organization's now, in order.
pub(crate) fn chosen(tx: &mut Tx<'_>, organization: &OrganizationId, holder: &str) -> Result<Vec<DeviceId>> {
    let ids = tx.all(
        "SELECT device_choice.device_id FROM device_choice JOIN device ON device.id = device_choice.device_id
         WHERE device_choice.holder_id = ?1 AND device.organization_id = ?2 ORDER BY device_choice.device_id",
        params![holder, organization.as_str()],
        |row| row.parse(0),
    )?;
    Ok(ids)
}

/// What the caller covers, for showing it to them.
pub fn of(tx: &mut Tx<'_>, access: &Access) -> Result<Devices> {
    match access.device_filter() {
        None => Ok(Devices::All),
        Some(holder) => Ok(Devices::Chosen(chosen(tx, &access.organization, holder)?)),
    }
}
