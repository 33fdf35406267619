//! The first start of a server: an empty database, and a link that opens once.

use rules::role::Role;
use rules::secret::{Hashed, Mint, Mode, Plaintext, SessionToken, SetupToken};

use crate::audit::Actor;
use crate::person::{self, NewPerson};
use crate::session::{self, Visitor};
use crate::{Error, Result, Tx, organization};
use db::params;

/// The first organization and the person who owns it and runs the platform.
pub struct First {
    /// The organization's name.
    pub organization: String,
    /// Its Owner.
    pub owner: NewPerson,
}

/// A new link, in place of any earlier one; none once somebody has an account.
pub fn offer(tx: &mut Tx<'_>, mint: &Mint) -> Result<Option<Plaintext<SetupToken>>> {
    tx.execute("DELETE FROM setup_link", params![])?;
    if person::any(tx)? {
        return Ok(None);
    }
    let (token, hash) = mint.coin::<SetupToken>(tx.random()?);
    let now = tx.now();
    tx.execute(
        "INSERT INTO setup_link (token_hash, created_at) VALUES (?1, ?2)",
        params![hash.as_bytes(), now],
    )?;
    Ok(Some(token))
}

/// Whether the link still opens.
pub fn is_open(tx: &mut Tx<'_>, link: Hashed<SetupToken>) -> Result<bool> {
    let sql = "SELECT 1 FROM setup_link WHERE token_hash = ?1";
    Ok(tx.optional(sql, params![link.as_bytes()], |_| Ok(()))?.is_some())
}

/// Uses the link up: makes the organization, its Owner, and the Owner the platform's operator, signed in.
pub fn finish(
    tx: &mut Tx<'_>,
    mint: &Mint,
    link: Hashed<SetupToken>,
    first: &First,
    visitor: &Visitor,
) -> Result<Plaintext<SessionToken>> {
    let used = tx.execute("DELETE FROM setup_link WHERE token_hash = ?1", params![link.as_bytes()])?;
    if used == 0 || person::any(tx)? {
        return Err(Error::NotFound);
    }
    let actor = Actor { who: "set-up".to_owned(), address: visitor.address.clone() };
    let organization = organization::create(tx, &actor, &first.organization, Mode::Live)?;
    let owner = person::create(tx, &actor, &first.owner)?;
    organization::add_member(tx, &organization.id, &owner.id, Role::Owner)?;
    person::make_operator(tx, &owner.id)?;
    session::start(tx, mint, &owner, visitor)
}
