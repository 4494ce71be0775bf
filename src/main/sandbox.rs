//! The sandbox as the program knows it: the simulated network of a wallet, and the simulated services on their ports.
//!
//! Nothing here may reach another network, or touch a ledger that another process writes.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use paywarden::clock::SystemClock;
use paywarden::engine::Rhythm;
use paywarden::failure::{Failure, Retry};
use paywarden::money::Raw;
use paywarden::process::{Home, Place, Reach, Simulation, Surroundings, files, join};
use paywarden::sandbox::nano::{Config, JournalError, SandboxNode};
use paywarden::sandbox::{Ports, serve};
use paywarden::surfaces::cli::args::Sandbox;
use paywarden::surfaces::cli::sandbox::{Listening, Services};

use super::simulators::{in_process, joined};

/// What `doctor` says of it.
pub(crate) fn describe(home: &Home, reach: &Reach) -> Result<String, Failure> {
    if let Some(url) = &reach.sandbox_url {
        return Ok(format!("the sandbox at {url}"));
    }
    let words = "the built-in sandbox, in the wallet's own process";
    if home.path(files::SANDBOX_LEDGER).exists() {
        let node = open(home, Arc::new(SystemClock))?;
        return Ok(format!("{words}; {} blocks", node.block_count()));
    }
    Ok(words.to_owned())
}

/// The simulated Nano network kept beside the wallet, or the running one it joins; with a faucet for a new wallet.
pub(crate) fn surround(place: &Place<'_>) -> Result<Surroundings, Failure> {
    let gift = Raw::new(Raw::ONE_XNO.get() * GIFT_XNO);
    let has_own = place.home.path(files::SANDBOX_LEDGER).exists();
    if let Some(url) = &place.reach.sandbox_url {
        return match has_own {
            true => Err(elsewhere(
                "its money is on the built-in sandbox of this home, not on the one to join",
            )),
            false => {
                let simulators = Some(joined(url.clone()));
                Ok(Surroundings { simulators, ..join(place, url, gift)? })
            }
        };
    }
    if !has_own && !place.is_new {
        return Err(elsewhere(
            "its money is on a sandbox that was joined, or sandbox-nano.jsonl is gone",
        ));
    }
    let node = open(place.home, Arc::clone(&place.clock))?;
    let (faucet, news, simulators) = (node.clone(), node.clone(), in_process(node.clone()));
    tokio::spawn(async move { news.announce().await });
    Ok(Surroundings {
        news: Some(Arc::new(node.clone())),
        node: Arc::new(node),
        work: Vec::new(),
        rhythm: Rhythm::SANDBOX,
        faucet: Some(Box::new(move |account| {
            let granted = faucet.faucet_confirmed(account, gift);
            Box::pin(std::future::ready(granted.map(drop).map_err(|error| {
                Failure::internal("FAUCET_FAILED", format!("no play money: {error}"))
            })))
        })),
        simulators: Some(simulators),
    })
}

fn elsewhere(message: &str) -> Failure {
    Failure::invalid("SANDBOX_ELSEWHERE", format!("this wallet cannot see its money: {message}"))
        .hint("Set PAYWARDEN_SANDBOX_URL as before, or give PAYWARDEN_HOME another directory for another sandbox wallet")
        .retry(Retry::AfterOperator)
}

/// The simulated services on ports of this machine.
pub(crate) async fn simulate(wanted: &Sandbox, home: &Home) -> Result<Simulation, Failure> {
    let confirmation_delay = Duration::from_millis(wanted.confirm_ms);
    let config = Config { confirmation_delay, ..Config::default() };
    let clock = Arc::new(SystemClock);
    let path = if wanted.memory { None } else { Some(ledger_path(wanted, home)?) };
    let (node, lock) = match &path {
        None => (SandboxNode::new(config, clock), None),
        Some(path) => {
            let lock = lock_ledger(path)?;
            let node = SandboxNode::open(path, config, clock).map_err(|error| {
                unusable(&path.display().to_string(), error)
                    .hint("It holds play money only: move the file away to begin anew")
            })?;
            (node, Some(lock))
        }
    };
    let ports = match wanted.port_base {
        0 => Ports::Free,
        base => Ports::From(base),
    };
    let spelling = wanted.node.parse().map_err(|error| {
        Failure::invalid("CONFIG_INVALID", format!("--node is {:?}: {error}", wanted.node))
    })?;
    let serving = serve(node, spelling, ports).await.map_err(|error| {
        Failure::unavailable("PORT_TAKEN", error.to_string())
            .hint("Another sandbox may run there; give --port-base another port, or 0")
    })?;
    let services = serving.urls().iter();
    let services =
        services.map(|(service, url)| Listening { name: service.name(), url: url.clone() });
    let ledger = path.map(|path| path.display().to_string());
    let services = Services { services: services.collect(), ledger };
    Ok(Simulation { services, running: Box::new((serving, lock)) })
}

/// Where the ledger is kept: as told, or in a directory beside the home of the sandbox wallet, which has a network
/// of its own in its process.
fn ledger_path(wanted: &Sandbox, home: &Home) -> Result<PathBuf, Failure> {
    if let Some(path) = &wanted.ledger {
        return Ok(path.clone());
    }
    let mut name = home.dir().file_name().unwrap_or_default().to_owned();
    name.push("-network");
    let beside = Home::new(home.dir().with_file_name(name));
    beside.create()?;
    Ok(beside.path(files::SANDBOX_LEDGER))
}

/// One process at a time may append to a ledger.
fn lock_ledger(path: &Path) -> Result<File, Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    let lock = path.with_file_name(name);
    let failed = |why: String| {
        Failure::unavailable("SANDBOX_BUSY", format!("{} {why}", lock.display()))
            .hint("Stop the other sandbox, or give --ledger another file, or --memory")
    };
    let file = File::options().write(true).create(true).truncate(false).open(&lock);
    let file = file.map_err(|error| failed(format!("cannot be opened: {error}")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(failed("is held by another sandbox".to_owned())),
        Err(TryLockError::Error(error)) => Err(failed(format!("cannot be locked: {error}"))),
    }
}

fn open(home: &Home, clock: Arc<dyn paywarden::clock::Clock>) -> Result<SandboxNode, Failure> {
    let journal = home.path(files::SANDBOX_LEDGER);
    SandboxNode::open(&journal, Config::default(), clock).map_err(|error| {
        unusable(files::SANDBOX_LEDGER, error)
            .hint("It holds play money only: move the sandbox home away to begin anew")
    })
}

/// The error's own words name the owner's directory.
fn unusable(file: &str, error: JournalError) -> Failure {
    let why = match error {
        JournalError::Io { source, .. } => source.to_string(),
        JournalError::Malformed { line, detail, .. } => format!("line {line}: {detail}"),
        JournalError::Refused { line, refusal, .. } => format!("line {line}: {refusal}"),
    };
    Failure::internal("SANDBOX_UNUSABLE", format!("{file} cannot be used: {why}"))
}

/// What a new sandbox wallet is given.
const GIFT_XNO: u128 = 100;
