//! What Stripe says of a token.
//!
//! This module must never take a token for good that is worth more, lives longer, or is in another currency than asked.

use serde::{Deserialize, Serialize};

use super::error::StripeError;
use super::id::TokenId;
use super::order::TokenOrder;
use crate::money::{Currency, Money};

/// A token and what became of it.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// Its id, which is the token.
    pub id: TokenId,
    /// Where it stands.
    pub status: TokenStatus,
    /// What the seller has charged, where it is said.
    pub captured: Option<Money>,
    /// Why it is dead, if it is.
    pub deactivated: Option<Deactivated>,
    limits: UsageLimits,
}

/// Where a token stands.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenStatus {
    /// It can be charged.
    Active,
    /// The card's issuer wants to see its holder first.
    RequiresAction,
    /// It cannot be charged any more.
    Deactivated,
}

/// Why a token is dead.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Deactivated {
    /// It was charged.
    Consumed,
    /// Its time is over.
    Expired,
    /// Its purchase came to its end.
    Resolved,
    /// It was taken back.
    Revoked,
}

#[derive(Clone, Debug, Deserialize)]
struct UsageLimits {
    currency: String,
    max_amount: u64,
    expires_at: Option<u64>,
}

#[derive(Deserialize)]
struct TokenWire {
    id: TokenId,
    status: TokenStatus,
    usage_limits: UsageLimits,
    usage_details: Option<UsageDetails>,
    deactivated_reason: Option<Deactivated>,
}

#[derive(Deserialize)]
struct UsageDetails {
    amount_captured: Option<Captured>,
}

/// Both spellings that Stripe's pages show.
#[derive(Deserialize)]
#[serde(untagged)]
enum Captured {
    Units(u64),
    Money { value: u64 },
}

impl IssuedToken {
    /// Reads an answer.
    ///
    /// # Errors
    /// [`StripeError::Garbled`].
    pub fn read(body: &[u8]) -> Result<Self, StripeError> {
        let wire: TokenWire = serde_json::from_slice(body)
            .map_err(|error| StripeError::garbled(&error.to_string()))?;
        let currency: Currency =
            wire.usage_limits.currency.parse().map_err(|_| StripeError::garbled("no currency"))?;
        let captured = wire.usage_details.and_then(|details| details.amount_captured);
        let captured = captured.map(|captured| {
            let (Captured::Units(units) | Captured::Money { value: units }) = captured;
            Money { amount: u128::from(units), currency }
        });
        let status = match wire.deactivated_reason {
            Some(_) => TokenStatus::Deactivated,
            None => wire.status,
        };
        let deactivated = wire.deactivated_reason;
        Ok(Self { id: wire.id, status, captured, deactivated, limits: wire.usage_limits })
    }

    /// Whether a seller has used it: money was taken by it, or is held and can be taken later.
    pub fn is_used(&self) -> bool {
        let is_charged = self.captured.is_some_and(|captured| captured.amount > 0);
        is_charged || self.deactivated == Some(Deactivated::Consumed)
    }

    /// Whether it is good for what was ordered and nothing more.
    ///
    /// # Errors
    /// [`StripeError::OtherToken`] names what differs.
    pub fn check(&self, order: &TokenOrder) -> Result<(), StripeError> {
        let UsageLimits { currency, max_amount, expires_at } = &self.limits;
        let ordered = order.amount();
        if !currency.eq_ignore_ascii_case(ordered.currency.as_str()) {
            return Err(StripeError::OtherToken("currency"));
        }
        if u128::from(*max_amount) != ordered.amount {
            return Err(StripeError::OtherToken("amount"));
        }
        if expires_at.is_none_or(|expires_at| expires_at > order.expires_at_s()) {
            return Err(StripeError::OtherToken("expiry"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(usage: &str, rest: &str) -> Result<IssuedToken, StripeError> {
        let text = format!(
            r#"{{"id":"spt_1","status":"active","usage_limits":{{"currency":"usd","max_amount":660,
                "expires_at":900}},"usage_details":{usage}{rest}}}"#
        );
        IssuedToken::read(text.as_bytes())
    }

    #[test]
    fn both_spellings_of_what_was_captured_are_read() {
        let usd = |amount| Some(Money { amount, currency: "USD".parse().unwrap() });
        assert_eq!(token(r#"{"amount_captured":5}"#, "").unwrap().captured, usd(5));
        let spelt = r#"{"amount_captured":{"currency":"usd","value":7}}"#;
        assert_eq!(token(spelt, "").unwrap().captured, usd(7));
        assert_eq!(token("null", "").unwrap().captured, None);
        let dead = token("null", r#","deactivated_reason":"revoked""#).unwrap();
        assert_eq!(dead.status, TokenStatus::Deactivated);
        assert_eq!(dead.deactivated, Some(Deactivated::Revoked));
        for bad in [r#"{"amount_captured":-1}"#, r#"{"amount_captured":1.5}"#] {
            assert!(token(bad, "").is_err(), "{bad}");
        }
        assert!(token("null", r#","deactivated_reason":"lost""#).is_err());
        let token = token("null", "").unwrap();
        assert!(!format!("{token:?}").contains("spt_1"));
    }
}
