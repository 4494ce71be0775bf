//! What one route asks and does.
//!
//! A route is `/<version>/<rail>/<scene>`, such as `/v2/evm/weather`. Must never do anything by chance: the same requests
//! in the same order meet the same seller.

use serde_json::{Value, json};

use super::evm::{CHAIN, TOKEN};
use super::state::Sellers;
use super::{evm, nano};

/// Which protocol a route speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Version {
    V1,
    V2,
}

/// In what a route is paid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Rail {
    Evm,
    Nano,
}

/// A route.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Route {
    pub(super) version: Version,
    pub(super) rail: Rail,
    pub(super) scene: String,
}

impl Route {
    /// The route of a path; `None` if there is none.
    pub(super) fn of(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let version = match parts.next()? {
            "v1" => Version::V1,
            "v2" => Version::V2,
            _ => return None,
        };
        let rail = match parts.next()? {
            "evm" => Rail::Evm,
            "nano" if version == Version::V2 => Rail::Nano,
            _ => return None,
        };
        let scene = parts.next().filter(|scene| SCENES.contains(scene))?.to_owned();
        parts.next().is_none().then_some(Self { version, rail, scene })
    }

    /// Every entry the route asks with. `asked` counts the times it was asked before; `is_again` once it was paid.
    pub(super) fn entries(&self, url: &str, asked: u32, is_again: bool) -> Vec<Value> {
        let mut entry = match self.rail {
            Rail::Evm => evm::entry(),
            Rail::Nano => nano::entry(),
        };
        self.twist(&mut entry, asked, is_again);
        if self.version == Version::V1 {
            entry["network"] = "base-sepolia".into();
            let amount = entry["amount"].take();
            entry["maxAmountRequired"] = amount;
            if let Some(fields) = entry.as_object_mut() {
                fields.remove("amount");
            }
            entry["resource"] = self.sold(url).into();
            entry["description"] = "play".into();
            entry["mimeType"] = "application/json".into();
        }
        vec![entry]
    }

    /// What the seller says it sells.
    pub(super) fn sold(&self, url: &str) -> String {
        match &*self.scene {
            "wrong-resource" => "https://other.example/weather".to_owned(),
            _ => url.to_owned(),
        }
    }

    /// What the seller offers beside the protocol.
    pub(super) fn extensions(&self) -> Option<Value> {
        let required = match &*self.scene {
            "named" => true,
            "settle-then-500" | "settle-then-drop" => false,
            _ => return None,
        };
        Some(json!({ "payment-identifier": { "info": { "required": required }, "schema": {} } }))
    }

    fn twist(&self, entry: &mut Value, asked: u32, is_again: bool) {
        let elsewhere = match self.rail {
            Rail::Evm => "0x90F79bf6EB2c4f870365E785982E1f101E93b906".to_owned(),
            Rail::Nano => crate::nano::Network::Dev.genesis_account().to_string(),
        };
        let nobody = match self.rail {
            Rail::Evm => "0x0000000000000000000000000000000000000000".to_owned(),
            Rail::Nano => crate::nano::Account::BURN.to_string(),
        };
        match &*self.scene {
            "dear" => entry["amount"] = times(&entry["amount"], 5_000),
            "price-rises" => entry["amount"] = times(&entry["amount"], u128::from(asked) + 1),
            "pay-to-changes" if is_again => entry["payTo"] = elsewhere.into(),
            "pay-to-nobody" => entry["payTo"] = nobody.into(),
            "pay-to-token" => entry["payTo"] = TOKEN.into(),
            "month" => entry["maxTimeoutSeconds"] = 2_592_000.into(),
            "upto" => entry["scheme"] = "upto".into(),
            "upfront" | "escrow" => entry["extra"]["paymentFlow"] = self.scene.clone().into(),
            "permit2" => entry["extra"]["assetTransferMethod"] = "permit2".into(),
            "wrong-name" => entry["extra"]["name"] = "USD Coin".into(),
            "wrong-token" => entry["asset"] = elsewhere.into(),
            "main-network" => entry["network"] = "eip155:8453".into(),
            _ => {}
        }
    }
}

/// Who asks at the routes.
pub(super) fn url_of(host: &str, path: &str) -> String {
    format!("http://{host}{path}")
}

/// Every seller there is.
pub(super) fn index() -> Value {
    json!({
        "scenes": SCENES,
        "routes": ["/v1/evm/<scene>", "/v2/evm/<scene>", "/v2/nano/<scene>"],
        "network": CHAIN,
        "payTo": { "evm": Sellers::evm_address(), "nano": Sellers::nano_account() },
    })
}

fn times(amount: &Value, factor: u128) -> Value {
    let amount: u128 = amount.as_str().and_then(|amount| amount.parse().ok()).unwrap_or_default();
    (amount * factor).to_string().into()
}

/// Honest ones, then prices and demands that are not to be paid, then sellers that go wrong on purpose.
const SCENES: &[&str] = &[
    "weather",
    "text",
    "image",
    "binary",
    "named",
    "slow",
    "free",
    "dear",
    "month",
    "price-rises",
    "pay-to-changes",
    "pay-to-nobody",
    "pay-to-token",
    "wrong-resource",
    "wrong-name",
    "wrong-token",
    "main-network",
    "upto",
    "upfront",
    "escrow",
    "permit2",
    "mixed",
    "redirect",
    "redirect-paid",
    "huge-header",
    "two-headers",
    "not-base64",
    "duplicate-keys",
    "hostile-headers",
    "huge-demand",
    "huge-answer",
    "endless-demand",
    "refuses",
    "handler-fails",
    "verify-only",
    "false-receipt",
    "settle-then-405",
    "settle-then-500",
    "settle-then-drop",
    "settle-then-again",
    "settle-later",
    "drop-before",
];
