//! What the unit tests of this surface share.

use std::sync::Arc;

use async_trait::async_trait;

use super::port::{Authority, Port, PortKind};
use super::serve::Shared;
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::operations::{Answer, Call, Gate};
use crate::secret::Secret;
use crate::surfaces::cli::Marker;

/// A port before a wallet that refuses everything.
pub(super) fn port(kind: PortKind) -> Port {
    let shared = Shared {
        gate: Arc::new(Closed),
        authority: Authority {
            control_token: Secret::new("owner-token-0123456789".to_owned()),
            operator_secret: None,
            marker: Arc::new(NoMarker),
        },
        clock: Arc::new(SystemClock),
        counters: Arc::default(),
        stopping: tokio_util::sync::CancellationToken::new(),
    };
    Port::new(kind, "127.0.0.1:1".parse().unwrap(), None, &shared)
}

#[derive(Debug)]
struct Closed;

#[async_trait]
impl Gate for Closed {
    async fn call(&self, _call: Call) -> Result<Answer, Failure> {
        Err(Failure::unavailable("WALLET_LOCKED", "closed"))
    }
}

struct NoMarker;

impl Marker for NoMarker {
    fn set(&self, _reason: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn clear(&self) -> Result<(), Failure> {
        Ok(())
    }

    fn reason(&self) -> Option<String> {
        None
    }
}
