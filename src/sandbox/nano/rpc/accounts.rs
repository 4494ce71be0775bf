//! What accounts hold: `account_info`, balances, frontiers, representatives.
//!
//! Balances of the head and of the cemented part must never be mixed up: a wallet spends by the difference.

use super::dispatch::{Answer, Look};
use super::request::Complaint;
use super::tree::{Fields, Tree};
use crate::money::Raw;
use crate::nano::{Account, BlockHash};
use crate::sandbox::nano::entry::{Entry, Epoch};
use crate::sandbox::nano::faults::Fault;
use crate::sandbox::nano::ledger::Ledger;
use crate::sandbox::nano::view;

/// `account_info`.
pub(super) fn account_info(look: &Look<'_>) -> Answer {
    let request = look.request;
    let account = request.account("account")?;
    let representative = request.flag("representative", false)?;
    let weight = request.flag("weight", false)?;
    let pending = request.flag("pending", false)?;
    let receivable = request.flag("receivable", pending)?;
    let include_confirmed = request.flag("include_confirmed", false)?;
    let blocks_back = match look.fault {
        Fault::Denial => return Err(not_found()),
        Fault::Frontier { blocks_back, .. } => *blocks_back,
        _ => 0,
    };
    let info = view::account_info(look.ledger, &account, blocks_back).ok_or_else(not_found)?;
    let head = look.ledger.entry(&info.frontier).ok_or_else(not_found)?;
    let cemented = info.confirmed_frontier == Some(info.frontier);
    let (balance, confirmed_balance) = match look.fault {
        Fault::Balance { balance, .. } if cemented => (*balance, *balance),
        Fault::Balance { balance, .. } => (*balance, info.confirmed_balance),
        _ => (info.balance, info.confirmed_balance),
    };
    let confirmed_frontier = info.confirmed_frontier.unwrap_or(BlockHash::ZERO);
    let mut fields = Fields::default()
        .put("frontier", info.frontier)
        .put("open_block", info.open_block.unwrap_or(BlockHash::ZERO))
        .put("representative_block", info.frontier)
        .put("balance", balance);
    if include_confirmed {
        fields = fields.put("confirmed_balance", confirmed_balance);
    }
    fields = fields
        .put("modified_timestamp", head.seen_at.0 / 1_000)
        .put("block_count", info.block_count)
        .put("account_version", version(head.epoch()));
    if include_confirmed {
        fields = fields
            .put("confirmed_height", info.confirmed_height)
            .put("confirmed_frontier", confirmed_frontier);
    }
    if !include_confirmed || !request.is_cpp() {
        fields = fields
            .put("confirmation_height", info.confirmed_height)
            .put("confirmation_height_frontier", confirmed_frontier);
    }
    if representative {
        fields = fields.put("representative", info.representative);
        if include_confirmed {
            let confirmed = look.ledger.entry(&confirmed_frontier);
            let fallback = if request.is_cpp() { Account::BURN } else { info.representative };
            let confirmed = confirmed.map_or(fallback, |entry| entry.block().representative);
            fields = fields.put("confirmed_representative", confirmed);
        }
    }
    if weight {
        fields = fields.put("weight", look.ledger.weight(&account));
    }
    if receivable {
        fields = fields.put("pending", info.receivable).put("receivable", info.receivable);
        if include_confirmed {
            fields = fields
                .put("confirmed_pending", info.confirmed_receivable)
                .put("confirmed_receivable", info.confirmed_receivable);
        }
    }
    Ok(fields.into())
}

/// `account_balance`. The C++ node was seen to give the confirmed balance whatever it was asked for.
pub(super) fn account_balance(look: &Look<'_>) -> Answer {
    let account = look.request.account("account")?;
    let only_confirmed = look.request.flag("include_only_confirmed", true)?;
    let confirmed_balance = only_confirmed || look.request.is_cpp();
    Ok(balances(look.ledger, &account, confirmed_balance, only_confirmed))
}

/// `accounts_balances`: zeros for an account without a block.
pub(super) fn accounts_balances(look: &Look<'_>) -> Answer {
    let only_confirmed = look.request.flag("include_only_confirmed", true)?;
    of_each(look, "balances", |account| {
        Ok(balances(look.ledger, account, only_confirmed, only_confirmed))
    })
}

/// `accounts_frontiers`.
pub(super) fn accounts_frontiers(look: &Look<'_>) -> Answer {
    of_each(look, "frontiers", |account| {
        look.ledger.head(account).map(|head| Tree::text(head.hash())).ok_or(NOT_FOUND)
    })
}

/// `accounts_representatives`.
pub(super) fn accounts_representatives(look: &Look<'_>) -> Answer {
    of_each(look, "representatives", |account| {
        let head = look.ledger.head(account).map(Entry::block);
        head.map(|block| Tree::text(block.representative)).ok_or(NOT_FOUND)
    })
}

/// `account_representative`.
pub(super) fn account_representative(look: &Look<'_>) -> Answer {
    let account = look.request.account("account")?;
    let head = look.ledger.head(&account).ok_or_else(not_found)?;
    Ok(Fields::default().put("representative", head.block().representative).into())
}

/// `account_weight`.
pub(super) fn account_weight(look: &Look<'_>) -> Answer {
    let account = look.request.account("account")?;
    Ok(Fields::default().put("weight", look.ledger.weight(&account)).into())
}

/// The node's number for an epoch.
pub(super) fn version(epoch: Epoch) -> u8 {
    match epoch {
        Epoch::Zero => 0,
        Epoch::One => 1,
        Epoch::Two => 2,
    }
}

fn balances(ledger: &Ledger, account: &Account, confirmed: bool, only_confirmed: bool) -> Tree {
    let balance = if confirmed {
        view::confirmed_balance(ledger, account)
    } else {
        ledger.head(account).map_or(Raw::ZERO, |head| head.block().balance)
    };
    let receivable = ledger
        .receivable(account)
        .filter(|(hash, _)| !only_confirmed || ledger.is_confirmed(hash))
        .try_fold(Raw::ZERO, |sum, (_, waiting)| sum.checked_add(waiting.amount))
        .expect("no more than the supply waits to be received");
    Fields::default()
        .put("balance", balance)
        .put("pending", receivable)
        .put("receivable", receivable)
        .into()
}

/// One value for each account, under the text it was asked by. A C++ node complains of each on its own.
fn of_each(
    look: &Look<'_>,
    name: &str,
    value: impl Fn(&Account) -> Result<Tree, &'static str>,
) -> Answer {
    let request = look.request;
    let (mut values, mut errors) = (Fields::default(), Fields::default());
    for text in request.list("accounts")? {
        let value = match request.parsed::<Account>(&text, "Bad account number") {
            Ok(account) => value(&account).map_err(str::to_owned),
            Err(Complaint::Error(words)) => Err(words),
            Err(complaint) => return Err(complaint),
        };
        match value {
            Ok(value) => values.add(&text, value),
            Err(words) => errors.add(&text, Tree::Text(words)),
        }
    }
    let mut fields = Fields::default();
    if !values.is_empty() || !request.is_cpp() {
        fields.add(name, values.into());
    }
    if !errors.is_empty() {
        fields.add("errors", errors.into());
    }
    if fields.is_empty() { Err(Complaint::error("Empty response")) } else { Ok(fields.into()) }
}

fn not_found() -> Complaint {
    Complaint::error(NOT_FOUND)
}

const NOT_FOUND: &str = "Account not found";
