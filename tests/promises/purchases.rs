//! P1 for payees that are handed a proof or a block: a wallet dies at every storage operation of a purchase; what it left
//! is opened again, hands over the same bytes or none, and comes to the one right end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use paywarden::books::Payment;
use paywarden::clock::Millis;
use paywarden::engine::{
    Engine, Handover, Offer, Offered, Pace, Signing, Source, Unprepared, Wish,
};
use paywarden::ids::PaymentId;
use paywarden::limits;
use paywarden::money::{Money, Raw};
use paywarden::nano::SignedBlock;
use paywarden::network::Node as _;
use paywarden::payment::{
    HttpCall, Intent, PaymentHeader, Presented, Proof, Purchase, Reference, Seen, Status, Till,
};
use paywarden::policy::{Claims, Grant, Payee, Rail, Request, Terms};
use paywarden::rails::nano::frontier;
use paywarden::sandbox::disk::{Disk, Image, Trouble};
use paywarden::sandbox::nano::{SandboxNode, solve};
use paywarden::store::StoreError;
use uuid::Uuid;

use crate::crash::{Scene, World, XNO, base, key, open, payee, run};

const STEPS: usize = 600;
const VALID: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// x402 in tokens.
    Proof,
    /// x402 in Nano.
    Cheque,
}

/// What the seller does with what it is handed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Manner {
    Honest,
    /// It takes the money, and its first answers are lost.
    LosesAnswers,
    /// It takes the money and says no.
    TakesAndRefuses,
    /// It says no and takes nothing.
    Refuses,
    /// It takes nothing and never answers.
    Silent,
}

const MANNERS: [Manner; 5] = [
    Manner::Honest,
    Manner::LosesAnswers,
    Manner::TakesAndRefuses,
    Manner::Refuses,
    Manner::Silent,
];

/// The seller and its chain, which outlive the wallet.
#[derive(Clone, Debug, Default)]
struct Ledger {
    /// Proofs whose money was taken, by nonce.
    taken: BTreeSet<String>,
    /// Everything that was handed over, without repeats.
    handed: BTreeSet<String>,
    times: u32,
}

#[derive(Debug)]
struct Shop {
    manner: Manner,
    kind: Kind,
    node: SandboxNode,
    ledger: Arc<Mutex<Ledger>>,
}

#[async_trait]
impl Handover for Shop {
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared> {
        let signing = match self.kind {
            Kind::Proof => Signing::Proof(Box::new(proof)),
            Kind::Cheque => Signing::Cheque { header: Box::new(header), timeout_ms: 60_000 },
        };
        let (amount, terms) = (payment.request.amount, Some(terms(self.kind)));
        Ok(Offered { amount, terms, cart: None, signing })
    }

    async fn hand_over(&self, _: &Payment, intent: &Intent) -> Seen {
        let times = {
            let mut ledger = self.ledger.lock().unwrap();
            ledger.handed.insert(serde_json::to_string(&handed_bytes(intent)).unwrap());
            ledger.times += 1;
            ledger.times
        };
        let takes = !matches!(self.manner, Manner::Refuses | Manner::Silent);
        if takes {
            match intent {
                Intent::Cheque(cheque) => drop(self.node.process(&cheque.sent.block, None).await),
                other => drop(self.ledger.lock().unwrap().taken.insert(nonce(other))),
            }
        }
        match self.manner {
            Manner::Honest if self.kind == Kind::Proof => {
                Seen::Paid(Reference::try_from(nonce(intent)).unwrap())
            }
            Manner::LosesAnswers if self.kind == Kind::Proof && times > 2 => {
                Seen::Paid(Reference::try_from(nonce(intent)).unwrap())
            }
            Manner::TakesAndRefuses | Manner::Refuses => Seen::Refused,
            _ => Seen::Open,
        }
    }

    async fn look(&self, payment: &Payment, proof: &Presented, now: Millis) -> Seen {
        let nonce = payment.state.intent().map(nonce).unwrap();
        match self.ledger.lock().unwrap().taken.contains(&nonce) {
            true => Seen::Paid(Reference::try_from(nonce).unwrap()),
            false if now >= proof.valid_until_ms.plus(limits::X402_SKEW) => Seen::Void,
            false => Seen::Open,
        }
    }
}

fn handed_bytes(intent: &Intent) -> String {
    match intent {
        Intent::Cheque(cheque) => cheque.header.value.clone(),
        other => nonce(other),
    }
}

fn nonce(intent: &Intent) -> String {
    match intent {
        Intent::Presented(Presented { proof: Proof::Authorization { nonce, .. }, .. }) => {
            nonce.clone()
        }
        other => panic!("{other:?}"),
    }
}

fn proof(grant: Grant, request: &Request, attempt: u32, now: Millis) -> Result<Presented, String> {
    grant.consume(request.amount, request.recipient()).map_err(|error| error.to_string())?;
    let proof = Proof::Authorization {
        network: "eip155:84532".into(),
        asset: "0xtoken".into(),
        from: "0xus".into(),
        nonce: Uuid::new_v4().to_string(),
        header: PaymentHeader { name: "payment-signature".into(), value: "e30=".into() },
    };
    Ok(Presented { attempt, proof, made_at_ms: now, valid_until_ms: now.plus(VALID) })
}

fn header(block: &SignedBlock) -> Result<PaymentHeader, String> {
    let value = serde_json::to_string(block).map_err(|error| error.to_string())?;
    Ok(PaymentHeader { name: "payment-signature".into(), value })
}

fn terms(kind: Kind) -> Terms {
    let (asset, pay_to) = match kind {
        Kind::Proof => ("0xtoken", "0xshop".to_owned()),
        Kind::Cheque => ("XNO", payee().to_string()),
    };
    let text = str::to_owned;
    Terms { scheme: text("exact"), network: text("test"), asset: text(asset), pay_to }
}

fn price(kind: Kind) -> Money {
    match kind {
        Kind::Proof => Money { amount: 10_000, currency: "USDC".parse().unwrap() },
        Kind::Cheque => Money::xno(Raw::new(XNO)),
    }
}

fn wallet(disk: &Disk, world: &World, shop: &Shop) -> Result<Engine, StoreError> {
    let shop = Shop {
        manner: shop.manner,
        kind: shop.kind,
        node: world.node.clone(),
        ledger: Arc::clone(&shop.ledger),
    };
    Ok(open(disk, world)?.with_handover(Till::X402, Arc::new(shop)))
}

async fn act(engine: &Engine, world: &World, kind: Kind) -> bool {
    let url = "https://shop.example/weather".to_owned();
    let request = Request {
        payment_id: PaymentId(Uuid::nil()),
        agent_id: None,
        rail: Rail::X402,
        amount: price(kind),
        payee: Payee { address: url.clone(), label: None },
        mandate_id: None,
        claims: Claims::default(),
        cart: None,
        terms: None,
    };
    let (headers, body) = (BTreeMap::new(), None);
    let wish = Wish {
        call_id: Uuid::from_u128(77),
        operation: "request_payment",
        request,
        memo: None,
        idempotency_key: Some("once".to_owned().try_into().unwrap()),
        purchase: Purchase::X402(HttpCall { method: "GET".into(), url, headers, body }),
        purpose: None,
    };
    let source = match kind {
        Kind::Proof => Source::Proof(Box::new(proof)),
        Kind::Cheque => {
            let account = key().account();
            let head = frontier(&world.node, engine.network(), account).await;
            let place = head.ok().map(|head| {
                let work = solve(&head.hash().into());
                (head, work)
            });
            Source::Lane { account, place, header: Box::new(header), timeout_ms: 60_000 }
        }
    };
    let offer = Offer { amount: price(kind), terms: Some(terms(kind)), cart: None, source };
    engine.buy(wish, offer).await.is_ok()
}

/// Until nothing is open; an error of the store ends it, as death would.
async fn rest(engine: &Engine, world: &World) {
    let account = key().account();
    for _ in 0..STEPS {
        let Ok(ids) = engine.store().read(|view| view.remote_queue()) else { return };
        let mut pause = None;
        for id in &ids {
            match engine.drive_remote(*id).await {
                Ok(Some(Pace::After(next))) => pause = Some(next),
                Ok(_) => {}
                Err(_) => return,
            }
        }
        match engine.drive_lane(account).await {
            Ok(Pace::After(next)) => pause = pause.or(Some(next)),
            Ok(Pace::Again) => {}
            Err(_) => return,
        }
        // What was handed over is answered.
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        let Ok(lane) = engine.store().read(|view| view.lane(&account)) else { return };
        let lane = lane.unwrap();
        if ids.is_empty() && lane.open.is_none() && lane.queued == 0 {
            return;
        }
        world.clock.advance(
            pause.unwrap_or_default().clamp(Duration::from_millis(500), Duration::from_secs(1)),
        );
    }
}

fn check(engine: &Engine, world: &World, shop: &Shop, case: &str) {
    let (kind, manner) = (shop.kind, shop.manner);
    let currency = price(kind).currency;
    let read = engine.store().read(|view| {
        let id = view.idempotency(None, "once")?.map(|row| row.payment_id);
        let payment = id.map(|id| view.payment(id)).transpose()?.flatten();
        Ok((payment, view.budget(currency)?, view.lane(&key().account())?.unwrap()))
    });
    let (payment, budget, lane) = read.unwrap();
    let payment = payment.unwrap_or_else(|| panic!("{case}: the payment is lost"));
    let takes = !matches!(manner, Manner::Refuses | Manner::Silent);
    let status = payment.state.status();
    let expected = if takes { Status::Settled } else { Status::Failed };
    assert_eq!(status, expected, "{case}: {:?}", payment.state);
    let spent = if takes { price(kind).amount } else { 0 };
    assert_eq!((budget.reserved, budget.settled), (0, spent), "{case}");
    assert!(lane.open.is_none() && lane.queued == 0, "{case}: the lane is stuck");
    assert_eq!(lane.balance, world.node.confirmed_balance(&key().account()), "{case}: the lane");
    let ledger = shop.ledger.lock().unwrap();
    assert!(ledger.handed.len() <= 1, "{case}: other bytes were handed over: {ledger:?}");
    assert!(ledger.taken.len() <= 1, "{case}: paid twice");
}

async fn finish(image: Image, world: &World, shop: &Shop, case: &str) {
    let disk = Disk::new(image);
    let engine = wallet(&disk, world, shop).unwrap_or_else(|e| panic!("{case}: {e}"));
    rest(&engine, world).await;
    assert!(act(&engine, world, shop.kind).await, "{case}: the caller gets no answer");
    rest(&engine, world).await;
    check(&engine, world, shop, case);
    let audit = engine.audit(true, vec![]).await.unwrap();
    assert!(audit.report.ok, "{case}: {:?}", audit.report);
}

fn forked(shop: &Shop) -> Shop {
    let ledger = shop.ledger.lock().unwrap().clone();
    let (manner, kind, node) = (shop.manner, shop.kind, shop.node.clone());
    Shop { manner, kind, node, ledger: Arc::new(Mutex::new(ledger)) }
}

async fn crash_everywhere(kind: Kind, manner: Manner) -> u64 {
    let (image, world) = base(Scene::Send).await;
    let node = world.node.clone();
    let shop = Shop { manner, kind, node, ledger: Arc::default() };
    let mut cases = 0;
    for k in 1.. {
        let (world, shop) = (world.fork(), forked(&shop));
        let disk = Disk::new(image.clone());
        disk.trouble(Trouble::DeathAt(k));
        if let Ok(engine) = wallet(&disk, &world, &shop) {
            act(&engine, &world, kind).await;
            rest(&engine, &world).await;
        }
        let wreck = disk.wreck();
        for (name, left) in
            [("killed", wreck.killed()), ("power cut", wreck.power_cut()), ("torn", wreck.torn(k))]
        {
            let case = format!("{kind:?} {manner:?} k={k} {name}");
            let (world, shop) = (world.fork(), forked(&shop));
            // A second death during recovery, at a place that moves with the case.
            let second = Disk::new(left);
            second.trouble(Trouble::DeathAt(1 + (k * 7 + cases) % 90));
            if let Ok(engine) = wallet(&second, &world, &shop) {
                rest(&engine, &world).await;
                act(&engine, &world, kind).await;
                rest(&engine, &world).await;
            }
            finish(second.wreck().power_cut(), &world, &shop, &case).await;
            cases += 1;
        }
        if disk.operations() < k {
            break;
        }
    }
    cases
}

#[test]
fn p1_a_crash_anywhere_in_a_purchase_hands_over_one_proof_and_pays_once() {
    let kinds = [Kind::Proof, Kind::Cheque].map(|kind| {
        std::thread::spawn(move || {
            MANNERS.into_iter().map(|manner| run(crash_everywhere(kind, manner))).sum::<u64>()
        })
    });
    let cases: u64 = kinds.into_iter().map(|half| half.join().unwrap()).sum();
    println!("P1: {cases} twofold crashes in purchases, all recovered");
    assert!(cases > 300, "{cases}");
}
