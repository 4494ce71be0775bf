//! Routes with what they say of themselves: the router and the OpenAPI document come from one list.

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::routing::MethodRouter;

use super::port::Port;

/// One thing a port does.
pub(super) struct Route {
    pub(super) method: Method,
    /// With parameters as in `/mandates/{id}`.
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// The operation it is a door to, where there is one.
    pub(super) operation: Option<&'static str>,
    pub(super) body: Shape,
    pub(super) answer: Shape,
    pub(super) status: u16,
    /// Query parameters with a word on each.
    pub(super) query: &'static [(&'static str, &'static str)],
    handler: MethodRouter<Arc<Port>>,
}

/// What a body looks like.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shape {
    /// There is none.
    Empty,
    /// The operation's arguments, or its output.
    Operation,
    /// The operation's output in a list of this field.
    ListOf(&'static str),
    /// As the named schema of this port says.
    Named(&'static str),
    /// Something else than JSON.
    Media(&'static str),
}

impl Route {
    pub(super) fn new(
        method: Method,
        path: &'static str,
        summary: &'static str,
        handler: MethodRouter<Arc<Port>>,
    ) -> Self {
        let (body, answer) = (Shape::Empty, Shape::Operation);
        let (operation, query) = (None, &[][..]);
        Self { method, path, summary, operation, body, answer, status: 200, query, handler }
    }

    /// Names the operation.
    pub(super) fn operation(mut self, name: &'static str) -> Self {
        self.operation = Some(name);
        self
    }

    /// Says what is sent.
    pub(super) fn takes(mut self, body: Shape) -> Self {
        self.body = body;
        self
    }

    /// Says what is answered.
    pub(super) fn gives(mut self, answer: Shape) -> Self {
        self.answer = answer;
        self
    }

    /// Says with which status.
    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Says what may stand in the query.
    pub(super) fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }
}

/// A router of all of them.
pub(super) fn router(routes: Vec<Route>) -> Router<Arc<Port>> {
    routes.into_iter().fold(Router::new(), |router, route| router.route(route.path, route.handler))
}
