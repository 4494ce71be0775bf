//! Why a decision fell as it did: a stable code, and every rule with the numbers it compared.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Stable, for programs. New codes may be added; none changes its meaning.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReasonCode {
    /// Within what agents may do alone.
    Allowed,
    /// Needs the owner: above the threshold or the mode asks for it.
    ApprovalRequired,
    /// The owner said no.
    ApprovalRejected,
    /// The owner did not answer in time.
    ApprovalExpired,
    /// The owner said yes and the rules still hold.
    Approved,
    /// Too many approvals wait already.
    ApprovalsFull,
    /// Above the hard limit.
    HardLimit,
    /// The account's balance no longer covers it.
    InsufficientFunds,
    /// The owner has set no limit for this currency, so nothing may be paid in it.
    NoLimitForCurrency,
    /// The block lost against another one, confirmed by the network.
    RivalConfirmed,
    /// The claimed mandate does not exist.
    UnknownMandate,
    /// The wallet is frozen.
    WalletFrozen,
}

impl ReasonCode {
    /// The code as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::ApprovalRequired => "APPROVAL_REQUIRED",
            Self::ApprovalRejected => "APPROVAL_REJECTED",
            Self::ApprovalExpired => "APPROVAL_EXPIRED",
            Self::Approved => "APPROVED",
            Self::ApprovalsFull => "APPROVALS_FULL",
            Self::HardLimit => "HARD_LIMIT",
            Self::InsufficientFunds => "INSUFFICIENT_FUNDS",
            Self::NoLimitForCurrency => "NO_LIMIT_FOR_CURRENCY",
            Self::RivalConfirmed => "RIVAL_CONFIRMED",
            Self::UnknownMandate => "UNKNOWN_MANDATE",
            Self::WalletFrozen => "WALLET_FROZEN",
        }
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One rule and how it fell.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Which rule, such as `hard_limit`.
    pub rule: String,
    /// Whether it lets the payment pass.
    pub pass: bool,
    /// The numbers compared.
    pub detail: String,
}

/// `hard_limit: pass (60 XNO of at most 50 XNO)`, as tool results carry it.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.pass { "pass" } else { "FAIL" };
        write!(f, "{}: {verdict} ({})", self.rule, self.detail)
    }
}

/// Collects rules while a decision is made.
#[derive(Clone, Debug, Default)]
pub struct Trace(Vec<Rule>);

impl Trace {
    /// Notes one rule and hands its verdict back.
    pub fn note(&mut self, rule: &'static str, pass: bool, detail: impl Into<String>) -> bool {
        self.0.push(Rule { rule: rule.to_owned(), pass, detail: detail.into() });
        pass
    }

    /// The rules in the order they were looked at.
    pub fn into_rules(self) -> Vec<Rule> {
        self.0
    }
}
