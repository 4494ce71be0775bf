//! The key to ifenpay that is kept in the home, for the owner alone, with the origin it was given for.
//!
//! It must never be given to another origin, shown, or stand on the ledger.

use serde::{Deserialize, Serialize};

use super::home::{Home, files};
use super::kept_file::KeptFile;
use crate::failure::Failure;
use crate::limits;
use crate::secret::Secret;

/// The kept key of one home.
pub(super) struct KeptKey(KeptFile);

impl KeptKey {
    /// That of `home`.
    pub(super) fn new(home: Home) -> Self {
        Self(KeptFile {
            home,
            name: files::IFENPAY_ACCESS,
            code: "IFENPAY_ACCESS_UNUSABLE",
            advice: "Put it back from a backup, or move it away and set IFENPAY_API_KEY",
        })
    }

    /// The key for `origin`, if one is kept; for `any_origin` where simulators change their ports.
    ///
    /// # Errors
    /// `IFENPAY_ACCESS_UNUSABLE`: the file is not what was written.
    pub(super) fn read(&self, origin: &str, any_origin: bool) -> Result<Option<Secret>, Failure> {
        let access: Option<Access> = self.0.read(Access::fits)?;
        let access = access.filter(|access| any_origin || access.origin == origin);
        Ok(access.map(|access| access.api_key))
    }

    /// Keeps the key for `origin` in the place of any other.
    pub(super) fn write(&self, origin: &str, key: &Secret) -> Result<(), Failure> {
        let (origin, api_key) = (origin.to_owned(), key.clone());
        self.0.write(&Access { version: ACCESS_VERSION, origin, api_key })
    }
}

/// `ifenpay-access.json`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Access {
    version: u32,
    origin: String,
    api_key: Secret,
}

impl Access {
    fn fits(&self) -> bool {
        let bounds = 1..=limits::API_KEY_BYTES;
        self.version == ACCESS_VERSION && bounds.contains(&self.api_key.expose().len())
    }
}

const ACCESS_VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::super::kept_file::tests::{is_private, refused};
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_key_is_kept_for_its_origin_and_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().join("wallet"));
        let kept = KeptKey::new(home);
        assert!(kept.read("https://a/", true).unwrap().is_none());
        kept.write("https://a/", &secret("hunter2")).unwrap();
        assert!(kept.read("https://a/", false).unwrap().unwrap().is_same_as(&secret("hunter2")));
        assert!(kept.read("https://b/", false).unwrap().is_none());
        assert!(kept.read("https://b/", true).unwrap().is_some());
        is_private(&kept.0);
    }

    #[test]
    fn a_file_that_is_not_ours_is_refused_and_not_quoted() {
        let longest = "x".repeat(limits::API_KEY_BYTES);
        let file = |version: u32, key: &str| {
            format!(r#"{{"version":{version},"origin":"https://a/","apiKey":"{key}"}}"#)
        };
        let dir = tempfile::tempdir().unwrap();
        let kept = KeptKey::new(Home::new(dir.path().join("wallet")));
        kept.0.home.create().unwrap();
        kept.0.home.write(files::IFENPAY_ACCESS, &file(1, &longest)).unwrap();
        assert!(kept.read("https://a/", false).unwrap().is_some());
        for wrong in
            [file(2, "hunter2"), file(1, ""), file(1, &format!("{longest}x")), "hunter2".to_owned()]
        {
            refused(&kept.0, &wrong, || kept.read("https://a/", false));
        }
    }
}
