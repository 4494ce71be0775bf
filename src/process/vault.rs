//! The key file for its owner: shown, checked against a copy, backed up, and on dev given test keys.
//!
//! What the keys come from goes to the terminal or a file of the owner's alone, never to standard output, a log or the
//! ledger, and only for both secrets.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use async_trait::async_trait;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::boot::{Boot, key_failure};
use super::home::files;
use super::setup::{accept, tell};
use super::typed_keys;
use crate::books::{Body, Event};
use crate::engine::store_failure;
use crate::failure::{Failure, Retry};
use crate::limits;
use crate::nano::{Account, Network};
use crate::operations::Gate;
use crate::surfaces::cli::args::KeysCommand;
use crate::surfaces::cli::secrets::{Terminal, ask_secret};
use crate::surfaces::cli::{Exit, KeyFiles, Printer, Trouble, ask};
use crate::wallet::{KeyFile, KeyMaterial, Recovery};

/// The key files of one home.
pub(super) struct Vault {
    pub(super) boot: Boot,
}

#[async_trait]
impl KeyFiles for Vault {
    async fn run(
        &self,
        command: &KeysCommand,
        gate: &dyn Gate,
        printer: Printer,
    ) -> Result<Exit, Trouble> {
        match command {
            KeysCommand::Backup { to: None } => self.check_copy(gate, printer).await,
            KeysCommand::Backup { to: Some(file) } => self.back_up(gate, file, printer).await,
            KeysCommand::Export { to_file } => self.export(gate, to_file.as_deref(), printer).await,
            KeysCommand::Import { private_key: _, acknowledge_history } => {
                self.import(*acknowledge_history, printer).await
            }
        }
    }
}

impl Vault {
    fn key_file(&self) -> Result<KeyFile, Failure> {
        let network = self.boot.network;
        let Some(text) = self.boot.home.read(files::KEYSTORE)? else {
            let message = format!("there is no wallet for network {} yet", network.as_str());
            return Err(Failure::unavailable("NOT_INITIALISED", message)
                .hint(format!("Run `paywarden --network {} init` first", network.as_str()))
                .retry(Retry::AfterOperator));
        };
        KeyFile::parse(&Zeroizing::new(text), network).map_err(key_failure)
    }

    /// The keys, for who knows the unlock secret.
    fn open(&self) -> Result<KeyMaterial, Failure> {
        let file = self.key_file()?;
        let unlock = file.is_protected().then(|| ask_secret("Unlock secret")).transpose()?;
        let keys = file.keys(unlock.as_ref()).map_err(key_failure)?;
        keys.ok_or_else(|| Failure::internal("INTERNAL", "the keys did not open"))
    }

    /// Whether what the owner wrote down is this wallet's. Needs no secret: it is the secret.
    async fn check_copy(&self, gate: &dyn Gate, printer: Printer) -> Result<Exit, Trouble> {
        let kind = self.key_file()?.kind();
        let first = first_account(gate).await?;
        let typed = typed_keys::ask_again(kind)?;
        let is_ours = typed.account(0) == Some(first);
        if printer.is_json() {
            printer.value(&json!({ "matches": is_ours, "network": self.boot.network }))?;
        } else if is_ours {
            printer.line(format_args!("Your copy is good: it leads to\n  {first}"))?;
        } else {
            printer.line(format_args!(
                "Your copy is NOT this wallet's: it does not lead to\n  {first}"
            ))?;
            printer.line("Move what this wallet holds to one whose phrase you have, or see `paywarden wallet export`.")?;
        }
        Ok(if is_ours { Exit::Done } else { Exit::Refused })
    }

    /// A copy of what cannot be made again: sealed keys, the ledger's key, the policy and the ledger's head.
    async fn back_up(
        &self,
        gate: &dyn Gate,
        file: &Path,
        printer: Printer,
    ) -> Result<Exit, Trouble> {
        let key_file = self.key_file()?;
        if !key_file.is_protected() {
            return Err(Failure::refused("NOT_SEALED", "the sandbox's keys are not encrypted")
                .hint("They hold play money only, and need no backup")
                .into());
        }
        let facts = ask(gate, "operator.backup", json!({})).await?.output;
        let missing = || Failure::internal("LEDGER_KEY_MISSING", "ledger-key.pem is gone");
        let read = |file: &str| self.boot.home.read(file).map_err(Failure::from);
        let ledger_key = read(files::LEDGER_KEY)?.ok_or_else(missing)?;
        let keystore: Value = serde_json::from_str(&key_file.to_json()).unwrap_or_default();
        let backup = json!({
            "format": BACKUP_FORMAT,
            "version": 1,
            "keystore": keystore,
            "ledgerKeyPem": ledger_key,
            "config": read(files::CONFIG)?,
            "nodeAccess": read(files::NODE_ACCESS)?,
            "facts": facts,
        });
        let text = Zeroizing::new(serde_json::to_string_pretty(&backup).unwrap_or_default());
        write_new(file, &text)?;
        if printer.is_json() {
            printer.value(&json!({ "file": file, "bytes": text.len() }))?;
        } else {
            printer.line(format_args!("Written to {}.", file.display()))?;
            printer.line("The keys in it are sealed with the unlock secret; the key that signs the ledger is not: keep it for yourself.")?;
            printer.line("It holds no payments: the phrase on paper brings back the money, this the wallet's files.")?;
        }
        Ok(Exit::Done)
    }

    /// What the keys come from, once, for both secrets.
    async fn export(
        &self,
        gate: &dyn Gate,
        to_file: Option<&Path>,
        printer: Printer,
    ) -> Result<Exit, Trouble> {
        let mut terminal = Terminal::open()?;
        let recovery = self.open()?.recovery();
        let target = if to_file.is_some() { "file" } else { "terminal" };
        // On the ledger before it is on the screen.
        ask(gate, "keys.exported", json!({ "target": target })).await?;
        let text = spelled(&recovery);
        match to_file {
            Some(file) => {
                write_new(file, &text)?;
                terminal
                    .show(format_args!("Written to {}, for you alone to read.", file.display()))?;
            }
            None => terminal.show(&*text)?,
        }
        if printer.is_json() {
            printer.value(&json!({ "exported": true, "target": target }))?;
        }
        Ok(Exit::Done)
    }

    /// A single test key beside the derived ones.
    async fn import(&self, acknowledged: bool, printer: Printer) -> Result<Exit, Trouble> {
        let boot = &self.boot;
        if boot.network != Network::Dev {
            let message = format!(
                "single keys are taken in on dev only, and this wallet is on {}",
                boot.network.as_str()
            );
            return Err(Failure::refused("PRIVATE_KEYS_REFUSED", message)
                .hint("A seed or phrase is imported by `paywarden init --import`")
                .into());
        }
        let mut terminal = Terminal::open()?;
        let desk = boot.desk().await?;
        let file = self.key_file()?;
        let unlock = ask_secret("Unlock secret")?;
        let keys = file.keys(Some(&unlock)).map_err(key_failure)?;
        let mut keys =
            keys.ok_or_else(|| Failure::internal("INTERNAL", "the keys did not open"))?;
        let full = |_| {
            let message = format!("there are {} imported keys already", limits::IMPORTED_KEYS);
            Failure::refused("TOO_MANY_KEYS", message)
        };
        let index = keys.import(typed_keys::ask_private_key()?).map_err(full)?;
        let no_key = || Failure::internal("INTERNAL", "the key has no account");
        let account = keys.account(index).ok_or_else(no_key)?;
        let past = boot.look_for_past(&keys, &[index]).await;
        tell(&past, &mut terminal)?;
        accept(&past, acknowledged, &mut terminal)?;
        boot.seal(&keys, &unlock)?;
        let known = desk.store.read(|view| view.lane(&account)).map_err(|e| store_failure(&e))?;
        // A crash after the file was written leaves the key without its account: the next import completes it.
        let events: Vec<Event> = match known {
            Some(_) => Vec::new(),
            None => vec![past.event().into(), Body::AccountAdded { index, account }.into()],
        };
        desk.close_with(events).await?;
        if printer.is_json() {
            printer
                .value(&json!({ "index": index, "account": account, "network": boot.network }))?;
        } else {
            printer.line(format_args!(
                "The key is imported. Its account, number {index}:\n  {account}"
            ))?;
        }
        Ok(Exit::Done)
    }
}

fn spelled(recovery: &Recovery) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(limits::TYPED_BYTES));
    text.push_str("Recovery phrase:\n  ");
    text.push_str(&recovery.words);
    match &recovery.seed_hex {
        Some(digits) => {
            text.push_str("\nIt spells this Nano seed:\n  ");
            text.push_str(digits);
        }
        None if recovery.needs_passphrase => {
            text.push_str(
                "\nIt is a BIP39 phrase, and leads to these keys with your passphrase only.",
            );
        }
        None => text.push_str("\nIt is a BIP39 phrase without a passphrase."),
    }
    text
}

async fn first_account(gate: &dyn Gate) -> Result<Account, Failure> {
    let status = ask(gate, "operator.status", json!({})).await?.output;
    let accounts = status["accounts"].as_array().into_iter().flatten();
    let first = accounts.filter_map(|account| account["address"].as_str()).next();
    let missing = || Failure::internal("STORE_CORRUPT", "the wallet has no account");
    first.and_then(|address| address.parse().ok()).ok_or_else(missing)
}

/// A file that is there is never written over; a new one is for the owner alone.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        Failure::invalid("OUTPUT_FILE", format!("{} cannot be made: {error}", path.display()))
            .hint("Give a file that does not exist yet, in a directory that does")
    })
}

const BACKUP_FORMAT: &str = "paywarden-backup";
