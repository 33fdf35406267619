use super::*;
use crate::audit::{Action, Actor, record};
use crate::test_fleet::Fleet;

const NODE: &str = "one node";

/// A log with so many entries, sealed.
fn sealed(entries: u32) -> Fleet {
    let fleet = Fleet::new();
    add(&fleet, entries);
    seal(&fleet);
    fleet
}

fn add(fleet: &Fleet, entries: u32) {
    let organization = fleet.organization.clone();
    let write = move |tx: &mut Tx<'_>| {
        for number in 0..entries {
            let (actor, subject) = (Actor::local("story"), format!("key_{number}"));
            record(tx, Some(&organization), &actor, Action::ApiKeyCreated, &subject)?;
        }
        Ok(())
    };
    fleet.write(write).unwrap();
}

fn seal(fleet: &Fleet) {
    while let Step::More(_) = step(fleet, NODE) {}
}

fn step(fleet: &Fleet, holder: &'static str) -> Step {
    fleet.write(move |tx| some(tx, holder)).unwrap()
}

fn verified(fleet: &Fleet) -> Verified {
    fleet.read(|tx| verify(tx, None)).unwrap()
}

/// Somebody at the database.
fn tamper(fleet: &Fleet, sql: &'static str) {
    fleet.write(move |tx| Ok(tx.execute(sql, params![])?)).unwrap();
}

/// The position where the chain no longer fits.
fn misfit(fleet: &Fleet) -> Option<i64> {
    verified(fleet).misfit.map(|misfit| misfit.position)
}

#[test]
fn every_entry_gets_the_next_position_and_the_chain_fits() {
    let fleet = sealed(STEP * 2 + 10);
    let found = verified(&fleet);
    assert_eq!((found.head.position, found.unsealed, found.misfit), (i64::from(STEP) * 2 + 10, 0, None));
    assert_eq!(fleet.read(head).unwrap(), found.head);
    assert!(!fleet.read(is_due).unwrap());
    add(&fleet, 3);
    assert!(fleet.read(is_due).unwrap());
    assert_eq!(verified(&fleet).unsealed, 3);
    seal(&fleet);
    assert_eq!(verified(&fleet).head.position, found.head.position + 3);
}

#[test]
fn an_empty_log_fits() {
    assert_eq!(verified(&Fleet::new()).head, Head { position: 0, hash: Link::START });
    assert_eq!(misfit(&sealed(0)), None);
}

#[test]
fn whatever_is_changed_removed_or_inserted_is_found_where_it_is() {
    for (sql, position) in [
        ("UPDATE audit_event SET actor = 'somebody else' WHERE position = 4", 4),
        ("UPDATE audit_event SET happened_at = happened_at + 1 WHERE position = 1", 1),
        ("UPDATE audit_event SET organization_id = NULL WHERE position = 2", 2),
        ("UPDATE audit_event SET hash = (SELECT hash FROM audit_chain) WHERE position = 5", 5),
        ("DELETE FROM audit_event WHERE position = 3", 3),
        ("DELETE FROM audit_event WHERE position = 9", 9),
        ("DELETE FROM audit_event WHERE position > 7", 8),
        ("DELETE FROM audit_event", 1),
        ("UPDATE audit_event SET position = NULL WHERE position = 6", 6),
        ("UPDATE audit_event SET position = 20 - position WHERE position IN (4, 5)", 4),
        ("UPDATE audit_event SET position = 0 WHERE position = 1", 0),
        (
            "INSERT INTO audit_event (id, happened_at, action, actor, subject, detail, address, position, hash)
             SELECT 'aud_' || substr('0000000000000000000000000000000', 1, 26), happened_at, action, actor, subject,
                    detail, address, 10, hash FROM audit_event WHERE position = 9",
            10,
        ),
    ] {
        let fleet = sealed(9);
        tamper(&fleet, sql);
        assert_eq!(misfit(&fleet), Some(position), "{sql}");
    }
}

#[test]
fn a_noted_head_finds_a_chain_that_was_computed_anew() {
    let fleet = sealed(9);
    let noted = fleet.read(head).unwrap();
    let check = |fleet: &Fleet| fleet.read(|tx| verify(tx, Some(noted))).unwrap().misfit;
    assert_eq!(check(&fleet), None);
    add(&fleet, 5);
    seal(&fleet);
    assert_eq!(check(&fleet), None, "a chain that went on");
    tamper(&fleet, "DELETE FROM audit_event WHERE position = 3");
    tamper(&fleet, "UPDATE audit_event SET position = NULL, hash = NULL");
    tamper(&fleet, "UPDATE audit_chain SET position = 0, hash = zeroblob(32)");
    seal(&fleet);
    assert_eq!(misfit(&fleet), None, "by itself it looks whole");
    assert_eq!(check(&fleet).map(|misfit| misfit.position), Some(9));
}

#[test]
fn one_node_seals_at_a_time_and_another_goes_on_when_it_stops() {
    let fleet = Fleet::new();
    add(&fleet, 2);
    assert_eq!(step(&fleet, "a"), Step::Done(2));
    add(&fleet, 1);
    assert_eq!(step(&fleet, "b"), Step::Elsewhere);
    assert_eq!(step(&fleet, "a"), Step::Done(1));
    add(&fleet, 1);
    fleet.advance(6);
    assert_eq!(step(&fleet, "b"), Step::Done(1));
    assert_eq!(step(&fleet, "a"), Step::Elsewhere);
    fleet.write(|tx| release(tx, "a")).unwrap();
    assert_eq!(step(&fleet, "a"), Step::Elsewhere, "it has nothing to release");
    fleet.write(|tx| release(tx, "b")).unwrap();
    assert_eq!(step(&fleet, "a"), Step::Done(0));
    assert_eq!(verified(&fleet).head.position, 4);
}
