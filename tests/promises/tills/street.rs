//! One wallet that buys, with its own clients of sellers, a merchant, Stripe and a chain, and what these saw of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use paywarden::books::Lane;
use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{CheckoutOrder, CheckoutPayment, Engine, Paid, Reach, Wish, X402Settings};
use paywarden::failure::Failure;
use paywarden::fetch::{AllowList, Client, GuestClient, Settings};
use paywarden::ids::PaymentId;
use paywarden::money::{Currency, Money, Raw};
use paywarden::nano::Link;
use paywarden::payment::{HttpCall, IdempotencyKey, Purchase, Status};
use paywarden::policy::{Claims, Payee, Rail, Request};
use paywarden::rails::acp::{Asked, AskedItem, Call};
use paywarden::rails::x402::{Assets, ChainClient, SellerClient};
use paywarden::sandbox::acp::AcpMerchant;
use paywarden::sandbox::disk::{Disk, Image};
use paywarden::sandbox::x402::Sellers;
use paywarden::sandbox::{Service, Serving, serve_beside};
use paywarden::store::StoreError;
use uuid::Uuid;

use super::mistake::Mistake;
use super::purse::{Issued, Purse, base_of, merchant};
use super::wire::{Fault, Plan, Wire};
use super::witness::{Witness, handed};
use super::{Script, Shop};
use crate::crash::{World, XNO, open_by};
use crate::kinds::lives::Surroundings;
use crate::kinds::town::{self, Outside, is_busy, usdc};

/// What stays the same while wallets and services come and go: the wires, and clients that know where they are.
#[derive(Clone, Debug)]
pub(crate) struct Wires {
    pub(crate) shop: Wire,
    pub(crate) bank: Wire,
    pub(crate) client: Client,
    guests: GuestClient,
}

/// What is played.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) shop: Shop,
    pub(crate) script: Script,
    pub(crate) mistake: Mistake,
}

/// A wallet's surroundings, which outlive it.
pub(crate) struct Street {
    scene: Scene,
    world: World,
    pub(crate) wires: Wires,
    serving: Serving,
    witness: Arc<Mutex<Witness>>,
    issued: Issued,
}

impl Wires {
    pub(crate) async fn new() -> Self {
        let (shop, bank) = (Wire::new().await, Wire::new().await);
        let list = AllowList::parse(shop.url()).unwrap();
        let guests = GuestClient::new(Settings::default(), list);
        Self { shop, bank, client: Client::new(Settings::default()), guests }
    }
}

/// What a wallet is before it buys: with a checkout opened through it, where it is to pay one.
pub(crate) async fn base(shop: Shop, wires: &Wires) -> (Image, World) {
    let (image, world) = town::base().await;
    if shop != Shop::Checkout {
        return (image, world);
    }
    let scene = Scene { shop, script: Script::Fine, mistake: Mistake::Nothing };
    let street = Street::bare(scene, &world, wires).await;
    let disk = Disk::new(image);
    let engine = street.open(&disk).unwrap();
    let endpoint = BUILT_IN.to_owned();
    let call_id = Uuid::from_u128(5);
    let order = CheckoutOrder { endpoint, items: vec![beer()], agent_id: None, call_id };
    let seen = engine.open_checkout(order, "usd", None).await.unwrap();
    assert_eq!(seen.session.id.as_str(), SESSION);
    street.bury(&engine).await;
    (disk.wreck().killed(), world)
}

impl Street {
    pub(crate) async fn new(scene: Scene, world: &World, wires: &Wires) -> Self {
        let street = Self::bare(scene, world, wires).await;
        if scene.shop == Shop::Checkout {
            // The session the wallet knows of already.
            let base = base_of(street.serving.url(Service::AcpMerchant));
            let asked = Asked::new(usd(), vec![beer()]).unwrap();
            let call = Call { idempotency_key: "opened", request_id: "opened" };
            let session = merchant(&wires.client, base).create(&asked, None, call).await.unwrap();
            assert_eq!(session.id.as_str(), SESSION);
        }
        street
    }

    async fn bare(scene: Scene, world: &World, wires: &Wires) -> Self {
        let world = world.fork_among(|clock| Arc::new(Outside(clock)));
        let serving = serve_beside(world.node.clone()).await.unwrap();
        // That an order is paid for once is for the wallet to see to.
        serving.merchant().set(|knobs| knobs.completes_twice = true);
        let wires = wires.clone();
        let witness = Arc::default();
        let issued = Issued::default();
        let street = Self { scene, world, wires, serving, witness, issued };
        street.lay();
        street
    }

    /// Leads the wires to this street's services, with what goes wrong on them.
    fn lay(&self) {
        let (shop, bank) = match self.scene.shop {
            Shop::X402Evm | Shop::X402Nano => (Service::X402, Service::X402),
            Shop::Checkout => (Service::AcpMerchant, Service::Stripe),
            Shop::Mpp => (Service::MppSeller, Service::Stripe),
        };
        let twice = |fault| VecDeque::from([fault, fault]);
        let (at_shop, at_bank, standing) = match self.scene.script {
            Script::Fine => (VecDeque::new(), VecDeque::new(), None),
            Script::Shop(fault) => (twice(fault), VecDeque::new(), None),
            Script::Bank(fault) => (VecDeque::new(), twice(fault), None),
            Script::Never => (VecDeque::new(), VecDeque::new(), Some(Fault::LostRequest)),
        };
        let witness = Arc::clone(&self.witness);
        self.wires.shop.lead(Plan {
            upstream: self.serving.url(shop).to_owned(),
            faults: at_shop,
            standing,
            counts: |seen| handed(seen).is_some(),
            watch: Box::new(move |seen| witness.lock().unwrap().sees_handing(seen)),
        });
        let witness = Arc::clone(&self.witness);
        self.wires.bank.lead(Plan {
            upstream: self.serving.url(bank).to_owned(),
            faults: at_bank,
            standing: None,
            counts: |_| true,
            watch: Box::new(move |seen| witness.lock().unwrap().sees_ordering(seen)),
        });
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::new(Outside(self.world.clock.clone()))
    }

    fn settings(&self) -> X402Settings {
        let Wires { bank, client, guests, .. } = self.wires.clone();
        let rpc = base_of(&format!("{}/rpc", bank.url()));
        let chain = ChainClient::new(client, rpc.into(), "eip155:84532".to_owned());
        let sellers = SellerClient::new(guests);
        let reach = Reach { sellers, chains: vec![chain], example: None };
        let (assets, networks, downloads) = (Assets::pinned(), None, None);
        X402Settings { reach: Arc::new(reach), assets, networks, downloads }
    }

    async fn wish(&self, engine: &Engine) -> Result<Wish, Failure> {
        let (path, amount) = match self.scene.shop {
            Shop::X402Nano => (NANO_PATH, Money::xno(Raw::new(XNO / 50))),
            Shop::Mpp => ("/joke", Money { amount: 100, currency: usd() }),
            _ => (EVM_PATH, Money { amount: 20_000, currency: usdc() }),
        };
        let url = format!("{}{path}", self.wires.shop.url());
        let address = engine.x402().unwrap().address(&url).await?;
        let (method, headers) = ("GET".to_owned(), BTreeMap::new());
        let call = HttpCall { method, url, headers, body: None };
        let is_mpp = self.scene.shop == Shop::Mpp;
        Ok(Wish {
            call_id: Uuid::new_v4(),
            operation: "request_payment",
            request: Request {
                payment_id: PaymentId(Uuid::nil()),
                agent_id: None,
                rail: if is_mpp { Rail::Stripe } else { Rail::X402 },
                amount,
                payee: Payee { address, label: None },
                mandate_id: None,
                claims: Claims::default(),
                cart: None,
                terms: None,
            },
            memo: None,
            idempotency_key: Some(once()),
            purchase: if is_mpp { Purchase::Mpp(call) } else { Purchase::X402(call) },
            purpose: None,
        })
    }

    async fn ask(&self, engine: &Arc<Engine>) -> Result<Paid, Failure> {
        match self.scene.shop {
            Shop::X402Evm | Shop::X402Nano => engine.buy_x402(self.wish(engine).await?).await,
            Shop::Mpp => engine.buy_mpp(self.wish(engine).await?).await,
            Shop::Checkout => {
                let payment = CheckoutPayment {
                    call_id: Uuid::new_v4(),
                    operation: "pay_checkout",
                    agent_id: None,
                    endpoint: BUILT_IN.to_owned(),
                    merchant_id: AcpMerchant::ID.to_owned(),
                    merchant_name: None,
                    session_id: SESSION.to_owned(),
                    most: Money { amount: 500, currency: usd() },
                    mandate_id: None,
                    memo: None,
                    idempotency_key: Some(once()),
                };
                engine.pay_checkout(payment).await
            }
        }
    }

    /// The wallet goes on while somebody waits for it.
    async fn go_on(&self, engine: &Engine) {
        loop {
            // A wallet that died does nothing, and time passes all the same.
            let _ = town::step(engine).await;
            SystemClock.sleep(Duration::from_millis(1)).await;
            if self.is_idle() {
                self.world.clock.advance(Duration::from_millis(100));
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.wires.shop.is_idle() && self.wires.bank.is_idle()
    }

    /// What those who take the money have taken, of each payment.
    fn taken(&self, lanes: &[Lane]) -> Vec<u128> {
        match self.scene.shop {
            Shop::X402Evm => {
                let paid = self.serving.x402().paid().into_iter();
                paid.map(|paid| paid.amount.parse().unwrap()).collect()
            }
            Shop::X402Nano => {
                let node = &self.world.node;
                let hashes = lanes.iter().flat_map(|lane| node.blocks_of(&lane.account));
                let blocks = hashes.filter_map(|hash| node.block(&hash));
                let till = Link::from(Sellers::nano_account());
                let sold = blocks.filter(|info| info.contents.block.link == till && info.confirmed);
                sold.map(|info| info.amount.get()).collect()
            }
            Shop::Checkout => vec![BEER; self.serving.stripe().charges() as usize],
            Shop::Mpp => vec![JOKE; self.serving.stripe().charges() as usize],
        }
    }

    fn check_lanes(&self, lanes: &[Lane], name: &str) {
        for lane in lanes {
            assert!(lane.open.is_none() && lane.queued == 0, "{name}: a lane is stuck: {lane:?}");
            assert!(lane.frozen.is_none() && lane.reserved.is_zero(), "{name}: {lane:?}");
            let balance = self.world.node.confirmed_balance(&lane.account);
            assert_eq!(lane.balance, balance, "{name}: books and network");
        }
    }
}

impl Surroundings for Street {
    fn world(&self) -> &World {
        &self.world
    }

    fn open(&self, disk: &Disk) -> Result<Arc<Engine>, StoreError> {
        self.witness.lock().unwrap().disk = Some(disk.clone());
        let engine = open_by(disk, &self.world, self.clock())?.with_x402(self.settings());
        let engine = engine.with_services(Arc::new(Purse {
            wires: self.wires.clone(),
            issued: Arc::clone(&self.issued),
        }));
        Ok(Arc::new(self.scene.mistake.plant(engine, self)))
    }

    async fn act(&self, engine: &Arc<Engine>) -> Result<Paid, Failure> {
        if self.scene.shop != Shop::X402Nano {
            return self.ask(engine).await;
        }
        // Money is moved to the account sellers are paid from before the seller gets its block.
        tokio::select! {
            biased;
            asked = self.ask(engine) => asked,
            () = self.go_on(engine) => unreachable!("it goes on for ever"),
        }
    }

    async fn rest(&self, engine: &Engine) {
        let (ordinary, long) = (Duration::from_secs(1), Duration::from_secs(20));
        // Nothing comes of waiting for whoever never answers, but the end of what it was handed.
        let least = match (self.scene.script, self.scene.shop) {
            (Script::Never | Script::Shop(Fault::Refused), shop) if shop != Shop::X402Nano => long,
            _ => ordinary,
        };
        for _ in 0..STEPS {
            if self.scene.shop == Shop::X402Nano {
                // What was handed to the seller goes on beside the wallet.
                SystemClock.sleep(Duration::from_millis(1)).await;
            }
            let Ok(pause) = town::step(engine).await else { return };
            let Ok(is_busy) = is_busy(engine) else { return };
            let Some(pause) = pause else { continue };
            if !is_busy {
                return;
            }
            if self.is_idle() {
                self.world.clock.advance(pause.clamp(least, long));
            }
        }
    }

    async fn bury(&self, engine: &Engine) {
        engine.stop().await;
    }

    fn is_back(&self) {
        if self.scene.script != Script::Never {
            self.wires.shop.heal();
            self.wires.bank.heal();
        }
    }

    async fn check(&self, engine: &Engine, name: &str) {
        let read = engine.store().read(|view| {
            let id = view.idempotency(None, KEY)?.map(|row| row.payment_id);
            let payment = id.map(|id| view.payment(id)).transpose()?.flatten();
            let budgets = [view.budget(Currency::XNO)?, view.budget(usdc())?, view.budget(usd())?];
            Ok((payment, budgets, view.lanes()?))
        });
        let (payment, [xno, tokens, dollars], lanes) = read.unwrap();
        let payment = payment.unwrap_or_else(|| panic!("{name}: the payment is lost"));
        let taken = self.taken(&lanes);
        assert!(taken.len() <= 1, "{name}: paid {} times", taken.len());
        assert!(payment.state.is_final(), "{name}: stuck in {:?}", payment.state);
        let is_settled = payment.state.status() == Status::Settled;
        assert_eq!(is_settled, taken.len() == 1, "{name}: {:?}", payment.state);
        match self.scene.script {
            Script::Never => assert!(!is_settled, "{name}: {:?}", payment.state),
            // Whether it is asked again before its time is over is open.
            Script::Shop(Fault::Refused) => {}
            _ => assert!(is_settled, "{name}: {:?}", payment.state),
        }
        let sum: u128 = taken.iter().sum();
        let is_right = !is_settled || payment.request.amount.amount == sum;
        assert!(is_right, "{name}: {} was booked, {sum} taken", payment.request.amount);
        let held = [xno.reserved, tokens.reserved, dollars.reserved];
        assert_eq!(held, [0; 3], "{name}: a reservation is stuck");
        let of = |shops: &[Shop]| if shops.contains(&self.scene.shop) { sum } else { 0 };
        // What was moved to the account for sellers went through policy like any other payment.
        let moved = 10 * XNO - lanes[0].balance.get();
        assert_eq!(xno.settled, moved + of(&[Shop::X402Nano]), "{name}");
        assert_eq!(tokens.settled, of(&[Shop::X402Evm]), "{name}");
        assert_eq!(dollars.settled, of(&[Shop::Checkout, Shop::Mpp]), "{name}");
        self.check_lanes(&lanes, name);
        assert_eq!(self.serving.stripe().active(), 0, "{name}: a token can still be charged");
        self.witness.lock().unwrap().check(name);
        let audit = engine.audit(true, vec![]).await.unwrap();
        assert!(audit.report.ok, "{name}: {:?}", audit.report);
    }
}

fn beer() -> AskedItem {
    AskedItem { id: "beer".to_owned(), quantity: 1, unit_amount: None }
}

fn once() -> IdempotencyKey {
    IdempotencyKey::try_from(KEY.to_owned()).unwrap()
}

fn usd() -> Currency {
    "USD".parse().unwrap()
}

pub(super) const KEY: &str = "once";
const BUILT_IN: &str = "sandbox";
/// The first checkout a simulated merchant opens.
pub(super) const SESSION: &str = "cs_sandbox_1";
const EVM_PATH: &str = "/v2/evm/weather";
const NANO_PATH: &str = "/v2/nano/weather";
/// Cents, the tax included.
const BEER: u128 = 198;
const JOKE: u128 = 50;
/// Steps until it is given up; the check then says what is stuck.
const STEPS: usize = 2_000;
