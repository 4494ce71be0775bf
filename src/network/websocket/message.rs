//! What is said over a node's websocket, both ways (protocol notes §8).
//!
//! RsNano closes the connection on a boolean that is a string, so requests hold real ones and a textual id.

use serde::{Deserialize, Serialize};

use crate::money::Raw;
use crate::nano::{Account, BlockHash, Link, Subtype};
use crate::network::Confirmation;

/// What a message says.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Told {
    /// The node took our subscription or its extension.
    Accepted,
    /// A block was confirmed.
    Confirmed {
        /// The news.
        news: Confirmation,
        /// Whom it concerns: the account and the destination.
        parties: [Option<Account>; 2],
    },
    /// Nothing that matters here.
    Nothing,
}

/// The first subscription, or its extension, to news of `accounts`.
pub(super) fn request(subscribed: bool, accounts: &[Account]) -> String {
    let (action, options) = match subscribed {
        false => {
            let options = Options { accounts: Some(accounts), include_block: Some(true), ..NONE };
            ("subscribe", options)
        }
        true => ("update", Options { accounts_add: Some(accounts), ..NONE }),
    };
    text(&Request { action, topic: Some("confirmation"), ack: Some(true), id: "1", options })
}

/// A question for a sign of life.
pub(super) fn ping() -> String {
    text(&Request { action: "ping", topic: None, ack: None, id: "2", options: NONE })
}

/// Reads one message.
///
/// # Errors
/// What cannot be read; the message is to be ignored then.
pub(super) fn read(bytes: &[u8]) -> Result<Told, serde_json::Error> {
    let envelope: Envelope<'_> = serde_json::from_slice(bytes)?;
    match (envelope.ack, envelope.topic) {
        (Some("subscribe" | "update"), _) => Ok(Told::Accepted),
        (None, Some("confirmation")) => {
            Ok(serde_json::from_slice::<News>(bytes)?.message.confirmed())
        }
        _ => Ok(Told::Nothing),
    }
}

fn text(request: &Request<'_>) -> String {
    serde_json::to_string(request).expect("texts, booleans and accounts can be written")
}

#[derive(Serialize)]
struct Request<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    topic: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack: Option<bool>,
    id: &'static str,
    #[serde(skip_serializing_if = "Options::is_none")]
    options: Options<'a>,
}

#[derive(Serialize)]
struct Options<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<&'a [Account]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts_add: Option<&'a [Account]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_block: Option<bool>,
}

const NONE: Options<'static> = Options { accounts: None, accounts_add: None, include_block: None };

impl Options<'_> {
    fn is_none(&self) -> bool {
        self.accounts.is_none() && self.accounts_add.is_none()
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    ack: Option<&'a str>,
    #[serde(borrow)]
    topic: Option<&'a str>,
}

#[derive(Deserialize)]
struct News {
    message: Body,
}

#[derive(Deserialize)]
struct Body {
    account: Account,
    amount: Raw,
    hash: BlockHash,
    block: Option<Block>,
}

#[derive(Deserialize)]
struct Block {
    subtype: Option<String>,
    link: Option<Link>,
}

impl Body {
    fn confirmed(self) -> Told {
        let Self { account, amount, hash, block } = self;
        let subtype = block.as_ref().and_then(|block| block.subtype.as_deref()?.parse().ok());
        let link = block.and_then(|block| block.link);
        let destination =
            link.filter(|_| subtype == Some(Subtype::Send)).map(|link| link.as_account());
        let parties = [Some(account), destination];
        let news = Confirmation::Block { account, hash, amount, subtype, destination };
        Told::Confirmed { news, parties }
    }
}
