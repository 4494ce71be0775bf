//! Our kernels beside nano-rspow's, in turn in one run: `cargo run --release` in this folder.
//!
//! Hashes per second of processor time of one thread, so that other work on the machine counts less. Of nano-rspow it
//! is the core of its search, one nonce after the other; its random numbers and threads are left out, in its favour.

use std::hint::black_box;
use std::time::Duration;

use paywarden::limits::WORK_BATCH_HASHES;
use paywarden::nano::work::{Kernel, Search};
use paywarden::nano::{Difficulty, Root};

const ROUNDS: usize = 40;
const PLAIN_HASHES: u64 = 1 << 18;
const PROBES: u64 = 1_000_000;
const ROOT: [u8; 32] = [7; 32];

fn main() {
    let kernels: Vec<Kernel> =
        Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).collect();
    let mut peer = Vec::new();
    let mut ours: Vec<Vec<Sample>> = kernels.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        peer.push(sample(PLAIN_HASHES, || {
            for nonce in 0..PLAIN_HASHES {
                black_box(nano_rspow::difficulty::is_valid(&ROOT, nonce, u64::MAX));
            }
        }));
        for (kernel, samples) in kernels.iter().zip(&mut ours) {
            let hashes = PLAIN_HASHES * 4;
            let root = Root::from_bytes(ROOT);
            samples.push(sample(hashes, || {
                black_box(kernel.scan(&root, 0, hashes, u64::MAX));
            }));
        }
    }
    let peer = middle_and_best(peer.into_iter());
    let columns = "kernel | Mhash/s, one thread | cycles a hash, best | of its bound | times nano-rspow | Mhash/s, two threads | times one";
    println!("| {columns} |");
    println!("|---|---|---|---|---|---|---|");
    println!("| nano-rspow 0.18.0 | {:.2} | {:.0} | | 1 | | |", peer.a_second / 1e6, peer.cycles);
    for (kernel, samples) in kernels.iter().zip(ours) {
        let one = middle_and_best(samples.into_iter());
        let bound = bound(*kernel).map(|bound| format!("{:.0} %", 100.0 * bound / one.cycles));
        let (alone, two) = (together(*kernel, 1), together(*kernel, 2));
        println!(
            "| {kernel} | {:.2} | {:.1} | {} | {:.2} | {:.2} | {:.2} |",
            one.a_second / 1e6,
            one.cycles,
            bound.unwrap_or_default(),
            one.a_second / peer.a_second,
            two / 1e6,
            two / alone
        );
    }
}

/// The fewest cycles a hash can take, as `docs/performance.md` has it.
fn bound(kernel: Kernel) -> Option<f64> {
    match kernel {
        Kernel::Avx512 => Some(1_134.0 / 2.0 / 8.0),
        Kernel::Avx2 => Some(1_310.0 / 3.0 / 4.0),
        Kernel::Neon => Some(1_134.0 / 4.0 / 2.0),
        Kernel::Portable => Some(1_134.0 / 5.0),
        Kernel::Plain => None,
    }
}

/// The sum of what so many threads reach at the same time, each by its own processor time.
fn together(kernel: Kernel, threads: usize) -> f64 {
    let search = Search::new(Root::from_bytes(ROOT), Difficulty(u64::MAX), 0);
    let run = || {
        let (before, mut batches) = (cpu_time(), 0_u64);
        search.take_part(kernel, || {
            batches += 1;
            cpu_time() - before < Duration::from_secs(1)
        });
        (batches * WORK_BATCH_HASHES) as f64 / (cpu_time() - before).as_secs_f64()
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        running.into_iter().map(|run| run.join().expect("a thread that only counts")).sum()
    })
}

/// One measurement.
struct Sample {
    a_second: f64,
    cycles: f64,
}

fn sample(hashes: u64, work: impl FnOnce()) -> Sample {
    let clock = cycles_a_second();
    let before = cpu_time();
    work();
    let a_second = hashes as f64 / (cpu_time() - before).as_secs_f64();
    Sample { a_second, cycles: clock.max(cycles_a_second()) / a_second }
}

/// From operations that each wait for the one before: a multiplication takes three cycles on x86-64, and an or one.
fn cycles_a_second() -> f64 {
    let (before, mut chain) = (cpu_time(), black_box(3_u64));
    for _ in 0..PROBES {
        chain = chain.wrapping_mul(chain | 1);
    }
    black_box(chain);
    (4 * PROBES) as f64 / (cpu_time() - before).as_secs_f64()
}

/// The rate in the middle, and the fewest cycles: what the code can do where nothing disturbs it.
fn middle_and_best(samples: impl Iterator<Item = Sample>) -> Sample {
    let (mut rates, cycles): (Vec<_>, Vec<_>) =
        samples.map(|sample| (sample.a_second, sample.cycles)).unzip();
    rates.sort_by(f64::total_cmp);
    let fewest = cycles.into_iter().fold(f64::INFINITY, f64::min);
    Sample { a_second: rates[rates.len() / 2], cycles: fewest }
}

fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}
