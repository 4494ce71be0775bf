//! The key to ifenpay that is kept in the home, for the owner alone, with the origin it was given for.
//!
//! It must never be given to another origin, shown, or stand on the ledger.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::home::{Home, files};
use crate::failure::Failure;
use crate::limits;
use crate::secret::Secret;

/// The kept key of one home.
pub(super) struct KeptKey {
    home: Home,
}

impl KeptKey {
    /// That of `home`.
    pub(super) fn new(home: Home) -> Self {
        Self { home }
    }

    /// The key for `origin`, if one is kept; for `any_origin` where simulators change their ports.
    ///
    /// # Errors
    /// `IFENPAY_ACCESS_UNUSABLE`: the file is not what was written.
    pub(super) fn read(&self, origin: &str, any_origin: bool) -> Result<Option<Secret>, Failure> {
        let Some(text) = self.home.read(files::IFENPAY_ACCESS)? else { return Ok(None) };
        let access = Access::parse(&Zeroizing::new(text))?;
        Ok((any_origin || access.origin == origin).then_some(access.api_key))
    }

    /// Keeps the key for `origin` in the place of any other.
    pub(super) fn write(&self, origin: &str, key: &Secret) -> Result<(), Failure> {
        let (origin, api_key) = (origin.to_owned(), key.clone());
        let access = Access { version: ACCESS_VERSION, origin, api_key };
        let text = serde_json::to_string_pretty(&access).expect("texts are plain JSON");
        self.home.create()?;
        Ok(self.home.write(files::IFENPAY_ACCESS, &Zeroizing::new(text))?)
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
    /// The words of an error never quote the file.
    fn parse(text: &str) -> Result<Self, Failure> {
        let access: Option<Self> = serde_json::from_str(text).ok();
        let fits = |access: &Self| {
            access.version == ACCESS_VERSION
                && (1..=limits::API_KEY_BYTES).contains(&access.api_key.expose().len())
        };
        access.filter(fits).ok_or_else(|| {
            let message = format!("{} cannot be read", files::IFENPAY_ACCESS);
            Failure::internal("IFENPAY_ACCESS_UNUSABLE", message)
                .hint("Put it back from a backup, or move it away and set IFENPAY_API_KEY")
        })
    }
}

const ACCESS_VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_key_is_kept_for_its_origin_and_the_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().join("wallet"));
        let kept = KeptKey::new(home.clone());
        assert!(kept.read("https://a/", true).unwrap().is_none());
        kept.write("https://a/", &secret("hunter2")).unwrap();
        assert!(kept.read("https://a/", false).unwrap().unwrap().is_same_as(&secret("hunter2")));
        assert!(kept.read("https://b/", false).unwrap().is_none());
        assert!(kept.read("https://b/", true).unwrap().is_some());
        #[cfg(unix)]
        {
            let metadata = std::fs::metadata(home.path(files::IFENPAY_ACCESS)).unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_not_ours_is_refused_and_not_quoted() {
        let longest = "x".repeat(limits::API_KEY_BYTES);
        let file = |version: u32, key: &str| {
            format!(r#"{{"version":{version},"origin":"https://a/","apiKey":"{key}"}}"#)
        };
        assert!(Access::parse(&file(1, &longest)).is_ok());
        for wrong in
            [file(2, "hunter2"), file(1, ""), file(1, &format!("{longest}x")), "hunter2".to_owned()]
        {
            let failure = Access::parse(&wrong).map(drop).unwrap_err();
            assert_eq!(failure.code, "IFENPAY_ACCESS_UNUSABLE");
            assert!(!failure.to_string().contains("hunter2"));
        }
    }
}
