//! What the MCP surface asks on behalf of its host's user: agent authority, never listed as a tool, and nothing here
//! may do more than the policy lets a host's user do.

mod answer;
mod ask;

pub use answer::HostAnswer;
pub use ask::HostAsk;
