//! A node of the chain, asked whether an authorisation was used and what the wallet holds.
//!
//! This module must never send a transaction, nor take an answer that does not read as one for a no.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::networks::chain_id;
use crate::clock::Millis;
use crate::evm::{EvmAddress, Nonce, keccak};
use crate::fetch::{Bounds, Client, Endpoint, FetchError, WebPlace};
use crate::limits;

/// A JSON-RPC node of one chain.
#[derive(Clone, Debug)]
pub struct ChainClient {
    client: Client,
    endpoint: Endpoint,
    network: String,
    /// The one origin whose sellers it knows of; `None` for a chain that everybody is on.
    sellers: Option<String>,
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
        Self { client, endpoint, network, sellers: None, is_checked: Arc::default() }
    }

    /// The same, asked about sellers at `place`'s origin alone: a simulated chain knows nothing of any other payment,
    /// and what it has not seen was not unpaid for that.
    #[must_use]
    pub fn only_for_sellers_at(mut self, place: &WebPlace) -> Self {
        self.sellers = Some(place.origin().to_owned());
        self
    }

    /// Whether it is a node of this chain, on which the seller at `url` is paid.
    pub fn is_for(&self, network: &str, url: &str) -> bool {
        let is_there =
            |origin: &String| WebPlace::parse(url).is_some_and(|place| place.origin() == origin);
        self.network == network && self.sellers.as_ref().is_none_or(is_there)
    }

    /// What an account holds of a token by the last block, in its smallest units; more than fits is the most that does.
    ///
    /// # Errors
    /// [`ChainError`]: nothing is known then.
    pub async fn balance(
        &self,
        token: &EvmAddress,
        account: &EvmAddress,
    ) -> Result<u128, ChainError> {
        self.check_chain(BALANCE_TIMEOUT).await?;
        let data = call_data("balanceOf(address)", account, &[]);
        let held = self.call("latest", token, &data, BALANCE_TIMEOUT).await?;
        let (high, low) = held.split_at(16);
        let fits = high.iter().all(|byte| *byte == 0);
        let low = <[u8; 16]>::try_from(low).map_err(|_| ChainError::Answer)?;
        Ok(if fits { u128::from_be_bytes(low) } else { u128::MAX })
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
        self.check_chain(limits::X402_CHAIN_TIMEOUT).await?;
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
        let timeout = limits::X402_CHAIN_TIMEOUT;
        self.check_chain(timeout).await?;
        let block = self.ask("eth_getBlockByNumber", json!(["latest", false]), timeout).await?;
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
        let data = call_data("authorizationState(address,bytes32)", from, &nonce.0);
        let word = self.call(block, token, &data, limits::X402_CHAIN_TIMEOUT).await?;
        match word.split_last() {
            Some((0, rest)) if rest.iter().all(|byte| *byte == 0) => Ok(false),
            Some((1, rest)) if rest.iter().all(|byte| *byte == 0) => Ok(true),
            _ => Err(ChainError::Answer),
        }
    }

    /// The one word a contract answers to a call.
    async fn call(
        &self,
        block: &str,
        contract: &EvmAddress,
        data: &str,
        timeout: Duration,
    ) -> Result<[u8; 32], ChainError> {
        let call = json!([{ "to": contract.to_string(), "data": data }, block]);
        let word = self.ask("eth_call", call, timeout).await?;
        read_word(word.as_str().unwrap_or_default()).ok_or(ChainError::Answer)
    }

    async fn check_chain(&self, timeout: Duration) -> Result<(), ChainError> {
        if self.is_checked.load(Ordering::Relaxed) {
            return Ok(());
        }
        let found = self.ask("eth_chainId", json!([]), timeout).await?;
        let found = found.as_str().and_then(read_quantity).ok_or(ChainError::Answer)?;
        if chain_id(&self.network) != Some(found) {
            return Err(ChainError::OtherChain { network: self.network.clone() });
        }
        self.is_checked.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn ask(
        &self,
        method: &str,
        params: Value,
        timeout: Duration,
    ) -> Result<Value, ChainError> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let bounds = Bounds { timeout, body_bytes: limits::X402_CHAIN_BYTES };
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

/// A call of a function whose first argument is an address, with `rest` after it.
fn call_data(function: &str, address: &EvmAddress, rest: &[u8]) -> String {
    let [a, b, c, d, ..] = keccak(&[function.as_bytes()]);
    let address = address.to_string().to_lowercase();
    let address = address.trim_start_matches("0x");
    let mut text = format!("0x{a:02x}{b:02x}{c:02x}{d:02x}{address:0>64}");
    rest.iter().for_each(|byte| text.push_str(&format!("{byte:02x}")));
    text
}

/// One word; a contract that is none answers nothing at all.
fn read_word(text: &str) -> Option<[u8; 32]> {
    text.parse().ok().map(|Nonce(word)| word)
}

/// A number as JSON-RPC nodes write them: hexadecimal without leading zeros.
fn read_quantity(text: &str) -> Option<u64> {
    let digits = text.strip_prefix("0x")?;
    let is_plain = digits == "0" || !digits.starts_with(['0', '+']);
    u64::from_str_radix(digits, 16).ok().filter(|_| is_plain)
}

/// How long a node may take to say what the wallet holds, before a payment goes on without it.
const BALANCE_TIMEOUT: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::PlainText;

    #[test]
    fn the_call_is_laid_out_as_the_contract_reads_it() {
        let from: EvmAddress = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8".parse().unwrap();
        let data = call_data("authorizationState(address,bytes32)", &from, &[0xab; 32]);
        let expected = format!(
            "0xe94a0102{}70997970c51812dc3a010c7d01b50e0d17dc79c8{}",
            "0".repeat(24),
            "ab".repeat(32)
        );
        assert_eq!(data, expected);
        let data = call_data("balanceOf(address)", &from, &[]);
        assert_eq!(data, format!("0x70a08231{}", &expected[10..74]));
    }

    #[test]
    fn a_chain_is_asked_about_its_own_sellers() {
        let url = crate::fetch::BaseUrl::parse("http://127.0.0.1:1", PlainText::Loopback).unwrap();
        let client = Client::new(crate::fetch::Settings::default());
        let chain = ChainClient::new(client, url.into(), "eip155:84532".to_owned());
        assert!(chain.is_for("eip155:84532", "https://shop.example/a"));
        assert!(!chain.is_for("eip155:8453", "https://shop.example/a"));
        let place = WebPlace::parse("http://127.0.0.1:47160/").unwrap();
        let play = chain.only_for_sellers_at(&place);
        assert!(play.is_for("eip155:84532", "http://127.0.0.1:47160/v2/evm/weather?x"));
        assert!(!play.is_for("eip155:8453", "http://127.0.0.1:47160/v2/evm/weather"));
        for elsewhere in ["http://127.0.0.1:47161/v2/evm/weather", "https://shop.example/", ""] {
            assert!(!play.is_for("eip155:84532", elsewhere), "{elsewhere}");
        }
    }

    #[test]
    fn only_a_word_is_an_answer() {
        let word = |last: &str| format!("0x{}{last}", "0".repeat(63));
        assert_eq!(read_word(&word("1")).unwrap()[31], 1);
        for bad in ["", "0x", "0x1", &word("01"), &word("g"), &word("1")[2..]] {
            assert_eq!(read_word(bad), None, "{bad}");
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
