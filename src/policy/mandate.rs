//! A mandate: authority the owner has granted, within caps and rules. Made of a body in which everything is right.
//!
//! It must never be read leniently: an unknown field, an empty list or a date that does not exist is an error, since
//! each of them would be a rule the owner meant and did not get.

mod body;
mod error;
mod hours;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use body::{CapBody, HoursBody, MandateBody, MoneyBody, WindowBody};
pub use error::MandateError;
pub use hours::{AllowedHours, HoursError};

use super::cart::category;
use super::{AgentId, Rail};
use crate::clock::Millis;
use crate::limits;
use crate::money::{Currency, Money};
use crate::nano::Account;

/// Authority the owner has granted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "MandateBody", into = "MandateBody")]
pub struct Mandate {
    /// Its id, for life.
    pub id: String,
    /// Caps, one for each currency; the first is seeds/004's own.
    pub caps: Vec<Cap>,
    /// Rails it may be used on; all when none.
    pub rails: Option<BTreeSet<Rail>>,
    /// Addresses that may be paid, in canonical form; all when none.
    pub allowed_payees: Option<BTreeSet<String>>,
    /// Categories that may be bought; all when none.
    pub allowed_categories: Option<BTreeSet<String>>,
    /// Categories that may not.
    pub blocked_categories: BTreeSet<String>,
    /// Merchants of a verified cart; no cart is needed when none.
    pub allowed_merchants: Option<BTreeSet<String>>,
    /// Hosts of a verified cart; no cart is needed when none.
    pub allowed_merchant_domains: Option<BTreeSet<String>>,
    /// The one agent that may use it.
    pub agent_id: Option<String>,
    /// From when on it may not be used.
    pub expires_at: Option<Millis>,
    /// Hours of the day in which it may be used.
    pub allowed_hours: Option<AllowedHours>,
    body: Box<MandateBody>,
}

/// Caps in one currency.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Cap {
    /// Most that may ever be spent; names the currency.
    pub cap: Money,
    /// Most in one payment.
    pub per_txn: Option<Money>,
    /// Most for one item.
    pub per_item: Option<Money>,
    /// What a rolling window allows.
    pub window: Option<Window>,
}

/// A rolling window.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Window {
    /// Most in any window.
    pub cap: Option<Money>,
    /// Its length.
    pub duration: Duration,
    /// Most payments in any window.
    pub max_count: Option<u32>,
}

impl Mandate {
    /// As it was written.
    pub fn body(&self) -> &MandateBody {
        &self.body
    }
}

impl From<Mandate> for MandateBody {
    fn from(mandate: Mandate) -> Self {
        *mandate.body
    }
}

impl TryFrom<MandateBody> for Mandate {
    type Error = MandateError;

    fn try_from(body: MandateBody) -> Result<Self, MandateError> {
        let size = serde_json::to_vec(&body).map_or(usize::MAX, |bytes| bytes.len());
        if size > limits::MANDATE_BYTES {
            return Err(MandateError::TooLarge);
        }
        check_id("id", &body.id)?;
        if let Some(name) = &body.granted_by {
            check_text("grantedBy", name, limits::LABEL_BYTES)?;
        }
        if let Some(agent) = &body.agent_id {
            AgentId::try_from(agent.clone())?;
        }
        let expires_at = body.expires_at.as_deref().map(date).transpose()?;
        let allowed_hours = body.allowed_hours.clone().map(AllowedHours::try_from).transpose()?;
        let merchant = |text: &str| Ok(text.to_owned());
        Ok(Self {
            id: body.id.clone(),
            caps: caps(&body)?,
            rails: set("rails", body.rails.as_deref(), rail)?,
            allowed_payees: set("allowedPayees", body.allowed_payees.as_deref(), payee)?,
            allowed_categories: set(
                "allowedCategories",
                body.allowed_categories.as_deref(),
                |text| Ok(category(text)),
            )?,
            blocked_categories: set(
                "blockedCategories",
                body.blocked_categories.as_deref(),
                |text| Ok(category(text)),
            )?
            .unwrap_or_default(),
            allowed_merchants: set(
                "allowedMerchants",
                body.allowed_merchants.as_deref(),
                merchant,
            )?,
            allowed_merchant_domains: set(
                "allowedMerchantDomains",
                body.allowed_merchant_domains.as_deref(),
                domain,
            )?,
            agent_id: body.agent_id.clone(),
            expires_at,
            allowed_hours,
            body: Box::new(body),
        })
    }
}

/// The form in which addresses compare: Nano accounts by public key, whatever their prefix; anything else to the byte.
pub fn payee_key(address: &str) -> String {
    address.parse::<Account>().map_or_else(|_| address.to_owned(), |account| account.to_string())
}

/// Whether a text can be the id of a mandate or merchant.
pub fn is_id(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    (1..=limits::ID_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

fn check_id(field: &'static str, text: &str) -> Result<(), MandateError> {
    if is_id(text) { Ok(()) } else { Err(MandateError::Id { field }) }
}

fn check_text(field: &'static str, text: &str, max: usize) -> Result<(), MandateError> {
    let good = !text.trim().is_empty() && text.len() <= max && !text.chars().any(char::is_control);
    if good { Ok(()) } else { Err(MandateError::Text { field, max }) }
}

fn caps(body: &MandateBody) -> Result<Vec<Cap>, MandateError> {
    let MandateBody { cap, per_txn_cap, per_item_cap, window, .. } = body.clone();
    let own = CapBody { cap, per_txn_cap, per_item_cap, window };
    let all: Result<Vec<Cap>, _> = std::iter::once(&own).chain(&body.caps).map(cap_of).collect();
    let all = all?;
    let currencies: BTreeSet<Currency> = all.iter().map(|cap| cap.cap.currency).collect();
    let distinct = currencies.len() == all.len() && all.len() <= limits::MANDATE_CURRENCIES;
    if distinct { Ok(all) } else { Err(MandateError::Caps) }
}

fn cap_of(body: &CapBody) -> Result<Cap, MandateError> {
    let cap = money("cap", &body.cap)?;
    let part = |field: &'static str, text: Option<&MoneyBody>| {
        let Some(part) = text.map(|text| money(field, text)).transpose()? else { return Ok(None) };
        if part.currency == cap.currency {
            return Ok(Some(part));
        }
        Err(MandateError::OtherCurrency { field, currency: cap.currency })
    };
    let window = match &body.window {
        None => None,
        Some(window) => {
            let duration = Duration::from_millis(window.duration_ms);
            let lasts = (limits::WINDOW_MIN..=limits::WINDOW_MAX).contains(&duration);
            let limited = window.cap.is_some() || window.max_count.is_some();
            if !lasts || !limited || window.max_count == Some(0) {
                return Err(MandateError::Window);
            }
            let cap = part("window.cap", window.cap.as_ref())?;
            Some(Window { cap, duration, max_count: window.max_count })
        }
    };
    Ok(Cap {
        per_txn: part("perTxnCap", body.per_txn_cap.as_ref())?,
        per_item: part("perItemCap", body.per_item_cap.as_ref())?,
        window,
        cap,
    })
}

/// A positive amount of a currency budgets can be counted in.
fn money(field: &'static str, body: &MoneyBody) -> Result<Money, MandateError> {
    let unknown = || {
        let code = body.currency.chars().take(SHOWN_CHARS).collect();
        MandateError::Currency { field, code }
    };
    let currency: Currency = body.currency.parse().map_err(|_| unknown())?;
    let digits = body.amount.bytes().all(|byte| byte.is_ascii_digit());
    let amount = match body.amount.parse::<u128>() {
        Ok(amount) if digits && amount > 0 && !body.amount.starts_with('0') => amount,
        _ => return Err(MandateError::Amount { field }),
    };
    if currency.decimals().is_none() {
        return Err(unknown());
    }
    let money = Money { amount, currency };
    money.budget_units().map(|_| money).ok_or(MandateError::Amount { field })
}

fn set<T: Ord>(
    field: &'static str,
    list: Option<&[String]>,
    entry: impl Fn(&str) -> Result<T, MandateError>,
) -> Result<Option<BTreeSet<T>>, MandateError> {
    let Some(list) = list else { return Ok(None) };
    let mut entries = BTreeSet::new();
    for text in list {
        check_text(field, text, limits::MANDATE_ENTRY_BYTES)?;
        entries.insert(entry(text)?);
    }
    let fits = (1..=limits::MANDATE_LIST).contains(&list.len()) && entries.len() == list.len();
    if fits { Ok(Some(entries)) } else { Err(MandateError::List { field }) }
}

fn rail(text: &str) -> Result<Rail, MandateError> {
    text.parse().map_err(|()| MandateError::Rail(text.chars().take(SHOWN_CHARS).collect()))
}

fn payee(text: &str) -> Result<String, MandateError> {
    if !["nano_", "xrb_"].iter().any(|prefix| text.starts_with(prefix)) {
        return Ok(payee_key(text));
    }
    // A mistyped address would allow nobody, and look as if it did.
    let account = text.parse::<Account>().map_err(|error| MandateError::Payee {
        address: text.to_owned(),
        reason: error.to_string(),
    })?;
    Ok(account.to_string())
}

fn domain(text: &str) -> Result<String, MandateError> {
    let host = text.to_ascii_lowercase();
    let label = |label: &str| {
        let plain = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && plain && !label.starts_with('-') && !label.ends_with('-')
    };
    if host.split('.').all(label) { Ok(host) } else { Err(MandateError::Domain(text.to_owned())) }
}

fn date(text: &str) -> Result<Millis, MandateError> {
    text.parse().map_err(|_| MandateError::Date(text.chars().take(SHOWN_CHARS).collect()))
}

const SHOWN_CHARS: usize = 40;

#[cfg(test)]
mod tests;
