//! Why the sandbox does not do what a test or the faucet asked. Never part of what a wallet sees.

use crate::money::Raw;
use crate::nano::BlockHash;

use super::check::Refusal;
use super::journal::JournalError;

/// Why a knob does not turn.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The block is cemented and stays.
    #[error("block {0} is cemented")]
    Confirmed(BlockHash),
    /// The faucet cannot pay this: zero, or more than is left.
    #[error("the faucet cannot pay {0} raw")]
    Faucet(Raw),
    /// The journal cannot be written; the ledger is as before.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The ledger refuses the block.
    #[error("the ledger refuses the block: {0}")]
    Refused(#[from] Refusal),
    /// No such block.
    #[error("block {0} is not known")]
    Unknown(BlockHash),
}
