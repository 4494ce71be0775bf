//! Orders, moved on by what is on the ledger whenever somebody looks or time passes.
//!
//! One XNO is worth one unit of every currency here. Must never hold its lock over an await.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{Clock, Millis};
use crate::limits;
use crate::money::Raw;
use crate::nano::{Account, PrivateKey};
use crate::network::Node;

use super::super::nano::SandboxNode;
use super::super::web::{Refusal, Troubles};
use super::control::Sent;
use super::{webhook, wire::OrderBody};

/// A simulated Nanswap Pay with one merchant; clones are the same one.
#[derive(Clone, Debug)]
pub struct Nanswap {
    pub(super) node: SandboxNode,
    pub(super) clock: Arc<dyn Clock>,
    /// What goes wrong before a request is looked at.
    pub troubles: Troubles,
    state: Arc<Mutex<State>>,
}

/// How it behaves, where the documents leave it open or a counterpart would cheat.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// From a payment's being seen to its being passed on.
    pub processing: Duration,
    /// How long an order may be paid.
    pub lease: Duration,
    /// Amounts are written as text.
    pub is_text_amounts: bool,
    /// Instead of the order's own address.
    pub address: Option<String>,
    /// Instead of the order's own amount, as a literal.
    pub amount: Option<String>,
    /// Instead of the payout's own address, in webhooks.
    pub payout_address: Option<String>,
    /// The payout fails.
    pub is_payout_failing: bool,
    /// Each webhook comes twice.
    pub is_webhook_doubled: bool,
}

impl Default for Knobs {
    fn default() -> Self {
        Self {
            processing: Duration::from_secs(1),
            lease: Duration::from_secs(5 * 60),
            is_text_amounts: false,
            address: None,
            amount: None,
            payout_address: None,
            is_payout_failing: false,
            is_webhook_doubled: false,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) knobs: Knobs,
    pub(super) orders: BTreeMap<String, Order>,
    /// The last webhooks, oldest first.
    pub(super) sent: Vec<Sent>,
    made: u64,
}

/// One order.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) body: OrderBody,
    pub(super) due: Raw,
    pub(super) account: Account,
    pub(super) place: u64,
    pub(super) created_at: Millis,
    pub(super) expires_at: Millis,
    pub(super) status: &'static str,
    pub(super) paid: Raw,
    pub(super) detected_at: Option<Millis>,
    pub(super) completed_at: Option<Millis>,
    pub(super) payout_hash: Option<String>,
}

impl Nanswap {
    /// A Nanswap that looks for payments on `node` and pays out there.
    pub fn new(node: SandboxNode) -> Self {
        let clock = Arc::clone(node.clock());
        Self { node, clock, troubles: Troubles::default(), state: Arc::default() }
    }

    /// Its merchant's secret key.
    pub const KEY: &str = "sandbox-nanswap-secret-key";
    /// Its merchant's public key, good for estimates.
    pub const PUBLIC_KEY: &str = "sandbox-nanswap-public-key";
    /// What its webhooks are signed with.
    pub const WEBHOOK_SECRET: &str = "sandbox-nanswap-webhook-secret";

    /// Changes how it behaves from now on.
    pub fn set(&self, change: impl FnOnce(&mut Knobs)) {
        change(&mut self.state().knobs);
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn make(&self, body: OrderBody, due: Raw) -> String {
        let now = self.clock.now();
        let mut state = self.state();
        state.made += 1;
        let place = state.made;
        let mut key = [0x53; 32];
        key[..8].copy_from_slice(&place.to_be_bytes());
        let id = format!("inv{place:06}");
        let is_chosen = body.payin_currency.is_some();
        let order = Order {
            body,
            due,
            account: PrivateKey::from_bytes(key).account(),
            place,
            created_at: now,
            expires_at: now.plus(state.knobs.lease),
            status: if is_chosen { "waiting" } else { "pending-currency" },
            paid: Raw::ZERO,
            detected_at: None,
            completed_at: None,
            payout_hash: None,
        };
        state.orders.insert(id.clone(), order);
        id
    }

    /// Looks for every open order's payment, moves the orders on, and tells whoever wants to be told.
    pub(super) async fn move_on(&self) -> Result<(), Refusal> {
        let open: Vec<String> = {
            let state = self.state();
            let is_open = |order: &Order| matches!(order.status, "waiting" | "processing");
            let open = state.orders.iter().filter(|(_, order)| is_open(order));
            open.map(|(id, _)| id.clone()).collect()
        };
        for id in open {
            self.move_one(&id).await?;
        }
        Ok(())
    }

    pub(super) async fn move_one(&self, id: &str) -> Result<(), Refusal> {
        let known = self.state().orders.get(id).cloned();
        let order = known.ok_or(Refusal(404, "no such order"))?;
        let sends = self.node.receivable(order.account, Raw::ZERO, limits::RECEIVABLE_PAGE).await;
        let sends = sends.map_err(|_| Refusal(500, "the chain is out of reach"))?;
        let paid = sends.iter().try_fold(Raw::ZERO, |sum, send| sum.checked_add(send.amount));
        let changed = self.step(id, paid.unwrap_or(Raw::MAX));
        if let Some((order, knobs)) = changed {
            self.keep(webhook::made(id, &order, &knobs));
            let times = if knobs.is_webhook_doubled { 2 } else { 1 };
            for _ in 0..times {
                webhook::post(id, &order, &knobs).await;
            }
        }
        Ok(())
    }

    fn keep(&self, sent: Option<Sent>) {
        let mut state = self.state();
        state.sent.extend(sent);
        let surplus = state.sent.len().saturating_sub(WEBHOOKS_KEPT);
        state.sent.drain(..surplus);
    }

    /// One step of one order, if there is one to make.
    fn step(&self, id: &str, paid: Raw) -> Option<(Order, Knobs)> {
        let now = self.clock.now();
        let mut state = self.state();
        let knobs = state.knobs.clone();
        let order = state.orders.get_mut(id)?;
        let before = order.status;
        match order.status {
            "waiting" if !paid.is_zero() && now < order.expires_at => {
                order.paid = paid;
                order.detected_at = Some(now);
                order.status = if paid < order.due { "underpaid" } else { "processing" };
            }
            "processing" if now.since(order.detected_at.unwrap_or(now)) >= knobs.processing => {
                if knobs.is_payout_failing {
                    order.status = "processing-error";
                } else {
                    order.payout_hash = self.pay_out(order);
                    order.completed_at = Some(now);
                    order.status = "completed";
                }
            }
            _ => {}
        }
        (order.status != before).then(|| (order.clone(), knobs))
    }

    /// To the address the merchant gave, or, without one, to an account at Nanswap.
    fn pay_out(&self, order: &Order) -> Option<String> {
        let to = order.body.payout_address.as_ref()?.parse().ok()?;
        self.node.faucet(to, order.due).ok().map(|hash| hash.to_string())
    }
}

const WEBHOOKS_KEPT: usize = 256;
