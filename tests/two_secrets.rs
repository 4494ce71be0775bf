//! The two secrets of a wallet that holds more than play money: one opens its keys, the other is the owner's word.
//!
//! The binary of this version runs on the sandbox only; what comes after `init` is shown on the library, with a
//! simulated node under the name of the dev network.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::Rhythm;
use paywarden::failure::Failure;
use paywarden::money::Raw;
use paywarden::nano::{Account, Network, Seed};
use paywarden::operations::{Answer, Call, Caller, Gate, ProgressSink, Verdict};
use paywarden::process::{Boot, Home, Init, Serves, Surroundings, WalletGate, World};
use paywarden::sandbox::nano::{Config, SandboxNode};
use paywarden::secret::Secret;
use serde_json::{Value, json};
use support::SHOP;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

#[tokio::test]
async fn a_locked_wallet_reads_and_spends_once_unlocked_and_approved() {
    let wallet = Wallet::made().await;
    wallet.world.0.faucet_confirmed(wallet.account, Raw::new(10 * Raw::ONE_XNO.get())).unwrap();
    let keeper = wallet.gate(None);
    keeper.open().await.unwrap();
    let host = wallet.gate(None);
    let balance = ask(&host, agent(), "wallet.balance", json!({})).await.unwrap().output;
    assert_eq!((&balance["network"], &balance["balance"]), (&json!("dev"), &json!("0.0")));
    let send =
        |key: &str| json!({ "recipient_address": SHOP, "amount": "1", "idempotency_key": key });
    let locked = ask(&host, agent(), "wallet.send", send("a")).await.unwrap_err();
    assert_eq!(locked.code, "WALLET_LOCKED");
    assert!(locked.hint.contains("paywarden unlock"), "{locked:?}");

    // Each secret is good for its own door only, and an agent finds no door at all.
    let by_agent = ask(&host, agent(), "wallet.unlock", json!({ "secret": UNLOCK })).await;
    assert_eq!(by_agent.unwrap_err().code, "UNKNOWN_OPERATION");
    for wrong in ["", "wrong horse", OPERATOR] {
        let answer =
            ask(&host, Caller::Operator, "wallet.unlock", json!({ "secret": wrong })).await;
        assert_eq!(answer.unwrap_err().code, "WRONG_SECRET");
    }
    assert_eq!(
        ask(&host, agent(), "wallet.send", send("a")).await.unwrap_err().code,
        "WALLET_LOCKED"
    );
    ask(&host, Caller::Operator, "wallet.unlock", json!({ "secret": UNLOCK })).await.unwrap();

    let asked = ask(&host, agent(), "wallet.send", send("a")).await.unwrap();
    assert_eq!(asked.verdict, Verdict::Ask, "{asked:?}");
    let answer = json!({ "approvalId": asked.output["approval_id"], "approved": true });
    let by_agent = ask(&host, agent(), "approvals.answer", answer.clone()).await.unwrap_err();
    assert_eq!(by_agent.code, "UNKNOWN_OPERATION");
    let without = ask(&host, Caller::Operator, "approvals.answer", answer.clone()).await;
    assert_eq!(without.unwrap_err().code, "OPERATOR_SECRET_REQUIRED");
    let started = SystemClock.now();
    for wrong in [UNLOCK, "wrong horse"] {
        let wrong = with_secret(&host, wrong, "approvals.answer", answer.clone()).await;
        assert_eq!(wrong.unwrap_err().code, "WRONG_SECRET");
    }
    assert!(SystemClock.now().since(started) >= Duration::from_secs(2), "guessing takes its time");
    let settled = with_secret(&host, OPERATOR, "approvals.answer", answer).await.unwrap();
    assert_eq!(settled.output["status"], "settled", "{settled:?}");

    // Anybody may stop; only the owner lets go.
    ask(&host, Caller::Operator, "wallet.freeze", json!({})).await.unwrap();
    let without = ask(&host, Caller::Operator, "wallet.unfreeze", json!({})).await;
    assert_eq!(without.unwrap_err().code, "OPERATOR_SECRET_REQUIRED");
    with_secret(&host, OPERATOR, "wallet.unfreeze", json!({})).await.unwrap();
    let verified = ask(&host, Caller::Operator, "ledger.verify", json!({ "deep": true })).await;
    assert_eq!(verified.unwrap().output["ok"], true);
    host.close().await;
    keeper.close().await;
    wallet.holds_no_secret();
}

#[tokio::test]
async fn a_secret_from_the_host_opens_the_wallet_and_a_wrong_one_leaves_it_locked() {
    let wallet = Wallet::made().await;
    wallet.world.0.faucet_confirmed(wallet.account, Raw::new(10 * Raw::ONE_XNO.get())).unwrap();
    let send = json!({ "recipient_address": SHOP, "amount": "1" });
    for (secret, opens) in [(OPERATOR, false), (UNLOCK, true)] {
        let gate = wallet.gate(Some(secret));
        let answer = ask(&gate, agent(), "wallet.send", send.clone()).await;
        match opens {
            true => assert_eq!(answer.unwrap().verdict, Verdict::Ask),
            false => assert_eq!(answer.unwrap_err().code, "WALLET_LOCKED"),
        }
        gate.close().await;
    }
}

#[tokio::test]
async fn init_refuses_weak_and_equal_secrets_and_a_second_wallet() {
    let dir = tempfile::tempdir().unwrap();
    let boot = boot(Home::new(dir.path().join("wallet")), Play::new(), None);
    let seed = Seed::from_bytes(SEED);
    let long = "x".repeat(paywarden::limits::SECRET_CHARS_MIN);
    for (unlock, operator, code) in [
        (&long[1..], OPERATOR, "SECRET_TOO_SHORT"),
        (UNLOCK, &long[1..], "SECRET_TOO_SHORT"),
        (UNLOCK, UNLOCK, "SECRETS_EQUAL"),
    ] {
        let failure = boot.init(&seed, &init(unlock, operator)).await.unwrap_err();
        assert_eq!(failure.code, code);
        assert!(!boot.home.dir().exists(), "nothing is made");
    }
    // At the limit it passes.
    boot.init(&seed, &init(&long, OPERATOR)).await.unwrap();
    let before = support::contents(boot.home.dir());
    let again = boot.init(&Seed::from_bytes([8; 32]), &init(UNLOCK, OPERATOR)).await.unwrap_err();
    assert_eq!(again.code, "WALLET_EXISTS");
    assert_eq!(support::contents(boot.home.dir()), before);
    let sandbox = Boot { network: Network::Sandbox, ..boot };
    assert_eq!(sandbox.check_init().unwrap_err().code, "NOT_NEEDED");
}

#[test]
fn init_at_a_terminal_asks_twice_and_shows_the_phrase_once() {
    let home = support::Home::new();
    let Some(mut terminal) = Terminal::start(&home) else {
        eprintln!("skipped: this system has no `script` to give a program a terminal");
        return;
    };
    for secret in [UNLOCK, UNLOCK, OPERATOR, OPERATOR] {
        terminal.answer(": ", secret);
    }
    let said = terminal.end();
    assert!(said.contains("The wallet is made."), "{said}");
    for secret in [UNLOCK, OPERATOR] {
        assert!(!said.contains(secret), "a secret is echoed: {said}");
    }
    let phrases = said.lines().filter(|line| line.split_whitespace().count() == 24).count();
    assert_eq!(phrases, 1, "{said}");
    let keys = std::fs::read_to_string(home.file("keystore.json")).unwrap();
    let keys: Value = serde_json::from_str(&keys).unwrap();
    assert_eq!(keys["protection"], "argon2id-xchacha20poly1305", "{keys}");
    assert!(keys.get("seed").is_none(), "{keys}");
    let phrase = said.lines().find(|line| line.split_whitespace().count() == 24).unwrap();
    let phrase = paywarden::nano::mnemonic::Phrase::parse(phrase.trim()).unwrap();
    let account = paywarden::nano::mnemonic::legacy_seed(&phrase).unwrap().derive(0).account();
    assert!(said.contains(&account.to_string()), "the phrase is this wallet's: {said}");

    let before = support::contents(&home.path());
    let mut again = Terminal::start(&home).unwrap();
    let said = again.end();
    assert!(said.contains("WALLET_EXISTS"), "{said}");
    assert_eq!(support::contents(&home.path()), before);
}

#[test]
fn init_at_a_terminal_makes_nothing_when_the_two_differ() {
    let home = support::Home::new();
    let Some(mut terminal) = Terminal::start(&home) else { return };
    terminal.answer(": ", UNLOCK);
    terminal.answer(": ", "unlock-secret-mistyped");
    let said = terminal.end();
    assert!(said.contains("SECRETS_DIFFER"), "{said}");
    assert!(!home.file("keystore.json").exists());
    // And without a terminal nobody is asked.
    let output = home.command().args(["--network", "dev", "init"]).stdin(Stdio::null()).output();
    drop(output);
    assert!(!home.file("keystore.json").exists());
}

/// A wallet of the dev network, with a node that outlives its processes.
struct Wallet {
    _dir: tempfile::TempDir,
    home: Home,
    world: Play,
    account: Account,
}

impl Wallet {
    async fn made() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (home, world) = (Home::new(dir.path().join("wallet")), Play::new());
        let boot = boot(home.clone(), world.clone(), None);
        let account = boot.init(&Seed::from_bytes(SEED), &init(UNLOCK, OPERATOR)).await.unwrap();
        let wallet = Self { _dir: dir, home, world, account };
        wallet.holds_no_secret();
        wallet
    }

    fn gate(&self, unlock: Option<&str>) -> WalletGate {
        WalletGate::new(boot(self.home.clone(), self.world.clone(), unlock), Serves::Others)
    }

    /// Neither secret nor the seed is in any file, in a form that can be read.
    fn holds_no_secret(&self) {
        let hex = SEED.map(|byte| format!("{byte:02x}")).concat();
        for (path, bytes) in support::contents_below(self.home.dir()) {
            for secret in [UNLOCK.as_bytes(), OPERATOR.as_bytes(), &SEED, hex.as_bytes()] {
                let found = bytes.windows(secret.len()).any(|part| part == secret);
                assert!(!found, "{}", path.display());
            }
        }
    }
}

/// A simulated node under any network's name.
#[derive(Clone, Debug)]
struct Play(SandboxNode);

impl Play {
    fn new() -> Self {
        Self(SandboxNode::new(Config::default(), Arc::new(SystemClock)))
    }
}

impl World for Play {
    fn check(&self, _: Network) -> Result<(), Failure> {
        Ok(())
    }

    fn describe(&self, _: Network, _: &Home) -> Result<String, Failure> {
        Ok("a node for this test".to_owned())
    }

    fn surround(&self, _: Network, _: &Home, _: Arc<dyn Clock>) -> Result<Surroundings, Failure> {
        let node = Arc::new(self.0.clone());
        Ok(Surroundings { node, rhythm: Rhythm::SANDBOX, faucet: None })
    }
}

fn boot(home: Home, world: Play, unlock: Option<&str>) -> Boot {
    Boot {
        home,
        network: Network::Dev,
        work_threads: 1,
        unlock: unlock.map(|text| Secret::new(text.to_owned())),
        clock: Arc::new(SystemClock),
        world: Arc::new(world),
    }
}

fn init(unlock: &str, operator: &str) -> Init {
    let secret = |text: &str| Secret::new(text.to_owned());
    Init { unlock: secret(unlock), operator: secret(operator) }
}

fn agent() -> Caller {
    Caller::Agent(None)
}

async fn ask(
    gate: &WalletGate,
    caller: Caller,
    operation: &str,
    arguments: Value,
) -> Result<Answer, Failure> {
    gate.call(call(caller, operation, &arguments)).await
}

async fn with_secret(
    gate: &WalletGate,
    secret: &str,
    operation: &str,
    arguments: Value,
) -> Result<Answer, Failure> {
    let mut call = call(Caller::Operator, operation, &arguments);
    call.operator_secret = Some(Secret::new(secret.to_owned()));
    gate.call(call).await
}

fn call(caller: Caller, operation: &str, arguments: &Value) -> Call {
    Call {
        id: Uuid::new_v4(),
        operation: operation.to_owned(),
        arguments: arguments.as_object().unwrap().clone(),
        caller,
        agent_token: None,
        operator_secret: None,
        progress: ProgressSink::default(),
        cancelled: CancellationToken::new(),
    }
}

/// `paywarden --network dev init` at a terminal of its own, made by util-linux `script`.
struct Terminal {
    child: Child,
    said: String,
}

impl Terminal {
    fn start(home: &support::Home) -> Option<Self> {
        let program = home.command();
        let line = format!("{} --network dev init", program.get_program().to_str().unwrap());
        let mut script = Command::new("script");
        script.args(["-q", "-e", "-c", &line, "/dev/null"]).env_clear();
        script.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        script.stdin(Stdio::piped()).stdout(Stdio::piped());
        let child = script.spawn().ok()?;
        Some(Self { child, said: String::new() })
    }

    /// Waits for the next prompt and types.
    fn answer(&mut self, prompt: &str, typed: &str) {
        let before = self.said.len();
        while !self.said[before..].ends_with(prompt) {
            let mut byte = [0];
            let read = self.child.stdout.as_mut().unwrap().read(&mut byte).unwrap();
            assert!(read == 1, "no prompt came: {}", self.said);
            self.said.push(char::from(byte[0]));
        }
        // The prompt is written before the echo is off, if only just.
        std::thread::sleep(Duration::from_millis(100));
        writeln!(self.child.stdin.as_mut().unwrap(), "{typed}").unwrap();
    }

    /// Everything that was on the screen.
    fn end(&mut self) -> String {
        self.child.stdout.as_mut().unwrap().read_to_string(&mut self.said).unwrap();
        let _ = self.child.wait();
        self.said.clone()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const SEED: [u8; 32] = *b"\xCA\x11\xA5\xEE\xD0\x01\x02\x03canary-of-two-secrets...";
const UNLOCK: &str = "unlock-secret-of-the-host";
const OPERATOR: &str = "operator-secret-of-the-owner";
