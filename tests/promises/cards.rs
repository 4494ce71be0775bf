//! P1 for payments with the owner's card, with the wallet's own clients of merchants, sellers and Stripe: a wallet dies
//! at every storage operation of a checkout's completion and of a paid URL, what it left is opened again, and whatever
//! happened nothing is charged twice, and no token stays good.
//!
//! `PAYWARDEN_PROMISES_FULL=1` takes every operation and every image; CI takes a sample.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use paywarden::books::{CheckoutPlace, TaskEnd};
use paywarden::engine::{
    BuiltIn, CheckoutOrder, CheckoutPayment, Engine, Pace, Paid, Reach, Services, Shops, Wish,
    X402Settings, not_set_up,
};
use paywarden::failure::Failure;
use paywarden::fetch::{AllowList, BaseUrl, Client, GuestClient, PlainText, Settings};
use paywarden::ids::PaymentId;
use paywarden::limits;
use paywarden::money::Money;
use paywarden::payment::{HttpCall, IdempotencyKey, Purchase, Status};
use paywarden::policy::{Claims, Payee, Rail, Request};
use paywarden::rails::acp::{Acp, Asked, AskedItem, Call, Door, MerchantUrl};
use paywarden::rails::stripe::{PaymentMethod, Profile, Stripe, TokenId};
use paywarden::rails::x402::{Assets, SellerClient};
use paywarden::sandbox::disk::{Disk, Image, Trouble, Wreck};
use paywarden::sandbox::{acp, mpp, stripe};
use paywarden::secret::Secret;
use paywarden::store::StoreError;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::crash::{Scene, World, is_full_run, run};

/// What is bought, and how the other side behaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Case {
    /// A checkout that is completed.
    Completed,
    /// One that is completed, while the answer is an error; it could be completed twice.
    AnswerLost,
    /// One that only a person can go on with.
    Escalated,
    /// One whose card is declined.
    Declined,
    /// A URL that is paid.
    Served,
    /// One that is paid, while the answer is an error.
    ServedInVain,
    /// One whose seller does not take the token.
    Refused,
}

const CHECKOUTS: [Case; 4] = [Case::Completed, Case::AnswerLost, Case::Escalated, Case::Declined];
const URLS: [Case; 3] = [Case::Served, Case::ServedInVain, Case::Refused];

impl Case {
    fn is_paid(self) -> bool {
        matches!(self, Self::Completed | Self::AnswerLost | Self::Served | Self::ServedInVain)
    }

    fn is_checkout(self) -> bool {
        CHECKOUTS.contains(&self)
    }
}

/// Merchant, seller and Stripe over loopback ports, which outlive the wallet.
#[derive(Debug)]
struct Street {
    merchant: acp::AcpMerchant,
    seller: mpp::MppSeller,
    bank: stripe::Stripe,
    urls: [BaseUrl; 3],
    /// Made once: what a client trusts takes longer to read than a wallet takes to die.
    client: Client,
    sellers: SellerClient,
    /// What the wallet keeps in a file of its own.
    issued: Mutex<BTreeMap<String, TokenId>>,
    _stop: DropGuard,
}

impl Street {
    async fn new(case: Case, world: &World) -> Arc<Self> {
        let street = Self::listen(world).await;
        street.open_checkout().await;
        street.merchant.set(|knobs| {
            knobs.completes_twice = true;
            knobs.fails_after_completing = case == Case::AnswerLost;
            let escalated = (case == Case::Escalated).then(|| "requires_escalation".to_owned());
            knobs.complete_status = escalated;
        });
        street.bank.set(|knobs| knobs.declines = case == Case::Declined);
        street.seller.set(|knobs| {
            knobs.fails_after_charging = case == Case::ServedInVain;
            knobs.refuses = case == Case::Refused;
        });
        Arc::new(street)
    }

    /// Nobody has asked for anything yet.
    async fn listen(world: &World) -> Self {
        let stop = CancellationToken::new();
        let clock = || Arc::new(world.clock.clone());
        let bank = stripe::Stripe::new(clock());
        let merchant = acp::AcpMerchant::new(clock(), bank.clone());
        let seller = mpp::MppSeller::new(clock(), bank.clone());
        let (at_merchant, merchant_url) = bound().await;
        let (at_seller, seller_url) = bound().await;
        let (at_bank, bank_url) = bound().await;
        tokio::spawn(acp::serve(merchant.clone(), at_merchant, stop.clone()));
        tokio::spawn(mpp::serve(seller.clone(), at_seller, stop.clone()));
        tokio::spawn(stripe::serve(bank.clone(), at_bank, stop.clone()));
        let urls = [merchant_url, seller_url, bank_url];
        let issued = Mutex::default();
        let client = Client::new(Settings::default());
        let allowed = AllowList::parse(&urls[1].origin()).unwrap();
        let sellers = SellerClient::new(GuestClient::new(Settings::default(), allowed));
        let _stop = stop.drop_guard();
        Self { merchant, seller, bank, urls, client, sellers, issued, _stop }
    }

    /// The one checkout every wallet here knows.
    async fn open_checkout(&self) {
        let asked = Asked::new("USD".parse().unwrap(), vec![beer()]).unwrap();
        let call = Call { idempotency_key: "open", request_id: "open" };
        let session = self.acp().create(&asked, None, call).await.unwrap();
        assert_eq!(session.id.as_str(), SESSION);
    }

    fn acp(&self) -> Acp {
        let (client, base) = (self.client.clone(), self.urls[0].clone());
        let bearer = Some(Secret::new(acp::AcpMerchant::TOKEN.to_owned()));
        Acp::new(Door::Known { client, base, bearer }, None)
    }

    fn open(self: &Arc<Self>, disk: &Disk, world: &World) -> Result<Engine, StoreError> {
        let sellers = self.sellers.clone();
        let settings = X402Settings {
            reach: Arc::new(Reach { sellers, chains: Vec::new(), example: None }),
            assets: Assets::pinned(),
            networks: None,
            downloads: None,
        };
        let services = Arc::new(Places(Arc::clone(self)));
        Ok(crate::crash::open(disk, world)?.with_x402(settings).with_services(services))
    }
}

#[derive(Debug)]
struct Places(Arc<Street>);

impl Services for Places {
    fn shops(&self) -> Result<&dyn Shops, Failure> {
        Ok(self)
    }
}

#[async_trait]
impl Shops for Places {
    async fn known(&self, _: &str, _: &CheckoutPlace) -> Result<Acp, Failure> {
        Err(not_set_up("other merchants"))
    }

    async fn stranger(&self, _: &MerchantUrl) -> Result<Acp, Failure> {
        Err(not_set_up("strangers"))
    }

    async fn built_in(&self) -> Result<Option<BuiltIn>, Failure> {
        Ok(Some(BuiltIn {
            merchant_id: acp::AcpMerchant::ID.to_owned(),
            profile: acp::AcpMerchant::PROFILE.parse().unwrap(),
            acp: self.0.acp(),
            host: "127.0.0.1".to_owned(),
        }))
    }

    async fn built_in_seller(&self) -> Result<Option<(String, Profile)>, Failure> {
        let profile = mpp::MppSeller::PROFILE.parse().unwrap();
        Ok(Some((self.0.urls[1].origin(), profile)))
    }

    async fn stripe(&self) -> Result<Stripe, Failure> {
        let key = Secret::new(stripe::Stripe::KEY.to_owned());
        let client = self.0.client.clone();
        Ok(Stripe::new(client, self.0.urls[2].clone(), Some(key)))
    }

    fn play_card(&self) -> Option<PaymentMethod> {
        stripe::Stripe::PAYMENT_METHOD.parse().ok()
    }

    fn keep_token(&self, _: &str, _: &str, _: Secret) -> Result<(), Failure> {
        Ok(())
    }

    fn forget_token(&self, _: &str) -> Result<(), Failure> {
        Ok(())
    }

    fn keep_issued(
        &self,
        key: &str,
        token: &TokenId,
        is_needed: &dyn Fn(&str) -> bool,
    ) -> Result<(), Failure> {
        let mut issued = self.0.issued.lock().unwrap();
        issued.retain(|key, _| is_needed(key));
        issued.insert(key.to_owned(), token.clone());
        Ok(())
    }

    fn issued(&self, key: &str) -> Result<Option<TokenId>, Failure> {
        Ok(self.0.issued.lock().unwrap().get(key).cloned())
    }

    fn keep_method(&self, _: Option<&PaymentMethod>) -> Result<(), Failure> {
        Ok(())
    }

    fn method(&self) -> Result<Option<PaymentMethod>, Failure> {
        Ok(None)
    }
}

async fn bound() -> (TcpListener, BaseUrl) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (listener, BaseUrl::parse(&url, PlainText::Loopback).unwrap())
}

fn beer() -> AskedItem {
    AskedItem { id: "beer".to_owned(), quantity: 1, unit_amount: None }
}

fn usd(amount: u128) -> Money {
    Money { amount, currency: "USD".parse().unwrap() }
}

/// A wallet that has opened the checkout.
async fn base() -> (Image, World) {
    let (image, world) = crate::crash::base(Scene::Send).await;
    let disk = Disk::new(image);
    let street = Arc::new(Street::listen(&world).await);
    let engine = street.open(&disk, &world).unwrap();
    let order = CheckoutOrder {
        endpoint: ENDPOINT.to_owned(),
        items: vec![beer()],
        agent_id: None,
        call_id: Uuid::from_u128(1),
    };
    let seen = engine.open_checkout(order, "USD", None).await.unwrap();
    assert_eq!(seen.session.id.as_str(), SESSION);
    (disk.wreck().killed(), world)
}

/// What the caller does, and does again after a failure.
async fn act(engine: &Engine, street: &Street, case: Case) -> Result<Paid, Failure> {
    let key = Some(IdempotencyKey::try_from(ONCE.to_owned()).unwrap());
    let call_id = Uuid::from_u128(2);
    if case.is_checkout() {
        return engine
            .pay_checkout(CheckoutPayment {
                call_id,
                operation: "pay_checkout",
                agent_id: None,
                endpoint: ENDPOINT.to_owned(),
                merchant_id: acp::AcpMerchant::ID.to_owned(),
                merchant_name: None,
                session_id: SESSION.to_owned(),
                most: usd(200),
                mandate_id: None,
                memo: None,
                idempotency_key: key,
            })
            .await;
    }
    let url = format!("{}/joke", street.urls[1].origin().trim_end_matches('/'));
    let (method, headers) = ("GET".to_owned(), BTreeMap::new());
    let purchase = HttpCall { method, url: url.clone(), headers, body: None };
    let request = Request {
        payment_id: PaymentId(Uuid::nil()),
        agent_id: None,
        rail: Rail::Stripe,
        amount: usd(100),
        payee: Payee { address: url, label: None },
        mandate_id: None,
        claims: Claims::default(),
        cart: None,
        terms: None,
    };
    let wish = Wish {
        call_id,
        operation: "request_payment",
        request,
        memo: None,
        idempotency_key: key,
        purchase: Purchase::Mpp(purchase),
        purpose: None,
    };
    engine.buy_mpp(wish).await
}

/// Until nothing is open and nothing is to be done; an error of the store ends it, as death would.
async fn rest(engine: &Engine, world: &World) {
    for _ in 0..STEPS {
        let Ok(pause) = step(engine).await else { return };
        let Some(pause) = pause else { return };
        world.clock.advance(pause.clamp(Duration::from_millis(200), Duration::from_secs(60)));
    }
}

/// Moves everything on by one step; how long there is nothing to do then, or `None` when all has ended.
async fn step(engine: &Engine) -> Result<Option<Duration>, StoreError> {
    let mut pause = engine.drive_outbox().await?;
    for id in engine.store().read(|view| view.remote_queue())? {
        match engine.drive_remote(id).await? {
            Some(Pace::After(next)) => pause = pause.min(next),
            Some(Pace::Again) | None => pause = Duration::ZERO,
        }
    }
    let is_busy = engine.store().read(|view| {
        let has_tasks = !view.outbox_open(limits::OUTBOX_OPEN)?.is_empty();
        Ok(has_tasks || !view.remote_queue()?.is_empty())
    })?;
    Ok(is_busy.then_some(pause))
}

/// The one right end.
async fn check(engine: &Engine, street: &Street, case: Case, name: &str) {
    let read = engine.store().read(|view| {
        let id = view.idempotency(None, ONCE)?.map(|row| row.payment_id);
        let payment = id.map(|id| view.payment(id)).transpose()?.flatten();
        Ok((payment, view.budget(usd(0).currency)?))
    });
    let (payment, budget) = read.unwrap();
    let payment = payment.unwrap_or_else(|| panic!("{name}: the payment is lost"));
    let expected = if case.is_paid() { Status::Settled } else { Status::Failed };
    assert_eq!(payment.state.status(), expected, "{name}: {:?}", payment.state);
    assert_eq!(payment.disputed, None, "{name}");
    let spent = if case.is_paid() { payment.request.amount.amount } else { 0 };
    assert_eq!((budget.reserved, budget.settled), (0, spent), "{name}");
    let (paid, orders) = (u64::from(case.is_paid()), street.merchant.orders());
    assert_eq!(street.bank.charges(), paid, "{name}: charged once or never");
    assert_eq!(orders, if case.is_checkout() { paid } else { 0 }, "{name}: orders");
    assert_eq!(street.bank.active(), 0, "{name}: a token stayed good");
    let tasks = engine.outbox_of(payment.id()).unwrap();
    assert_eq!(tasks.len() as u64, paid, "{name}: {tasks:?}");
    assert!(tasks.iter().all(|task| task.end == Some(TaskEnd::Done)), "{name}: {tasks:?}");
    let audit = engine.audit(true, vec![]).await.unwrap();
    assert!(audit.report.ok, "{name}: {:?}", audit.report);
}

/// Whether the wallet got as far as to die where it was to.
async fn die(case: Case, death_at: u64, left: u64, image: &Image, world: &World) -> bool {
    let name = format!("{case:?} death at {death_at}, image {left}");
    let world = world.fork();
    let street = Street::new(case, &world).await;
    let disk = Disk::new(image.clone());
    disk.trouble(Trouble::DeathAt(death_at));
    if let Ok(engine) = street.open(&disk, &world) {
        let _ = act(&engine, &street, case).await;
        rest(&engine, &world).await;
    }
    let was_reached = disk.operations() >= death_at;
    // A second death during recovery, at a place that moves with the case.
    let second = Disk::new(left_of(&disk.wreck(), left, death_at));
    second.trouble(Trouble::DeathAt(1 + (death_at * 7 + left * 11) % 90));
    if let Ok(engine) = street.open(&second, &world) {
        rest(&engine, &world).await;
        let _ = act(&engine, &street, case).await;
        rest(&engine, &world).await;
    }
    let disk = Disk::new(left_of(&second.wreck(), left, death_at));
    let engine = street.open(&disk, &world).unwrap_or_else(|error| panic!("{name}: {error}"));
    rest(&engine, &world).await;
    let answered = act(&engine, &street, case).await;
    assert!(answered.is_ok(), "{name}: the caller gets no answer: {answered:?}");
    rest(&engine, &world).await;
    check(&engine, &street, case, &name).await;
    was_reached
}

fn left_of(wreck: &Wreck, left: u64, seed: u64) -> Image {
    match left % LEFTS {
        0 => wreck.killed(),
        1 => wreck.power_cut(),
        _ => wreck.torn(seed),
    }
}

async fn crash_everywhere(case: Case) -> u64 {
    let (image, world) = base().await;
    let stride = if is_full_run() { 1 } else { STRIDE };
    let (mut cases, mut operations) = (0, 0);
    // A sample moves with the case, so that all of them together meet more places.
    for death_at in (1 + case as u64 % stride..).step_by(stride as usize) {
        let turn = death_at / stride % LEFTS;
        let lefts = if is_full_run() { 0..LEFTS } else { turn..turn + 1 };
        let mut was_reached = false;
        for left in lefts {
            was_reached |= die(case, death_at, left, &image, &world).await;
            cases += 1;
        }
        if !was_reached {
            break;
        }
        operations = death_at;
    }
    println!(
        "P1: {case:?}: {cases} twofold crashes at up to {operations} operations, all recovered"
    );
    cases
}

fn crash_in_all(cases: &'static [Case]) {
    let cases: u64 = cases.iter().map(|case| run(crash_everywhere(*case))).sum();
    assert!(cases > 15, "{cases}");
}

#[test]
fn p1_a_crash_anywhere_in_a_checkout_charges_once_and_leaves_no_token() {
    crash_in_all(&CHECKOUTS);
}

#[test]
fn p1_a_crash_anywhere_in_a_paid_url_charges_once_and_leaves_no_token() {
    crash_in_all(&URLS);
}

const ENDPOINT: &str = "sandbox";
const SESSION: &str = "cs_sandbox_1";
const ONCE: &str = "once";
const STEPS: usize = 400;
const LEFTS: u64 = 3;
/// Every how many operations a sample dies.
const STRIDE: u64 = 9;
