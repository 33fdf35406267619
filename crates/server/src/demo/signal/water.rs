//! The water itself: heat, salt, oxygen, light and life, and the waves the wind raises.

use super::Waters;
use super::air;
use super::noise::{Channel, Moment};

/// Peak of the water's warmth: late August, weeks after the air's.
const WARMEST: f64 = 0.65;
/// Snow melt reaches the coast in early May.
const FRESHET: f64 = 0.35;
const SPRING_BLOOM: f64 = 0.28;
const AUTUMN_BLOOM: f64 = 0.77;

/// Degrees Celsius: the season, a warm afternoon, the tide's cool water, eddies, and upwelling in summer.
pub(super) fn temperature(moment: &Moment<'_>) -> f64 {
    let (mean, seasonal, upwelling, coldest) = match moment.site.waters {
        Waters::Coastal => (10.8, 7.2, 0.9, 0.5),
        Waters::Lake => (11.5, 10.5, 2.2, 0.2),
    };
    let stratified = 0.5 + 0.5 * moment.season(WARMEST);
    let degrees = mean
        + seasonal * moment.season(WARMEST)
        + 0.6 * moment.character(Channel::WaterTemperature)
        + (0.1 + 0.35 * stratified) * moment.day(16.0)
        - (0.1 + 0.4 * stratified) * moment.tide()
        + 1.1 * moment.local(Channel::WaterTemperature, 5.0)
        + 2.0 * upwelling * stratified * moment.regional(Channel::Upwelling, 6.0).min(0.2)
        + 0.12 * moment.local(Channel::Upwelling, 0.08);
    degrees.max(coldest)
}

/// Practical salinity.
pub(super) fn salinity(moment: &Moment<'_>) -> f64 {
    match moment.site.waters {
        Waters::Lake => 0.14,
        Waters::Coastal => {
            31.6 + 0.6 * moment.character(Channel::Salinity) - 1.1 * moment.bloom(FRESHET, 0.07)
                + 0.22 * moment.tide()
                + 0.6 * moment.local(Channel::Salinity, 4.0)
                + 0.05 * moment.local(Channel::Upwelling, 0.08)
        }
    }
}

/// Millisiemens per centimetre. In the sea: 42.914 at salinity 35 and 15 °C, scaled by PSS-78's polynomial in
/// temperature and, nearly enough at coastal salinities, by a power of salinity. In a lake: 2 % per degree.
pub(super) fn conductivity(moment: &Moment<'_>) -> f64 {
    let t = temperature(moment);
    match moment.site.waters {
        Waters::Lake => {
            let at_25_degrees = 0.29 + 0.008 * moment.local(Channel::Salinity, 6.0);
            at_25_degrees * (1.0 + 0.02 * (t - 25.0))
        }
        Waters::Coastal => {
            let by_temperature = 0.676_609_7 + t * (2.005_64e-2 + t * (1.104_259e-4 - t * 6.969_8e-7));
            42.914 * by_temperature * (salinity(moment) / 35.0).powf(0.92)
        }
    }
}

/// Percent: plants give oxygen by day, decay takes it in late summer.
pub(super) fn oxygen_saturation(moment: &Moment<'_>) -> f64 {
    let plants = (chlorophyll(moment) / 4.0).min(1.5);
    98.0 + 4.0 * plants + (1.0 + 2.5 * plants) * moment.day(17.0) - 4.0 * moment.bloom(0.72, 0.1)
        + 4.0 * moment.local(Channel::Oxygen, 2.5)
}

/// Milligrams per litre: the saturation above, of what water this warm and salty holds.
pub(super) fn dissolved_oxygen(moment: &Moment<'_>) -> f64 {
    oxygen_saturation(moment) / 100.0 * oxygen_solubility(temperature(moment), salinity(moment))
}

/// Oxygen in balance with moist air at sea level, milligrams per litre (Weiss 1970, Deep-Sea Research 17:721).
pub(super) fn oxygen_solubility(celsius: f64, salinity: f64) -> f64 {
    const MILLIGRAMS_PER_MILLILITRE: f64 = 1.429_05;
    let hundreds = (celsius + 273.15) / 100.0;
    let fresh = -173.4292 + 249.6339 / hundreds + 143.3483 * hundreds.ln() - 21.8492 * hundreds;
    let salt = salinity * (-0.033_096 + hundreds * (0.014_259 - 0.001_7 * hundreds));
    MILLIGRAMS_PER_MILLILITRE * (fresh + salt).exp()
}

/// What takes carbon dioxide out of the water puts oxygen in, and pH up.
pub(super) fn ph(moment: &Moment<'_>) -> f64 {
    let usual = match moment.site.waters {
        Waters::Coastal => 8.0,
        Waters::Lake => 8.25,
    };
    usual + 0.01 * (oxygen_saturation(moment) - 100.0) + 0.03 * moment.character(Channel::Oxygen)
}

/// Micrograms per litre: two blooms a year in the sea, a weaker pair on the lake; dimmed by the noon sun.
pub(super) fn chlorophyll(moment: &Moment<'_>) -> f64 {
    let (usual, blooms) = match moment.site.waters {
        Waters::Coastal => (1.4_f64, 1.2),
        Waters::Lake => (0.9, 0.8),
    };
    let life = blooms * moment.bloom(SPRING_BLOOM, 0.06)
        + 0.7 * blooms * moment.bloom(AUTUMN_BLOOM, 0.06)
        + 0.9 * moment.local(Channel::Chlorophyll, 3.0)
        + 0.3 * moment.character(Channel::Chlorophyll);
    usual * life.exp() * (1.0 - 0.15 * moment.day(12.5).max(0.0))
}

/// Formazin turbidity units: what waves stir up, and what the ebb carries.
pub(super) fn turbidity(moment: &Moment<'_>) -> f64 {
    let stirred = 0.35 * wave_height(&moment.hours_ago(2));
    let silt = 0.8 * moment.local(Channel::Turbidity, 1.5) + 0.3 * moment.character(Channel::Turbidity);
    (0.9 - 0.25 * moment.tide() + stirred) * silt.exp()
}

/// Metres: the sea the last hours' wind has raised, and in the ocean the swell of distant storms.
pub(super) fn wave_height(moment: &Moment<'_>) -> f64 {
    let (growth, swell) = match moment.site.waters {
        Waters::Coastal => (0.017, swell(moment)),
        Waters::Lake => (0.013, 0.0),
    };
    let wind = [0, 2, 4, 6].map(|hours| air::wind(&moment.hours_ago(hours)).speed).iter().sum::<f64>() / 4.0;
    (0.1 + growth * wind * wind).hypot(swell)
}

fn swell(moment: &Moment<'_>) -> f64 {
    0.6 + 0.5 * moment.regional(Channel::Swell, 3.0)
}

/// Seconds: longer for higher waves, and longer still where swell rules.
pub(super) fn dominant_wave_period(moment: &Moment<'_>) -> f64 {
    let swell = match moment.site.waters {
        Waters::Coastal => 2.5 + 1.5 * moment.regional(Channel::Swell, 2.0),
        Waters::Lake => 0.0,
    };
    2.6 + 2.2 * wave_height(moment).sqrt() + swell
}
