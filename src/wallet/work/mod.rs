//! Ready work: the next block's proof of work, made before it is needed and kept with its root.
//!
//! Every nonce is checked against its root before use, wherever it came from, so the file it is kept in need not be
//! trusted or durable.

mod peers;

#[cfg(test)]
mod tests;

pub use peers::{Peers, WorkMode};

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::limits;
use crate::nano::work::{Cancel, Search, generate};
use crate::nano::{Difficulty, Root, Work};

/// Makes work, one job per root; callers that want the same root share a job. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WorkPool {
    shared: Arc<Shared>,
}

/// Work that is ready, by root, as `ready-work.json` keeps it.
pub type ReadyWork = BTreeMap<String, Work>;

/// No work was made.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum WorkError {
    /// The wallet is stopping.
    #[error("the search for work was called off")]
    Cancelled,
    /// The system gives no thread.
    #[error("no thread could be started for the search for work")]
    NoThread,
}

#[derive(Debug)]
struct Shared {
    difficulty: Difficulty,
    threads: usize,
    file: Option<PathBuf>,
    peers: Option<Peers>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ready: HashMap<Root, Work>,
    jobs: HashMap<Root, Job>,
}

#[derive(Clone, Debug)]
struct Job {
    cancel: Cancel,
    called_off: CancellationToken,
    result: watch::Receiver<Option<Result<Work, WorkError>>>,
}

impl WorkPool {
    /// Searches on `threads` threads for work worth `difficulty`; with 0 threads in the caller, for simulations.
    /// What is ready is kept in `file`.
    pub fn new(difficulty: Difficulty, threads: usize, file: Option<PathBuf>) -> Self {
        Self::with_peers(difficulty, threads, file, None)
    }

    /// As [`WorkPool::new`], with others that make work too; must then be used within a runtime.
    pub fn with_peers(
        difficulty: Difficulty,
        threads: usize,
        file: Option<PathBuf>,
        peers: Option<Peers>,
    ) -> Self {
        let ready = file.as_ref().map(load).unwrap_or_default();
        let known = ready.into_iter().filter_map(|(root, work)| {
            let root: Root = root.parse().ok()?;
            difficulty.is_met_by(work, &root).then_some((root, work))
        });
        let state = Mutex::new(State { ready: known.collect(), jobs: HashMap::new() });
        Self { shared: Arc::new(Shared { difficulty, threads, file, peers, state }) }
    }

    /// Work for `root`: at once when it is ready, otherwise when the running or a new search ends.
    ///
    /// # Errors
    /// When the search was called off or could not start.
    pub async fn obtain(&self, root: Root) -> Result<Work, WorkError> {
        let job = {
            let mut state = self.shared.lock();
            if let Some(work) = state.ready.get(&root) {
                return Ok(*work);
            }
            if self.shared.threads == 0 && self.shared.peers.is_none() {
                let work = search(&root, self.shared.difficulty, 1, &Cancel::default())?;
                state.ready.insert(root, work);
                return Ok(work);
            }
            self.job(&mut state, root)?
        };
        let mut result = job.result;
        let found = result.wait_for(Option::is_some).await.map_err(|_| WorkError::Cancelled)?;
        (*found).unwrap_or(Err(WorkError::Cancelled))
    }

    /// Starts making work for `root`, the head of an account, and drops what was made for heads before it.
    pub fn prepare(&self, root: Root, outdated: Option<Root>) {
        let mut state = self.shared.lock();
        if let Some(old) = outdated.filter(|old| *old != root) {
            state.ready.remove(&old);
            if let Some(job) = state.jobs.remove(&old) {
                job.call_off();
            }
        }
        if !state.ready.contains_key(&root) && self.shared.threads > 0 {
            // Without a thread the next send searches itself.
            let _ = self.job(&mut state, root);
        }
    }

    /// Whether work for `root` is ready.
    pub fn is_ready(&self, root: &Root) -> bool {
        self.shared.lock().ready.contains_key(root)
    }

    /// Calls all searches off.
    pub fn stop(&self) {
        for job in self.shared.lock().jobs.values() {
            job.call_off();
        }
    }

    fn job(&self, state: &mut State, root: Root) -> Result<Job, WorkError> {
        if let Some(job) = state.jobs.get(&root) {
            return Ok(job.clone());
        }
        let (sender, result) = watch::channel(None);
        let (cancel, called_off) = (Cancel::default(), CancellationToken::new());
        let job = Job { cancel, called_off, result };
        let shared = Arc::clone(&self.shared);
        if shared.peers.is_some() {
            let own = job.clone();
            tokio::spawn(async move {
                let found = shared.ask_around(&root, &own).await;
                shared.finish(&root, found);
                sender.send_replace(Some(found));
            });
        } else {
            let cancel = job.cancel.clone();
            on_a_thread(move || {
                let found = search(&root, shared.difficulty, shared.threads, &cancel);
                shared.finish(&root, found);
                sender.send_replace(Some(found));
            })?;
        }
        state.jobs.insert(root, job.clone());
        Ok(job)
    }
}

impl Job {
    fn call_off(&self) {
        self.cancel.cancel();
        self.called_off.cancel();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Work of the peers or of this machine, as the mode has it. Never longer than this machine alone would take after
    /// the peers had their time.
    async fn ask_around(self: &Arc<Self>, root: &Root, job: &Job) -> Result<Work, WorkError> {
        let Some(peers) = &self.peers else { return self.search_here(*root, &job.cancel).await };
        let asked = peers.ask(root, self.difficulty);
        let mut asked = std::pin::pin!(asked);
        let called_off = job.called_off.cancelled();
        match peers.mode() {
            WorkMode::PeersFirst => {
                let found = tokio::select! {
                    found = asked => found,
                    () = called_off => return Err(WorkError::Cancelled),
                };
                match found {
                    Some(work) => Ok(work),
                    None => self.search_here(*root, &job.cancel).await,
                }
            }
            WorkMode::Race => {
                let mut own = std::pin::pin!(self.search_here(*root, &job.cancel));
                tokio::select! {
                    found = &mut own => found,
                    () = called_off => Err(WorkError::Cancelled),
                    found = &mut asked => match found {
                        Some(work) => {
                            job.cancel.cancel();
                            Ok(work)
                        }
                        None => own.await,
                    },
                }
            }
        }
    }

    async fn search_here(self: &Arc<Self>, root: Root, cancel: &Cancel) -> Result<Work, WorkError> {
        let (sender, found) = oneshot::channel();
        let (shared, cancel) = (Arc::clone(self), cancel.clone());
        on_a_thread(move || {
            let _ = sender.send(search(&root, shared.difficulty, shared.threads, &cancel));
        })?;
        found.await.unwrap_or(Err(WorkError::Cancelled))
    }

    fn finish(&self, root: &Root, found: Result<Work, WorkError>) {
        let mut state = self.lock();
        state.jobs.remove(root);
        if let Ok(work) = found {
            if state.ready.len() >= limits::ACCOUNTS as usize {
                state.ready.clear();
            }
            state.ready.insert(*root, work);
            self.save(&state.ready);
        }
    }

    /// Written beside and renamed; losing it costs a search, so it is not synced.
    fn save(&self, ready: &HashMap<Root, Work>) {
        let Some(file) = &self.file else { return };
        let table: ReadyWork = ready.iter().map(|(root, work)| (root.to_string(), *work)).collect();
        let beside = file.with_extension("json.new");
        let written = serde_json::to_vec(&table)
            .map_err(std::io::Error::other)
            .and_then(|json| std::fs::write(&beside, json))
            .and_then(|()| std::fs::rename(&beside, file));
        if let Err(error) = written {
            tracing::warn!(%error, "ready work cannot be kept");
        }
    }
}

fn on_a_thread(task: impl FnOnce() + Send + 'static) -> Result<(), WorkError> {
    let started = std::thread::Builder::new().name("work".to_owned()).spawn(task);
    started.map(drop).map_err(|_| WorkError::NoThread)
}

fn load(file: &PathBuf) -> ReadyWork {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    serde_json::from_str(&text).unwrap_or_default()
}

fn search(
    root: &Root,
    difficulty: Difficulty,
    threads: usize,
    cancel: &Cancel,
) -> Result<Work, WorkError> {
    let mut start = [0; 8];
    // Two searches for one root should not try the same nonces; a fixed start is only slower.
    let _ = getrandom::fill(&mut start);
    let done = AtomicU64::new(0);
    let search = Search { threads, start: u64::from_le_bytes(start), cancel, done: &done };
    let work = generate(root, difficulty, &search).ok_or(WorkError::Cancelled)?;
    assert!(difficulty.is_met_by(work, root), "work is checked before use");
    Ok(work)
}
