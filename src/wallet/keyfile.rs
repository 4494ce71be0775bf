//! `keystore.json`: the seed at rest. Play money stands in it as it is; everything else is encrypted with a key
//! stretched from the unlock secret.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::nano::{Network, Seed};
use crate::secret::{Secret, Stretch, StretchError, hex, unhex};

/// A key file, read or about to be written.
#[derive(Deserialize, Serialize)]
pub struct KeyFile {
    version: u32,
    network: Network,
    #[serde(flatten)]
    protection: Protection,
}

#[derive(Deserialize, Serialize)]
#[serde(tag = "protection", rename_all = "kebab-case", deny_unknown_fields)]
enum Protection {
    None { seed: String },
    Argon2idXchacha20poly1305 { stretch: Stretch, nonce: String, sealed: String },
}

/// Random bytes a protected file needs.
#[derive(Clone, Copy, Debug)]
pub struct KeyFileRandom {
    /// For stretching the secret.
    pub salt: [u8; 16],
    /// For the cipher.
    pub nonce: [u8; 24],
}

/// Why a key file is not accepted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum KeyFileError {
    /// It cannot be read as a key file.
    #[error("keystore.json cannot be read: {0}")]
    Unreadable(String),
    /// It is of a later version.
    #[error("keystore.json has version {0}, which is newer than this program")]
    Newer(u32),
    /// It is for another network.
    #[error("keystore.json holds keys for {found}; this wallet is for {wanted}", found = found.as_str(), wanted = wanted.as_str())]
    OtherNetwork {
        /// The file's.
        found: Network,
        /// The wallet's.
        wanted: Network,
    },
    /// The secret is not the one it was sealed with, or the file was changed.
    #[error("the unlock secret does not open keystore.json")]
    WrongSecret,
    /// The secret could not be stretched.
    #[error(transparent)]
    Stretch(#[from] StretchError),
}

impl KeyFile {
    /// A key file for play money.
    pub fn unprotected(network: Network, seed: &Seed) -> Self {
        Self {
            version: VERSION,
            network,
            protection: Protection::None { seed: hex(seed.expose()) },
        }
    }

    /// A key file that only `secret` opens. The network is bound in: the file opens for no other.
    ///
    /// # Errors
    /// When the secret cannot be stretched.
    pub fn protected(
        network: Network,
        seed: &Seed,
        secret: &Secret,
        random: KeyFileRandom,
    ) -> Result<Self, KeyFileError> {
        let stretch = Stretch::new(random.salt);
        let cipher = cipher(&stretch, secret)?;
        let payload = Payload { msg: seed.expose(), aad: network.as_str().as_bytes() };
        let sealed = cipher
            .encrypt(&XNonce::from(random.nonce), payload)
            .map_err(|_| KeyFileError::Unreadable("the seed could not be sealed".to_owned()))?;
        let protection = Protection::Argon2idXchacha20poly1305 {
            stretch,
            nonce: hex(&random.nonce),
            sealed: hex(&sealed),
        };
        Ok(Self { version: VERSION, network, protection })
    }

    /// The file's text.
    ///
    /// # Panics
    /// Never: a key file is plain JSON.
    pub fn to_json(&self) -> Zeroizing<String> {
        Zeroizing::new(serde_json::to_string_pretty(self).expect("a key file is plain JSON"))
    }

    /// Reads a file for `network`. The words of an error never quote the file.
    ///
    /// # Errors
    /// When it is damaged, newer, or for another network.
    pub fn parse(text: &str, network: Network) -> Result<Self, KeyFileError> {
        let file: Self = serde_json::from_str(text).map_err(|error| {
            // serde's own message can quote what it read.
            let place = format!("line {}, column {}", error.line(), error.column());
            KeyFileError::Unreadable(place)
        })?;
        if file.version > VERSION {
            return Err(KeyFileError::Newer(file.version));
        }
        if file.network != network {
            return Err(KeyFileError::OtherNetwork { found: file.network, wanted: network });
        }
        Ok(file)
    }

    /// Whether a secret is needed.
    pub fn is_protected(&self) -> bool {
        matches!(self.protection, Protection::Argon2idXchacha20poly1305 { .. })
    }

    /// The seed; `None` when a secret is needed and none is given.
    ///
    /// # Errors
    /// When the secret is wrong or the file damaged.
    pub fn seed(&self, secret: Option<&Secret>) -> Result<Option<Seed>, KeyFileError> {
        match (&self.protection, secret) {
            (Protection::None { seed }, _) => seed_of(unhex(seed)).map(Some),
            (Protection::Argon2idXchacha20poly1305 { .. }, None) => Ok(None),
            (Protection::Argon2idXchacha20poly1305 { stretch, nonce, sealed }, Some(secret)) => {
                let nonce = unhex(nonce).and_then(|nonce| <[u8; 24]>::try_from(&nonce[..]).ok());
                let (nonce, sealed) = nonce.zip(unhex(sealed)).ok_or_else(damaged)?;
                let cipher = cipher(stretch, secret)?;
                let payload = Payload { msg: &sealed, aad: self.network.as_str().as_bytes() };
                let opened = cipher.decrypt(&XNonce::from(nonce), payload);
                let opened = opened.map_err(|_| KeyFileError::WrongSecret)?;
                seed_of(Some(Zeroizing::new(opened))).map(Some)
            }
        }
    }
}

impl fmt::Debug for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyFile").field("network", &self.network).finish_non_exhaustive()
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        if let Protection::None { seed } = &mut self.protection {
            seed.zeroize();
        }
    }
}

fn cipher(stretch: &Stretch, secret: &Secret) -> Result<XChaCha20Poly1305, KeyFileError> {
    let key = stretch.derive(secret)?;
    Ok(XChaCha20Poly1305::new(&Key::from(*key)))
}

fn seed_of(bytes: Option<Zeroizing<Vec<u8>>>) -> Result<Seed, KeyFileError> {
    let bytes = bytes.and_then(|bytes| <[u8; 32]>::try_from(&bytes[..]).ok());
    bytes.map(Seed::from_bytes).ok_or_else(damaged)
}

fn damaged() -> KeyFileError {
    KeyFileError::Unreadable("the sealed seed is damaged".to_owned())
}

const VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    const RANDOM: KeyFileRandom = KeyFileRandom { salt: [3; 16], nonce: [4; 24] };

    fn secret(text: &str) -> Secret {
        Secret::new(text.to_owned())
    }

    #[test]
    fn a_play_money_file_opens_only_for_its_network_and_hides_its_seed() {
        let file = KeyFile::unprotected(Network::Sandbox, &Seed::from_bytes([7; 32]));
        let digits = "07".repeat(32);
        assert!(!format!("{file:?}").contains(&digits));
        let text = file.to_json();
        assert!(text.contains(&digits));
        let read = KeyFile::parse(&text, Network::Sandbox).unwrap();
        assert_eq!(read.seed(None).unwrap().unwrap().expose(), &[7; 32]);
        let other = KeyFile::parse(&text, Network::Dev).unwrap_err();
        assert!(matches!(other, KeyFileError::OtherNetwork { .. }));
        let newer = text.replace("\"version\": 1", "\"version\": 2");
        let newer = KeyFile::parse(&newer, Network::Sandbox).unwrap_err();
        assert_eq!(newer, KeyFileError::Newer(2));
        let broken = text.replace("\"seed\": \"0", "\"seed\": 0, \"x\": \"");
        let words = KeyFile::parse(&broken, Network::Sandbox).unwrap_err().to_string();
        assert!(!words.contains("0707"), "{words}");
    }

    #[test]
    fn a_protected_file_opens_with_its_secret_alone() {
        let seed = Seed::from_bytes([7; 32]);
        let file = KeyFile::protected(Network::Dev, &seed, &secret("open"), RANDOM).unwrap();
        let text = file.to_json();
        assert!(!text.contains(&"07".repeat(8)));
        let read = KeyFile::parse(&text, Network::Dev).unwrap();
        assert!(read.is_protected() && read.seed(None).unwrap().is_none());
        assert_eq!(read.seed(Some(&secret("open"))).unwrap().unwrap().expose(), &[7; 32]);
        let wrong = read.seed(Some(&secret("opem"))).unwrap_err();
        assert_eq!(wrong, KeyFileError::WrongSecret);
        // The network is part of what is sealed, not a label that can be changed.
        let moved = text.replace("\"dev\"", "\"live\"");
        let moved = KeyFile::parse(&moved, Network::Live).unwrap();
        assert_eq!(moved.seed(Some(&secret("open"))).unwrap_err(), KeyFileError::WrongSecret);
    }
}
