//! What to do next: the decision table of `docs/payment-states.md` as a function.

use std::time::Duration;

use super::{Cheque, Intent, Presented, Reference, State};
use crate::clock::Millis;
use crate::limits;
use crate::nano::BlockHash;

/// What was seen just now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Observation {
    /// The time, for a payment that waits for the owner.
    Time(Millis),
    /// Whether the lane takes a new block now, for a payment that waits for it.
    Lane {
        /// No block is open, the account is not frozen, and the head is confirmed and ours.
        ready: bool,
    },
    /// What the network says of a signed block.
    Network {
        /// What it says.
        sight: Sight,
        /// When it was asked.
        now: Millis,
        /// When these bytes were last published by this process, if they were.
        published: Option<Millis>,
    },
    /// What is known of a proof in the payee's hands.
    Payee {
        /// What is known.
        seen: Seen,
        /// When it was asked.
        now: Millis,
        /// How often this process has handed it over, if it has.
        handed: Option<Handed>,
    },
}

/// What is known of a proof that the payee was handed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Seen {
    /// Money has moved, as the chain, the issuer or, where neither can be asked, the payee says.
    Paid(Reference),
    /// Whoever would know says that no money moved by it and none can any more. A payee's word is no such proof.
    Void,
    /// The payee does not take it. That proves nothing.
    Refused,
    /// Nothing, or nothing that proves anything.
    Open,
}

/// How often a proof was handed over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handed {
    /// Times.
    pub times: u32,
    /// The last time.
    pub last: Millis,
}

/// What the network knows of a signed block and the place it wants in its account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Sight {
    /// The node knows the block.
    Known {
        /// Whether it is cemented.
        confirmed: bool,
    },
    /// The block is unknown and its place is free.
    Absent,
    /// The block is unknown and another one stands in its place.
    Rival(Rival),
    /// The block before ours is not there: rolled back, or the node is behind.
    PreviousGone,
    /// No answer, or none that fits together.
    Silent,
}

/// Another block on the same previous.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rival {
    /// Which.
    pub hash: BlockHash,
    /// Whether it is cemented; only then is ours dead.
    pub confirmed: bool,
    /// Whose.
    pub kind: RivalKind,
}

/// Whose a rival block is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RivalKind {
    /// One this wallet signed and has on its books.
    Ours,
    /// An epoch block: anyone's account may get one.
    Epoch,
    /// Somebody else's: a second holder of the seed.
    Foreign,
}

/// What the engine is to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// Nothing is left to do.
    Nothing,
    /// Look again later.
    Wait,
    /// Give the reservation back: the owner did not answer.
    Expire,
    /// Sign the block and write the intent.
    Sign,
    /// Publish the signed bytes.
    Publish {
        /// Name the subtype. Only when the block is not in the node's ledger: see `docs/payment-states.md`.
        with_subtype: bool,
    },
    /// Hand the payee the signed bytes.
    Present,
    /// Put an empty block of ours in the place of the one in the payee's hands: sign it if there is none, else publish
    /// it.
    Cancel,
    /// Write down that for long nothing was heard.
    MarkUnknown,
    /// It can never move money any more, for a harmless reason: give the reservation back.
    Release,
    /// The money has moved.
    Settle,
    /// The block is dead for a harmless reason: sign a new one for the same payment.
    Retry(BlockHash),
    /// The block is dead by a foreign one: release, freeze the account, raise the alarm.
    Abandon(BlockHash),
}

/// What to do with a payment in `state` after `observation`. Total: what does not fit is [`Effect::Wait`].
pub fn step(state: &State, observation: &Observation) -> Effect {
    match (state, observation) {
        (State::Settled { .. } | State::Released { .. }, _) => Effect::Nothing,
        (State::Awaiting { expires_at_ms, .. }, Observation::Time(now)) if now >= expires_at_ms => {
            Effect::Expire
        }
        (State::Reserved { .. }, Observation::Lane { ready: true }) => Effect::Sign,
        (State::Intent(intent) | State::Unknown(intent), seen) => {
            let (effect, now) = match (&**intent, seen) {
                (Intent::Block(_), Observation::Network { sight, now, published }) => {
                    (open_block(sight, *now, *published), now)
                }
                (Intent::Cheque(cheque), Observation::Network { sight, now, published }) => {
                    (open_cheque(cheque, sight, *now, *published), now)
                }
                (Intent::Presented(proof), Observation::Payee { seen, now, handed }) => {
                    (open_proof(proof, seen, *now, *handed), now)
                }
                _ => return Effect::Wait,
            };
            let is_new = matches!(state, State::Intent(_));
            if is_new && is_waiting(effect) && now.since(intent.signed_at_ms()) >= overdue(intent) {
                return Effect::MarkUnknown;
            }
            effect
        }
        _ => Effect::Wait,
    }
}

/// Whether an effect leaves the outcome as open as it was.
fn is_waiting(effect: Effect) -> bool {
    matches!(effect, Effect::Wait | Effect::Publish { .. } | Effect::Present)
}

/// After how long without an outcome the owner should look: for a proof when it is worth nothing any more.
fn overdue(intent: &Intent) -> Duration {
    match intent {
        Intent::Block(_) | Intent::Cheque(_) => limits::UNKNOWN_AFTER,
        Intent::Presented(proof) => {
            proof.valid_until_ms.since(proof.made_at_ms).min(limits::UNKNOWN_AFTER)
        }
    }
}

/// A block in the payee's hands: as [`open_block`], but the payee publishes it until the deadline, and no second one is
/// ever signed for the same purchase.
fn open_cheque(cheque: &Cheque, sight: &Sight, now: Millis, published: Option<Millis>) -> Effect {
    match (sight, open_block(sight, now, published)) {
        (Sight::Absent, _) if now >= cheque.void_after_ms => Effect::Cancel,
        (Sight::Absent, _)
            if published.is_none_or(|at| now.since(at) >= limits::PRESENT_CHEQUE_AGAIN) =>
        {
            Effect::Present
        }
        (Sight::Absent, _) => Effect::Wait,
        (Sight::Rival(rival), Effect::Wait) if is_cancel(cheque, rival) => Effect::Cancel,
        (_, Effect::Retry(_)) => Effect::Release,
        (_, effect) => effect,
    }
}

fn is_cancel(cheque: &Cheque, rival: &Rival) -> bool {
    cheque.cancel.as_ref().is_some_and(|cancel| cancel.hash() == rival.hash)
}

/// A proof in the payee's hands: the same bytes again while they are worth something, and never a release on anybody's
/// word but that of whoever moves the money.
fn open_proof(proof: &Presented, seen: &Seen, now: Millis, handed: Option<Handed>) -> Effect {
    match seen {
        Seen::Paid(_) => Effect::Settle,
        Seen::Void => Effect::Release,
        Seen::Refused => Effect::Wait,
        Seen::Open => {
            let due = handed.is_none_or(|handed| now.since(handed.last) >= pause_before(handed));
            if due && now < proof.valid_until_ms { Effect::Present } else { Effect::Wait }
        }
    }
}

/// Doubled with each time.
fn pause_before(handed: Handed) -> Duration {
    let doublings = handed.times.saturating_sub(1).min(limits::PRESENT_DOUBLINGS);
    limits::PRESENT_AGAIN * 2_u32.pow(doublings)
}

/// The same table for any signed block of ours, receives included.
pub fn open_block(sight: &Sight, now: Millis, published: Option<Millis>) -> Effect {
    let due = |pause: Duration| published.is_none_or(|at| now.since(at) >= pause);
    match sight {
        Sight::Known { confirmed: true } => Effect::Settle,
        Sight::Known { confirmed: false } if due(limits::REPUBLISH_EVERY) => {
            Effect::Publish { with_subtype: false }
        }
        Sight::Absent if due(limits::REPUBLISH_LOST) => Effect::Publish { with_subtype: true },
        Sight::Rival(Rival { hash, confirmed: true, kind }) => match kind {
            RivalKind::Ours | RivalKind::Epoch => Effect::Retry(*hash),
            RivalKind::Foreign => Effect::Abandon(*hash),
        },
        Sight::Known { .. }
        | Sight::Absent
        | Sight::Rival(_)
        | Sight::PreviousGone
        | Sight::Silent => Effect::Wait,
    }
}

#[cfg(test)]
mod tests;
