//! Settings about sellers: which of them may be asked, on which networks and in which tokens they are paid, and who is
//! asked about a chain.
//!
//! A URL of a chain's node may hold a key: it must never be shown but by its public part.

use std::collections::BTreeMap;

use super::{Origin, Setting, Sources, Taken, invalid};
use crate::failure::Failure;
use crate::fetch::AllowList;
use crate::limits;
use crate::process::{Endpoint, SellerSettings, Speaks};
use crate::rails::x402::{AssetRow, Assets, is_chain_name};
use crate::surfaces::cli::third_party_args::ThirdPartyFlags;

/// The environment variable of a setting about sellers.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    match name {
        "evm_rpc" => Some("PAYWARDEN_EVM_RPC"),
        "fetch_allow" => Some("PAYWARDEN_FETCH_ALLOW"),
        "x402_assets" => Some("PAYWARDEN_X402_ASSETS"),
        "x402_networks" => Some("PAYWARDEN_X402_NETWORKS"),
        _ => None,
    }
}

impl Sources<'_> {
    /// A node for each chain that has one; shown without what may be secret.
    pub(super) fn chains(
        &mut self,
        flags: &ThirdPartyFlags,
    ) -> Result<BTreeMap<String, Endpoint>, Failure> {
        let taken = self.take("evm_rpc", flags.evm_rpc.clone(), NONE);
        let origin = taken.origin;
        let parsed = parse_chains(&taken.value)
            .map_err(|reason| invalid(format!("evm_rpc (from {origin}) {reason}")));
        let shown = |(chain, url): (&String, &Endpoint)| format!("{chain}={}", url.public());
        let value = match &parsed {
            Ok(chains) if chains.is_empty() => NONE.to_owned(),
            Ok(chains) => chains.iter().map(shown).collect::<Vec<_>>().join(","),
            Err(_) => "set, and cannot be used".to_owned(),
        };
        self.origins.insert("evm_rpc", Setting { value, origin });
        parsed
    }

    /// Whom an agent may buy from beyond the public web.
    pub(super) fn fetch_allow(&mut self, flags: &ThirdPartyFlags) -> Result<AllowList, Failure> {
        let allowed = self.take("fetch_allow", flags.fetch_allow.clone(), NONE);
        match &*allowed.value {
            NONE => Ok(AllowList::default()),
            text => AllowList::parse(text).map_err(|error| {
                invalid(format!("fetch_allow (from {}): {error}", allowed.origin))
            }),
        }
    }

    /// The tokens the owner adds.
    pub(super) fn assets(&mut self, flags: &ThirdPartyFlags) -> Result<Vec<AssetRow>, Failure> {
        let taken = self.take("x402_assets", flags.x402_assets.clone(), NONE);
        parse_assets(&taken.value)
            .map_err(|reason| invalid(format!("x402_assets (from {}): {reason}", taken.origin)))
    }

    /// On which networks sellers are paid: of those in the file, where it says, a flag and a variable only choose.
    pub(super) fn sellers(&mut self, flags: &ThirdPartyFlags) -> Result<SellerSettings, Failure> {
        let wanted = "all, or a comma list of networks such as eip155:8453,nano:mainnet";
        let name = "x402_networks";
        let value = self.file.get(name).unwrap_or_else(|| ALL.to_owned());
        let in_file = Taken { name, value, origin: Origin::File }.parse(wanted, parse_networks)?;
        let taken = self.take(name, flags.x402_networks.clone(), ALL);
        let networks = match (taken.parse(wanted, parse_networks)?, in_file) {
            (Some(asked), Some(set)) => {
                Some(asked.into_iter().filter(|name| set.contains(name)).collect())
            }
            (asked, set) => asked.or(set),
        };
        Ok(SellerSettings { networks })
    }
}

/// A JSON list of rows, none of which changes a token that is known.
fn parse_assets(text: &str) -> Result<Vec<AssetRow>, String> {
    if text == NONE {
        return Ok(Vec::new());
    }
    let rows: Vec<AssetRow> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    Assets::pinned().with(&rows).map_err(|error| error.to_string())?;
    Ok(rows)
}

/// `eip155:8453=https://…`, several of them with commas between. The reason never repeats a URL.
fn parse_chains(text: &str) -> Result<BTreeMap<String, Endpoint>, String> {
    let mut chains = BTreeMap::new();
    if text == NONE {
        return Ok(chains);
    }
    let entries: Vec<&str> = text.split(',').collect();
    if entries.len() > limits::ENDPOINTS {
        return Err(format!("has {} URLs; at most {} fit", entries.len(), limits::ENDPOINTS));
    }
    for (place, entry) in (1..).zip(entries) {
        let named = entry.trim().split_once('=').filter(|(chain, _)| is_chain_name(chain));
        let Some((chain, url)) = named else {
            return Err(format!("is eip155:8453=https://… and so on; entry {place} is not"));
        };
        let url = Endpoint::parse(url, Speaks::Http);
        let url =
            url.map_err(|error| format!("has a URL for {chain} that is not used: {error}"))?;
        if chains.insert(chain.to_owned(), url).is_some() {
            return Err(format!("names {chain} twice"));
        }
    }
    Ok(chains)
}

fn parse_networks(text: &str) -> Option<Option<Vec<String>>> {
    if text == ALL {
        return Some(None);
    }
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    let is_known = |name: &String| {
        is_chain_name(name) || name.strip_prefix("nano:").is_some_and(|net| !net.is_empty())
    };
    let fits = names.len() <= limits::X402_NETWORKS && names.iter().all(is_known);
    fits.then_some(Some(names))
}

const NONE: &str = "none";
const ALL: &str = "all";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_are_named_once_and_no_url_is_repeated() {
        let read =
            parse_chains("eip155:8453=https://a.example/hunter2, eip155:1=http://localhost:1");
        let read = read.unwrap();
        assert_eq!(read["eip155:8453"].public(), "https://a.example/…");
        assert_eq!(read.len(), 2);
        assert!(parse_chains(NONE).unwrap().is_empty());
        let many = |count: usize| {
            let one = |chain: usize| format!("eip155:{}=https://a.example", chain + 1);
            (0..count).map(one).collect::<Vec<_>>().join(",")
        };
        assert!(parse_chains(&many(limits::ENDPOINTS)).is_ok());
        for wrong in [
            &many(limits::ENDPOINTS + 1),
            "",
            "https://hunter2.example",
            "eip155:=https://hunter2.example",
            "eip155:08453=https://hunter2.example",
            "nano:mainnet=https://hunter2.example",
            "eip155:8453=http://hunter2.example",
            "eip155:8453=hunter2",
            "eip155:1=https://hunter2.example,eip155:1=https://b.example",
            "eip155:1=https://hunter2.example,",
        ] {
            let reason = parse_chains(wrong).unwrap_err();
            assert!(!reason.contains("hunter2"), "{reason}");
        }
    }

    #[test]
    fn networks_are_full_names() {
        assert_eq!(parse_networks(ALL), Some(None));
        let two = parse_networks("eip155:8453, nano:mainnet").flatten().unwrap();
        assert_eq!(two, ["eip155:8453", "nano:mainnet"]);
        let many = |count: usize| vec!["eip155:1"; count].join(",");
        assert!(parse_networks(&many(limits::X402_NETWORKS)).is_some());
        assert!(parse_networks(&many(limits::X402_NETWORKS + 1)).is_none());
        for wrong in ["", "base", "eip155:", "nano:", "eip155:1,,", "EIP155:1"] {
            assert!(parse_networks(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn tokens_are_rows_and_none_is_another_token() {
        let row = |at: usize| {
            format!(
                r#"{{"network":"eip155:{at}","address":"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed","name":"Coin","version":"1","decimals":6,"symbol":"USDC","test":false}}"#
            )
        };
        let list = |count: usize| {
            let rows: Vec<String> = (0..count).map(|at| row(900_000 + at)).collect();
            format!("[{}]", rows.join(","))
        };
        assert!(parse_assets(NONE).unwrap().is_empty());
        assert_eq!(parse_assets(&list(limits::X402_ASSET_ROWS)).unwrap().len(), 64);
        let pinned = row(8_453).replace(
            "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        );
        for (wrong, reason) in [
            (list(limits::X402_ASSET_ROWS + 1), "at most 64"),
            (format!("[{},{}]", row(1), row(1)), "in the table already"),
            (format!("[{pinned}]"), "in the table already"),
            (format!("[{}]", row(84_532)), "chain 84532 is a test network"),
            (format!("[{}]", row(1).replace(":6", ":18")), "not counted in 18 decimals"),
            (row(1), "invalid type"),
            ("[{}]".to_owned(), "missing field"),
            (String::new(), "EOF"),
        ] {
            let found = parse_assets(&wrong).unwrap_err();
            assert!(found.contains(reason), "{wrong}: {found}");
        }
    }
}
