//! Keys, the blocks they sign, and work for the next block.
//!
//! Signing keys are seen by [`Keystore`] alone. Nothing here may decide whether money moves: a spend needs a grant of
//! the policy, and everything else must prove that the balance does not fall.

mod block;
mod evm_spend;
mod frontier;
mod keyfile;
mod keystore;
mod material;
mod work;

pub use block::{BuildError, NonSpendBlock, SpendBlock};
pub use evm_spend::EvmSpend;
pub use frontier::{Frontier, FrontierError};
pub use keyfile::{KeyFile, KeyFileError, KeyFileRandom};
pub use keystore::{Keystore, SignError};
pub use material::{IMPORTED, KeyKind, KeyMaterial, MaterialError, Recovery};
pub use work::{
    Peers, Share, WorkCrew, WorkError, WorkMode, WorkPool, WorkProgress, WorkSettings, fresh_start,
};
