//! Who publishes a payment's block: the wallet itself through its node, or whoever is paid.
//!
//! Written down with the payment, before its block is signed: what goes on after a crash must never publish by another
//! way than what was begun.

use serde::{Deserialize, Serialize};

/// The way a payment's block takes to the network.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum PublishVia {
    /// Through our node.
    #[default]
    Node,
    /// Handed in at ifenpay, which publishes it and gives credits for it (`reference/ifenpay.md` §5, endpoint 11).
    IfenpayTopup {
        /// Which order it pays.
        transaction_id: String,
        /// How many credits were ordered.
        credits: u32,
    },
}

impl PublishVia {
    /// Whether it is the usual way, which is not written down.
    pub fn is_node(&self) -> bool {
        *self == Self::Node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_survives_the_ledger() {
        let topup = PublishVia::IfenpayTopup { transaction_id: "77df93b1".to_owned(), credits: 10 };
        let text = serde_json::to_string(&topup).unwrap();
        assert_eq!(text, r#"{"ifenpay_topup":{"transactionId":"77df93b1","credits":10}}"#);
        assert_eq!(serde_json::from_str::<PublishVia>(&text).unwrap(), topup);
        assert!(PublishVia::default().is_node() && !topup.is_node());
    }
}
