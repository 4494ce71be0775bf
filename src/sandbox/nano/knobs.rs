//! The side door for tests and the faucet: what the network does on its own, and what it truly holds.
//!
//! Nothing here meets a fault. The wallet must never be given more of the sandbox than the `Node` port.

use std::time::Duration;

use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, SignedBlock};
use crate::network::BlockInfo;

use super::error::SandboxError;
use super::faucet;
use super::faults::{Call, Fault};
use super::node::SandboxNode;
use super::view::{self, Head, HistoryEntry};

/// Money and blocks.
impl SandboxNode {
    /// Sends play money from the genesis account; the send is cemented like any other block.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Faucet`] for zero or more than is left, [`SandboxError::Journal`].
    pub fn faucet(&self, to: Account, amount: Raw) -> Result<BlockHash, SandboxError> {
        let mut state = self.state();
        let send = Some(amount)
            .filter(|amount| !amount.is_zero())
            .and_then(|amount| faucet::grant(&state.ledger, to, amount))
            .ok_or(SandboxError::Faucet(amount))?;
        let now = state.now;
        state.submit(&send, None, now)
    }

    /// [`SandboxNode::faucet`], cemented at once.
    ///
    /// # Errors
    ///
    /// As [`SandboxNode::faucet`].
    pub fn faucet_confirmed(&self, to: Account, amount: Raw) -> Result<BlockHash, SandboxError> {
        let hash = self.faucet(to, amount)?;
        self.confirm(&hash)?;
        Ok(hash)
    }

    /// A block that reaches the network from elsewhere, such as another holder of the key.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Refused`] in the words of a node, [`SandboxError::Journal`].
    pub fn insert(&self, block: &SignedBlock) -> Result<BlockHash, SandboxError> {
        let mut state = self.state();
        let now = state.now;
        state.submit(block, None, now)
    }

    /// The network elects this block: whatever unconfirmed block stands in its place is rolled back first.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Confirmed`] if the other block is cemented, [`SandboxError::Refused`] (the other block is gone
    /// by then), [`SandboxError::Journal`].
    pub fn elect(&self, block: &SignedBlock) -> Result<BlockHash, SandboxError> {
        let mut state = self.state();
        if state.ledger.contains(&block.hash()) {
            return Ok(block.hash());
        }
        let chain = state.ledger.chain(&block.block.account);
        let loser = match chain.iter().position(|hash| *hash == block.block.previous) {
            Some(at) => chain.get(at + 1).copied(),
            None if block.block.previous.is_zero() => chain.first().copied(),
            None => None,
        };
        if let Some(loser) = loser {
            state.roll_back(&loser)?;
        }
        let now = state.now;
        state.submit(block, None, now)
    }

    /// Rolls back an unconfirmed block and all that depends on it; answers what left, last block first.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Confirmed`], [`SandboxError::Unknown`], [`SandboxError::Journal`].
    pub fn roll_back(&self, hash: &BlockHash) -> Result<Vec<BlockHash>, SandboxError> {
        self.state().roll_back(hash)
    }

    /// Cements a block at once, with everything it depends on, held or not.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Unknown`], [`SandboxError::Journal`].
    pub fn confirm(&self, hash: &BlockHash) -> Result<(), SandboxError> {
        self.state().confirm(hash)
    }

    /// Keeps a block, and so its dependents, from being cemented by age.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Unknown`].
    pub fn hold(&self, hash: &BlockHash) -> Result<(), SandboxError> {
        self.state().hold(hash, true)
    }

    /// Lets a held block be cemented by age again.
    ///
    /// # Errors
    ///
    /// [`SandboxError::Unknown`].
    pub fn release(&self, hash: &BlockHash) -> Result<(), SandboxError> {
        self.state().hold(hash, false)
    }

    /// Whether blocks are held from their arrival on; blocks that arrived before are not touched.
    pub fn hold_new(&self, held: bool) {
        self.state().ledger.hold_new(held);
    }
}

/// Faults.
impl SandboxNode {
    /// Queues faults for the next `process` calls, one each; [`Fault::Nothing`] lets one pass.
    pub fn script(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut state = self.state();
        for fault in faults {
            state.faults.queue(Call::Process, fault);
        }
    }

    /// Queues a fault for the next call that it fits.
    pub fn queue(&self, call: Call, fault: Fault) {
        self.state().faults.queue(call, fault);
    }

    /// Faults that no call has met yet.
    pub fn queued_faults(&self) -> usize {
        self.state().faults.queued()
    }

    /// Faults that stay until they are lifted.
    pub fn standing_faults(&self) -> usize {
        self.state().faults.standing()
    }

    /// A fault for every call it fits, until [`SandboxNode::clear_faults`]; queued faults come first, then the
    /// standing ones in the order in which they were set, one a call.
    pub fn stand(&self, call: Call, fault: Fault) {
        self.state().faults.stand(call, fault);
    }

    /// Lifts all faults, queued and standing; the node is up.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// No call is answered until [`SandboxNode::up`]; the network goes on.
    pub fn down(&self) {
        self.state().faults.down_until(Some(Millis(u64::MAX)));
    }

    /// No call is answered for so long; the network goes on.
    pub fn down_for(&self, d: Duration) {
        let mut state = self.state();
        let until = state.now.plus(d);
        state.faults.down_until(Some(until));
    }

    /// Ends [`SandboxNode::down`] and [`SandboxNode::down_for`].
    pub fn up(&self) {
        self.state().faults.down_until(None);
    }
}

/// The truth.
impl SandboxNode {
    /// Cemented blocks of all accounts, the genesis block included.
    pub fn confirmed_count(&self) -> usize {
        self.state().ledger.confirmed_count()
    }

    /// Blocks of all accounts, the genesis block included.
    pub fn block_count(&self) -> usize {
        self.state().ledger.block_count()
    }

    /// Balance at the last cemented block; zero for an account without one.
    pub fn confirmed_balance(&self, account: &Account) -> Raw {
        let state = self.state();
        view::account_info(&state.ledger, account, 0)
            .map_or(Raw::ZERO, |info| info.confirmed_balance)
    }

    /// The head of an account chain; `None` for an account without a block.
    pub fn head(&self, account: &Account) -> Option<Head> {
        view::head(&self.state().ledger, account)
    }

    /// Whether a block is in the ledger, cemented or not.
    pub fn contains(&self, hash: &BlockHash) -> bool {
        self.state().ledger.contains(hash)
    }

    /// One block; also the stand-in for the genesis block.
    pub fn block(&self, hash: &BlockHash) -> Option<BlockInfo> {
        view::block_info(&self.state().ledger, hash)
    }

    /// Hashes of an account chain, first block first.
    pub fn blocks_of(&self, account: &Account) -> Vec<BlockHash> {
        self.state().ledger.chain(account).to_vec()
    }

    /// Every send to an account, received or not, oldest first; its counterparty is the sender.
    pub fn sends_to(&self, account: &Account) -> Vec<HistoryEntry> {
        view::sends_to(&self.state().ledger, account)
    }

    /// The blocks of an account, newest first.
    pub fn history(&self, account: &Account) -> Vec<HistoryEntry> {
        view::history(&self.state().ledger, account)
    }
}
