//! What an agent asked a merchant for, and whether a session is that.
//!
//! This module must never take a cart for what was asked that holds one thing more, one fewer, or one at another price.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Session;
use super::line::item_id;
use super::totals::UNITS_MAX;
use crate::limits;
use crate::money::{Currency, Money};

/// What was asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Asked {
    /// In which currency.
    pub currency: Currency,
    /// Which things; each once.
    pub items: Vec<AskedItem>,
}

/// One thing that was asked for.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AskedItem {
    /// The merchant's id of it.
    pub id: String,
    /// How many; positive.
    pub quantity: u32,
    /// The price of one in smallest units, where the agent named it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_amount: Option<u64>,
}

/// Why a list cannot be asked for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AskedError {
    /// None, or too many.
    #[error(
        "1 to {} items can be asked for, with at most {} pieces",
        limits::LINE_ITEMS,
        limits::ACP_PIECES
    )]
    Count,
    /// An id that no merchant has.
    #[error("an item id is 1 to {} visible ASCII characters", limits::ID_BYTES)]
    Id,
    /// One thing twice.
    #[error("item {0} is named more than once; name it once with its quantity")]
    Twice(String),
    /// None of it, or more than an amount holds.
    #[error("item {0} has no quantity, or a price out of bounds")]
    Item(String),
}

/// What differs between what was asked and what the merchant says.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Mismatch {
    /// Another currency.
    #[error("{asked} was asked, the cart is in {found}")]
    Currency {
        /// Asked.
        asked: Currency,
        /// The cart's.
        found: Currency,
    },
    /// A thing nobody asked for.
    #[error("the cart holds {found} of item {id}, which was not asked for")]
    Added {
        /// Which.
        id: String,
        /// How many.
        found: u64,
    },
    /// More or fewer of a thing.
    #[error("{asked} of item {id} were asked, the cart holds {found}")]
    Quantity {
        /// Which.
        id: String,
        /// Asked.
        asked: u32,
        /// In the cart.
        found: u64,
    },
    /// A thing without a price.
    #[error("the cart does not say what one of item {id} costs")]
    Unpriced {
        /// Which.
        id: String,
    },
    /// Another price.
    #[error("one of item {id} was {asked}, the cart says {found}")]
    Price {
        /// Which.
        id: String,
        /// Known before, in smallest units.
        asked: u64,
        /// In the cart.
        found: u64,
    },
    /// A tip.
    #[error("the merchant added a tip of {0}, which nobody asked for")]
    Tip(Money),
    /// More than may be paid.
    #[error("the cart costs {total}, at most {max} may be paid")]
    TooMuch {
        /// The cart's total.
        total: Money,
        /// The most.
        max: Money,
    },
}

impl Asked {
    /// A list in which everything is within bounds.
    ///
    /// # Errors
    /// [`AskedError`].
    pub fn new(currency: Currency, items: Vec<AskedItem>) -> Result<Self, AskedError> {
        let pieces: u64 = items.iter().map(|item| u64::from(item.quantity)).sum();
        if !(1..=limits::LINE_ITEMS).contains(&items.len()) || pieces > limits::ACP_PIECES {
            return Err(AskedError::Count);
        }
        for (place, item) in items.iter().enumerate() {
            item_id(&item.id).map_err(|_| AskedError::Id)?;
            if items[..place].iter().any(|earlier| earlier.id == item.id) {
                return Err(AskedError::Twice(item.id.clone()));
            }
            if item.quantity == 0 || item.unit_amount.is_some_and(|unit| unit > UNITS_MAX) {
                return Err(AskedError::Item(item.id.clone()));
            }
        }
        Ok(Self { currency, items })
    }

    /// The same with prices as `session` has them, so that a later change is seen. Prices that are known are kept.
    #[must_use]
    pub fn priced_by(mut self, session: &Session) -> Self {
        for item in &mut self.items {
            let line = session.lines.iter().find(|line| line.item_id == item.id);
            item.unit_amount = item.unit_amount.or_else(|| line.and_then(|line| line.unit_amount));
        }
        self
    }

    /// The same with the prices that were known `before`, which must stay.
    #[must_use]
    pub fn keeping_prices_of(mut self, before: &Self) -> Self {
        for item in &mut self.items {
            let known = before.items.iter().find(|known| known.id == item.id);
            item.unit_amount =
                item.unit_amount.or_else(|| known.and_then(|known| known.unit_amount));
        }
        self
    }

    /// Whether `session` is what was asked for, thing by thing.
    ///
    /// # Errors
    /// The first [`Mismatch`].
    pub fn check(&self, session: &Session) -> Result<(), Mismatch> {
        if session.currency != self.currency {
            let (asked, found) = (self.currency, session.currency);
            return Err(Mismatch::Currency { asked, found });
        }
        let mut found: BTreeMap<&str, u64> = BTreeMap::new();
        for line in &session.lines {
            *found.entry(&line.item_id).or_default() += u64::from(line.quantity);
            let asked = self.items.iter().find(|item| item.id == line.item_id);
            let id = || line.item_id.clone();
            match (asked.and_then(|item| item.unit_amount), line.unit_amount) {
                (_, None) => return Err(Mismatch::Unpriced { id: id() }),
                (Some(asked), Some(found)) if asked != found => {
                    return Err(Mismatch::Price { id: id(), asked, found });
                }
                _ => {}
            }
        }
        for item in &self.items {
            let found = found.remove(item.id.as_str()).unwrap_or(0);
            if found != u64::from(item.quantity) {
                let (id, asked) = (item.id.clone(), item.quantity);
                return Err(Mismatch::Quantity { id, asked, found });
            }
        }
        if let Some((id, found)) = found.pop_first() {
            return Err(Mismatch::Added { id: id.to_owned(), found });
        }
        match session.totals.tip {
            0 => Ok(()),
            tip => {
                Err(Mismatch::Tip(Money { amount: u128::from(tip), currency: session.currency }))
            }
        }
    }
}

/// Whether a session costs at most `max`, in the same currency.
///
/// # Errors
/// [`Mismatch::Currency`] or [`Mismatch::TooMuch`].
pub fn within(session: &Session, max: Money) -> Result<(), Mismatch> {
    let total = session.total();
    if total.currency != max.currency {
        return Err(Mismatch::Currency { asked: max.currency, found: total.currency });
    }
    if total.amount > max.amount { Err(Mismatch::TooMuch { total, max }) } else { Ok(()) }
}
