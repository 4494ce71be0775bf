//! What to do next: the decision table of `docs/payment-states.md` as a function.

use std::time::Duration;

use super::State;
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
    /// Write down that for long nothing was heard.
    MarkUnknown,
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
        (
            State::Intent(intent) | State::Unknown(intent),
            Observation::Network { sight, now, published },
        ) => match open_block(sight, *now, *published) {
            Effect::Wait | Effect::Publish { .. }
                if matches!(state, State::Intent(_))
                    && now.since(intent.signed_at_ms) >= limits::UNKNOWN_AFTER =>
            {
                Effect::MarkUnknown
            }
            effect => effect,
        },
        _ => Effect::Wait,
    }
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
