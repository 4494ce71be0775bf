//! One wallet, many processes: this one keeps it or forwards to the one that does.
//!
//! Whoever gets the lock is the keeper. When a keeper ends, the kernel frees the lock and the others race for it; a
//! call in flight is sent again with its id, so that it is carried out once. Nothing here may wait without an end.

use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::boot::{Boot, Running};
use super::carry_out::carry_out;
use super::keeper::{self, Identity};
use super::lock::{LockError, WalletLock};
use super::remote::{ConnectError, Lost, Remote, silent};
use super::socket::Meeting;
use super::wire::{Hello, PROTOCOL};
use crate::engine::{Engine, store_failure};
use crate::failure::{Failure, Retry};
use crate::ids::WalletId;
use crate::limits;
use crate::operations::{Access, Answer, Call, Gate, registry};

/// The wallet of a home, wherever it is open.
#[derive(Debug)]
pub struct WalletGate {
    boot: Boot,
    serves: Serves,
    role: Mutex<Role>,
    met: SyncMutex<Option<WalletId>>,
    stopping: CancellationToken,
}

/// Whether this process serves others once it keeps the wallet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Serves {
    /// A server: listens for other processes.
    Others,
    /// A short command: holds the lock and never listens.
    Itself,
}

#[derive(Debug)]
enum Role {
    None,
    Keeper(Arc<Keeping>),
    Forwarder(Arc<Remote>),
}

/// The wallet, open in this process.
#[derive(Debug)]
struct Keeping {
    running: Running,
    stop: CancellationToken,
    server: SyncMutex<Option<JoinHandle<()>>>,
}

impl WalletGate {
    /// Opens nothing yet.
    pub fn new(boot: Boot, serves: Serves) -> Self {
        Self {
            boot,
            serves,
            role: Mutex::new(Role::None),
            met: SyncMutex::default(),
            stopping: CancellationToken::new(),
        }
    }

    /// Takes a role now: opens the wallet, or connects to whoever has it.
    ///
    /// # Errors
    /// What stands in the way.
    pub async fn open(&self) -> Result<(), Failure> {
        self.take_role().await.map(drop)
    }

    /// Keeps a role as long as the process runs: when the keeper ends, somebody must finish what is open, asked or
    /// not. Returns when the gate is closed or this process is the keeper.
    pub async fn mind(&self) {
        while !self.stopping.is_cancelled() {
            let wait = match self.take_role().await {
                Ok(Taken::Keeper(_)) => return,
                Ok(Taken::Forwarder(remote)) => {
                    tokio::select! {
                        () = remote.ended() => {}
                        () = self.stopping.cancelled() => {}
                    }
                    continue;
                }
                // Whoever calls is told; here it would only fill the log.
                Err(failure) => {
                    tracing::debug!(%failure, "the wallet cannot be opened yet");
                    limits::TIMER_IDLE
                }
            };
            tokio::select! {
                () = self.boot.clock.sleep(wait) => {}
                () = self.stopping.cancelled() => {}
            }
        }
    }

    /// Parks what is open and lets the wallet go; others may take it at once.
    pub async fn close(&self) {
        self.stopping.cancel();
        let role = std::mem::replace(&mut *self.role.lock().await, Role::None);
        if let Role::Keeper(keeping) = role {
            keeping.stop.cancel();
            let server = keeping.server.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(server) = server {
                let _ = server.await;
            }
            keeping.running.engine.stop().await;
        }
    }

    /// The role this process has, or takes now.
    async fn take_role(&self) -> Result<Taken, Failure> {
        let mut role = self.role.lock().await;
        if self.stopping.is_cancelled() {
            return Err(stopping());
        }
        match &*role {
            Role::Keeper(keeping) => return Ok(Taken::Keeper(Arc::clone(keeping))),
            Role::Forwarder(remote) if remote.is_open() => {
                return Ok(Taken::Forwarder(Arc::clone(remote)));
            }
            Role::Forwarder(_) | Role::None => {}
        }
        let taken = self.elect().await?;
        *role = match &taken {
            Taken::Keeper(keeping) => Role::Keeper(Arc::clone(keeping)),
            Taken::Forwarder(remote) => Role::Forwarder(Arc::clone(remote)),
        };
        Ok(taken)
    }

    /// Lock first, then the socket of whoever has it. After a kill the end of a connection can come before the lock is
    /// free, and a new keeper holds the lock before it listens: so both are tried until the deadline.
    async fn elect(&self) -> Result<Taken, Failure> {
        if !self.boot.home.dir().exists() {
            // A wallet that is not there, or a network nobody can open, must not leave a home behind.
            self.boot.world.check(self.boot.network)?;
            self.boot.check_made()?;
        }
        self.boot.home.create()?;
        let meeting = Meeting::of(&self.boot.home);
        let clock = &self.boot.clock;
        let deadline = clock.now().plus(limits::ELECTION);
        loop {
            let holder = match WalletLock::acquire(&self.boot.home) {
                Ok(lock) => return self.keep(lock, &meeting).await.map(Taken::Keeper),
                Err(LockError::Held { holder }) => holder,
                Err(error) => return Err(error.into()),
            };
            match Remote::connect(&meeting, self.hello(), Arc::clone(clock)).await {
                Ok(remote) => {
                    self.remember(remote.welcome.wallet_id);
                    return Ok(Taken::Forwarder(Arc::new(remote)));
                }
                Err(ConnectError::Unwelcome(failure)) => return Err(failure),
                Err(ConnectError::Silent) => return Err(silent(holder)),
                Err(ConnectError::Nobody) if clock.now() >= deadline => {
                    return Err(LockError::Held { holder }.into());
                }
                Err(ConnectError::Nobody) => clock.sleep(limits::ELECTION_PAUSE).await,
            }
            if self.stopping.is_cancelled() {
                return Err(stopping());
            }
        }
    }

    async fn keep(&self, lock: WalletLock, meeting: &Meeting) -> Result<Arc<Keeping>, Failure> {
        let known = *self.met.lock().unwrap_or_else(PoisonError::into_inner);
        let running = self.boot.open_with(lock, known).await?;
        let wallet_id = wallet_id(&running.engine)?;
        let stop = CancellationToken::new();
        let mut server = None;
        if self.serves == Serves::Others {
            let identity = Identity { network: self.boot.network, wallet_id };
            let local = Arc::new(EngineGate(Arc::clone(&running.engine)));
            match meeting.listen() {
                Ok(listener) => {
                    let clock = Arc::clone(&self.boot.clock);
                    let serving = keeper::serve(listener, local, identity, clock, stop.clone());
                    server = Some(tokio::spawn(serving));
                }
                // This process works all the same; the others are told who has the wallet.
                Err(error) => tracing::warn!(%error, "other processes cannot be served"),
            }
        }
        self.remember(wallet_id);
        Ok(Arc::new(Keeping { running, stop, server: SyncMutex::new(server) }))
    }

    fn hello(&self) -> Hello {
        Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            network: self.boot.network,
            wallet_id: *self.met.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn remember(&self, wallet: WalletId) {
        *self.met.lock().unwrap_or_else(PoisonError::into_inner) = Some(wallet);
    }
}

#[async_trait]
impl Gate for WalletGate {
    async fn call(&self, call: Call) -> Result<Answer, Failure> {
        let deadline = self.boot.clock.now().plus(limits::CALL);
        let looks = only_looks(&call.operation);
        loop {
            let remote = match self.take_role().await? {
                Taken::Keeper(keeping) => {
                    return carry_out(&keeping.running.engine, call).await;
                }
                Taken::Forwarder(remote) => remote,
            };
            match remote.call(&call).await {
                Ok(result) => return result,
                Err(Lost::Silent) => return Err(unanswered(remote.welcome.pid, looks)),
                Err(Lost::Gone) if self.boot.clock.now() >= deadline => {
                    return Err(unanswered(remote.welcome.pid, looks));
                }
                // The next keeper knows the call by its id, if this one had begun it.
                Err(Lost::Gone) => {}
            }
        }
    }
}

enum Taken {
    Keeper(Arc<Keeping>),
    Forwarder(Arc<Remote>),
}

/// Calls that came through the socket.
#[derive(Debug)]
struct EngineGate(Arc<Engine>);

#[async_trait]
impl Gate for EngineGate {
    async fn call(&self, call: Call) -> Result<Answer, Failure> {
        carry_out(&self.0, call).await
    }
}

fn only_looks(name: &str) -> bool {
    let found = registry().iter().find(|operation| operation.spec().name == name);
    found.is_some_and(|operation| operation.spec().access == Access::Read)
}

/// A call that changes nothing can be made again; of another nobody knows how far it came.
fn unanswered(pid: u32, looks: bool) -> Failure {
    let failure = silent(Some(pid));
    if looks { failure } else { failure.retry(Retry::SameKey).sent_unknown() }
}

fn wallet_id(engine: &Engine) -> Result<WalletId, Failure> {
    let wallet = engine.store().read(|view| view.wallet()).map_err(|e| store_failure(&e))?;
    let missing = || Failure::internal("STORE_CORRUPT", "the store names no wallet");
    wallet.map(|wallet| wallet.wallet_id).ok_or_else(missing)
}

fn stopping() -> Failure {
    Failure::unavailable("STOPPING", "this paywarden is stopping")
        .hint("Start it again; what was begun is ended first")
}
