//! `paywarden work`: what was typed, and what is done with it. No wallet is opened.
//!
//! The server must never be reached from another machine unless the owner named such an address.

#[cfg(any(feature = "http", feature = "sandbox"))]
use std::sync::Arc;
use std::time::Duration;

use super::work_bench::{BenchPlan, bench};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::failure::Failure;
use crate::limits;
use crate::nano::work::Kernel;
use crate::surfaces::cli::work;
use crate::surfaces::cli::work_args::{WorkBench, WorkCommand};
use crate::surfaces::cli::{Exit, Printer, Trouble};

/// Does it.
///
/// # Errors
/// When what was typed fits nothing here, or the address cannot be listened on.
pub(super) async fn work(
    command: &WorkCommand,
    config: &Config,
    printer: Printer,
) -> Result<Exit, Trouble> {
    match command {
        WorkCommand::Bench(wanted) => {
            let plan = plan(wanted)?;
            work::bench(&bench(&plan, &SystemClock), printer)
        }
        WorkCommand::Serve { listen } => serve(*listen, config, printer).await,
    }
}

#[cfg(any(feature = "http", feature = "sandbox"))]
async fn serve(
    listen: std::net::SocketAddr,
    config: &Config,
    printer: Printer,
) -> Result<Exit, Trouble> {
    use super::session::signals;
    use super::work_server::WorkServer;
    use crate::wallet::{Share, WorkCrew};

    let failed = |error: std::io::Error| {
        Failure::unavailable("ADDRESS_UNAVAILABLE", format!("{listen} cannot be served: {error}"))
            .hint("Name another address with --listen")
    };
    let signals = signals();
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let share = Share { threads: config.work_threads, percent: config.work_max_percent };
    let clock: Arc<dyn crate::clock::Clock> = Arc::new(SystemClock);
    let server = WorkServer::new(WorkCrew::on_this_machine(share, Arc::clone(&clock)), clock);
    printer.line(format_args!("http://{address}"))?;
    printer.note("Proof of work for whoever asks there. Ctrl-C ends it.");
    tokio::select! {
        ended = server.serve(listener) => ended.map_err(failed)?,
        () = signals => {}
    }
    Ok(Exit::Done)
}

#[cfg(not(any(feature = "http", feature = "sandbox")))]
async fn serve(_: std::net::SocketAddr, _: &Config, _: Printer) -> Result<Exit, Trouble> {
    let message = "this build serves no HTTP";
    Err(Failure::unavailable("NO_HTTP", message).hint("Build with --features http").into())
}

fn plan(wanted: &WorkBench) -> Result<BenchPlan, Failure> {
    let kernels = match &wanted.kernel {
        None => Kernel::ALL.into_iter().filter(|kernel| kernel.is_available()).collect(),
        Some(name) => {
            let kernel = name.parse::<Kernel>().ok().filter(|kernel| kernel.is_available());
            vec![kernel.ok_or_else(|| {
                let here = Kernel::ALL.into_iter().filter(|kernel| kernel.is_available());
                let here: Vec<_> = here.map(Kernel::name).collect();
                Failure::invalid("NO_KERNEL", format!("this machine has no kernel {name:?}"))
                    .hint(format!("Name one of {}", here.join(", ")))
            })?]
        }
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = match wanted.threads.and_then(|threads| usize::try_from(threads).ok()) {
        Some(threads) => vec![threads.clamp(1, limits::WORK_THREADS)],
        None if cores > 1 => vec![1, cores.min(limits::WORK_THREADS)],
        None => vec![1],
    };
    Ok(BenchPlan { kernels, threads, each: Duration::from_secs(wanted.seconds) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_what_this_machine_has() {
        let wanted = WorkBench { seconds: 2, kernel: None, threads: Some(64) };
        let all = plan(&wanted).unwrap();
        assert!(all.kernels.contains(&Kernel::Portable));
        assert_eq!((all.threads, all.each), (vec![64], Duration::from_secs(2)));
        let plain = WorkBench { kernel: Some("plain".to_owned()), ..wanted.clone() };
        assert_eq!(plan(&plain).unwrap().kernels, [Kernel::Plain]);
        let other = WorkBench { kernel: Some("gpu".to_owned()), ..wanted };
        assert_eq!(plan(&other).unwrap_err().code, "NO_KERNEL");
    }
}
