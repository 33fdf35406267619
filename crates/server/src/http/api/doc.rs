//! What the documentation says of an endpoint, next to its handler.
//!
//! Schemas come from the types that requests are read into and answers written from, so that the document can't
//! drift from the code; OpenAPI 3.1 uses JSON Schema 2020-12, which is what `schemars` gives.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// Gives a schema, and puts what it refers to into the generator's definitions.
type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// An endpoint in words and types.
pub struct Doc {
    pub(crate) group: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) query: Option<SchemaOf>,
    pub(crate) body: Option<SchemaOf>,
    pub(crate) success: Success,
    pub(crate) conflicts: Option<&'static str>,
}

/// The answer when all is well.
pub(crate) struct Success {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    pub(crate) schema: Option<SchemaOf>,
    pub(crate) example: Option<Value>,
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Doc {
    /// Starts the entry of `id` (an OpenAPI operationId) in a group of the reference.
    pub(crate) fn new(group: &'static str, id: &'static str, summary: &'static str) -> Self {
        let success = Success { status: 200, description: "Done.", schema: None, example: None };
        Self { group, id, summary, description: "", query: None, body: None, success, conflicts: None }
    }

    /// More than the summary says.
    pub(crate) fn says(mut self, description: &'static str) -> Self {
        self.description = description;
        self
    }

    /// The query parameters are the members of `T`.
    pub(crate) fn query<T: JsonSchema>(mut self) -> Self {
        self.query = Some(schema_of::<T>);
        self
    }

    /// The body is a `T`.
    pub(crate) fn body<T: JsonSchema>(mut self) -> Self {
        self.body = Some(schema_of::<T>);
        self
    }

    /// Success is a 200 with a `T`.
    pub(crate) fn returns<T: JsonSchema>(self, description: &'static str) -> Self {
        self.returns_with::<T>(200, description)
    }

    /// Success is this status with a `T`.
    pub(crate) fn returns_with<T: JsonSchema>(mut self, status: u16, description: &'static str) -> Self {
        self.success = Success { status, description, schema: Some(schema_of::<T>), example: None };
        self
    }

    /// Success is a 204.
    pub(crate) fn returns_nothing(mut self, description: &'static str) -> Self {
        self.success = Success { status: 204, description, schema: None, example: None };
        self
    }

    /// What the answer looks like.
    pub(crate) fn example(mut self, example: Value) -> Self {
        self.success.example = Some(example);
        self
    }

    /// A 409 is possible, and means this.
    pub(crate) fn conflicts(mut self, meaning: &'static str) -> Self {
        self.conflicts = Some(meaning);
        self
    }
}
