//! `paywarden serve` with its ports: the wallet kept open for other processes and for HTTP, until a signal.
//!
//! The control token must be shown nowhere but at the terminal that serves, and kept nowhere but in memory.

use std::io::{IsTerminal as _, stderr};
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::gate::WalletGate;
use super::session::signals;
use super::start::{HomeMarker, options};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::failure::Failure;
use crate::limits;
use crate::nano::Network;
use crate::operations::Gate;
use crate::secret::Secret;
use crate::surfaces::cli::Printer;
use crate::surfaces::cli::secrets::ask_secret;
use crate::surfaces::http::{Authority, Plan, PortKind};
use crate::surfaces::mcp::Options;

/// Serves until a signal says so.
///
/// # Errors
/// When a port is taken or the wallet cannot be opened.
pub(super) async fn serve_ports(
    gate: Arc<WalletGate>,
    config: Config,
    printer: Printer,
) -> Result<(), Failure> {
    let listening = plan(&config).listen().await?;
    let addresses: Vec<_> = listening.addresses().collect();
    let own = config.http.control_token.clone();
    let (control_token, is_own) = match own {
        Some(token) => (token, true),
        None => (random_token()?, false),
    };
    let operator_secret = operator_secret(&config);
    // From here on; before, Ctrl-C must end a question at the terminal.
    let signals = signals();
    let marker = Arc::new(HomeMarker(config.home.clone()));
    let authority = Authority { control_token: control_token.clone(), operator_secret, marker };
    gate.open().await?;
    let served = Arc::clone(&gate) as Arc<dyn Gate>;
    let serving = listening.serve(served, authority, Arc::new(SystemClock))?;
    announce(&addresses, (!is_own).then_some(&control_token), config.network, printer);
    tokio::select! {
        () = signals => {}
        () = async { gate.mind().await; std::future::pending::<()>().await } => {}
    }
    serving.stop();
    tokio::select! {
        () = serving.drained() => {}
        () = SystemClock.sleep(limits::HTTP_GRACE) => {}
    }
    // Whoever still waits for a payment is told that it is pending, and hears it before the end.
    gate.close().await;
    tokio::select! {
        () = serving.drained() => {}
        () = SystemClock.sleep(limits::HTTP_DRAIN) => {}
    }
    Ok(())
}

fn plan(config: &Config) -> Plan {
    let http = &config.http;
    let ports = [
        (PortKind::Agents, http.http),
        (PortKind::Pay, http.pay),
        (PortKind::Control, http.control),
        (PortKind::Mcp, http.mcp),
        (PortKind::Webhook, http.webhook),
    ];
    Plan {
        ports: ports.into_iter().filter_map(|(kind, at)| at.map(|at| (kind, at))).collect(),
        webhook_host: http.webhook_host.clone(),
        // Each request brings its own token.
        mcp: Options { agent_token: None, ..options(config) },
    }
}

/// For wallets that have one: typed here once, so that the control token can do what the owner may. Left out, the page
/// asks for it, and whoever else holds the token may look and freeze.
fn operator_secret(config: &Config) -> Option<Secret> {
    let served = config.http.control.is_some();
    if config.network == Network::Sandbox || !served || !stderr().is_terminal() {
        return None;
    }
    let typed = ask_secret("Operator secret (Enter to leave it to the page)").ok();
    typed.filter(|secret| secret.length() > 0)
}

fn random_token() -> Result<Secret, Failure> {
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(|error| {
        Failure::internal("NO_RANDOMNESS", format!("the system gives no random bytes: {error}"))
    })?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(*bytes)))
}

fn announce(
    addresses: &[(PortKind, SocketAddr)],
    token: Option<&Secret>,
    network: Network,
    printer: Printer,
) {
    printer.note(format_args!("paywarden keeps the wallet on {network} open. Ctrl-C ends it."));
    for (kind, address) in addresses {
        printer.note(format_args!("  {:<9} http://{address}{}", kind.name(), path(*kind)));
        if !address.ip().is_loopback() && *kind != PortKind::Webhook {
            printer.note(format_args!(
                "  WARNING: {} can be reached from other machines, unencrypted. Keep it on 127.0.0.1 unless you must.",
                kind.name()
            ));
        }
    }
    let Some((_, control)) = addresses.iter().find(|(kind, _)| *kind == PortKind::Control) else {
        return;
    };
    match token {
        Some(token) if stderr().is_terminal() => {
            printer.note(format_args!("Your page: http://{control}/?token={}", token.shown()));
        }
        Some(_) => printer.note(
            "The control token of this start is not shown, since this is no terminal. Set PAYWARDEN_CONTROL_TOKEN_FILE to choose one.",
        ),
        None => printer.note(format_args!("Your page: http://{control}/ (with your own token)")),
    }
}

fn path(kind: PortKind) -> &'static str {
    match kind {
        PortKind::Mcp => "/mcp",
        PortKind::Pay => "/pay",
        PortKind::Webhook => "/webhooks/nanswap",
        PortKind::Agents | PortKind::Control => "",
    }
}
