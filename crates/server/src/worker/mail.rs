//! Mails go out, a few at a time.

use zeroize::Zeroizing;

use model::mail::{self, Due, Link, Outcome};
use model::password_reset;

use crate::app::App;
use crate::http::reset;
use crate::mail::Letter;

/// Mails that are claimed at once: all of them fit into the time for which they are left to us.
const BATCH: u32 = 10;

/// Sends what is due, until nothing is left.
pub async fn send_due(app: &App) {
    if !app.mail.works() {
        return;
    }
    loop {
        match send_some(app).await {
            Ok(0) => return,
            Ok(mails) => tracing::debug!(mails, "tried to send"),
            Err(error) => {
                tracing::warn!(%error, "mails could not be sent");
                return;
            }
        }
    }
}

async fn send_some(app: &App) -> model::Result<usize> {
    if !app.db.read(mail::is_any_due).await? {
        return Ok(0);
    }
    let due = app.db.write(|tx| mail::claim(tx, BATCH)).await?;
    let count = due.len();
    for one in due {
        let outcome = send(app, &one).await?;
        if let Outcome::Failed(reason) | Outcome::Impossible(reason) = &outcome {
            tracing::warn!(mail = %one.id, reason, "a mail was not sent");
        }
        app.db.write(move |tx| mail::settle(tx, &one.id, &outcome)).await?;
    }
    Ok(count)
}

async fn send(app: &App, due: &Due) -> model::Result<Outcome> {
    let mut text = Zeroizing::new(due.text.clone());
    if let Some(link) = &due.link {
        let Some(url) = address(app, link).await? else { return Ok(Outcome::Dropped) };
        text.push_str("\n\n");
        text.push_str(&url);
    }
    text.push('\n');
    let letter = Letter { id: &due.id, to: &due.to, subject: &due.subject, text, at: app.db.clock().now() };
    Ok(app.mail.send(letter).await)
}

/// The link's address, always under the public URL; none if nobody should have it any more.
async fn address(app: &App, link: &Link) -> model::Result<Option<Zeroizing<String>>> {
    let Link::PasswordReset(id) = link;
    let asked = id.clone();
    if !app.db.write(move |tx| password_reset::has_addressee(tx, &asked)).await? {
        return Ok(None);
    }
    Ok(Some(Zeroizing::new(format!("{}{}", app.site.public_url, reset::path(&app.mint, id).as_str()))))
}
