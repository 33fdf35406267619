//! What is done beside the requests: writing down when credentials were used, sweeping what is over, sending mails.

pub mod mail;

use std::time::Duration;

use tokio::sync::watch;

use model::{application, sweep};

use crate::app::App;

const NOTE_EVERY: Duration = Duration::from_secs(10);
const SWEEP_EVERY: Duration = Duration::from_secs(60);
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
    loop {
        tokio::select! {
            _ = note.tick() => write_uses(&app).await,
            _ = tidy.tick() => sweep_up(&app).await,
            _changed = stop.changed() => break,
        }
    }
    write_uses(&app).await;
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
