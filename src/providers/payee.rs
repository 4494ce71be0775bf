//! Whether an address a provider names is one this wallet may pay for it.
//!
//! This module must never accept an address by its key alone: networks that split off from Nano share keys, and what
//! is sent to them here is lost.

use crate::nano::{Account, AccountError};

/// Why an address is not paid.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PayeeError {
    /// An address of a network that split off from Nano.
    #[error("the address begins with {prefix} and belongs to another network than Nano")]
    OtherNetwork {
        /// Its prefix.
        prefix: &'static str,
    },
    /// No Nano address.
    #[error("the address is not one of Nano: {0}")]
    NotNano(#[from] AccountError),
    /// One of this wallet's own.
    #[error("the address is this wallet's own")]
    Own,
    /// Nobody holds its key.
    #[error("the address is the burn address")]
    Burn,
}

/// The account behind `address`, if money sent there reaches the provider; `own` are this wallet's accounts.
///
/// # Errors
/// [`PayeeError`].
pub fn payee(address: &str, own: &[Account]) -> Result<Account, PayeeError> {
    if let Some(prefix) = OTHER_NETWORKS.iter().find(|prefix| address.starts_with(**prefix)) {
        return Err(PayeeError::OtherNetwork { prefix });
    }
    let account: Account = address.parse()?;
    if account == Account::BURN {
        return Err(PayeeError::Burn);
    }
    if own.contains(&account) {
        return Err(PayeeError::Own);
    }
    Ok(account)
}

const OTHER_NETWORKS: [&str; 4] = ["usd_", "ban_", "xdg_", "ana_"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_strangers_nano_account_is_paid() {
        let account = Account::from_bytes([7; 32]);
        let text = account.to_string();
        assert_eq!(payee(&text, &[]), Ok(account));
        assert_eq!(payee(&text.replace("nano_", "xrb_"), &[]), Ok(account));
        assert_eq!(payee(&text, &[account]), Err(PayeeError::Own));
        assert_eq!(payee(&Account::BURN.to_string(), &[]), Err(PayeeError::Burn));
        for prefix in OTHER_NETWORKS {
            let other = text.replace("nano_", prefix);
            assert_eq!(payee(&other, &[]), Err(PayeeError::OtherNetwork { prefix }));
        }
        let (first, last) = text.split_at(text.len() - 1);
        let flipped = format!("{first}{}", if last == "1" { "3" } else { "1" });
        for bad in ["", "TX123", &flipped, &format!("{text} "), &text.to_uppercase()] {
            assert!(matches!(payee(bad, &[]), Err(PayeeError::NotNano(_))), "{bad}");
        }
    }
}
