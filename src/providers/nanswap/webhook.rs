//! A verified webhook, and whether it is about the order we stored (fact sheet 2.9, receiver rules).
//!
//! Pure. A signature proves who wrote a webhook, not that it is new or that nothing was swapped before it was signed:
//! this module must never pass one that differs from the order.

use serde::de::DeserializeOwned;

use super::{OrderStatus, Verified};
use crate::digest::Digest;
use crate::nano::Account;
use crate::providers::one_of::{needed, one_of};
use crate::providers::{Amount, Opaque, Said};

/// What a webhook says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Webhook {
    /// Their id.
    pub invoice_id: Opaque,
    /// The merchant's id.
    pub partner_id: Option<Opaque>,
    /// State of the order.
    pub status: OrderStatus,
    /// What was asked of the customer.
    pub expected_amount_from: Option<Amount>,
    /// What the customer paid.
    pub amount_from: Option<Amount>,
    /// What the merchant was paid.
    pub payout_amount: Option<Amount>,
    /// In which currency.
    pub payout_currency: Option<Opaque>,
    /// What the customer paid with.
    pub payin_currency: Option<Opaque>,
    /// Currency of the price.
    pub price_currency: Option<Opaque>,
    /// The price.
    pub price_amount: Option<Amount>,
    /// `address`, `internal` or `dynamic`.
    pub payout_method: Option<Opaque>,
    /// The transaction that paid the merchant.
    pub payout_hash: Option<Said>,
    /// Where the merchant was paid.
    pub payout_address: Option<Opaque>,
    /// Tells this webhook from others.
    pub digest: Digest,
}

/// What was stored when the order was made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Expected {
    /// Their id.
    pub invoice_id: Opaque,
    /// The merchant's id.
    pub partner_id: Option<Opaque>,
    /// The price.
    pub price_amount: Amount,
    /// Its currency, where it was said.
    pub price_currency: Option<Opaque>,
    /// What the customer was to pay with, where it was said.
    pub payin_currency: Option<Opaque>,
    /// What was to be paid out, where it was said.
    pub payout_currency: Option<Opaque>,
    /// The override of the payout's address, if there was one.
    pub payout_address: Option<Opaque>,
    /// The last state we know.
    pub status: OrderStatus,
}

/// What is wrong with a webhook whose signature holds.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Suspicion {
    /// A field differs from the order.
    #[error("{field} is {found}, the order has {expected}")]
    Differs {
        /// Which field.
        field: &'static str,
        /// What the order has.
        expected: String,
        /// What the webhook says.
        found: String,
    },
    /// The payout went, or would go, elsewhere.
    #[error("the payout address or method is not the order's: somebody may have tampered with it")]
    PayoutTampered,
    /// Less was paid than asked, and yet it is said to be completed.
    #[error("{paid} was paid of {asked}, and yet the order is said to be completed")]
    TooLittle {
        /// What was asked.
        asked: Amount,
        /// What was paid.
        paid: Amount,
    },
    /// An older state after a newer one.
    #[error("the order is {known} already and cannot become {found} again")]
    Regressing {
        /// The last state we know.
        known: OrderStatus,
        /// What the webhook says.
        found: OrderStatus,
    },
}

impl Webhook {
    /// Reads the signed members, under the names of the documents and of Nanswap's own plugins (D9).
    ///
    /// # Errors
    /// A sentence, when a member is missing, unreadable, or told in two ways.
    pub fn read(verified: &Verified) -> Result<Self, String> {
        let amount = |names| member::<Amount, _>(verified, names);
        let id = |names| member::<Opaque, _>(verified, names);
        let said = |names| member::<Said, _>(verified, names);
        let status = ["status"];
        let status = needed(status, [one::<String>(verified, "status")?])?;
        let invoice = ["invoiceId", "transaction_id", "invoice_id"];
        let [a, b, c] = invoice.map(|name| one::<Opaque>(verified, name));
        Ok(Self {
            invoice_id: needed(invoice, [a?, b?, c?])?,
            partner_id: id(["invoicePartnerId", "invoiceIdPartner", "order_id"])?,
            status: OrderStatus::of(&status),
            expected_amount_from: amount(["expectedAmountFrom", "expected_amount_from", ""])?,
            amount_from: amount(["amountFrom", "amount_received", "actually_paid"])?,
            payout_amount: amount(["payoutAmount", "payout_amount", ""])?,
            payout_currency: id(["payoutCurrency", "payout_currency", ""])?,
            payin_currency: id(["payinCurrency", "payin_currency", ""])?,
            price_currency: id(["priceCurrency", "price_currency", ""])?,
            price_amount: amount(["priceAmount", "price_amount", ""])?,
            payout_method: id(["payoutMethod", "payout_method", ""])?,
            payout_hash: said(["payoutHash", "payout_hash", ""])?,
            payout_address: id(["payoutAddress", "payout_address", ""])?,
            digest: verified.digest,
        })
    }

    /// Whether it is about `order` and leads on from its state.
    ///
    /// # Errors
    /// The first [`Suspicion`].
    pub fn check(&self, order: &Expected) -> Result<(), Suspicion> {
        let partner = (order.partner_id.as_ref(), self.partner_id.as_ref());
        same("invoiceId", Some(&order.invoice_id), Some(&self.invoice_id))?;
        same("invoicePartnerId", partner.0, partner.1)?;
        same("priceAmount", Some(&order.price_amount), self.price_amount.as_ref())?;
        same("priceCurrency", order.price_currency.as_ref(), self.price_currency.as_ref())?;
        same("payinCurrency", order.payin_currency.as_ref(), self.payin_currency.as_ref())?;
        same("payoutCurrency", order.payout_currency.as_ref(), self.payout_currency.as_ref())?;
        self.check_payout(order)?;
        if !order.status.may_become(&self.status) {
            let (known, found) = (order.status.clone(), self.status.clone());
            return Err(Suspicion::Regressing { known, found });
        }
        if let (OrderStatus::Completed, Some(asked), Some(paid)) =
            (&self.status, &self.expected_amount_from, &self.amount_from)
            && paid < asked
        {
            let (asked, paid) = (asked.clone(), paid.clone());
            return Err(Suspicion::TooLittle { asked, paid });
        }
        Ok(())
    }

    /// With an override the payout goes exactly there, by the method "dynamic"; without one never by that method.
    fn check_payout(&self, order: &Expected) -> Result<(), Suspicion> {
        let is_dynamic =
            self.payout_method.as_ref().is_some_and(|method| method.as_str() == DYNAMIC);
        let is_right = match (&order.payout_address, &self.payout_address) {
            (Some(expected), Some(found)) => is_dynamic && is_same_address(expected, found),
            (Some(_), None) => false,
            (None, _) => !is_dynamic,
        };
        if is_right { Ok(()) } else { Err(Suspicion::PayoutTampered) }
    }
}

/// Two spellings of one Nano account are one address; anything else is compared as text.
fn is_same_address(a: &Opaque, b: &Opaque) -> bool {
    match (a.as_str().parse::<Account>(), b.as_str().parse::<Account>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}

/// What the order does not say is not compared; what it says must be there.
fn same<T: PartialEq + ToString>(
    field: &'static str,
    expected: Option<&T>,
    found: Option<&T>,
) -> Result<(), Suspicion> {
    let Some(expected) = expected else { return Ok(()) };
    if found == Some(expected) {
        return Ok(());
    }
    let found = found.map_or_else(|| "missing".to_owned(), ToString::to_string);
    Err(Suspicion::Differs { field, expected: expected.to_string(), found })
}

fn member<T, const N: usize>(verified: &Verified, names: [&str; N]) -> Result<Option<T>, String>
where
    T: DeserializeOwned + PartialEq,
{
    let mut values = Vec::with_capacity(N);
    for name in names {
        values.push(one(verified, name)?);
    }
    let values: [Option<T>; N] = values.try_into().map_err(|_| "too many names".to_owned())?;
    one_of(names, values)
}

fn one<T: DeserializeOwned>(verified: &Verified, name: &str) -> Result<Option<T>, String> {
    let Some(raw) = verified.members.get(name) else { return Ok(None) };
    // Absent and null are the same (D8).
    serde_json::from_str::<Option<T>>(raw.get()).map_err(|error| format!("{name}: {error}"))
}

const DYNAMIC: &str = "dynamic";
