//! Whether a payment pays what was asked, and paying it.
//!
//! Must never settle what does not verify.

use serde_json::Value;

use super::scene::{Rail, Version};
use super::state::{Paid, Sellers};
use super::{evm, nano};
use crate::nano::SignedBlock;

/// A machine word of the protocol.
pub(super) type Reason = &'static str;

/// A payment that verifies.
#[derive(Clone, Debug)]
pub(super) struct Good {
    pub(super) payer: String,
    entry: Value,
    means: Means,
}

#[derive(Clone, Debug)]
enum Means {
    Evm(Box<evm::Payment>),
    Nano(Box<SignedBlock>),
}

impl Good {
    /// In CAIP-2.
    pub(super) fn network(&self) -> &'static str {
        match self.means {
            Means::Evm(_) => evm::CHAIN,
            Means::Nano(_) => nano::NETWORK,
        }
    }
}

/// Reads a payment's payload against the entry it is for.
pub(super) async fn verify(
    sellers: &Sellers,
    payload: &Value,
    entry: &Value,
    version: Version,
) -> Result<Good, Reason> {
    let amount = match version {
        Version::V1 => &entry["maxAmountRequired"],
        Version::V2 => &entry["amount"],
    };
    let amount: u128 = amount.as_str().and_then(|amount| amount.parse().ok()).unwrap_or_default();
    if entry["scheme"] != "exact" {
        return Err("unsupported_scheme");
    }
    let pay_to = entry["payTo"].as_str().unwrap_or_default();
    let (payer, means) = match rail_of(entry) {
        Rail::Evm => {
            let payment: evm::Payment =
                serde_json::from_value(payload.clone()).map_err(|_| "invalid_payload")?;
            let pay_to = pay_to.parse().map_err(|_| "invalid_payment_requirements")?;
            let payer = evm::verify(sellers, &payment, &pay_to, amount)?;
            (payer.to_string(), Means::Evm(Box::new(payment)))
        }
        Rail::Nano => {
            let block = nano::read(payload)?;
            let pay_to = pay_to.parse().map_err(|_| "invalid_payment_requirements")?;
            let payer = nano::verify(sellers, &block, &pay_to, amount).await?;
            (payer.to_string(), Means::Nano(Box::new(block)))
        }
    };
    Ok(Good { payer, entry: entry.clone(), means })
}

/// Moves the money and writes it down; gives the transaction.
pub(super) async fn settle(sellers: &Sellers, good: &Good, path: &str) -> Result<String, Reason> {
    let (transaction, nonce) = match &good.means {
        Means::Evm(payment) => {
            let nonce = payment.authorization.nonce.to_string();
            (evm::settle(sellers, payment)?, nonce)
        }
        Means::Nano(block) => {
            let hash = nano::settle(sellers, block).await?;
            (hash.clone(), hash)
        }
    };
    let text = |field: &str| good.entry[field].as_str().unwrap_or_default().to_owned();
    let amount = Some(text("amount")).filter(|amount| !amount.is_empty());
    sellers.state().paid.push(Paid {
        path: path.to_owned(),
        network: good.network().to_owned(),
        payer: good.payer.clone(),
        pay_to: text("payTo"),
        amount: amount.unwrap_or_else(|| text("maxAmountRequired")),
        transaction: transaction.clone(),
        nonce,
    });
    Ok(transaction)
}

fn rail_of(entry: &Value) -> Rail {
    let network = entry["network"].as_str().unwrap_or_default();
    if network.starts_with("nano:") { Rail::Nano } else { Rail::Evm }
}
