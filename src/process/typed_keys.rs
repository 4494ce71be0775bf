//! Keys as their owner types them: a seed of 64 digits, or a phrase of 12 to 24 words.
//!
//! 24 words may spell a classic seed or be a BIP44 phrase, and lead to different accounts: nothing here may guess
//! which, and no error repeats what was typed.

use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::nano::mnemonic::{self, Phrase};
use crate::nano::{PrivateKey, Seed};
use crate::secret::Secret;
use crate::surfaces::cli::args::ImportKind;
use crate::surfaces::cli::secrets::{Terminal, ask_secret};
use crate::wallet::{KeyKind, KeyMaterial};

/// What was typed, as far as it says.
#[derive(Debug)]
pub(super) enum Typed {
    /// Everything there is to know.
    Keys(KeyMaterial),
    /// A BIP39 phrase, which may have a passphrase.
    Bip44(Phrase),
    /// 24 words, which may be either kind.
    Either(Phrase),
}

/// Reads what was typed.
pub(super) fn read(text: &str, kind: Option<ImportKind>) -> Result<Typed, Failure> {
    let text = text.trim();
    if text.is_empty() {
        return Err(invalid("nothing was typed"));
    }
    let kind = match kind {
        None if !text.contains(char::is_whitespace) => Some(ImportKind::Seed),
        kind => kind,
    };
    if kind == Some(ImportKind::Seed) {
        let seed = Seed::from_hex(text);
        return Ok(Typed::Keys(seed.map_err(|e| invalid(&format!("the seed: {e}")))?.into()));
    }
    // Wallets show words in capitals too; the list has them in small letters.
    let words = Zeroizing::new(text.to_ascii_lowercase());
    let phrase = Phrase::parse(&words).map_err(|error| invalid(&error.to_string()))?;
    match kind {
        Some(ImportKind::Phrase) => {
            let seed = mnemonic::legacy_seed(&phrase);
            Ok(Typed::Keys(seed.map_err(|error| invalid(&error.to_string()))?.into()))
        }
        Some(ImportKind::Bip44) => Ok(Typed::Bip44(phrase)),
        Some(ImportKind::Seed) | None if mnemonic::legacy_seed(&phrase).is_ok() => {
            Ok(Typed::Either(phrase))
        }
        Some(ImportKind::Seed) | None => Ok(Typed::Bip44(phrase)),
    }
}

/// Asks for a seed or phrase, and for what it leaves open.
pub(super) fn ask(
    terminal: &mut Terminal,
    kind: Option<ImportKind>,
) -> Result<KeyMaterial, Failure> {
    let typed = ask_secret("Seed (64 digits) or recovery phrase (12 to 24 words), not shown")?;
    let phrase = match read(&text(&typed)?, kind)? {
        Typed::Keys(keys) => return Ok(keys),
        Typed::Bip44(phrase) => phrase,
        Typed::Either(phrase) => {
            terminal.show("24 words can mean two things:")?;
            terminal.show("  1  they spell a Nano seed (Natrium, Nautilus, this wallet)")?;
            terminal.show("  2  they are a BIP39 phrase (Ledger and other hardware wallets)")?;
            match terminal.ask("Which, 1 or 2")?.as_str() {
                "1" => {
                    let seed = mnemonic::legacy_seed(&phrase);
                    return Ok(seed.map_err(|error| invalid(&error.to_string()))?.into());
                }
                "2" => phrase,
                _ => return Err(invalid("neither 1 nor 2 was typed")),
            }
        }
    };
    let passphrase = ask_secret("Passphrase of the phrase (empty if there is none)")?;
    Ok(KeyMaterial::from_phrase(&phrase, &text(&passphrase)?))
}

/// Asks for what the owner of keys of this kind has written down.
pub(super) fn ask_again(kind: KeyKind) -> Result<KeyMaterial, Failure> {
    let typed = ask_secret("Seed or recovery phrase as you wrote it down, not shown")?;
    let typed = text(&typed)?;
    let phrase = match (read(&typed, None)?, kind) {
        (Typed::Keys(keys), _) => return Ok(keys),
        (Typed::Either(phrase), KeyKind::Seed) => {
            let seed = mnemonic::legacy_seed(&phrase);
            return Ok(seed.map_err(|error| invalid(&error.to_string()))?.into());
        }
        (Typed::Either(phrase), KeyKind::Bip44) | (Typed::Bip44(phrase), _) => phrase,
    };
    let passphrase = ask_secret("Passphrase of the phrase (empty if there is none)")?;
    Ok(KeyMaterial::from_phrase(&phrase, &text(&passphrase)?))
}

/// Asks for a single private key.
pub(super) fn ask_private_key() -> Result<PrivateKey, Failure> {
    let typed = ask_secret("Private key (64 digits), not shown")?;
    // 64 digits are 32 bytes, whatever they stand for.
    let bytes = Seed::from_hex(text(&typed)?.trim());
    let bytes = bytes.map_err(|error| invalid(&format!("the private key: {error}")))?;
    Ok(PrivateKey::from_bytes(*bytes.expose()))
}

fn text(secret: &Secret) -> Result<Zeroizing<String>, Failure> {
    let text = String::from_utf8(secret.expose().to_vec());
    text.map(Zeroizing::new).map_err(|_| invalid("what was typed is no text"))
}

fn invalid(message: &str) -> Failure {
    Failure::invalid("IMPORT_INVALID", message)
        .hint("Check it against what you wrote down; nothing was made or changed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WORDS: &str = "edge defense waste choose enrich upon flee junk siren film clown finish \
        luggage leader kid quick brick print evidence swap drill paddle truly occur";
    const TWELVE: &str = "abandon abandon abandon abandon abandon abandon abandon abandon \
        abandon abandon abandon about";

    #[test]
    fn seeds_and_phrases_are_told_apart_and_24_words_are_not() {
        let digits = "aB".repeat(32);
        let seed = |text: &str, kind| match read(text, kind) {
            Ok(Typed::Keys(keys)) => keys.account(0),
            other => panic!("{other:?}"),
        };
        let first = Some(Seed::from_bytes([0xAB; 32]).derive(0).account());
        assert_eq!(seed(&digits, None), first);
        assert_eq!(seed(&format!("  {digits}\n"), Some(ImportKind::Seed)), first);
        let loud = format!("\t{}  ", WORDS.to_uppercase().replace(' ', "   "));
        let legacy = seed(&loud, Some(ImportKind::Phrase));
        assert_eq!(legacy, seed(WORDS, Some(ImportKind::Phrase)));
        assert!(matches!(read(&loud, None), Ok(Typed::Either(_))));
        // BIP39 takes text in its normal form, in which a wide letter is the plain one.
        let wide = WORDS.replacen("edge", "ｅdge", 1);
        assert_eq!(legacy, seed(&wide, Some(ImportKind::Phrase)));
        assert!(matches!(read(WORDS, Some(ImportKind::Bip44)), Ok(Typed::Bip44(_))));
        assert!(matches!(read(TWELVE, None), Ok(Typed::Bip44(_))));
    }

    #[test]
    fn what_is_wrong_is_said_and_nothing_is_repeated() {
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let swapped = WORDS.replacen("edge defense", "defense edge", 1);
        // A Cyrillic letter that looks like the Latin one.
        let alike = WORDS.replacen("edge", "еdge", 1);
        let cases: [(&str, Option<ImportKind>, &str); 11] = [
            ("", None, "nothing"),
            ("   ", None, "nothing"),
            (&"a".repeat(63), None, "63"),
            (&"a".repeat(65), None, "65"),
            (&format!("0x{}", "a".repeat(62)), None, "character 2"),
            (&"g".repeat(64), None, "character 1"),
            (&words[..23].join(" "), None, "23"),
            (&swapped, None, "checksum"),
            (&alike, None, "word 1 "),
            (TWELVE, Some(ImportKind::Phrase), "24 words"),
            (WORDS, Some(ImportKind::Seed), "64 hexadecimal digits"),
        ];
        for (typed, kind, said) in cases {
            let failure = read(typed, kind).unwrap_err();
            assert_eq!(failure.code, "IMPORT_INVALID");
            assert!(failure.message.contains(said), "{failure}");
            assert!(!failure.to_string().contains("edge"), "{failure}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text: String) {
            for kind in [None, Some(ImportKind::Seed), Some(ImportKind::Phrase), Some(ImportKind::Bip44)] {
                let _ = read(&text, kind);
            }
        }
    }
}
