//! What a payment is for at a third party, and what that party needs once money has moved.
//!
//! Plain data, written down with the payment: nothing here may hold a secret, nor be needed to find out whether money
//! has moved. A new kind of task is a variant here and a file in `engine/outbox`.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;

/// What a payment is for, beyond its payee and amount.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Purpose {
    /// What is paid, such as `nicky:VWXYZ`. There is one payment for it; another only if that one moved nothing.
    pub subject: String,
    /// From here on nothing is signed for it: what is offered has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_before_ms: Option<Millis>,
    /// What is to be done once the money has moved.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<Task>,
}

/// Something to be done for a third party. Doing it twice must be as good as doing it once.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Task {
    /// Watch an order at Nanswap Pay until it is final.
    NanswapOrder {
        /// Their id.
        invoice_id: String,
        /// Until when it could be paid, by our clock.
        expires_at_ms: Millis,
    },
    /// Tell Nicky which block paid an attempt, and watch the attempt until it is final.
    NickyAttempt {
        /// The attempt.
        attempt_id: String,
        /// Until when it could be paid, by our clock.
        expires_at_ms: Millis,
    },
    /// Read back what was charged on the payment token of a purchase, and hold it against what was decided on.
    PaymentToken {
        /// The key the token was issued under.
        token_key: String,
    },
}

impl Task {
    /// Under what else than the payment's own subject its payment is looked for.
    pub fn subject(&self) -> Option<String> {
        match self {
            Self::NanswapOrder { .. } | Self::PaymentToken { .. } => None,
            Self::NickyAttempt { attempt_id, .. } => Some(nicky_attempt_subject(attempt_id)),
        }
    }
}

/// What an attempt at Nicky is called among the subjects of payments.
pub fn nicky_attempt_subject(attempt_id: &str) -> String {
    format!("nicky-attempt:{attempt_id}")
}

/// What a third party said last.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TaskNews {
    /// Its own word for where it stands.
    pub status: String,
    /// Whether it has what it was to be told.
    pub is_delivered: bool,
    /// One sentence, where there is something to say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_survives_the_ledger() {
        let task =
            Task::NickyAttempt { attempt_id: "ATT1".to_owned(), expires_at_ms: Millis(2_000) };
        let purpose = Purpose {
            subject: "nicky:VWXYZ".to_owned(),
            sign_before_ms: Some(Millis(1_000)),
            after: vec![task],
        };
        let text = serde_json::to_string(&purpose).unwrap();
        let expected = r#"{"subject":"nicky:VWXYZ","signBeforeMs":1000,"after":[{"nicky_attempt":{"attemptId":"ATT1","expiresAtMs":2000}}]}"#;
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Purpose>(&text).unwrap(), purpose);
    }

    #[test]
    fn a_payment_is_found_by_its_attempt_and_by_no_order() {
        let (invoice_id, expires_at_ms) = ("INV1".to_owned(), Millis(2_000));
        let attempt_id = "ATT1".to_owned();
        for (task, subject) in [
            (Task::NickyAttempt { attempt_id, expires_at_ms }, Some("nicky-attempt:ATT1")),
            (Task::NanswapOrder { invoice_id, expires_at_ms }, None),
            (Task::PaymentToken { token_key: "token-1".to_owned() }, None),
        ] {
            assert_eq!(task.subject().as_deref(), subject);
        }
    }
}
