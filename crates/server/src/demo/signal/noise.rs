//! Noise without state: a hash of seed, channel and step, made smooth by interpolation; and the clocks of
//! sun and moon.

use super::{Site, Waters};
use jiff::Timestamp;
use std::f64::consts::TAU;

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const YEAR: f64 = 365.2425 * DAY;
/// Period of the principal lunar tide.
const M2: f64 = 12.420_601_2 * HOUR;

/// A site at an instant, with what all signals ask of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub(super) site: &'a Site,
    /// Seconds since 1970.
    pub(super) second: i64,
}

impl<'a> Moment<'a> {
    pub(super) fn of(site: &'a Site, at: Timestamp) -> Self {
        Self { site, second: at.as_second() }
    }

    pub(super) fn hours_ago(self, hours: i64) -> Self {
        Self { second: self.second - hours * 3600, ..self }
    }

    /// 1 on `peak` of the year (0 is the first of January, 0.5 the second of July), -1 half a year later.
    pub(super) fn season(&self, peak: f64) -> f64 {
        (TAU * (self.second as f64 / YEAR - peak)).cos()
    }

    /// A bump of height 1 around `peak`, some `width` of a year wide.
    pub(super) fn bloom(&self, peak: f64, width: f64) -> f64 {
        let distance = (self.second as f64 / YEAR - peak + 0.5).rem_euclid(1.0) - 0.5;
        (-(distance / width).powi(2)).exp()
    }

    /// 1 at `peak_hour` of the local solar day, -1 twelve hours later.
    pub(super) fn day(&self, peak_hour: f64) -> f64 {
        let local = self.second as f64 / HOUR + self.site.longitude / 15.0;
        (TAU * (local - peak_hour) / 24.0).cos()
    }

    /// The atmospheric tide: 1 at ten in the morning and evening, local solar time.
    pub(super) fn half_day(&self) -> f64 {
        let local = self.second as f64 / HOUR + self.site.longitude / 15.0;
        (TAU * (local - 10.0) / 12.0).cos()
    }

    /// The tide's height, 1 at high and -1 at low water; zero on a lake. It runs along the coast.
    pub(super) fn tide(&self) -> f64 {
        match self.site.waters {
            Waters::Coastal => (TAU * self.second as f64 / M2 + (self.site.latitude - 42.0)).cos(),
            Waters::Lake => 0.0,
        }
    }

    /// Noise of this site, between -1 and 1, that takes `days` to change its mind.
    pub(super) fn local(&self, channel: Channel, days: f64) -> f64 {
        wander(self.site.seed, channel, self.second as f64 / (days * DAY))
    }

    /// Noise all sites of the same waters share.
    pub(super) fn regional(&self, channel: Channel, days: f64) -> f64 {
        wander(0xb1ae ^ self.site.waters as u64, channel, self.second as f64 / (days * DAY))
    }

    /// A number of this site that never changes, between -1 and 1.
    pub(super) fn character(&self, channel: Channel) -> f64 {
        chance(self.site.seed, channel as u64, i64::MIN)
    }
}

/// Keeps the noise of one quantity from repeating that of another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Channel {
    Pressure = 100,
    WindEast,
    WindNorth,
    Gust,
    AirTemperature,
    Humidity,
    WaterTemperature,
    Upwelling,
    Salinity,
    Oxygen,
    Chlorophyll,
    Turbidity,
    Swell,
}

/// A number between -1 and 1 that looks random and depends on nothing but its arguments (splitmix64).
pub(super) fn chance(seed: u64, channel: u64, step: i64) -> f64 {
    let key = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ channel.wrapping_mul(0xd134_2543_de82_ef95);
    let hash = mixed(mixed(key) ^ step.cast_unsigned());
    // The upper 53 bits are what a double holds exactly.
    (hash >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}

const fn mixed(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Three octaves of smooth noise, the slowest the strongest.
fn wander(seed: u64, channel: Channel, position: f64) -> f64 {
    let octave = |n: u64, faster: f64| smooth(seed.wrapping_add(n), channel as u64, position * faster);
    0.65 * octave(0, 1.0) + 0.25 * octave(1, 3.1) + 0.1 * octave(2, 9.7)
}

/// Random numbers at whole positions, joined by curves that are flat at both ends.
fn smooth(seed: u64, channel: u64, position: f64) -> f64 {
    let (step, part) = (position.floor(), position - position.floor());
    let (here, next) = (chance(seed, channel, step as i64), chance(seed, channel, step as i64 + 1));
    here + (next - here) * part * part * (3.0 - 2.0 * part)
}
