//! Settings: flags, then environment, then `config.toml`, then defaults. Parsed once, here; nothing else reads the
//! environment.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;

use crate::failure::{Failure, Retry};
use crate::nano::Network;
use crate::process::{Home, files};
use crate::secret::Secret;

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
    /// `--log`.
    pub log: Option<String>,
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
    /// Log filter.
    pub log: String,
    /// Opens the keys, where they are protected.
    pub unlock: Option<Secret>,
    /// What this host's agent proves itself with.
    pub agent_token: Option<Secret>,
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
pub const VARIABLES: [&str; 10] = [
    "PAYWARDEN_HOME",
    "PAYWARDEN_NETWORK",
    "PAYWARDEN_TOOL_NAMES",
    "PAYWARDEN_TOOLSETS",
    "PAYWARDEN_READ_ONLY",
    "PAYWARDEN_WORK_THREADS",
    "PAYWARDEN_LOG",
    "PAYWARDEN_UNLOCK",
    "PAYWARDEN_UNLOCK_FILE",
    "PAYWARDEN_AGENT_TOKEN",
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
        sources.take("log", flags.log.clone(), "warn");
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
        let log = sources.take("log", flags.log.clone(), "warn").value.clone();
        Ok(Self {
            home,
            network,
            dotted_names,
            toolsets,
            read_only,
            work_threads,
            log,
            unlock: unlock(environment)?,
            agent_token: agent_token(environment)?,
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

/// `config.toml`: a misspelt key is an error, not a setting ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSettings {
    network: Option<String>,
    tool_names: Option<String>,
    toolsets: Option<String>,
    read_only: Option<bool>,
    work_threads: Option<u32>,
    log: Option<String>,
}

impl FileSettings {
    fn get(&self, name: &str) -> Option<String> {
        match name {
            "tool_names" => self.tool_names.clone(),
            "toolsets" => self.toolsets.clone(),
            "read_only" => self.read_only.map(|value| value.to_string()),
            "work_threads" => self.work_threads.map(|value| value.to_string()),
            "log" => self.log.clone(),
            _ => None,
        }
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

fn variable(name: &str) -> &'static str {
    match name {
        "home" => "PAYWARDEN_HOME",
        "network" => "PAYWARDEN_NETWORK",
        "tool_names" => "PAYWARDEN_TOOL_NAMES",
        "toolsets" => "PAYWARDEN_TOOLSETS",
        "read_only" => "PAYWARDEN_READ_ONLY",
        "work_threads" => "PAYWARDEN_WORK_THREADS",
        _ => "PAYWARDEN_LOG",
    }
}

const AGENT_TOKEN: &str = "PAYWARDEN_AGENT_TOKEN";

fn invalid(message: String) -> Failure {
    Failure::invalid("CONFIG_INVALID", message)
        .hint("`paywarden doctor` shows every setting and where it comes from")
        .retry(Retry::AfterOperator)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(Vec<(&'static str, String)>);

    impl Environment for Fixed {
        fn var(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone())
        }
    }

    fn environment(dir: &std::path::Path, more: &[(&'static str, &str)]) -> Fixed {
        let mut vars = vec![("PAYWARDEN_HOME", dir.to_string_lossy().into_owned())];
        vars.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Fixed(vars)
    }

    #[test]
    fn flags_beat_environment_beats_file_beats_default() {
        let dir = tempfile::tempdir().unwrap();
        let load = |flags: &Flags, vars: &[(&'static str, &str)]| {
            Config::load(flags, &environment(dir.path(), vars)).unwrap()
        };
        assert_eq!(load(&Flags::default(), &[]).log, "warn");
        std::fs::write(dir.path().join("config.toml"), "log = \"info\"\n").unwrap();
        assert_eq!(load(&Flags::default(), &[]).log, "info");
        let vars = [("PAYWARDEN_LOG", "error")];
        assert_eq!(load(&Flags::default(), &vars).log, "error");
        let flags = Flags { log: Some("debug".into()), ..Flags::default() };
        let config = load(&flags, &vars);
        assert_eq!((config.log.as_str(), config.origins["log"].origin), ("debug", Origin::Flag));
    }

    #[test]
    fn a_survey_sees_what_cannot_be_used() {
        let dir = tempfile::tempdir().unwrap();
        let vars = [("PAYWARDEN_NETWORK", "mainnet"), ("PAYWARDEN_WORK_THREADS", "0")];
        let survey = Survey::of(&Flags::default(), &environment(dir.path(), &vars));
        assert_eq!(survey.network, None);
        assert_eq!(survey.home, Some(Home::new(dir.path().to_owned())));
        let value = |name: &str| survey.origins[name].value.as_str();
        assert_eq!(["network", "work_threads", "log"].map(value), ["mainnet", "0", "warn"]);
        // Unlock secret and agent token are no settings to show.
        assert_eq!(survey.origins.len(), VARIABLES.len() - 3);
        for name in survey.origins.keys() {
            assert!(VARIABLES.contains(&variable(name)), "{name}");
        }
    }

    #[test]
    fn an_agent_token_ends_at_its_bound_and_does_not_show() {
        let dir = tempfile::tempdir().unwrap();
        let load = |token: &str| {
            Config::load(&Flags::default(), &environment(dir.path(), &[(AGENT_TOKEN, token)]))
        };
        let most = "x".repeat(crate::limits::AGENT_TOKEN_CHARS);
        let config = load(&format!("{most}\n")).unwrap();
        assert!(config.agent_token.as_ref().unwrap().is_same_as(&Secret::new(most.clone())));
        assert!(!format!("{config:?}").contains("xxx"));
        let failure = load(&format!("{most}x")).unwrap_err();
        assert!(failure.message.contains(AGENT_TOKEN) && !failure.message.contains("xxx"));
        assert!(load("").unwrap().agent_token.is_none());
    }

    #[test]
    fn a_misspelt_key_or_value_is_named() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), "\nlogg = \"info\"\n").unwrap();
        let failure = Config::load(&Flags::default(), &environment(dir.path(), &[])).unwrap_err();
        assert!(failure.message.contains("line 2") && failure.message.contains("logg"));
        std::fs::remove_file(dir.path().join("config.toml")).unwrap();
        for (name, value) in [
            ("PAYWARDEN_NETWORK", "mainnet"),
            ("PAYWARDEN_TOOL_NAMES", "dots"),
            ("PAYWARDEN_WORK_THREADS", "0"),
            ("PAYWARDEN_WORK_THREADS", "65"),
            ("PAYWARDEN_READ_ONLY", "yes"),
        ] {
            let environment = environment(dir.path(), &[(name, value)]);
            let failure = Config::load(&Flags::default(), &environment).unwrap_err();
            assert!(failure.message.contains(value) && failure.message.contains(name), "{failure}");
        }
    }

    #[test]
    fn each_network_has_a_home_of_its_own() {
        let data = std::path::absolute("data").unwrap();
        let vars = vec![
            ("XDG_DATA_HOME", data.to_string_lossy().into_owned()),
            ("HOME", data.to_string_lossy().into_owned()),
            ("LOCALAPPDATA", data.to_string_lossy().into_owned()),
        ];
        let home = |network: &str| {
            let flags = Flags { network: Some(network.into()), ..Flags::default() };
            Config::load(&flags, &Fixed(vars.clone())).unwrap().home
        };
        assert!(home("sandbox").dir().ends_with("paywarden/sandbox"));
        assert_ne!(home("sandbox"), home("live"));
    }
}
