//! Why a decision fell as it did: a stable code, and every rule with the numbers it compared.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Stable, for programs. New codes may be added; none changes its meaning.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReasonCode {
    /// Within what agents may do alone.
    Allowed,
    /// The owner did not answer in time.
    ApprovalExpired,
    /// The owner said no.
    ApprovalRejected,
    /// Needs the owner: above the threshold or the mode asks for it.
    ApprovalRequired,
    /// Too many approvals wait already.
    ApprovalsFull,
    /// The owner said yes and the rules still hold.
    Approved,
    /// The cart costs more than is to be paid, or in another currency.
    CartMismatch,
    /// The mandate blocks what is bought.
    CategoryBlocked,
    /// The mandate does not allow what is bought.
    CategoryNotAllowed,
    /// The mandate pins categories, and nobody but the agent says what is bought.
    CategoryUnknown,
    /// No cap of the mandate counts this currency.
    CurrencyMismatch,
    /// Above the hard limit.
    HardLimit,
    /// The account's balance no longer covers it.
    InsufficientFunds,
    /// It was not paid in time, and cannot be any more.
    Lapsed,
    /// More than is left of the mandate.
    MandateCap,
    /// The mandate has ended.
    MandateExpired,
    /// The mandate is for another agent.
    MandateOtherAgent,
    /// The owner has taken the mandate back.
    MandateRevoked,
    /// The mandate does not allow this merchant.
    MerchantNotAllowed,
    /// The mandate pins merchants, and no verified cart names one.
    MerchantUnverified,
    /// The owner has set no limit for this currency, so nothing may be paid in it.
    NoLimitForCurrency,
    /// What was to be paid could no longer be paid in time.
    OfferExpired,
    /// Outside the hours the mandate may be used in.
    OutsideAllowedHours,
    /// The seller asks for something else than was decided on.
    OfferChanged,
    /// The mandate does not allow this payee.
    PayeeNotAllowed,
    /// The payee could not be asked.
    PayeeUnreachable,
    /// One item costs more than the mandate allows.
    PerItemCap,
    /// More than the mandate allows in one payment.
    PerTxnCap,
    /// The mandate does not allow this rail.
    RailNotAllowed,
    /// The block lost against another one, confirmed by the network.
    RivalConfirmed,
    /// The claimed mandate does not exist.
    UnknownMandate,
    /// The wallet is frozen.
    WalletFrozen,
    /// More than is left of the mandate's window.
    WindowCap,
    /// The mandate's window holds no more payments.
    WindowCount,
}

impl ReasonCode {
    /// The code as JSON has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::ApprovalExpired => "APPROVAL_EXPIRED",
            Self::ApprovalRejected => "APPROVAL_REJECTED",
            Self::ApprovalRequired => "APPROVAL_REQUIRED",
            Self::ApprovalsFull => "APPROVALS_FULL",
            Self::Approved => "APPROVED",
            Self::CartMismatch => "CART_MISMATCH",
            Self::CategoryBlocked => "CATEGORY_BLOCKED",
            Self::CategoryNotAllowed => "CATEGORY_NOT_ALLOWED",
            Self::CategoryUnknown => "CATEGORY_UNKNOWN",
            Self::CurrencyMismatch => "CURRENCY_MISMATCH",
            Self::HardLimit => "HARD_LIMIT",
            Self::InsufficientFunds => "INSUFFICIENT_FUNDS",
            Self::Lapsed => "LAPSED",
            Self::MandateCap => "MANDATE_CAP",
            Self::MandateExpired => "MANDATE_EXPIRED",
            Self::MandateOtherAgent => "MANDATE_OTHER_AGENT",
            Self::MandateRevoked => "MANDATE_REVOKED",
            Self::MerchantNotAllowed => "MERCHANT_NOT_ALLOWED",
            Self::MerchantUnverified => "MERCHANT_UNVERIFIED",
            Self::NoLimitForCurrency => "NO_LIMIT_FOR_CURRENCY",
            Self::OfferExpired => "OFFER_EXPIRED",
            Self::OutsideAllowedHours => "OUTSIDE_ALLOWED_HOURS",
            Self::OfferChanged => "OFFER_CHANGED",
            Self::PayeeNotAllowed => "PAYEE_NOT_ALLOWED",
            Self::PayeeUnreachable => "PAYEE_UNREACHABLE",
            Self::PerItemCap => "PER_ITEM_CAP",
            Self::PerTxnCap => "PER_TXN_CAP",
            Self::RailNotAllowed => "RAIL_NOT_ALLOWED",
            Self::RivalConfirmed => "RIVAL_CONFIRMED",
            Self::UnknownMandate => "UNKNOWN_MANDATE",
            Self::WalletFrozen => "WALLET_FROZEN",
            Self::WindowCap => "WINDOW_CAP",
            Self::WindowCount => "WINDOW_COUNT",
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs go by them, in answers and in events.
    #[test]
    fn a_code_is_one_word_wherever_it_stands() {
        let codes = [
            "ALLOWED",
            "APPROVAL_EXPIRED",
            "APPROVAL_REJECTED",
            "APPROVAL_REQUIRED",
            "APPROVALS_FULL",
            "APPROVED",
            "CART_MISMATCH",
            "CATEGORY_BLOCKED",
            "CATEGORY_NOT_ALLOWED",
            "CATEGORY_UNKNOWN",
            "CURRENCY_MISMATCH",
            "HARD_LIMIT",
            "INSUFFICIENT_FUNDS",
            "LAPSED",
            "MANDATE_CAP",
            "MANDATE_EXPIRED",
            "MANDATE_OTHER_AGENT",
            "MANDATE_REVOKED",
            "MERCHANT_NOT_ALLOWED",
            "MERCHANT_UNVERIFIED",
            "NO_LIMIT_FOR_CURRENCY",
            "OFFER_EXPIRED",
            "OUTSIDE_ALLOWED_HOURS",
            "OFFER_CHANGED",
            "PAYEE_NOT_ALLOWED",
            "PAYEE_UNREACHABLE",
            "PER_ITEM_CAP",
            "PER_TXN_CAP",
            "RAIL_NOT_ALLOWED",
            "RIVAL_CONFIRMED",
            "UNKNOWN_MANDATE",
            "WALLET_FROZEN",
            "WINDOW_CAP",
            "WINDOW_COUNT",
        ];
        for code in codes {
            let read: ReasonCode = serde_json::from_value(code.into()).unwrap();
            assert_eq!((read.as_str(), read.to_string().as_str()), (code, code));
        }
    }

    #[test]
    fn a_rule_is_shown_with_how_it_fell_and_what_it_compared() {
        let mut trace = Trace::default();
        assert!(trace.note("hard_limit", true, "1 XNO of at most 50 XNO"));
        assert!(!trace.note("not_frozen", false, "stop"));
        let shown: Vec<String> = trace.into_rules().iter().map(Rule::to_string).collect();
        assert_eq!(
            shown,
            ["hard_limit: pass (1 XNO of at most 50 XNO)", "not_frozen: FAIL (stop)"]
        );
    }
}
