//! Settings about sellers: which of them may be asked, on which networks they are paid, and who is asked about a chain.
//!
//! A URL of a chain's node may hold a key: it must never be shown but by its public part.

use std::collections::BTreeMap;

use super::{Setting, Sources, invalid};
use crate::failure::Failure;
use crate::fetch::AllowList;
use crate::limits;
use crate::process::{Endpoint, SellerSettings, Speaks};
use crate::rails::x402::is_chain_name;
use crate::surfaces::cli::third_party_args::ThirdPartyFlags;

/// The environment variable of a setting about sellers.
pub(super) fn variable(name: &str) -> Option<&'static str> {
    match name {
        "evm_rpc" => Some("PAYWARDEN_EVM_RPC"),
        "fetch_allow" => Some("PAYWARDEN_FETCH_ALLOW"),
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

    /// Whom an agent may buy from beyond the public web, and on which networks.
    pub(super) fn sellers(&mut self, flags: &ThirdPartyFlags) -> Result<SellerSettings, Failure> {
        let allowed = self.take("fetch_allow", flags.fetch_allow.clone(), NONE);
        let networks = self.take("x402_networks", flags.x402_networks.clone(), ALL);
        let fetch_allow = match &*allowed.value {
            NONE => AllowList::default(),
            text => AllowList::parse(text).map_err(|error| {
                invalid(format!("fetch_allow (from {}): {error}", allowed.origin))
            })?,
        };
        let wanted = "all, or a comma list of networks such as eip155:8453,nano:mainnet";
        let networks = networks.parse(wanted, parse_networks)?;
        Ok(SellerSettings { fetch_allow, networks })
    }
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
}
