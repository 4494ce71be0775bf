//! Blocks by their hash: `block_info`, `blocks_info` and what there is of them in all.
//!
//! The genesis block is shown as the legacy block it is; its stand-in in the ledger must never be handed out.

use super::Spelling;
use super::dispatch::{Answer, Look};
use super::history::{GENESIS_SIGNATURE, GENESIS_WORK};
use super::request::Complaint;
use super::tree::{Fields, Tree};
use crate::nano::{BlockHash, Link, Network, SignedBlock, Subtype};
use crate::sandbox::nano::entry::Entry;
use crate::sandbox::nano::faults::Fault;

/// `block_info`.
pub(super) fn block_info(look: &Look<'_>) -> Answer {
    let hash = look.request.hash("hash")?;
    let json_block = json_block(look)?;
    let entry = known(look, &hash).ok_or_else(not_found)?;
    Ok(info(look, entry, json_block).into())
}

/// `blocks_info`.
pub(super) fn blocks_info(look: &Look<'_>) -> Answer {
    let request = look.request;
    let json_block = json_block(look)?;
    let pending = request.flag("pending", false)?;
    let receivable = request.flag("receivable", pending)?;
    let with_source = request.flag("source", false)?;
    let include_not_found = request.flag("include_not_found", false)?;
    let (mut blocks, mut missing) = (Fields::default(), Vec::new());
    for text in request.list("hashes")? {
        let hash: BlockHash = request.parsed(&text, "Invalid block hash")?;
        let Some(entry) = known(look, &hash) else {
            if !include_not_found {
                return Err(not_found());
            }
            missing.push(Tree::text(hash));
            continue;
        };
        let mut fields = info(look, entry, json_block);
        if receivable {
            let destination = entry.block().link.as_account();
            let waits = look.ledger.waiting(&destination, &hash).is_some();
            fields = fields.tree("pending", Tree::digit(waits));
            fields = fields.tree("receivable", Tree::digit(waits));
        }
        if with_source {
            let source = look.ledger.entry(&entry.block().link.as_hash());
            let account = source.map(|send| Tree::text(send.block().account));
            fields = fields.tree("source_account", account.unwrap_or_else(|| Tree::digit(false)));
        }
        blocks.add(&hash.to_string(), fields.into());
    }
    let mut fields = Fields::default().tree("blocks", blocks.into());
    if include_not_found {
        fields = fields.tree("blocks_not_found", Tree::List(missing));
    }
    Ok(fields.into())
}

/// `block_account`.
pub(super) fn block_account(look: &Look<'_>) -> Answer {
    let hash = look.request.hash("hash")?;
    let entry = known(look, &hash).ok_or_else(not_found)?;
    Ok(Fields::default().put("account", entry.block().account).into())
}

/// `block_count`.
pub(super) fn block_count(look: &Look<'_>) -> Answer {
    let fields = Fields::default()
        .put("count", look.ledger.block_count())
        .put("unchecked", 0)
        .put("cemented", look.ledger.confirmed_count());
    Ok(fields.into())
}

/// `block_confirm`: asks for an election, which every unconfirmed block here has already.
pub(super) fn block_confirm(look: &Look<'_>) -> Answer {
    let hash = look.request.hash("hash")?;
    known(look, &hash).ok_or_else(not_found)?;
    Ok(Fields::default().put("started", "1").into())
}

/// A block in the node's JSON.
pub(in crate::sandbox::nano) fn block_json(signed: &SignedBlock, spelling: Spelling) -> Fields {
    let block = &signed.block;
    Fields::default()
        .put("type", "state")
        .put("account", block.account)
        .put("previous", block.previous)
        .put("representative", block.representative)
        .put("balance", block.balance)
        .put("link", block.link)
        .put("link_as_account", block.link.as_account())
        .put("signature", signed.signature)
        .put("work", work_text(signed, spelling))
}

/// The genesis block of the dev network.
pub(super) fn genesis_json(spelling: Spelling) -> Tree {
    let account = Network::Dev.genesis_account();
    let work = match spelling {
        Spelling::Cpp => GENESIS_WORK.to_owned(),
        Spelling::RsNano => GENESIS_WORK.to_uppercase(),
    };
    Fields::default()
        .put("type", "open")
        .put("source", Link::from(account))
        .put("representative", account)
        .put("account", account)
        .put("work", work)
        .put("signature", GENESIS_SIGNATURE)
        .into()
}

/// Work in the node's case.
pub(super) fn work_text(signed: &SignedBlock, spelling: Spelling) -> String {
    let text = signed.work.map(|work| work.to_string()).unwrap_or_default();
    if spelling == Spelling::RsNano { text.to_uppercase() } else { text }
}

fn known<'a>(look: &Look<'a>, hash: &BlockHash) -> Option<&'a Entry> {
    look.ledger.entry(hash).filter(|_| !matches!(look.fault, Fault::Denial))
}

/// RsNano has no text form.
fn json_block(look: &Look<'_>) -> Result<bool, Complaint> {
    Ok(look.request.flag("json_block", false)? || !look.request.is_cpp())
}

fn info(look: &Look<'_>, entry: &Entry, json_block: bool) -> Fields {
    let spelling = look.request.spelling();
    let hash = entry.hash();
    let is_genesis = look.ledger.is_genesis(&hash);
    let contents = match is_genesis {
        true => genesis_json(spelling),
        false => block_json(entry.signed(), spelling).into(),
    };
    let contents = if json_block { contents } else { Tree::Text(contents.print(spelling)) };
    let fields = Fields::default()
        .put("block_account", entry.block().account)
        .put("amount", entry.amount())
        .put("balance", entry.block().balance)
        .put("height", entry.height)
        .put("local_timestamp", entry.seen_at.0 / 1_000)
        .put("successor", look.ledger.successor(entry).unwrap_or(BlockHash::ZERO))
        .tree("confirmed", Tree::Flag(look.ledger.is_confirmed(&hash)))
        .tree("contents", contents);
    if is_genesis { fields } else { fields.put("subtype", subtype_text(entry.subtype())) }
}

/// A node calls the first receive of an account a receive.
pub(in crate::sandbox::nano) fn subtype_text(subtype: Subtype) -> &'static str {
    match subtype {
        Subtype::Open => Subtype::Receive.as_str(),
        other => other.as_str(),
    }
}

fn not_found() -> Complaint {
    Complaint::error("Block not found")
}
