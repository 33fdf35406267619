//! What is over, and when it goes.
//!
//! Codes and refresh tokens stay as long as their line, and a day longer, because coming back is how theft shows. Revoked keys and grants stay: people look for them in the lists.

use jiff::SignedDuration;

use crate::{Result, Tx, attempt, mail};
use db::params;

/// Rows that one transaction deletes of each kind, so that no request waits behind it.
const STEP: u32 = 500;
/// How long what has ended stays for those who ask why.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// In an order in which nothing is left pointing at nothing. Each takes the limit of time and the number of rows.
const STATEMENTS: [&str; 6] = [
    "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < ?1 LIMIT ?2)",
    "DELETE FROM sign_in_step WHERE token_hash IN (
         SELECT token_hash FROM sign_in_step WHERE expires_at < ?1 LIMIT ?2)",
    "DELETE FROM password_reset WHERE id IN (SELECT id FROM password_reset WHERE expires_at < ?1 LIMIT ?2)",
    "DELETE FROM access_token WHERE token_hash IN (
         SELECT token_hash FROM access_token WHERE expires_at < ?1 LIMIT ?2)",
    "DELETE FROM refresh_token WHERE token_hash IN (
         SELECT refresh_token.token_hash FROM token_family
         JOIN refresh_token ON refresh_token.family_id = token_family.id
         WHERE token_family.expires_at < ?1 LIMIT ?2)",
    "DELETE FROM authorization_code WHERE code_hash IN (
         SELECT authorization_code.code_hash FROM token_family
         JOIN authorization_code ON authorization_code.family_id = token_family.id
         WHERE token_family.expires_at < ?1 LIMIT ?2)",
];

/// What failed is kept for a week.
const ATTEMPTS: &str = "DELETE FROM oauth_attempt WHERE id IN (
     SELECT id FROM oauth_attempt WHERE happened_at < ?1 LIMIT ?2)";

/// A week is enough to ask whether a mail went out.
const MAILS: &str = "DELETE FROM mail WHERE id IN (SELECT id FROM mail WHERE created_at < ?1 LIMIT ?2)";
/// An invitation says for a month why it does not open any more; then the address that nobody came from goes.
const INVITATIONS: &str = "DELETE FROM invitation WHERE id IN (
     SELECT id FROM invitation WHERE expires_at < ?1 LIMIT ?2)";
/// How long that is.
const INVITATIONS_KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Families of which nothing is left; they name the consents that may be of no use any more.
const FAMILIES: &str = "DELETE FROM token_family WHERE id IN (
         SELECT id FROM token_family WHERE expires_at < ?1
           AND NOT EXISTS (SELECT 1 FROM access_token WHERE access_token.family_id = token_family.id)
           AND NOT EXISTS (SELECT 1 FROM refresh_token WHERE refresh_token.family_id = token_family.id)
           AND NOT EXISTS (SELECT 1 FROM authorization_code WHERE authorization_code.family_id = token_family.id)
         LIMIT ?2)
     RETURNING consent_id";

/// A consent that no family hangs on. A grant's latest stays: it is what the person sees, and may be remembered.
const CONSENT: &str = "DELETE FROM consent
     WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM token_family WHERE consent_id = ?1)
       AND NOT EXISTS (SELECT 1 FROM oauth_grant WHERE oauth_grant.id = consent.grant_id AND consent_id = ?1)";

/// Anybody can leave these behind, so they go as soon as they are over.
const REQUESTS: &str = "DELETE FROM authorization_request WHERE id IN (
     SELECT id FROM authorization_request WHERE expires_at < ?1 LIMIT ?2)";

/// Deletes some of what is over and gives the number of rows; 0 means nothing is left.
pub fn some(tx: &mut Tx<'_>) -> Result<usize> {
    let now = tx.now();
    let limit = now - KEPT;
    let mut rows = tx.execute(REQUESTS, params![now, STEP])?;
    for statement in STATEMENTS {
        rows += tx.execute(statement, params![limit, STEP])?;
    }
    rows += tx.execute(ATTEMPTS, params![now - attempt::KEPT, STEP])?;
    rows += mail::give_up(tx)?;
    rows += tx.execute(MAILS, params![now - mail::KEPT, STEP])?;
    rows += tx.execute(INVITATIONS, params![now - INVITATIONS_KEPT, STEP])?;
    let consents: Vec<Option<String>> = tx.all(FAMILIES, params![limit, STEP], |row| row.get(0))?;
    for consent in consents.iter().flatten() {
        if tx.execute(CONSENT, params![consent])? == 1 {
            tx.execute("DELETE FROM device_choice WHERE holder_id = ?1", params![consent])?;
        }
    }
    Ok(rows + consents.len())
}
