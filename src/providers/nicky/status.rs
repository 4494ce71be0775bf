//! Nicky's four vocabularies of states (fact sheet 1.7), each with room for words nobody has told of.
//!
//! An unknown word must never count as paid.

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::providers::Said;

/// A vocabulary with the words it is written in.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $($word:literal)|+,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq)]
        pub enum $name {
            $($(#[$inner])* $variant,)+
            /// Another word.
            Unknown(Said),
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let word = String::deserialize(d)?;
                Ok(match word.as_str() {
                    $($($word)|+ => Self::$variant,)+
                    other => Self::Unknown(Said::new(other)),
                })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$variant => f.write_str([$($word),+][0]),)+
                    Self::Unknown(word) => write!(f, "unknown ({word})"),
                }
            }
        }
    };
}

vocabulary! {
    /// State of a payment request.
    RequestStatus {
        /// Open.
        PaymentPending = "PaymentPending",
        /// Paid.
        Finished = "Finished",
        /// Withdrawn.
        Canceled = "Canceled" | "Cancelled",
        /// Held for validation: neither paid nor payable.
        PaymentValidationRequired = "PaymentValidationRequired",
        /// Not yet in any state.
        None = "None",
    }
}

vocabulary! {
    /// State of one attempt to pay.
    AttemptStatus {
        /// Nothing seen.
        Pending = "Pending",
        /// Seen on the chain.
        Received = "Received",
        /// Done.
        Confirmed = "Confirmed",
        /// Its address is no longer watched.
        Expired = "Expired",
        /// For Nicky's support.
        Error = "Error",
    }
}

vocabulary! {
    /// State of a transaction on its chain.
    ChainStatus {
        /// Not found yet.
        Pending = "Pending",
        /// Found.
        TxFound = "TxFound",
        /// Confirmed.
        Finished = "Finished",
        /// Not usable.
        Error = "Error",
    }
}

vocabulary! {
    /// State of Nicky's report of a transaction.
    ReportStatus {
        /// The chain is being looked at.
        WaitingForBlockchainCheck = "WaitingForBlockchainCheck",
        /// Booked.
        Finished = "Finished",
        /// Not booked.
        Error = "Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_exact_and_unknown_ones_are_kept() {
        let read = |word: &str| serde_json::from_str::<RequestStatus>(word).unwrap();
        assert_eq!(read("\"Canceled\""), read("\"Cancelled\""));
        assert_eq!(read("\"finished\"").to_string(), "unknown (finished)");
        assert_eq!(RequestStatus::Canceled.to_string(), "Canceled");
        assert!(serde_json::from_str::<RequestStatus>("7").is_err());
    }
}
