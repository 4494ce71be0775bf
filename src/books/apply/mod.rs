//! The fold: what each event does to the rows. Assertions stay on: books that do not add up must not go on.

mod agent;
mod checkout;
mod dispute;
mod foreign;
mod host;
mod lane;
mod mandate;
mod nanswap;
mod outbox;
mod payment;
mod request;
mod totals;

#[cfg(test)]
mod tests;

pub use totals::beside_the_rules;

use super::clock::ClockRow;
use super::event::{Body, Event};
use super::rows::{RowsError, RowsMut, Table};
use super::tables::{Counters, Freeze, NetworkInForce, Payment, PolicyInForce, Wallet};
use super::view::{
    CLOCK, COUNTERS, FREEZE, NETWORK, OPERATOR, POLICY, View, WALLET, encode, seq_key,
};
use crate::clock::Millis;
use crate::policy::BudgetError;

/// Why an event cannot be booked. Nothing was written that the caller must keep.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ApplyError {
    /// A budget would not add up.
    #[error("the budget does not add up: {0}")]
    Budget(#[from] BudgetError),
    /// The event does not fit the state it meets.
    #[error("{what} does not fit: {detail}")]
    Misfit {
        /// The event's kind.
        what: &'static str,
        /// What it met.
        detail: String,
    },
    /// A row cannot be read.
    #[error(transparent)]
    Rows(#[from] RowsError),
}

/// Books one event that has the place `seq` and the time `at`.
///
/// # Errors
/// When the event does not fit; the rows must then be thrown away.
pub fn apply(
    rows: &mut dyn RowsMut,
    seq: u64,
    at: Millis,
    event: &Event,
) -> Result<(), ApplyError> {
    let mut fold = Fold { rows, seq, at };
    if let Some(id) = event.payment_id {
        fold.rows.put(Table::Trail, &seq_key(id.as_bytes(), seq), b"0".to_vec());
    }
    if fold.checkout_event(&event.body) || fold.outbox_event(event.payment_id, &event.body)? {
        return Ok(());
    }
    match event.payment_id {
        Some(id) => fold.payment_event(id, &event.body),
        None => fold.wallet_event(&event.body),
    }
}

struct Fold<'a> {
    rows: &'a mut dyn RowsMut,
    seq: u64,
    at: Millis,
}

impl Fold<'_> {
    fn wallet_event(&mut self, body: &Body) -> Result<(), ApplyError> {
        match body {
            Body::WalletCreated { wallet_id, network, ledger_key } => {
                let wallet = Wallet {
                    wallet_id: *wallet_id,
                    network: *network,
                    ledger_key: ledger_key.clone(),
                    created_at_ms: self.at,
                };
                self.rows.put(Table::Singles, WALLET, encode(&wallet));
            }
            Body::PolicyLoaded { policy, .. } => {
                let row = PolicyInForce { policy: policy.clone(), since_ms: self.at };
                self.rows.put(Table::Singles, POLICY, encode(&row));
            }
            Body::OperatorSet { verifier } => {
                self.rows.put(Table::Singles, OPERATOR, encode(verifier));
            }
            Body::WalletFrozen { reason } => {
                let row = Freeze { reason: reason.clone(), since_ms: self.at };
                self.rows.put(Table::Singles, FREEZE, encode(&row));
            }
            Body::ClockAccepted(_) | Body::ClockAnchored(_) | Body::ClockJumped(_) => {
                match ClockRow::after(self.view().clock()?, self.at, body) {
                    Some(row) => self.rows.put(Table::Singles, CLOCK, encode(&row)),
                    None => self.rows.delete(Table::Singles, CLOCK),
                }
            }
            Body::WalletUnfrozen {} => self.rows.delete(Table::Singles, FREEZE),
            Body::KeyRotated { ledger_key, .. } => {
                let mut wallet = self
                    .view()
                    .wallet()?
                    .ok_or_else(|| misfit("key.rotated", "there is no wallet yet"))?;
                wallet.ledger_key.clone_from(ledger_key);
                self.rows.put(Table::Singles, WALLET, encode(&wallet));
            }
            Body::NetworkConfigured(places) => {
                let row = NetworkInForce::new(places.clone(), self.at);
                self.rows.put(Table::Singles, NETWORK, encode(&row));
            }
            Body::HistoryAcknowledged { .. }
            | Body::KeysExported { .. }
            | Body::StoreMigrated { .. } => {}
            Body::RateLimited { agent_id, refused, .. } => {
                self.tally_refused(agent_id.as_deref(), *refused)?;
            }
            Body::AgentRegistered { .. }
            | Body::AgentLabelled { .. }
            | Body::AgentRotated { .. }
            | Body::AgentRevoked { .. } => self.agent_event(body)?,
            other if self.lane_event(other)? => {}
            other if self.request_event(other)? => {}
            other if self.nanswap_event(other)? => {}
            other => self.mandate_event(other)?,
        }
        Ok(())
    }

    /// Whether the event was one of a Nano account, which is then booked.
    fn lane_event(&mut self, body: &Body) -> Result<bool, ApplyError> {
        match body {
            Body::AccountAdded { index, account } => self.account_added(*index, *account)?,
            Body::LaneAdvanced { account, block_hash } => {
                self.with_lane(account, |lane| lane.head = *block_hash)?;
            }
            Body::LaneAdopted { account, block_hash, balance_raw, .. } => {
                self.lane_adopted(account, *block_hash, *balance_raw)?;
            }
            Body::ForeignRecorded { .. } => self.foreign_recorded(body)?,
            Body::RepresentativeIntent { account, intent, .. } => {
                self.change_intent(account, intent)?;
            }
            Body::RepresentativeChanged { account, block_hash, .. } => {
                let intent = self.close_change(account, block_hash)?;
                self.advance(account, &intent)?;
            }
            Body::RepresentativeVoided { account, block_hash, .. } => {
                self.close_change(account, block_hash)?;
            }
            Body::ReceiveCancelling { block_hash, intent } => {
                self.receive_cancelling(block_hash, intent)?;
            }
            Body::LaneFrozen { account, reason, .. } => {
                self.with_lane(account, |lane| lane.frozen = Some(reason.clone()))?;
            }
            Body::LaneUnfrozen { account } => self.with_lane(account, |lane| lane.frozen = None)?,
            Body::ReceiveIntent { source, sender, intent, .. } => {
                self.receive_intent(*source, *sender, intent)?;
            }
            Body::FundsReceived { account, .. } => self.funds_received(account)?,
            Body::ReceiveVoided { account, block_hash, .. } => {
                self.close_receive(account, block_hash)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn view(&self) -> View<'_> {
        View::new(&*self.rows, self.at)
    }

    fn count(&mut self, change: impl FnOnce(&mut Counters)) -> Result<(), ApplyError> {
        let mut counters = self.view().counters()?;
        change(&mut counters);
        self.rows.put(Table::Singles, COUNTERS, encode(&counters));
        Ok(())
    }
}

fn expect(payment: &Payment, what: &'static str, fits: bool) -> Result<(), ApplyError> {
    if fits {
        Ok(())
    } else {
        Err(misfit(what, &format!("payment {} is {:?}", payment.id(), payment.state.status())))
    }
}

fn misfit(what: &'static str, detail: &str) -> ApplyError {
    ApplyError::Misfit { what, detail: detail.to_owned() }
}
