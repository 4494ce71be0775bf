//! What can be typed. Says nothing about what it does.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};

use super::mandate_args::{Entries, Mandates};
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
    /// Threads for proof of work, 1 to 64, or auto [env: PAYWARDEN_WORK_THREADS]
    #[arg(long, global = true, value_name = "N")]
    pub work_threads: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Be the MCP server on standard input and output (what no command does too)
    Mcp,
    /// Make a wallet for a real network: asks for two secrets, shows the recovery phrase once
    Init,
    /// Keep the wallet open for hosts and commands, without a host
    Serve,
    /// What needs the wallet open.
    #[command(flatten)]
    Wallet(WalletCommand),
    /// Every setting, file and problem, and what to do about it
    Doctor,
    /// The whole story on this terminal, with play money in a home of its own
    Demo,
    /// Run the simulated services on ports of this machine, for tests and for wallets to share
    #[command(after_help = SANDBOX_EXAMPLES)]
    Sandbox(Sandbox),
    /// Write the tools' JSON schemas, one file for each
    Schemas(Schemas),
}

/// What needs the wallet open.
#[derive(Debug, Subcommand)]
pub enum WalletCommand {
    /// The wallet at a glance
    Status,
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
    Merchants(Entries),
    /// Open the keys of a wallet that runs locked
    Unlock,
    /// Stop everything that is not signed yet, whatever else is running
    #[command(after_help = "Example:\n  paywarden freeze \"the agent behaves oddly\"")]
    Freeze {
        /// Why, for the ledger
        #[arg(value_parser = reason)]
        reason: Option<String>,
    },
    /// Let the wallet sign again
    Unfreeze {
        /// Only this account (address or index), after an alarm
        #[arg(long, value_name = "ACCOUNT")]
        account: Option<String>,
    },
    /// The record of everything that happened
    #[command(subcommand, arg_required_else_help = true)]
    Ledger(Ledger),
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

/// The ledger.
#[derive(Debug, Subcommand)]
pub enum Ledger {
    /// Print events
    Show {
        /// The first event [default: the last page]
        #[arg(long, value_name = "SEQ", conflicts_with = "payment")]
        from: Option<u64>,
        /// How many
        #[arg(long, value_name = "N", default_value_t = limits::PAGE_DEFAULT)]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=i64::from(limits::LEDGER_PAGE)))]
        limit: u32,
        /// Only the events of this payment
        #[arg(long, value_name = "ID")]
        payment: Option<String>,
    },
    /// Check hashes, signatures and anchored heads
    #[command(after_help = "Example:\n  paywarden ledger verify --deep --expect-head 17:9f86d0...")]
    Verify {
        /// Fold every event anew and compare the books row by row
        #[arg(long)]
        deep: bool,
        /// A head you noted earlier, which must be in the chain; may be given several times
        #[arg(long, value_name = "SEQ:HASH", action = ArgAction::Append)]
        expect_head: Vec<String>,
    },
    /// Write all events, one JSON object a line
    Export {
        /// Into this file instead of standard output; it must not exist yet
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
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

/// The owner's words, bounded where they are typed: a freeze lays them down before any operation sees them.
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
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_fit_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn settings_stand_before_or_after_the_command() {
        for line in ["paywarden --json --home x status", "paywarden status --json --home x"] {
            let arguments = Arguments::try_parse_from(line.split(' ')).unwrap();
            assert!(arguments.settings.json);
            assert_eq!(arguments.settings.home, Some(PathBuf::from("x")));
            let status = Command::Wallet(WalletCommand::Status);
            assert_eq!(format!("{:?}", arguments.command), format!("{:?}", Some(status)));
        }
    }

    #[test]
    fn sandbox_ports_leave_room() {
        let last = u16::MAX - limits::SANDBOX_PORTS;
        assert_eq!(sandbox_port("0"), Ok(0));
        assert_eq!(sandbox_port(&last.to_string()), Ok(last));
        for text in [&(last + 1).to_string(), "65536", "-1", "", "x"] {
            assert!(sandbox_port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sandbox_confirmations_end_at_their_bound() {
        let typed = |ms: u64| {
            let ms = ms.to_string();
            Arguments::try_parse_from(["paywarden", "sandbox", "--confirm-ms", &ms])
        };
        assert!(typed(limits::SANDBOX_CONFIRM_MS).is_ok());
        assert!(typed(limits::SANDBOX_CONFIRM_MS + 1).is_err());
    }

    #[test]
    fn reasons_end_at_their_bound() {
        assert!(reason(&"x".repeat(limits::REASON_BYTES)).is_ok());
        assert!(reason(&"x".repeat(limits::REASON_BYTES + 1)).is_err());
        assert!(reason("a\u{1b}[2Jb").is_err());
    }
}
