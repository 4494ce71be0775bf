//! The thread that commits: it drains what waits into one batch, so that many callers share one fsync.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::Semaphore;

use super::StoreError;
use super::anchor::FreezeMarker;
use super::committer::{Committer, Job};
use crate::limits;

/// Takes closures to the committer.
#[derive(Debug)]
pub struct Writer {
    mode: Mode,
    failed: Arc<OnceLock<StoreError>>,
    marker: Option<FreezeMarker>,
}

#[derive(Debug)]
enum Mode {
    /// In the caller: deterministic, for simulations and short commands.
    Inline(Box<Mutex<Committer>>),
    /// On a thread of its own.
    Threaded(Threaded),
}

#[derive(Debug)]
struct Threaded {
    queue: Mutex<Option<SyncSender<Job>>>,
    /// Keeps the queue from filling up, so that sending never blocks the runtime.
    places: Arc<Semaphore>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Commits in the caller.
    pub fn inline(committer: Committer) -> Self {
        let (failed, marker) = (committer.failure(), committer.marker());
        Self { mode: Mode::Inline(Box::new(Mutex::new(committer))), failed, marker }
    }

    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn threaded(committer: Committer) -> Result<Self, StoreError> {
        let (failed, marker) = (committer.failure(), committer.marker());
        let (queue, jobs) = sync_channel(limits::COMMIT_QUEUE);
        let places = Arc::new(Semaphore::new(limits::COMMIT_QUEUE));
        let freed = Arc::clone(&places);
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || drain(committer, &jobs, &freed))
            .map_err(|error| StoreError::Unavailable { detail: error.to_string() })?;
        let threaded =
            Threaded { queue: Mutex::new(Some(queue)), places, thread: Mutex::new(Some(thread)) };
        Ok(Self { mode: Mode::Threaded(threaded), failed, marker })
    }

    pub(super) async fn submit(&self, job: Job) -> Result<(), StoreError> {
        match &self.mode {
            Mode::Inline(committer) => {
                committer.lock().unwrap_or_else(PoisonError::into_inner).run(vec![job]);
                Ok(())
            }
            Mode::Threaded(threaded) => {
                let place = threaded.places.acquire().await.map_err(|_| self.failure())?;
                place.forget();
                let queue = threaded.queue.lock().unwrap_or_else(PoisonError::into_inner);
                let queue = queue.as_ref().ok_or_else(|| self.failure())?;
                queue.try_send(job).map_err(|_| self.failure())
            }
        }
    }

    pub(super) fn failure(&self) -> StoreError {
        let stopped = || StoreError::Failed { detail: "the writer has stopped".to_owned() };
        self.failed.get().cloned().unwrap_or_else(stopped)
    }

    pub(super) fn marker_reason(&self) -> Option<String> {
        self.marker.as_ref().and_then(FreezeMarker::reason)
    }

    pub(super) fn close(&self) {
        if let Mode::Threaded(threaded) = &self.mode {
            threaded.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
            let thread = threaded.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(thread) = thread {
                let _ = thread.join();
            }
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

fn drain(mut committer: Committer, jobs: &Receiver<Job>, places: &Semaphore) {
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(limits::COMMIT_BATCH - 1));
        places.add_permits(batch.len());
        committer.run(batch);
    }
}
