use std::collections::BTreeSet;

use super::*;
use crate::http::map;

fn site() -> Site {
    Site {
        public_url: "https://buoys.example".into(),
        api_url: "https://api.buoys.example/v1".into(),
        trusted_proxies: Vec::new(),
        support_contact: None,
    }
}

fn built() -> Value {
    document(map().routes(), &site())
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    all.collect()
}

/// Calls `visit` with every object in a document.
fn walk<'a>(value: &'a Value, visit: &mut impl FnMut(&'a Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| walk(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}

fn resolve<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

#[test]
fn every_endpoint_of_the_map_is_in_it_and_nothing_else() {
    let routes = map();
    let expected: BTreeSet<(String, String)> =
        endpoints(routes.routes()).map(|endpoint| (endpoint.method.into(), endpoint.path.into())).collect();
    let document = built();
    let found: BTreeSet<_> =
        operations(&document).into_iter().map(|(method, path, _)| (method, path)).collect();
    assert_eq!(found, expected);
    assert!(found.len() >= 20);
    assert_eq!(document["servers"][0]["url"], "https://api.buoys.example");
}

#[test]
fn every_reference_leads_somewhere_and_nothing_lies_about() {
    let document = built();
    let mut referred = BTreeSet::new();
    walk(&document, &mut |object| {
        if let Some(reference) = object.get("$ref").and_then(Value::as_str) {
            assert!(resolve(&document, reference).is_some(), "{reference}");
            referred.insert(reference.to_owned());
        }
        assert!(!object.contains_key("$defs") && !object.contains_key("$schema"));
    });
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        assert!(schema.get("$ref").is_none(), "{name} only refers to another");
        assert!(referred.contains(&format!("#/components/schemas/{name}")), "{name}");
    }
}

#[test]
fn operations_have_ids_of_their_own_a_known_tag_and_a_known_scope() {
    let document = built();
    let mut ids = BTreeSet::new();
    let tags: Vec<&Value> = document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
    let scopes = &document["components"]["securitySchemes"]["oauth2"]["flows"]["authorizationCode"]["scopes"];
    for (method, path, operation) in operations(&document) {
        assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()), "{method} {path}");
        assert!(tags.contains(&&operation["tags"][0]), "{method} {path}");
        for words in ["summary", "description"] {
            assert!(!operation[words].as_str().unwrap_or_default().is_empty(), "{words} of {method} {path}");
        }
        for requirement in operation["security"].as_array().unwrap() {
            for scope in requirement["oauth2"].as_array().into_iter().flatten() {
                assert!(scopes.get(scope.as_str().unwrap()).is_some(), "{scope} of {method} {path}");
            }
        }
    }
}

#[test]
fn every_part_of_a_path_and_every_parameter_is_declared_once() {
    let document = built();
    for (method, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().unwrap();
        let of = |place: &str| -> Vec<&str> {
            let all = parameters.iter().filter(|parameter| parameter["in"] == place);
            all.map(|parameter| parameter["name"].as_str().unwrap()).collect()
        };
        let in_path: Vec<&str> =
            path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        assert_eq!(of("path"), in_path, "{method} {path}");
        for parameter in parameters {
            let schema = &parameter["schema"];
            let name = &parameter["name"];
            assert!(!parameter["description"].as_str().unwrap().is_empty(), "{name} of {path}");
            assert!(schema["type"].is_string() || schema["oneOf"].is_array(), "{name} of {path}: {schema}");
            assert!(parameter["in"] != "path" || schema["pattern"].is_string(), "{path}: {schema}");
        }
    }
}

#[test]
fn answers_name_what_can_go_wrong() {
    let document = built();
    for (path, method, statuses) in [
        ("/v1/me", "get", &["200", "400", "401", "default"][..]),
        ("/v1/devices/{id}", "get", &["200", "400", "401", "403", "404", "default"]),
        ("/v1/observations", "get", &["200", "400", "401", "403", "404", "default"]),
        ("/v1/observations", "post", &["200", "400", "401", "403", "409", "413", "415", "default"]),
        ("/v1/api-keys", "post", &["201", "400", "401", "403", "413", "415", "default"]),
        ("/v1/leaks", "post", &["202", "400", "413", "415", "default"]),
        ("/v1/api-keys/{id}", "delete", &["204", "400", "401", "403", "404", "default"]),
    ] {
        let responses = document["paths"][path][method]["responses"].as_object().unwrap();
        let mut found: Vec<&String> = responses.keys().collect();
        found.sort_unstable();
        assert_eq!(found, statuses, "{method} {path}");
    }
    let csv = &document["paths"]["/v1/observations"]["get"]["responses"]["200"]["content"]["text/csv"];
    assert!(csv["example"].as_str().unwrap().starts_with("datastream_id,phenomenon_time,result,quality\r\n"));
}

#[test]
fn every_answer_and_body_has_an_example_that_fits_its_schema() {
    let document = built();
    for (method, path, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap().iter();
        let answers = answers.filter(|(status, _)| status.starts_with('2')).map(|(_, answer)| answer);
        for holder in answers.chain(operation.get("requestBody")) {
            let Some(content) = holder.get("content") else { continue };
            let json = &content["application/json"];
            assert!(json["example"].is_object(), "{method} {path}");
            misfit(&document, &json["schema"], &json["example"])
                .map_or(Ok(()), Err)
                .unwrap_or_else(|misfit| panic!("{method} {path}: {misfit}"));
        }
    }
}

#[test]
fn the_example_check_notices_misfits() {
    let document = built();
    let device = json!({"$ref": "#/components/schemas/Device"});
    let answers = &document["paths"]["/v1/devices/{id}"]["get"]["responses"]["200"];
    let good = answers["content"]["application/json"]["example"].clone();
    assert_eq!(misfit(&document, &device, &good), None);
    for (member, value) in [
        ("name", Value::Null),
        ("status", json!("asleep")),
        ("colour", json!("red")),
        ("location", json!({"latitude": 1})),
        ("id", json!(7)),
    ] {
        let mut bad = good.clone();
        bad[member] = value;
        assert!(misfit(&document, &device, &bad).is_some(), "{member}");
    }
}

/// What of a value does not fit a schema: enough of JSON Schema for those that are in the document, and stricter
/// in that no member may be left out of the schema.
fn misfit(document: &Value, schema: &Value, value: &Value) -> Option<String> {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        return misfit(document, resolve(document, reference)?, value);
    }
    for word in ["anyOf", "oneOf"] {
        if let Some(choices) = schema[word].as_array() {
            let fits = choices.iter().any(|choice| misfit(document, choice, value).is_none());
            return (!fits).then(|| format!("{value} is none of {choices:?}"));
        }
    }
    let allowed = |allowed: &Value| match allowed {
        Value::Array(types) => types.iter().any(|name| is_a(value, name)),
        name => is_a(value, name),
    };
    if schema.get("type").is_some_and(|types| !allowed(types))
        || schema["enum"].as_array().is_some_and(|all| !all.contains(value))
        || schema.get("const").is_some_and(|only| only != value)
    {
        return Some(format!("{value} is not {schema}"));
    }
    match value {
        Value::Object(members) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let missing = required.into_iter().find(|name| !members.contains_key(*name));
            missing.map(|name| format!("{name} is missing")).or_else(|| {
                members.iter().find_map(|(name, value)| match schema["properties"].get(name) {
                    Some(schema) => misfit(document, schema, value),
                    None => Some(format!("{name} is not in the schema")),
                })
            })
        }
        Value::Array(items) => items.iter().find_map(|item| misfit(document, &schema["items"], item)),
        _ => None,
    }
}

fn is_a(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        Some("null") => value.is_null(),
        _ => false,
    }
}

#[test]
fn a_type_is_the_same_in_requests_and_answers() {
    let mut schemas = Schemas::new();
    let routes = map();
    for endpoint in endpoints(routes.routes()) {
        operation(&endpoint, &mut schemas);
    }
    for (name, request) in schemas.requests.definitions() {
        let answer = schemas.answers.definitions().get(name);
        assert!(answer.is_none_or(|answer| answer == request), "{name}");
    }
}
