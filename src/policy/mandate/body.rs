//! A mandate as it is written: the body of seeds/004 with our additions, before anything in it is believed.
//!
//! Nothing may act on a body: only [`Mandate`](super::Mandate), which is made of a good one, has rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A mandate's JSON: the fields of seeds/004, and `caps`, `allowedHours` and `window.maxCount`.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct MandateBody {
    /// Its id: letters, digits, and - _ . :
    pub id: String,
    /// Who grants it; "operator" when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_by: Option<String>,
    /// Most that may ever be spent.
    pub cap: MoneyBody,
    /// Most in one payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_txn_cap: Option<MoneyBody>,
    /// Most for one item; without a verified cart the whole payment is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_item_cap: Option<MoneyBody>,
    /// Most in a rolling window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowBody>,
    /// Caps in further currencies.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<CapBody>,
    /// nano, x402, acp, stripe; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rails: Option<Vec<String>>,
    /// Addresses that may be paid; any when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_payees: Option<Vec<String>>,
    /// Categories that may be bought, by the owner's tables or a verified cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_categories: Option<Vec<String>>,
    /// Categories that may not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_categories: Option<Vec<String>>,
    /// Merchants, by a verified cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_merchants: Option<Vec<String>>,
    /// Their hosts, by a verified cart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_merchant_domains: Option<Vec<String>>,
    /// The one agent that may use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
    /// When it ends, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Hours of the day in which it may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_hours: Option<HoursBody>,
}

/// Integer smallest units, as text, and a currency.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub struct MoneyBody {
    /// Integer smallest units as text: "15000" is 150.00 USD; raw for XNO.
    pub amount: String,
    /// Currency code.
    pub currency: String,
}

/// Caps in one more currency.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct CapBody {
    /// Most that may ever be spent.
    pub cap: MoneyBody,
    /// Most in one payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_txn_cap: Option<MoneyBody>,
    /// Most for one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per_item_cap: Option<MoneyBody>,
    /// Most in a rolling window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowBody>,
}

/// A rolling window.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct WindowBody {
    /// Most in any window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<MoneyBody>,
    /// Its length in milliseconds.
    pub duration_ms: u64,
    /// Most payments in any window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_count: Option<u32>,
}

/// Hours of the day.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(inline)]
pub struct HoursBody {
    /// From, inclusive: HH:MM.
    pub from: String,
    /// To, exclusive: HH:MM; before `from` it is on the next day.
    pub to: String,
    /// UTC, or an offset such as +01:00.
    pub time_zone: String,
    /// mon, tue, wed, thu, fri, sat, sun: days the hours begin on; all when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<String>>,
}
