//! One entry of a demand, checked against what may be paid.
//!
//! This module must never let an entry through that differs from the table of tokens, from the place that was asked,
//! or from what the agent and the owner allow; nor take a threshold of work or a token's decimals from the seller.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::networks::{caip_2, chain_id, nano_network};
use super::{Asked, Assets, Token, Unpayable, Version};
use crate::evm::EvmAddress;
use crate::fetch::{WebPlace, quote};
use crate::limits;
use crate::money::{BudgetAmount, Currency, Money, units_text};
use crate::nano::{Account, Difficulty, Network};
use crate::policy::Pegs;

/// What is asked to be paid, as an approval shows and remembers it. Two demands are the same if these are equal.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Terms {
    /// Which protocol.
    pub version: Version,
    /// How it is paid.
    pub scheme: Scheme,
    /// On which network, in CAIP-2.
    pub network: String,
    /// In which asset: a contract's address, or `XNO`.
    pub asset: String,
    /// To whom, in canonical form.
    pub pay_to: String,
    /// What it is counted as.
    pub currency: Currency,
    /// Smallest units.
    #[serde(with = "units_text")]
    pub amount: u128,
}

/// How an entry is paid.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheme {
    /// Exactly this amount, once.
    Exact,
}

/// An entry that may be paid.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What is paid.
    pub terms: Terms,
    /// With what.
    pub means: Means,
    /// How long the seller waits for its money, in seconds; positive.
    pub max_timeout_s: u64,
    /// The network as the seller wrote it.
    pub(super) network_as_written: String,
    /// The entry as the seller wrote it.
    pub(super) raw: Box<RawValue>,
}

/// With what an entry is paid.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Means {
    /// An EIP-3009 authorisation.
    Evm {
        /// From the table.
        token: Token,
        /// Who is paid.
        pay_to: EvmAddress,
    },
    /// A signed Nano block, which the seller publishes.
    Nano {
        /// Who is paid.
        pay_to: Account,
        /// Who does the block's work.
        work: WorkBy,
    },
}

/// Who does the work of a block.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WorkBy {
    /// The payer, which is usual.
    Payer,
    /// The seller, who then takes a block without it.
    Seller,
}

/// What may be paid.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// What was requested.
    pub requested: &'a WebPlace,
    /// At most this; its currency, or one pegged to it, is the asset.
    pub max: Money,
    /// The owner's pegs.
    pub pegs: &'a Pegs,
    /// The wallet's network: live wallets pay on main networks, all others on test networks.
    pub wallet: Network,
    /// CAIP-2 names the owner allows; `None` for all that fit the wallet.
    pub networks: Option<&'a [String]>,
    /// The tokens that may be paid.
    pub assets: &'a Assets,
    /// The wallet's own EVM address.
    pub own_evm: Option<EvmAddress>,
    /// The wallet's own Nano accounts.
    pub own_nano: &'a [Account],
    /// Seconds since 1970.
    pub now_s: u64,
}

impl Offer {
    /// What is paid, as money.
    pub fn price(&self) -> Money {
        Money { amount: self.terms.amount, currency: self.terms.currency }
    }

    /// Judges one entry of `asked`.
    ///
    /// # Errors
    /// The first reason against it.
    pub(super) fn judge(
        asked: &Asked,
        raw: &RawValue,
        wanted: &Wanted<'_>,
    ) -> Result<Self, Unpayable> {
        let entry: Entry = serde_json::from_str(raw.get()).map_err(|_| malformed("entry"))?;
        let written = text(&entry.network, "network")?;
        let network = caip_2(written).filter(|name| network_is_known(name, asked));
        let is_nano = network.as_deref().is_some_and(|name| name.starts_with("nano:"));
        if asked.is_dialect && !is_nano {
            return Err(Unpayable::Dialect);
        }
        entry.check_scheme()?;
        let network = network.ok_or_else(|| Unpayable::Network { network: quote(written) })?;
        entry.check_flow()?;
        let (means, asset, currency) = match chain_id(&network) {
            Some(chain) => entry.token(chain, &network, wanted)?,
            None => entry.nano(&network, wanted)?,
        };
        let amount = entry.amount(asked.version)?;
        let max_timeout_s = entry.max_timeout_s(&means, wanted.now_s)?;
        check_payee(&means, wanted)?;
        check_resource(asked, &entry, wanted.requested)?;
        check_price(Money { amount, currency }, wanted)?;
        let pay_to = match &means {
            Means::Evm { pay_to, .. } => pay_to.to_string(),
            Means::Nano { pay_to, .. } => pay_to.to_string(),
        };
        let (version, scheme) = (asked.version, Scheme::Exact);
        let network_as_written = written.to_owned();
        let terms = Terms { version, scheme, network, asset, pay_to, currency, amount };
        Ok(Self { terms, means, max_timeout_s, network_as_written, raw: raw.to_owned() })
    }
}

/// Version 1 was never spoken for Nano.
fn network_is_known(network: &str, asked: &Asked) -> bool {
    chain_id(network).is_some() || network.starts_with("nano:") && asked.version == Version::V2
}

/// The fields that matter, of any shape, so that each refusal can name its own.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Entry {
    scheme: Value,
    network: Value,
    amount: Value,
    max_amount_required: Value,
    asset: Value,
    pay_to: Value,
    max_timeout_seconds: Value,
    resource: Value,
    extra: Value,
}

impl Entry {
    fn check_scheme(&self) -> Result<(), Unpayable> {
        match text(&self.scheme, "scheme")? {
            "exact" => Ok(()),
            other => Err(Unpayable::Scheme { scheme: quote(other) }),
        }
    }

    fn check_flow(&self) -> Result<(), Unpayable> {
        if !self.extra.is_null() && !self.extra.is_object() {
            return Err(malformed("extra"));
        }
        match optional(&self.extra["paymentFlow"], "extra.paymentFlow")? {
            None | Some("authorization") => {}
            Some(other) => return Err(Unpayable::Flow { flow: quote(other) }),
        }
        match optional(&self.extra["assetTransferMethod"], "extra.assetTransferMethod")? {
            None | Some("eip3009") => Ok(()),
            Some(other) => Err(Unpayable::TransferMethod { method: quote(other) }),
        }
    }

    fn token(
        &self,
        chain: u64,
        network: &str,
        wanted: &Wanted<'_>,
    ) -> Result<(Means, String, Currency), Unpayable> {
        check_allowed(network, wanted)?;
        let named = text(&self.asset, "asset")?;
        let unknown = || Unpayable::Asset { network: network.to_owned(), asset: quote(named) };
        let contract: EvmAddress = named.parse().map_err(|_| unknown())?;
        let token = wanted.assets.find(chain, &contract);
        // A chain is a test network or not, whatever the token.
        let realm = wanted.assets.all().iter().find(|token| token.domain.chain_id == chain);
        if realm.is_some_and(|token| token.is_test == (wanted.wallet == Network::Live)) {
            return Err(Unpayable::Realm { network: network.to_owned() });
        }
        let token = token.ok_or_else(unknown)?.clone();
        let name = optional(&self.extra["name"], "extra.name")?;
        let version = optional(&self.extra["version"], "extra.version")?;
        if name != Some(&*token.domain.name) || version != Some(&*token.domain.version) {
            return Err(Unpayable::Domain { asset: contract.to_string() });
        }
        let pay_to = text(&self.pay_to, "payTo")?.parse();
        let pay_to = pay_to.map_err(|_| pay_to_refused("it is no EVM address"))?;
        let currency = token.currency;
        Ok((Means::Evm { token, pay_to }, contract.to_string(), currency))
    }

    fn nano(
        &self,
        network: &str,
        wanted: &Wanted<'_>,
    ) -> Result<(Means, String, Currency), Unpayable> {
        if network != nano_network(wanted.wallet) {
            return Err(Unpayable::Realm { network: quote(network) });
        }
        check_allowed(network, wanted)?;
        let asset = text(&self.asset, "asset")?;
        if asset != Currency::XNO.as_str() {
            let (network, asset) = (network.to_owned(), quote(asset));
            return Err(Unpayable::Asset { network, asset });
        }
        let work = match optional(&self.extra["work"], "extra.work")? {
            None | Some("required") => WorkBy::Payer,
            Some("optional") => WorkBy::Seller,
            Some(_) => return Err(malformed("extra.work")),
        };
        if let Some(threshold) = optional(&self.extra["workThreshold"], "extra.workThreshold")? {
            let asked: Difficulty =
                threshold.parse().map_err(|_| malformed("extra.workThreshold"))?;
            // Such a seller would refuse the block and keep it.
            if asked > wanted.wallet.thresholds().epoch_2_send {
                return Err(Unpayable::Work);
            }
        }
        let pay_to = text(&self.pay_to, "payTo")?.parse();
        let pay_to = pay_to.map_err(|_| pay_to_refused("it is no Nano address"))?;
        Ok((Means::Nano { pay_to, work }, asset.to_owned(), Currency::XNO))
    }

    fn amount(&self, version: Version) -> Result<u128, Unpayable> {
        let amount = match version {
            Version::V1 => &self.max_amount_required,
            Version::V2 => &self.amount,
        };
        let digits = amount.as_str().ok_or(Unpayable::Amount)?;
        let is_plain = (1..=limits::X402_AMOUNT_DIGITS).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && !digits.starts_with('0');
        digits.parse().ok().filter(|_| is_plain).ok_or(Unpayable::Amount)
    }

    fn max_timeout_s(&self, means: &Means, now_s: u64) -> Result<u64, Unpayable> {
        let is_nano = matches!(means, Means::Nano { .. });
        let seconds = match &self.max_timeout_seconds {
            // Sellers in Nano leave it out, and a block has no end anyway.
            Value::Null if is_nano => NANO_TIMEOUT_S,
            value => value.as_u64().ok_or(malformed("maxTimeoutSeconds"))?,
        };
        let ends = match &self.extra["validBefore"] {
            Value::String(text) if is_nano => text.parse().ok(),
            value if is_nano && !value.is_null() => value.as_u64(),
            _ => Some(u64::MAX),
        };
        let left = ends.ok_or(malformed("extra.validBefore"))?.saturating_sub(now_s);
        match seconds.min(left) {
            0 => Err(Unpayable::NoTime),
            seconds => Ok(seconds),
        }
    }
}

fn check_allowed(network: &str, wanted: &Wanted<'_>) -> Result<(), Unpayable> {
    let is_allowed = wanted.networks.is_none_or(|list| list.iter().any(|name| name == network));
    match is_allowed {
        true => Ok(()),
        false => Err(Unpayable::NetworkNotAllowed { network: quote(network) }),
    }
}

fn check_payee(means: &Means, wanted: &Wanted<'_>) -> Result<(), Unpayable> {
    let (is_nobody, is_own, is_token) = match means {
        Means::Evm { token, pay_to } => (
            *pay_to == EvmAddress::ZERO,
            wanted.own_evm == Some(*pay_to),
            wanted.assets.all().iter().any(|known| known.domain.contract == *pay_to)
                || token.domain.contract == *pay_to,
        ),
        Means::Nano { pay_to, .. } => {
            (*pay_to == Account::BURN, wanted.own_nano.contains(pay_to), false)
        }
    };
    match (is_nobody, is_own, is_token) {
        (true, _, _) => Err(pay_to_refused("it belongs to nobody")),
        (_, true, _) => Err(pay_to_refused("it is this wallet's own")),
        (_, _, true) => Err(pay_to_refused("it is a token's contract")),
        _ => Ok(()),
    }
}

/// Version 1 names the resource in the entry, version 2 once beside them; a dialect may leave it out.
fn check_resource(asked: &Asked, entry: &Entry, requested: &WebPlace) -> Result<(), Unpayable> {
    let sold = match (asked.version, &asked.resource) {
        (Version::V1, _) => entry.resource.as_str().map(str::to_owned),
        (Version::V2, None) if asked.is_dialect => return Ok(()),
        (Version::V2, resource) => resource.as_ref().and_then(|resource| {
            let read: Value = serde_json::from_str(resource.get()).ok()?;
            read["url"].as_str().map(str::to_owned)
        }),
    };
    let place = sold.as_deref().and_then(WebPlace::parse);
    if place.as_ref() == Some(requested) {
        return Ok(());
    }
    let sold = match (place, sold) {
        (Some(place), _) => quote(&place.to_string()),
        (None, Some(_)) => "something that is no web address".to_owned(),
        (None, None) => "nothing it names".to_owned(),
    };
    Err(Unpayable::Resource { sold })
}

fn check_price(price: Money, wanted: &Wanted<'_>) -> Result<(), Unpayable> {
    let named = wanted.max.currency;
    if price.currency != named && wanted.pegs.get(&price.currency) != Some(&named) {
        return Err(Unpayable::Currency { price });
    }
    let (Some(units), Some(most)) = (price.budget_units(), wanted.max.budget_units()) else {
        return Err(Unpayable::Currency { price });
    };
    if units > most {
        let most = BudgetAmount { units: most, currency: named };
        return Err(Unpayable::TooDear { price, most });
    }
    Ok(())
}

/// A text that must be there.
fn text<'a>(value: &'a Value, field: &'static str) -> Result<&'a str, Unpayable> {
    optional(value, field)?.ok_or(malformed(field))
}

/// A text that may be left out.
fn optional<'a>(value: &'a Value, field: &'static str) -> Result<Option<&'a str>, Unpayable> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.len() <= limits::X402_TEXT_BYTES => Ok(Some(text)),
        _ => Err(malformed(field)),
    }
}

fn malformed(field: &'static str) -> Unpayable {
    Unpayable::Malformed { field }
}

fn pay_to_refused(reason: &'static str) -> Unpayable {
    Unpayable::PayTo { reason }
}

const NANO_TIMEOUT_S: u64 = 60;
