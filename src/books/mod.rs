//! The state folded from the events: budgets, payments, lanes, approvals.
//!
//! Pure. [`apply()`] is the only writer of a row, so the books are exactly what the ledger says; a store keeps rows and
//! events side by side and `verify --deep` folds them anew. Nothing here may draw on anything but rows and the event.

mod agent;
mod apply;
mod checkouts;
mod clock;
mod directory;
mod event;
mod event_codec;
mod event_parts;
mod mandates;
mod nanswap;
mod outbox;
mod requests;
mod rows;
mod tables;
mod tallies;
mod view;

pub use agent::Agent;
pub use apply::{ApplyError, apply, beside_the_rules};
pub use checkouts::{CheckoutAsked, CheckoutItem, Funding, FundingRegistered, Order};
pub use clock::{ClockAccepted, ClockJump, ClockRow, Timed};
pub use directory::{CheckoutPlace, DirectoryEntry};
pub use event::{Body, Event};
pub use event_parts::{
    Channel, DecidedStage, Disputed, EventError, NetworkPlaces, NewPayment, PastAccount, Settlement,
};
pub use mandates::{MandateBudget, MandateRow, Proposal};
pub use nanswap::{NanswapOrder, OrderNoted, WebhookRow, WebhookTaken, WebhookVerdict};
pub use outbox::{NewTask, OutboxTask, TaskEnd, TaskEnded, TaskNoted};
pub use requests::{
    NewRequest, OtherPayment, PaymentRequest, RequestCounters, RequestEnd, RequestReceipt,
    RequestScan, RequestState, RequestStatus, Watch,
};
pub use rows::{KeyValue, MemoryRows, Rows, RowsError, RowsMut, Scan, Table};
pub use tables::{
    Approval, Asked, Counters, Decided, Freeze, HistoryEntry, HistoryKind, HostApproved,
    Idempotency, Lane, NetworkInForce, OpenBlock, Payment, Pin, PolicyInForce, Receive, Wallet,
};
pub use tallies::Tally;
pub use view::View;
