//! Opening a wallet: lock, keys, store, network, engine. On the sandbox a missing wallet is made and funded.

use std::convert::Infallible;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use super::gateway_node::GatewayNode;
use super::home::{Home, files};
use super::lock::WalletLock;
use super::provider_settings::ProviderSettings;
use super::reach::Reach;
use super::services::{Clients, ThirdParties};
use super::simulators::Simulators;
use super::witness::Witness;
use crate::books::{Body, Event, View};
use crate::clock::{BoxFuture, Clock, Millis};
use crate::engine::{Engine, Parts, RESTORED, Rhythm, store_failure};
use crate::failure::{Failure, Retry};
use crate::ids::WalletId;
use crate::ledger::Head;
use crate::nano::{Account, Network, Seed};
use crate::network::{Confirmations, Node, WorkSource};
use crate::payment::step;
use crate::policy::Policy;
use crate::secret::Secret;
use crate::store::{
    AnchorFile, CommitError, Engine as _, FreezeMarker, Guards, LedgerKeyFiles, LedgerSigner,
    RedbEngine, Store, StoreError, probe_file,
};
use crate::surfaces::cli::args::Sandbox;
use crate::surfaces::cli::sandbox::Services;
use crate::wallet::{
    KeyFile, KeyFileError, KeyMaterial, Keystore, Peers, Share, WorkMode, WorkPool, WorkSettings,
};

/// What a wallet is opened with.
#[derive(Clone, Debug)]
pub struct Boot {
    /// Where it lives.
    pub home: Home,
    /// Which network its keys sign for.
    pub network: Network,
    /// Threads for proof of work.
    pub work_threads: usize,
    /// Of each such thread's time, 1 to 100.
    pub work_max_percent: u32,
    /// When work servers are asked.
    pub work_mode: WorkMode,
    /// Who is named in the first block of an account; the genesis account where nobody is.
    pub representative: Option<Account>,
    /// How this process was told to reach the network.
    pub reach: Reach,
    /// What the owner set about Nicky and Nanswap Pay.
    pub providers: ProviderSettings,
    /// What the owner set about third parties.
    pub third_parties: ThirdParties,
    /// Who is handed the ledger's heads.
    pub anchor_command: Option<PathBuf>,
    /// Opens the key file, where it is protected.
    pub unlock: Option<Secret>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Everything outside.
    pub world: Arc<dyn World>,
}

/// Where a wallet gets its network from; `main` knows the sandbox, this module does not.
pub trait World: fmt::Debug + Send + Sync {
    /// Whether there is such a network here at all; asked before anything is made.
    ///
    /// # Errors
    /// When this program cannot reach it.
    fn check(&self, network: Network) -> Result<(), Failure>;

    /// How the network is reached, for `doctor`. Makes and changes nothing.
    ///
    /// # Errors
    /// When what it is kept in is damaged.
    fn describe(&self, network: Network, home: &Home, reach: &Reach) -> Result<String, Failure>;

    /// The network for a wallet, reached as the wallet has it in force. Called within a runtime.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn surround(&self, place: &Place<'_>) -> Result<Surroundings, Failure>;

    /// Serves the simulated services on ports of this machine; `home` is that of the sandbox wallet.
    ///
    /// # Errors
    /// When this program has none, a port is taken, or the ledger cannot be opened.
    fn simulate<'a>(
        &'a self,
        wanted: &'a Sandbox,
        home: &'a Home,
    ) -> BoxFuture<'a, Result<Simulation, Failure>> {
        let _ = (wanted, home);
        let message = "this build has no sandbox";
        Box::pin(async move { Err(Failure::unavailable("NO_SANDBOX", message)) })
    }
}

/// Simulated services at work, until this is dropped.
pub struct Simulation {
    /// What runs where.
    pub services: Services,
    /// What keeps them running.
    pub running: Box<dyn Send>,
}

/// What a network is wanted for.
#[derive(Debug)]
pub struct Place<'a> {
    /// Which.
    pub network: Network,
    /// Where the wallet lives.
    pub home: &'a Home,
    /// How the network is reached.
    pub reach: &'a Reach,
    /// Whether the wallet has no block on it yet.
    pub is_new: bool,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// A network, ready to use.
pub struct Surroundings {
    /// Its node.
    pub node: Arc<dyn Node>,
    /// News of what it confirms, where there are any.
    pub news: Option<Arc<dyn Confirmations>>,
    /// Who else makes work, in the order they are asked.
    pub work: Vec<Arc<dyn WorkSource>>,
    /// How often to look at it.
    pub rhythm: Rhythm,
    /// Gives a new wallet its play money.
    pub faucet: Option<Faucet>,
    /// What stands in for third parties; on a sandbox alone.
    pub simulators: Option<Arc<dyn Simulators>>,
}

/// Sends play money to an account.
pub type Faucet = Box<dyn Fn(Account) -> BoxFuture<'static, Result<(), Failure>> + Send + Sync>;

/// An open wallet. The lock is held until it is dropped.
#[derive(Debug)]
pub struct Running {
    /// The wallet.
    pub engine: Arc<Engine>,
    _witness: Option<Witness>,
    _lock: WalletLock,
}

impl Boot {
    /// Opens the wallet and starts it: what a crash left open goes on.
    ///
    /// # Errors
    /// With one sentence about what is in the way; nothing is changed by a store that is damaged or newer.
    pub async fn open(&self) -> Result<Running, Failure> {
        self.home.create()?;
        let lock = WalletLock::acquire(&self.home)?;
        self.open_with(lock, None).await
    }

    /// Opens the wallet with its lock in hand; where one is `known` from before, only that one.
    ///
    /// # Errors
    /// As [`Boot::open`], and when another wallet, or none, is in its place.
    pub async fn open_with(
        &self,
        lock: WalletLock,
        known: Option<WalletId>,
    ) -> Result<Running, Failure> {
        self.world.check(self.network)?;
        self.providers.check(self.network)?;
        let store_path = self.home.path(files::STORE);
        if store_path.exists() {
            probe_file(&store_path).map_err(|e| store_failure(&e))?;
        } else if known.is_some() {
            return Err(other_wallet("the wallet is gone from this home"));
        }
        let key_file = self.key_file(store_path.exists())?;
        let keys = self.keys(&key_file)?;
        let signer = self.signer()?;
        // Read before this process appends to it.
        let last_anchor = self.last_anchor()?;
        let public_key = signer.public_pem();
        let store = self.store(signer)?;
        check_known(&store, known)?;
        self.check_complete(&store)?;
        let reach = self.reach_in_force(&store)?;
        let lanes = store.read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
        let is_new = lanes.iter().all(|lane| lane.head.is_zero());
        let (surroundings, clients) = self.surround(&reach, is_new)?;
        let account = keys.as_ref().and_then(|keys| keys.account(0));
        self.settle_in(&store, public_key, account).await?;
        self.freeze_if_restored(&store, last_anchor).await?;
        let keystore = Keystore::locked(self.network);
        if let Some(keys) = keys {
            let lanes = store.read(|view| view.lanes()).map_err(|e| store_failure(&e))?;
            keystore.unlock(keys, lanes.iter().map(|lane| lane.index));
        }
        let engine = self.engine(store, keystore, key_file, &surroundings);
        let engine =
            Arc::new(engine.with_x402(self.sellers(&reach, &surroundings)?).with_services(clients));
        engine.start()?;
        if let (Some(faucet), Some(account)) = (&surroundings.faucet, account) {
            fund(&engine, account, faucet).await?;
        }
        let witness = self
            .anchor_command
            .clone()
            .map(|program| Witness::start(program, engine.heads(), Arc::clone(&self.clock)));
        Ok(Running { engine, _witness: witness, _lock: lock })
    }

    /// The network as it is reached, and the third parties, nobody of whom is asked yet.
    pub(super) fn surround(
        &self,
        reach: &Reach,
        is_new: bool,
    ) -> Result<(Surroundings, Arc<Clients>), Failure> {
        let mut surroundings = self.world.surround(&Place {
            network: self.network,
            home: &self.home,
            reach,
            is_new,
            clock: Arc::clone(&self.clock),
        })?;
        let clients = Arc::new(Clients::new(self, reach, surroundings.simulators.clone()));
        if reach.is_through_ifenpay() {
            surroundings.node = Arc::new(GatewayNode::new(Arc::clone(&clients)));
        }
        Ok((surroundings, clients))
    }

    /// The key file of this home. A new one is made only where there is neither keys nor store, and only for play
    /// money.
    fn key_file(&self, store_exists: bool) -> Result<KeyFile, Failure> {
        if let Some(text) = self.home.read(files::KEYSTORE)? {
            let text = zeroize::Zeroizing::new(text);
            return KeyFile::parse(&text, self.network).map_err(key_failure);
        }
        if store_exists {
            let message = "the wallet has a ledger but keystore.json is gone";
            return Err(Failure::internal("KEYSTORE_MISSING", message)
                .hint("Put keystore.json back from a backup; a new key could not spend what this wallet holds"));
        }
        self.check_made()?;
        let key_file = KeyFile::unprotected(self.network, &Seed::from_bytes(random()?));
        self.home.write(files::KEYSTORE, &key_file.to_json())?;
        Ok(key_file)
    }

    /// Whether a wallet may be made where there is none: only play money comes of itself.
    pub(super) fn check_made(&self) -> Result<(), Failure> {
        if self.network == Network::Sandbox {
            return Ok(());
        }
        let network = self.network.as_str();
        let message = format!("there is no wallet for network {network} yet");
        Err(Failure::unavailable("NOT_INITIALISED", message)
            .hint(format!("Run `paywarden --network {network} init` first"))
            .retry(Retry::AfterOperator))
    }

    /// The keys, if the unlock secret is at hand. Without it, or with a wrong one, the wallet runs locked.
    fn keys(&self, key_file: &KeyFile) -> Result<Option<KeyMaterial>, Failure> {
        match key_file.keys(self.unlock.as_ref()) {
            Err(KeyFileError::WrongSecret) => {
                tracing::warn!(
                    "the unlock secret does not open keystore.json; the wallet runs locked"
                );
                Ok(None)
            }
            keys => keys.map_err(key_failure),
        }
    }

    /// Only `init` makes a wallet that holds more than play money: a store without its first events lacks the operator
    /// secret, and must not be completed without it.
    fn check_complete(&self, store: &Store) -> Result<(), Failure> {
        let wallet = store.read(|view| view.wallet()).map_err(|e| store_failure(&e))?;
        if wallet.is_some() || self.network == Network::Sandbox {
            return Ok(());
        }
        let network = self.network.as_str();
        let message = format!("the wallet for network {network} was never completed");
        Err(Failure::internal("INIT_INTERRUPTED", message).hint(
            "Move the files of this home away and run `paywarden init` again; with --import and the phrase you wrote down it makes the same accounts",
        ))
    }

    pub(super) fn signer(&self) -> Result<LedgerSigner, Failure> {
        match self.home.read(files::LEDGER_KEY)? {
            Some(pem) => LedgerSigner::from_pem(&zeroize::Zeroizing::new(pem)).map_err(|error| {
                Failure::internal("LEDGER_KEY_UNREADABLE", format!("ledger-key.pem: {error}"))
                    .hint("Put ledger-key.pem back from a backup")
            }),
            None if self.home.path(files::STORE).exists() => {
                let message = "the wallet has a ledger but ledger-key.pem is gone";
                Err(Failure::internal("LEDGER_KEY_MISSING", message)
                    .hint("Put ledger-key.pem back from a backup"))
            }
            None => {
                let signer = LedgerSigner::from_bytes(&random()?);
                self.home.write(files::LEDGER_KEY, &signer.to_pem())?;
                Ok(signer)
            }
        }
    }

    pub(super) fn store(&self, signer: LedgerSigner) -> Result<Store, Failure> {
        let unavailable = |error: std::io::Error| {
            store_failure(&StoreError::Unavailable { detail: error.to_string() })
        };
        let anchor = AnchorFile::open(&self.home.path(files::ANCHOR)).map_err(unavailable)?;
        let guards = Guards {
            clock: Arc::clone(&self.clock),
            signer,
            anchor: Some(anchor),
            marker: Some(FreezeMarker::new(self.home.path(files::FROZEN))),
        };
        let engine = RedbEngine::open(&self.home.path(files::STORE));
        let engine = engine.map_err(|e| store_failure(&e))?;
        let guards = Guards { signer: self.signer_in_force(guards.signer, &engine)?, ..guards };
        Store::open(Arc::new(engine), guards, true).map_err(|e| store_failure(&e))
    }

    /// The key the books say is in force; a rotation that a crash cut short is finished, or forgotten if its event
    /// never became durable.
    fn signer_in_force(
        &self,
        signer: LedgerSigner,
        engine: &RedbEngine,
    ) -> Result<LedgerSigner, Failure> {
        let snapshot = engine.snapshot().map_err(|e| store_failure(&e))?;
        let wallet = View::new(snapshot.rows(), Millis(0)).wallet();
        let wallet = wallet.map_err(|e| store_failure(&e.into()))?;
        let in_force = wallet.map_or_else(|| signer.public_pem(), |wallet| wallet.ledger_key);
        let files = self.ledger_key_files();
        let failed = |error: std::io::Error| {
            let message = format!("the ledger's key files cannot be read or written: {error}");
            Failure::internal("HOME_UNAVAILABLE", message)
        };
        if signer.public_pem() == in_force {
            files.discard().map_err(failed)?;
            return Ok(signer);
        }
        match files.staged().map_err(failed)? {
            Some(staged) if staged.public_pem() == in_force => {
                files.promote().map_err(failed)?;
                Ok(staged)
            }
            _ => {
                let message = "ledger-key.pem is not the key that this ledger is signed with";
                Err(Failure::internal("LEDGER_KEY_MISMATCH", message)
                    .hint("Put the ledger-key.pem back that was made by the last `paywarden ledger rotate-key`"))
            }
        }
    }

    fn ledger_key_files(&self) -> LedgerKeyFiles {
        let path = |name| self.home.path(name);
        LedgerKeyFiles::new(path(files::LEDGER_KEY), path(files::LEDGER_KEY_NEXT))
    }

    /// The first events of a new store; of an old one, that it is this wallet's.
    async fn settle_in(
        &self,
        store: &Store,
        ledger_key: String,
        account: Option<Account>,
    ) -> Result<(), Failure> {
        let network = self.network;
        let wallet_id = WalletId(Uuid::new_v4());
        let commit = store.commit::<Network, Infallible, _>(move |view| {
            if let Some(wallet) = view.wallet()? {
                return Ok((Vec::new(), wallet.network));
            }
            let Some(account) = account else { return Ok((Vec::new(), network)) };
            let policy = Policy::sandbox();
            let policy_hash = policy.hash();
            let events: Vec<Event> = vec![
                Body::WalletCreated { wallet_id, network, ledger_key }.into(),
                Body::PolicyLoaded { policy, policy_hash }.into(),
                Body::AccountAdded { index: 0, account }.into(),
            ];
            Ok((events, network))
        });
        let found = commit.await.map_err(|error| match error {
            CommitError::Refused(never) => match never {},
            CommitError::Store(error) => store_failure(&error),
        })?;
        let found = found.value;
        let known = match account {
            Some(account) => store.read(|view| view.lane(&account)).map(|lane| lane.is_some()),
            None => store.read(|view| view.wallet()).map(|wallet| wallet.is_some()),
        };
        if found != network || !known.map_err(|e| store_failure(&e))? {
            let message = format!(
                "wallet.redb belongs to another wallet or network ({}), not to these keys on {}",
                found.as_str(),
                network.as_str()
            );
            return Err(Failure::internal("OTHER_WALLET", message)
                .hint("Use the home this store came from; each network has one of its own"));
        }
        Ok(())
    }

    fn last_anchor(&self) -> Result<Option<Head>, Failure> {
        let anchor = AnchorFile::last(&self.home.path(files::ANCHOR)).map_err(|error| {
            Failure::internal("ANCHOR_UNREADABLE", format!("anchor.log cannot be read: {error}"))
                .hint("Move it away if you know why; it is what shows that the ledger was not cut")
        })?;
        Ok(anchor.map(|anchor| anchor.head))
    }

    /// A store that does not hold the last head it is known to have had is an old copy, or was tampered with. Its
    /// budgets forget what was spent since, so nothing may be signed until the owner has looked.
    async fn freeze_if_restored(
        &self,
        store: &Store,
        last_anchor: Option<Head>,
    ) -> Result<(), Failure> {
        let Some(anchor) = last_anchor else { return Ok(()) };
        let snapshot = store.snapshot().map_err(|e| store_failure(&e))?;
        let found = snapshot.events(anchor.seq, 1).map_err(|e| store_failure(&e))?;
        drop(snapshot);
        if found.first().is_some_and(|event| event.seq == anchor.seq && event.hash == anchor.hash) {
            return Ok(());
        }
        let reason =
            format!("event {} was anchored and is not in the ledger: {RESTORED}", anchor.seq);
        let commit = store.commit::<(), Infallible, _>(move |view| {
            let frozen = view.freeze()?.is_some();
            Ok((if frozen { Vec::new() } else { vec![Body::WalletFrozen { reason }.into()] }, ()))
        });
        commit.await.map(drop).map_err(|error| match error {
            CommitError::Refused(never) => match never {},
            CommitError::Store(error) => store_failure(&error),
        })
    }

    fn engine(
        &self,
        store: Store,
        keystore: Keystore,
        key_file: KeyFile,
        surroundings: &Surroundings,
    ) -> Engine {
        let difficulty = self.network.thresholds().epoch_2_send;
        let file = Some(self.home.path(files::READY_WORK));
        let peers = (!surroundings.work.is_empty()).then(|| {
            let clock = Arc::clone(&self.clock);
            Peers::new(surroundings.work.clone(), self.work_mode, clock)
        });
        let share = Share { threads: self.work_threads, percent: self.work_max_percent };
        let clock = Arc::clone(&self.clock);
        Engine::new(Parts {
            store,
            node: Arc::clone(&surroundings.node),
            confirmations: surroundings.news.clone(),
            keystore: Arc::new(keystore),
            key_file: Some(Arc::new(key_file)),
            work: WorkPool::with(WorkSettings { difficulty, share, file, peers, clock }),
            clock: Arc::clone(&self.clock),
            rhythm: surroundings.rhythm,
            representative: self.representative.unwrap_or(self.network.genesis_account()),
            step,
            anchor: Some(self.home.path(files::ANCHOR)),
            ledger_key: Some(self.ledger_key_files()),
        })
    }
}

/// Who asks this process for one wallet must never be served another that was put in its place.
fn check_known(store: &Store, known: Option<WalletId>) -> Result<(), Failure> {
    let Some(known) = known else { return Ok(()) };
    let found = store.read(|view| view.wallet()).map_err(|e| store_failure(&e))?;
    if found.is_some_and(|wallet| wallet.wallet_id == known) {
        return Ok(());
    }
    Err(other_wallet("another wallet is in this home than before"))
}

/// What a process is told that met another wallet here before.
pub(super) fn other_wallet(message: &str) -> Failure {
    Failure::unavailable("OTHER_WALLET", message)
        .hint("Restart this host if the change was meant")
        .retry(Retry::AfterOperator)
}

/// Play money for an account that never had any; waits until it can be spent, so that the first answer shows it.
async fn fund(engine: &Engine, account: Account, faucet: &Faucet) -> Result<(), Failure> {
    let lane = engine.store().read(|view| view.lane(&account)).map_err(|e| store_failure(&e))?;
    let Some(lane) = lane.filter(|lane| lane.head.is_zero()) else { return Ok(()) };
    // A crash may have left the gift half received.
    if lane.open.is_none() {
        let waiting = engine.node().receivable(account, crate::money::Raw::ZERO, 1).await;
        if waiting.is_ok_and(|waiting| waiting.is_empty()) {
            faucet(account).await?;
        }
    }
    if engine.is_frozen().map_err(|e| store_failure(&e))? {
        return Ok(());
    }
    engine.look_at(account);
    let deadline = engine.clock().now().plus(FUNDING_WAIT);
    while engine.clock().now() < deadline {
        let lane =
            engine.store().read(|view| view.lane(&account)).map_err(|e| store_failure(&e))?;
        if lane.is_some_and(|lane| !lane.head.is_zero()) {
            break;
        }
        engine.clock().sleep(FUNDING_LOOK).await;
    }
    Ok(())
}

pub(super) fn key_failure(error: KeyFileError) -> Failure {
    let hint = match &error {
        KeyFileError::Unreadable(_) => {
            "Put keystore.json back from a backup; the file was left as it is"
        }
        KeyFileError::Newer(_) => "Install the newer paywarden; the file was left as it is",
        KeyFileError::OtherWallet => "Put this wallet's own keystore.json back from a backup",
        KeyFileError::WrongSecret => "Give the unlock secret that `paywarden init` was given",
        KeyFileError::Stretch(_) => "Free some memory; stretching the secret takes 64 MiB",
        KeyFileError::OtherNetwork { .. } => {
            "Each network has a home of its own; a key signs for one network only"
        }
    };
    let message = error.to_string();
    match error {
        KeyFileError::OtherNetwork { .. } => Failure::refused("KEYSTORE_UNUSABLE", message),
        _ => Failure::internal("KEYSTORE_UNUSABLE", message),
    }
    .hint(hint)
    .retry(Retry::AfterOperator)
}

pub(super) fn random() -> Result<[u8; 32], Failure> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::internal("NO_RANDOMNESS", format!("the system gives no random bytes: {error}"))
    })?;
    Ok(bytes)
}

const FUNDING_WAIT: Duration = Duration::from_secs(3);
const FUNDING_LOOK: Duration = Duration::from_millis(10);
