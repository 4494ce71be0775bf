//! Ready work: the next block's proof of work, made before it is needed and kept with its root.
//!
//! Every nonce is checked against its root before use, wherever it came from, so the file it is kept in need not be
//! trusted or durable.

mod crew;
mod peers;
mod power;
mod ready;

#[cfg(test)]
mod tests;

pub use crew::{Share, WorkCrew};
pub use peers::{Peers, WorkMode};

use ready::Ready;

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio_util::sync::CancellationToken;

use crate::clock::{Clock, Millis, SystemClock};
use crate::nano::work::{Search, generate};
use crate::nano::{Difficulty, Root, Work};

/// Makes work, one job per root; callers that want the same root share a job. Cheap to clone.
#[derive(Clone, Debug)]
pub struct WorkPool {
    shared: Arc<Shared>,
}

/// How a pool makes work.
#[derive(Debug)]
pub struct WorkSettings {
    /// What work for any block is worth at least.
    pub difficulty: Difficulty,
    /// What searches may take of this machine; with 0 threads they run in the caller, for simulations.
    pub share: Share,
    /// Where what is ready is kept.
    pub file: Option<PathBuf>,
    /// Who else makes work; the pool must then be used within a runtime.
    pub peers: Option<Peers>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// How far a search is. It has no memory: what was done says nothing about what is left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WorkProgress {
    /// Hashes done so far.
    pub hashes_done: u64,
    /// Hashes that a search takes on average.
    pub hashes_expected: u64,
    /// The time from now on within which 95 of 100 searches end, once the speed is known.
    pub p95: Option<Duration>,
}

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
    crew: Option<WorkCrew>,
    peers: Option<Peers>,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ready: Ready,
    jobs: HashMap<Root, Job>,
}

#[derive(Clone, Debug)]
struct Job {
    search: Arc<Search>,
    since: Millis,
    /// Somebody waits for it.
    is_urgent: Arc<AtomicBool>,
    called_off: CancellationToken,
    result: watch::Receiver<Option<Result<Work, WorkError>>>,
}

impl WorkPool {
    /// Searches on `threads` threads for work worth `difficulty`; with 0 threads in the caller, for simulations.
    /// What is ready is kept in `file`.
    pub fn new(difficulty: Difficulty, threads: usize, file: Option<PathBuf>) -> Self {
        let (share, clock) = (Share { threads, percent: 100 }, Arc::new(SystemClock));
        Self::with(WorkSettings { difficulty, share, file, peers: None, clock })
    }

    /// As the settings say; what was ready and is worth its difficulty still is.
    pub fn with(settings: WorkSettings) -> Self {
        let WorkSettings { difficulty, share, file, peers, clock } = settings;
        let ready = Ready::open(file, difficulty);
        let state = Mutex::new(State { ready, jobs: HashMap::new() });
        let crew =
            (share.threads > 0).then(|| WorkCrew::on_this_machine(share, Arc::clone(&clock)));
        Self { shared: Arc::new(Shared { difficulty, crew, peers, clock, state }) }
    }

    /// Work for any block on `root`: at once when it is ready, otherwise when the running or a new search ends.
    ///
    /// # Errors
    /// When the search was called off or could not start.
    pub async fn obtain(&self, root: Root) -> Result<Work, WorkError> {
        self.obtain_worth(root, self.shared.difficulty).await
    }

    /// As [`WorkPool::obtain`], for a block that needs work of `wanted` only.
    ///
    /// # Errors
    /// When the search was called off or could not start.
    pub async fn obtain_worth(&self, root: Root, wanted: Difficulty) -> Result<Work, WorkError> {
        let wanted = wanted.min(self.shared.difficulty);
        loop {
            let job = {
                let mut state = self.shared.lock();
                if let Some(work) = state.ready.worth(&root, wanted) {
                    return Ok(work);
                }
                if self.shared.crew.is_none() && self.shared.peers.is_none() {
                    let work = generate(&root, wanted, fresh_start());
                    state.ready.keep(root, work);
                    return Ok(work);
                }
                self.job(&mut state, root, wanted, true)?
            };
            match job.found().await {
                // Somebody else was waiting for less, and has it.
                Ok(work) if !wanted.is_met_by(work, &root) => {}
                found => return found,
            }
        }
    }

    /// Starts making work for `root`, the head of an account, and drops what was made for heads before it.
    pub fn prepare(&self, root: Root, outdated: Option<Root>) {
        let mut state = self.shared.lock();
        if let Some(old) = outdated.filter(|old| *old != root) {
            state.ready.forget(&old);
            if let Some(job) = state.jobs.remove(&old) {
                self.shared.call_off(&job);
            }
        }
        let difficulty = self.shared.difficulty;
        if state.ready.worth(&root, difficulty).is_none() && self.shared.crew.is_some() {
            // Without a thread the next send searches itself.
            let _ = self.job(&mut state, root, difficulty, false);
        }
    }

    /// Whether work for any block on `root` is ready.
    pub fn is_ready(&self, root: &Root) -> bool {
        self.shared.lock().ready.worth(root, self.shared.difficulty).is_some()
    }

    /// Calls all searches off.
    pub fn stop(&self) {
        self.shared.lock().jobs.values().for_each(|job| self.shared.call_off(job));
    }

    /// How far the search for `root` is, while there is one on this machine.
    pub fn progress(&self, root: &Root) -> Option<WorkProgress> {
        let (search, since) = {
            let state = self.shared.lock();
            let job = state.jobs.get(root)?;
            (Arc::clone(&job.search), job.since)
        };
        let (hashes_done, hashes_expected) =
            (search.hashes_done(), search.difficulty().hashes_expected());
        let took = self.shared.clock.now().since(since).as_millis();
        // With so many hashes 95 of 100 searches are done: minus the logarithm of a twentieth.
        let needed = u128::from(hashes_expected) * 2_996 / 1_000;
        let p95 = (needed * took).checked_div(u128::from(hashes_done));
        let p95 = p95.map(|millis| Duration::from_millis(millis.try_into().unwrap_or(u64::MAX)));
        Some(WorkProgress { hashes_done, hashes_expected, p95 })
    }

    fn job(
        &self,
        state: &mut State,
        root: Root,
        wanted: Difficulty,
        is_urgent: bool,
    ) -> Result<Job, WorkError> {
        if let Some(job) = self.running(state, &root, wanted, is_urgent) {
            return Ok(job);
        }
        let (sender, result) = watch::channel(None);
        let search = Arc::new(Search::new(root, wanted, fresh_start()));
        let since = self.shared.clock.now();
        let called_off = CancellationToken::new();
        let job = Job { search, since, is_urgent: Arc::new(is_urgent.into()), called_off, result };
        // The threads' own reference must not keep alive the pool that keeps them.
        let (shared, own) = (Arc::downgrade(&self.shared), Arc::clone(&job.search));
        let finish = move |found| {
            if let Some(shared) = shared.upgrade() {
                shared.finish(&own, found);
            }
            sender.send_replace(Some(found));
        };
        match (&self.shared.crew, self.shared.peers.is_some()) {
            (Some(crew), false) => {
                crew.search(Arc::clone(&job.search), is_urgent, Box::new(finish))?;
            }
            _ => {
                let (shared, own) = (Arc::clone(&self.shared), job.clone());
                tokio::spawn(async move { finish(shared.ask_around(&root, &own).await) });
            }
        }
        state.jobs.insert(root, job.clone());
        Ok(job)
    }

    /// The job there is for `root`, to be joined. One that nobody waits for gives way to one for less: a receive takes
    /// a part of the work that was begun for the send after it.
    fn running(
        &self,
        state: &mut State,
        root: &Root,
        wanted: Difficulty,
        is_urgent: bool,
    ) -> Option<Job> {
        let job = state.jobs.get(root)?.clone();
        if !is_urgent {
            return Some(job);
        }
        let is_awaited = job.is_urgent.swap(true, Ordering::SeqCst);
        if !is_awaited && job.search.difficulty() > wanted {
            state.jobs.remove(root);
            self.shared.call_off(&job);
            return None;
        }
        if let Some(crew) = &self.shared.crew {
            crew.hurry(root);
        }
        Some(job)
    }
}

impl Job {
    async fn found(mut self) -> Result<Work, WorkError> {
        tokio::select! {
            found = self.result.wait_for(Option::is_some) => {
                let found = found.map_err(|_| WorkError::Cancelled)?;
                (*found).unwrap_or(Err(WorkError::Cancelled))
            }
            () = self.called_off.cancelled() => Err(WorkError::Cancelled),
        }
    }
}

impl fmt::Display for WorkProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { hashes_done, hashes_expected, p95 } = self;
        write!(f, "proof of work: {hashes_done} hashes done, {hashes_expected} expected")?;
        match p95 {
            Some(p95) => write!(f, ", 95 of 100 end within {} s more", p95.as_secs() + 1),
            None => Ok(()),
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call_off(&self, job: &Job) {
        job.search.call_off();
        job.called_off.cancel();
        if let Some(crew) = &self.crew {
            crew.look_again();
        }
    }

    /// Work of the peers or of this machine, as the mode has it. Never longer than this machine alone would take after
    /// the peers had their time.
    async fn ask_around(&self, root: &Root, job: &Job) -> Result<Work, WorkError> {
        let Some(peers) = &self.peers else { return self.search_here(job).await };
        let asked = peers.ask(root, job.search.difficulty());
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
                    None => self.search_here(job).await,
                }
            }
            WorkMode::Race => {
                let mut own = std::pin::pin!(self.search_here(job));
                tokio::select! {
                    found = &mut own => found,
                    () = called_off => Err(WorkError::Cancelled),
                    found = &mut asked => match found {
                        Some(work) => {
                            job.search.call_off();
                            Ok(work)
                        }
                        None => own.await,
                    },
                }
            }
        }
    }

    async fn search_here(&self, job: &Job) -> Result<Work, WorkError> {
        let Some(crew) = &self.crew else { return Err(WorkError::NoThread) };
        let (sender, found) = oneshot::channel();
        let done = Box::new(move |work| {
            let _ = sender.send(work);
        });
        let is_urgent = job.is_urgent.load(Ordering::SeqCst);
        crew.search(Arc::clone(&job.search), is_urgent, done)?;
        // Somebody may have begun to wait before the crew knew of the search.
        if job.is_urgent.load(Ordering::SeqCst) {
            crew.hurry(job.search.root());
        }
        found.await.unwrap_or(Err(WorkError::Cancelled))
    }

    fn finish(&self, search: &Arc<Search>, found: Result<Work, WorkError>) {
        let (mut state, root) = (self.lock(), search.root());
        // Another search may have taken the place of this one.
        if state.jobs.get(root).is_some_and(|job| Arc::ptr_eq(&job.search, search)) {
            state.jobs.remove(root);
        }
        if let Ok(work) = found {
            state.ready.keep(*root, work);
        }
    }
}

/// The first nonce of a search. Two searches for one root should not try the same nonces; a fixed start is only
/// slower.
pub fn fresh_start() -> u64 {
    let mut start = [0; 8];
    let _ = getrandom::fill(&mut start);
    u64::from_le_bytes(start)
}
