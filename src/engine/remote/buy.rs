//! Asking for a purchase: known already, decided on what the seller wants, and signed in the same transaction.
//!
//! It must never judge the agent's words for the seller's: amount, terms and cart come from whoever asked the seller.

use std::sync::Arc;

use uuid::Uuid;

use super::super::desk::{Judged, Placed, Ticket};
use super::super::failures::refusal_apart;
use super::super::pay::{NO_FUNDS, check_funds};
use super::super::sign::{self, Unsigned};
use super::super::{Engine, Paid, new_approval_id, new_payment_id, store_failure};
use super::cheque;
use super::handover::{MakeHeader, MakeProof};
use crate::books::{RowsError, View};
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::money::{Money, Raw};
use crate::nano::{Account, Work};
use crate::payment::{IdempotencyKey, Intent, PublishVia, Purchase, Purpose};
use crate::policy::{Cart, Policy, ReasonCode, Request, Terms};
use crate::store::Refusal;
use crate::wallet::{Frontier, Keystore};

/// A purchase as an agent asks for it.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Identity of the call: the same call sent again to another keeper finds its payment.
    pub call_id: Uuid,
    /// Canonical name of the operation.
    pub operation: &'static str,
    /// What is judged, with the most the agent would pay for its amount.
    pub request: Request,
    /// The caller's note.
    pub memo: Option<String>,
    /// One key per intended payment.
    pub idempotency_key: Option<IdempotencyKey>,
    /// What is bought.
    pub purchase: Purchase,
    /// What it is for at a third party, and what is to be done there after it.
    pub purpose: Option<Box<Purpose>>,
}

/// What the seller wants for it, as it answered itself.
#[derive(Debug)]
pub struct Offer {
    /// How much.
    pub amount: Money,
    /// How and to whom.
    pub terms: Option<Terms>,
    /// What is bought, where the merchant says so.
    pub cart: Option<Cart>,
    /// Where the money comes from.
    pub source: Source,
}

/// Where the money of a purchase comes from.
pub enum Source {
    /// From no account of ours: a proof is made.
    Proof(MakeProof),
    /// From one of our Nano accounts.
    Lane {
        /// Which.
        account: Account,
        /// Its verified head and the work of the next block, if it is free; otherwise the payment waits for it.
        place: Option<(Frontier, Work)>,
        /// Makes the header.
        header: MakeHeader,
        /// How long the seller has, in milliseconds.
        timeout_ms: u64,
    },
}

impl Engine {
    /// The payment this wish already stands for: to be asked before the seller is.
    ///
    /// # Errors
    /// When its idempotency key stands for something else, an equal purchase is open, or the store's.
    pub fn bought_before(&self, wish: &Wish) -> Result<Option<Paid>, Failure> {
        let ticket = self.ticket(wish, None);
        let known = self.store().read(|view| {
            let fingerprint = ticket.fingerprint(&wish.request);
            refusal_apart(ticket.known(view, &fingerprint).and_then(|known| {
                if known.is_none() {
                    ticket.check_lookalikes(view, &wish.request)?;
                }
                Ok(known)
            }))
        });
        match known.map_err(|e| store_failure(&e))?? {
            Some(id) => self.paid(id).map(Some),
            None => Ok(None),
        }
    }

    /// Asks for a purchase. What comes back is durable; it may be denied, waiting or under way.
    ///
    /// # Errors
    /// Before a payment id exists: the price is above what was asked, a likely duplicate, too many requests, no funds,
    /// or the store is out of reach.
    pub async fn buy(&self, wish: Wish, offer: Offer) -> Result<Paid, Failure> {
        self.require_unlocked()?;
        let account = match &offer.source {
            Source::Proof(_) => None,
            Source::Lane { account, .. } => Some(*account),
        };
        let ticket = self.ticket(&wish, account);
        let agent = ticket.agent_id.clone();
        let desk = Desk { ticket, wish, offer, keystore: Arc::clone(&self.parts.keystore) };
        let placed = self.store().commit(move |view| desk.place(view)).await;
        let id = placed.map_err(|error| self.not_placed(error, agent))?.value;
        match account {
            Some(account) => self.nudge_lane(account),
            None => self.remotes.stir(),
        }
        self.paid(id)
    }

    pub(in crate::engine) fn ticket(&self, wish: &Wish, account: Option<Account>) -> Ticket {
        Ticket {
            call_id: wish.call_id,
            operation: wish.operation,
            agent_id: wish.request.agent_id.clone(),
            memo: wish.memo.clone(),
            account,
            idempotency_key: wish.idempotency_key.clone(),
            publish_via: PublishVia::Node,
            purchase: Some(wish.purchase.clone()),
            purpose: wish.purpose.clone(),
            payment_id: new_payment_id(self.clock().now()),
            approval_id: new_approval_id(),
        }
    }
}

impl Wish {
    /// What a purchase, and its dry run, may meet before it is judged: `request` has the seller's price.
    pub(in crate::engine) fn admit(
        &self,
        ticket: &Ticket,
        view: &View<'_>,
        request: &Request,
    ) -> Result<(), Refusal<Failure>> {
        ticket.admit(view)?;
        let most = &self.request.amount;
        if !is_within(view, &request.amount, most)? {
            let message =
                format!("the seller wants {}, at most {most} was asked for", request.amount);
            return Err(Refusal::No(
                Failure::refused("PRICE_TOO_HIGH", message)
                    .hint("Nothing was paid. Ask for at least the price if it is worth that"),
            ));
        }
        ticket.check_lookalikes(view, request)
    }
}

/// What the deciding transaction needs, owned.
struct Desk {
    ticket: Ticket,
    wish: Wish,
    offer: Offer,
    keystore: Arc<Keystore>,
}

impl Desk {
    fn place(self, view: &View<'_>) -> Placed {
        let Self { ticket, wish, offer, keystore } = self;
        let id = ticket.payment_id;
        let fingerprint = ticket.fingerprint(&wish.request);
        if let Some(known) = ticket.known(view, &fingerprint)? {
            return Ok((Vec::new(), known));
        }
        if let Some(known) = ticket.same_purpose(view)? {
            return Ok((Vec::new(), known));
        }
        let request = Request {
            payment_id: id,
            amount: offer.amount,
            terms: offer.terms,
            cart: offer.cart,
            ..wish.request.clone()
        };
        wish.admit(&ticket, view, &request)?;
        let Judged { mut events, grant, is_denied } = ticket.judge(view, &request, fingerprint)?;
        if !is_denied {
            check_room(view, &offer.source, &request)?;
        }
        let Some(grant) = grant else { return Ok((events, id)) };
        let signed = match offer.source {
            Source::Proof(make) => make(grant, &request, 1, view.now())
                .map(Intent::Presented)
                .map_err(|reason| Unsigned::Never(ReasonCode::OfferChanged, reason)),
            Source::Lane { account, place, header, timeout_ms } => {
                let lane = view.lane(&account)?.filter(|lane| lane.queued == 0);
                match (lane, place) {
                    (Some(lane), Some((frontier, work))) => {
                        let now = view.now();
                        sign::send(&keystore, grant, &request, &lane, &frontier, 1, now)
                            .and_then(|sent| cheque::drawn(sent, work, header, timeout_ms))
                    }
                    _ => Err(Unsigned::Later),
                }
            }
        };
        match signed {
            Ok(intent) => events.push(sign::written(id, intent)),
            // It waits for its lane, and the seller is asked again then.
            Err(Unsigned::Later) => {}
            Err(Unsigned::Never(_, reason)) => {
                return Err(Refusal::No(Failure::refused("NOT_SIGNED", reason)));
            }
        }
        Ok((events, id))
    }
}

/// In the currency that was named, or in one the owner has pegged to it.
fn is_within(view: &View<'_>, price: &Money, most: &Money) -> Result<bool, RowsError> {
    if price.currency == most.currency {
        return Ok(price.amount <= most.amount);
    }
    let policy = view.policy()?.map_or_else(Policy::live, |row| row.policy);
    let pegged = policy.pegs.get(&price.currency) == Some(&most.currency);
    let units = (price.budget_units(), most.budget_units());
    Ok(pegged && matches!(units, (Some(price), Some(most)) if price <= most))
}

fn check_room(view: &View<'_>, source: &Source, request: &Request) -> Result<(), Refusal<Failure>> {
    let Source::Lane { account, .. } = source else {
        if view.remote_queue()?.len() < limits::OPEN_REMOTE_PAYMENTS as usize {
            return Ok(());
        }
        let message = "too many payments of this kind are under way or unknown";
        let failure = Failure::refused("LANE_FULL", message).retry(Retry::AfterOperator);
        return Err(Refusal::No(failure.hint("`paywarden status` shows what is open")));
    };
    let Some(lane) = view.lane(account)? else {
        let message = format!("the wallet has no account {account}");
        return Err(Refusal::No(Failure::refused(NO_FUNDS, message)));
    };
    check_funds(&lane, request.amount.as_raw().unwrap_or(Raw::MAX)).map_err(Refusal::No)
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Proof(_) => f.write_str("Proof"),
            Self::Lane { account, .. } => f.debug_tuple("Lane").field(account).finish(),
        }
    }
}
