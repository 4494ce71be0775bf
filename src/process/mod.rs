//! One wallet per home: who holds it, how it is opened, how a call reaches it.
//!
//! Nothing here may start a second writer on one store, or make a new seed where there was one.

mod access;
mod boot;
mod carry_out;
mod desk;
mod diagnose;
mod endpoint;
mod gate;
mod gateway_node;
mod home;
mod ifenpay_file;
mod init;
mod inspect;
mod keeper;
mod kept_file;
mod lock;
mod network_set;
mod nodes;
mod past;
#[cfg(feature = "http")]
mod ports;
mod provider_place;
mod provider_settings;
mod reach;
mod remote;
mod sellers;
mod services;
mod session;
mod setup;
mod shop_access;
mod shop_clients;
mod simulators;
mod socket;
mod start;
mod typed_keys;
mod vault;
mod wire;
mod witness;
mod work_bench;
mod work_command;
#[cfg(any(feature = "http", feature = "sandbox"))]
mod work_server;

pub use boot::{Boot, Place, Running, Simulation, Surroundings, World};
pub use endpoint::{Endpoint, EndpointError, Speaks};
pub use gate::{Serves, WalletGate};
pub use home::{Home, HomeError, files};
pub use init::Init;
pub use lock::{LockError, WalletLock};
pub use nodes::{join, nodes};
pub use past::{Found, Past};
pub use provider_place::{NetworkGateway, ProviderApi, UnknownGateway};
pub use provider_settings::ProviderSettings;
pub use reach::Reach;
pub use sellers::SellerSettings;
pub use services::ThirdParties;
pub use simulators::{NanswapSecrets, Simulated, SimulatedShop, Simulators};
pub use start::start;
