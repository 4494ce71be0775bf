//! One wallet's surroundings, the payee among them, for as many lives as it takes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use paywarden::books::{Body, Event, TaskEnd};
use paywarden::clock::{BoxFuture, Clock, Millis, SystemClock};
use paywarden::engine::{Engine, Offer, Order, Pace, Paid, Services, Source, Wish, not_set_up};
use paywarden::failure::Failure;
use paywarden::fetch::{BaseUrl, Client, PlainText, Provider, Settings};
use paywarden::ids::PaymentId;
use paywarden::limits;
use paywarden::money::{Currency, Money, Raw};
use paywarden::nano::Link;
use paywarden::payment::{
    HttpCall, IdempotencyKey, PublishVia, Purchase, Purpose, Status, Task, Till,
};
use paywarden::policy::{Claims, CurrencyLimits, Payee as PolicyPayee, Policy, Rail, Request};
use paywarden::providers::ifenpay::{Ifenpay, Tier, TopupOrder, Upstream};
use paywarden::providers::nanswap::{Nanswap, NewOrder, Price, check_order};
use paywarden::providers::nicky::{Nicky, Payer, Reference};
use paywarden::sandbox::clock::VirtualClock;
use paywarden::sandbox::disk::{Disk, Image};
use paywarden::sandbox::ifenpay::{Endpoint, Fault, Ifenpay as SimulatedIfenpay};
use paywarden::sandbox::{Service, Serving, nanswap, serve_beside};
use paywarden::secret::Secret;
use paywarden::store::StoreError;
use uuid::Uuid;

use super::lives::Surroundings;
use super::seller::{Chain, PATIENCE_MS, Seller, header, proof, terms};
use super::{Kind, Payee};
use crate::crash::{Scene, World, XNO, key, order, payee};

pub(crate) struct Town {
    kind: Kind,
    payee: Payee,
    world: World,
    chain: Arc<Mutex<Chain>>,
    places: Option<Arc<Places>>,
    serving: Option<Serving>,
    wanted: Wanted,
}

/// What the caller asks for, each time the same.
enum Wanted {
    TopUp(TopupOrder),
    Send(Box<Order>),
    Purchase,
}

/// Third parties over loopback ports, of which some cannot be reached for a while.
#[derive(Debug)]
struct Places {
    ifenpay: Ifenpay,
    nanswap: Nanswap,
    nicky: Nicky,
    is_up: AtomicBool,
}

impl Places {
    fn up<T: Clone>(&self, name: &str, client: &T) -> Result<T, Failure> {
        match self.is_up.load(Ordering::SeqCst) {
            true => Ok(client.clone()),
            false => Err(not_set_up(name)),
        }
    }
}

#[async_trait]
impl Services for Places {
    async fn ifenpay(&self) -> Result<Ifenpay, Failure> {
        self.up("ifenpay", &self.ifenpay)
    }

    async fn nanswap(&self) -> Result<Nanswap, Failure> {
        self.up("Nanswap Pay", &self.nanswap)
    }

    async fn nicky(&self) -> Result<Nicky, Failure> {
        self.up("Nicky", &self.nicky)
    }
}

/// Tells the time of the simulation and sleeps on the machine's: what waits in loops outside the wallet neither spins
/// nor moves the hands.
#[derive(Debug)]
pub(crate) struct Outside(pub(crate) VirtualClock);

impl Clock for Outside {
    fn now(&self) -> Millis {
        self.0.now()
    }

    fn sleep(&self, _: Duration) -> BoxFuture<'static, ()> {
        SystemClock.sleep(Duration::from_millis(1))
    }
}

/// A wallet with 10 XNO that may spend tokens too.
pub(crate) async fn base() -> (Image, World) {
    let (image, world) = crate::crash::base(Scene::Send).await;
    let disk = Disk::new(image);
    let engine = crate::crash::open(&disk, &world).unwrap();
    let mut policy = Policy::sandbox();
    let limits = CurrencyLimits { hard_limit: 5_000_000, auto_approve: 1_000_000 };
    policy.limits.insert(usdc(), limits);
    let policy_hash = policy.hash();
    let events: Vec<Event> = vec![Body::PolicyLoaded { policy, policy_hash }.into()];
    engine.store().commit::<(), (), _>(move |_| Ok((events, ()))).await.unwrap();
    (disk.wreck().killed(), world)
}

impl Town {
    pub(crate) async fn new(kind: Kind, payee: Payee, world: &World) -> Self {
        let world = world.fork_among(|clock| Arc::new(Outside(clock)));
        let mut town = Self {
            kind,
            payee,
            world,
            chain: Arc::default(),
            places: None,
            serving: None,
            wanted: Wanted::Purchase,
        };
        if kind.is_slow() {
            town.settle_in().await;
        }
        town
    }

    /// The third parties, and what is to be paid at one of them.
    async fn settle_in(&mut self) {
        let serving = serve_beside(self.world.node.clone()).await.unwrap();
        let base = |service, path: &str| {
            let url = format!("{}{path}", serving.url(service));
            BaseUrl::parse(&url, PlainText::Loopback).unwrap()
        };
        let clock = || Arc::new(Outside(self.world.clock.clone()));
        let client = || Client::new(Settings::default());
        let key = |text: &str| Some(Secret::new(text.to_owned()));
        let upstream = base(Service::Ifenpay, "");
        let upstream = Upstream::new(client(), upstream, key(SimulatedIfenpay::KEY), clock());
        let nicky = Provider::new("Nicky", base(Service::Nicky, ""), client(), clock());
        let nanswap = Provider::new("Nanswap", base(Service::Nanswap, "/pay"), client(), clock());
        let places = Places {
            ifenpay: Ifenpay::new(upstream),
            nanswap: Nanswap::new(nanswap, key(nanswap::Nanswap::KEY), clock()),
            nicky: Nicky::new(nicky),
            is_up: AtomicBool::new(true),
        };
        self.wanted = match self.kind {
            Kind::TopUp => Wanted::TopUp(places.ifenpay.order_topup(Tier::ALL[0]).await.unwrap()),
            Kind::Nicky => Wanted::Send(Box::new(at_nicky(&places.nicky).await)),
            _ => Wanted::Send(Box::new(at_nanswap(&places.nanswap, self.world.clock.now()).await)),
        };
        let ifenpay = serving.ifenpay();
        match self.payee {
            Payee::LostAnswer => ifenpay.queue(Endpoint::Topup, Fault::LostAnswer),
            Payee::LostRequest => ifenpay.queue(Endpoint::Topup, Fault::LostRequest),
            Payee::Never => ifenpay.stand(Endpoint::Topup, Fault::SuccessFalse),
            _ => {}
        }
        places.is_up.store(self.payee != Payee::Away, Ordering::SeqCst);
        self.places = Some(Arc::new(places));
        self.serving = Some(serving);
    }
}

impl Surroundings for Town {
    fn world(&self) -> &World {
        &self.world
    }

    fn open(&self, disk: &Disk) -> Result<Arc<Engine>, StoreError> {
        let engine = crate::crash::open(disk, &self.world)?;
        if let Some(places) = &self.places {
            let engine = engine.with_services(Arc::clone(places) as Arc<dyn Services>);
            return Ok(Arc::new(engine));
        }
        let seller = Seller {
            kind: self.kind,
            payee: self.payee,
            chain: Arc::clone(&self.chain),
            node: self.world.node.clone(),
            disk: disk.clone(),
        };
        Ok(Arc::new(engine.with_handover(Till::X402, Arc::new(seller))))
    }

    /// Who was away can be reached from now on.
    fn is_back(&self) {
        self.chain.lock().unwrap().is_back = true;
        if let Some(places) = &self.places {
            places.is_up.store(true, Ordering::SeqCst);
        }
    }

    async fn act(&self, engine: &Arc<Engine>) -> Result<Paid, Failure> {
        match &self.wanted {
            Wanted::Send(order) => engine.pay((**order).clone()).await,
            Wanted::TopUp(topup) => {
                let transaction_id = topup.transaction_id.to_string();
                let credits = topup.tier.credits();
                let order = Order {
                    operation: "credits.topup",
                    destination: topup.payment_address,
                    publish_via: PublishVia::IfenpayTopup { transaction_id, credits },
                    ..order(topup.amount.get())
                };
                engine.pay(order).await
            }
            Wanted::Purchase => {
                let (wish, offer) = self.purchase();
                match engine.bought_before(&wish)? {
                    Some(paid) => Ok(paid),
                    None => engine.buy(wish, offer).await,
                }
            }
        }
    }

    async fn rest(&self, engine: &Engine) {
        let is_away = self.payee == Payee::Away && !self.chain.lock().unwrap().is_back;
        // Nothing comes of waiting for whoever is away, and whoever never pays is waited for by the minute.
        let steps = if is_away { STEPS_AWAY } else { STEPS };
        let least = Duration::from_secs(5 * u64::from(self.payee == Payee::Never));
        for _ in 0..steps {
            // What was handed to somebody goes on beside the wallet.
            match self.kind.is_slow() {
                true => SystemClock.sleep(Duration::from_millis(1)).await,
                false => tokio::task::yield_now().await,
            }
            let Ok(pause) = step(engine).await else { return };
            let Ok(is_busy) = is_busy(engine) else { return };
            if !is_busy && pause.is_some() {
                return;
            }
            let pause = pause.unwrap_or_default().min(Duration::from_secs(1));
            self.world.clock.advance(pause.max(least));
        }
    }

    async fn check(&self, engine: &Engine, name: &str) {
        let account = key().account();
        let read = engine.store().read(|view| {
            let id = view.idempotency(None, "once")?.map(|row| row.payment_id);
            let payment = id.map(|id| view.payment(id)).transpose()?.flatten();
            let budgets = (view.budget(Currency::XNO)?, view.budget(usdc())?);
            Ok((view.lane(&account)?.unwrap(), budgets, payment))
        });
        let (lane, (xno, tokens), payment) = read.unwrap();
        let payment = payment.unwrap_or_else(|| panic!("{name}: the payment is lost"));
        assert!(payment.state.is_final(), "{name}: stuck in {:?}", payment.state);
        let is_settled = payment.state.status() == Status::Settled;
        // Whoever was away may have come back too late for a purchase.
        let is_open = self.payee == Payee::Away && self.places.is_none();
        let is_right = is_open || is_settled == (self.payee != Payee::Never);
        assert!(is_right, "{name}: {:?}", payment.state);
        let amount = payment.request.amount.amount;
        let spent = if is_settled { amount } else { 0 };
        let (in_xno, in_tokens) = if self.kind == Kind::Proof { (0, spent) } else { (spent, 0) };
        assert_eq!((xno.reserved, xno.settled), (0, in_xno), "{name}");
        assert_eq!((tokens.reserved, tokens.settled), (0, in_tokens), "{name}");
        assert!(lane.open.is_none() && lane.queued == 0, "{name}: the lane is stuck");
        assert!(lane.frozen.is_none() && lane.reserved.is_zero(), "{name}: {lane:?}");
        let node = &self.world.node;
        assert_eq!(lane.balance, Raw::new(10 * XNO - in_xno), "{name}: paid once");
        assert_eq!(lane.balance, node.confirmed_balance(&account), "{name}: books and network");
        let sends = self.sends();
        assert_eq!(sends, usize::from(in_xno > 0), "{name}: {sends} sends on the network");
        let (handed, taken) = {
            let chain = self.chain.lock().unwrap();
            assert!(!chain.is_early, "{name}: something left before it was durable");
            (chain.handed.len(), chain.taken.len())
        };
        assert!(handed <= 1, "{name}: two different things were handed over");
        assert_eq!(taken, usize::from(in_tokens > 0), "{name}: taken {taken} times");
        self.check_after(engine, payment.id(), name).await;
        let audit = engine.audit(true, vec![]).await.unwrap();
        assert!(audit.report.ok, "{name}: {:?}", audit.report);
    }
}

impl Town {
    fn purchase(&self) -> (Wish, Offer) {
        let is_cheque = self.kind == Kind::Cheque;
        let amount = match is_cheque {
            true => Money::xno(Raw::new(XNO)),
            false => Money { amount: 10_000, currency: usdc() },
        };
        let url = "https://shop.example/weather".to_owned();
        let request = Request {
            payment_id: PaymentId(Uuid::nil()),
            agent_id: None,
            rail: Rail::X402,
            amount,
            payee: PolicyPayee { address: url.clone(), label: None },
            mandate_id: None,
            claims: Claims::default(),
            cart: None,
            terms: None,
        };
        let (method, headers) = ("GET".to_owned(), BTreeMap::new());
        let wish = Wish {
            call_id: Uuid::from_u128(1),
            operation: "request_payment",
            request,
            memo: None,
            idempotency_key: Some(IdempotencyKey::try_from("once".to_owned()).unwrap()),
            purchase: Purchase::X402(HttpCall { method, url, headers, body: None }),
            purpose: None,
        };
        let source = match is_cheque {
            true => Source::Lane {
                account: key().account(),
                place: None,
                header: header(),
                timeout_ms: PATIENCE_MS,
            },
            false => Source::Proof(Box::new(proof)),
        };
        (wish, Offer { amount, terms: Some(terms(self.kind)), cart: None, source })
    }

    /// What was to be done once the money had moved.
    async fn check_after(&self, engine: &Engine, id: PaymentId, name: &str) {
        let tasks = engine.outbox_of(id).unwrap();
        let is_told = matches!(self.kind, Kind::Nicky | Kind::Nanswap);
        assert_eq!(tasks.len(), usize::from(is_told), "{name}: {tasks:?}");
        assert!(tasks.iter().all(|task| task.end == Some(TaskEnd::Done)), "{name}: {tasks:?}");
        let (Kind::TopUp, Payee::Fine | Payee::LostAnswer | Payee::LostRequest, Some(serving)) =
            (self.kind, self.payee, &self.serving)
        else {
            return;
        };
        for _ in 0..2 {
            let claimed = engine.claim_credits(&engine.paid(id).unwrap()).await;
            let claimed = claimed.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(claimed.topped_up_credits, 10, "{name}");
        }
        let credits = serving.ifenpay().credits(SimulatedIfenpay::KEY);
        assert_eq!(credits, Some(110), "{name}: credits that were paid for once");
    }

    /// Confirmed sends of ours.
    fn sends(&self) -> usize {
        let node = &self.world.node;
        let hashes = node.blocks_of(&key().account()).into_iter();
        let ours = hashes.filter_map(|hash| node.block(&hash)).filter(|info| info.confirmed);
        ours.filter(|info| info.contents.block.link == Link::from(self.payee_account())).count()
    }

    fn payee_account(&self) -> paywarden::nano::Account {
        match &self.wanted {
            Wanted::TopUp(topup) => topup.payment_address,
            Wanted::Send(order) => order.destination,
            Wanted::Purchase => payee(),
        }
    }
}

/// Moves everything on by one step; how long there is nothing to do then, or `None` when something moved.
pub(crate) async fn step(engine: &Engine) -> Result<Option<Duration>, StoreError> {
    let mut pause = Some(engine.drive_outbox().await?);
    let mut paces = Vec::new();
    for lane in engine.store().read(|view| view.lanes())? {
        paces.push(engine.drive_lane(lane.account).await?);
    }
    for id in engine.store().read(|view| view.remote_queue())? {
        paces.extend(engine.drive_remote(id).await?);
    }
    for pace in paces {
        pause = match (pace, pause) {
            (Pace::After(next), Some(pause)) => Some(pause.min(next)),
            _ => None,
        };
    }
    Ok(pause)
}

pub(crate) fn is_busy(engine: &Engine) -> Result<bool, StoreError> {
    engine.store().read(|view| {
        let is_lane_busy = view.lanes()?.iter().any(|lane| lane.open.is_some() || lane.queued > 0);
        let has_tasks = !view.outbox_open(limits::OUTBOX_OPEN)?.is_empty();
        Ok(is_lane_busy || has_tasks || !view.remote_queue()?.is_empty())
    })
}

async fn at_nicky(nicky: &Nicky) -> Order {
    let reference: Reference = "#SANDBOX1".parse().unwrap();
    let request = nicky.get_payment_request(&reference).await.unwrap().request;
    let asset = request.assets.last().unwrap().id.clone();
    let payer = Payer::new("Ada", "ada@post.nl").unwrap();
    let started = nicky.start_payment(&request.short_id, &asset, &payer).await;
    let attempt = started.unwrap().0;
    let expires_at_ms = attempt.expires_at;
    let task = Task::NickyAttempt { attempt_id: attempt.id.to_string(), expires_at_ms };
    let purpose = Purpose {
        subject: format!("nicky:{}", attempt.request_short_id),
        sign_before_ms: Some(expires_at_ms),
        after: vec![task],
    };
    Order {
        operation: "nicky.pay",
        destination: attempt.wallet_address.as_str().parse().unwrap(),
        purpose: Some(Box::new(purpose)),
        ..order(XNO / 2)
    }
}

async fn at_nanswap(nanswap: &Nanswap, now: Millis) -> Order {
    let price = Price::new("1".parse().unwrap()).unwrap();
    let new = NewOrder::new(&price).unwrap().paid_in("XNO".parse().unwrap());
    let made = nanswap.create_order(&new).await.unwrap();
    let payable = check_order(&made, &[], now).unwrap();
    let (invoice_id, expires_at_ms) = (made.invoice_id.to_string(), payable.expires_at);
    let purpose = Purpose {
        subject: format!("nanswap:{invoice_id}"),
        sign_before_ms: Some(expires_at_ms),
        after: vec![Task::NanswapOrder { invoice_id, expires_at_ms }],
    };
    Order {
        operation: "nanswap.pay",
        destination: payable.account,
        purpose: Some(Box::new(purpose)),
        ..order(payable.amount.get())
    }
}

pub(crate) fn usdc() -> Currency {
    "USDC".parse().unwrap()
}

/// Steps until it is given up; the check then says what is stuck.
const STEPS: usize = 1_200;
const STEPS_AWAY: usize = 40;
