//! What ifenpay, Nicky and Nanswap answer, through the clients that read it.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use paywarden::clock::Millis;
use paywarden::fetch::{BaseUrl, Bounds, Client, PlainText, Provider, Settings};
use paywarden::limits;
use paywarden::money::Raw;
use paywarden::nano::{BlockHash, Link, Network, PrivateKey, SignedBlock, StateBlock};
use paywarden::providers::Opaque;
use paywarden::providers::ifenpay::{Ifenpay, Tier, TransactionId, Upstream};
use paywarden::providers::nanswap::{Nanswap, Price, check_order};
use paywarden::providers::nicky::{Nicky, Reference, check_request, outlook};
use paywarden::sandbox::clock::VirtualClock;
use paywarden::sandbox::nano::seal;
use paywarden::secret::Secret;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

use super::canned::Canned;

struct World {
    runtime: Runtime,
    canned: Canned,
    ifenpay: Ifenpay,
    nanswap: Nanswap,
    nicky: Nicky,
}

static WORLD: LazyLock<Mutex<World>> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let canned = Canned::default();
    let url = runtime.block_on(canned.serve());
    let base = || BaseUrl::parse(&url, PlainText::Loopback).expect("a URL of our own");
    let clock = || Arc::new(VirtualClock::default());
    let client = || Client::new(Settings::default());
    let upstream = Upstream::new(client(), base(), None, clock());
    let bounds = Bounds { timeout: Duration::from_secs(5), body_bytes: 65_536 };
    let provider = |name| Provider::new(name, base(), client(), clock());
    let key = Some(Secret::new("a key".to_owned()));
    Mutex::new(World {
        ifenpay: Ifenpay::new(upstream.with_bounds(bounds)),
        nanswap: Nanswap::new(provider("Nanswap"), key, clock()),
        nicky: Nicky::new(provider("Nicky")),
        runtime,
        canned,
    })
});

/// No price is nothing, nothing is for somebody else or for less than was asked, no words come in unquoted.
pub fn ifenpay(bytes: &[u8]) {
    let world = answering(bytes);
    let ifenpay = &world.ifenpay;
    world.runtime.block_on(async {
        if let Ok(credits) = ifenpay.credits().await {
            assert!(Tier::ALL.into_iter().all(|tier| !credits.price(tier).is_zero()));
        }
        if let Ok(order) = ifenpay.order_topup(Tier::ALL[0]).await {
            assert!(!order.amount.is_zero());
        }
        let (us, one) = (Network::Sandbox.genesis_account(), Raw::ONE_XNO);
        if let Ok(request) = ifenpay.request_payment(us, one, None).await {
            assert_eq!(request.receive_address, us);
            let added = request.amount.checked_sub(one).expect("no less than was asked");
            assert!(added.get() <= limits::IFENPAY_SUFFIX_MAX_RAW);
        }
        let id: TransactionId = "a".parse().expect("an id");
        if let Ok(status) = ifenpay.payment_status(&id).await {
            assert_eq!(status.transaction_id, id);
            assert!(!status.message.contains(|c: char| c.is_control()));
        }
        if let Ok(given) = ifenpay.pay_topup(Tier::ALL[0], &id, &block()).await {
            assert_eq!(given.topped_up_credits, Tier::ALL[0].credits());
        }
    });
}

/// What is payable is for the order that was asked for, and over something.
pub fn nanswap(bytes: &[u8]) {
    let world = answering(bytes);
    let nanswap = &world.nanswap;
    let id = id_in(bytes, &["invoiceId"]);
    world.runtime.block_on(async {
        if let Ok(order) = nanswap.get_order(&id).await {
            assert_eq!(order.invoice_id, id);
            if let Ok(payable) = check_order(&order, &[], Millis(0)) {
                assert!(!payable.amount.is_zero());
            }
        }
        let price = Price::new("10".parse().expect("an amount")).expect("a price");
        let _ = nanswap.estimate(&"XNO".parse().expect("an id"), &price, None, None).await;
        let _ = nanswap.list_invoices(1).await;
    });
}

/// What is answered is about what was asked for; a link is read as one thing.
pub fn nicky(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = text.parse::<Reference>();
    }
    let world = answering(bytes);
    let nicky = &world.nicky;
    let id = id_in(bytes, &["attemptId", "paymentAttemptId", "id"]);
    let short = id_in(bytes, &["shortId"]);
    world.runtime.block_on(async {
        if let Ok(asked) = format!("#{short}").parse::<Reference>()
            && let Ok(found) = nicky.get_payment_request(&asked).await
            && check_request(&found.request).is_ok()
        {
            assert!(!found.request.open_amount.is_zero());
        }
        if let Ok(progress) = nicky.payment_progress(&id).await {
            assert_eq!(progress.attempt_id, id);
            let _ = outlook(&progress, None);
        }
        let _ = nicky.report_transaction(&id, &short).await;
    });
}

fn answering(bytes: &[u8]) -> std::sync::MutexGuard<'static, World> {
    let world = WORLD.lock().unwrap_or_else(PoisonError::into_inner);
    world.canned.set(bytes);
    world
}

/// The id the answer is about, so that it gets as far as it can.
fn id_in(bytes: &[u8], names: &[&str]) -> Opaque {
    let answer: Value = serde_json::from_slice(bytes).unwrap_or_default();
    let told = names.iter().find_map(|name| answer[*name].as_str()?.parse().ok());
    told.unwrap_or_else(|| "ID1".parse().expect("an id"))
}

fn block() -> SignedBlock {
    let account = Network::Sandbox.genesis_account();
    let (previous, balance, link) = (BlockHash::ZERO, Raw::ZERO, Link::ZERO);
    let block = StateBlock { account, previous, representative: account, balance, link };
    seal(&PrivateKey::from_bytes([1; 32]), block)
}
