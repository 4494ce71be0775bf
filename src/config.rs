//! Settings: flags, then environment, then `config.toml`, then defaults. Parsed once, here; nothing else reads the
//! environment.

mod file;
mod http;
mod providers;
mod sellers;
mod third_parties;

pub use http::{HttpFlags, HttpSettings};

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use file::FileSettings;

use crate::failure::{Failure, Retry};
use crate::limits;
use crate::nano::{Account, Network};
use crate::process::{Endpoint, Home, ProviderSettings, Reach, Speaks, ThirdParties, files};
use crate::secret::Secret;
use crate::surfaces::cli::provider_args::ProviderFlags;
use crate::surfaces::cli::third_party_args::ThirdPartyFlags;
use crate::wallet::WorkMode;

/// Where settings come from, handed in so that tests need no process environment.
pub trait Environment {
    /// A variable, if it is set to text.
    fn var(&self, name: &str) -> Option<String>;
}

/// The process environment.
#[derive(Clone, Copy, Debug)]
pub struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn var(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// What flags said; `None` where they said nothing.
#[derive(Clone, Debug, Default)]
pub struct Flags {
    /// `--home`.
    pub home: Option<PathBuf>,
    /// `--network`.
    pub network: Option<String>,
    /// `--tool-names`.
    pub tool_names: Option<String>,
    /// `--toolsets`.
    pub toolsets: Option<String>,
    /// `--read-only`.
    pub read_only: bool,
    /// `--work-threads`.
    pub work_threads: Option<String>,
    /// `--work-max-percent`.
    pub work_max_percent: Option<String>,
    /// `--work-mode`.
    pub work_mode: Option<String>,
    /// `--representative`.
    pub representative: Option<String>,
    /// `--anchor-command`.
    pub anchor_command: Option<String>,
    /// `--log`.
    pub log: Option<String>,
    /// `--node-url`.
    pub node_url: Vec<String>,
    /// `--node-ws`.
    pub node_ws: Option<String>,
    /// `--work-url`.
    pub work_url: Vec<String>,
    /// `--sandbox-url`.
    pub sandbox_url: Option<String>,
    /// Those about Nicky and Nanswap Pay.
    pub providers: ProviderFlags,
    /// Those about third parties.
    pub third_parties: ThirdPartyFlags,
    /// Those of `paywarden serve`.
    pub http: HttpFlags,
}

/// Settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// The wallet's home.
    pub home: Home,
    /// The network.
    pub network: Network,
    /// Tool names as canonical dotted names.
    pub dotted_names: bool,
    /// Only these toolsets are listed.
    pub toolsets: Option<Vec<String>>,
    /// Only tools that look are listed.
    pub read_only: bool,
    /// Threads for proof of work.
    pub work_threads: usize,
    /// Of each such thread's time, 1 to 100.
    pub work_max_percent: u32,
    /// When work servers are asked.
    pub work_mode: WorkMode,
    /// Who is named in the first block of an account, if not the default.
    pub representative: Option<Account>,
    /// A program that is handed the ledger's heads.
    pub anchor_command: Option<PathBuf>,
    /// Log filter.
    pub log: String,
    /// Where the network is, as far as this process was told.
    pub reach: Reach,
    /// What the owner set about Nicky and Nanswap Pay.
    pub providers: ProviderSettings,
    /// What the owner set about third parties.
    pub third_parties: ThirdParties,
    /// Opens the keys, where they are protected.
    pub unlock: Option<Secret>,
    /// What this host's agent proves itself with.
    pub agent_token: Option<Secret>,
    /// Where `paywarden serve` listens.
    pub http: HttpSettings,
    /// Where each setting came from, for `doctor`.
    pub origins: BTreeMap<&'static str, Setting>,
}

/// One setting as `doctor` shows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Setting {
    /// Its value as text.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// Where a setting came from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// A command-line flag.
    Flag,
    /// This environment variable.
    Environment(&'static str),
    /// `config.toml` in the home.
    File,
    /// Nothing said otherwise.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag => f.write_str("flag"),
            Self::Environment(name) => write!(f, "environment {name}"),
            Self::File => f.write_str("config.toml"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Every environment variable that holds a setting.
pub const VARIABLES: &[&str] = &[
    "PAYWARDEN_HOME",
    "PAYWARDEN_NETWORK",
    "PAYWARDEN_TOOL_NAMES",
    "PAYWARDEN_TOOLSETS",
    "PAYWARDEN_READ_ONLY",
    "PAYWARDEN_WORK_THREADS",
    "PAYWARDEN_WORK_MAX_PERCENT",
    "PAYWARDEN_WORK_MODE",
    "PAYWARDEN_REPRESENTATIVE",
    "PAYWARDEN_ANCHOR_COMMAND",
    "PAYWARDEN_LOG",
    "PAYWARDEN_NODE_URL",
    "PAYWARDEN_NODE_WS",
    "PAYWARDEN_WORK_URL",
    "PAYWARDEN_SANDBOX_URL",
    "NICKY_API_URL",
    "NICKY_PAYER_NAME",
    "NICKY_PAYER_EMAIL",
    "NANSWAP_API_URL",
    "NANSWAP_PAY_KEY",
    "NANSWAP_WEBHOOK_SECRET",
    "PAYWARDEN_GATEWAY",
    "PAYWARDEN_PAYMENT_BACKEND",
    "PAYWARDEN_CREDIT_PRICE_MAX",
    "PAYWARDEN_EVM_RPC",
    "PAYWARDEN_FETCH_ALLOW",
    "PAYWARDEN_X402_ASSETS",
    "PAYWARDEN_X402_NETWORKS",
    "IFENPAY_API_URL",
    "IFENPAY_API_KEY",
    "STRIPE_API_URL",
    "STRIPE_SECRET_KEY",
    "PAYWARDEN_UNLOCK",
    "PAYWARDEN_UNLOCK_FILE",
    "PAYWARDEN_AGENT_TOKEN",
    "HTTP_LISTEN_ADDR",
    "PAYWARDEN_PAY_ADDR",
    "PAYWARDEN_CONTROL_ADDR",
    "PAYWARDEN_MCP_ADDR",
    "PAYWARDEN_WEBHOOK_ADDR",
    "PAYWARDEN_WEBHOOK_HOST",
    "PAYWARDEN_CONTROL_TOKEN",
    "PAYWARDEN_CONTROL_TOKEN_FILE",
];

/// Settings as they were given, whether or not they make sense: for `doctor`.
#[derive(Clone, Debug)]
pub struct Survey {
    /// The home they lead to, if they lead to one.
    pub home: Option<Home>,
    /// The network, if it is one.
    pub network: Option<Network>,
    /// Every setting.
    pub origins: BTreeMap<&'static str, Setting>,
}

impl Survey {
    /// Looks at every source and judges nothing.
    pub fn of(flags: &Flags, environment: &dyn Environment) -> Self {
        let mut sources = Sources::new(environment);
        let network = sources.take("network", flags.network.clone(), "sandbox").value.parse().ok();
        let home = home(&mut sources, flags, network.unwrap_or(Network::Sandbox)).ok();
        sources.file = home.as_ref().and_then(|home| read_file(home).ok()).unwrap_or_default();
        sources.take("tool_names", flags.tool_names.clone(), "underscored");
        sources.take("toolsets", flags.toolsets.clone(), "all");
        sources.take("read_only", flags.read_only.then(|| "true".to_owned()), "false");
        sources.take("work_threads", flags.work_threads.clone(), "auto");
        sources.take("work_max_percent", flags.work_max_percent.clone(), "100");
        sources.take("work_mode", flags.work_mode.clone(), "first");
        sources.take("representative", flags.representative.clone(), "default");
        sources.take("anchor_command", flags.anchor_command.clone(), "none");
        sources.take("log", flags.log.clone(), "warn");
        // What cannot be read as a URL may still hold a secret: it is counted, not shown.
        let _ = sources.reach(flags);
        let _ = sources.providers(&flags.providers);
        let _ = sources.third_parties(&flags.third_parties);
        HttpSettings::survey(&mut sources, &flags.http);
        Self { home, network, origins: sources.origins }
    }
}

impl Config {
    /// Puts the settings together.
    ///
    /// # Errors
    /// `CONFIG_INVALID`, naming the setting, its value and where it came from.
    pub fn load(flags: &Flags, environment: &dyn Environment) -> Result<Self, Failure> {
        let mut sources = Sources::new(environment);
        let network = sources.take("network", flags.network.clone(), "sandbox");
        let network = network.parse("one of sandbox, dev, beta, live", |text| text.parse().ok())?;
        let home = home(&mut sources, flags, network)?;
        sources.file = read_file(&home)?;
        if let Some(text) = sources.file.network.clone() {
            refuse_other_network(&text, network)?;
        }
        let names = sources.take("tool_names", flags.tool_names.clone(), "underscored");
        let dotted_names = names.parse("underscored or dotted", |text| match text {
            "underscored" => Some(false),
            "dotted" => Some(true),
            _ => None,
        })?;
        let toolsets = sources.take("toolsets", flags.toolsets.clone(), "all");
        let toolsets = toolsets.parse("a comma list of toolsets", parse_toolsets)?;
        let read_only = flags.read_only.then(|| "true".to_owned());
        let read_only = sources.take("read_only", read_only, "false");
        let read_only = read_only.parse("true or false", |text| text.parse().ok())?;
        let threads = sources.take("work_threads", flags.work_threads.clone(), "auto");
        let work_threads = threads.parse("auto or a number from 1 to 64", parse_threads)?;
        let percent = sources.take("work_max_percent", flags.work_max_percent.clone(), "100");
        let work_max_percent = percent.parse("a number from 1 to 100", |text| {
            text.parse().ok().filter(|percent| (1..=100).contains(percent))
        })?;
        let mode = sources.take("work_mode", flags.work_mode.clone(), "first");
        let work_mode =
            mode.parse("first (work servers, then this machine) or race", |text| match text {
                "first" => Some(WorkMode::PeersFirst),
                "race" => Some(WorkMode::Race),
                _ => None,
            })?;
        let voter = sources.take("representative", flags.representative.clone(), "default");
        let representative = voter.parse("default or a nano_ account", parse_representative)?;
        let witness = sources.take("anchor_command", flags.anchor_command.clone(), "none");
        let anchor_command =
            witness.parse("none or the absolute path of a program", |text| match text {
                "none" => Some(None),
                path => Some(PathBuf::from(path)).filter(|path| path.is_absolute()).map(Some),
            })?;
        let log = sources.take("log", flags.log.clone(), "warn").value.clone();
        let reach = sources.reach(flags)?;
        let providers = sources.providers(&flags.providers)?;
        let third_parties = sources.third_parties(&flags.third_parties)?;
        let http = HttpSettings::load(&mut sources, &flags.http, environment)?;
        Ok(Self {
            home,
            network,
            dotted_names,
            toolsets,
            read_only,
            work_threads,
            work_max_percent,
            work_mode,
            representative,
            anchor_command,
            log,
            reach,
            providers,
            third_parties,
            unlock: unlock(environment)?,
            agent_token: agent_token(environment)?,
            http,
            origins: sources.origins,
        })
    }
}

/// The unlock secret, from the environment or a file the environment names. Never from a flag, which every process on
/// the machine can read.
fn unlock(environment: &dyn Environment) -> Result<Option<Secret>, Failure> {
    let set = |name| environment.var(name).filter(|value| !value.is_empty());
    if let Some(text) = set("PAYWARDEN_UNLOCK") {
        return Ok(Some(Secret::new(text)));
    }
    let Some(path) = set("PAYWARDEN_UNLOCK_FILE") else { return Ok(None) };
    let text = std::fs::read_to_string(&path).map_err(|error| {
        invalid(format!("the file PAYWARDEN_UNLOCK_FILE names cannot be read: {error}"))
    })?;
    let text = Secret::new(text);
    Ok(Some(text.without_line_end()))
}

/// The agent's token, from the environment alone: a flag shows in the list of processes, and `config.toml` is one for
/// all hosts.
fn agent_token(environment: &dyn Environment) -> Result<Option<Secret>, Failure> {
    let Some(text) = environment.var(AGENT_TOKEN) else { return Ok(None) };
    let token = Secret::new(text).without_line_end();
    match token.length() {
        0 => Ok(None),
        length if length <= crate::limits::AGENT_TOKEN_CHARS => Ok(Some(token)),
        _ => Err(invalid(format!("{AGENT_TOKEN} is too long to be a token"))),
    }
}

struct Sources<'a> {
    environment: &'a dyn Environment,
    file: FileSettings,
    origins: BTreeMap<&'static str, Setting>,
}

impl<'a> Sources<'a> {
    fn new(environment: &'a dyn Environment) -> Self {
        Self { environment, file: FileSettings::default(), origins: BTreeMap::new() }
    }

    fn take(&mut self, name: &'static str, flag: Option<String>, default: &str) -> Taken {
        let variable = variable(name);
        let (value, origin) = match flag {
            Some(value) => (value, Origin::Flag),
            None => match self.environment.var(variable).filter(|value| !value.is_empty()) {
                Some(value) => (value, Origin::Environment(variable)),
                None => match self.file.get(name) {
                    Some(value) => (value, Origin::File),
                    None => (default.to_owned(), Origin::Default),
                },
            },
        };
        self.origins.insert(name, Setting { value: value.clone(), origin });
        Taken { name, value, origin }
    }

    /// Where the network is. All four are looked at, so that none is shown with what may be secret in it.
    fn reach(&mut self, flags: &Flags) -> Result<Reach, Failure> {
        let joined = |urls: &[String]| (!urls.is_empty()).then(|| urls.join(","));
        let node_urls = self.endpoints("node_url", joined(&flags.node_url), Speaks::Http);
        let node_ws = self.endpoints("node_ws", flags.node_ws.clone(), Speaks::WebSocket);
        let work_urls = self.endpoints("work_url", joined(&flags.work_url), Speaks::Http);
        let sandbox = self.endpoints("sandbox_url", flags.sandbox_url.clone(), Speaks::Http);
        let only = |name: &str, urls: Vec<Endpoint>| match urls.len() {
            0 | 1 => Ok(urls.into_iter().next()),
            more => Err(invalid(format!("{name} has {more} URLs; it takes one"))),
        };
        let chain_urls = self.chains(&flags.third_parties);
        let fetch_allow = self.fetch_allow(&flags.third_parties);
        let x402_assets = self.assets(&flags.third_parties);
        let (gateway, provider_urls) = self.places(&flags.third_parties)?;
        Ok(Reach {
            chain_urls: chain_urls?,
            gateway,
            provider_urls,
            node_urls: node_urls?,
            node_ws: only("node_ws", node_ws?)?,
            work_urls: work_urls?,
            fetch_allow: fetch_allow?,
            x402_assets: x402_assets?,
            sandbox_url: only("sandbox_url", sandbox?)?,
        })
    }

    fn endpoints(
        &mut self,
        name: &'static str,
        flag: Option<String>,
        speaks: Speaks,
    ) -> Result<Vec<Endpoint>, Failure> {
        let taken = self.take(name, flag, NO_ENDPOINTS);
        let parsed = taken.endpoints(speaks);
        let shown = match &parsed {
            Ok(urls) if urls.is_empty() => NO_ENDPOINTS.to_owned(),
            Ok(urls) => urls.iter().map(Endpoint::public).collect::<Vec<_>>().join(","),
            Err(_) => "set, and cannot be used".to_owned(),
        };
        self.origins.insert(name, Setting { value: shown, origin: taken.origin });
        parsed
    }
}

struct Taken {
    name: &'static str,
    value: String,
    origin: Origin,
}

impl Taken {
    fn parse<T>(&self, wanted: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Failure> {
        parse(&self.value).ok_or_else(|| {
            let (name, value, origin) = (self.name, &self.value, self.origin);
            invalid(format!("{name} is {value:?} (from {origin}); it is {wanted}"))
        })
    }
}

impl Taken {
    fn endpoints(&self, speaks: Speaks) -> Result<Vec<Endpoint>, Failure> {
        if self.value == NO_ENDPOINTS {
            return Ok(Vec::new());
        }
        let (name, origin) = (self.name, self.origin);
        let texts: Vec<&str> = self.value.split(',').collect();
        if texts.len() > limits::ENDPOINTS {
            let (found, max) = (texts.len(), limits::ENDPOINTS);
            let message = format!("{name} (from {origin}) has {found} URLs; at most {max} fit");
            return Err(invalid(message));
        }
        let parse = |(place, text): (usize, &str)| {
            Endpoint::parse(text, speaks).map_err(|error| {
                let place = place + 1;
                invalid(format!("URL {place} of {name} (from {origin}) cannot be used: {error}"))
            })
        };
        texts.into_iter().enumerate().map(parse).collect()
    }
}

fn home(sources: &mut Sources<'_>, flags: &Flags, network: Network) -> Result<Home, Failure> {
    let flag = flags.home.as_ref().map(|path| path.to_string_lossy().into_owned());
    let default = default_home(sources.environment, network)
        .map(|path| path.to_string_lossy().into_owned())
        .unwrap_or_default();
    let taken = sources.take("home", flag, &default);
    if taken.value.is_empty() {
        return Err(invalid("no home directory is known; set PAYWARDEN_HOME".to_owned()));
    }
    Ok(Home::new(PathBuf::from(taken.value)))
}

/// The platform's data directory; a directory of its own for each network.
fn default_home(environment: &dyn Environment, network: Network) -> Option<PathBuf> {
    let set = |name| environment.var(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = if cfg!(target_os = "windows") {
        set("LOCALAPPDATA").or_else(|| set("APPDATA"))
    } else if cfg!(target_os = "macos") {
        set("HOME").map(|home| home.join("Library/Application Support"))
    } else {
        set("XDG_DATA_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| set("HOME").map(|home| home.join(".local/share")))
    };
    data.map(|data| data.join("paywarden").join(network.as_str()))
}

fn read_file(home: &Home) -> Result<FileSettings, Failure> {
    let text = home.read(files::CONFIG).map_err(|error| invalid(error.to_string()))?;
    let Some(text) = text else { return Ok(FileSettings::default()) };
    toml::from_str(&text).map_err(|error| {
        let line = error.span().map(|span| text[..span.start].matches('\n').count() + 1);
        let place = line.map(|line| format!(" line {line}")).unwrap_or_default();
        invalid(format!("config.toml{place}: {}", error.message()))
    })
}

fn refuse_other_network(text: &str, network: Network) -> Result<(), Failure> {
    if text.parse::<Network>() == Ok(network) {
        return Ok(());
    }
    let ours = network.as_str();
    Err(invalid(format!("config.toml is for network {text:?}, but this home is opened for {ours}")))
}

fn parse_toolsets(text: &str) -> Option<Option<Vec<String>>> {
    if text == "all" {
        return Some(None);
    }
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    names.iter().all(|name| !name.is_empty()).then_some(Some(names))
}

/// All cores but one, so that the owner's machine stays usable.
fn parse_threads(text: &str) -> Option<usize> {
    if text == "auto" {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        return Some(cores.saturating_sub(1).clamp(1, crate::limits::WORK_THREADS));
    }
    text.parse().ok().filter(|threads| (1..=crate::limits::WORK_THREADS).contains(threads))
}

fn parse_representative(text: &str) -> Option<Option<Account>> {
    if text == "default" {
        return Some(None);
    }
    text.parse().ok().map(Some)
}

fn variable(name: &str) -> &'static str {
    match name {
        "home" => "PAYWARDEN_HOME",
        "network" => "PAYWARDEN_NETWORK",
        "tool_names" => "PAYWARDEN_TOOL_NAMES",
        "toolsets" => "PAYWARDEN_TOOLSETS",
        "read_only" => "PAYWARDEN_READ_ONLY",
        "work_threads" => "PAYWARDEN_WORK_THREADS",
        "work_max_percent" => "PAYWARDEN_WORK_MAX_PERCENT",
        "work_mode" => "PAYWARDEN_WORK_MODE",
        "representative" => "PAYWARDEN_REPRESENTATIVE",
        "node_url" => "PAYWARDEN_NODE_URL",
        "node_ws" => "PAYWARDEN_NODE_WS",
        "work_url" => "PAYWARDEN_WORK_URL",
        "sandbox_url" => "PAYWARDEN_SANDBOX_URL",
        "nicky_api_url" => "NICKY_API_URL",
        "nicky_payer_name" => "NICKY_PAYER_NAME",
        "nicky_payer_email" => "NICKY_PAYER_EMAIL",
        "nanswap_api_url" => "NANSWAP_API_URL",
        "nanswap_pay_key" => "NANSWAP_PAY_KEY",
        "nanswap_webhook_secret" => "NANSWAP_WEBHOOK_SECRET",
        "http_listen_addr" => "HTTP_LISTEN_ADDR",
        "pay_addr" => "PAYWARDEN_PAY_ADDR",
        "control_addr" => "PAYWARDEN_CONTROL_ADDR",
        "mcp_addr" => "PAYWARDEN_MCP_ADDR",
        "webhook_addr" => "PAYWARDEN_WEBHOOK_ADDR",
        "webhook_host" => "PAYWARDEN_WEBHOOK_HOST",
        "anchor_command" => "PAYWARDEN_ANCHOR_COMMAND",
        "log" => "PAYWARDEN_LOG",
        name => sellers::variable(name).unwrap_or_else(|| third_parties::variable(name)),
    }
}

const NO_ENDPOINTS: &str = "none";
const AGENT_TOKEN: &str = "PAYWARDEN_AGENT_TOKEN";

fn invalid(message: String) -> Failure {
    Failure::invalid("CONFIG_INVALID", message)
        .hint("`paywarden doctor` shows every setting and where it comes from")
        .retry(Retry::AfterOperator)
}

#[cfg(test)]
mod tests;
