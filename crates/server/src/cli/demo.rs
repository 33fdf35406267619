//! `bluesonde demo`: a server to try things with.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use clap::Args;

use rules::role::Role;

use super::run::{self, Listeners};
use crate::config::{Config, Flags};
use crate::demo::{self, Demo, facts};
use crate::serve as net;

#[derive(Debug, Args)]
pub(super) struct DemoFlags {
    /// Address and port to listen on; port 0 takes a free one.
    #[arg(long, env = "BLUESONDE_LISTEN", value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where the demo keeps its data; made if absent, and the same demo again if not.
    #[arg(long, env = "BLUESONDE_DATA_DIR", value_name = "DIR", default_value = "bluesonde-demo")]
    data_dir: PathBuf,
    /// Address and port for metrics and health; a free port unless told otherwise.
    #[arg(
        long,
        env = "BLUESONDE_METRICS_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:0"
    )]
    metrics_listen: SocketAddr,
}

impl DemoFlags {
    fn at(&self, listen: SocketAddr) -> Flags {
        Flags {
            data_dir: Some(self.data_dir.clone()),
            listen: Some(listen),
            metrics_listen: Some(self.metrics_listen),
            // It is there to be tried out and measured: nobody is to be held back.
            rate_limit: NonZeroU32::new(1_000_000),
            rate_limit_burst: NonZeroU32::new(10_000_000),
            organization_rate_limit: NonZeroU32::new(2_000_000),
            organization_rate_limit_burst: NonZeroU32::new(20_000_000),
            mail_dir: Some(self.data_dir.join("mail")),
            ..Flags::default()
        }
    }
}

/// Connections are taken from the start and answered once everything is there, so that whoever reads `demo.json`
/// finds a server behind it.
pub(super) fn demo(flags: &DemoFlags) -> anyhow::Result<()> {
    let runtime = run::runtime()?;
    let wanted = Config::load(&flags.at(flags.listen))?;
    let stop = runtime.block_on(async { net::stop_signal() })?;
    let listeners = runtime.block_on(Listeners::bind(&wanted))?;
    let config = Config::load(&flags.at(listeners.address()?))?;
    let app = run::open(&config)?;
    let Some(Demo { facts, fleet }) = demo::prepare(&app, &config.data_dir, &stop)? else {
        return Ok(());
    };
    super::print(&welcome(&facts, &config.data_dir))?;
    runtime.block_on(async {
        let live = tokio::spawn(demo::report(app.clone(), fleet, stop.clone()));
        listeners.serve(app, stop).await?;
        Ok(live.await?)
    })
}

/// How to sign in, and three lines to copy.
fn welcome(facts: &facts::Facts, data_dir: &Path) -> String {
    let mut text = format!("The Bluesonde demo is at {}\n", facts.issuer);
    if let Some(organization) = facts.organizations.first() {
        text += &sign_in(&facts.issuer, organization);
        text += &requests(&facts.api, organization);
    }
    let file = demo::facts_file(data_dir);
    text += &format!(
        "\nEverybody and everything else that opens it is in {}, and the mails that it would send are in {}.\n\
         Ctrl-C stops it; on the same directory it goes on where it was.",
        file.display(),
        data_dir.join("mail").display()
    );
    text
}

fn sign_in(issuer: &str, organization: &facts::Organization) -> String {
    let admin = organization.users.iter().find(|user| user.role == Role::OrganizationAdmin.name());
    let Some(admin) = admin else { return String::new() };
    format!(
        "\nSign in at {issuer}/login as {} of {}:\n  e-mail    {}\n  password  {}\n",
        admin.role, organization.name, admin.email, admin.password
    )
}

fn requests(api: &str, organization: &facts::Organization) -> String {
    let Some(key) = organization.api_keys.first() else { return String::new() };
    let lines = ["me", "devices", "observations/latest?observed_property_id=water_temperature"]
        .map(|path| format!("  curl -s -H \"Authorization: Bearer {}\" \"{api}/{path}\"\n", key.key));
    format!("\nOr ask the API, with a key that reads the fleet:\n{}", lines.concat())
}
