//! What only the owner may do: answer, freeze, look at everything. Never listed as a tool.

mod agents_label;
mod agents_list;
mod agents_register;
mod agents_revoke;
mod agents_rotate;
mod approvals_answer;
mod approvals_list;
mod ledger_events;
mod ledger_verify;
mod status;
mod wallet_freeze;
mod wallet_unfreeze;
mod wallet_unlock;

pub use agents_label::AgentsLabel;
pub use agents_list::AgentsList;
pub use agents_register::AgentsRegister;
pub use agents_revoke::AgentsRevoke;
pub use agents_rotate::AgentsRotate;
pub use approvals_answer::ApprovalsAnswer;
pub use approvals_list::ApprovalsList;
pub use ledger_events::LedgerEvents;
pub use ledger_verify::LedgerVerify;
pub use status::OperatorStatus;
pub use wallet_freeze::WalletFreeze;
pub use wallet_unfreeze::WalletUnfreeze;
pub use wallet_unlock::WalletUnlock;
