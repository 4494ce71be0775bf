//! `paywarden network`: how the network is reached, and changing it for good.
//!
//! The only way to point a live wallet at another node. It asks for the operator secret, and holds the lock.

use serde_json::json;

use super::boot::Boot;
use super::reach::Reach;
use crate::failure::Failure;
use crate::nano::Network;
use crate::surfaces::cli::{Exit, Printer, Trouble};

/// Puts what this process was told about the network in force.
pub(super) async fn set(boot: &Boot, printer: Printer) -> Result<Exit, Trouble> {
    if boot.network == Network::Sandbox {
        return Err(Failure::refused("NOT_NEEDED", "the sandbox is its own network")
            .hint("Choose a network with --network dev, beta or live")
            .into());
    }
    let through_ifenpay = boot.reach.is_through_ifenpay();
    if boot.reach.node_urls.is_empty() && !through_ifenpay {
        return Err(Failure::invalid("NODE_URL_MISSING", "no node is named")
            .hint("Give --node-url, and --node-ws and --work-url where you have them, or --gateway ifenpay; what is left out is taken away")
            .into());
    }
    let is_new_key = through_ifenpay && boot.ifenpay_key().await?;
    let desk = boot.desk().await?;
    let reach = Reach { sandbox_url: None, ..boot.reach.clone() };
    reach.keep_secret_parts(&boot.home)?;
    desk.close_with(vec![reach.event().into()]).await?;
    if printer.is_json() {
        printer.value(&shown(boot.network, &reach))?;
    } else {
        printer.line("From now on the network is reached so:")?;
        say(&reach, printer)?;
        if is_new_key {
            printer.line("ifenpay gave this wallet a key, which is kept in its home.")?;
        }
    }
    Ok(Exit::Done)
}

fn say(reach: &Reach, printer: Printer) -> Result<(), Trouble> {
    if reach.is_through_ifenpay() {
        printer.line("  gateway    ifenpay")?;
    }
    for (provider, url) in &reach.provider_urls {
        printer.line(format_args!("  {:<10} {url}", provider.name()))?;
    }
    for (chain, url) in &reach.chain_urls {
        printer.line(format_args!("  {chain:<10} {url}"))?;
    }
    for origin in reach.fetch_allow.origins() {
        printer.line(format_args!("  may fetch  {origin}"))?;
    }
    for row in &reach.x402_assets {
        printer.line(format_args!("  token      {}", row.to_json()))?;
    }
    for url in &reach.node_urls {
        printer.line(format_args!("  node       {url}"))?;
    }
    if let Some(url) = &reach.node_ws {
        printer.line(format_args!("  websocket  {url}"))?;
    }
    for url in &reach.work_urls {
        printer.line(format_args!("  work       {url}"))?;
    }
    Ok(())
}

fn shown(network: Network, reach: &Reach) -> serde_json::Value {
    let texts = |urls: &[super::endpoint::Endpoint]| {
        urls.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    json!({
        "network": network,
        "gateway": reach.gateway.unwrap_or_default().as_str(),
        "providerUrls": reach.provider_urls.iter()
            .map(|(provider, url)| (provider.name(), url.to_string()))
            .collect::<std::collections::BTreeMap<_, _>>(),
        "chainUrls": reach.chain_urls.iter()
            .map(|(chain, url)| (chain, url.to_string()))
            .collect::<std::collections::BTreeMap<_, _>>(),
        "nodeUrls": texts(&reach.node_urls),
        "nodeWs": reach.node_ws.as_ref().map(ToString::to_string),
        "workUrls": texts(&reach.work_urls),
        "fetchAllow": reach.fetch_allow.origins().collect::<Vec<_>>(),
        "x402Assets": reach.x402_assets,
    })
}
