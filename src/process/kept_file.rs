//! A file of the home that keeps what is secret: JSON, for the owner alone.
//!
//! Its words must never be quoted, in an error or anywhere else.

use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::home::Home;
use crate::failure::Failure;

/// One file, and what is said when it is not what was written.
#[derive(Debug)]
pub(super) struct KeptFile {
    /// Where it is kept.
    pub(super) home: Home,
    /// Its name there.
    pub(super) name: &'static str,
    /// The code of a file that cannot be used.
    pub(super) code: &'static str,
    /// What the owner can do then.
    pub(super) advice: &'static str,
}

impl KeptFile {
    /// What is kept, if it `fits`; `None` where there is no file.
    ///
    /// # Errors
    /// The file's code: it is not what was written.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        fits: impl FnOnce(&T) -> bool,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = self.home.read(self.name)?.map(Zeroizing::new) else { return Ok(None) };
        let kept = serde_json::from_str(&text).ok().filter(fits);
        let unusable = || {
            let message = format!("{} cannot be read", self.name);
            Failure::internal(self.code, message).hint(self.advice)
        };
        kept.map(Some).ok_or_else(unusable)
    }

    /// Keeps it in the place of what was kept before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, kept: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(kept).expect("texts are plain JSON");
        self.home.create()?;
        Ok(self.home.write(self.name, &Zeroizing::new(text))?)
    }
}

#[cfg(test)]
pub(super) mod tests;
