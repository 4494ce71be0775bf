//! The threads that search for work, for as long as the process lives.
//!
//! They have the lowest priority, rest as much of the time as the owner asked for, and must never keep anybody waiting
//! who answers calls. On battery they search only for work that a payment waits for.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::WorkError;
use super::power;
use crate::clock::{Clock, Millis};
use crate::limits;
use crate::nano::work::{Kernel, Search};
use crate::nano::{Root, Work};

/// What the searches may take of the machine.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Threads, at most [`limits::WORK_THREADS`].
    pub threads: usize,
    /// Of each thread's time, 1 to 100.
    pub percent: u32,
}

/// Threads and what they search for. They end when this is dropped.
#[derive(Debug)]
pub struct WorkCrew {
    common: Arc<Common>,
}

/// Who is told how a search ended.
pub type Done = Box<dyn FnOnce(Result<Work, WorkError>) + Send>;

struct Common {
    share: Share,
    clock: Arc<dyn Clock>,
    /// Where the system shows its batteries.
    power: PathBuf,
    list: Mutex<List>,
    news: Condvar,
    /// Counts what changed in the list; a thread that sees another number looks again what is most urgent.
    changes: AtomicU64,
}

#[derive(Default)]
struct List {
    jobs: VecDeque<Job>,
    running: bool,
    closed: bool,
}

struct Job {
    search: Arc<Search>,
    is_urgent: bool,
    done: Option<Done>,
}

impl WorkCrew {
    /// Whose batteries are shown in `power`, as Linux does.
    pub fn new(share: Share, clock: Arc<dyn Clock>, power: PathBuf) -> Self {
        let (list, news, changes) = (Mutex::default(), Condvar::new(), AtomicU64::new(0));
        Self { common: Arc::new(Common { share, clock, power, list, news, changes }) }
    }

    /// For this machine.
    pub fn on_this_machine(share: Share, clock: Arc<dyn Clock>) -> Self {
        Self::new(share, clock, PathBuf::from(POWER_SUPPLIES))
    }

    /// Searches; `done` is called on one of the threads.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn search(
        &self,
        search: Arc<Search>,
        is_urgent: bool,
        done: Done,
    ) -> Result<(), WorkError> {
        self.start()?;
        let mut list = self.common.lock();
        list.jobs.push_back(Job { search, is_urgent, done: Some(done) });
        self.common.changed(&list);
        Ok(())
    }

    /// Somebody waits for the work of `root` from now on.
    pub fn hurry(&self, root: &Root) {
        let mut list = self.common.lock();
        for job in list.jobs.iter_mut().filter(|job| job.search.root() == root) {
            job.is_urgent = true;
        }
        self.common.changed(&list);
    }

    /// Looks again at what is over, after a search was called off.
    pub fn look_again(&self) {
        self.common.changed(&self.common.lock());
    }

    /// Threads are started with the first search: a wallet that never searches has none.
    fn start(&self) -> Result<(), WorkError> {
        let mut list = self.common.lock();
        if list.running {
            return Ok(());
        }
        for number in 0..self.common.share.threads.clamp(1, limits::WORK_THREADS) {
            let common = Arc::clone(&self.common);
            let thread = std::thread::Builder::new().name("work".to_owned());
            match thread.spawn(move || common.serve()) {
                Ok(_) => list.running = true,
                // A machine that cannot start another thread searches with those it has.
                Err(_) if number > 0 => break,
                Err(_) => return Err(WorkError::NoThread),
            }
        }
        Ok(())
    }
}

impl Drop for WorkCrew {
    fn drop(&mut self) {
        let mut list = self.common.lock();
        list.closed = true;
        list.jobs.iter().for_each(|job| job.search.call_off());
        self.common.changed(&list);
    }
}

impl Common {
    fn lock(&self) -> MutexGuard<'_, List> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The guard shows that the list is locked, so that no thread misses the news.
    fn changed(&self, _list: &MutexGuard<'_, List>) {
        self.changes.fetch_add(1, Ordering::Relaxed);
        self.news.notify_all();
    }

    fn serve(&self) {
        give_way();
        let kernel = Kernel::fastest();
        while let Some((search, seen)) = self.next() {
            let mut pace = Pace { common: self, seen, since: self.clock.now() };
            search.take_part(kernel, || {
                pace.keep();
                self.changes.load(Ordering::Relaxed) == seen
            });
        }
    }

    /// What to search for now; waits for it. `None` once the crew is dismissed.
    fn next(&self) -> Option<(Arc<Search>, u64)> {
        let mut list = self.lock();
        loop {
            while let Some(place) = list.jobs.iter().position(|job| job.search.is_over()) {
                let over = list.jobs.remove(place);
                drop(list);
                if let Some(over) = over {
                    over.report();
                }
                list = self.lock();
            }
            if list.closed {
                return None;
            }
            let urgent = list.jobs.iter().find(|job| job.is_urgent);
            let saving =
                urgent.is_none() && !list.jobs.is_empty() && power::on_battery(&self.power);
            let job = if saving { None } else { urgent.or_else(|| list.jobs.front()) };
            if let Some(job) = job {
                return Some((Arc::clone(&job.search), self.changes.load(Ordering::Relaxed)));
            }
            list = match saving {
                true => {
                    let waited = self.news.wait_timeout(list, limits::WORK_BATTERY_LOOK);
                    waited.unwrap_or_else(PoisonError::into_inner).0
                }
                false => self.news.wait(list).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}

impl Job {
    fn report(mut self) {
        if let Some(done) = self.done.take() {
            done(self.search.found().ok_or(WorkError::Cancelled));
        }
    }
}

/// Keeps a thread to its share of the time.
struct Pace<'a> {
    common: &'a Common,
    /// The changes of the list that this thread knows of.
    seen: u64,
    since: Millis,
}

impl Pace<'_> {
    /// Rests, where the thread has worked long enough to.
    fn keep(&mut self) {
        let percent = self.common.share.percent;
        if percent >= 100 {
            return;
        }
        let worked = self.common.clock.now().since(self.since);
        if worked >= limits::WORK_SPELL {
            // News of the list end a rest early, those that came before it too: a search called off ends at once.
            let list = self.common.lock();
            let rested = self.common.news.wait_timeout_while(list, rest(worked, percent), |_| {
                self.common.changes.load(Ordering::Relaxed) == self.seen
            });
            drop(rested.unwrap_or_else(PoisonError::into_inner));
            self.since = self.common.clock.now();
        }
    }
}

/// How long a thread rests that has worked so long. Bounded, because the clock may have been set forward.
fn rest(worked: Duration, percent: u32) -> Duration {
    let percent = percent.clamp(1, 100);
    (worked * (100 - percent) / percent).min(limits::WORK_REST_MAX)
}

/// Others first. A system that refuses has the search at the usual priority.
fn give_way() {
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, LOWEST_PRIORITY);
}

impl fmt::Debug for Common {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Crew").field("share", &self.share).finish_non_exhaustive()
    }
}

/// Where Linux shows batteries and mains.
const POWER_SUPPLIES: &str = "/sys/class/power_supply";
/// The nice value of threads that only use what nobody else wants.
#[cfg(target_os = "linux")]
const LOWEST_PRIORITY: i32 = 19;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::clock::SystemClock;
    use crate::nano::{Difficulty, Network};

    fn crew(threads: usize, percent: u32) -> WorkCrew {
        WorkCrew::new(Share { threads, percent }, Arc::new(SystemClock), PathBuf::from("/nowhere"))
    }

    fn search(byte: u8, difficulty: Difficulty) -> Arc<Search> {
        Arc::new(Search::new(Root::from_bytes([byte; 32]), difficulty, 0))
    }

    fn submit(
        crew: &WorkCrew,
        search: &Arc<Search>,
        urgent: bool,
    ) -> mpsc::Receiver<Result<Work, WorkError>> {
        let (sender, receiver) = mpsc::channel();
        let done = Box::new(move |found| {
            let _ = sender.send(found);
        });
        crew.search(Arc::clone(search), urgent, done).unwrap();
        receiver
    }

    #[test]
    fn the_urgent_search_goes_first_and_the_other_is_not_lost() {
        let crew = crew(2, 100);
        let easy = Network::Sandbox.thresholds().epoch_2_send;
        let endless = search(1, Difficulty(u64::MAX));
        let never = submit(&crew, &endless, false);
        for byte in 2..5 {
            let wanted = search(byte, easy);
            let work = submit(&crew, &wanted, true).recv().unwrap().unwrap();
            assert!(easy.is_met_by(work, wanted.root()));
        }
        let late = search(9, easy);
        let found = submit(&crew, &late, false);
        crew.hurry(late.root());
        assert!(found.recv().unwrap().is_ok());
        assert!(never.try_recv().is_err());
        endless.call_off();
        crew.look_again();
        assert_eq!(never.recv().unwrap(), Err(WorkError::Cancelled));
    }

    #[test]
    fn a_search_called_off_ends_at_once_even_where_the_threads_rest() {
        let crew = crew(1, 1);
        let endless = search(1, Difficulty(u64::MAX));
        let never = submit(&crew, &endless, true);
        while endless.hashes_done() == 0 {
            std::thread::yield_now();
        }
        endless.call_off();
        crew.look_again();
        let ended = never.recv_timeout(limits::WORK_REST_MAX * 10).unwrap();
        assert_eq!(ended, Err(WorkError::Cancelled));
    }

    #[test]
    fn a_thread_does_not_rest_over_news_it_has_not_seen() {
        let crew = crew(1, 1);
        let clock = SystemClock;
        for (news, rests) in [(0, true), (1, false)] {
            let seen = crew.common.changes.load(Ordering::Relaxed);
            (0..news).for_each(|_| crew.look_again());
            let before = clock.now();
            Pace { common: &crew.common, seen, since: Millis::default() }.keep();
            let rested = clock.now().since(before) >= limits::WORK_REST_MAX;
            assert_eq!(rested, rests);
        }
    }

    #[test]
    fn a_crew_that_is_dropped_ends_its_searches() {
        let crew = crew(2, 100);
        let never = submit(&crew, &search(1, Difficulty(u64::MAX)), true);
        drop(crew);
        assert_eq!(never.recv().unwrap(), Err(WorkError::Cancelled));
    }

    #[test]
    fn threads_rest_their_share_and_never_longer_than_the_bound() {
        let spell = Duration::from_millis(10);
        for (percent, rested_ms) in [(100, 0), (101, 0), (50, 10), (20, 40), (1, 50), (0, 50)] {
            assert_eq!(rest(spell, percent), Duration::from_millis(rested_ms), "{percent}");
        }
        let bound = limits::WORK_REST_MAX;
        assert_eq!(rest(bound, 50), bound);
        assert_eq!(rest(bound + Duration::from_millis(1), 50), bound);
        assert_eq!(rest(Duration::from_secs(1 << 30), 1), bound);
    }
}
