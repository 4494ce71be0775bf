//! What is bought: as an agent says, and as the merchant itself has said.
//!
//! The two must never be mixed up: [`Claims`] can only add a reason to refuse, [`Cart`] is what the wallet fetched.

use serde::{Deserialize, Serialize};

use crate::money::Money;

/// What an agent says of its payment. Never a reason to allow.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claims {
    /// What the payee sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What the payment is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intent: Option<String>,
    /// What is bought.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub line_items: Vec<LineItem>,
}

impl Claims {
    /// Whether nothing is claimed.
    pub fn is_empty(&self) -> bool {
        self == &Self::default()
    }

    /// Every category that is claimed.
    pub fn categories(&self) -> impl Iterator<Item = &str> {
        let items = self.line_items.iter().filter_map(|item| item.category.as_deref());
        self.category.as_deref().into_iter().chain(items)
    }
}

/// One thing that is bought.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LineItem {
    /// Its name.
    pub name: String,
    /// How many; positive.
    pub quantity: u32,
    /// The price of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_amount: Option<Money>,
    /// What kind of thing it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

/// A cart as the merchant itself states it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cart {
    /// Who sells.
    pub merchant_id: String,
    /// The host the cart was fetched from, in lower case.
    pub merchant_domain: String,
    /// What is bought.
    pub line_items: Vec<LineItem>,
    /// What it costs in all.
    pub total: Money,
    /// What of that the merchant adds for itself: fees and wrapping. The owner is asked about them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surcharge: Option<Money>,
}

/// Categories compare without regard to case and to space around them.
pub(super) fn category(text: &str) -> String {
    text.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(category: Option<&str>) -> LineItem {
        let category = category.map(str::to_owned);
        LineItem { name: "thing".to_owned(), quantity: 1, unit_amount: None, category }
    }

    #[test]
    fn every_category_that_is_claimed_is_heard() {
        let line_items = vec![item(Some("wine")), item(None), item(Some("toys"))];
        let claims = Claims { category: Some("food".to_owned()), intent: None, line_items };
        assert_eq!(claims.categories().collect::<Vec<_>>(), ["food", "wine", "toys"]);
        assert_eq!(Claims::default().categories().count(), 0);
    }

    #[test]
    fn one_claim_is_enough_not_to_be_empty() {
        assert!(Claims::default().is_empty());
        let text = || Some("x".to_owned());
        for claims in [
            Claims { category: text(), ..Claims::default() },
            Claims { intent: text(), ..Claims::default() },
            Claims { line_items: vec![item(None)], ..Claims::default() },
        ] {
            assert!(!claims.is_empty(), "{claims:?}");
        }
    }

    #[test]
    fn categories_compare_without_case_and_space() {
        assert_eq!(category(" \tGroceries "), "groceries");
        assert_ne!(category("fine wine"), category("finewine"));
    }
}
