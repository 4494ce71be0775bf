//! P10: however often, in whatever order and by however many at once webhooks are delivered, each state of an order is
//! taken once and the order never goes back; what is not signed, or is signed and not about the order as it was made,
//! changes nothing.
//!
//! `PAYWARDEN_WEBHOOKS=100000` for the full run.

use paywarden::books::{NanswapOrder, WebhookVerdict};
use paywarden::engine::Engine;
use paywarden::money::Currency;
use paywarden::providers::nanswap::{OrderStatus, Webhook, sign, verify};
use paywarden::sandbox::disk::Disk;
use paywarden::secret::Secret;
use serde_json::{Value, json};

use crate::crash::{Scene, base, open, run};
use crate::dice::{Dice, number};

const HISTORIES: [&[&str]; 5] = [
    &["waiting", "processing", "completed"],
    &["processing", "completed"],
    &["processing", "underpaid", "completed"],
    &["waiting", "error"],
    &["processing", "processing-error"],
];
const COPIES: u64 = 50;
const THREADS: usize = 32;
/// Every so many orders one is told of by many threads at once.
const RACE_EVERY: u64 = 8;

#[test]
fn p10_webhooks_in_any_number_and_order_have_one_effect() {
    let (least, seed) = (number("PAYWARDEN_WEBHOOKS", 4_000), number("PAYWARDEN_SEED", 0x3eb));
    let (image, world) = run(base(Scene::Send));
    let engine = open(&Disk::new(image), &world).unwrap();
    let mut dice = Dice(seed);
    let mut sums = Sums::default();
    for place in 0.. {
        if sums.delivered >= least {
            break;
        }
        let history = HISTORIES[dice.below(HISTORIES.len() as u64) as usize];
        tell(&engine, place, history, &mut dice, &mut sums);
    }
    let Sums { orders, delivered, accepted, forged, suspicious } = sums;
    println!(
        "P10: {delivered} webhooks about {orders} orders, {accepted} taken, {forged} not signed, {suspicious} signed and not believed, seed {seed:#x}"
    );
    let budget = engine.store().read(|view| view.budget(Currency::XNO)).unwrap();
    assert_eq!((budget.reserved, budget.settled), (0, 0), "no webhook moves money");
    assert!(run(engine.audit(true, vec![])).unwrap().report.ok);
}

#[derive(Default)]
struct Sums {
    orders: u64,
    delivered: u64,
    accepted: u64,
    forged: u64,
    suspicious: u64,
}

#[derive(Clone, Debug)]
struct Delivery {
    body: String,
    signature: String,
    /// The state it tells of, where all of it is true.
    tells: Option<&'static str>,
}

/// One order from its making to its end, told of in a mess.
fn tell(
    engine: &Engine,
    place: u64,
    history: &'static [&'static str],
    dice: &mut Dice,
    sums: &mut Sums,
) {
    let id = format!("inv{place}");
    run(engine.keep_nanswap_order(order(&id))).unwrap();
    let mess = mess(&id, history, dice);
    sums.orders += 1;
    let is_race = place % RACE_EVERY == RACE_EVERY - 1;
    let case = format!("{id} {history:?} race {is_race}");
    let accepted = if is_race { race(engine, &mess) } else { one_by_one(engine, &id, &mess, sums) };
    for status in history {
        let taken = accepted.iter().filter(|tells| *tells == status).count();
        assert!(taken <= 1, "{case}: {status} was taken {taken} times");
    }
    assert!(accepted.iter().all(|tells| history.contains(tells)), "{case}: {accepted:?}");
    assert_eq!(status_of(engine, &id), *history.last().unwrap(), "{case}: the end");
    sums.accepted += accepted.len() as u64;
    // Once more, all of it: at most one note for each text that it is a replay, and then nothing.
    one_by_one(engine, &id, &mess, sums);
    let head = engine.store().head();
    let again = one_by_one(engine, &id, &mess, sums);
    assert!(again.is_empty() && engine.store().head() == head, "{case}: a replay has an effect");
}

fn one_by_one(engine: &Engine, id: &str, mess: &[Delivery], sums: &mut Sums) -> Vec<&'static str> {
    let mut accepted = Vec::new();
    for delivery in mess {
        sums.delivered += 1;
        let before = OrderStatus::of(&status_of(engine, id));
        let verdict = deliver(engine, delivery);
        let after = OrderStatus::of(&status_of(engine, id));
        assert!(after.rank() >= before.rank(), "{id} went back from {before} to {after}");
        match (verdict, delivery.tells) {
            (Some(WebhookVerdict::Accepted), Some(tells)) => accepted.push(tells),
            (Some(WebhookVerdict::Accepted), None) => panic!("{id}: believed {delivery:?}"),
            (verdict, _) => {
                assert_eq!(before, after, "{id}: {verdict:?} has an effect");
                sums.forged += u64::from(verdict.is_none());
                sums.suspicious += u64::from(verdict.is_some() && delivery.tells.is_none());
            }
        }
    }
    accepted
}

fn race(engine: &Engine, mess: &[Delivery]) -> Vec<&'static str> {
    let share = mess.len().div_ceil(THREADS);
    std::thread::scope(|scope| {
        let tellers: Vec<_> = mess
            .chunks(share)
            .map(|mine| {
                scope.spawn(move || {
                    let taken = mine.iter().filter(|delivery| {
                        deliver(engine, delivery) == Some(WebhookVerdict::Accepted)
                    });
                    taken.map(|delivery| delivery.tells.expect("all of it is true")).collect()
                })
            })
            .collect();
        let taken = tellers.into_iter().map(|teller| teller.join().unwrap());
        taken.flat_map(|taken: Vec<_>| taken).collect()
    })
}

/// As it goes through the door: the signature first.
fn deliver(engine: &Engine, delivery: &Delivery) -> Option<WebhookVerdict> {
    let verified = verify(delivery.body.as_bytes(), &delivery.signature, &secret()).ok()?;
    let webhook = Webhook::read(&verified).ok()?;
    Some(run(engine.take_nanswap_webhook(webhook)).unwrap().verdict)
}

/// Every true webhook many times, texts of the same meaning, forgeries and lies, shuffled.
fn mess(id: &str, history: &'static [&'static str], dice: &mut Dice) -> Vec<Delivery> {
    let mut mess = Vec::new();
    for status in history {
        let truth = signed(body(id, status), Some(status));
        let mut other = body(id, status);
        other["payoutHash"] = json!("AB".repeat(32));
        let other = signed(other, Some(status));
        mess.extend((0..=dice.below(COPIES)).map(|_| truth.clone()));
        mess.extend((0..dice.below(3)).map(|_| other.clone()));
        let mut forged = truth.clone();
        forged.tells = None;
        match dice.below(4) {
            0 => forged.body = forged.body.replace("\"10\"", "\"1\""),
            1 => forged.body = forged.body.replace("\"5\"", "\"500\""),
            2 => forged.signature = sign(&forged.body, &Secret::new("another".to_owned())).unwrap(),
            _ => {
                let at = dice.below(forged.signature.len() as u64) as usize;
                let digit = if &forged.signature[at..=at] == "0" { "1" } else { "0" };
                forged.signature.replace_range(at..=at, digit);
            }
        }
        mess.push(forged);
        let mut lie = body(id, status);
        match dice.below(5) {
            0 => lie["priceAmount"] = json!("9"),
            1 => lie["payoutMethod"] = json!("dynamic"),
            2 => lie["invoicePartnerId"] = json!("somebody else's"),
            3 => lie["invoiceId"] = json!(format!("{id}x")),
            _ => drop(lie.as_object_mut().unwrap().remove("priceCurrency")),
        }
        mess.push(signed(lie, None));
    }
    for end in (1..mess.len()).rev() {
        mess.swap(end, dice.below(end as u64 + 1) as usize);
    }
    mess
}

fn signed(body: Value, tells: Option<&'static str>) -> Delivery {
    let body = body.to_string();
    let signature = sign(&body, &secret()).unwrap();
    Delivery { body, signature, tells }
}

fn body(id: &str, status: &str) -> Value {
    json!({
        "invoiceId": id, "invoicePartnerId": "A-1", "status": status, "expectedAmountFrom": "5",
        "amountFrom": "5", "payinCurrency": "XNO", "priceCurrency": "USD", "priceAmount": "10",
        "payoutMethod": "internal",
    })
}

fn order(id: &str) -> NanswapOrder {
    NanswapOrder {
        invoice_id: id.to_owned(),
        partner_id: Some("A-1".to_owned()),
        price_amount: "10".to_owned(),
        price_currency: Some("USD".to_owned()),
        payin_currency: Some("XNO".to_owned()),
        payout_currency: None,
        payout_address: None,
        payin_address: None,
        expires_at_ms: None,
        status: "waiting".to_owned(),
        agent_id: None,
        told: Vec::new(),
    }
}

fn status_of(engine: &Engine, id: &str) -> String {
    engine.nanswap_order(&id.parse().unwrap()).unwrap().unwrap().status
}

fn secret() -> Secret {
    Secret::new("a webhook secret of this test".to_owned())
}
