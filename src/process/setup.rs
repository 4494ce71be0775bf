//! `paywarden init`: the conversation at the terminal before a wallet is made.
//!
//! The phrase is shown once and confirmed before anything is durable, so that a terminal that fails loses nothing. It
//! goes to the terminal itself, never to standard output, where a file or a pipe could keep it.

use serde_json::json;

use super::boot::{Boot, random};
use super::init::{Init, check_secrets};
use super::past::{Found, Past};
use super::{ifenpay_file, typed_keys};
use crate::failure::Failure;
use crate::limits;
use crate::nano::{Account, Network, Seed};
use crate::secret::Secret;
use crate::surfaces::cli::args::InitArguments;
use crate::surfaces::cli::secrets::{Terminal, ask_new_secret};
use crate::surfaces::cli::{Exit, Printer, Trouble};
use crate::wallet::KeyMaterial;

/// Asks for all a new wallet needs, then makes it.
pub(super) async fn set_up(
    boot: &Boot,
    arguments: &InitArguments,
    printer: Printer,
) -> Result<Exit, Trouble> {
    boot.check_init()?;
    if arguments.yes && boot.network == Network::Live {
        let message = "--yes is for test networks; on live the phrase is confirmed";
        return Err(Failure::refused("CONFIRMATION_NEEDED", message)
            .hint("Run the command without --yes")
            .into());
    }
    let mut terminal = Terminal::open()?;
    let unlock = ask_new_secret("Unlock secret (lets a host sign what your policy allows)")?;
    let operator =
        ask_new_secret("Operator secret (approves, unfreezes; keep it from every host)")?;
    check_secrets(&unlock, &operator)?;
    let (imported, api_key) = known_keys(arguments, &mut terminal)?;
    let boot = &with_key(boot, api_key);
    if boot.reach.is_through_ifenpay() || boot.third_parties.ifenpay_key.is_some() {
        boot.ifenpay_key().await?;
    }
    let is_imported = imported.is_some();
    let (keys, past) = match imported {
        Some(keys) => {
            let past = acknowledged(boot, &keys, arguments, &mut terminal).await?;
            (keys, Some(past))
        }
        None => (new_keys(&mut terminal, arguments.yes)?, None),
    };
    let kind = keys.kind();
    let init = Init { unlock, operator, keys, past };
    let account = boot.init(&init).await?;
    if printer.is_json() {
        let found = init.past.iter().flat_map(Past::found);
        let found: Vec<_> = found.map(|found| json!(found.account)).collect();
        printer.value(&json!({
            "account": account,
            "network": boot.network,
            "kind": kind,
            "imported": is_imported,
            "gateway": boot.reach.gateway.unwrap_or_default().as_str(),
            "accountsWithHistory": found,
            "nodeUrls": boot.reach.node_urls.iter().map(ToString::to_string).collect::<Vec<_>>(),
        }))?;
    } else {
        say_made(boot, account, &init, printer)?;
    }
    Ok(Exit::Done)
}

/// Keys that the owner has, and the API key that came with them.
fn known_keys(
    arguments: &InitArguments,
    terminal: &mut Terminal,
) -> Result<(Option<KeyMaterial>, Option<Secret>), Failure> {
    if let Some(path) = &arguments.import_ifenpay {
        let found = ifenpay_file::open(path, terminal)?;
        return Ok((Some(KeyMaterial::from_seed(found.seed)), Some(found.api_key)));
    }
    if arguments.import {
        return Ok((Some(typed_keys::ask(terminal, arguments.kind)?), None));
    }
    Ok((None, None))
}

/// With the key from a file, unless the owner has set another.
fn with_key(boot: &Boot, api_key: Option<Secret>) -> Boot {
    let mut boot = boot.clone();
    let set = boot.third_parties.ifenpay_key.take();
    boot.third_parties.ifenpay_key = set.or(api_key);
    boot
}

/// A new seed, whose phrase the owner has written down.
fn new_keys(terminal: &mut Terminal, unconfirmed: bool) -> Result<KeyMaterial, Failure> {
    let seed = Seed::from_bytes(random()?);
    let keys = KeyMaterial::from_seed(seed);
    let recovery = keys.recovery();
    terminal.show("\nThe recovery phrase of the new wallet. Write it on paper, in this order.")?;
    terminal.show("It is not shown again, and whoever has it has the money:\n")?;
    let words: Vec<&str> = recovery.words.split(' ').collect();
    for (row, words) in words.chunks(WORDS_A_ROW).enumerate() {
        let mut line = zeroize::Zeroizing::new(String::with_capacity(limits::TYPED_BYTES));
        for (column, word) in words.iter().enumerate() {
            line.push_str(&format!("{:>4} {word:<9}", row * WORDS_A_ROW + column + 1));
        }
        terminal.show(line.trim_end())?;
    }
    terminal.show("")?;
    if !unconfirmed {
        confirm(terminal, &words)?;
    }
    Ok(keys)
}

/// Two words, asked for by their number: who can give them has the phrase before them.
fn confirm(terminal: &mut Terminal, words: &[&str]) -> Result<(), Failure> {
    for _ in 0..limits::PHRASE_TRIES {
        let bytes = random()?;
        let first = usize::from(bytes[0]) % words.len();
        let second = (first + 1 + usize::from(bytes[1]) % (words.len() - 1)) % words.len();
        let mut right = true;
        for place in [first, second] {
            let typed = terminal.ask(&format!("Word {} of your copy", place + 1))?;
            right &= typed.eq_ignore_ascii_case(words[place]);
        }
        if right {
            return Ok(());
        }
        terminal.show("That is not what was shown. Check your copy.")?;
    }
    Err(Failure::refused(
        "PHRASE_NOT_CONFIRMED",
        "the phrase was not confirmed; no wallet was made",
    )
    .hint("Run `paywarden init` again; it makes a new phrase, the one shown is worth nothing"))
}

/// Imported keys may have a past, which this wallet's budgets know nothing of: the owner must know.
async fn acknowledged(
    boot: &Boot,
    keys: &KeyMaterial,
    arguments: &InitArguments,
    terminal: &mut Terminal,
) -> Result<Past, Failure> {
    if let Some(account) = keys.account(0) {
        terminal.show(format_args!("The first account of these keys:\n  {account}"))?;
    }
    let indexes: Vec<u32> = (0..limits::HISTORY_ACCOUNTS).collect();
    let past = boot.look_for_past(keys, &indexes).await;
    tell(&past, terminal)?;
    accept(&past, arguments.acknowledge_history || arguments.yes, terminal)?;
    Ok(past)
}

/// Says what was found.
pub(super) fn tell(past: &Past, terminal: &mut Terminal) -> Result<(), Failure> {
    match past {
        Past::NotReached { why } => terminal.show(format_args!(
            "The network cannot be asked whether these keys were used before: {why}"
        )),
        Past::Reached(found) if found.is_empty() => {
            terminal.show("The network knows no block of these keys.")
        }
        Past::Reached(found) => {
            terminal.show("These keys were used before:")?;
            for Found { account, last } in found {
                let (index, address) = (account.index, account.account);
                let (balance, blocks) = (account.balance_raw.to_xno(), account.blocks);
                let last = last.map(|at| format!(", last at {at}")).unwrap_or_default();
                terminal.show(format_args!(
                    "  {index:>2}  {address}\n      {balance} XNO, {blocks} blocks{last}"
                ))?;
            }
            Ok(())
        }
    }
}

/// The owner's word that the past is known.
pub(super) fn accept(past: &Past, said: bool, terminal: &mut Terminal) -> Result<(), Failure> {
    if said || !past.needs_acknowledgement() {
        return Ok(());
    }
    terminal.show("What was paid before counts towards no limit here. A second wallet with the")?;
    terminal.show("same keys stops this one: use them here only.")?;
    if terminal.agrees("Use these keys?")? {
        return Ok(());
    }
    Err(Failure::refused("HISTORY_NOT_ACKNOWLEDGED", "nothing was made or changed").hint(
        "Answer yes, or give --acknowledge-history, once you know what the keys were used for",
    ))
}

fn say_made(boot: &Boot, account: Account, init: &Init, printer: Printer) -> Result<(), Trouble> {
    printer.line(format_args!("The wallet is made. Its address:\n  {account}\n"))?;
    if init.past.is_some() {
        printer.line("Compare it with the address your other wallet shows.")?;
    }
    if init.past.as_ref().is_some_and(|past| !past.found().is_empty()) {
        printer.line(
            "Its accounts have a past: run `paywarden reconcile` before the first payment.",
        )?;
    }
    if boot.reach.node_urls.is_empty() && !boot.reach.is_through_ifenpay() {
        let network = boot.network.as_str();
        printer.line("It has no node yet. Give it one:")?;
        printer.line(format_args!(
            "  paywarden --network {network} network set --node-url https://..."
        ))?;
        printer
            .line("or have ifenpay stand in for one: --gateway ifenpay instead of --node-url.")?;
    }
    printer.line(
        "Give the unlock secret to your host as PAYWARDEN_UNLOCK_FILE, or run `paywarden unlock`.",
    )?;
    printer.line("Check your copy of the phrase at any time: `paywarden wallet backup`.")?;
    Ok(())
}

const WORDS_A_ROW: usize = 6;
