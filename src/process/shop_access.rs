//! Merchants' tokens and the owner's payment method, kept in the home for the owner alone.
//!
//! None of it may be shown, or stand on the ledger. A payment method's id pays nothing without Stripe's secret key,
//! which is not here.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::home::{Home, files};
use crate::failure::Failure;
use crate::limits;
use crate::secret::Secret;

/// What is kept in one home.
#[derive(Debug)]
pub(super) struct ShopAccess {
    home: Home,
    /// Two writers must not lose each other's words.
    writing: Mutex<()>,
}

impl ShopAccess {
    /// That of `home`.
    pub(super) fn new(home: Home) -> Self {
        Self { home, writing: Mutex::default() }
    }

    /// The token of a merchant.
    ///
    /// # Errors
    /// `CHECKOUT_ACCESS_UNUSABLE`: the file is not what was written.
    pub(super) fn token(&self, merchant_id: &str) -> Result<Option<Secret>, Failure> {
        Ok(self.read()?.tokens.remove(merchant_id))
    }

    /// The owner's payment method.
    ///
    /// # Errors
    /// As [`Self::token`].
    pub(super) fn method(&self) -> Result<Option<Secret>, Failure> {
        Ok(self.read()?.payment_method)
    }

    /// Keeps the token of a merchant, or forgets it.
    ///
    /// # Errors
    /// As [`Self::token`], and when the file cannot be written.
    pub(super) fn set_token(
        &self,
        merchant_id: &str,
        token: Option<Secret>,
    ) -> Result<(), Failure> {
        self.change(|access| match token {
            Some(token) => drop(access.tokens.insert(merchant_id.to_owned(), token)),
            None => drop(access.tokens.remove(merchant_id)),
        })
    }

    /// Keeps the owner's payment method, or forgets it.
    ///
    /// # Errors
    /// As [`Self::set_token`].
    pub(super) fn set_method(&self, method: Option<Secret>) -> Result<(), Failure> {
        self.change(|access| access.payment_method = method)
    }

    fn change(&self, change: impl FnOnce(&mut Access)) -> Result<(), Failure> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut access = self.read()?;
        change(&mut access);
        let text = serde_json::to_string_pretty(&access).expect("texts are plain JSON");
        Ok(self.home.write(files::CHECKOUT_ACCESS, &Zeroizing::new(text))?)
    }

    fn read(&self) -> Result<Access, Failure> {
        match self.home.read(files::CHECKOUT_ACCESS)? {
            None => Ok(Access::default()),
            Some(text) => Access::parse(&Zeroizing::new(text)),
        }
    }
}

/// `checkout-access.json`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Access {
    version: u32,
    #[serde(default)]
    tokens: BTreeMap<String, Secret>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_method: Option<Secret>,
}

impl Default for Access {
    fn default() -> Self {
        Self { version: ACCESS_VERSION, tokens: BTreeMap::new(), payment_method: None }
    }
}

impl Access {
    /// The words of an error never quote the file.
    fn parse(text: &str) -> Result<Self, Failure> {
        let access: Option<Self> = serde_json::from_str(text).ok();
        let fits = |access: &Self| {
            let short = |token: &Secret| token.expose().len() <= limits::MERCHANT_TOKEN_BYTES;
            access.version == ACCESS_VERSION && access.tokens.values().all(short)
        };
        access.filter(fits).ok_or_else(|| {
            let message = format!("{} cannot be read", files::CHECKOUT_ACCESS);
            Failure::internal("CHECKOUT_ACCESS_UNUSABLE", message)
                .hint("Put it back from a backup, or move it away and set tokens and card again")
        })
    }
}

const ACCESS_VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Option<Secret> {
        Some(Secret::new(text.to_owned()))
    }

    #[test]
    fn what_is_kept_is_for_the_owner_alone_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().join("wallet"));
        home.create().unwrap();
        let access = ShopAccess::new(home.clone());
        assert!(access.token("a").unwrap().is_none() && access.method().unwrap().is_none());
        access.set_token("a", secret("hunter2")).unwrap();
        access.set_method(secret("pm_1")).unwrap();
        assert!(access.token("a").unwrap().unwrap().is_same_as(&secret("hunter2").unwrap()));
        access.set_token("a", None).unwrap();
        assert!(access.token("a").unwrap().is_none() && access.method().unwrap().is_some());
        #[cfg(unix)]
        {
            let metadata = std::fs::metadata(home.path(files::CHECKOUT_ACCESS)).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
        for wrong in ["", "{}", "hunter2", r#"{"version":2}"#, r#"{"version":1,"x":1}"#] {
            let failure = Access::parse(wrong).map(drop).unwrap_err();
            assert_eq!(failure.code, "CHECKOUT_ACCESS_UNUSABLE");
            assert!(!failure.to_string().contains("hunter2"));
        }
        let file = |token: &str| format!(r#"{{"version":1,"tokens":{{"a":"{token}"}}}}"#);
        let longest = "x".repeat(limits::MERCHANT_TOKEN_BYTES);
        assert!(Access::parse(&file(&longest)).is_ok());
        assert!(Access::parse(&file(&format!("{longest}x"))).is_err());
    }
}
