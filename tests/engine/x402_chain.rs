//! What a node of the chain changes about a purchase in a token, and what no node, a silent or a lying one does not.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State as Shared;
use axum::routing::post;
use paywarden::books::Channel;
use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{Engine, Resolution};
use paywarden::fetch::{BaseUrl, Client, PlainText, Settings};
use paywarden::limits;
use paywarden::payment::{State, Status};
use paywarden::policy::{CurrencyLimits, ReasonCode};
use paywarden::rails::x402::ChainClient;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::stage::{HOURLY, reopened, until, wallet};
use crate::x402::{Shop, budget, settles, state, usdc, wish};

const CHAIN: &str = "eip155:84532";
const WEATHER: &str = "/v2/evm/weather";

/// What a node answers to a method; `None` for nothing that makes sense.
type Script = Box<dyn Fn(&str, &Value) -> Option<Value> + Send>;

/// A node of the chain that says what it is told to.
#[derive(Clone)]
struct Liar(Arc<Mutex<Script>>);

impl Liar {
    async fn start(
        says: impl Fn(&str, &Value) -> Option<Value> + Send + 'static,
    ) -> (Self, ChainClient) {
        let liar = Self(Arc::new(Mutex::new(Box::new(says))));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let routes = Router::new().route("/", post(Self::answer)).with_state(liar.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        let base = BaseUrl::parse(&url, PlainText::Loopback).unwrap();
        let client = Client::new(Settings::default());
        (liar, ChainClient::new(client, base.into(), CHAIN.to_owned()))
    }

    fn says(&self, says: impl Fn(&str, &Value) -> Option<Value> + Send + 'static) {
        *self.0.lock().unwrap() = Box::new(says);
    }

    async fn answer(Shared(liar): Shared<Self>, body: String) -> String {
        let call: Value = serde_json::from_str(&body).unwrap();
        let said = liar.0.lock().unwrap()(call["method"].as_str().unwrap(), &call["params"]);
        said.map_or("what?".to_owned(), |said| {
            json!({ "jsonrpc": "2.0", "id": 1, "result": said }).to_string()
        })
    }
}

fn word(number: u64) -> Value {
    format!("{number:#066x}").into()
}

/// A node of the chain whose last block is of the time `at_s`, on which nothing was used and everybody is rich.
fn honest(at_s: u64) -> impl Fn(&str, &Value) -> Option<Value> + Send {
    move |method, params| match method {
        "eth_chainId" => Some("0x14a34".into()),
        "eth_getBlockByNumber" => {
            Some(json!({ "number": "0x7", "timestamp": format!("{at_s:#x}") }))
        }
        "eth_call" if params[0]["data"].as_str()?.starts_with("0x70a08231") => {
            Some(word(1_000_000))
        }
        "eth_call" => Some(word(0)),
        _ => None,
    }
}

fn now_s() -> u64 {
    SystemClock.now().0 / 1_000
}

/// Past the end of whatever was signed by now, on the wallet's clock and on the sandbox's chain.
fn past_the_end(shop: &Shop) {
    let later = u64::try_from((limits::X402_VALIDITY + limits::X402_SKEW).as_millis()).unwrap();
    shop.net.later.fetch_add(later + 1_000, Ordering::SeqCst);
}

async fn looked(engine: &Engine) {
    engine.freeze("a look".to_owned()).await.unwrap();
    engine.unfreeze().await.unwrap();
}

fn is_unknown(engine: &Engine, id: paywarden::ids::PaymentId) -> bool {
    matches!(state(engine, id), State::Unknown(_))
}

#[tokio::test]
async fn a_purse_that_is_known_to_be_short_signs_nothing() {
    let shop = Shop::open().await;
    let engine = shop.shopper().await;
    let purse = engine.evm_address().unwrap();
    shop.serving.x402().set_balance(purse, 9_999);
    let refused = engine.buy_x402(wish(&shop, WEATHER, usdc(20_000))).await.unwrap_err();
    assert_eq!(refused.code, "INSUFFICIENT_FUNDS");
    assert!(refused.message.contains("0.009999 USDC"), "{refused}");
    assert_eq!((shop.paid(WEATHER), budget(&engine)), (0, (0, 0)));
    shop.serving.x402().set_balance(purse, 10_000);
    let id = engine.buy_x402(wish(&shop, WEATHER, usdc(20_000))).await.unwrap().payment.id();
    settles(&engine, id).await;
    assert_eq!(shop.serving.x402().balance(&purse), 0);
    engine.stop().await;
}

#[tokio::test]
async fn a_purse_that_is_empty_by_the_time_of_the_yes_gives_the_reservation_back() {
    let shop = Shop::open().await;
    let asks_first = |policy: &mut paywarden::policy::Policy| {
        let limits = CurrencyLimits { hard_limit: 5_000_000, auto_approve: 1 };
        policy.limits.insert("USDC".parse().unwrap(), limits);
    };
    let engine = shop.started(wallet(&shop.net, 1, HOURLY, asks_first).await);
    let id = engine.buy_x402(wish(&shop, WEATHER, usdc(20_000))).await.unwrap().payment.id();
    assert_eq!(state(&engine, id).status(), Status::PendingApproval);
    shop.serving.x402().set_balance(engine.evm_address().unwrap(), 9_999);
    let approval_id = engine.approvals().unwrap()[0].id;
    let (channel, reason, call_id) = (Channel::Cli, None, None);
    let yes = Resolution { approval_id, approved: true, channel, reason, call_id };
    engine.answer_approval(yes).await.unwrap();
    until("the end", || state(&engine, id).is_final()).await;
    let State::Released { reason_code, .. } = state(&engine, id) else { panic!("not released") };
    assert_eq!(reason_code, ReasonCode::InsufficientFunds);
    assert_eq!((shop.paid(WEATHER), budget(&engine)), (0, (0, 0)));
    engine.stop().await;
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused_with_words() {
    let shop = Shop::open().await;
    let (liar, node) = Liar::start(|method, params| match method {
        "eth_chainId" => Some("0x2105".into()),
        _ => honest(now_s())(method, params),
    })
    .await;
    let engine = shop.shopper_with(vec![node]).await;
    let refused = engine.buy_x402(wish(&shop, WEATHER, usdc(20_000))).await.unwrap_err();
    assert_eq!(refused.code, "EVM_RPC_WRONG_CHAIN");
    assert!(refused.message.contains(CHAIN), "{refused}");
    assert_eq!((shop.paid(WEATHER), budget(&engine)), (0, (0, 0)));
    // The owner has set it right.
    liar.says(honest(now_s()));
    assert!(engine.buy_x402(wish(&shop, WEATHER, usdc(20_000))).await.is_ok());
    engine.stop().await;
}

/// Whatever it answers, the payment is signed once, handed over, and open until the node makes sense.
#[tokio::test]
async fn a_node_that_makes_no_sense_holds_up_nothing_and_ends_nothing() {
    let shop = Shop::open().await;
    let used = Some(word(1));
    for (at, nonsense) in [
        None,
        Some(Value::Null),
        Some(true.into()),
        Some("0x".into()),
        Some("0x1".into()),
        // As a balance this is all the money there is, as a yes or a no it is nothing.
        Some(format!("0x8{}", "0".repeat(63)).into()),
        Some(format!("{}0", word(1).as_str().unwrap()).into()),
        Some(json!([word(1)])),
        Some("f".repeat(limits::X402_CHAIN_BYTES + 1).into()),
    ]
    .into_iter()
    .enumerate()
    {
        let (liar, node) = Liar::start(move |method, _| match method {
            "eth_chainId" if nonsense.is_some() => Some("0x14a34".into()),
            _ => nonsense.clone(),
        })
        .await;
        let engine = shop.shopper_with(vec![node]).await;
        let before = shop.paid(WEATHER);
        let id = engine.buy_x402(wish(&shop, WEATHER, usdc(20_000))).await.unwrap().payment.id();
        until("the goods", || engine.x402().unwrap().answer(id).is_some()).await;
        assert_eq!(shop.paid(WEATHER), before + 1, "{at}");
        assert_eq!((state(&engine, id).status(), budget(&engine)), (Status::Pending, (10_000, 0)));
        let used = used.clone();
        liar.says(move |method, params| match method {
            "eth_call" => used.clone(),
            _ => honest(now_s())(method, params),
        });
        settles(&engine, id).await;
        assert_eq!((shop.paid(WEATHER), budget(&engine)), (before + 1, (0, 10_000)), "{at}");
        engine.stop().await;
    }
}

#[tokio::test]
async fn a_node_that_is_behind_gives_nothing_back() {
    let shop = Shop::open().await;
    let (liar, node) = Liar::start(honest(now_s())).await;
    let engine = shop.shopper_with(vec![node]).await;
    let path = "/v2/evm/handler-fails";
    let id = engine.buy_x402(wish(&shop, path, usdc(20_000))).await.unwrap().payment.id();
    until("the no", || engine.x402().unwrap().answer(id).is_some()).await;
    past_the_end(&shop);
    until("unknown", || is_unknown(&engine, id)).await;
    // Past its end, which the seller set to a minute, but not by the margin.
    liar.says(honest(now_s() + limits::X402_SKEW.as_secs()));
    looked(&engine).await;
    SystemClock.sleep(std::time::Duration::from_millis(100)).await;
    assert_eq!((is_unknown(&engine, id), budget(&engine)), (true, (10_000, 0)));
    let end_s = now_s() + (limits::X402_VALIDITY + limits::X402_SKEW).as_secs();
    liar.says(honest(end_s));
    looked(&engine).await;
    until("the end", || state(&engine, id).status() == Status::Failed).await;
    assert_eq!(budget(&engine), (0, 0));
    engine.stop().await;
}

/// rails.md §6: given back only when the chain says that it was not used, after its end, or never.
#[tokio::test]
async fn without_a_node_what_was_signed_counts_as_spent_until_there_is_one() {
    let shop = Shop::open().await;
    let engine = shop.shopper_with(Vec::new()).await;
    let mut ids = Vec::new();
    for path in ["/v2/evm/handler-fails", "/v2/evm/refuses", "/v2/evm/settle-then-405"] {
        let id = engine.buy_x402(wish(&shop, path, usdc(20_000))).await.unwrap().payment.id();
        until("the no", || engine.x402().unwrap().answer(id).is_some()).await;
        assert!(shop.paid(path) <= 1);
        ids.push(id);
    }
    for _ in 0..3 {
        past_the_end(&shop);
        until("unknown", || ids.iter().all(|id| is_unknown(&engine, *id))).await;
        looked(&engine).await;
        assert_eq!(budget(&engine), (30_000, 0));
    }
    engine.stop().await;
    let engine = shop.started(reopened(&shop.net, 1, HOURLY));
    until("the ends", || ids.iter().all(|id| state(&engine, *id).is_final())).await;
    let ends = [Status::Failed, Status::Failed, Status::Settled];
    assert_eq!(ids.iter().map(|id| state(&engine, *id).status()).collect::<Vec<_>>(), ends);
    assert_eq!(budget(&engine), (0, 10_000));
    let report = engine.audit(true, vec![]).await.unwrap().report;
    assert!(report.ok, "{report:?}");
    engine.stop().await;
}

#[tokio::test]
async fn what_was_paid_for_and_got_lost_is_had_with_the_same_bytes() {
    let shop = Shop::open().await;
    let engine = shop.shopper().await;
    let mut ids = Vec::new();
    for scene in ["settle-then-drop", "settle-then-500"] {
        let path = format!("/v2/evm/{scene}");
        let id = engine.buy_x402(wish(&shop, &path, usdc(20_000))).await.unwrap().payment.id();
        settles(&engine, id).await;
        engine.freeze("nothing leaves".to_owned()).await.unwrap();
        let kept = engine.seller_answer(id).await.unwrap();
        assert!(kept.is_none_or(|kept| !kept.is_goods()), "{scene}");
        engine.unfreeze().await.unwrap();
        let goods = engine.seller_answer(id).await.unwrap().unwrap();
        assert_eq!((goods.response.status, shop.paid(&path)), (200, 1), "{scene}");
        ids.push((path, id));
    }
    engine.stop().await;
    let engine = shop.started(reopened(&shop.net, 1, HOURLY));
    for (path, id) in ids {
        let goods = engine.seller_answer(id).await.unwrap().unwrap();
        assert_eq!((goods.response.status, shop.paid(&path)), (200, 1), "{path}");
    }
    // A seller that does not know its own payment again says no, and is not paid for that.
    let path = "/v2/evm/settle-then-405";
    let id = engine.buy_x402(wish(&shop, path, usdc(20_000))).await.unwrap().payment.id();
    settles(&engine, id).await;
    for _ in 0..=limits::X402_ANSWER_TRIES {
        let no = engine.seller_answer(id).await.unwrap().unwrap();
        assert_eq!((no.response.status, shop.paid(path)), (405, 1));
    }
    assert_eq!(budget(&engine), (0, 30_000));
    engine.stop().await;
}

/// A clock that was a year ahead for a moment must not make authorisations that are good for a year.
#[tokio::test]
async fn the_ledgers_time_does_not_lengthen_an_authorisation() {
    let shop = Shop::open().await;
    let engine = shop.shopper().await;
    shop.net.later.store(365 * 86_400_000, Ordering::SeqCst);
    engine.freeze("ahead".to_owned()).await.unwrap();
    shop.net.later.store(0, Ordering::SeqCst);
    engine.unfreeze().await.unwrap();
    let path = "/v2/evm/month";
    let paid = engine.buy_x402(wish(&shop, path, usdc(20_000))).await.unwrap();
    let until = paid.payment.state.presented().unwrap().valid_until_ms;
    assert!(until <= SystemClock.now().plus(limits::X402_VALIDITY), "good until {until}");
    settles(&engine, paid.payment.id()).await;
    engine.stop().await;
}
