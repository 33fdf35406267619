//! Listening, serving and stopping.
//!
//! A connection that finds no room is closed, and one that does has ten seconds to send its headers. On SIGTERM (or Ctrl-C) nothing new is accepted, what runs
//! may finish for thirty seconds, and a second signal ends at once.

pub mod control;
pub mod room;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;
use tower::Service;

use crate::app::App;
use crate::http::edge::Peer;

use room::{Place, Room};

const HEADER_TIME: Duration = Duration::from_secs(10);
/// How long the other side may take nothing of an answer.
const WRITE_TIME: Duration = Duration::from_secs(30);
const DRAIN_TIME: Duration = Duration::from_secs(30);
/// After accept fails (no descriptors left, say), wait for some to come free.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves `router` until `stop` turns true, then lets running requests finish.
pub async fn serve(listener: TcpListener, router: Router, room: Room, mut stop: watch::Receiver<bool>) {
    // HTTP/1 alone, as reverse proxies speak it: telling it from HTTP/2 would mean to wait, without a limit, for the
    // first byte of a connection that says nothing.
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIME);
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _changed = stop.changed() => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(place) = room.enter(peer.ip()) {
                    spawn_connection(&builder, &graceful, (stream, peer), place, &router);
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish within {} seconds", DRAIN_TIME.as_secs());
    }
}

fn spawn_connection(
    builder: &Builder<TokioExecutor>,
    graceful: &GracefulShutdown,
    (stream, peer): (TcpStream, SocketAddr),
    place: Place,
    router: &Router,
) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let router = router.clone();
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        let mut router = router.clone();
        async move { router.call(request).await }
    });
    // Who asks and never reads must not keep a place.
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(WRITE_TIME));
    let connection = builder.serve_connection(TokioIo::new(Box::pin(stream)), service).into_owned();
    let watched = graceful.watch(connection);
    tokio::spawn(async move {
        let _place = place;
        if let Err(error) = watched.await {
            tracing::debug!(%error, "a connection ended early");
        }
    });
}

/// A receiver that turns true with the first SIGTERM or SIGINT; the second ends the process.
pub fn stop_signal() -> io::Result<watch::Receiver<bool>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (sender, receiver) = watch::channel(false);
    tokio::spawn(async move {
        for round in 0..2 {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if round == 0 {
                tracing::info!("stopping; running requests may finish");
                sender.send_replace(true);
            } else {
                tracing::warn!("second signal: ending at once");
                std::process::exit(1);
            }
        }
    });
    Ok(receiver)
}

/// Health and metrics, for the operator's own listener.
pub fn operator_router(app: App) -> Router {
    let metrics = app.clone();
    Router::new()
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(async move || ready(&app).await))
        .route(
            "/metrics",
            get(async move || {
                let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
                ([("content-type", kind)], metrics.metrics.encode())
            }),
        )
}

async fn ready(app: &App) -> (StatusCode, &'static str) {
    if !app.db.is_healthy() {
        return (StatusCode::SERVICE_UNAVAILABLE, "the last write did not reach the disk\n");
    }
    match app.db.read(model::person::any).await {
        Ok(_) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
