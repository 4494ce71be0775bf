//! Third parties whose API is at a URL the owner may set, and who stands between the wallet and the network.
//!
//! Names are part of the ledger's format and of `config.toml`: never changed, only added to.

use std::fmt;
use std::str::FromStr;

/// Who answers for the network.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NetworkGateway {
    /// A node.
    #[default]
    Node,
    /// ifenpay, for an owner who has its API key and no node.
    Ifenpay,
}

/// A gateway nobody knows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the gateway is node or ifenpay")]
pub struct UnknownGateway;

impl NetworkGateway {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Ifenpay => "ifenpay",
        }
    }
}

impl FromStr for NetworkGateway {
    type Err = UnknownGateway;

    fn from_str(text: &str) -> Result<Self, UnknownGateway> {
        let mut all = [Self::Node, Self::Ifenpay].into_iter();
        all.find(|gateway| gateway.as_str() == text).ok_or(UnknownGateway)
    }
}

impl fmt::Display for NetworkGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A third party with an API at a URL the owner may set.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum ProviderApi {
    /// ifenpay.
    Ifenpay,
}

impl ProviderApi {
    /// All there are.
    pub const ALL: [Self; 1] = [Self::Ifenpay];

    /// Its name on the ledger.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ifenpay => "ifenpay",
        }
    }

    /// The setting of its URL.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Ifenpay => "ifenpay_api_url",
        }
    }

    /// Where it is unless the owner says otherwise; a sandbox wallet goes to its simulator then.
    pub const fn default_url(self) -> &'static str {
        match self {
            Self::Ifenpay => "https://api.ifenpay.com",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|provider| provider.name() == name)
    }
}
