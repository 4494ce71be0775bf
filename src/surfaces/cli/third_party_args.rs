//! Settings about third parties as they are typed. A key is no flag: every process on the machine could read it.

use clap::Args;

/// What flags say about third parties.
#[derive(Args, Clone, Debug, Default)]
pub struct ThirdPartyFlags {
    /// Who answers for the network: node or ifenpay [env: PAYWARDEN_GATEWAY]
    #[arg(long, global = true, value_name = "NAME")]
    pub gateway: Option<String>,
    /// Who makes payment requests: direct or ifenpay [env: PAYWARDEN_PAYMENT_BACKEND]
    #[arg(long, global = true, value_name = "NAME")]
    pub payment_backend: Option<String>,
    /// ifenpay's API; its key is IFENPAY_API_KEY [env: IFENPAY_API_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub ifenpay_api_url: Option<String>,
    /// Stripe's API; its key is STRIPE_SECRET_KEY [env: STRIPE_API_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub stripe_api_url: Option<String>,
    /// The most one ifenpay credit may cost, in XNO [env: PAYWARDEN_CREDIT_PRICE_MAX]
    #[arg(long, global = true, value_name = "XNO")]
    pub credit_price_max: Option<String>,
    /// Nodes of EVM chains: eip155:8453=https://..., with commas [env: PAYWARDEN_EVM_RPC]
    #[arg(long, global = true, value_name = "LIST")]
    pub evm_rpc: Option<String>,
    /// Private or plain-text origins that agents may name [env: PAYWARDEN_FETCH_ALLOW]
    #[arg(long, global = true, value_name = "LIST")]
    pub fetch_allow: Option<String>,
    /// More tokens sellers may be paid in: a JSON list [env: PAYWARDEN_X402_ASSETS]
    #[arg(long, global = true, value_name = "JSON")]
    pub x402_assets: Option<String>,
    /// Networks that sellers may be paid on: all, or a comma list [env: PAYWARDEN_X402_NETWORKS]
    #[arg(long, global = true, value_name = "LIST")]
    pub x402_networks: Option<String>,
}
