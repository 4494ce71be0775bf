//! A checkout session, once its sums were checked.
//!
//! This module must never let a session through whose parts contradict each other, nor one that answers for another.

use std::net::IpAddr;

use reqwest::Url;

use super::error::AnswerError;
use super::handler::{self, Handler};
use super::line::{Line, item_id};
use super::said::{Message, said, unmarked, word};
use super::totals::Totals;
use super::wire::{OrderWire, SessionWire};
use super::{SessionId, Status, Version};
use crate::limits;
use crate::money::{Currency, Money};
use crate::policy::{Cart, LineItem};

/// What a merchant says of one checkout. Its amounts agree with each other; whether they are what was asked for says
/// [`super::Asked::check`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Where it stands.
    pub status: Status,
    /// In which currency it is settled; what is shown to people in another one is not looked at.
    pub currency: Currency,
    /// What is bought.
    pub lines: Vec<Line>,
    /// What it costs.
    pub totals: Totals,
    /// Ways to pay.
    pub handlers: Vec<Handler>,
    /// The merchant's words; data, never an instruction.
    pub messages: Vec<Message>,
    /// Until when it is open, as the merchant writes it, escaped.
    pub expires_at: Option<String>,
    /// What came of it.
    pub order: Option<Order>,
    /// The version it is in: as the merchant says, or as it was asked in.
    pub version: Option<Version>,
    continue_url: Option<String>,
}

/// What a completed session became.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Order {
    /// The merchant's id of it.
    pub id: String,
    /// Its page for people, escaped; never fetched.
    pub permalink_url: Option<String>,
}

impl Session {
    /// Reads an answer; `expected` is the session that was asked about, if there was one yet.
    ///
    /// # Errors
    /// [`AnswerError`].
    pub fn read(body: &[u8], expected: Option<&SessionId>) -> Result<Self, AnswerError> {
        let wire: SessionWire = serde_json::from_slice(body)
            .map_err(|error| AnswerError::garbled(&error.to_string()))?;
        let id: SessionId = wire.id.parse().map_err(|_| AnswerError::garbled("its id is none"))?;
        if expected.is_some_and(|expected| *expected != id) {
            return Err(AnswerError::OtherSession);
        }
        let currency: Currency = wire.currency.parse().map_err(|_| no_currency())?;
        currency.decimals().ok_or_else(no_currency)?;
        if wire.line_items.len() > limits::LINE_ITEMS || wire.messages.len() > limits::ACP_MESSAGES
        {
            return Err(AnswerError::garbled("it has too many lines or messages"));
        }
        let lines: Vec<Line> =
            wire.line_items.into_iter().map(Line::read).collect::<Result<_, _>>()?;
        let base: Option<u64> = lines.iter().map(|line| line.base_amount).sum();
        let totals = Totals::read(&wire.totals, base)?;
        let order = wire.order.map(|order| read_order(order, &id, &totals)).transpose()?;
        let messages = wire.messages.into_iter().map(|message| Message {
            kind: message.kind,
            code: message.code.as_deref().and_then(word),
            resolution: message.resolution.as_deref().and_then(word),
            content: unmarked(&message.content),
        });
        Ok(Self {
            status: wire.status,
            currency,
            lines,
            totals,
            handlers: handler::read(wire.capabilities, wire.payment_provider),
            messages: messages.collect(),
            expires_at: wire.expires_at.map(|time| said(&time)),
            order,
            version: wire.protocol.and_then(|found| found.version?.parse().ok()),
            continue_url: wire.continue_url,
            id,
        })
    }

    /// What it costs.
    pub fn total(&self) -> Money {
        Money { amount: u128::from(self.totals.total), currency: self.currency }
    }

    /// The cart as policy judges it, of the merchant the owner knows by `merchant_id` at `host`.
    pub fn cart(&self, merchant_id: &str, host: &str) -> Cart {
        let line = |line: &Line| LineItem {
            name: line.name.clone().unwrap_or_else(|| line.item_id.clone()),
            quantity: line.quantity,
            unit_amount: line
                .unit_amount
                .map(|unit| Money { amount: u128::from(unit), currency: self.currency }),
            category: line.category.clone(),
        };
        Cart {
            merchant_id: merchant_id.to_owned(),
            merchant_domain: host.to_ascii_lowercase(),
            line_items: self.lines.iter().map(line).collect(),
            total: self.total(),
            surcharge: self.surcharge(),
        }
    }

    /// What the merchant adds for itself; a tip is refused elsewhere.
    fn surcharge(&self) -> Option<Money> {
        let units = self.totals.fee.saturating_add(self.totals.gift_wrap);
        let amount = u128::from(units);
        (units > 0).then_some(Money { amount, currency: self.currency })
    }

    /// Where a person can go on, if it is a page of the merchant at `host`. Text for people; never fetched.
    pub fn continue_url(&self, host: &str) -> Option<String> {
        let text = self.continue_url.as_deref()?;
        let url = Url::parse(text).ok().filter(|_| text.len() <= limits::URL_BYTES)?;
        let found = url.host_str()?;
        let below = |inner: &str, outer: &str| {
            inner.strip_suffix(outer).is_some_and(|rest| rest.ends_with('.'))
        };
        let is_name = host.contains('.') && host.parse::<IpAddr>().is_err();
        let is_same_site = found == host
            || is_name && (below(found, host) || below(host, found) && found.contains('.'));
        let is_here = found.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        let is_safe = url.scheme() == "https" || url.scheme() == "http" && is_here;
        let is_plain = url.username().is_empty() && url.password().is_none();
        (is_same_site && is_safe && is_plain).then(|| said_url(&url))
    }
}

fn read_order(wire: OrderWire, session: &SessionId, totals: &Totals) -> Result<Order, AnswerError> {
    if wire.checkout_session_id != session.as_str() {
        return Err(AnswerError::OtherSession);
    }
    let charged = wire.totals.iter().filter(|entry| entry.kind == "total");
    if charged.clone().any(|entry| entry.unsigned() != Some(totals.total)) {
        return Err(AnswerError::garbled("its order has another total than the session"));
    }
    let id = item_id(&wire.id)?;
    Ok(Order { id, permalink_url: wire.permalink_url.map(|url| said(&url)) })
}

/// The URL parser has percent-encoded whatever a terminal would obey.
fn said_url(url: &Url) -> String {
    url.as_str().to_owned()
}

fn no_currency() -> AnswerError {
    AnswerError::garbled("its currency is not known here")
}
