//! `account_history`: a chain as a person reads it, or with `raw` as it is.
//!
//! Without `raw` a change of representative is not there at all, as in the node: it moves no money.

use super::blocks::work_text;
use super::dispatch::{Answer, Look};
use super::request::Complaint;
use super::tree::{Fields, Tree};
use crate::money::Raw;
use crate::nano::{Account, BlockHash, Network, Subtype};
use crate::sandbox::nano::entry::Entry;
use crate::sandbox::nano::ledger::Ledger;

/// `account_history`.
pub(super) fn account_history(look: &Look<'_>) -> Answer {
    let request = look.request;
    let reverse = request.flag("reverse", false)?;
    let raw = request.flag("raw", false)?;
    let (account, first) = start(look, reverse)?;
    let count = request.count()?;
    let mut offset = request.offset()?;
    let filter = match request.value("account_filter") {
        None => Vec::new(),
        Some(_) => parse_filter(look)?,
    };
    let mut history = Vec::new();
    let mut next = first;
    while let Some(entry) = next.and_then(|hash| look.ledger.entry(&hash)) {
        if history.len() == count {
            break;
        }
        if offset > 0 {
            offset -= 1;
        } else if let Some(fields) = line(look, entry, raw, &filter) {
            history.push(fields);
        }
        next = step(look.ledger, entry, reverse);
    }
    let mut fields = Fields::default().put("account", account).tree("history", Tree::List(history));
    if let Some(next) = next {
        fields = fields.put(if reverse { "next" } else { "previous" }, next);
    }
    Ok(fields.into())
}

/// The account, and the block to begin with.
fn start(look: &Look<'_>, reverse: bool) -> Result<(Account, Option<BlockHash>), Complaint> {
    if look.request.has("head") {
        let head = look.request.hash("head")?;
        let entry = look.ledger.entry(&head);
        let entry = entry.ok_or_else(|| Complaint::error("Block not found"))?;
        return Ok((entry.block().account, Some(head)));
    }
    let account = look.request.account("account")?;
    let chain = look.ledger.chain(&account);
    if chain.is_empty() && reverse {
        return Err(Complaint::error("Account not found"));
    }
    Ok((account, if reverse { chain.first() } else { chain.last() }.copied()))
}

fn parse_filter(look: &Look<'_>) -> Result<Vec<Account>, Complaint> {
    let texts = look.request.list("account_filter")?;
    texts.iter().map(|text| look.request.parsed(text, "Bad account number")).collect()
}

fn step(ledger: &Ledger, entry: &Entry, reverse: bool) -> Option<BlockHash> {
    if reverse {
        return ledger.successor(entry);
    }
    let is_first = entry.height == 1;
    (!is_first).then_some(entry.block().previous)
}

/// One line, if the block shows at all.
fn line(look: &Look<'_>, entry: &Entry, raw: bool, filter: &[Account]) -> Option<Tree> {
    let mut fields = Fields::default();
    if raw {
        fields = raw_fields(look, entry);
    }
    let kind_name = if raw { "subtype" } else { "type" };
    match moved(look.ledger, entry) {
        Some((kind, account, amount)) => {
            if !filter.is_empty() && !filter.contains(&account) {
                return None;
            }
            if !(raw && look.ledger.is_genesis(&entry.hash())) {
                fields = fields.put(kind_name, kind);
            }
            fields = fields.put("account", account).put("amount", amount);
        }
        None if !raw || !filter.is_empty() => return None,
        None => {
            fields = fields.put("subtype", entry.subtype());
            if entry.subtype() == Subtype::Epoch {
                fields = fields.put("account", look.ledger.epoch_signer());
            }
        }
    }
    fields = fields
        .put("local_timestamp", entry.seen_at.0 / 1_000)
        .put("height", entry.height)
        .put("hash", entry.hash())
        .tree("confirmed", Tree::Flag(look.ledger.is_confirmed(&entry.hash())));
    if raw {
        fields = match look.ledger.is_genesis(&entry.hash()) {
            true => {
                fields.put("work", GENESIS_WORK.to_lowercase()).put("signature", GENESIS_SIGNATURE)
            }
            false => fields
                .put("work", work_text(entry.signed(), look.request.spelling()))
                .put("signature", entry.signed().signature),
        };
    }
    Some(fields.into())
}

fn raw_fields(look: &Look<'_>, entry: &Entry) -> Fields {
    let block = entry.block();
    if look.ledger.is_genesis(&entry.hash()) {
        return Fields::default()
            .put("type", "open")
            .put("representative", block.representative)
            .put("source", block.link)
            .put("opened", block.account);
    }
    Fields::default()
        .put("type", "state")
        .put("representative", block.representative)
        .put("link", block.link)
        .put("balance", block.balance)
        .put("previous", block.previous)
}

/// Kind, other side and amount of a block that moved money.
fn moved(ledger: &Ledger, entry: &Entry) -> Option<(&'static str, Account, Raw)> {
    let block = entry.block();
    match entry.subtype() {
        Subtype::Send => Some(("send", block.link.as_account(), entry.amount())),
        Subtype::Receive | Subtype::Open => {
            let source = ledger.entry(&block.link.as_hash()).map(|send| send.block().account);
            let genesis = Network::Dev.genesis_account();
            Some(("receive", source.unwrap_or(genesis), entry.amount()))
        }
        Subtype::Change | Subtype::Epoch => None,
    }
}

pub(super) const GENESIS_WORK: &str = "7b42a00ee91d5810";
pub(super) const GENESIS_SIGNATURE: &str = "ECDA914373A2F0CA1296475BAEE40500A7F0A7AD72A5A80C81D7FAB7F6C802B2CC7DB50F5DD0FB25B2EF11761FA7344A158DD5A700B21BD47DE5BD0F63153A02";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nano::{Root, Signature, Work, verify};
    use crate::sandbox::nano::rpc::Spelling;
    use crate::sandbox::nano::rpc::blocks::genesis_json;

    /// The genesis block's own proofs are those of the public dev network.
    #[test]
    fn the_genesis_block_is_the_real_one() {
        let genesis = Network::Dev.genesis_account();
        let signature: Signature = GENESIS_SIGNATURE.parse().unwrap();
        assert!(verify(&genesis, &Network::Dev.genesis_hash(), &signature));
        let work: Work = GENESIS_WORK.parse().unwrap();
        assert!(Network::Dev.thresholds().entry.is_met_by(work, &Root::from(genesis)));
        let json = genesis_json(Spelling::Cpp).print(Spelling::Cpp);
        assert!(json.contains("\"type\": \"open\""));
    }
}
