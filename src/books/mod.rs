//! The state folded from the events: budgets, payments, lanes, approvals.
//!
//! Pure. [`apply()`] is the only writer of a row, so the books are exactly what the ledger says; a store keeps rows and
//! events side by side and `verify --deep` folds them anew. Nothing here may draw on anything but rows and the event.

mod apply;
mod event;
mod requests;
mod rows;
mod tables;
mod view;

pub use apply::{ApplyError, apply};
pub use event::{Body, Channel, DecidedStage, Event, EventError, PastAccount, Settlement};
pub use requests::{
    NewRequest, OtherPayment, PaymentRequest, RequestCounters, RequestReceipt, RequestState,
    RequestStatus, Watch,
};
pub use rows::{KeyValue, MemoryRows, Rows, RowsError, RowsMut, Scan, Table};
pub use tables::{
    Approval, Counters, Decided, Freeze, HistoryEntry, HistoryKind, Idempotency, Lane,
    NetworkInForce, OpenBlock, Payment, PolicyInForce, Receive, Wallet,
};
pub use view::View;
