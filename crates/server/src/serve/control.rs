//! The control socket: how the command line reaches a server that has the database for itself.
//!
//! A Unix socket in the data directory (mode 0600). Whoever can open it could as well read the database's file,
//! so it asks for no credential; nothing of it is reachable over the network.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use tokio::net::UnixListener;
use tokio::sync::watch;

use super::DRAIN_TIME;
use crate::app::App;
use crate::import::{self, Order, Report};

/// Where a server with this data directory listens.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("control.sock")
}

/// The path of an NDBC import: [`Order`] as the query, the file as the body, [`Report`] as the answer.
pub const IMPORT_NDBC: &str = "/import/ndbc";

/// A socket that is removed when it is no longer served.
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Listens in place of a server that ended without cleaning up. Only for the process that has the database.
    pub fn bind(data_dir: &Path) -> io::Result<Self> {
        let path = path(data_dir);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { listener, path })
    }

    /// Serves until `stop` turns true, then lets a running import finish.
    pub async fn serve(self, router: Router, mut stop: watch::Receiver<bool>) {
        let mut stopping = stop.clone();
        let drained = axum::serve(self.listener, router).with_graceful_shutdown(async move {
            let _stopped_or_gone = stop.changed().await;
        });
        let overdue = async move {
            let _stopped_or_gone = stopping.changed().await;
            tokio::time::sleep(DRAIN_TIME).await;
        };
        tokio::select! {
            _ended = drained => {}
            () = overdue => tracing::warn!("an import did not finish in time"),
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "the control socket was not removed");
        }
    }
}

/// What can be asked of a running server from the same machine.
pub fn router(app: App) -> Router {
    let limit = usize::try_from(import::MAX_FILE).unwrap_or(usize::MAX);
    Router::new().route(IMPORT_NDBC, post(import_ndbc).layer(DefaultBodyLimit::max(limit))).with_state(app)
}

async fn import_ndbc(
    State(app): State<App>,
    Query(order): Query<Order>,
    text: String,
) -> Result<Json<Report>, (StatusCode, String)> {
    let imported = tokio::task::spawn_blocking(move || import::ndbc(&app.db, &order, &text)).await;
    match imported {
        Ok(Ok(report)) => Ok(Json(report)),
        Ok(Err(error @ model::Error::Invalid(_))) => {
            Err((StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "an import failed");
            Err((StatusCode::INTERNAL_SERVER_ERROR, format!("the server could not import it: {error}")))
        }
        Err(error) => {
            tracing::error!(%error, "an import panicked");
            Err((StatusCode::INTERNAL_SERVER_ERROR, "the server could not import it; see its log".to_owned()))
        }
    }
}
