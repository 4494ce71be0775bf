//! What can go wrong between a wallet and its node, as values a test scripts.
//!
//! Deterministic: a queued fault is used up by the first call it fits, in order; a standing fault fits every call until
//! it is lifted. Faults must never break the rules of the ledger: whatever a node says, the chain stays valid.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{Account, PrivateKey, SignedBlock};
use crate::network::NodeError;

/// Which calls of the port a fault fits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Call {
    /// `account_history`.
    AccountHistory,
    /// `account_info`.
    AccountInfo,
    /// `accounts_balances`.
    AccountsBalances,
    /// Every call.
    Any,
    /// `block_info`.
    BlockInfo,
    /// Every action over HTTP that the port has no call for.
    Other,
    /// `process`.
    Process,
    /// `receivable`.
    Receivable,
}

/// What goes wrong with one call. A fault that means nothing for the call it meets is used up and changes nothing.
#[derive(Clone, Debug)]
pub enum Fault {
    /// `account_info` of this account says another balance, at the head and, where that is cemented, confirmed too.
    Balance {
        /// Whose balance; calls about other accounts leave the fault alone.
        account: Account,
        /// The balance claimed.
        balance: Raw,
    },
    /// The request times out, and the block is applied only this much later.
    Delayed(Duration),
    /// `process` answers the hash and forgets the block; `block_info` denies knowing the block.
    Denial,
    /// Another holder of the key gets a block in on the same `previous` first; then the call is answered truthfully.
    Fork(Rival),
    /// `account_info` of this account is as it was so many blocks of its chain ago.
    Frontier {
        /// Whose frontier; calls about other accounts leave the fault alone.
        account: Account,
        /// Blocks left out at the head.
        blocks_back: usize,
    },
    /// `process` answers `Gap previous block` without looking.
    Gap,
    /// The request is served, and what comes back cannot be read.
    Garbage,
    /// The request is served, and the connection ends in the middle of its answer.
    HalfAnswer,
    /// HTTP 500 from something in front of the node: the request is not served.
    Http500,
    /// The network accepts this block before the call is answered; if it is refused, nothing happens.
    Insert(Box<SignedBlock>),
    /// The request is served, and its answer never arrives.
    LostReply,
    /// The request never arrives.
    LostRequest,
    /// Nothing goes wrong: a place in a script.
    Nothing,
    /// The node refuses in these words, without looking.
    Refused(String),
    /// The request is served this much later, and answered truthfully.
    Slow(Duration),
    /// The node is behind: it answers as of so many blocks (of the whole ledger) ago. A block it is given still reaches
    /// the network, which judges for itself.
    Stale {
        /// How many blocks it has not seen.
        blocks: usize,
    },
}

/// How another holder of the key makes the competing block.
#[derive(Clone)]
pub enum Rival {
    /// From the account's private key: the same amount to the genesis account where ours sends, otherwise a change of
    /// representative (for a first block: the same receive with another representative).
    Key(Arc<PrivateKey>),
    /// From our block, by the test.
    Made(Arc<dyn Fn(&SignedBlock) -> SignedBlock + Send + Sync>),
}

/// The faults in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Faults {
    queued: VecDeque<(Call, Fault)>,
    standing: Vec<(Call, Fault)>,
    down_until: Option<Millis>,
}

impl Rival {
    /// A rival made with the account's private key.
    #[must_use]
    pub fn key(key: PrivateKey) -> Self {
        Self::Key(Arc::new(key))
    }

    /// A rival made by `make` from our block.
    #[must_use]
    pub fn made(make: impl Fn(&SignedBlock) -> SignedBlock + Send + Sync + 'static) -> Self {
        Self::Made(Arc::new(make))
    }
}

impl fmt::Debug for Rival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Key(_) => "Key",
            Self::Made(_) => "Made",
        })
    }
}

impl Faults {
    /// The fault that this call meets: the first queued one that fits, else the first standing one.
    pub(super) fn meet(&mut self, call: Call, account: Option<Account>) -> Fault {
        let fits = |(on, fault): &(Call, Fault)| {
            (*on == call || *on == Call::Any) && fault.concerns(account)
        };
        if let Some(at) = self.queued.iter().position(fits) {
            return self.queued.remove(at).map_or(Fault::Nothing, |(_, fault)| fault);
        }
        self.standing
            .iter()
            .find(|entry| fits(entry))
            .map_or(Fault::Nothing, |(_, fault)| fault.clone())
    }

    pub(super) fn queue(&mut self, call: Call, fault: Fault) {
        self.queued.push_back((call, fault));
    }

    pub(super) fn queued(&self) -> usize {
        self.queued.len()
    }

    pub(super) fn standing(&self) -> usize {
        self.standing.len()
    }

    pub(super) fn stand(&mut self, call: Call, fault: Fault) {
        self.standing.push((call, fault));
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn down_until(&mut self, until: Option<Millis>) {
        self.down_until = until;
    }

    pub(super) fn is_down(&self, now: Millis) -> bool {
        self.down_until.is_some_and(|until| now < until)
    }
}

impl Fault {
    /// What the caller hears instead of an answer.
    pub(super) fn error(&self) -> Option<NodeError> {
        let unreachable = |detail: &str| NodeError::Unreachable { detail: detail.to_owned() };
        match self {
            Self::Delayed(_) | Self::LostReply | Self::LostRequest => {
                Some(unreachable("timed out"))
            }
            Self::Garbage => {
                Some(NodeError::Garbled { detail: "expected value at line 1 column 1".to_owned() })
            }
            Self::HalfAnswer => Some(NodeError::Garbled {
                detail: "EOF while parsing a value at line 1 column 2".to_owned(),
            }),
            Self::Http500 => Some(unreachable("HTTP 500")),
            Self::Refused(message) => Some(NodeError::Refused { message: message.clone() }),
            _ => None,
        }
    }

    /// Whether a call about `account` meets this fault.
    fn concerns(&self, about: Option<Account>) -> bool {
        match self {
            Self::Balance { account, .. } | Self::Frontier { account, .. } => {
                about == Some(*account)
            }
            _ => true,
        }
    }
}
