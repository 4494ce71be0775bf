//! The six calls of Nanswap Pay.
//!
//! This module must never send the secret key with a call that does without, make an order twice for one call (D13),
//! nor hand on an answer to another question than the one it asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::wire::{CurrencyWire, Envelope, EstimateWire, InvoicePageWire, OrderWire};
use super::{Currency, Estimate, InvoicePage, NewOrder, Order, Price};
use crate::clock::{Clock, Millis};
use crate::fetch::{Answer, Ask, Credential, Provider, ProviderError, words};
use crate::limits;
use crate::providers::Opaque;
use crate::secret::Secret;

/// The header that carries the key.
pub const KEY_HEADER: &str = "x-nanswap-pay-key";

/// Nanswap Pay at one base URL; clones share what they remember.
#[derive(Clone, Debug)]
pub struct Nanswap {
    provider: Provider,
    key: Option<Credential>,
    clock: Arc<dyn Clock>,
    payin: Arc<Mutex<Option<Kept<Vec<Currency>>>>>,
    fiat: Arc<Mutex<Option<Kept<Vec<Opaque>>>>>,
}

/// A list with its age.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Listed<T> {
    /// The list.
    pub list: T,
    /// How long ago it was read.
    pub age: Duration,
}

#[derive(Clone, Debug)]
struct Kept<T> {
    list: T,
    read_at: Millis,
}

impl Nanswap {
    /// Speaks through `provider`, with the merchant's secret key if there is one.
    pub fn new(provider: Provider, key: Option<Secret>, clock: Arc<dyn Clock>) -> Self {
        let key = key.map(|secret| Credential { header: KEY_HEADER, secret });
        Self { provider, key, clock, payin: Arc::default(), fiat: Arc::default() }
    }

    /// `POST /order`, once: after an unknown outcome a second order is harmless, but it is the caller's to make.
    ///
    /// # Errors
    /// [`ProviderError`]; also when the answer is for another order.
    pub async fn create_order(&self, new: &NewOrder) -> Result<Order, ProviderError> {
        let unwritable = |error: serde_json::Error| {
            ProviderError::garbled(self.provider.name(), &format!("the request itself: {error}"))
        };
        let ask = Ask::post("order", new).map_err(unwritable)?.with(Some(self.key()?));
        let answer = self.ask(ask).await?;
        let order: Order = read::<OrderWire, _>(&answer)?;
        // A partner id that is not told back is no contradiction.
        for (asked, found) in [
            (new.partner_id(), order.partner_id.as_ref()),
            (new.payin_currency(), order.payin_currency.as_ref()),
        ] {
            if let (Some(asked), Some(found)) = (asked, found)
                && asked != found
            {
                return Err(answer.garbled(&format!("it says {found} where {asked} was asked")));
            }
        }
        Ok(order)
    }

    /// `GET /order`, without the key.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn get_order(&self, invoice_id: &Opaque) -> Result<Order, ProviderError> {
        let query = [("id", invoice_id.as_str())];
        let answer = self.ask(Ask::get("order", &query)).await?;
        let order: Order = read::<OrderWire, _>(&answer)?;
        if order.invoice_id != *invoice_id {
            let found = &order.invoice_id;
            return Err(answer.garbled(&format!("it is about invoice {found}, not {invoice_id}")));
        }
        Ok(order)
    }

    /// `GET /order-estimate`, with the key, secret or public.
    ///
    /// # Errors
    /// [`ProviderError`].
    pub async fn estimate(
        &self,
        payin_currency: &Opaque,
        price: &Price,
        price_currency: Option<&Opaque>,
        payout_currency: Option<&Opaque>,
    ) -> Result<Estimate, ProviderError> {
        let amount = price.amount().to_string();
        let mut query =
            vec![("payinCurrency", payin_currency.as_str()), ("priceAmount", amount.as_str())];
        query.extend(price_currency.map(|currency| ("priceCurrency", currency.as_str())));
        query.extend(payout_currency.map(|currency| ("payoutCurrency", currency.as_str())));
        let key = self.key()?;
        let answer = self.ask(Ask::get("order-estimate", &query).with(Some(key))).await?;
        read::<EstimateWire, _>(&answer)
    }

    /// `GET /invoices`, one page from 1 of the merchant's invoices, newest first.
    ///
    /// # Errors
    /// [`ProviderError`]; also when another page comes back.
    pub async fn list_invoices(&self, page: u32) -> Result<InvoicePage, ProviderError> {
        let (asked, key) = (page.to_string(), self.key()?);
        let query = [("page", asked.as_str())];
        let answer = self.ask(Ask::get("invoices", &query).with(Some(key))).await?;
        let found: InvoicePage = read::<InvoicePageWire, _>(&answer)?;
        if found.page != u64::from(page) {
            return Err(answer.garbled(&format!("it is page {}, not {page}", found.page)));
        }
        Ok(found)
    }

    /// `GET /payin-currencies`, or the list kept from before.
    ///
    /// # Errors
    /// [`ProviderError`], unless there is an older list.
    pub async fn payin_currencies(&self) -> Result<Listed<Vec<Currency>>, ProviderError> {
        self.listed(&self.payin, "payin-currencies", |answer| {
            let found: BTreeMap<Opaque, CurrencyWire> = answer.json()?;
            Ok(found.into_iter().map(|(code, wire)| wire.under(code)).collect())
        })
        .await
    }

    /// `GET /fiat-currencies`, or the list kept from before.
    ///
    /// # Errors
    /// [`ProviderError`], unless there is an older list.
    pub async fn fiat_currencies(&self) -> Result<Listed<Vec<Opaque>>, ProviderError> {
        self.listed(&self.fiat, "fiat-currencies", Answer::json).await
    }

    async fn listed<T: Clone>(
        &self,
        kept: &Mutex<Option<Kept<T>>>,
        path: &'static str,
        read: impl FnOnce(&Answer) -> Result<T, ProviderError>,
    ) -> Result<Listed<T>, ProviderError> {
        let now = self.clock.now();
        let known = kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known = known.map(|Kept { list, read_at }| Listed { list, age: now.since(read_at) });
        if let Some(fresh) = known.clone().filter(|known| known.age <= limits::NANSWAP_LIST_AGE) {
            return Ok(fresh);
        }
        let asked = match self.provider.ask(Ask::get(path, &[])).await {
            Ok(answer) => read(&answer),
            Err(error) => Err(error),
        };
        match (asked, known) {
            (Ok(list), _) => {
                let read = Kept { list: list.clone(), read_at: self.clock.now() };
                *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(read);
                Ok(Listed { list, age: Duration::ZERO })
            }
            // Currencies seldom change: an old list with its age is better than none.
            (Err(_), Some(old)) => Ok(old),
            (Err(error), None) => Err(error),
        }
    }

    async fn ask(&self, ask: Ask<'_>) -> Result<Answer, ProviderError> {
        let answer = self.provider.ask(ask).await?;
        if answer.json::<Envelope>()?.is_refusal() {
            let (provider, words) = (self.provider.name(), words(&answer.body));
            return Err(ProviderError::Refused { provider, words });
        }
        Ok(answer)
    }

    fn key(&self) -> Result<&Credential, ProviderError> {
        let (provider, setting) = (self.provider.name(), "NANSWAP_PAY_KEY");
        self.key.as_ref().ok_or(ProviderError::NoKey { provider, setting })
    }
}

fn read<W, T>(answer: &Answer) -> Result<T, ProviderError>
where
    W: DeserializeOwned,
    T: TryFrom<W, Error = String>,
{
    T::try_from(answer.json::<W>()?).map_err(|detail| answer.garbled(&detail))
}
