//! What an auditor asks without a wallet: does this exported ledger hold, and this receipt?
//!
//! Works on files and public keys alone. It must never open a home, a store or a secret.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::operator::LedgerVerdict;
use crate::failure::Failure;
use crate::ledger::{
    AnchorError, Entry, EventError, Head, Receipt, ReceiptError, TrustedKey, Verifier, VerifyMode,
};
use crate::limits;
use crate::store::AnchorFile;

/// A ledger file and what it is held against.
#[derive(Clone, Debug)]
pub struct LedgerFile {
    /// One event a line, as `ledger export` writes them; `-` is standard input.
    pub file: PathBuf,
    /// File of the public key, SPKI PEM; without it hashes alone are checked.
    pub key: Option<PathBuf>,
    /// Heads (`seq:hash`) that must be in the chain.
    pub expect_heads: Vec<String>,
    /// A file of anchored heads that must be in the chain.
    pub anchor: Option<PathBuf>,
}

impl LedgerFile {
    /// Reads the file once, from its first line to its last, in bounded memory.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be; a chain that does not hold is a verdict, not an error.
    pub fn verify(&self) -> Result<LedgerVerdict, Failure> {
        let keys = self.key.as_deref().map(read_key).transpose()?;
        let mode = if keys.is_some() { VerifyMode::Signatures } else { VerifyMode::Hashes };
        let mut expected = parse_heads(&self.expect_heads)?;
        if let Some(path) = &self.anchor {
            let open = File::open(path).and_then(|_| AnchorFile::read(path));
            let anchors = open.map_err(|error| unreadable(path, &error))?;
            expected.extend(anchors.into_iter().map(|anchor| anchor.head));
        }
        let anchors = expected.len() as u64;
        let mut verifier = Verifier::new(mode, keys.into_iter().collect(), expected);
        let reader = open(&self.file).map_err(|error| unreadable(&self.file, &error))?;
        push_lines(reader, &mut verifier).map_err(|error| unreadable(&self.file, &error))?;
        let report = verifier.finish();
        if report.ok && report.events == 0 {
            let message = format!("{} holds no event", self.file.display());
            return Err(Failure::invalid("EMPTY_LEDGER", message)
                .hint("Give a file that `paywarden ledger export` wrote"));
        }
        Ok(LedgerVerdict::new(report, anchors, false))
    }
}

/// Reads a receipt (`-` is standard input) and checks it with the public key in a file. With an exported ledger the key
/// may be any the ledger was signed with, and the receipt's events and head must stand in it.
///
/// # Errors
/// When a file cannot be read, or the receipt or the ledger does not hold.
pub fn verify_receipt(file: &Path, key: &Path, ledger: Option<&Path>) -> Result<Receipt, Failure> {
    let key = read_key(key)?;
    let mut text = String::new();
    let bound = limits::RECEIPT_BYTES as u64 + 1;
    let read = open(file).and_then(|reader| reader.take(bound).read_to_string(&mut text));
    read.map_err(|error| unreadable(file, &error))?;
    if text.len() > limits::RECEIPT_BYTES {
        let message = format!("a receipt has at most {} bytes", limits::RECEIPT_BYTES);
        return Err(Failure::invalid("INVALID_RECEIPT", message));
    }
    let receipt: Receipt = serde_json::from_str(&text).map_err(|error| {
        Failure::invalid("INVALID_RECEIPT", format!("this is no receipt: {error}"))
            .hint("Give the `receipt` of get_payment_status alone, whole and unchanged")
    })?;
    let keys = match ledger {
        Some(ledger) => keys_of(ledger, key.clone(), &receipt)?,
        None => Vec::new(),
    };
    let signer = keys.into_iter().find(|other| *other.id() == receipt.key_id).unwrap_or(key);
    receipt.check(&signer).map_err(|error| {
        let failure = Failure::refused("RECEIPT_BROKEN", error.to_string());
        match error {
            ReceiptError::OtherKey { .. } => failure.hint("After a rotation of the ledger's key give the exported ledger too, with --ledger: it shows whether the receipt's key follows from yours"),
            _ => failure.hint("Do not believe it; ask for it again"),
        }
    })?;
    Ok(receipt)
}

/// The keys of an exported ledger that `key` vouches for, and in which everything the receipt names stands.
fn keys_of(ledger: &Path, key: TrustedKey, receipt: &Receipt) -> Result<Vec<TrustedKey>, Failure> {
    let events = receipt.events.iter().map(|event| Head { seq: event.seq, hash: event.hash });
    let head = Head { seq: receipt.ledger_head.seq, hash: receipt.ledger_head.hash };
    let named = events.chain([head]).collect();
    let mut verifier = Verifier::new(VerifyMode::Signatures, vec![key], named);
    let reader = open(ledger).map_err(|error| unreadable(ledger, &error))?;
    push_lines(reader, &mut verifier).map_err(|error| unreadable(ledger, &error))?;
    let keys = verifier.keys().to_vec();
    let report = verifier.finish();
    if report.ok {
        return Ok(keys);
    }
    let why = report.reason.unwrap_or_default();
    let message = format!("the ledger does not hold, or not with this receipt: {why}");
    Err(Failure::refused("RECEIPT_BROKEN", message)
        .hint("`paywarden ledger verify --file` says whether it is the ledger; an export must be newer than the receipt"))
}

/// Heads as they are typed.
///
/// # Errors
/// `INVALID_HEAD`.
pub(super) fn parse_heads(heads: &[String]) -> Result<Vec<Head>, Failure> {
    let heads: Result<Vec<Head>, AnchorError> = heads.iter().map(|head| head.parse()).collect();
    heads.map_err(|error| {
        Failure::invalid("INVALID_HEAD", error.to_string()).hint("A head is written seq:hash")
    })
}

fn push_lines(mut reader: impl BufRead, verifier: &mut Verifier) -> io::Result<()> {
    let mut line = Vec::new();
    while !verifier.is_broken() {
        line.clear();
        let bound = limits::LEDGER_LINE_BYTES as u64 + 1;
        if reader.by_ref().take(bound).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        line.pop_if(|last| *last == b'\n');
        verifier.push_read(if line.len() > limits::LEDGER_LINE_BYTES {
            Err(EventError::Unreadable { detail: "the line is longer than one may be".to_owned() })
        } else {
            Entry::from_line(&line)
        });
    }
    Ok(())
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(BufReader::with_capacity(READ_BYTES, File::open(path)?)))
}

fn read_key(path: &Path) -> Result<TrustedKey, Failure> {
    let mut pem = String::new();
    let read = File::open(path)
        .and_then(|file| file.take(limits::KEY_FILE_BYTES as u64).read_to_string(&mut pem));
    read.map_err(|error| unreadable(path, &error))?;
    TrustedKey::from_pem(&pem).map_err(|error| {
        Failure::invalid("INVALID_KEY", format!("{}: {error}", path.display()))
            .hint("`paywarden ledger key` prints the public key; the private one is not needed and should not leave its home")
    })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::invalid("FILE_UNREADABLE", format!("{} cannot be read: {error}", path.display()))
        .hint("Check the name, and that the file is whole")
}

const READ_BYTES: usize = 256 * 1024;
