//! How sellers are reached: behind the guard, and on the sandbox the simulated ones too.
//!
//! Nothing may be started before a seller is asked for, and no exception from the guard is made but for the simulators.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::simulators::{Simulated, Simulators};
use crate::engine::{Reach, ReachSellers};
use crate::failure::Failure;
use crate::fetch::{AllowList, BaseUrl, Client, GuestClient, Settings};
use crate::rails::x402::{ChainClient, SellerClient};

/// Made when the first seller is asked.
pub(super) struct Sellers {
    simulators: Option<Arc<dyn Simulators>>,
    reach: OnceCell<Reach>,
}

impl Sellers {
    /// Starts nothing yet.
    pub(super) fn new(simulators: Option<Arc<dyn Simulators>>) -> Self {
        Self { simulators, reach: OnceCell::new() }
    }

    async fn made(&self) -> Result<Reach, Failure> {
        let Some(simulators) = &self.simulators else {
            let guest = GuestClient::new(Settings::default(), AllowList::default());
            return Ok(Reach { sellers: SellerClient::new(guest), chain: None, example: None });
        };
        let base = simulators.base_url(Simulated::X402).await?;
        let origin = base.origin();
        let list = AllowList::parse(&origin).map_err(|error| unusable(&error.to_string()))?;
        let guest = GuestClient::new(Settings::default(), list);
        let rpc: BaseUrl = base.below("rpc", &[]);
        let client = Client::new(Settings::default());
        Ok(Reach {
            sellers: SellerClient::new(guest),
            chain: Some(ChainClient::new(client, rpc.into(), PLAY_CHAIN.to_owned())),
            example: Some(format!("{origin}v2/evm/weather")),
        })
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
