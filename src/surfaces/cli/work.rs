//! `paywarden work`: how fast this machine makes proof of work.
//!
//! Prints what was measured, and must never say more of it than was.

use serde::Serialize;

use super::print::{Exit, Printer, Trouble};

/// What was measured.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bench {
    /// The kernel that a wallet on this machine uses.
    pub fastest: &'static str,
    /// Whether this program was built for speed.
    pub is_optimised: bool,
    /// A line for each kernel and number of threads.
    pub figures: Vec<Figures>,
}

/// One kernel on so many threads.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Its name.
    pub kernel: &'static str,
    /// Threads.
    pub threads: usize,
    /// Of all threads.
    pub hashes_per_second: u64,
    /// Of one of them, on average.
    pub hashes_per_second_per_thread: u64,
    /// Where the speed of the processor is known.
    pub cycles_per_hash: Option<u64>,
    /// What a send takes on the live network, on average.
    pub send_seconds: f64,
    /// What a receive takes there.
    pub receive_seconds: f64,
}

/// Prints what was measured.
///
/// # Errors
/// When it cannot be written.
pub fn bench(bench: &Bench, printer: Printer) -> Result<Exit, Trouble> {
    if printer.is_json() {
        printer.json_line(bench)?;
        return Ok(Exit::Done);
    }
    printer.line("kernel    threads   Mhash/s   each  cycles/hash    s/send  s/receive")?;
    for line in &bench.figures {
        let cycles = line.cycles_per_hash.map_or("-".to_owned(), |cycles| cycles.to_string());
        printer.line(format_args!(
            "{:<8} {:>8} {:>9} {:>6} {:>12} {:>9.2} {:>10.3}",
            line.kernel,
            line.threads,
            millions(line.hashes_per_second),
            millions(line.hashes_per_second_per_thread),
            cycles,
            line.send_seconds,
            line.receive_seconds,
        ))?;
    }
    if !bench.is_optimised {
        printer.note("This program was not built for speed: use a release build.");
    }
    Ok(Exit::Done)
}

/// With one decimal.
fn millions(rate: u64) -> String {
    format!("{}.{}", rate / 1_000_000, rate / 100_000 % 10)
}
