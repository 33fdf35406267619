//! The reference page, from the map: each endpoint with its parameters, a command line and an example answer.

use serde_json::Value;

use super::shape::{Member, inline, members};
use super::{Endpoint, GROUPS, endpoints, guides};
use crate::config::Site;
use crate::http::Route;
use crate::http::api::Need;
use crate::views::docs as views;

/// What the page shows.
pub(super) fn page(routes: &[Route], site: &Site) -> views::Reference {
    let group = |(title, about): (&str, &str)| views::Group {
        title: title.to_owned(),
        about: about.to_owned(),
        endpoints: endpoints(routes)
            .filter(|endpoint| endpoint.doc.group == title)
            .map(|endpoint| entry(&endpoint, site))
            .collect(),
    };
    views::Reference {
        api: site.api_url.clone(),
        groups: GROUPS.into_iter().map(group).collect(),
        guides: guides::links(),
    }
}

fn entry(endpoint: &Endpoint<'_>, site: &Site) -> views::Endpoint {
    let doc = endpoint.doc;
    views::Endpoint {
        method: endpoint.method.to_owned(),
        path: endpoint.path.to_owned(),
        summary: doc.summary.to_owned(),
        description: doc.description.to_owned(),
        takes: match endpoint.need {
            Need::AnyCredential(_) => views::Takes::AnyCredential,
            Need::Needs(scope) => views::Takes::Scope(scope.name().to_owned()),
            Need::NoCredential(_) => views::Takes::Nothing,
        },
        parameters: parameters(endpoint),
        request: curl(endpoint, site),
        response: doc.success.example.as_ref().map(pretty).unwrap_or_default(),
    }
}

fn parameters(endpoint: &Endpoint<'_>) -> Vec<views::Parameter> {
    let doc = endpoint.doc;
    let id = doc.id_in_path.as_ref().map(|_| ("path", "id".to_owned(), "The id.".to_owned()));
    let query = doc.query.map(|query| members(&inline(query))).unwrap_or_default();
    let query = query.into_iter().map(|member| ("query", member.name, member.description));
    let body = doc.body.as_ref().map(|body| body_members(&inline(body.schema))).unwrap_or_default();
    let body = body.into_iter().map(|(name, description)| ("body", name, description));
    let all = id.into_iter().chain(query).chain(body);
    all.map(|(place, name, description)| views::Parameter { name, place: place.to_owned(), description })
        .collect()
}

/// The members of a body; of a list of objects, theirs too.
fn body_members(schema: &Value) -> Vec<(String, String)> {
    let with_items = |Member { name, description, schema }: Member| {
        let items = schema.get("items").map(members).unwrap_or_default();
        let items = items.into_iter().map({
            let list = name.clone();
            move |item| (format!("{list}[].{}", item.name), item.description)
        });
        std::iter::once((name, description)).chain(items)
    };
    members(schema).into_iter().flat_map(with_items).collect()
}

/// A command line that works, with the key in a variable.
fn curl(endpoint: &Endpoint<'_>, site: &Site) -> String {
    let doc = endpoint.doc;
    let id = doc.id_in_path.as_ref().map_or("", |id| id.example);
    let url = format!("{}{}", site.api_origin(), endpoint.path.replace("{id}", id));
    let method = match (endpoint.method, &doc.body) {
        ("GET", _) | ("POST", Some(_)) => String::new(),
        (method, _) => format!("-X {method} "),
    };
    let body = doc.body.as_ref().map(|body| {
        format!(" \\\n  -H \"Content-Type: application/json\" \\\n  -d '{}'", pretty(&body.example))
    });
    let credential = match endpoint.need {
        Need::NoCredential(_) => "",
        Need::AnyCredential(_) | Need::Needs(_) => "-H \"Authorization: Bearer $KEY\"",
    };
    format!("curl {method}{credential}{} \\\n  \"{url}\"", body.unwrap_or_default())
}

fn pretty(value: &Value) -> String {
    format!("{value:#}")
}
