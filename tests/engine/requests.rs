//! Being paid: seen at once by news, found by polling and after a restart, told apart, and never counted twice.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use paywarden::books::{Body, Event, NewRequest, PaymentRequest, RequestState, RequestStatus};
use paywarden::clock::{Clock as _, SystemClock};
use paywarden::engine::{Amount, Engine, Order, RequestOrder, Requested, Rhythm};
use paywarden::fetch::{BaseUrl, Client, PlainText, Settings, SocketUrl};
use paywarden::ids::RequestId;
use paywarden::limits;
use paywarden::money::Raw;
use paywarden::nano::{Account, BlockHash, Link, Network, StateBlock};
use paywarden::network::{Confirmation, NodeClient, Websocket};
use paywarden::payment::Claim;
use paywarden::sandbox::nano::{Spelling, genesis_account, seal};
use paywarden::sandbox::{Ports, Service, serve};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::stage::{
    HOURLY, Net, XNO, account, fund, lane, moved, order, payee, reopened, sent_to, until, wallet,
};

const POLLING: Rhythm = Rhythm { receiving: Duration::from_millis(40), ..HOURLY };

fn wanted(to: Account, asked: u128) -> RequestOrder {
    RequestOrder {
        call_id: Uuid::new_v4(),
        agent_id: None,
        account: to,
        asked: Raw::new(asked),
        open_for: limits::REQUEST_OPEN,
        redirect_url: None,
        memo: None,
    }
}

async fn ask(engine: &Engine, to: Account, asked: u128) -> PaymentRequest {
    engine.request_to_be_paid(wanted(to, asked)).await.unwrap().request
}

fn status(engine: &Engine, id: RequestId) -> RequestStatus {
    let found: Requested = engine.payment_request(id).unwrap();
    found.request.status(found.now)
}

/// Many requests of one XNO at once, as the ledger would hold them.
async fn many(engine: &Engine, count: u32, to: impl Fn(u32) -> Account) -> Vec<PaymentRequest> {
    let now = SystemClock.now();
    let mut watched: Vec<Account> = Vec::new();
    let mut events: Vec<Event> = Vec::new();
    for n in 0..count {
        let account = to(n);
        let is_new = !watched.contains(&account);
        watched.extend(is_new.then_some(account));
        let suffix = u128::from(n + 1) * 10_u128.pow(21);
        let claim = Claim {
            request_id: RequestId(Uuid::from_u128(u128::from(n))),
            asked_raw: Raw::new(XNO),
            amount_raw: Raw::new(XNO + suffix),
            created_at_ms: now,
            expires_at_ms: now.plus(limits::REQUEST_OPEN),
            before: Vec::new(),
        };
        let new = NewRequest {
            claim,
            account,
            agent_id: None,
            redirect_url: None,
            memo: None,
            height: is_new.then_some(0),
        };
        events.push(Body::RequestCreated(Box::new(new)).into());
    }
    engine.store().commit::<(), (), _>(move |_| Ok((events, ()))).await.unwrap();
    let rows = engine.store().read(|view| view.requests(None, count as usize)).unwrap();
    rows.into_iter().rev().map(|(_, row)| row).collect()
}

/// Somebody pays; the network has confirmed it when this ends.
async fn pay(net: &Net, to: Account, amount: Raw) -> BlockHash {
    let hash = net.node.faucet_confirmed(to, amount).unwrap();
    until("the payment", || net.node.block(&hash).is_some_and(|info| info.confirmed)).await;
    hash
}

fn told(to: Account, hash: BlockHash) -> Confirmation {
    Confirmation::Block {
        account: genesis_account(),
        hash,
        amount: Raw::ZERO,
        subtype: None,
        destination: Some(to),
    }
}

async fn started(net: &Arc<Net>, rhythm: Rhythm) -> Arc<Engine> {
    let engine = wallet(net, 2, rhythm, |_| {}).await;
    engine.start().unwrap();
    until("following", || !net.followed.lock().unwrap().is_empty()).await;
    engine
}

async fn verified(engine: &Engine) {
    let audit = engine.audit(true, vec![]).await.unwrap();
    assert!(audit.report.ok, "{:?}", audit.report);
    engine.stop().await;
}

#[tokio::test]
async fn a_message_settles_a_request_to_anybodys_account_at_once() {
    let net = Net::new();
    let engine = started(&net, HOURLY).await;
    for to in [payee(), account(1)] {
        let request = ask(&engine, to, 15 * XNO / 10).await;
        assert!(request.claim.amount_raw > request.claim.asked_raw);
        assert!(net.followed.lock().unwrap().contains(&to));
        // Let the first look be over, so that only the message can tell.
        SystemClock.sleep(Duration::from_millis(60)).await;
        let hash = pay(&net, to, request.claim.amount_raw).await;
        net.tell(told(to, hash));
        let took = until("paid", || status(&engine, request.id()) == RequestStatus::Paid).await;
        println!("booked {took:?} after the message");
        assert!(took < Duration::from_millis(500), "{took:?}");
        let found = engine.payment_request(request.id()).unwrap().request;
        let receipt = found.receipt().unwrap();
        assert_eq!((receipt.block_hash, receipt.payer), (hash, genesis_account()));
    }
    verified(&engine).await;
}

#[tokio::test]
async fn polling_finds_what_no_message_told_pocketed_or_not() {
    let net = Net::new();
    let engine = started(&net, POLLING).await;
    let waiting = ask(&engine, payee(), XNO).await;
    pay(&net, payee(), waiting.claim.amount_raw).await;
    until("the waiting payment", || status(&engine, waiting.id()) == RequestStatus::Paid).await;
    // Our own lane takes money in at once: it may be gone from the list before the next round.
    let pocketed = ask(&engine, account(0), XNO).await;
    pay(&net, account(0), pocketed.claim.amount_raw).await;
    until("the pocketed payment", || status(&engine, pocketed.id()) == RequestStatus::Paid).await;
    verified(&engine).await;
}

#[tokio::test]
async fn what_was_asked_for_settles_the_only_request_that_asked_it() {
    let net = Net::new();
    let engine = started(&net, POLLING).await;
    pay(&net, payee(), Raw::new(XNO)).await;
    let only = ask(&engine, payee(), XNO).await;
    SystemClock.sleep(Duration::from_millis(200)).await;
    assert_eq!(status(&engine, only.id()), RequestStatus::Open, "it was there before");
    let hash = pay(&net, payee(), Raw::new(XNO)).await;
    until("paid", || status(&engine, only.id()) == RequestStatus::Paid).await;
    let found = engine.payment_request(only.id()).unwrap().request;
    assert_eq!(found.receipt().unwrap().block_hash, hash);
    // Two equal requests: the amount asked for could be for either, their own amounts are not.
    let (one, two) = (ask(&engine, payee(), XNO).await, ask(&engine, payee(), XNO).await);
    assert_ne!(one.claim.amount_raw, two.claim.amount_raw);
    pay(&net, payee(), Raw::new(XNO)).await;
    let before = net.histories.load(Ordering::SeqCst);
    until("some looks", || net.histories.load(Ordering::SeqCst) > before + 6).await;
    assert_eq!(status(&engine, one.id()), RequestStatus::Open);
    pay(&net, payee(), two.claim.amount_raw).await;
    until("the second", || status(&engine, two.id()) == RequestStatus::Paid).await;
    assert_eq!(status(&engine, one.id()), RequestStatus::Open);
    verified(&engine).await;
}

#[tokio::test]
async fn a_payment_to_oneself_counts() {
    let net = Net::new();
    let engine = started(&net, POLLING).await;
    let gift = fund(&net, 0, 5).await;
    net.tell(sent_to(0, gift));
    until("the money", || lane(&engine, 0).balance == Raw::new(5 * XNO)).await;
    let request = ask(&engine, account(0), XNO / 1_000).await;
    let itself =
        Order { destination: account(0), ..order(Amount::Exact(Raw::new(XNO / 1_000)), None) };
    engine.pay(itself).await.unwrap();
    until("paid", || status(&engine, request.id()) == RequestStatus::Paid).await;
    let found = engine.payment_request(request.id()).unwrap().request;
    assert_eq!(found.receipt().unwrap().payer, account(0));
    verified(&engine).await;
}

#[tokio::test]
async fn other_amounts_are_told_apart_and_the_own_amount_still_settles() {
    let net = Net::new();
    let engine = started(&net, POLLING).await;
    let request = ask(&engine, payee(), 10 * XNO).await;
    pay(&net, payee(), Raw::new(1)).await;
    pay(&net, payee(), Raw::new(4 * XNO)).await;
    until("less", || status(&engine, request.id()) == RequestStatus::Underpaid).await;
    pay(&net, payee(), Raw::new(11 * XNO)).await;
    until("more", || status(&engine, request.id()) == RequestStatus::Overpaid).await;
    let found = engine.payment_request(request.id()).unwrap().request;
    assert_eq!(found.other.unwrap().total, Raw::new(15 * XNO), "dust is no payment");
    pay(&net, payee(), request.claim.amount_raw).await;
    until("paid", || status(&engine, request.id()) == RequestStatus::Paid).await;
    verified(&engine).await;
}

#[tokio::test]
async fn requests_expire_late_payments_are_told_and_then_it_is_over() {
    let net = Net::new();
    let engine = started(&net, POLLING).await;
    let short = RequestOrder { open_for: limits::REQUEST_OPEN_LEAST, ..wanted(payee(), XNO) };
    let late = engine.request_to_be_paid(short.clone()).await.unwrap().request;
    let never = RequestOrder { call_id: Uuid::new_v4(), ..short };
    let never = engine.request_to_be_paid(never).await.unwrap().request;
    let forward = |d: Duration| {
        net.later.fetch_add(u64::try_from(d.as_millis()).unwrap(), Ordering::SeqCst);
    };
    let state = |id| engine.payment_request(id).unwrap().request.state;
    forward(limits::REQUEST_OPEN_LEAST + Duration::from_secs(1));
    assert_eq!(status(&engine, late.id()), RequestStatus::Expired);
    // The node's clock goes on as well: it is the one that tells when the money was there.
    net.stamp_later.store(true, Ordering::SeqCst);
    pay(&net, payee(), late.claim.asked_raw).await;
    pay(&net, payee(), late.claim.amount_raw).await;
    until("late", || status(&engine, late.id()) == RequestStatus::PaidLate).await;
    until("expired", || state(never.id()) == RequestState::Expired).await;
    forward(limits::REQUEST_LATE + Duration::from_secs(60));
    until("closed", || state(never.id()) == RequestState::Closed).await;
    assert_eq!(status(&engine, never.id()), RequestStatus::Expired);
    let watched = engine.store().read(|view| view.request_counters()).unwrap();
    assert_eq!((watched.watched, watched.accounts), (0, 0));
    verified(&engine).await;
}

#[tokio::test]
async fn a_restart_finds_what_was_paid_and_pocketed_meanwhile() {
    let net = Net::new();
    let first = started(&net, POLLING).await;
    let open = ask(&first, payee(), XNO).await;
    let other = ask(&first, account(1), XNO).await;
    first.stop().await;
    pay(&net, account(1), other.claim.amount_raw).await;
    // The payee takes the money and moves it on before anybody looks again.
    let sent = pay(&net, payee(), open.claim.amount_raw).await;
    let key = paywarden::nano::PrivateKey::from_bytes([9; 32]);
    let opened = StateBlock {
        account: payee(),
        previous: BlockHash::ZERO,
        representative: payee(),
        balance: open.claim.amount_raw,
        link: Link::from(sent),
    };
    let hash = net.node.insert(&seal(&key, opened)).unwrap();
    net.node.confirm(&hash).unwrap();
    let away =
        StateBlock { previous: hash, balance: Raw::ZERO, link: Link::from(account(0)), ..opened };
    let away = net.node.insert(&seal(&key, away)).unwrap();
    net.node.confirm(&away).unwrap();
    // Long after: both had expired, and were still paid in time.
    net.later.store(25 * 3_600_000, Ordering::SeqCst);
    let second = reopened(&net, 2, POLLING);
    second.start().unwrap();
    for request in [&open, &other] {
        until("paid", || status(&second, request.id()) == RequestStatus::Paid).await;
    }
    verified(&second).await;
}

#[tokio::test]
async fn one_thousand_requests_are_polled_by_a_bounded_number_of_questions() {
    let net = Net::new();
    let rhythm = Rhythm { receiving: Duration::from_millis(500), ..HOURLY };
    let engine = started(&net, rhythm).await;
    let to = |n: u32| {
        let mut bytes = [3; 32];
        bytes[..4].copy_from_slice(&(n % 200).to_be_bytes());
        paywarden::nano::PrivateKey::from_bytes(bytes).account()
    };
    let requests = many(&engine, 1_000, to).await;
    ask(&engine, to(0), 2 * XNO).await;
    // The first look at each account is over once a request about to be paid is found by a round.
    pay(&net, to(7), requests[7].claim.amount_raw).await;
    until("paid", || status(&engine, requests[7].id()) == RequestStatus::Paid).await;
    until("quiet", || net.counts()[2] >= 200).await;
    SystemClock.sleep(Duration::from_millis(1_000)).await;
    let before = (net.counts(), net.histories.load(Ordering::SeqCst));
    SystemClock.sleep(Duration::from_millis(2_600)).await;
    let after = (net.counts(), net.histories.load(Ordering::SeqCst));
    let (rounds, histories) = (after.0[0] - before.0[0], after.1 - before.1);
    println!("1,000 requests at 200 accounts in 2.6 s: {rounds} requests, {histories} histories");
    assert!((1..=7 * 3).contains(&rounds), "{rounds}");
    assert!(histories <= 7 * u32::try_from(limits::REQUEST_HISTORIES).unwrap(), "{histories}");
    verified(&engine).await;
}

#[tokio::test]
async fn a_long_chain_is_looked_through_in_turns_and_remembered() {
    let net = Net::new();
    let first = started(&net, HOURLY).await;
    let request = ask(&first, payee(), XNO).await;
    first.stop().await;
    let sent = pay(&net, payee(), request.claim.amount_raw).await;
    let key = paywarden::nano::PrivateKey::from_bytes([9; 32]);
    let mut block = StateBlock {
        account: payee(),
        previous: BlockHash::ZERO,
        representative: payee(),
        balance: request.claim.amount_raw,
        link: Link::from(sent),
    };
    // One block more than one turn takes lies above the one that matters.
    let above = limits::REQUEST_HISTORY_PAGE * limits::REQUEST_HISTORY_PAGES;
    for n in 0..=above {
        let hash = net.node.insert(&seal(&key, block)).unwrap();
        let representative = account(n % 2);
        block = StateBlock { previous: hash, representative, link: Link::ZERO, ..block };
    }
    net.node.confirm(&block.previous).unwrap();
    let second = reopened(&net, 2, HOURLY);
    second.start().unwrap();
    until("paid", || status(&second, request.id()) == RequestStatus::Paid).await;
    verified(&second).await;
}

#[tokio::test]
async fn how_far_a_chain_was_looked_through_is_noted_now_and_then() {
    let net = Net::new();
    let engine = started(&net, POLLING).await;
    let request = ask(&engine, payee(), 1_000 * XNO).await;
    let height = |engine: &Engine| {
        let watch = engine.store().read(|view| view.watch(&request.account)).unwrap();
        watch.unwrap().height
    };
    let key = paywarden::nano::PrivateKey::from_bytes([9; 32]);
    let dust = pay(&net, payee(), Raw::new(5)).await;
    let mut block = StateBlock {
        account: payee(),
        previous: BlockHash::ZERO,
        representative: payee(),
        balance: Raw::new(5),
        link: Link::from(dust),
    };
    let mut grow = |blocks: u64| {
        for n in 0..blocks {
            let hash = net.node.insert(&seal(&key, block)).unwrap();
            let representative = account(u32::try_from(n % 2).unwrap());
            block = StateBlock { previous: hash, representative, link: Link::ZERO, ..block };
        }
        net.node.confirm(&block.previous).unwrap();
    };
    grow(limits::REQUEST_SCAN_LAG - 1);
    SystemClock.sleep(Duration::from_millis(300)).await;
    assert_eq!(height(&engine), 0);
    grow(1);
    until("a note", || height(&engine) == limits::REQUEST_SCAN_LAG).await;
    verified(&engine).await;
}

#[tokio::test]
async fn more_requests_end_than_one_commit_takes() {
    let net = Net::new();
    let engine = started(&net, POLLING).await;
    for _ in 0..=limits::REQUESTS_ENDED {
        ask(&engine, payee(), XNO).await;
    }
    let forward = limits::REQUEST_OPEN + Duration::from_secs(60);
    net.later.store(u64::try_from(forward.as_millis()).unwrap(), Ordering::SeqCst);
    let rows = || engine.store().read(|view| view.requests(None, 1_000)).unwrap();
    until("their end", || rows().iter().all(|(_, row)| row.state == RequestState::Expired)).await;
    assert_eq!(rows().len(), limits::REQUESTS_ENDED + 1);
    verified(&engine).await;
}

#[tokio::test]
async fn ten_thousand_open_requests_slow_nothing_down() {
    let net = Net::new();
    let engine = started(&net, HOURLY).await;
    let requests = many(&engine, 10_000, |n| if n % 2 == 0 { payee() } else { account(1) }).await;
    ask(&engine, payee(), XNO).await;
    SystemClock.sleep(Duration::from_millis(300)).await;
    let began = SystemClock.now();
    for request in &requests {
        assert_eq!(status(&engine, request.id()), RequestStatus::Open);
    }
    let looks = SystemClock.now().since(began) / 10_000;
    let mut seen: Vec<Duration> = Vec::new();
    for request in requests.iter().step_by(1_500) {
        let hash = pay(&net, request.account, request.claim.amount_raw).await;
        net.tell(told(request.account, hash));
        seen.push(until("paid", || status(&engine, request.id()) == RequestStatus::Paid).await);
    }
    let longest = seen.iter().max().unwrap();
    println!("10,000 open: a look takes {looks:?}, booked in {longest:?} at most");
    assert!(looks < Duration::from_millis(2), "{looks:?}");
    assert!(*longest < Duration::from_millis(1_500), "{longest:?}");
    engine.stop().await;
}

#[tokio::test]
async fn over_the_wire_of_both_nodes_a_payment_is_seen_by_its_message() {
    for spelling in [Spelling::Cpp, Spelling::RsNano] {
        let net = Net::new();
        wallet(&net, 2, HOURLY, |_| {}).await.stop().await;
        let serving = serve(net.node.clone(), spelling, Ports::Free).await.unwrap();
        let url = BaseUrl::parse(serving.url(Service::NodeRpc), PlainText::Loopback).unwrap();
        let client = Client::new(Settings::default());
        let clock = Arc::new(SystemClock);
        let node = NodeClient::new(vec![url.into()], &client, clock, Network::Sandbox).unwrap();
        let url = serving.url(Service::NodeWebsocket);
        let url = SocketUrl::parse(url, PlainText::Loopback).unwrap();
        let news = Arc::new(Websocket::start(url, Arc::new(SystemClock)));
        let engine = moved(&net, Arc::new(node), news, HOURLY);
        engine.start().unwrap();
        for to in [payee(), account(1)] {
            let request = ask(&engine, to, XNO).await;
            SystemClock.sleep(Duration::from_millis(300)).await;
            pay(&net, to, request.claim.amount_raw).await;
            let paid = || status(&engine, request.id()) == RequestStatus::Paid;
            let took = until("the message and the payment", paid).await;
            println!("{spelling:?}: booked {took:?} after its confirmation");
        }
        verified(&engine).await;
    }
}

#[tokio::test]
async fn a_pocketed_payment_that_is_in_doubt_is_looked_at_until_it_is_not() {
    let net = Net::new();
    let engine = started(&net, POLLING).await;
    let request = ask(&engine, payee(), XNO).await;
    net.node.hold_new(true);
    let sent = net.node.faucet(payee(), request.claim.amount_raw).unwrap();
    *net.doubt.lock().unwrap() = Some(sent);
    net.node.hold_new(false);
    net.node.confirm(&sent).unwrap();
    let opened = StateBlock {
        account: payee(),
        previous: BlockHash::ZERO,
        representative: payee(),
        balance: request.claim.amount_raw,
        link: Link::from(sent),
    };
    let key = paywarden::nano::PrivateKey::from_bytes([9; 32]);
    let opened = net.node.insert(&seal(&key, opened)).unwrap();
    net.node.confirm(&opened).unwrap();
    SystemClock.sleep(Duration::from_millis(300)).await;
    assert_eq!(status(&engine, request.id()), RequestStatus::Open);
    *net.doubt.lock().unwrap() = None;
    until("paid", || status(&engine, request.id()) == RequestStatus::Paid).await;
    verified(&engine).await;
}

#[tokio::test]
async fn a_long_poll_ends_with_the_payment() {
    let net = Net::new();
    let engine = started(&net, HOURLY).await;
    let request = ask(&engine, payee(), XNO).await;
    let (waiter, id) = (Arc::clone(&engine), request.id());
    let waiting = tokio::spawn(async move {
        let never = CancellationToken::new();
        waiter.wait_for_request(id, Duration::from_secs(15), &never).await
    });
    SystemClock.sleep(Duration::from_millis(50)).await;
    pay(&net, payee(), request.claim.amount_raw).await;
    // Nobody tells: whoever waits has the account looked at.
    let found = waiting.await.unwrap().unwrap();
    assert_eq!(found.request.status(found.now), RequestStatus::Paid);
    let unknown = engine.payment_request(RequestId(Uuid::new_v4())).unwrap_err();
    assert_eq!(unknown.code, "INVALID_TRANSACTION_ID");
    verified(&engine).await;
}

#[tokio::test]
async fn a_call_sent_twice_makes_one_request_and_a_dead_node_makes_none() {
    let net = Net::new();
    let engine = started(&net, HOURLY).await;
    let twice = wanted(payee(), XNO);
    let first = engine.request_to_be_paid(twice.clone()).await.unwrap();
    let again = engine.request_to_be_paid(twice).await.unwrap();
    assert_eq!(first.request, again.request);
    net.node.down();
    let refused = engine.request_to_be_paid(wanted(payee(), XNO)).await.unwrap_err();
    assert_eq!(refused.code, "REQUEST_ERROR");
    verified(&engine).await;
}
