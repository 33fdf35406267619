//! `bluesonde import`: files into an organization's devices, whether or not a server is running.
//!
//! One process has the database. If that is a server, it is asked through its control socket; if none answers
//! there, the import opens the database itself.

use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use http_body_util::BodyExt;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::net::UnixStream;

use db::{Clock, Db};

use super::run;
use crate::config::{Config, Flags};
use crate::import::{self, MAX_FILE, Order, Report};
use crate::serve::control;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Import a station's file from NDBC: .ocean, or standard meteorological data.
    #[command(
        after_help = "The file's rows become observations of a device with the station's name as serial number. \
        Importing again stores only what is new; a value that contradicts a stored one is counted and left out.\n\n\
        Example: bluesonde import ndbc data/ndbc/44013.txt --data-dir bluesonde-demo"
    )]
    Ndbc(Ndbc),
}

#[derive(Debug, Args)]
pub(super) struct Ndbc {
    /// The file.
    file: PathBuf,
    /// The station's name (default: the file's name up to the dot).
    #[arg(long, value_name = "NAME")]
    station: Option<String>,
    /// The id of the organization that gets the data (default: the oldest one).
    #[arg(long, value_name = "ID")]
    organization: Option<String>,
    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    flags: Flags,
}

pub(super) fn run(command: &Command) -> anyhow::Result<()> {
    let Command::Ndbc(ndbc) = command;
    let config = Config::load(&ndbc.flags)?;
    let text = read(&ndbc.file)?;
    let order = Order { station: ndbc.station()?, organization: ndbc.organization.clone() };
    let report = match ask_server(&control::path(&config.data_dir), &order, &text)? {
        Some(report) => report,
        None => import::ndbc(&open(&config)?, &order, &text)?,
    };
    let printed = Printed { file: ndbc.file.display().to_string(), report };
    super::print(&if ndbc.json { serde_json::to_string_pretty(&printed)? } else { table(&printed)? })
}

impl Ndbc {
    fn station(&self) -> anyhow::Result<String> {
        let stem = || self.file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        self.station.clone().or_else(stem).context("name the station with --station")
    }
}

fn read(file: &Path) -> anyhow::Result<String> {
    let explain = || format!("cannot read {}", file.display());
    let length = fs::metadata(file).with_context(explain)?.len();
    if length > MAX_FILE {
        bail!("{} has {length} bytes; the most that is taken is {MAX_FILE}", file.display());
    }
    fs::read_to_string(file).with_context(explain)
}

/// The database, for this process alone. None is made: a mistyped directory must not become an empty server.
fn open(config: &Config) -> anyhow::Result<Db> {
    let database = config.database();
    if !database.exists() {
        bail!("there is no database {}: name the server's directory with --data-dir", database.display());
    }
    let db = Db::open(&database, &model::migrations(), Clock::System)?;
    db.write_blocking(model::vocabulary::seed)?;
    Ok(db)
}

/// Has a running server import the text. None if no server listens there.
fn ask_server(socket: &Path, order: &Order, text: &str) -> anyhow::Result<Option<Report>> {
    run::runtime()?.block_on(async {
        let stream = match UnixStream::connect(socket).await {
            Ok(stream) => stream,
            Err(error) if nobody_listens(&error) => return Ok(None),
            Err(error) => return Err(error).with_context(|| format!("cannot reach {}", socket.display())),
        };
        post(stream, order, text.to_owned()).await.map(Some)
    })
}

fn nobody_listens(error: &io::Error) -> bool {
    // The last is a path that is too long for a socket, so that no server can listen there either.
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused | io::ErrorKind::InvalidInput
    )
}

async fn post(stream: UnixStream, order: &Order, text: String) -> anyhow::Result<Report> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("station", &order.station);
    query.extend_pairs(order.organization.iter().map(|id| ("organization", id)));
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = hyper::Request::post(format!("{}?{}", control::IMPORT_NDBC, query.finish()))
        .header("host", "localhost")
        .body(text)?;
    let response = sender.send_request(request).await.context("the server went away")?;
    let status = response.status();
    let body = response.into_body().collect().await.context("the server went away")?.to_bytes();
    if !status.is_success() {
        bail!("{}", String::from_utf8_lossy(&body));
    }
    Ok(serde_json::from_slice(&body)?)
}

#[derive(Serialize)]
struct Printed {
    file: String,
    #[serde(flatten)]
    report: Report,
}

fn table(printed: &Printed) -> Result<String, std::fmt::Error> {
    let Printed { file, report: Report { organization, station, device_id, counted } } = printed;
    let mut text = String::new();
    writeln!(text, "file                {file}")?;
    writeln!(text, "organization        {} ({})", organization.name, organization.id)?;
    writeln!(text, "device              {station} ({device_id})")?;
    writeln!(text, "rows read           {}", counted.rows_read)?;
    writeln!(text, "rows refused        {}", counted.rows_refused)?;
    list(&mut text, &counted.refusals, counted.rows_refused)?;
    writeln!(text, "values stored       {}", counted.values_stored)?;
    writeln!(text, "values unchanged    {}", counted.values_unchanged)?;
    writeln!(text, "values missing      {}", counted.values_missing)?;
    writeln!(text, "values conflicting  {}", counted.values_conflicting)?;
    list(&mut text, &counted.conflicts, counted.values_conflicting)?;
    let ignored =
        if counted.ignored_columns.is_empty() { "none" } else { &counted.ignored_columns.join(" ") };
    write!(text, "ignored columns     {ignored}")?;
    Ok(text)
}

/// The first of what went wrong, in words, and how many more there are.
fn list(text: &mut String, named: &[String], count: usize) -> std::fmt::Result {
    for line in named {
        writeln!(text, "  {line}")?;
    }
    match count.saturating_sub(named.len()) {
        0 => Ok(()),
        more => writeln!(text, "  and {more} more"),
    }
}
