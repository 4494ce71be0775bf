//! What a seller says it did with the money.
//!
//! This module must never be a reason to call a payment settled: a receipt is a claim, and its words are the seller's.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::json;
use super::networks::caip_2;
use crate::fetch::quote;
use crate::limits;

/// A seller's claim.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Receipt {
    /// Whether it says that it was paid.
    pub success: bool,
    /// Who paid, in its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payer: Option<String>,
    /// The transaction or block it names; empty where there was none.
    pub transaction: String,
    /// The network it names.
    pub network: String,
    /// Why not, in its words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_reason: Option<String>,
}

impl Receipt {
    /// Whether it claims success for a payment of this payer on this network (CAIP-2), as far as it names them.
    pub fn claims_of(&self, payer: &str, network: &str) -> bool {
        let is_payer = self.payer.as_ref().is_none_or(|named| named.eq_ignore_ascii_case(payer));
        self.success && is_payer && caip_2(&self.network).as_deref() == Some(network)
    }
}

/// Reads the value of a `PAYMENT-RESPONSE` or `X-PAYMENT-RESPONSE`; `None` if it makes no sense. Its texts are capped
/// and everything in them that cannot be seen is written out.
pub fn read_receipt(value: &[u8]) -> Option<Receipt> {
    if value.len() > limits::X402_HEADER_BYTES {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    if !json::is_strict(&text) {
        return None;
    }
    let claim: Claim = serde_json::from_str(&text).ok()?;
    Some(Receipt {
        success: claim.success,
        payer: claim.payer.as_deref().map(quote),
        transaction: quote(claim.transaction.as_deref().unwrap_or_default()),
        network: quote(claim.network.as_deref().unwrap_or_default()),
        error_reason: claim.error_reason.as_deref().map(quote),
    })
}

/// Fields the seller adds are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    success: bool,
    payer: Option<String>,
    transaction: Option<String>,
    network: Option<String>,
    error_reason: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_for_somebody_else_claims_nothing() {
        let payer = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        let receipt = Receipt {
            success: true,
            payer: Some(payer.to_lowercase()),
            transaction: "0x1".to_owned(),
            network: "eip155:84532".to_owned(),
            error_reason: None,
        };
        let is_ours = |receipt: &Receipt| receipt.claims_of(payer, "eip155:84532");
        assert!(is_ours(&receipt));
        assert!(is_ours(&Receipt { network: "base-sepolia".to_owned(), ..receipt.clone() }));
        assert!(is_ours(&Receipt { payer: None, ..receipt.clone() }));
        for other in [
            Receipt { success: false, ..receipt.clone() },
            Receipt { payer: Some("0xdEaD".to_owned()), ..receipt.clone() },
            Receipt { network: "eip155:1".to_owned(), ..receipt.clone() },
            Receipt { network: String::new(), ..receipt.clone() },
        ] {
            assert!(!is_ours(&other), "{other:?}");
        }
    }

    #[test]
    fn a_receipt_is_read_capped_and_without_what_hides() {
        let of = |json: &str| read_receipt(STANDARD.encode(json).as_bytes());
        let good =
            r#"{"success":true,"payer":"0xA","transaction":"0x1","network":"eip155:8453","z":1}"#;
        let receipt = of(good).unwrap();
        assert!(receipt.success && receipt.payer.as_deref() == Some("0xA"));
        let failed = of(r#"{"success":false,"errorReason":"a\u001b[2Jb","network":"n"}"#).unwrap();
        assert_eq!(failed.error_reason.as_deref(), Some("a\\u{1b}[2Jb"));
        assert_eq!(failed.transaction, "");
        let long = of(&format!(r#"{{"success":true,"transaction":"{}"}}"#, "x".repeat(5_000)));
        assert!(long.unwrap().transaction.len() <= limits::QUOTE_CHARS + 3);
        for bad in ["{}", "[]", r#"{"success":"true"}"#, r#"{"success":false,"success":true}"#] {
            assert_eq!(of(bad), None, "{bad}");
        }
        assert_eq!(read_receipt(b"{}"), None);
        let padded = |bytes: usize| {
            let text = format!("{good}{}", " ".repeat(bytes / 4 * 3 - good.len()));
            read_receipt(STANDARD.encode(text).as_bytes())
        };
        assert!(padded(limits::X402_HEADER_BYTES).is_some());
        assert!(padded(limits::X402_HEADER_BYTES + 4).is_none());
    }
}
