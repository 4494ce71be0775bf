//! How a network is reached: what the owner set, what this process was told, and which of the two counts.
//!
//! On live only what stands on the ledger counts: a host's environment must never point a wallet at another node. The
//! ledger has scheme, host and port; what is secret in a URL is in a file of its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::boot::Boot;
use super::endpoint::{Endpoint, Speaks};
use super::home::{Home, files};
use super::provider_place::{NetworkGateway, ProviderApi};
use crate::books::{Body, NetworkInForce, NetworkPlaces};
use crate::engine::store_failure;
use crate::failure::{Failure, Retry};
use crate::fetch::AllowList;
use crate::nano::Network;
use crate::rails::x402::{AssetRow, is_chain_name};
use crate::store::Store;

/// Where the network is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Reach {
    /// Who answers for the network; a node where nothing is said.
    pub gateway: Option<NetworkGateway>,
    /// Node RPC, in order of preference.
    pub node_urls: Vec<Endpoint>,
    /// The node's websocket.
    pub node_ws: Option<Endpoint>,
    /// Work servers.
    pub work_urls: Vec<Endpoint>,
    /// APIs of third parties that are elsewhere than by default.
    pub provider_urls: BTreeMap<ProviderApi, Endpoint>,
    /// Nodes of EVM chains by CAIP-2 name; on the ledger they stand among the APIs.
    pub chain_urls: BTreeMap<String, Endpoint>,
    /// Origins that agents may name though they are private or without TLS.
    pub fetch_allow: AllowList,
    /// Tokens the owner added to those sellers may be paid in.
    pub x402_assets: Vec<AssetRow>,
    /// A running sandbox to join.
    pub sandbox_url: Option<Endpoint>,
}

impl Reach {
    /// Whether anything about a real network is said.
    pub fn is_empty(&self) -> bool {
        self.gateway.is_none()
            && self.urls().next().is_none()
            && self.fetch_allow.is_empty()
            && self.x402_assets.is_empty()
    }

    /// Whether ifenpay answers for the network.
    pub fn is_through_ifenpay(&self) -> bool {
        self.gateway == Some(NetworkGateway::Ifenpay)
    }

    /// Every URL of a real network and of third parties.
    fn urls(&self) -> impl Iterator<Item = &Endpoint> {
        let network = self.node_urls.iter().chain(&self.node_ws).chain(&self.work_urls);
        network.chain(self.provider_urls.values()).chain(self.chain_urls.values())
    }

    /// The event that puts it in force.
    pub(super) fn event(&self) -> Body {
        let public = |all: &[Endpoint]| all.iter().map(|one| one.public().to_owned()).collect();
        Body::NetworkConfigured(NetworkPlaces {
            gateway: self.gateway.unwrap_or_default().to_string(),
            node_urls: public(&self.node_urls),
            node_ws: self.node_ws.as_ref().map(|one| one.public().to_owned()),
            work_urls: public(&self.work_urls),
            provider_urls: self.provider_texts(Endpoint::public),
            fetch_allow: self.fetch_allow.origins().map(str::to_owned).collect(),
            x402_assets: self.x402_assets.iter().map(AssetRow::to_json).collect(),
        })
    }

    /// Keeps what the ledger must not hold. Written before the event, so that a crash between the two is noticed.
    pub(super) fn keep_secret_parts(&self, home: &Home) -> Result<(), Failure> {
        if !self.urls().any(Endpoint::hides) && !home.path(files::NODE_ACCESS).exists() {
            return Ok(());
        }
        let whole = |all: &[Endpoint]| all.iter().map(|one| one.expose().to_owned()).collect();
        let access = Access {
            version: ACCESS_VERSION,
            node_urls: whole(&self.node_urls),
            node_ws: self.node_ws.as_ref().map(|one| one.expose().to_owned()),
            work_urls: whole(&self.work_urls),
            provider_urls: self.provider_texts(Endpoint::expose),
        };
        let text = serde_json::to_string_pretty(&access).expect("a list of texts is plain JSON");
        Ok(home.write(files::NODE_ACCESS, &Zeroizing::new(text))?)
    }

    /// What is in force, with its secret parts.
    pub(super) fn in_force(row: &NetworkInForce, home: &Home) -> Result<Self, Failure> {
        let access = match home.read(files::NODE_ACCESS)? {
            Some(text) => Access::parse(&Zeroizing::new(text))?,
            None => Access {
                version: ACCESS_VERSION,
                node_urls: row.node_urls.clone(),
                node_ws: row.node_ws.clone(),
                work_urls: row.work_urls.clone(),
                provider_urls: row.provider_urls.clone(),
            },
        };
        let is_whole = home.path(files::NODE_ACCESS).exists();
        let read = |texts: &[String], speaks, public: &[String]| {
            let urls = texts.iter().map(|text| Endpoint::parse(text, speaks));
            let urls: Result<Vec<_>, _> = urls.collect();
            let urls = urls.map_err(|_| misfit())?;
            // Another host in the file than on the ledger is not what the owner put in force.
            let same = urls.iter().map(Endpoint::public).eq(public.iter().map(String::as_str));
            // Without the file there is only the mark of what was hidden.
            if same && (is_whole || !urls.iter().any(Endpoint::hides)) {
                Ok(urls)
            } else {
                Err(misfit())
            }
        };
        let one = |text: &Option<String>| text.iter().cloned().collect::<Vec<_>>();
        let node_ws = read(&one(&access.node_ws), Speaks::WebSocket, &one(&row.node_ws))?;
        if !access.provider_urls.keys().eq(row.provider_urls.keys()) {
            return Err(misfit());
        }
        let (mut provider_urls, mut chain_urls) = (BTreeMap::new(), BTreeMap::new());
        for ((name, text), public) in access.provider_urls.iter().zip(row.provider_urls.values()) {
            let url = read(std::slice::from_ref(text), Speaks::Http, std::slice::from_ref(public))?;
            if is_chain_name(name) {
                chain_urls.extend(url.into_iter().map(|url| (name.clone(), url)));
                continue;
            }
            let provider = ProviderApi::named(name).ok_or_else(misfit)?;
            provider_urls.extend(url.into_iter().map(|url| (provider, url)));
        }
        Ok(Self {
            gateway: Some(row.gateway.parse().map_err(|_| misfit())?),
            provider_urls,
            chain_urls,
            node_urls: read(&access.node_urls, Speaks::Http, &row.node_urls)?,
            node_ws: node_ws.into_iter().next(),
            work_urls: read(&access.work_urls, Speaks::Http, &row.work_urls)?,
            fetch_allow: AllowList::parse(&row.fetch_allow.join(",")).map_err(|_| unread())?,
            x402_assets: row
                .x402_assets
                .iter()
                .map(|text| serde_json::from_str(text).map_err(|_| unread()))
                .collect::<Result<_, _>>()?,
            sandbox_url: None,
        })
    }

    /// The first setting that asks for something else than `in_force`.
    fn contradicts(&self, in_force: &Self) -> Option<&'static str> {
        let list = |asked: &[Endpoint], set: &[Endpoint]| !asked.is_empty() && asked != set;
        if list(&self.node_urls, &in_force.node_urls) {
            return Some("node_url");
        }
        if self.node_ws.is_some() && self.node_ws != in_force.node_ws {
            return Some("node_ws");
        }
        if list(&self.work_urls, &in_force.work_urls) {
            return Some("work_url");
        }
        if self.gateway.is_some_and(|asked| asked != in_force.gateway.unwrap_or_default()) {
            return Some("gateway");
        }
        let mut chains = self.chain_urls.iter();
        if chains.any(|(chain, asked)| in_force.chain_urls.get(chain) != Some(asked)) {
            return Some("evm_rpc");
        }
        if !self.fetch_allow.is_within(&in_force.fetch_allow) {
            return Some("fetch_allow");
        }
        if self.x402_assets.iter().any(|asked| !in_force.x402_assets.contains(asked)) {
            return Some("x402_assets");
        }
        let other = self.provider_urls.iter().find(|(provider, asked)| {
            let default = || Endpoint::parse(provider.default_url(), Speaks::Http).ok();
            in_force.provider_urls.get(provider).cloned().or_else(default).as_ref() != Some(*asked)
        });
        other.map(|(provider, _)| provider.setting())
    }

    fn provider_texts(&self, text: impl Fn(&Endpoint) -> &str) -> BTreeMap<String, String> {
        let providers = self.provider_urls.iter().map(|(provider, url)| (provider.name(), url));
        let chains = self.chain_urls.iter().map(|(chain, url)| (chain.as_str(), url));
        let texts = providers.chain(chains);
        texts.map(|(name, url)| (name.to_owned(), text(url).to_owned())).collect()
    }

    /// What this process was told, completed by what is in force.
    pub(super) fn or(&self, in_force: Self) -> Self {
        let list = |asked: &[Endpoint], set: Vec<Endpoint>| match asked {
            [] => set,
            asked => asked.to_vec(),
        };
        let mut provider_urls = in_force.provider_urls;
        provider_urls.extend(self.provider_urls.clone());
        let mut chain_urls = in_force.chain_urls;
        chain_urls.extend(self.chain_urls.clone());
        Self {
            gateway: self.gateway.or(in_force.gateway),
            provider_urls,
            chain_urls,
            node_urls: list(&self.node_urls, in_force.node_urls),
            node_ws: self.node_ws.clone().or(in_force.node_ws),
            work_urls: list(&self.work_urls, in_force.work_urls),
            fetch_allow: match self.fetch_allow.is_empty() {
                true => in_force.fetch_allow,
                false => self.fetch_allow.clone(),
            },
            x402_assets: match &*self.x402_assets {
                [] => in_force.x402_assets,
                asked => asked.to_vec(),
            },
            sandbox_url: self.sandbox_url.clone(),
        }
    }
}

impl Boot {
    /// What counts for this start.
    ///
    /// # Errors
    /// `NETWORK_FIXED` when this process was told something else on live; `NODE_ACCESS_UNUSABLE`.
    pub(super) fn reach_in_force(&self, store: &Store) -> Result<Reach, Failure> {
        let row = store.read(|view| view.network()).map_err(|e| store_failure(&e))?;
        let in_force = match row {
            Some(row) => Reach::in_force(&row, &self.home)?,
            None => Reach::default(),
        };
        match self.network {
            Network::Live => match self.reach.contradicts(&in_force) {
                Some(setting) => Err(fixed(setting)),
                None => Ok(in_force),
            },
            Network::Sandbox | Network::Dev | Network::Beta => Ok(self.reach.or(in_force)),
        }
    }
}

/// `node-access.json`.
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Access {
    version: u32,
    node_urls: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    node_ws: Option<String>,
    work_urls: Vec<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    provider_urls: BTreeMap<String, String>,
}

impl Access {
    /// The words of an error never quote the file.
    fn parse(text: &str) -> Result<Self, Failure> {
        let access: Option<Self> = serde_json::from_str(text).ok();
        access.filter(|access| access.version == ACCESS_VERSION).ok_or_else(misfit)
    }
}

fn fixed(setting: &str) -> Failure {
    let message =
        format!("{setting} is another than the one this wallet has in force, and this is live");
    Failure::refused("NETWORK_FIXED", message)
        .hint("Take the setting away, or change it for good with `paywarden network set` and the same settings")
        .retry(Retry::AfterOperator)
}

fn misfit() -> Failure {
    let message = format!("{} does not fit what is on the ledger", files::NODE_ACCESS);
    Failure::internal("NODE_ACCESS_UNUSABLE", message).hint(
        "Put it back from a backup, or run `paywarden network set` with the URLs of your node",
    )
}

fn unread() -> Failure {
    let message = "the ledger's word on how the network is reached cannot be read";
    Failure::internal("STORE_CORRUPT", message)
        .hint("Run `paywarden network set` with what is to be in force")
}

const ACCESS_VERSION: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Millis;

    fn reach(urls: &[&str]) -> Reach {
        let urls = urls.iter().map(|url| Endpoint::parse(url, Speaks::Http).unwrap());
        let gateway = Some(NetworkGateway::Node);
        Reach { gateway, node_urls: urls.collect(), ..Reach::default() }
    }

    fn row(reach: &Reach) -> NetworkInForce {
        let Body::NetworkConfigured(places) = reach.event() else { panic!("another event") };
        NetworkInForce::new(places, Millis(0))
    }

    #[test]
    fn secrets_of_urls_are_kept_beside_the_ledger_and_bound_to_it() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().to_owned());
        let given = reach(&["https://rpc.example/hunter2", "http://localhost:7076"]);
        given.keep_secret_parts(&home).unwrap();
        let row = row(&given);
        assert!(!format!("{row:?} {given:?}").contains("hunter2"));
        assert_eq!(Reach::in_force(&row, &home).unwrap(), given);
        assert_eq!(given.contradicts(&given), None);
        assert_eq!(Reach::default().contradicts(&given), None);
        let other = reach(&["https://rpc.example/hunter3", "http://localhost:7076"]);
        assert_eq!(other.contradicts(&given), Some("node_url"));
        // A file that names another host is not what the owner put in force.
        let text = std::fs::read_to_string(home.path(files::NODE_ACCESS)).unwrap();
        std::fs::write(home.path(files::NODE_ACCESS), text.replace("rpc.example", "evil.example"))
            .unwrap();
        let failure = Reach::in_force(&row, &home).unwrap_err();
        assert_eq!(failure.code, "NODE_ACCESS_UNUSABLE");
        assert!(!failure.to_string().contains("hunter2"));
        std::fs::remove_file(home.path(files::NODE_ACCESS)).unwrap();
        assert!(Reach::in_force(&row, &home).is_err(), "the key is gone, which must be said");
    }

    #[test]
    fn urls_without_secrets_need_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().to_owned());
        let given = reach(&["http://localhost:7076"]);
        given.keep_secret_parts(&home).unwrap();
        assert!(!home.path(files::NODE_ACCESS).exists());
        assert_eq!(Reach::in_force(&row(&given), &home).unwrap(), given);
    }

    #[test]
    fn nodes_of_chains_are_kept_beside_the_apis_and_fixed_like_them() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().to_owned());
        let at = |url: &str| {
            let url = Endpoint::parse(url, Speaks::Http).unwrap();
            let chain_urls = BTreeMap::from([("eip155:8453".to_owned(), url)]);
            Reach { gateway: Some(NetworkGateway::Node), chain_urls, ..Reach::default() }
        };
        let given = at("https://rpc.example/hunter2");
        given.keep_secret_parts(&home).unwrap();
        let row = row(&given);
        assert!(!format!("{row:?} {given:?}").contains("hunter2"));
        let found = Reach::in_force(&row, &home).unwrap();
        assert_eq!((&found, given.contradicts(&found)), (&given, None));
        for other in [&found, &Reach::default()] {
            assert_eq!(at("https://rpc.example/other").contradicts(other), Some("evm_rpc"));
        }
        assert_eq!(Reach::default().or(found), given);
    }

    #[test]
    fn what_widens_whom_an_agent_may_pay_is_kept_and_fixed() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().to_owned());
        let token = |symbol: &str| -> AssetRow {
            let row = serde_json::json!({
                "network": "eip155:8453", "address": "0x0101010101010101010101010101010101010101",
                "name": "Coin", "version": "1", "decimals": 6, "symbol": symbol, "test": false,
            });
            serde_json::from_value(row).unwrap()
        };
        let allow = |text: &str| AllowList::parse(text).unwrap();
        let at = |fetch_allow, x402_assets| {
            let gateway = Some(NetworkGateway::Node);
            Reach { gateway, fetch_allow, x402_assets, ..Reach::default() }
        };
        let given = at(allow("http://10.0.0.1,http://10.0.0.2"), vec![token("USDC")]);
        assert!(!Reach { gateway: None, ..given.clone() }.is_empty());
        let found = Reach::in_force(&row(&given), &home).unwrap();
        assert_eq!((&found, given.contradicts(&found)), (&given, None));
        let less = at(allow("http://10.0.0.2"), Vec::new());
        assert_eq!(less.contradicts(&found), None);
        for (asked, setting) in [
            (at(allow("http://10.0.0.3"), Vec::new()), "fetch_allow"),
            (at(AllowList::default(), vec![token("USDT")]), "x402_assets"),
        ] {
            assert_eq!(asked.contradicts(&found), Some(setting));
            assert_eq!(asked.contradicts(&Reach::default()), Some(setting));
        }
        assert_eq!(Reach::default().or(found.clone()), found);
        assert_eq!(less.or(found.clone()).fetch_allow, allow("http://10.0.0.2"));
        for broken in ["{}", "[]", ""] {
            let row = NetworkInForce { x402_assets: vec![broken.to_owned()], ..row(&given) };
            assert_eq!(Reach::in_force(&row, &home).unwrap_err().code, "STORE_CORRUPT");
        }
    }

    #[test]
    fn gateway_and_third_parties_are_kept_and_compared_like_nodes() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().to_owned());
        let at = |url: &str| {
            let url = Endpoint::parse(url, Speaks::Http).unwrap();
            BTreeMap::from([(ProviderApi::Ifenpay, url)])
        };
        let gateway = Some(NetworkGateway::Ifenpay);
        let provider_urls = at("https://api.example/hunter2");
        let given = Reach { gateway, provider_urls, ..Reach::default() };
        given.keep_secret_parts(&home).unwrap();
        let row = row(&given);
        assert!(!format!("{row:?} {given:?}").contains("hunter2"));
        let found = Reach::in_force(&row, &home).unwrap();
        assert_eq!((&found, found.contradicts(&given)), (&given, None));
        let node = Reach { gateway: Some(NetworkGateway::Node), ..Reach::default() };
        assert_eq!(node.contradicts(&found), Some("gateway"));
        let other = Reach { provider_urls: at("https://api.example/hunter3"), ..Reach::default() };
        assert_eq!(other.contradicts(&found), Some("ifenpay_api_url"));
        // Where nothing is in force, the place everybody knows is.
        let usual = Reach { provider_urls: at("https://api.ifenpay.com/"), ..Reach::default() };
        assert_eq!(usual.contradicts(&Reach::default()), None);
        assert_eq!(other.contradicts(&Reach::default()), Some("ifenpay_api_url"));
        std::fs::remove_file(home.path(files::NODE_ACCESS)).unwrap();
        assert!(Reach::in_force(&row, &home).is_err());
    }
}
