//! Waiting for a request to be paid. Only looks: whoever stops waiting changes nothing.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::Engine;
use super::Requested;
use crate::books::RequestStatus;
use crate::failure::Failure;
use crate::ids::RequestId;
use crate::limits;

impl Engine {
    /// Waits until the request is paid, another amount has come, or it expires: at most `timeout`, or until
    /// `cancelled`. Its account is looked at meanwhile.
    ///
    /// # Errors
    /// When there is no such request, or the store fails.
    pub async fn wait_for_request(
        &self,
        id: RequestId,
        timeout: Duration,
        cancelled: &CancellationToken,
    ) -> Result<Requested, Failure> {
        let deadline = self.clock().now().plus(timeout);
        let mut changes = self.store().watch();
        let first = self.payment_request(id)?;
        let first = first.request.status(first.now);
        loop {
            changes.mark_unchanged();
            let found = self.payment_request(id)?;
            let status = found.request.status(found.now);
            let waits = status == first && !is_final(status);
            if !waits || found.now >= deadline || cancelled.is_cancelled() {
                return Ok(found);
            }
            self.look_soon(&found);
            let left = deadline.since(found.now).min(limits::REQUEST_LOOK_LEAST);
            tokio::select! {
                _ = changes.changed() => {}
                () = self.clock().sleep(left) => {}
                () = cancelled.cancelled() => {}
                () = self.stopping.cancelled() => return self.payment_request(id),
            }
        }
    }

    /// Lets the account of a request that is asked about be looked at, no more often than is good for the node.
    pub fn look_soon(&self, found: &Requested) {
        let account = found.request.account;
        let looked = self.requests.looked_at(&account);
        let rests = |at| found.now >= at && found.now.since(at) < limits::REQUEST_LOOK_LEAST;
        if found.request.is_watched() && !looked.is_some_and(rests) {
            self.requests.want(account);
        }
    }
}

fn is_final(status: RequestStatus) -> bool {
    matches!(status, RequestStatus::Paid | RequestStatus::PaidLate | RequestStatus::Expired)
}
