//! What the forms of the console share: scopes and devices to choose from, and mistakes beside their fields.

use std::str::FromStr;

use model::Invalid;
use model::device_set::Devices;
use rules::id::DeviceId;
use rules::scope::{Effect, Scope, ScopeList, ScopeSet};

use crate::http::page::Fields;
use crate::views::parts::{DeviceChoice, Errors, ScopeChoice, ScopeKind, ScopeLine};

/// Names under which verbs report mistakes, and the fields of the forms that they are in.
const FIELDS: [(&str, &str); 4] =
    [("scopes", "scope"), ("optional_scopes", "scope"), ("device_ids", "devices"), ("expires_at", "expiry")];

/// A scope in words.
pub(crate) fn scope_line(scope: Scope) -> ScopeLine {
    let kind = match scope.effect() {
        Effect::View => ScopeKind::View,
        Effect::Change => ScopeKind::Change,
        Effect::Duration => ScopeKind::Lasting,
    };
    ScopeLine { name: scope.name().to_owned(), sentence: scope.sentence().to_owned(), kind }
}

/// Check boxes for these scopes, some of them ticked.
pub(crate) fn scope_choices(scopes: impl Iterator<Item = Scope>, ticked: ScopeSet) -> Vec<ScopeChoice> {
    scopes.map(|scope| ScopeChoice { scope: scope_line(scope), ticked: ticked.contains(scope) }).collect()
}

/// The ticked scopes of a form, in its order. A name that the catalogue doesn't have is a mistake, not nothing.
pub(crate) fn ticked(form: &Fields, field: &str, invalid: &mut Invalid) -> ScopeList {
    let scopes = form.all(field).filter_map(|name| {
        let scope = Scope::parse(name);
        if scope.is_none() {
            invalid.add("scopes", "There is no such scope.");
        }
        scope
    });
    scopes.collect()
}

/// The devices of an organization to choose from.
pub(crate) fn device_choices(
    devices: &[(DeviceId, String, String)],
    chosen: &[DeviceId],
) -> Vec<DeviceChoice> {
    let choice = |(id, name, serial_number): &(DeviceId, String, String)| DeviceChoice {
        id: id.to_string(),
        name: name.clone(),
        detail: serial_number.clone(),
        chosen: chosen.contains(id),
    };
    devices.iter().map(choice).collect()
}

/// The device set of a form: `device_id` names chosen ones, `devices` says all or chosen. A form that does both
/// means the narrower; one that says anything else is mistaken.
pub(crate) fn devices(form: &Fields, invalid: &mut Invalid) -> Devices {
    let names_some = form.all("device_id").next().is_some();
    if !names_some && matches!(form.text("devices"), "all" | "") {
        return Devices::All;
    }
    let ids: Result<Vec<DeviceId>, _> = form.all("device_id").map(DeviceId::from_str).collect();
    match ids {
        Ok(ids) if !ids.is_empty() => Devices::Chosen(ids),
        _ => {
            invalid.add("device_ids", "Choose at least one device, or all.");
            Devices::Chosen(Vec::new())
        }
    }
}

/// Mistakes under the names of the form's fields.
pub(crate) fn errors(invalid: Invalid) -> Errors {
    let rename = |(field, problem): (String, String)| {
        let shown = FIELDS.iter().find(|(name, _)| *name == field).map_or(field.as_str(), |(_, shown)| shown);
        (shown.to_owned(), problem)
    };
    Errors(invalid.problems.into_iter().map(rename).collect())
}
