//! Whether the wallet holds what it is about to sign for, where a node of the chain can be asked.
//!
//! Must never hold up a payment because a node is silent: who was paid too little says so, and nothing is lost by it.

use super::{Priced, X402};
use crate::engine::pay::NO_FUNDS;
use crate::failure::{Failure, Retry};
use crate::money::Money;
use crate::rails::x402::{ChainError, Means};

impl X402 {
    /// Refuses what the chain says cannot be paid, before anything is signed for the seller at `url`.
    ///
    /// # Errors
    /// `INSUFFICIENT_FUNDS`; [`WRONG_CHAIN`] where the node the owner set is one of another chain.
    pub(super) async fn check_funds(&self, priced: &Priced, url: &str) -> Result<(), Failure> {
        let Means::Evm { token, .. } = &priced.offer.means else { return Ok(()) };
        let Some(payer) = self.keystore.evm_address() else { return Ok(()) };
        let reach = self.reach.reach().await?;
        let network = &priced.offer.terms.network;
        let Some(chain) = reach.chain_of(network, url) else { return Ok(()) };
        let price = priced.amount();
        match chain.balance(&token.domain.contract, &payer).await {
            Ok(held) if held < price.amount => {
                let held = Money { amount: held, currency: price.currency };
                let message =
                    format!("the seller wants {price}, and {payer} holds {held} on {network}");
                Err(Failure::refused(NO_FUNDS, message)
                    .hint("Nothing was signed. The owner can send more there: `paywarden wallet address --rail x402`"))
            }
            Ok(_) => Ok(()),
            Err(error @ ChainError::OtherChain { .. }) => {
                Err(Failure::refused(WRONG_CHAIN, error.to_string())
                    .hint("Nothing was signed. The owner sets a node of that chain with --evm-rpc; `paywarden doctor` shows the one in force")
                    .retry(Retry::AfterOperator))
            }
            Err(error) => {
                tracing::warn!(%error, %network, "what the wallet holds is not known; the payment goes on");
                Ok(())
            }
        }
    }
}

/// The code for a node that is none of the chain it was set for.
pub(super) const WRONG_CHAIN: &str = "EVM_RPC_WRONG_CHAIN";
