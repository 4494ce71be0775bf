//! Play money: blocks signed with the public dev genesis key, and the work that the dev network asks for.
//!
//! Must never be given a key that holds anything: work is searched for on the calling thread, and nothing is audited.

use crate::money::Raw;
use crate::nano::work;
use crate::nano::{
    Account, DEV_GENESIS_PRIVATE_KEY, Link, Network, PrivateKey, Root, SignedBlock, StateBlock,
    Work,
};

use super::faults::Rival;
use super::ledger::Ledger;

/// The account that holds the supply of the dev network and pays the faucet.
#[must_use]
pub fn genesis_account() -> Account {
    Network::Dev.genesis_account()
}

/// Work that lets any block with this root into the dev network; always the same for the same root.
#[must_use]
pub fn solve(root: &Root) -> Work {
    work::generate(root, Network::Dev.thresholds().epoch_1, 0)
}

/// Signs a block as the holder of `key` would, and adds work.
#[must_use]
pub fn seal(key: &PrivateKey, block: StateBlock) -> SignedBlock {
    let (signature, work) = (key.sign(&block.hash()), solve(&block.root()));
    SignedBlock { block, signature, work: Some(work) }
}

/// The genesis account's next send; `None` if it has no such amount left.
pub(super) fn grant(ledger: &Ledger, to: Account, amount: Raw) -> Option<SignedBlock> {
    let head = ledger.head(&genesis_account())?;
    let block = StateBlock {
        account: genesis_account(),
        previous: head.hash(),
        representative: head.block().representative,
        balance: head.block().balance.checked_sub(amount)?,
        link: Link::from(to),
    };
    Some(seal(&PrivateKey::from_bytes(DEV_GENESIS_PRIVATE_KEY), block))
}

/// The block with which another holder of the key answers ours; see [`Rival`].
pub(super) fn rival_of(ledger: &Ledger, rival: &Rival, ours: &SignedBlock) -> SignedBlock {
    match rival {
        Rival::Made(make) => make(ours),
        Rival::Key(key) => {
            let block = ours.block;
            let before =
                ledger.entry(&block.previous).map_or(Raw::ZERO, |entry| entry.block().balance);
            let rival = if block.balance < before {
                StateBlock { link: Link::from(rival_account(&block.link.as_account())), ..block }
            } else if block.previous.is_zero() {
                StateBlock { representative: rival_account(&block.representative), ..block }
            } else {
                StateBlock {
                    representative: rival_account(&block.representative),
                    balance: before,
                    link: Link::ZERO,
                    ..block
                }
            };
            seal(key, rival)
        }
    }
}

/// The genesis account, or, so that the rival is another block than ours, an account that nobody holds.
fn rival_account(ours: &Account) -> Account {
    if *ours == genesis_account() { Account::BURN } else { genesis_account() }
}
