//! Which of a receiver's assets is Nano (fact sheet 1.11).
//!
//! This module must never take a token on another chain, or a network that split off, for Nano. It only proposes: what
//! decides is the address that comes when a payment is started.

use super::{Asset, PaymentRequest};

/// The assets that look like XNO on its own network, the native one first.
pub fn payable_assets(request: &PaymentRequest) -> Vec<&Asset> {
    let is_native = |asset: &Asset| asset.id == request.native_asset_id;
    let mut found: Vec<&Asset> = request.assets.iter().filter(|asset| is_xno(asset)).collect();
    found.sort_by_key(|asset| !is_native(asset));
    found
}

fn is_xno(asset: &Asset) -> bool {
    let id = asset.id.as_str().to_ascii_uppercase();
    let mut tokens = id.split(['.', '_', '-', ':', '/']).filter(|token| !token.is_empty());
    let has_ticker = tokens.clone().any(|token| TICKERS.contains(&token));
    let is_own_chain = tokens.all(|token| TICKERS.contains(&token) || OWN_CHAIN.contains(&token));
    !asset.is_fiat && has_ticker && is_own_chain
}

const TICKERS: [&str; 2] = ["XNO", "NANO"];
const OWN_CHAIN: [&str; 2] = ["MAINNET", "NATIVE"];

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(id: &str) -> Asset {
        Asset { id: id.parse().unwrap(), name: None, is_fiat: false, decimals_shown: None }
    }

    #[test]
    fn only_nano_on_its_own_network_is_proposed() {
        for id in ["XNO", "NANO", "XNO.XNO", "NANO.XNO", "xno_mainnet", "NANO:NATIVE", "XNO/NANO"] {
            assert!(is_xno(&asset(id)), "{id}");
        }
        for id in [
            "ETH.NANO",
            "BSC_XNO",
            "NANUSD",
            "XNO_BEP20",
            "WXNO",
            "XNO2",
            "MAINNET",
            "BAN.XNO",
            "._-",
            "USDT_TRC20",
            "ETH.USDT",
            "NANO.NANUSD",
        ] {
            assert!(!is_xno(&asset(id)), "{id}");
        }
        assert!(!is_xno(&Asset { is_fiat: true, ..asset("XNO") }));
    }
}
