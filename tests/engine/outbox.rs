//! What third parties need after the money: done at least once, whatever crashes, and never a reason to pay again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use paywarden::books::{Channel, TaskEnd};
use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{Engine, Order, Paid, Resolution, Services, not_set_up};
use paywarden::failure::Failure;
use paywarden::fetch::{BaseUrl, Client, PlainText, Provider, Settings};
use paywarden::ids::PaymentId;
use paywarden::money::Raw;
use paywarden::payment::{Purpose, Status, Task};
use paywarden::policy::{Mode, Policy};
use paywarden::providers::nicky::{Attempt, Nicky, Payer, Reference};
use paywarden::sandbox::nano::{Call, Fault};
use paywarden::sandbox::nicky as sandbox;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::stage::{HOURLY, Net, XNO, fund, lane, order, reopened, sent_to, until, wallet};

/// A Nicky that can be out of reach.
#[derive(Debug)]
struct Places {
    nicky: Nicky,
    is_up: AtomicBool,
}

#[async_trait]
impl Services for Places {
    async fn nicky(&self) -> Result<Nicky, Failure> {
        if self.is_up.load(Ordering::SeqCst) {
            Ok(self.nicky.clone())
        } else {
            Err(not_set_up("Nicky"))
        }
    }
}

struct World {
    net: Arc<Net>,
    nicky: sandbox::Nicky,
    places: Arc<Places>,
    _stop: DropGuard,
}

impl World {
    async fn new() -> Self {
        let net = Net::new();
        let nicky = sandbox::Nicky::new(net.node.clone());
        nicky.set(|knobs| knobs.pipeline = Duration::ZERO);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        tokio::spawn(sandbox::serve(nicky.clone(), listener, stop.clone()));
        let base = BaseUrl::parse(&url, PlainText::Loopback).unwrap();
        let client = Client::new(Settings::default());
        let provider = Provider::new("Nicky", base, client, Arc::new(SystemClock));
        let places = Places { nicky: Nicky::new(provider), is_up: AtomicBool::new(true) };
        Self { net, nicky, places: Arc::new(places), _stop: stop.drop_guard() }
    }

    fn serve(&self, engine: Arc<Engine>) -> Arc<Engine> {
        let places = Arc::clone(&self.places) as Arc<dyn Services>;
        let engine = Arc::new(Arc::try_unwrap(engine).unwrap().with_services(places));
        engine.start().unwrap();
        engine
    }

    async fn funded(&self, change: impl FnOnce(&mut Policy)) -> Arc<Engine> {
        let engine = self.serve(wallet(&self.net, 1, HOURLY, change).await);
        until("following", || !self.net.followed.lock().unwrap().is_empty()).await;
        let hash = fund(&self.net, 0, 10).await;
        self.net.tell(sent_to(0, hash));
        until("the money", || lane(&engine, 0).balance == Raw::new(10 * XNO)).await;
        engine
    }

    async fn attempt(&self) -> Attempt {
        let id = self.nicky.ask_for(Raw::new(XNO), true);
        let reference: Reference = format!("#{id}").parse().unwrap();
        let found = self.places.nicky.get_payment_request(&reference).await.unwrap();
        let payer = Payer::new("Ada", "ada@post.nl").unwrap();
        let asset = found.request.assets.last().unwrap().id.clone();
        let started = self.places.nicky.start_payment(&found.request.short_id, &asset, &payer);
        started.await.unwrap().0
    }
}

fn autonomous(policy: &mut Policy) {
    policy.mode = Mode::Autonomous;
}

fn order_for(attempt: &Attempt) -> Order {
    let expires_at_ms = attempt.expires_at;
    let task = Task::NickyAttempt { attempt_id: attempt.id.to_string(), expires_at_ms };
    let purpose = Purpose {
        subject: format!("nicky:{}", attempt.request_short_id),
        sign_before_ms: Some(expires_at_ms),
        after: vec![task],
    };
    Order {
        destination: attempt.wallet_address.as_str().parse().unwrap(),
        purpose: Some(Box::new(purpose)),
        ..order(Raw::new(XNO).into(), None)
    }
}

async fn settled(engine: &Engine, id: PaymentId) -> Paid {
    until("the end", || engine.paid(id).unwrap().payment.state.status() == Status::Settled).await;
    engine.paid(id).unwrap()
}

fn end_of(engine: &Engine, id: PaymentId) -> Option<TaskEnd> {
    engine.outbox_of(id).unwrap().first().and_then(|task| task.end)
}

async fn is_whole(engine: &Engine) {
    let report = engine.audit(true, vec![]).await.unwrap().report;
    assert!(report.ok, "{report:?}");
}

#[tokio::test]
async fn a_settled_payment_is_reported_and_followed_to_its_end() {
    let world = World::new().await;
    let engine = world.funded(autonomous).await;
    let attempt = world.attempt().await;
    let paid = engine.pay(order_for(&attempt)).await.unwrap();
    let id = paid.payment.id();
    until("Nicky's word", || end_of(&engine, id) == Some(TaskEnd::Done)).await;
    let task = engine.outbox_of(id).unwrap().pop().unwrap();
    let news = task.news.unwrap();
    assert_eq!((news.status.as_str(), news.is_delivered), ("Confirmed", true));
    let progress = world.places.nicky.payment_progress(&attempt.id).await.unwrap();
    let paid = settled(&engine, id).await;
    let block = serde_json::to_value(&paid.payment.state).unwrap()["settled"]["blockHash"].clone();
    assert_eq!(block, progress.suggested_hash.unwrap().as_str());
    is_whole(&engine).await;
    engine.stop().await;
}

/// The process dies after the block is confirmed and before Nicky was told.
#[tokio::test]
async fn a_wallet_that_starts_again_reports_and_does_not_pay_again() {
    let world = World::new().await;
    let engine = world.funded(autonomous).await;
    let attempt = world.attempt().await;
    world.places.is_up.store(false, Ordering::SeqCst);
    let id = engine.pay(order_for(&attempt)).await.unwrap().payment.id();
    settled(&engine, id).await;
    let again = world.serve(reopened(&world.net, 1, HOURLY));
    drop(engine);
    // It was tried at once and is to be tried again; a new start does not wait for that.
    world.places.is_up.store(true, Ordering::SeqCst);
    let third = world.serve(reopened(&world.net, 1, HOURLY));
    drop(again);
    until("Nicky's word", || end_of(&third, id) == Some(TaskEnd::Done)).await;
    let repeat = third.pay(order_for(&attempt)).await.unwrap();
    assert_eq!(repeat.payment.id(), id);
    assert_eq!(lane(&third, 0).balance, Raw::new(9 * XNO));
    is_whole(&third).await;
    third.stop().await;
}

#[tokio::test]
async fn one_thing_is_paid_once_whoever_asks() {
    let world = World::new().await;
    let engine = world.funded(autonomous).await;
    let attempt = world.attempt().await;
    let asked = (0..8).map(|_| engine.pay(order_for(&attempt)));
    let paid = futures_util::future::join_all(asked).await;
    let first = paid[0].as_ref().unwrap().payment.id();
    assert!(paid.iter().all(|paid| paid.as_ref().unwrap().payment.id() == first));
    let stranger = Order { agent_id: Some("other".to_owned()), ..order_for(&attempt) };
    assert_eq!(engine.pay(stranger).await.unwrap_err().code, "ALREADY_PAID");
    settled(&engine, first).await;
    assert_eq!(lane(&engine, 0).balance, Raw::new(9 * XNO));
    engine.stop().await;
}

/// Signed in time, and the node could not be reached until the offer was over: what is published then would pay for
/// nothing.
#[tokio::test]
async fn a_block_that_no_node_got_in_time_is_voided() {
    let world = World::new().await;
    let engine = world.funded(autonomous).await;
    let attempt = world.attempt().await;
    world.net.node.stand(Call::Process, Fault::LostRequest);
    let mut asked = order_for(&attempt);
    let end = SystemClock.now().plus(Duration::from_secs(120));
    asked.purpose.as_mut().unwrap().sign_before_ms = Some(end);
    let id = engine.pay(asked).await.unwrap().payment.id();
    until("the signature", || engine.paid(id).unwrap().payment.state.block().is_some()).await;
    engine.stop().await;
    world.net.later.store(150_000, Ordering::SeqCst);
    world.net.node.clear_faults();
    let engine = world.serve(reopened(&world.net, 1, HOURLY));
    until("the end", || engine.paid(id).unwrap().payment.state.is_final()).await;
    let paid = engine.paid(id).unwrap();
    assert_eq!(paid.payment.state.status(), Status::Failed);
    let trail = format!("{:?}", paid.payment.state);
    assert!(trail.contains("OfferExpired"), "{trail}");
    // Nothing moved, nothing is held, and the account goes on.
    let books = lane(&engine, 0);
    assert_eq!((books.balance, books.open), (Raw::new(10 * XNO), None));
    let next = engine.pay(order(Raw::new(XNO).into(), None)).await.unwrap();
    settled(&engine, next.payment.id()).await;
    is_whole(&engine).await;
    engine.stop().await;
}

#[tokio::test]
async fn nothing_is_signed_once_the_offer_has_ended() {
    let world = World::new().await;
    let engine = world.funded(|policy| policy.mode = Mode::ApproveEvery).await;
    let attempt = world.attempt().await;
    let now = SystemClock.now();
    let ending = |at| {
        let mut order = order_for(&attempt);
        order.purpose.as_mut().unwrap().sign_before_ms = Some(at);
        order
    };
    let late = engine.pay(ending(now)).await.unwrap_err();
    assert_eq!(late.code, "OFFER_EXPIRED");
    // An approval waits no longer than the offer stands.
    let end = now.plus(Duration::from_millis(1_500));
    let waiting = engine.pay(ending(end)).await.unwrap();
    let question = engine.approvals().unwrap().remove(0);
    let (approval_id, approval) = (question.id, question.approval);
    assert_eq!(approval.expires_at_ms, end);
    let id = waiting.payment.id();
    until("the lapse", || engine.paid(id).unwrap().payment.state.is_final()).await;
    let answer = Resolution {
        approval_id,
        approved: true,
        channel: Channel::Cli,
        reason: None,
        call_id: None,
    };
    assert_eq!(engine.answer_approval(answer).await.unwrap_err().code, "APPROVAL_NOT_WAITING");
    // One that moved nothing stands in nobody's way.
    let next = engine.pay(ending(now.plus(Duration::from_secs(60)))).await.unwrap();
    assert_ne!(next.payment.id(), id);
    assert_eq!(next.payment.state.status(), Status::PendingApproval);
    is_whole(&engine).await;
    engine.stop().await;
}
