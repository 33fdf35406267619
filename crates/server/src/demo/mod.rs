//! What `bluesonde demo` shows: a made-up fleet of real hardware in real waters, plausible observations, and
//! people, keys and applications to try things with.
//!
//! A demo directory has two files that belong together: the database, which holds only hashes, and `demo.json`,
//! which alone knows the passwords and secrets behind them. So that a crash at any moment leaves either both or
//! something that the next start mends:
//!
//! 1. The fleet and its history come first, in many transactions. Each can be repeated: a buoy that is there is
//!    taken as it is, and an observation that is stored already is the same to the last digit.
//! 2. People, keys and applications are made in one transaction, the last step of which writes `demo.json` to the
//!    disk; only then does the transaction commit. A database without people has therefore no valid `demo.json`
//!    (one that lies there is replaced), and a database with people has had one.

mod accounts;
mod buoys;
pub mod facts;
pub mod fleet;
mod history;
mod live;
pub mod signal;

use std::path::{Path, PathBuf};

use anyhow::bail;
use tokio::sync::watch;

use model::{organization, person};
use rules::id::OrganizationId;

use crate::app::App;
pub use buoys::Fleet;
use facts::Facts;
pub use live::report;

/// A demo that is ready to be served.
pub struct Demo {
    /// What `demo.json` says.
    pub facts: Facts,
    /// The buoys, as the live task needs them.
    pub fleet: Fleet,
}

/// Where the facts are.
pub fn facts_file(data_dir: &Path) -> PathBuf {
    data_dir.join("demo.json")
}

/// Makes what the directory's database lacks to be a demo, and brings the history up to now. None if `stop`
/// turned true meanwhile; the next start goes on from there.
///
/// Errors: the database has people in it, but `demo.json` is missing, damaged or another database's.
pub fn prepare(app: &App, data_dir: &Path, stop: &watch::Receiver<bool>) -> anyhow::Result<Option<Demo>> {
    let file = facts_file(data_dir);
    let found = if app.db.read_blocking(person::any)? { Some(recover(app, &file)?) } else { None };
    let organizations = match &found {
        Some(facts) => facts.organizations.iter().map(|organization| organization.id.clone()).collect(),
        None => buoys::moor(&app.db)?,
    };
    let fleet = Fleet::find(&app.db, &organizations)?;
    history::catch_up(&app.db, &fleet, stop)?;
    if *stop.borrow() {
        return Ok(None);
    }
    let facts = match found {
        Some(facts) => facts.at(&app.site),
        None => accounts::open(app, &organizations, &file)?,
    };
    // Where the server is may be new, even if nothing else is.
    facts.write(&file)?;
    Ok(Some(Demo { facts, fleet }))
}

/// Reads the facts of a database that has people in it.
fn recover(app: &App, file: &Path) -> anyhow::Result<Facts> {
    let advice = "The passwords and keys of this demo are nowhere else: restore the file, or start afresh in an \
                  empty directory. (A directory that `bluesonde serve` made is no demo.)";
    let facts = match Facts::read(file) {
        Ok(facts) => facts,
        Err(error) => bail!("{error:#}, but the database beside it has accounts. {advice}"),
    };
    let ids: Vec<OrganizationId> = facts.organizations.iter().map(|found| found.id.clone()).collect();
    let known = app.db.read_blocking(|tx| {
        let found = ids.iter().map(|id| organization::find(tx, id)).collect::<model::Result<Vec<_>>>()?;
        Ok::<_, model::Error>(!found.is_empty() && found.iter().all(Option::is_some))
    })?;
    if !known {
        bail!(
            "{} speaks of organizations that the database beside it doesn't have. {advice}",
            file.display()
        );
    }
    Ok(facts)
}
