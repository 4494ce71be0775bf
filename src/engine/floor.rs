//! What paying with the owner's card shares: who stands behind an endpoint, what a session holds, and the card.
//!
//! An agent's word or a merchant's own must never make a merchant known.

use std::sync::Arc;

use super::{Engine, Services};
use crate::clock::Clock;
use crate::nano::Network;
use crate::store::Store;

/// The part of an engine that deals with merchants; clones are the same one.
#[derive(Clone, Debug)]
pub(super) struct Floor {
    pub(super) store: Store,
    pub(super) services: Arc<dyn Services>,
    pub(super) network: Network,
    pub(super) clock: Arc<dyn Clock>,
}

impl Engine {
    pub(super) fn floor(&self) -> Floor {
        Floor {
            store: self.parts.store.clone(),
            services: Arc::clone(&self.services),
            network: self.network(),
            clock: Arc::clone(&self.parts.clock),
        }
    }
}
