//! The tokens that may be paid: chain, contract, EIP-712 name and version, decimals.
//!
//! This module must never take anything of a token from a seller, nor let a row of the owner change one that is pinned.

use serde::{Deserialize, Serialize};

use crate::evm::{EvmAddress, TokenDomain};
use crate::limits;
use crate::money::Currency;

/// A token on a chain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Token {
    /// What its signatures are bound to.
    pub domain: TokenDomain,
    /// What it is counted as; its smallest unit is that of the currency.
    pub currency: Currency,
    /// Whether its chain is a test network.
    pub is_test: bool,
}

/// The pinned tokens and those the owner added.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Assets(Vec<Token>);

/// A token the owner adds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct AssetRow {
    /// The chain; CAIP-2 where it is text.
    #[serde(rename = "network", with = "chain_text")]
    pub chain_id: u64,
    /// The contract.
    pub address: EvmAddress,
    /// The contract's EIP-712 name.
    pub name: String,
    /// The version of its signatures.
    pub version: String,
    /// Decimals of its smallest unit: those of the currency.
    pub decimals: u8,
    /// The currency it is counted as.
    pub symbol: Currency,
    /// Whether its chain is a test network.
    pub test: bool,
}

/// A chain by its CAIP-2 name.
mod chain_text {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use crate::rails::x402::networks::chain_id;

    pub(super) fn serialize<S: Serializer>(chain: &u64, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(&format_args!("eip155:{chain}"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<u64, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(d)?;
        chain_id(&name).ok_or_else(|| de::Error::custom("a network is named such as eip155:8453"))
    }
}

/// Why the owner's tokens are not accepted.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AssetError {
    /// More than the table holds.
    #[error("{found} tokens were added, at most {} fit", limits::X402_ASSET_ROWS)]
    TooMany {
        /// How many there are.
        found: usize,
    },
    /// A token that is in the table already, as another one or a second time.
    #[error("the token {address} on chain {chain_id} is in the table already")]
    Known {
        /// The chain.
        chain_id: u64,
        /// The contract.
        address: EvmAddress,
    },
    /// Other decimals than its currency, or a currency whose decimals are not known.
    #[error("{symbol} is not counted in {decimals} decimals here")]
    Decimals {
        /// The currency.
        symbol: Currency,
        /// What the row says.
        decimals: u8,
    },
    /// A main network called a test network, or the other way round.
    #[error("chain {chain_id} is {}", realm(*is_test))]
    Realm {
        /// The chain.
        chain_id: u64,
        /// What it is.
        is_test: bool,
    },
    /// No contract, no chain, or a name that is empty or too long.
    #[error(
        "a token has a chain, a contract, a name and a version of at most {} bytes",
        limits::X402_TEXT_BYTES
    )]
    Malformed,
}

impl AssetRow {
    /// Its one text.
    ///
    /// # Panics
    /// Never: a row is plain data.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a row is plain JSON")
    }
}

impl Assets {
    /// The tokens this program knows: USDC where its issuer made it, and USDT on Celo.
    ///
    /// # Panics
    /// Never: the table is tested.
    pub fn pinned() -> Self {
        let token = |row: &Pinned| Token {
            domain: TokenDomain {
                name: row.name.to_owned(),
                version: row.version.to_owned(),
                chain_id: row.chain_id,
                contract: row.contract.parse().expect("a pinned contract is an address"),
            },
            currency: row.symbol.parse().expect("a pinned symbol is a currency"),
            is_test: row.is_test,
        };
        Self(PINNED.iter().map(token).collect())
    }

    /// Adds the owner's tokens.
    ///
    /// # Errors
    /// [`AssetError`].
    pub fn with(mut self, rows: &[AssetRow]) -> Result<Self, AssetError> {
        if rows.len() > limits::X402_ASSET_ROWS {
            return Err(AssetError::TooMany { found: rows.len() });
        }
        for row in rows {
            self.add(row)?;
        }
        Ok(self)
    }

    /// The token at a contract.
    pub fn find(&self, chain_id: u64, contract: &EvmAddress) -> Option<&Token> {
        let is_it = |token: &&Token| {
            token.domain.chain_id == chain_id && token.domain.contract == *contract
        };
        self.0.iter().find(is_it)
    }

    /// All of them, pinned ones first.
    pub fn all(&self) -> &[Token] {
        &self.0
    }

    fn add(&mut self, row: &AssetRow) -> Result<(), AssetError> {
        let AssetRow { chain_id, address, decimals, symbol, test, .. } = *row;
        let is_text = |text: &str| !text.is_empty() && text.len() <= limits::X402_TEXT_BYTES;
        if chain_id == 0
            || address == EvmAddress::ZERO
            || !is_text(&row.name)
            || !is_text(&row.version)
        {
            return Err(AssetError::Malformed);
        }
        if symbol == Currency::XNO || symbol.decimals() != Some(decimals.into()) {
            return Err(AssetError::Decimals { symbol, decimals });
        }
        let (name, version) = (row.name.clone(), row.version.clone());
        let domain = TokenDomain { name, version, chain_id, contract: address };
        let token = Token { domain, currency: symbol, is_test: test };
        if let Some(known) = self.find(chain_id, &address) {
            // A later version of this program may have come to know the owner's token.
            let is_pinned = self.0[..PINNED.len()].contains(known);
            return match is_pinned && *known == token {
                true => Ok(()),
                false => Err(AssetError::Known { chain_id, address }),
            };
        }
        let neighbour = self.0.iter().find(|token| token.domain.chain_id == chain_id);
        if let Some(is_test) =
            neighbour.map(|token| token.is_test).filter(|is_test| *is_test != test)
        {
            return Err(AssetError::Realm { chain_id, is_test });
        }
        self.0.push(token);
        Ok(())
    }
}

fn realm(is_test: bool) -> &'static str {
    if is_test { "a test network" } else { "no test network" }
}

struct Pinned {
    chain_id: u64,
    contract: &'static str,
    name: &'static str,
    version: &'static str,
    symbol: &'static str,
    is_test: bool,
}

const fn main_net(chain_id: u64, contract: &'static str, name: &'static str) -> Pinned {
    Pinned { chain_id, contract, name, version: "2", symbol: "USDC", is_test: false }
}

const fn test_net(chain_id: u64, contract: &'static str, name: &'static str) -> Pinned {
    Pinned { is_test: true, ..main_net(chain_id, contract, name) }
}

/// As npm `@x402/evm` 2.27.0 has them, of those that take EIP-3009 and are counted in a currency we know.
const PINNED: [Pinned; 15] = [
    main_net(1, "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "USD Coin"),
    main_net(50, "0xfA2958CB79b0491CC627c1557F441eF849Ca8eb1", "USDC"),
    test_net(51, "0xb5AB69F7bBada22B28e79C8FFAECe55eF1c771D4", "USDC"),
    main_net(137, "0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359", "USD Coin"),
    main_net(143, "0x754704Bc059F8C67012fEd69BC8A327a5aafb603", "USDC"),
    test_net(1_328, "0x4fCF1784B31630811181f670Aea7A7bEF803eaED", "USDC"),
    main_net(1_329, "0xe15fC38F6D8c56aF07bbCBe3BAf5708A2Bf42392", "USDC"),
    main_net(8_453, "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913", "USD Coin"),
    main_net(42_161, "0xaf88d065e77c8cC2239327C5EDb3A432268e5831", "USD Coin"),
    main_net(42_220, "0xcebA9300f2b948710d2653dD7B07f33A8B32118C", "USDC"),
    main_net(43_114, "0xB97EF9Ef8734C71904D8002F8b6Bc66Dd9c48a6E", "USD Coin"),
    test_net(84_532, "0x036CbD53842c5426634e7929541eC2318f3dCF7e", "USDC"),
    test_net(421_614, "0x75faf114eafb1BDbe2F0316DF893fd58CE46AA4d", "USD Coin"),
    test_net(11_142_220, "0x01C5C0122039549AD1493B8220cABEdD739BC44E", "USDC"),
    Pinned {
        chain_id: 42_220,
        contract: "0x48065fbBE25f71C9282ddf5e1cD6D6A887483D5e",
        name: "Tether USD",
        version: "1",
        symbol: "USDT",
        is_test: false,
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Official {
        asset: String,
        name: String,
        version: String,
        decimals: usize,
        symbol: String,
        asset_transfer_method: Option<String>,
    }

    fn official() -> BTreeMap<String, Vec<Official>> {
        #[derive(Deserialize)]
        struct Vector {
            default_assets: BTreeMap<String, Vec<Official>>,
        }
        let text = include_str!("../../../tests/vectors/x402/x402-assets.json");
        serde_json::from_str::<Vector>(text).unwrap().default_assets
    }

    #[test]
    fn every_pinned_row_is_the_official_one_and_no_usdc_is_missing() {
        let official = official();
        for token in Assets::pinned().all() {
            let rows = &official[&format!("eip155:{}", token.domain.chain_id)];
            let contract = token.domain.contract.to_string();
            let row = rows.iter().find(|row| row.asset == contract).expect(&contract);
            assert_eq!(
                (&token.domain.name, &token.domain.version, token.currency.as_str()),
                (&row.name, &row.version, row.symbol.as_str())
            );
            assert_eq!(token.currency.decimals(), Some(row.decimals));
            assert!(row.asset_transfer_method.is_none());
        }
        let is_usdc = |row: &&Official| row.symbol == "USDC" && row.asset_transfer_method.is_none();
        let usdc = official.values().flatten().filter(is_usdc).count();
        assert_eq!(usdc + 1, Assets::pinned().all().len());
    }

    fn row() -> AssetRow {
        AssetRow {
            chain_id: 31_337,
            address: EvmAddress::from_bytes([1; 20]),
            name: "USD Coin".to_owned(),
            version: "2".to_owned(),
            decimals: 6,
            symbol: "USDC".parse().unwrap(),
            test: true,
        }
    }

    #[test]
    fn the_owner_adds_tokens_and_changes_none() {
        let assets = Assets::pinned().with(&[row()]).unwrap();
        let found = assets.find(31_337, &row().address).unwrap();
        assert!(found.is_test && found.domain.name == "USD Coin");
        assert!(assets.find(31_338, &row().address).is_none());

        let with = |row: AssetRow| Assets::pinned().with(&[row]).unwrap_err();
        let pinned = Assets::pinned().all()[0].domain.contract;
        assert!(matches!(
            with(AssetRow { chain_id: 1, address: pinned, ..row() }),
            AssetError::Known { chain_id: 1, .. }
        ));
        let same = AssetRow { chain_id: 1, address: pinned, test: false, ..row() };
        let changed = AssetRow { version: "1".to_owned(), ..same.clone() };
        assert_eq!(Assets::pinned().with(&[same]).unwrap(), Assets::pinned());
        assert!(matches!(with(changed), AssetError::Known { chain_id: 1, .. }));
        assert!(matches!(with(AssetRow { decimals: 18, ..row() }), AssetError::Decimals { .. }));
        let unknown = "MEGAUSD".parse().unwrap();
        assert!(matches!(with(AssetRow { symbol: unknown, ..row() }), AssetError::Decimals { .. }));
        let nano = AssetRow { symbol: Currency::XNO, decimals: 30, ..row() };
        assert!(matches!(with(nano), AssetError::Decimals { .. }));
        assert!(matches!(
            with(AssetRow { chain_id: 8_453, ..row() }),
            AssetError::Realm { is_test: false, .. }
        ));
        for malformed in [
            AssetRow { chain_id: 0, ..row() },
            AssetRow { address: EvmAddress::ZERO, ..row() },
            AssetRow { name: String::new(), ..row() },
            AssetRow { version: "x".repeat(limits::X402_TEXT_BYTES + 1), ..row() },
        ] {
            assert_eq!(with(malformed), AssetError::Malformed);
        }
        let longest = AssetRow { name: "x".repeat(limits::X402_TEXT_BYTES), ..row() };
        assert!(Assets::pinned().with(&[longest]).is_ok());
    }

    #[test]
    fn the_table_has_an_end() {
        let rows = |count: usize| -> Vec<AssetRow> {
            (1..=count)
                .map(|chain| AssetRow { chain_id: 900_000 + chain as u64, ..row() })
                .collect()
        };
        assert!(Assets::pinned().with(&rows(limits::X402_ASSET_ROWS)).is_ok());
        let found = limits::X402_ASSET_ROWS + 1;
        let error = Assets::pinned().with(&rows(found)).unwrap_err();
        assert_eq!(error, AssetError::TooMany { found });
    }

    #[test]
    fn a_row_is_read_strictly() {
        let text = serde_json::to_string(&row()).unwrap();
        assert_eq!(serde_json::from_str::<AssetRow>(&text).unwrap(), row());
        let address = row().address.to_string();
        let mistyped = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD";
        for bad in [
            text.replace("\"test\":true", "\"test\":1"),
            text.replace("}", ",\"x\":1}"),
            text.replace("}", ",\"test\":true}"),
            text.replace("eip155:31337", "eip155:031337"),
            text.replace("\"eip155:31337\"", "31337"),
            text.replace("eip155:31337", "base"),
            text.replace(&address, mistyped),
            text.replace(&address, &address[..41]),
            text.replace("\"decimals\":6", "\"decimals\":256"),
            text.replace("\"decimals\":6", "\"decimals\":-6"),
            text.replace("\"decimals\":6", "\"decimals\":\"6\""),
            text.replace("\"symbol\":\"USDC\"", "\"symbol\":\"\""),
            text.replace(",\"version\":\"2\"", ""),
        ] {
            assert!(serde_json::from_str::<AssetRow>(&bad).is_err(), "{bad}");
        }
    }
}
