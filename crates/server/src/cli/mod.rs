//! The command line: data on stdout, messages on stderr, exit status 0, 1, 2 (usage) or 78 (configuration).

mod audit;
mod config;
mod demo;
mod import;
mod run;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use tracing_subscriber::EnvFilter;

use crate::config::{BadConfig, Flags};

/// `EX_CONFIG` of sysexits.h.
const BAD_CONFIGURATION: u8 = 78;

/// Access to the data of water-quality buoys: API keys, OAuth 2.0, consent and the data API in one program.
#[derive(Debug, Parser)]
#[command(name = "bluesonde", version, after_help = EXAMPLES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How much to log: error, warn, info, debug, trace, or per module as in `db=debug,info`.
    #[arg(
        long,
        global = true,
        env = "BLUESONDE_LOG",
        default_value = "info,refinery_core=warn",
        value_name = "FILTER"
    )]
    log: String,
    /// Log lines as JSON.
    #[arg(long, global = true, env = "BLUESONDE_LOG_JSON")]
    log_json: bool,
}

const EXAMPLES: &str = "Examples:
  bluesonde demo                                   a server with a fleet, to try things out
  bluesonde serve --data-dir /var/lib/bluesonde    the real thing; prints a set-up link at the first start
  bluesonde config default > bluesonde.toml        every setting, explained
  bluesonde openapi > openapi.json                 the data API, described";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    #[command(
        after_help = "Example: bluesonde serve --data-dir /var/lib/bluesonde --public-url https://auth.example.org \
        --listen 0.0.0.0:8080 --trusted-proxies 10.0.0.5/32"
    )]
    Serve(Flags),
    /// Run a server to try things with: two organizations, their buoys, weeks of data and live readings.
    #[command(after_help = "Example: bluesonde demo --listen 127.0.0.1:8081 --data-dir /tmp/another-demo")]
    Demo(demo::DemoFlags),
    /// Bring in observations from files, while a server runs or not.
    #[command(subcommand)]
    Import(import::Command),
    /// Look at the audit log, while a server runs or not.
    #[command(subcommand)]
    Audit(audit::Command),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Print the OpenAPI document of the data API.
    Openapi(Flags),
    /// Print shell completions.
    #[command(after_help = "Example: bluesonde completions bash > /etc/bash_completion.d/bluesonde")]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(error) = start_log(&cli) {
        complain(&error);
        return ExitCode::from(BAD_CONFIGURATION);
    }
    let done = match cli.command {
        Command::Serve(flags) => run::serve(&flags),
        Command::Demo(flags) => demo::demo(&flags),
        Command::Import(command) => import::run(&command),
        Command::Audit(command) => audit::run(&command),
        Command::Config(command) => config::run(&command),
        Command::Openapi(flags) => config::openapi(&flags),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "bluesonde", &mut io::stdout());
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            let configuration = error.chain().any(|cause| cause.is::<BadConfig>());
            ExitCode::from(if configuration { BAD_CONFIGURATION } else { 1 })
        }
    }
}

fn start_log(cli: &Cli) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&cli.log)?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    if cli.log_json {
        log.json().init()
    } else {
        log.init()
    }
    Ok(())
}

/// A message for the person at the terminal. If even stderr is gone there is nobody left to tell.
fn complain(error: &anyhow::Error) {
    let _nobody_listens = writeln!(io::stderr(), "bluesonde: {error:#}");
}

/// A message for the person at the terminal.
fn say(text: &str) {
    let _nobody_listens = writeln!(io::stderr(), "{text}");
}

/// Data for stdout.
fn print(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}
