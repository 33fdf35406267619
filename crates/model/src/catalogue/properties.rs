//! Observed properties, defined by the CF standard names as the NERC vocabulary server publishes them
//! (<http://vocab.nerc.ac.uk/standard_name/>).
//!
//! A property without a definition has no standard name that means the same: CF's pH is on the total scale,
//! which sondes calibrated in buffers don't report; its pressure tendency is a rate, where ours is a
//! difference over three hours; oxidation-reduction potential has none.

use super::ObservedProperty;

/// Everything a datastream can observe.
pub const OBSERVED_PROPERTIES: &[ObservedProperty] = &[
    // In the water
    property("water_temperature", "Water temperature", "Temperature of the water at the sensor.")
        .defined("http://vocab.nerc.ac.uk/standard_name/sea_water_temperature/"),
    property("salinity", "Salinity", "Practical salinity (PSS-78), derived from conductivity and temperature.")
        .defined("http://vocab.nerc.ac.uk/standard_name/sea_water_practical_salinity/"),
    property("conductivity", "Conductivity", "Electrical conductivity at the water's own temperature.")
        .defined("http://vocab.nerc.ac.uk/standard_name/sea_water_electrical_conductivity/"),
    property("dissolved_oxygen", "Dissolved oxygen", "Mass of oxygen dissolved in the water.")
        .defined("http://vocab.nerc.ac.uk/standard_name/mass_concentration_of_oxygen_in_sea_water/"),
    property("dissolved_oxygen_molar", "Dissolved oxygen (molar)", "Amount of oxygen dissolved in the water.")
        .defined(
            "http://vocab.nerc.ac.uk/standard_name/mole_concentration_of_dissolved_molecular_oxygen_in_sea_water/",
        ),
    property(
        "oxygen_saturation",
        "Oxygen saturation",
        "Dissolved oxygen as a share of what the water would hold in balance with air.",
    )
    .defined("http://vocab.nerc.ac.uk/standard_name/fractional_saturation_of_oxygen_in_sea_water/"),
    property("ph", "pH", "Acidity of the water, calibrated in NIST-traceable buffers."),
    property("redox_potential", "Redox potential", "Oxidation-reduction potential of the water (Eh)."),
    property("turbidity", "Turbidity", "Cloudiness of the water, from scattered light.")
        .defined("http://vocab.nerc.ac.uk/standard_name/sea_water_turbidity/"),
    property("chlorophyll", "Chlorophyll", "Chlorophyll in the water, from its fluorescence.")
        .defined("http://vocab.nerc.ac.uk/standard_name/mass_concentration_of_chlorophyll_in_sea_water/"),
    property("water_level", "Water level", "Height of the surface above or below mean lower low water.")
        .defined("http://vocab.nerc.ac.uk/standard_name/water_surface_height_above_reference_datum/"),
    // Waves
    property("wave_height", "Wave height", "Significant height: the mean of the highest third of the waves.")
        .defined("http://vocab.nerc.ac.uk/standard_name/sea_surface_wave_significant_height/"),
    property("dominant_wave_period", "Dominant wave period", "Period at which the waves carry most energy.")
        .defined(
            "http://vocab.nerc.ac.uk/standard_name/sea_surface_wave_period_at_variance_spectral_density_maximum/",
        ),
    property("average_wave_period", "Average wave period", "Mean period of all waves in the sample.")
        .defined("http://vocab.nerc.ac.uk/standard_name/sea_surface_wave_mean_period/"),
    property(
        "wave_direction",
        "Wave direction",
        "Direction from which the waves of the dominant period come, clockwise from true north.",
    )
    .defined(
        "http://vocab.nerc.ac.uk/standard_name/sea_surface_wave_from_direction_at_variance_spectral_density_maximum/",
    ),
    // In the air
    property("wind_speed", "Wind speed", "Mean wind speed over the sampling time.")
        .defined("http://vocab.nerc.ac.uk/standard_name/wind_speed/"),
    property("wind_gust", "Wind gust", "Highest wind speed in the sampling time.")
        .defined("http://vocab.nerc.ac.uk/standard_name/wind_speed_of_gust/"),
    property("wind_direction", "Wind direction", "Direction the wind comes from, clockwise from true north.")
        .defined("http://vocab.nerc.ac.uk/standard_name/wind_from_direction/"),
    property("air_temperature", "Air temperature", "Temperature of the air at the sensor.")
        .defined("http://vocab.nerc.ac.uk/standard_name/air_temperature/"),
    property("dew_point", "Dew point", "Temperature at which the air's moisture would condense.")
        .defined("http://vocab.nerc.ac.uk/standard_name/dew_point_temperature/"),
    property("relative_humidity", "Relative humidity", "Moisture as a share of what the air could hold.")
        .defined("http://vocab.nerc.ac.uk/standard_name/relative_humidity/"),
    property("air_pressure", "Air pressure", "Pressure of the air at the barometer.")
        .defined("http://vocab.nerc.ac.uk/standard_name/air_pressure/"),
    property("sea_level_pressure", "Sea level pressure", "Pressure of the air, reduced to mean sea level.")
        .defined("http://vocab.nerc.ac.uk/standard_name/air_pressure_at_mean_sea_level/"),
    property("pressure_tendency", "Pressure tendency", "Change of air pressure over three hours."),
    property("visibility", "Visibility", "Horizontal distance at which a dark object can be seen.")
        .defined("http://vocab.nerc.ac.uk/standard_name/visibility_in_air/"),
    property("rainfall_rate", "Rainfall rate", "Depth of rain per hour.")
        .defined("http://vocab.nerc.ac.uk/standard_name/rainfall_rate/"),
    property("solar_irradiance", "Solar irradiance", "Sunlight arriving on a level surface.")
        .defined("http://vocab.nerc.ac.uk/standard_name/surface_downwelling_shortwave_flux_in_air/"),
];

const fn property(id: &'static str, name: &'static str, description: &'static str) -> ObservedProperty {
    ObservedProperty { id, name, description: Some(description), definition: None }
}

impl ObservedProperty {
    const fn defined(self, uri: &'static str) -> Self {
        Self { definition: Some(uri), ..self }
    }
}
