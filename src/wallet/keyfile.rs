//! `keystore.json`: the keys at rest. Play money stands in it as it is; everything else is encrypted with a key
//! stretched from the unlock secret.
//!
//! A file must never open for another network or as another kind than it was sealed for, and files of every earlier
//! version open for ever.

use std::fmt;

use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::material::{KeyKind, KeyMaterial, MaterialError};
use crate::nano::{Network, Seed};
use crate::secret::{Secret, Stretch, StretchError, hex, unhex};

/// A key file, read or about to be written.
#[derive(Deserialize, Serialize)]
pub struct KeyFile {
    version: u32,
    network: Network,
    /// Version 1 knew classic seeds only.
    #[serde(default)]
    kind: KeyKind,
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
    /// Its keys are not those of the accounts on the books.
    #[error("keystore.json holds the keys of another wallet")]
    OtherWallet,
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
            kind: KeyKind::Seed,
            protection: Protection::None { seed: hex(seed.expose()) },
        }
    }

    /// A key file that only `secret` opens. Network and kind are bound in: the file opens for no other.
    ///
    /// # Errors
    /// When the secret cannot be stretched.
    pub fn protected(
        network: Network,
        keys: &KeyMaterial,
        secret: &Secret,
        random: KeyFileRandom,
    ) -> Result<Self, KeyFileError> {
        let stretch = Stretch::new(random.salt);
        let cipher = cipher(&stretch, secret)?;
        let (kind, bytes) = (keys.kind(), keys.to_bytes());
        let bound = bound(VERSION, network, kind);
        let payload = Payload { msg: &bytes, aad: bound.as_bytes() };
        let sealed = cipher
            .encrypt(&XNonce::from(random.nonce), payload)
            .map_err(|_| KeyFileError::Unreadable("the keys could not be sealed".to_owned()))?;
        let protection = Protection::Argon2idXchacha20poly1305 {
            stretch,
            nonce: hex(&random.nonce),
            sealed: hex(&sealed),
        };
        Ok(Self { version: VERSION, network, kind, protection })
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

    /// The network its keys sign for.
    pub fn network(&self) -> Network {
        self.network
    }

    /// How its keys are derived.
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The keys; `None` when a secret is needed and none is given.
    ///
    /// # Errors
    /// When the secret is wrong or the file damaged.
    pub fn keys(&self, secret: Option<&Secret>) -> Result<Option<KeyMaterial>, KeyFileError> {
        match (&self.protection, secret) {
            (Protection::None { seed }, _) => {
                let bytes = unhex(seed).ok_or(MaterialError)?;
                let keys = KeyMaterial::from_bytes(self.kind, &bytes)?;
                keys.plain_seed().ok_or(MaterialError)?;
                Ok(Some(keys))
            }
            (Protection::Argon2idXchacha20poly1305 { .. }, None) => Ok(None),
            (Protection::Argon2idXchacha20poly1305 { stretch, nonce, sealed }, Some(secret)) => {
                let nonce = unhex(nonce).and_then(|nonce| <[u8; 24]>::try_from(&nonce[..]).ok());
                let (nonce, sealed) = nonce.zip(unhex(sealed)).ok_or(MaterialError)?;
                let cipher = cipher(stretch, secret)?;
                let bound = bound(self.version, self.network, self.kind);
                let payload = Payload { msg: &sealed, aad: bound.as_bytes() };
                let opened = cipher.decrypt(&XNonce::from(nonce), payload);
                let opened = Zeroizing::new(opened.map_err(|_| KeyFileError::WrongSecret)?);
                Ok(Some(KeyMaterial::from_bytes(self.kind, &opened)?))
            }
        }
    }
}

impl From<MaterialError> for KeyFileError {
    fn from(_: MaterialError) -> Self {
        Self::Unreadable("the sealed keys are damaged".to_owned())
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

/// What is authenticated beside the sealed bytes.
fn bound(version: u32, network: Network, kind: KeyKind) -> String {
    match version {
        0 | 1 => network.as_str().to_owned(),
        _ => format!("paywarden keystore {version} {} {}", network.as_str(), kind.as_str()),
    }
}

const VERSION: u32 = 2;

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
        assert_eq!(read.keys(None).unwrap().unwrap().plain_seed().unwrap().expose(), &[7; 32]);
        let other = KeyFile::parse(&text, Network::Dev).unwrap_err();
        assert!(matches!(other, KeyFileError::OtherNetwork { .. }));
        let newer = text.replace("\"version\": 2", "\"version\": 3");
        let newer = KeyFile::parse(&newer, Network::Sandbox).unwrap_err();
        assert_eq!(newer, KeyFileError::Newer(3));
        let broken = text.replace("\"seed\": \"0", "\"seed\": 0, \"x\": \"");
        let words = KeyFile::parse(&broken, Network::Sandbox).unwrap_err().to_string();
        assert!(!words.contains("0707"), "{words}");
    }

    #[test]
    fn a_protected_file_opens_with_its_secret_alone() {
        let seed = KeyMaterial::from_seed(Seed::from_bytes([7; 32]));
        let file = KeyFile::protected(Network::Dev, &seed, &secret("open"), RANDOM).unwrap();
        let text = file.to_json();
        assert!(!text.contains(&"07".repeat(8)));
        let read = KeyFile::parse(&text, Network::Dev).unwrap();
        assert!(read.is_protected() && read.keys(None).unwrap().is_none());
        let opened = read.keys(Some(&secret("open"))).unwrap().unwrap();
        assert_eq!(opened.account(3), seed.account(3));
        let wrong = read.keys(Some(&secret("opem"))).unwrap_err();
        assert_eq!(wrong, KeyFileError::WrongSecret);
        // Network, kind and version are part of what is sealed, not labels that can be changed.
        for (from, to, network) in [
            ("\"dev\"", "\"live\"", Network::Live),
            ("\"kind\": \"seed\"", "\"kind\": \"bip44\"", Network::Dev),
            ("\"version\": 2", "\"version\": 1", Network::Dev),
        ] {
            assert!(text.contains(from), "{from}");
            let moved = KeyFile::parse(&text.replace(from, to), network).unwrap();
            assert_eq!(moved.keys(Some(&secret("open"))).unwrap_err(), KeyFileError::WrongSecret);
        }
    }

    #[test]
    fn a_phrase_and_single_keys_survive_the_file() {
        let phrase = crate::nano::mnemonic::Phrase::from_entropy(&[9; 16]).unwrap();
        let mut keys = KeyMaterial::from_phrase(&phrase, "pass");
        let index = keys.import(crate::nano::PrivateKey::from_bytes([5; 32])).unwrap();
        let file = KeyFile::protected(Network::Dev, &keys, &secret("open"), RANDOM).unwrap();
        let read = KeyFile::parse(&file.to_json(), Network::Dev).unwrap();
        assert_eq!(read.kind(), KeyKind::Bip44);
        let read = read.keys(Some(&secret("open"))).unwrap().unwrap();
        assert_eq!(read.account(0), keys.account(0));
        assert_eq!(read.account(index), keys.account(index));
    }

    /// The sealed one was made by the program of version 1 with `init`, for this test; it never held money.
    #[test]
    fn files_of_version_1_open_for_ever() {
        let plain = r#"{"version":1,"network":"sandbox","protection":"none","seed":"SEED"}"#;
        let plain = plain.replace("SEED", &"07".repeat(32));
        let read = KeyFile::parse(&plain, Network::Sandbox).unwrap();
        let first = Seed::from_bytes([7; 32]).derive(0).account();
        assert_eq!(read.keys(None).unwrap().unwrap().account(0), Some(first));
        let sealed = include_str!("../../tests/vectors/keystore/v1-protected.json");
        let read = KeyFile::parse(sealed, Network::Dev).unwrap();
        let keys = read.keys(Some(&secret("open sesame"))).unwrap().unwrap();
        let first = "nano_3y951wk3szermsmmxyxe5c757odwfbug9scqca4w5y3wp4sk5rsf1mjfj4yx";
        assert_eq!((read.kind(), keys.account(0)), (KeyKind::Seed, first.parse().ok()));
    }
}
