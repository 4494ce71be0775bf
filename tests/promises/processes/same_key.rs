//! P4: one idempotency key from every process at once is one payment with one answer; with other arguments it is
//! refused.

use std::collections::HashSet;
use std::sync::{Barrier, Mutex};

use paywarden::clock::{Clock, SystemClock};
use serde_json::Value;

use super::fleet::{Fleet, Said};
use super::{blocks_to_shop, stormy_home};

#[test]
fn p4_one_key_from_every_process_is_one_payment() {
    let fleet = Fleet::start(stormy_home(), PROCESSES);
    let barrier = Barrier::new(PROCESSES * THREADS_EACH);
    let answers = Mutex::new(vec![HashSet::<Vec<String>>::new(); KEYS]);
    let started = SystemClock.now();
    std::thread::scope(|scope| {
        for thread in 0..PROCESSES * THREADS_EACH {
            let (fleet, barrier, answers) = (&fleet, &barrier, &answers);
            scope.spawn(move || {
                for number in 0..KEYS {
                    barrier.wait();
                    let said = fleet.send(thread % PROCESSES, &key(number), "0.5");
                    let Ok(Said::Facts(facts)) = said else { panic!("{said:?}") };
                    answers.lock().unwrap()[number].insert(told(&facts));
                }
            });
        }
    });
    let took = SystemClock.now().since(started);
    let answers = answers.into_inner().unwrap();
    for (number, told) in answers.iter().enumerate() {
        assert_eq!(told.len(), 1, "key {number}: {told:?}");
    }
    for slot in 0..PROCESSES {
        let said = fleet.send(slot, &key(0), "0.25").unwrap();
        let Said::Error(text) = said else { panic!("{said:?}") };
        assert!(text.starts_with("IDEMPOTENCY_CONFLICT: "), "{text}");
        let id = answers[0].iter().next().unwrap()[0].trim_matches('"');
        assert!(text.contains(id) && text.contains("Nothing was sent."), "{text}");
    }
    let home = fleet.end();
    assert_eq!(blocks_to_shop(&home).len(), KEYS);
    assert_eq!(home.json(&["ledger", "verify", "--deep"])["ok"], true);
    let calls = KEYS * PROCESSES * THREADS_EACH;
    println!(
        "P4: {KEYS} keys x {PROCESSES} processes x {THREADS_EACH} threads = {calls} calls, {KEYS} payments, {took:?}"
    );
}

fn key(number: usize) -> String {
    format!("same-{number}")
}

/// What must be the same in every answer.
fn told(facts: &Value) -> Vec<String> {
    ["payment_id", "block_hash", "status", "amount"].map(|name| facts[name].to_string()).into()
}

const PROCESSES: usize = 3;
const THREADS_EACH: usize = 16;
const KEYS: usize = 64;
