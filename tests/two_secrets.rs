//! The two secrets of a wallet that holds more than play money: one opens its keys, the other is the owner's word.
//!
//! Shown on the library, with a simulated node under the name of the dev network.

#![cfg(all(unix, feature = "sandbox"))]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use paywarden::clock::{Clock as _, SystemClock};
use paywarden::engine::Rhythm;
use paywarden::failure::Failure;
use paywarden::money::Raw;
use paywarden::nano::{Account, Network, Seed};
use paywarden::operations::{Answer, Call, Caller, Gate, ProgressSink, Verdict};
use paywarden::process::{
    Boot, Endpoint, Home, Init, Place, Reach, Serves, Speaks, Surroundings, ThirdParties,
    WalletGate, World,
};
use paywarden::sandbox::nano::{Config, SandboxNode};
use paywarden::secret::Secret;
use paywarden::wallet::WorkMode;
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
    // A draft in a file is worth nothing without the owner's word.
    let draft = json!({ "draft": "mode = \"autonomous\"" });
    let by_agent = ask(&host, agent(), "policy.apply", draft.clone()).await.unwrap_err();
    assert_eq!(by_agent.code, "UNKNOWN_OPERATION");
    let without = ask(&host, Caller::Operator, "policy.apply", draft.clone()).await;
    assert_eq!(without.unwrap_err().code, "OPERATOR_SECRET_REQUIRED");
    let applied = with_secret(&host, OPERATOR, "policy.apply", draft).await.unwrap();
    assert_eq!(applied.output["changed"], true);
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
    let long = "x".repeat(paywarden::limits::SECRET_CHARS_MIN);
    for (unlock, operator, code) in [
        (&long[1..], OPERATOR, "SECRET_TOO_SHORT"),
        (UNLOCK, &long[1..], "SECRET_TOO_SHORT"),
        (UNLOCK, UNLOCK, "SECRETS_EQUAL"),
    ] {
        let failure = boot.init(&init(unlock, operator)).await.unwrap_err();
        assert_eq!(failure.code, code);
        assert!(!boot.home.dir().exists(), "nothing is made");
    }
    // At the limit it passes.
    boot.init(&init(&long, OPERATOR)).await.unwrap();
    let before = support::contents(boot.home.dir());
    let again = boot.init(&init(UNLOCK, OPERATOR)).await.unwrap_err();
    assert_eq!(again.code, "WALLET_EXISTS");
    assert_eq!(support::contents(boot.home.dir()), before);
    let sandbox = Boot { network: Network::Sandbox, ..boot };
    assert_eq!(sandbox.check_init().unwrap_err().code, "NOT_NEEDED");
}

#[tokio::test]
async fn imported_keys_with_a_past_are_found_and_every_used_account_is_added() {
    let dir = tempfile::tempdir().unwrap();
    let world = Play::new();
    let boot = boot(Home::new(dir.path().join("wallet")), world.clone(), None);
    let mut init = init(UNLOCK, OPERATOR);
    let indexes: Vec<u32> = (0..paywarden::limits::HISTORY_ACCOUNTS).collect();
    let unused = boot.look_for_past(&init.keys, &indexes).await;
    assert!(!unused.needs_acknowledgement(), "{unused:?}");
    // The dev genesis account is the one with a past on a fresh ledger: as an imported key it is found.
    let key = paywarden::nano::PrivateKey::from_bytes(paywarden::nano::DEV_GENESIS_PRIVATE_KEY);
    let index = init.keys.import(key).unwrap();
    let past = boot.look_for_past(&init.keys, &[0, index]).await;
    assert!(past.needs_acknowledgement());
    assert_eq!(past.found().len(), 1, "{past:?}");
    assert_eq!(past.found()[0].account.account, Network::Dev.genesis_account());
    assert!(past.found()[0].account.blocks >= 1);
    init.past = Some(past);
    boot.init(&init).await.unwrap();
    let gate = WalletGate::new(boot, Serves::Itself);
    let listed = ask(&gate, Caller::Operator, "wallet.accounts", json!({})).await.unwrap().output;
    let genesis = Network::Dev.genesis_account().to_string();
    assert_eq!(listed["accounts"][1]["address"], genesis, "{listed:?}");
    let without = ask(&gate, Caller::Operator, "wallet.add_account", json!({})).await;
    assert_eq!(without.unwrap_err().code, "OPERATOR_SECRET_REQUIRED");
    let locked = with_secret(&gate, OPERATOR, "wallet.add_account", json!({})).await;
    assert_eq!(locked.unwrap_err().code, "WALLET_LOCKED");
    ask(&gate, Caller::Operator, "wallet.unlock", json!({ "secret": UNLOCK })).await.unwrap();
    let added = with_secret(&gate, OPERATOR, "wallet.add_account", json!({})).await.unwrap().output;
    let second = Seed::from_bytes(SEED).derive(1).account().to_string();
    assert_eq!((&added["index"], &added["address"]), (&json!(1), &json!(second)));
    gate.close().await;
}

#[tokio::test]
async fn on_live_only_the_node_that_init_was_given_counts() {
    let dir = tempfile::tempdir().unwrap();
    let reach = |url: &str| {
        let node = Endpoint::parse(url, Speaks::Http).unwrap();
        Reach { node_urls: vec![node], ..Reach::default() }
    };
    let home = Home::new(dir.path().join("wallet"));
    let live = |reach: Reach| Boot {
        network: Network::Live,
        reach,
        ..boot(home.clone(), Play::new(), None)
    };
    live(reach("https://rpc.example/hunter2")).init(&init(UNLOCK, OPERATOR)).await.unwrap();
    for (url, opens) in [
        ("https://rpc.example/hunter2", true),
        ("https://rpc.example/hunter3", false),
        ("https://other.example/", false),
    ] {
        let opened = live(reach(url)).open().await;
        assert_eq!(
            opened.as_ref().err().map(|e| e.code.as_ref()),
            (!opens).then_some("NETWORK_FIXED")
        );
        if let Ok(running) = opened {
            running.engine.stop().await;
        }
    }
    let running = live(Reach::default()).open().await.unwrap();
    running.engine.stop().await;
    drop(running);
    for (path, bytes) in support::contents_below(home.dir()) {
        let known = bytes.windows(7).any(|part| part == b"hunter2");
        assert_eq!(known, path.ends_with("node-access.json"), "{}", path.display());
    }
    std::fs::remove_file(home.path("node-access.json")).unwrap();
    let failure = live(Reach::default()).open().await.unwrap_err();
    assert_eq!(failure.code, "NODE_ACCESS_UNUSABLE");
}

#[tokio::test]
async fn what_init_left_half_made_is_never_completed_without_its_secrets() {
    let wallet = Wallet::made().await;
    for gone in ["wallet.redb", "ledger-key.pem", "anchor.log"] {
        std::fs::remove_file(wallet.home.path(gone)).unwrap();
    }
    let boot = boot(wallet.home.clone(), wallet.world.clone(), Some(UNLOCK));
    assert_eq!(boot.open().await.unwrap_err().code, "INIT_INTERRUPTED");
    std::fs::remove_file(wallet.home.path("keystore.json")).unwrap();
    // And without its keys it is an error, never a new wallet or the sandbox.
    assert_eq!(boot.open().await.unwrap_err().code, "KEYSTORE_MISSING");
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
        let account = boot.init(&init(UNLOCK, OPERATOR)).await.unwrap();
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

    fn describe(&self, _: Network, _: &Home, _: &Reach) -> Result<String, Failure> {
        Ok("a node for this test".to_owned())
    }

    fn surround(&self, _: &Place<'_>) -> Result<Surroundings, Failure> {
        let node = Arc::new(self.0.clone());
        Ok(Surroundings {
            node,
            news: None,
            work: Vec::new(),
            rhythm: Rhythm::SANDBOX,
            faucet: None,
            simulators: None,
        })
    }
}

fn boot(home: Home, world: Play, unlock: Option<&str>) -> Boot {
    Boot {
        home,
        network: Network::Dev,
        work_threads: 1,
        work_max_percent: 100,
        work_mode: WorkMode::PeersFirst,
        representative: None,
        reach: Reach::default(),
        providers: paywarden::process::ProviderSettings::default(),
        third_parties: ThirdParties::default(),
        anchor_command: None,
        unlock: unlock.map(|text| Secret::new(text.to_owned())),
        clock: Arc::new(SystemClock),
        world: Arc::new(world),
    }
}

fn init(unlock: &str, operator: &str) -> Init {
    let secret = |text: &str| Secret::new(text.to_owned());
    let keys = Seed::from_bytes(SEED).into();
    Init { unlock: secret(unlock), operator: secret(operator), keys, past: None }
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

const SEED: [u8; 32] = *b"\xCA\x11\xA5\xEE\xD0\x01\x02\x03canary-of-two-secrets...";
const UNLOCK: &str = "unlock-secret-of-the-host";
const OPERATOR: &str = "operator-secret-of-the-owner";
