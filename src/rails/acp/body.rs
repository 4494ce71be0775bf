//! What is sent to a merchant, in the words of its version.
//!
//! This module must never send a field the version's schema does not have, but one: `quantity` of an item in versions
//! that forgot it, as the open proposal has it (reference/rails.md 3.2). A merchant that refuses it is sent single
//! entries.

use serde::Serialize;

use super::{Asked, Dialect, Version};
use crate::secret::Secret;

/// How more than one of a thing is written where items have no quantity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entries {
    /// One entry with its quantity.
    Quantities,
    /// As many entries as pieces.
    Repeated,
}

/// A checkout to be opened.
#[derive(Clone, Copy, Debug)]
pub struct CreateBody<'a> {
    /// What is to be bought.
    pub asked: &'a Asked,
    /// Whose it is.
    pub buyer_email: Option<&'a str>,
}

/// A checkout's new content.
#[derive(Clone, Copy, Debug)]
pub struct UpdateBody<'a> {
    /// What is to be bought from now on.
    pub asked: &'a Asked,
}

/// A checkout to be paid.
#[derive(Clone, Copy, Debug)]
pub struct CompleteBody<'a> {
    /// The handler's id; none in early versions.
    pub handler_id: Option<&'a str>,
    /// The payment token.
    pub token: &'a Secret,
}

/// A checkout to be given up: nothing needs to be said.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CancelBody {}

impl CreateBody<'_> {
    /// The body.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn json(&self, version: Version, entries: Entries) -> Result<Vec<u8>, serde_json::Error> {
        let wire = CreateWire {
            line_items: line_items(self.asked, version, entries),
            items: items(self.asked, version),
            currency: is_current(version).then(|| currency(self.asked)),
            capabilities: is_current(version).then_some(Nothing {}),
            buyer: self.buyer_email.filter(|_| is_current(version)).map(|email| Mailbox { email }),
            // Early buyers need a first and a last name, which nobody told us.
            fulfillment_details: self
                .buyer_email
                .filter(|_| matches!(version, Version::V2025_12_12 | Version::V2026_01_16))
                .map(|email| Mailbox { email }),
        };
        serde_json::to_vec(&wire)
    }
}

impl UpdateBody<'_> {
    /// The body.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn json(&self, version: Version, entries: Entries) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&UpdateWire {
            line_items: line_items(self.asked, version, entries),
            items: items(self.asked, version),
        })
    }
}

impl CompleteBody<'_> {
    /// The body; it holds the token.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn json(&self, version: Version) -> Result<Vec<u8>, serde_json::Error> {
        let token = self.token;
        let payment_data = match version.dialect() {
            Dialect::Early => PaymentData {
                token: Some(token),
                provider: Some("stripe"),
                ..PaymentData::default()
            },
            Dialect::Current => {
                let instrument =
                    Instrument { kind: "card", credential: TokenCredential { kind: "spt", token } };
                let handler_id = self.handler_id;
                PaymentData { handler_id, instrument: Some(instrument), ..PaymentData::default() }
            }
        };
        serde_json::to_vec(&CompleteWire { payment_data })
    }
}

#[derive(Serialize)]
struct CreateWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line_items: Option<Vec<Item<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Item<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    capabilities: Option<Nothing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    buyer: Option<Mailbox<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fulfillment_details: Option<Mailbox<'a>>,
}

#[derive(Serialize)]
struct UpdateWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    line_items: Option<Vec<Item<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<Item<'a>>>,
}

#[derive(Clone, Serialize)]
struct Item<'a> {
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    quantity: Option<u32>,
}

#[derive(Serialize)]
struct Mailbox<'a> {
    email: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct CompleteWire<'a> {
    payment_data: PaymentData<'a>,
}

#[derive(Default, Serialize)]
struct PaymentData<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a Secret>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handler_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instrument: Option<Instrument<'a>>,
}

#[derive(Serialize)]
struct Instrument<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    credential: TokenCredential<'a>,
}

#[derive(Serialize)]
struct TokenCredential<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    token: &'a Secret,
}

fn line_items(asked: &Asked, version: Version, entries: Entries) -> Option<Vec<Item<'_>>> {
    if !is_current(version) {
        return None;
    }
    let written = asked.items.iter().flat_map(|item| {
        let (count, quantity) = match entries {
            Entries::Quantities => (1, Some(item.quantity).filter(|quantity| *quantity > 1)),
            Entries::Repeated => (item.quantity as usize, None),
        };
        std::iter::repeat_n(Item { id: &item.id, quantity }, count)
    });
    Some(written.collect())
}

fn items(asked: &Asked, version: Version) -> Option<Vec<Item<'_>>> {
    if is_current(version) {
        return None;
    }
    let written = asked.items.iter();
    Some(written.map(|item| Item { id: &item.id, quantity: Some(item.quantity) }).collect())
}

fn is_current(version: Version) -> bool {
    version.dialect() == Dialect::Current
}

fn currency(asked: &Asked) -> String {
    asked.currency.as_str().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rails::acp::AskedItem;

    fn asked(quantity: u32) -> Asked {
        let item = AskedItem { id: "a".into(), quantity, unit_amount: None };
        Asked::new("USD".parse().unwrap(), vec![item]).unwrap()
    }

    fn create(version: Version, quantity: u32, entries: Entries) -> String {
        let asked = asked(quantity);
        let body = CreateBody { asked: &asked, buyer_email: Some("b@example.com") };
        String::from_utf8(body.json(version, entries).unwrap()).unwrap()
    }

    #[test]
    fn every_version_has_its_own_words() {
        let newest = r#"{"line_items":[{"id":"a"}],"currency":"usd","capabilities":{},"buyer":{"email":"b@example.com"}}"#;
        assert_eq!(create(Version::NEWEST, 1, Entries::Quantities), newest);
        let two = create(Version::V2026_01_30, 2, Entries::Quantities);
        assert!(two.starts_with(r#"{"line_items":[{"id":"a","quantity":2}]"#), "{two}");
        let two = create(Version::NEWEST, 2, Entries::Repeated);
        assert!(two.starts_with(r#"{"line_items":[{"id":"a"},{"id":"a"}]"#), "{two}");
        let early = r#"{"items":[{"id":"a","quantity":1}]}"#;
        assert_eq!(create(Version::V2025_09_29, 1, Entries::Quantities), early);
        let mail = r#"{"items":[{"id":"a","quantity":2}],"fulfillment_details":{"email":"b@example.com"}}"#;
        assert_eq!(create(Version::V2026_01_16, 2, Entries::Repeated), mail);
    }

    #[test]
    fn a_token_is_named_as_the_version_wants() {
        let token = Secret::new("spt_1".to_owned());
        let complete = |handler_id, version| {
            let body = CompleteBody { handler_id, token: &token };
            String::from_utf8(body.json(version).unwrap()).unwrap()
        };
        assert_eq!(
            complete(Some("h"), Version::NEWEST),
            r#"{"payment_data":{"handler_id":"h","instrument":{"type":"card","credential":{"type":"spt","token":"spt_1"}}}}"#
        );
        assert_eq!(
            complete(None, Version::V2026_01_16),
            r#"{"payment_data":{"token":"spt_1","provider":"stripe"}}"#
        );
        let body = CompleteBody { handler_id: None, token: &token };
        assert!(!format!("{body:?}").contains("spt_1"));
    }
}
