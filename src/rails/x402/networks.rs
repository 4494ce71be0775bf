//! What networks are called: CAIP-2 in version 2, short names in version 1.
//!
//! This module must never guess a network from a name that is not in its table.

use crate::nano::Network;

/// The Nano network of a wallet as x402 calls it. Only `nano:mainnet` is used in public.
pub const fn nano_network(network: Network) -> &'static str {
    match network {
        Network::Sandbox => "nano:sandbox",
        Network::Dev => "nano:dev",
        Network::Beta => "nano:testnet",
        Network::Live => "nano:mainnet",
    }
}

/// Whether it is the CAIP-2 name of an EVM network, in its one spelling.
pub fn is_chain_name(name: &str) -> bool {
    chain_id(name).is_some()
}

/// The chain of a network's name; `None` if it is no EVM network.
pub(super) fn chain_id(network: &str) -> Option<u64> {
    let digits = network.strip_prefix("eip155:")?;
    let is_plain = !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_plain)
}

/// The CAIP-2 name of what version 1 calls `name`; a name that is one already stays.
pub(super) fn caip_2(name: &str) -> Option<String> {
    if name.contains(':') {
        return Some(name.to_owned());
    }
    let (_, chain) = V1_NETWORKS.iter().find(|(known, _)| *known == name)?;
    Some(format!("eip155:{chain}"))
}

/// As npm `@x402/evm` 2.27.0 has them.
const V1_NETWORKS: [(&str, u64); 23] = [
    ("ethereum", 1),
    ("sepolia", 11_155_111),
    ("abstract", 2_741),
    ("abstract-testnet", 11_124),
    ("base-sepolia", 84_532),
    ("base", 8_453),
    ("avalanche-fuji", 43_113),
    ("avalanche", 43_114),
    ("iotex", 4_689),
    ("sei", 1_329),
    ("sei-testnet", 1_328),
    ("polygon", 137),
    ("polygon-amoy", 80_002),
    ("peaq", 3_338),
    ("story", 1_514),
    ("educhain", 41_923),
    ("skale-base-sepolia", 324_705_682),
    ("megaeth", 4_326),
    ("monad", 143),
    ("stable", 988),
    ("stable-testnet", 2_201),
    ("celo", 42_220),
    ("flare", 14),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_names_of_version_1_are_the_official_packages() {
        #[derive(serde::Deserialize)]
        struct Vector {
            v1_networks: BTreeMap<String, u64>,
        }
        let text = include_str!("../../../tests/vectors/x402/x402-assets.json");
        let vector: Vector = serde_json::from_str(text).unwrap();
        let ours: BTreeMap<String, u64> =
            V1_NETWORKS.iter().map(|(name, chain)| ((*name).to_owned(), *chain)).collect();
        assert_eq!(ours, vector.v1_networks);
    }

    #[test]
    fn a_chain_has_one_spelling() {
        assert_eq!(chain_id("eip155:8453"), Some(8_453));
        for bad in ["eip155:08453", "eip155:+8453", "eip155:", "eip155:0", "EIP155:1", "base", "1"]
        {
            assert_eq!(chain_id(bad), None, "{bad}");
        }
        assert_eq!(chain_id("eip155:18446744073709551616"), None);
        assert_eq!(caip_2("base-sepolia").as_deref(), Some("eip155:84532"));
        assert_eq!(caip_2("eip155:1").as_deref(), Some("eip155:1"));
        assert_eq!(caip_2("Base"), None);
    }
}
