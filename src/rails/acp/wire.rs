//! A session as it comes over the wire, in every version's spelling at once.
//!
//! Only fields that are looked at are read: nothing else of an answer gets into the wallet. This module must never read
//! an amount that is not a JSON integer.

use serde::Deserialize;

use super::said::MessageKind;
use super::status::Status;

#[derive(Debug, Deserialize)]
pub(super) struct SessionWire {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) currency: String,
    pub(super) line_items: Vec<LineWire>,
    pub(super) totals: Vec<TotalWire>,
    #[serde(default)]
    pub(super) messages: Vec<MessageWire>,
    pub(super) continue_url: Option<String>,
    pub(super) expires_at: Option<String>,
    pub(super) order: Option<OrderWire>,
    pub(super) protocol: Option<ProtocolWire>,
    pub(super) capabilities: Option<CapabilitiesWire>,
    /// Early versions.
    pub(super) payment_provider: Option<ProviderWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct LineWire {
    pub(super) id: String,
    pub(super) item: ItemWire,
    pub(super) quantity: Option<u32>,
    pub(super) name: Option<String>,
    pub(super) unit_amount: Option<i64>,
    pub(super) category: Option<String>,
    pub(super) totals: Option<Vec<TotalWire>>,
    /// Early versions.
    pub(super) base_amount: Option<i64>,
    /// Early versions.
    pub(super) discount: Option<i64>,
    /// Early versions.
    pub(super) subtotal: Option<i64>,
    /// Early versions.
    pub(super) tax: Option<i64>,
    /// Early versions.
    pub(super) total: Option<i64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ItemWire {
    pub(super) id: String,
    pub(super) name: Option<String>,
    pub(super) unit_amount: Option<i64>,
    /// Early versions.
    pub(super) quantity: Option<u32>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct TotalWire {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) amount: i64,
}

impl TotalWire {
    pub(super) fn new(kind: &str, amount: i64) -> Self {
        Self { kind: kind.to_owned(), amount }
    }

    pub(super) fn unsigned(&self) -> Option<u64> {
        u64::try_from(self.amount).ok()
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct MessageWire {
    #[serde(rename = "type")]
    pub(super) kind: MessageKind,
    pub(super) code: Option<String>,
    pub(super) resolution: Option<String>,
    #[serde(default)]
    pub(super) content: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct OrderWire {
    pub(super) id: String,
    pub(super) checkout_session_id: String,
    pub(super) permalink_url: Option<String>,
    #[serde(default)]
    pub(super) totals: Vec<TotalWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProtocolWire {
    pub(super) version: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CapabilitiesWire {
    pub(super) payment: Option<PaymentWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct PaymentWire {
    #[serde(default)]
    pub(super) handlers: Vec<HandlerWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct HandlerWire {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) psp: Option<String>,
    pub(super) config: Option<HandlerConfigWire>,
}

#[derive(Debug, Deserialize)]
pub(super) struct HandlerConfigWire {
    pub(super) merchant_id: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProviderWire {
    pub(super) provider: String,
    pub(super) merchant_id: Option<String>,
}

/// An error's flat body.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorWire {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) code: String,
    pub(super) message: Option<String>,
    pub(super) param: Option<String>,
    pub(super) supported_versions: Option<Vec<String>>,
}
