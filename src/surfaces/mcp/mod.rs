//! The wallet as an MCP server on standard input and output.
//!
//! rmcp speaks the protocol, in both of its eras; a decoder stands before it, so that no request goes unanswered. This
//! surface knows operations and nothing below them. It must never write anything but JSON-RPC to its output, and never
//! log arguments or results.

mod ask;
mod decode;
mod handler;
mod id;
mod lines;
mod names;
mod open;
mod output;
mod progress;
mod result;
mod serve;
mod skim;
pub(super) mod strict;
mod tools;
mod transport;

#[cfg(test)]
mod tests;

pub use handler::{Handler, Options};
pub use names::{ToolNames, UnknownStyle};
pub use rmcp::transport::{StdioReader, StdioWriter};
pub use serve::{ServeError, serve, serve_operations, stdio};
pub use tools::{UnknownToolset, offered_tools};
pub use transport::LineTransport;
