//! Why a body is no mandate. Each says which field is wrong and what would be right.
//!
//! Text of the body is quoted only as far as it is bounded.

use super::HoursError;
use crate::limits;
use crate::money::Currency;
use crate::policy::AgentIdError;

/// Why a body is no mandate.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum MandateError {
    /// An id.
    #[error("{field} is 1 to {max} letters, digits and - _ . :", max = limits::ID_BYTES)]
    Id {
        /// Which.
        field: &'static str,
    },
    /// An agent's name.
    #[error("agentId: {0}")]
    Agent(#[from] AgentIdError),
    /// Text that is empty, too long, or holds control characters.
    #[error("{field} is 1 to {max} bytes of plain text")]
    Text {
        /// Which.
        field: &'static str,
        /// Its bound.
        max: usize,
    },
    /// An amount.
    #[error(
        "{field}: an amount is a positive integer of smallest units as text, such as \"15000\""
    )]
    Amount {
        /// Which.
        field: &'static str,
    },
    /// A currency that is no code, or whose smallest unit is not known.
    #[error("{field}: {code:?} is no currency that budgets can be counted in")]
    Currency {
        /// Where.
        field: &'static str,
        /// The code.
        code: String,
    },
    /// A part of a cap in another currency than the cap.
    #[error("{field} must be in the currency of its cap, {currency}")]
    OtherCurrency {
        /// Which.
        field: &'static str,
        /// The cap's.
        currency: Currency,
    },
    /// Two caps of one currency, or too many.
    #[error("caps are at most {max}, each in a currency of its own", max = limits::MANDATE_CURRENCIES)]
    Caps,
    /// A window without a cap and a count, or of no or endless length.
    #[error("a window has a cap or a maxCount above 0, and lasts {min} ms to {max} ms", min = limits::WINDOW_MIN.as_millis(), max = limits::WINDOW_MAX.as_millis())]
    Window,
    /// An unknown rail.
    #[error("{0:?} is no rail; there are acp, nano, stripe, x402")]
    Rail(String),
    /// An empty, too long or repeating list.
    #[error("{field} has 1 to {max} different entries; leave it out to allow everything", max = limits::MANDATE_LIST)]
    List {
        /// Which.
        field: &'static str,
    },
    /// A mistyped Nano address.
    #[error("allowedPayees: {address:?} is no address: {reason}")]
    Payee {
        /// What was written.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Not a host name.
    #[error("allowedMerchantDomains: {0:?} is no host name, such as shop.example.com")]
    Domain(String),
    /// Not a time that exists.
    #[error("expiresAt: {0:?} is no RFC 3339 time, such as 2027-01-01T00:00:00Z")]
    Date(String),
    /// The hours.
    #[error("allowedHours: {0}")]
    Hours(#[from] HoursError),
    /// Too long in all.
    #[error("a mandate has at most {max} bytes of JSON", max = limits::MANDATE_BYTES)]
    TooLarge,
}
