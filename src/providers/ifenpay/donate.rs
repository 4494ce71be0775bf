//! Endpoint 12: where donations go.

use serde::Deserialize;

use super::{Ifenpay, UpstreamError, nonsense};
use crate::nano::Account;

impl Ifenpay {
    /// Where a donation to ifenpay is sent.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn donation_address(&self) -> Result<Account, UpstreamError> {
        let told: Told = self.upstream.read(&["donate", "address"]).await?;
        match told.address {
            Account::BURN => Err(nonsense("donations would go to an account that nobody owns")),
            account => Ok(account),
        }
    }
}

#[derive(Deserialize)]
struct Told {
    address: Account,
}
