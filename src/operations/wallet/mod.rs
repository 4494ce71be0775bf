//! The wallet itself: what it holds, sends and gets. Field names as in seeds/001.

mod balance;
mod history;
mod receive;
mod send;

pub use balance::WalletBalance;
pub use history::WalletHistory;
pub use receive::WalletReceive;
pub use send::WalletSend;

use crate::money::Raw;

/// XNO as seeds/001 writes a balance: always with a fraction, as in `0.0`.
fn balance_text(raw: Raw) -> String {
    let text = raw.to_xno();
    if text.contains('.') { text } else { format!("{text}.0") }
}
