//! A node of the chain, asked whether an authorisation was used.
//!
//! This module must never send a transaction, nor take an answer that does not read as one for a no.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::networks::chain_id;
use crate::clock::Millis;
use crate::evm::{EvmAddress, Nonce, keccak};
use crate::fetch::{Bounds, Client, Endpoint, FetchError};
use crate::limits;

/// A JSON-RPC node of one chain.
#[derive(Clone, Debug)]
pub struct ChainClient {
    client: Client,
    endpoint: Endpoint,
    network: String,
    /// Once the node has said that it is of this chain: one of another knows nothing of our authorisations.
    is_checked: Arc<AtomicBool>,
}

/// Why the chain did not say.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ChainError {
    /// It could not be asked.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// Its answer is none to this question.
    #[error("the chain's node answers something else than was asked")]
    Answer,
    /// It is a node of another chain, whose word means nothing here.
    #[error("the node set for {network} is one of another chain")]
    OtherChain {
        /// CAIP-2 name of the one that was set.
        network: String,
    },
}

impl ChainClient {
    /// The node at `endpoint`, of the chain with this CAIP-2 name.
    pub fn new(client: Client, endpoint: Endpoint, network: String) -> Self {
        Self { client, endpoint, network, is_checked: Arc::default() }
    }

    /// Whether it is a node of this chain.
    pub fn is_for(&self, network: &str) -> bool {
        self.network == network
    }

    /// Whether the token has taken an authorisation, or its payer has taken it back.
    ///
    /// # Errors
    /// [`ChainError`]: nothing is known then.
    pub async fn is_used(
        &self,
        token: &EvmAddress,
        from: &EvmAddress,
        nonce: &Nonce,
    ) -> Result<bool, ChainError> {
        self.check_chain().await?;
        self.state_at("latest", token, from, nonce).await
    }

    /// The same at a block of its own choice, the last one, with the time of that block.
    ///
    /// # Errors
    /// [`ChainError`]: nothing is known then.
    pub async fn is_used_by(
        &self,
        token: &EvmAddress,
        from: &EvmAddress,
        nonce: &Nonce,
    ) -> Result<(bool, Millis), ChainError> {
        self.check_chain().await?;
        let block = self.ask("eth_getBlockByNumber", json!(["latest", false])).await?;
        let number = block["number"].as_str().filter(|text| read_quantity(text).is_some());
        let time_s = block["timestamp"].as_str().and_then(read_quantity);
        let (Some(number), Some(time_s)) = (number, time_s) else { return Err(ChainError::Answer) };
        let is_used = self.state_at(number, token, from, nonce).await?;
        Ok((is_used, Millis(time_s.saturating_mul(1_000))))
    }

    async fn state_at(
        &self,
        block: &str,
        token: &EvmAddress,
        from: &EvmAddress,
        nonce: &Nonce,
    ) -> Result<bool, ChainError> {
        let call = json!([{ "to": token.to_string(), "data": call_data(from, nonce) }, block]);
        let word = self.ask("eth_call", call).await?;
        read_bool(word.as_str().unwrap_or_default()).ok_or(ChainError::Answer)
    }

    async fn check_chain(&self) -> Result<(), ChainError> {
        if self.is_checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let found = self.ask("eth_chainId", json!([])).await?;
        let found = found.as_str().and_then(read_quantity).ok_or(ChainError::Answer)?;
        if chain_id(&self.network) != Some(found) {
            return Err(ChainError::OtherChain { network: self.network.clone() });
        }
        self.is_checked.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn ask(&self, method: &str, params: Value) -> Result<Value, ChainError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let bounds =
            Bounds { timeout: limits::X402_CHAIN_TIMEOUT, body_bytes: limits::X402_CHAIN_BYTES };
        let body = body.to_string().into_bytes();
        let reply = self.client.post_json(&self.endpoint, body, bounds).await?;
        let mut answer: Value =
            serde_json::from_slice(&reply.body).map_err(|_| ChainError::Answer)?;
        match answer.get_mut("result").map(Value::take) {
            Some(result) if answer.get("error").is_none_or(Value::is_null) => Ok(result),
            _ => Err(ChainError::Answer),
        }
    }
}

/// `authorizationState(address,bytes32)`.
fn call_data(from: &EvmAddress, nonce: &Nonce) -> String {
    let [a, b, c, d, ..] = keccak(&[b"authorizationState(address,bytes32)"]);
    let from = from.to_string().to_lowercase();
    let address = from.trim_start_matches("0x");
    let mut text = format!("0x{a:02x}{b:02x}{c:02x}{d:02x}{address:0>64}");
    nonce.0.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
    text
}

/// One word that is 0 or 1; a contract that is none answers nothing at all.
fn read_bool(text: &str) -> Option<bool> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    let (zeros, last) = digits.split_at(63);
    let is_word = zeros.bytes().all(|byte| byte == b'0');
    match last {
        "0" if is_word => Some(false),
        "1" if is_word => Some(true),
        _ => None,
    }
}

/// A number as JSON-RPC nodes write them: hexadecimal without leading zeros.
fn read_quantity(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    let is_plain = digits == "0" || !digits.starts_with(['0', '+']);
    u64::from_str_radix(digits, 16).ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_call_is_laid_out_as_the_contract_reads_it() {
        let from: EvmAddress = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap();
        let data = call_data(&from, &Nonce([0xab; 32]));
        let expected = format!(
            "0xe94a0102{}70997970c51812dc3a010c7d01b50e0d17dc79c8{}",
            "0".repeat(24),
            "ab".repeat(32)
        );
        assert_eq!(data, expected);
    }

    #[test]
    fn only_a_word_is_an_answer() {
        let word = |last: &str| format!("0x{}{last}", "0".repeat(63));
        assert_eq!(read_bool(&word("1")), Some(true));
        assert_eq!(read_bool(&word("0")), Some(false));
        let far = format!("0x1{}", "0".repeat(63));
        for bad in ["", "0x", "0x1", &word("2"), &far, &word("01")] {
            assert_eq!(read_bool(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_quantity_has_one_spelling() {
        assert_eq!(read_quantity("0x0"), Some(0));
        assert_eq!(read_quantity("0x14a34"), Some(84_532));
        assert_eq!(read_quantity("0xffffffffffffffff"), Some(u64::MAX));
        for bad in ["", "0x", "1", "0x01", "0x00", "0x+1", "0x-1", "0xg", "0x10000000000000000"] {
            assert_eq!(read_quantity(bad), None, "{bad}");
        }
    }
}
