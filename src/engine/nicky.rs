//! Progress of attempts at Nicky, asked for by tools and by the outbox and never more often than Nicky wants.
//!
//! Nothing here may be a reason to pay again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::Engine;
use super::outbox::provider_failure;
use crate::clock::Millis;
use crate::failure::Failure;
use crate::limits;
use crate::providers::Opaque;
use crate::providers::nicky::Progress;

/// The last answer about each attempt.
#[derive(Debug, Default)]
pub(super) struct NickyPolls(Mutex<HashMap<String, Polled>>);

/// A progress and its age.
#[derive(Clone, Debug)]
pub struct Polled {
    /// What Nicky said.
    pub progress: Progress,
    /// When it said so.
    pub asked_at: Millis,
}

impl NickyPolls {
    /// Remembers an answer; of too many the oldest is forgotten.
    pub(super) fn note(&self, attempt: &Opaque, progress: &Progress, now: Millis) -> Polled {
        let polled = Polled { progress: progress.clone(), asked_at: now };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(attempt.as_str().to_owned(), polled.clone());
        if known.len() > limits::NICKY_POLLED {
            let oldest = known.iter().min_by_key(|(_, polled)| polled.asked_at);
            if let Some(id) = oldest.map(|(id, _)| id.clone()) {
                known.remove(&id);
            }
        }
        polled
    }

    /// An answer that is too young for another question.
    fn young(&self, attempt: &Opaque, now: Millis) -> Option<Polled> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let polled = known.get(attempt.as_str())?;
        // A clock that was set back must not silence the questions.
        let is_young =
            now >= polled.asked_at && now.since(polled.asked_at) < limits::NICKY_POLL_LEAST;
        is_young.then(|| polled.clone())
    }
}

impl Engine {
    /// How far an attempt is: what Nicky said within the last [`limits::NICKY_POLL_LEAST`], or says now.
    ///
    /// # Errors
    /// Nicky's.
    pub async fn nicky_progress(&self, attempt: &Opaque) -> Result<Polled, Failure> {
        if let Some(polled) = self.nicky_polls.young(attempt, self.clock().now()) {
            return Ok(polled);
        }
        let nicky = self.services().nicky().await?;
        let progress = nicky.payment_progress(attempt).await;
        let progress = progress.map_err(|error| provider_failure(&error))?;
        Ok(self.nicky_polls.note(attempt, &progress, self.clock().now()))
    }

    /// When the next look at an attempt makes sense.
    pub fn next_nicky_poll(&self, polled: &Polled, pause: Duration) -> Duration {
        let age = self.clock().now().since(polled.asked_at);
        pause.saturating_sub(age).max(limits::NICKY_POLL_LEAST.saturating_sub(age))
    }

    /// Tells Nicky which transaction paid an attempt; harmless to repeat.
    ///
    /// # Errors
    /// Nicky's, which is never a reason to pay again.
    pub async fn report_to_nicky(
        &self,
        attempt: &Opaque,
        hash: &Opaque,
    ) -> Result<Polled, Failure> {
        let nicky = self.services().nicky().await?;
        let progress = nicky.report_transaction(attempt, hash).await;
        let progress = progress.map_err(|error| provider_failure(&error))?;
        Ok(self.nicky_polls.note(attempt, &progress, self.clock().now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::providers::nicky::AttemptStatus;

    fn progress(id: &Opaque) -> Progress {
        Progress {
            attempt_id: id.clone(),
            wallet_address: id.clone(),
            expected_amount: "1".parse().unwrap(),
            asset_id: id.clone(),
            asset_name: None,
            status: AttemptStatus::Pending,
            is_paid: false,
            created_at: None,
            expires_at: None,
            finished_at: None,
            request: None,
            transactions: Vec::new(),
            suggested_hash: None,
        }
    }

    #[test]
    fn an_attempt_is_not_asked_about_sooner_than_nicky_wants() {
        let polls = NickyPolls::default();
        let id: Opaque = "ATT1".parse().unwrap();
        let least = u64::try_from(limits::NICKY_POLL_LEAST.as_millis()).unwrap();
        assert!(polls.young(&id, Millis(5_000)).is_none());
        polls.note(&id, &progress(&id), Millis(5_000));
        assert!(polls.young(&id, Millis(5_000 + least - 1)).is_some());
        assert!(polls.young(&id, Millis(5_000 + least)).is_none());
        assert!(polls.young(&id, Millis(4_999)).is_none());
    }

    #[test]
    fn only_so_many_answers_are_kept() {
        let polls = NickyPolls::default();
        let id = |number: usize| format!("ATT{number}").parse::<Opaque>().unwrap();
        for number in 0..=limits::NICKY_POLLED {
            let at = Millis(number as u64);
            polls.note(&id(number), &progress(&id(number)), at);
        }
        assert!(polls.young(&id(0), Millis(9)).is_none());
        assert!(
            polls.young(&id(limits::NICKY_POLLED), Millis(limits::NICKY_POLLED as u64)).is_some()
        );
    }
}
