//! The simulated node over real HTTP and a real websocket: both spellings, faults, confirmations.

#![cfg(feature = "sandbox")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod sandbox_http {
    #[cfg(unix)]
    mod command;
    mod faults;
    mod rpc;
    mod websocket;
    mod wire;
}
