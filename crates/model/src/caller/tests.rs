//! What a token may do is what consent, token, application, role and organization all allow, now: random worlds in a
//! real database against an oracle of plain words.
//!
//! The oracle knows nothing of `ScopeSet`, `Role` or the queries: lists of words, written down a second time.

use db::{Clock, Db};
use rules::id::DeviceId;
use rules::scope::Scope;

use super::*;
use crate::device;
use crate::test_fleet::at;

/// Short on purpose: four devices, two organizations, one of everything else.
#[derive(Debug)]
struct World {
    member: Standing,
    role: Word,
    custom: Vec<&'static str>,
    consent: Vec<&'static str>,
    token: Vec<&'static str>,
    required: Vec<&'static str>,
    optional: Vec<&'static str>,
    all_devices: bool,
    chosen: Vec<usize>,
    ours: Vec<usize>,
    ended: Vec<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Here,
    Disabled,
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Viewer,
    Operator,
    Admin,
    Owner,
    Custom,
    /// Of the other organization.
    ForeignCustom,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Organization,
    Person,
    Application,
    Grant,
    Family,
    Token,
}

const ENDS: [End; 6] =
    [End::Organization, End::Person, End::Application, End::Grant, End::Family, End::Token];
const ROLES: [Word; 6] =
    [Word::Viewer, Word::Operator, Word::Admin, Word::Owner, Word::Custom, Word::ForeignCustom];
const DEVICES: usize = 4;

const VIEWER: &[&str] = &["devices:read", "observations:read"];
const OPERATOR: &[&str] =
    &["devices:read", "observations:read", "devices:write", "observations:write", "webhooks:read"];
const CUSTOM: &[&str] = &[
    "devices:read",
    "devices:write",
    "observations:read",
    "observations:write",
    "webhooks:read",
    "audit:read",
];
/// All that an application can ever be given of what roles have.
const GRANTABLE: &[&str] = &[
    "devices:read",
    "devices:write",
    "observations:read",
    "observations:write",
    "webhooks:read",
    "webhooks:write",
    "applications:read",
    "members:read",
    "audit:read",
];

/// The scopes and devices that the world allows; none if the token does not work.
fn oracle(world: &World) -> Option<(Vec<&'static str>, Vec<usize>)> {
    if !world.ended.is_empty() || world.member != Standing::Here {
        return None;
    }
    let role = |scope: &&str| match world.role {
        Word::Viewer => VIEWER.contains(scope),
        Word::Operator => OPERATOR.contains(scope),
        Word::Admin | Word::Owner => true,
        Word::Custom => CUSTOM.contains(scope) && world.custom.contains(scope),
        Word::ForeignCustom => false,
    };
    let scopes = GRANTABLE.iter().copied().filter(|scope| {
        role(scope)
            && world.consent.contains(scope)
            && world.token.contains(scope)
            && (world.required.contains(scope) || world.optional.contains(scope))
    });
    let devices = (0..DEVICES)
        .filter(|device| world.ours.contains(device) && (world.all_devices || world.chosen.contains(device)));
    Some((scopes.collect(), devices.collect()))
}

/// SplitMix64: the same worlds on every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.roll().is_multiple_of(number)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.roll() % all.len() as u64).unwrap()]
    }

    /// Each with a chance of two in three.
    fn some<T>(&mut self, all: impl IntoIterator<Item = T>) -> Vec<T> {
        all.into_iter().filter(|_| !self.one_in(3)).collect()
    }

    fn scopes(&mut self) -> Vec<&'static str> {
        self.some(Scope::all().map(Scope::name))
    }

    fn world(&mut self) -> World {
        World {
            member: match self.roll() % 20 {
                0 => Standing::Gone,
                1 => Standing::Disabled,
                _ => Standing::Here,
            },
            role: self.of(&ROLES),
            custom: self.scopes(),
            consent: self.scopes(),
            token: self.scopes(),
            required: self.scopes(),
            optional: self.scopes(),
            all_devices: self.one_in(2),
            chosen: self.some(0..DEVICES),
            ours: self.some(0..DEVICES),
            ended: ENDS.into_iter().filter(|_| self.one_in(40)).collect(),
        }
    }
}

fn device_id(number: usize) -> DeviceId {
    DeviceId::new(at(0), [u8::try_from(number).unwrap(); 10])
}

const ORGANIZATION: &str = "org_00000000000000000000000001";
const RIVAL: &str = "org_00000000000000000000000002";
const PERSON: &str = "usr_00000000000000000000000001";
const CONSENT: &str = "con_00000000000000000000000001";
const ROLE: &str = "rol_00000000000000000000000001";
const FOREIGN_ROLE: &str = "rol_00000000000000000000000002";

/// One of everything that a token hangs on.
fn furnish(tx: &mut Tx<'_>) -> Result<()> {
    let (client, grant, family) =
        ("app00000000000000000000000001", "grt_00000000000000000000000001", "fam_00000000000000000000000001");
    for id in [ORGANIZATION, RIVAL] {
        let sql = "INSERT INTO organization (id, name, mode, created_at) VALUES (?1, 'Harbour', 'live', 1)";
        tx.execute(sql, params![id])?;
    }
    tx.execute(
        "INSERT INTO person (id, email, name, password_hash, created_at)
         VALUES (?1, 'ada@harbour.example', 'Ada', '', 1)",
        params![PERSON],
    )?;
    for (id, organization) in [(ROLE, ORGANIZATION), (FOREIGN_ROLE, RIVAL)] {
        let scopes = CUSTOM.join(" ");
        let row = params![id, organization, &scopes];
        tx.execute("INSERT INTO custom_role VALUES (?1, ?2, 'Laboratory', ?3, 1)", row)?;
    }
    tx.execute(
        "INSERT INTO application (client_id, organization_id, name, client_type, pkce, scopes, optional_scopes,
             created_at, updated_at) VALUES (?1, ?2, 'Tides', 'public', 'required', '', '', 1, 1)",
        params![client, RIVAL],
    )?;
    tx.execute(
        "INSERT INTO oauth_grant (id, client_id, person_id, organization_id, scopes, created_at, approved_at)
         VALUES (?1, ?2, ?3, ?4, '', 1, 1)",
        params![grant, client, PERSON, ORGANIZATION],
    )?;
    tx.execute("INSERT INTO consent VALUES (?1, ?2, '', 'all', 1)", params![CONSENT, grant])?;
    tx.execute(
        "INSERT INTO token_family (id, grant_id, client_id, created_at, expires_at, consent_id)
         VALUES (?1, ?2, ?3, 1, 1, ?4)",
        params![family, grant, client, CONSENT],
    )?;
    let token = [9u8; 32];
    tx.execute("INSERT INTO access_token VALUES (?1, ?2, '', 1, 1)", params![&token, family])?;
    for number in 0..DEVICES {
        let serial = number.to_string();
        tx.execute(
            "INSERT INTO device (id, organization_id, name, serial_number, interval_seconds, created_at)
             VALUES (?1, ?2, 'Buoy', ?3, 600, 1)",
            params![device_id(number).as_str(), RIVAL, &serial],
        )?;
    }
    Ok(())
}

/// Makes the database say what the world says.
fn become_world(tx: &mut Tx<'_>, world: &World) -> Result<()> {
    let now = tx.now();
    let at = |end: End| world.ended.contains(&end).then_some(now);
    tx.execute(
        "UPDATE organization SET suspended_at = ?2 WHERE id = ?1",
        params![ORGANIZATION, at(End::Organization)],
    )?;
    tx.execute("UPDATE person SET disabled_at = ?1", params![at(End::Person)])?;
    let (required, optional) = (world.required.join(" "), world.optional.join(" "));
    tx.execute(
        "UPDATE application SET scopes = ?1, optional_scopes = ?2, deleted_at = ?3",
        params![&required, &optional, at(End::Application)],
    )?;
    tx.execute("UPDATE oauth_grant SET revoked_at = ?1", params![at(End::Grant)])?;
    tx.execute("UPDATE token_family SET revoked_at = ?1", params![at(End::Family)])?;
    let (token, end) = (world.token.join(" "), if world.ended.contains(&End::Token) { 0 } else { 1 });
    let expires_at = now + jiff::SignedDuration::from_secs(end);
    tx.execute("UPDATE access_token SET scopes = ?1, expires_at = ?2", params![&token, expires_at])?;
    become_member(tx, world)?;
    become_devices(tx, world)
}

fn become_member(tx: &mut Tx<'_>, world: &World) -> Result<()> {
    let custom = world.custom.join(" ");
    tx.execute("UPDATE custom_role SET scopes = ?2 WHERE id = ?1", params![ROLE, &custom])?;
    tx.execute("DELETE FROM membership", params![])?;
    if world.member == Standing::Gone {
        return Ok(());
    }
    let role = match world.role {
        Word::Viewer => "Viewer",
        Word::Operator => "Operator",
        Word::Admin => "Organization Admin",
        Word::Owner => "Owner",
        Word::Custom => ROLE,
        Word::ForeignCustom => FOREIGN_ROLE,
    };
    let disabled_at = (world.member == Standing::Disabled).then(|| tx.now());
    tx.execute(
        "INSERT INTO membership (organization_id, person_id, role, created_at, disabled_at)
         VALUES (?1, ?2, ?3, 1, ?4)",
        params![ORGANIZATION, PERSON, role, disabled_at],
    )?;
    Ok(())
}

fn become_devices(tx: &mut Tx<'_>, world: &World) -> Result<()> {
    let (scopes, devices) = (world.consent.join(" "), if world.all_devices { "all" } else { "chosen" });
    tx.execute("UPDATE consent SET scopes = ?1, devices = ?2", params![&scopes, devices])?;
    tx.execute("DELETE FROM device_choice", params![])?;
    for number in 0..DEVICES {
        let (id, ours) = (device_id(number), world.ours.contains(&number));
        let owner = if ours { ORGANIZATION } else { RIVAL };
        tx.execute("UPDATE device SET organization_id = ?2 WHERE id = ?1", params![id.as_str(), owner])?;
        if world.chosen.contains(&number) {
            tx.execute("INSERT INTO device_choice VALUES (?1, ?2)", params![CONSENT, id.as_str()])?;
        }
    }
    Ok(())
}

/// What the code under test says, in the oracle's words.
fn decided(tx: &mut Tx<'_>) -> Result<Option<(Vec<&'static str>, Vec<usize>)>> {
    let token = Presented::AccessToken(Hashed::from_stored([9; 32]));
    let Some(access) = by(tx, token)? else { return Ok(None) };
    let listed = device::page(tx, &access, None, 10)?.data;
    let number = |id: &DeviceId| (0..DEVICES).find(|number| device_id(*number) == *id).unwrap();
    let devices = listed.iter().map(|device| number(&device.id)).collect();
    Ok(Some((access.scopes.names(), devices)))
}

#[expect(clippy::disallowed_methods, reason = "a test has no command line through which it could be told")]
fn worlds() -> u32 {
    if std::env::var_os("BLUESONDE_TEST_LONG").is_some() { 10_000_000 } else { 100_000 }
}

#[test]
fn a_token_may_do_what_every_layer_allows_and_nothing_else() {
    const STEP: u32 = 1_000;
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::manual(at(0));
    let db = Db::open(&dir.path().join("test.db"), &crate::migrations(), clock).unwrap();
    db.write_blocking(furnish).unwrap();
    let mut working = 0;
    for batch in 0..worlds() / STEP {
        working += db
            .write_blocking(move |tx| {
                let (mut dice, mut working) = (Dice(u64::from(batch)), 0);
                for _ in 0..STEP {
                    let world = dice.world();
                    become_world(tx, &world)?;
                    let (expected, decided) = (oracle(&world), decided(tx)?);
                    let mut sorted = decided.clone();
                    if let Some((scopes, devices)) = &mut sorted {
                        scopes.sort_by_key(|scope| GRANTABLE.iter().position(|known| known == scope));
                        devices.sort_unstable();
                    }
                    assert_eq!(sorted, expected, "{world:?}");
                    working += u32::from(expected.is_some_and(|(scopes, _)| !scopes.is_empty()));
                }
                Ok::<_, crate::Error>(working)
            })
            .unwrap();
    }
    assert!(working > worlds() / 3, "{working} worlds let anything through");
}
