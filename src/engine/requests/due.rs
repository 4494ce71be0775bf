//! What ends by the clock: requests expire, and those that expired long ago are no longer watched.
//!
//! A request must not be given up before its account was looked at after its time: the wallet may have been off.

use std::convert::Infallible;
use std::time::Duration;

use super::super::Engine;
use super::super::failures::unrefused;
use crate::books::{Body, Event, PaymentRequest, RequestEnd, RequestState, View};
use crate::clock::Millis;
use crate::limits;
use crate::store::StoreError;

impl Engine {
    /// Ends what is due; says how long nothing more is, or `None` when nothing is watched.
    pub(super) async fn end_due_requests(&self) -> Result<Option<Duration>, StoreError> {
        let now = self.clock().now();
        let ends = self.store().read(|view| view.request_ends(limits::REQUESTS_ENDED))?;
        let Some((soonest, _)) = ends.first() else { return Ok(None) };
        let pause = soonest.since(now);
        let due = ends.iter().filter(|(at, _)| *at < now);
        let (ready, unseen): (Vec<_>, Vec<_>) =
            due.partition(|(at, request)| self.may_end(*at, request));
        for (_, request) in &unseen {
            self.requests.put_back(request.account);
        }
        let mut ready: Vec<PaymentRequest> =
            ready.into_iter().map(|(_, request)| request.clone()).collect();
        if ready.is_empty() {
            let waits = !unseen.is_empty();
            return Ok(Some(if waits { self.parts.rhythm.retrying } else { pause }));
        }
        let commit = self.store().commit::<(), Infallible, _>(move |view| {
            ready.retain(|request| is_still(view, request));
            Ok((ready.iter().map(ended).collect(), ()))
        });
        commit.await.map_err(unrefused)?;
        Ok(Some(Duration::ZERO))
    }

    fn may_end(&self, at: Millis, request: &PaymentRequest) -> bool {
        let looked = self.requests.looked_at(&request.account);
        request.state == RequestState::Open || looked.is_some_and(|looked| looked > at)
    }
}

fn is_still(view: &View<'_>, request: &PaymentRequest) -> bool {
    let found = view.request(request.id());
    found.is_ok_and(|found| found.is_some_and(|found| found.state == request.state))
}

fn ended(request: &PaymentRequest) -> Event {
    let end = RequestEnd { request_id: request.id() };
    match request.state {
        RequestState::Open => Body::RequestExpired(end).into(),
        _ => Body::RequestClosed(end).into(),
    }
}
