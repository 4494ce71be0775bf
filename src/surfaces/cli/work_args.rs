//! What can be typed after `paywarden work`.

use std::net::SocketAddr;

use clap::{Args, Subcommand};

/// Proof of work, without a wallet.
#[derive(Clone, Debug, Subcommand)]
pub enum WorkCommand {
    /// Make proof of work for other wallets and nodes, as nano-work-server does
    #[command(after_help = "Example:\n  paywarden work serve --listen 127.0.0.1:7000\n  \
        paywarden --work-url http://127.0.0.1:7000 serve")]
    Serve {
        /// Where to listen; whoever reaches it can keep this machine busy
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7000")]
        listen: SocketAddr,
    },
    /// Measure how fast this machine makes it
    Bench(WorkBench),
}

/// What is measured.
#[derive(Args, Clone, Debug)]
pub struct WorkBench {
    /// How long each kernel runs, 1 to 600
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=600))]
    pub seconds: u64,
    /// Only this one: avx512, avx2, neon, portable or plain
    #[arg(long, value_name = "K")]
    pub kernel: Option<String>,
    /// On so many threads, 1 to 64; one, then one for each core, when nothing is said
    #[arg(long, value_name = "T", value_parser = clap::value_parser!(u64).range(1..=64))]
    pub threads: Option<u64>,
}
