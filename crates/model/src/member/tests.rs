//! No history of permitted acts gives anybody more than the actors had: random histories against a plain model.

use std::collections::BTreeMap;

use db::{Clock, Db};
use proptest::prelude::*;
use rules::access::DeviceSet;
use rules::id::{ApiKeyId, SessionId};
use rules::scope::ScopeSet;
use rules::secret::{Format, Mint, Mode, Pepper};

use super::*;
use crate::password::PasswordDigest;
use crate::person::NewPerson;
use crate::role::NewRole;
use crate::session::Visitor;
use crate::test_fleet::at;
use crate::{invitation, organization, person};

/// Who acts: a member by number, or an API key that may change members.
#[derive(Debug, Clone, Copy)]
enum By {
    Member(usize),
    Key,
}

#[derive(Debug, Clone)]
enum Try {
    Assign(usize, String),
    Disable(usize),
    Enable(usize),
    Remove(usize),
    Leave,
    StepDown,
    /// Invites whoever is not a member and lets them accept.
    Invite(usize, String),
    /// Widens the organization's own role as far as it goes.
    WidenRole,
}

const PEOPLE: usize = 6;
/// The roles at the start: two Owners, two admins, and two who are neither.
const START: [&str; PEOPLE] =
    ["Owner", "Owner", "Organization Admin", "Organization Admin", "Operator", "Laboratory"];
const ROLES: [&str; 5] = ["Viewer", "Operator", "Laboratory", "Organization Admin", "Owner"];

/// By the names alone, apart from the code under test.
fn rank(role: &str) -> usize {
    ROLES.iter().position(|name| *name == role).unwrap()
}

fn is_admin(role: &str) -> bool {
    role == "Organization Admin" || role == "Owner"
}

/// A member of the plain model.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    role: String,
    enabled: bool,
}

type Members = BTreeMap<usize, Known>;

/// What the plain model says of a step: the members after it, or none if it is refused.
fn expected(members: &Members, by: By, step: &Try) -> Option<Members> {
    let own = match by {
        By::Member(actor) => members.get(&actor).filter(|known| known.enabled)?.role.clone(),
        By::Key => "Organization Admin".to_owned(),
    };
    let oneself = |target: usize| matches!(by, By::Member(actor) if actor == target);
    let owner_stays = |leaver: usize| {
        let is_owner = |known: &Known| known.role == "Owner" && known.enabled;
        members[&leaver].role != "Owner"
            || members.iter().any(|(number, known)| *number != leaver && is_owner(known))
    };
    let reach = |target: usize| {
        let known = members.get(&target)?;
        (is_admin(&own) && !oneself(target) && rank(&known.role) <= rank(&own)).then_some(())
    };
    let mut after = members.clone();
    match step {
        Try::Assign(target, role) => {
            reach(*target)?;
            (rank(role) <= rank(&own) && (role == "Owner" || owner_stays(*target))).then_some(())?;
            after.get_mut(target)?.role.clone_from(role);
        }
        Try::Disable(target) => {
            reach(*target)?;
            owner_stays(*target).then_some(())?;
            after.get_mut(target)?.enabled = false;
        }
        Try::Enable(target) => {
            reach(*target)?;
            after.get_mut(target)?.enabled = true;
        }
        Try::Remove(target) => {
            reach(*target)?;
            owner_stays(*target).then_some(())?;
            after.remove(target);
        }
        Try::Leave => {
            let By::Member(actor) = by else { return None };
            owner_stays(actor).then_some(())?;
            after.remove(&actor);
        }
        Try::StepDown => {
            let By::Member(actor) = by else { return None };
            (own == "Owner" && owner_stays(actor)).then_some(())?;
            after.get_mut(&actor)?.role = "Organization Admin".into();
        }
        Try::Invite(target, role) => {
            let fits = is_admin(&own) && rank(role) <= rank(&own) && !members.contains_key(target);
            fits.then_some(())?;
            after.insert(*target, Known { role: role.clone(), enabled: true });
        }
        Try::WidenRole => is_admin(&own).then_some(())?,
    }
    Some(after)
}

/// The organization under test.
struct Scene {
    db: Db,
    mint: Mint,
    organization: OrganizationId,
    people: Vec<PersonId>,
    _dir: tempfile::TempDir,
}

fn actor() -> Actor {
    Actor::local("story")
}

fn email(number: usize) -> String {
    format!("person-{number}@harbour.example")
}

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&dir.path().join("test.db"), &crate::migrations(), Clock::manual(at(0))).unwrap();
        let mint = Mint { format: Format::new("bsn").unwrap(), pepper: Pepper::new([7; 32]) };
        let (organization, people) = db.write_blocking(populate).unwrap();
        Self { db, mint, organization, people, _dir: dir }
    }

    /// What the actor may do now; none if they are no member.
    fn access(&self, tx: &mut Tx<'_>, by: By) -> Result<Option<Access>> {
        let (scopes, principal, credential) = match by {
            By::Member(number) => {
                let person = self.people[number].clone();
                let Some(role) = organization::role_of(tx, &self.organization, &person)? else {
                    return Ok(None);
                };
                let id = SessionId::new(at(0), [1; 10]);
                (role.scopes(), Principal::User(person), Credential::Session { id, role })
            }
            By::Key => {
                let key = ApiKeyId::new(at(0), [1; 10]);
                let scopes = ScopeSet::of(&[Scope::MembersRead, Scope::MembersWrite]);
                (scopes, Principal::ApiKey(key.clone()), Credential::ApiKey(key))
            }
        };
        let organization = self.organization.clone();
        let devices = DeviceSet::All;
        Ok(Some(Access { organization, scopes, devices, principal, credential, expires_at: None }))
    }

    /// Whether the step was done.
    fn take(&self, by: By, step: &Try) -> bool {
        let access = self.db.read_blocking(|tx| self.access(tx, by)).unwrap();
        let Some(access) = access else { return false };
        let (people, mint, step) = (self.people.clone(), self.mint.clone(), step.clone());
        match self.db.write_blocking(move |tx| act(tx, &access, (&people, &mint), &step)) {
            Ok(()) => true,
            Err(Error::Db(error)) => panic!("{error}"),
            Err(_) => false,
        }
    }

    fn members(&self) -> Members {
        let read = |tx: &mut Tx<'_>| {
            let mut members = Members::new();
            for (number, person) in self.people.iter().enumerate() {
                match load(tx, &self.organization, person) {
                    Ok(found) => {
                        let enabled = found.disabled_at.is_none();
                        members.insert(number, Known { role: found.role, enabled });
                    }
                    Err(Error::NotFound) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(members)
        };
        self.db.read_blocking(read).unwrap()
    }
}

fn populate(tx: &mut Tx<'_>) -> Result<(OrganizationId, Vec<PersonId>)> {
    let organization = organization::create(tx, &actor(), "Harbour Trust", Mode::Live)?.id;
    let mut people = Vec::new();
    for number in 0..PEOPLE {
        let new = NewPerson {
            name: format!("Person {number}"),
            email: email(number),
            password: PasswordDigest::from_stored(String::new()),
        };
        let person = person::create(tx, &actor(), &new)?;
        organization::add_member(tx, &organization, &person.id, Role::Owner)?;
        people.push(person.id);
    }
    let id = SessionId::new(at(0), [1; 10]);
    let access = Access {
        organization: organization.clone(),
        scopes: Role::Owner.scopes(),
        devices: DeviceSet::All,
        principal: Principal::User(people[0].clone()),
        credential: Credential::Session { id, role: Role::Owner },
        expires_at: None,
    };
    let scopes = ScopeSet::of(&[Scope::ObservationsRead]);
    role::create(tx, &access, &actor(), &NewRole { name: "Laboratory".into(), scopes })?;
    for (person, role) in people.iter().zip(START).skip(1) {
        set_role(tx, &access, &actor(), person, role)?;
    }
    Ok((organization, people))
}

fn act(tx: &mut Tx<'_>, access: &Access, (people, mint): (&[PersonId], &Mint), step: &Try) -> Result<()> {
    let actor = actor();
    match step {
        Try::Assign(target, role) => set_role(tx, access, &actor, &people[*target], role).map(|_| ()),
        Try::Disable(target) => disable(tx, access, &actor, &people[*target]),
        Try::Enable(target) => enable(tx, access, &actor, &people[*target]),
        Try::Remove(target) => remove(tx, access, &actor, &people[*target]),
        Try::Leave => leave(tx, access, &actor),
        Try::StepDown => step_down(tx, access, &actor),
        Try::Invite(target, role) => join_by_invitation(tx, access, mint, (&email(*target), role)),
        Try::WidenRole => {
            let id = role::all(tx, access)?[0].id.clone();
            let everything = NewRole { name: "Laboratory".into(), scopes: Scope::all().collect() };
            assert!(role::update(tx, access, &actor, &id, &everything).is_err());
            let allowed = NewRole { scopes: rules::role::CustomScopes::ALLOWED, ..everything };
            role::update(tx, access, &actor, &id, &allowed)
        }
    }
}

fn join_by_invitation(
    tx: &mut Tx<'_>,
    access: &Access,
    mint: &Mint,
    (email, role): (&str, &str),
) -> Result<()> {
    let (_, token) = invitation::invite(tx, access, mint, &actor(), (email, role))?;
    // There is no key behind this one, so a key's invitation would be refused for another reason.
    if matches!(access.credential, Credential::ApiKey(_)) {
        return Err(Error::NotFound);
    }
    let visitor = Visitor { address: "local".into(), user_agent: String::new() };
    let link = mint.pepper.hash(&token);
    match invitation::accept(tx, mint, link, &invitation::Acceptance::Homeless, &visitor)? {
        invitation::Accepted::Joined(_) => Ok(()),
        _ => Err(Error::NotFound),
    }
}

fn step() -> impl Strategy<Value = Try> {
    let (target, role) = (0..PEOPLE, proptest::sample::select(ROLES.to_vec()));
    let role = role.prop_map(str::to_owned);
    prop_oneof![
        5 => (target.clone(), role.clone()).prop_map(|(target, role)| Try::Assign(target, role)),
        1 => target.clone().prop_map(Try::Disable),
        2 => target.clone().prop_map(Try::Enable),
        2 => target.clone().prop_map(Try::Remove),
        1 => Just(Try::Leave),
        2 => Just(Try::StepDown),
        3 => (target, role).prop_map(|(target, role)| Try::Invite(target, role)),
        1 => Just(Try::WidenRole),
    ]
}

/// Steps of members from `first` on, and of the key.
fn history(first: usize) -> impl Strategy<Value = Vec<(By, Try)>> {
    let by = prop_oneof![6 => (first..PEOPLE).prop_map(By::Member), 1 => Just(By::Key)];
    proptest::collection::vec((by, step()), 1..40)
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line through which it could be told")]
fn cases() -> ProptestConfig {
    let long = std::env::var_os("BLUESONDE_TEST_LONG").is_some();
    ProptestConfig {
        cases: if long { 5_000 } else { 100 },
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn every_history_goes_as_the_plain_model_says_and_leaves_an_owner(steps in history(0)) {
        let scene = Scene::new();
        let mut members = scene.members();
        for (by, step) in &steps {
            let key_invites = matches!((by, step), (By::Key, Try::Invite(..)));
            let then = expected(&members, *by, step).filter(|_| !key_invites);
            prop_assert_eq!(scene.take(*by, step), then.is_some(), "{:?} {:?} on {:?}", by, step, members);
            members = then.unwrap_or(members);
            prop_assert_eq!(&scene.members(), &members, "{:?} {:?}", by, step);
            prop_assert!(members.values().any(|known| known.role == "Owner" && known.enabled));
        }
    }

    #[test]
    fn without_an_owners_hand_nobody_becomes_one_and_no_owner_is_touched(steps in history(2)) {
        let scene = Scene::new();
        let before = scene.members();
        for (by, step) in &steps {
            scene.take(*by, step);
        }
        let after = scene.members();
        for number in 0..PEOPLE {
            let owned = before[&number].role == "Owner";
            let owns = after.get(&number).is_some_and(|known| known.role == "Owner");
            prop_assert_eq!(owns, owned, "{} by {:?}", number, steps);
            prop_assert!(!owned || after[&number].enabled);
        }
    }

    #[test]
    fn without_an_admins_hand_nobody_gains_anything(steps in history(4)) {
        let scene = Scene::new();
        let before = scene.members();
        for (by, step) in steps.iter().filter(|(by, _)| matches!(by, By::Member(_))) {
            scene.take(*by, step);
        }
        for (number, known) in scene.members() {
            prop_assert_eq!(&before[&number], &known);
        }
    }
}
