//! What was signed, durable before it leaves: a block, a block that the payee publishes, or a proof the payee redeems.
//!
//! It must never be made anew while the first may still move money.

use serde::{Deserialize, Serialize};

use super::{PaymentHeader, Proof, Task};
use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{BlockHash, SignedBlock, Subtype};

/// What was signed for a payment. Told apart by its fields: a block's were there first and have no tag.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "a payment has one, behind the box of its state")]
pub enum Intent {
    /// A block the wallet publishes, or has published.
    Block(BlockIntent),
    /// A block that is handed to the payee, who publishes it.
    Cheque(Cheque),
    /// Something else the payee turns into money.
    Presented(Presented),
}

/// A signed block and what it was signed for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlockIntent {
    /// Counts blocks signed for the same purpose, from 1.
    pub attempt: u32,
    /// What is published: always these bytes.
    pub block: SignedBlock,
    /// The block's kind.
    pub subtype: Subtype,
    /// How much it moves.
    pub amount_raw: Raw,
    /// When it was signed.
    pub signed_at_ms: Millis,
}

/// A signed block without a date in somebody else's hands: only a confirmed block in its place makes it worthless.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cheque {
    /// The block, with its work.
    pub sent: BlockIntent,
    /// The header that carries it: always these bytes.
    pub header: PaymentHeader,
    /// From here on an empty block of ours is to take its place, unless the network has it.
    pub void_after_ms: Millis,
    /// That empty block, once it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel: Option<BlockIntent>,
}

/// Something the payee is handed and turns into money.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Presented {
    /// Counts proofs made for the same payment, from 1.
    pub attempt: u32,
    /// What is handed over: always the same.
    pub proof: Proof,
    /// When it was made.
    pub made_at_ms: Millis,
    /// From here on it is handed over no more: by its own terms it is worth nothing any longer.
    pub valid_until_ms: Millis,
}

impl Intent {
    /// Which one of this payment's, from 1.
    pub fn attempt(&self) -> u32 {
        match self {
            Self::Block(block) => block.attempt,
            Self::Cheque(cheque) => cheque.sent.attempt,
            Self::Presented(presented) => presented.attempt,
        }
    }

    /// When it was signed.
    pub fn signed_at_ms(&self) -> Millis {
        match self {
            Self::Block(block) => block.signed_at_ms,
            Self::Cheque(cheque) => cheque.sent.signed_at_ms,
            Self::Presented(presented) => presented.made_at_ms,
        }
    }

    /// The signed send, if it is one, whoever publishes it.
    pub fn block(&self) -> Option<&BlockIntent> {
        match self {
            Self::Block(block) => Some(block),
            Self::Cheque(cheque) => Some(&cheque.sent),
            Self::Presented(_) => None,
        }
    }
}

impl Presented {
    /// What is to be done once it was turned into money: what a token was charged is read back.
    pub fn task_after(&self) -> Option<Task> {
        match &self.proof {
            Proof::Completion { token_key, .. } | Proof::Credential { token_key, .. } => {
                Some(Task::PaymentToken { token_key: token_key.clone() })
            }
            Proof::Authorization { .. } => None,
        }
    }
}

impl BlockIntent {
    /// A change block, which moves nothing, signed at `signed_at_ms` for a purpose that needs one only.
    pub fn empty(block: SignedBlock, signed_at_ms: Millis) -> Self {
        let (subtype, amount_raw) = (Subtype::Change, Raw::ZERO);
        Self { attempt: 1, block, subtype, amount_raw, signed_at_ms }
    }

    /// The block's identity.
    pub fn hash(&self) -> BlockHash {
        self.block.hash()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{DEADLINE, SIGNED, block, cheque, proof};
    use super::*;

    #[test]
    fn the_third_of_a_payment_says_so_and_when_it_was_signed() {
        let sent = BlockIntent { attempt: 3, signed_at_ms: DEADLINE, ..block(2) };
        let held = Cheque { sent: sent.clone(), ..cheque(true) };
        let presented = Presented { attempt: 3, made_at_ms: DEADLINE, ..proof() };
        for (intent, block) in [
            (Intent::Block(sent.clone()), Some(&sent)),
            (Intent::Cheque(held), Some(&sent)),
            (Intent::Presented(presented), None),
        ] {
            assert_eq!((intent.attempt(), intent.signed_at_ms()), (3, DEADLINE));
            assert_eq!(intent.block(), block);
        }
    }

    #[test]
    fn a_payment_token_is_read_back_and_an_authorisation_has_none() {
        let (key, challenge) = ("token-1".to_owned(), "id=1".to_owned());
        let header = cheque(false).header;
        let [network, asset, from, nonce] =
            ["eip155:8453", "0xasset", "0xfrom", "0xnonce"].map(str::to_owned);
        let completion =
            Proof::Completion { idempotency_key: "key-1".to_owned(), token_key: key.clone() };
        let task = Some(Task::PaymentToken { token_key: key.clone() });
        for (proof, task) in [
            (completion, task.clone()),
            (Proof::Credential { challenge, token_key: key }, task),
            (Proof::Authorization { network, asset, from, nonce, header }, None),
        ] {
            let (made_at_ms, valid_until_ms) = (SIGNED, DEADLINE);
            let presented = Presented { attempt: 1, proof, made_at_ms, valid_until_ms };
            assert_eq!(presented.task_after(), task);
        }
    }

    #[test]
    fn an_empty_block_moves_nothing_and_is_the_block_it_was_made_of() {
        let signed = block(3).block;
        let empty = BlockIntent::empty(signed, DEADLINE);
        assert_eq!((empty.hash(), empty.signed_at_ms), (signed.hash(), DEADLINE));
        assert_eq!((empty.attempt, empty.subtype), (1, Subtype::Change));
        assert!(empty.amount_raw.is_zero());
        assert_ne!(empty.hash(), block(2).hash());
    }
}
