//! What only the owner may do: answer, freeze, look at everything. Never listed as a tool.

mod approvals_answer;
mod approvals_list;
mod backup;
mod keys_exported;
mod ledger_events;
mod ledger_verify;
mod status;
mod wallet_accounts;
mod wallet_add_account;
mod wallet_freeze;
mod wallet_reconcile;
mod wallet_representative;
mod wallet_set_representative;
mod wallet_unfreeze;
mod wallet_unlock;

pub use approvals_answer::ApprovalsAnswer;
pub use approvals_list::ApprovalsList;
pub use backup::OperatorBackup;
pub use keys_exported::KeysExported;
pub use ledger_events::LedgerEvents;
pub use ledger_verify::LedgerVerify;
pub use status::OperatorStatus;
pub use wallet_accounts::WalletAccounts;
pub use wallet_add_account::WalletAddAccount;
pub use wallet_freeze::WalletFreeze;
pub use wallet_reconcile::WalletReconcile;
pub use wallet_representative::WalletRepresentative;
pub use wallet_set_representative::WalletSetRepresentative;
pub use wallet_unfreeze::WalletUnfreeze;
pub use wallet_unlock::WalletUnlock;
