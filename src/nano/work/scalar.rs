//! The portable search for proof of work: plain hashing on a few threads, until found or called off.
//!
//! The caller gives the first nonce, so that a search is repeatable; it must never touch a clock or a random source.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::{Difficulty, Root, Work, value};
use crate::limits;

/// How to search.
#[derive(Clone, Copy, Debug)]
pub struct Search<'a> {
    /// Threads to use, the calling one included; at least one runs, at most [`limits::WORK_THREADS`].
    pub threads: usize,
    /// The first nonce tried; searches from far-apart starts do not repeat each other.
    pub start: u64,
    /// Calls the search off from another thread.
    pub cancel: &'a Cancel,
    /// Counts hashes done, while the search runs.
    pub done: &'a AtomicU64,
}

/// A handle that calls a search off; clones are the same handle.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Calls the search off; it ends within [`limits::WORK_BATCH_HASHES`] hashes of each thread.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the search was called off.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Finds work for `root` worth at least `difficulty`; `None` only if the search was called off.
///
/// Blocks the calling thread for seconds to minutes at live difficulties.
pub fn generate(root: &Root, difficulty: Difficulty, search: &Search<'_>) -> Option<Work> {
    let threads = search.threads.clamp(1, limits::WORK_THREADS);
    let found = Found::default();
    let lane = |lane: usize| search_lane(root, difficulty, search, &found, lane, threads);
    thread::scope(|scope| {
        for other in 1..threads {
            // A machine that cannot start another thread searches with those it has.
            let _ = thread::Builder::new().spawn_scoped(scope, move || lane(other));
        }
        lane(0);
    });
    found.into_work()
}

/// The first work found, and the sign for the other threads to stop.
#[derive(Default)]
struct Found {
    any: AtomicBool,
    nonce: AtomicU64,
}

impl Found {
    /// The first of several threads wins.
    fn set(&self, work: Work) {
        if !self.any.swap(true, Ordering::AcqRel) {
            self.nonce.store(work.0, Ordering::Release);
        }
    }

    fn is_set(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// Called when all threads have ended, so the nonce is there if anything is.
    fn into_work(self) -> Option<Work> {
        self.any.into_inner().then(|| Work(self.nonce.into_inner()))
    }
}

/// Searches every `lanes`-th batch of nonces, from batch number `lane` on.
fn search_lane(
    root: &Root,
    difficulty: Difficulty,
    search: &Search<'_>,
    found: &Found,
    lane: usize,
    lanes: usize,
) {
    let batch = limits::WORK_BATCH_HASHES;
    let mut first = search.start.wrapping_add(lane as u64 * batch);
    while !search.cancel.is_cancelled() && !found.is_set() {
        let hit = scan(root, difficulty, first, batch);
        search.done.fetch_add(batch, Ordering::Relaxed);
        // Checked once more by the plain definition: a block with bad work would be thrown away by every node.
        if let Some(work) = hit.filter(|work| difficulty.is_met_by(*work, root)) {
            found.set(work);
        }
        first = first.wrapping_add(lanes as u64 * batch);
    }
}

/// The first of `count` nonces from `first` on that is worth `difficulty`.
fn scan(root: &Root, difficulty: Difficulty, first: u64, count: u64) -> Option<Work> {
    (0..count)
        .map(|offset| Work(first.wrapping_add(offset)))
        .find(|work| value(*work, root) >= difficulty.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nano::Network;

    fn find(threads: usize, difficulty: Difficulty, start: u64) -> (Option<Work>, u64) {
        let (cancel, done) = (Cancel::default(), AtomicU64::new(0));
        let search = Search { threads, start, cancel: &cancel, done: &done };
        let work = generate(&root(), difficulty, &search);
        (work, done.into_inner())
    }

    fn root() -> Root {
        Root::from_bytes([5; 32])
    }

    #[test]
    fn found_work_meets_the_difficulty_on_any_number_of_threads() {
        let difficulty = Network::Dev.thresholds().epoch_2_send;
        for threads in [0, 1, 2, 7, limits::WORK_THREADS, limits::WORK_THREADS + 1] {
            let (work, done) = find(threads, difficulty, u64::MAX - 10);
            assert!(difficulty.is_met_by(work.unwrap(), &root()), "{threads}");
            assert!(done >= limits::WORK_BATCH_HASHES);
        }
    }

    #[test]
    fn one_thread_finds_the_first_nonce_that_is_good_enough() {
        let difficulty = Network::Dev.thresholds().epoch_1;
        let (work, done) = find(1, difficulty, 1_000);
        let first = (1_000..).map(Work).find(|work| difficulty.is_met_by(*work, &root()));
        assert_eq!((work, done), (first, limits::WORK_BATCH_HASHES));
        let zero = find(1, Difficulty(0), 42);
        assert_eq!(zero, (Some(Work(42)), limits::WORK_BATCH_HASHES));
    }

    #[test]
    fn threads_never_try_more_than_the_limit_allows() {
        let (_, done) = find(limits::WORK_THREADS + 1, Difficulty(0), 0);
        assert!(done <= limits::WORK_THREADS as u64 * limits::WORK_BATCH_HASHES);
    }

    #[test]
    fn a_search_called_off_before_it_starts_does_no_work() {
        let (cancel, done) = (Cancel::default(), AtomicU64::new(0));
        cancel.cancel();
        let search = Search { threads: 3, start: 0, cancel: &cancel, done: &done };
        assert_eq!(generate(&root(), Difficulty(0), &search), None);
        assert_eq!(done.into_inner(), 0);
    }

    #[test]
    fn a_running_search_can_be_called_off_and_watched() {
        let (cancel, done) = (Cancel::default(), AtomicU64::new(0));
        let search = Search { threads: 2, start: 0, cancel: &cancel, done: &done };
        let work = thread::scope(|scope| {
            let search = scope.spawn(|| generate(&root(), Difficulty(u64::MAX), &search));
            while done.load(Ordering::Relaxed) < 2 * limits::WORK_BATCH_HASHES {
                thread::yield_now();
            }
            cancel.clone().cancel();
            search.join().unwrap()
        });
        assert_eq!(work, None);
    }
}
