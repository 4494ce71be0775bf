//! USDC on Base Sepolia, as its contract judges an authorisation.
//!
//! The domain stands here once more on purpose: the wallet's table must agree with it. Play money.

use serde::Deserialize;
use serde_json::{Value, json};

use super::check::Reason;
use super::state::Sellers;
use crate::evm::{Authorization, EvmAddress, EvmSignature, TokenDomain};

/// The chain, in CAIP-2.
pub(super) const CHAIN: &str = "eip155:84532";
/// The token.
pub(super) const TOKEN: &str = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
pub(super) const CHAIN_ID: u64 = 84_532;

/// A cent.
pub(super) fn entry() -> Value {
    json!({
        "scheme": "exact", "network": CHAIN, "amount": "10000", "asset": TOKEN,
        "payTo": Sellers::evm_address(), "maxTimeoutSeconds": 60,
        "extra": { "name": "USDC", "version": "2" },
    })
}

/// A payment in tokens.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    pub(super) signature: EvmSignature,
    pub(super) authorization: Authorization,
}

/// Whether the chain would move just `amount` to `pay_to` now, as the facilitators of the official packages look at it.
pub(super) fn verify(
    sellers: &Sellers,
    payment: &Payment,
    pay_to: &EvmAddress,
    amount: u128,
) -> Result<EvmAddress, Reason> {
    let Authorization { from, to, value, valid_after, valid_before, nonce } = payment.authorization;
    let now_s = sellers.now_s();
    if to != *pay_to {
        return Err("invalid_exact_evm_payload_recipient_mismatch");
    }
    if value != amount {
        return Err("invalid_exact_evm_payload_authorization_value");
    }
    if valid_before < now_s.saturating_add(BLOCKS_S) {
        return Err("invalid_exact_evm_payload_authorization_valid_before");
    }
    if valid_after > now_s {
        return Err("invalid_exact_evm_payload_authorization_valid_after");
    }
    if !payment.authorization.is_signed_by_payer(&domain(), &payment.signature) {
        return Err("invalid_exact_evm_payload_signature");
    }
    let state = sellers.state();
    if state.is_used(from, nonce) {
        return Err("invalid_exact_evm_nonce_already_used");
    }
    if state.balance(&from) < value {
        return Err("insufficient_funds");
    }
    Ok(from)
}

/// Moves the tokens; gives the transaction's hash.
pub(super) fn settle(sellers: &Sellers, payment: &Payment) -> Result<String, Reason> {
    let Authorization { from, to, value, nonce, .. } = payment.authorization;
    if !sellers.state().transfer(from, to, value, nonce) {
        return Err("invalid_transaction_state");
    }
    let hash = crate::evm::keccak(&[b"sandbox transaction", from.as_bytes(), &nonce.0]);
    Ok(crate::evm::Nonce(hash).to_string())
}

fn domain() -> TokenDomain {
    TokenDomain {
        name: "USDC".to_owned(),
        version: "2".to_owned(),
        chain_id: CHAIN_ID,
        contract: TOKEN.parse().expect("the token is an address"),
    }
}

/// Three blocks of two seconds, which facilitators keep in hand.
const BLOCKS_S: u64 = 6;
