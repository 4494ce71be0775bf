//! The fields of payees and merchants, parsed, bounded and shown in one place.

use schemars::JsonSchema;
use serde::Serialize;

use crate::books::DirectoryEntry;
use crate::failure::Failure;
use crate::limits;
use crate::operations::fields::{bounded, payee_account};
use crate::policy::is_id;

/// One entry of the owner's tables.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
pub struct EntryOut {
    /// Canonical address of the payee, or the merchant's id.
    key: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    /// What it sells.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// Where a merchant's checkouts are.
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    /// Who is paid there.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
}

impl From<(String, DirectoryEntry)> for EntryOut {
    fn from((key, mut entry): (String, DirectoryEntry)) -> Self {
        let (endpoint, profile) =
            entry.checkout.take().map(|place| (place.endpoint, place.profile)).unzip();
        let DirectoryEntry { label, category, .. } = entry;
        Self { key, label, category, endpoint, profile: profile.flatten() }
    }
}

/// What the owner says of one.
///
/// # Errors
/// When a text is out of bounds.
pub(super) fn entry(
    label: Option<String>,
    category: Option<String>,
) -> Result<DirectoryEntry, Failure> {
    Ok(DirectoryEntry {
        checkout: None,
        label: bounded("label", label, limits::LABEL_BYTES)?,
        category: bounded("category", category, limits::LABEL_BYTES)?,
    })
}

/// Where a payee is paid. What looks like a Nano address must be one: a mistyped one would never be met.
///
/// # Errors
/// `INVALID_ADDRESS`, or that it is out of bounds.
pub(super) fn entry_address(text: &str) -> Result<String, Failure> {
    if ["nano_", "xrb_"].iter().any(|prefix| text.starts_with(prefix)) {
        return payee_account(text).map(|account| account.to_string());
    }
    let address = bounded("address", Some(text.to_owned()), limits::MANDATE_ENTRY_BYTES)?;
    address.ok_or_else(|| Failure::invalid("INVALID_ADDRESS", "an address is not empty"))
}

/// A merchant's id.
///
/// # Errors
/// `INVALID_ID`.
pub(super) fn entry_id(text: &str) -> Result<String, Failure> {
    if is_id(text) {
        return Ok(text.to_owned());
    }
    let message = format!("an id is 1 to {} letters, digits and - _ . :", limits::ID_BYTES);
    Err(Failure::invalid("INVALID_ID", message))
}
