//! Importing files for an organization: the same steps whether the command line has the database for itself or
//! asks a running server to do it.

use serde::{Deserialize, Serialize};

use db::Db;
use model::ndbc::{self, Counted};
use model::organization::{self, Organization};
use model::{Error, Invalid, device};
use rules::id::{DeviceId, OrganizationId};

/// The largest file that is taken, in bytes: a station's year of ten-minute rows is about 5 MB.
pub const MAX_FILE: u64 = 64 * 1024 * 1024;

/// What to import a file as.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// NDBC's name for the station; the serial number of its device.
    pub station: String,
    /// Whose device it is or becomes; the oldest organization's if left out.
    pub organization: Option<String>,
}

/// What an import did, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Whose device it is.
    pub organization: Named,
    /// NDBC's name for the station.
    pub station: String,
    /// The station's device.
    pub device_id: DeviceId,
    /// What became of rows and values.
    #[serde(flatten)]
    pub counted: Counted,
}

/// An organization by id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: String,
}

/// Imports the text of an NDBC file, from a thread outside the async runtime.
///
/// Errors: `Invalid` for an organization that isn't there, a station name that can't be one, or a file that is
/// none of NDBC's.
pub fn ndbc(db: &Db, order: &Order, text: &str) -> model::Result<Report> {
    let owner = owner(db, order.organization.as_deref())?;
    let counted = ndbc::import(db, &owner.id, &order.station, text)?;
    let device = db.read_blocking(|tx| device::with_serial_number(tx, &owner.id, &order.station))?;
    Ok(Report {
        organization: Named { id: owner.id, name: owner.name },
        station: order.station.clone(),
        device_id: device.ok_or(Error::NotFound)?,
        counted,
    })
}

fn owner(db: &Db, id: Option<&str>) -> model::Result<Organization> {
    let all = db.read_blocking(organization::all)?;
    let found = match id {
        Some(id) => all.iter().find(|organization| organization.id.as_str() == id),
        None => all.first(),
    };
    found.cloned().ok_or_else(|| Error::Invalid(Invalid::one("organization", nobody(id, &all))))
}

fn nobody(id: Option<&str>, all: &[Organization]) -> String {
    let names: Vec<String> =
        all.iter().take(10).map(|known| format!("{} ({})", known.id, known.name)).collect();
    match id {
        Some(id) if !all.is_empty() => {
            format!("There is no organization {id}. There is {}.", names.join(", "))
        }
        _ => "There is no organization yet: start the server and open its set-up link first.".to_owned(),
    }
}
