//! Identifiers that several modules share. An id says nothing but when it was made; nothing may be read out of it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::{NoContext, Timestamp, Uuid};

use crate::clock::Millis;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
        )]
        #[serde(transparent)]
        #[schemars(inline, transparent)]
        pub struct $name(#[schemars(with = "String")] pub Uuid);

        impl $name {
            /// The 16 bytes, as a store key.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    };
}

id! {
    /// One attempt to move money, for life.
    PaymentId
}
id! {
    /// One question to the owner.
    ApprovalId
}
id! {
    /// One request to be paid, for life.
    RequestId
}
id! {
    /// One wallet: a store and its ledger.
    WalletId
}
id! {
    /// One mandate an agent has drafted.
    ProposalId
}

/// A new id, random beyond its first 48 bits, which are `now` (RFC 9562, version 7): rows that are written together lie
/// together in the store, so that a commit touches few pages however large the store is.
pub fn time_ordered(now: Millis) -> Uuid {
    let (seconds, millis) = (now.0 / 1_000, now.0 % 1_000);
    let nanos = u32::try_from(millis * 1_000_000).expect("less than a second");
    Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_ids_sort_after_earlier_ones_and_no_two_are_equal() {
        let ids: Vec<Uuid> = (1..100).map(|at| time_ordered(Millis(at * 997))).collect();
        assert!(ids.is_sorted());
        let now = Millis(1_800_000_000_000);
        let same: std::collections::BTreeSet<Uuid> =
            (0..1_000).map(|_| time_ordered(now)).collect();
        assert_eq!(same.len(), 1_000);
        assert_eq!(time_ordered(now).get_version_num(), 7);
    }
}
