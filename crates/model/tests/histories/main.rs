//! Grants, codes and tokens against a reference: no history, however odd, may tell the two apart.
//!
//! A history is what people, applications and their owners do, in any order and with time passing: asking,
//! consenting, redeeming, refreshing, trying again, changing roles and applications, taking back. After each act the
//! model must say the same as the reference of its outcome, of what every access token ever issued may do, and of
//! what people see of it all. [`reference`] is the product's rules on plain vectors.
//!
//! 256 histories on each run; 100,000 with `BLUESONDE_TEST_LONG=1`. What fails is made small before it is shown.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is the way to say that something is wrong"
)]

mod act;
mod reference;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;

use proptest::prelude::*;

use act::{Act, Outcome, history};
use reference::Reference;
use world::Stage;

/// Every way in which a token request can be refused that these histories can come to.
const REFUSALS: [&str; 14] = [
    "another client's",
    "beyond",
    "ended",
    "expired",
    "no role",
    "proof",
    "redirect URI",
    "redirect URI missing",
    "redirect URI removed",
    "role lacks",
    "rotated",
    "spoiled",
    "successor used",
    "used",
];

type Seen = BTreeMap<&'static str, usize>;

#[expect(clippy::disallowed_methods, reason = "a test has no command line through which it could be told")]
fn is_long() -> bool {
    std::env::var_os("BLUESONDE_TEST_LONG").is_some()
}

#[test]
fn no_history_tells_the_model_from_the_reference() {
    let (stage, seen) = (RefCell::new(Stage::new()), RefCell::new(Seen::new()));
    let cases = if is_long() { 100_000 } else { 256 };
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(acts in history())| {
        let mut stage = stage.borrow_mut();
        if stage.is_old() {
            *stage = Stage::new();
        }
        play(&mut stage, &acts, &mut seen.borrow_mut())?;
    });
    let seen = seen.into_inner();
    println!("{seen:?}");
    if is_long() {
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), REFUSALS, "some refusal was never come to");
    }
}

fn play(stage: &mut Stage, acts: &[Act], seen: &mut Seen) -> Result<(), TestCaseError> {
    let (mut world, mut reference) = (stage.world(), Reference::new());
    for (number, act) in acts.iter().enumerate() {
        // No two acts are at the same instant, so that there is always a newest consent.
        world.pass(1);
        reference.pass(1);
        let outcome = reference.act(act);
        prop_assert_eq!(&world.act(act), &outcome, "act {}: {:?}", number, act);
        prop_assert_eq!(world.working(), reference.working(), "tokens after act {}: {:?}", number, act);
        prop_assert_eq!(world.connections(), reference.connections(), "after act {}: {:?}", number, act);
        if let Outcome::Refused(refusal) = outcome {
            *seen.entry(refusal).or_default() += 1;
        }
    }
    Ok(())
}
