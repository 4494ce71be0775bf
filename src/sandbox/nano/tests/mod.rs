//! Holders of keys, and a node in virtual time to publish to.

mod confirm;
mod faults;
mod journal;
mod knobs;
mod rules;

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link, PrivateKey, SignedBlock, StateBlock, Subtype};
use crate::network::{Node, NodeError};
use crate::sandbox::clock::VirtualClock;

use super::*;

/// A node that cements after [`DELAY`], and its clock.
struct World {
    clock: VirtualClock,
    node: SandboxNode,
}

/// Somebody with a key, who builds on the true head of the chain.
struct Holder(PrivateKey);

impl World {
    fn new() -> Self {
        let clock = VirtualClock::default();
        let node = SandboxNode::new(config(), shared(&clock));
        Self { clock, node }
    }

    /// A world with an opened, cemented account that holds `balance`.
    async fn with_account(seed: u8, balance: Raw) -> (Self, Holder) {
        let (world, holder) = (Self::new(), Holder::new(seed));
        world.open(&holder, balance).await;
        (world, holder)
    }

    /// Funds and opens an account, and cements it.
    async fn open(&self, holder: &Holder, balance: Raw) -> BlockHash {
        let source = self.node.faucet_confirmed(holder.account(), balance).unwrap();
        let hash = self.publish(&holder.receive(&self.node, source, balance)).await.unwrap();
        self.node.confirm(&hash).unwrap();
        hash
    }

    /// `process` without a subtype.
    async fn publish(&self, block: &SignedBlock) -> Result<BlockHash, NodeError> {
        self.node.process(block, None).await
    }

    /// The words of the refusal.
    async fn refusal(&self, block: &SignedBlock, subtype: Option<Subtype>) -> String {
        let before = self.node.block_count();
        let answer = self.node.process(block, subtype).await;
        assert_eq!(self.node.block_count(), before, "a refused block is not in the ledger");
        match answer {
            Err(NodeError::Refused { message }) => message,
            other => panic!("expected a refusal, got {other:?}"),
        }
    }

    fn pass(&self, d: Duration) {
        self.clock.advance(d);
    }
}

impl Holder {
    fn new(seed: u8) -> Self {
        Self(PrivateKey::from_bytes([seed; 32]))
    }

    fn account(&self) -> Account {
        self.0.account()
    }

    /// What a block on the present head has in common with it.
    fn next(&self, node: &SandboxNode) -> StateBlock {
        let head = node.head(&self.account());
        StateBlock {
            account: self.account(),
            previous: head.map_or(BlockHash::ZERO, |head| head.hash),
            representative: genesis_account(),
            balance: head.map_or(Raw::ZERO, |head| head.balance),
            link: Link::ZERO,
        }
    }

    fn receive(&self, node: &SandboxNode, source: BlockHash, amount: Raw) -> SignedBlock {
        let next = self.next(node);
        let balance = next.balance.checked_add(amount).unwrap();
        self.seal(StateBlock { balance, link: Link::from(source), ..next })
    }

    fn send(&self, node: &SandboxNode, to: Account, amount: Raw) -> SignedBlock {
        let next = self.next(node);
        let balance = next.balance.checked_sub(amount).unwrap();
        self.seal(StateBlock { balance, link: Link::from(to), ..next })
    }

    fn change(&self, node: &SandboxNode, representative: Account) -> SignedBlock {
        self.seal(StateBlock { representative, ..self.next(node) })
    }

    fn seal(&self, block: StateBlock) -> SignedBlock {
        seal(&self.0, block)
    }
}

fn config() -> Config {
    Config { confirmation_delay: DELAY, latency: Duration::ZERO }
}

fn shared(clock: &VirtualClock) -> Arc<dyn Clock> {
    Arc::new(clock.clone())
}

fn raw(amount: u128) -> Raw {
    Raw::new(amount)
}

fn hash(byte: u8) -> BlockHash {
    BlockHash::from_bytes([byte; 32])
}

const DELAY: Duration = Duration::from_millis(150);
const TICK: Duration = Duration::from_millis(1);
