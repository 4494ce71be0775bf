//! Where a checkout session stands, in the words of every version.
//!
//! This module must never take a word it does not know for one it does.

use serde::{Deserialize, Serialize};

/// The eleven statuses.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Something is still missing.
    Incomplete,
    /// Something is missing or wrong before it can be paid.
    NotReadyForPayment,
    /// Only a person can go on, at the merchant's page.
    RequiresEscalation,
    /// The card's issuer wants to see its holder.
    AuthenticationRequired,
    /// It can be paid as it stands.
    ReadyForPayment,
    /// The merchant has it looked at.
    PendingApproval,
    /// The merchant is at it; a second completion must not be sent.
    CompleteInProgress,
    /// Paid, with an order.
    Completed,
    /// Given up.
    Canceled,
    /// The merchant is at it (early versions).
    InProgress,
    /// Its time is over.
    Expired,
}

/// What a status means for whoever wants to pay.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outlook {
    /// It may be paid.
    Payable,
    /// The agent can put it right by an update.
    Fixable,
    /// Only a person can go on.
    Human,
    /// The merchant works on it; look again later, send nothing.
    Underway,
    /// It is paid.
    Paid,
    /// It never will be.
    Over,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Incomplete,
        Self::NotReadyForPayment,
        Self::RequiresEscalation,
        Self::AuthenticationRequired,
        Self::ReadyForPayment,
        Self::PendingApproval,
        Self::CompleteInProgress,
        Self::Completed,
        Self::Canceled,
        Self::InProgress,
        Self::Expired,
    ];

    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Incomplete => "incomplete",
            Self::NotReadyForPayment => "not_ready_for_payment",
            Self::RequiresEscalation => "requires_escalation",
            Self::AuthenticationRequired => "authentication_required",
            Self::ReadyForPayment => "ready_for_payment",
            Self::PendingApproval => "pending_approval",
            Self::CompleteInProgress => "complete_in_progress",
            Self::Completed => "completed",
            Self::Canceled => "canceled",
            Self::InProgress => "in_progress",
            Self::Expired => "expired",
        }
    }

    /// What it means for whoever wants to pay.
    pub const fn outlook(self) -> Outlook {
        match self {
            Self::ReadyForPayment => Outlook::Payable,
            Self::Incomplete | Self::NotReadyForPayment => Outlook::Fixable,
            Self::RequiresEscalation | Self::AuthenticationRequired | Self::PendingApproval => {
                Outlook::Human
            }
            Self::CompleteInProgress | Self::InProgress => Outlook::Underway,
            Self::Completed => Outlook::Paid,
            Self::Canceled | Self::Expired => Outlook::Over,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back_and_no_other_does() {
        for status in Status::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
            let text = format!("\"{}\"", status.as_str());
            assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), status);
        }
        for bad in ["\"\"", "\"Completed\"", "\"ready\"", "\"cancelled\"", "1", "null"] {
            assert!(serde_json::from_str::<Status>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_status_alone_can_be_paid() {
        let payable = Status::ALL.into_iter().filter(|s| s.outlook() == Outlook::Payable);
        assert_eq!(payable.collect::<Vec<_>>(), [Status::ReadyForPayment]);
    }
}
