//! What the merchant takes, by version: typed, and nothing else.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// A request that was read: things with their quantities.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub(super) items: Vec<(String, u32)>,
    pub(super) currency: Option<String>,
    pub(super) email: Option<String>,
    pub(super) has_quantity: bool,
}

/// Whether a version has `items` with quantities.
pub(super) fn is_early(version: &str) -> bool {
    version < "2026-01-30"
}

pub(super) fn create(version: &str, body: &str) -> Result<Wanted, serde_json::Error> {
    if is_early(version) {
        let EarlyCreate { items, buyer, fulfillment_details } = read(body)?;
        let email = buyer.map(|buyer| buyer.email);
        let email = email.or_else(|| fulfillment_details.and_then(|details| details.email));
        let items = items.into_iter().map(|item| (item.id, item.quantity)).collect();
        return Ok(Wanted { items, currency: None, email, has_quantity: false });
    }
    let create: CurrentCreate = read(body)?;
    let email = create.buyer.map(|buyer| buyer.email);
    Ok(Wanted { currency: Some(create.currency), email, ..lines(create.line_items) })
}

pub(super) fn update(version: &str, body: &str) -> Result<Wanted, serde_json::Error> {
    if is_early(version) {
        let EarlyUpdate { items } = read(body)?;
        let items = items.into_iter().map(|item| (item.id, item.quantity)).collect();
        return Ok(Wanted { items, ..Wanted::default() });
    }
    let CurrentUpdate { line_items } = read(body)?;
    Ok(lines(line_items))
}

/// The token, and the handler where the version names one.
pub(super) fn complete(
    version: &str,
    body: &str,
) -> Result<(String, Option<String>), serde_json::Error> {
    if is_early(version) {
        let EarlyComplete { payment_data: EarlyPayment { token, provider } } = read(body)?;
        let Provider::Stripe = provider;
        return Ok((token, None));
    }
    let CurrentComplete { payment_data } = read(body)?;
    let Instrument { kind: Card::Card, credential } = payment_data.instrument;
    let TokenCredential { kind: Spt::Spt, token } = credential;
    Ok((token, Some(payment_data.handler_id)))
}

pub(super) fn cancel(body: &str) -> Result<(), serde_json::Error> {
    let Cancel { .. } = read(body)?;
    Ok(())
}

fn lines(items: Vec<CurrentItem>) -> Wanted {
    let has_quantity = items.iter().any(|item| item.quantity.is_some());
    let items = items.into_iter().map(|item| (item.id, item.quantity.unwrap_or(1))).collect();
    Wanted { items, has_quantity, ..Wanted::default() }
}

fn read<T: DeserializeOwned>(body: &str) -> Result<T, serde_json::Error> {
    serde_json::from_str(body)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlyCreate {
    items: Vec<EarlyItem>,
    buyer: Option<EarlyBuyer>,
    fulfillment_details: Option<Details>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlyUpdate {
    items: Vec<EarlyItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlyItem {
    id: String,
    quantity: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "the names are needed, and nobody reads them")]
struct EarlyBuyer {
    first_name: String,
    last_name: String,
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Details {
    email: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlyComplete {
    payment_data: EarlyPayment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EarlyPayment {
    token: String,
    provider: Provider,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Provider {
    Stripe,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrentCreate {
    line_items: Vec<CurrentItem>,
    currency: String,
    #[serde(rename = "capabilities")]
    _capabilities: Capabilities,
    buyer: Option<Mailbox>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrentUpdate {
    line_items: Vec<CurrentItem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrentItem {
    id: String,
    /// Not in the schema; taken as the open proposal has it.
    quantity: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Capabilities {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Mailbox {
    email: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrentComplete {
    payment_data: CurrentPayment,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CurrentPayment {
    handler_id: String,
    instrument: Instrument,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Instrument {
    #[serde(rename = "type")]
    kind: Card,
    credential: TokenCredential,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Card {
    Card,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenCredential {
    #[serde(rename = "type")]
    kind: Spt,
    token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Spt {
    Spt,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cancel {
    #[serde(rename = "intent_trace")]
    _intent_trace: Option<IgnoredAny>,
}
