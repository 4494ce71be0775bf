//! What can be typed about the policy. Says nothing about what it does.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// The policy.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Read a draft and show what it would change; nothing is put in force
    Check {
        /// The draft, `-` for standard input [default: policy.toml in the wallet's home]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// Put a draft in force
    Apply {
        /// The draft, `-` for standard input [default: policy.toml in the wallet's home]
        #[arg(value_name = "FILE")]
        file: Option<PathBuf>,
    },
    /// The policy in force
    Show {
        /// Print a draft of it, to be changed and applied
        #[arg(long, conflicts_with = "json")]
        toml: bool,
    },
    /// Why a payment was decided as it was
    Explain {
        /// Its id
        #[arg(value_name = "PAYMENT")]
        payment: String,
    },
    /// What the ledger's requests would come to under a draft; nothing is written
    #[command(after_help = SIMULATE_EXAMPLES)]
    Simulate(Simulate),
}

/// Which draft, and which requests.
#[derive(Args, Debug)]
pub struct Simulate {
    /// The draft, `-` for standard input [default: policy.toml in the wallet's home]
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// Only requests from this entry of the ledger on
    #[arg(long, value_name = "SEQ", conflicts_with = "last")]
    pub since: Option<u64>,
    /// Only the last so many requests
    #[arg(long, value_name = "N")]
    pub last: Option<u64>,
}

const SIMULATE_EXAMPLES: &str = "Example:
  paywarden policy show --toml > new.toml
  paywarden policy simulate --file new.toml --last 1000";
