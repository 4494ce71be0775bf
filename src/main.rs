//! The `paywarden` program: what was typed, and the world the wallet lives in.

use std::sync::Arc;

use clap::Parser;

use paywarden::clock::Clock;
use paywarden::failure::Failure;
use paywarden::nano::Network;
use paywarden::process::{Home, Surroundings, World, start};
use paywarden::surfaces::cli::args::Arguments;

fn main() {
    let arguments = Arguments::parse();
    let exit = start(&arguments, Arc::new(SandboxWorld));
    // A thread may still sit in a read of standard input that nothing can end.
    std::process::exit(exit.code());
}

/// The only world this version knows: a simulated network with play money.
#[derive(Debug)]
struct SandboxWorld;

impl World for SandboxWorld {
    fn check(&self, network: Network) -> Result<(), Failure> {
        if cfg!(feature = "sandbox") && network == Network::Sandbox {
            return Ok(());
        }
        let name = network.as_str();
        let message = if cfg!(feature = "sandbox") {
            format!("this version runs on the built-in sandbox only, not on network {name}")
        } else {
            format!("this build has no sandbox, and this version knows no node of network {name}")
        };
        Err(Failure::unavailable("NETWORK_NOT_SUPPORTED", message)
            .hint("Leave --network and PAYWARDEN_NETWORK out, with a build that has the sandbox"))
    }

    #[cfg(feature = "sandbox")]
    fn surround(
        &self,
        network: Network,
        home: &Home,
        clock: Arc<dyn Clock>,
    ) -> Result<Surroundings, Failure> {
        self.check(network)?;
        sandbox::surround(home, clock)
    }

    #[cfg(not(feature = "sandbox"))]
    fn surround(
        &self,
        network: Network,
        _: &Home,
        _: Arc<dyn Clock>,
    ) -> Result<Surroundings, Failure> {
        self.check(network)?;
        Err(Failure::unavailable("NETWORK_NOT_SUPPORTED", "this build has no network"))
    }
}

#[cfg(feature = "sandbox")]
mod sandbox {
    use std::sync::Arc;

    use paywarden::clock::Clock;
    use paywarden::engine::Rhythm;
    use paywarden::failure::Failure;
    use paywarden::money::Raw;
    use paywarden::process::{Home, Surroundings, files};
    use paywarden::sandbox::nano::{Config, SandboxNode};

    /// The simulated Nano network kept beside the wallet, with a faucet for a new one.
    pub(super) fn surround(home: &Home, clock: Arc<dyn Clock>) -> Result<Surroundings, Failure> {
        let journal = home.path(files::SANDBOX_LEDGER);
        let node = SandboxNode::open(&journal, Config::default(), clock).map_err(|error| {
            tracing::debug!(%error, "the sandbox ledger");
            let message = format!("{} cannot be used", files::SANDBOX_LEDGER);
            Failure::internal("SANDBOX_UNUSABLE", message)
                .hint("It holds play money only: move the sandbox home away to begin anew")
        })?;
        let faucet = node.clone();
        Ok(Surroundings {
            node: Arc::new(node),
            rhythm: Rhythm::SANDBOX,
            faucet: Some(Box::new(move |account| {
                let amount = Raw::ONE_XNO.get() * GIFT_XNO;
                let granted = faucet.faucet_confirmed(account, Raw::new(amount));
                granted.map(drop).map_err(|error| {
                    Failure::internal("FAUCET_FAILED", format!("no play money: {error}"))
                })
            })),
        })
    }

    /// What a new sandbox wallet is given.
    const GIFT_XNO: u128 = 100;
}
