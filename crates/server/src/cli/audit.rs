//! `bluesonde audit`: whether the audit log is still what was written.
//!
//! The database is read beside whatever server has it open, and nothing is asked of that server: a check must not
//! rest on the word of what it checks.

use std::fmt::Write;

use anyhow::bail;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use db::{Clock, Db};
use model::audit::seal::{self, Verified};
use rules::audit_chain::Head;

use crate::config::{Config, Flags};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Walk along the chain of the audit log and name the first entry that does not fit: changed, removed or inserted.
    #[command(
        after_help = "The exit status is 0 if all fits and 1 if not. The server logs the head of the chain every hour, \
        as in `audit log head=1234:5f0c…`. Give one from a log that is kept elsewhere, and a chain that was cut short \
        or computed anew is found out too.\n\n\
        Example: bluesonde audit verify --data-dir /var/lib/bluesonde"
    )]
    Verify(Verify),
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// A head of the chain that the server logged.
    #[arg(long, value_name = "POSITION:HASH")]
    head: Option<Head>,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Verify(verify) = command;
    let database = Config::load(&verify.flags)?.database();
    if !database.exists() {
        bail!("there is no database {}: name the server's directory with --data-dir", database.display());
    }
    let found = Db::inspect(&database, &Clock::System, |tx| seal::verify(tx, verify.head))?;
    super::print(&if verify.json {
        serde_json::to_string_pretty(&as_json(&found))?
    } else {
        table(&found)?
    })?;
    match found.misfit {
        None => Ok(()),
        Some(misfit) => bail!("the audit log does not fit from position {} on", misfit.position),
    }
}

fn as_json(found: &Verified) -> Value {
    let misfit = found
        .misfit
        .as_ref()
        .map(|misfit| json!({"position": misfit.position, "id": misfit.id, "problem": misfit.problem}));
    json!({
        "sealed": found.head.position,
        "hash": found.head.hash.to_string(),
        "unsealed": found.unsealed,
        "misfit": misfit,
    })
}

fn table(found: &Verified) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "fits up to  {}", found.head)?;
    writeln!(text, "unsealed    {}", found.unsealed)?;
    match &found.misfit {
        None => write!(text, "misfit      none")?,
        Some(misfit) => {
            let id = misfit.id.as_ref().map_or("no entry", |id| id.as_str());
            write!(text, "misfit      position {} ({id}): {}", misfit.position, misfit.problem)?;
        }
    }
    Ok(text)
}
