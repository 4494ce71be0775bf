//! The OpenAPI documents of the ports, from the list of their routes and the schemas of the operations behind them.
//!
//! Nothing is described here that the routes do not say; only what has a shape of its own on the wire is written out.

use serde_json::{Map, Value, json};

use super::port::PortKind;
use super::route::{Route, Shape};
use super::{agents, control, pay};
use crate::operations::{AnyOperation, registry};

/// A document under its file's name.
#[derive(Clone, Debug)]
pub struct Document {
    /// Such as `control-4023.json`.
    pub file: &'static str,
    /// The document, OpenAPI 3.1.
    pub value: Value,
}

/// The documents of every port that has one.
pub fn documents() -> Vec<Document> {
    [PortKind::Agents, PortKind::Pay, PortKind::Control].into_iter().filter_map(document).collect()
}

/// The document of one port.
pub(super) fn document(kind: PortKind) -> Option<Document> {
    let (file, title, url, routes) = match kind {
        PortKind::Agents => {
            ("agents-3123.json", "paywarden: wallet", "http://127.0.0.1:3123", agents::routes())
        }
        PortKind::Pay => {
            ("pay-4022.json", "paywarden: pay", "http://127.0.0.1:4022", pay::routes())
        }
        PortKind::Control => {
            ("control-4023.json", "paywarden: control", "http://127.0.0.1:4023", control::routes())
        }
        PortKind::Mcp | PortKind::Webhook => return None,
    };
    let mut paths = Map::new();
    for route in &routes {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = described(route, kind);
    }
    let bearer = json!({ "type": "http", "scheme": "bearer" });
    let mut security = vec![json!({ "bearer": [] })];
    if kind != PortKind::Control {
        // Before the first agent is registered nobody has a token.
        security.push(json!({}));
    }
    let value = json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": url }],
        "security": security,
        "paths": paths,
        "components": { "securitySchemes": { "bearer": bearer } },
    });
    Some(Document { file, value })
}

fn described(route: &Route, kind: PortKind) -> Value {
    let operation = operation(route.operation);
    let mut said = json!({ "summary": route.summary, "responses": {} });
    if let Some(name) = route.operation {
        said["operationId"] =
            json!(format!("{} {}", route.method.as_str().to_ascii_lowercase(), route.path));
        said["description"] = json!(format!("The operation `{name}`."));
    }
    let mut parameters: Vec<Value> = in_path(route.path)
        .map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }))
        .collect();
    parameters.extend(route.query.iter().map(|(name, words)| {
        json!({ "name": name, "in": "query", "description": words, "schema": { "type": "string" } })
    }));
    if kind != PortKind::Control && route.method == axum::http::Method::POST {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string" },
            "description": "One key per intended payment; after a time-out repeat with the same key.",
        }));
    }
    if !parameters.is_empty() {
        said["parameters"] = Value::from(parameters);
    }
    let input = |operation: &dyn AnyOperation| operation.input_schema();
    if let Some(body) = content(route.body, operation, input) {
        let required = route.body != Shape::Named("Reason");
        said["requestBody"] = json!({ "required": required, "content": body });
    }
    let output = |operation: &dyn AnyOperation| operation.output_schema();
    let answer = content(route.answer, operation, output);
    let answer =
        answer.map(|answer| if kind == PortKind::Agents { wrapped(answer) } else { answer });
    said["responses"][route.status.to_string()] =
        json!({ "description": "Done", "content": answer.unwrap_or_else(|| json!({})) });
    let error = match kind {
        PortKind::Agents => envelope(&json!({ "type": "null" }), false),
        _ => error_schema(),
    };
    said["responses"]["default"] = json!({
        "description": "Refused, waiting or failed; the code says which",
        "content": { "application/json": { "schema": error } },
    });
    if route.path == "/" || route.path == "/index.html" {
        said["security"] = json!([{}]);
    }
    said
}

fn operation(name: Option<&str>) -> Option<&'static dyn AnyOperation> {
    registry().iter().copied().find(|operation| Some(operation.spec().name) == name)
}

fn in_path(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn content(
    shape: Shape,
    operation: Option<&dyn AnyOperation>,
    schema: impl Fn(&dyn AnyOperation) -> Map<String, Value>,
) -> Option<Value> {
    let any = || json!({ "type": "object" });
    let schema = match shape {
        Shape::Empty => return None,
        Shape::Media(media) => return Some(json!({ media: {} })),
        Shape::Operation => {
            operation.map_or_else(any, |operation| Value::Object(schema(operation)))
        }
        Shape::ListOf(field) => {
            let output = operation.map_or_else(any, |operation| Value::Object(schema(operation)));
            output["properties"][field].clone()
        }
        Shape::Named(name) => named(name),
    };
    Some(json!({ "application/json": { "schema": schema } }))
}

/// Shapes that only the wire has.
fn named(name: &str) -> Value {
    let text = || json!({ "type": "string" });
    let object = |properties: Value, required: Value| {
        json!({
            "type": "object", "properties": properties, "required": required,
            "additionalProperties": false,
        })
    };
    let money =
        || object(json!({ "amount": text(), "currency": text() }), json!(["amount", "currency"]));
    match name {
        "PaymentInput" => {
            let payee = json!({ "address": text(), "label": text(), "category": text() });
            object(
                json!({
                    "rail": text(), "amount": money(), "payee": object(payee, json!(["address"])),
                    "memo": text(), "mandateId": text(), "intent": text(),
                    "lineItems": { "type": "array", "items": { "type": "object" } },
                    "idempotencyKey": text(),
                }),
                json!(["rail", "amount", "payee"]),
            )
        }
        "Resolution" => object(
            json!({ "approved": { "type": "boolean" }, "reason": text() }),
            json!(["approved"]),
        ),
        "Reason" => object(json!({ "reason": text() }), json!([])),
        "Mandate" => json!({
            "type": "object",
            "properties": { "id": text(), "grantedBy": text(), "cap": money() },
            "required": ["id"],
        }),
        "Events" => json!({
            "type": "array",
            "items": {
                "type": "object",
                "properties": { "seq": { "type": "integer" }, "at": text(), "type": text() },
                "required": ["seq", "at", "type", "data", "hash"],
            },
        }),
        _ => json!({ "type": "object" }),
    }
}

fn wrapped(mut content: Value) -> Value {
    let schema = content["application/json"]["schema"].take();
    content["application/json"]["schema"] = envelope(&schema, true);
    content
}

/// The envelope of seeds/001.
fn envelope(data: &Value, success: bool) -> Value {
    let text = json!({ "type": "string" });
    let error = if success {
        json!({ "type": "null" })
    } else {
        json!({
            "type": "object", "properties": { "error": text, "message": text },
            "required": ["error", "message"], "additionalProperties": false,
        })
    };
    json!({
        "type": "object",
        "properties": { "success": { "const": success }, "data": data, "error": error },
        "required": ["success", "data", "error"], "additionalProperties": false,
    })
}

fn error_schema() -> Value {
    let text = json!({ "type": "string" });
    json!({
        "type": "object",
        "properties": {
            "error": text, "message": text, "hint": text,
            "sent": { "enum": ["nothing", "unknown"] },
            "retry": { "enum": ["safe", "after_change", "after_operator", "same_key"] },
        },
        "required": ["error", "message", "hint", "sent", "retry"], "additionalProperties": false,
    })
}
