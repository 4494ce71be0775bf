//! What the owner says of payees and merchants: the only source of a category besides a verified cart.
//!
//! Nothing an agent writes may end up here.

use serde::{Deserialize, Serialize};

use super::view::{View, scan};
use super::{RowsError, Scan, Table};

/// What the owner says of a payee or merchant.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryEntry {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What it sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where a merchant's checkouts are, and who is paid there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<CheckoutPlace>,
}

/// Where a merchant's checkouts are. Its token is not here: that is kept beside the store.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CheckoutPlace {
    /// The endpoint, in the form it is compared in.
    pub endpoint: String,
    /// The merchant's profile at Stripe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The version of the protocol it speaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
}

impl View<'_> {
    /// What the owner says of a payee, by canonical address.
    pub fn payee(&self, address: &str) -> Result<Option<DirectoryEntry>, RowsError> {
        self.get(Table::Payees, address.as_bytes())
    }

    /// What the owner says of a merchant.
    pub fn merchant(&self, id: &str) -> Result<Option<DirectoryEntry>, RowsError> {
        self.get(Table::Merchants, id.as_bytes())
    }

    /// A page of payees in the order of their addresses, from beyond `after`.
    pub fn payees(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, DirectoryEntry)>, RowsError> {
        self.directory(Table::Payees, after, limit)
    }

    /// A page of merchants in the order of their ids, from beyond `after`.
    pub fn merchants(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, DirectoryEntry)>, RowsError> {
        self.directory(Table::Merchants, after, limit)
    }

    fn directory(
        &self,
        table: Table,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, DirectoryEntry)>, RowsError> {
        let scan = Scan { after: after.map(str::as_bytes), ..scan(&[], limit) };
        let text = |key: Vec<u8>| String::from_utf8_lossy(&key).into_owned();
        Ok(self.scan(table, &scan)?.into_iter().map(|(key, row)| (text(key), row)).collect())
    }
}
