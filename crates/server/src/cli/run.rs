//! Starting the server.

use std::fs::DirBuilder;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use db::{Clock, Db};
use model::setup;
use rules::secret::Mint;

use crate::app::App;
use crate::config::{Config, Flags};
use crate::mail::Postman;
use crate::serve::control::Control;
use crate::serve::room::Room;
use crate::{http, pepper, serve as net, worker};

pub(super) fn serve(flags: &Flags) -> anyhow::Result<()> {
    let config = Config::load(flags)?;
    let app = open(&config)?;
    let mint = app.mint.clone();
    let link = app.db.write_blocking(move |tx| setup::offer(tx, &mint))?;
    runtime()?.block_on(async {
        let stop = net::stop_signal()?;
        let listeners = Listeners::bind(&config).await?;
        super::print(&format!("Bluesonde is at {}", config.site.public_url))?;
        if let Some(link) = link {
            super::print(&format!(
                "Nobody has an account yet. Open this link, once, to make the first organization and its Owner:\n  \
                 {}/setup?token={}",
                config.site.public_url,
                link.expose()
            ))?;
        }
        listeners.serve(app, stop).await
    })
}

/// Opens (or makes) what a data directory holds.
pub(super) fn open(config: &Config) -> anyhow::Result<App> {
    make_private(&config.data_dir)?;
    let database = config.database();
    let pepper = pepper::open(&config.pepper_file, &database)?;
    let db = Db::open(&database, &model::migrations(), Clock::System)?;
    tracing::info!(
        database = %database.display(),
        pepper = %config.pepper_file.display(),
        sqlite = Db::engine_version(),
        "opened"
    );
    db.write_blocking(model::vocabulary::seed)?;
    let mint = Mint { format: config.format.clone(), pepper };
    let postman = Postman::new(&config.mail)?;
    Ok(App::with_limits(db, mint, (config.site.clone(), postman), config.limits))
}

/// A directory that nobody else can look into.
fn make_private(path: &Path) -> anyhow::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the data directory {}", path.display()))
}

pub(super) fn runtime() -> anyhow::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("cannot start the runtime")
}

/// Both listeners, bound before anything is promised.
pub(super) struct Listeners {
    public: TcpListener,
    operator: TcpListener,
    data_dir: PathBuf,
}

impl Listeners {
    pub(super) async fn bind(config: &Config) -> anyhow::Result<Self> {
        let data_dir = config.data_dir.clone();
        Ok(Self {
            public: bind(config.listen).await?,
            operator: bind(config.metrics_listen).await?,
            data_dir,
        })
    }

    /// Where requests come in; says which port it became if any would do.
    pub(super) fn address(&self) -> anyhow::Result<SocketAddr> {
        self.public.local_addr().context("the listener has no address")
    }

    /// Serves until `stop` turns true, and returns when all is written.
    pub(super) async fn serve(self, app: App, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let working = tokio::spawn(worker::run(app.clone(), stop.clone()));
        let control = control(&self.data_dir, app.clone(), stop.clone());
        let operator_router = net::operator_router(app.clone());
        let operator = net::serve(self.operator, operator_router, Room::operator(), stop.clone());
        let room = Room::public(&app.site.trusted_proxies);
        let public = net::serve(self.public, http::router(app), room, stop);
        tokio::join!(public, operator, control);
        working.await.context("the worker ended early")?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Listens on the control socket at once, and serves it when polled. A server can do without: it only is the
/// command line that then asks to stop it first.
fn control(data_dir: &Path, app: App, stop: watch::Receiver<bool>) -> impl Future<Output = ()> + use<> {
    let control = Control::bind(data_dir);
    if let Err(error) = &control {
        tracing::warn!(%error, "no control socket: imports need the server to be stopped");
    }
    async move {
        if let Ok(control) = control {
            control.serve(net::control::router(app), stop).await;
        }
    }
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}
