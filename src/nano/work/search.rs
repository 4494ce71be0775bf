//! A search for proof of work that any number of threads take part in, until work is found or it is called off.
//!
//! The caller gives the first nonce, so that a search is repeatable; it must never touch a clock or a random source.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{Difficulty, Kernel, Root, Work};
use crate::limits;

/// A search, shared by those who take part.
#[derive(Debug)]
pub struct Search {
    root: Root,
    difficulty: Difficulty,
    /// The first nonce nobody has taken yet.
    next: AtomicU64,
    done: AtomicU64,
    called_off: AtomicBool,
    found: OnceLock<Work>,
}

impl Search {
    /// For work worth at least `difficulty` for `root`, from the nonce `start` on.
    pub fn new(root: Root, difficulty: Difficulty, start: u64) -> Self {
        Self {
            root,
            difficulty,
            next: AtomicU64::new(start),
            done: AtomicU64::new(0),
            called_off: AtomicBool::new(false),
            found: OnceLock::new(),
        }
    }

    /// Searches on the calling thread until the search is over: seconds to minutes at live difficulties. After each
    /// batch of at most [`limits::WORK_BATCH_HASHES`] hashes `go_on` is asked whether this thread has still time for it.
    pub fn take_part(&self, kernel: Kernel, mut go_on: impl FnMut() -> bool) {
        let batch = limits::WORK_BATCH_HASHES;
        while !self.is_over() {
            let first = self.next.fetch_add(batch, Ordering::Relaxed);
            let hit = kernel.scan(&self.root, first, batch, self.difficulty.0);
            self.done.fetch_add(batch, Ordering::Relaxed);
            // Checked once more by the plain definition: a block with bad work would be thrown away by every node.
            if let Some(work) = hit.filter(|work| self.difficulty.is_met_by(*work, &self.root)) {
                // The first of several threads wins.
                let _ = self.found.set(work);
            }
            if !go_on() {
                return;
            }
        }
    }

    /// Calls the search off; it ends within a batch of each thread.
    pub fn call_off(&self) {
        self.called_off.store(true, Ordering::Relaxed);
    }

    /// Whether work was found or the search called off.
    pub fn is_over(&self) -> bool {
        self.called_off.load(Ordering::Relaxed) || self.found.get().is_some()
    }

    /// The work, once it was found.
    pub fn found(&self) -> Option<Work> {
        self.found.get().copied()
    }

    /// What work is searched for.
    pub fn root(&self) -> &Root {
        &self.root
    }

    /// What work must be worth.
    pub fn difficulty(&self) -> Difficulty {
        self.difficulty
    }

    /// Hashes done so far, by all who take part.
    pub fn hashes_done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }
}

/// Finds work for `root` worth at least `difficulty`, on the calling thread.
pub fn generate(root: &Root, difficulty: Difficulty, start: u64) -> Work {
    let search = Search::new(*root, difficulty, start);
    search.take_part(Kernel::fastest(), || true);
    search.found().expect("a search that nobody calls off ends with work")
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::nano::Network;

    fn root() -> Root {
        Root::from_bytes([5; 32])
    }

    #[test]
    fn found_work_meets_the_difficulty_on_any_number_of_threads() {
        let difficulty = Network::Dev.thresholds().epoch_2_send;
        for threads in [1, 2, 7] {
            let search = Search::new(root(), difficulty, u64::MAX - 10);
            thread::scope(|scope| {
                for _ in 0..threads {
                    scope.spawn(|| search.take_part(Kernel::fastest(), || true));
                }
            });
            assert!(difficulty.is_met_by(search.found().unwrap(), &root()), "{threads}");
            assert!(search.hashes_done() >= limits::WORK_BATCH_HASHES);
        }
    }

    #[test]
    fn one_thread_finds_the_first_nonce_that_is_good_enough() {
        let difficulty = Network::Dev.thresholds().epoch_1;
        let first = (1_000..).map(Work).find(|work| difficulty.is_met_by(*work, &root()));
        assert_eq!(Some(generate(&root(), difficulty, 1_000)), first);
        assert_eq!(generate(&root(), Difficulty(0), 42), Work(42));
    }

    #[test]
    fn a_batch_ends_at_its_bound() {
        for (first, done) in [(limits::WORK_BATCH_HASHES - 1, 1), (limits::WORK_BATCH_HASHES, 2)] {
            let best = Work(first);
            let difficulty = Difficulty(crate::nano::work::value(best, &root()));
            let earlier = (0..first).map(Work).find(|work| difficulty.is_met_by(*work, &root()));
            let search = Search::new(root(), difficulty, 0);
            search.take_part(Kernel::Plain, || true);
            if earlier.is_none() {
                assert_eq!(search.found(), Some(best));
                assert_eq!(search.hashes_done(), done * limits::WORK_BATCH_HASHES);
            }
        }
    }

    #[test]
    fn a_search_called_off_before_it_starts_does_no_work() {
        let search = Search::new(root(), Difficulty(0), 0);
        search.call_off();
        search.take_part(Kernel::fastest(), || true);
        assert_eq!((search.found(), search.hashes_done()), (None, 0));
    }

    #[test]
    fn who_has_no_time_leaves_and_others_go_on() {
        let search = Search::new(root(), Network::Dev.thresholds().entry, 0);
        let hard = Search::new(root(), Difficulty(u64::MAX), 0);
        hard.take_part(Kernel::fastest(), || false);
        assert_eq!((hard.is_over(), hard.hashes_done()), (false, limits::WORK_BATCH_HASHES));
        search.take_part(Kernel::fastest(), || true);
        assert!(search.is_over());
    }

    #[test]
    fn a_running_search_can_be_called_off_and_watched() {
        let search = Search::new(root(), Difficulty(u64::MAX), 0);
        let mut batches = 0;
        search.take_part(Kernel::fastest(), || {
            batches += 1;
            assert_eq!(search.hashes_done(), batches * limits::WORK_BATCH_HASHES);
            if batches == 3 {
                search.call_off();
            }
            true
        });
        assert_eq!((search.found(), batches), (None, 3));
    }
}
