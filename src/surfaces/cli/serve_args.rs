//! What can be typed after `paywarden serve`. Says nothing about what it does.

use clap::Args;

/// Where the wallet is served over HTTP. `off` closes a port.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Ports")]
pub struct Serve {
    /// Agents: wallet, payments, credits [default: 127.0.0.1:3123] [env: HTTP_LISTEN_ADDR]
    #[arg(long, value_name = "ADDRESS")]
    pub http_listen_addr: Option<String>,
    /// Agents: POST /pay [default: 127.0.0.1:4022] [env: PAYWARDEN_PAY_ADDR]
    #[arg(long, value_name = "ADDRESS")]
    pub pay_addr: Option<String>,
    /// You: the control API and your page [default: 127.0.0.1:4023] [env: PAYWARDEN_CONTROL_ADDR]
    #[arg(long, value_name = "ADDRESS")]
    pub control_addr: Option<String>,
    /// Agents: MCP at /mcp [default: 127.0.0.1:4024] [env: PAYWARDEN_MCP_ADDR]
    #[arg(long, value_name = "ADDRESS")]
    pub mcp_addr: Option<String>,
    /// Providers: webhooks [default: off] [env: PAYWARDEN_WEBHOOK_ADDR]
    #[arg(long, value_name = "ADDRESS")]
    pub webhook_addr: Option<String>,
    /// The name providers reach the webhooks by [env: PAYWARDEN_WEBHOOK_HOST]
    #[arg(long, value_name = "NAME")]
    pub webhook_host: Option<String>,
}
