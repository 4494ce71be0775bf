//! The `paywarden` program: what was typed, and the world the wallet lives in.

use std::sync::Arc;

use paywarden::failure::Failure;
use paywarden::nano::Network;
use paywarden::process::{Home, Place, Reach, Surroundings, World, nodes, start};
use paywarden::surfaces::cli::usage::parse;
#[cfg(feature = "sandbox")]
use {
    paywarden::clock::BoxFuture, paywarden::process::Simulation,
    paywarden::surfaces::cli::args::Sandbox,
};

/// A decision makes hundreds of small allocations; the system's allocator took more than half of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let exit = match parse() {
        Ok(arguments) => start(&arguments, Arc::new(Worlds)),
        Err(exit) => exit,
    };
    // A thread may still sit in a read of standard input that nothing can end.
    std::process::exit(exit.code());
}

/// Real networks through their nodes, and the sandbox where it is built in.
#[derive(Debug)]
struct Worlds;

impl World for Worlds {
    fn check(&self, network: Network) -> Result<(), Failure> {
        if cfg!(feature = "sandbox") || network != Network::Sandbox {
            return Ok(());
        }
        let message = "this build has no sandbox";
        Err(Failure::unavailable("NETWORK_NOT_SUPPORTED", message).hint(
            "Say which network: --network dev, beta or live; or install a build with the sandbox",
        ))
    }

    fn describe(&self, network: Network, home: &Home, reach: &Reach) -> Result<String, Failure> {
        self.check(network)?;
        #[cfg(not(feature = "sandbox"))]
        let _ = home;
        match network {
            #[cfg(feature = "sandbox")]
            Network::Sandbox => sandbox::describe(home, reach),
            _ if reach.is_through_ifenpay() => Ok("ifenpay, in the place of a node".to_owned()),
            _ if reach.node_urls.is_empty() => Ok("no node is set".to_owned()),
            _ => Ok(match (&reach.node_ws, reach.node_urls.len()) {
                (Some(_), nodes) => format!("{nodes} set, with news by websocket"),
                (None, nodes) => format!("{nodes} set; without a websocket it is asked in turns"),
            }),
        }
    }

    fn surround(&self, place: &Place<'_>) -> Result<Surroundings, Failure> {
        self.check(place.network)?;
        match place.network {
            #[cfg(feature = "sandbox")]
            Network::Sandbox => sandbox::surround(place),
            _ => nodes(place),
        }
    }

    #[cfg(feature = "sandbox")]
    fn simulate<'a>(
        &'a self,
        wanted: &'a Sandbox,
        home: &'a Home,
    ) -> BoxFuture<'a, Result<Simulation, Failure>> {
        Box::pin(sandbox::simulate(wanted, home))
    }
}

/// The sandbox's side of it.
#[cfg(feature = "sandbox")]
#[path = "main/sandbox.rs"]
mod sandbox;

#[cfg(feature = "sandbox")]
#[path = "main/simulators.rs"]
mod simulators;
