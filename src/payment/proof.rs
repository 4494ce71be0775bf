//! What a payee is handed, by kind, and the names under which its fate can be asked for.
//!
//! None of it may be a secret in its own right: a proof is worth something to the one payee it names alone.

use serde::{Deserialize, Serialize};

/// A durable proof of payment.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(
    tag = "kind",
    rename_all = "snake_case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum Proof {
    /// The completion of a checkout session: asked for with this key alone, however often.
    Completion {
        /// The merchant's key.
        idempotency_key: String,
        /// The key under which the payment token is issued.
        token_key: String,
    },
    /// A credential for a challenge (MPP).
    Credential {
        /// The challenge, verbatim.
        challenge: String,
        /// The key under which the payment token is issued.
        token_key: String,
    },
    /// A signed EIP-3009 authorisation (x402 `exact` on an EVM network).
    Authorization {
        /// CAIP-2 network.
        network: String,
        /// The token's contract.
        asset: String,
        /// Who pays.
        from: String,
        /// The authorisation's nonce: the chain knows whether it was used.
        nonce: String,
        /// The header's name and text: always these bytes.
        header: PaymentHeader,
    },
}

/// A header that carries a proof.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PaymentHeader {
    /// Its name, in lower case.
    pub name: String,
    /// Its text.
    pub value: String,
}
