//! The sandbox over the network: every simulated service on a port of its own, on the loopback interface alone.
//!
//! What is served must never be reachable from another machine: it answers private keys and takes faults from anybody.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::acp::{self, AcpMerchant};
use super::ifenpay::{self, Ifenpay};
use super::mpp::{self, MppSeller};
use super::nano::rpc::{self, Front};
use super::nano::{SandboxNode, Spelling, websocket};
use super::nanswap::{self, Nanswap};
use super::nicky::{self, Nicky};
use super::stripe::{self, Stripe};
use super::x402::{self, Sellers};

/// One simulated service.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Service {
    /// The Nano node's RPC.
    NodeRpc,
    /// The Nano node's websocket.
    NodeWebsocket,
    /// ifenpay.
    Ifenpay,
    /// Nicky.
    Nicky,
    /// Nanswap Pay.
    Nanswap,
    /// Stripe's payment tokens.
    Stripe,
    /// A merchant with checkouts.
    AcpMerchant,
    /// Sellers that are paid by x402, their facilitator and their chain.
    X402,
    /// A seller paid by tokens.
    MppSeller,
}

/// Where to listen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ports {
    /// Each service at its place after this port.
    From(u16),
    /// Wherever the system has room.
    Free,
}

/// A port cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot listen on 127.0.0.1:{port}: {source}", service.name())]
pub struct ServeError {
    /// For which service.
    pub service: Service,
    /// The port; 0 for any.
    pub port: u16,
    /// What the system said.
    pub source: io::Error,
}

/// The services while they run; dropping it ends them and every connection to them.
#[derive(Debug)]
pub struct Serving {
    urls: Vec<(Service, String)>,
    ifenpay: Ifenpay,
    x402: Sellers,
    stop: CancellationToken,
}

impl Service {
    /// All there are, in the order of their ports.
    pub const ALL: [Self; 9] = [
        Self::NodeRpc,
        Self::NodeWebsocket,
        Self::Ifenpay,
        Self::Nicky,
        Self::Nanswap,
        Self::Stripe,
        Self::AcpMerchant,
        Self::X402,
        Self::MppSeller,
    ];

    /// Its name in the output of `paywarden sandbox`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NodeRpc => "node-rpc",
            Self::NodeWebsocket => "node-websocket",
            Self::Ifenpay => "ifenpay",
            Self::Nicky => "nicky",
            Self::Nanswap => "nanswap",
            Self::Stripe => "stripe",
            Self::AcpMerchant => "acp-merchant",
            Self::X402 => "x402",
            Self::MppSeller => "mpp-seller",
        }
    }

    /// Its place after the first port (DESIGN §9).
    pub const fn offset(self) -> u16 {
        match self {
            Self::NodeRpc => 0,
            Self::NodeWebsocket => 1,
            Self::Ifenpay => 10,
            Self::Nicky => 20,
            Self::Nanswap => 30,
            Self::Stripe => 40,
            Self::AcpMerchant => 50,
            Self::X402 => 60,
            Self::MppSeller => 70,
        }
    }

    const fn scheme(self) -> &'static str {
        match self {
            Self::NodeWebsocket => "ws",
            _ => "http",
        }
    }
}

/// Serves `node` on loopback ports, and keeps its network moving.
///
/// # Errors
/// [`ServeError`] if a port is taken; nothing is served then.
pub async fn serve(
    node: SandboxNode,
    spelling: Spelling,
    ports: Ports,
) -> Result<Serving, ServeError> {
    let listeners = listen_all(&Service::ALL, ports).await?;
    let stop = CancellationToken::new();
    tokio::spawn(stop.clone().run_until_cancelled_owned(node.announce()));
    Ok(start(Front::new(node, spelling), listeners, stop))
}

/// Serves what stands beside the node of a wallet in this process: everything but the node itself, which that wallet
/// reaches without a port and keeps moving.
///
/// # Errors
/// [`ServeError`] if there is no free port; nothing is served then.
pub async fn serve_beside(node: SandboxNode) -> Result<Serving, ServeError> {
    let is_beside =
        |service: &Service| !matches!(service, Service::NodeRpc | Service::NodeWebsocket);
    let beside: Vec<Service> = Service::ALL.into_iter().filter(is_beside).collect();
    let listeners = listen_all(&beside, Ports::Free).await?;
    Ok(start(Front::new(node, Spelling::Cpp), listeners, CancellationToken::new()))
}

/// A service with the place it listens at.
type Listening = (Service, TcpListener, SocketAddr);

fn start(front: Front, listeners: Vec<Listening>, stop: CancellationToken) -> Serving {
    let ifenpay = Ifenpay::new(front.node.clone());
    let sellers = Sellers::new(front.node.clone());
    let clock = Arc::clone(front.node.clock());
    let stripe = Stripe::new(Arc::clone(&clock));
    let front = Arc::new(front);
    let mut urls = Vec::with_capacity(listeners.len());
    for (service, listener, address) in listeners {
        urls.push((service, format!("{}://{address}", service.scheme())));
        let (front, stop) = (Arc::clone(&front), stop.clone());
        match service {
            Service::NodeRpc => tokio::spawn(rpc::serve(front, listener, stop)),
            Service::NodeWebsocket => tokio::spawn(websocket::serve(front, listener, stop)),
            Service::Ifenpay => tokio::spawn(ifenpay::serve(ifenpay.clone(), listener, stop)),
            Service::Nicky => {
                tokio::spawn(nicky::serve(Nicky::new(front.node.clone()), listener, stop))
            }
            Service::Nanswap => {
                tokio::spawn(nanswap::serve(Nanswap::new(front.node.clone()), listener, stop))
            }
            Service::Stripe => tokio::spawn(stripe::serve(stripe.clone(), listener, stop)),
            Service::AcpMerchant => {
                let merchant = AcpMerchant::new(Arc::clone(&clock), stripe.clone());
                tokio::spawn(acp::serve(merchant, listener, stop))
            }
            Service::X402 => tokio::spawn(x402::serve(sellers.clone(), listener, stop)),
            Service::MppSeller => {
                let seller = MppSeller::new(Arc::clone(&clock), stripe.clone());
                tokio::spawn(mpp::serve(seller, listener, stop))
            }
        };
    }
    Serving { urls, ifenpay, x402: sellers, stop }
}

impl Serving {
    /// Every service that runs with its address, in the order of [`Service::ALL`].
    pub fn urls(&self) -> &[(Service, String)] {
        &self.urls
    }

    /// The address of one service.
    ///
    /// # Panics
    /// For the node of [`serve_beside`], which has no port.
    pub fn url(&self, service: Service) -> &str {
        let found = self.urls.iter().find(|(other, _)| *other == service);
        found.map(|(_, url)| url.as_str()).expect("only a service that runs is asked for")
    }
}

impl Serving {
    /// The simulated ifenpay, for its knobs.
    pub fn ifenpay(&self) -> &Ifenpay {
        &self.ifenpay
    }

    /// The simulated sellers of x402, for what they were paid.
    pub fn x402(&self) -> &Sellers {
        &self.x402
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn listen_all(services: &[Service], ports: Ports) -> Result<Vec<Listening>, ServeError> {
    let mut listeners = Vec::with_capacity(services.len());
    for service in services {
        let (listener, address) = listen(*service, ports).await?;
        listeners.push((*service, listener, address));
    }
    Ok(listeners)
}

async fn listen(service: Service, ports: Ports) -> Result<(TcpListener, SocketAddr), ServeError> {
    let port = match ports {
        Ports::Free => 0,
        Ports::From(base) => base.checked_add(service.offset()).ok_or_else(|| ServeError {
            service,
            port: base,
            source: io::Error::new(io::ErrorKind::InvalidInput, "there is no port that high"),
        })?,
    };
    let failed = |source| ServeError { service, port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}
