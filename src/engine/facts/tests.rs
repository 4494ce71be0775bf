//! Property: whatever is asked, answered, settled, lost, amended and however the clock jumps, what is settled and held
//! under a mandate never exceeds a cap, for ever or in any window. The model counts everything anew from its own notes.

use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::facts;
use crate::books::{
    Body, Event, KeyValue, MemoryRows, NewPayment, Rows, RowsError, Scan, Settlement, Table, View,
    apply,
};
use crate::clock::Millis;
use crate::engine::sign;
use crate::ids::{ApprovalId, PaymentId};
use crate::money::{Currency, Money, Raw};
use crate::nano::{Account, BlockHash, Link, Signature, SignedBlock, StateBlock, Subtype};
use crate::payment::{BlockIntent, Intent, State};
use crate::policy::{
    Claims, Decision, Mandate, Mode, Outcome, Payee, Policy, Rail, ReasonCode, Request, Stage,
    decide,
};

mod clock;

const US: Account = Account::from_bytes([1; 32]);
const SHOP: Account = Account::from_bytes([2; 32]);
const FUNDS: u128 = 1_000_000;
const IDS: [&str; 2] = ["tea", "te"];

#[derive(Clone, Debug)]
enum Step {
    Ask { mandate: usize, amount: u128 },
    Answer { payment: usize, approved: bool },
    Sign { payment: usize },
    Settle,
    Lose,
    Void,
    Pass { ms: u64 },
    Write { mandate: usize, cap: u128, window: u128, ms: u64, count: u32 },
    Revoke { mandate: usize },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..2usize, 1..9u128).prop_map(|(mandate, amount)| Step::Ask { mandate, amount }),
        3 => (0..40usize, any::<bool>())
            .prop_map(|(payment, approved)| Step::Answer { payment, approved }),
        6 => (0..40usize).prop_map(|payment| Step::Sign { payment }),
        6 => Just(Step::Settle),
        1 => Just(Step::Lose),
        1 => Just(Step::Void),
        5 => prop_oneof![0..40u64, Just(0), Just(100_000)].prop_map(|ms| Step::Pass { ms }),
        1 => (0..2usize, 1..60u128, 1..30u128, 1_000..1_080u64, 1..8u32).prop_map(
            |(mandate, cap, window, ms, count)| Step::Write { mandate, cap, window, ms, count }
        ),
        1 => (0..20usize).prop_map(|mandate| Step::Revoke { mandate }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn settled_and_held_never_exceed_a_cap(steps in prop::collection::vec(step(), 1..120)) {
        let mut wallet = Wallet::new();
        for step in steps {
            wallet.take(step);
            wallet.check_usage();
        }
        wallet.check_windows();
    }
}

/// With the same mandate throughout, no window anywhere on the line of time holds more than its cap.
#[test]
fn a_window_is_exact_at_its_edges() {
    let mut wallet = Wallet::new();
    wallet.take(Step::Write { mandate: 0, cap: 1_000, window: 8, ms: 1_000, count: 9 });
    let pay = |wallet: &mut Wallet| {
        wallet.take(Step::Ask { mandate: 0, amount: 4 });
        let last = wallet.notes.len() - 1;
        wallet.take(Step::Sign { payment: last });
        wallet.take(Step::Settle);
        wallet.notes[last].settled.is_some()
    };
    let start = wallet.at;
    assert!(pay(&mut wallet));
    wallet.at = Millis(start.0 + 500);
    assert!(pay(&mut wallet), "equal to the cap passes");
    assert!(!pay(&mut wallet), "one past it does not");
    wallet.at = Millis(start.0 + 999);
    assert!(!pay(&mut wallet), "a millisecond before the first has left");
    wallet.at = Millis(start.0 + 1_000);
    assert!(pay(&mut wallet), "the first has left");
    assert!(!pay(&mut wallet));
    wallet.at = Millis(start.0 + 1_500);
    assert!(pay(&mut wallet));
    wallet.check_usage();
}

#[test]
fn what_was_held_under_an_old_version_still_counts() {
    let mut wallet = Wallet::new();
    let write = |cap| Step::Write { mandate: 0, cap, window: 500, ms: 1_000, count: 9 };
    wallet.take(write(10));
    wallet.take(Step::Ask { mandate: 0, amount: 4 });
    wallet.take(write(8));
    wallet.take(Step::Ask { mandate: 0, amount: 5 });
    assert_eq!(wallet.last().1, ReasonCode::MandateCap);
    wallet.take(Step::Ask { mandate: 0, amount: 4 });
    assert_eq!(wallet.last().0, Outcome::Allow);
    // Lowered below what is held: the next look at each refuses it, until the rest fits.
    wallet.take(write(4));
    wallet.take(Step::Sign { payment: 0 });
    assert_eq!(wallet.last(), (Outcome::Deny, ReasonCode::MandateCap));
    wallet.take(Step::Sign { payment: 2 });
    assert_eq!(wallet.last().0, Outcome::Allow);
    wallet.take(Step::Revoke { mandate: 0 });
    wallet.take(Step::Ask { mandate: 0, amount: 1 });
    assert_eq!(wallet.last(), (Outcome::Deny, ReasonCode::MandateRevoked));
    wallet.check_usage();
}

/// A look at a budget costs the same after a thousand payments as after one.
#[test]
fn a_decision_reads_as_many_rows_however_much_was_paid() {
    let mut wallet = Wallet::new();
    wallet.take(Step::Write { mandate: 0, cap: 900_000, window: 900_000, ms: 1_000, count: 9_000 });
    let mut looks = Vec::new();
    for number in 0..150 {
        wallet.take(Step::Pass { ms: 7 });
        wallet.take(Step::Ask { mandate: 0, amount: 1 });
        wallet.take(Step::Sign { payment: number });
        wallet.take(Step::Settle);
        let payment = wallet.view().payment(wallet.notes[number].id).unwrap().unwrap();
        let counting = Counting { rows: &wallet.rows, looks: std::cell::Cell::new(0) };
        let view = View::new(&counting, wallet.at);
        facts(&view, &wallet.policy, &payment.request, Stage::New).unwrap();
        looks.push(counting.looks.get());
    }
    assert!(looks.iter().all(|count| *count == looks[149]), "{looks:?}");
    assert!(looks[149] <= 8, "{} rows", looks[149]);
}

/// Counts rows that are asked for.
struct Counting<'a> {
    rows: &'a MemoryRows,
    looks: std::cell::Cell<usize>,
}

impl Rows for Counting<'_> {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, RowsError> {
        self.looks.set(self.looks.get() + 1);
        self.rows.get(table, key)
    }

    fn scan(&self, table: Table, scan: &Scan<'_>) -> Result<Vec<KeyValue>, RowsError> {
        self.looks.set(self.looks.get() + scan.limit);
        self.rows.scan(table, scan)
    }
}

/// What the model knows of one payment.
struct Note {
    id: PaymentId,
    mandate: usize,
    amount: u128,
    held: bool,
    settled: Option<Millis>,
}

struct Wallet {
    rows: MemoryRows,
    seq: u64,
    at: Millis,
    policy: Policy,
    notes: Vec<Note>,
    versions: [Option<Mandate>; 2],
    revoked: [bool; 2],
    amended: bool,
    last: Option<(Outcome, ReasonCode)>,
}

impl Wallet {
    fn new() -> Self {
        let mut policy = Policy { mode: Mode::Tiered, ..Policy::sandbox() };
        let limits = policy.limits.get_mut(&Currency::XNO).unwrap();
        (limits.hard_limit, limits.auto_approve) = (1_000, 6);
        let mut wallet = Self {
            rows: MemoryRows::default(),
            seq: 0,
            at: Millis(1_000_000),
            policy: policy.clone(),
            notes: Vec::new(),
            versions: [None, None],
            revoked: [false; 2],
            amended: false,
            last: None,
        };
        let policy_hash = policy.hash();
        wallet.book(Body::PolicyLoaded { policy, policy_hash }.into());
        wallet.book(Body::AccountAdded { index: 0, account: US }.into());
        let source = BlockHash::from_bytes([9; 32]);
        let intent = block(BlockHash::ZERO, FUNDS, source.into(), FUNDS, 1);
        let block_hash = intent.hash();
        let sender = SHOP;
        wallet.book(Body::ReceiveIntent { source, sender, block_hash, intent }.into());
        let amount_raw = Raw::new(FUNDS);
        let account = US;
        let received = Body::FundsReceived { account, amount_raw, block_hash, source, sender };
        wallet.book(received.into());
        for mandate in 0..2 {
            wallet.take(Step::Write { mandate, cap: 40, window: 20, ms: 1_030, count: 6 });
        }
        wallet.amended = false;
        wallet
    }

    fn last(&self) -> (Outcome, ReasonCode) {
        self.last.unwrap()
    }

    fn book(&mut self, event: Event) {
        self.seq += 1;
        apply(&mut self.rows, self.seq, self.at, &event).unwrap();
    }

    fn view(&self) -> View<'_> {
        View::new(&self.rows, self.at)
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Ask { mandate, amount } => self.ask(mandate, amount),
            Step::Answer { payment, approved } => self.answer(payment, approved),
            Step::Sign { payment } => self.sign(payment),
            Step::Settle => self.settle(),
            Step::Lose => self.end_open(|id, rival| {
                let reason_code = ReasonCode::RivalConfirmed;
                let reason = String::new();
                Event::of(id, Body::PaymentReleased { reason_code, reason, rival: Some(rival) })
            }),
            Step::Void => self.end_open(|id, rival| {
                Event::of(id, Body::PaymentVoided { rival, reason: String::new() })
            }),
            Step::Pass { ms } => self.at = Millis(self.at.0 + ms),
            Step::Write { mandate, cap, window, ms, count } => {
                self.write(mandate, cap, window, ms, count);
            }
            Step::Revoke { mandate } => {
                if mandate < 2 && !self.revoked[mandate] && self.versions[mandate].is_some() {
                    let mandate_id = IDS[mandate].to_owned();
                    self.book(Body::MandateRevoked { mandate_id, reason: None }.into());
                    self.revoked[mandate] = true;
                }
            }
        }
    }

    fn write(&mut self, index: usize, cap: u128, window: u128, ms: u64, count: u32) {
        if self.revoked[index] {
            return;
        }
        let money =
            |amount: u128| serde_json::json!({ "amount": amount.to_string(), "currency": "XNO" });
        let mandate: Mandate = serde_json::from_value(serde_json::json!({
            "id": IDS[index], "cap": money(cap),
            "window": { "cap": money(window), "durationMs": ms, "maxCount": count },
        }))
        .unwrap();
        let boxed = Box::new(mandate.clone());
        let body = match self.view().mandate(IDS[index]).unwrap() {
            None => Body::MandateCreated { mandate: boxed, version: 1, proposal_id: None },
            Some(row) => Body::MandateAmended { mandate: boxed, version: row.version + 1 },
        };
        self.book(body.into());
        self.versions[index] = Some(mandate);
        self.amended = true;
    }

    fn judge(&mut self, request: &Request, stage: Stage) -> Decision {
        let facts = facts(&self.view(), &self.policy, request, stage).unwrap();
        let decision = decide(&self.policy, request, &facts);
        self.last = Some((decision.verdict.outcome(), decision.reason_code));
        decision
    }

    fn ask(&mut self, mandate: usize, amount: u128) {
        let id = PaymentId(Uuid::from_u128(self.notes.len() as u128 + 1));
        let request = Request {
            payment_id: id,
            agent_id: None,
            rail: Rail::Nano,
            amount: Money::xno(Raw::new(amount)),
            payee: Payee { address: SHOP.to_string(), label: None },
            mandate_id: Some(IDS[mandate].to_owned()),
            claims: Claims::default(),
            cart: None,
            terms: None,
        };
        let requested = Body::PaymentRequested(Box::new(NewPayment {
            operation: "test".into(),
            request: request.clone(),
            account: Some(US),
            memo: None,
            call_id: id.0,
            idempotency_key: None,
            fingerprint: crate::digest::Digest::GENESIS,
            publish_via: crate::payment::PublishVia::Node,
            purchase: None,
            purpose: None,
        }));
        let decision = self.judge(&request, Stage::New);
        self.book(Event::of(id, requested));
        self.book(sign::decided(&request, Stage::New, &decision));
        match decision.verdict.outcome() {
            Outcome::Allow => {}
            Outcome::Deny => self.block(id, decision.reason_code),
            Outcome::NeedsApproval => {
                let body = Body::ApprovalRequested {
                    approval_id: ApprovalId(id.0),
                    reason: String::new(),
                    expires_at_ms: Millis(u64::MAX),
                };
                self.book(Event::of(id, body));
            }
        }
        let held = decision.verdict.outcome() != Outcome::Deny;
        self.notes.push(Note { id, mandate, amount, held, settled: None });
        if held {
            self.check_caps(mandate);
        }
    }

    fn block(&mut self, id: PaymentId, reason_code: ReasonCode) {
        let body = Body::PaymentBlocked { reason_code, reason: String::new() };
        self.book(Event::of(id, body));
    }

    fn answer(&mut self, index: usize, approved: bool) {
        let Some(note) = self.notes.get(index) else { return };
        let (id, mandate) = (note.id, note.mandate);
        let payment = self.view().payment(id).unwrap().unwrap();
        let State::Awaiting { approval_id, .. } = payment.state else { return };
        let channel = crate::books::Channel::Cli;
        let (reason, call_id) = (None, None);
        let resolved = Body::ApprovalResolved { approval_id, approved, channel, reason, call_id };
        if !approved {
            self.book(Event::of(id, resolved));
            self.block(id, ReasonCode::ApprovalRejected);
            self.notes[index].held = false;
            return;
        }
        let decision = self.judge(&payment.request, Stage::Approved);
        self.book(Event::of(id, resolved));
        self.book(sign::decided(&payment.request, Stage::Approved, &decision));
        if decision.verdict.outcome() == Outcome::Deny {
            self.block(id, decision.reason_code);
            self.notes[index].held = false;
        } else {
            self.check_caps(mandate);
        }
    }

    fn sign(&mut self, index: usize) {
        let Some(note) = self.notes.get(index) else { return };
        let (id, mandate) = (note.id, note.mandate);
        let payment = self.view().payment(id).unwrap().unwrap();
        let lane = self.view().lane(&US).unwrap().unwrap();
        let (State::Reserved { attempts }, None) = (&payment.state, &lane.open) else { return };
        let attempt = attempts + 1;
        let decision = self.judge(&payment.request, Stage::Approved);
        self.book(sign::decided(&payment.request, Stage::Approved, &decision));
        if decision.verdict.outcome() == Outcome::Deny {
            self.block(id, decision.reason_code);
            self.notes[index].held = false;
            return;
        }
        self.check_caps(mandate);
        let amount = payment.request.amount.amount;
        let balance = lane.balance.get() - amount;
        let intent = block(lane.head, balance, SHOP.into(), amount, attempt);
        self.book(sign::written(id, Intent::Block(intent)));
    }

    fn open(&self) -> Option<(usize, BlockIntent)> {
        self.notes.iter().enumerate().find_map(|(index, note)| {
            let payment = self.view().payment(note.id).unwrap().unwrap();
            payment.state.block().map(|intent| (index, intent.clone()))
        })
    }

    fn settle(&mut self) {
        let Some((index, intent)) = self.open() else { return };
        let settlement = Settlement {
            rail: Rail::Nano,
            reference: intent.hash().into(),
            settled_amount: Money::xno(intent.amount_raw),
        };
        let mandate_id = Some(IDS[self.notes[index].mandate].to_owned());
        let body = Body::PaymentSettled { settlement, mandate_id };
        self.book(Event::of(self.notes[index].id, body));
        let at = self.view().budget_time().unwrap();
        let note = &mut self.notes[index];
        (note.held, note.settled) = (false, Some(at));
    }

    fn end_open(&mut self, event: impl FnOnce(PaymentId, BlockHash) -> Event) {
        let Some((index, intent)) = self.open() else { return };
        let event = event(self.notes[index].id, intent.hash());
        let released = matches!(event.body, Body::PaymentReleased { .. });
        self.book(event);
        if released {
            self.notes[index].held = false;
        }
    }

    /// Held and settled units and payments of a mandate by the model's notes, settled ones after `since` only.
    fn count(&self, mandate: usize, since: Option<Millis>) -> (u128, u64) {
        let counts = |note: &&Note| {
            note.mandate == mandate
                && (note.held
                    || note.settled.is_some_and(|at| since.is_none_or(|since| at > since)))
        };
        let notes: Vec<_> = self.notes.iter().filter(counts).collect();
        (notes.iter().map(|note| note.amount).sum(), notes.len() as u64)
    }

    fn since(&self, length: Duration) -> Option<Millis> {
        let now = self.view().budget_time().unwrap();
        now.0.checked_sub(length.as_millis() as u64).map(Millis)
    }

    /// After each yes: held and settled are within the version in force, for ever and in the window.
    fn check_caps(&self, mandate: usize) {
        let cap = &self.versions[mandate].as_ref().unwrap().caps[0];
        let window = cap.window.as_ref().unwrap();
        let (all, _) = self.count(mandate, None);
        let (inside, count) = self.count(mandate, self.since(window.duration));
        assert!(all <= cap.cap.amount, "{all} of {}", cap.cap.amount);
        assert!(inside <= window.cap.unwrap().amount, "{inside} in the window");
        assert!(count <= u64::from(window.max_count.unwrap()), "{count} payments");
    }

    /// The books count what the model counts, at every moment.
    fn check_usage(&self) {
        for (index, id) in IDS.into_iter().enumerate() {
            let Some(mandate) = &self.versions[index] else { continue };
            let cap = &mandate.caps[0];
            let usage = self.view().mandate_usage(id, cap).unwrap();
            let length = cap.window.as_ref().unwrap().duration;
            let (all, _) = self.count(index, None);
            assert_eq!(usage.total.used(), Some(all));
            let inside = self.count(index, self.since(length));
            assert_eq!((usage.in_window().unwrap(), usage.count_in_window()), inside);
        }
    }

    /// While nothing was amended, no window anywhere holds more than the cap.
    fn check_windows(&self) {
        if self.amended {
            return;
        }
        for (index, mandate) in self.versions.iter().enumerate() {
            let window = mandate.as_ref().unwrap().caps[0].window.clone().unwrap();
            let settled: Vec<_> = self
                .notes
                .iter()
                .filter(|note| note.mandate == index)
                .filter_map(|note| note.settled.map(|at| (at.0, note.amount)))
                .collect();
            let length = window.duration.as_millis() as u64;
            for (start, _) in &settled {
                let inside = settled.iter().filter(|(at, _)| (*start..start + length).contains(at));
                let sum: u128 = inside.map(|(_, amount)| amount).sum();
                assert!(sum <= window.cap.unwrap().amount, "{sum} from {start} on");
            }
        }
    }
}

fn block(
    previous: BlockHash,
    balance: u128,
    link: Link,
    amount: u128,
    attempt: u32,
) -> BlockIntent {
    let balance = Raw::new(balance);
    let block = StateBlock { account: US, previous, representative: US, balance, link };
    let signature = Signature::from_bytes([0; 64]);
    BlockIntent {
        attempt,
        block: SignedBlock { block, signature, work: None },
        subtype: Subtype::Send,
        amount_raw: Raw::new(amount),
        signed_at_ms: Millis(0),
    }
}
