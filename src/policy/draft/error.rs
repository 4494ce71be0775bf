//! Why a draft is no policy: where, and what would be right. Text of the draft is quoted only as far as it is bounded.

use std::fmt;

use crate::limits;
use crate::money::{Currency, MoneyTextError};

/// Why a draft is no policy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DraftError {
    /// Line of the file, from 1, where it can be told.
    pub line: Option<usize>,
    /// The setting, such as `limits.XNO.hard_limit`; empty where none is meant.
    pub key: String,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong in a draft.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// Longer than any policy.
    #[error("a policy has at most {max} bytes", max = limits::POLICY_BYTES)]
    TooLarge,
    /// No TOML, or a key that stands there twice.
    #[error("{0}")]
    Syntax(String),
    /// No such setting.
    #[error("there is no such setting")]
    Unknown {
        /// What was probably meant.
        nearest: Option<String>,
        /// All there are in its place.
        known: Vec<String>,
    },
    /// A setting that must be there.
    #[error("{0} is missing")]
    Missing(String),
    /// Text where a number belongs, or the like.
    #[error("a {found} stands where {expected} belongs")]
    Type {
        /// What belongs there.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// None of the words there are.
    #[error("{word:?} is none of {}", known.join(", "))]
    Word {
        /// What was written.
        word: String,
        /// What was probably meant.
        nearest: Option<String>,
        /// All there are.
        known: Vec<String>,
    },
    /// No amount.
    #[error("{text:?} is no amount: {reason}")]
    Amount {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: MoneyTextError,
    },
    /// An amount of nothing.
    #[error("the amount is zero")]
    Zero,
    /// An amount in another currency.
    #[error("the amount is in {found}, and its table is for {table}")]
    OtherCurrency {
        /// The amount's.
        found: Currency,
        /// The table's.
        table: Currency,
    },
    /// No currency code, or not in capitals.
    #[error("{0:?} is no currency code")]
    Currency(String),
    /// More currencies than a policy may name.
    #[error("there are more than {max} currencies", max = limits::POLICY_CURRENCIES)]
    TooMany,
    /// No length of time, or too short or long.
    #[error("{0:?} is no length of time that can be set")]
    Duration(String),
    /// Negative, or above the bound.
    #[error("{text} is not a whole number from 0 to {max}")]
    Number {
        /// What was written.
        text: String,
        /// The bound.
        max: u32,
    },
    /// Above another setting that bounds it.
    #[error("it is above {other}")]
    Above {
        /// The other one.
        other: &'static str,
    },
    /// Currencies that cannot count as each other.
    #[error("these two cannot count as each other")]
    Peg,
    /// A currency that counts as one that counts as a third.
    #[error("it counts as a currency that itself counts as another")]
    PegChain,
}

impl DraftError {
    /// What would be right.
    pub fn hint(&self) -> String {
        match &self.problem {
            Problem::Unknown { nearest: Some(right), .. }
            | Problem::Word { nearest: Some(right), .. } => format!("Did you mean {right}?"),
            Problem::Unknown { known, .. } | Problem::Word { known, .. } => {
                format!("There are {}", known.join(", "))
            }
            Problem::TooLarge | Problem::Syntax(_) => SHAPE.to_owned(),
            Problem::Missing(key) => format!("Write {key} = ... there, such as \"2 XNO\""),
            Problem::Type { .. } => {
                "Amounts and lengths of time stand in quotes, numbers and true or false do not".to_owned()
            }
            Problem::Amount { .. } => AMOUNT.to_owned(),
            Problem::Zero => {
                "Leave a currency out to forbid it; every amount here is above zero".to_owned()
            }
            Problem::OtherCurrency { table, .. } => format!("Write the amount in {table}"),
            Problem::Currency(_) => "Currency codes are capitals and digits: XNO, USD".to_owned(),
            Problem::TooMany => "Leave out those that nobody pays in".to_owned(),
            Problem::Duration(_) => {
                format!(
                    "Write a whole number and ms, s, m, h or d, such as \"24h\", from {} s to {} days",
                    limits::APPROVAL_EXPIRY_MIN.as_secs(),
                    limits::APPROVAL_EXPIRY_MAX.as_secs() / 86_400
                )
            }
            Problem::Number { max, .. } => format!("Write a number from 0 (no limit) to {max}"),
            Problem::Above { other } => format!("Lower it, or raise {other}"),
            Problem::Peg => "Only currencies of known decimals count as each other, and never XNO: USDC = \"USD\"".to_owned(),
            Problem::PegChain => "Name the last currency of the chain at once".to_owned(),
        }
    }
}

impl std::error::Error for DraftError {}

/// `line 3, limits.XNO.hard_limit: it is above ...`.
impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = Some(self.key.as_str()).filter(|key| !key.is_empty());
        match (self.line, key) {
            (Some(line), Some(key)) => write!(f, "line {line}, {key}: {}", self.problem),
            (Some(line), None) => write!(f, "line {line}: {}", self.problem),
            (None, Some(key)) => write!(f, "{key}: {}", self.problem),
            (None, None) => self.problem.fmt(f),
        }
    }
}

const SHAPE: &str = "`paywarden policy show --toml` prints a draft of what is in force";
const AMOUNT: &str =
    "Write it as \"12.50 USD\" or \"0.5 XNO\", or as a whole number of smallest units in quotes";
