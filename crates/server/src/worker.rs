//! What is done beside the requests: sealing the audit log, writing down when credentials were used, sweeping what is
//! over, sending mails.

pub mod mail;

use std::time::Duration;

use tokio::sync::watch;

use model::audit::seal::{self, Step};
use model::{application, sweep};

use crate::app::App;

const NOTE_EVERY: Duration = Duration::from_secs(10);
const SWEEP_EVERY: Duration = Duration::from_secs(60);
const SEAL_EVERY: Duration = Duration::from_millis(500);
/// The head of the audit log goes into the server's own log, so that it is known outside of the database.
const TELL_HEAD_EVERY: Duration = Duration::from_secs(60 * 60);
const MAIL_EVERY: Duration = Duration::from_secs(1);

/// Works until `stop` turns true, and once more then.
pub async fn run(app: App, stop: watch::Receiver<bool>) {
    // A mail server that is slow holds up the mails and nothing else.
    tokio::join!(send_mails(app.clone(), stop.clone()), keep_house(app, stop));
}

/// A mail that is under way when `stop` turns true stays claimed, and is sent again after the next start.
async fn send_mails(app: App, mut stop: watch::Receiver<bool>) {
    let mut post = tokio::time::interval(MAIL_EVERY);
    loop {
        tokio::select! {
            () = async { post.tick().await; mail::send_due(&app).await } => {}
            _changed = stop.changed() => break,
        }
    }
}

async fn keep_house(app: App, mut stop: watch::Receiver<bool>) {
    let mut note = tokio::time::interval(NOTE_EVERY);
    let mut tidy = tokio::time::interval(SWEEP_EVERY);
    let mut sealing = tokio::time::interval(SEAL_EVERY);
    let mut telling = tokio::time::interval(TELL_HEAD_EVERY);
    loop {
        tokio::select! {
            _ = sealing.tick() => seal(&app).await,
            _ = telling.tick() => tell_head(&app).await,
            _ = note.tick() => write_uses(&app).await,
            _ = tidy.tick() => sweep_up(&app).await,
            _changed = stop.changed() => break,
        }
    }
    write_uses(&app).await;
    seal(&app).await;
    let holder = app.node.clone();
    if let Err(error) = app.db.write(move |tx| seal::release(tx, &holder)).await {
        tracing::warn!(%error, "the lease on the audit log was not released");
    }
    tell_head(&app).await;
}

/// Seals the entries of the audit log that wait for it. If that fails they wait on, and nothing is lost.
pub async fn seal(app: &App) {
    let failed = |error: model::Error| tracing::warn!(%error, "the audit log was not sealed");
    // Mostly there is nothing, and then nothing is written.
    match app.db.read(seal::is_due).await {
        Ok(true) => {}
        Ok(false) => return,
        Err(error) => return failed(error),
    }
    loop {
        let holder = app.node.clone();
        match app.db.write(move |tx| seal::some(tx, &holder)).await {
            Ok(Step::More(_)) => {}
            Ok(Step::Done(_) | Step::Elsewhere) => return,
            Err(error) => return failed(error),
        }
    }
}

async fn tell_head(app: &App) {
    match app.db.read(seal::head).await {
        Ok(head) => tracing::info!(%head, "audit log"),
        Err(error) => tracing::warn!(%error, "the head of the audit log was not read"),
    }
}

/// Writes the uses gathered since the last time.
pub async fn write_uses(app: &App) {
    let (uses, secrets) = (app.callers.take_uses(), app.callers.take_secrets());
    if uses.is_empty() && secrets.is_empty() {
        return;
    }
    let noted = app.db.write(move |tx| {
        for (secret, at) in &secrets {
            application::note_secret_use(tx, secret, *at)?;
        }
        model::caller::note_uses(tx, &uses)
    });
    if let Err(error) = noted.await {
        tracing::warn!(%error, "the last uses of some credentials were not noted");
    }
}

/// Deletes what has expired, a bounded number of rows at a time, until nothing is left to delete.
pub async fn sweep_up(app: &App) {
    app.throttle.tidy();
    loop {
        match app.db.write(sweep::some).await {
            Ok(0) => return,
            Ok(rows) => tracing::debug!(rows, "swept"),
            Err(error) => {
                tracing::warn!(%error, "the sweep did not finish");
                return;
            }
        }
    }
}
