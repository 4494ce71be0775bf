//! The steps of the demo, in the order of [`STEPS`].

use std::path::Path;

use serde_json::{Value, json};

use super::Stage;
use super::host::{Host, operator};
use super::two_agents;
use crate::clock::{Clock, SystemClock};
use crate::surfaces::cli::run::{money, text};

/// One thing that happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    HostStarts,
    Balance,
    SmallSend,
    LargeSend,
    OwnerApproves,
    AgentLearns,
    HugeSend,
    LastBalance,
    TwoAgents,
    Verify,
}

/// The order of the story.
pub(super) const STEPS: [Step; 10] = [
    Step::HostStarts,
    Step::Balance,
    Step::SmallSend,
    Step::LargeSend,
    Step::OwnerApproves,
    Step::AgentLearns,
    Step::HugeSend,
    Step::LastBalance,
    Step::TwoAgents,
    Step::Verify,
];

impl Step {
    /// What a person reads.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::HostStarts => "A host starts paywarden and asks what it can do",
            Self::Balance => "The agent looks at its balance",
            Self::SmallSend => "The agent pays a shop 0.5 XNO: so much it may pay alone",
            Self::LargeSend => "The agent asks to pay 5 XNO: its owner must decide",
            Self::OwnerApproves => {
                "The owner, at another terminal, looks at what waits and approves it"
            }
            Self::AgentLearns => "The agent finds its payment settled",
            Self::HugeSend => "The agent tries to pay 60 XNO: refused, rule by rule",
            Self::LastBalance => "The agent looks at what is left",
            Self::TwoAgents => {
                "Two agents, each with a wallet of its own: one asks to be paid, the other pays"
            }
            Self::Verify => "The owner has the ledger checked from its first event on",
        }
    }
}

/// How far the story has come.
pub(super) struct Story<'a> {
    stage: Stage<'a>,
    home: &'a Path,
    host: Option<Host>,
    waiting_payment: String,
    waiting_approval: String,
}

type Told = Result<Vec<String>, String>;

impl<'a> Story<'a> {
    /// Before anything has happened.
    pub(super) fn new(stage: Stage<'a>, home: &'a Path) -> Self {
        let (waiting_payment, waiting_approval) = (String::new(), String::new());
        Self { stage, home, host: None, waiting_payment, waiting_approval }
    }

    /// Lets one step happen and tells of it; or says why it did not.
    pub(super) async fn play(&mut self, step: Step) -> Told {
        match step {
            Step::HostStarts => self.host_starts().await,
            Step::Balance => self.balance("100.0").await,
            Step::SmallSend => self.small_send().await,
            Step::LargeSend => self.large_send().await,
            Step::OwnerApproves => self.owner_approves().await,
            Step::AgentLearns => self.agent_learns().await,
            Step::HugeSend => self.huge_send().await,
            Step::LastBalance => self.balance("94.5").await,
            Step::TwoAgents => two_agents::play(self.stage, self.home).await,
            Step::Verify => self.verify().await,
        }
    }

    async fn host_starts(&mut self) -> Told {
        let (host, greeting) = Host::start(self.stage, self.home, &[]).await?;
        let server = &greeting["serverInfo"];
        let list = self.host.insert(host).request("tools/list", json!({})).await?;
        let tools = list["tools"].as_array().ok_or("there is no list of tools")?;
        let names: Vec<&str> = tools.iter().map(|tool| text(tool, "name")).collect();
        for needed in ["wallet_balance", "wallet_send", "get_payment_status"] {
            must(names.contains(&needed), || format!("there is no tool {needed}"))?;
        }
        let (name, version) = (text(server, "name"), text(server, "version"));
        let protocol = text(&greeting, "protocolVersion");
        Ok(vec![
            format!("{name} {version}, MCP {protocol}, {} tools:", names.len()),
            names.join(", "),
        ])
    }

    async fn balance(&mut self, expected: &str) -> Told {
        let balance = self.host()?.call("wallet_balance", json!({})).await?;
        must(text(&balance, "balance") == expected, || format!("the balance is {balance}"))?;
        let account = short(text(&balance, "account"));
        Ok(vec![format!("{expected} XNO at {account}, network {}", text(&balance, "network"))])
    }

    async fn small_send(&mut self) -> Told {
        let started = SystemClock.now();
        let sent = self.send("0.5", "a coffee").await?;
        must(sent["status"] == "settled", || format!("it is {sent}"))?;
        let took = SystemClock.now().since(started).as_secs_f64();
        let block = text(&sent, "block_hash");
        must(block.len() == BLOCK_HASH_CHARS, || format!("there is no block: {sent}"))?;
        let head = &sent["ledger_head"];
        Ok(vec![
            format!("settled in {took:.1} s, block {}", short(block)),
            format!("ledger head {}:{}", head["seq"], short(text(head, "hash"))),
        ])
    }

    async fn large_send(&mut self) -> Told {
        let sent = self.send("5", "a week of coffee").await?;
        must(sent["status"] == "pending_approval", || format!("it is {sent}"))?;
        must(sent.get("block_hash").is_none(), || "a block was signed already".to_owned())?;
        self.waiting_payment = text(&sent, "payment_id").to_owned();
        self.waiting_approval = text(&sent, "approval_id").to_owned();
        Ok(vec![format!("pending_approval: {}", text(&sent, "reason"))])
    }

    async fn owner_approves(&mut self) -> Told {
        let waiting = operator(self.stage, self.home, &["approvals", "list"]).await?;
        let first = &waiting["approvals"][0];
        let listed = text(first, "approvalId");
        must(listed == self.waiting_approval, || format!("what waits is {waiting}"))?;
        let prefix = listed.get(..8).unwrap_or(listed);
        let answer = operator(self.stage, self.home, &["approvals", "approve", prefix]).await?;
        must(answer["status"] == "settled", || format!("it is {answer}"))?;
        let (amount, memo) = (money(first, "amount"), text(first, "memo"));
        Ok(vec![
            format!("$ paywarden approvals list: {amount}, \"{memo}\""),
            format!("$ paywarden approvals approve {prefix}: {}", text(&answer, "status")),
        ])
    }

    async fn agent_learns(&mut self) -> Told {
        let arguments = json!({ "paymentId": self.waiting_payment });
        let payment = self.host()?.call("get_payment_status", arguments).await?;
        must(payment["status"] == "settled", || format!("it is {payment}"))?;
        let trail = payment["trail"].as_array().ok_or("there is no trail")?;
        let steps: Vec<&str> = trail.iter().map(|event| text(event, "type")).collect();
        Ok(vec![format!("its trail: {}", steps.join(", "))])
    }

    async fn huge_send(&mut self) -> Told {
        let sent = self.send("60", "a coffee machine").await?;
        must(sent["status"] == "denied", || format!("it is {sent}"))?;
        must(sent.get("block_hash").is_none(), || "a block was signed".to_owned())?;
        let rules = sent["rules"].as_array().filter(|rules| !rules.is_empty());
        let rules = rules.ok_or("there is no rule trace")?;
        let mut lines = vec![format!("{}: {}", text(&sent, "reason_code"), text(&sent, "reason"))];
        lines.extend(rules.iter().filter_map(Value::as_str).map(|rule| format!("  {rule}")));
        let passes = text(&sent, "would_pass");
        if !passes.is_empty() {
            lines.push(format!("would pass: {passes}"));
        }
        Ok(lines)
    }

    async fn verify(&mut self) -> Told {
        let report = operator(self.stage, self.home, &["ledger", "verify", "--deep"]).await?;
        must(report["ok"] == true, || format!("the verdict is {report}"))?;
        let (events, anchors) = (&report["events"], &report["anchors"]);
        let host = self.host.take().ok_or("there is no host")?;
        host.close().await?;
        Ok(vec![
            format!("{events} events: hashes, signatures and {anchors} anchored heads hold,"),
            "and every balance is exactly what the events add up to".to_owned(),
        ])
    }

    async fn send(&mut self, amount: &str, memo: &str) -> Result<Value, String> {
        let key = format!("demo-{amount}");
        let arguments = json!({
            "recipient_address": SHOP, "amount": amount, "memo": memo, "idempotency_key": key,
        });
        self.host()?.call("wallet_send", arguments).await
    }

    fn host(&mut self) -> Result<&mut Host, String> {
        self.host.as_mut().ok_or_else(|| "there is no host".to_owned())
    }
}

fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// Enough of an address or hash to know it again.
fn short(text: &str) -> String {
    match (text.get(..SHOWN_CHARS), text.get(text.len().saturating_sub(SHOWN_CHARS)..)) {
        (Some(begin), Some(end)) if text.len() > 2 * SHOWN_CHARS => format!("{begin}…{end}"),
        _ => text.to_owned(),
    }
}

/// An account nobody has the key of.
const SHOP: &str = "nano_1enzzhjtfwyk7joubjfmbm3wptxgjprc4tkequeeukcwz8ps8uroee395wjx";
const BLOCK_HASH_CHARS: usize = 64;
const SHOWN_CHARS: usize = 10;
