//! What can be typed. Says nothing about what it does.

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand, ValueEnum};

pub use super::init_args::{ImportKind, InitArguments};
use super::mandate_args::{Entries, Mandates};
use super::policy_args::PolicyCommand;
use super::provider_args::ProviderFlags;
use super::serve_args::Serve;
use super::shop_args::{Funding, Merchants};
use super::third_party_args::ThirdPartyFlags;
use super::work_args::WorkCommand;
use crate::limits;

/// A wallet for AI agents that its owner can trust.
#[derive(Debug, Parser)]
#[command(name = "paywarden", version, propagate_version = true)]
#[command(about = "A wallet for AI agents that its owner can trust")]
#[command(long_about = "A wallet for AI agents that its owner can trust.\n\n\
    Without a command paywarden is an MCP server on standard input and output: a host such as\n\
    Claude Code starts it, an agent asks it to pay, your policy decides, and every step lands\n\
    on a ledger. The commands are yours alone.")]
#[command(after_help = EXAMPLES)]
pub struct Arguments {
    /// Settings.
    #[command(flatten)]
    pub settings: Settings,
    /// What to do.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Settings; each can be set in the environment and in `config.toml` too.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// The wallet's directory [env: PAYWARDEN_HOME]
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// sandbox, dev, beta or live [env: PAYWARDEN_NETWORK]
    #[arg(long, global = true, value_name = "NAME")]
    pub network: Option<String>,
    /// Print JSON
    #[arg(long, global = true)]
    pub json: bool,
    /// What is logged to stderr, such as info [env: PAYWARDEN_LOG]
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,
    /// Name tools underscored or dotted [env: PAYWARDEN_TOOL_NAMES]
    #[arg(long, global = true, value_name = "STYLE")]
    pub tool_names: Option<String>,
    /// Offer only these groups of tools, such as wallet,guard [env: PAYWARDEN_TOOLSETS]
    #[arg(long, global = true, value_name = "LIST")]
    pub toolsets: Option<String>,
    /// Offer only tools that look and change nothing [env: PAYWARDEN_READ_ONLY]
    #[arg(long, global = true)]
    pub read_only: bool,
    /// A node's RPC URL; may be given several times [env: PAYWARDEN_NODE_URL]
    #[arg(long, global = true, value_name = "URL", action = ArgAction::Append)]
    pub node_url: Vec<String>,
    /// The node's websocket [env: PAYWARDEN_NODE_WS]
    #[arg(long, global = true, value_name = "URL")]
    pub node_ws: Option<String>,
    /// A work server; may be given several times [env: PAYWARDEN_WORK_URL]
    #[arg(long, global = true, value_name = "URL", action = ArgAction::Append)]
    pub work_url: Vec<String>,
    /// A running sandbox to join [env: PAYWARDEN_SANDBOX_URL]
    #[arg(long, global = true, value_name = "URL")]
    pub sandbox_url: Option<String>,
    /// Nicky and Nanswap Pay.
    #[command(flatten)]
    pub providers: ProviderFlags,
    /// Third parties.
    #[command(flatten)]
    pub third_parties: ThirdPartyFlags,
    /// Threads for proof of work, 1 to 64, or auto [env: PAYWARDEN_WORK_THREADS]
    #[arg(long, global = true, value_name = "N")]
    pub work_threads: Option<String>,
    /// Of each of those threads' time, 1 to 100 [env: PAYWARDEN_WORK_MAX_PERCENT]
    #[arg(long, global = true, value_name = "PERCENT")]
    pub work_max_percent: Option<String>,
    /// Work servers first, or a race with them: first or race [env: PAYWARDEN_WORK_MODE]
    #[arg(long, global = true, value_name = "MODE")]
    pub work_mode: Option<String>,
    /// A program that is handed the ledger's heads [env: PAYWARDEN_ANCHOR_COMMAND]
    #[arg(long, global = true, value_name = "PROGRAM")]
    pub anchor_command: Option<String>,
    /// Who is named in an account's first block [env: PAYWARDEN_REPRESENTATIVE]
    #[arg(long, global = true, value_name = "ACCOUNT")]
    pub representative: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Be the MCP server on standard input and output (what no command does too)
    Mcp,
    /// Make a wallet for a real network: asks for secrets, shows its phrase once
    #[command(after_help = super::init_args::EXAMPLES)]
    Init(InitArguments),
    /// How the network is reached
    #[command(subcommand, arg_required_else_help = true)]
    Network(NetworkCommand),
    /// Keep the wallet open for hosts and commands; with the HTTP ports and your page
    Serve(Serve),
    /// What needs the wallet open.
    #[command(flatten)]
    Wallet(WalletCommand),
    /// Every setting, file and problem, and what to do about it
    Doctor,
    /// The whole story on this terminal, with play money in a home of its own
    Demo,
    /// Run the simulated services on ports of this machine, for wallets to share
    #[command(after_help = SANDBOX_EXAMPLES)]
    Sandbox(Sandbox),
    /// Proof of work, without a wallet
    #[command(subcommand, arg_required_else_help = true)]
    Work(WorkCommand),
    /// Print what your shell needs to complete commands
    #[command(
        after_help = "Example:\n  paywarden completions bash > ~/.local/share/bash-completion/completions/paywarden"
    )]
    Completions {
        /// Which shell
        #[arg(value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Write the tools' JSON schemas, one file for each
    Schemas(Schemas),
}

/// How the network is reached.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum NetworkCommand {
    /// Change it for good, to what the settings say; asks for the operator secret
    #[command(after_help = "Example:\n  paywarden --network live network set \\\n    \
        --node-url https://rpc.example --node-ws wss://ws.example")]
    Set,
}

/// The wallet's accounts and keys.
#[derive(Debug, Subcommand)]
pub enum OwnWalletCommand {
    /// An address to be paid at
    Address {
        /// Which account
        #[arg(long, value_name = "N", default_value_t = 0)]
        index: u32,
        /// For what: nano, or x402 for the tokens that x402 is paid from
        #[arg(long, value_name = "RAIL", default_value = "nano", conflicts_with = "index")]
        rail: AddressRail,
    },
    /// Every account: index, address, balance, representative
    Accounts(Accounts),
    /// What needs the key files.
    #[command(flatten)]
    Keys(KeysCommand),
    /// What moves money, or shows what was moved.
    #[command(flatten)]
    Own(OwnWallet),
}

/// What an address is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum AddressRail {
    /// A Nano account
    Nano,
    /// The tokens that x402 is paid from
    X402,
}

/// The accounts.
#[derive(Args, Debug)]
pub struct Accounts {
    /// What to do with them; listed when nothing is said
    #[command(subcommand)]
    pub command: Option<AccountsCommand>,
}

/// What is done with accounts.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum AccountsCommand {
    /// Put the next one in use
    Add,
}

/// What needs the key files.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Check your copy of the phrase, or copy the wallet's files, keys encrypted
    Backup {
        /// Into this file, which must not exist yet
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Show the recovery phrase at the terminal; asks for both secrets
    Export {
        /// Into this file, unencrypted; it must not exist yet
        #[arg(long, value_name = "FILE")]
        to_file: Option<PathBuf>,
    },
    /// Take in a single test key, on dev only
    #[command(group = ArgGroup::new("what").required(true).args(["private_key"]))]
    Import {
        /// A private key, asked for at the terminal
        #[arg(long)]
        private_key: bool,
        /// You know what the key was used for
        #[arg(long)]
        acknowledge_history: bool,
    },
}

/// What needs the wallet open.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// The wallet at a glance
    Status,
    /// What was spent, by currency and how payments ended
    Report {
        /// Only from this day (UTC) or RFC 3339 time on
        #[arg(long, value_name = "TIME")]
        since: Option<String>,
    },
    /// Payments that wait for your word
    #[command(subcommand, arg_required_else_help = true)]
    #[command(after_help = "Example:\n  paywarden approvals approve 3f2a")]
    Approvals(Approvals),
    /// Authority you have granted: budgets with rules
    #[command(subcommand, arg_required_else_help = true)]
    Mandates(Mandates),
    /// Payees you know, and what they sell
    #[command(subcommand, arg_required_else_help = true)]
    Payees(Entries),
    /// Merchants you know, and what they sell
    #[command(subcommand, arg_required_else_help = true)]
    Merchants(Merchants),
    /// The card checkouts are paid with
    #[command(subcommand, arg_required_else_help = true)]
    Funding(Funding),
    /// How much agents may do: drafts, what is in force, why a payment was decided so
    #[command(subcommand, arg_required_else_help = true)]
    Policy(PolicyCommand),
    /// Accounts, addresses, backups, your own payments and history
    #[command(subcommand, arg_required_else_help = true)]
    Wallet(OwnWalletCommand),
    /// Who may ask: a token for each agent
    #[command(subcommand, arg_required_else_help = true)]
    #[command(
        after_help = "Example:\n  paywarden agents register shopping-agent --label \"Shops for groceries\""
    )]
    Agents(Agents),
    /// Open the keys of a wallet that runs locked
    Unlock,
    /// Stop everything that is not signed yet, whatever else is running
    #[command(after_help = "Example:\n  paywarden freeze \"the agent behaves oddly\"")]
    Freeze {
        /// Why, for the ledger; words that do not fit are cut, and never keep it from freezing
        reason: Option<String>,
    },
    /// Let the wallet sign again
    Unfreeze {
        /// Only this account (address or index), after an alarm
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
    },
    /// The machine's clock, which budgets count by
    #[command(subcommand, arg_required_else_help = true)]
    Clock(ClockCommand),
    /// The record of everything that happened
    #[command(subcommand, arg_required_else_help = true)]
    Ledger(Ledger),
    /// Compare every account with the network, and book what this wallet did not sign
    Reconcile {
        /// What the list names: books exactly that
        #[arg(long, value_name = "CODE")]
        acknowledge: Option<String>,
    },
}

/// The owner's own use of the wallet.
#[derive(Debug, Subcommand)]
pub enum OwnWallet {
    /// Send XNO; your policy decides, as it does for an agent
    Send(Send),
    /// What went in and out, newest first
    History(History),
    /// Show who votes with an account's balance, or name somebody
    Representative {
        /// Who is to vote
        #[arg(value_name = "ACCOUNT")]
        account: Option<String>,
        /// Of this account
        #[arg(long, value_name = "N")]
        index: Option<u32>,
    },
}

/// A payment of the owner.
#[derive(Args, Debug)]
pub struct Send {
    /// Where to
    #[arg(value_name = "ACCOUNT")]
    pub account: String,
    /// How much, in XNO, or max for all that is free
    #[arg(value_name = "AMOUNT")]
    pub amount: String,
    /// From this account
    #[arg(long, value_name = "N")]
    pub index: Option<u32>,
    /// A note for the ledger
    #[arg(long, value_name = "TEXT")]
    pub memo: Option<String>,
    /// One key per intended payment: a repeat with the same key pays once [default: a new one]
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
}

/// Which entries to print, and how.
#[derive(Args, Debug)]
pub struct History {
    /// Of this account
    #[arg(long, value_name = "N")]
    pub index: Option<u32>,
    /// Print CSV
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// From this day on (UTC)
    #[arg(long, value_name = "DATE", value_parser = super::history::day)]
    pub from: Option<String>,
    /// Up to this day
    #[arg(long, value_name = "DATE", value_parser = super::history::day)]
    pub to: Option<String>,
    /// At most so many
    #[arg(long, value_name = "COUNT")]
    pub limit: Option<u64>,
}

/// Payments that wait.
#[derive(Debug, Subcommand)]
pub enum Approvals {
    /// What waits, oldest first
    List,
    /// What waits, live, until Ctrl-C
    Watch,
    /// Let a payment go; waits until it is settled
    Approve {
        /// The approval's id, or the first four characters or more
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Turn a payment down
    Reject {
        /// The approval's id, or the first four characters or more
        #[arg(value_name = "ID")]
        id: String,
        /// Why; the agent is told
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: Option<String>,
    },
}

/// Agents.
#[derive(Debug, Subcommand)]
pub enum Agents {
    /// Let an agent in and show its token, once; from then on no agent asks without one
    Register {
        /// What it is called in policy and ledger
        #[arg(value_name = "ID")]
        id: String,
        /// A name for people
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
    },
    /// Every agent, revoked ones too
    List,
    /// Change or take away the name for people
    Label {
        /// The agent
        #[arg(value_name = "ID")]
        id: String,
        /// The new name; without one the old is taken away
        #[arg(value_name = "TEXT")]
        label: Option<String>,
    },
    /// Give an agent a new token, shown once; the old one stops working
    Rotate {
        /// The agent
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Shut an agent out
    Revoke {
        /// The agent
        #[arg(value_name = "ID")]
        id: String,
    },
}

/// The clock.
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum ClockCommand {
    /// It went ahead and is right: budgets count by it again
    Accept,
}

/// The ledger.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Print events
    Show {
        /// The first event [default: the last page; of a payment, its first]
        #[arg(long, value_name = "SEQ")]
        from: Option<u64>,
        /// How many [default: 20; of a payment, all that fit a page]
        #[arg(long, value_name = "N")]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::LEDGER_PAGE)))]
        limit: Option<u32>,
        /// Only the events of this payment
        #[arg(long, value_name = "ID")]
        payment: Option<String>,
    },
    /// Check hashes, signatures and anchored heads
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Verify),
    /// Check a receipt of get_payment_status; needs no wallet
    #[command(
        after_help = "Example:\n  paywarden ledger verify-receipt receipt.json --key ledger.pub"
    )]
    VerifyReceipt {
        /// The receipt (`-`: standard input)
        #[arg(value_name = "FILE")]
        file: PathBuf,
        /// The public key, in PEM
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// The exported ledger it must stand in; needed where the key was rotated since
        #[arg(long, value_name = "FILE")]
        ledger: Option<PathBuf>,
    },
    /// Write all events, one JSON object a line
    #[command(after_help = "Example:\n  paywarden ledger export > ledger.jsonl")]
    Export(Export),
    /// Print the last seq and hash, to be noted where this machine cannot write
    Head,
    /// Print the public key that signs the ledger
    Key,
    /// Sign with a new key from here on; the old one vouches for it
    RotateKey,
}

/// What is checked.
#[derive(Args, Debug)]
pub struct Verify {
    /// Fold every event anew and compare the books row by row
    #[arg(long, conflicts_with = "file")]
    pub deep: bool,
    /// A head you noted earlier, which must be in the chain; may be given several times
    #[arg(long, value_name = "SEQ:HASH", action = ArgAction::Append)]
    pub expect_head: Vec<String>,
    /// Check an exported file instead of the wallet; needs no wallet (`-`: standard input)
    #[arg(long, value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The public key, in PEM; the ledger's first one or a later one
    #[arg(long, value_name = "FILE", requires = "file")]
    pub key: Option<PathBuf>,
    /// A copy of anchor.log, whose heads must be in the chain
    #[arg(long, value_name = "FILE", requires = "file")]
    pub anchor: Option<PathBuf>,
    /// Check the order and the hashes alone, without a key
    #[arg(long, requires = "file", conflicts_with = "key")]
    pub hashes_only: bool,
}

/// What is exported.
#[derive(Args, Debug)]
pub struct Export {
    /// Into this file instead of standard output; it must not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// From this event on; only a whole export can be verified
    #[arg(long, value_name = "SEQ")]
    pub from: Option<u64>,
    /// Only the events of this payment
    #[arg(long, value_name = "ID")]
    pub payment: Option<String>,
}

/// The simulated services.
#[derive(Args, Clone, Debug)]
pub struct Sandbox {
    /// The first port; 0 takes free ones
    #[arg(long, value_name = "PORT", default_value_t = SANDBOX_PORT)]
    #[arg(value_parser = sandbox_port)]
    pub port_base: u16,
    /// Keep the Nano ledger in this file [default: beside the sandbox home]
    #[arg(long, value_name = "FILE", conflicts_with = "memory")]
    pub ledger: Option<PathBuf>,
    /// Keep nothing
    #[arg(long)]
    pub memory: bool,
    /// Whose habits the Nano node has: cpp or rsnano
    #[arg(long, value_name = "NODE", default_value = "cpp")]
    #[arg(value_parser = ["cpp", "rsnano"])]
    pub node: String,
    /// From a block's arrival to its confirmation, in milliseconds, at most an hour
    #[arg(long, value_name = "MS", default_value_t = 150)]
    #[arg(value_parser = clap::value_parser!(u64).range(..=limits::SANDBOX_CONFIRM_MS))]
    pub confirm_ms: u64,
}

/// The tools' schemas.
#[derive(Args, Debug)]
pub struct Schemas {
    /// Into this directory
    #[arg(long, value_name = "DIR", default_value = "tool-schemas", conflicts_with = "check")]
    pub out: PathBuf,
    /// Write nothing; compare with what is in this directory
    #[arg(long, value_name = "DIR")]
    pub check: Option<PathBuf>,
}

/// The owner's words, bounded where they are typed.
pub(super) fn reason(text: &str) -> Result<String, String> {
    if text.len() > limits::REASON_BYTES {
        return Err(format!("it has {} bytes; at most {} fit", text.len(), limits::REASON_BYTES));
    }
    if text.chars().any(char::is_control) {
        return Err("it holds control characters".to_owned());
    }
    Ok(text.to_owned())
}

/// A port that leaves room for all services after it.
fn sandbox_port(text: &str) -> Result<u16, String> {
    let port: u16 = text.parse().map_err(|_| "it is no port".to_owned())?;
    let last = u16::MAX - limits::SANDBOX_PORTS;
    if port > last {
        return Err(format!("the last port that leaves room for all services is {last}"));
    }
    Ok(port)
}

/// Where the simulated services listen unless they are told otherwise.
const SANDBOX_PORT: u16 = 47_100;

const SANDBOX_EXAMPLES: &str = "Examples:
  paywarden sandbox                              on ports 47100 and up, its ledger kept
  paywarden sandbox --memory --port-base 0       on free ports, nothing kept
  curl -d '{\"action\":\"version\"}' 127.0.0.1:47100
  curl -d '{\"call\":\"process\",\"fault\":\"lost_reply\"}' 127.0.0.1:47100/sandbox/faults";
const VERIFY_EXAMPLES: &str = "Examples:
  paywarden ledger verify --deep --expect-head 17:9f86d0...
  paywarden ledger export > ledger.jsonl && paywarden ledger key > ledger.pub
  paywarden ledger verify --file ledger.jsonl --key ledger.pub --anchor anchor.log";

const EXAMPLES: &str = "Examples:
  paywarden demo                                 see it work, with play money
  claude mcp add paywarden -- \"$(which paywarden)\"
                                                 give it to Claude Code
  paywarden approvals list                       what waits for you
  paywarden freeze \"not now\"                     stop all spending at once
  paywarden ledger verify --deep                 check every step ever taken
  paywarden doctor                               what is set, and what is wrong

Exit codes: 0 done, 1 broken, 2 not understood, 3 refused, 4 out of reach.";

#[cfg(test)]
mod tests;
