//! Measuring two kinds of the same thing, and Welch's t-test.

use std::hint::black_box;
use std::time::Instant;

/// Which of the two kinds: what is wrong late, or what is wrong early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    First,
    Second,
}

/// The shares of the fastest samples that are tested each for itself.
const CROPS: [f64; 6] = [1.0, 0.99, 0.95, 0.9, 0.75, 0.5];

/// The share of the beginning that is thrown away, while caches warm up: a tenth.
const WARM_UP: usize = 10;

/// How many inputs are prepared at a time.
const BATCH: usize = 500;

/// SplitMix64: which kind comes next must be random, not secret.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(chance: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(chance))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap_or(0)
    }

    fn side(&mut self) -> Side {
        if self.next() & 1 == 0 { Side::First } else { Side::Second }
    }
}

/// Takes so many samples in random order. What `prepare` does is not measured, and is done for a whole batch before
/// any of it is: what it leaves in caches and branch predictors would tell one kind from the other.
pub(crate) fn compare<I, T>(
    samples: usize,
    dice: &mut Dice,
    mut prepare: impl FnMut(Side, &mut Dice) -> I,
    mut measured: impl FnMut(I) -> T,
) -> f64 {
    let mut taken = Vec::with_capacity(samples + BATCH);
    while taken.len() < samples + samples / WARM_UP {
        let sides: Vec<_> = (0..BATCH).map(|_| dice.side()).collect();
        let inputs: Vec<_> = sides.iter().map(|side| prepare(*side, dice)).collect();
        for (side, input) in sides.into_iter().zip(inputs) {
            let start = Instant::now();
            let output = black_box(measured(black_box(input)));
            let nanoseconds = start.elapsed().as_nanos() as f64;
            drop(output);
            taken.push((side, nanoseconds));
        }
    }
    largest_t(taken.split_off(samples / WARM_UP))
}

fn largest_t(mut taken: Vec<(Side, f64)>) -> f64 {
    taken.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let kept = |share: f64| (taken.len() as f64 * share) as usize;
    let crops = CROPS.into_iter().map(|share| t(taken.get(..kept(share)).unwrap_or(&taken)));
    crops.fold(0.0, f64::max)
}

/// |t| of the means of both sides, which need not have the same variance.
fn t(taken: &[(Side, f64)]) -> f64 {
    let (first, second) = (Moments::of(Side::First, taken), Moments::of(Side::Second, taken));
    let error = (first.variance / first.count + second.variance / second.count).sqrt();
    if error > 0.0 { (first.mean - second.mean).abs() / error } else { 0.0 }
}

struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    fn of(side: Side, taken: &[(Side, f64)]) -> Self {
        let own = || taken.iter().filter(|(of, _)| *of == side).map(|(_, value)| *value);
        let count = own().count() as f64;
        let mean = own().sum::<f64>() / count;
        let variance = own().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { count, mean, variance }
    }
}
