//! The port to news: which blocks the network has confirmed, as it happens.
//!
//! News only say where to look. Nothing is booked from them: a message may be missed, repeated or a lie.

use std::fmt;

use tokio::sync::broadcast;

use crate::money::Raw;
use crate::nano::{Account, BlockHash, Subtype};

/// A source of confirmations; the websocket client and the sandbox implement it.
pub trait Confirmations: Send + Sync + fmt::Debug {
    /// Hears of these accounts too from now on: blocks they sign and sends to them. Asking twice changes nothing.
    fn follow(&self, accounts: &[Account]);

    /// What is heard from now on.
    fn subscribe(&self) -> Heard;
}

/// One listener's place in the news.
#[derive(Debug)]
pub struct Heard(broadcast::Receiver<Confirmation>);

/// What was heard.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Confirmation {
    /// The network confirmed a block.
    Block {
        /// Whose chain it is on.
        account: Account,
        /// The block.
        hash: BlockHash,
        /// The amount it moved.
        amount: Raw,
        /// Its kind, where the message told.
        subtype: Option<Subtype>,
        /// For a send, who gets it.
        destination: Option<Account>,
    },
    /// Messages may have been missed (a new connection, or a listener that was too slow): look at everything.
    Gap,
}

impl Heard {
    /// A place in `news`.
    pub fn new(news: broadcast::Receiver<Confirmation>) -> Self {
        Self(news)
    }

    /// The next piece of news; `None` when the source has ended.
    pub async fn next(&mut self) -> Option<Confirmation> {
        match self.0.recv().await {
            Ok(news) => Some(news),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Confirmation::Gap),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
