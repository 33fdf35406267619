//! What a schema says, taken apart for those who list members one by one.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

use crate::http::api::doc::SchemaOf;

/// One member of an object.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) description: String,
    /// Without the description, and without the null that stands for "left out".
    pub(super) schema: Value,
}

/// The schema of what is read, with nothing referred to.
pub(super) fn inline(schema: SchemaOf) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    schema(&mut settings.for_deserialize().into_generator()).to_value()
}

/// The members of an object's schema.
pub(super) fn members(schema: &Value) -> Vec<Member> {
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else { return Vec::new() };
    let member = |(name, schema): (&String, &Value)| {
        let mut schema = without_null(schema);
        // Stands for an absent member; nobody could send it.
        schema.remove("default");
        let description = schema.remove("description");
        let description = description.as_ref().and_then(Value::as_str).unwrap_or_default().replace('\n', " ");
        Member { name: name.clone(), description, schema: schema.into() }
    };
    properties.iter().map(member).collect()
}

/// The schema of a member, if it is there.
fn without_null(schema: &Value) -> Map<String, Value> {
    let mut schema = schema.as_object().cloned().unwrap_or_default();
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(mut choices)) = schema.remove("anyOf") {
        choices.retain(|choice| choice.get("type").is_none_or(|name| name != "null"));
        match choices.as_slice() {
            [Value::Object(only)] => {
                for (name, value) in only {
                    schema.entry(name.clone()).or_insert_with(|| value.clone());
                }
            }
            _ => _ = schema.insert("anyOf".to_owned(), choices.into()),
        }
    }
    schema
}
