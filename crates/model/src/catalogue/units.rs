//! Units of measurement, defined in UCUM (<https://ucum.org/ucum>), the code that programs can convert by.
//!
//! Practical salinity and formazin turbidity are scales without a UCUM unit; they carry an annotation in
//! braces, which UCUM reads as "the number one, counted in this". Instruments report turbidity as FTU, NTU or
//! FNU depending on their optics, all calibrated against the same formazin; the catalogue keeps one.

use super::Unit;

/// Every unit a datastream can have.
pub const UNITS: &[Unit] = &[
    unit("degree", "Degree of arc", "°", "deg"),
    unit("degree_celsius", "Degree Celsius", "°C", "Cel"),
    unit("foot", "Foot", "ft", "[ft_i]"),
    unit("formazin_turbidity_unit", "Formazin turbidity unit", "FTU", "{FTU}"),
    unit("hectopascal", "Hectopascal", "hPa", "hPa"),
    unit("metre", "Metre", "m", "m"),
    unit("metre_per_second", "Metre per second", "m/s", "m/s"),
    unit("microgram_per_litre", "Microgram per litre", "µg/L", "ug/L"),
    unit("micromole_per_litre", "Micromole per litre", "µmol/L", "umol/L"),
    unit("milligram_per_litre", "Milligram per litre", "mg/L", "mg/L"),
    unit("millimetre_per_hour", "Millimetre per hour", "mm/h", "mm/h"),
    unit("millisiemens_per_centimetre", "Millisiemens per centimetre", "mS/cm", "mS/cm"),
    unit("millivolt", "Millivolt", "mV", "mV"),
    unit("nautical_mile", "Nautical mile", "nmi", "[nmi_i]"),
    unit("parts_per_million", "Parts per million", "ppm", "[ppm]"),
    unit("percent", "Percent", "%", "%"),
    unit("ph_unit", "pH", "pH", "[pH]"),
    unit("practical_salinity_unit", "Practical salinity unit", "PSU", "{psu}"),
    unit("second", "Second", "s", "s"),
    unit("watt_per_square_metre", "Watt per square metre", "W/m²", "W/m2"),
];

const fn unit(id: &'static str, name: &'static str, symbol: &'static str, definition: &'static str) -> Unit {
    Unit { id, name, symbol, definition }
}
