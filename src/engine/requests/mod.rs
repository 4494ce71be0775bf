//! Requests to be paid, without any third party: made here, and watched until they are paid or have long expired.
//!
//! A request is paid by a confirmed send whose block was checked, never by a message or a list of a node. Watching
//! needs no key and goes on while the wallet is locked or frozen.

mod due;
mod look;
mod memory;
mod observe;
mod wait;
mod watch;

pub(super) use memory::Memory as RequestMemory;

use std::time::Duration;

use uuid::Uuid;

use super::failures::{node_failure, refused, store_failure};
use super::{Engine, Millis};
use crate::books::{Body, NewRequest, PaymentRequest, View};
use crate::failure::{Failure, Retry};
use crate::ids::RequestId;
use crate::ledger::Head;
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, BlockHash};
use crate::payment::{Claim, own_amount};
use crate::store::Refusal;

/// What is to be asked of a payer.
#[derive(Clone, Debug)]
pub struct RequestOrder {
    /// The call that asks; its id is the request's, so that a call sent twice makes one.
    pub call_id: Uuid,
    /// Which agent.
    pub agent_id: Option<String>,
    /// The account to pay to, ours or not.
    pub account: Account,
    /// At least this much.
    pub asked: Raw,
    /// How long it is open.
    pub open_for: Duration,
    /// Where the payer's browser may go afterwards.
    pub redirect_url: Option<String>,
    /// The caller's note.
    pub memo: Option<String>,
}

/// A request as it stands.
#[derive(Clone, Debug)]
pub struct Requested {
    /// The request.
    pub request: PaymentRequest,
    /// When this was read.
    pub now: Millis,
    /// The ledger's head then.
    pub head: Head,
}

/// What the network holds that must not count as a payment: it was there before.
#[derive(Debug)]
struct Baseline {
    height: u64,
    before: Vec<BlockHash>,
}

impl Engine {
    /// Makes a request and watches its account from now on. The same call again gives the same request.
    ///
    /// # Errors
    /// When too much is watched, the node is out of reach, or the store fails.
    pub async fn request_to_be_paid(&self, order: RequestOrder) -> Result<Requested, Failure> {
        let id = RequestId(order.call_id);
        if let Ok(known) = self.payment_request(id) {
            return Ok(known);
        }
        let baseline = self.baseline(&order).await?;
        let random = random()?;
        let commit = self.store().commit::<(), Failure, _>(move |view| {
            let created = created(view, order, baseline, random)?;
            Ok((vec![Body::RequestCreated(Box::new(created)).into()], ()))
        });
        commit.await.map_err(refused)?;
        self.follow_requests().map_err(|e| store_failure(&e))?;
        self.requests.stir();
        self.payment_request(id)
    }

    /// One request as it stands, whoever made it.
    ///
    /// # Errors
    /// `INVALID_TRANSACTION_ID` when there is none.
    pub fn payment_request(&self, id: RequestId) -> Result<Requested, Failure> {
        let read = self.store().read(|view| view.request(id));
        let found = read.map_err(|e| store_failure(&e))?;
        let request = found.ok_or_else(|| unknown_request(&id.to_string()))?;
        Ok(Requested { request, now: self.clock().now(), head: self.store().head() })
    }

    /// What is there already. It is read before the request is made, so that nothing that comes later is taken for it.
    async fn baseline(&self, order: &RequestOrder) -> Result<Baseline, Failure> {
        let (account, asked) = (order.account, order.asked);
        let info = self.node().account_info(account).await.map_err(|e| node_failure(&e))?;
        let page = limits::RECEIVABLE_PAGE;
        let waiting = self.node().receivable(account, asked, page).await;
        let waiting = waiting.map_err(|e| node_failure(&e))?.into_iter();
        let before = waiting.filter(|send| send.amount == asked).map(|send| send.hash).collect();
        Ok(Baseline { height: info.map_or(0, |info| info.confirmed_height), before })
    }
}

/// What a caller is told who names no request, or another agent's.
pub fn unknown_request(id: &str) -> Failure {
    let shown: String = id.chars().take(limits::QUOTE_CHARS).collect();
    let message = format!("there is no payment request {shown:?}");
    Failure::invalid("INVALID_TRANSACTION_ID", message)
        .hint("Give the transaction_id of an earlier payment.request; payment.list shows them")
}

fn created(
    view: &View<'_>,
    order: RequestOrder,
    baseline: Baseline,
    random: u32,
) -> Result<NewRequest, Refusal<Failure>> {
    let watched = view.watch(&order.account)?;
    let counters = view.request_counters()?;
    if counters.watched >= limits::REQUESTS_WATCHED {
        return Err(Refusal::No(too_many(counters.watched, "payment requests are")));
    }
    if watched.is_none() && counters.accounts >= limits::REQUEST_ACCOUNTS {
        return Err(Refusal::No(too_many(counters.accounts, "accounts of payment requests are")));
    }
    let taken = |amount| view.is_amount_taken(&order.account, amount);
    let amount_raw = own_amount(order.asked, random, taken)?.ok_or_else(|| {
        let message = "no amount close to this one is free at that account";
        Refusal::No(Failure::refused("AMOUNT_TOO_LARGE", message).hint("Ask for another amount"))
    })?;
    let claim = Claim {
        request_id: RequestId(order.call_id),
        asked_raw: order.asked,
        amount_raw,
        created_at_ms: view.now(),
        expires_at_ms: view.now().plus(order.open_for),
        before: baseline.before,
    };
    Ok(NewRequest {
        claim,
        account: order.account,
        agent_id: order.agent_id,
        redirect_url: order.redirect_url,
        memo: order.memo,
        height: watched.is_none().then_some(baseline.height),
    })
}

fn too_many(count: u32, what: &str) -> Failure {
    Failure::refused("TOO_MANY_REQUESTS", format!("{count} {what} watched, which is the most"))
        .hint("Wait until some are paid or have expired; ask for shorter times")
        .retry(Retry::Safe)
}

fn random() -> Result<u32, Failure> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes)
        .map_err(|_| Failure::internal("INTERNAL", "the system gives no random numbers"))?;
    Ok(u32::from_ne_bytes(bytes))
}

#[cfg(test)]
mod tests;
