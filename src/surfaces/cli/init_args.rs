//! How a wallet is made, as it is typed. No secret is ever among it.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};

/// How a wallet is made.
#[derive(Args, Clone, Debug, Default)]
#[command(group = ArgGroup::new("known_keys").args(["import", "import_ifenpay"]))]
pub struct InitArguments {
    /// Use keys you have: asks for a seed or recovery phrase, which is not shown
    #[arg(long)]
    pub import: bool,
    /// Use the keys and the API key of ifenpay's toolset: its data/ai.bin, whose password is asked for
    #[arg(long, value_name = "FILE")]
    pub import_ifenpay: Option<PathBuf>,
    /// What you have, where 24 words could mean two things
    #[arg(long, requires = "import")]
    pub kind: Option<ImportKind>,
    /// You know what the imported keys were used for
    #[arg(long, requires = "known_keys")]
    pub acknowledge_history: bool,
    /// Ask for no confirmation; on test networks only
    #[arg(long)]
    pub yes: bool,
}

/// What an owner has of other keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum ImportKind {
    /// 64 digits
    Seed,
    /// 24 words that spell a seed (Natrium, Nautilus, this wallet)
    Phrase,
    /// 12 to 24 words of BIP39, at 44'/165'/index' (Ledger)
    Bip44,
}

/// Shown below the help of `init`.
pub(super) const EXAMPLES: &str = "Examples:
  paywarden --network live --node-url https://rpc.example init
                                                 a new wallet on the real network
  paywarden --network live --node-url https://rpc.example init --import --kind bip44
                                                 with the phrase of a hardware wallet
  paywarden --network live --gateway ifenpay init
                                                 with an API key of ifenpay and no node
  paywarden --network live --gateway ifenpay init --import-ifenpay data/ai.bin
                                                 what ifenpay's toolset left behind";
