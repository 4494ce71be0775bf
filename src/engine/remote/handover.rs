//! The seam to payees that are handed a proof: one implementation for x402, for checkouts, for MPP.
//!
//! An implementation talks and reports; it must never decide what became of a payment, sign without a grant, or hand
//! over anything but what is durable in the payment it is given.

use std::fmt;

use async_trait::async_trait;

use crate::books::Payment;
use crate::clock::Millis;
use crate::money::Money;
use crate::nano::SignedBlock;
use crate::payment::{Intent, PaymentHeader, Presented, Seen};
use crate::policy::{Cart, Grant, ReasonCode, Request, Terms};

/// One kind of payee.
#[async_trait]
pub trait Handover: fmt::Debug + Send + Sync {
    /// Asks the payee again what it wants for `payment`, which waited since it was decided on.
    ///
    /// # Errors
    /// When it cannot be asked now, or does not sell this any more.
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared>;

    /// Hands over what is durable, and nothing else; the same however often. Answers that prove nothing are
    /// [`Seen::Open`], a plain no is [`Seen::Refused`].
    async fn hand_over(&self, payment: &Payment, intent: &Intent) -> Seen;

    /// What is known without handing anything over. [`Seen::Void`] only on the word of whoever moves the money, looked
    /// at after `proof` has lost its worth.
    async fn look(&self, payment: &Payment, proof: &Presented, now: Millis) -> Seen;
}

/// What a payee wants, and how to sign for it.
#[derive(Debug)]
pub struct Offered {
    /// How much.
    pub amount: Money,
    /// How and to whom.
    pub terms: Option<Terms>,
    /// What is bought, where the merchant says so.
    pub cart: Option<Cart>,
    /// How to sign.
    pub signing: Signing,
}

/// How a granted purchase is signed, in the transaction that grants it: nothing in here may wait.
pub enum Signing {
    /// A proof is made of the grant.
    Proof(MakeProof),
    /// A block is signed on one of our accounts.
    Cheque {
        /// Makes the header that carries it.
        header: MakeHeader,
        /// How long the seller has, in milliseconds.
        timeout_ms: u64,
    },
}

/// Makes a proof of a grant: the request it is for, which attempt, and the time.
pub type MakeProof =
    Box<dyn FnOnce(Grant, &Request, u32, Millis) -> Result<Presented, String> + Send>;

/// Makes the header that carries a block, its work included; or says why there is none.
pub type MakeHeader = Box<dyn FnOnce(&SignedBlock) -> Result<PaymentHeader, String> + Send>;

/// Why a payment that waited cannot be signed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Unprepared {
    /// The payee cannot be asked now.
    Later(String),
    /// It never will be paid this.
    Never(ReasonCode, String),
}

impl Offered {
    /// What is not as it was decided on, in words. Anything different is another payment, even if it is cheaper.
    pub fn departs_from(&self, request: &Request) -> Option<String> {
        let differ = |what: &str, now: &dyn fmt::Display, then: &dyn fmt::Display| {
            Some(format!("the seller wants {what} {now} now; {then} was decided on"))
        };
        if self.amount != request.amount {
            return differ("", &self.amount, &request.amount);
        }
        if self.cart != request.cart {
            return Some("the cart is not the one that was decided on".to_owned());
        }
        match (&self.terms, &request.terms) {
            (now, then) if now == then => None,
            (Some(now), Some(then)) if now.pay_to != then.pay_to => {
                differ("it paid to", &now.pay_to, &then.pay_to)
            }
            _ => Some("the seller wants it another way than was decided on".to_owned()),
        }
    }
}

impl fmt::Debug for Signing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Proof(_) => "Proof",
            Self::Cheque { .. } => "Cheque",
        })
    }
}
