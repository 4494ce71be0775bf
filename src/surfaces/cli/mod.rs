//! The wallet for its owner at a terminal.
//!
//! Each command parses, asks one operation or two through the [`Gate`](crate::operations::Gate), and prints. This
//! surface must never decide about money itself, and never print text of others without [`escape`].

pub mod args;
pub mod completions;
pub mod demo;
pub mod doctor;
pub mod init_args;
pub mod mandate_args;
pub mod policy_args;
pub mod provider_args;
pub mod sandbox;
pub mod schemas;
pub mod secrets;
pub mod serve_args;
pub mod shop_args;
pub mod third_party_args;
pub mod usage;
pub mod welcome;
pub mod work;
pub mod work_args;

mod agents;
mod approvals;
mod directory;
mod escape;
mod freeze;
mod history;
mod ledger;
mod mandate_print;
mod mandates;
mod policy;
mod print;
mod reconcile;
mod report;
mod run;
mod shops;
mod spend;
mod status;
mod wallet;
mod watch;

pub use escape::escape;
pub use freeze::Marker;
pub use print::{Exit, Printer, Trouble};
pub use run::{ask, offline, run};
pub use wallet::KeyFiles;
