//! What `doctor` looks at: the files of a home, its lock, and its store, as far as they can be read.
//!
//! Only looks, with the lock held where there is one. It must never make a file, change what one says of the wallet, or
//! stop at the first thing that is broken.

use std::fs;
use std::io;

use zeroize::Zeroizing;

use super::home::{Home, files};
use super::lock::{LockError, WalletLock};
use super::provider_place::NetworkGateway;
use super::reach::Reach;
use crate::books::{ClockRow, NetworkInForce, View};
use crate::clock::{Clock as _, SystemClock};
use crate::engine::store_failure;
use crate::failure::Failure;
use crate::ledger::{Head, Report, TrustedKey, Verifier, VerifyMode};
use crate::limits;
use crate::nano::Network;
use crate::store::{AnchorFile, FreezeMarker, LedgerSigner, Snapshot, StoreError, peek_file};
use crate::surfaces::cli::doctor::{FileFact, Problem, StoreFacts};
use crate::wallet::KeyFile;

/// What was found in a home.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// Its files.
    pub files: Vec<FileFact>,
    /// Who has the wallet open, for a person.
    pub lock: String,
    /// What the store holds, if it could be looked at.
    pub store: Option<StoreFacts>,
    /// Why the wallet is frozen, if it is.
    pub frozen: Option<String>,
    /// How the network is reached, as the ledger has it.
    pub reach: Option<Reach>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Looks at everything in a home.
pub fn inspect(home: &Home, network: Network) -> Findings {
    let mut findings = Findings {
        lock: "no process".to_owned(),
        frozen: FreezeMarker::new(home.path(files::FROZEN)).reason(),
        ..Findings::default()
    };
    findings.look_at_directory(home);
    for (name, purpose, secret) in FILES {
        findings.look_at_file(home, name, purpose, secret);
    }
    if network == Network::Sandbox {
        findings.look_at_file(home, files::SANDBOX_LEDGER, "the sandbox's Nano ledger", false);
    }
    findings.look_for_gaps(home, network);
    findings.look_at_keys(home, network);
    findings.look_at_store(home, network);
    findings
}

impl Findings {
    fn look_at_directory(&mut self, home: &Home) {
        match fs::metadata(home.dir()) {
            Ok(metadata) if !metadata.is_dir() => self.problem(
                "the home is not a directory",
                "Give another one with --home or PAYWARDEN_HOME",
            ),
            Ok(metadata) => {
                if mode(&metadata).is_some_and(|mode| mode & OTHERS_WRITE != 0) {
                    self.problem(
                        "others on this machine may write into the home",
                        format!("Run `chmod 700 '{}'`", home.dir().display()),
                    );
                }
            }
            // The first start makes it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.problem(
                format!("the home cannot be looked at: {error}"),
                "Check its permissions, or give another one with --home or PAYWARDEN_HOME",
            ),
        }
    }

    fn look_at_file(&mut self, home: &Home, name: &str, purpose: &'static str, secret: bool) {
        let found = fs::metadata(home.path(name));
        let metadata = found.as_ref().ok();
        self.files.push(FileFact {
            name: name.to_owned(),
            purpose,
            present: metadata.is_some(),
            bytes: metadata.map_or(0, fs::Metadata::len),
            mode: metadata.and_then(mode).map(|mode| format!("{mode:03o}")),
        });
        let forbidden = if secret { OTHERS_ANY } else { OTHERS_WRITE };
        if metadata.and_then(mode).is_some_and(|mode| mode & forbidden != 0) {
            let path = home.path(name);
            let may = if secret { "read" } else { "write" };
            self.problem(
                format!("others on this machine may {may} {name}"),
                format!("Run `chmod 600 '{}'`", path.display()),
            );
        }
        if metadata.is_some_and(fs::Metadata::is_dir) {
            self.problem(format!("{name} is a directory"), "Move it away");
        }
    }

    /// A store without its keys is a wallet that cannot go on.
    fn look_for_gaps(&mut self, home: &Home, network: Network) {
        let is_there = |name: &str| home.path(name).exists();
        if !is_there(files::STORE) {
            if network != Network::Sandbox && !is_there(files::KEYSTORE) {
                self.problem(
                    format!("there is no wallet for network {network} yet"),
                    format!("Run `paywarden --network {network} init`"),
                );
            }
            return;
        }
        for name in [files::KEYSTORE, files::LEDGER_KEY] {
            if !is_there(name) {
                self.problem(
                    format!("the wallet has a ledger, but {name} is gone"),
                    format!("Put {name} back from a backup; a new one would not fit"),
                );
            }
        }
    }

    /// Whether the keys can be read; never what they are.
    fn look_at_keys(&mut self, home: &Home, network: Network) {
        let backup = |name: &str| format!("Put {name} back from a backup");
        let keys = home.read(files::KEYSTORE).map(|text| text.map(Zeroizing::new));
        let read = match &keys {
            Ok(None) => Ok(()),
            Ok(Some(text)) => {
                KeyFile::parse(text, network).map(drop).map_err(|error| error.to_string())
            }
            Err(error) => Err(error.to_string()),
        };
        if let Err(what) = read {
            self.problem(what, backup(files::KEYSTORE));
        }
        let key = home.read(files::LEDGER_KEY).map(|text| text.map(Zeroizing::new));
        let read = match &key {
            Ok(None) => Ok(()),
            Ok(Some(pem)) => LedgerSigner::from_pem(pem)
                .map(drop)
                .map_err(|error| format!("{} cannot be read: {error}", files::LEDGER_KEY)),
            Err(error) => Err(error.to_string()),
        };
        if let Err(what) = read {
            self.problem(what, backup(files::LEDGER_KEY));
        }
    }

    fn look_at_store(&mut self, home: &Home, network: Network) {
        let _lock = match is_held(home) {
            Ok(lock) => lock,
            Err(LockError::Held { holder }) => {
                let pid = holder.map(|pid| format!(", pid {pid}")).unwrap_or_default();
                self.lock = format!("another paywarden{pid}");
                return;
            }
            Err(LockError::Io(error)) => {
                self.lock = "not known".to_owned();
                self.problem(
                    format!("{} cannot be opened: {error}", files::LOCK),
                    "Check the permissions of the home and its files",
                );
                None
            }
        };
        let path = home.path(files::STORE);
        if !path.exists() {
            return;
        }
        let anchors = match AnchorFile::read(&home.path(files::ANCHOR)) {
            Ok(anchors) => anchors.into_iter().map(|anchor| anchor.head).collect(),
            Err(error) => {
                let what = format!("{} cannot be read: {error}", files::ANCHOR);
                self.problem(what, "Put it back from a backup, or move it away after a look at it");
                Vec::new()
            }
        };
        match peek_file(&path, |snapshot| look_into(snapshot, anchors)) {
            Ok(None) => {}
            Ok(Some(seen)) => {
                if network == Network::Live && seen.network.as_ref().is_none_or(has_no_node) {
                    self.problem(
                        "this wallet has no node: it sees no money and sends none",
                        "Run `paywarden --network live --node-url https://... network set`",
                    );
                }
                if let Some(row) = &seen.network {
                    match Reach::in_force(row, home) {
                        Ok(reach) => self.reach = Some(reach),
                        Err(failure) => self.note_failure(&failure),
                    }
                }
                self.note_store(seen);
            }
            Err(error) => self.note_failure(&store_failure(&error)),
        }
    }

    fn note_store(&mut self, seen: Seen) {
        let Seen { report, frozen, alarms, pending_approvals, network, clocks } = seen;
        self.frozen = frozen.or(self.frozen.take());
        self.store = Some(StoreFacts {
            events: report.events,
            verified: report.ok,
            ledger_head: report.head.to_string(),
            pending_approvals,
            node_urls: network.map(|row| row.node_urls).unwrap_or_default(),
        });
        if !report.ok {
            let place = report.broken_at.map(|seq| format!(" at event {seq}")).unwrap_or_default();
            let why = report.reason.unwrap_or_default();
            self.problem(
                format!("the ledger does not hold{place}: {why}"),
                "Run `paywarden freeze`, keep a copy of the home, and compare with a backup",
            );
        }
        if clocks.is_jump() {
            let minutes = clocks.skew_ms / 60_000;
            self.problem(
                format!("the clock is {minutes} min ahead of the time since this machine was started; budgets count as if they had not passed"),
                "Look at the date; once it is right, `paywarden clock accept`",
            );
        }
        for (index, alarm) in alarms {
            self.problem(
                format!("account {index} signs nothing more: {alarm}"),
                "`paywarden reconcile` lists what the network holds of it, and lifts the alarm",
            );
        }
    }

    fn note_failure(&mut self, failure: &Failure) {
        let what = format!("{} ({})", failure.message, failure.code);
        self.problem(what, failure.hint.clone());
    }

    fn problem(&mut self, what: impl Into<String>, next: impl Into<String>) {
        self.problems.push(Problem::new(what, next));
    }
}

/// What a look into the store showed.
struct Seen {
    report: Report,
    frozen: Option<String>,
    alarms: Vec<(u32, String)>,
    pending_approvals: u32,
    network: Option<NetworkInForce>,
    clocks: ClockRow,
}

fn look_into(snapshot: &dyn Snapshot, anchors: Vec<Head>) -> Result<Seen, StoreError> {
    let (_, at) = snapshot.head()?;
    let view = View::new(snapshot.rows(), at);
    let wallet = view.wallet()?;
    let key = wallet.map(|wallet| TrustedKey::from_pem(&wallet.ledger_key)).transpose();
    let key = key.map_err(|error| StoreError::Corrupt { detail: error.to_string() })?;
    let mut verifier = Verifier::new(VerifyMode::Signatures, key.into_iter().collect(), anchors);
    let mut from = 1;
    loop {
        let page = snapshot.events(from, limits::LEDGER_PAGE as usize)?;
        let Some(last) = page.last() else { break };
        from = last.seq + 1;
        for stored in &page {
            verifier.push_read(stored.entry());
        }
    }
    let alarms = view.lanes()?.into_iter().filter_map(|lane| Some((lane.index, lane.frozen?)));
    Ok(Seen {
        report: verifier.finish(),
        frozen: view.freeze()?.map(|freeze| freeze.reason),
        alarms: alarms.collect(),
        pending_approvals: view.counters()?.approvals_waiting,
        network: view.network()?,
        clocks: view.clocks(SystemClock.read())?,
    })
}

/// With a gateway none is needed.
fn has_no_node(row: &NetworkInForce) -> bool {
    row.node_urls.is_empty() && row.gateway == NetworkGateway::Node.as_str()
}

/// The lock for the time of the look, so that nobody writes meanwhile; `None` where there is no lock file yet.
fn is_held(home: &Home) -> Result<Option<WalletLock>, LockError> {
    if !home.path(files::LOCK).exists() {
        return Ok(None);
    }
    WalletLock::acquire(home).map(Some)
}

/// Permission bits, where there are such.
fn mode(metadata: &fs::Metadata) -> Option<u32> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777);
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

const OTHERS_ANY: u32 = 0o077;
const OTHERS_WRITE: u32 = 0o022;
/// Name, purpose, and whether only the owner may read it.
const FILES: [(&str, &str, bool); 10] = [
    (files::CONFIG, "your settings", false),
    (files::KEYSTORE, "keys that sign payments", true),
    (files::LEDGER_KEY, "key that signs the ledger", true),
    (files::NODE_ACCESS, "what is secret in the node's URL", true),
    (files::IFENPAY_ACCESS, "the key to ifenpay", true),
    (files::STORE, "ledger and books", true),
    (files::ANCHOR, "ledger heads noted outside the store", false),
    (files::LOCK, "held by the process that has the wallet open", false),
    (files::READY_WORK, "work for the next blocks", false),
    (files::FROZEN, "your freeze marker", false),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_that_is_not_there_is_no_problem_and_is_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().join("none"));
        let findings = inspect(&home, Network::Sandbox);
        assert!(findings.problems.is_empty(), "{:?}", findings.problems);
        assert!(findings.files.iter().all(|file| !file.present));
        assert!(!home.dir().exists());
    }

    #[test]
    fn damage_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().to_owned());
        fs::write(home.path(files::STORE), b"garbage").unwrap();
        fs::write(home.path(files::ANCHOR), b"nonsense\n").unwrap();
        fs::write(home.path(files::FROZEN), b"stop").unwrap();
        let findings = inspect(&home, Network::Sandbox);
        let all: String =
            findings.problems.iter().map(|problem| format!("{}\n", problem.what)).collect();
        for words in ["STORE_CORRUPT", "keystore.json is gone", "ledger-key.pem is gone", "anchor"]
        {
            assert!(all.contains(words), "{words}: {all}");
        }
        assert_eq!(findings.frozen.as_deref(), Some("stop"));
        assert_eq!(fs::read(home.path(files::STORE)).unwrap(), b"garbage");
    }

    #[test]
    fn a_wallet_that_is_open_elsewhere_is_not_looked_into() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path().to_owned());
        let _lock = WalletLock::acquire(&home).unwrap();
        fs::write(home.path(files::STORE), b"").unwrap();
        let findings = inspect(&home, Network::Sandbox);
        assert!(findings.lock.contains(&std::process::id().to_string()), "{}", findings.lock);
        assert!(findings.store.is_none());
    }
}
