//! What only the owner may do: answer, freeze, look at everything. Never listed as a tool.

mod approvals_answer;
mod approvals_list;
mod ledger_events;
mod ledger_head;
mod ledger_rotate_key;
mod ledger_verify;
mod report;
mod status;
mod wallet_freeze;
mod wallet_unfreeze;
mod wallet_unlock;

pub use approvals_answer::ApprovalsAnswer;
pub use approvals_list::ApprovalsList;
pub use ledger_events::LedgerEvents;
pub use ledger_head::LedgerHead;
pub use ledger_rotate_key::LedgerRotateKey;
pub use ledger_verify::{LedgerVerdict, LedgerVerify};
pub use report::Report;
pub use status::OperatorStatus;
pub use wallet_freeze::WalletFreeze;
pub use wallet_unfreeze::WalletUnfreeze;
pub use wallet_unlock::WalletUnlock;
