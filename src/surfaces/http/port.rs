//! One port of the wallet: what it is for, whom it believes, and how it asks.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::counters::Counters;
use super::hosts::Hosts;
use crate::clock::Clock;
use crate::limits;
use crate::operations::Gate;
use crate::secret::Secret;
use crate::surfaces::cli::Marker;

/// What a port is for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum PortKind {
    /// seeds/000 and 001: wallet, payments, credits, donations.
    Agents,
    /// seeds/004: `POST /pay`.
    Pay,
    /// seeds/004: the owner's control API and page.
    Control,
    /// MCP over HTTP.
    Mcp,
    /// What providers report.
    Webhook,
}

/// Who is taken for the owner, and with what in hand.
#[derive(Clone)]
pub struct Authority {
    /// Whoever shows it is the owner.
    pub control_token: Secret,
    /// What the owner typed at this process's terminal, for wallets that have an operator secret.
    pub operator_secret: Option<Secret>,
    /// The freeze marker beside the store.
    pub marker: Arc<dyn Marker>,
}

/// A port while it is served.
pub(super) struct Port {
    pub(super) kind: PortKind,
    pub(super) gate: Arc<dyn Gate>,
    pub(super) hosts: Hosts,
    pub(super) authority: Authority,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) counters: Arc<Counters>,
    /// Set when the process is to end.
    pub(super) stopping: CancellationToken,
    /// Places for pages that listen.
    pub(super) listeners: Arc<Semaphore>,
    answered: Mutex<VecDeque<String>>,
}

impl PortKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Agents, Self::Pay, Self::Control, Self::Mcp, Self::Webhook];

    /// Its name in words and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Agents => "agents",
            Self::Pay => "pay",
            Self::Control => "control",
            Self::Mcp => "mcp",
            Self::Webhook => "webhooks",
        }
    }
}

impl Port {
    pub(super) fn new(
        kind: PortKind,
        address: SocketAddr,
        public_host: Option<&str>,
        shared: &super::serve::Shared,
    ) -> Self {
        Self {
            kind,
            gate: Arc::clone(&shared.gate),
            hosts: Hosts::new(address, public_host.filter(|_| kind == PortKind::Webhook)),
            authority: shared.authority.clone(),
            clock: Arc::clone(&shared.clock),
            counters: Arc::clone(&shared.counters),
            stopping: shared.stopping.clone(),
            listeners: Arc::new(Semaphore::new(limits::HTTP_NEWS_LISTENERS)),
            answered: Mutex::default(),
        }
    }

    /// Remembers that an approval was answered here.
    pub(super) fn remember_answered(&self, id: &str) {
        let mut answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        if answered.len() == limits::HTTP_ANSWERED {
            answered.pop_front();
        }
        answered.push_back(id.to_owned());
    }

    /// Whether it was.
    pub(super) fn was_answered(&self, id: &str) -> bool {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        answered.iter().any(|known| known == id)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::port;
    use super::*;

    #[test]
    fn answered_approvals_are_remembered_up_to_a_bound() {
        let port = port(PortKind::Control);
        for number in 0..=limits::HTTP_ANSWERED {
            port.remember_answered(&number.to_string());
        }
        assert!(!port.was_answered("0"));
        assert!(port.was_answered("1") && port.was_answered(&limits::HTTP_ANSWERED.to_string()));
    }
}
