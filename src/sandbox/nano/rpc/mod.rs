//! The simulated node behind HTTP: what a real one answers, spelled as it spells it.
//!
//! Strict where the real one is strict, since a wallet that got away with something here would fail in the world. Every
//! answer goes past the faults, exactly as through the port.
//!
//! ```text
//! http       connections, and how they break      control   /sandbox/...: faults (shapes) and the faucet
//!   dispatch   which action, under which fault     wire      a connection that can be cut
//!     accounts history receivable blocks process work tools    one file for each group of actions
//!       request   what was asked                   tree      how answers are printed
//! ```

mod accounts;
pub(super) mod blocks;
mod control;
mod dispatch;
mod history;
mod http;
mod process;
mod receivable;
mod request;
mod shapes;
mod tools;
pub(super) mod tree;
pub(in crate::sandbox) mod wire;
mod work;

use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

pub(in crate::sandbox) use http::serve;

use super::node::SandboxNode;
use crate::clock::Millis;

/// Whose habits the node has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Spelling {
    /// The C++ node, V27.1.
    #[default]
    Cpp,
    /// RsNano V2.0.
    RsNano,
}

/// The text names no node.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a node is cpp or rsnano")]
pub struct UnknownNode;

/// A node as its clients see it.
#[derive(Debug)]
pub(in crate::sandbox) struct Front {
    pub(in crate::sandbox) node: SandboxNode,
    started_at: Millis,
    is_rsnano: AtomicBool,
}

impl Front {
    pub(in crate::sandbox) fn new(node: SandboxNode, spelling: Spelling) -> Self {
        let started_at = node.clock().now();
        Self { node, started_at, is_rsnano: AtomicBool::new(spelling == Spelling::RsNano) }
    }

    pub(in crate::sandbox::nano) fn spelling(&self) -> Spelling {
        if self.is_rsnano.load(Ordering::Relaxed) { Spelling::RsNano } else { Spelling::Cpp }
    }

    fn spell(&self, spelling: Spelling) {
        self.is_rsnano.store(spelling == Spelling::RsNano, Ordering::Relaxed);
    }
}

impl Spelling {
    /// Its name in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cpp => "cpp",
            Self::RsNano => "rsnano",
        }
    }
}

impl FromStr for Spelling {
    type Err = UnknownNode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Cpp, Self::RsNano].into_iter().find(|node| node.as_str() == text).ok_or(UnknownNode)
    }
}
