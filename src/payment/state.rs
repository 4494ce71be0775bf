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
