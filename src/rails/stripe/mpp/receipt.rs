//! `Payment-Receipt`: what a seller says became of the payment. A claim.
//!
//! This module must never let a seller's words through unescaped, or take a receipt for a proof.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::fetch::quote;
use crate::limits;

/// A receipt, escaped.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Receipt {
    /// `success`, if the seller says so.
    pub status: String,
    /// The seller's reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// When, as the seller writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    status: String,
    reference: Option<String>,
    timestamp: Option<String>,
}

impl Receipt {
    /// Reads the header; `None` if it is no receipt.
    pub fn read(header: &str) -> Option<Self> {
        if header.len() > limits::MPP_HEADER_BYTES {
            return None;
        }
        let json = URL_SAFE_NO_PAD.decode(header.trim().trim_end_matches('=')).ok()?;
        let wire: Wire = serde_json::from_slice(&json).ok()?;
        Some(Self {
            status: quote(&wire.status),
            reference: wire.reference.as_deref().map(quote),
            timestamp: wire.timestamp.as_deref().map(quote),
        })
    }

    /// Whether the seller says that it was paid.
    pub fn is_success(&self) -> bool {
        self.status == "success"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receipt_is_read_and_escaped() {
        let encode = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let good = encode(r#"{"status":"success","method":"stripe","reference":"pi_1\u001b"}"#);
        let receipt = Receipt::read(&good).unwrap();
        assert!(receipt.is_success());
        assert_eq!(receipt.reference.as_deref(), Some("pi_1\\u{1b}"));
        assert!(!Receipt::read(&encode(r#"{"status":"Success "}"#)).unwrap().is_success());
        for bad in
            ["", "%%", &encode("{}"), &encode("[]"), &"x".repeat(limits::MPP_HEADER_BYTES + 1)]
        {
            assert_eq!(Receipt::read(bad), None, "{bad}");
        }
    }
}
