//! Our kernels beside nano-rspow's, in turn in one run: `cargo run --release` in this folder.
//!
//! Hashes per second of processor time of one thread, so that other work on the machine counts less. Of nano-rspow it
//! is the core of its search, one nonce after the other; its random numbers and threads are left out, in its favour.
//! The last rows are wall time of all cores at once.

use std::hint::black_box;
use std::time::Duration;

use paywarden::nano::work::{Kernel, Search};
use paywarden::nano::{Difficulty, Root};

const ROUNDS: usize = 7;
const PLAIN_HASHES: u64 = 1 << 20;
const ROOT: [u8; 32] = [7; 32];

fn main() {
    let kernels: Vec<Kernel> = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).collect();
    let mut peer = Vec::new();
    let mut ours = vec![Vec::new(); kernels.len()];
    for _ in 0..ROUNDS {
        peer.push(rate(PLAIN_HASHES, || {
            for nonce in 0..PLAIN_HASHES {
                black_box(nano_rspow::difficulty::is_valid(&ROOT, nonce, u64::MAX));
            }
        }));
        for (kernel, rates) in kernels.iter().zip(&mut ours) {
            let hashes = PLAIN_HASHES * 4;
            let root = Root::from_bytes(ROOT);
            rates.push(rate(hashes, || {
                black_box(kernel.scan(&root, 0, hashes, u64::MAX));
            }));
        }
    }
    let peer = median(peer);
    println!("| kernel | Mhash/s, one thread | times nano-rspow | Mhash/s, two threads | times one |");
    println!("|---|---|---|---|---|");
    println!("| nano-rspow 0.18.0 | {:.2} | 1 | | |", peer / 1e6);
    for (kernel, rates) in kernels.iter().zip(ours) {
        let one = median(rates);
        let two = together(*kernel);
        println!(
            "| {kernel} | {:.2} | {:.2} | {:.2} | {:.2} |",
            one / 1e6,
            one / peer,
            two / 1e6,
            two / one
        );
    }
}

/// The sum of what two threads reach at the same time, each by its own processor time.
fn together(kernel: Kernel) -> f64 {
    let search = Search::new(Root::from_bytes(ROOT), Difficulty(u64::MAX), 0);
    let run = || {
        let (before, mut batches) = (cpu_time(), 0_u64);
        search.take_part(kernel, || {
            batches += 1;
            cpu_time() - before < Duration::from_millis(500)
        });
        (batches * 4_096) as f64 / (cpu_time() - before).as_secs_f64()
    };
    std::thread::scope(|scope| {
        let other = scope.spawn(run);
        run() + other.join().expect("a thread that only counts")
    })
}

fn rate(hashes: u64, work: impl FnOnce()) -> f64 {
    let before = cpu_time();
    work();
    hashes as f64 / (cpu_time() - before).as_secs_f64()
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
