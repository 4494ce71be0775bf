//! News by a node's websocket: connects, subscribes, listens, connects again.
//!
//! A websocket only says where to look, so nothing it says is checked against other nodes, and nothing may be booked
//! from it. No proxy is used. It must never grow without bound, whatever the node sends.

mod message;
mod session;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, broadcast};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Confirmation, Confirmations, Heard};
use crate::clock::Clock;
use crate::fetch::{SocketUrl, use_ring};
use crate::limits;
use crate::nano::Account;

/// A node's websocket; its task ends when this is dropped.
pub struct Websocket {
    shared: Arc<Shared>,
    origin: String,
    _stop: DropGuard,
}

impl Websocket {
    /// Starts to listen at `url`, within a tokio runtime. Nothing is connected before an account is followed.
    pub fn start(url: SocketUrl, clock: Arc<dyn Clock>) -> Self {
        use_ring();
        let (news, _) = broadcast::channel(limits::NEWS_WAITING);
        let shared = Arc::new(Shared { followed: Mutex::default(), changed: Notify::new(), news });
        let stop = CancellationToken::new();
        let origin = url.origin();
        let listen = listen(url, Arc::clone(&shared), clock);
        tokio::spawn(stop.clone().run_until_cancelled_owned(listen));
        Self { shared, origin, _stop: stop.drop_guard() }
    }
}

impl Confirmations for Websocket {
    fn follow(&self, accounts: &[Account]) {
        let mut followed = self.shared.followed.lock().unwrap_or_else(PoisonError::into_inner);
        let before = followed.len();
        for account in accounts {
            if followed.len() >= limits::NEWS_FOLLOWED && !followed.contains(account) {
                tracing::warn!("no more accounts can be followed");
                break;
            }
            followed.insert(*account);
        }
        if followed.len() > before {
            self.shared.changed.notify_one();
        }
    }

    fn subscribe(&self) -> Heard {
        Heard::new(self.shared.news.subscribe())
    }
}

impl fmt::Debug for Websocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Websocket").field("origin", &self.origin).finish_non_exhaustive()
    }
}

struct Shared {
    followed: Mutex<BTreeSet<Account>>,
    /// Accounts were added; a permit is kept while nobody waits.
    changed: Notify,
    news: broadcast::Sender<Confirmation>,
}

impl Shared {
    fn followed(&self) -> BTreeSet<Account> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn tell(&self, news: Confirmation) {
        // An error means that nobody listens.
        let _ = self.news.send(news);
    }
}

/// Connection after connection, for as long as the task lives.
async fn listen(url: SocketUrl, shared: Arc<Shared>, clock: Arc<dyn Clock>) {
    let mut failures = 0;
    loop {
        while shared.followed().is_empty() {
            shared.changed.notified().await;
        }
        let began = clock.now();
        let reason = session::run(&url, &shared, &*clock).await;
        // A node that takes every subscription and ends it at once is failing too.
        let lasted = clock.now().since(began) >= limits::NEWS_PING;
        failures = if lasted { 0_u32 } else { failures.saturating_add(1) };
        tracing::info!(%url, %reason, "the websocket of a node ended");
        clock.sleep(pause(failures, random())).await;
    }
}

/// Doubled with each failure up to the cap; then between half and all of it, so that many wallets do not come back to
/// a node in the same moment.
fn pause(failures: u32, random: u16) -> Duration {
    let longest = limits::NEWS_PAUSE.saturating_mul(1 << failures.min(16));
    let half = longest.min(limits::NEWS_PAUSE_MAX) / 2;
    half + half.mul_f64(f64::from(random) / f64::from(u16::MAX))
}

fn random() -> u16 {
    let mut bytes = [0; 2];
    // Without randomness the pause is merely the same for all.
    let _ = getrandom::fill(&mut bytes);
    u16::from_ne_bytes(bytes)
}

#[cfg(test)]
mod tests;
