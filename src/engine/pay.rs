//! A payment from the question to its place in a lane: validate, decide, reserve and sign in one transaction.

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::desk::{Judged, Placed, RATE_LIMITED, Ticket};
use super::failures::{look_failure, refused, unknown_account};
use super::sign::{self, Unsigned};
use super::{Engine, new_approval_id, new_payment_id};
use crate::books::{Lane, Payment, View};
use crate::clock::Millis;
use crate::failure::{Failure, Retry};
use crate::ids::PaymentId;
use crate::ledger::Head;
use crate::limits;
use crate::money::{Money, Raw};
use crate::nano::Account;
use crate::payment::{IdempotencyKey, PublishVia, Purpose};
use crate::policy::{Claims, Payee, Rail, Request, Stage, Verdict};
use crate::rails::nano as rail;
use crate::store::{CommitError, Refusal};
use crate::wallet::{Frontier, Keystore};

/// A payment as an operation asks for it, parsed and bounded.
#[derive(Clone, Debug)]
pub struct Order {
    /// Identity of the call: the same call sent again to another keeper finds its payment.
    pub call_id: Uuid,
    /// Canonical name of the operation.
    pub operation: &'static str,
    /// Which agent asks, where its host proved one.
    pub agent_id: Option<String>,
    /// Where the money goes.
    pub destination: Account,
    /// What the agent calls it.
    pub label: Option<String>,
    /// How much.
    pub amount: Amount,
    /// The mandate it claims.
    pub mandate_id: Option<String>,
    /// The caller's note.
    pub memo: Option<String>,
    /// The account it is paid from.
    pub account: Account,
    /// One key per intended payment.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Who publishes its block.
    pub publish_via: PublishVia,
    /// What it is for at a third party.
    pub purpose: Option<Box<Purpose>>,
}

impl Order {
    /// The payment without what its rail needs.
    pub(super) fn ticket(&self, payment_id: PaymentId) -> Ticket {
        Ticket {
            call_id: self.call_id,
            operation: self.operation,
            agent_id: self.agent_id.clone(),
            memo: self.memo.clone(),
            account: Some(self.account),
            idempotency_key: self.idempotency_key.clone(),
            publish_via: self.publish_via.clone(),
            purchase: None,
            purpose: self.purpose.clone(),
            payment_id,
            approval_id: new_approval_id(),
        }
    }

    /// What policy judges, for this amount.
    pub(super) fn request(&self, claims: &Claims, payment_id: PaymentId, amount: Raw) -> Request {
        Request {
            payment_id,
            agent_id: self.agent_id.clone(),
            rail: Rail::Nano,
            amount: Money::xno(amount),
            payee: Payee { address: self.destination.to_string(), label: self.label.clone() },
            mandate_id: self.mandate_id.clone(),
            claims: claims.clone(),
            cart: None,
            terms: None,
        }
    }
}

/// How much a payment is to move.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Amount {
    /// This much; positive.
    Exact(Raw),
    /// All that is free when the payment is decided. Needs an idempotency key: without one a repeat would be a payment
    /// of what has come in since.
    Max,
}

impl Amount {
    /// What must be free at least.
    pub(super) fn least(self) -> Raw {
        match self {
            Self::Exact(raw) => raw,
            Self::Max => Raw::new(1),
        }
    }
}

impl From<Raw> for Amount {
    fn from(raw: Raw) -> Self {
        Self::Exact(raw)
    }
}

/// A payment on the books.
#[derive(Clone, Debug)]
pub struct Paid {
    /// As it stands.
    pub payment: Payment,
    /// The chain's head when it was read.
    pub head: Head,
}

impl Engine {
    /// Asks for a payment. What comes back is durable; it may be settled, denied, waiting or under way.
    ///
    /// # Errors
    /// Before a payment id exists: not understood, no funds, a likely duplicate, too many requests, or the network or
    /// store is out of reach.
    pub async fn pay(&self, order: Order) -> Result<Paid, Failure> {
        self.pay_claiming(order, Claims::default()).await
    }

    /// As [`Engine::pay`], with what the agent says is bought.
    ///
    /// # Errors
    /// Those of [`Engine::pay`].
    pub async fn pay_claiming(&self, order: Order, claims: Claims) -> Result<Paid, Failure> {
        self.require_unlocked()?;
        let deadline = self.clock().now().plus(limits::RECEIVE_WAIT);
        loop {
            let frontier = self.frontier_for(&order, &claims).await?;
            match self.place(&order, &claims, frontier).await {
                Err(failure)
                    if failure.code == NO_FUNDS && self.funds_come(&order, deadline).await => {}
                Err(failure) => return Err(failure),
                Ok(id) => {
                    self.nudge_lane(order.account);
                    return self.paid(id);
                }
            }
        }
    }

    /// One payment as it stands.
    ///
    /// # Errors
    /// When there is none with this id, or the store fails.
    pub fn paid(&self, id: PaymentId) -> Result<Paid, Failure> {
        let head = self.store().head();
        let payment = self.store().read(|view| view.payment(id));
        match payment.map_err(|e| super::store_failure(&e))? {
            Some(payment) => Ok(Paid { payment, head }),
            None => Err(Failure::invalid("UNKNOWN_PAYMENT", format!("there is no payment {id}"))),
        }
    }

    /// The verified head to sign on, if the lane is free and nothing forbids the payment as the books stand. A busy
    /// lane needs none: the payment queues.
    async fn frontier_for(
        &self,
        order: &Order,
        claims: &Claims,
    ) -> Result<Option<Frontier>, Failure> {
        let look = |view: &View<'_>| {
            let repeat = view.payment_of_call(order.call_id)?.is_some()
                || match &order.idempotency_key {
                    Some(key) => {
                        view.idempotency(order.agent_id.as_deref(), key.as_str())?.is_some()
                    }
                    None => false,
                };
            let lane = view.lane(&order.account)?;
            let free = lane.filter(|lane| lane.open.is_none() && lane.queued == 0);
            let Some(lane) = free.filter(|_| !repeat) else { return Ok(false) };
            let amount = match order.amount {
                Amount::Exact(raw) => raw,
                Amount::Max => lane.balance.checked_sub(lane.reserved).unwrap_or(Raw::ZERO),
            };
            if amount.is_zero() {
                return Ok(false);
            }
            let request = order.request(claims, new_payment_id(view.now()), amount);
            let foreseen = sign::judge(view, &request, Stage::New)?;
            Ok(matches!(foreseen.verdict, Verdict::Allow(_)))
        };
        if !self.store().read(look).map_err(|e| super::store_failure(&e))? {
            return Ok(None);
        }
        let asked = rail::frontier(self.node(), self.network(), order.account).await;
        match asked {
            Ok(frontier) => Ok(Some(frontier)),
            // The lane's loop waits for the head to be confirmed; the payment queues.
            Err(rail::LookError::Frontier(crate::wallet::FrontierError::Unconfirmed)) => Ok(None),
            Err(error) => Err(look_failure(&error)),
        }
    }

    async fn place(
        &self,
        order: &Order,
        claims: &Claims,
        frontier: Option<Frontier>,
    ) -> Result<PaymentId, Failure> {
        let desk = Desk {
            ticket: order.ticket(new_payment_id(self.clock().now())),
            order: order.clone(),
            claims: claims.clone(),
            frontier,
            keystore: Arc::clone(&self.parts.keystore),
        };
        let agent = order.agent_id.clone();
        let placed = self.store().commit(move |view| desk.place(view)).await;
        placed.map(|committed| committed.value).map_err(|error| self.not_placed(error, agent))
    }

    /// Why a payment has no place on the books; a refusal for the number of requests is counted.
    pub(super) fn not_placed(&self, error: CommitError<Failure>, agent: Option<String>) -> Failure {
        let failure = refused(error);
        if failure.code == RATE_LIMITED {
            self.note_refused(agent);
        }
        failure
    }

    /// Whether money that would cover the payment is on its way in; waits for the next change of the books.
    async fn funds_come(&self, order: &Order, deadline: Millis) -> bool {
        if self.clock().now() >= deadline {
            return false;
        }
        let info = self.node().account_info(order.account).await.ok().flatten();
        let waiting = match info {
            Some(info) => info.receivable,
            None => match self.node().receivable(order.account, Raw::ZERO, 1).await {
                Ok(list) => list.first().map_or(Raw::ZERO, |first| first.amount),
                Err(_) => Raw::ZERO,
            },
        };
        let lane = self.store().read(|view| view.lane(&order.account)).ok().flatten();
        let open = lane.as_ref().is_some_and(|lane| lane.open.is_some());
        // They may have come in since the books were asked.
        let come = lane.is_some_and(|lane| check_funds(&lane, order.amount.least()).is_ok());
        if waiting.is_zero() && !open && !come {
            return false;
        }
        self.look_at(order.account);
        let mut changes = self.store().watch();
        tokio::select! {
            _ = changes.changed() => {}
            () = self.clock().sleep(LOOK_AGAIN) => {}
        }
        true
    }
}

/// What the deciding transaction needs, owned.
struct Desk {
    ticket: Ticket,
    order: Order,
    claims: Claims,
    frontier: Option<Frontier>,
    keystore: Arc<Keystore>,
}

impl Desk {
    fn place(self, view: &View<'_>) -> Placed {
        let id = self.ticket.payment_id;
        // What a repeat must equal is what was asked for, not what "max" came to.
        let asked = match self.order.amount {
            Amount::Exact(raw) => self.order.request(&self.claims, id, raw),
            Amount::Max => self.order.request(&self.claims, id, Raw::ZERO),
        };
        let fingerprint = self.ticket.fingerprint(&asked);
        if let Some(known) = self.ticket.known(view, &fingerprint)? {
            return Ok((Vec::new(), known));
        }
        if let Some(id) = self.ticket.same_purpose(view)? {
            return Ok((Vec::new(), id));
        }
        self.ticket.admit(view)?;
        let Some(lane) = view.lane(&self.order.account)? else {
            return Err(Refusal::No(unknown_account(self.order.account)));
        };
        let request = match self.order.amount {
            Amount::Exact(_) => asked,
            Amount::Max => {
                let all = all_of(&lane, self.order.idempotency_key.as_ref())?;
                self.order.request(&self.claims, id, all)
            }
        };
        self.ticket.check_lookalikes(view, &request)?;
        let Judged { mut events, grant, is_denied } =
            self.ticket.judge(view, &request, fingerprint)?;
        if !is_denied {
            let amount = request.amount.as_raw().unwrap_or(Raw::MAX);
            check_funds(&lane, amount).map_err(Refusal::No)?;
        }
        let frontier = self.frontier.filter(|_| lane.queued == 0);
        if let (Some(grant), Some(frontier)) = (grant, frontier) {
            let now = view.now();
            match sign::intent(&self.keystore, grant, &request, &lane, &frontier, 1, now) {
                Ok(intent) => events.push(intent),
                Err(Unsigned::Later) => {}
                Err(Unsigned::Never(_, reason)) => {
                    return Err(Refusal::No(Failure::refused(NO_FUNDS, reason)));
                }
            }
        }
        Ok((events, id))
    }
}

/// What a payment of everything comes to on the books of this transaction.
fn all_of(lane: &Lane, key: Option<&IdempotencyKey>) -> Result<Raw, Refusal<Failure>> {
    if key.is_none() {
        let message = "to send \"max\" an idempotency key is needed";
        let failure = Failure::invalid("IDEMPOTENCY_KEY_REQUIRED", message)
            .hint("Without one a repeat after a time-out would send what has come in since");
        return Err(Refusal::No(failure));
    }
    let free = lane.balance.checked_sub(lane.reserved).unwrap_or(Raw::ZERO);
    match free.is_zero() {
        false => Ok(free),
        true => Err(Refusal::No(short_of(lane, "all", free))),
    }
}

/// What is held for other payments cannot be spent twice, and an account under alarm spends nothing: a payment that
/// waited for the owner to reconcile it would come as a surprise then.
pub(super) fn check_funds(lane: &Lane, amount: Raw) -> Result<(), Failure> {
    if let Some(alarm) = &lane.frozen {
        let message = format!("account {} is frozen: {alarm}", lane.index);
        return Err(Failure::refused("WALLET_FROZEN", message)
            .hint(
                "Nothing was sent. The owner runs `paywarden reconcile` and looks at what it lists",
            )
            .retry(Retry::AfterOperator));
    }
    if lane.queued >= limits::OPEN_PAYMENTS_PER_LANE {
        let message = format!("{} payments wait for this account already", lane.queued);
        return Err(Failure::refused("LANE_FULL", message)
            .hint("Wait until some are settled")
            .retry(Retry::Safe));
    }
    let free = lane.balance.checked_sub(lane.reserved).unwrap_or(Raw::ZERO);
    if amount <= free {
        return Ok(());
    }
    Err(short_of(lane, &format!("{} XNO", amount.to_xno()), free))
}

fn short_of(lane: &Lane, asked: &str, free: Raw) -> Failure {
    let held = match lane.reserved.is_zero() {
        true => String::new(),
        false => format!(" ({} XNO more is held for payments under way)", lane.reserved.to_xno()),
    };
    let message = format!("{asked} asked, {} XNO can be spent{held}", free.to_xno());
    let hint = format!("Send at most that, or have {} topped up", lane.account);
    Failure::refused(NO_FUNDS, message).hint(hint)
}

pub(super) const NO_FUNDS: &str = "INSUFFICIENT_FUNDS";
const LOOK_AGAIN: Duration = Duration::from_millis(100);
