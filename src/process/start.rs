//! From what was typed to what is done: settings, logs, the wallet, and the surface that is asked for.
//!
//! Decides nothing about money. It must never log what a host asks or is answered, whatever filter is set.

use std::io::{IsTerminal as _, stderr, stdin};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, FilterExt as _, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

use super::boot::{Boot, World};
use super::diagnose::diagnose;
use super::gate::{Serves, WalletGate};
use super::home::{Home, files};
use super::lock::WalletLock;
use super::network_set;
use super::session::{session, signals};
use super::setup::set_up;
use super::vault::Vault;
use super::work_command::work;
use crate::clock::SystemClock;
use crate::config::{Config, Flags, HttpFlags, Origin, ProcessEnvironment, VARIABLES};
use crate::failure::Failure;
use crate::nano::Network;
use crate::operations::Need;
use crate::store::FreezeMarker;
use crate::surfaces::cli::args::{
    Arguments, Command, NetworkCommand, Sandbox, Settings, WalletCommand,
};
use crate::surfaces::cli::completions::completions;
use crate::surfaces::cli::demo::{Stage, demo};
use crate::surfaces::cli::doctor;
use crate::surfaces::cli::sandbox::services;
use crate::surfaces::cli::schemas::schemas;
use crate::surfaces::cli::serve_args::Serve;
use crate::surfaces::cli::welcome::welcome;
use crate::surfaces::cli::{self, Exit, Marker, Printer, Trouble};
use crate::surfaces::mcp::{Options, ToolNames, offered_tools};

/// Does what was asked for. End the process with `std::process::exit` afterwards: a read of standard input may still
/// be under way.
pub fn start(arguments: &Arguments, world: Arc<dyn World>) -> Exit {
    let printer = Printer::new(arguments.settings.json);
    refuse_core_dumps();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            let message = format!("the system gives no runtime: {error}");
            return printer.finish(Err(Failure::internal("NO_RUNTIME", message).into()));
        }
    };
    let exit = printer.finish(runtime.block_on(dispatch(arguments, world, printer)));
    runtime.shutdown_background();
    exit
}

/// Keys are in memory while the wallet is open; they must not be on disk after a crash.
fn refuse_core_dumps() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        // A system that does not let us lower a limit leaves nothing else to try.
        let _ = setrlimit(Resource::Core, none);
    }
}

async fn dispatch(
    arguments: &Arguments,
    world: Arc<dyn World>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let mut flags = flags(&arguments.settings);
    if let Some(Command::Serve(serve)) = &arguments.command {
        flags.http = http_flags(serve);
    }
    match &arguments.command {
        None | Some(Command::Mcp) => serve(configure(&flags)?, world, printer).await,
        Some(Command::Wallet(command)) => match cli::offline(command, printer) {
            Some(result) => result,
            None => command_wallet(command, configure(&flags)?, world, printer).await,
        },
        Some(Command::Init(arguments)) => {
            set_up(&boot(&configure(&flags)?, world), arguments, printer).await
        }
        Some(Command::Network(NetworkCommand::Set)) => {
            network_set::set(&boot(&configure(&flags)?, world), printer).await
        }
        Some(Command::Serve(_)) => keep_open(configure(&flags)?, world, printer).await,
        Some(Command::Doctor) => doctor::print(&diagnose(&flags, &*world).await, printer),
        Some(Command::Demo) => {
            let stage = Stage { program: &program()?, variables: VARIABLES };
            demo(stage, printer).await
        }
        Some(Command::Sandbox(wanted)) => {
            simulate(wanted, &configure(&flags)?, &*world, printer).await
        }
        Some(Command::Work(command)) => work(command, &configure(&flags)?, printer).await,
        Some(Command::Completions { shell }) => completions(*shell, printer),
        Some(Command::Schemas(arguments)) => schemas(arguments, printer),
    }
}

async fn serve(config: Config, world: Arc<dyn World>, printer: Printer) -> Result<Exit, Trouble> {
    let options = options(&config);
    offered_tools(&options)
        .map_err(|error| Failure::invalid("CONFIG_INVALID", error.to_string()))?;
    if stdin().is_terminal() {
        printer.note(welcome(&program()?, &repeated(&config), config.network.as_str()));
    }
    let gate = Arc::new(WalletGate::new(boot(&config, world), Serves::Others));
    session(gate, options)
        .await
        .map_err(|error| Failure::internal("INTERNAL", error.to_string()))?;
    Ok(Exit::Done)
}

async fn command_wallet(
    command: &WalletCommand,
    config: Config,
    world: Arc<dyn World>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    if matches!(command, WalletCommand::Unlock) {
        refuse_lonely_unlock(&config.home)?;
    }
    let marker = HomeMarker(config.home.clone());
    let keys = Vault { boot: boot(&config, Arc::clone(&world)) };
    let draft = config.home.path(files::POLICY);
    let gate = WalletGate::new(boot(&config, world), Serves::Itself);
    let result = cli::run(command, &gate, &marker, &keys, &draft, printer).await;
    gate.close().await;
    result
}

/// Keeps the wallet open, and serves its ports where they are built in.
async fn keep_open(
    config: Config,
    world: Arc<dyn World>,
    printer: Printer,
) -> Result<Exit, Trouble> {
    let gate = Arc::new(WalletGate::new(boot(&config, world), Serves::Others));
    #[cfg(feature = "http")]
    super::ports::serve_ports(gate, config, printer).await?;
    #[cfg(not(feature = "http"))]
    {
        let network = config.network.as_str();
        super::session::keep(gate, || {
            printer.note(format_args!(
                "paywarden keeps the wallet on {network} open. This build has no HTTP ports. Ctrl-C ends it."
            ));
        })
        .await?;
    }
    Ok(Exit::Done)
}

/// The simulated services, until a signal ends them.
async fn simulate(
    wanted: &Sandbox,
    config: &Config,
    world: &dyn World,
    printer: Printer,
) -> Result<Exit, Trouble> {
    if config.network != Network::Sandbox {
        let message = format!("the sandbox is no part of network {}", config.network);
        return Err(Failure::invalid("NETWORK_NOT_SANDBOX", message)
            .hint("Leave --network and PAYWARDEN_NETWORK out")
            .into());
    }
    let signals = signals();
    let simulation = world.simulate(wanted, &config.home).await?;
    services(&simulation.services, printer)?;
    signals.await;
    Ok(Exit::Done)
}

/// Keys opened in a command that ends at once would help nobody.
fn refuse_lonely_unlock(home: &Home) -> Result<(), Failure> {
    if home.dir().exists() && WalletLock::acquire(home).is_err() {
        return Ok(());
    }
    let message = "no paywarden has this wallet open, so there is nothing to unlock";
    Err(Failure::unavailable("NOTHING_TO_UNLOCK", message).hint(
        "Start a host or `paywarden serve` first, then unlock; or give it PAYWARDEN_UNLOCK_FILE",
    ))
}

fn flags(settings: &Settings) -> Flags {
    let Settings { home, network, log, tool_names, toolsets, read_only, .. } = settings.clone();
    let Settings { work_mode, representative, anchor_command, .. } = settings.clone();
    let Settings {
        work_threads, work_max_percent, node_url, node_ws, work_url, sandbox_url, ..
    } = settings.clone();
    let third_parties = settings.third_parties.clone();
    Flags {
        home,
        network,
        tool_names,
        toolsets,
        read_only,
        work_threads,
        work_max_percent,
        work_mode,
        representative,
        anchor_command,
        log,
        node_url,
        node_ws,
        work_url,
        sandbox_url,
        providers: settings.providers.clone(),
        third_parties,
        http: HttpFlags::default(),
    }
}

/// Those of `paywarden serve`.
fn http_flags(serve: &Serve) -> HttpFlags {
    let Serve { http_listen_addr, pay_addr, control_addr, .. } = serve.clone();
    let Serve { mcp_addr, webhook_addr, webhook_host, .. } = serve.clone();
    HttpFlags {
        http: http_listen_addr,
        pay: pay_addr,
        control: control_addr,
        mcp: mcp_addr,
        webhook: webhook_addr,
        webhook_host,
    }
}

/// Settings and logs, in force from here on.
fn configure(flags: &Flags) -> Result<Config, Failure> {
    let config = Config::load(flags, &ProcessEnvironment)?;
    let filter = EnvFilter::try_new(&config.log).map_err(|error| {
        Failure::invalid("CONFIG_INVALID", format!("log is {:?}: {error}", config.log))
            .hint("Give error, warn, info, debug or trace")
    })?;
    let layer = fmt::layer().with_writer(stderr).with_filter(filter.and(filter_fn(may_be_logged)));
    // Only a second call in one process could fail, and would find the same subscriber in place.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    Ok(config)
}

/// rmcp logs arguments and results below `warn`; no filter of the owner's brings them out.
fn may_be_logged(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    let is_rmcp = target == "rmcp" || target.starts_with("rmcp::");
    !is_rmcp || *metadata.level() <= Level::WARN
}

fn boot(config: &Config, world: Arc<dyn World>) -> Boot {
    Boot {
        home: config.home.clone(),
        network: config.network,
        work_threads: config.work_threads,
        work_max_percent: config.work_max_percent,
        work_mode: config.work_mode,
        representative: config.representative,
        reach: config.reach.clone(),
        providers: config.providers.clone(),
        third_parties: config.third_parties.clone(),
        anchor_command: config.anchor_command.clone(),
        unlock: config.unlock.clone(),
        clock: Arc::new(SystemClock),
        world,
    }
}

pub(super) fn options(config: &Config) -> Options {
    Options {
        read_only: config.read_only,
        tool_names: if config.dotted_names { ToolNames::Dotted } else { ToolNames::Underscored },
        toolsets: config.toolsets.clone(),
        agent_token: config.agent_token.clone(),
        lacking: lacking(config),
    }
}

/// What the owner has not set; the sandbox's simulators need nothing.
fn lacking(config: &Config) -> Vec<Need> {
    if config.network == Network::Sandbox {
        return Vec::new();
    }
    let mut lacking = config.providers.lacking(config.network);
    let kept = config.home.path(files::IFENPAY_ACCESS).exists();
    if config.third_parties.ifenpay_key.is_none() && !kept {
        lacking.push(Need::IfenpayKey);
    }
    lacking
}

fn program() -> Result<PathBuf, Failure> {
    std::env::current_exe().map_err(|error| {
        Failure::internal("PROGRAM_UNKNOWN", format!("this program's path is not known: {error}"))
    })
}

/// The flags of this start as a host should give them; a host has another working directory.
fn repeated(config: &Config) -> Vec<String> {
    let mut words = Vec::new();
    for (name, setting) in &config.origins {
        if setting.origin != Origin::Flag {
            continue;
        }
        words.push(format!("--{}", name.replace('_', "-")));
        let value = setting.value.clone();
        match *name {
            "read_only" => {}
            "home" => words.push(absolute(&value)),
            _ => words.push(value),
        }
    }
    words
}

fn absolute(path: &str) -> String {
    std::path::absolute(path).as_deref().unwrap_or(Path::new(path)).display().to_string()
}

/// The freeze marker in a home.
pub(super) struct HomeMarker(pub(super) Home);

impl HomeMarker {
    fn file(&self) -> FreezeMarker {
        FreezeMarker::new(self.0.path(files::FROZEN))
    }
}

impl Marker for HomeMarker {
    fn set(&self, reason: &str) -> Result<(), Failure> {
        self.0.create()?;
        match self.file().set(reason) {
            // On a full disk the file may be there without its text, and freezes all the same.
            Err(error) if self.reason().is_none() => Err(marker_failure("set", &error)),
            Err(_) | Ok(()) => Ok(()),
        }
    }

    fn clear(&self) -> Result<(), Failure> {
        self.file().clear().map_err(|error| marker_failure("taken away", &error))
    }

    fn reason(&self) -> Option<String> {
        self.file().reason()
    }
}

fn marker_failure(action: &str, error: &std::io::Error) -> Failure {
    Failure::internal("MARKER_FAILED", format!("the freeze marker cannot be {action}: {error}"))
        .hint("Check that the wallet's directory is writable; `paywarden doctor` names it")
}
