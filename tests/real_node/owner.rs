//! The binary on a dev network, as its owner types it and a host starts it: from `init` to `reconcile`, and killed.

use std::path::PathBuf;

use paywarden::money::Raw;
use paywarden::nano::mnemonic::{Phrase, legacy_seed};
use paywarden::nano::{Account, Seed};
use paywarden::network::{AccountInfo, Node as _};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::places::{Place, XNO, places};
use crate::stage::somebody;
use crate::support::terminal::Terminal;
use crate::support::{Home, Server, soon};

/// A wallet on dev whose host knows the unlock secret.
struct Owner<'a> {
    place: &'a Place,
    home: Home,
    words: String,
    seed: Seed,
}

#[test]
fn an_owner_makes_uses_and_backs_up_a_wallet() {
    for place in places() {
        let Some(owner) = Owner::init(&place) else { return };
        let doctor = owner.json(&["doctor"]);
        assert_eq!(doctor["problems"], json!([]), "{}: {doctor}", place.name);
        owner.fund(5);
        let mut host = owner.host();
        has(&mut host, "5");

        // The agent asks, the owner approves at a terminal, both while the host has the wallet open.
        let payee = somebody().to_string();
        let asked =
            host.facts("wallet_send", json!({ "recipient_address": payee, "amount": "1.5" }));
        assert_eq!(asked["status"], "pending_approval", "{}: {asked}", place.name);
        let said = owner.approve(&asked).end();
        assert_eq!(said.1, Some(0), "{}: {}", place.name, said.0);
        has(&mut host, "3.5");
        let voter = somebody().to_string();
        let words = format!("wallet representative {voter}");
        let (said, code) = owner.terminal(&words).answer(OPERATOR_PROMPT, OPERATOR).end();
        assert!(code == Some(0) && said.contains(&voter), "{}: {said}", place.name);
        let shown = owner.json(&["wallet", "representative"]);
        assert_eq!(shown["representative"], voter, "{shown}");
        let csv = owner.text(&["wallet", "history", "--csv"]);
        let lines: Vec<&str> = csv.lines().collect();
        assert_eq!(lines.len(), 3, "{csv}");
        assert!(lines[0].starts_with("at,kind,amount") && lines[1].contains(&payee), "{csv}");
        host.end().is_clean();

        // The owner alone, without a host.
        let sent = owner.home.run(&["--json", "wallet", "send", &payee, "max", "--key", "rest"]);
        let sent: Value = serde_json::from_slice(&sent.stdout).unwrap();
        assert_eq!(sent["status"], "pending_approval", "{sent}");
        let (said, code) = owner.approve(&sent).end();
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(owner.json(&["status"])["accounts"][0]["balance"], "0");

        owner.backs_up();
        assert_eq!(owner.json(&["ledger", "verify", "--deep"])["ok"], true);
    }
}

#[test]
fn a_second_holder_is_noticed_and_a_seed_with_a_past_is_adopted() {
    for place in places() {
        let Some(owner) = Owner::init(&place) else { return };
        owner.fund(5);
        let mut host = owner.host();
        has(&mut host, "5");
        block_on(place.pay(&owner.seed.derive(0), somebody(), Raw::new(2 * XNO)));
        soon("an alarm", || owner.json(&["status"])["accounts"][0]["alarm"].is_string());
        let refused =
            host.error("wallet_send", json!({ "recipient_address": SHOP, "amount": "1" }));
        assert!(refused.contains("FROZEN"), "{}: {refused}", place.name);
        block_on(place.pay(&owner.seed.derive(0), somebody(), Raw::new(XNO)));
        owner.reconciles();
        has(&mut host, "2");
        host.end().is_clean();

        // The same words in another home: what was before is acknowledged, then adopted.
        let mut other = home(&place);
        let mut terminal = Terminal::start(&other, "init --import --kind phrase").unwrap();
        terminal.secrets(UNLOCK, OPERATOR).answer("not shown: ", &owner.words);
        terminal.answer("go on: ", "yes");
        let (said, code) = terminal.end();
        assert!(code == Some(0) && said.contains("used before"), "{}: {said}", place.name);
        other.set("PAYWARDEN_UNLOCK", PathBuf::from(UNLOCK));
        let other = Owner { place: &place, home: other, words: owner.words, seed: owner.seed };
        other.reconciles();
        let accounts = other.json(&["wallet", "accounts"]);
        assert_eq!(accounts["accounts"][0]["balance"], "2", "{}: {accounts}", place.name);
        assert_eq!(other.json(&["ledger", "verify", "--deep"])["ok"], true);
    }
}

#[test]
fn a_keeper_killed_in_the_middle_of_a_send_pays_once() {
    for place in places() {
        let Some(owner) = Owner::init(&place) else { return };
        owner.fund(5);
        let mut host = owner.host();
        has(&mut host, "5");
        if let Some(node) = &place.sandbox {
            node.hold_new(true);
        }
        let ask =
            json!({ "recipient_address": SHOP, "amount": "1", "idempotency_key": "one payment" });
        let asked = host.facts("wallet_send", ask.clone());
        let mut approving = owner.approve(&asked);
        let account = owner.account();
        soon("the block on the network", || owner.on_the_network().block_count == 2);
        let killed = host.signal(Signal::KILL);
        assert!(!killed.status.success());
        if let Some(node) = &place.sandbox {
            node.hold_new(false);
            node.release(&node.head(&account).unwrap().hash).unwrap();
        }
        // The command that approved it takes over and sees it through.
        let (said, code) = approving.end();
        assert_eq!(code, Some(0), "{}: {said}", place.name);
        let mut host = owner.host();
        has(&mut host, "4");
        let again = host.facts("wallet_send", ask);
        assert_eq!(again["status"], "settled", "{}: {again}", place.name);
        host.end().is_clean();
        let info = owner.on_the_network();
        assert_eq!((info.block_count, info.balance), (2, Raw::new(4 * XNO)), "{}", place.name);
        assert_eq!(owner.json(&["ledger", "verify", "--deep"])["ok"], true);
    }
}

impl<'a> Owner<'a> {
    /// `None` where there is no terminal to be had.
    fn init(place: &'a Place) -> Option<Self> {
        let mut home = home(place);
        let mut terminal = Terminal::start(&home, "init")?;
        let words = terminal.secrets(UNLOCK, OPERATOR).confirm().join(" ");
        let (said, code) = terminal.end();
        assert_eq!(code, Some(0), "{}: {said}", place.name);
        home.set("PAYWARDEN_UNLOCK", PathBuf::from(UNLOCK));
        let seed = legacy_seed(&Phrase::parse(&words).unwrap()).unwrap();
        Some(Self { place, home, words, seed })
    }

    fn account(&self) -> Account {
        self.seed.derive(0).account()
    }

    fn on_the_network(&self) -> AccountInfo {
        let node = self.place.node();
        block_on(async { node.account_info(self.account()).await }).unwrap().unwrap()
    }

    fn fund(&self, xno: u128) {
        block_on(self.place.fund(self.account(), Raw::new(xno * XNO)));
    }

    fn host(&self) -> Server {
        let mut server = self.home.server();
        server.network = "dev";
        server.initialize("2025-11-25");
        server
    }

    fn terminal(&self, words: &str) -> Terminal {
        Terminal::start(&self.home, words).unwrap()
    }

    /// Approves what `asked` names; still to be ended.
    fn approve(&self, asked: &Value) -> Terminal {
        let id = asked["approval_id"].as_str().unwrap();
        let mut terminal = self.terminal(&format!("approvals approve {id}"));
        terminal.answer(OPERATOR_PROMPT, OPERATOR);
        terminal
    }

    fn json(&self, words: &[&str]) -> Value {
        self.home.json(words)
    }

    fn text(&self, words: &[&str]) -> String {
        let output = self.home.run(words);
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Looks, acknowledges what is listed, and looks again, until nothing is left. A running host may book a block
    /// between the look and the word; the wallet then wants another look.
    fn reconciles(&self) {
        for _ in 0..RECONCILES {
            let found = self.json(&["reconcile"]);
            assert_eq!(found["needsAcknowledgement"], true, "{}: {found}", self.place.name);
            let (booked, ended) = self.acknowledge(found["acknowledgement"].as_str().unwrap());
            if ended == Some(0) {
                assert_eq!(booked["applied"], true, "{}: {booked}", self.place.name);
                let found = self.json(&["reconcile"]);
                assert_eq!(found["needsAcknowledgement"], false, "{}: {found}", self.place.name);
                return;
            }
            assert_eq!(booked["error"]["code"], "NOT_ACKNOWLEDGED", "{}", self.place.name);
        }
        panic!("{}: what is listed is never what is found", self.place.name);
    }

    fn acknowledge(&self, code: &str) -> (Value, Option<i32>) {
        let out = self.home.path().with_file_name("out.json");
        let words = format!("--json reconcile --acknowledge {code} > {}", out.display());
        let (_, code) = self.terminal(&words).answer(OPERATOR_PROMPT, OPERATOR).end();
        (serde_json::from_slice(&std::fs::read(&out).unwrap()).unwrap(), code)
    }

    fn backs_up(&self) {
        let backup = self.home.path().with_file_name("backup.json");
        self.text(&["wallet", "backup", "--to", backup.to_str().unwrap()]);
        let written = std::fs::read_to_string(&backup).unwrap();
        assert!(written.contains("argon2id-xchacha20poly1305"), "{written}");
        let (said, code) = self.terminal("wallet backup").answer("not shown: ", &self.words).end();
        assert!(code == Some(0) && said.contains("Your copy is good"), "{said}");
        let mut terminal = self.terminal("wallet export > /dev/null");
        terminal.answer("Unlock secret: ", UNLOCK).answer(OPERATOR_PROMPT, OPERATOR);
        let (said, code) = terminal.end();
        assert!(code == Some(0) && said.contains(&self.words), "{said}");
        let mut set = format!("--node-url {}", self.place.rpc);
        if let Some(websocket) = &self.place.websocket {
            set.push_str(&format!(" --node-ws {websocket}"));
        }
        let mut terminal = self.terminal(&format!("{set} network set"));
        let (said, code) = terminal.answer(OPERATOR_PROMPT, OPERATOR).end();
        assert_eq!(code, Some(0), "{said}");
    }
}

fn home(place: &Place) -> Home {
    let mut home = Home::new();
    home.set("PAYWARDEN_NETWORK", PathBuf::from("dev"));
    home.set("PAYWARDEN_NODE_URL", PathBuf::from(&place.rpc));
    if let Some(websocket) = &place.websocket {
        home.set("PAYWARDEN_NODE_WS", PathBuf::from(websocket));
    }
    home
}

fn has(host: &mut Server, xno: &str) {
    let exactly = |facts: &Value| {
        let balance = facts["balance"].as_str().unwrap();
        balance.trim_end_matches('0').trim_end_matches('.') == xno
    };
    soon("the balance", || {
        let facts = host.facts("wallet_balance", json!({}));
        exactly(&facts) && facts["reserved_raw"] == "0" && facts["confirmed"] == true
    });
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.unwrap().block_on(work)
}

const SHOP: &str = crate::support::SHOP;
const UNLOCK: &str = "unlock-secret-of-the-host";
const OPERATOR: &str = "operator-secret-of-the-owner";
const OPERATOR_PROMPT: &str = "Operator secret: ";
const RECONCILES: u32 = 5;
