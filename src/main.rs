//! The `paywarden` program: what was typed, and the world the wallet lives in.

use std::sync::Arc;

use paywarden::clock::Clock;
use paywarden::failure::Failure;
use paywarden::nano::Network;
use paywarden::process::{Home, Surroundings, World, start};
use paywarden::surfaces::cli::usage::parse;

/// A decision makes hundreds of small allocations; the system's allocator took more than half of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let exit = match parse() {
        Ok(arguments) => start(&arguments, Arc::new(SandboxWorld)),
        Err(exit) => exit,
    };
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
    fn describe(&self, network: Network, home: &Home) -> Result<String, Failure> {
        self.check(network)?;
        sandbox::describe(home)
    }

    #[cfg(not(feature = "sandbox"))]
    fn describe(&self, network: Network, _: &Home) -> Result<String, Failure> {
        self.check(network).map(|()| String::new())
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

    use paywarden::clock::{Clock, SystemClock};
    use paywarden::engine::Rhythm;
    use paywarden::failure::Failure;
    use paywarden::money::Raw;
    use paywarden::process::{Home, Surroundings, files};
    use paywarden::sandbox::nano::{Config, JournalError, SandboxNode};

    /// What `doctor` says of it.
    pub(super) fn describe(home: &Home) -> Result<String, Failure> {
        let words = "the built-in sandbox, in the wallet's own process";
        if home.path(files::SANDBOX_LEDGER).exists() {
            let node = open(home, Arc::new(SystemClock))?;
            return Ok(format!("{words}; {} blocks", node.block_count()));
        }
        Ok(words.to_owned())
    }

    /// The simulated Nano network kept beside the wallet, with a faucet for a new one.
    pub(super) fn surround(home: &Home, clock: Arc<dyn Clock>) -> Result<Surroundings, Failure> {
        let node = open(home, clock)?;
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

    fn open(home: &Home, clock: Arc<dyn Clock>) -> Result<SandboxNode, Failure> {
        let journal = home.path(files::SANDBOX_LEDGER);
        SandboxNode::open(&journal, Config::default(), clock).map_err(|error| {
            // The error's own words name the owner's directory.
            let why = match error {
                JournalError::Io { source, .. } => source.to_string(),
                JournalError::Malformed { line, detail, .. } => format!("line {line}: {detail}"),
                JournalError::Refused { line, refusal, .. } => format!("line {line}: {refusal}"),
            };
            let message = format!("{} cannot be used: {why}", files::SANDBOX_LEDGER);
            Failure::internal("SANDBOX_UNUSABLE", message)
                .hint("It holds play money only: move the sandbox home away to begin anew")
        })
    }

    /// What a new sandbox wallet is given.
    const GIFT_XNO: u128 = 100;
}
