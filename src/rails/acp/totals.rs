//! What a cart costs, by its own sums.
//!
//! This module must never take a total that does not follow from its parts, a second `total`, or a charge below zero.

use super::wire::TotalWire;

/// A cart's sums, in the currency's smallest units.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// What is to be paid.
    pub total: u64,
    /// Prices times quantities, where it is said.
    pub items_base: Option<u64>,
    /// All that is taken off: discounts and credit.
    pub off: u64,
    /// Delivery.
    pub fulfillment: u64,
    /// Taxes.
    pub tax: u64,
    /// Fees of the merchant.
    pub fee: u64,
    /// Wrapping.
    pub gift_wrap: u64,
    /// A tip: nobody but the payer may add one.
    pub tip: u64,
}

/// Why sums are not taken.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TotalsError {
    /// No `total`.
    #[error("the totals name no total")]
    NoTotal,
    /// One of which there may be one is there twice.
    #[error("the totals name {0} more than once")]
    Twice(&'static str),
    /// A kind nobody published.
    #[error("the totals hold an entry of an unknown kind")]
    UnknownKind,
    /// Below zero, or above what a sum can hold.
    #[error("the totals hold {kind} of {amount}, which is out of bounds")]
    OutOfBounds {
        /// Which entry.
        kind: &'static str,
        /// Its amount.
        amount: i64,
    },
    /// The parts make another total.
    #[error("the parts of the totals make {parts}, the total says {total}")]
    Sum {
        /// What the parts make.
        parts: i128,
        /// What is said.
        total: u64,
    },
    /// The goods less what is taken off them make another subtotal.
    #[error("the goods make a subtotal of {parts}, the cart says {subtotal}")]
    Subtotal {
        /// What the parts make.
        parts: i128,
        /// What is said.
        subtotal: u64,
    },
}

impl Totals {
    /// Reads the totals of a cart whose lines cost `lines_base` before anything is taken off or added.
    ///
    /// # Errors
    /// [`TotalsError`].
    pub(super) fn read(
        entries: &[TotalWire],
        lines_base: Option<u64>,
    ) -> Result<Self, TotalsError> {
        let mut once: [Option<u64>; 3] = [None; 3];
        let (mut items_off, mut cart_off) = (0_u64, 0_u64);
        let mut totals = Self::default();
        for entry in entries {
            let kind = KINDS.iter().find(|kind| **kind == entry.kind);
            let kind: &'static str = kind.ok_or(TotalsError::UnknownKind)?;
            // Merchants write what is taken off with and without a sign; either way it is taken off.
            let is_off = matches!(kind, "items_discount" | "discount" | "store_credit");
            let wrong = || TotalsError::OutOfBounds { kind, amount: entry.amount };
            let amount = if is_off {
                entry.amount.unsigned_abs()
            } else {
                entry.unsigned().ok_or_else(wrong)?
            };
            if amount > UNITS_MAX {
                return Err(wrong());
            }
            if let Some(place) = ONCE.iter().position(|single| *single == kind) {
                if once[place].replace(amount).is_some() {
                    return Err(TotalsError::Twice(kind));
                }
                continue;
            }
            let sum = match kind {
                "items_discount" => &mut items_off,
                "discount" | "store_credit" => &mut cart_off,
                "fulfillment" => &mut totals.fulfillment,
                "tax" => &mut totals.tax,
                "fee" => &mut totals.fee,
                "gift_wrap" => &mut totals.gift_wrap,
                "tip" => &mut totals.tip,
                // What was paid back later is no part of what is to be paid.
                _ => continue,
            };
            *sum = sum.checked_add(amount).ok_or_else(wrong)?;
        }
        let [total, items_base, subtotal] = once;
        totals.total = total.ok_or(TotalsError::NoTotal)?;
        totals.items_base = items_base;
        totals.off = items_off.saturating_add(cart_off);
        totals.check(lines_base, subtotal, items_off, cart_off)?;
        Ok(totals)
    }

    fn check(
        &self,
        lines_base: Option<u64>,
        subtotal: Option<u64>,
        items_off: u64,
        cart_off: u64,
    ) -> Result<(), TotalsError> {
        let wide = |units: u64| i128::from(units);
        let base = match (self.items_base, lines_base) {
            (Some(said), Some(lines)) if said != lines => {
                return Err(TotalsError::Subtotal { parts: wide(lines), subtotal: said });
            }
            (Some(base), _) | (None, Some(base)) => wide(base),
            // Neither the cart nor its lines say what the goods cost: only the subtotal does.
            (None, None) => wide(subtotal.unwrap_or(0)) + wide(items_off),
        };
        let goods = base - wide(items_off);
        if let Some(subtotal) = subtotal
            && goods != wide(subtotal)
            && goods - wide(cart_off) != wide(subtotal)
        {
            return Err(TotalsError::Subtotal { parts: goods, subtotal });
        }
        let added = [self.fulfillment, self.tax, self.fee, self.gift_wrap, self.tip];
        let parts = goods - wide(cart_off) + added.into_iter().map(wide).sum::<i128>();
        if parts == wide(self.total) {
            return Ok(());
        }
        Err(TotalsError::Sum { parts, total: self.total })
    }
}

/// More smallest units than any currency's cart has, and few enough that sums cannot wrap.
pub(super) const UNITS_MAX: u64 = 1 << 53;
const ONCE: [&str; 3] = ["total", "items_base_amount", "subtotal"];
const KINDS: [&str; 12] = [
    "items_base_amount",
    "items_discount",
    "subtotal",
    "discount",
    "fulfillment",
    "tax",
    "fee",
    "gift_wrap",
    "tip",
    "store_credit",
    "total",
    "amount_refunded",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[(&str, i64)], lines: Option<u64>) -> Result<Totals, TotalsError> {
        let wire =
            |(kind, amount): &(&str, i64)| TotalWire { kind: (*kind).to_owned(), amount: *amount };
        Totals::read(&entries.iter().map(wire).collect::<Vec<_>>(), lines)
    }

    #[test]
    fn the_parts_make_the_total() {
        let whole = [
            ("items_base_amount", 1_000),
            ("items_discount", 100),
            ("subtotal", 900),
            ("discount", -50),
            ("store_credit", 50),
            ("fulfillment", 500),
            ("tax", 30),
            ("tax", 20),
            ("fee", 7),
            ("gift_wrap", 3),
            ("tip", 40),
            ("total", 1_400),
        ];
        let totals = read(&whole, Some(1_000)).unwrap();
        assert_eq!((totals.total, totals.off, totals.tax, totals.tip), (1_400, 200, 50, 40));
        assert!(read(&[("total", 7)], Some(7)).is_ok());
        assert!(read(&[("subtotal", 5), ("tax", 2), ("total", 7)], None).is_ok());
        // A subtotal may be meant after all that is taken off.
        assert!(read(&[("subtotal", 5), ("discount", 2), ("total", 5)], Some(7)).is_ok());
        assert!(read(&[("total", 0)], Some(0)).is_ok());
        assert!(read(&[("total", 7), ("amount_refunded", 7)], Some(7)).is_ok());
    }

    #[test]
    fn tampered_totals_are_refused() {
        assert_eq!(read(&[], None), Err(TotalsError::NoTotal));
        assert_eq!(read(&[("total", 7), ("total", 7)], Some(7)), Err(TotalsError::Twice("total")));
        assert_eq!(read(&[("total", 8)], Some(7)), Err(TotalsError::Sum { parts: 7, total: 8 }));
        assert_eq!(read(&[("Total", 7)], Some(7)), Err(TotalsError::UnknownKind));
        for kind in ["total", "tax", "fee", "tip", "subtotal", "fulfillment", "gift_wrap"] {
            let wrong = read(&[(kind, -1)], Some(0)).unwrap_err();
            assert!(matches!(wrong, TotalsError::OutOfBounds { amount: -1, .. }), "{kind}");
        }
        let most = i64::try_from(UNITS_MAX).unwrap();
        assert!(read(&[("total", most)], Some(UNITS_MAX)).is_ok());
        assert!(matches!(read(&[("total", most + 1)], None), Err(TotalsError::OutOfBounds { .. })));
        assert!(matches!(
            read(&[("discount", i64::MIN)], None),
            Err(TotalsError::OutOfBounds { .. })
        ));
        let other_base = read(&[("items_base_amount", 6), ("total", 6)], Some(7));
        assert_eq!(other_base, Err(TotalsError::Subtotal { parts: 7, subtotal: 6 }));
        let other = read(&[("subtotal", 6), ("tax", 1), ("total", 8)], Some(7));
        assert_eq!(other, Err(TotalsError::Subtotal { parts: 7, subtotal: 6 }));
        // More is taken off than there is.
        assert!(read(&[("discount", 8), ("total", 0)], Some(7)).is_err());
    }
}
