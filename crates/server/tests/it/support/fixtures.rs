//! Who and what the stories are about, made through the model's verbs.

use std::sync::OnceLock;

use db::params;
use model::api_key::{self, NewApiKey};
use model::application::{self, Application, Profile};
use model::audit::Actor;
use model::device::{self, NewDevice};
use model::device_set::Devices;
use model::invitation;
use model::member;
use model::organization::{self, Organization};
use model::password::PasswordDigest;
use model::person::{self, NewPerson, Person};
use model::role::{self, NewRole};
use rules::access::{Access, Credential, DeviceSet, Principal};
use rules::authorize::IssuerParameter;
use rules::client_auth::ClientType;
use rules::exchange::Rotation;
use rules::id::{ApiKeyId, DeviceId, InvitationId, RoleId, SessionId};
use rules::pkce::{Pkce, Reason};
use rules::role::Role;
use rules::scope::ScopeList;
use rules::secret::Mode;

use super::{CALLBACK, TestApp};

/// A person, their password, and what they are in an organization.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) person: Person,
    pub(crate) email: String,
    pub(crate) password: String,
    pub(crate) organization: Organization,
    pub(crate) role: Role,
}

/// An API key with its secret.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) id: ApiKeyId,
    pub(crate) secret: String,
}

/// An OAuth application, as its developer knows it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
    /// None makes it a public client.
    pub(crate) secret: Option<String>,
    pub(crate) application: Application,
}

impl TestApp {
    pub(crate) fn organization(&self, name: &str) -> Organization {
        self.tick();
        let name = name.to_owned();
        self.write(move |tx| organization::create(tx, &Actor::local("story"), &name, Mode::Live))
    }

    /// A new person with this role in the home organization.
    pub(crate) fn member(&self, role: Role) -> Member {
        self.member_of(self.home(), role)
    }

    pub(crate) fn member_of(&self, organization: &Organization, role: Role) -> Member {
        let number = self.tick();
        let email = format!("person-{number}@harbour.example");
        let new = NewPerson { name: format!("Person {number}"), email: email.clone(), password: digest() };
        let person = self.write(move |tx| person::create(tx, &Actor::local("story"), &new));
        let member = Member { person, email, password: password(), organization: organization.clone(), role };
        self.join(&member);
        member
    }

    /// Makes a person a member of one more organization.
    pub(crate) fn join(&self, member: &Member) {
        let (organization, person, role) =
            (member.organization.id.clone(), member.person.id.clone(), member.role);
        self.write(move |tx| organization::add_member(tx, &organization, &person, role));
    }

    pub(crate) fn set_role(&self, member: &Member, role: Role) {
        let (organization, person) = (member.organization.id.clone(), member.person.id.clone());
        self.write(move |tx| organization::set_role(tx, &organization, &person, role));
    }

    /// A role of the home organization's own.
    pub(crate) fn custom_role(&self, name: &str, scopes: &str) -> RoleId {
        self.tick();
        let access = self.access(self.home());
        let new = new_role(name, scopes);
        self.write(move |tx| role::create(tx, &access, &Actor::local("story"), &new))
    }

    /// Changes a role that [`TestApp::custom_role`] made.
    pub(crate) fn change_role(&self, id: &RoleId, name: &str, scopes: &str) {
        let (access, id, new) = (self.access(self.home()), id.clone(), new_role(name, scopes));
        self.write(move |tx| role::update(tx, &access, &Actor::local("story"), &id, &new));
    }

    /// [`TestApp::change_role`] by the role's name, which stays.
    pub(crate) fn change_role_named(&self, name: &str, scopes: &str) {
        let access = self.access(self.home());
        let all = self.read(|tx| role::all(tx, &access));
        let id = all.iter().find(|role| role.name == name).unwrap().id.clone();
        self.change_role(&id, name, scopes);
    }

    /// Disables a membership.
    pub(crate) fn take_out_of_service(&self, member: &Member) {
        let (access, person) = (self.access(&member.organization), member.person.id.clone());
        self.write(move |tx| member::disable(tx, &access, &Actor::local("story"), &person));
    }

    /// Undoes [`TestApp::take_out_of_service`].
    pub(crate) fn put_back(&self, member: &Member) {
        let (access, person) = (self.access(&member.organization), member.person.id.clone());
        self.write(move |tx| member::enable(tx, &access, &Actor::local("story"), &person));
    }

    /// Ends a membership.
    pub(crate) fn remove(&self, member: &Member) {
        let (access, person) = (self.access(&member.organization), member.person.id.clone());
        self.write(move |tx| member::remove(tx, &access, &Actor::local("story"), &person));
    }

    /// Gives a member a role by its name, as an Owner does.
    pub(crate) fn assign(&self, member: &Member, role: &str) {
        let access = self.access(&member.organization);
        let (person, role) = (member.person.id.clone(), role.to_owned());
        self.write(move |tx| member::set_role(tx, &access, &Actor::local("story"), &person, &role));
    }

    /// An open invitation, and the path of its link.
    pub(crate) fn invite(&self, to: &Organization, email: &str, role: &str) -> (InvitationId, String) {
        self.tick();
        let (access, mint) = (self.access(to), self.app.mint.clone());
        let (email, role) = (email.to_owned(), role.to_owned());
        let (invitation, token) = self
            .write(move |tx| invitation::invite(tx, &access, &mint, &Actor::local("story"), (&email, &role)));
        (invitation.id, format!("/invitations?token={}", token.expose()))
    }

    /// What an Owner of the organization may do.
    pub(crate) fn access(&self, organization: &Organization) -> Access {
        let owner = self.member_of(organization, Role::Owner);
        let session = SessionId::new(self.now(), [7; 10]);
        Access {
            organization: organization.id.clone(),
            scopes: Role::Owner.scopes(),
            devices: DeviceSet::All,
            principal: Principal::User(owner.person.id),
            credential: Credential::Session { id: session, role: Role::Owner },
            expires_at: None,
        }
    }

    /// A key of the home organization with these scopes.
    pub(crate) fn key(&self, scopes: &str) -> Key {
        self.key_of(self.home(), |new| new.scopes = scopes.parse().unwrap())
    }

    /// A key that the story describes; at first it may do everything for ever.
    pub(crate) fn key_of(&self, organization: &Organization, describe: impl FnOnce(&mut NewApiKey)) -> Key {
        let number = self.tick();
        let mut new = NewApiKey {
            name: format!("Key {number}"),
            scopes: Role::Owner.scopes().iter().collect(),
            devices: Devices::All,
            expires_at: None,
        };
        describe(&mut new);
        let (access, mint) = (self.access(organization), self.app.mint.clone());
        let (key, secret) =
            self.write(move |tx| api_key::create(tx, &access, &mint, &Actor::local("story"), &new));
        Key { id: key.id, secret: secret.expose().to_owned() }
    }

    pub(crate) fn revoke_key(&self, organization: &Organization, key: &Key) {
        let (access, id) = (self.access(organization), key.id.clone());
        self.write(move |tx| api_key::revoke(tx, &access, &Actor::local("story"), &id));
    }

    pub(crate) fn device(&self, organization: &Organization) -> DeviceId {
        let number = self.tick();
        let new = NewDevice {
            name: format!("Buoy {number}"),
            serial_number: format!("SN-{number}"),
            location: None,
            interval_seconds: 600,
        };
        let organization = organization.id.clone();
        self.write(move |tx| device::create(tx, &organization, new.clone())).id
    }

    /// An application with a secret and these required scopes, of a publisher of its own.
    pub(crate) fn confidential(&self, scopes: &str) -> Client {
        self.application(ClientType::Confidential, |profile| profile.scopes = scopes.parse().unwrap())
    }

    /// An application without a secret.
    pub(crate) fn public(&self, scopes: &str) -> Client {
        self.application(ClientType::Public, |profile| profile.scopes = scopes.parse().unwrap())
    }

    /// An application that the story describes; at first it requires `devices:read`.
    pub(crate) fn application(&self, client_type: ClientType, describe: impl FnOnce(&mut Profile)) -> Client {
        let publisher = self.organization("Tide Works");
        self.application_of(&publisher, (client_type, describe))
    }

    /// [`TestApp::application`] of a publisher that is there already.
    pub(crate) fn application_of(
        &self,
        publisher: &Organization,
        (client_type, describe): (ClientType, impl FnOnce(&mut Profile)),
    ) -> Client {
        let number = self.tick();
        let mut profile = Profile {
            name: format!("Tide Tables {number}"),
            homepage_url: None,
            description: None,
            privacy_policy_url: None,
            terms_url: None,
            redirect_uris: vec![CALLBACK.to_owned()],
            scopes: "devices:read".parse().unwrap(),
            optional_scopes: rules::scope::ScopeList::default(),
            pkce: Pkce::NotRequired(Reason::ClientSecretAndOwnersChoice),
            issuer: IssuerParameter::Sent,
            rotation: Rotation::Rotate,
        };
        describe(&mut profile);
        let (access, mint) = (self.access(publisher), self.app.mint.clone());
        let (application, secret) = self.write(move |tx| {
            application::create(tx, &access, &mint, &Actor::local("story"), (client_type, &profile))
        });
        let secret = secret.map(|secret| secret.expose().to_owned());
        Client { id: application.client_id.to_string(), secret, application }
    }

    /// One more secret for an application; its text.
    pub(crate) fn add_secret(&self, client: &Client) -> String {
        let (access, id) = (self.publisher(client), client.application.client_id.clone());
        let mint = self.app.mint.clone();
        let (_id, secret) =
            self.write(move |tx| application::add_secret(tx, &access, &mint, &Actor::local("story"), &id));
        secret.expose().to_owned()
    }

    /// Takes a person out of service. No verb does this yet, so the story does what one would.
    pub(crate) fn disable(&self, member: &Member) {
        self.set_disabled(member, Some(self.now()));
    }

    /// Undoes [`TestApp::disable`].
    pub(crate) fn enable(&self, member: &Member) {
        self.set_disabled(member, None);
    }

    fn set_disabled(&self, member: &Member, at: Option<jiff::Timestamp>) {
        let (person, organization) = (member.person.id.clone(), member.organization.id.clone());
        self.write(move |tx| {
            tx.execute("UPDATE person SET disabled_at = ?2 WHERE id = ?1", params![person.as_str(), at])?;
            tx.bump(organization.as_str());
            Ok(())
        });
    }

    /// Suspends an organization. No verb does this yet either.
    pub(crate) fn suspend(&self, organization: &Organization) {
        self.set_suspended(organization, Some(self.now()));
    }

    /// Undoes [`TestApp::suspend`].
    pub(crate) fn resume(&self, organization: &Organization) {
        self.set_suspended(organization, None);
    }

    fn set_suspended(&self, organization: &Organization, at: Option<jiff::Timestamp>) {
        let id = organization.id.clone();
        self.write(move |tx| {
            tx.execute("UPDATE organization SET suspended_at = ?2 WHERE id = ?1", params![id.as_str(), at])?;
            tx.bump(id.as_str());
            Ok(())
        });
    }

    /// Takes a person out of their organization. Nor does a verb do this.
    pub(crate) fn expel(&self, member: &Member) {
        let (person, organization) = (member.person.id.clone(), member.organization.id.clone());
        self.write(move |tx| {
            let sql = "DELETE FROM membership WHERE organization_id = ?1 AND person_id = ?2";
            tx.execute(sql, params![organization.as_str(), person.as_str()])?;
            tx.bump(organization.as_str());
            Ok(())
        });
    }

    /// The publisher changes its application.
    pub(crate) fn update(&self, client: &Client, change: impl FnOnce(&mut Profile)) {
        let mut profile = client.application.profile.clone();
        change(&mut profile);
        let (access, id) = (self.publisher(client), client.application.client_id.clone());
        self.write(move |tx| application::update(tx, &access, &Actor::local("story"), &id, &profile));
    }

    pub(crate) fn delete(&self, client: &Client) {
        let (access, id) = (self.publisher(client), client.application.client_id.clone());
        self.write(move |tx| application::delete(tx, &access, &Actor::local("story"), &id));
    }

    /// What an Owner of the application's organization may do.
    pub(crate) fn publisher(&self, client: &Client) -> Access {
        let id = client.application.organization_id.clone();
        let publisher = self.read(|tx| organization::find(tx, &id)).unwrap();
        self.access(&publisher)
    }
}

fn new_role(name: &str, scopes: &str) -> NewRole {
    let scopes = scopes.parse::<ScopeList>().unwrap().set();
    NewRole { name: name.to_owned(), scopes }
}

/// The password of everybody, made here so that it stands nowhere in the sources as one.
pub(crate) fn password() -> String {
    ["tide", "and", "time", "wait", "for", "nobody"].join(" ")
}

/// Hashed once for all: fifteen milliseconds are long in a test.
fn digest() -> PasswordDigest {
    static DIGEST: OnceLock<PasswordDigest> = OnceLock::new();
    DIGEST.get_or_init(|| PasswordDigest::of(&password()).unwrap()).clone()
}
