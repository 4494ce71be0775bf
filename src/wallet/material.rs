//! What all keys of a wallet come from: a classic seed or a BIP39 phrase, and on dev single test keys beside it.
//!
//! Wiped when dropped, never cloned, shown or logged. Nothing here may guess which kind of phrase somebody meant.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::evm::EvmKey;
use crate::limits;
use crate::nano::mnemonic::{self, Phrase};
use crate::nano::{Account, Network, PrivateKey, Seed};

/// The keys of one wallet, before they are derived.
pub struct KeyMaterial {
    root: Root,
    imported: Vec<PrivateKey>,
}

enum Root {
    Seed(Seed),
    Bip44 { entropy: Zeroizing<Vec<u8>>, seed: Zeroizing<[u8; 64]> },
}

/// How the keys of a wallet are derived (protocol notes §5).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// From 32 bytes, which 64 digits or 24 legacy words spell.
    #[default]
    Seed,
    /// From a BIP39 phrase at 44'/165'/index'.
    Bip44,
}

/// What the owner wrote down, or is to write down. Wiped when dropped.
pub struct Recovery {
    /// The words.
    pub words: Zeroizing<String>,
    /// The classic seed's 64 digits, where there is one.
    pub seed_hex: Option<Zeroizing<String>>,
    /// Whether the words alone do not lead to the keys.
    pub needs_passphrase: bool,
}

/// The bytes are not those of any keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("these are not the bytes of keys")]
pub struct MaterialError;

impl KeyMaterial {
    /// From a classic seed.
    pub fn from_seed(seed: Seed) -> Self {
        Self { root: Root::Seed(seed), imported: Vec::new() }
    }

    /// From a BIP39 phrase and its passphrase, which may be empty.
    pub fn from_phrase(phrase: &Phrase, passphrase: &str) -> Self {
        let root = Root::Bip44 { entropy: phrase.entropy(), seed: phrase.bip39_seed(passphrase) };
        Self { root, imported: Vec::new() }
    }

    /// How keys are derived.
    pub fn kind(&self) -> KeyKind {
        match self.root {
            Root::Seed(_) => KeyKind::Seed,
            Root::Bip44 { .. } => KeyKind::Bip44,
        }
    }

    /// The key of an account: derived below [`IMPORTED`], imported from there on. `None` where there is none.
    pub fn key(&self, index: u32) -> Option<PrivateKey> {
        if let Some(place) = index.checked_sub(IMPORTED) {
            let key = self.imported.get(place as usize)?;
            return Some(PrivateKey::from_bytes(*key.expose()));
        }
        match &self.root {
            Root::Seed(seed) => Some(seed.derive(index)),
            Root::Bip44 { seed, .. } => mnemonic::bip44_key_of(seed, index).ok(),
        }
    }

    /// The account at an index.
    pub fn account(&self, index: u32) -> Option<Account> {
        self.key(index).map(|key| key.account())
    }

    /// The key that signs EIP-3009 authorisations on the chains that go with `network`: derived from the root by a hash
    /// that names the network, so that no two networks share one (docs/adr/0003). `None` is as good as impossible.
    pub(super) fn evm_key(&self, network: Network) -> Option<EvmKey> {
        let root: &[u8] = match &self.root {
            Root::Seed(seed) => seed.expose(),
            Root::Bip44 { seed, .. } => &**seed,
        };
        // Not every 32 bytes are a key; the next try is another hash.
        (0..EVM_TRIES).find_map(|counter| {
            let mut mac = Hmac::<Sha256>::new_from_slice(root).ok()?;
            mac.update(EVM_DOMAIN);
            mac.update(network.as_str().as_bytes());
            mac.update(&[0, counter]);
            let bytes = Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()));
            EvmKey::from_bytes(&bytes)
        })
    }

    /// Takes in a single key, once; gives its index.
    ///
    /// # Errors
    /// When [`limits::IMPORTED_KEYS`] are there already.
    pub fn import(&mut self, key: PrivateKey) -> Result<u32, MaterialError> {
        let account = key.account();
        let place = match self.imported.iter().position(|known| known.account() == account) {
            Some(place) => place,
            None if self.imported.len() >= limits::IMPORTED_KEYS => return Err(MaterialError),
            None => {
                self.imported.push(key);
                self.imported.len() - 1
            }
        };
        u32::try_from(place).map(|place| IMPORTED + place).map_err(|_| MaterialError)
    }

    /// What the owner writes down. Imported keys are not in it.
    pub fn recovery(&self) -> Recovery {
        match &self.root {
            Root::Seed(seed) => Recovery {
                words: mnemonic::legacy_phrase(seed),
                seed_hex: Some(Zeroizing::new(crate::secret::hex(seed.expose()))),
                needs_passphrase: false,
            },
            Root::Bip44 { entropy, seed } => {
                let phrase = Phrase::from_entropy(entropy).expect("the bytes came from a phrase");
                Recovery {
                    words: phrase.expose(),
                    seed_hex: None,
                    needs_passphrase: phrase.bip39_seed("") != *seed,
                }
            }
        }
    }

    /// The seed alone, where that is all there is: play money is kept as it is.
    pub(super) fn plain_seed(&self) -> Option<&Seed> {
        match &self.root {
            Root::Seed(seed) if self.imported.is_empty() => Some(seed),
            Root::Seed(_) | Root::Bip44 { .. } => None,
        }
    }

    /// The bytes to be sealed: the root, then 32 bytes for each imported key.
    pub(super) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Room for all of it, so that growing leaves no copy behind.
        let room = 1 + ENTROPY_BYTES_MAX + 64 + 32 * self.imported.len();
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        match &self.root {
            Root::Seed(seed) => bytes.extend_from_slice(seed.expose()),
            Root::Bip44 { entropy, seed } => {
                bytes.push(u8::try_from(entropy.len()).expect("a phrase has at most 32 bytes"));
                bytes.extend_from_slice(entropy);
                bytes.extend_from_slice(&**seed);
            }
        }
        for key in &self.imported {
            bytes.extend_from_slice(key.expose());
        }
        bytes
    }

    /// Reads what [`KeyMaterial::to_bytes`] wrote.
    pub(super) fn from_bytes(kind: KeyKind, bytes: &[u8]) -> Result<Self, MaterialError> {
        let (root, rest) = match kind {
            KeyKind::Seed => {
                let (seed, rest) = bytes.split_first_chunk::<32>().ok_or(MaterialError)?;
                (Root::Seed(Seed::from_bytes(*seed)), rest)
            }
            KeyKind::Bip44 => {
                let (length, rest) = bytes.split_first().ok_or(MaterialError)?;
                let (entropy, rest) =
                    rest.split_at_checked((*length).into()).ok_or(MaterialError)?;
                Phrase::from_entropy(entropy).map_err(|_| MaterialError)?;
                let (seed, rest) = rest.split_first_chunk::<64>().ok_or(MaterialError)?;
                let entropy = Zeroizing::new(entropy.to_vec());
                (Root::Bip44 { entropy, seed: Zeroizing::new(*seed) }, rest)
            }
        };
        let keys = rest.chunks_exact(32);
        if !keys.remainder().is_empty() || keys.len() > limits::IMPORTED_KEYS {
            return Err(MaterialError);
        }
        let key = |bytes: &[u8]| <[u8; 32]>::try_from(bytes).map(PrivateKey::from_bytes);
        let imported = keys.map(key).collect::<Result<_, _>>().map_err(|_| MaterialError)?;
        Ok(Self { root, imported })
    }
}

impl From<Seed> for KeyMaterial {
    fn from(seed: Seed) -> Self {
        Self::from_seed(seed)
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyMaterial").field("kind", &self.kind()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Recovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recovery(secret)")
    }
}

impl KeyKind {
    /// Its name in files and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Seed => "seed",
            Self::Bip44 => "bip44",
        }
    }
}

/// Indexes from here on are those of imported keys; derivation ends below.
pub const IMPORTED: u32 = 1 << 31;
const ENTROPY_BYTES_MAX: usize = 32;
const EVM_DOMAIN: &[u8] = b"paywarden x402 evm key 1 ";
const EVM_TRIES: u8 = 8;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WORDS: &str = "edge defense waste choose enrich upon flee junk siren film clown finish \
        luggage leader kid quick brick print evidence swap drill paddle truly occur";

    const EVM_ADDRESSES: [&str; 4] = [
        "0xFF27f51E86884A82d44029c8A35f6c4ED575b39f",
        "0x1c26a5EffE9Fb215670DD2e854601FaFb61743f7",
        "0x8408Bab5a7b602e77d400061d0F458A3f7eD6dd8",
        "0x044e24701c9E3F24A128cA4c517AC99f46CE413F",
    ];

    #[test]
    fn a_phrase_leads_to_the_accounts_of_a_hardware_wallet() {
        let phrase = Phrase::parse(WORDS).unwrap();
        let keys = KeyMaterial::from_phrase(&phrase, "some password");
        let first = "nano_1pu7p5n3ghq1i1p4rhmek41f5add1uh34xpb94nkbxe8g4a6x1p69emk8y1d";
        assert_eq!(keys.account(0).unwrap().to_string(), first);
        let read = KeyMaterial::from_bytes(KeyKind::Bip44, &keys.to_bytes()).unwrap();
        assert_eq!(read.account(1), keys.account(1));
        let recovery = read.recovery();
        assert!(recovery.needs_passphrase && recovery.seed_hex.is_none());
        assert_eq!(*recovery.words, WORDS.split_whitespace().collect::<Vec<_>>().join(" "));
        let plain = KeyMaterial::from_phrase(&phrase, "");
        assert!(!plain.recovery().needs_passphrase);
        assert!(!format!("{plain:?} {recovery:?}").contains("edge"));
    }

    #[test]
    fn single_keys_are_kept_once_and_up_to_a_bound() {
        let mut keys = KeyMaterial::from_seed(Seed::from_bytes([7; 32]));
        for place in 0..limits::IMPORTED_KEYS {
            let key = || PrivateKey::from_bytes([u8::try_from(place).unwrap(); 32]);
            let index = keys.import(key()).unwrap();
            assert_eq!(index, IMPORTED + u32::try_from(place).unwrap());
            assert_eq!(keys.import(key()).unwrap(), index);
            assert_eq!(keys.account(index), Some(key().account()));
        }
        assert!(keys.import(PrivateKey::from_bytes([0xFF; 32])).is_err());
        let mut bytes = keys.to_bytes();
        assert!(KeyMaterial::from_bytes(KeyKind::Seed, &bytes).is_ok());
        bytes.extend_from_slice(&[0; 32]);
        assert!(KeyMaterial::from_bytes(KeyKind::Seed, &bytes).is_err());
    }

    /// Calculated apart from this code: money at these addresses must be reachable for ever.
    #[test]
    fn the_evm_key_of_a_seed_and_a_network_never_changes() {
        let keys = KeyMaterial::from_seed(Seed::from_bytes([7; 32]));
        let networks = [Network::Sandbox, Network::Dev, Network::Beta, Network::Live];
        let address = |keys: &KeyMaterial, network| keys.evm_key(network).unwrap().address();
        let found = networks.map(|network| address(&keys, network).to_string());
        assert_eq!(found, EVM_ADDRESSES);
        let phrase = KeyMaterial::from_phrase(&Phrase::parse(WORDS).unwrap(), "");
        let other = KeyMaterial::from_phrase(&Phrase::parse(WORDS).unwrap(), "some password");
        assert_ne!(address(&phrase, Network::Live), address(&other, Network::Live));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            for kind in [KeyKind::Seed, KeyKind::Bip44] {
                if let Ok(keys) = KeyMaterial::from_bytes(kind, &bytes) {
                    prop_assert_eq!(&*keys.to_bytes(), &bytes);
                }
            }
        }
    }
}
