//! JSON schemas of inputs and outputs in the one form that every host reads.
//!
//! Hosts drop a tool, or the whole server, over `$ref`, `$schema`, unions at the root and types such as
//! `["string","null"]`. This module must never loosen what the types say: it removes only what cannot occur.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

/// The schema of what `T` is read from.
pub fn input<T: JsonSchema>() -> Map<String, Value> {
    portable::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

/// The schema of what `T` is written as, with the `network` that every answer carries. Descriptions are left out: an
/// agent reads the answer itself, and the list of tools has a size budget.
pub fn output<T: JsonSchema>() -> Map<String, Value> {
    let mut schema = portable::<T>(SchemaSettings::draft2020_12().for_serialize());
    drop_descriptions(&mut schema);
    if let Some(properties) = object_of(&mut schema, "properties") {
        properties.insert("network".to_owned(), json!({"type": "string"}));
    }
    let required = schema.entry("required").or_insert_with(|| json!([]));
    if let Some(required) = required.as_array_mut()
        && !required.iter().any(|name| name == "network")
    {
        required.push(json!("network"));
    }
    schema
}

/// A property may be called `description`; its value is then a schema, not text.
fn drop_descriptions(schema: &mut Map<String, Value>) {
    schema.retain(|name, value| name != "description" || !value.is_string());
    for value in schema.values_mut() {
        match value {
            Value::Object(object) => drop_descriptions(object),
            Value::Array(items) => {
                items.iter_mut().filter_map(Value::as_object_mut).for_each(drop_descriptions);
            }
            _ => {}
        }
    }
}

fn portable<T: JsonSchema>(settings: SchemaSettings) -> Map<String, Value> {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.with_transform(Portable).into_generator().into_root_schema_for::<T>();
    let root = schema.ensure_object();
    // The operation's own description stands beside the schema; the type's would be a second copy.
    root.remove("title");
    root.remove("description");
    if root.get("type").and_then(Value::as_str) == Some("object") {
        root.entry("properties").or_insert_with(|| json!({}));
    }
    std::mem::take(root)
}

/// Rewrites one schema after its children.
#[derive(Clone)]
struct Portable;

impl Transform for Portable {
    fn transform(&mut self, schema: &mut Schema) {
        transform_subschemas(self, schema);
        let Some(object) = schema.as_object_mut() else {
            return;
        };
        drop_number_format(object);
        join_description(object);
        fold_constants(object);
        plain_options(object);
    }
}

/// `uint32` and its like are no formats of JSON Schema; strict hosts refuse them.
fn drop_number_format(schema: &mut Map<String, Value>) {
    let format = schema.get("format").and_then(Value::as_str).unwrap_or_default();
    if ["int", "uint", "float", "double"].iter().any(|prefix| format.starts_with(prefix)) {
        schema.remove("format");
    }
}

/// Doc comments break lines where the source does.
fn join_description(schema: &mut Map<String, Value>) {
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
}

/// Documented variants of an enum arrive as `oneOf` constants; `enum` says the same in less.
fn fold_constants(schema: &mut Map<String, Value>) {
    let Some(variants) = schema.get("oneOf").and_then(Value::as_array) else {
        return;
    };
    let mut values = Vec::new();
    for variant in variants {
        match (variant.get("const"), variant.get("enum").and_then(Value::as_array)) {
            (Some(value @ Value::String(_)), None) => values.push(value.clone()),
            (None, Some(several)) if several.iter().all(Value::is_string) => {
                values.extend(several.iter().cloned());
            }
            _ => return,
        }
    }
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), Value::Array(values));
}

/// A property that may be absent need not be `null` as well: an option is left out.
fn plain_options(schema: &mut Map<String, Value>) {
    let required: Vec<String> = schema
        .get("required")
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
        .unwrap_or_default();
    let Some(properties) = object_of(schema, "properties") else {
        return;
    };
    for (name, property) in properties {
        if let Some(property) = property.as_object_mut()
            && !required.contains(name)
        {
            without_null(property);
        }
    }
}

fn without_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    let null = json!({"type": "null"});
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| *choice != null);
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (key, value) in only {
            schema.entry(key).or_insert(value);
        }
    }
}

fn object_of<'a>(
    schema: &'a mut Map<String, Value>,
    key: &str,
) -> Option<&'a mut Map<String, Value>> {
    schema.get_mut(key).and_then(Value::as_object_mut)
}

/// What a host could refuse in a schema; empty for a good one.
#[cfg(test)]
pub fn problems(schema: &Map<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    if schema.get("type") != Some(&json!("object")) {
        found.push("the root is no object".to_owned());
    }
    for key in ["oneOf", "anyOf", "allOf", "if", "not"] {
        if schema.contains_key(key) {
            found.push(format!("{key} at the root"));
        }
    }
    walk(&Value::Object(schema.clone()), &mut found);
    found
}

#[cfg(test)]
fn walk(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for key in ["$ref", "$schema", "$defs", "definitions"] {
                if object.contains_key(key) {
                    found.push(key.to_owned());
                }
            }
            for name in object.get("properties").and_then(Value::as_object).into_iter().flatten() {
                if !is_portable(name.0) {
                    found.push(format!("property name {}", name.0));
                }
            }
            object.values().for_each(|inner| walk(inner, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| walk(inner, found)),
        _ => {}
    }
}

#[cfg(test)]
fn is_portable(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::{Deserialize, Serialize};

    /// How fast.
    #[derive(Deserialize, JsonSchema, Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Speed {
        /// Now.
        Fast,
        /// Later.
        Slow,
    }

    #[derive(Deserialize, JsonSchema, Serialize)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        note: Option<String>,
    }

    /// The type's own words.
    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Input {
        /// First line
        /// and second.
        amount: String,
        #[serde(default)]
        count: Option<u32>,
        speed: Option<Speed>,
        inner: Option<Inner>,
        list: Vec<Inner>,
    }

    #[derive(JsonSchema, Serialize)]
    struct Output {
        always: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sometimes: Option<u64>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Nothing {}

    #[test]
    fn inputs_have_plain_options_and_no_noise() {
        let inner = json!({
            "type": "object",
            "properties": {"note": {"type": "string"}},
            "additionalProperties": false,
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "amount": {"type": "string", "description": "First line and second."},
                "count": {"type": "integer", "minimum": 0},
                "speed": {"type": "string", "enum": ["fast", "slow"], "description": "How fast."},
                "inner": inner,
                "list": {"type": "array", "items": inner},
            },
            "required": ["amount", "list"],
            "additionalProperties": false,
        });
        assert_eq!(Value::Object(input::<Input>()), expected);
        assert_eq!(problems(&input::<Input>()), Vec::<String>::new());
    }

    #[test]
    fn outputs_keep_a_null_that_can_occur_and_name_the_network() {
        let schema = Value::Object(output::<Output>());
        assert_eq!(schema["properties"]["always"]["type"], json!(["string", "null"]));
        assert_eq!(schema["properties"]["sometimes"]["type"], json!("integer"));
        assert_eq!(schema["properties"]["network"]["type"], json!("string"));
        assert_eq!(schema["required"], json!(["always", "network"]));
    }

    #[test]
    fn no_arguments_still_refuse_junk() {
        let expected = json!({"type": "object", "properties": {}, "additionalProperties": false});
        assert_eq!(Value::Object(input::<Nothing>()), expected);
    }

    #[test]
    fn problems_are_found() {
        let bad = json!({
            "$schema": "x",
            "oneOf": [],
            "properties": {"a.b": {"$ref": "#/$defs/A"}, "c": {"type": "string"}},
        });
        let found = problems(bad.as_object().unwrap());
        for words in ["the root is no object", "oneOf at the root", "$schema", "$ref"] {
            assert!(found.iter().any(|problem| problem == words), "{words}: {found:?}");
        }
        assert!(found.contains(&"property name a.b".to_owned()));
    }
}
