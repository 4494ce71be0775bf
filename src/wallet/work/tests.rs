use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;

use super::*;
use crate::clock::{Clock, SystemClock};
use crate::limits;
use crate::nano::Network;
use crate::network::{NodeError, WorkSource};

/// How a peer behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Manner {
    Honest,
    Lying,
    Silent,
    Dead,
    Slow,
}

#[derive(Debug)]
struct Peer {
    manner: Manner,
    asked: AtomicU32,
}

impl Peer {
    fn new(manner: Manner) -> Arc<Self> {
        Arc::new(Self { manner, asked: AtomicU32::new(0) })
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl WorkSource for Peer {
    fn name(&self) -> String {
        format!("{:?}", self.manner)
    }

    async fn generate(&self, root: Root, difficulty: Difficulty) -> Result<Work, NodeError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let honest = || generate(&root, difficulty, 0);
        match self.manner {
            Manner::Honest => Ok(honest()),
            Manner::Lying => {
                let wrong = (0..).map(Work).find(|work| !difficulty.is_met_by(*work, &root));
                Ok(wrong.unwrap())
            }
            Manner::Silent => std::future::pending().await,
            Manner::Dead => Err(NodeError::Unreachable { detail: "refused".to_owned() }),
            Manner::Slow => {
                SystemClock.sleep(Duration::from_millis(50)).await;
                Ok(honest())
            }
        }
    }
}

/// Sleeps are over at once, and every one of them moves the time on.
#[derive(Debug, Default)]
struct Hasty(std::sync::atomic::AtomicU64);

impl Clock for Hasty {
    fn now(&self) -> crate::clock::Millis {
        crate::clock::Millis(self.0.load(Ordering::Relaxed))
    }

    fn sleep(&self, d: Duration) -> crate::clock::BoxFuture<'static, ()> {
        let millis = u64::try_from(d.as_millis()).unwrap();
        self.0.fetch_add(millis, Ordering::Relaxed);
        Box::pin(async { SystemClock.sleep(Duration::from_millis(100)).await })
    }
}

fn difficulty() -> Difficulty {
    Network::Sandbox.thresholds().epoch_2_send
}

fn root(byte: u8) -> Root {
    crate::nano::BlockHash::from_bytes([byte; 32]).into()
}

fn pool(peers: &[&Arc<Peer>], mode: WorkMode, threads: usize) -> WorkPool {
    let sources = peers.iter().map(|peer| Arc::clone(*peer) as Arc<dyn WorkSource>).collect();
    let peers = Peers::new(sources, mode, Arc::new(Hasty::default()));
    let (share, clock) = (Share { threads, percent: 100 }, Arc::new(SystemClock));
    let difficulty = difficulty();
    WorkPool::with(WorkSettings { difficulty, share, file: None, peers: Some(peers), clock })
}

#[tokio::test]
async fn the_first_honest_peer_is_believed_and_the_others_are_put_back() {
    let (dead, lying, silent, honest) = (
        Peer::new(Manner::Dead),
        Peer::new(Manner::Lying),
        Peer::new(Manner::Silent),
        Peer::new(Manner::Honest),
    );
    let pool = pool(&[&dead, &lying, &silent, &honest], WorkMode::PeersFirst, 1);
    for byte in 1..=2 {
        let work = pool.obtain(root(byte)).await.unwrap();
        assert!(difficulty().is_met_by(work, &root(byte)));
    }
    assert_eq!([dead.asked(), lying.asked(), silent.asked(), honest.asked()], [1, 1, 1, 2]);
}

#[tokio::test]
async fn without_an_honest_peer_this_machine_searches() {
    for manner in [Manner::Dead, Manner::Lying, Manner::Silent] {
        let peer = Peer::new(manner);
        for mode in [WorkMode::PeersFirst, WorkMode::Race] {
            let work = pool(&[&peer], mode, 1).obtain(root(3)).await.unwrap();
            assert!(difficulty().is_met_by(work, &root(3)), "{manner:?} {mode:?}");
        }
    }
}

#[tokio::test]
async fn a_race_asks_both_and_a_job_is_shared() {
    let slow = Peer::new(Manner::Slow);
    let pool = pool(&[&slow], WorkMode::Race, 1);
    let (one, two) = tokio::join!(pool.obtain(root(4)), pool.obtain(root(4)));
    assert_eq!(one.unwrap(), two.unwrap());
    assert!(slow.asked() <= 1);
    assert!(pool.is_ready(&root(4)));
}

#[tokio::test]
async fn what_is_called_off_ends_at_once() {
    let silent = Peer::new(Manner::Silent);
    let pool = pool(&[&silent], WorkMode::PeersFirst, 1);
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.obtain(root(5)).await }
    });
    while silent.asked() == 0 {
        tokio::task::yield_now().await;
    }
    pool.stop();
    assert_eq!(waiting.await.unwrap(), Err(WorkError::Cancelled));
}

#[tokio::test]
async fn a_search_called_off_is_over_within_five_milliseconds() {
    let pool = WorkPool::new(Difficulty(u64::MAX), 2, None);
    pool.prepare(root(6), None);
    let waiting = tokio::spawn({
        let pool = pool.clone();
        async move { pool.obtain(root(6)).await }
    });
    while pool.progress(&root(6)).is_none_or(|progress| progress.hashes_done == 0) {
        tokio::task::yield_now().await;
    }
    let running = pool.progress(&root(6)).unwrap();
    assert_eq!(running.hashes_expected, u64::MAX);
    let before = SystemClock.now();
    pool.stop();
    assert_eq!(waiting.await.unwrap(), Err(WorkError::Cancelled));
    // Ten times the bound: other tests share these cores.
    assert!(SystemClock.now().since(before) < Duration::from_millis(50));
}

#[tokio::test]
async fn work_for_a_head_that_moved_is_dropped_and_the_next_is_made() {
    let pool = WorkPool::new(difficulty(), 1, None);
    pool.prepare(root(7), None);
    assert!(pool.obtain(root(7)).await.is_ok());
    pool.prepare(root(8), Some(root(7)));
    assert!(!pool.is_ready(&root(7)));
    assert!(pool.obtain(root(8)).await.is_ok());
    assert!(pool.is_ready(&root(8)) && pool.progress(&root(8)).is_none());
}

#[tokio::test]
async fn a_receive_takes_the_place_of_the_search_for_the_next_send() {
    let pool = WorkPool::new(Difficulty(u64::MAX), 1, None);
    pool.prepare(root(9), None);
    let work = pool.obtain_worth(root(9), difficulty()).await.unwrap();
    assert!(difficulty().is_met_by(work, &root(9)));
    assert!(!pool.is_ready(&root(9)) && pool.progress(&root(9)).is_none());
    // What was found is not searched for again, and the send's is begun anew.
    assert_eq!(pool.obtain_worth(root(9), difficulty()).await, Ok(work));
    pool.prepare(root(9), None);
    assert_eq!(pool.progress(&root(9)).unwrap().hashes_expected, u64::MAX);
}

#[tokio::test]
async fn whoever_waits_gets_work_that_is_worth_what_was_asked() {
    let pool = WorkPool::new(difficulty(), 1, None);
    let less = Difficulty(1 << 63);
    let (receive, send) = tokio::join!(pool.obtain_worth(root(10), less), pool.obtain(root(10)));
    assert!(less.is_met_by(receive.unwrap(), &root(10)));
    assert!(difficulty().is_met_by(send.unwrap(), &root(10)));
    assert!(pool.is_ready(&root(10)));
    // More than what any block needs is never searched for.
    let most = pool.obtain_worth(root(11), Difficulty(u64::MAX)).await.unwrap();
    assert!(difficulty().is_met_by(most, &root(11)));
}

#[tokio::test]
async fn a_receive_joins_a_search_that_a_send_waits_for() {
    let pool = WorkPool::new(Difficulty(u64::MAX), 1, None);
    let wait = |wanted| {
        let pool = pool.clone();
        tokio::spawn(async move { pool.obtain_worth(root(12), wanted).await })
    };
    let send = wait(Difficulty(u64::MAX));
    while pool.progress(&root(12)).is_none_or(|progress| progress.hashes_done == 0) {
        tokio::task::yield_now().await;
    }
    let receive = wait(difficulty());
    tokio::task::yield_now().await;
    assert_eq!(pool.progress(&root(12)).unwrap().hashes_expected, u64::MAX);
    pool.stop();
    assert_eq!(send.await.unwrap(), Err(WorkError::Cancelled));
    assert_eq!(receive.await.unwrap(), Err(WorkError::Cancelled));
}

#[test]
fn peers_end_at_their_bound() {
    for (given, kept) in [
        (limits::WORK_SOURCES, limits::WORK_SOURCES),
        (limits::WORK_SOURCES + 1, limits::WORK_SOURCES),
    ] {
        let sources = (0..given).map(|_| Peer::new(Manner::Dead) as Arc<dyn WorkSource>).collect();
        let peers = Peers::new(sources, WorkMode::Race, Arc::new(SystemClock));
        assert_eq!(peers.sources_len(), kept);
    }
}
