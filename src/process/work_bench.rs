//! `paywarden work bench`: how fast each kernel searches on this machine.
//!
//! Finds no work and touches no wallet.

use std::thread;
use std::time::Duration;

use crate::clock::Clock;
use crate::nano::work::{Kernel, Search};
use crate::nano::{Difficulty, Network, Root};
use crate::surfaces::cli::work::{Bench, Figures};

/// What is measured.
#[derive(Clone, Debug)]
pub struct BenchPlan {
    /// These kernels.
    pub kernels: Vec<Kernel>,
    /// On so many threads, one after the other.
    pub threads: Vec<usize>,
    /// For so long each.
    pub each: Duration,
}

/// Measures each kernel on each number of threads, at the usual priority.
pub fn bench(plan: &BenchPlan, clock: &dyn Clock) -> Bench {
    let mut figures = Vec::new();
    for kernel in &plan.kernels {
        for threads in &plan.threads {
            // The clock of the processor changes with its load, so it is looked at beside every figure.
            let cycles_per_second = cycles_per_second(clock);
            let rate = rate(*kernel, *threads, plan.each, clock);
            let per_thread = rate / *threads as u64;
            figures.push(Figures {
                kernel: kernel.name(),
                threads: *threads,
                hashes_per_second: rate,
                hashes_per_second_per_thread: per_thread,
                cycles_per_hash: cycles_per_second.and_then(|all| all.checked_div(per_thread)),
                send_seconds: seconds(Network::Live.thresholds().epoch_2_send, rate),
                receive_seconds: seconds(Network::Live.thresholds().epoch_2_receive, rate),
            });
        }
    }
    Bench { fastest: Kernel::fastest().name(), is_optimised: !cfg!(debug_assertions), figures }
}

fn rate(kernel: Kernel, threads: usize, each: Duration, clock: &dyn Clock) -> u64 {
    let search = Search::new(Root::from_bytes([7; 32]), Difficulty(u64::MAX), 0);
    let started = clock.now();
    let end = started.plus(each);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| search.take_part(kernel, || clock.now() < end));
        }
    });
    let took = clock.now().since(started).as_millis().max(1);
    (u128::from(search.hashes_done()) * 1_000 / took).try_into().unwrap_or(u64::MAX)
}

/// What a search takes on average.
#[expect(clippy::cast_precision_loss, reason = "an estimate, shown with two decimals")]
fn seconds(difficulty: Difficulty, rate: u64) -> f64 {
    difficulty.hashes_expected() as f64 / rate.max(1) as f64
}

/// From a chain of operations that each wait for the one before: a multiplication takes three cycles on x86-64 and an
/// or one, on every processor of the last ten years. Not known elsewhere, nor where the compiler does not optimise.
fn cycles_per_second(clock: &dyn Clock) -> Option<u64> {
    if cfg!(debug_assertions) || !cfg!(target_arch = "x86_64") {
        return None;
    }
    let (mut rounds, mut chain) = (0_u64, std::hint::black_box(3_u64));
    let started = clock.now();
    while clock.now().since(started) < PROBE {
        for _ in 0..PROBE_ROUNDS {
            chain = chain.wrapping_mul(chain | 1);
        }
        chain = std::hint::black_box(chain);
        rounds += PROBE_ROUNDS;
    }
    let took = u64::try_from(clock.now().since(started).as_millis()).ok()?;
    (rounds * PROBE_CYCLES * 1_000).checked_div(took)
}

const PROBE: Duration = Duration::from_millis(50);
const PROBE_ROUNDS: u64 = 100_000;
const PROBE_CYCLES: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;

    #[test]
    fn every_kernel_and_number_of_threads_gets_a_line() {
        let plan = BenchPlan {
            kernels: vec![Kernel::Plain, Kernel::Portable],
            threads: vec![1, 2],
            each: Duration::from_millis(5),
        };
        let bench = bench(&plan, &SystemClock);
        let lines: Vec<_> = bench.figures.iter().map(|line| (line.kernel, line.threads)).collect();
        assert_eq!(lines, [("plain", 1), ("plain", 2), ("portable", 1), ("portable", 2)]);
        for line in &bench.figures {
            assert!(line.hashes_per_second > 0);
            assert!(line.send_seconds > 60.0 * line.receive_seconds);
        }
    }
}
