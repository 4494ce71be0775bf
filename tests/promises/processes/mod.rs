//! The promises that only real processes can keep: the spawned binary, several at once on one home, killed at any
//! moment.
//!
//! Nothing here may look into a process; everything is asked for over its pipes or read from the files it leaves.

mod budget;
mod canary;
mod every_kind;
mod fleet;
mod hostile;
mod keys;
mod kill9;
mod race;
mod same_key;
#[path = "../../support/mod.rs"]
mod support;

use serde_json::Value;
use support::{Home, SHOP, load_policy};

/// A funded home whose policy lets one minute hold as many payments as a storm makes.
fn stormy_home() -> Home {
    let home = Home::new();
    let mut server = home.initialized();
    server.has_balance("100.0");
    server.end().is_clean();
    lift_rate_limit(&home);
    home
}

/// So that one minute holds as many payments as a storm makes.
fn lift_rate_limit(home: &Home) {
    load_policy(home, |policy| {
        (policy.payments_per_minute, policy.payments_per_minute_overall) = (0, 0);
    });
}

/// Hashes of the blocks the sandbox's ledger holds that pay the shop; a hash stands once for each block.
fn blocks_to_shop(home: &Home) -> Vec<String> {
    let text = std::fs::read_to_string(home.file("sandbox-nano.jsonl")).unwrap();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut paid = Vec::new();
    for line in whole.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert!(line.get("roll_back").is_none(), "nobody competes with this wallet: {line}");
        if line["subtype"] == "send" && line["block"]["link_as_account"] == SHOP {
            let block: paywarden::nano::SignedBlock =
                serde_json::from_value(line["block"].clone()).unwrap();
            paid.push(block.hash().to_string());
        }
    }
    paid.sort();
    paid
}
