//! The parameters of an authorization request.

use super::{Finding, MOST, Place, Sight, Verdict, fine, parameter, unknown, wrong};
use crate::authorize::{ClientFacts, MAX_STATE};
use crate::form::Form;
use crate::pkce::{Challenge, Pkce};
use crate::redirect_uri::{Destination, closest};
use crate::scope::Scope;

/// What an authorization request of this client held.
#[must_use]
pub fn authorize(form: &Form, client: &ClientFacts<'_>) -> Vec<Finding> {
    let sent = form.names().map(|name| judge(form, name, client));
    sent.chain(missing(form, client)).take(MOST).collect()
}

fn judge(form: &Form, name: &str, client: &ClientFacts<'_>) -> Finding {
    let at = (name, Place::Query);
    let open = |judge: &dyn Fn(&str) -> (Verdict, String)| parameter(form, at, &Sight::Open, judge);
    match name {
        "client_id" => open(&|_| fine("This application.")),
        "redirect_uri" => open(&|uri| redirect_uri(uri, client)),
        "response_type" => open(&|value| only(value, "code")),
        "response_mode" => open(&|value| only(value, "query")),
        "scope" => open(&|value| scope(value, client)),
        "state" => parameter(form, at, &Sight::Length, state),
        "code_challenge" => parameter(form, at, &Sight::Length, |_| challenge(form)),
        "code_challenge_method" => open(&|value| only(value, "S256")),
        "prompt" => open(&prompt),
        "login_hint" => parameter(form, at, &Sight::Length, |_| fine("It fills in the sign-in form.")),
        "resource" => open(&|_| fine("An address that the token is for.")),
        "request" | "request_uri" => parameter(form, at, &Sight::Length, |_| {
            wrong("Request objects are not supported: send plain parameters.")
        }),
        _ => unknown(form, name, Place::Query),
    }
}

fn missing(form: &Form, client: &ClientFacts<'_>) -> Vec<Finding> {
    let is_absent = |name: &str| !form.names().any(|sent| sent == name);
    let mut findings = Vec::new();
    if is_absent("redirect_uri") {
        findings.push(Finding::missing(
            "redirect_uri",
            "Send one of the registered redirect URIs, also if there is one only.",
        ));
    }
    if is_absent("response_type") {
        findings.push(Finding::missing("response_type", "Send response_type=code."));
    }
    if is_absent("code_challenge") && Pkce::of(client.client_type, client.pkce) == Pkce::Required {
        findings.push(Finding::missing(
            "code_challenge",
            "This application must use PKCE: send code_challenge and code_challenge_method=S256.",
        ));
    }
    if !is_absent("code_challenge") && is_absent("code_challenge_method") {
        findings.push(Finding::missing("code_challenge_method", "Send code_challenge_method=S256."));
    }
    findings
}

fn only(value: &str, supported: &str) -> (Verdict, String) {
    if value == supported { fine("") } else { wrong(format!("The only supported value is {supported}.")) }
}

fn redirect_uri(uri: &str, client: &ClientFacts<'_>) -> (Verdict, String) {
    if Destination::prove(uri, client.redirect_uris, client.client_type).is_some() {
        return fine("Registered.");
    }
    match closest(client.redirect_uris, uri) {
        Some((registered, difference)) => {
            wrong(format!("Not registered. The nearest is {registered}. {difference}"))
        }
        None => wrong("Not registered."),
    }
}

fn scope(value: &str, client: &ClientFacts<'_>) -> (Verdict, String) {
    let names = value.split([' ', ',']).filter(|name| !name.is_empty());
    let refused: Vec<String> = names
        .filter_map(|name| match Scope::parse(name) {
            None => Some(format!("{} does not exist", super::masked(name))),
            Some(scope) if client.required.contains(scope) || client.optional.contains(scope) => None,
            Some(scope) => Some(format!("{scope} is not registered for this application")),
        })
        .collect();
    if refused.is_empty() {
        fine("All of them are registered.")
    } else {
        wrong(format!("{}.", refused.join("; ")))
    }
}

fn state(value: &str) -> (Verdict, String) {
    if value.len() <= MAX_STATE {
        fine("Given back byte for byte.")
    } else {
        wrong(format!("It is longer than {MAX_STATE} bytes."))
    }
}

fn challenge(form: &Form) -> (Verdict, String) {
    match Challenge::parse(form.get("code_challenge"), form.get("code_challenge_method")) {
        Ok(_) => fine(""),
        Err(error) => wrong(error.to_string()),
    }
}

fn prompt(value: &str) -> (Verdict, String) {
    let known = ["none", "login", "consent", "select_account"];
    match value.split(' ').find(|word| !word.is_empty() && !known.contains(word)) {
        Some(_) => wrong("It takes none, login, consent and select_account."),
        None if value.contains("none") && value.trim() != "none" => wrong("none must stand alone."),
        None => fine(""),
    }
}
