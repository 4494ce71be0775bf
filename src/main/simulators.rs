//! The simulators of a sandbox wallet: in its process on free loopback ports, or beside the sandbox it has joined.
//!
//! None may run before it is asked for, nor outlive the wallet.

use std::sync::Arc;

use async_trait::async_trait;
use paywarden::failure::Failure;
use paywarden::fetch::{BaseUrl, PlainText};
use paywarden::process::{Endpoint, NanswapSecrets, Simulated, SimulatedShop, Simulators};
use paywarden::sandbox::acp::AcpMerchant;
use paywarden::sandbox::nano::SandboxNode;
use paywarden::sandbox::nanswap::Nanswap;
use paywarden::sandbox::stripe::Stripe;
use paywarden::sandbox::{Service, Serving, serve_beside};
use paywarden::secret::Secret;
use tokio::sync::OnceCell;

/// Those of this process, over the wallet's own ledger.
pub(crate) fn in_process(node: SandboxNode) -> Arc<dyn Simulators> {
    Arc::new(InProcess { node, serving: OnceCell::new() })
}

/// Those of the sandbox whose node is at `url`.
pub(crate) fn joined(url: Endpoint) -> Arc<dyn Simulators> {
    Arc::new(Joined { url })
}

#[derive(Debug)]
struct InProcess {
    node: SandboxNode,
    serving: OnceCell<Serving>,
}

#[derive(Debug)]
struct Joined {
    url: Endpoint,
}

#[async_trait]
impl Simulators for InProcess {
    async fn base_url(&self, service: Simulated) -> Result<BaseUrl, Failure> {
        let start = || async { serve_beside(self.node.clone()).await };
        let serving = self.serving.get_or_try_init(start).await;
        let serving = serving.map_err(|error| unavailable(&error.to_string()))?;
        base_url(serving.url(served(service)))
    }

    fn shop(&self) -> SimulatedShop {
        shop()
    }

    fn nanswap_secrets(&self) -> NanswapSecrets {
        secrets()
    }
}

#[async_trait]
impl Simulators for Joined {
    async fn base_url(&self, service: Simulated) -> Result<BaseUrl, Failure> {
        let place = self.url.port_after(served(service).offset());
        let place = place.ok_or_else(|| unavailable(&format!("{} leaves no port", self.url)))?;
        base_url(place.expose())
    }

    fn shop(&self) -> SimulatedShop {
        shop()
    }

    fn nanswap_secrets(&self) -> NanswapSecrets {
        secrets()
    }
}

fn shop() -> SimulatedShop {
    SimulatedShop {
        merchant_id: AcpMerchant::ID,
        profile: AcpMerchant::PROFILE,
        token: Secret::new(AcpMerchant::TOKEN.to_owned()),
        stripe_key: Secret::new(Stripe::KEY.to_owned()),
    }
}

fn secrets() -> NanswapSecrets {
    let secret = |text: &str| Secret::new(text.to_owned());
    NanswapSecrets { key: secret(Nanswap::KEY), webhook: secret(Nanswap::WEBHOOK_SECRET) }
}

fn served(service: Simulated) -> Service {
    match service {
        Simulated::Ifenpay => Service::Ifenpay,
        Simulated::Nicky => Service::Nicky,
        Simulated::Nanswap => Service::Nanswap,
        Simulated::Stripe => Service::Stripe,
        Simulated::AcpMerchant => Service::AcpMerchant,
        Simulated::MppSeller => Service::MppSeller,
        Simulated::X402 => Service::X402,
    }
}

fn base_url(text: &str) -> Result<BaseUrl, Failure> {
    BaseUrl::parse(text, PlainText::Anywhere).map_err(|error| unavailable(&error.to_string()))
}

fn unavailable(why: &str) -> Failure {
    let message = format!("the sandbox cannot serve its simulators: {why}");
    Failure::unavailable("SIMULATOR_UNAVAILABLE", message)
        .hint("`paywarden sandbox` serves them all from port 47100 on; join it with PAYWARDEN_SANDBOX_URL")
}

#[cfg(test)]
mod tests {
    use paywarden::clock::SystemClock;
    use paywarden::fetch::{Client, Settings};
    use paywarden::network::gateway::Upstream;
    use paywarden::process::Speaks;
    use paywarden::providers::ifenpay::Ifenpay;
    use paywarden::sandbox::nano::Config;

    use super::*;

    #[tokio::test]
    async fn those_of_the_process_start_once_over_one_ledger() {
        let clock = Arc::new(SystemClock);
        let node = SandboxNode::new(Config::default(), clock.clone());
        let simulators = in_process(node);
        let first = simulators.base_url(Simulated::Ifenpay).await.unwrap();
        let again = simulators.base_url(Simulated::Ifenpay).await.unwrap();
        let other = simulators.base_url(Simulated::Nicky).await.unwrap();
        assert_eq!(first.origin(), again.origin());
        assert_ne!(first.origin(), other.origin());
        let client = Client::new(Settings::default());
        let ifenpay = Ifenpay::new(Upstream::new(client, first, None, clock));
        assert!(ifenpay.register().await.unwrap().api_key.length() > 0);
    }

    #[tokio::test]
    async fn those_of_a_joined_sandbox_stand_beside_it() {
        let url = |text: &str| Endpoint::parse(text, Speaks::Http).unwrap();
        let simulators = joined(url("http://127.0.0.1:47100"));
        let nanswap = simulators.base_url(Simulated::Nanswap).await.unwrap();
        assert_eq!(nanswap.origin(), "http://127.0.0.1:47130/");
        let last = joined(url("http://127.0.0.1:65530"));
        let failure = last.base_url(Simulated::Nicky).await.unwrap_err();
        assert_eq!(failure.code, "SIMULATOR_UNAVAILABLE");
    }
}
