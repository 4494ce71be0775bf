//! The mandates of the control API: seeds/004's bodies, and the drafts that agents propose.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::{Map, Value, json};

use super::control::{listed, replied};
use super::given::{Asked, Given, Named};
use super::plain;
use super::port::Port;
use super::route::{Route, Shape};
use crate::failure::Failure;
use crate::operations::MANDATE_HINT;

/// What the port does with mandates.
pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(Method::GET, "/mandates", "Mandates in force, with their budgets", get(list))
            .operation("mandates.list")
            .gives(Shape::ListOf("mandates"))
            .query(&[
                ("revoked", "true for revoked ones"),
                ("after", "Of revoked ones, those after this id"),
            ]),
        Route::new(
            Method::POST,
            "/mandates",
            "Put a mandate in force, or a new version of it",
            post(create),
        )
        .operation("mandates.create")
        .takes(Shape::Named("Mandate"))
        .gives(Shape::Named("Mandate"))
        .status(201),
        Route::new(Method::GET, "/mandates/{id}", "One mandate, revoked or not", get(show))
            .operation("mandates.list")
            .gives(Shape::Named("Mandate")),
        Route::new(
            Method::POST,
            "/mandates/{id}/revoke",
            "Take a mandate back for good",
            post(revoke),
        )
        .operation("mandates.revoke")
        .takes(Shape::Named("Reason")),
        Route::new(
            Method::GET,
            "/proposals",
            "Drafts of mandates that agents propose",
            get(proposals),
        )
        .operation("mandates.list")
        .gives(Shape::ListOf("proposed")),
        Route::new(
            Method::POST,
            "/proposals/{id}/grant",
            "Put a draft in force as it stands",
            post(grant),
        )
        .operation("mandates.grant"),
        Route::new(Method::POST, "/proposals/{id}/reject", "Refuse a draft", post(reject))
            .operation("mandates.reject")
            .takes(Shape::Named("Reason")),
    ]
}

async fn list(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let mut arguments = Map::new();
    if given.parameter("revoked") == Some("true") {
        arguments.insert("revoked".to_owned(), Value::from(true));
    }
    if let Some(after) = given.parameter("after") {
        arguments.insert("after".to_owned(), Value::from(after));
    }
    listed(&port, port.ask(&given, "mandates.list", arguments).await, "mandates")
}

async fn create(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    let body = Value::Object(given.body.clone());
    let arguments = Map::from_iter([("mandate".to_owned(), body)]);
    let shown = match port.ask(&given, "mandates.create", arguments).await {
        Ok(answer) => {
            let id = answer.output.get("mandateId").and_then(Value::as_str).unwrap_or_default();
            one(&port, &given, id).await
        }
        Err(failure) => Err(mandate_failure(failure)),
    };
    match shown {
        Ok(mandate) => plain::json(StatusCode::CREATED, &mandate),
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

async fn show(
    State(port): State<Arc<Port>>,
    Named(id): Named,
    Extension(given): Asked,
) -> Response {
    match one(&port, &given, &id).await {
        Ok(mandate) => plain::json(StatusCode::OK, &mandate),
        Err(failure) => plain::failure(&failure, port.kind),
    }
}

async fn revoke(
    State(port): State<Arc<Port>>,
    Named(id): Named,
    Extension(given): Asked,
) -> Response {
    let mut arguments = given.body.clone();
    arguments.insert("mandateId".to_owned(), Value::from(id.as_str()));
    let mut result = port.ask(&given, "mandates.revoke", arguments).await;
    if let Ok(answer) = &mut result {
        answer.output.insert("revoked".to_owned(), Value::from(id));
    }
    replied(&port, StatusCode::OK, result)
}

async fn proposals(State(port): State<Arc<Port>>, Extension(given): Asked) -> Response {
    listed(&port, port.ask(&given, "mandates.list", Map::new()).await, "proposed")
}

async fn grant(
    State(port): State<Arc<Port>>,
    Named(id): Named,
    Extension(given): Asked,
) -> Response {
    let mut arguments = given.body.clone();
    arguments.insert("proposalId".to_owned(), Value::from(id));
    replied(&port, StatusCode::OK, port.ask(&given, "mandates.grant", arguments).await)
}

async fn reject(
    State(port): State<Arc<Port>>,
    Named(id): Named,
    Extension(given): Asked,
) -> Response {
    let mut arguments = given.body.clone();
    arguments.insert("proposalId".to_owned(), Value::from(id));
    replied(&port, StatusCode::OK, port.ask(&given, "mandates.reject", arguments).await)
}

async fn one(port: &Port, given: &Given, id: &str) -> Result<Value, Failure> {
    let arguments = Map::from_iter([("mandateId".to_owned(), Value::from(id))]);
    let mut answer = port.ask(given, "mandates.list", arguments).await?;
    let found = answer.output.get_mut("mandates").and_then(|list| list.get_mut(0));
    Ok(found.map_or_else(|| json!({}), Value::take))
}

/// The operation reads the body inside its argument; its complaints are about the body.
fn mandate_failure(failure: Failure) -> Failure {
    match &*failure.code {
        "INVALID_ARGUMENTS" => {
            Failure::invalid("INVALID_MANDATE", failure.message).hint(MANDATE_HINT)
        }
        _ => failure,
    }
}
