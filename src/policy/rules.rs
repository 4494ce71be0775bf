//! What the owner has set. What is in force lives in the store as `policy.loaded` events.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{HostApproval, HostLimits};
use crate::digest::Digest;
use crate::money::{Currency, Money, Raw, units_text};

/// The owner's policy.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// How much an agent may do alone.
    pub mode: Mode,
    /// Without a mandate a payment needs approval.
    pub require_mandate: bool,
    /// Limits by currency; a currency without a row is denied.
    pub limits: BTreeMap<Currency, CurrencyLimits>,
    /// Payments an agent may ask for in any 60 seconds; 0 lifts the limit.
    pub payments_per_minute: u32,
    /// Payments all agents together may ask for in any 60 seconds; 0 lifts the limit.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub payments_per_minute_overall: u32,
    /// How long an approval waits for the owner.
    pub approval_expiry_ms: u64,
    /// Smaller confirmed sends to this wallet are left unreceived.
    #[serde(with = "units_text")]
    pub receive_minimum_raw: u128,
    /// Currencies that count as another one, unit for unit: `USDC` as `USD`. Nothing else converts.
    #[serde(default = "default_pegs", skip_serializing_if = "is_default_pegs")]
    pub pegs: Pegs,
    /// Whether money that comes in is received at once or only when asked for.
    #[serde(default, skip_serializing_if = "ReceiveMode::is_auto")]
    pub receive_mode: ReceiveMode,
    /// Whether and how far a host's user may approve.
    #[serde(default, skip_serializing_if = "HostApproval::is_default")]
    pub host_approval: HostApproval,
}

/// When confirmed sends to this wallet are received.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiveMode {
    /// At once.
    #[default]
    Auto,
    /// When `wallet.receive` is called.
    Manual,
}

impl ReceiveMode {
    /// Left out of a policy's canonical form, so that policies from before this setting keep their hash.
    fn is_auto(&self) -> bool {
        *self == Self::Auto
    }
}

/// From a currency to the one it counts as.
pub type Pegs = BTreeMap<Currency, Currency>;

/// How much an agent may do alone.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every payment waits for the owner.
    ApproveEvery,
    /// Up to the threshold alone, above it with approval.
    Tiered,
    /// Everything up to the hard limit.
    Autonomous,
}

/// Limits of one currency, in its smallest unit.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CurrencyLimits {
    /// A payment above this is denied whatever else is set.
    #[serde(with = "units_text")]
    pub hard_limit: u128,
    /// In tiered mode, up to this an agent pays alone.
    #[serde(with = "units_text")]
    pub auto_approve: u128,
}

impl Policy {
    /// Play money: tiered, 2 XNO or 2 USD alone, 50 at most.
    pub fn sandbox() -> Self {
        Self {
            mode: Mode::Tiered,
            require_mandate: false,
            limits: play_money(),
            payments_per_minute: 60,
            payments_per_minute_overall: 240,
            approval_expiry_ms: millis(APPROVAL_EXPIRY),
            receive_minimum_raw: RECEIVE_MINIMUM_RAW,
            pegs: default_pegs(),
            receive_mode: ReceiveMode::Auto,
            host_approval: HostApproval { enabled: true, limits: host_limits(10, 50) },
        }
    }

    /// Real money: nothing without a mandate or the owner.
    pub fn live() -> Self {
        Self {
            require_mandate: true,
            limits: xno(50, 0),
            host_approval: HostApproval::default(),
            ..Self::sandbox()
        }
    }

    /// SHA-256 over the canonical JSON, recorded with every decision.
    ///
    /// # Panics
    /// Never: a policy always has a canonical form.
    pub fn hash(&self) -> Digest {
        Digest::of_json(self).expect("a policy has a canonical form")
    }

    /// The limits that apply to an amount: its currency's own, or those of the one it is pegged to.
    pub fn limits_for(&self, amount: &Money) -> Option<AppliedLimits> {
        let pegged = self.pegs.get(&amount.currency);
        let currency =
            if self.limits.contains_key(&amount.currency) { amount.currency } else { *pegged? };
        let limits = self.limits.get(&currency)?;
        let limit = |amount| Money { amount, currency };
        Some(AppliedLimits {
            hard_limit: limit(limits.hard_limit),
            auto_approve: limit(limits.auto_approve),
        })
    }
}

/// Limits that apply to one amount, perhaps in the currency its own is pegged to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AppliedLimits {
    /// See [`CurrencyLimits::hard_limit`].
    pub hard_limit: Money,
    /// See [`CurrencyLimits::auto_approve`].
    pub auto_approve: Money,
}

/// Whether an amount is within a limit of the same currency, or of the one it is pegged to. What cannot be compared
/// exactly is not.
pub(super) fn within(amount: &Money, limit: &Money, pegs: &Pegs) -> bool {
    if amount.currency == limit.currency {
        return amount.amount <= limit.amount;
    }
    let pegged = pegs.get(&amount.currency) == Some(&limit.currency);
    match (amount.budget_units(), limit.budget_units()) {
        (Some(amount), Some(limit)) => pegged && amount <= limit,
        _ => false,
    }
}

fn default_pegs() -> Pegs {
    let code = |text: &str| text.parse().expect("both are currency codes");
    Pegs::from([(code("USDC"), code("USD"))])
}

fn is_default_pegs(pegs: &Pegs) -> bool {
    *pegs == default_pegs()
}

fn xno(hard: u128, auto: u128) -> BTreeMap<Currency, CurrencyLimits> {
    let one = Raw::ONE_XNO.get();
    let limits = CurrencyLimits { hard_limit: hard * one, auto_approve: auto * one };
    BTreeMap::from([(Currency::XNO, limits)])
}

/// Dollars are for sellers that want tokens.
fn play_money() -> BTreeMap<Currency, CurrencyLimits> {
    let mut limits = xno(50, 2);
    let usd = "USD".parse().expect("it is a currency code");
    limits.insert(usd, CurrencyLimits { hard_limit: 5_000, auto_approve: 200 });
    limits
}

fn host_limits(per_payment: u128, per_day: u128) -> BTreeMap<Currency, HostLimits> {
    let one = Raw::ONE_XNO.get();
    let limits = HostLimits { per_payment: per_payment * one, per_day: per_day * one };
    BTreeMap::from([(Currency::XNO, limits)])
}

/// Policies of before this field was known keep their hash.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference in")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}

const APPROVAL_EXPIRY: Duration = Duration::from_secs(24 * 3600);
const RECEIVE_MINIMUM_RAW: u128 = 1_000_000_000_000_000_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: u128 = Raw::ONE_XNO.get();

    fn money(amount: u128, code: &str) -> Money {
        Money { amount, currency: code.parse().unwrap() }
    }

    fn limits(policy: &Policy) -> Vec<(String, u128, u128)> {
        let row = |(currency, limits): (&Currency, &CurrencyLimits)| {
            (currency.to_string(), limits.hard_limit, limits.auto_approve)
        };
        policy.limits.iter().map(row).collect()
    }

    #[test]
    fn what_is_in_force_at_first_is_what_the_documents_say() {
        let (sandbox, live) = (Policy::sandbox(), Policy::live());
        let usd = ("USD".to_owned(), 5_000, 200);
        assert_eq!(limits(&sandbox), [usd, ("XNO".to_owned(), 50 * ONE, 2 * ONE)]);
        assert_eq!(limits(&live), [("XNO".to_owned(), 50 * ONE, 0)]);
        assert!(!sandbox.require_mandate && live.require_mandate);
        let host = HostLimits { per_payment: 10 * ONE, per_day: 50 * ONE };
        assert_eq!(sandbox.host_approval.limits, BTreeMap::from([(Currency::XNO, host)]));
        assert!(sandbox.host_approval.enabled && live.host_approval.is_default());
        for policy in [sandbox, live] {
            assert_eq!((policy.mode, policy.receive_mode), (Mode::Tiered, ReceiveMode::Auto));
            assert_eq!((policy.payments_per_minute, policy.payments_per_minute_overall), (60, 240));
            assert_eq!(policy.approval_expiry_ms, 86_400_000);
            assert_eq!(policy.receive_minimum_raw, ONE / 1_000_000);
            let (from, to) = ("USDC".parse().unwrap(), "USD".parse().unwrap());
            assert_eq!(policy.pegs, Pegs::from([(from, to)]));
        }
    }

    /// The hash of a policy is on the ledger with every decision.
    #[test]
    fn a_policy_of_before_a_setting_was_known_keeps_its_hash() {
        let quiet = Policy { payments_per_minute_overall: 0, ..Policy::live() };
        let object = serde_json::to_value(&quiet).unwrap();
        let names: Vec<&str> = object.as_object().unwrap().keys().map(String::as_str).collect();
        let first = [
            "approvalExpiryMs",
            "limits",
            "mode",
            "paymentsPerMinute",
            "receiveMinimumRaw",
            "requireMandate",
        ];
        assert_eq!(names, first);
        assert_eq!(serde_json::from_value::<Policy>(object).unwrap(), quiet);
    }

    #[test]
    fn every_setting_that_is_made_survives_the_ledger_and_changes_the_hash() {
        let first = Policy { payments_per_minute_overall: 0, ..Policy::live() };
        let host_approval = HostApproval { enabled: true, limits: BTreeMap::new() };
        let mut hashes = vec![first.hash()];
        for policy in [
            Policy { payments_per_minute_overall: 1, ..first.clone() },
            Policy { pegs: Pegs::new(), ..first.clone() },
            Policy { receive_mode: ReceiveMode::Manual, ..first.clone() },
            Policy { host_approval, ..first.clone() },
            Policy { mode: Mode::Autonomous, ..first.clone() },
            Policy { approval_expiry_ms: 1, ..first },
        ] {
            let text = serde_json::to_string(&policy).unwrap();
            assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy, "{text}");
            assert!(!hashes.contains(&policy.hash()), "{text}");
            hashes.push(policy.hash());
        }
    }

    #[test]
    fn limits_are_those_of_the_own_currency_before_those_it_is_pegged_to() {
        let mut policy = Policy::sandbox();
        let hard = |policy: &Policy, code| {
            policy.limits_for(&money(1, code)).map(|limits| limits.hard_limit.to_string())
        };
        assert_eq!(hard(&policy, "USD").as_deref(), Some("50 USD"));
        assert_eq!(hard(&policy, "USDC").as_deref(), Some("50 USD"));
        assert_eq!(hard(&policy, "EUR"), None);
        let own = CurrencyLimits { hard_limit: 3_000_000, auto_approve: 1 };
        policy.limits.insert("USDC".parse().unwrap(), own);
        assert_eq!(hard(&policy, "USDC").as_deref(), Some("3 USDC"));
        policy.limits.clear();
        assert_eq!(hard(&policy, "USDC"), None);
    }

    #[test]
    fn what_cannot_be_compared_exactly_is_within_nothing() {
        let pegs = default_pegs();
        for (amount, limit, passes) in [
            (money(5, "XNO"), money(5, "XNO"), true),
            (money(6, "XNO"), money(5, "XNO"), false),
            (money(u128::MAX, "USD"), money(u128::MAX, "USD"), true),
            (money(10_000, "USDC"), money(1, "USD"), true),
            (money(10_001, "USDC"), money(1, "USD"), false),
            (money(1, "USD"), money(10_000, "USDC"), false),
            (money(1, "EUR"), money(500, "USD"), false),
            (money(1, "XNO"), money(500, "USD"), false),
            (money(1, "USDC"), money(u128::MAX, "USD"), false),
        ] {
            assert_eq!(within(&amount, &limit, &pegs), passes, "{amount} of {limit}");
        }
    }
}
