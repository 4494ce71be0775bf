//! What can be typed about mandates, payees and merchants. Says nothing about what it does.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};

use super::args::reason;

/// Mandates.
#[derive(Debug, Subcommand)]
pub enum Mandates {
    /// Those in force, with what is spent, held and left, and what agents have proposed
    List {
        /// Those you have revoked instead
        #[arg(long)]
        revoked: bool,
    },
    /// One mandate, revoked or not
    Show {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Put a mandate in force
    #[command(after_help = CREATE_EXAMPLES)]
    Create(Box<MandateArgs>),
    /// Put a new version of a mandate in force: what you name changes (--file replaces it whole), what was spent stays
    Amend(Box<MandateArgs>),
    /// Take a mandate back, for good
    Revoke {
        /// Its id
        #[arg(value_name = "ID")]
        id: String,
        /// Why, for the ledger
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: Option<String>,
    },
    /// Put a mandate in force that an agent has proposed, as it is
    Grant {
        /// The proposal's id, or the first four characters or more
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Turn a proposed mandate down
    Reject {
        /// The proposal's id, or the first four characters or more
        #[arg(value_name = "ID")]
        id: String,
        /// Why, for the ledger
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: Option<String>,
    },
}

/// A mandate, by file or by word.
#[derive(Args, Debug, Default)]
pub struct MandateArgs {
    /// Its id
    #[arg(value_name = "ID", required_unless_present = "file")]
    pub id: Option<String>,
    /// The whole mandate as JSON from this file, `-` for standard input
    #[arg(long, value_name = "FILE", exclusive = true)]
    pub file: Option<PathBuf>,
    /// Most that may ever be spent, such as "150 USD"
    #[arg(long, value_name = "MONEY")]
    pub cap: Option<String>,
    /// As --cap, in a further currency (its window, and a count, take --file); may be given several times
    #[arg(long, value_name = "MONEY", action = ArgAction::Append, conflicts_with = "max_count")]
    pub also_cap: Vec<String>,
    /// Most in one payment
    #[arg(long, value_name = "MONEY")]
    pub per_txn_cap: Option<String>,
    /// Most for one item
    #[arg(long, value_name = "MONEY")]
    pub per_item_cap: Option<String>,
    /// Length of a rolling window, such as 30m, 24h or 7d
    #[arg(long, value_name = "LENGTH", value_parser = window_ms)]
    pub window: Option<u64>,
    /// Most in any window
    #[arg(long, value_name = "MONEY", requires = "window")]
    pub window_cap: Option<String>,
    /// Most payments in any window
    #[arg(long, value_name = "N", requires = "window")]
    pub max_count: Option<u32>,
    /// Only on this rail; may be given several times, as the next ones
    #[arg(long, value_name = "RAIL", action = ArgAction::Append)]
    pub rail: Vec<String>,
    /// Only to this payee
    #[arg(long, value_name = "ADDRESS", action = ArgAction::Append)]
    pub payee: Vec<String>,
    /// Only for this category, by your tables or a verified cart
    #[arg(long, value_name = "CATEGORY", action = ArgAction::Append)]
    pub category: Vec<String>,
    /// Never for this category
    #[arg(long, value_name = "CATEGORY", action = ArgAction::Append)]
    pub block_category: Vec<String>,
    /// Only at this merchant, by a verified cart
    #[arg(long, value_name = "ID", action = ArgAction::Append)]
    pub merchant: Vec<String>,
    /// Only at a merchant of this host, by a verified cart
    #[arg(long, value_name = "HOST", action = ArgAction::Append)]
    pub merchant_domain: Vec<String>,
    /// Only for this agent
    #[arg(long, value_name = "ID")]
    pub agent: Option<String>,
    /// Until this time, such as 2027-01-01T00:00:00Z
    #[arg(long, value_name = "TIME")]
    pub expires: Option<String>,
    /// Only in these hours, such as 08:00-18:00
    #[arg(long, value_name = "FROM-TO", requires = "time_zone")]
    pub hours: Option<String>,
    /// Where the hours count: UTC, or an offset such as +01:00
    #[arg(long, value_name = "ZONE", requires = "hours", allow_hyphen_values = true)]
    pub time_zone: Option<String>,
    /// Only on these days, such as mon,tue
    #[arg(long, value_name = "DAYS", requires = "hours", value_delimiter = ',')]
    pub days: Vec<String>,
}

/// A table of yours.
#[derive(Debug, Subcommand)]
pub enum Entries {
    /// All of them
    List,
    /// Say what one is called and sells; what you do not name stays
    Set {
        /// A payee's address, or a merchant's id
        #[arg(value_name = "KEY")]
        key: String,
        /// What it sells; mandates allow and block by it
        #[arg(long, value_name = "CATEGORY")]
        category: Option<String>,
        /// What it is called
        #[arg(long, value_name = "TEXT")]
        label: Option<String>,
    },
    /// Forget one
    Remove {
        /// A payee's address, or a merchant's id
        #[arg(value_name = "KEY")]
        key: String,
    },
}

/// `30m` in milliseconds.
fn window_ms(text: &str) -> Result<u64, String> {
    let wrong = || "write a number and s, m, h or d, such as 24h".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let number = &text[..text.len() - unit.len_utf8()];
    let one = match unit {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return Err(wrong()),
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(one)).ok_or_else(wrong)
}

const CREATE_EXAMPLES: &str = "Examples:
  paywarden mandates create tea --cap \"5 XNO\" --window 24h --window-cap \"1 XNO\" --max-count 10
  paywarden mandates create --file groceries.json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_whole_numbers_of_a_unit() {
        assert_eq!(window_ms("7d"), Ok(604_800_000));
        assert_eq!(window_ms("90s"), Ok(90_000));
        for bad in ["", "d", "7", "7w", "-1d", "1.5h", "7\u{e9}", "99999999999999999999d"] {
            assert!(window_ms(bad).is_err(), "{bad}");
        }
    }
}
