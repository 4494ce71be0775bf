//! As much of a JSON-RPC node as tells a payer what it holds and whether an authorisation was used.
//!
//! Must never move anything: transactions are the facilitator's.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::evm::{CHAIN_ID, TOKEN};
use super::state::Sellers;
use crate::evm::{EvmAddress, Nonce, keccak};

pub(super) async fn call(
    State(sellers): State<Sellers>,
    Json(request): Json<Value>,
) -> Json<Value> {
    let id = request["id"].clone();
    let answer = match request["method"].as_str() {
        Some("eth_chainId") => Some(json!(format!("{CHAIN_ID:#x}"))),
        Some("eth_blockNumber") => Some(json!(LAST_BLOCK)),
        Some("eth_getBlockByNumber") => {
            let now_s = sellers.node.clock().now().0 / 1_000;
            Some(json!({ "number": LAST_BLOCK, "timestamp": format!("{now_s:#x}") }))
        }
        Some("eth_call") => eth_call(&sellers, &request["params"][0]).map(Value::from),
        _ => None,
    };
    Json(match answer {
        Some(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        None => json!({
            "jsonrpc": "2.0", "id": id,
            "error": { "code": -32601, "message": "the sandbox's chain does not know this" },
        }),
    })
}

/// `balanceOf(address)` and `authorizationState(address,bytes32)` of the token.
fn eth_call(sellers: &Sellers, call: &Value) -> Option<String> {
    let to: EvmAddress = call["to"].as_str()?.parse().ok()?;
    let data = bytes(call["data"].as_str().or(call["input"].as_str())?)?;
    if to.to_string() != TOKEN {
        return Some("0x".to_owned());
    }
    let (selector, arguments) = data.split_first_chunk::<4>()?;
    let (first, rest) = arguments.split_first_chunk::<32>()?;
    let (padding, address) = first.split_first_chunk::<12>()?;
    let address = EvmAddress::from_bytes(address.try_into().ok().filter(|_| *padding == [0; 12])?);
    let found = if *selector == selector_of("balanceOf(address)") && rest.is_empty() {
        sellers.state().balance(&address)
    } else if *selector == selector_of("authorizationState(address,bytes32)") {
        let nonce: [u8; 32] = rest.try_into().ok()?;
        u128::from(sellers.state().is_used(address, Nonce(nonce)))
    } else {
        return None;
    };
    Some(format!("0x{found:064x}"))
}

fn selector_of(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = keccak(&[signature.as_bytes()]);
    [a, b, c, d]
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x")?;
    let is_even = digits.len().is_multiple_of(2) && digits.is_ascii();
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect::<Option<Vec<u8>>>().filter(|_| is_even)
}

/// It has one block, which is always the last.
const LAST_BLOCK: &str = "0x1";

#[cfg(test)]
mod tests {
    use super::*;

    /// As every block explorer shows them.
    #[test]
    fn selectors_are_those_of_the_contract() {
        assert_eq!(selector_of("balanceOf(address)"), [0x70, 0xa0, 0x82, 0x31]);
        assert_eq!(selector_of("authorizationState(address,bytes32)"), [0xe9, 0x4a, 0x01, 0x02]);
    }
}
