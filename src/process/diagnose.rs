//! Everything `doctor` shows, however much of it is broken.
//!
//! Looks and asks; changes nothing, and must never stop at the first thing that is wrong.

use std::sync::Arc;

use super::boot::World;
use super::inspect::{Findings, inspect};
use super::nodes::probe;
use super::reach::Reach;
use super::start::options;
use crate::clock::SystemClock;
use crate::config::{Config, Flags, ProcessEnvironment, Survey};
use crate::engine::PaymentBackend;
use crate::failure::Failure;
use crate::nano::Network;
use crate::operations::Need;
use crate::surfaces::cli::doctor::{Facts, NodeFact, Problem, Setting, ToolFacts};
use crate::surfaces::mcp::offered_tools;

/// The facts about the wallet these flags lead to.
pub async fn diagnose(flags: &Flags, world: &dyn World) -> Facts {
    let survey = Survey::of(flags, &ProcessEnvironment);
    let config = Config::load(flags, &ProcessEnvironment);
    let network = survey.network.unwrap_or(Network::Sandbox);
    let mut findings = match &survey.home {
        Some(home) => inspect(home, network),
        None => Findings::default(),
    };
    let reach = reach(&config, &mut findings, network);
    let described = match &survey.home {
        Some(home) => world.describe(network, home, &reach),
        None => world.check(network).map(|()| String::new()),
    };
    let node = described.unwrap_or_else(|failure| {
        problem(&mut findings, &failure);
        "none that can be used".to_owned()
    });
    let nodes = ask_nodes(&reach, network, &mut findings).await;
    let tools = tools(&config, &mut findings);
    note_unusable(&config, &mut findings);
    let settings = survey.origins.iter().map(|(name, setting)| Setting {
        name: (*name).to_owned(),
        value: setting.value.clone(),
        origin: setting.origin.to_string(),
    });
    Facts {
        version: env!("CARGO_PKG_VERSION"),
        network: network.as_str().to_owned(),
        node,
        nodes,
        unlock: match (network, config.as_ref().is_ok_and(|config| config.unlock.is_some())) {
            (Network::Sandbox, _) => "sandbox: not needed",
            (Network::Dev | Network::Beta | Network::Live, true) => "set",
            (Network::Dev | Network::Beta | Network::Live, false) => "not set",
        }
        .to_owned(),
        agent_token: match config.as_ref().is_ok_and(|config| config.agent_token.is_some()) {
            true => "set",
            false => "not set",
        },
        control_token: match config.as_ref().is_ok_and(|c| c.http.control_token.is_some()) {
            true => "token set by you: an agent with a shell of yours can read it",
            false => "token random for each `paywarden serve`",
        },
        settings: settings.collect(),
        home: survey.home.map(|home| home.dir().display().to_string()).unwrap_or_default(),
        files: findings.files,
        lock: findings.lock,
        store: findings.store,
        frozen: findings.frozen,
        tools,
        problems: findings.problems,
    }
}

/// What counts: on live what is on the ledger, elsewhere what this process was told, completed by that.
fn reach(config: &Result<Config, Failure>, findings: &mut Findings, network: Network) -> Reach {
    let told = config.as_ref().map(|config| config.reach.clone()).unwrap_or_default();
    match (network, findings.reach.take()) {
        (Network::Live, Some(set)) => set,
        (_, set) => told.or(set.unwrap_or_default()),
    }
}

async fn ask_nodes(reach: &Reach, network: Network, findings: &mut Findings) -> Vec<NodeFact> {
    let nodes = match probe(reach, network, Arc::new(SystemClock)).await {
        Ok(nodes) => nodes,
        Err(failure) => {
            problem(findings, &failure);
            return Vec::new();
        }
    };
    for node in &nodes {
        if let Some(why) = &node.problem {
            let failure = Failure::unavailable("NODE_UNUSABLE", format!("{}: {why}", node.url));
            problem(findings, &failure.hint("Start it, or set another; nothing is paid meanwhile"));
        }
    }
    nodes
}

fn tools(config: &Result<Config, Failure>, findings: &mut Findings) -> Option<ToolFacts> {
    let offered = match config.as_ref().map(|config| offered_tools(&options(config))) {
        Ok(Ok(tools)) => tools,
        Ok(Err(error)) => {
            let hint = "Correct --toolsets or PAYWARDEN_TOOLSETS";
            problem(findings, &Failure::invalid("CONFIG_INVALID", error.to_string()).hint(hint));
            return None;
        }
        Err(failure) => {
            problem(findings, failure);
            return None;
        }
    };
    let bytes = serde_json::to_vec(&offered).map_or(0, |json| json.len());
    Some(ToolFacts { count: offered.len(), bytes })
}

/// Why a tool is not offered, where the owner set something that needs what is missing.
fn note_unusable(config: &Result<Config, Failure>, findings: &mut Findings) {
    let Ok(config) = config else { return };
    let wants = config.reach.is_through_ifenpay()
        || config.third_parties.payment_backend == PaymentBackend::Ifenpay;
    if wants && options(config).lacking.contains(&Need::IfenpayKey) {
        let failure =
            Failure::unavailable("NOT_SET_UP", "ifenpay is to be used, and there is no key for it");
        problem(
            findings,
            &failure.hint("Set IFENPAY_API_KEY, or run `paywarden network set --gateway ifenpay`"),
        );
    }
}

fn problem(findings: &mut Findings, failure: &Failure) {
    findings.problems.push(Problem::new(failure.message.clone(), failure.hint.clone()));
}
