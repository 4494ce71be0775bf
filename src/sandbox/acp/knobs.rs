//! How the merchant behaves, where a counterpart would cheat or fail.
//!
//! Every knob is off at first: the merchant is honest then.

use serde::{Deserialize, Serialize};

/// The knobs; set over HTTP at `/sandbox/settings`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Added to the total alone, so that the sums are wrong.
    pub total_plus: i64,
    /// Added to the first line's quantity, with sums that agree.
    pub quantity_plus: u32,
    /// Added to the first line's price, with sums that agree.
    pub price_plus: u64,
    /// Added to the first line's price once the checkout is completed, with sums that agree.
    pub order_plus: u64,
    /// A tip nobody asked for, with sums that agree.
    pub tip: u64,
    /// A fee, with sums that agree.
    pub fee: u64,
    /// The currency is written in capitals.
    pub is_upper_case: bool,
    /// Another currency than was asked for.
    pub currency: Option<String>,
    /// The status of every open session.
    pub status: Option<String>,
    /// A completion is answered with this status and completes nothing.
    pub complete_status: Option<String>,
    /// Who is paid, instead of the merchant.
    pub merchant_id: Option<String>,
    /// Messages and names that try to give orders.
    pub is_hostile: bool,
    /// The versions it speaks; all when there is none.
    pub versions: Vec<String>,
    /// A completion is carried out, and then answered with HTTP 500.
    pub fails_after_completing: bool,
    /// A completed session can be completed again.
    pub completes_twice: bool,
    /// Answers are about another session.
    pub is_other_session: bool,
    /// Items must have no quantity where the version has none.
    pub refuses_quantity: bool,
    /// Requests without a token are answered.
    pub serves_strangers: bool,
    /// The order is for another session.
    pub is_other_order: bool,
}
