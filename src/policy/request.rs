//! What policy judges: one payment as asked, already parsed and bounded.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{Cart, Claims, Terms};
use crate::ids::PaymentId;
use crate::money::Money;

/// One payment as policy sees it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Its id, for life.
    pub payment_id: PaymentId,
    /// Which agent asked, where its host proved one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// How the money would move.
    pub rail: Rail,
    /// How much; positive.
    pub amount: Money,
    /// To whom.
    pub payee: Payee,
    /// The mandate it claims.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mandate_id: Option<String>,
    /// What the agent says of it; may only add a reason to refuse.
    #[serde(default, skip_serializing_if = "Claims::is_empty")]
    pub claims: Claims,
    /// What the merchant itself said is bought. Only the engine may set it, after it has asked the merchant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<Cart>,
    /// What the seller itself asked for. Only the engine may set it, after it has asked the seller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
}

/// Who would get the money.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Payee {
    /// Canonical address: for Nano always the `nano_` form, for a seller of HTTP resources its URL without a query.
    pub address: String,
    /// What the agent calls it; a claim, never a reason to allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// How money moves.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Rail {
    /// A checkout at a merchant, by the Agentic Commerce Protocol.
    Acp,
    /// A Nano send.
    Nano,
    /// A card payment token.
    Stripe,
    /// A paid HTTP resource.
    X402,
}

impl Rail {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Acp, Self::Nano, Self::Stripe, Self::X402];

    /// Its name in requests and events.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acp => "acp",
            Self::Nano => "nano",
            Self::Stripe => "stripe",
            Self::X402 => "x402",
        }
    }
}

impl fmt::Display for Rail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Rail {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|rail| rail.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rail_has_one_name_wherever_it_stands() {
        for (rail, name) in Rail::ALL.into_iter().zip(["acp", "nano", "stripe", "x402"]) {
            assert_eq!((rail.as_str(), rail.to_string().as_str()), (name, name));
            assert_eq!(serde_json::to_value(rail).unwrap(), name);
            assert_eq!(name.parse(), Ok(rail));
        }
        for bad in ["", "NANO", "bitcoin", " nano"] {
            assert_eq!(bad.parse::<Rail>(), Err(()), "{bad:?}");
        }
    }
}
