//! The client's side of the Agentic Commerce Protocol: versions 2025-09-29 to 2026-04-17 (reference/rails.md, 3).
//!
//! What a merchant answers is a claim until it was compared with what was asked ([`Asked`]) and its sums were checked
//! ([`Session`]). This module must never complete a checkout on its own, hand a bearer token to another origin than its
//! own, or pass on a merchant's words unescaped.

mod asked;
mod body;
mod client;
mod endpoint;
mod error;
mod handler;
mod line;
mod said;
mod session;
mod session_id;
mod status;
mod totals;
mod version;
mod wire;

#[cfg(test)]
mod tests;

pub use asked::{Asked, AskedError, AskedItem, Mismatch, within};
pub use body::{CancelBody, CompleteBody, CreateBody, Entries, UpdateBody};
pub use client::{Acp, Call, Door};
pub use endpoint::{MerchantUrl, MerchantUrlError};
pub use error::{AcpError, AnswerError, RefusalKind};
pub use handler::{Handler, HandlerError, handler_for};
pub use line::Line;
pub use said::{Message, MessageKind};
pub use session::{Order, Session};
pub use session_id::{SessionId, SessionIdError};
pub use status::{Outlook, Status};
pub use totals::{Totals, TotalsError};
pub use version::{Dialect, Version, VersionError};
