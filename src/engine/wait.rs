//! Waiting for a payment. Only looks: whoever stops waiting changes nothing, and nothing here may wait without an end.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Engine, Paid};
use crate::failure::Failure;
use crate::ids::PaymentId;
use crate::payment::Status;

impl Engine {
    /// Waits until the payment is final or waits for the owner, at most `timeout`, or until `cancelled`. `tell` hears
    /// of it at every change and at least once a second, with the seconds waited.
    ///
    /// # Errors
    /// When there is no such payment, or the store fails.
    pub async fn wait_for_payment(
        &self,
        id: PaymentId,
        timeout: Duration,
        cancelled: &CancellationToken,
        tell: impl FnMut(&Paid, Duration) + Send,
    ) -> Result<Paid, Failure> {
        self.wait_while(id, Status::Pending, timeout, cancelled, tell).await
    }

    /// Waits as long as the payment has `status`, whichever it has then; otherwise as
    /// [`Engine::wait_for_payment`].
    ///
    /// # Errors
    /// When there is no such payment, or the store fails.
    pub async fn wait_while(
        &self,
        id: PaymentId,
        status: Status,
        timeout: Duration,
        cancelled: &CancellationToken,
        mut tell: impl FnMut(&Paid, Duration) + Send,
    ) -> Result<Paid, Failure> {
        let started = self.clock().now();
        let deadline = started.plus(timeout);
        let mut changes = self.store().watch();
        let mut told: Option<u64> = None;
        loop {
            changes.mark_unchanged();
            let paid = self.paid(id)?;
            let now = self.clock().now();
            let waited = now.since(started);
            let changed = paid.payment.state.status() != status;
            if changed || now >= deadline || cancelled.is_cancelled() {
                return Ok(paid);
            }
            if told != Some(waited.as_secs()) {
                told = Some(waited.as_secs());
                tell(&paid, waited);
            }
            tokio::select! {
                _ = changes.changed() => {}
                () = self.clock().sleep(TICK.min(deadline.since(now))) => {}
                () = cancelled.cancelled() => {}
                () = self.stopping.cancelled() => return self.paid(id),
            }
        }
    }
}

const TICK: Duration = Duration::from_secs(1);
