//! An agent that tries three times at every kind of seller of the sandbox, in tokens and in Nano: never paid twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{Engine, Reach, Wish, X402Settings};
use paywarden::fetch::{AllowList, BaseUrl, Client, GuestClient, PlainText, Settings};
use paywarden::ids::PaymentId;
use paywarden::limits;
use paywarden::money::{Money, Raw};
use paywarden::payment::{HttpCall, Purchase, State, Status};
use paywarden::policy::{Claims, Payee, Rail, Request};
use paywarden::rails::x402::{Assets, ChainClient, SellerClient};
use paywarden::sandbox::{Service, Serving, serve_beside};
use uuid::Uuid;

use crate::stage::{HOURLY, Net, XNO, fund, lane, reopened, sent_to, until, until_within, wallet};

pub struct Shop {
    pub net: Arc<Net>,
    pub serving: Serving,
}

impl Shop {
    pub async fn open() -> Self {
        let net = Net::in_step();
        let serving = serve_beside(net.node.clone()).await.unwrap();
        Self { net, serving }
    }

    fn base(&self) -> String {
        self.serving.url(Service::X402).trim_end_matches('/').to_owned()
    }

    fn chain(&self) -> ChainClient {
        let base = self.base();
        let rpc = BaseUrl::parse(&format!("{base}/rpc"), PlainText::Loopback).unwrap();
        let client = Client::new(Settings::default());
        ChainClient::new(client, rpc.into(), "eip155:84532".to_owned())
    }

    fn settings(&self, chains: Vec<ChainClient>) -> X402Settings {
        let allowed = AllowList::parse(&self.base()).unwrap();
        let sellers = SellerClient::new(GuestClient::new(Settings::default(), allowed));
        let reach = Reach { sellers, chains, example: None };
        X402Settings {
            reach: Arc::new(reach),
            assets: Assets::pinned(),
            networks: None,
            downloads: None,
        }
    }

    pub fn started(&self, engine: Arc<Engine>) -> Arc<Engine> {
        self.started_with(engine, vec![self.chain()])
    }

    fn started_with(&self, engine: Arc<Engine>, chains: Vec<ChainClient>) -> Arc<Engine> {
        let engine = Arc::into_inner(engine).unwrap();
        let engine = Arc::new(engine.with_x402(self.settings(chains)));
        engine.start().unwrap();
        engine
    }

    pub async fn shopper(&self) -> Arc<Engine> {
        self.shopper_with(vec![self.chain()]).await
    }

    pub async fn shopper_with(&self, chains: Vec<ChainClient>) -> Arc<Engine> {
        self.started_with(wallet(&self.net, 1, HOURLY, |_| {}).await, chains)
    }

    pub fn paid(&self, path: &str) -> usize {
        self.serving.x402().paid().iter().filter(|paid| paid.path == path).count()
    }
}

pub fn wish(shop: &Shop, path: &str, most: Money) -> Wish {
    let url = format!("{}{path}", shop.base());
    Wish {
        call_id: Uuid::new_v4(),
        operation: "request_payment",
        request: Request {
            payment_id: PaymentId(Uuid::nil()),
            agent_id: None,
            rail: Rail::X402,
            amount: most,
            payee: Payee { address: url.clone(), label: None },
            mandate_id: None,
            claims: Claims::default(),
            cart: None,
            terms: None,
        },
        memo: None,
        idempotency_key: None,
        purchase: Purchase::X402(HttpCall {
            method: "GET".into(),
            url,
            headers: BTreeMap::new(),
            body: None,
        }),
        purpose: None,
    }
}

pub fn usdc(amount: u128) -> Money {
    Money { amount, currency: "USDC".parse().unwrap() }
}

pub fn state(engine: &Engine, id: PaymentId) -> State {
    engine.paid(id).unwrap().payment.state
}

pub async fn settles(engine: &Engine, id: PaymentId) {
    until("the end", || state(engine, id).status() == Status::Settled).await;
}

/// What is held and spent of the play dollar, by the wallet's own books.
pub fn budget(engine: &Engine) -> (u128, u128) {
    let budget = engine.store().read(|view| view.budget("USDC".parse().unwrap())).unwrap();
    (budget.reserved, budget.settled)
}

#[tokio::test]
async fn an_honest_seller_is_paid_once_and_its_answer_comes_back() {
    let shop = Shop::open().await;
    let engine = shop.shopper().await;
    for path in ["/v2/evm/weather", "/v1/evm/weather", "/v2/evm/named"] {
        let paid = engine.buy_x402(wish(&shop, path, usdc(20_000))).await.unwrap();
        let id = paid.payment.id();
        settles(&engine, id).await;
        let answer = engine.x402().unwrap().answer(id).unwrap();
        assert_eq!((answer.response.status, shop.paid(path)), (200, 1), "{path}");
    }
    assert_eq!(budget(&engine), (0, 30_000));
    let report = engine.audit(true, vec![]).await.unwrap().report;
    assert!(report.ok, "{report:?}");
    engine.stop().await;
}

#[tokio::test]
async fn a_seller_slower_than_the_wallet_waits_is_paid_once() {
    let shop = Shop::open().await;
    let engine = shop.shopper().await;
    let path = "/v2/evm/slow";
    let id = engine.buy_x402(wish(&shop, path, usdc(20_000))).await.unwrap().payment.id();
    let patience = limits::X402_SETTLE_TIMEOUT + Duration::from_secs(10);
    until_within(patience, "the end", || state(&engine, id).status() == Status::Settled).await;
    assert!(engine.x402().unwrap().answer(id).is_none(), "it did not come in time");
    assert_eq!((shop.paid(path), budget(&engine)), (1, (0, 10_000)));
    let again = engine.buy_x402(wish(&shop, path, usdc(20_000))).await.unwrap_err();
    assert_eq!(again.code, "SUSPECTED_DUPLICATE");
    engine.stop().await;
}

#[tokio::test]
async fn three_tries_at_every_faulty_seller_pay_at_most_once() {
    let shop = Shop::open().await;
    let engine = shop.shopper().await;
    let scenes = [
        "refuses",
        "handler-fails",
        "verify-only",
        "false-receipt",
        "settle-then-405",
        "settle-then-500",
        "settle-then-drop",
        "settle-then-again",
        "settle-later",
        "drop-before",
        "redirect-paid",
        "huge-answer",
        "hostile-headers",
        "dear",
        "pay-to-nobody",
        "pay-to-token",
        "wrong-resource",
        "wrong-name",
        "wrong-token",
        "main-network",
        "upto",
        "upfront",
        "escrow",
        "permit2",
        "redirect",
        "huge-header",
        "duplicate-keys",
        "huge-demand",
    ];
    let mut open = Vec::new();
    for path in scenes.map(|scene| format!("/v2/evm/{scene}")) {
        let mut ids = Vec::new();
        for _ in 0..3 {
            if let Ok(paid) = engine.buy_x402(wish(&shop, &path, usdc(20_000))).await {
                let id = paid.payment.id();
                ids.push(id);
                let handed =
                    || state(&engine, id).is_final() || engine.x402().unwrap().answer(id).is_some();
                let _ = tokio::time::timeout(Duration::from_millis(400), async {
                    while !handed() {
                        SystemClock.sleep(Duration::from_millis(5)).await;
                    }
                })
                .await;
                let answer = engine.x402().unwrap().answer(id).map(|answer| answer.response);
                // Whoever is served does not try again.
                if answer.is_some_and(|answer| answer.status == 200 && !answer.is_cut) {
                    break;
                }
            }
        }
        assert!(shop.paid(&path) <= 1, "{path}: {} paid", shop.paid(&path));
        open.extend(ids.into_iter().map(|id| (path.clone(), id)));
    }
    // Past every end: what the chain has not taken is given back, once, and nothing else.
    let later = u64::try_from((limits::X402_VALIDITY + limits::X402_SKEW).as_millis()).unwrap();
    shop.net.later.fetch_add(later + 1_000, Ordering::SeqCst);
    engine.freeze("a look".to_owned()).await.unwrap();
    engine.unfreeze().await.unwrap();
    until("the ends", || open.iter().all(|(_, id)| state(&engine, *id).is_final())).await;
    let taken: u128 = shop.serving.x402().paid().iter().map(|paid| units(&paid.amount)).sum();
    assert_eq!(budget(&engine), (0, taken), "the books are what the chain says");
    assert!(shop.serving.x402().captured().is_empty());
    let report = engine.audit(true, vec![]).await.unwrap().report;
    assert!(report.ok, "{report:?}");
    engine.stop().await;
}

fn units(text: &str) -> u128 {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_restart_between_signature_and_answer_pays_once() {
    let shop = Shop::open().await;
    let engine = shop.shopper().await;
    let path = "/v2/evm/settle-then-drop";
    let id = engine.buy_x402(wish(&shop, path, usdc(20_000))).await.unwrap().payment.id();
    engine.stop().await;
    let engine = shop.started(reopened(&shop.net, 1, HOURLY));
    settles(&engine, id).await;
    assert_eq!((shop.paid(path), budget(&engine)), (1, (0, 10_000)));
    engine.stop().await;
}

async fn nano_shopper(shop: &Shop) -> Arc<Engine> {
    let engine = shop.shopper().await;
    until("following", || !shop.net.followed.lock().unwrap().is_empty()).await;
    let hash = fund(&shop.net, 0, 10).await;
    shop.net.tell(sent_to(0, hash));
    until("the money", || lane(&engine, 0).balance == Raw::new(10 * XNO)).await;
    engine
}

#[tokio::test]
async fn nano_is_paid_from_an_account_of_its_own() {
    let shop = Shop::open().await;
    let engine = nano_shopper(&shop).await;
    let path = "/v2/nano/weather";
    let most = Money::xno(Raw::new(XNO));
    let id = engine.buy_x402(wish(&shop, path, most)).await.unwrap().payment.id();
    settles(&engine, id).await;
    assert_eq!(shop.paid(path), 1);
    let paid = engine.paid(id).unwrap().payment;
    let lanes = engine.store().read(|view| view.lanes()).unwrap();
    let own = lanes.iter().find(|lane| Some(lane.account) == paid.account).unwrap();
    assert_eq!(own.index, limits::X402_ACCOUNT_INDEX);
    let report = engine.audit(true, vec![]).await.unwrap().report;
    assert!(report.ok, "{report:?}");
    engine.stop().await;
}

/// As long as a seller may keep a block.
fn past_the_deadline(shop: &Shop) {
    let most = u64::try_from(limits::CHEQUE_TIMEOUT_MOST.as_millis()).unwrap();
    shop.net.later.fetch_add(most + 1_000, Ordering::SeqCst);
}

#[tokio::test]
async fn a_nano_seller_that_never_publishes_is_voided_and_the_account_is_free_again() {
    let shop = Shop::open().await;
    let engine = nano_shopper(&shop).await;
    let most = Money::xno(Raw::new(XNO));
    for scene in ["verify-only", "refuses"] {
        let path = format!("/v2/nano/{scene}");
        let id = engine.buy_x402(wish(&shop, &path, most)).await.unwrap().payment.id();
        for _ in 0..2 {
            let again = engine.buy_x402(wish(&shop, &path, most)).await.unwrap_err();
            assert_eq!(again.code, "SUSPECTED_DUPLICATE");
        }
        past_the_deadline(&shop);
        until("the void", || state(&engine, id).status() == Status::Failed).await;
        assert_eq!(shop.paid(&path), 0);
    }
    let path = "/v2/nano/weather";
    let id = engine.buy_x402(wish(&shop, path, most)).await.unwrap().payment.id();
    settles(&engine, id).await;
    engine.stop().await;
}

#[tokio::test]
async fn three_tries_at_every_faulty_nano_seller_pay_at_most_once() {
    let shop = Shop::open().await;
    let engine = nano_shopper(&shop).await;
    let most = Money::xno(Raw::new(XNO));
    let scenes = [
        "handler-fails",
        "false-receipt",
        "settle-then-405",
        "settle-then-500",
        "settle-then-drop",
        "settle-then-again",
        "settle-later",
        "drop-before",
        "redirect-paid",
        "huge-answer",
        "hostile-headers",
        "dear",
        "pay-to-nobody",
        "wrong-resource",
        "upto",
        "upfront",
        "redirect",
        "huge-header",
        "duplicate-keys",
        "huge-demand",
    ];
    for path in scenes.map(|scene| format!("/v2/nano/{scene}")) {
        let mut ids = Vec::new();
        for _ in 0..3 {
            let Ok(paid) = engine.buy_x402(wish(&shop, &path, most)).await else { continue };
            let id = paid.payment.id();
            ids.push(id);
            let handed = || {
                let answer = engine.x402().unwrap().answer(id).map(|answer| answer.response);
                state(&engine, id).is_final()
                    || answer.is_some_and(|answer| !(200..300).contains(&answer.status))
            };
            let _ = tokio::time::timeout(Duration::from_millis(400), async {
                while !handed() {
                    SystemClock.sleep(Duration::from_millis(5)).await;
                }
            })
            .await;
            let answer = engine.x402().unwrap().answer(id).map(|answer| answer.response);
            // Whoever is served does not try again.
            if answer.is_some_and(|answer| answer.status == 200 && !answer.is_cut) {
                break;
            }
        }
        past_the_deadline(&shop);
        until(&path, || ids.iter().all(|id| state(&engine, *id).is_final())).await;
        let settled = ids.iter().filter(|id| state(&engine, **id).status() == Status::Settled);
        assert_eq!(settled.count(), shop.paid(&path), "{path}: the books are what the chain says");
        assert!(shop.paid(&path) <= 1, "{path}: {} paid", shop.paid(&path));
    }
    let id = engine.buy_x402(wish(&shop, "/v2/nano/weather", most)).await.unwrap().payment.id();
    settles(&engine, id).await;
    assert!(shop.serving.x402().captured().is_empty());
    let report = engine.audit(true, vec![]).await.unwrap().report;
    assert!(report.ok, "{report:?}");
    engine.stop().await;
}
