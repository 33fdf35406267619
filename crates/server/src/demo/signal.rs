//! Plausible observations out of thin air: what a buoy would report at any instant, past or future.
//!
//! Each value is a pure function of signal, site and time, so weeks of history need no state, a restarted demo
//! goes on where it was, and two runs agree to the last digit. Seasons, days, the M2 tide and weather are
//! cosines and hashed noise (see `noise`, `air`, `water`), enough to look right on a chart; nobody should
//! learn oceanography here. Signals of one site belong together: warm water holds less oxygen, wind raises
//! waves, and all sensors of a buoy fall silent together when its telemetry does.
//!
//! Flags are QARTOD's (U.S. IOOS, <https://ioos.noaa.gov/project/qartod/>): gross range, then spike.

mod air;
mod noise;
#[cfg(test)]
mod tests;
mod water;

use jiff::{SignedDuration, Timestamp};
use noise::{Moment, chance};

/// How often a buoy reports.
pub const REPORTING_INTERVAL: SignedDuration = SignedDuration::from_mins(10);

/// Something the demo's sensors measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Degrees Celsius.
    WaterTemperature,
    /// Practical salinity units.
    Salinity,
    /// Millisiemens per centimetre.
    Conductivity,
    /// Milligrams per litre.
    DissolvedOxygen,
    /// Percent of what the water would hold in balance with air.
    OxygenSaturation,
    /// pH units.
    Ph,
    /// Formazin turbidity units.
    Turbidity,
    /// Micrograms per litre.
    Chlorophyll,
    /// Significant height in metres.
    WaveHeight,
    /// Seconds.
    DominantWavePeriod,
    /// Metres per second.
    WindSpeed,
    /// Metres per second.
    WindGust,
    /// Degrees clockwise from true north, where the wind comes from.
    WindDirection,
    /// Degrees Celsius.
    AirTemperature,
    /// Hectopascals.
    AirPressure,
    /// Percent.
    RelativeHumidity,
}

/// The kind of water a buoy floats in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waters {
    /// Salt water with tides.
    Coastal,
    /// Fresh water without.
    Lake,
}

/// Where a buoy is moored. Sites in the same waters share their weather; the seed makes each its own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Site {
    /// Any number, another for each buoy.
    pub seed: u64,
    /// Salt or fresh.
    pub waters: Waters,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east (negative in America).
    pub longitude: f64,
}

/// One reading, and the one a sound sensor would have given, both rounded to the instrument's resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// What the sensor reported.
    pub value: f64,
    /// What its neighbours in time lead one to expect; differs from `value` only in a spike.
    pub expected: f64,
}

/// A QARTOD quality flag, of those the demo hands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// 1: passed the tests.
    Pass,
    /// 3: suspect, here a spike.
    Suspect,
    /// 4: fail, here outside the gross range.
    Fail,
}

impl Flag {
    /// The number QARTOD gives it, as the API reports it.
    pub const fn code(self) -> u8 {
        match self {
            Self::Pass => 1,
            Self::Suspect => 3,
            Self::Fail => 4,
        }
    }
}

/// What a sensor at `site` reports at `at`, in the signal's unit; `None` while the buoy's telemetry is down.
pub fn value(signal: Signal, site: &Site, at: Timestamp) -> Option<f64> {
    sample(signal, site, at).map(|sample| sample.value)
}

/// [`value`], together with the value that was to be expected, which [`flag`] compares it with.
pub fn sample(signal: Signal, site: &Site, at: Timestamp) -> Option<Sample> {
    let moment = Moment::of(site, at);
    if in_outage(&moment) {
        return None;
    }
    let clean = clean(signal, &moment) + signal.jitter() * chance(site.seed, signal as u64, moment.second);
    let expected = signal.rounded(clean);
    let value = spike(signal, &moment).map_or(expected, |offset| signal.rounded(clean + offset));
    Some(Sample { value, expected })
}

/// QARTOD's tests 4 and 6: outside the gross range (lowest and highest included) fails, a spike is suspect.
///
/// The spike test asks how far a value lies from its neighbours. [`Sample::expected`] stands for them: the
/// smooth part of a signal moves far less than its threshold from one report to the next.
pub fn flag(signal: Signal, sample: &Sample, (min, max): (f64, f64)) -> Flag {
    let far_off = |threshold| (sample.value - sample.expected).abs() > threshold;
    if !(min..=max).contains(&sample.value) {
        Flag::Fail
    } else if signal.spike_threshold().is_some_and(far_off) {
        Flag::Suspect
    } else {
        Flag::Pass
    }
}

impl Signal {
    /// Catalogue ids of the observed property and the unit this signal is in.
    pub const fn property_and_unit(self) -> (&'static str, &'static str) {
        match self {
            Self::WaterTemperature => ("water_temperature", "degree_celsius"),
            Self::Salinity => ("salinity", "practical_salinity_unit"),
            Self::Conductivity => ("conductivity", "millisiemens_per_centimetre"),
            Self::DissolvedOxygen => ("dissolved_oxygen", "milligram_per_litre"),
            Self::OxygenSaturation => ("oxygen_saturation", "percent"),
            Self::Ph => ("ph", "ph_unit"),
            Self::Turbidity => ("turbidity", "formazin_turbidity_unit"),
            Self::Chlorophyll => ("chlorophyll", "microgram_per_litre"),
            Self::WaveHeight => ("wave_height", "metre"),
            Self::DominantWavePeriod => ("dominant_wave_period", "second"),
            Self::WindSpeed => ("wind_speed", "metre_per_second"),
            Self::WindGust => ("wind_gust", "metre_per_second"),
            Self::WindDirection => ("wind_direction", "degree"),
            Self::AirTemperature => ("air_temperature", "degree_celsius"),
            Self::AirPressure => ("air_pressure", "hectopascal"),
            Self::RelativeHumidity => ("relative_humidity", "percent"),
        }
    }

    /// Distance from its neighbours beyond which a value is a spike; `None` where jumps are natural.
    pub const fn spike_threshold(self) -> Option<f64> {
        match self {
            Self::WaterTemperature | Self::Conductivity => Some(2.0),
            Self::Salinity | Self::DissolvedOxygen => Some(1.5),
            Self::OxygenSaturation => Some(15.0),
            Self::Ph => Some(0.4),
            Self::Turbidity | Self::WindSpeed | Self::WindGust => Some(8.0),
            Self::Chlorophyll | Self::AirTemperature | Self::AirPressure => Some(5.0),
            Self::WaveHeight => Some(2.5),
            Self::DominantWavePeriod | Self::WindDirection | Self::RelativeHumidity => None,
        }
    }

    /// Largest random deviation of one reading from the smooth signal.
    const fn jitter(self) -> f64 {
        match self {
            Self::WaterTemperature | Self::Salinity | Self::Ph => 0.01,
            Self::Conductivity => 0.002,
            Self::DissolvedOxygen => 0.03,
            Self::OxygenSaturation | Self::RelativeHumidity => 0.4,
            Self::Turbidity | Self::Chlorophyll | Self::WaveHeight => 0.04,
            Self::DominantWavePeriod | Self::AirTemperature => 0.15,
            Self::WindSpeed | Self::WindGust => 0.3,
            Self::WindDirection => 6.0,
            Self::AirPressure => 0.05,
        }
    }

    /// The instrument's resolution. Dividing by a power of ten gives the double nearest to the decimal, so that
    /// a value prints with no more digits than the instrument has; adding zero turns -0 into 0.
    fn rounded(self, value: f64) -> f64 {
        let steps_per_unit = match self {
            Self::WaterTemperature | Self::Salinity | Self::Conductivity => 1000.0,
            Self::DissolvedOxygen | Self::Ph | Self::Turbidity | Self::Chlorophyll | Self::WaveHeight => {
                100.0
            }
            Self::WindDirection => 1.0,
            _ => 10.0,
        };
        self.possible((value * steps_per_unit).round() / steps_per_unit) + 0.0
    }

    /// Keeps noise and spikes from making what can't be: a negative wave, a humidity above saturation.
    fn possible(self, value: f64) -> f64 {
        match self {
            Self::WaterTemperature | Self::AirTemperature => value,
            Self::WindDirection => value.rem_euclid(360.0),
            Self::RelativeHumidity => value.clamp(0.0, 100.0),
            _ => value.max(0.0),
        }
    }
}

/// The signal without noise, spikes and rounding.
fn clean(signal: Signal, moment: &Moment<'_>) -> f64 {
    match signal {
        Signal::WaterTemperature => water::temperature(moment),
        Signal::Salinity => water::salinity(moment),
        Signal::Conductivity => water::conductivity(moment),
        Signal::DissolvedOxygen => water::dissolved_oxygen(moment),
        Signal::OxygenSaturation => water::oxygen_saturation(moment),
        Signal::Ph => water::ph(moment),
        Signal::Turbidity => water::turbidity(moment),
        Signal::Chlorophyll => water::chlorophyll(moment),
        Signal::WaveHeight => water::wave_height(moment),
        Signal::DominantWavePeriod => water::dominant_wave_period(moment),
        Signal::WindSpeed => air::wind(moment).speed,
        Signal::WindGust => air::gust(moment),
        Signal::WindDirection => air::wind(moment).from_degrees,
        Signal::AirTemperature => air::temperature(moment),
        Signal::AirPressure => air::pressure(moment),
        Signal::RelativeHumidity => air::relative_humidity(moment),
    }
}

/// One reading in two thousand is off by one and a half to four times the threshold. Up, because bubbles,
/// weed and passing boats add to most signals and nothing can fall below zero; only temperatures go both ways.
fn spike(signal: Signal, moment: &Moment<'_>) -> Option<f64> {
    const SHARE: f64 = 1.0 / 2000.0;
    let threshold = signal.spike_threshold()?;
    let draw = |purpose: u64| 0.5 + 0.5 * chance(moment.site.seed ^ purpose, signal as u64, moment.second);
    if draw(0x51) >= SHARE {
        return None;
    }
    let both_ways = matches!(signal, Signal::WaterTemperature | Signal::AirTemperature);
    let direction = if both_ways && draw(0x52) < 0.5 { -1.0 } else { 1.0 };
    Some(direction * threshold * (1.5 + 2.5 * draw(0x53)))
}

/// Telemetry outages: in every third window of three days or so, one of an hour to half a day, more often
/// short than long.
fn in_outage(moment: &Moment<'_>) -> bool {
    const WINDOW: i64 = 72 * 3600;
    const SHARE: f64 = 0.3;
    let window = moment.second.div_euclid(WINDOW);
    let draw = |purpose: u64| 0.5 + 0.5 * chance(moment.site.seed ^ purpose, 0x6a9, window);
    if draw(0x61) >= SHARE {
        return false;
    }
    let hours = 1.0 + 11.0 * draw(0x62).powi(2);
    let start = draw(0x63) * (72.0 - hours);
    let now = moment.second.rem_euclid(WINDOW) as f64 / 3600.0;
    (start..start + hours).contains(&now)
}
