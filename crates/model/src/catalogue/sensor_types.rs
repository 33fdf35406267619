//! Sensor types: real instruments, what they measure, and how far their scales reach.
//!
//! Gross ranges are the manufacturers' published measuring ranges, or narrower: a reading outside one can't
//! be right (QARTOD test 4), while one inside still can be wrong. Addresses are the manufacturers' sites,
//! which outlive the paths of single datasheets. NDBC doesn't say which instrument stood behind a column, so
//! its files import under the payloads that gathered them, with ranges that only bound what is possible.

use super::{Measure, SensorType};

/// Every class of hardware a device can carry.
pub const SENSOR_TYPES: &[SensorType] = &[
    SensorType {
        id: "sbe_37_smp",
        name: "SBE 37-SMP MicroCAT",
        manufacturer: SEA_BIRD,
        datasheet_url: Some("https://www.seabird.com/"),
        measures: &[
            measure("water_temperature", "degree_celsius", -5.0, 45.0),
            measure("conductivity", "millisiemens_per_centimetre", 0.0, 70.0),
            measure("salinity", "practical_salinity_unit", 0.0, 42.0),
        ],
    },
    SensorType {
        id: "sbe_37_smp_odo",
        name: "SBE 37-SMP-ODO MicroCAT",
        manufacturer: SEA_BIRD,
        datasheet_url: Some("https://www.seabird.com/"),
        measures: &[
            measure("water_temperature", "degree_celsius", -5.0, 45.0),
            measure("conductivity", "millisiemens_per_centimetre", 0.0, 70.0),
            measure("salinity", "practical_salinity_unit", 0.0, 42.0),
            measure("dissolved_oxygen", "milligram_per_litre", 0.0, 18.0),
            measure("oxygen_saturation", "percent", 0.0, 120.0),
        ],
    },
    SensorType {
        id: "sbe_39plus",
        name: "SBE 39plus Temperature Recorder",
        manufacturer: SEA_BIRD,
        datasheet_url: Some("https://www.seabird.com/"),
        measures: &[measure("water_temperature", "degree_celsius", -5.0, 45.0)],
    },
    SensorType {
        id: "eco_flntu",
        name: "ECO FLNTU Fluorometer and Turbidity Sensor",
        manufacturer: SEA_BIRD,
        datasheet_url: Some("https://www.seabird.com/"),
        measures: &[
            measure("chlorophyll", "microgram_per_litre", 0.0, 50.0),
            measure("turbidity", "formazin_turbidity_unit", 0.0, 25.0),
        ],
    },
    SensorType {
        id: "ysi_exo2",
        name: "EXO2 Multiparameter Sonde",
        manufacturer: "YSI, a Xylem brand",
        datasheet_url: Some("https://www.ysi.com/"),
        measures: &[
            measure("water_temperature", "degree_celsius", -5.0, 50.0),
            measure("conductivity", "millisiemens_per_centimetre", 0.0, 200.0),
            measure("salinity", "practical_salinity_unit", 0.0, 70.0),
            measure("dissolved_oxygen", "milligram_per_litre", 0.0, 50.0),
            measure("oxygen_saturation", "percent", 0.0, 500.0),
            measure("ph", "ph_unit", 0.0, 14.0),
            measure("redox_potential", "millivolt", -999.0, 999.0),
            measure("turbidity", "formazin_turbidity_unit", 0.0, 4000.0),
            measure("chlorophyll", "microgram_per_litre", 0.0, 400.0),
        ],
    },
    SensorType {
        id: "aqua_troll_600",
        name: "Aqua TROLL 600 Multiparameter Sonde",
        manufacturer: "In-Situ",
        datasheet_url: Some("https://in-situ.com/"),
        measures: &[
            measure("water_temperature", "degree_celsius", -5.0, 50.0),
            measure("conductivity", "millisiemens_per_centimetre", 0.0, 350.0),
            measure("salinity", "practical_salinity_unit", 0.0, 350.0),
            measure("dissolved_oxygen", "milligram_per_litre", 0.0, 20.0),
            measure("oxygen_saturation", "percent", 0.0, 200.0),
            measure("ph", "ph_unit", 0.0, 14.0),
            measure("redox_potential", "millivolt", -1400.0, 1400.0),
            measure("turbidity", "formazin_turbidity_unit", 0.0, 4000.0),
        ],
    },
    SensorType {
        id: "oxygen_optode_4831",
        name: "Oxygen Optode 4831",
        manufacturer: "Aanderaa, a Xylem brand",
        datasheet_url: Some("https://www.aanderaa.com/"),
        measures: &[
            measure("dissolved_oxygen_molar", "micromole_per_litre", 0.0, 500.0),
            measure("oxygen_saturation", "percent", 0.0, 150.0),
            measure("water_temperature", "degree_celsius", -5.0, 40.0),
        ],
    },
    SensorType {
        id: "triaxys_wave_sensor",
        name: "TRIAXYS Directional Wave Sensor",
        manufacturer: "AXYS Technologies",
        datasheet_url: Some("https://axys.com/"),
        measures: &[
            measure("wave_height", "metre", 0.0, 20.0),
            measure("dominant_wave_period", "second", 1.5, 33.0),
            measure("average_wave_period", "second", 1.5, 33.0),
            measure("wave_direction", "degree", 0.0, 360.0),
        ],
    },
    SensorType {
        id: "young_05106",
        name: "Wind Monitor-MA 05106",
        manufacturer: "R. M. Young Company",
        datasheet_url: Some("https://www.youngusa.com/"),
        measures: &[
            measure("wind_speed", "metre_per_second", 0.0, 100.0),
            measure("wind_gust", "metre_per_second", 0.0, 100.0),
            measure("wind_direction", "degree", 0.0, 360.0),
        ],
    },
    SensorType {
        id: "vaisala_ptb210",
        name: "PTB210 Digital Barometer",
        manufacturer: "Vaisala",
        datasheet_url: Some("https://www.vaisala.com/"),
        measures: &[measure("air_pressure", "hectopascal", 500.0, 1100.0)],
    },
    SensorType {
        id: "vaisala_wxt536",
        name: "Weather Transmitter WXT536",
        manufacturer: "Vaisala",
        datasheet_url: Some("https://www.vaisala.com/"),
        measures: &[
            measure("wind_speed", "metre_per_second", 0.0, 60.0),
            measure("wind_gust", "metre_per_second", 0.0, 60.0),
            measure("wind_direction", "degree", 0.0, 360.0),
            measure("air_temperature", "degree_celsius", -52.0, 60.0),
            measure("relative_humidity", "percent", 0.0, 100.0),
            measure("air_pressure", "hectopascal", 600.0, 1100.0),
            measure("rainfall_rate", "millimetre_per_hour", 0.0, 200.0),
        ],
    },
    SensorType {
        id: "rotronic_hc2a_s3",
        name: "HygroClip2 HC2A-S3 Meteorological Probe",
        manufacturer: "Rotronic",
        datasheet_url: Some("https://www.rotronic.com/"),
        measures: &[
            measure("relative_humidity", "percent", 0.0, 100.0),
            measure("air_temperature", "degree_celsius", -50.0, 100.0),
        ],
    },
    SensorType {
        id: "licor_li_200r",
        name: "LI-200R Pyranometer",
        manufacturer: "LI-COR",
        datasheet_url: Some("https://www.licor.com/"),
        measures: &[measure("solar_irradiance", "watt_per_square_metre", 0.0, 3000.0)],
    },
    SensorType {
        id: "ndbc_met_payload",
        name: "NDBC meteorological payload (ARES, SCOOP)",
        manufacturer: NDBC,
        datasheet_url: Some("https://www.ndbc.noaa.gov/"),
        measures: &[
            measure("wind_direction", "degree", 0.0, 360.0),
            measure("wind_speed", "metre_per_second", 0.0, 100.0),
            measure("wind_gust", "metre_per_second", 0.0, 100.0),
            measure("wave_height", "metre", 0.0, 30.0),
            measure("dominant_wave_period", "second", 0.0, 40.0),
            measure("average_wave_period", "second", 0.0, 40.0),
            measure("wave_direction", "degree", 0.0, 360.0),
            measure("sea_level_pressure", "hectopascal", 800.0, 1100.0),
            measure("air_temperature", "degree_celsius", -60.0, 60.0),
            measure("water_temperature", "degree_celsius", -5.0, 45.0),
            measure("dew_point", "degree_celsius", -60.0, 60.0),
            measure("visibility", "nautical_mile", 0.0, 50.0),
            measure("pressure_tendency", "hectopascal", -50.0, 50.0),
            measure("water_level", "foot", -60.0, 60.0),
        ],
    },
    SensorType {
        id: "ndbc_ocean_payload",
        name: "NDBC oceanographic payload (ARES, SCOOP)",
        manufacturer: NDBC,
        datasheet_url: Some("https://www.ndbc.noaa.gov/"),
        measures: &[
            measure("water_temperature", "degree_celsius", -5.0, 45.0),
            measure("conductivity", "millisiemens_per_centimetre", 0.0, 100.0),
            measure("salinity", "practical_salinity_unit", 0.0, 70.0),
            measure("oxygen_saturation", "percent", 0.0, 500.0),
            measure("dissolved_oxygen", "parts_per_million", 0.0, 50.0),
            measure("chlorophyll", "microgram_per_litre", 0.0, 500.0),
            measure("turbidity", "formazin_turbidity_unit", 0.0, 4000.0),
            measure("ph", "ph_unit", 0.0, 14.0),
            measure("redox_potential", "millivolt", -2000.0, 2000.0),
        ],
    },
];

/// WET Labs, who made the ECO sensors first, is part of Sea-Bird.
const SEA_BIRD: &str = "Sea-Bird Scientific";
const NDBC: &str = "NOAA National Data Buoy Center";

const fn measure(property: &'static str, unit: &'static str, min: f64, max: f64) -> Measure {
    Measure { property, unit, gross_range: (min, max) }
}
