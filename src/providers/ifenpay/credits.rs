//! Endpoint 9: how many credits there are, and what more of them cost.
//!
//! Prices come as JSON numbers. They are read from their text, digit by digit: no price may pass through a float.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Ifenpay, Tier, UpstreamError, nonsense};
use crate::money::Raw;

/// Credits and the price list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Credits {
    /// Credits left; may be negative.
    pub credits: i32,
    prices: [Raw; 9],
}

impl Credits {
    /// What the list says `tier` costs; positive.
    pub fn price(&self, tier: Tier) -> Raw {
        let listed = Tier::ALL.iter().zip(self.prices);
        let found = listed.into_iter().find(|(other, _)| **other == tier);
        found.map(|(_, price)| price).expect("every tier is on the list")
    }
}

#[cfg(test)]
impl Credits {
    /// A list with this price for every tier.
    pub(super) fn at(price: Raw) -> Self {
        Self { credits: 0, prices: [price; 9] }
    }
}

impl Ifenpay {
    /// Credits and prices as they are now.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn credits(&self) -> Result<Credits, UpstreamError> {
        self.upstream.read::<Told>(&["credits"]).await?.checked()
    }
}

#[derive(Deserialize)]
struct Told {
    credits: i32,
    current_credits_price_10: Box<RawValue>,
    current_credits_price_50: Box<RawValue>,
    current_credits_price_100: Box<RawValue>,
    current_credits_price_500: Box<RawValue>,
    current_credits_price_1000: Box<RawValue>,
    current_credits_price_5000: Box<RawValue>,
    current_credits_price_10000: Box<RawValue>,
    current_credits_price_50000: Box<RawValue>,
    current_credits_price_100000: Box<RawValue>,
}

impl Told {
    fn checked(self) -> Result<Credits, UpstreamError> {
        let listed = [
            self.current_credits_price_10,
            self.current_credits_price_50,
            self.current_credits_price_100,
            self.current_credits_price_500,
            self.current_credits_price_1000,
            self.current_credits_price_5000,
            self.current_credits_price_10000,
            self.current_credits_price_50000,
            self.current_credits_price_100000,
        ];
        let mut prices = [Raw::ZERO; 9];
        for ((price, listed), tier) in prices.iter_mut().zip(listed).zip(Tier::ALL) {
            let text = listed.get();
            let text = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
            *price = Raw::payment_from_xno(text)
                .map_err(|error| nonsense(format!("the price of {tier} credits: {error}")))?;
        }
        Ok(Credits { credits: self.credits, prices })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(ten: &str) -> String {
        let prices = ["0.5", "1.0", "5", "10.0", "50.0", "100.0", "500.0", "1000.0"];
        let rest = Tier::ALL[1..].iter().zip(prices);
        let rest: String = rest
            .map(|(tier, price)| format!(",\"current_credits_price_{tier}\":{price}"))
            .collect();
        format!("{{\"credits\":850,\"current_credits_price_10\":{ten}{rest}}}")
    }

    fn read(ten: &str) -> Option<Credits> {
        serde_json::from_str::<Told>(&list(ten)).ok()?.checked().ok()
    }

    #[test]
    fn prices_are_read_to_the_last_digit() {
        let ten = |text: &str| read(text).unwrap().price(Tier::ALL[0]);
        assert_eq!(ten("0.1"), Raw::from_xno("0.1").unwrap());
        assert_eq!(ten("\"0.1\""), Raw::from_xno("0.1").unwrap());
        // A float would lose the last digits.
        let fine = "0.100000000000000000000000000001";
        assert_eq!(ten(fine), Raw::from_xno(fine).unwrap());
        let credits = read("0.1").unwrap();
        assert_eq!(credits.credits, 850);
        assert_eq!(credits.price(Tier::ALL[8]), Raw::from_xno("1000").unwrap());
    }

    #[test]
    fn no_price_is_negative_nothing_or_more_than_there_is() {
        for bad in [
            "-0.1",
            "0",
            "0.0",
            "\"1,5\"",
            "1e3",
            "\"\"",
            "null",
            "[]",
            "true",
            "340282367",
            "0.0000000000000000000000000000001",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
        let twice = list("0.1").replace("{\"credits\":850", "{\"credits\":850,\"credits\":1");
        assert!(serde_json::from_str::<Told>(&twice).is_err());
        assert!(serde_json::from_str::<Told>(&list("0.1").replace("850", "3000000000")).is_err());
    }
}
