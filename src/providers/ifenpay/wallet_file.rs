//! `data/ai.bin`: the wallet an ifenpay toolset leaves behind (`reference/ifenpay.md` §6.4).
//!
//! Reading only: salt, nonce and AES-256-GCM under argon2id of the password. Nothing of what is inside may stand in an
//! error, and the file must never be written.

use argon2::{Algorithm, Argon2, Params, Version};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::register::{Registered, Registration};
use crate::limits;
use crate::secret::Secret;

/// A wallet file, still sealed.
pub struct WalletFile<'a> {
    salt: &'a [u8],
    nonce: [u8; NONCE_BYTES],
    sealed: &'a [u8],
}

/// Why a wallet file does not open.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WalletFileError {
    /// Too short or too long to be one.
    #[error("this is no wallet file of ifenpay: it has {found} bytes")]
    Size {
        /// Bytes of the file.
        found: usize,
    },
    /// The password cannot be stretched here.
    #[error("the password could not be stretched: too little memory")]
    Stretch,
    /// Another password, or a file that was changed.
    #[error("the password does not open the wallet file, or the file is damaged")]
    WrongPassword,
    /// It opens, and what is inside does not belong together.
    #[error("the wallet file opens, and the keys in it do not belong together")]
    Damaged,
}

impl<'a> WalletFile<'a> {
    /// Takes the file apart.
    ///
    /// # Errors
    /// [`WalletFileError::Size`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, WalletFileError> {
        let size = WalletFileError::Size { found: bytes.len() };
        if bytes.len() > limits::IFENPAY_FILE_BYTES {
            return Err(size);
        }
        let (salt, rest) = bytes.split_at_checked(SALT_BYTES).ok_or(size)?;
        let (nonce, sealed) = rest.split_first_chunk().ok_or(size)?;
        match sealed.len() > AES_256_GCM.tag_len() {
            true => Ok(Self { salt, nonce: *nonce, sealed }),
            false => Err(size),
        }
    }

    /// The key and the seed inside. Takes its time, on purpose.
    ///
    /// # Errors
    /// [`WalletFileError`].
    pub fn open(&self, password: &Secret) -> Result<Registration, WalletFileError> {
        let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(KEY_BYTES));
        let params = params.map_err(|_| WalletFileError::Stretch)?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        argon2
            .hash_password_into(password.expose(), self.salt, &mut *key)
            .map_err(|_| WalletFileError::Stretch)?;
        let key = UnboundKey::new(&AES_256_GCM, &*key).map_err(|_| WalletFileError::Stretch)?;
        let mut opened = Zeroizing::new(self.sealed.to_vec());
        let nonce = Nonce::assume_unique_for_key(self.nonce);
        let plain = LessSafeKey::new(key)
            .open_in_place(nonce, Aad::empty(), &mut opened)
            .map_err(|_| WalletFileError::WrongPassword)?;
        let inside: Registered =
            serde_json::from_slice(plain).map_err(|_| WalletFileError::Damaged)?;
        inside.checked().map_err(|_| WalletFileError::Damaged)
    }
}

const SALT_BYTES: usize = 16;
const NONCE_BYTES: usize = 12;
const KEY_BYTES: usize = 32;
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by another program (Python's cryptography 48) from the golden seed of `reference/ifenpay.md` §6.1 and the
    /// password `AUTOGEN_sandbox`; it never held money.
    const FILE: &[u8] = include_bytes!("../../../tests/vectors/ifenpay/ai.bin");
    const PASSWORD: &str = "AUTOGEN_sandbox";

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_file_of_the_toolset_opens_with_its_password_alone() {
        let file = WalletFile::parse(FILE).unwrap();
        let found = file.open(&secret(PASSWORD)).unwrap();
        let first = "nano_1bwjtpipkzc7aj6hmuodncjmfsb4tou9word8bj9jxcm68cheipad54q66xe";
        assert_eq!(found.address.to_string(), first);
        assert_eq!(found.seed.derive(0).account(), found.address);
        assert!(found.api_key.is_same_as(&secret("sandbox-key")));
        let wrong = file.open(&secret("AUTOGEN_sandboy")).unwrap_err();
        assert_eq!(wrong, WalletFileError::WrongPassword);
    }

    #[test]
    fn a_changed_bit_anywhere_keeps_it_shut() {
        for at in [0, SALT_BYTES, SALT_BYTES + NONCE_BYTES, FILE.len() - 1] {
            let mut changed = FILE.to_vec();
            changed[at] ^= 1;
            let file = WalletFile::parse(&changed).unwrap();
            let error = file.open(&secret(PASSWORD)).unwrap_err();
            assert_eq!(error, WalletFileError::WrongPassword, "byte {at}");
        }
    }

    #[test]
    fn a_file_has_a_least_and_a_largest_size() {
        let least = SALT_BYTES + NONCE_BYTES + AES_256_GCM.tag_len();
        for found in [0, SALT_BYTES, SALT_BYTES + NONCE_BYTES, least] {
            let parsed = WalletFile::parse(&FILE[..found]).map(drop);
            assert_eq!(parsed, Err(WalletFileError::Size { found }));
        }
        let largest = vec![0; limits::IFENPAY_FILE_BYTES];
        assert!(WalletFile::parse(&largest).is_ok());
        let larger = vec![0; limits::IFENPAY_FILE_BYTES + 1];
        assert!(WalletFile::parse(&larger).is_err());
    }
}
