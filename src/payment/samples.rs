//! What was signed for a payment, one of each kind, for the tests of this folder.

use super::{BlockIntent, Cheque, PaymentHeader, Presented, Proof};
use crate::clock::Millis;
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link, Seed, SignedBlock, StateBlock, Subtype};

/// When all of them were signed.
pub(super) const SIGNED: Millis = Millis(1_000_000);
/// When those end that do.
pub(super) const DEADLINE: Millis = Millis(1_120_000);

/// A send; another one for each representative.
pub(super) fn block(representative: u8) -> BlockIntent {
    let key = Seed::from_bytes([7; 32]).derive(0);
    let block = StateBlock {
        account: key.account(),
        previous: BlockHash::from_bytes([1; 32]),
        representative: Account::from_bytes([representative; 32]),
        balance: Raw::new(5),
        link: Link::ZERO,
    };
    BlockIntent {
        attempt: 1,
        block: SignedBlock { block, signature: key.sign(&block.hash()), work: None },
        subtype: Subtype::Send,
        amount_raw: Raw::new(1),
        signed_at_ms: SIGNED,
    }
}

/// A cheque over `block(2)`, cancelled by `block(3)` if at all.
pub(super) fn cheque(with_cancel: bool) -> Cheque {
    Cheque {
        sent: block(2),
        header: PaymentHeader { name: "payment-signature".into(), value: "e30=".into() },
        void_after_ms: DEADLINE,
        cancel: with_cancel.then(|| block(3)),
    }
}

/// The completion of a checkout.
pub(super) fn proof() -> Presented {
    let proof = Proof::Completion { idempotency_key: "k".into(), token_key: "t".into() };
    Presented { attempt: 1, proof, made_at_ms: SIGNED, valid_until_ms: DEADLINE }
}
