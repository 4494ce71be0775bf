//! What a node tells of itself, and small arithmetic: keys, addresses, units.
//!
//! `deterministic_key` and `key_expand` answer private keys, as a node does. They must never be given one that is
//! worth anything.

use super::dispatch::{Answer, Look};
use super::request::Complaint;
use super::tree::{Fields, Tree};
use crate::money::Raw;
use crate::nano::{Account, Network, PrivateKey, Root, Seed};

/// `version`.
pub(super) fn version(look: &Look<'_>) -> Answer {
    let vendor = if look.request.is_cpp() { "Nano V27.1" } else { "RsNano V2.0" };
    let fields = Fields::default()
        .put("rpc_version", 1)
        .put("store_version", 24)
        .put("protocol_version", 21)
        .put("node_vendor", vendor)
        .put("store_vendor", "paywarden sandbox")
        .put("network", "dev")
        .put("network_identifier", Network::Dev.genesis_hash())
        .put("build_info", concat!("paywarden ", env!("CARGO_PKG_VERSION")));
    Ok(fields.into())
}

/// `uptime`.
pub(super) fn uptime(look: &Look<'_>) -> Answer {
    Ok(Fields::default().put("seconds", look.now.since(look.started_at).as_secs()).into())
}

/// `confirmation_quorum`: one representative holds everything.
pub(super) fn confirmation_quorum(_: &Look<'_>) -> Answer {
    let fields = Fields::default()
        .put("quorum_delta", Raw::MAX.get() / 100 * 67)
        .put("online_weight_quorum_percent", 67)
        .put("online_weight_minimum", Raw::MAX.get() - 1)
        .put("online_stake_total", Raw::MAX)
        .put("trended_stake_total", Raw::MAX)
        .put("peers_stake_total", 0);
    Ok(fields.into())
}

/// `telemetry`.
pub(super) fn telemetry(look: &Look<'_>) -> Answer {
    let fields = Fields::default()
        .put("block_count", look.ledger.block_count())
        .put("cemented_count", look.ledger.confirmed_count())
        .put("unchecked_count", 0)
        .put("account_count", look.ledger.account_count())
        .put("bandwidth_cap", 10_485_760)
        .put("peer_count", 0)
        .put("protocol_version", 21)
        .put("uptime", look.now.since(look.started_at).as_secs())
        .put("genesis_block", Network::Dev.genesis_hash())
        .put("major_version", 27)
        .put("minor_version", 1)
        .put("patch_version", 0)
        .put("pre_release_version", 0)
        .put("maker", 0)
        .put("timestamp", look.now.0)
        .put("active_difficulty", Network::Dev.thresholds().epoch_2_send);
    Ok(fields.into())
}

/// `nano_to_raw`: whole numbers only.
pub(super) fn nano_to_raw(look: &Look<'_>) -> Answer {
    let amount = amount(look)?;
    let raw = amount.get().checked_mul(Raw::ONE_XNO.get());
    let raw = raw.ok_or_else(|| Complaint::error("Amount too big"))?;
    Ok(Fields::default().put("amount", raw).into())
}

/// `raw_to_nano`: whole numbers only, the rest is cut off.
pub(super) fn raw_to_nano(look: &Look<'_>) -> Answer {
    Ok(Fields::default().put("amount", amount(look)?.get() / Raw::ONE_XNO.get()).into())
}

/// `validate_account_number`.
pub(super) fn validate_account_number(look: &Look<'_>) -> Answer {
    let valid = look.request.required("account")?.parse::<Account>().is_ok();
    Ok(Fields::default().tree("valid", Tree::digit(valid)).into())
}

/// `account_key`.
pub(super) fn account_key(look: &Look<'_>) -> Answer {
    let account = look.request.account("account")?;
    Ok(Fields::default().put("key", Root::from(account)).into())
}

/// `account_get`.
pub(super) fn account_get(look: &Look<'_>) -> Answer {
    let key: Root = look.request.parsed(&look.request.required("key")?, "Bad public key")?;
    Ok(Fields::default().put("account", Account::from_bytes(*key.as_bytes())).into())
}

/// `deterministic_key`.
pub(super) fn deterministic_key(look: &Look<'_>) -> Answer {
    let seed: Root = look.request.parsed(&look.request.required("seed")?, "Bad seed")?;
    let index: u32 = look.request.parsed(&look.request.required("index")?, "Invalid index")?;
    Ok(expand(&Seed::from_bytes(*seed.as_bytes()).derive(index)))
}

/// `key_expand`.
pub(super) fn key_expand(look: &Look<'_>) -> Answer {
    let key: Root = look.request.parsed(&look.request.required("key")?, "Bad private key")?;
    Ok(expand(&PrivateKey::from_bytes(*key.as_bytes())))
}

fn expand(key: &PrivateKey) -> Tree {
    let account = key.account();
    Fields::default()
        .put("private", Root::from_bytes(*key.expose()))
        .put("public", Root::from(account))
        .put("account", account)
        .into()
}

fn amount(look: &Look<'_>) -> Result<Raw, Complaint> {
    look.request.parsed(&look.request.required("amount")?, "Invalid amount number")
}
