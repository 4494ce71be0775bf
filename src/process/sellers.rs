//! How sellers are reached: behind the guard, and on the sandbox the simulated ones too.
//!
//! Nothing may be started before a seller is asked for, and no exception from the guard is made but for the simulators.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::boot::{Boot, Surroundings};
use super::home::files;
use super::reach::Reach as Places;
use super::simulators::{Simulated, Simulators};
use crate::engine::{Reach, ReachSellers, X402Settings};
use crate::failure::{Failure, Retry};
use crate::fetch::{
    AllowList, BaseUrl, Client, Endpoint, GuestClient, PlainText, Settings, WebPlace,
};
use crate::rails::x402::{Assets, ChainClient, SellerClient};

/// What the owner set about sellers.
#[derive(Clone, Debug, Default)]
pub struct SellerSettings {
    /// CAIP-2 names of the networks they are paid on; `None` for all that fit the wallet.
    pub networks: Option<Vec<String>>,
}

impl Boot {
    /// How sellers are paid.
    ///
    /// # Errors
    /// `CONFIG_INVALID`: a chain's node cannot be asked at its URL, or a token of the owner's is pinned already.
    pub(super) fn sellers(
        &self,
        places: &Places,
        surroundings: &Surroundings,
    ) -> Result<X402Settings, Failure> {
        let chains = places.chain_urls.iter().map(|(chain, url)| {
            let base = BaseUrl::parse(url.expose(), PlainText::Anywhere);
            let base = base.map_err(|error| {
                Failure::invalid("CONFIG_INVALID", format!("evm_rpc for {chain}: {error}"))
                    .retry(Retry::AfterOperator)
            })?;
            Ok((chain.clone(), base.into()))
        });
        let sellers = Sellers {
            simulators: surroundings.simulators.clone(),
            allowed: places.fetch_allow.clone(),
            chains: chains.collect::<Result<_, Failure>>()?,
            reach: OnceCell::new(),
        };
        let assets = Assets::pinned().with(&places.x402_assets).map_err(|error| {
            Failure::invalid("CONFIG_INVALID", format!("x402_assets: {error}"))
                .retry(Retry::AfterOperator)
        })?;
        Ok(X402Settings {
            reach: Arc::new(sellers),
            assets,
            networks: self.third_parties.sellers.networks.clone(),
            downloads: Some(self.home.path(files::DOWNLOADS)),
        })
    }
}

/// Made when the first seller is asked.
struct Sellers {
    simulators: Option<Arc<dyn Simulators>>,
    allowed: AllowList,
    chains: Vec<(String, Endpoint)>,
    reach: OnceCell<Reach>,
}

impl Sellers {
    async fn made(&self) -> Result<Reach, Failure> {
        let client = Client::new(Settings::default());
        let chain = |(chain, url): &(String, Endpoint)| {
            ChainClient::new(client.clone(), url.clone(), chain.clone())
        };
        let mut chains: Vec<ChainClient> = self.chains.iter().map(chain).collect();
        let (mut allowed, mut example) = (self.allowed.clone(), None);
        if let Some(simulators) = &self.simulators {
            let base = simulators.base_url(Simulated::X402).await?;
            let origin = base.origin();
            let by_token = simulators.base_url(Simulated::MppSeller).await?.origin();
            let both = format!("{origin},{by_token}");
            allowed = allowed.and(AllowList::parse(&both).map_err(|e| unusable(&e.to_string()))?);
            let rpc: BaseUrl = base.below("rpc", &[]);
            let place = WebPlace::parse(&origin).ok_or_else(|| unusable("no URL"))?;
            let play = ChainClient::new(client, rpc.into(), PLAY_CHAIN.to_owned());
            // What is paid to the simulated sellers is on the play chain, whatever else was set for its name; a seller
            // from elsewhere is not.
            chains.insert(0, play.only_for_sellers_at(&place));
            example = Some(format!("{origin}v2/evm/weather"));
        }
        let guest = GuestClient::new(Settings::default(), allowed);
        Ok(Reach { sellers: SellerClient::new(guest), chains, example })
    }
}

#[async_trait]
impl ReachSellers for Sellers {
    async fn reach(&self) -> Result<Reach, Failure> {
        self.reach.get_or_try_init(|| self.made()).await.cloned()
    }
}

impl fmt::Debug for Sellers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sellers").field("simulators", &self.simulators).finish_non_exhaustive()
    }
}

fn unusable(why: &str) -> Failure {
    let message = format!("the sandbox's sellers cannot be asked: {why}");
    Failure::unavailable("SIMULATOR_UNAVAILABLE", message)
}

/// The chain that the sandbox simulates.
const PLAY_CHAIN: &str = "eip155:84532";
