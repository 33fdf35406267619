//! Exact invalidation for caches: a counter per key that moves after each commit that touches the key.
//!
//! A cache loads the epoch *before* it reads the database and keeps it beside the value. The writer bumps it
//! *after* COMMIT and *before* it acknowledges. So a value whose epoch is still current was read after the last
//! acknowledged change, and the acknowledgement of a change means that no cache will serve what was before it.
//!
//! Keys share a fixed table of counters. Two keys that meet in one slot invalidate each other, which costs a
//! lookup and is never wrong; in return there is nothing to grow, lock or clean up.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU64, Ordering};

const SLOTS: usize = 4096;

/// A moment in the life of a key.
#[derive(Clone, Copy, Debug)]
pub struct Epoch {
    slot: usize,
    count: u64,
}

pub(crate) struct Epochs {
    slots: Box<[AtomicU64]>,
    hasher: RandomState,
}

impl Epochs {
    pub(crate) fn new() -> Self {
        let slots = (0..SLOTS).map(|_| AtomicU64::new(0)).collect();
        Self { slots, hasher: RandomState::new() }
    }

    pub(crate) fn slot_of(&self, key: &str) -> usize {
        usize::try_from(self.hasher.hash_one(key) % SLOTS as u64).unwrap_or(0)
    }

    pub(crate) fn load(&self, key: &str) -> Epoch {
        let slot = self.slot_of(key);
        Epoch { slot, count: self.count(slot) }
    }

    pub(crate) fn is_current(&self, epoch: Epoch) -> bool {
        self.count(epoch.slot) == epoch.count
    }

    pub(crate) fn bump(&self, slot: usize) {
        if let Some(counter) = self.slots.get(slot) {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn count(&self, slot: usize) -> u64 {
        self.slots.get(slot).map_or(0, |counter| counter.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_ends_the_epoch_of_its_key() {
        let epochs = Epochs::new();
        let before = epochs.load("org_a");
        assert!(epochs.is_current(before));
        epochs.bump(epochs.slot_of("org_a"));
        assert!(!epochs.is_current(before));
        assert!(epochs.is_current(epochs.load("org_a")));
    }
}
