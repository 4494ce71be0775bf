//! The wallet that ifenpay's toolset leaves behind, opened at the terminal.
//!
//! ifenpay made its seed and knows it, which the owner must be told; the file is only read.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::failure::Failure;
use crate::limits;
use crate::providers::ifenpay::{Registration, WalletFile, WalletFileError};
use crate::surfaces::cli::secrets::{Terminal, ask_secret};

/// What is in the file, once its password was typed.
pub(super) fn open(path: &Path, terminal: &mut Terminal) -> Result<Registration, Failure> {
    let bytes = read(path)?;
    let file = WalletFile::parse(&bytes).map_err(unusable)?;
    let password = ask_secret("Password of the file (AI_WALLET_PASSWORD), not shown")?;
    let found = file.open(&password).map_err(unusable)?;
    terminal
        .show("ifenpay made this seed and knows it. Whoever runs ifenpay could spend what is")?;
    terminal.show("under it: send larger sums to a wallet of your own making.")?;
    Ok(found)
}

/// At most one byte more than such a file can have.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let most = limits::IFENPAY_FILE_BYTES as u64 + 1;
    let read = File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes));
    read.map_err(|error| {
        Failure::invalid("IMPORT_INVALID", format!("the wallet file cannot be read: {error}"))
            .hint("Give the path of data/ai.bin in the directory ifenpay's toolset ran in")
    })?;
    Ok(bytes)
}

fn unusable(error: WalletFileError) -> Failure {
    let hint = match error {
        WalletFileError::WrongPassword => {
            "It is AI_WALLET_PASSWORD in the .env beside it; nothing was made or changed"
        }
        WalletFileError::Stretch => "Free some memory and run the command again",
        WalletFileError::Size { .. } | WalletFileError::Damaged => {
            "Give data/ai.bin as ifenpay's toolset wrote it; nothing was made or changed"
        }
    };
    Failure::invalid("IMPORT_INVALID", error.to_string()).hint(hint)
}
