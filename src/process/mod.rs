//! One wallet per home: who holds it, how it is opened, how a call reaches it.
//!
//! Nothing here may start a second writer on one store, or make a new seed where there was one.

mod boot;
mod carry_out;
mod desk;
mod diagnose;
mod endpoint;
mod gate;
mod home;
mod init;
mod inspect;
mod keeper;
mod lock;
mod network_set;
mod nodes;
mod past;
mod provider_settings;
mod reach;
mod remote;
mod services;
mod session;
mod setup;
mod simulators;
mod socket;
mod start;
mod typed_keys;
mod vault;
mod wire;

pub use boot::{Boot, Place, Running, Simulation, Surroundings, World};
pub use endpoint::{Endpoint, EndpointError, Speaks};
pub use gate::{Serves, WalletGate};
pub use home::{Home, HomeError, files};
pub use init::Init;
pub use lock::{LockError, WalletLock};
pub use nodes::{join, nodes};
pub use past::{Found, Past};
pub use provider_settings::ProviderSettings;
pub use reach::Reach;
pub use simulators::{NanswapSecrets, Simulated, Simulators};
pub use start::start;
