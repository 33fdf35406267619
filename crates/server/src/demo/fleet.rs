//! The demo's two organizations and their buoys: invented names, real waters, real hardware.
//!
//! Ten buoys of a bay and its gulf in salt water, four of a lake without tide or salt, so that the two
//! organizations' answers can't be mistaken for each other. Everything is reported every ten minutes
//! ([`super::signal::REPORTING_INTERVAL`]).

use super::signal::{Signal, Site, Waters};
use Signal::{
    AirPressure, AirTemperature, Chlorophyll, Conductivity, DissolvedOxygen, DominantWavePeriod,
    OxygenSaturation, Ph, RelativeHumidity, Salinity, Turbidity, WaterTemperature, WaveHeight, WindDirection,
    WindGust, WindSpeed,
};

/// An organization of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Organization {
    /// Its name.
    pub name: &'static str,
    /// What it owns.
    pub buoys: &'static [Buoy],
}

/// A buoy of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Buoy {
    /// Name of its place.
    pub name: &'static str,
    /// Unique in the whole demo.
    pub serial_number: &'static str,
    /// Where it is moored, and the seed of its signals.
    pub site: Site,
    /// What it carries: no signal twice, so that a site and a signal tell the datastream.
    pub sensors: &'static [Sensor],
}

/// A sensor on a buoy.
#[derive(Clone, Copy, Debug)]
pub struct Sensor {
    /// Name on the manifest, with its depth or height in metres.
    pub name: &'static str,
    /// Catalogue id of its type.
    pub sensor_type: &'static str,
    /// What it reports, some of what its type can measure: one datastream each.
    pub signals: &'static [Signal],
}

/// Both organizations; the first is the one the documentation's examples read from.
pub const ORGANIZATIONS: &[Organization] = &[
    Organization { name: "Blue Harbor Water Quality", buoys: BLUE_HARBOR },
    Organization { name: "Lakeshore Research Cooperative", buoys: LAKESHORE },
];

const BLUE_HARBOR: &[Buoy] = &[
    coastal("Boston Approach", "BH-0101", (42.352, -70.671), &[CTD_OXYGEN, FLUOROMETER, WIND_MONITOR]),
    coastal("Stellwagen North", "BH-0102", (42.441, -70.402), &[CTD, OPTODE, WAVE_SENSOR]),
    coastal("Massachusetts Bay", "BH-0103", (42.517, -70.574), &[SONDE, WEATHER_TRANSMITTER]),
    coastal("Cape Ann East", "BH-0104", (42.661, -70.438), &[CTD, WIND_MONITOR, BAROMETER]),
    coastal("Cape Cod Bay", "BH-0105", (41.861, -70.312), &[SONDE, WAVE_SENSOR]),
    coastal("Jeffreys Ledge", "BH-0106", (42.804, -70.192), &[CTD_OXYGEN, WAVE_SENSOR]),
    coastal("Bigelow Bight", "BH-0107", (43.172, -70.431), &[COMPACT_SONDE, WEATHER_TRANSMITTER]),
    coastal("Casco Bay Outer", "BH-0108", (43.531, -70.133), &[CTD_OXYGEN, FLUOROMETER, HYGROMETER]),
    coastal("Central Maine Shelf", "BH-0109", (43.712, -69.361), &[CTD, OPTODE, WIND_MONITOR]),
    coastal("Penobscot Approach", "BH-0110", (43.968, -68.907), &[COMPACT_SONDE, WAVE_SENSOR, BAROMETER]),
];

const LAKESHORE: &[Buoy] = &[
    lake("Milwaukee Reef", "LRC-201", (43.094, -87.842), &[LAKE_SONDE, WEATHER_TRANSMITTER]),
    lake("Muskegon Offshore", "LRC-202", (43.181, -86.372), &[LAKE_COMPACT_SONDE, WAVE_SENSOR]),
    lake("Southern Basin", "LRC-203", (42.681, -87.031), &[THERMISTOR, WIND_MONITOR, BAROMETER]),
    lake("Beaver Island West", "LRC-204", (45.612, -85.934), &[LAKE_SONDE, WAVE_SENSOR, HYGROMETER]),
];

const CTD: Sensor = Sensor {
    name: "CTD, 1 m",
    sensor_type: "sbe_37_smp",
    signals: &[WaterTemperature, Salinity, Conductivity],
};
const CTD_OXYGEN: Sensor = Sensor {
    name: "CTD with oxygen, 1 m",
    sensor_type: "sbe_37_smp_odo",
    signals: &[WaterTemperature, Salinity, Conductivity, DissolvedOxygen],
};
const OPTODE: Sensor =
    Sensor { name: "Oxygen optode, 2 m", sensor_type: "oxygen_optode_4831", signals: &[OxygenSaturation] };
const FLUOROMETER: Sensor =
    Sensor { name: "Fluorometer, 2 m", sensor_type: "eco_flntu", signals: &[Chlorophyll, Turbidity] };
const SONDE: Sensor = Sensor {
    name: "Sonde, 1 m",
    sensor_type: "ysi_exo2",
    signals: &[WaterTemperature, Salinity, Conductivity, DissolvedOxygen, Ph, Turbidity, Chlorophyll],
};
const COMPACT_SONDE: Sensor = Sensor {
    name: "Sonde, 1 m",
    sensor_type: "aqua_troll_600",
    signals: &[WaterTemperature, Salinity, DissolvedOxygen, Ph, Turbidity],
};
const LAKE_SONDE: Sensor = Sensor {
    name: "Sonde, 1 m",
    sensor_type: "ysi_exo2",
    signals: &[WaterTemperature, Conductivity, DissolvedOxygen, Ph, Turbidity, Chlorophyll],
};
const LAKE_COMPACT_SONDE: Sensor = Sensor {
    name: "Sonde, 1 m",
    sensor_type: "aqua_troll_600",
    signals: &[WaterTemperature, Conductivity, DissolvedOxygen, Turbidity],
};
const THERMISTOR: Sensor =
    Sensor { name: "Thermistor, 1 m", sensor_type: "sbe_39plus", signals: &[WaterTemperature] };
const WAVE_SENSOR: Sensor = Sensor {
    name: "Wave sensor",
    sensor_type: "triaxys_wave_sensor",
    signals: &[WaveHeight, DominantWavePeriod],
};
const WIND_MONITOR: Sensor = Sensor {
    name: "Wind monitor, +3 m",
    sensor_type: "young_05106",
    signals: &[WindSpeed, WindGust, WindDirection],
};
const BAROMETER: Sensor =
    Sensor { name: "Barometer, +2 m", sensor_type: "vaisala_ptb210", signals: &[AirPressure] };
const HYGROMETER: Sensor = Sensor {
    name: "Hygrometer, +2 m",
    sensor_type: "rotronic_hc2a_s3",
    signals: &[AirTemperature, RelativeHumidity],
};
const WEATHER_TRANSMITTER: Sensor = Sensor {
    name: "Weather station, +3 m",
    sensor_type: "vaisala_wxt536",
    signals: &[WindSpeed, WindGust, WindDirection, AirTemperature, RelativeHumidity, AirPressure],
};

const fn coastal(
    name: &'static str,
    serial_number: &'static str,
    position: (f64, f64),
    sensors: &'static [Sensor],
) -> Buoy {
    Buoy { name, serial_number, site: moored(Waters::Coastal, serial_number, position), sensors }
}

const fn lake(
    name: &'static str,
    serial_number: &'static str,
    position: (f64, f64),
    sensors: &'static [Sensor],
) -> Buoy {
    Buoy { name, serial_number, site: moored(Waters::Lake, serial_number, position), sensors }
}

/// The serial number is the seed (FNV-1a), so that moving a buoy in the list doesn't change its past.
const fn moored(waters: Waters, serial_number: &str, (latitude, longitude): (f64, f64)) -> Site {
    let mut seed = 0xcbf2_9ce4_8422_2325_u64;
    let mut rest = serial_number.as_bytes();
    while let [byte, tail @ ..] = rest {
        seed = (seed ^ *byte as u64).wrapping_mul(0x0100_0000_01b3);
        rest = tail;
    }
    Site { seed, waters, latitude, longitude }
}
