//! What is bought from a payee that is handed a proof of payment instead of a block on its account.
//!
//! Written down with the payment before anything is signed: recovery must be able to make the same request again, and
//! nothing here may hold a secret, for all of it stands on the ledger.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What is bought, by the way it is bought.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Purchase {
    /// A checkout session at a merchant (Agentic Commerce Protocol).
    Checkout(Checkout),
    /// An HTTP resource that is paid with a shared payment token (MPP).
    Mpp(HttpCall),
    /// An HTTP resource that asks for payment with x402.
    X402(HttpCall),
}

/// One HTTP request, to be made again with the proof and otherwise unchanged. Parsed and bounded by its maker.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HttpCall {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Headers the agent asked for, lower-case names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// JSON text, to the byte.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A checkout session whose cart the wallet has fetched and verified.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Checkout {
    /// The operator's id of the merchant.
    pub merchant_id: String,
    /// The session's id at the merchant.
    pub session_id: String,
    /// The protocol version it speaks.
    pub api_version: String,
    /// SHA-256 over the canonical JSON of the verified cart: another cart is another purchase.
    pub cart_digest: Digest,
}

/// Who is to be handed the proof: one implementation of the engine's hand-over each.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Till {
    /// A merchant's checkout.
    Checkout,
    /// A seller that speaks MPP.
    Mpp,
    /// A seller that speaks x402.
    X402,
}

impl Purchase {
    /// Who is to be handed the proof.
    pub fn till(&self) -> Till {
        match self {
            Self::Checkout(_) => Till::Checkout,
            Self::Mpp(_) => Till::Mpp,
            Self::X402(_) => Till::X402,
        }
    }

    /// The same for two purchases of the same thing: method, URL and body of a request, or the session.
    ///
    /// # Panics
    /// Never: all parts are text.
    pub fn digest(&self) -> Digest {
        let parts = match self {
            Self::Checkout(checkout) => {
                ("checkout", &*checkout.merchant_id, &*checkout.session_id, None)
            }
            Self::Mpp(call) => ("mpp", &*call.method, &*call.url, call.body.as_deref()),
            Self::X402(call) => ("x402", &*call.method, &*call.url, call.body.as_deref()),
        };
        Digest::of_json(&parts).expect("text has a canonical form")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(url: &str, body: Option<&str>) -> HttpCall {
        let headers = BTreeMap::from([("accept".to_owned(), "text/plain".to_owned())]);
        HttpCall { method: "GET".into(), url: url.into(), headers, body: body.map(str::to_owned) }
    }

    #[test]
    fn a_purchase_survives_the_ledger() {
        let bought = Purchase::X402(call("https://a.example/x?y=1", Some("{}")));
        let text = serde_json::to_string(&bought).unwrap();
        assert_eq!(
            text,
            r#"{"x402":{"method":"GET","url":"https://a.example/x?y=1","headers":{"accept":"text/plain"},"body":"{}"}}"#
        );
        assert_eq!(serde_json::from_str::<Purchase>(&text).unwrap(), bought);
        assert!(
            serde_json::from_str::<Purchase>(r#"{"x402":{"method":"GET","url":"u","x":1}}"#)
                .is_err()
        );
    }

    #[test]
    fn what_is_bought_makes_the_digest_and_headers_do_not() {
        let one = Purchase::X402(call("https://a.example/x", None));
        let mut other = call("https://a.example/x", None);
        other.headers.clear();
        assert_eq!(one.digest(), Purchase::X402(other.clone()).digest());
        assert_ne!(one.digest(), Purchase::Mpp(other).digest());
        assert_ne!(one.digest(), Purchase::X402(call("https://a.example/x", Some(""))).digest());
        assert_ne!(one.digest(), Purchase::X402(call("https://a.example/y", None)).digest());
    }
}
