//! Endpoint 1: registering for an API key.
//!
//! ifenpay makes a seed and sends it over the wire: whoever runs it knows it. It must never become the seed of a wallet
//! here by itself, only where the owner imports it on purpose.

use std::fmt;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::{Ifenpay, UpstreamError, nonsense};
use crate::nano::{Account, Seed};
use crate::secret::Secret;

/// What registering gives.
pub struct Registration {
    /// The key for everything else.
    pub api_key: Secret,
    /// The first account of the seed that ifenpay made.
    pub address: Account,
    /// That seed, which ifenpay knows too.
    pub seed: Seed,
}

impl Ifenpay {
    /// Registers. Every question makes another wallet, so it is asked once.
    ///
    /// # Errors
    /// [`UpstreamError`].
    pub async fn register(&self) -> Result<Registration, UpstreamError> {
        self.upstream.get::<Registered>(&["wallet", "create"]).await?.checked()
    }
}

/// As ifenpay writes it, over the wire and in its wallet file.
#[derive(Deserialize)]
pub(super) struct Registered {
    address: Account,
    private_key: Zeroizing<String>,
    wallet_private_seed: Zeroizing<String>,
    api_key: Secret,
}

impl Registered {
    /// That the parts belong together; no error repeats them.
    pub(super) fn checked(self) -> Result<Registration, UpstreamError> {
        let seed = Seed::from_hex(&self.wallet_private_seed);
        let seed = seed.map_err(|error| nonsense(format!("the seed: {error}")))?;
        let key = seed.derive(0);
        let written = Seed::from_hex(&self.private_key);
        let same_key = written.is_ok_and(|written| written.expose() == key.expose());
        if key.account() != self.address || !same_key {
            return Err(nonsense("seed, key and address do not belong together"));
        }
        if self.api_key.length() == 0 {
            return Err(nonsense("the API key is empty"));
        }
        Ok(Registration { api_key: self.api_key, address: self.address, seed })
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("address", &self.address).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_parts_must_belong_together_and_none_is_shown() {
        // The golden vector of `reference/ifenpay.md` §6.1.
        let whole = json!({
            "address": "nano_1bwjtpipkzc7aj6hmuodncjmfsb4tou9word8bj9jxcm68cheipad54q66xe",
            "public_key": "2791d5a1697d454448f9eeaba2a336e522d5767e570b326278f5532194f642c8",
            "private_key": "dbd5df42b3d4120a9e8f6d3b2eedcdc21ad27cf76e95978564f66f44e0240184",
            "wallet_private_seed": "11".repeat(32),
            "api_key": "hunter2",
        });
        let read = |value: &serde_json::Value| {
            serde_json::from_value::<Registered>(value.clone()).unwrap().checked()
        };
        let found = read(&whole).unwrap();
        let shown = format!("{found:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("1111"), "{shown}");
        assert_eq!(found.seed.derive(0).account(), found.address);
        for (field, other) in [
            ("wallet_private_seed", "12".repeat(32)),
            ("wallet_private_seed", "11".repeat(31)),
            ("private_key", "11".repeat(32)),
            ("api_key", String::new()),
        ] {
            let mut wrong = whole.clone();
            wrong[field] = json!(other);
            let error = read(&wrong).unwrap_err();
            assert_eq!(error.code(), "INVALID_DATA");
            assert!(!error.to_string().contains("1111"), "{error}");
        }
    }
}
