//! The wallet over HTTP: seeds/000 and 001 on one port, seeds/004 on three, webhooks on one of their own.
//!
//! Every port asks the same [`crate::operations::Gate`] as the other surfaces; what it adds is how a request is read
//! and how an answer looks. It must never decide about money, answer a request that another site's page made, or let a
//! secret into an answer, a log or a URL it prints.

mod agents;
mod audit;
mod call;
mod control;
mod counters;
mod door;
mod envelope;
mod given;
mod hosts;
mod mandates;
mod mcp;
mod metrics;
mod news;
mod openapi;
mod page;
mod pay;
mod plain;
mod port;
mod route;
mod serve;
mod status;
mod webhook;

#[cfg(test)]
mod tests;

pub use openapi::{Document, documents};
pub use port::{Authority, PortKind};
pub use serve::{Listening, Plan, Serving};
