//! The columns NDBC publishes, and what each means in Bluesonde's catalogue.
//!
//! Units are written exactly as NDBC's second header line writes them (<https://www.ndbc.noaa.gov/measdes.shtml>):
//! a file that says anything else is a file we would misread, so there is one spelling and no guessing.

/// One measured column: what it observes, in which unit, and the sensor type it is filed under.
///
/// Property, unit and sensor type are catalogue slugs; `written_unit` is NDBC's own spelling of the unit.
#[derive(Debug, PartialEq, Eq)]
pub struct Column {
    /// NDBC's name in the first header line, such as `WTMP`.
    pub name: &'static str,
    /// Observed property, such as `water_temperature`.
    pub property: &'static str,
    /// Unit of measurement, such as `degree_celsius`.
    pub unit: &'static str,
    /// Sensor type, `ndbc_met_payload` or `ndbc_ocean_payload`.
    pub sensor_type: &'static str,
    /// NDBC's spelling of the unit in the second header line, such as `degC`.
    pub written_unit: &'static str,
}

/// The columns of a standard meteorological file.
pub const STANDARD_METEOROLOGICAL: &[Column] = &[
    met("WDIR", "wind_direction", "degree", "degT"),
    met("WSPD", "wind_speed", "metre_per_second", "m/s"),
    met("GST", "wind_gust", "metre_per_second", "m/s"),
    met("WVHT", "wave_height", "metre", "m"),
    met("DPD", "dominant_wave_period", "second", "sec"),
    met("APD", "average_wave_period", "second", "sec"),
    met("MWD", "wave_direction", "degree", "degT"),
    met("PRES", "sea_level_pressure", "hectopascal", "hPa"),
    met("ATMP", "air_temperature", "degree_celsius", "degC"),
    met("WTMP", "water_temperature", "degree_celsius", "degC"),
    met("DEWP", "dew_point", "degree_celsius", "degC"),
    met("VIS", "visibility", "nautical_mile", "nmi"),
    met("PTDY", "pressure_tendency", "hectopascal", "hPa"),
    met("TIDE", "water_level", "foot", "ft"),
];

/// The columns of an `.ocean` file; its `DEPTH` is where a row was measured, not something observed.
pub const OCEAN: &[Column] = &[
    ocean("OTMP", "water_temperature", "degree_celsius", "degC"),
    ocean("COND", "conductivity", "millisiemens_per_centimetre", "mS/cm"),
    ocean("SAL", "salinity", "practical_salinity_unit", "psu"),
    ocean("O2%", "oxygen_saturation", "percent", "%"),
    ocean("O2PPM", "dissolved_oxygen", "parts_per_million", "ppm"),
    ocean("CLCON", "chlorophyll", "microgram_per_litre", "ug/l"),
    ocean("TURB", "turbidity", "formazin_turbidity_unit", "FTU"),
    ocean("PH", "ph", "ph_unit", "-"),
    ocean("EH", "redox_potential", "millivolt", "mv"),
];

const fn met(
    name: &'static str,
    property: &'static str,
    unit: &'static str,
    written_unit: &'static str,
) -> Column {
    Column { name, property, unit, sensor_type: "ndbc_met_payload", written_unit }
}

const fn ocean(
    name: &'static str,
    property: &'static str,
    unit: &'static str,
    written_unit: &'static str,
) -> Column {
    Column { name, property, unit, sensor_type: "ndbc_ocean_payload", written_unit }
}
