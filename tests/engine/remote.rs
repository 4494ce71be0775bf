//! Payees that are handed a proof: a scripted one that loses answers, says no, changes its mind, publishes or does not.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use paywarden::books::{Channel, Payment};
use paywarden::clock::Millis;
use paywarden::engine::{
    Engine, Handover, Offer, Offered, Paid, Resolution, Signing, Source, Unprepared, Wish,
};
use paywarden::failure::Failure;
use paywarden::ids::PaymentId;
use paywarden::money::{Money, Raw};
use paywarden::nano::SignedBlock;
use paywarden::network::Node;
use paywarden::payment::{
    HttpCall, Intent, PaymentHeader, Presented, Proof, Purchase, Reference, Seen, State, Status,
    Till,
};
use paywarden::policy::{Claims, CurrencyLimits, Payee, Policy, Rail, ReasonCode, Request, Terms};
use paywarden::rails::nano::frontier;
use paywarden::store::Store;
use uuid::Uuid;

use crate::stage::{
    HOURLY, Net, XNO, account, fund, lane, payee, reopened, sent_to, until, wallet,
};

const VALID: Duration = Duration::from_secs(120);

/// A payee that does as it is told, and notes what it was handed.
#[derive(Debug, Default)]
struct Script {
    answers: Mutex<VecDeque<Seen>>,
    looks: Mutex<Option<Seen>>,
    handed: Mutex<Vec<String>>,
    wants: Mutex<Option<(u128, &'static str)>>,
    store: Mutex<Option<Store>>,
    publishes: Mutex<Option<Arc<Net>>>,
}

impl Script {
    fn answering(answers: impl IntoIterator<Item = Seen>) -> Arc<Self> {
        let answers = Mutex::new(answers.into_iter().collect());
        Arc::new(Self { answers, ..Self::default() })
    }

    fn handed(&self) -> Vec<String> {
        self.handed.lock().unwrap().clone()
    }

    fn look(&self, seen: Seen) {
        *self.looks.lock().unwrap() = Some(seen);
    }
}

#[async_trait]
impl Handover for Script {
    async fn prepare(&self, payment: &Payment) -> Result<Offered, Unprepared> {
        let wants = *self.wants.lock().unwrap();
        let (amount, pay_to) = wants.unwrap_or((payment.request.amount.amount, "0xshop"));
        let currency = payment.request.amount.currency;
        let signing = Signing::Proof(Box::new(proof));
        let terms = Some(terms(pay_to));
        Ok(Offered { amount: Money { amount, currency }, terms, cart: None, signing })
    }

    async fn hand_over(&self, payment: &Payment, intent: &Intent) -> Seen {
        let stored = self.store.lock().unwrap().as_ref().map(|store| {
            let row = store.read(|view| view.payment(payment.id())).unwrap().unwrap();
            row.state.intent() == Some(intent)
        });
        assert_ne!(stored, Some(false), "only what is durable leaves");
        self.handed.lock().unwrap().push(serde_json::to_string(intent).unwrap());
        let net = self.publishes.lock().unwrap().clone();
        if let (Some(net), Intent::Cheque(cheque)) = (net, intent) {
            net.process(&cheque.sent.block, None).await.unwrap();
        }
        self.answers.lock().unwrap().pop_front().unwrap_or(Seen::Open)
    }

    async fn look(&self, _: &Payment, _: &Presented, _: Millis) -> Seen {
        self.looks.lock().unwrap().clone().unwrap_or(Seen::Open)
    }
}

fn proof(
    grant: paywarden::policy::Grant,
    request: &Request,
    attempt: u32,
    now: Millis,
) -> Result<Presented, String> {
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

fn terms(pay_to: &str) -> Terms {
    let text = str::to_owned;
    let (scheme, network) = (text("exact"), text("eip155:84532"));
    Terms { scheme, network, asset: text("0xtoken"), pay_to: text(pay_to) }
}

fn usdc(amount: u128) -> Money {
    Money { amount, currency: "USDC".parse().unwrap() }
}

fn with_usdc(policy: &mut Policy) {
    let limits = CurrencyLimits { hard_limit: 5_000_000, auto_approve: 1_000_000 };
    policy.limits.insert("USDC".parse().unwrap(), limits);
}

fn wish(most: Money, key: Option<&str>) -> Wish {
    let url = "https://shop.example/weather".to_owned();
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
        idempotency_key: key.map(|key| key.to_owned().try_into().unwrap()),
        purchase: Purchase::X402(HttpCall {
            method: "GET".into(),
            url,
            headers: BTreeMap::new(),
            body: None,
        }),
        purpose: None,
    }
}

fn offer(amount: Money, pay_to: &str) -> Offer {
    let source = Source::Proof(Box::new(proof));
    Offer { amount, terms: Some(terms(pay_to)), cart: None, source }
}

fn with_script(engine: Arc<Engine>, script: &Arc<Script>) -> Arc<Engine> {
    *script.store.lock().unwrap() = Some(engine.store().clone());
    let engine = Arc::into_inner(engine).unwrap();
    let engine = Arc::new(engine.with_handover(Till::X402, Arc::clone(script) as _));
    engine.start().unwrap();
    engine
}

async fn shopper(net: &Arc<Net>, script: &Arc<Script>) -> Arc<Engine> {
    with_script(wallet(net, 1, HOURLY, with_usdc).await, script)
}

async fn buy(engine: &Engine, amount: u128, key: Option<&str>) -> Result<Paid, Failure> {
    engine.buy(wish(usdc(1_000_000), key), offer(usdc(amount), "0xshop")).await
}

fn status(engine: &Engine, id: PaymentId) -> Status {
    engine.paid(id).unwrap().payment.state.status()
}

fn budget(engine: &Engine) -> (u128, u128) {
    let budget = engine.store().read(|view| view.budget("USDC".parse().unwrap())).unwrap();
    (budget.reserved, budget.settled)
}

fn paid_as(text: &str) -> Seen {
    Seen::Paid(Reference::try_from(text.to_owned()).unwrap())
}

async fn checked(engine: Arc<Engine>) {
    let report = engine.audit(true, vec![]).await.unwrap().report;
    assert!(report.ok, "{report:?}");
    engine.stop().await;
}

#[tokio::test]
async fn a_proof_is_durable_before_it_leaves_and_settles_once() {
    let script = Script::answering([paid_as("0xabc")]);
    let engine = shopper(&Net::new(), &script).await;
    let paid = buy(&engine, 10_000, None).await.unwrap();
    let id = paid.payment.id();
    assert!(matches!(paid.payment.state, State::Intent(_)), "signed with the decision");
    until("the end", || status(&engine, id) == Status::Settled).await;
    assert_eq!((script.handed().len(), budget(&engine)), (1, (0, 10_000)));
    let State::Settled { reference, .. } = engine.paid(id).unwrap().payment.state else { panic!() };
    assert_eq!(reference.as_str(), "0xabc");
    let pin = engine.store().read(|view| view.pin("https://shop.example", "eip155:84532"));
    assert_eq!(pin.unwrap().unwrap().pay_to, "0xshop");
    // Settled purchases may be made again: the answer may be another.
    assert!(buy(&engine, 10_000, None).await.is_ok());
    checked(engine).await;
}

#[tokio::test]
async fn a_lost_answer_is_met_with_the_same_bytes_and_a_repeat_with_its_payment() {
    let net = Net::new();
    let script = Script::answering([Seen::Open, Seen::Open, paid_as("0x1")]);
    let engine = shopper(&net, &script).await;
    let id = buy(&engine, 10_000, Some("k")).await.unwrap().payment.id();
    until("the first try", || script.handed().len() == 1).await;
    for _ in 0..3 {
        assert_eq!(buy(&engine, 10_000, Some("k")).await.unwrap().payment.id(), id);
        assert_eq!(buy(&engine, 10_000, None).await.unwrap_err().code, "SUSPECTED_DUPLICATE");
    }
    net.later.fetch_add(2_500, Ordering::SeqCst);
    until("the second try", || script.handed().len() == 2).await;
    net.later.fetch_add(4_500, Ordering::SeqCst);
    until("the end", || status(&engine, id) == Status::Settled).await;
    let handed = script.handed();
    assert_eq!((handed.len(), &handed[0], &handed[1]), (3, &handed[1], &handed[2]));
    assert_eq!(budget(&engine), (0, 10_000));
    let other = engine.buy(wish(usdc(7), Some("k")), offer(usdc(5), "0xshop")).await.unwrap_err();
    assert_eq!(other.code, "IDEMPOTENCY_CONFLICT");
    checked(engine).await;
}

#[tokio::test]
async fn a_no_keeps_the_budget_until_whoever_moves_money_says_so() {
    let net = Net::new();
    let script = Script::answering([Seen::Refused]);
    let engine = shopper(&net, &script).await;
    let id = buy(&engine, 10_000, None).await.unwrap().payment.id();
    until("the no", || script.handed().len() == 1).await;
    net.later.fetch_add(60_000, Ordering::SeqCst);
    engine.store().commit::<(), (), _>(|_| Ok((vec![], ()))).await.unwrap();
    assert_eq!((status(&engine, id), budget(&engine)), (Status::Pending, (10_000, 0)));
    net.later.fetch_add(61_000, Ordering::SeqCst);
    let unknown = || matches!(engine.paid(id).unwrap().payment.state, State::Unknown(_));
    until("unknown", unknown).await;
    assert_eq!((script.handed().len(), budget(&engine)), (1, (10_000, 0)));
    script.look(Seen::Void);
    engine.freeze("a look".to_owned()).await.unwrap();
    engine.unfreeze().await.unwrap();
    until("the end", || status(&engine, id) == Status::Failed).await;
    assert_eq!(budget(&engine), (0, 0));
    checked(engine).await;
}

#[tokio::test]
async fn a_restart_hands_over_what_was_there_before() {
    let net = Net::new();
    let script = Script::answering([Seen::Open]);
    let engine = shopper(&net, &script).await;
    let id = buy(&engine, 10_000, None).await.unwrap().payment.id();
    until("the first try", || script.handed().len() == 1).await;
    engine.stop().await;
    let again = Script::answering([paid_as("0x1")]);
    let engine = with_script(reopened(&net, 1, HOURLY), &again);
    until("the end", || status(&engine, id) == Status::Settled).await;
    assert_eq!(again.handed(), script.handed());
    assert_eq!(budget(&engine), (0, 10_000));
    checked(engine).await;
}

#[tokio::test]
async fn what_was_approved_is_what_is_paid_or_nothing() {
    let net = Net::new();
    for (wants, ending) in [
        (None, Status::Settled),
        (Some((2_000_001, "0xshop")), Status::Failed),
        (Some((1_999_999, "0xshop")), Status::Failed),
        (Some((2_000_000, "0xother")), Status::Failed),
    ] {
        let script = Script::answering([paid_as("0x1")]);
        *script.wants.lock().unwrap() = wants;
        let engine = shopper(&net, &script).await;
        let asked = engine.buy(wish(usdc(3_000_000), None), offer(usdc(2_000_000), "0xshop")).await;
        let id = asked.unwrap().payment.id();
        assert_eq!(status(&engine, id), Status::PendingApproval);
        let approval_id = engine.approvals().unwrap()[0].id;
        let (channel, reason, call_id) = (Channel::Cli, None, None);
        let yes = Resolution { approval_id, approved: true, channel, reason, call_id };
        engine.answer_approval(yes).await.unwrap();
        until("the end", || engine.paid(id).unwrap().payment.state.is_final()).await;
        let state = engine.paid(id).unwrap().payment.state;
        assert_eq!(state.status(), ending, "{wants:?}");
        if let State::Released { reason_code, .. } = state {
            assert_eq!(reason_code, ReasonCode::OfferChanged);
            assert!(script.handed().is_empty() && budget(&engine) == (0, 0));
        }
        checked(engine).await;
    }
}

#[tokio::test]
async fn a_seller_that_wants_its_money_elsewhere_waits_for_the_owner() {
    let script = Script::answering([paid_as("0x1")]);
    let engine = shopper(&Net::new(), &script).await;
    let id = buy(&engine, 10, None).await.unwrap().payment.id();
    until("the end", || status(&engine, id) == Status::Settled).await;
    let moved = engine.buy(wish(usdc(10), None), offer(usdc(10), "0xother")).await.unwrap();
    assert_eq!(moved.payment.state.status(), Status::PendingApproval);
    let dear = engine.buy(wish(usdc(10), Some("d")), offer(usdc(11), "0xshop")).await.unwrap_err();
    assert_eq!(dear.code, "PRICE_TOO_HIGH");
    checked(engine).await;
}

async fn cheque_buyer(net: &Arc<Net>, script: &Arc<Script>) -> (Arc<Engine>, PaymentId) {
    let engine = with_script(wallet(net, 1, HOURLY, |_| {}).await, script);
    until("following", || !net.followed.lock().unwrap().is_empty()).await;
    let hash = fund(net, 0, 10).await;
    net.tell(sent_to(0, hash));
    until("the money", || lane(&engine, 0).balance == Raw::new(10 * XNO)).await;
    let head = frontier(&**net, engine.network(), account(0)).await.unwrap();
    let work =
        paywarden::wallet::WorkPool::new(engine.network().thresholds().epoch_2_send, 1, None)
            .obtain(head.hash().into())
            .await
            .unwrap();
    let header = |block: &SignedBlock| {
        let value = block.hash().to_string();
        Ok(PaymentHeader { name: "payment-signature".into(), value })
    };
    let one = Money::xno(Raw::new(XNO));
    let terms = Terms { asset: "XNO".into(), ..terms(&payee().to_string()) };
    let place = Some((head, work));
    let source =
        Source::Lane { account: account(0), place, header: Box::new(header), timeout_ms: 60_000 };
    let offer = Offer { amount: one, terms: Some(terms), cart: None, source };
    let paid = engine.buy(wish(one, None), offer).await.unwrap();
    assert!(paid.payment.state.cheque().is_some(), "{paid:?}");
    (engine, paid.payment.id())
}

#[tokio::test]
async fn a_cheque_that_the_seller_publishes_settles() {
    let net = Net::new();
    let script = Script::answering([Seen::Open]);
    *script.publishes.lock().unwrap() = Some(Arc::clone(&net));
    let (engine, id) = cheque_buyer(&net, &script).await;
    until("the end", || status(&engine, id) == Status::Settled).await;
    assert_eq!(script.handed().len(), 1);
    assert_eq!(lane(&engine, 0).balance, Raw::new(9 * XNO));
    checked(engine).await;
}

#[tokio::test]
async fn a_cheque_that_nobody_publishes_holds_its_account_and_is_voided_after_its_time() {
    let net = Net::new();
    let script = Script::answering([Seen::Refused]);
    let (engine, id) = cheque_buyer(&net, &script).await;
    until("the no", || script.handed().len() == 1).await;
    assert_eq!(status(&engine, id), Status::Pending);
    let second = engine.pay(crate::stage::order(Raw::new(XNO).into(), Some("b"))).await.unwrap();
    assert!(matches!(second.payment.state, State::Reserved { .. }), "the account is held");
    net.later.fetch_add(61_000, Ordering::SeqCst);
    until("the end", || status(&engine, id) == Status::Failed).await;
    let State::Released { reason_code, .. } = engine.paid(id).unwrap().payment.state else {
        panic!("not released")
    };
    assert_eq!((reason_code, script.handed().len()), (ReasonCode::Lapsed, 1));
    until("the second", || status(&engine, second.payment.id()) == Status::Settled).await;
    assert_eq!(lane(&engine, 0).balance, Raw::new(9 * XNO));
    checked(engine).await;
}
