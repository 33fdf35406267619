//! Who can sign in to the demo, and the keys and applications that are there from the start.
//!
//! All of it is made in one transaction, together with `demo.json`; [`super`] says why.

use std::path::Path;

use anyhow::Context;

use db::Db;
use model::api_key::{self, NewApiKey};
use model::application::{self, Profile};
use model::audit::Actor;
use model::device_set::Devices;
use model::password::PasswordDigest;
use model::person::{self, NewPerson};
use model::{Error, Tx, device, organization};
use rules::access::Access;
use rules::authorize::IssuerParameter;
use rules::client_auth::ClientType;
use rules::exchange::Rotation;
use rules::id::{OrganizationId, PersonId};
use rules::pkce::{Pkce, Reason};
use rules::role::Role;
use rules::scope::{Scope, ScopeList};
use rules::secret::Mint;

use super::buoys::session_of;
use super::facts::{self, Facts};
use crate::app::App;

/// A page of `GET /v1/devices`, which the demo's fleets fit in.
const FIRST_PAGE: u32 = 50;
/// Letters and digits that nobody mistakes for one another: 32, so that five random bits choose one.
const READABLE: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// E-mail domain of each organization, in the order of the fleet's table.
const DOMAINS: [&str; 2] = ["blueharbor.example", "lakeshore.example"];
/// What the users of every organization are called, by role.
const PEOPLE: [(Role, &str, &str); 4] = [
    (Role::Viewer, "viewer", "Vera Viewer"),
    (Role::Operator, "operator", "Omar Operator"),
    (Role::OrganizationAdmin, "admin", "Ada Admin"),
    (Role::Owner, "owner", "Owen Owner"),
];

use Scope::{DevicesRead, ObservationsRead, ObservationsWrite, OfflineAccess};

/// The first organization's applications.
const APPLICATIONS: [(ClientType, &str, &[Scope]); 2] = [
    (
        ClientType::Confidential,
        "Harbor Dashboard",
        &[DevicesRead, ObservationsRead, ObservationsWrite, OfflineAccess],
    ),
    (ClientType::Public, "Tide Pocket", &[DevicesRead, ObservationsRead, OfflineAccess]),
];
/// The port is a loopback address's, so an application may use any other.
const REDIRECT_URI: &str = "http://127.0.0.1:8912/callback";

/// Somebody who is about to get an account.
#[derive(Clone)]
struct Newcomer {
    role: Role,
    new: NewPerson,
    password: String,
}

/// Makes accounts, keys and applications for the organizations, and writes what opens them to `file`.
pub(super) fn open(app: &App, organizations: &[OrganizationId], file: &Path) -> anyhow::Result<Facts> {
    let mut plans = Vec::with_capacity(organizations.len());
    for (id, domain) in organizations.iter().zip(DOMAINS) {
        plans.push((id.clone(), newcomers(&app.db, domain)?));
    }
    let (mint, site, file) = (app.mint.clone(), app.site.clone(), file.to_owned());
    app.db.write_blocking(move |tx| {
        let mut opened = Vec::with_capacity(plans.len());
        for (position, (id, newcomers)) in plans.iter().enumerate() {
            let published: &[_] = if position == 0 { &APPLICATIONS } else { &[] };
            opened.push(Opening { tx, mint: &mint, id }.open(newcomers, published)?);
        }
        let facts = Facts::new(&site, opened);
        // The one effect outside of a transaction: the file must be on disk before the commit is. If this runs
        // again the file is replaced, and without the commit the next start replaces it.
        facts.write(&file)?;
        Ok(facts)
    })
}

/// Chooses passwords and hashes them, which takes too long for a transaction.
fn newcomers(db: &Db, domain: &str) -> anyhow::Result<Vec<Newcomer>> {
    let newcomer = |(role, mailbox, name): (Role, &str, &str)| {
        let password = readable(db.read_blocking(|tx| tx.random())?);
        let digest = PasswordDigest::of(&password).context("a password could not be hashed")?;
        let new = NewPerson { name: name.to_owned(), email: format!("{mailbox}@{domain}"), password: digest };
        Ok(Newcomer { role, new, password })
    };
    PEOPLE.into_iter().map(newcomer).collect()
}

/// A password of 80 random bits that can be read out: four groups of four, such as `k3vd-w8pa-…`.
fn readable(chance: [u8; 16]) -> String {
    let letter = |byte: &u8| READABLE.get(usize::from(byte % 32)).copied().map_or('a', char::from);
    let groups: Vec<String> = chance.chunks(4).map(|group| group.iter().map(letter).collect()).collect();
    groups.join("-")
}

/// One organization in the transaction that opens it.
struct Opening<'a, 'c> {
    tx: &'a mut Tx<'c>,
    mint: &'a Mint,
    id: &'a OrganizationId,
}

impl Opening<'_, '_> {
    fn open(
        mut self,
        newcomers: &[Newcomer],
        published: &[(ClientType, &str, &[Scope])],
    ) -> model::Result<facts::Organization> {
        let known = organization::find(self.tx, self.id)?.ok_or(Error::NotFound)?;
        let users = newcomers.iter().map(|person| self.admit(person)).collect::<model::Result<Vec<_>>>()?;
        let admin = users.iter().find(|user| user.role == Role::OrganizationAdmin.name());
        let admin = admin.map(|user| user.id.clone()).ok_or(Error::NotFound)?;
        let actor = Actor::local(admin.as_str());
        let access = session_of(self.tx, self.id, (admin, Role::OrganizationAdmin))?;
        let devices = device::page(self.tx, &access, None, FIRST_PAGE)?.data;
        let read = [DevicesRead, ObservationsRead].into_iter().collect();
        let everything = Scope::all().filter(|scope| scope.fits_keys()).collect();
        Ok(facts::Organization {
            id: known.id,
            name: known.name,
            device_ids: devices.into_iter().map(|device| device.id).collect(),
            users,
            api_keys: vec![
                self.make_key(&access, &actor, ("Read the fleet", read))?,
                self.make_key(&access, &actor, ("Everything", everything))?,
            ],
            oauth_applications: published
                .iter()
                .map(|application| self.publish(&access, &actor, *application))
                .collect::<model::Result<_>>()?,
        })
    }

    fn admit(&mut self, newcomer: &Newcomer) -> model::Result<facts::User> {
        let Newcomer { role, new, password } = newcomer;
        let person = person::create(self.tx, &Actor::local("demo"), new)?;
        organization::add_member(self.tx, self.id, &person.id, *role)?;
        let (id, email): (PersonId, String) = (person.id, person.email);
        Ok(facts::User { id, email, password: password.clone(), role: role.name().to_owned() })
    }

    fn make_key(
        &mut self,
        access: &Access,
        actor: &Actor,
        (name, scopes): (&str, ScopeList),
    ) -> model::Result<facts::ApiKey> {
        let new = NewApiKey { name: name.to_owned(), scopes, devices: Devices::All, expires_at: None };
        let (key, secret) = api_key::create(self.tx, access, self.mint, actor, &new)?;
        Ok(facts::ApiKey { id: key.id, key: secret.expose().to_owned(), scopes: key.scopes })
    }

    fn publish(
        &mut self,
        access: &Access,
        actor: &Actor,
        (client_type, name, scopes): (ClientType, &str, &[Scope]),
    ) -> model::Result<facts::Application> {
        let profile = Profile {
            name: name.to_owned(),
            homepage_url: None,
            description: None,
            privacy_policy_url: None,
            terms_url: None,
            redirect_uris: vec![REDIRECT_URI.to_owned()],
            scopes: scopes.iter().copied().collect(),
            optional_scopes: ScopeList::default(),
            pkce: Pkce::of(client_type, Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice)),
            issuer: IssuerParameter::Sent,
            rotation: Rotation::Rotate,
        };
        let (made, secret) = application::create(self.tx, access, self.mint, actor, (client_type, &profile))?;
        Ok(facts::Application {
            client_id: made.client_id,
            client_secret: secret.map(|secret| secret.expose().to_owned()),
            public: client_type == ClientType::Public,
            name: made.profile.name,
            redirect_uris: made.profile.redirect_uris,
            scopes: made.profile.scopes,
            optional_scopes: made.profile.optional_scopes,
            webhook_secret: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_long_readable_and_uses_every_bit_of_its_chance() {
        let low: Vec<u8> = (0..16).collect();
        let password = readable(low.try_into().unwrap());
        assert_eq!(password, "abcd-efgh-ijkm-npqr");
        assert_eq!(READABLE.iter().collect::<std::collections::HashSet<_>>().len(), 32);
        assert!(!READABLE.iter().any(|letter| b"0o1l".contains(letter)));
    }
}
