//! Settings about Nicky and Nanswap Pay as they are typed. A secret is no flag: every process could read it.

use clap::Args;

/// What flags say about Nicky and Nanswap Pay.
#[derive(Args, Clone, Debug, Default)]
pub struct ProviderFlags {
    /// Nicky's API, for tests [env: NICKY_API_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub nicky_api_url: Option<String>,
    /// The payer's name, as receivers at Nicky see it [env: NICKY_PAYER_NAME]
    #[arg(long, global = true, value_name = "NAME")]
    pub nicky_payer_name: Option<String>,
    /// The payer's e-mail address, as receivers at Nicky see it [env: NICKY_PAYER_EMAIL]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub nicky_payer_email: Option<String>,
    /// Nanswap Pay's API, for tests; its secrets have no flag [env: NANSWAP_API_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub nanswap_api_url: Option<String>,
}
