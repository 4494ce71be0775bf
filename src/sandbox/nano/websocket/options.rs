//! What a client wants to hear of: the options of topic `confirmation`.
//!
//! Filters must let through exactly what a real node's filters do, its oddities included: an account filter without
//! the block lets nothing through, since the destination stands in the block alone.

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::nano::{Account, Network, Subtype};
use crate::sandbox::nano::ledger::Cause;
use crate::sandbox::nano::news::Cemented;
use crate::sandbox::nano::rpc::Spelling;

/// A subscription to confirmations.
#[derive(Clone, Debug)]
pub(super) struct Options {
    pub(super) include_block: bool,
    causes: Causes,
    all_local_accounts: bool,
    /// `None` until accounts were named, even as an empty list.
    accounts: Option<HashSet<Account>>,
    /// Whether options came with the subscription; without, there is nothing to update.
    given: bool,
}

/// A field that cannot be read; RsNano ends the connection then.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Unreadable;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Causes {
    All,
    /// Every election, which is all there is here but what is called inactive.
    Quorum,
    Dependent,
    Inactive,
}

impl Options {
    /// From the `options` of a subscription.
    pub(super) fn read(options: Option<&Value>, node: Spelling) -> Result<Self, Unreadable> {
        let none = Map::new();
        let fields = match options {
            None | Some(Value::Null) => &none,
            Some(Value::Object(fields)) => fields,
            Some(_) if node == Spelling::Cpp => &none,
            Some(_) => return Err(Unreadable),
        };
        let all_local_accounts = flag(fields.get("all_local_accounts"), node)?;
        Ok(Self {
            include_block: flag(fields.get("include_block"), node)?.unwrap_or(true),
            causes: causes(fields.get("confirmation_type"), node)?,
            all_local_accounts: all_local_accounts.unwrap_or(false),
            accounts: match fields.get("accounts") {
                None if all_local_accounts.is_some() => Some(HashSet::new()),
                None => None,
                Some(list) => Some(accounts(list, node)?.collect()),
            },
            given: options.is_some(),
        })
    }

    /// From the `options` of an update; whether there was something to update.
    pub(super) fn update(
        &mut self,
        options: Option<&Value>,
        node: Spelling,
    ) -> Result<bool, Unreadable> {
        let Some(options) = options.filter(|_| self.given) else { return Ok(false) };
        if let Some(list) = options.get("accounts_add") {
            self.accounts.get_or_insert_default().extend(accounts(list, node)?);
        }
        if let Some(list) = options.get("accounts_del") {
            let own = self.accounts.get_or_insert_default();
            for account in accounts(list, node)? {
                own.remove(&account);
            }
        }
        Ok(true)
    }

    /// Whether the client is told of this block.
    pub(super) fn lets_through(&self, cemented: &Cemented) -> bool {
        let wanted = match self.causes {
            Causes::All => true,
            Causes::Quorum => cemented.cause == Cause::Quorum,
            Causes::Dependent => cemented.cause == Cause::Dependent,
            Causes::Inactive => false,
        };
        wanted && self.names(cemented)
    }

    fn names(&self, cemented: &Cemented) -> bool {
        let Some(accounts) = &self.accounts else { return true };
        if !self.include_block {
            return false;
        }
        // `link_as_account` is compared whatever the block is; in a receive it is the source's hash.
        let block = &cemented.signed.block;
        let (own, linked) = (block.account, block.link.as_account());
        // The node's own wallet holds the genesis key alone.
        let local = Network::Dev.genesis_account();
        let is_local = own == local || linked == local && cemented.subtype == Subtype::Send;
        accounts.contains(&own) || accounts.contains(&linked) || self.all_local_accounts && is_local
    }
}

/// A boolean; only a C++ node reads texts.
pub(super) fn flag(value: Option<&Value>, node: Spelling) -> Result<Option<bool>, Unreadable> {
    match (value, node) {
        (None | Some(Value::Null), _) => Ok(None),
        (Some(Value::Bool(flag)), _) => Ok(Some(*flag)),
        (Some(Value::String(text)), Spelling::Cpp) => Ok(match text.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }),
        (Some(Value::Number(number)), Spelling::Cpp) => Ok(match number.as_u64() {
            Some(0) => Some(false),
            Some(1) => Some(true),
            _ => None,
        }),
        (Some(_), Spelling::Cpp) => Ok(None),
        (Some(_), Spelling::RsNano) => Err(Unreadable),
    }
}

fn causes(value: Option<&Value>, node: Spelling) -> Result<Causes, Unreadable> {
    let text = match value {
        None | Some(Value::Null) => "all",
        Some(Value::String(text)) => text,
        Some(_) if node == Spelling::Cpp => "all",
        Some(_) => return Err(Unreadable),
    };
    Ok(match text.to_ascii_lowercase().as_str() {
        "active_quorum" => Causes::Quorum,
        "active_confirmation_height" => Causes::Dependent,
        "inactive" => Causes::Inactive,
        // `active` is every election, and here every block is in one.
        _ => Causes::All,
    })
}

/// The accounts of a list; a node leaves out what is none.
fn accounts(
    list: &Value,
    node: Spelling,
) -> Result<impl Iterator<Item = Account> + '_, Unreadable> {
    let texts = match list {
        Value::Array(items) => items.as_slice(),
        _ if node == Spelling::Cpp => &[],
        _ => return Err(Unreadable),
    };
    if node == Spelling::RsNano && !texts.iter().all(Value::is_string) {
        return Err(Unreadable);
    }
    Ok(texts.iter().filter_map(|text| text.as_str()?.parse().ok()))
}
