//! A whole wallet that knows nothing of the network but what ifenpay's gateway says.

use std::sync::Arc;
use std::time::Duration;

use paywarden::books::{Body, Event, Lane};
use paywarden::clock::{Clock, SystemClock};
use paywarden::engine::{Engine, Order, Paid, Parts, Rhythm};
use paywarden::ids::WalletId;
use paywarden::money::Raw;
use paywarden::nano::{Account, Network, PrivateKey, Seed};
use paywarden::payment::{PublishVia, State, Status, step};
use paywarden::policy::{Mode, Policy};
use paywarden::sandbox::disk::{Disk, Image};
use paywarden::sandbox::ifenpay::{Endpoint, Fault};
use paywarden::sandbox::nano::{Call, Fault as NodeFault, Rival};
use paywarden::store::{Guards, LedgerSigner, RedbEngine, Store};
use paywarden::wallet::{Keystore, WorkPool};
use uuid::Uuid;

use crate::bench::{Bench, xno};

const RHYTHM: Rhythm = Rhythm {
    confirming: Duration::from_millis(10),
    receiving: Duration::from_millis(50),
    retrying: Duration::from_millis(20),
};

pub fn key() -> PrivateKey {
    Seed::from_bytes([0x51; 32]).derive(0)
}

fn payee() -> Account {
    Account::from_bytes([9; 32])
}

/// A wallet behind the gateway, with 10 XNO received through it.
pub async fn wallet(bench: &Bench) -> Arc<Engine> {
    let backend = RedbEngine::with_backend(Disk::new(Image::default())).unwrap();
    let signer = LedgerSigner::from_bytes(&[5; 32]);
    let ledger_key = signer.public_pem();
    let guards = Guards { clock: Arc::new(SystemClock), signer, anchor: None, marker: None };
    let store = Store::open(Arc::new(backend), guards, false).unwrap();
    let policy = Policy { mode: Mode::Autonomous, ..Policy::sandbox() };
    let policy_hash = policy.hash();
    let (wallet_id, network) = (WalletId(Uuid::from_u128(1)), Network::Sandbox);
    let account = key().account();
    let events: Vec<Event> = vec![
        Body::WalletCreated { wallet_id, network, ledger_key }.into(),
        Body::PolicyLoaded { policy, policy_hash }.into(),
        Body::AccountAdded { index: 0, account }.into(),
    ];
    store.commit::<(), (), _>(move |_| Ok((events, ()))).await.unwrap();
    let parts = Parts {
        store,
        node: Arc::new(bench.gateway()),
        confirmations: None,
        keystore: Arc::new(Keystore::new(network, &Seed::from_bytes([0x51; 32]), 1)),
        key_file: None,
        work: WorkPool::new(network.thresholds().epoch_2_send, 0, None),
        clock: Arc::new(SystemClock),
        rhythm: RHYTHM,
        representative: network.genesis_account(),
        step,
        ledger_key: None,
        anchor: None,
    };
    let engine = Arc::new(Engine::new(parts).with_services(Arc::new(bench.ifenpay())));
    engine.start().unwrap();
    bench.node.faucet_confirmed(account, xno("10")).unwrap();
    until("the money", || lane(&engine).balance == xno("10")).await;
    engine
}

pub fn lane(engine: &Engine) -> Lane {
    engine.store().read(|view| view.lane(&key().account())).unwrap().unwrap()
}

pub async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = SystemClock.now();
    while !so() {
        assert!(SystemClock.now().since(started) < Duration::from_secs(20), "{what} does not come");
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
}

pub fn order(amount: Raw) -> Order {
    Order {
        call_id: Uuid::new_v4(),
        operation: "wallet.send",
        agent_id: None,
        destination: payee(),
        label: None,
        amount: amount.into(),
        mandate_id: None,
        memo: None,
        account: key().account(),
        idempotency_key: None,
        publish_via: PublishVia::Node,
        purpose: None,
    }
}

async fn pay(engine: &Engine, amount: Raw) -> Paid {
    let id = engine.pay(order(amount)).await.unwrap().payment.id();
    until("the end", || engine.paid(id).unwrap().payment.state.is_final()).await;
    engine.paid(id).unwrap()
}

#[tokio::test]
async fn a_wallet_with_a_key_and_no_node_receives_and_pays() {
    let bench = Bench::new().await;
    let engine = wallet(&bench).await;
    let paid = pay(&engine, xno("1")).await;
    let State::Settled { reference, .. } = &paid.payment.state else { panic!("{paid:?}") };
    let block_hash = reference.block().unwrap();
    assert!(bench.node.block(&block_hash).unwrap().confirmed);
    assert_eq!(bench.node.confirmed_balance(&key().account()), xno("9"));
    engine.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_lost_or_false_makes_one_payment_all_the_same() {
    let bench = Bench::new().await;
    let engine = wallet(&bench).await;
    let faults = [Fault::LostAnswer, Fault::LostRequest, Fault::Html502, Fault::SuccessFalse];
    for (nth, fault) in faults.into_iter().enumerate() {
        bench.simulator().queue(Endpoint::BlockPublish, fault);
        let amount = Raw::new(xno("1").get() + nth as u128);
        assert_eq!(pay(&engine, amount).await.payment.state.status(), Status::Settled);
    }
    // One block that received and four that sent.
    assert_eq!(bench.node.blocks_of(&key().account()).len(), 5);
    engine.stop().await;
}

#[tokio::test]
async fn a_confirmed_rival_ends_a_payment_and_freezes_the_account() {
    let bench = Bench::new().await;
    let engine = wallet(&bench).await;
    bench.node.queue(Call::Process, NodeFault::Fork(Rival::key(key())));
    let lost = pay(&engine, xno("1")).await;
    assert_eq!(lost.payment.state.status(), Status::Failed, "{lost:?}");
    assert!(lane(&engine).frozen.is_some());
    assert_eq!(bench.node.blocks_of(&key().account()).len(), 2);
    engine.stop().await;
}

#[tokio::test]
async fn while_the_gateway_is_silent_nothing_is_given_up() {
    let bench = Bench::new().await;
    let engine = wallet(&bench).await;
    bench.node.hold_new(true);
    let id = engine.pay(order(xno("1"))).await.unwrap().payment.id();
    until("the block", || bench.node.blocks_of(&key().account()).len() == 2).await;
    bench.simulator().stand(Endpoint::Any, Fault::Status500);
    SystemClock.sleep(Duration::from_millis(300)).await;
    let open = engine.paid(id).unwrap().payment;
    assert_eq!(open.state.status(), Status::Pending);
    assert!(open.state.holds_reservation());
    bench.simulator().clear_faults();
    let hash = open.state.block().unwrap().hash();
    bench.node.confirm(&hash).unwrap();
    until("the end", || engine.paid(id).unwrap().payment.state.is_final()).await;
    assert_eq!(engine.paid(id).unwrap().payment.state.status(), Status::Settled);
    engine.stop().await;
}
