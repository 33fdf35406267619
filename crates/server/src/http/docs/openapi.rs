//! The OpenAPI 3.1 document, made from the map.

use std::collections::BTreeSet;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use rules::scope::Scope;

use super::shape::{Member, inline, members};
use super::{Endpoint, GROUPS, endpoints};
use crate::config::Site;
use crate::http::Route;
use crate::http::api::Need;
use crate::http::api::doc::{Body, OtherFormat, SchemaOf, Success};
use crate::http::error::Problem;
use crate::http::error::code::CODES;

const ABOUT: &str = "What the buoys are and what they measured. Every request takes a credential in one header, \
                     `Authorization: Bearer …`: an API key for your own organization's data, or an access token \
                     for that of a user who consented.";

/// The document of these routes, on this server.
pub fn document(routes: &[Route], site: &Site) -> Value {
    let mut schemas = Schemas::new();
    let mut paths = Map::new();
    for endpoint in endpoints(routes) {
        let operation = operation(&endpoint, &mut schemas);
        if let Value::Object(path) = paths.entry(endpoint.path).or_insert_with(|| json!({})) {
            path.insert(endpoint.method.to_ascii_lowercase(), operation);
        }
    }
    let problem = schemas.of_answer(problem_schema);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Bluesonde",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "Water-quality buoys: devices, datastreams, observations",
            "description": ABOUT,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "externalDocs": {"description": "Guides and reference", "url": format!("{}/docs", site.public_url)},
        "servers": [{"url": site.api_origin()}],
        "tags": GROUPS.map(|(name, description)| json!({"name": name, "description": description})),
        "paths": paths,
        "components": {
            "schemas": schemas.finish(),
            "responses": problems(&problem),
            "securitySchemes": security_schemes(site),
        },
    })
}

/// Schemas of what is written and of what is read differ (a member may be left out of a request), and are
/// collected in one place.
struct Schemas {
    answers: SchemaGenerator,
    requests: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12()
            .with(|settings| settings.definitions_path = "/components/schemas".into());
        Self {
            answers: settings.clone().for_serialize().into_generator(),
            requests: settings.for_deserialize().into_generator(),
        }
    }

    fn of_answer(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.answers).to_value()
    }

    fn of_request(&mut self, schema: SchemaOf) -> Value {
        schema(&mut self.requests).to_value()
    }

    fn finish(mut self) -> Map<String, Value> {
        let mut all = self.requests.take_definitions(true);
        all.extend(self.answers.take_definitions(true));
        all
    }
}

fn operation(endpoint: &Endpoint<'_>, schemas: &mut Schemas) -> Value {
    let doc = endpoint.doc;
    let operation = json!({
        "operationId": doc.id,
        "summary": doc.summary,
        "description": doc.description,
        "tags": [doc.group],
        "parameters": parameters(endpoint),
        "responses": responses(endpoint, schemas),
        "security": security(endpoint.need),
    });
    with(operation, "requestBody", doc.body.as_ref().map(|body| request_body(body, schemas)))
}

/// An object with one member more, if there is one.
fn with(mut object: Value, name: &str, member: Option<Value>) -> Value {
    if let (Value::Object(members), Some(member)) = (&mut object, member) {
        members.insert(name.to_owned(), member);
    }
    object
}

fn parameters(endpoint: &Endpoint<'_>) -> Vec<Value> {
    let doc = endpoint.doc;
    let id = doc.id_in_path.as_ref().map(|id| {
        let (about, schema) = ("The id.", inline(id.schema));
        json!({"name": "id", "in": "path", "required": true, "description": about, "schema": schema})
    });
    let query = doc.query.map(|query| members(&inline(query))).unwrap_or_default();
    let query = query.into_iter().map(|Member { name, description, schema }| {
        json!({"name": name, "in": "query", "description": description, "schema": schema})
    });
    id.into_iter().chain(query).collect()
}

fn request_body(body: &Body, schemas: &mut Schemas) -> Value {
    let json = json!({"schema": schemas.of_request(body.schema), "example": body.example});
    json!({"required": true, "content": content(json, body.other_formats)})
}

fn responses(endpoint: &Endpoint<'_>, schemas: &mut Schemas) -> Value {
    let doc = endpoint.doc;
    let mut responses = Map::new();
    responses.insert(doc.success.status.to_string(), success(&doc.success, schemas));
    let mut problems = vec![400];
    if !matches!(endpoint.need, Need::NoCredential(_)) {
        problems.push(401);
    }
    if matches!(endpoint.need, Need::Needs(_)) {
        problems.push(403);
    }
    if doc.id_in_path.is_some() || doc.query.is_some_and(filters_by_id) {
        problems.push(404);
    }
    if doc.body.is_some() {
        problems.extend([413, 415]);
    }
    for status in problems {
        let shared = format!("#/components/responses/{}", problem_name(status));
        responses.insert(status.to_string(), json!({"$ref": shared}));
    }
    if let Some(meaning) = doc.conflicts {
        responses.insert("409".to_owned(), problem(meaning, &schemas.of_answer(problem_schema)));
    }
    responses.insert("default".to_owned(), problem("Any other problem.", &schemas.of_answer(problem_schema)));
    responses.into()
}

fn filters_by_id(query: SchemaOf) -> bool {
    members(&inline(query)).iter().any(|member| member.name.ends_with("_id"))
}

fn success(success: &Success, schemas: &mut Schemas) -> Value {
    let content = success.schema.map(|schema| {
        let json = json!({"schema": schemas.of_answer(schema)});
        content(with(json, "example", success.example.clone()), success.other_formats)
    });
    let is_page = success.example.as_ref().is_some_and(|example| example.get("next_cursor").is_some());
    let headers = is_page.then(|| {
        let about = "The next page, if there is one: `<…>; rel=\"next\"` (RFC 8288).";
        json!({"Link": {"description": about, "schema": {"type": "string"}}})
    });
    let response = json!({"description": success.description});
    with(with(response, "headers", headers), "content", content)
}

fn content(json: Value, others: &[OtherFormat]) -> Value {
    let mut content = Map::new();
    content.insert("application/json".to_owned(), json);
    for OtherFormat { media_type, example } in others {
        let text = json!({"schema": {"type": "string"}, "example": example});
        content.insert((*media_type).to_owned(), text);
    }
    content.into()
}

/// The answers that every endpoint shares, by status.
fn problems(schema: &Value) -> Value {
    let statuses: BTreeSet<u16> = CODES.iter().map(|entry| entry.status.as_u16()).collect();
    let responses = statuses.into_iter().map(|status| {
        let entries = CODES.iter().filter(|entry| entry.status.as_u16() == status);
        let meanings: Vec<String> =
            entries.map(|entry| format!("`{}`: {}", entry.name, entry.meaning)).collect();
        (problem_name(status), problem(&meanings.join("\n\n"), schema))
    });
    Value::Object(responses.collect())
}

fn problem_name(status: u16) -> String {
    format!("Problem{status}")
}

fn problem(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/problem+json": {"schema": schema}}})
}

fn problem_schema(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<Problem>()
}

/// A key or a token. A scope that no grant can carry leaves the key alone.
fn security(need: Need) -> Value {
    match need {
        Need::AnyCredential(_) => json!([{"api_key": []}, {"oauth2": []}]),
        Need::Needs(scope) if scope.fits_grants() => {
            json!([{"api_key": [scope.name()]}, {"oauth2": [scope.name()]}])
        }
        Need::Needs(scope) => json!([{"api_key": [scope.name()]}]),
        Need::NoCredential(_) => json!([]),
    }
}

fn security_schemes(site: &Site) -> Value {
    let grantable = Scope::all().filter(|scope| scope.fits_grants());
    let scopes: Map<String, Value> =
        grantable.map(|scope| (scope.name().to_owned(), scope.sentence().into())).collect();
    json!({
        "api_key": {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, made by an Organization Admin under Developer Settings.",
        },
        "oauth2": {
            "type": "oauth2",
            "description": "An access token for the data of a user who consented.",
            "flows": {"authorizationCode": {
                "authorizationUrl": format!("{}/oauth2/auth", site.public_url),
                "tokenUrl": format!("{}/oauth2/token", site.public_url),
                "refreshUrl": format!("{}/oauth2/token", site.public_url),
                "scopes": scopes,
            }},
        },
    })
}

#[cfg(test)]
mod tests;
