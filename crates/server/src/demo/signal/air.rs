//! Weather over the water: shared by all buoys of a region, with a little of each site's own.

use super::Waters;
use super::noise::{Channel, Moment};

/// Peak of the air's warmth: late July.
const MIDSUMMER: f64 = 0.56;

pub(super) struct Wind {
    /// Metres per second.
    pub(super) speed: f64,
    /// Degrees clockwise from north, where it comes from.
    pub(super) from_degrees: f64,
}

/// Wandering components, stronger in winter, over a prevailing south-westerly and an afternoon breeze.
pub(super) fn wind(moment: &Moment<'_>) -> Wind {
    let strength = 11.0 - 3.0 * moment.season(MIDSUMMER);
    let breeze = 1.2 * (1.0 + moment.season(MIDSUMMER)) * moment.day(15.0).max(0.0);
    let component = |channel| strength * moment.regional(channel, 1.7) + 1.5 * moment.local(channel, 0.2);
    let east = 1.5 + component(Channel::WindEast) - breeze;
    let north = 1.5 + component(Channel::WindNorth) + breeze;
    Wind { speed: east.hypot(north), from_degrees: (-east).atan2(-north).to_degrees() }
}

/// Metres per second, never below the mean wind by more than the noise of reading it.
pub(super) fn gust(moment: &Moment<'_>) -> f64 {
    wind(moment).speed * (1.28 + 0.12 * moment.local(Channel::Gust, 0.1)) + 0.6
}

/// Degrees Celsius.
pub(super) fn temperature(moment: &Moment<'_>) -> f64 {
    let (mean, seasonal) = match moment.site.waters {
        Waters::Coastal => (9.5, 10.0),
        Waters::Lake => (8.5, 12.5),
    };
    mean + seasonal * moment.season(MIDSUMMER)
        + 1.3 * moment.day(15.0)
        + 6.0 * moment.regional(Channel::AirTemperature, 3.0)
        + 0.8 * moment.local(Channel::AirTemperature, 0.4)
}

/// Hectopascals: highs and lows, deeper in winter, and the tide of the atmosphere.
pub(super) fn pressure(moment: &Moment<'_>) -> f64 {
    let depth = 16.0 - 4.0 * moment.season(MIDSUMMER);
    1015.5
        + depth * moment.regional(Channel::Pressure, 2.6)
        + 0.7 * moment.half_day()
        + 0.4 * moment.local(Channel::Pressure, 1.0)
}

/// Percent; drier in the afternoon.
pub(super) fn relative_humidity(moment: &Moment<'_>) -> f64 {
    76.0 - 4.0 * moment.day(15.0)
        + 26.0 * moment.regional(Channel::Humidity, 2.2)
        + 3.0 * moment.local(Channel::Humidity, 0.3)
}
