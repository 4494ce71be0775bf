//! Secret phrases of English words: BIP39 with BIP44 keys, and the older 24 words that spell a seed
//! (protocol notes §5).
//!
//! The two kinds look alike and lead to different accounts: this module must never guess which one is meant, and
//! no error of it repeats a word.

use std::fmt;

use bip39::{Language, Mnemonic};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::Zeroizing;

use super::{PrivateKey, Seed};

/// A phrase with a right checksum; 12, 15, 18, 21 or 24 words.
pub struct Phrase(Mnemonic);

/// Why a text is no phrase, or a phrase does not lead to a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PhraseError {
    /// Not 12, 15, 18, 21 or 24 words.
    #[error("a phrase has 12, 15, 18, 21 or 24 words, this one has {found}")]
    WordCount {
        /// Words in the text.
        found: usize,
    },
    /// A word outside the English list.
    #[error("word {position} of the phrase is not in the English word list")]
    UnknownWord {
        /// Place in the phrase, from 1.
        position: usize,
    },
    /// All words are known, but they do not belong together.
    #[error("the checksum of the phrase is wrong: a word is mistyped or out of place")]
    Checksum,
    /// Only 24 words spell a 32-byte seed.
    #[error("a legacy phrase has 24 words, this one has {found}")]
    NotLegacy {
        /// Words in the phrase.
        found: usize,
    },
    /// BIP32 indices end below 2^31.
    #[error("an account index is below 2147483648")]
    Index,
    /// A phrase is made from 16, 20, 24, 28 or 32 bytes.
    #[error("a phrase is made from 16, 20, 24, 28 or 32 bytes, not from {found}")]
    Entropy {
        /// Bytes given.
        found: usize,
    },
}

impl Phrase {
    /// Reads a phrase; words are separated by any white space.
    pub fn parse(text: &str) -> Result<Self, PhraseError> {
        match Mnemonic::parse_in(Language::English, text) {
            Ok(mnemonic) => Ok(Self(mnemonic)),
            Err(bip39::Error::UnknownWord(place)) => {
                Err(PhraseError::UnknownWord { position: place + 1 })
            }
            Err(bip39::Error::InvalidChecksum) => Err(PhraseError::Checksum),
            Err(_) => Err(PhraseError::WordCount { found: text.split_whitespace().count() }),
        }
    }

    /// The phrase of random bytes the caller drew: 32 of them make 24 words.
    pub fn from_entropy(entropy: &[u8]) -> Result<Self, PhraseError> {
        Mnemonic::from_entropy(entropy)
            .map(Self)
            .map_err(|_| PhraseError::Entropy { found: entropy.len() })
    }

    /// The words with one space between them, for the owner to write down.
    pub fn expose(&self) -> Zeroizing<String> {
        // Room for the longest phrase, so that growing leaves no copy behind.
        let mut text = Zeroizing::new(String::with_capacity(PHRASE_BYTES));
        for word in self.0.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        text
    }

    /// The bytes the words spell, without their checksum.
    pub fn entropy(&self) -> Zeroizing<Vec<u8>> {
        let (bytes, len) = self.0.to_entropy_array();
        let bytes = Zeroizing::new(bytes);
        Zeroizing::new(bytes[..len].to_vec())
    }

    /// The 64 bytes BIP39 makes of the phrase and a passphrase.
    pub fn bip39_seed(&self, passphrase: &str) -> Zeroizing<[u8; 64]> {
        Zeroizing::new(self.0.to_seed(passphrase))
    }
}

impl fmt::Debug for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phrase({} secret words)", self.0.word_count())
    }
}

/// The key at 44'/165'/`index`', as hardware wallets derive it (SLIP-10 for Ed25519).
pub fn bip44_key(phrase: &Phrase, passphrase: &str, index: u32) -> Result<PrivateKey, PhraseError> {
    bip44_key_of(&phrase.bip39_seed(passphrase), index)
}

/// [`bip44_key`] of the 64 bytes that phrase and passphrase make.
pub fn bip44_key_of(bip39_seed: &[u8; 64], index: u32) -> Result<PrivateKey, PhraseError> {
    if index >= HARDENED {
        return Err(PhraseError::Index);
    }
    let master = hmac_sha512(b"ed25519 seed", &[bip39_seed]);
    let node = [44, 165, index].into_iter().fold(master, |parent, step| {
        let (key, chain_code) = halves(&parent);
        hmac_sha512(chain_code, &[&[0], key, &(HARDENED | step).to_be_bytes()])
    });
    Ok(PrivateKey::from_bytes(*halves(&node).0))
}

/// The classic seed that 24 legacy words spell.
pub fn legacy_seed(phrase: &Phrase) -> Result<Seed, PhraseError> {
    let (entropy, len) = phrase.0.to_entropy_array();
    let entropy = Zeroizing::new(entropy);
    let not_legacy = PhraseError::NotLegacy { found: phrase.0.word_count() };
    let bytes = <[u8; 32]>::try_from(&entropy[..len]).map_err(|_| not_legacy)?;
    Ok(Seed::from_bytes(bytes))
}

/// The 24 legacy words that spell `seed`.
pub fn legacy_phrase(seed: &Seed) -> Zeroizing<String> {
    Phrase::from_entropy(seed.expose()).expect("a seed has 32 bytes").expose()
}

fn hmac_sha512(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 64]> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// Key and chain code of a BIP32 node.
fn halves(node: &[u8; 64]) -> (&[u8; 32], &[u8; 32]) {
    let (key, rest) = node.split_first_chunk().expect("a node has 64 bytes");
    (key, rest.first_chunk().expect("a node has 64 bytes"))
}

/// Set in every step of the path: Ed25519 has hardened derivation only.
const HARDENED: u32 = 1 << 31;
/// 24 words of at most 8 letters, and the spaces.
const PHRASE_BYTES: usize = 24 * 9;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ABANDON: &str = "abandon abandon abandon abandon abandon abandon abandon abandon \
        abandon abandon abandon about";

    #[test]
    fn a_wrong_phrase_says_what_is_wrong_and_repeats_no_word() {
        let cases = [
            (String::new(), PhraseError::WordCount { found: 0 }),
            ("abandon ".repeat(11), PhraseError::WordCount { found: 11 }),
            ("abandon ".repeat(25), PhraseError::WordCount { found: 25 }),
            ("abandon ".repeat(12), PhraseError::Checksum),
            (ABANDON.replace("about", "qwertz"), PhraseError::UnknownWord { position: 12 }),
            (ABANDON.to_uppercase(), PhraseError::UnknownWord { position: 1 }),
        ];
        for (text, expected) in cases {
            let error = Phrase::parse(&text).unwrap_err();
            assert_eq!(error, expected);
            assert!(!error.to_string().contains("qwertz"));
        }
        let phrase = Phrase::parse(ABANDON).unwrap();
        assert_eq!(format!("{phrase:?}"), "Phrase(12 secret words)");
    }

    #[test]
    fn only_24_words_spell_a_seed() {
        let phrase = Phrase::parse(ABANDON).unwrap();
        assert_eq!(legacy_seed(&phrase).unwrap_err(), PhraseError::NotLegacy { found: 12 });
        assert_eq!(Phrase::from_entropy(&[0; 31]).unwrap_err(), PhraseError::Entropy { found: 31 });
    }

    #[test]
    fn indices_end_where_hardening_begins() {
        let phrase = Phrase::parse(ABANDON).unwrap();
        assert!(bip44_key(&phrase, "", HARDENED - 1).is_ok());
        assert_eq!(bip44_key(&phrase, "", HARDENED).unwrap_err(), PhraseError::Index);
    }

    #[test]
    fn passphrases_are_normalised() {
        let phrase = Phrase::parse(ABANDON).unwrap();
        assert_eq!(phrase.bip39_seed("é"), phrase.bip39_seed("e\u{301}"));
        assert_ne!(phrase.bip39_seed("é"), phrase.bip39_seed("e"));
    }

    /// `tests/vectors/nano.json` has more of them.
    #[test]
    fn keys_are_those_that_other_wallets_derive() {
        let phrase = Phrase::parse(ABANDON).unwrap();
        let seed = phrase.bip39_seed("");
        assert_eq!((seed[0], seed[1], seed[62], seed[63]), (0x5E, 0xB0, 0x38, 0xE4));
        for (index, address) in [
            (0, "nano_1p6hocygi1pzjidi3hho3wn85qiw3ykapg7khu9b45dwf7momgqoytn1c1jz"),
            (1, "nano_3azjx8batwxj4edfsc3jzkh7sf1dga8e1cdwtw7w3dh6jkm5dbm1ickbuaic"),
        ] {
            let key = bip44_key(&phrase, "", index).unwrap();
            assert_eq!(key.account().to_string(), address);
            let of_seed = bip44_key_of(&seed, index).unwrap();
            assert_eq!(of_seed.expose(), key.expose());
        }
    }

    #[test]
    fn a_phrase_is_written_as_it_was_read_and_never_grows() {
        let longest = ["abstract"; 23].join(" ");
        assert!(longest.len() + " abstract".len() <= PHRASE_BYTES, "no word has nine letters");
        for bytes in [16, 20, 24, 28, 32] {
            let entropy: Vec<u8> = (0..bytes).map(|n| n * 7).collect();
            let phrase = Phrase::from_entropy(&entropy).unwrap();
            assert_eq!(*phrase.entropy(), entropy);
            let words = phrase.expose();
            assert_eq!(words.split(' ').count(), usize::from(bytes) / 4 * 3);
            let spread = words.replace(' ', "\n\t ");
            assert_eq!(*Phrase::parse(&spread).unwrap().expose(), *words);
        }
    }

    proptest! {
        #[test]
        fn a_seed_survives_its_legacy_words(bytes: [u8; 32]) {
            let words = legacy_phrase(&Seed::from_bytes(bytes));
            let phrase = Phrase::parse(&words).unwrap();
            let seed = legacy_seed(&phrase).unwrap();
            prop_assert_eq!(seed.expose(), &bytes);
        }
    }
}
