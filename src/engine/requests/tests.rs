//! How many may be watched, and whether a store without room says so.

use super::*;
use crate::books::{Event, MemoryRows, RequestCounters, Rows as _, RowsMut as _, Table, apply};
use crate::clock::Millis;

fn order(n: u32) -> RequestOrder {
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    RequestOrder {
        call_id: Uuid::from_u128(u128::from(n)),
        agent_id: None,
        account: Account::from_bytes(bytes),
        asked: Raw::ONE_XNO,
        open_for: limits::REQUEST_OPEN,
        redirect_url: None,
        memo: None,
    }
}

fn made(rows: &MemoryRows, n: u32) -> Result<NewRequest, String> {
    let baseline = Baseline { height: 0, before: Vec::new() };
    match created(&View::new(rows, Millis(5)), order(n), baseline, 0) {
        Ok(new) => Ok(new),
        Err(Refusal::No(failure)) => Err(failure.code.into_owned()),
        Err(Refusal::Rows(error)) => panic!("{error}"),
    }
}

/// Books with one request whose counters were set to what many would have made them.
fn counted(counters: RequestCounters) -> MemoryRows {
    let mut rows = MemoryRows::default();
    let first = Event::from(Body::RequestCreated(Box::new(made(&rows, 0).unwrap())));
    apply(&mut rows, 1, Millis(5), &first).unwrap();
    assert!(rows.get(Table::Singles, b"requests").unwrap().is_some());
    rows.put(Table::Singles, b"requests", serde_json::to_vec(&counters).unwrap());
    rows
}

#[test]
fn requests_are_watched_up_to_their_bound() {
    let most = limits::REQUESTS_WATCHED;
    let at = |watched| made(&counted(RequestCounters { watched, accounts: 1 }), 1).map(|_| ());
    assert_eq!(at(most - 1), Ok(()));
    assert_eq!(at(most), Err("TOO_MANY_REQUESTS".to_owned()));
}

#[test]
fn accounts_are_watched_up_to_their_bound_and_more_requests_to_them_are_welcome() {
    let most = limits::REQUEST_ACCOUNTS;
    let full = counted(RequestCounters { watched: most, accounts: most });
    let room = counted(RequestCounters { watched: most, accounts: most - 1 });
    assert!(made(&room, 1).is_ok());
    assert_eq!(made(&full, 1).unwrap_err(), "TOO_MANY_REQUESTS");
    let known = RequestOrder { account: order(0).account, ..order(1) };
    let baseline = Baseline { height: 3, before: Vec::new() };
    let again = created(&View::new(&full, Millis(5)), known, baseline, 0);
    assert!(again.is_ok_and(|new| new.height.is_none()), "it is looked at from where it was");
}
