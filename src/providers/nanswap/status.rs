//! States of an order (seeds/003, order statuses).
//!
//! Only `completed` may count as paid; an unknown word never does.

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::providers::Said;

/// State of an order.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OrderStatus {
    /// The payer has to choose a currency.
    PendingCurrency,
    /// Nothing was paid yet.
    Waiting,
    /// A payment was seen and is being passed on: the payer must not pay again.
    Processing,
    /// Passed on.
    Completed,
    /// Too little was paid. Never topped up automatically.
    Underpaid,
    /// Something went wrong.
    Error,
    /// A payment was seen and could not be passed on.
    ProcessingError,
    /// Another word.
    Unknown(Said),
}

impl OrderStatus {
    /// Reads the word.
    pub fn of(word: &str) -> Self {
        let known = ALL.iter().find(|(name, _)| *name == word);
        known.map_or_else(|| Self::Unknown(Said::new(word)), |(_, status)| status.clone())
    }

    /// How far an order is; it never goes back (fact sheet 2.9).
    pub const fn rank(&self) -> u8 {
        match self {
            Self::PendingCurrency | Self::Unknown(_) => 0,
            Self::Waiting => 1,
            Self::Processing => 2,
            Self::Completed | Self::Underpaid | Self::Error | Self::ProcessingError => 3,
        }
    }

    /// Whether nothing more will come by itself.
    pub const fn is_final(&self) -> bool {
        self.rank() == 3
    }

    /// Whether an order in this state may later be in `next`. `completed` is the end.
    pub fn may_become(&self, next: &Self) -> bool {
        self == next || (*self != Self::Completed && next.rank() >= self.rank())
    }
}

impl<'de> Deserialize<'de> for OrderStatus {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d).map(|word| Self::of(&word))
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match ALL.iter().find(|(_, status)| status == self) {
            Some((name, _)) => f.write_str(name),
            None => match self {
                Self::Unknown(word) => write!(f, "unknown ({word})"),
                _ => f.write_str("unknown"),
            },
        }
    }
}

const ALL: [(&str, OrderStatus); 7] = [
    ("pending-currency", OrderStatus::PendingCurrency),
    ("waiting", OrderStatus::Waiting),
    ("processing", OrderStatus::Processing),
    ("completed", OrderStatus::Completed),
    ("underpaid", OrderStatus::Underpaid),
    ("error", OrderStatus::Error),
    ("processing-error", OrderStatus::ProcessingError),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_never_goes_back() {
        use OrderStatus::{Completed, Processing, Underpaid, Waiting};
        assert!(Waiting.may_become(&Processing) && Processing.may_become(&Completed));
        assert!(Waiting.may_become(&Waiting) && Completed.may_become(&Completed));
        assert!(!Processing.may_become(&Waiting) && !Completed.may_become(&Underpaid));
        assert!(Underpaid.may_become(&Completed), "support may put it right");
        for (name, status) in ALL {
            assert_eq!(
                (OrderStatus::of(name), status.to_string()),
                (status.clone(), name.to_owned())
            );
        }
        let expired = OrderStatus::of("expired");
        assert!(!expired.is_final() && expired.to_string() == "unknown (expired)");
    }
}
