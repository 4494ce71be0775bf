//! `paywarden doctor`: what is in force, what is there, what is wrong and what to do.
//!
//! Prints facts that others have gathered. No secret is among them; a setting that is one shows as "set".

use serde::Serialize;

use super::escape::escape;
use super::print::{Exit, Printer, Trouble};

/// Everything `doctor` shows.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// This program's version.
    pub version: &'static str,
    /// The network in force.
    pub network: String,
    /// What answers for the network.
    pub node: String,
    /// Each node that is set, as it answered just now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<NodeFact>,
    /// What keeps the keys shut.
    pub unlock: String,
    /// Whether this host's agent has a token.
    pub agent_token: &'static str,
    /// Where the control port's token comes from, and what that means.
    pub control_token: &'static str,
    /// Every setting.
    pub settings: Vec<Setting>,
    /// The wallet's directory.
    pub home: String,
    /// The files in it.
    pub files: Vec<FileFact>,
    /// Who has the wallet open.
    pub lock: String,
    /// What the store holds, if it could be looked at.
    pub store: Option<StoreFacts>,
    /// Why the wallet is frozen, if it is.
    pub frozen: Option<String>,
    /// What a host is shown.
    pub tools: Option<ToolFacts>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// One setting.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Where the value comes from.
    pub origin: String,
}

/// One node, as it answered.
#[derive(Clone, Debug, Serialize)]
pub struct NodeFact {
    /// Scheme, host and port.
    pub url: String,
    /// Program and version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Blocks in its ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<u64>,
    /// The cemented ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cemented: Option<u64>,
    /// Why it cannot be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// One file of the home.
#[derive(Clone, Debug, Serialize)]
pub struct FileFact {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub purpose: &'static str,
    /// Whether it is there.
    pub present: bool,
    /// Its size.
    pub bytes: u64,
    /// Its permissions in octal, where there are such.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

/// What the store holds.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoreFacts {
    /// Events on the ledger.
    pub events: u64,
    /// Whether hashes, signatures and anchored heads hold.
    pub verified: bool,
    /// `seq:hash` of the last event.
    pub ledger_head: String,
    /// Approvals that wait.
    pub pending_approvals: u32,
    /// Nodes the wallet has in force, without what is secret in their URLs.
    pub node_urls: Vec<String>,
}

/// What a host is shown.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ToolFacts {
    /// How many tools.
    pub count: usize,
    /// Bytes of the list.
    pub bytes: usize,
}

/// Something that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    /// What.
    pub what: String,
    /// What to do about it.
    pub next: String,
}

impl Problem {
    /// A problem and its remedy.
    pub fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self { what: what.into(), next: next.into() }
    }
}

/// Prints the facts; the exit code says whether anything is wrong.
///
/// # Errors
/// When the output cannot be written.
pub fn print(facts: &Facts, printer: Printer) -> Result<Exit, Trouble> {
    if printer.is_json() {
        printer.value(facts)?;
    } else {
        print_settings(facts, printer)?;
        print_home(facts, printer)?;
        print_state(facts, printer)?;
        print_problems(&facts.problems, printer)?;
    }
    Ok(if facts.problems.is_empty() { Exit::Done } else { Exit::Unavailable })
}

fn print_settings(facts: &Facts, printer: Printer) -> Result<(), Trouble> {
    printer.line(format_args!("paywarden {}", facts.version))?;
    printer.line("\nSettings")?;
    for Setting { name, value, origin } in &facts.settings {
        let value = escape(value);
        printer.line(format_args!("  {name:<16}{value}   ({origin})"))?;
    }
    Ok(())
}

fn print_home(facts: &Facts, printer: Printer) -> Result<(), Trouble> {
    printer.line(format_args!("\nHome {}", escape(&facts.home)))?;
    for file in &facts.files {
        let state = match (file.present, &file.mode) {
            (false, _) => "not there".to_owned(),
            (true, None) => format!("{} bytes", file.bytes),
            (true, Some(mode)) => format!("{} bytes, mode {mode}", file.bytes),
        };
        let (name, purpose) = (&file.name, file.purpose);
        printer.line(format_args!("  {name:<20}{state:<26}{purpose}"))?;
    }
    Ok(())
}

fn print_state(facts: &Facts, printer: Printer) -> Result<(), Trouble> {
    printer.line("\nWallet")?;
    printer.line(format_args!("  network     {}: {}", facts.network, escape(&facts.node)))?;
    for node in &facts.nodes {
        let says = match (&node.vendor, node.blocks) {
            (Some(vendor), Some(blocks)) => format!("{vendor}, {blocks} blocks"),
            _ => "cannot be used".to_owned(),
        };
        printer.line(format_args!("  node        {}: {}", escape(&node.url), escape(&says)))?;
    }
    printer.line(format_args!("  unlock      {}", facts.unlock))?;
    printer.line(format_args!("  agent token {}", facts.agent_token))?;
    printer.line(format_args!("  control     {}", facts.control_token))?;
    printer.line(format_args!("  open in     {}", facts.lock))?;
    let store = match &facts.store {
        Some(store) => {
            let verdict = if store.verified { "verified" } else { "NOT verified" };
            format!("{} events, {verdict}; head {}", store.events, store.ledger_head)
        }
        None => "not looked at".to_owned(),
    };
    printer.line(format_args!("  ledger      {store}"))?;
    if let Some(store) = &facts.store {
        printer.line(format_args!("  approvals   {} waiting", store.pending_approvals))?;
        for url in &store.node_urls {
            printer.line(format_args!("  in force    {}", escape(url)))?;
        }
    }
    match &facts.frozen {
        Some(reason) => printer.line(format_args!("  state       FROZEN: {}", escape(reason)))?,
        None => printer.line("  state       not frozen")?,
    }
    if let Some(ToolFacts { count, bytes }) = facts.tools {
        printer.line(format_args!("  tools       {count}, {bytes} bytes of tools/list"))?;
    }
    Ok(())
}

fn print_problems(problems: &[Problem], printer: Printer) -> Result<(), Trouble> {
    if problems.is_empty() {
        printer.line("\nNo problems.")?;
    }
    for (index, Problem { what, next }) in problems.iter().enumerate() {
        let number = index + 1;
        printer.line(format_args!("\nProblem {number}: {}", escape(what)))?;
        printer.line(format_args!("  what to do: {}", escape(next)))?;
    }
    Ok(())
}
