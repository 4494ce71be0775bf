//! `config.toml` as it is written.
//!
//! A secret in it must never become text that is shown.

use serde::Deserialize;

use crate::rails::x402::AssetRow;
use crate::secret::Secret;

/// `config.toml`: a misspelt key is an error, not a setting ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSettings {
    pub(super) network: Option<String>,
    pub(super) tool_names: Option<String>,
    pub(super) toolsets: Option<String>,
    pub(super) read_only: Option<bool>,
    pub(super) work_threads: Option<u32>,
    pub(super) work_max_percent: Option<u32>,
    pub(super) work_mode: Option<String>,
    pub(super) representative: Option<String>,
    pub(super) anchor_command: Option<String>,
    pub(super) log: Option<String>,
    pub(super) node_url: Option<OneOrMany>,
    pub(super) node_ws: Option<String>,
    pub(super) work_url: Option<OneOrMany>,
    pub(super) sandbox_url: Option<String>,
    pub(super) nicky_api_url: Option<String>,
    pub(super) nicky_payer_name: Option<String>,
    pub(super) nicky_payer_email: Option<String>,
    pub(super) nanswap_api_url: Option<String>,
    pub(super) nanswap_pay_key: Option<Secret>,
    pub(super) nanswap_webhook_secret: Option<Secret>,
    pub(super) gateway: Option<String>,
    pub(super) payment_backend: Option<String>,
    pub(super) credit_price_max: Option<String>,
    pub(super) evm_rpc: Option<OneOrMany>,
    pub(super) fetch_allow: Option<OneOrMany>,
    pub(super) x402_assets: Option<Vec<AssetRow>>,
    pub(super) x402_networks: Option<OneOrMany>,
    pub(super) ifenpay_api_url: Option<String>,
    pub(super) ifenpay_api_key: Option<Secret>,
    pub(super) stripe_api_url: Option<String>,
    pub(super) stripe_secret_key: Option<Secret>,
    pub(super) http_listen_addr: Option<String>,
    pub(super) pay_addr: Option<String>,
    pub(super) control_addr: Option<String>,
    pub(super) mcp_addr: Option<String>,
    pub(super) webhook_addr: Option<String>,
    pub(super) webhook_host: Option<String>,
}

/// A text, or a list of them.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    fn joined(&self) -> String {
        match self {
            Self::One(text) => text.clone(),
            Self::Many(texts) => texts.join(","),
        }
    }
}

impl FileSettings {
    /// A setting as text.
    pub(super) fn get(&self, name: &str) -> Option<String> {
        match name {
            "tool_names" => self.tool_names.clone(),
            "toolsets" => self.toolsets.clone(),
            "read_only" => self.read_only.map(|value| value.to_string()),
            "work_threads" => self.work_threads.map(|value| value.to_string()),
            "work_max_percent" => self.work_max_percent.map(|value| value.to_string()),
            "work_mode" => self.work_mode.clone(),
            "representative" => self.representative.clone(),
            "anchor_command" => self.anchor_command.clone(),
            "log" => self.log.clone(),
            "node_url" => self.node_url.as_ref().map(OneOrMany::joined),
            "node_ws" => self.node_ws.clone(),
            "work_url" => self.work_url.as_ref().map(OneOrMany::joined),
            "sandbox_url" => self.sandbox_url.clone(),
            "nicky_api_url" => self.nicky_api_url.clone(),
            "nicky_payer_name" => self.nicky_payer_name.clone(),
            "nicky_payer_email" => self.nicky_payer_email.clone(),
            "nanswap_api_url" => self.nanswap_api_url.clone(),
            "gateway" => self.gateway.clone(),
            "payment_backend" => self.payment_backend.clone(),
            "credit_price_max" => self.credit_price_max.clone(),
            "evm_rpc" => self.evm_rpc.as_ref().map(OneOrMany::joined),
            "fetch_allow" => self.fetch_allow.as_ref().map(OneOrMany::joined),
            "x402_assets" => {
                let rows = self.x402_assets.as_ref();
                rows.and_then(|rows| serde_json::to_string(rows).ok())
            }
            "x402_networks" => self.x402_networks.as_ref().map(OneOrMany::joined),
            "ifenpay_api_url" => self.ifenpay_api_url.clone(),
            "stripe_api_url" => self.stripe_api_url.clone(),
            "http_listen_addr" => self.http_listen_addr.clone(),
            "pay_addr" => self.pay_addr.clone(),
            "control_addr" => self.control_addr.clone(),
            "mcp_addr" => self.mcp_addr.clone(),
            "webhook_addr" => self.webhook_addr.clone(),
            "webhook_host" => self.webhook_host.clone(),
            _ => None,
        }
    }

    /// What is never taken for text.
    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        match name {
            "nanswap_pay_key" => self.nanswap_pay_key.clone(),
            "nanswap_webhook_secret" => self.nanswap_webhook_secret.clone(),
            _ => None,
        }
    }
}
