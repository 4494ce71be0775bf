//! Merchants' tokens, the owner's payment method and the payment tokens made of it, kept in the home for the owner alone.
//!
//! None of it may be shown, or stand on the ledger, and no token may be had for another place than its own. A payment
//! method's id pays nothing without Stripe's secret key, which is not here.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::home::{Home, files};
use super::kept_file::KeptFile;
use crate::failure::Failure;
use crate::limits;
use crate::secret::Secret;

/// What is kept in one home.
#[derive(Debug)]
pub(super) struct ShopAccess {
    file: KeptFile,
    /// Two writers must not lose each other's words.
    writing: Mutex<()>,
}

impl ShopAccess {
    /// That of `home`.
    pub(super) fn new(home: Home) -> Self {
        let file = KeptFile {
            home,
            name: files::CHECKOUT_ACCESS,
            code: "CHECKOUT_ACCESS_UNUSABLE",
            advice: "Put it back from a backup, or move it away and set tokens and card again",
        };
        Self { file, writing: Mutex::default() }
    }

    /// The token of a merchant, if it was kept for this endpoint.
    ///
    /// # Errors
    /// `CHECKOUT_ACCESS_UNUSABLE`: the file is not what was written.
    pub(super) fn token(
        &self,
        merchant_id: &str,
        endpoint: &str,
    ) -> Result<Option<Secret>, Failure> {
        Ok(match self.read()?.tokens.remove(merchant_id) {
            Some(Kept::For { endpoint: own, token }) if own == endpoint => Some(token),
            Some(Kept::For { .. } | Kept::Unbound(_)) | None => None,
        })
    }

    /// The owner's payment method.
    ///
    /// # Errors
    /// As [`Self::token`].
    pub(super) fn method(&self) -> Result<Option<Secret>, Failure> {
        Ok(self.read()?.payment_method)
    }

    /// Keeps the token of a merchant, for one endpoint.
    ///
    /// # Errors
    /// As [`Self::token`], and when the file cannot be written.
    pub(super) fn set_token(
        &self,
        merchant_id: &str,
        endpoint: &str,
        token: Secret,
    ) -> Result<(), Failure> {
        let kept = Kept::For { endpoint: endpoint.to_owned(), token };
        self.change(|access| drop(access.tokens.insert(merchant_id.to_owned(), kept)))
    }

    /// Forgets the token of a merchant.
    ///
    /// # Errors
    /// As [`Self::set_token`].
    pub(super) fn forget_token(&self, merchant_id: &str) -> Result<(), Failure> {
        self.change(|access| drop(access.tokens.remove(merchant_id)))
    }

    /// Keeps the owner's payment method, or forgets it.
    ///
    /// # Errors
    /// As [`Self::set_token`].
    pub(super) fn set_method(&self, method: Option<Secret>) -> Result<(), Failure> {
        self.change(|access| access.payment_method = method)
    }

    /// Keeps a payment token that was issued under `key`, and of those before it only what `is_needed` still.
    ///
    /// # Errors
    /// As [`Self::set_token`].
    pub(super) fn keep_issued(
        &self,
        key: &str,
        token: Secret,
        is_needed: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        self.change(|access| {
            access.issued.retain(|key, _| is_needed(key));
            access.issued.insert(key.to_owned(), token);
        })
    }

    /// The payment token that was issued under `key`.
    ///
    /// # Errors
    /// As [`Self::token`].
    pub(super) fn issued(&self, key: &str) -> Result<Option<Secret>, Failure> {
        Ok(self.read()?.issued.remove(key))
    }

    fn change(&self, change: impl FnOnce(&mut Access)) -> Result<(), Failure> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut access = self.read()?;
        change(&mut access);
        self.file.write(&access)
    }

    fn read(&self) -> Result<Access, Failure> {
        let access = self.file.read(Access::fits)?.unwrap_or_default();
        Ok(Access { version: ACCESS_VERSION, ..access })
    }
}

/// `checkout-access.json`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Access {
    version: u32,
    #[serde(default)]
    tokens: BTreeMap<String, Kept>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    payment_method: Option<Secret>,
    /// Payment tokens by the keys they were issued under, until their payments have ended.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    issued: BTreeMap<String, Secret>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged, deny_unknown_fields)]
enum Kept {
    /// Sent to this endpoint alone.
    For { endpoint: String, token: Secret },
    /// Of version 1, which did not write down where it belongs: it is sent nowhere.
    Unbound(Secret),
}

impl Kept {
    fn token(&self) -> &Secret {
        let (Self::For { token, .. } | Self::Unbound(token)) = self;
        token
    }
}

impl Default for Access {
    fn default() -> Self {
        let (tokens, issued) = (BTreeMap::new(), BTreeMap::new());
        Self { version: ACCESS_VERSION, tokens, payment_method: None, issued }
    }
}

impl Access {
    fn fits(&self) -> bool {
        let short = |kept: &Kept| kept.token().expose().len() <= limits::MERCHANT_TOKEN_BYTES;
        (1..=ACCESS_VERSION).contains(&self.version) && self.tokens.values().all(short)
    }
}

const ACCESS_VERSION: u32 = 2;

#[cfg(test)]
mod tests {
    use super::super::kept_file::tests::{is_private, refused};
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
        let token = || access.token("a", "https://a");
        assert!(token().unwrap().is_none() && access.method().unwrap().is_none());
        access.set_token("a", "https://a", secret("hunter2").unwrap()).unwrap();
        access.set_method(secret("pm_1")).unwrap();
        assert!(token().unwrap().unwrap().is_same_as(&secret("hunter2").unwrap()));
        for elsewhere in ["https://b", "https://a/", "http://a", ""] {
            assert!(access.token("a", elsewhere).unwrap().is_none(), "{elsewhere}");
        }
        access.forget_token("a").unwrap();
        assert!(token().unwrap().is_none() && access.method().unwrap().is_some());
        is_private(&access.file);
        for (key, token) in [("old", "spt_1"), ("open", "spt_2"), ("new", "spt_3")] {
            access.keep_issued(key, secret(token).unwrap(), &|kept| kept == "open").unwrap();
        }
        assert!(access.issued("old").unwrap().is_none(), "its payment has ended");
        assert!(access.issued("open").unwrap().unwrap().is_same_as(&secret("spt_2").unwrap()));
        assert!(access.issued("new").unwrap().is_some());
        for wrong in
            ["", "{}", "hunter2", r#"{"version":3}"#, r#"{"version":0}"#, r#"{"version":2,"x":1}"#]
        {
            refused(&access.file, wrong, token);
        }
        let bound = |token: &str| format!(r#"{{"endpoint":"https://a","token":"{token}"}}"#);
        let file = |version: u32, kept: &str| {
            format!(r#"{{"version":{version},"tokens":{{"a":{kept}}}}}"#)
        };
        let longest = "x".repeat(limits::MERCHANT_TOKEN_BYTES);
        refused(&access.file, &file(2, &bound(&format!("{longest}x"))), token);
        home.write(files::CHECKOUT_ACCESS, &file(2, &bound(&longest))).unwrap();
        assert!(access.token("a", "https://a").unwrap().is_some());
        // Nobody knows for which place one of version 1 was given: it is typed again.
        home.write(files::CHECKOUT_ACCESS, &file(1, "\"hunter2\"")).unwrap();
        assert!(token().unwrap().is_none());
        assert!(access.method().unwrap().is_none());
    }
}
