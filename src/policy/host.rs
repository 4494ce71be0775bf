//! How far a host's user may approve. That is agent authority: an agent can run its own host, and answer itself.
//!
//! Nothing here may let such an answer count for more than its own caps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, units_text};

/// Whether and how far approvals may be answered in the host.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostApproval {
    /// Off unless the owner turns it on.
    pub enabled: bool,
    /// Caps by currency; a currency without a row is never approved in the host.
    pub limits: BTreeMap<Currency, HostLimits>,
}

/// Caps of one currency, in its smallest unit.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HostLimits {
    /// The most one payment may be.
    #[serde(with = "units_text")]
    pub per_payment: u128,
    /// The most that may be approved in any 24 hours.
    #[serde(with = "units_text")]
    pub per_day: u128,
}

/// Why the owner must answer at a terminal.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HostRefusal {
    /// The policy does not allow it at all.
    #[error("the policy lets no approval be answered in the host")]
    Off,
    /// No caps are set.
    #[error("the policy sets no caps on approvals in the host for {0}")]
    NoCaps(Currency),
    /// One payment is too much.
    #[error("{amount} is above the {cap} that may be approved in the host at once")]
    PerPayment {
        /// What was asked.
        amount: Money,
        /// What may be.
        cap: Money,
    },
    /// The day's cap is used up.
    #[error("{amount} and the {used} approved in the host within 24 h are above {cap}")]
    PerDay {
        /// What was asked.
        amount: Money,
        /// What was approved so far.
        used: Money,
        /// What may be.
        cap: Money,
    },
}

impl HostApproval {
    /// Whether a payment may be approved in the host, after `used` in the last 24 hours. Equal to a cap passes.
    ///
    /// # Errors
    /// [`HostRefusal`].
    pub fn check(&self, amount: Money, used: u128) -> Result<(), HostRefusal> {
        if !self.enabled {
            return Err(HostRefusal::Off);
        }
        let currency = amount.currency;
        let Some(limits) = self.limits.get(&currency) else {
            return Err(HostRefusal::NoCaps(currency));
        };
        let money = |amount| Money { amount, currency };
        if amount.amount > limits.per_payment {
            return Err(HostRefusal::PerPayment { amount, cap: money(limits.per_payment) });
        }
        match used.checked_add(amount.amount) {
            Some(total) if total <= limits.per_day => Ok(()),
            _ => Err(HostRefusal::PerDay { amount, used: money(used), cap: money(limits.per_day) }),
        }
    }

    /// Whether this is the default, which a policy leaves out.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Raw;

    fn xno(amount: u128) -> Money {
        Money::xno(Raw::new(amount))
    }

    fn approval(enabled: bool) -> HostApproval {
        let caps = HostLimits { per_payment: 10, per_day: 25 };
        HostApproval { enabled, limits: BTreeMap::from([(Currency::XNO, caps)]) }
    }

    #[test]
    fn equal_to_a_cap_passes_and_one_more_does_not() {
        let host = approval(true);
        assert_eq!(host.check(xno(10), 15), Ok(()));
        assert!(matches!(host.check(xno(11), 0), Err(HostRefusal::PerPayment { .. })));
        assert!(matches!(host.check(xno(10), 16), Err(HostRefusal::PerDay { .. })));
        assert!(matches!(host.check(xno(1), u128::MAX), Err(HostRefusal::PerDay { .. })));
    }

    #[test]
    fn off_and_without_caps_nothing_passes() {
        assert_eq!(approval(false).check(xno(1), 0), Err(HostRefusal::Off));
        assert_eq!(HostApproval::default().check(xno(1), 0), Err(HostRefusal::Off));
        let bare = HostApproval { enabled: true, limits: BTreeMap::new() };
        assert_eq!(bare.check(xno(1), 0), Err(HostRefusal::NoCaps(Currency::XNO)));
    }

    #[test]
    fn only_what_was_never_set_is_left_out_of_a_policy() {
        assert!(HostApproval::default().is_default());
        assert!(!approval(true).is_default() && !approval(false).is_default());
        let on = HostApproval { enabled: true, limits: BTreeMap::new() };
        assert!(!on.is_default());
    }
}
