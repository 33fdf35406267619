//! What the documentation says of an endpoint, next to its handler.
//!
//! Schemas come from the types that requests are read into and answers written from, so that the document can't
//! drift from the code; OpenAPI 3.1 uses JSON Schema 2020-12, which is what `schemars` gives.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::Value;

/// Gives a schema, and puts what it refers to into the generator's definitions.
pub(crate) type SchemaOf = fn(&mut SchemaGenerator) -> Schema;

/// An endpoint in words and types.
pub struct Doc {
    pub(crate) group: &'static str,
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) id_in_path: Option<IdInPath>,
    pub(crate) query: Option<SchemaOf>,
    pub(crate) body: Option<Body>,
    pub(crate) success: Success,
    pub(crate) conflicts: Option<&'static str>,
}

/// The answer when all is well.
pub(crate) struct Success {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    pub(crate) schema: Option<SchemaOf>,
    pub(crate) example: Option<Value>,
    pub(crate) other_formats: &'static [OtherFormat],
}

/// The `{id}` of a path.
pub(crate) struct IdInPath {
    pub(crate) schema: SchemaOf,
    /// What stands for it in a command line.
    pub(crate) example: &'static str,
}

/// What is sent.
pub(crate) struct Body {
    pub(crate) schema: SchemaOf,
    pub(crate) example: Value,
    pub(crate) other_formats: &'static [OtherFormat],
}

/// The same content in another format than JSON.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OtherFormat {
    pub(crate) media_type: &'static str,
    pub(crate) example: &'static str,
}

impl Success {
    fn of(status: u16, description: &'static str, schema: Option<SchemaOf>) -> Self {
        Self { status, description, schema, example: None, other_formats: &[] }
    }
}

fn schema_of<T: JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    generator.subschema_for::<T>()
}

impl Doc {
    /// Starts the entry of `id` (an OpenAPI operationId) in a group of the reference.
    pub(crate) fn new(group: &'static str, id: &'static str, summary: &'static str) -> Self {
        Self {
            group,
            id,
            summary,
            description: "",
            id_in_path: None,
            query: None,
            body: None,
            success: Success::of(200, "Done.", None),
            conflicts: None,
        }
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

    /// The path has the id of a `T`; `example` stands for it in a command line.
    pub(crate) fn at<T: JsonSchema>(mut self, example: &'static str) -> Self {
        self.id_in_path = Some(IdInPath { schema: schema_of::<T>, example });
        self
    }

    /// The body is a `T`, such as this one.
    pub(crate) fn body<T: JsonSchema>(mut self, example: Value) -> Self {
        self.body = Some(Body { schema: schema_of::<T>, example, other_formats: &[] });
        self
    }

    /// The body may be in these formats too.
    pub(crate) fn or_body(mut self, formats: &'static [OtherFormat]) -> Self {
        if let Some(body) = &mut self.body {
            body.other_formats = formats;
        }
        self
    }

    /// Success is a 200 with a `T`.
    pub(crate) fn returns<T: JsonSchema>(self, description: &'static str) -> Self {
        self.returns_with::<T>(200, description)
    }

    /// Success is this status with a `T`.
    pub(crate) fn returns_with<T: JsonSchema>(mut self, status: u16, description: &'static str) -> Self {
        self.success = Success::of(status, description, Some(schema_of::<T>));
        self
    }

    /// Success is a 204.
    pub(crate) fn returns_nothing(mut self, description: &'static str) -> Self {
        self.success = Success::of(204, description, None);
        self
    }

    /// What the answer looks like.
    pub(crate) fn example(mut self, example: Value) -> Self {
        self.success.example = Some(example);
        self
    }

    /// The answer comes in these formats too, as `Accept` asks.
    pub(crate) fn or_as(mut self, formats: &'static [OtherFormat]) -> Self {
        self.success.other_formats = formats;
        self
    }

    /// A 409 is possible, and means this.
    pub(crate) fn conflicts(mut self, meaning: &'static str) -> Self {
        self.conflicts = Some(meaning);
        self
    }
}
