//! The parameters of a request to the token endpoint, and to its neighbours for revocation and introspection.

use super::{Finding, MOST, Place, Sight, Verdict, blame, fine, length, masked, parameter, unknown, wrong};
use crate::form::Form;
use crate::pkce::Verifier;
use crate::scope::Scope;
use crate::token::{NEVER_IN_QUERY, Received, body};

/// What a request of a client held. `blamed` is what it was refused for: a parameter or header, and the sentence.
#[must_use]
pub fn exchange(received: &Received<'_>, blamed: Option<(&'static str, &str)>) -> Vec<Finding> {
    let headers = received.authorization.map(authorization).into_iter().chain(content_type(received));
    let query = match Form::parse(received.query) {
        Ok(form) => parameters(&form, Place::Query),
        Err(_) => vec![Finding::new("(all)", Place::Query, "", wrong("There is too much of it to be read."))],
    };
    let body = body(received).map(|form| parameters(&form, Place::Body)).unwrap_or_default();
    let findings: Vec<Finding> = headers.chain(query).chain(body).take(MOST).collect();
    match blamed {
        Some((name, note)) => blame(findings, &[name, stand_in(name)], note),
        None => findings,
    }
}

/// Who sends a Basic header sends the client's id and secret in it.
fn stand_in(name: &'static str) -> &'static str {
    match name {
        "client_id" | "client_secret" => "Authorization",
        name => name,
    }
}

fn authorization(header: &str) -> Finding {
    let (scheme, rest) = header.trim().split_once([' ', '\t']).unwrap_or((header.trim(), ""));
    let judged = if scheme.eq_ignore_ascii_case("basic") {
        let how = if rest.contains(':') { "in plain text" } else { "encoded" };
        fine(format!("Basic, {how}. The secret itself is not kept."))
    } else {
        wrong("This endpoint takes Basic alone.")
    };
    let scheme: String = scheme.chars().filter(char::is_ascii_alphabetic).take(12).collect();
    Finding::new("Authorization", Place::Header, format!("{scheme}, {}", length(rest)), judged)
}

fn content_type(received: &Received<'_>) -> Option<Finding> {
    let sent = received.content_type?;
    let judged = match body(received) {
        Ok(_) => fine(""),
        Err(error) => wrong(error.description.to_string()),
    };
    Some(Finding::new("Content-Type", Place::Header, masked(sent), judged))
}

fn parameters(form: &Form, place: Place) -> Vec<Finding> {
    form.names().map(|name| judge(form, name, place)).collect()
}

fn judge(form: &Form, name: &str, place: Place) -> Finding {
    let at = (name, place);
    if place == Place::Query && NEVER_IN_QUERY.contains(&name) {
        let note =
            "Queries end up in logs: send it in the body, and replace it, because others may have seen it.";
        return parameter(form, at, &Sight::Length, |_| wrong(note));
    }
    match name {
        "grant_type" => parameter(form, at, &Sight::Open, grant_type),
        "client_id" => parameter(form, at, &Sight::Open, |_| fine("")),
        "redirect_uri" => parameter(form, at, &Sight::Open, |_| fine("")),
        "scope" => parameter(form, at, &Sight::Open, scope),
        "resource" | "token_type_hint" => parameter(form, at, &Sight::Open, |_| fine("")),
        "code_verifier" => parameter(form, at, &Sight::Length, verifier),
        "code" | "refresh_token" | "client_secret" | "token" => {
            parameter(form, at, &Sight::Length, |_| fine("The secret itself is not kept."))
        }
        "client_assertion" | "client_assertion_type" => {
            parameter(form, at, &Sight::Length, |_| wrong("Not supported: use the client secret."))
        }
        _ => unknown(form, name, place),
    }
}

fn grant_type(value: &str) -> (Verdict, String) {
    match value {
        "authorization_code" | "refresh_token" => fine(""),
        _ => wrong("It takes authorization_code and refresh_token."),
    }
}

fn scope(value: &str) -> (Verdict, String) {
    let mut names = value.split([' ', ',']).filter(|name| !name.is_empty());
    match names.find(|name| Scope::parse(name).is_none()) {
        Some(name) => wrong(format!("{} does not exist.", masked(name))),
        None => fine(""),
    }
}

fn verifier(value: &str) -> (Verdict, String) {
    match Verifier::parse(value) {
        Ok(_) => fine(""),
        Err(error) => wrong(error.to_string()),
    }
}
