//! The header that pays, in the dialect of its version.
//!
//! This module must never rewrite what the seller wrote: the chosen entry and the resource go back byte for byte, and
//! extensions are echoed with nothing taken out or changed.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{Asked, Offer, PAYMENT_SIGNATURE, Payload, Version, X_PAYMENT};
use crate::limits;

/// A payment, ready to be sent: to be stored before, and sent again as it stands.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentHeader {
    /// The header's name, in lower case.
    pub name: String,
    /// Base64.
    pub value: String,
}

/// Why no header can be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum HeaderError {
    /// With what the seller wrote it would be longer than it may be.
    #[error(
        "the payment's header would have {found} bytes, at most {} are sent",
        limits::X402_PAYMENT_BYTES
    )]
    TooLong {
        /// How long.
        found: usize,
    },
    /// The seller's `extensions` are of another shape than is known.
    #[error("the seller's extensions cannot be answered")]
    Extensions,
    /// Not 16 to 128 letters, digits, `_` and `-`.
    #[error("the payment's identifier is not one that x402 carries")]
    Identifier,
}

/// The header that pays `offer` of `asked`. `identifier` names the payment where the seller can use a name.
///
/// # Errors
/// [`HeaderError`].
pub fn payment_header(
    asked: &Asked,
    offer: &Offer,
    payload: &Payload,
    identifier: &str,
) -> Result<PaymentHeader, HeaderError> {
    if !is_identifier(identifier) {
        return Err(HeaderError::Identifier);
    }
    let (name, json) = match asked.version {
        Version::V1 => {
            let network = &offer.network_as_written;
            let scheme = "exact";
            let payment = PaymentV1 { version: 1, scheme, network, payload: &payload.0 };
            (X_PAYMENT, serde_json::to_vec(&payment))
        }
        Version::V2 => {
            let extensions = echo(asked.extensions.as_deref(), identifier)?;
            let payment = PaymentV2 {
                version: 2,
                resource: asked.resource.as_deref(),
                accepted: &offer.raw,
                payload: &payload.0,
                extensions,
            };
            (PAYMENT_SIGNATURE, serde_json::to_vec(&payment))
        }
    };
    let value = STANDARD.encode(json.expect("a payment is plain JSON"));
    if value.len() > limits::X402_PAYMENT_BYTES {
        return Err(HeaderError::TooLong { found: value.len() });
    }
    Ok(PaymentHeader { name: name.to_owned(), value })
}

fn is_identifier(text: &str) -> bool {
    (limits::X402_IDENTIFIER_LEAST..=limits::X402_IDENTIFIER_MOST).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

#[derive(Serialize)]
struct PaymentV1<'a> {
    #[serde(rename = "x402Version")]
    version: u8,
    scheme: &'a str,
    network: &'a str,
    payload: &'a RawValue,
}

#[derive(Serialize)]
struct PaymentV2<'a> {
    #[serde(rename = "x402Version")]
    version: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'a RawValue>,
    accepted: &'a RawValue,
    payload: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    extensions: Option<Object>,
}

type Object = BTreeMap<String, Box<RawValue>>;

/// The seller's extensions, with the payment's name filled in where one is asked for and none stands.
fn echo(extensions: Option<&RawValue>, identifier: &str) -> Result<Option<Object>, HeaderError> {
    let Some(extensions) = extensions else { return Ok(None) };
    let mut extensions = object(extensions)?;
    if let Some(slot) = extensions.get_mut(IDENTIFIER) {
        let mut extension = object(slot)?;
        let mut info =
            extension.get("info").map_or_else(|| Ok(Object::new()), |raw| object(raw))?;
        let id = to_raw_value(identifier).expect("an identifier is plain text");
        info.entry("id".to_owned()).or_insert(id);
        let info = to_raw_value(&info).expect("what was JSON is JSON");
        extension.insert("info".to_owned(), info);
        *slot = to_raw_value(&extension).expect("what was JSON is JSON");
    }
    Ok(Some(extensions))
}

fn object(raw: &RawValue) -> Result<Object, HeaderError> {
    serde_json::from_str(raw.get()).map_err(|_| HeaderError::Extensions)
}

const IDENTIFIER: &str = "payment-identifier";

#[cfg(test)]
mod tests;
