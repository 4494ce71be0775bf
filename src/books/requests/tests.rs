//! The rows of requests under any order of requests, payments and ends.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::books::{Body, Event, MemoryRows, apply};
use crate::payment::own_amount;

fn account(n: u8) -> Account {
    Account::from_bytes([n; 32])
}

fn id(n: usize) -> RequestId {
    RequestId(Uuid::from_u128(n as u128))
}

/// A wallet's books and its place in the chain.
#[derive(Default)]
struct Books {
    rows: MemoryRows,
    seq: u64,
}

impl Books {
    fn view(&self) -> View<'_> {
        View::new(&self.rows, Millis(0))
    }

    fn book(&mut self, body: Body) -> bool {
        let mut rows = self.rows.clone();
        let event = Event::from(body);
        // What the ledger would hold reads back as the same event.
        let (kind, _, data) = event.clone().into_parts();
        let read: Body =
            serde_json::from_value(serde_json::json!({"type": kind, "data": data})).unwrap();
        assert_eq!(read, event.body);
        let fits = apply(&mut rows, self.seq + 1, Millis(0), &event).is_ok();
        if fits {
            self.rows = rows;
            self.seq += 1;
        }
        fits
    }

    fn ask(&mut self, n: usize, to: Account, asked: Raw) -> PaymentRequest {
        let taken = |amount| self.view().is_amount_taken(&to, amount);
        let amount_raw = own_amount(asked, n as u32, taken).unwrap().unwrap();
        let claim = Claim {
            request_id: id(n),
            asked_raw: asked,
            amount_raw,
            created_at_ms: Millis(100_000),
            expires_at_ms: Millis(200_000),
            before: Vec::new(),
        };
        let height = self.view().watch(&to).unwrap().is_none().then_some(7);
        let new = NewRequest {
            claim,
            account: to,
            agent_id: None,
            redirect_url: None,
            memo: None,
            height,
        };
        assert!(self.book(Body::RequestCreated(Box::new(new))));
        self.view().request(id(n)).unwrap().unwrap()
    }

    fn pay(&mut self, to: Account, block: u8, amount: Raw, at: u64) -> Option<RequestReceipt> {
        let block_hash = BlockHash::from_bytes([block; 32]);
        let arrival = Arrival { block_hash, amount, at: Millis(at) };
        let found = self.view().match_request(&to, &arrival).unwrap()?;
        let receipt = RequestReceipt {
            request_id: found.request_id,
            block_hash,
            payer: account(9),
            amount_raw: amount,
            paid_at_ms: Millis(at),
            fit: found.fit,
            late: found.late,
        };
        let body = match found.fit {
            Fit::Exact | Fit::Asked => Body::RequestPaid(receipt.clone()),
            Fit::Under => Body::RequestUnderpaid(receipt.clone()),
            Fit::Over => Body::RequestOverpaid(receipt.clone()),
        };
        assert!(self.book(body));
        Some(receipt)
    }

    fn rows_of(&self, table: Table) -> usize {
        self.rows.table(table).count()
    }
}

#[test]
fn a_block_that_was_taken_is_never_taken_again_even_by_force() {
    let mut books = Books::default();
    let one = books.ask(1, account(1), Raw::ONE_XNO);
    let two = books.ask(2, account(1), Raw::ONE_XNO);
    let receipt = books.pay(account(1), 5, one.claim.amount_raw, 150_000).unwrap();
    assert_eq!(books.pay(account(1), 5, two.claim.amount_raw, 150_000), None);
    let stolen = RequestReceipt {
        request_id: two.id(),
        amount_raw: two.claim.amount_raw,
        ..receipt.clone()
    };
    assert!(!books.book(Body::RequestPaid(stolen.clone())));
    let other = BlockHash::from_bytes([6; 32]);
    let less = RequestReceipt { block_hash: other, amount_raw: Raw::new(1), ..stolen.clone() };
    assert!(!books.book(Body::RequestPaid(less.clone())), "no request is paid by less");
    assert!(!books.book(Body::RequestOverpaid(RequestReceipt { fit: Fit::Over, ..less })));
    // Paid once is paid for ever.
    assert!(!books.book(Body::RequestPaid(RequestReceipt { block_hash: other, ..receipt })));
    assert!(!books.book(Body::RequestExpired(RequestEnd { request_id: one.id() })));
    assert!(books.book(Body::RequestPaid(RequestReceipt { block_hash: other, ..stolen })));
}

#[test]
fn the_cursor_of_an_account_only_grows_and_ends_with_its_requests() {
    let mut books = Books::default();
    let request = books.ask(1, account(1), Raw::ONE_XNO);
    let scanned = |height| Body::RequestScanned(RequestScan { account: account(1), height });
    assert!(!books.book(scanned(7)));
    assert!(books.book(scanned(8)));
    assert!(!books.book(Body::RequestScanned(RequestScan { account: account(2), height: 8 })));
    assert!(books.book(Body::RequestExpired(RequestEnd { request_id: request.id() })));
    let ends = books.view().request_ends(8).unwrap();
    assert_eq!(ends[0].0, Millis(200_000).plus(limits::REQUEST_LATE));
    assert!(books.book(Body::RequestClosed(RequestEnd { request_id: request.id() })));
    assert!(!books.book(scanned(9)));
    assert_eq!(books.view().request_counters().unwrap(), RequestCounters::default());
}

#[test]
fn one_open_among_the_rivals_that_are_compared_is_found_and_one_further_back_is_not() {
    for (expired, found) in [(limits::REQUEST_RIVALS - 1, true), (limits::REQUEST_RIVALS, false)] {
        let mut books = Books::default();
        books.ask(0, account(1), Raw::ONE_XNO);
        for n in 1..=expired {
            let mut request = books.ask(n, account(1), Raw::ONE_XNO);
            request.claim.expires_at_ms = Millis(120_000);
            let row = serde_json::to_vec(&request).unwrap();
            crate::books::RowsMut::put(
                &mut books.rows,
                Table::Requests,
                request.id().as_bytes(),
                row,
            );
        }
        let paid = books.pay(account(1), 5, Raw::ONE_XNO, 150_000);
        assert_eq!(paid.map(|receipt| receipt.request_id), found.then_some(id(0)));
    }
}

proptest! {
    #[test]
    fn any_order_keeps_the_rows_in_step(
        steps in prop::collection::vec((0..4u8, 0..12usize, 1..4u8, 100_000..300_000u64), 1..60),
    ) {
        let mut books = Books::default();
        let mut made: Vec<RequestId> = Vec::new();
        let mut taken: std::collections::BTreeMap<BlockHash, RequestId> = Default::default();
        for (n, (step, which, small, at)) in steps.into_iter().enumerate() {
            let meant = made.get(which % made.len().max(1)).copied();
            let row = meant.and_then(|id| books.view().request(id).unwrap());
            match (step, row) {
                (0, _) | (_, None) => {
                    let asked = Raw::new(u128::from(small) * 10_u128.pow(25));
                    made.push(books.ask(n, account(small % 2), asked).id());
                }
                (1, Some(request)) => {
                    let amount = match small {
                        1 => request.claim.amount_raw,
                        2 => request.claim.asked_raw,
                        _ => Raw::new(request.claim.asked_raw.get() / 2),
                    };
                    // Blocks repeat now and then.
                    let block = u8::try_from(n % 25).unwrap();
                    if let Some(receipt) = books.pay(request.account, block, amount, at) {
                        prop_assert!(taken.insert(receipt.block_hash, receipt.request_id).is_none());
                    }
                }
                (2, Some(request)) => {
                    let ends = Body::RequestExpired(RequestEnd { request_id: request.id() });
                    prop_assert_eq!(books.book(ends), request.state == RequestState::Open);
                }
                (_, Some(request)) => {
                    let closed = Body::RequestClosed(RequestEnd { request_id: request.id() });
                    let may = request.is_watched();
                    prop_assert_eq!(books.book(closed), may);
                }
            }
            let rows: Vec<PaymentRequest> =
                made.iter().map(|id| books.view().request(*id).unwrap().unwrap()).collect();
            let watched = rows.iter().filter(|row| row.is_watched()).count();
            for table in [Table::RequestAmounts, Table::RequestAsks, Table::RequestEnds] {
                prop_assert_eq!(books.rows_of(table), watched);
            }
            prop_assert_eq!(books.view().request_counters().unwrap().watched as usize, watched);
            prop_assert_eq!(books.rows_of(Table::RequestBlocks), taken.len());
            for row in &rows {
                if let RequestState::Paid(receipt) = &row.state {
                    prop_assert!(receipt.amount_raw >= row.claim.asked_raw);
                    prop_assert_eq!(taken.get(&receipt.block_hash), Some(&row.id()));
                }
            }
            let listed = books.view().requests(None, 1_000).unwrap();
            prop_assert_eq!(listed.len(), made.len());
        }
    }
}
