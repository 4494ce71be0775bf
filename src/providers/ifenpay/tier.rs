//! How many credits can be bought at once: nine amounts and no other.

use std::fmt;

/// One of the nine amounts of credits.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Tier(u32);

/// So many credits are not sold at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "{found} credits cannot be bought at once; 10, 50, 100, 500, 1000, 5000, 10000, 50000 and 100000 can"
)]
pub struct UnknownTier {
    /// What was asked for.
    pub found: u64,
}

impl UnknownTier {
    /// The stable code told to callers (seeds/001).
    pub const fn code(self) -> &'static str {
        "INVALID_CREDITS_AMOUNT"
    }
}

impl Tier {
    /// All nine, smallest first.
    pub const ALL: [Self; 9] = [
        Self(10),
        Self(50),
        Self(100),
        Self(500),
        Self(1_000),
        Self(5_000),
        Self(10_000),
        Self(50_000),
        Self(100_000),
    ];

    /// How many credits.
    pub const fn credits(self) -> u32 {
        self.0
    }
}

impl TryFrom<u64> for Tier {
    type Error = UnknownTier;

    fn try_from(credits: u64) -> Result<Self, Self::Error> {
        let found = Self::ALL.into_iter().find(|tier| u64::from(tier.0) == credits);
        found.ok_or(UnknownTier { found: credits })
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_amounts_are_tiers_and_their_neighbours_are_not() {
        for tier in Tier::ALL {
            let credits = u64::from(tier.credits());
            assert_eq!(Tier::try_from(credits), Ok(tier));
            for found in [credits - 1, credits + 1, credits + (1 << 32)] {
                assert_eq!(Tier::try_from(found), Err(UnknownTier { found }));
            }
        }
        assert!(Tier::try_from(0).is_err());
    }
}
