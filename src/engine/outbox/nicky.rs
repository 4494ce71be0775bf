//! Tells Nicky which block paid an attempt, and watches the attempt until it is final (fact sheet 1.11, C5, C6, C8).
//!
//! Nothing that Nicky answers may be a reason to pay again.

use super::Try;
use crate::books::{OutboxTask, TaskEnd};
use crate::clock::Millis;
use crate::engine::{Engine, Polled};
use crate::failure::Failure;
use crate::limits;
use crate::nano::BlockHash;
use crate::payment::TaskNews;
use crate::providers::Opaque;
use crate::providers::nicky::{Progress, outlook, poll_after};

impl Engine {
    pub(super) async fn follow_nicky_attempt(
        &self,
        task: &OutboxTask,
        attempt_id: &str,
        expires_at: Millis,
    ) -> Try {
        let Some((hash, paid_at)) = self.block_of(task) else {
            return Try::Failed("the payment it follows is not settled".to_owned());
        };
        let Ok(attempt) = attempt_id.parse::<Opaque>() else {
            return Try::Failed(format!("{attempt_id:?} is no attempt"));
        };
        let was_delivered = task.news.as_ref().is_some_and(|news| news.is_delivered);
        match self.look_at_nicky(&attempt, &hash, was_delivered).await {
            Ok(polled) => judge(&polled.progress, &hash, self.clock().now(), paid_at, expires_at),
            Err(failure) => Try::Failed(failure.message),
        }
    }

    /// Reports the block, or looks, once it is known that the report has arrived.
    async fn look_at_nicky(
        &self,
        attempt: &Opaque,
        hash: &BlockHash,
        was_delivered: bool,
    ) -> Result<Polled, Failure> {
        if was_delivered {
            return self.nicky_progress(attempt).await;
        }
        let hash = hash.to_string().to_ascii_uppercase().parse();
        let hash: Opaque = hash.map_err(|_| Failure::internal("INTERNAL", "a hash is no id"))?;
        match self.report_to_nicky(attempt, &hash).await {
            // Refused, and yet the attempt may be known and even confirmed.
            Err(failure) if REFUSED.contains(&failure.code.as_ref()) => {
                self.nicky_progress(attempt).await
            }
            answered => answered,
        }
    }
}

fn judge(
    progress: &Progress,
    hash: &BlockHash,
    now: Millis,
    paid_at: Millis,
    expires_at: Millis,
) -> Try {
    let seen = outlook(progress, Some(&hash.to_string()));
    let note = if seen.is_paid_by_another {
        Some("the request is paid, and Nicky does not show this payment: ask support@nicky.me with the attempt and the block".to_owned())
    } else if seen.needs_support {
        Some(format!(
            "Nicky says {}: ask support@nicky.me with the attempt and the block",
            progress.status
        ))
    } else {
        None
    };
    let news = TaskNews {
        status: progress.status.to_string(),
        is_delivered: seen.is_ours_known || seen.is_attempt_confirmed,
        note,
    };
    let is_good = seen.is_attempt_confirmed || (seen.is_request_paid && seen.is_ours_known);
    if is_good {
        return Try::Ended(TaskEnd::Done, news);
    }
    if now >= expires_at.plus(limits::NICKY_LATE) {
        return Try::Ended(TaskEnd::GaveUp, news);
    }
    Try::Again(poll_after(now.since(paid_at)), news)
}

/// Nicky's answers that say the report was not taken.
const REFUSED: [&str; 3] = ["PROVIDER_UNKNOWN_ID", "PROVIDER_CONFLICT", "PROVIDER_REFUSED"];
