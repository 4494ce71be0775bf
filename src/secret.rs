//! Secrets the owner types, and what is derived from them.
//!
//! A secret must never be shown, logged, compared in a time that depends on it, or kept longer than needed.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Text that unlocks or approves. Wiped when dropped; never shown.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text's bytes, for deriving keys.
    pub(crate) fn expose(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The same without the line end an editor leaves behind.
    #[must_use]
    pub fn without_line_end(&self) -> Self {
        Self::new(self.0.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Whether both are the same text.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.expose().ct_eq(other.expose()).into()
    }

    /// The text itself, for the one place that shows it to the owner.
    #[cfg(feature = "http")]
    pub(crate) fn shown(&self) -> &str {
        &self.0
    }

    /// What follows an authentication scheme, as in `Bearer TOKEN`; `None` for another scheme or nothing after it.
    pub fn after_scheme(&self, scheme: &str) -> Option<Self> {
        let (found, rest) = self.0.split_once(' ')?;
        let rest = rest.trim();
        (found.eq_ignore_ascii_case(scheme) && !rest.is_empty()).then(|| Self::new(rest.to_owned()))
    }

    /// Whether it can stand in a header or a URL as it is.
    pub fn is_visible_ascii(&self) -> bool {
        self.expose().iter().all(u8::is_ascii_graphic)
    }

    /// Length in characters, for a check when it is set.
    pub fn length(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// How a secret was stretched: argon2id (RFC 9106).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Stretch {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    /// 16 random bytes, hex.
    salt: String,
}

/// The parameters or the memory are not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the secret could not be stretched: bad parameters or too little memory")]
pub struct StretchError;

impl Stretch {
    /// Today's cost, with a fresh salt.
    pub fn new(salt: [u8; 16]) -> Self {
        Self { memory_kib: MEMORY_KIB, passes: PASSES, lanes: 1, salt: hex(&salt) }
    }

    /// 32 bytes from a secret.
    ///
    /// # Errors
    /// [`StretchError`].
    pub fn derive(&self, secret: &Secret) -> Result<Zeroizing<[u8; 32]>, StretchError> {
        let salt = unhex(&self.salt).ok_or(StretchError)?;
        // Parameters from a file must not make us take all memory there is.
        if self.memory_kib > MEMORY_KIB_MAX || self.passes > PASSES_MAX || self.lanes > 16 {
            return Err(StretchError);
        }
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32));
        let argon2 =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(|_| StretchError)?);
        let mut key = Zeroizing::new([0; 32]);
        argon2.hash_password_into(secret.expose(), &salt, &mut *key).map_err(|_| StretchError)?;
        Ok(key)
    }
}

/// Tells the operator secret from every other, without holding it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretVerifier {
    stretch: Stretch,
    /// The stretched secret, hex.
    digest: String,
}

impl SecretVerifier {
    /// A verifier for `secret`.
    ///
    /// # Errors
    /// [`StretchError`].
    pub fn new(secret: &Secret, salt: [u8; 16]) -> Result<Self, StretchError> {
        let stretch = Stretch::new(salt);
        let digest = hex(&*stretch.derive(secret)?);
        Ok(Self { stretch, digest })
    }

    /// Whether this is the secret. Takes its time, on purpose.
    ///
    /// # Errors
    /// [`StretchError`].
    pub fn accepts(&self, secret: &Secret) -> Result<bool, StretchError> {
        let found = hex(&*self.stretch.derive(secret)?);
        Ok(found.as_bytes().ct_eq(self.digest.as_bytes()).into())
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digits = text.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let byte = |pair: &[u8]| u8::try_from(nibble(pair[0])? << 4 | nibble(pair[1])?).ok();
    digits.chunks_exact(2).map(byte).collect::<Option<Vec<u8>>>().map(Zeroizing::new)
}

const MEMORY_KIB: u32 = 64 * 1024;
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES: u32 = 3;
const PASSES_MAX: u32 = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_knows_its_secret_and_does_not_hold_it() {
        let secret = Secret::new("correct horse".to_owned());
        let verifier = SecretVerifier::new(&secret, [1; 16]).unwrap();
        assert!(verifier.accepts(&secret).unwrap());
        assert!(!verifier.accepts(&Secret::new("correct horse ".to_owned())).unwrap());
        let json = serde_json::to_string(&verifier).unwrap();
        assert!(!json.contains("correct") && !format!("{secret:?}").contains("correct"));
    }

    #[test]
    fn parameters_from_a_file_are_bounded() {
        let secret = Secret::new("x".to_owned());
        let costly = Stretch { memory_kib: MEMORY_KIB_MAX + 1, ..Stretch::new([0; 16]) };
        assert_eq!(costly.derive(&secret).unwrap_err(), StretchError);
        let long = Stretch { passes: PASSES_MAX + 1, ..Stretch::new([0; 16]) };
        assert_eq!(long.derive(&secret).unwrap_err(), StretchError);
        let saltless = Stretch { salt: "zz".to_owned(), ..Stretch::new([0; 16]) };
        assert_eq!(saltless.derive(&secret).unwrap_err(), StretchError);
    }
}
