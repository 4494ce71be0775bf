//! What ifenpay's answers about accounts look like (`reference/ifenpay.md` §5, endpoints 2 to 6).
//!
//! Fields that nobody here looks at are not asked for; what is none of the known forms is an error.

use serde::{Deserialize, Serialize};

use crate::money::Raw;
use crate::nano::{Account, BlockHash, SignedBlock, Subtype};
use crate::network::rpc::wire::{Entries, List};

/// `/account/info/{address}`. Its representative and difficulties are not read: the head says the one, this wallet
/// knows the others.
#[derive(Deserialize)]
pub(super) struct Head {
    pub(super) frontier: BlockHash,
    pub(super) balance: Raw,
}

/// `/wallet/balance/{address}`. The decimal twins are not read.
#[derive(Deserialize)]
pub(super) struct Balance {
    pub(super) account: Account,
    pub(super) balance_raw: Raw,
    pub(super) pending_raw: Raw,
}

/// `/wallet/pending/{address}`: a map from accounts to hashes, or an empty text as nodes write it.
#[derive(Deserialize)]
pub(super) struct Pending {
    pub(super) blocks: Entries<Account, List<BlockHash>>,
}

/// The part of `/block/info/{hash}` that a hash covers.
#[derive(Deserialize)]
pub(super) struct Contents {
    pub(super) contents: SignedBlock,
}

/// `/block/publish`.
#[derive(Serialize)]
pub(super) struct Publish<'a> {
    pub(super) subtype: Subtype,
    pub(super) block: &'a SignedBlock,
}

/// Its answer, which does not name the block.
#[derive(Deserialize)]
pub(super) struct Published {
    pub(super) success: bool,
}
