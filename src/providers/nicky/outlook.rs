//! What a progress means for the one who paid (C5, C6, C10).
//!
//! Pure. This module must never call something paid because nothing is open, or because of an unknown word.

use std::time::Duration;

use super::{AttemptStatus, Progress, RequestStatus};
use crate::limits;

/// What is known of an attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Outlook {
    /// Our attempt is done.
    pub is_attempt_confirmed: bool,
    /// The whole request is settled, by whomever.
    pub is_request_paid: bool,
    /// Nicky shows our transaction, found or reported.
    pub is_ours_known: bool,
    /// Somebody else settled it: it is paid, and nothing of ours is seen.
    pub is_paid_by_another: bool,
    /// Nothing more will come by itself.
    pub is_final: bool,
    /// Nicky's support has to be asked, with attempt id and hash.
    pub needs_support: bool,
}

/// Reads a progress, for a wallet that sent the block `our_hash`, or nothing.
pub fn outlook(progress: &Progress, our_hash: Option<&str>) -> Outlook {
    let is_attempt_confirmed = progress.status == AttemptStatus::Confirmed;
    let request_status = progress.request.as_ref().and_then(|request| request.status.as_ref());
    let is_request_paid = progress.is_paid || request_status == Some(&RequestStatus::Finished);
    let is_ours = |hash: &str| our_hash.is_some_and(|ours| ours.eq_ignore_ascii_case(hash));
    let is_ours_known = progress.transactions.iter().any(|found| is_ours(found.hash.as_str()))
        || progress.suggested_hash.as_ref().is_some_and(|hash| is_ours(hash.as_str()));
    let has_sent = our_hash.is_some();
    let is_over = matches!(progress.status, AttemptStatus::Expired | AttemptStatus::Error);
    Outlook {
        is_attempt_confirmed,
        is_request_paid,
        is_ours_known,
        is_paid_by_another: is_request_paid && !is_attempt_confirmed && !is_ours_known,
        is_final: is_attempt_confirmed || is_request_paid || is_over,
        needs_support: progress.status == AttemptStatus::Error
            || (has_sent && is_over && !is_request_paid)
            || (has_sent && is_request_paid && !is_attempt_confirmed && !is_ours_known),
    }
}

/// When to look next, `since_payment` after the payment: never under ten seconds.
pub fn poll_after(since_payment: Duration) -> Duration {
    if since_payment < limits::NICKY_EAGER { limits::NICKY_POLL } else { limits::NICKY_POLL_LATER }
}
