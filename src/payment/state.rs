//! The one persisted state of a payment.

use serde::{Deserialize, Serialize};

use super::{BlockIntent, Cheque, Intent, Presented, Reference};
use crate::clock::Millis;
use crate::ids::ApprovalId;
use crate::policy::ReasonCode;

/// Where a payment stands; data belongs to the state it is known in. In life-cycle order.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum State {
    /// Written down, not judged yet; never outlives its commit.
    Requested,
    /// Held until the owner answers.
    Awaiting {
        /// The question.
        approval_id: ApprovalId,
        /// When it lapses.
        expires_at_ms: Millis,
    },
    /// Allowed and held; waits for its lane, or for its payee.
    Reserved {
        /// Blocks signed and lost before.
        attempts: u32,
    },
    /// Signed; may be on the network, or with the payee.
    Intent(Box<Intent>),
    /// Signed, and for long no word of it; the owner should look.
    Unknown(Box<Intent>),
    /// Money moved for good.
    Settled {
        /// The rail's name for it; a confirmed block's hash was the first, hence what rows call it.
        #[serde(rename = "blockHash")]
        reference: Reference,
        /// When the wallet saw it confirmed.
        at_ms: Millis,
    },
    /// Money did not move and cannot any more; nothing is held.
    Released {
        /// Refused or failed.
        ending: Ending,
        /// Stable code.
        reason_code: ReasonCode,
        /// One sentence.
        reason: String,
    },
}

/// How a payment without money moved ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Policy or owner refused it.
    Denied,
    /// It was allowed and could not be done.
    Failed,
}

/// What a caller is told, in the words of seeds/004, plus `pending`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Status {
    /// Money moved for good.
    Settled,
    /// Refused; nothing moved.
    Denied,
    /// Allowed, but nothing moved and nothing will.
    Failed,
    /// Waits for the owner.
    PendingApproval,
    /// Under way or unknown: do not pay again.
    Pending,
}

impl State {
    /// What a caller is told.
    pub fn status(&self) -> Status {
        match self {
            Self::Awaiting { .. } => Status::PendingApproval,
            Self::Requested | Self::Reserved { .. } | Self::Intent(_) | Self::Unknown(_) => {
                Status::Pending
            }
            Self::Settled { .. } => Status::Settled,
            Self::Released { ending: Ending::Denied, .. } => Status::Denied,
            Self::Released { ending: Ending::Failed, .. } => Status::Failed,
        }
    }

    /// Whether budget is held.
    pub fn holds_reservation(&self) -> bool {
        matches!(
            self,
            Self::Awaiting { .. } | Self::Reserved { .. } | Self::Intent(_) | Self::Unknown(_)
        )
    }

    /// Whether nothing can change any more.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Released { .. })
    }

    /// What was signed, while its outcome is open.
    pub fn intent(&self) -> Option<&Intent> {
        match self {
            Self::Intent(intent) | Self::Unknown(intent) => Some(intent),
            _ => None,
        }
    }

    /// The signed send whose outcome is open, whoever publishes it.
    pub fn block(&self) -> Option<&BlockIntent> {
        self.intent().and_then(Intent::block)
    }

    /// The block in the payee's hands whose outcome is open.
    pub fn cheque(&self) -> Option<&Cheque> {
        match self.intent() {
            Some(Intent::Cheque(cheque)) => Some(cheque),
            _ => None,
        }
    }

    /// The proof in the payee's hands whose outcome is open.
    pub fn presented(&self) -> Option<&Presented> {
        match self.intent() {
            Some(Intent::Presented(presented)) => Some(presented),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{SIGNED, block, cheque, proof};
    use super::*;

    fn released(ending: Ending) -> State {
        State::Released { ending, reason_code: ReasonCode::Lapsed, reason: "late".to_owned() }
    }

    /// In life-cycle order, with what a caller is told, whether budget is held and whether it is over.
    fn all() -> Vec<(State, Status, bool, bool)> {
        let approval_id = ApprovalId(uuid::Uuid::nil());
        let reference = Reference::from(block(2).hash());
        let signed =
            [Intent::Block(block(2)), Intent::Cheque(cheque(true)), Intent::Presented(proof())];
        let open = signed.into_iter().flat_map(|intent| {
            let intent = Box::new(intent);
            [State::Intent(intent.clone()), State::Unknown(intent)]
        });
        let mut all = vec![
            (State::Requested, Status::Pending, false, false),
            (
                State::Awaiting { approval_id, expires_at_ms: SIGNED },
                Status::PendingApproval,
                true,
                false,
            ),
            (State::Reserved { attempts: 1 }, Status::Pending, true, false),
        ];
        all.extend(open.map(|state| (state, Status::Pending, true, false)));
        all.extend([
            (State::Settled { reference, at_ms: SIGNED }, Status::Settled, false, true),
            (released(Ending::Denied), Status::Denied, false, true),
            (released(Ending::Failed), Status::Failed, false, true),
        ]);
        all
    }

    #[test]
    fn budget_is_held_from_the_decision_to_the_end_and_no_longer() {
        for (state, status, holds, is_final) in all() {
            assert_eq!(state.status(), status, "{state:?}");
            assert_eq!(
                (state.holds_reservation(), state.is_final()),
                (holds, is_final),
                "{state:?}"
            );
        }
    }

    #[test]
    fn what_was_signed_is_told_by_its_kind_while_it_is_open_and_only_then() {
        for (state, ..) in all() {
            let signed = match &state {
                State::Intent(intent) | State::Unknown(intent) => Some(&**intent),
                _ => None,
            };
            assert_eq!(state.intent(), signed);
            let (sent, held, presented) = match signed {
                Some(Intent::Block(block)) => (Some(block), None, None),
                Some(Intent::Cheque(cheque)) => (Some(&cheque.sent), Some(cheque), None),
                Some(Intent::Presented(proof)) => (None, None, Some(proof)),
                None => (None, None, None),
            };
            assert_eq!((state.block(), state.cheque()), (sent, held), "{state:?}");
            assert_eq!(state.presented(), presented, "{state:?}");
        }
    }

    #[test]
    fn every_state_survives_the_store() {
        for (state, ..) in all() {
            let text = serde_json::to_string(&state).unwrap();
            assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state, "{text}");
        }
    }
}
