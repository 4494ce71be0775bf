//! What a token is to be good for, made of a grant.
//!
//! A token can only be asked for with a [`TokenOrder`], and only a grant makes one: this module must never let a token
//! be asked for that policy did not allow, or that lives beyond [`limits::TOKEN_LIFE`].

use super::id::Profile;
use crate::clock::Millis;
use crate::ids::PaymentId;
use crate::limits;
use crate::money::Money;
use crate::policy::{Grant, GrantError, Request};

/// A token that may be asked for. What it is made of is kept with its payment, so that it is the same one however often
/// it is asked for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TokenOrder {
    payment_id: PaymentId,
    amount: Money,
    profile: Profile,
    /// Unix seconds.
    expires_at_s: u64,
    key: String,
}

/// Why no token may be asked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum OrderError {
    /// Policy granted something else.
    #[error(transparent)]
    Grant(#[from] GrantError),
    /// Stripe counts amounts in at most eight digits.
    #[error("a card payment is above zero and below 100,000,000 smallest units, this is {0}")]
    Amount(u128),
    /// Nobody charges cards in this currency.
    #[error("a card is not charged in {0}")]
    Currency(String),
    /// Too short or too long.
    #[error("a payment token lives for 1 to {} seconds", limits::TOKEN_LIFE.as_secs())]
    Life,
}

impl TokenOrder {
    /// Uses a grant up for a token of exactly its amount, for the seller `profile`.
    ///
    /// # Errors
    /// [`OrderError`]; the grant is gone all the same.
    pub fn new(
        grant: Grant,
        amount: Money,
        payee: &str,
        profile: Profile,
        now: Millis,
        expires_at: Millis,
        attempt: u32,
    ) -> Result<Self, OrderError> {
        let payment_id = grant.consume(amount, payee)?;
        if !(1..=UNITS_MAX).contains(&amount.amount) {
            return Err(OrderError::Amount(amount.amount));
        }
        if amount.currency.as_str().len() != ISO_LETTERS || amount.as_raw().is_some() {
            return Err(OrderError::Currency(amount.currency.to_string()));
        }
        let life = expires_at.since(now);
        if life.as_secs() == 0 || life > limits::TOKEN_LIFE {
            return Err(OrderError::Life);
        }
        let key = format!("token-{payment_id}-{attempt}");
        Ok(Self { payment_id, amount, profile, expires_at_s: expires_at.0 / 1_000, key })
    }

    /// The order that was made of a grant before, of what is durable of it: the request, Stripe's key, and the expiry.
    /// `None` when the request names no profile.
    pub fn durable(request: &Request, key: &str, expires_at: Millis) -> Option<Self> {
        Some(Self {
            payment_id: request.payment_id,
            amount: request.amount,
            profile: request.recipient().parse().ok()?,
            expires_at_s: expires_at.0 / 1_000,
            key: key.to_owned(),
        })
    }

    /// Which payment it is for.
    pub fn payment_id(&self) -> PaymentId {
        self.payment_id
    }

    /// The most that can be charged.
    pub fn amount(&self) -> Money {
        self.amount
    }

    /// Who can charge it.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Stripe's `Idempotency-Key` for it.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Until when, in Unix seconds.
    pub fn expires_at_s(&self) -> u64 {
        self.expires_at_s
    }
}

const UNITS_MAX: u128 = 99_999_999;
const ISO_LETTERS: usize = 3;
