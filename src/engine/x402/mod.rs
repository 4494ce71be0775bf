//! Buying what an HTTP 402 sells: what the seller wants, a proof or a block for exactly that, and what came back.
//!
//! It must never sign for anything but the demand it has just read, nor take a seller's word for money that the chain
//! can be asked about.

mod again;
mod answers;
mod buy;
mod funds;
mod quote;
mod till;

pub use answers::SellerAnswered;
pub(super) use quote::request_of;
pub use quote::{Priced, Quote};

use std::path::PathBuf;
use std::sync::Arc;

use answers::Answers;
use async_trait::async_trait;

use super::Engine;
use crate::clock::Clock;
use crate::failure::Failure;
use crate::payment::Till;
use crate::rails::x402::{Assets, ChainClient, SellerClient};
use crate::store::Store;
use crate::wallet::Keystore;

/// What sellers are asked and paid with.
#[derive(Debug)]
pub struct X402 {
    pub(super) reach: Arc<dyn ReachSellers>,
    pub(super) assets: Assets,
    pub(super) networks: Option<Vec<String>>,
    pub(super) store: Store,
    pub(super) keystore: Arc<Keystore>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) downloads: Option<PathBuf>,
    answers: Answers,
}

/// What the owner has set for it.
#[derive(Clone, Debug)]
pub struct X402Settings {
    /// How sellers and the chain are reached.
    pub reach: Arc<dyn ReachSellers>,
    /// The tokens that may be paid.
    pub assets: Assets,
    /// CAIP-2 names that are allowed; `None` for all that fit the wallet.
    pub networks: Option<Vec<String>>,
    /// Where answers are kept that cannot be shown.
    pub downloads: Option<PathBuf>,
}

/// How sellers and the chain are reached: known when they are first needed.
#[async_trait]
pub trait ReachSellers: std::fmt::Debug + Send + Sync {
    /// The clients.
    ///
    /// # Errors
    /// When they cannot be had.
    async fn reach(&self) -> Result<Reach, Failure>;
}

/// Clients for sellers and for the chain.
#[derive(Clone, Debug)]
pub struct Reach {
    /// Asks and pays sellers, behind the guard for strangers' URLs.
    pub sellers: SellerClient,
    /// Say what became of an authorisation: a node for each chain that has one.
    pub chains: Vec<ChainClient>,
    /// Where there are sellers to try, on the sandbox.
    pub example: Option<String>,
}

impl Reach {
    /// Whom to ask about a payment to the seller at `url` on the chain of this CAIP-2 name.
    pub(super) fn chain_of(&self, network: &str, url: &str) -> Option<&ChainClient> {
        self.chains.iter().find(|chain| chain.is_for(network, url))
    }
}

#[async_trait]
impl ReachSellers for Reach {
    async fn reach(&self) -> Result<Reach, Failure> {
        Ok(self.clone())
    }
}

impl Engine {
    /// The same engine, which can pay sellers; before it is started.
    #[must_use]
    pub fn with_x402(mut self, settings: X402Settings) -> Self {
        let X402Settings { reach, assets, networks, downloads } = settings;
        let x402 = Arc::new(X402 {
            reach,
            assets,
            networks,
            store: self.parts.store.clone(),
            keystore: Arc::clone(&self.parts.keystore),
            clock: Arc::clone(&self.parts.clock),
            downloads,
            answers: Answers::default(),
        });
        self.x402 = Some(Arc::clone(&x402));
        self.with_handover(Till::X402, x402)
    }

    /// What sellers are paid with, where the wallet has it.
    pub fn x402(&self) -> Option<&Arc<X402>> {
        self.x402.as_ref()
    }
}
