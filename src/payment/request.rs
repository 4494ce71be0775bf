//! A request to be paid: an amount that is its own, and which confirmed send pays which request.
//!
//! No request may be paid by less than it asked, and no send may pay two: whoever books a match must look in the same
//! transaction whether the block has paid one before.

use serde::{Deserialize, Serialize};

use crate::clock::Millis;
use crate::ids::RequestId;
use crate::limits;
use crate::money::Raw;
use crate::nano::BlockHash;

/// What a request wants.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// The request.
    pub request_id: RequestId,
    /// What was asked for.
    pub asked_raw: Raw,
    /// What the payer is told to send: a little more, so that no other request to the account wants the same.
    pub amount_raw: Raw,
    /// Since when.
    pub created_at_ms: Millis,
    /// Until when.
    pub expires_at_ms: Millis,
    /// Sends of the amount asked for that were there before.
    pub before: Vec<BlockHash>,
}

/// A confirmed send to the account.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Arrival {
    /// The send block.
    pub block_hash: BlockHash,
    /// How much it moved.
    pub amount: Raw,
    /// When the network had it, as far as is known.
    pub at: Millis,
}

/// How a send fits a request.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fit {
    /// The very amount: the request is paid.
    Exact,
    /// What was asked for, and nobody else asked that: the request is paid.
    Asked,
    /// Less than asked.
    Under,
    /// No less than asked, and yet another amount.
    Over,
}

/// Which request a send belongs to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Match {
    /// The request.
    pub request_id: RequestId,
    /// How.
    pub fit: Fit,
    /// Whether the request had expired before.
    pub late: bool,
}

/// The claims on one account that a send may belong to.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// The one whose amount it is.
    pub exact: Option<Claim>,
    /// Those that asked this amount.
    pub asked: Vec<Claim>,
    /// The only one there is, if there is only one.
    pub only: Option<Claim>,
}

impl Claims {
    /// The request that a send which has paid none before belongs to.
    pub fn settled_by(&self, arrival: &Arrival) -> Option<Match> {
        let exact = self.exact.iter().find(|claim| claim.amount_raw == arrival.amount);
        if let Some(claim) = exact.filter(|claim| claim.is_older_than(arrival)) {
            let late = !claim.is_open_at(arrival.at);
            return Some(Match { request_id: claim.request_id, fit: Fit::Exact, late });
        }
        let meant = |claim: &&Claim| claim.is_older_than(arrival) && claim.is_open_at(arrival.at);
        let same = |claim: &&Claim| claim.asked_raw == arrival.amount && meant(claim);
        let mut same = self.asked.iter().filter(same);
        match (same.next(), same.next()) {
            (Some(claim), None) => return Some(claim.in_time(Fit::Asked)),
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
        let only = self.only.as_ref().filter(meant)?;
        if arrival.amount >= only.asked_raw {
            return Some(only.in_time(Fit::Over));
        }
        let dust = only.asked_raw.get() / limits::REQUEST_DUST;
        (arrival.amount.get() >= dust).then(|| only.in_time(Fit::Under))
    }
}

impl Claim {
    fn is_open_at(&self, at: Millis) -> bool {
        at <= self.expires_at_ms
    }

    /// Clocks of nodes differ from ours, so that a send of just before is known by its hash.
    fn is_older_than(&self, arrival: &Arrival) -> bool {
        let at = arrival.at.plus(limits::REQUEST_CLOCK_SLACK);
        at >= self.created_at_ms && !self.before.contains(&arrival.block_hash)
    }

    fn in_time(&self, fit: Fit) -> Match {
        Match { request_id: self.request_id, fit, late: false }
    }
}

/// An amount a little above `asked` that is not `taken`: k * 10^-9 XNO more, k from 1 to 99,999. `random` says which is
/// tried first, among those that add no more than a thousandth while some of them are free. `None` when all are taken,
/// or there is no such money.
pub fn own_amount<E>(
    asked: Raw,
    random: u32,
    mut taken: impl FnMut(Raw) -> Result<bool, E>,
) -> Result<Option<Raw>, E> {
    let thousandth = u32::try_from(asked.get() / SUFFIX.get() / 1_000).unwrap_or(u32::MAX);
    let few = thousandth.clamp(LEAST_SUFFIXES, limits::REQUEST_SUFFIXES);
    for step in 0..limits::REQUEST_SUFFIXES {
        let k = if step < few { (random % few + step) % few + 1 } else { step + 1 };
        let suffix = SUFFIX.get().checked_mul(u128::from(k)).map(Raw::new);
        let Some(amount) = suffix.and_then(|suffix| asked.checked_add(suffix)) else {
            return Ok(None);
        };
        if !taken(amount)? {
            return Ok(Some(amount));
        }
    }
    Ok(None)
}

/// So many are tried for the smallest amounts too: one alone would be guessed.
const LEAST_SUFFIXES: u32 = 99;
/// 10^-9 XNO.
const SUFFIX: Raw = Raw::new(10_u128.pow(limits::XNO_DECIMALS as u32 - 9));

#[cfg(test)]
mod tests;
